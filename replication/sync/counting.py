"""Counting frames into the RPO ledger, within the transaction that folds them (sync/history.py)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from django.utils import timezone

from replication import history, ledger
from replication.domain.ledger import Piece, State, Tally, joined, pieces, tally
from replication.domain.packing import Observed
from replication.models import Breach, LedgerMonth, ProtectedItem

hold = ledger.hold

Readings = Mapping[int, Sequence[tuple[datetime, Observed]]]


def count(vault_id: int, readings: Readings, end: datetime, target_at: Callable[[datetime], int]) -> None:
    """Add the items' time up to `end` to their months, and keep when they were out of the target that held at each reading."""
    if not readings:
        return
    holds = history.hold()
    found = {pk: list(joined(pieces(rows, end, target_at, holds))) for pk, rows in readings.items()}
    begun = min(rows[0][0] for rows in readings.values())
    windows = ledger.windows(vault_id, begun, end)
    about = ledger.subjects(ProtectedItem.objects.filter(pk__in=list(found)))
    zone = timezone.get_default_timezone()
    tallies = {pk: tally(each, windows.of(about[pk]), zone) for pk, each in found.items()}
    _store_months(tallies, {pk: subject.tags for pk, subject in about.items()})
    _store_breaches(found, end)


def _store_months(tallies: Mapping[int, Mapping[date, Tally]], tags: Mapping[int, str]) -> None:
    months = {month for each in tallies.values() for month in each}
    rows = LedgerMonth.objects.filter(item__in=list(tallies), month__in=months)
    known = {(row.item_id, row.month): row for row in rows}
    changed = []
    for pk, each in tallies.items():
        for month, more in each.items():
            row = known.get((pk, month)) or LedgerMonth(item_id=pk, month=month)
            _add(row, more)
            row.tags = tags[pk]
            changed.append(row)
    LedgerMonth.objects.bulk_create(
        changed,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["item", "month"],
        update_fields=["within", "out", "excused", "unknown", "worst", "tags"],
    )


def _add(row: LedgerMonth, more: Tally) -> None:
    row.within += more.within
    row.out += more.out
    row.excused += more.excused
    row.unknown += more.unknown
    row.worst = max((each for each in (row.worst, more.worst) if each is not None), default=None)


def _store_breaches(found: Mapping[int, Sequence[Piece]], end: datetime) -> None:
    """Go on with the breaches that were open, close those that ended, and begin new ones."""
    going_on = {row.item_id: row for row in Breach.objects.filter(item__in=list(found), open=True)}
    begun, changed = [], []
    for pk, each in found.items():
        out = [piece for piece in each if piece.state is State.OUT]
        before = going_on.get(pk)
        if before:
            changed.append(before)
            before.open = False
            if out and (out[0].begun, out[0].target) == (before.ended_at, before.target):
                _extend(before, out.pop(0), end)
        begun += _new(pk, out, end)
    Breach.objects.bulk_update(changed, ["ended_at", "worst", "open"], batch_size=500)
    Breach.objects.bulk_create(begun, batch_size=500)


def _extend(row: Breach, piece: Piece, end: datetime) -> None:
    row.ended_at, row.worst, row.open = piece.ended, max(row.worst, piece.rpo or 0), piece.ended == end


def _new(pk: int, out: Iterable[Piece], end: datetime) -> list[Breach]:
    return [
        Breach(
            item_id=pk,
            begun_at=piece.begun,
            ended_at=piece.ended,
            worst=piece.rpo or 0,
            target=piece.target,
            open=piece.ended == end,
        )
        for piece in out
    ]
