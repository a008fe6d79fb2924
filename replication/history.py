"""The history of an item as pages ask for it. How it is stored is nobody's business but this file's and sync's."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings

from replication import clock
from replication.domain.packing import MINUTES, SHARD, find_in_frame
from replication.domain.packing import Day as PackedDay
from replication.domain.series import HOLD, SPANS, Board, Bucket, Reading, Span, bucketed
from replication.models import HistoryDay, HistoryFrame, ProtectedItem

USUAL = "24h"
COURSE_MINUTES = 30
COURSE = Span(timedelta(hours=24), timedelta(minutes=COURSE_MINUTES), "24 hours")


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
    for bucket in _fresh(item.pk, _frames([item], now)[item.vault_id, item.pk // SHARD], now):
        board.put(bucket.start, bucket.rpo, bucket.health)
    return Series(name, chosen, start, now, board.buckets())


def courses(items: Sequence[ProtectedItem]) -> dict[int, list[Bucket]]:
    """The last day of each item in half hours, by row id, oldest first. Two queries, however many items."""
    now = clock.now()
    boards = {item.pk: Board(now - COURSE.length, now, COURSE.step) for item in items}
    first = (now - COURSE.length - COURSE.step).date()
    for pk, day, minutes, data in _days(boards, first):
        for minute, rpo, health in PackedDay(minutes, bytes(data)).coarser(max(minutes, COURSE_MINUTES)):
            boards[pk].put_minute(day, minute, rpo, health)
    frames = _frames(items, now)
    for item in items:
        for bucket in _fresh(item.pk, frames[item.vault_id, item.pk // SHARD], now):
            boards[item.pk].put(bucket.start, bucket.rpo, bucket.health)
    return {pk: board.buckets() for pk, board in boards.items()}


def _days(pks: Collection[int], first: date) -> Any:
    rows = HistoryDay.objects.order_by().filter(item__in=list(pks), day__gte=first)
    return rows.values_list("item_id", "day", "minutes", "data")


_Frames = dict[tuple[int, int], list[tuple[datetime, bytes]]]  # (vault's row id, shard) -> the latest sweeps, in the order of time


def _frames(items: Sequence[ProtectedItem], now: datetime) -> _Frames:
    """What the latest sweeps saw of these items' shards."""
    found: _Frames = {(item.vault_id, item.pk // SHARD): [] for item in items}
    vaults, shards = {vault for vault, _ in found}, {shard for _, shard in found}
    frames = HistoryFrame.objects.filter(vault__in=vaults, shard__in=shards, at__lte=now).order_by("at")
    for vault, shard, at, data in frames.values_list("vault_id", "shard", "at", "data"):
        if (vault, shard) in found:
            found[vault, shard].append((at, bytes(data)))
    return found


def _fresh(pk: int, frames: Sequence[tuple[datetime, bytes]], now: datetime) -> list[Bucket]:
    """What the latest sweeps saw of an item, in the shortest slots there are."""
    readings = []
    for at, data in frames:
        seen = find_in_frame(data, pk)
        readings.append(Reading(at, seen.rpo if seen else None, seen.health if seen else ""))
    if not readings:
        return []
    return bucketed(readings, readings[0].at, now, timedelta(minutes=MINUTES[0]), hold())
