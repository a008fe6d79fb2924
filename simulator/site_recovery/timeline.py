"""What time alone does to a protected item: the copy of its disks, its RPO, its recovery points. Pure functions of time.

Nothing here is stored and nothing is scheduled: a page of ten thousand items asks these functions with the same clock.
All times are seconds since 1970, all durations seconds. What is random is keyed by the item's *lineage* (a GUID that is
new with every direction of replication), so that it does not depend on who looked when.
"""

from __future__ import annotations

import uuid
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

CRASH_EVERY = 300.0
"""Seconds between crash-consistent points: five minutes, fixed (portal-behaviour.md §1.6)."""
REPORTS = 24
"""How often a copy reports its progress over its whole length; the last report stays (§3.3: an old percentage)."""
STALLED_AFTER = 3600.0
"""No point for an hour makes the replication health critical (153007)."""

_SHARE_OF_THROUGHPUT = 0.23  # portal-behaviour.md §2.4: the copy moves at about 23 % of the disk's throughput
_USED_SHARE = 0.25  # assumed: how full a disk is when nobody says; gives the recorded 20 to 50 minutes for 127 GiB
_SHORTEST_COPY = 1000.0  # recorded: some 20 minutes for an OS disk at the quickest

# MB/s by size in GiB, per kind of disk: the published baseline figures
_THROUGHPUT: dict[str, tuple[tuple[int, float], ...]] = {
    "premium": ((32, 25), (64, 50), (128, 100), (256, 125), (512, 150), (1024, 200), (4096, 250), (8192, 500)),
    "premiumv2": ((65536, 125),),
    "standardssd": ((4096, 60), (8192, 400), (16384, 600), (32768, 750)),
    "standard": ((4096, 60), (8192, 300), (32768, 500)),
    "ultrassd": ((65536, 300),),
}


def throughput(sku: str, size_gib: float) -> float:
    """MB/s that a disk of this SKU (`Premium_LRS`) and size gives; an unknown SKU counts as a standard disk."""
    rows = _THROUGHPUT.get(sku.split("_")[0].lower(), _THROUGHPUT["standard"])
    at = bisect_left(rows, size_gib, key=lambda row: row[0])
    return rows[min(at, len(rows) - 1)][1]


def copy_seconds(sku: str, size_gib: float, used_gib: float | None) -> float:
    """How long the initial copy of one disk takes at recorded pace."""
    used = used_gib if used_gib is not None else size_gib * _USED_SHARE
    return max(_SHORTEST_COPY, used * 1024 / (throughput(sku, size_gib) * _SHARE_OF_THROUGHPUT))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a copy is: None before the agent has reported at all, then whole percents."""

    moving: bool
    percent: int | None


def progress(start: float, seconds: float, now: float) -> Progress:
    """Progress of a copy that began at ``start`` and takes ``seconds``: nothing, then 0, then jumps (§6, trap 22)."""
    report = int((now - start) / max(seconds, 1e-6) * REPORTS)
    if report < 1:
        return Progress(moving=False, percent=None)
    done = min(report, REPORTS - 1) - 1
    return Progress(moving=True, percent=done * 100 // (REPORTS - 1))


# --- RPO --------------------------------------------------------------------------------------------------------------


def _noise(*parts: object) -> float:
    """A number in [0, 1) that depends on its parts only."""
    digest = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


@dataclass(frozen=True, slots=True)
class Rpo:
    """The recovery point objective and the time it was calculated for."""

    seconds: int
    calculated: float


def rpo(lineage: str, first_point: float, now: float, stalled_at: float | None = None) -> Rpo:
    """The RPO as of ``now``: calculated anew every minute, some one to seven minutes, growing while replication stalls."""
    if stalled_at is not None and now > stalled_at:
        return Rpo(int(now - stalled_at) + 60, now)
    minute = int((now - first_point) // 60)
    calculated = max(first_point, first_point + (minute - _noise(lineage, "calculated", minute)) * 60)
    return Rpo(60 + int(_noise(lineage, "rpo", minute // 5) * 240) + (minute % 5) * 20, calculated)


# --- recovery points --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """One recovery point: its GUID, its time and whether it is application-consistent."""

    name: str
    time: float
    application: bool


@dataclass(frozen=True, slots=True)
class PointRule:
    """What decides which points exist: the policy's three figures, the first point and where time stops."""

    lineage: str
    first: float
    until: float
    history_minutes: int
    app_minutes: int

    def last(self) -> int:
        """The number of the newest point; -1 when there is none."""
        return int((self.until - self.first) // CRASH_EVERY) if self.until >= self.first else -1

    def oldest(self) -> int:
        """The number of the oldest point that retention has left; retention 0 leaves the newest only."""
        kept = int(self.history_minutes * 60 // CRASH_EVERY)
        return max(0, self.last() - kept)

    def point(self, number: int) -> Point:
        """The point with a number."""
        every = self.app_minutes * 60
        at = self.first + number * CRASH_EVERY
        application = bool(every) and number > 0 and (number * CRASH_EVERY) % every < CRASH_EVERY
        return Point(_name(self.lineage, number), at, application)


@lru_cache(maxsize=4096)
def _mask(lineage: str) -> bytes:
    return blake2b(lineage.encode(), digest_size=16).digest()


_SPREAD, _SPACE = 0x9E3779B1, 1 << 48
_GATHER = pow(_SPREAD, -1, _SPACE)


def _name(lineage: str, number: int) -> str:
    """A GUID that hides the point's number in its last twelve digits, so that a point is found without a search."""
    mask = _mask(lineage)
    tail = int.from_bytes(mask[10:]) ^ (number * _SPREAD % _SPACE)
    return str(uuid.UUID(bytes=mask[:10] + tail.to_bytes(6), version=4))


def _number(lineage: str, name: str) -> int | None:
    """The number that a point's GUID hides; None when the GUID is of another item or another time."""
    try:
        tail = int(name.rsplit("-", 1)[-1], 16) ^ int.from_bytes(_mask(lineage)[10:])
    except ValueError:
        return None
    number = tail * _GATHER % _SPACE
    return number if number < 1 << 32 and _name(lineage, number) == name.lower() else None


def points(rule: PointRule) -> Sequence[Point]:
    """Every point that exists, oldest first as recorded."""
    last = rule.last()
    return [rule.point(number) for number in range(rule.oldest(), last + 1)] if last >= 0 else []


def newest_first(rule: PointRule) -> Iterator[Point]:
    """The same points from the newest back, made only as far as somebody reads."""
    last = rule.last()
    if last >= 0:
        yield from (rule.point(number) for number in range(last, rule.oldest() - 1, -1))


def find(rule: PointRule, name: str) -> Point | None:
    """The point of a GUID, if it exists (still)."""
    number = _number(rule.lineage, name)
    return rule.point(number) if number is not None and rule.oldest() <= number <= rule.last() else None


def latest(rule: PointRule, *, application: bool = False) -> Point | None:
    """The newest point, or the newest application-consistent one."""
    return next((point for point in newest_first(rule) if point.application or not application), None)
