"""Writing the audit: the only code that inserts entries.

An entry is written in the same transaction as the change, and last in it: the head row is locked by the UPDATE that takes the next
number, so holding it only for the last moment keeps slow changes from queueing behind one another, and a rolled-back change
gives its number back. A change whose entry cannot be written does not happen.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from replication import clock
from replication.actions.actor import Actor
from replication.domain.vocabulary import ACTIONS
from replication.models import AuditEntry, AuditHead, AuditSubject

# What the hash covers, in this order, as canonical JSON; `subjects` is a list of [key, name].
HASHED = (
    "sequence", "at", "actor_id", "actor_name", "actor_role", "action", "phase", "outcome", "subject_kind", "subject_key",
    "subject_name", "vault_key", "request_id", "run_id", "source_address", "reason", "before", "after", "detail",
    "correlation_id", "subject_count", "previous_hash",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Entry:
    """What is going to be written when the transaction ends; the verb fills in what it learns on its way."""

    action: str
    outcome: str = "ok"
    phase: str = "done"
    subject_kind: str = ""
    subject_key: str = ""
    subject_name: str = ""
    vault_key: str = ""
    run_id: UUID | None = None
    before: Any = None
    after: Any = None
    detail: Any = None
    correlation_id: str = ""
    subjects: Sequence[tuple[str, str]] = field(default_factory=tuple)  # (key, name) of each machine it speaks of


@contextmanager
def gesture(action: str, *, actor: Actor, **facts: Any) -> Iterator[Entry]:
    """A transaction that ends with its audit entry.

        with gesture("draft.created", actor=actor, subject_kind="vault", …) as entry:
            …change rows…
            entry.after = {...}

    An exception inside rolls back both the change and the entry.
    """
    entry = Entry(action=action, **facts)
    with transaction.atomic():
        yield entry
        _append(entry, actor)


def record(action: str, *, actor: Actor, **facts: Any) -> None:
    """An entry for something that changed no row of ours (a refusal, an export, a sign-in)."""
    with gesture(action, actor=actor, **facts):
        pass


def _append(entry: Entry, actor: Actor) -> AuditEntry:
    if entry.action not in ACTIONS:
        raise ValueError(f"{entry.action} is not in the audit's vocabulary")
    AuditHead.objects.get_or_create(pk=1)
    AuditHead.objects.filter(pk=1).update(sequence=F("sequence") + 1)  # takes the row's lock until the commit
    head = AuditHead.objects.get(pk=1)
    row = _row(entry, actor, head)
    row.hash = digest(row, entry.subjects)
    row.save(force_insert=True)
    AuditSubject.objects.bulk_create(
        (AuditSubject(entry=row, position=n, key=key, name=name) for n, (key, name) in enumerate(entry.subjects)),
        batch_size=500,
    )
    AuditHead.objects.filter(pk=1).update(hash=row.hash)
    return row


def _row(entry: Entry, actor: Actor, head: AuditHead) -> AuditEntry:
    return AuditEntry(
        sequence=head.sequence,
        at=clock.now(),
        actor=actor.person,
        actor_name=actor.name,
        actor_role=actor.role,
        action=entry.action,
        phase=entry.phase,
        outcome=entry.outcome,
        subject_kind=entry.subject_kind,
        subject_key=entry.subject_key,
        subject_name=entry.subject_name[:300],
        vault_key=entry.vault_key,
        request_id=actor.request_id,
        run_id=entry.run_id,
        source_address=actor.address,
        reason=actor.reason,
        before=entry.before,
        after=entry.after,
        detail=entry.detail,
        correlation_id=entry.correlation_id,
        subject_count=len(entry.subjects),
        previous_hash=head.hash,
    )


def digest(row: AuditEntry, subjects: Iterable[tuple[str, str]]) -> str:
    """SHA-256, in hex, over the canonical JSON of an entry and its subjects."""
    content = {name: _plain(getattr(row, name)) for name in HASHED} | {"subjects": [list(each) for each in subjects]}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value


def broken_link() -> int | None:
    """The sequence number of the first entry that does not fit the chain, or None when all hold.

    One that is missing counts as broken at its number; an end cut off shows as a head that is ahead of the last entry.
    """
    previous, expected = "0" * 64, 1
    for row in AuditEntry.objects.order_by("sequence").prefetch_related("subjects").iterator(chunk_size=500):
        subjects = [(each.key, each.name) for each in row.subjects.all()]
        if row.sequence != expected or row.previous_hash != previous or row.hash != digest(row, subjects):
            return expected
        previous, expected = row.hash, expected + 1
    head = AuditHead.objects.filter(pk=1).first()
    return None if head is None or (head.sequence, head.hash) == (expected - 1, previous) else expected
