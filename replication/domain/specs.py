"""What a run asks Azure for: one frozen dataclass per kind of step, and the comparison with what Azure shows.

A spec names the whole resource by its ARM id, so that the same spec always means the same thing: it is what is observed before
anything is sent, what is sent, and what is compared with the answer afterwards. Specs are stored in Step.spec as JSON.
"""

from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from functools import cache
from typing import Any, ClassVar

from replication.domain import ids
from replication.domain.problems import Problem


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which Azure has something else than was asked for."""

    field: str
    asked: Any
    got: Any

    def __str__(self) -> str:
        return f"{self.field}: asked {self.asked!r}, got {self.got!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """Base of all specs. `compared` names the fields that `differences` looks at; ids and regions go without case."""

    kind: ClassVar[str] = ""
    compared: ClassVar[tuple[str, ...]] = ()
    changes: ClassVar[bool] = False  # whether it changes what is there, instead of making something
    once: ClassVar[bool] = False  # an act that leaves nothing to compare: its operation's end is all there is to see
    removes: ClassVar[bool] = False  # what it asks for is that nothing is there
    destroys: ClassVar[bool] = False  # what it does cannot be undone: execution/guard.py stands before it
    id: str

    def to_json(self) -> dict[str, Any]:
        """A plain dict with the kind; tuples become lists."""
        return {"kind": self.kind, **_written(self)}

    def differences(self, got: "Spec") -> list[Difference]:
        """Where `got` (read from Azure, same class) departs from this spec."""
        return [
            Difference(name, getattr(self, name), getattr(got, name))
            for name in self.compared
            if _plain(getattr(self, name)) != _plain(getattr(got, name))
        ]

    def addressed(self, got: "Spec") -> "Spec":
        """The spec as it is sent: with the keys by which Azure knows what it speaks of, out of what was read."""
        return self

    def objection(self, found: "Found | None") -> Problem | None:
        """Why this must not be asked for, in view of what was read just before; None when nothing stands against it."""
        return None


def _written(value: Any) -> Any:
    """As dataclasses.asdict gives it, in a fraction of the time: a plan of a thousand machines has four thousand of them."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return tuple(map(_written, value))
    names = _names(value.__class__)
    return {name: _written(getattr(value, name)) for name in names} if names else value


@cache
def _names(cls: type) -> tuple[str, ...]:
    """The fields of a dataclass; of anything else none."""
    return tuple(each.name for each in fields(cls)) if is_dataclass(cls) else ()


