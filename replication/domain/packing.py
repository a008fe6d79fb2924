"""How history is kept small: what a sweep saw of many items in one frame, and a day of one item in one series.

Both begin with a byte that names their encoding, so that what is stored today can be read by whoever changes it tomorrow.
Integers are little-endian. An RPO is whole seconds in 32 bits, all ones for none; health is a number, 0 for *nobody read*.
"""

import struct
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import reduce
from typing import NamedTuple

from replication.domain.series import highest, worse

SHARD = 512  # items of one frame: row ids that agree in all but their last nine bits
MINUTES = (5, 30, 60)  # lengths of a series' slots while it is a day, a week and months old

_ENCODING = 1
_NO_RPO = 0xFFFFFFFF
_HEALTH = ("", "None", "Normal", "Warning", "Critical", "Other")
_HEALTH_NUMBER = {word: number for number, word in enumerate(_HEALTH)}


class Observed(NamedTuple):
    """What one sweep saw of an item. counts: an RPO is to be expected (it is protected); unknown: and yet none can be told."""

    rpo: int | None
    health: str
    counts: bool
    unknown: bool


def _rpo_number(rpo: int | None) -> int:
    return _NO_RPO if rpo is None else max(0, min(rpo, _NO_RPO - 1))


def _rpo(number: int) -> int | None:
    return None if number == _NO_RPO else number


def _health_number(health: str) -> int:
    return _HEALTH_NUMBER.get(health, _HEALTH_NUMBER["Other"])


# --- a frame: 8 bytes an item -------------------------------------------------------------------------------------------

_ONE = struct.Struct("<HIBB")  # id within the shard, RPO, health, flags
_COUNTS, _UNKNOWN = 1, 2


def pack_frame(seen: Iterable[tuple[int, Observed]]) -> bytes:
    """seen: (row id, what was seen) of items of one shard."""
    rows = sorted((pk % SHARD, each) for pk, each in seen)
    return bytes([_ENCODING]) + b"".join(
        _ONE.pack(place, _rpo_number(each.rpo), _health_number(each.health), each.counts * _COUNTS | each.unknown * _UNKNOWN)
        for place, each in rows
    )


def unpack_frame(data: bytes, shard: int) -> Iterator[tuple[int, Observed]]:
    """(row id, what was seen), by row id."""
    for place, *rest in _ONE.iter_unpack(_body(data)):
        yield shard * SHARD + place, _observed(*rest)


def find_in_frame(data: bytes, pk: int) -> Observed | None:
    """What the frame says of one item, without unpacking the others."""
    body = _body(data)

    def place(number: int) -> int:
        return int.from_bytes(body[number * _ONE.size : number * _ONE.size + 2], "little")

    count, wanted = len(body) // _ONE.size, pk % SHARD
    at = bisect_left(range(count), wanted, key=place)
    return _observed(*_ONE.unpack_from(body, at * _ONE.size)[1:]) if at < count and place(at) == wanted else None


def _observed(rpo: int, health: int, flags: int) -> Observed:
    return Observed(_rpo(rpo), _HEALTH[health], bool(flags & _COUNTS), bool(flags & _UNKNOWN))


def _body(data: bytes) -> memoryview:
    """The packed part; PostgreSQL's driver hands out memoryviews."""
    view = memoryview(data)
    if view[0] != _ENCODING:
        raise ValueError(f"this history is encoded as {view[0]}, which this version cannot read")
    return view[1:]


# --- a day of an item: 5 bytes a slot -----------------------------------------------------------------------------------

_SLOT = struct.Struct("<IB")


class Day:
    """One item's day in UTC as slots of equal length: the highest RPO and the worst health of each."""

    def __init__(self, minutes: int, data: bytes | None = None) -> None:
        self.minutes = minutes
        self._slots = bytearray(_body(data)) if data is not None else bytearray(1440 // minutes * _SLOT.size)

    def packed(self) -> bytes:
        return bytes([_ENCODING]) + bytes(self._slots)

    def put(self, minute: int, rpo: int | None, health: str) -> None:
        """Add what was read at a minute of the day."""
        place = minute // self.minutes * _SLOT.size
        before, known = _SLOT.unpack_from(self._slots, place)
        if known:
            rpo, health = highest(rpo, _rpo(before)), worse(health, _HEALTH[known])
        _SLOT.pack_into(self._slots, place, _rpo_number(rpo), _health_number(health))

    def __iter__(self) -> Iterator[tuple[int, int | None, str]]:
        """(minute of the day, RPO, health) of each slot in which somebody read."""
        for number, (rpo, health) in enumerate(_SLOT.iter_unpack(self._slots)):
            if health:
                yield number * self.minutes, _rpo(rpo), _HEALTH[health]

    def coarser(self, minutes: int) -> "Day":
        """The same day in longer slots, a multiple of these: peaks stay."""
        made, size, slots = Day(minutes), minutes // self.minutes, list(_SLOT.iter_unpack(self._slots))
        for place in range(0, len(slots), size):
            read = [slot for slot in slots[place : place + size] if slot[1]]
            if read:
                rpo = max((number for number, _ in read if number != _NO_RPO), default=_NO_RPO)
                health = reduce(worse, {_HEALTH[number] for _, number in read})
                _SLOT.pack_into(made._slots, place // size * _SLOT.size, rpo, _health_number(health))
        return made


def minutes_of_age(days: int) -> int:
    """The length of the slots of a day that ended so many midnights ago: 5 minutes for a day, 30 for a week, then hours."""
    return MINUTES[0] if days <= 1 else MINUTES[1] if days <= 7 else MINUTES[2]
