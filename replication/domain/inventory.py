"""What Azure has, as far as the wizard needs it: values only, read by the gateway, stored by sync, judged by the rules.

Ids are ARM ids as Azure wrote them. Sizes are GiB. Times are aware UTC datetimes. '' and () mean "none"; None means
"Azure did not say".
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Model(StrEnum):
    """The deployment model of a machine."""

    RESOURCE_MANAGER = "ResourceManager"
    CLASSIC = "Classic"


class Power(StrEnum):
    """Whether a machine runs. From the list call with power states (statusOnly)."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DEALLOCATING = "deallocating"
    DEALLOCATED = "deallocated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    id: str  # the GUID
    name: str
    state: str = "Enabled"
    tenant_id: str = ""


# States in which nothing can be made or changed, only read and deleted (learn.microsoft.com, *Azure subscription states*).
READ_ONLY = ("Disabled", "Warned")


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    name: str  # southeastasia
    display_name: str  # Southeast Asia
    paired: str = ""
    zones: tuple[str, ...] = ()  # logical availability zones: '1', '2', '3'


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceGroup:
    id: str
    name: str
    location: str
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A machine's disk. Managed: `id` is the disk's ARM id. Unmanaged: `id` is the blob's URI."""

    id: str
    name: str
    managed: bool
    is_os: bool
    size_gib: int | None
    sku: str = ""  # Premium_LRS …; of the account for an unmanaged disk; '' until read
    lun: int | None = None
    account_id: str = ""  # unmanaged: the storage account that holds the blob ('' when it is not in the inventory)
    encryption_set_id: str = ""
    facts: dict[str, Any] = field(
        default_factory=dict
    )  # what only rules look at: maxShares, writeAccelerator, ephemeral …

    @property
    def fast(self) -> bool:
        """Whether it replicates only with high churn: Ultra and Premium SSD v2 (portal-behaviour.md §4 no. 28, 29)."""
        return self.sku in {"UltraSSD_LRS", "PremiumV2_LRS"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Nic:
    id: str
    name: str
    primary: bool
    subnet_id: str = ""
    private_address: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def network_id(self) -> str:
        """The virtual network's id: the subnet's id without its last two segments."""
        return self.subnet_id.rsplit("/", 2)[0] if self.subnet_id else ""

    @property
    def subnet_name(self) -> str:
        """The subnet's own name, or ''."""
        return self.subnet_id.rsplit("/", 1)[-1] if self.subnet_id else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A virtual machine of either deployment model."""

    id: str
    name: str
    subscription_id: str
    resource_group: str
    location: str
    model: Model
    power: Power
    provisioning_state: str
    os_type: str = ""  # Windows | Linux
    os_name: str = ""
    size: str = ""
    computer_name: str = ""
    zones: tuple[str, ...] = ()
    availability_set_id: str = ""
    disks: tuple[Disk, ...] = ()
    nics: tuple[Nic, ...] = ()
    cloud_service_id: str = ""  # classic: its domain name
    tags: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)  # securityProfile, hostId, priority …: rules only

    @property
    def placement_group_id(self) -> str:
        """The proximity placement group it is in, or ''."""
        return str(self.facts.get("placementGroupId", ""))

    @property
    def network_id(self) -> str:
        """The virtual network of the primary interface, or ''."""
        return next((nic.network_id for nic in self.nics if nic.primary), "")

    @property
    def subnet_name(self) -> str:
        """The subnet of the primary interface, or ''."""
        return next((nic.subnet_name for nic in self.nics if nic.primary), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One of Azure's own reasons against replicating a machine (an error of its replicationEligibilityResults)."""

    code: str
    message: str
    causes: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineState:
    """What only a question about one machine tells: its instance view, and Azure's own eligibility answer.

    agent: Ready | Not Ready | '' when there is none to report. extensions: type -> version.
    """

    power: Power
    provisioning_state: str
    agent: str = ""
    agent_version: str = ""
    extensions: dict[str, str] = field(default_factory=dict)
    failed_extensions: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    name: str
    prefix: str  # 10.0.0.0/24


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    id: str
    name: str
    location: str
    prefixes: tuple[str, ...]
    subnets: tuple[Subnet, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageAccount:
    id: str
    name: str
    location: str
    sku: str
    kind: str
    shared_key: bool = True
    public: bool = True  # reachable from all networks


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaDisk:
    """A disk that Site Recovery made: a replica, or one of a test failover or a re-protection."""

    id: str
    name: str
    location: str
    size_gib: int | None = None
    sku: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilitySet:
    id: str
    name: str
    location: str
    fault_domains: int
    update_domains: int
    aligned: bool  # sku Aligned: for managed disks


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementGroup:
    """A proximity placement group."""

    id: str
    name: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityGroup:
    """A capacity reservation group."""

    id: str
    name: str
    location: str
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionSet:
    """A disk encryption set: the customer-managed key that disks are encrypted with."""

    id: str
    name: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationAccount:
    """The account in which Site Recovery's runbook updates the agents."""

    id: str
    name: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    id: str
    name: str
    location: str
    subscription_id: str
    resource_group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fabric:
    id: str
    name: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    id: str
    name: str
    fabric_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A replication policy. All times in minutes; app_consistent 0 means off."""

    id: str
    name: str
    retention: int
    app_consistent: int
    crash_consistent: int = 5
    multi_vm: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerMapping:
    id: str
    name: str
    container_id: str
    target_container_id: str
    policy_id: str
    automation_account_id: str = ""  # '' while agents are updated by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkMapping:
    id: str
    name: str
    primary_network_id: str
    recovery_network_id: str
    recovery_location: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What Site Recovery has set up in one vault; empty in a vault where it was never used."""

    fabrics: tuple[Fabric, ...] = ()
    containers: tuple[Container, ...] = ()
    policies: tuple[Policy, ...] = ()
    container_mappings: tuple[ContainerMapping, ...] = ()
    network_mappings: tuple[NetworkMapping, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthError:
    code: str
    severity: str  # Warning | Error | Critical
    message: str
    causes: str = ""
    action: str = ""
    category: str = ""
    created_at: datetime | None = None
    id: str = ""  # by which it can be dismissed, as far as `dismissible`
    dismissible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A replication protected item, as the vault's list call shows it (site-recovery-protocol.md §3.3).

    progress is 0..100 while the first copy runs, else None. rpo is seconds, None until Azure has computed one.
    """

    id: str
    name: str
    friendly_name: str
    machine_id: str
    protection_state: str
    protection_text: str
    replication_health: str
    failover_health: str
    active_location: str
    allowed_operations: tuple[str, ...]
    primary_location: str
    recovery_location: str
    policy_id: str
    policy_name: str
    recovery_group_id: str
    test_failover_state: str = ""
    progress: int | None = None
    rpo: int | None = None
    rpo_at: datetime | None = None
    last_test_at: datetime | None = None
    last_failover_at: datetime | None = None
    job_id: str = ""  # the job of the current scenario, '' when idle
    correlation_id: str = ""
    errors: tuple[HealthError, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)  # disks, interfaces, agent …: shown, not judged


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTask:
    name: str
    title: str
    state: str
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A Site Recovery job. A list gives no tasks and no activity id; a GET of one does (§3.4)."""

    id: str
    name: str
    scenario: str
    title: str
    state: str
    state_text: str
    target_name: str = ""
    target_id: str = ""
    activity_id: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    allowed_actions: tuple[str, ...] = ()
    tasks: tuple[JobTask, ...] = ()
    errors: tuple[HealthError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that Site Recovery tells of a vault: a change of health, a failover … Past, where a HealthError is present."""

    id: str
    at: datetime
    code: str
    kind: str  # VmHealth …
    severity: str  # OK | Warning | Critical
    message: str
    target_name: str = ""
    item_name: str = ""  # of the protected item, '' when it is about something else


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPoint:
    id: str
    name: str
    at: datetime
    kind: str  # CrashConsistent | ApplicationConsistent


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """An entry of the Activity log: who asked for what, when, and of which resource."""

    caller: str  # a person's sign-in name, or an application's id
    operation: str  # Microsoft.RecoveryServices/…/unplannedFailover/action
    resource_id: str
    at: datetime
    status: str = ""
    correlation_id: str = ""
