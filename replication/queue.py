"""The doorbell: tells workers, by task name and after the commit, that there is something to do.

A lost ring is only a delay, because the database holds what is due and a beat sweep looks for it.
"""

import logging
from typing import Any

from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def ring(task: str, *args: Any, after: float = 0) -> None:
    """Send the task `replication.<task>` when the present transaction commits (at once when there is none), to be done `after` seconds."""
    transaction.on_commit(lambda: _send(f"replication.{task}", args, after))


def _send(name: str, args: tuple[Any, ...], after: float) -> None:
    from portal.celery import app

    try:
        app.send_task(name, args=args, countdown=after or None)
    except (OperationalError, OSError) as error:
        logger.warning("The broker did not take %s (%s); the sweep will find the work.", name, error)
