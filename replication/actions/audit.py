"""Writing the audit: the only code that inserts entries.

An entry is written in the same transaction as the change, and last in it: the head row is locked by the UPDATE that takes the next
number, so holding it only for the last moment keeps slow changes from queueing behind one another, and a rolled-back change
gives its number back. A change whose entry cannot be written does not happen.
"""

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from replication import clock, settings
from replication.actions import limits
from replication.actions.actor import Actor
from replication.domain.vocabulary import ACTIONS
from replication.models import AuditEntry, AuditHead, AuditPruning, AuditSubject
from replication.seals import canonical

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


class Unchanged(Exception):
    """Raised inside a gesture that finds nothing left to do (a second press, another worker): nothing is changed, no entry is written."""


class NeedsReason(Exception):
    """The verb wants a reason or ticket here (the setting *Ask for a reason*), and none was given. Nothing was changed."""


@contextmanager
def gesture(action: str, *, actor: Actor, **facts: Any) -> Iterator[Entry]:
    """A transaction that ends with its audit entry.

        with gesture("draft.created", actor=actor, subject_kind="vault", …) as entry:
            …change rows…
            entry.after = {...}

    An exception inside rolls back both the change and the entry; of these, Unchanged goes no further than the gesture. Raises NeedsReason
    before anything is changed.
    """
    if actor.person and not actor.reason and action in settings.value("audit.reason_required"):
        raise NeedsReason(action)
    limits.require(action, actor=actor)
    entry = Entry(action=action, **facts)
    with suppress(Unchanged), transaction.atomic():
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
    subjects = [(_sound(key), _sound(name)) for key, name in entry.subjects]
    row.hash = digest(row, subjects)
    row.save(force_insert=True)
    AuditSubject.objects.bulk_create(
        (AuditSubject(entry=row, position=n, key=key, name=name) for n, (key, name) in enumerate(subjects)),
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
        subject_key=_sound(entry.subject_key),
        subject_name=_sound(entry.subject_name)[:300],
        vault_key=entry.vault_key,
        request_id=actor.request_id,
        run_id=entry.run_id,
        source_address=actor.address,
        reason=_sound(actor.reason)[:300],
        before=_as_stored(entry.before),
        after=_as_stored(entry.after),
        detail=_as_stored(entry.detail),
        correlation_id=entry.correlation_id,
        subject_count=len(entry.subjects),
        previous_hash=head.hash,
    )


def digest(row: AuditEntry, subjects: Iterable[tuple[str, str]]) -> str:
    """SHA-256, in hex, over the canonical JSON of an entry and its subjects."""
    return hashlib.sha256(canonical(content(row, subjects)).encode()).hexdigest()


def content(row: AuditEntry, subjects: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Everything that an entry says, as the hash covers it."""
    return {name: _plain(getattr(row, name)) for name in HASHED} | {"subjects": [list(each) for each in subjects]}


def _as_stored(value: Any) -> Any:
    """A JSON value as it will be read again (names of numbers become texts, tuples lists), so that its hash stays the same."""
    return _sound(json.loads(json.dumps(value, default=str)))


def _sound(value: Any) -> Any:
    """Without what no database takes: null characters and halves of surrogate pairs. An entry must not fail over a strange name."""
    if isinstance(value, dict):
        return {_sound(name): _sound(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_sound(each) for each in value]
    return value.replace("\x00", "").encode(errors="replace").decode() if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value


# --- reading the chain again -----------------------------------------------------------------------------------------


def head() -> tuple[int, str]:
    """Number and hash of the last entry; (0, zeros) before the first."""
    row = AuditHead.objects.filter(pk=1).first()
    return (row.sequence, row.hash) if row else (0, "0" * 64)


def pruned_to() -> tuple[int, str]:
    """Number and hash of the last entry that is past its time (actions/retention.py), which the chain goes on from; (0, zeros): none is."""
    row = AuditPruning.objects.order_by("-sequence").first()
    return (row.sequence, row.hash) if row else (0, "0" * 64)


def sound_links(last: int) -> Iterator[tuple[int, str]]:
    """(number, hash) of the entries that are kept, to `last`; ends before the first that does not fit what stands before it."""
    start, previous = pruned_to()
    expected = start + 1
    rows = AuditEntry.objects.filter(sequence__lte=last, sequence__gt=start).order_by("sequence").prefetch_related("subjects")
    for row in rows.iterator(chunk_size=500):
        subjects = [(each.key, each.name) for each in row.subjects.all()]
        if row.sequence != expected or row.previous_hash != previous or row.hash != digest(row, subjects):
            return
        previous, expected = row.hash, expected + 1
        yield row.sequence, row.hash


def broken_link() -> int | None:
    """The number of the first entry that does not fit the chain, or None when all hold. Entries may be written meanwhile.

    One that is missing counts as broken at its number; an end cut off shows as a head that is ahead of the last entry.
    """
    newest = AuditEntry.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    last, last_hash = head()  # read after the newest entry, so that it cannot honestly lie behind it
    reached = next(iter(deque(sound_links(last), maxlen=1)), pruned_to())
    whole = reached == (last, last_hash) and newest <= last
    return None if whole else min(reached[0], last) + 1
