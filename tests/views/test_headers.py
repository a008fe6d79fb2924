"""What every answer carries, and what is turned away before anybody has looked at it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from replication.models import Person, Vault
from tests.views.conftest import SignedIn

pytestmark = pytest.mark.django_db
POLICY = (  # as written in ux.md §8.4, and not taken from the code
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def carries(answer: Any) -> None:
    assert answer["Content-Security-Policy"] == POLICY
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "no-store" in answer["Cache-Control"]
    assert "HX-Request" in answer["Vary"]
    assert answer["X-Request-ID"]


def test_pages_files_and_refusals_carry_the_headers(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    browser = signed_in(admin)
    carries(Client().get(reverse("login")))
    carries(browser.get(reverse("replication:items", args=[vault.pk])))
    carries(browser.get("/no-such-page/"))
    carries(browser.post(reverse("replication:items_export", args=[vault.pk])))


def test_a_session_is_not_for_scripts_nor_for_other_sites(client: Client, vault: Vault, admin: Person) -> None:
    client.post(reverse("login"), {"username": "admin", "password": "admin-password-1"})
    cookie = client.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


@pytest.mark.parametrize("length", ["6291457", "99999999999999999999", "-1", "nonsense"])
def test_a_body_larger_than_any_form_is_not_read(client: Client, length: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From anybody, at any address: a file would be on the disk before it is known who sends it."""
    read: list[str] = []
    monkeypatch.setattr("django.core.files.uploadhandler.FileUploadHandler.handle_raw_input", lambda *a, **k: read.append("read"))
    answer = client.post(reverse("login"), {"file": "x"}, CONTENT_LENGTH=length)
    assert answer.status_code == 413
    carries(answer)
    assert not read
