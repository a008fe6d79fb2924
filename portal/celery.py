"""The Celery application. Tasks live in replication.tasks; this file only wires the worker."""

import gc
import os
import time
from pathlib import Path
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["replication"])


def _beat_of_heart(name: str) -> None:
    """Touch HOME/health/NAME, which health checks compare with the clock."""
    from django.conf import settings

    folder = Path(settings.HOME) / "health"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"{os.getpid()} {time.time():.0f}\n")


@signals.worker_init.connect
def _import_before_fork(**_: Any) -> None:
    """Import the SDK once in the parent and freeze it, so that the children share its memory (stack.md §2)."""
    import replication.gateway.clients  # noqa: F401

    gc.collect()
    gc.freeze()


@signals.task_prerun.connect
def _read_settings_anew(**_: Any) -> None:
    from replication import settings

    settings.begin()


@signals.worker_ready.connect
@signals.heartbeat_sent.connect
def _worker_is_alive(**_: Any) -> None:
    _beat_of_heart("worker")


@signals.beat_init.connect
def _beat_is_alive(**_: Any) -> None:
    _beat_of_heart("beat")


@signals.before_task_publish.connect
def _beat_publishes(sender: str = "", **_: Any) -> None:
    if sender == "replication.sweep":
        _beat_of_heart("beat")
