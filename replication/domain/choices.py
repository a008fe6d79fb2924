"""What a person chose in the wizard: the input of the plan compiler, and the shape of a draft's JSON.

Every target is an ARM id: of an existing resource, or of one to be made; '' means "by the rule" (the `-asr` resource of the source's,
the vault's cache account, the article's policy). Whether it is new or reused is never stored: it follows from the inventory.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from replication.domain import ids
from replication.domain.inventory import Model
from replication.domain.targets import WORLDWIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceChoices:
    """Draft.source: one region and one deployment model, one or several subscriptions.

    groups: names in lower case; () means all that the grants open. tags: `name` or `name:value` in lower case, all of which a
    machine must have. zonal: disaster recovery between availability zones, so that the target region is the source region.
    """

    location: str
    subscription_ids: tuple[str, ...]
    model: Model = Model.RESOURCE_MANAGER
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    zonal: bool = False

    @property
    def subscription_id(self) -> str:
        """The first of the subscriptions: the one that defaults are taken from."""
        return self.subscription_ids[0]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "SourceChoices | None":
        """None while the page is not filled in."""
        subscriptions = tuple(data.get("subscription_ids") or filter(None, [data.get("subscription_id")]))
        if not data.get("location") or not subscriptions:
            return None
        return cls(
            location=data["location"],
            subscription_ids=subscriptions,
            model=Model(data.get("model", Model.RESOURCE_MANAGER)),
            groups=tuple(data.get("groups", ())),
            tags=tuple(data.get("tags", ())),
            zonal=bool(data.get("zonal", False)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChoice:
    """An existing policy by its id, or a new one by name and settings (hours, minutes; app_consistent 0 is off)."""

    id: str = ""
    name: str = "24-hour-retention-policy"
    retention_hours: int = 24
    app_consistent_minutes: int = 60
    multi_vm: bool = True


NONE = "none"  # of an availability set, a placement group, a replication group: "this machine shall have none"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskChoice:
    """What was customised for one disk. '' means "as for the machine"."""

    excluded: bool = False
    disk_type: str = ""  # of the replica disk
    failover_type: str = ""
    encryption_set_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What can be said for all machines and, departing from it, for one (portal-behaviour.md §1.2 to §1.6). '' is "by the rule"."""

    group_id: str = ""
    network_id: str = ""
    subnet_name: str = ""
    cache_account_id: str = ""  # for normal churn; that for high churn is another kind of account (§1.4)
    high_cache_account_id: str = ""
    churn: str = ""  # Normal | High; by the rule Normal, and High for disks that replicate with nothing else
    storage_account_id: str = ""  # target of unmanaged disks
    availability_set_id: str = ""  # 'none': a single instance
    availability_zone: str = ""
    placement_group_id: str = ""
    capacity_group_id: str = ""
    disk_type: str = ""  # of replica disks; by the rule the source disk's own
    failover_type: str = ""  # of disks after a failover; by the rule the source disk's own
    encryption_set_id: str = ""  # for disks that are encrypted with a customer-managed key
    replication_group: str = ""  # a name: its machines share recovery points; by the rule none

    def renamed(self, old: str, new: str) -> Self:
        """The same with another name for the storage accounts that have the old one."""
        chosen = {name: getattr(self, name) for name in WORLDWIDE}
        return replace(
            self, **{name: f"{arm_id.removesuffix(old)}{new}" for name, arm_id in chosen.items() if ids.name(arm_id) == old}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineChoice(Placement):
    """DraftMachine.overrides: what was customised for one machine. '' and {} mean "as for all". disks: disk key -> its choice."""

    disks: dict[str, DiskChoice] = field(default_factory=dict)
    # Azure takes these only of a protected machine: they are kept in the plan and applied then (domain SettleSpec).
    target_name: str = ""
    target_size: str = ""
    static_address: str = ""  # of its primary interface

    def to_json(self) -> dict[str, Any]:
        """Only what was changed."""
        data = {name: value for name, value in asdict(self).items() if value}
        disks = {key: _changed(choice) for key, choice in self.disks.items() if choice != DiskChoice()}
        return data | {"disks": disks} if disks else {name: value for name, value in data.items() if name != "disks"}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "MachineChoice":
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        disks = {key: DiskChoice(**choice) for key, choice in known.get("disks", {}).items()}
        return cls(**known | {"disks": disks})


def _changed(choice: DiskChoice) -> dict[str, Any]:
    return {name: value for name, value in asdict(choice).items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetChoices(Placement):
    """Draft.target: for all machines. The ids replace what the rules would give.

    agent_updates: 'service' when Site Recovery keeps the agents up to date, through the automation account; 'manual' when people do; ''
    leaves what the vault has.
    """

    location: str
    subscription_id: str
    policy: PolicyChoice = field(default_factory=PolicyChoice)
    agent_updates: str = ""
    automation_account_id: str = ""

    def placed(self, said: dict[str, Any]) -> "TargetChoices":
        """The same with other fields of Placement; what is not said stays."""
        return replace(self, **said)

    @property
    def placement(self) -> dict[str, str]:
        """The fields of Placement: what *Customize* says for all machines."""
        return {name: getattr(self, name) for name in Placement.__dataclass_fields__}

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "TargetChoices | None":
        """None while the page is not filled in."""
        if not data.get("location") or not data.get("subscription_id"):
            return None
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        return cls(**known | {"policy": PolicyChoice(**data.get("policy", {}))})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """All of a draft."""

    source: SourceChoices
    target: TargetChoices
    machines: dict[str, MachineChoice]  # machine id as Azure wrote it -> its overrides
