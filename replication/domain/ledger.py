"""The arithmetic of the RPO ledger: time within target, out of target, excused and unknown.

A reading speaks until the next one, at most for a quarter of an hour; what comes after is unknown, never good. All of it is about
intervals of absolute time: clock changes cannot lengthen or shorten an hour. Months begin at midnight in the time zone of the console.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from replication.domain.packing import Observed
from replication.domain.series import HOLD

NONE = timedelta(0)


class State(StrEnum):
    """What a moment counts as."""

    OFF = "off"  # no RPO is to be expected: not protected yet, or failed over
    WITHIN = "within"
    OUT = "out"
    UNKNOWN = "unknown"


class Piece(NamedTuple):
    """A time of one state. target: by which it was judged; rpo: the reading that it rests on; both in seconds."""

    begun: datetime
    ended: datetime
    state: State
    target: int
    rpo: int | None = None

    @property
    def length(self) -> timedelta:
        return self.ended - self.begun


def state_of(seen: Observed, target: int) -> State:
    """What a reading says. target in seconds; an RPO equal to it is within."""
    if not seen.counts:
        return State.OFF
    if seen.unknown or seen.rpo is None:
        return State.UNKNOWN
    return State.OUT if seen.rpo > target else State.WITHIN


def pieces(
    readings: Iterable[tuple[datetime, Observed]], end: datetime, target_at: Callable[[datetime], int], hold: timedelta = HOLD
) -> Iterator[Piece]:
    """An item's time up to `end`, without holes. readings in the order of time, none later than `end`; target_at: what held at each."""
    for (at, seen), (until, _) in pairwise([*readings, (end, None)]):
        assert seen is not None
        known = min(until, at + hold)
        target = target_at(at)
        state = state_of(seen, target)
        if known > at:
            yield Piece(at, known, state, target, seen.rpo)
        if until > known:
            yield Piece(known, until, State.OFF if state is State.OFF else State.UNKNOWN, target)


def joined(found: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbours of one state and target as one piece, with the highest RPO of them."""
    before: Piece | None = None
    for each in found:
        if before and (before.state, before.target, before.ended) == (each.state, each.target, each.begun):
            before = Piece(before.begun, each.ended, each.state, each.target, max(before.rpo or 0, each.rpo or 0))
        else:
            if before:
                yield before
            before = each
    if before:
        yield before


# --- months ------------------------------------------------------------------------------------------------------------


def month_of(at: datetime, zone: tzinfo) -> date:
    """The first day of the month in which a time lies, where the console's clock hangs."""
    return at.astimezone(zone).date().replace(day=1)


def begins(month: date, zone: tzinfo) -> datetime:
    """When a month begins."""
    return datetime(month.year, month.month, 1, tzinfo=zone)


def following(month: date) -> date:
    """The next month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def by_month(begun: datetime, ended: datetime, zone: tzinfo) -> Iterator[tuple[date, datetime, datetime]]:
    """A time cut at the borders of months: (month, begun, ended)."""
    month = month_of(begun, zone)
    while begun < ended:
        border = min(ended, begins(following(month), zone).astimezone(begun.tzinfo))
        yield month, begun, border
        month, begun = following(month), border


# --- windows -----------------------------------------------------------------------------------------------------------


class Window(NamedTuple):
    """A time in which being out of target is excused."""

    begun: datetime
    ended: datetime


def union(windows: Iterable[Window]) -> list[Window]:
    """The windows without overlaps, in the order of time: a moment is excused once."""
    found: list[Window] = []
    for each in sorted(window for window in windows if window.ended > window.begun):
        if found and each.begun <= found[-1].ended:
            found[-1] = Window(found[-1].begun, max(found[-1].ended, each.ended))
        else:
            found.append(each)
    return found


def covered(begun: datetime, ended: datetime, windows: Sequence[Window]) -> timedelta:
    """How much of a time the windows (as `union` gives them) cover."""
    parts = (min(ended, each.ended) - max(begun, each.begun) for each in windows)
    return sum((part for part in parts if part > NONE), NONE)


# --- a month's tally -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Tally:
    """Seconds of an item in a month. excused is a part of out; worst the highest RPO in seconds."""

    within: float = 0
    out: float = 0
    excused: float = 0
    unknown: float = 0
    worst: int | None = None

    def add(self, piece: Piece, begun: datetime, ended: datetime, windows: Sequence[Window]) -> None:
        """Count a part of a piece."""
        seconds = (ended - begun).total_seconds()
        if piece.state is State.WITHIN:
            self.within += seconds
        elif piece.state is State.OUT:
            self.out += seconds
            self.excused += covered(begun, ended, windows).total_seconds()
        elif piece.state is State.UNKNOWN:
            self.unknown += seconds
        if piece.state in {State.WITHIN, State.OUT} and piece.rpo is not None:
            self.worst = max(self.worst or 0, piece.rpo)


def tally(found: Iterable[Piece], windows: Sequence[Window], zone: tzinfo) -> dict[date, Tally]:
    """The pieces by month. windows: as `union` gives them."""
    months: dict[date, Tally] = {}
    for piece in found:
        if piece.state is State.OFF:
            continue
        for month, begun, ended in by_month(piece.begun, piece.ended, zone):
            months.setdefault(month, Tally()).add(piece, begun, ended, windows)
    return months


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of a month may be out of target: objective is the share of known time that must lie within, such as 0.995."""

    within: float
    out: float
    excused: float
    objective: float

    @property
    def attained(self) -> float | None:
        """The share of known time that was within target or excused; None when nothing is known."""
        known = self.within + self.out
        return (known - self.out + self.excused) / known if known else None

    @property
    def allowed(self) -> float:
        """Seconds that may be out of target, of the time that is known."""
        return (self.within + self.out) * (1 - self.objective)

    @property
    def left(self) -> float:
        """Seconds left; negative when the budget is overspent."""
        return self.allowed - (self.out - self.excused)
