"""The sample site of guide.py as the whole portal, files from the sources."""

import pytest
from django.conf import settings as current


@pytest.fixture(autouse=True)
def _plain_static(settings):
    """Static files by their own names: there is no manifest to look into."""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.fixture
def guide(settings, client):
    """A client for the pages of guide.py."""
    engine = dict(current.TEMPLATES[0])
    engine["DIRS"] = [*engine["DIRS"], current.BASE_DIR / "tests/ui/templates"]
    settings.TEMPLATES = [engine]
    settings.ROOT_URLCONF = "tests.ui.guide"
    return client
