"""Checkpoints: the head of the audit's chain, signed, in a row and off the host.

A chain that was rewritten as a whole fits together again; it no longer fits the checkpoints that were taken before.
"""

import json
import logging
import os
import socket
from collections.abc import Callable
from logging.handlers import SYSLOG_UDP_PORT, SysLogHandler
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from replication import clock, seals
from replication.actions import audit
from replication.models import AuditCheckpoint

logger = logging.getLogger(__name__)


def take() -> AuditCheckpoint | None:
    """Sign the present head. None: nothing was written since the last one, or the copy could not be sent (it is tried again).

    The copy goes first, so that no row stands for a line that is missing there; after a crash a line may stand there twice.
    """
    sequence, digest = audit.head()
    if not sequence or AuditCheckpoint.objects.filter(sequence__gte=sequence).exists():
        return None
    at = clock.now()
    statement = {
        "kind": "audit-checkpoint",
        "sequence": sequence,
        "hash": digest,
        "at": at.isoformat(timespec="seconds"),
    }
    sealed = seals.seal(statement)
    try:
        _send(json.dumps(sealed, sort_keys=True))
        with transaction.atomic():
            return AuditCheckpoint.objects.create(sequence=sequence, at=at, sealed=sealed)
    except OSError as error:
        logger.error(
            "The audit's checkpoint at entry %d was not sent to %s: %s", sequence, settings.AUDIT_CHECKPOINTS, error
        )
    except IntegrityError:  # another worker has just taken the same
        pass
    return None


def _send(line: str) -> None:
    place = settings.AUDIT_CHECKPOINTS
    if place:
        sender: Callable[[str, str], None] = to_syslog if place.startswith("syslog:") else _to_file
        sender(place, line)


def _to_file(place: str, line: str) -> None:
    """Append, and come back only when the disk has it."""
    with Path(place).open("a") as file:
        file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())


def to_syslog(place: str, line: str) -> None:
    """syslog: is this machine's own, syslog:HOST or syslog:HOST:PORT another's (UDP, which tells nobody when it is lost)."""
    host, _, port = place.removeprefix("syslog:").partition(":")
    address: Any = (host, int(port or SYSLOG_UDP_PORT)) if host else "/dev/log"
    kind = socket.SOCK_DGRAM
    priority = SysLogHandler.LOG_AUTH << 3 | SysLogHandler.LOG_NOTICE
    family = socket.AF_INET if host else socket.AF_UNIX
    with socket.socket(family, kind) as channel:
        channel.connect(address)
        channel.send(f"<{priority}>replication-console: {line}".encode())


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The checkpoints of a file that was written off the host; a line that is none counts as one that was tampered with."""
    return [_parsed(line) for line in path.read_text(errors="replace").splitlines()]


def _parsed(line: str) -> dict[str, Any]:
    try:
        sealed = json.loads(line)
    except ValueError:
        sealed = None
    sound = isinstance(sealed, dict) and isinstance(sealed.get("statement"), dict)
    return sealed if sound else {"statement": {}}