def _plain(value: Any) -> Any:
    """A value as it is compared: text without case and blanks (ids, regions, SKUs), sequences without order."""
    if isinstance(value, str):
        return ids.key(value).replace(" ", "")
    if isinstance(value, tuple | list):
        return sorted((_plain(each) for each in value), key=repr)
    if hasattr(value, "__dataclass_fields__"):
        return tuple(_plain(getattr(value, each.name)) for each in fields(value))
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSpec(Spec):
    kind: ClassVar[str] = "resource_group"
    compared: ClassVar[tuple[str, ...]] = ("location",)
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetSpec:
    name: str
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec(Spec):
    """A virtual network identical to its source: same address space, same subnets (portal-behaviour.md §1.5)."""

    kind: ClassVar[str] = "virtual_network"
    compared: ClassVar[tuple[str, ...]] = ("location", "prefixes", "subnets")
    location: str
    prefixes: tuple[str, ...]
    subnets: tuple[SubnetSpec, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSpec(Spec):
    kind: ClassVar[str] = "storage_account"
    compared: ClassVar[tuple[str, ...]] = ("location", "sku", "account_kind")
    location: str
    sku: str
    account_kind: str = "StorageV2"


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilitySetSpec(Spec):
    kind: ClassVar[str] = "availability_set"
    compared: ClassVar[tuple[str, ...]] = ("location", "fault_domains", "update_domains", "aligned")
    location: str
    fault_domains: int
    update_domains: int
    aligned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementGroupSpec(Spec):
    """A proximity placement group."""

    kind: ClassVar[str] = "placement_group"
    compared: ClassVar[tuple[str, ...]] = ("location",)
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityGroupSpec(Spec):
    """A capacity reservation group. Only existing ones are used: an empty group reserves nothing."""

    kind: ClassVar[str] = "capacity_group"
    compared: ClassVar[tuple[str, ...]] = ("location",)
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionSetSpec(Spec):
    """A disk encryption set. It must exist beforehand, with rights on its key (portal-behaviour.md §1.2)."""

    kind: ClassVar[str] = "encryption_set"
    compared: ClassVar[tuple[str, ...]] = ("location",)
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationAccountSpec(Spec):
    """The automation account that keeps the agents up to date. It must exist in the vault's group (§1.2)."""

    kind: ClassVar[str] = "automation_account"
    compared: ClassVar[tuple[str, ...]] = ("location",)
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudServiceSpec(Spec):
    """A classic cloud service (Microsoft.ClassicCompute/domainNames), into which a classic machine is recovered."""

    kind: ClassVar[str] = "cloud_service"
    compared: ClassVar[tuple[str, ...]] = ("location",)
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricSpec(Spec):
    kind: ClassVar[str] = "fabric"
    compared: ClassVar[tuple[str, ...]] = ("location",)
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec(Spec):
    kind: ClassVar[str] = "container"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySpec(Spec):
    """Times in minutes; app_consistent 0 is off."""

    kind: ClassVar[str] = "policy"
    compared: ClassVar[tuple[str, ...]] = ("retention", "app_consistent", "crash_consistent", "multi_vm")
    retention: int
    app_consistent: int
    crash_consistent: int = 5
    multi_vm: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerMappingSpec(Spec):
    kind: ClassVar[str] = "container_mapping"
    compared: ClassVar[tuple[str, ...]] = ("target_container_id", "policy_id")
    target_container_id: str
    policy_id: str
    automation_account_id: str = ""  # with which a new mapping is made; of one that exists AgentUpdateSpec speaks


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentUpdateSpec(Spec):
    """Who updates the agents of a container mapping that exists: the service through an account, or people ('')."""

    kind: ClassVar[str] = "agent_update"
    changes: ClassVar[bool] = True
    compared: ClassVar[tuple[str, ...]] = ("automation_account_id",)
    automation_account_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkMappingSpec(Spec):
    kind: ClassVar[str] = "network_mapping"
    compared: ClassVar[tuple[str, ...]] = ("primary_network_id", "recovery_network_id")
    recovery_fabric_name: str
    primary_network_id: str
    recovery_network_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedDiskSpec:
    disk_id: str
    cache_account_id: str
    group_id: str
    replica_type: str
    target_type: str
    encryption_set_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmanagedDiskSpec:
    uri: str
    cache_account_id: str
    target_account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectSpec(Spec):
    """Enable replication of one machine (site-recovery-protocol.md §2.2, *Enable*)."""

    kind: ClassVar[str] = "protect"
    # Azure echoes these on the item; cache and target types are read back per disk.
    compared: ClassVar[tuple[str, ...]] = (
        "machine_id", "policy_id", "recovery_container_id", "recovery_group_id", "availability_set_id",
        "availability_zone", "placement_group_id", "capacity_group_id", "replication_group", "managed_disks", "unmanaged_disks",
    )  # fmt: skip
    machine_id: str
    machine_name: str
    policy_id: str
    recovery_container_id: str
    recovery_group_id: str = ""  # Resource Manager machines
    cloud_service_id: str = ""  # classic machines are recovered into a cloud service
    availability_set_id: str = ""
    availability_zone: str = ""
    placement_group_id: str = ""
    capacity_group_id: str = ""
    replication_group: str = ""  # machines of one name share their recovery points
    churn: str = "Normal"  # never sent: Azure reads it off the kind of the cache account (§1.4)
    network_id: str = ""
    subnet_name: str = ""
    excluded_disks: tuple[str, ...] = ()  # left out of the request, which is how Azure is told (§2.2)
    managed_disks: tuple[ManagedDiskSpec, ...] = ()
    unmanaged_disks: tuple[UnmanagedDiskSpec, ...] = ()

    def differences(self, got: Spec) -> list[Difference]:
        """Churn is compared only where the answer tells it: older versions of the API do not."""
        assert isinstance(got, ProtectSpec)
        found = Spec.differences(self, got)
        if got.churn and got.churn != self.churn:
            found.append(Difference("churn", self.churn, got.churn))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceSpec:
    """What an interface of the future machine gets, in its primary configuration; '' is "not asked for".

    Azure knows an interface of an item by a GUID of its own and a configuration by its name: both are read from the protected item,
    where the interface is found by its source's ARM id (site-recovery-protocol.md §6 no. 9).
    """

    source_nic_id: str
    subnet_name: str = ""
    static_address: str = ""
    nic_id: str = ""
    configuration: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleSpec(Spec):
    """What Azure takes only of a protected item: the future machine's name, size and interfaces (§2.2 *Update*, §6 no. 13)."""

    kind: ClassVar[str] = "settle"
    changes: ClassVar[bool] = True
    compared: ClassVar[tuple[str, ...]] = ("name", "size", "network_id")
    machine_id: str
    machine_name: str
    name: str = ""
    size: str = ""
    network_id: str = ""  # told with the interfaces
    interfaces: tuple[InterfaceSpec, ...] = ()

    def differences(self, got: Spec) -> list[Difference]:
        """Only what was asked for is compared; interfaces are matched by their source."""
        assert isinstance(got, SettleSpec)
        plain = [each for each in Spec.differences(self, got) if each.asked]
        return plain + [each for wanted in self.interfaces for each in _interface_differences(wanted, got)]

    def addressed(self, got: Spec) -> "SettleSpec":
        """All the item's interfaces go out, those not asked for as they are: what is left out is *assumed* to be at risk."""
        assert isinstance(got, SettleSpec)
        if not self.interfaces:
            return self
        return replace(
            self, interfaces=tuple(_merged(self.interface(each.source_nic_id), each) for each in got.interfaces)
        )

    def interface(self, source_nic_id: str) -> InterfaceSpec | None:
        """What is said of the interface with this source."""
        return next((each for each in self.interfaces if ids.same(each.source_nic_id, source_nic_id)), None)


def _interface_differences(wanted: InterfaceSpec, got: SettleSpec) -> list[Difference]:
    name, there = ids.name(wanted.source_nic_id), got.interface(wanted.source_nic_id)
    if there is None:
        return [Difference(f"interface {name}", name, None)]
    return [
        Difference(f"interface {name} {field_}", asked, getattr(there, field_))
        for field_ in ("subnet_name", "static_address")
        if (asked := getattr(wanted, field_)) and _plain(asked) != _plain(getattr(there, field_))
    ]


def _merged(wanted: InterfaceSpec | None, there: InterfaceSpec) -> InterfaceSpec:
    asked = {name: value for name, value in asdict(wanted).items() if value} if wanted else {}
    return replace(there, **asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What Azure shows of a resource that a spec names.

    spec: the same kind, filled from the answer. state: 'ready' | 'unfinished' (an operation runs) | 'broken'.
    job_id: the ARM id of the Site Recovery job that works on it, when Azure names one.
    """

    spec: Spec
    state: str = "ready"
    state_text: str = ""
    job_id: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
