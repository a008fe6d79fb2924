"""Verifying the audit: the whole chain, and every checkpoint against it. The last outcome is kept for the audit's page."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from replication import access, clock, seals
from replication.actions import audit, checkpoints
from replication.actions.actor import Actor
from replication.models import AuditCheckpoint, AuditEntry, AuditPruning, Setting
from replication.queue import ring

VERIFIED, ASKED = "audit.verified", "audit.verification_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How the audit stands. bad: the first entry that does not hold, None when all do; why says what is wrong with it."""

    entries: int
    head: str
    checkpoints: int
    bad: int | None = None
    why: str = ""
    at: str = ""  # ISO, when it was found


def verify(copies: Iterable[dict[str, Any]] = ()) -> Verdict:
    """Walk the chain; then hold it to the checkpoints in the database and to `copies` that were kept elsewhere."""
    sealed = [*AuditCheckpoint.objects.values_list("sealed", flat=True), *copies]
    newest = AuditEntry.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    last, head = audit.head()
    hashes = {each["statement"].get("sequence"): "" for each in sealed}
    start = reached = audit.pruned_to()
    if start[0] in hashes:
        hashes[start[0]] = start[1]
    for reached in audit.sound_links(last):
        if reached[0] in hashes:
            hashes[reached[0]] = reached[1]
    bad, why = _first_bad(reached, (last, head), newest)
    if not _prunings_hold():
        bad, why = start[0] + 1, "the beginning of the chain was cut off by somebody without this console's seal"
    for each in sealed:
        number, fault = _fault(each, hashes, start[0])
        if fault and (bad is None or number < bad):
            bad, why = number, fault
    return Verdict(
        entries=last, head=head, checkpoints=len(sealed), bad=bad, why=why, at=clock.now().isoformat(timespec="seconds")
    )


def _first_bad(reached: tuple[int, str], head: tuple[int, str], newest: int) -> tuple[int | None, str]:
    if reached == head and newest <= head[0]:
        return None, ""
    return min(reached[0], head[0]) + 1, "it, or what stood there, was changed outside the console"


def _prunings_hold() -> bool:
    """Whether each end of what is past its time is sealed, and says what its row says."""
    rows = AuditPruning.objects.values_list("sequence", "hash", "sealed")
    return all(
        seals.holds(sealed, seals.accepted())
        and sealed["statement"].get("kind") == "audit-pruning"
        and (sealed["statement"].get("sequence"), sealed["statement"].get("hash")) == (sequence, digest)
        for sequence, digest, sealed in rows
    )


def _fault(sealed: dict[str, Any], hashes: dict[Any, str], start: int) -> tuple[int, str]:
    """What is wrong with one checkpoint, or ''; and the entry that it speaks of. Before `start`, only its seal."""
    statement = sealed.get("statement") or {}
    number = statement.get("sequence")
    if not isinstance(number, int):
        return 1, "a checkpoint was changed"
    if not seals.holds(sealed, seals.accepted()):
        return number, "its checkpoint does not carry this console's seal"
    if number >= max(start, 1) and hashes.get(number) != statement.get("hash"):
        return number, "it is not the entry that was sealed; it or an earlier one was rewritten, or the end was cut off"
    return number, ""


# --- by the clock, and on demand ------------------------------------------------------------------------------------------


def check() -> Verdict:
    """Verify against all that can be reached from here, and keep the outcome."""
    place = Path(settings.AUDIT_CHECKPOINTS)
    copies = checkpoints.lines_of(place) if settings.AUDIT_CHECKPOINTS and place.is_file() else []
    verdict = verify(copies)
    _keep(VERIFIED, asdict(verdict))
    return verdict


def check_if_due() -> None:
    """Verify when somebody asked since, or when the last time is long ago."""
    last, asked = Setting.objects.filter(name=VERIFIED).first(), Setting.objects.filter(name=ASKED).first()
    old = clock.now() - timedelta(seconds=settings.AUDIT_VERIFY_INTERVAL)
    if last is None or last.changed_at < old or (asked and asked.changed_at > last.changed_at):
        check()


def ask(*, actor: Actor) -> None:
    """Have a worker verify now. Only for those who may read the whole audit; looking is no change, so the audit has no entry of it."""
    assert actor.person is not None
    access.require_whole_audit(actor.person)
    _keep(ASKED, {"by": actor.name})
    ring("watch_audit")


def last() -> tuple[Verdict | None, datetime | None, bool]:
    """The last verdict, when it was found, and whether another has been asked for since."""
    rows = {row.name: row for row in Setting.objects.filter(name__in=(VERIFIED, ASKED))}
    found, asked = rows.get(VERIFIED), rows.get(ASKED)
    if found is None:
        return None, None, asked is not None
    return Verdict(**found.value), found.changed_at, asked is not None and asked.changed_at > found.changed_at


def _keep(name: str, value: dict[str, Any]) -> None:
    Setting.objects.update_or_create(name=name, defaults={"value": value, "changed_at": clock.now()})
