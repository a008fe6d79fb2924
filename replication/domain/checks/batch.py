"""What a plan wants of Azure, in the terms that checks ask in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from replication.domain import ids
from replication.domain.inventory import Machine, Network, ResourceGroup, Vault
from replication.domain.plan import Plan, PlannedStep
from replication.domain.specs import NetworkSpec, ProtectSpec, SettleSpec, StorageSpec


@dataclass(frozen=True, slots=True)
class Placed:
    """A machine of the plan: as it is, as it will be protected, and what is asked for it afterwards."""

    machine: Machine
    spec: ProtectSpec
    settle: SettleSpec | None

    @property
    def size(self) -> str:
        """The size of the machine after a failover."""
        return (self.settle.size if self.settle else "") or self.machine.size

    @property
    def caches(self) -> tuple[str, ...]:
        """The keys of the cache accounts of its disks, one a disk."""
        managed = (ids.key(disk.cache_account_id) for disk in self.spec.managed_disks)
        return (*managed, *(ids.key(disk.cache_account_id) for disk in self.spec.unmanaged_disks))

    @property
    def target_subscription(self) -> str:
        """Where it will be recovered to."""
        return ids.subscription(self.spec.recovery_group_id or self.spec.cloud_service_id).lower()


@dataclass(frozen=True)
class Batch:
    """A plan, and what the stored inventory says of what it names. Mappings go by ids.key.

    protected: disks that are replicated already, by subscription; cached: by the cache account that they use.
    """

    plan: Plan
    vault: Vault
    client_id: str
    machines: Mapping[str, Machine]
    groups: Mapping[str, ResourceGroup]
    networks: Mapping[str, Network]
    protected: Mapping[str, int] = field(default_factory=dict)
    cached: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def placed(self) -> tuple[Placed, ...]:
        """All machines of the plan, by name."""
        settles = {ids.key(s.spec.machine_id): s.spec for s in self.plan.settlements if isinstance(s.spec, SettleSpec)}
        return tuple(
            Placed(self.machines[key], step.spec, settles.get(key))
            for step in self.plan.protections
            if isinstance(step.spec, ProtectSpec) and (key := ids.key(step.spec.machine_id)) in self.machines
        )

    @cached_property
    def source_subscriptions(self) -> frozenset[str]:
        """Of the machines, in lower case."""
        return frozenset(each.machine.subscription_id.lower() for each in self.placed)

    @cached_property
    def target_subscriptions(self) -> frozenset[str]:
        """Into which machines are recovered, in lower case."""
        return frozenset(each.target_subscription for each in self.placed)

    @cached_property
    def written(self) -> tuple[PlannedStep, ...]:
        """What does not exist yet and lies outside the vault: the resources of the target, and a new cache account."""
        return tuple(step for step in self.plan.resources if not step.reused and not self.in_vault(step.spec.id))

    @cached_property
    def accounts(self) -> tuple[tuple[StorageSpec, bool], ...]:
        """The storage accounts of the plan, and whether each exists."""
        return tuple((s.spec, s.reused) for s in self.plan.resources if isinstance(s.spec, StorageSpec))

    @cached_property
    def caches(self) -> Mapping[str, tuple[Placed, ...]]:
        """The machines that use each cache account, by the account's key."""
        found: dict[str, list[Placed]] = {}
        for each in self.placed:
            for key in dict.fromkeys(each.caches):
                found.setdefault(key, []).append(each)
        return {key: tuple(users) for key, users in found.items()}

    def in_vault(self, arm_id: str) -> bool:
        """Whether a thing is part of the vault."""
        return ids.key(arm_id).startswith(ids.key(self.vault.id) + "/")

    @cached_property
    def target_networks(self) -> Mapping[str, NetworkSpec]:
        """The networks that the plan makes or uses."""
        return {ids.key(s.spec.id): s.spec for s in self.plan.resources if isinstance(s.spec, NetworkSpec)}

    def subnets_of(self, placed: Placed) -> Iterator[tuple[str, str]]:
        """(interface id, key of the subnet that it is recovered into): the primary one as planned, others by their subnet's name (§1.2)."""
        network = self.target_networks.get(ids.key(placed.spec.network_id))
        if network is None:
            return
        names = {subnet.name.lower() for subnet in network.subnets}
        for nic in placed.machine.nics:
            own = nic.subnet_name.lower()
            name = placed.spec.subnet_name if nic.primary or own not in names else own
            yield nic.id, ids.key(f"{network.id}/subnets/{name}")
