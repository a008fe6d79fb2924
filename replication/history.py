"""The history of an item as pages ask for it. How it is stored is nobody's business but this file's and sync's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from replication import clock
from replication.domain.packing import MINUTES, SHARD, find_in_frame
from replication.domain.packing import Day as PackedDay
from replication.domain.series import SPANS, Bucket, Reading, Span, bucketed, grid, merged
from replication.models import HistoryFrame, ProtectedItem

USUAL = "24h"


@dataclass(frozen=True, slots=True)
class Series:
    """An item's RPO and health over a window, oldest bucket first; buckets that are not `known` are gaps."""

    name: str
    span: Span
    start: datetime
    end: datetime
    buckets: list[Bucket]

    @property
    def measured(self) -> bool:
        """Whether any RPO was read in the window."""
        return any(bucket.rpo is not None for bucket in self.buckets)


def series(item: ProtectedItem, span: str = USUAL) -> Series:
    """The item's series over one of SPANS (1h, 24h, 7d, 90d; another word means 24h) up to now.

    Two queries; their cost grows neither with the vault nor with the history that is kept.
    """
    name = span if span in SPANS else USUAL
    chosen, now = SPANS[name], clock.now()
    start = now - chosen.length
    starts = grid(start, now, chosen.step)
    stored = [*_folded(item, starts[0].date()), *_fresh(item, now)]
    return Series(name, chosen, start, now, merged(stored, starts, chosen.step))


def _folded(item: ProtectedItem, first: date) -> Iterator[Bucket]:
    for row in item.history.filter(day__gte=first).order_by("day"):
        yield from PackedDay(row.minutes, bytes(row.data)).buckets(row.day)


def _fresh(item: ProtectedItem, now: datetime) -> list[Bucket]:
    """What the latest sweeps saw, in the shortest slots there are."""
    frames = HistoryFrame.objects.filter(vault_id=item.vault_id, shard=item.pk // SHARD, at__lte=now).order_by("at")
    readings = []
    for at, data in frames.values_list("at", "data"):
        seen = find_in_frame(bytes(data), item.pk)
        readings.append(Reading(at, seen.rpo if seen else None, seen.health if seen else ""))
    if not readings:
        return []
    return bucketed(readings, readings[0].at, now, timedelta(minutes=MINUTES[0]))
