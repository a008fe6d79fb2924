"""Health and RPO of an item over time: readings become buckets of equal length, and what nobody read stays unknown."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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


class Board:
    """A window in buckets, filled from finer ones in any order. Counts in whole minutes, for a window takes thousands of them."""

    def __init__(self, start: datetime, end: datetime, step: timedelta) -> None:
        self.starts = grid(start, end, step)
        self.first = self.starts[0]
        self._step = int(step.total_seconds()) // 60
        self._begin = int(self.first.timestamp()) // 60
        self._found: dict[int, tuple[int | None, str]] = {}

    def put(self, at: datetime, rpo: int | None, health: str) -> None:
        """Add what was read at a time; health '' is nothing."""
        self._put(int(at.timestamp()) // 60, rpo, health)

    def put_minute(self, day: date, minute: int, rpo: int | None, health: str) -> None:
        """Add what was read at a minute of a day in UTC."""
        self._put((day.toordinal() - _EPOCH) * 1440 + minute, rpo, health)

    def _put(self, minute: int, rpo: int | None, health: str) -> None:
        number = (minute - self._begin) // self._step
        if not health or number < 0:
            return
        known = self._found.get(number)
        if known is not None:
            rpo, health = highest(known[0], rpo), worse(known[1], health)
        self._found[number] = rpo, health

    def buckets(self) -> list[Bucket]:
        """All of the window, gaps too."""
        return [Bucket(at, *self._found.get(number, (None, ""))) for number, at in enumerate(self.starts)]


_EPOCH = date(1970, 1, 1).toordinal()
