"""Was the database put back to an older state? What destroys waits then until a person has looked.

The audit's head is kept in a file beside the database (AUDIT_MARK), where a restored backup does not reach it. A database whose audit
ends before the mark, or has another entry at its number, is not the one that went on from there: runs in it may have been done already,
and confirmed by somebody who knew another state. A host without a mark, or whose files were restored with the database, cannot tell.
"""

import contextlib
import json
import os
from pathlib import Path

from django.conf import settings

from replication.actions.actor import Actor
from replication.actions.audit import head, record
from replication.models import AuditEntry


def remember() -> None:
    """Move the mark to the present head, unless the database is not the one that it was made for."""
    if not suspected():
        _write(*head())


def suspected() -> bool:
    """Whether the audit does not contain the mark. An entry that was pruned since (retention) is no sign: the mark runs ahead of that."""
    sequence, digest = _read()
    if not sequence:
        return False
    there = AuditEntry.objects.filter(sequence=sequence).values_list("hash", flat=True).first()
    return head()[0] < sequence or (there is not None and there != digest)


def confirm(*, actor: Actor) -> None:
    """A person has looked: this database is the one to go on with."""
    sequence, _ = _read()
    record("database.restored", actor=actor, subject_kind="database", subject_name="the database", before={"head": sequence})
    _write(*head())


def _path() -> Path:
    return Path(settings.AUDIT_MARK)


def _read() -> tuple[int, str]:
    """(0, '') where there is no mark, or none that can be read."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        found = json.loads(_path().read_text())
        return int(found["sequence"]), str(found["hash"])
    return 0, ""


def _write(sequence: int, digest: str) -> None:
    """Whole or not at all: a torn mark would tell nothing."""
    beside = _path().with_suffix(f".{os.getpid()}")
    beside.write_text(json.dumps({"sequence": sequence, "hash": digest}))
    beside.replace(_path())
