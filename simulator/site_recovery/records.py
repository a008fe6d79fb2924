"""What the simulator remembers of Site Recovery's resources: plain JSON, kept in each resource's private facts.

Bodies that readers see are made from these records by `shapes`; nothing a reader sees is stored, so that a body can never
disagree with the state table or the clock. All times are seconds since 1970.
"""

from __future__ import annotations

from typing import Any, TypedDict

Json = dict[str, Any]


class Running(TypedDict):
    """The operation that is changing an item."""

    operation: str
    scenario: str
    job: str
    start: float


class Disk(TypedDict):
    """One protected disk, managed or (with `uri`) unmanaged."""

    id: str
    name: str
    uri: str | None
    target_account: str | None
    size_bytes: int
    source_sku: str
    os_disk: bool
    staging: str
    group: str | None
    replica_id: str | None
    replica_sku: str | None
    target_sku: str | None
    encryption_set: str | None
    primary_encryption_set: str | None
    encryption: Json | None
    original_target: str | None
    failover_name: str
    test_name: str
    copy_start: float
    copy_seconds: float
    lun: int | None
    failed: bool


class Nic(TypedDict):
    """One network interface of a protected machine, with what the user chose for it."""

    id: str
    source: str
    settings: Json
    ips: list[Json]
    user: bool


class Failover(TypedDict):
    """What a failover (or a test) has made."""

    vm: str
    point: str
    point_time: float
    time: float


class Item(TypedDict):
    """A protected item. `primary` and `recovery` are container ids; the item lives in `primary`."""

    vm: str
    vm_name: str
    classic: bool
    os: str
    generation: str
    primary: str
    recovery: str
    policy: str
    initial: Json
    state: str
    before: str
    since: float
    running: Running | None
    lineage: str
    management: str
    correlation: str
    life: str
    entity: str
    turn: int
    enabled: float
    copy_start: float
    copy_seconds: float
    resync_start: float | None
    first_point: float | None
    points_until: float | None
    disks: list[Disk]
    dismissed: list[str]
    nics: list[Nic]
    tags: dict[str, str]
    settings: Json
    group: Json
    test: Json
    failover: Failover | None
    last_failover: float | None
    last_test: float | None
    tested: bool
    agent_error: str | None


class Job(TypedDict):
    """A Site Recovery job. `end` is when it is expected to end, `ended` when it did."""

    scenario: str
    start: float
    end: float
    ended: float | None
    state: str
    error: Json | None
    failing_task: int
    skipped: list[str]
    left_out: list[str]
    target_id: str
    target_name: str
    affected: Json
    client: str
    activity: str
    extra: Json
    children: list[Json]
    serial: int
