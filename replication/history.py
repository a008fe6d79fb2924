"""The history of an item as pages ask for it. How it is stored is nobody's business but this file's and sync's."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from replication import clock
from replication.domain.packing import MINUTES, SHARD, find_in_frame
from replication.domain.packing import Day as PackedDay
from replication.domain.series import HOLD, SPANS, Board, Bucket, Reading, Span, bucketed
from replication.models import HistoryFrame, ProtectedItem

USUAL = "24h"


def hold() -> timedelta:
    """How long a reading speaks: a quarter of an hour, or half as long again as an installation that reads rarely lets pass."""
    return max(HOLD, timedelta(seconds=settings.SYNC_INTERVAL_IDLE * 1.5))


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
    board = Board(start, now, chosen.step)
    for row in item.history.filter(day__gte=board.first.date()).order_by("day"):
        for minute, rpo, health in PackedDay(row.minutes, bytes(row.data)):
            board.put_minute(row.day, minute, rpo, health)
    for bucket in _fresh(item, now):
        board.put(bucket.start, bucket.rpo, bucket.health)
    return Series(name, chosen, start, now, board.buckets())


def _fresh(item: ProtectedItem, now: datetime) -> list[Bucket]:
    """What the latest sweeps saw, in the shortest slots there are."""
    frames = HistoryFrame.objects.filter(vault_id=item.vault_id, shard=item.pk // SHARD, at__lte=now).order_by("at")
    readings = []
    for at, data in frames.values_list("at", "data"):
        seen = find_in_frame(bytes(data), item.pk)
        readings.append(Reading(at, seen.rpo if seen else None, seen.health if seen else ""))
    if not readings:
        return []
    return bucketed(readings, readings[0].at, now, timedelta(minutes=MINUTES[0]), hold())
