"""Health and RPO of an item over time: readings become buckets of equal length, and what nobody read stays unknown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from replication.domain.states import HEALTH_RANK

HOLD = timedelta(minutes=15)  # a reading speaks for no longer than this; after that nobody knows


class Reading(NamedTuple):
    """How an item stood when its vault was read: rpo in seconds (None: Azure has computed none), health as Azure words it."""

    at: datetime
    rpo: int | None
    health: str


class Span(NamedTuple):
    """A window of a chart and the length of its buckets."""

    length: timedelta
    step: timedelta
    label: str


SPANS: dict[str, Span] = {
    "1h": Span(timedelta(hours=1), timedelta(minutes=5), "1 hour"),
    "24h": Span(timedelta(hours=24), timedelta(minutes=5), "24 hours"),
    "7d": Span(timedelta(days=7), timedelta(minutes=30), "7 days"),
    "90d": Span(timedelta(days=90), timedelta(hours=6), "90 days"),
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A piece of time: the highest RPO in it (seconds; None: none was computed) and the worst health ('' when nothing was read)."""

    start: datetime
    rpo: int | None = None
    health: str = ""

    @property
    def known(self) -> bool:
        """Whether anything was read in it; if not, it is a gap and not a good time."""
        return bool(self.health)

    def joined(self, rpo: int | None, health: str) -> "Bucket":
        """With one more reading: peaks stay, and the worst health."""
        return Bucket(self.start, highest(self.rpo, rpo), worse(self.health, health))


def highest(one: int | None, other: int | None) -> int | None:
    """The higher RPO; None counts as no figure."""
    return max((each for each in (one, other) if each is not None), default=None)


def worse(one: str, other: str) -> str:
    """The worse of two health states; '' is no reading. A state never seen before counts as worse than Normal."""
    return max(one, other, key=_rank)


def _rank(health: str) -> float:
    return HEALTH_RANK.get(health, 1.5) if health else -1


def floor(at: datetime, step: timedelta) -> datetime:
    """The beginning of the bucket in which a time lies; buckets begin at whole steps of UTC."""
    seconds = step.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, at.tzinfo)


def grid(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    """The beginnings of the buckets that cover a window."""
    first = floor(start, step)
    return [first + step * n for n in range(max(0, -((first - end) // step)))]


def bucketed(
    readings: Iterable[Reading], start: datetime, end: datetime, step: timedelta, hold: timedelta = HOLD
) -> list[Bucket]:
    """The window in buckets. readings: in the order of time; each speaks until the next one, at most for `hold`."""
    buckets = {at: Bucket(at) for at in grid(start, end, step)}
    for reading, until in _spoken_for(readings, end, hold):
        for at in grid(reading.at, until, step) or [floor(reading.at, step)]:
            if at in buckets:
                buckets[at] = buckets[at].joined(reading.rpo, reading.health)
    return list(buckets.values())


def _spoken_for(
    readings: Iterable[Reading], end: datetime, hold: timedelta
) -> Iterator[tuple[Reading, datetime]]:
    """Each reading with the time until which it speaks."""
    before: Reading | None = None
    for reading in readings:
        if before:
            yield before, min(reading.at, before.at + hold)
        before = reading
    if before:
        yield before, min(end, before.at + hold)


def merged(buckets: Sequence[Bucket], starts: Sequence[datetime], step: timedelta) -> list[Bucket]:
    """Finer buckets put together into coarser ones that begin at `starts`."""
    found = {at: Bucket(at) for at in starts}
    for each in buckets:
        at = floor(each.start, step)
        if each.known and at in found:
            found[at] = found[at].joined(each.rpo, each.health)
    return list(found.values())
