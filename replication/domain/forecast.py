"""What a plan will cost and how long it will take, before it is begun; and which machines are slower than their peers. Pure.

Everything here is an expectation, never a promise. What it rests on: Azure Resource Manager's write bucket (simulator.md §2.6), recorded
durations of operations (site-recovery-protocol.md §3.1), and the documented pace of the first copy, 23 % of a disk's throughput
(portal-behaviour.md §2.4). How full disks are, Azure does not say: the copy is reckoned for full disks, so that it is *at most* that long.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from replication.domain import ids
from replication.domain.inventory import Disk, Machine
from replication.domain.plan import Plan, PlannedStep
from replication.domain.specs import ProtectSpec

ARM_BUCKET, ARM_A_SECOND = 200, 10.0
COPY_SHARE = 0.23
GIB = 1.073741824e9

# Seconds that an operation takes as recorded; what is not listed takes a second or two.
_USUAL: dict[str, float] = {
    "virtual_network": 3, "storage_account": 18, "fabric": 70, "network_mapping": 3, ProtectSpec.kind: 450,
}  # fmt: skip
_FIRST_POINT = 240.0  # from the end of the copy to *Protected*
_OBSERVE = 5.0  # reading what the plan rests on before the first write
_LOOKS = 3  # reads that a resource costs: observed, watched, read back

# MB/s by size in GiB: Azure's published baseline of each kind of disk. What a machine's size allows in all is not reckoned with.
_THROUGHPUT: dict[str, tuple[tuple[int, float], ...]] = {
    "premium": ((32, 25), (64, 50), (128, 100), (256, 125), (512, 150), (1024, 200), (4096, 250), (8192, 500), (16384, 750), (32768, 900)),
    "premiumv2": ((65536, 125),),
    "standardssd": ((4096, 100), (8192, 400), (16384, 600), (32768, 750)),
    "standard": ((4096, 60), (8192, 300), (32768, 500)),
    "ultrassd": ((65536, 300),),
}  # fmt: skip

SLOW = 1.5  # a machine is slow when it has taken so many times as long as half of its peers …
SLOW_AT_LEAST = 60.0  # … and at least so many seconds longer
PEERS = 5  # fewer than these are nobody's measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Calls to Azure, and seconds from the press of the button."""

    writes: int
    reads: int
    accepted: float  # every machine has been asked for
    enabled: float  # Azure's jobs are done, the first copies run
    protected: float  # the slowest first copy is done, if its disks are full


def forecast(plan: Plan, machines: Mapping[str, Machine], site_recovery_a_minute: int) -> Forecast:
    """What the plan will take. machines: by ids.key; site_recovery_a_minute: Site Recovery's own writes (*assumed*), 0 for no limit."""
    new = [step for step in plan.resources if not step.reused]
    number = len(plan.protections)
    accepted = _OBSERVE + chain(new) + sending(number, site_recovery_a_minute)
    enabled = accepted + (_USUAL[ProtectSpec.kind] if number else 0)
    slowest = max((copy(each) for each in _of(plan, machines)), default=0.0)
    return Forecast(
        writes=len(new) + number + len(plan.settlements),
        reads=len(plan.resources) + _LOOKS * len(new) + -(-number // 2),
        accepted=accepted,
        enabled=enabled,
        protected=enabled + slowest + (_FIRST_POINT if number else 0),
    )


def _of(plan: Plan, machines: Mapping[str, Machine]) -> Iterable[Machine]:
    return (machines[ids.key(each)] for each, _ in plan.machines if ids.key(each) in machines)


def sending(writes: int, site_recovery_a_minute: int) -> float:
    """Seconds that Azure's limits let so many writes take: what is in the bucket goes at once, the rest as it fills."""
    times = [(writes - ARM_BUCKET) / ARM_A_SECOND]
    if site_recovery_a_minute:
        times.append((writes - site_recovery_a_minute) / (site_recovery_a_minute / 60))
    return max(0.0, *times)


def chain(steps: Sequence[PlannedStep]) -> float:
    """Seconds of the longest chain of steps that need each other; what does not depend on each other goes on at once."""
    known: dict[str, float] = {}
    for step in steps:  # a plan's steps come after what they need
        before = max((known.get(need, 0.0) for need in step.needs), default=0.0)
        known[step.key] = before + _USUAL.get(step.spec.kind, 1.0)
    return max(known.values(), default=0.0)


def copy(machine: Machine) -> float:
    """Seconds of a machine's first copy, if its disks are full; they are copied side by side."""
    return max((_copy(disk) for disk in machine.disks if disk.size_gib), default=0.0)


def _copy(disk: Disk) -> float:
    return (disk.size_gib or 0) * GIB / (throughput(disk.sku, disk.size_gib or 0) * 1e6 * COPY_SHARE)


def throughput(sku: str, size_gib: float) -> float:
    """MB/s of a disk of this kind (`Premium_LRS`) and size; a kind that is not known counts as a standard disk."""
    rows = _THROUGHPUT.get(sku.split("_")[0].lower(), _THROUGHPUT["standard"])
    at = bisect_left(rows, size_gib, key=lambda row: row[0])
    return rows[min(at, len(rows) - 1)][1]


def slow_after(taken: Sequence[float]) -> float | None:
    """Seconds after which a machine is slower than its peers, from what those took that are done; None while they are too few."""
    if len(taken) < PEERS:
        return None
    middle = median(taken)
    return max(middle * SLOW, middle + SLOW_AT_LEAST)
