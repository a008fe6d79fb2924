"""Turns choices and rules into ids. Pages use it to show what the defaults are; the compiler uses it to plan.

Thousands of machines go to few places: those that are `alike` share one target, which is resolved once.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from replication.domain import ids, regions
from replication.domain.choices import NONE, Choices, MachineChoice, Placement
from replication.domain.inventory import Disk, Machine, Model, Network, Policy
from replication.domain.plan import Facts

HIGH, NORMAL = "High", "Normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where one machine goes: every id resolved; '' where the machine has no such thing."""

    group_id: str
    cache_id: str
    churn: str = NORMAL
    network_id: str = ""
    subnet_name: str = ""
    set_id: str = ""
    zone: str = ""
    placement_group_id: str = ""
    capacity_group_id: str = ""
    replication_group: str = ""
    cloud_service_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskTarget:
    """What becomes of one disk. The types and the encryption set are those of a managed one."""

    excluded: bool = False
    replica_type: str = ""
    failover_type: str = ""
    encryption_set_id: str = ""


class Resolver:
    """One draft's choices over the rules of portal-behaviour.md §1.2 to §1.5."""

    def __init__(self, choices: Choices, facts: Facts) -> None:
        self.choices, self.facts = choices, facts
        self._networks: dict[str, str] = {}  # source network key -> target network id, so that its machines share one
        self._accounts: dict[str, str] = {}  # name by the rule -> id: there can be one in the world, whatever group its machines go to
        self._caches: dict[tuple[str, bool], str] = {}  # (subscription, whether for high churn) -> the vault's account there
        self._targets: dict[Hashable, Target] = {}  # by what `alike` says
        self._disks: dict[str, tuple[tuple[Disk, DiskTarget], ...]] = {}  # by machine id
        self._by_name: dict[str, str] | None = None

    def target(self, machine: Machine) -> Target:
        """Where the machine goes: its own override, else what was chosen for all, else the rule."""
        alike = self.alike(machine)
        if alike not in self._targets:
            self._targets[alike] = self._classic(machine) if _is_classic(machine) else self._modern(machine)
        return self._targets[alike]

    def alike(self, machine: Machine) -> Hashable:
        """All that a machine's target follows from: machines of which it is the same go to the same place."""
        return (
            machine.model,
            machine.subscription_id,
            machine.resource_group,
            machine.network_id,
            machine.subnet_name,
            machine.availability_set_id,
            machine.zones,
            machine.placement_group_id,
            _service_of(machine) if _is_classic(machine) else "",
            self._is_fast(machine),
            _placement_of(self.own(machine)),
        )

    def _classic(self, machine: Machine) -> Target:
        group_id = self._group(machine)
        service = self._made("cloud_service", _service_of(machine))
        service_id = ids.resource(group_id, "Microsoft.ClassicCompute/domainNames", service)
        return Target(group_id=group_id, cache_id=self.cache(machine, NORMAL), cloud_service_id=service_id)

    def _modern(self, machine: Machine) -> Target:
        group_id, facts = self._group(machine), self.facts
        network_id = self.chosen(machine, "network_id") or self.network_id(machine, group_id)
        network_id = _as_written(network_id, facts.networks)
        set_id, zone = self._availability(machine, group_id)
        placement = self.chosen(machine, "placement_group_id") or self.placement_id(machine, group_id)
        capacity, group = self.chosen(machine, "capacity_group_id"), self.chosen(machine, "replication_group")
        return Target(
            group_id=group_id,
            cache_id=self.cache(machine, self.churn(machine)),
            churn=self.churn(machine),
            network_id=network_id,
            subnet_name=self._subnet(machine, network_id),
            set_id=_as_written(set_id, facts.sets),
            zone=zone,
            placement_group_id=_as_written(_some(placement), facts.placement_groups),
            capacity_group_id=_as_written(_some(capacity), facts.capacity_groups),
            replication_group=_some(group),
        )

    def own(self, machine: Machine) -> MachineChoice:
        """What was customised for the machine."""
        return self.choices.machines.get(machine.id, _NOTHING)

    def chosen(self, machine: Machine, name: str) -> str:
        """A field of Placement: the machine's own, else what was chosen for all, else ''."""
        return getattr(self.own(machine), name) or getattr(self.choices.target, name) or ""

    # -- groups and accounts ------------------------------------------------------------------------------------------
    def _group(self, machine: Machine) -> str:
        return _as_written(self.chosen(machine, "group_id") or self.group_id(machine), self.facts.groups)

    def group_id(self, machine: Machine) -> str:
        """`<source group>-asr` in the target subscription."""
        name = self._made("resource_group", machine.resource_group)
        return ids.group(self.choices.target.subscription_id, name)

    def churn(self, machine: Machine) -> str:
        """Normal unless chosen otherwise; Premium SSD v2 and Ultra disks replicate with High only (§1.4)."""
        return self.chosen(machine, "churn") or (HIGH if self._is_fast(machine) else NORMAL)

    def _is_fast(self, machine: Machine) -> bool:
        return any(disk.fast and not chosen.excluded for disk, chosen in self.disks(machine))

    def cache(self, machine: Machine, churn: str) -> str:
        """The machine's cache account for a churn: chosen, else the vault's."""
        chosen = self.chosen(machine, "high_cache_account_id" if churn == HIGH else "cache_account_id")
        return _as_written(chosen or self.cache_id(machine, churn), self.facts.accounts)

    def cache_id(self, machine: Machine | None = None, churn: str = "") -> str:
        """The vault's cache account for the source region, in the vault's group (portal-behaviour.md §1.5).

        It must lie in the machines' subscription (§0): with a vault elsewhere it goes into a group of its own there. High churn has an
        account of its own, as it takes premium block blobs (§1.4).
        """
        subscription = machine.subscription_id if machine else self.choices.source.subscription_id
        key = subscription, (churn or (self.churn(machine) if machine else NORMAL)) == HIGH
        if key not in self._caches:
            self._caches[key] = self._vaults_cache(*key)
        return self._caches[key]

    def _vaults_cache(self, subscription: str, high: bool) -> str:
        vault, location = self.facts.vault, self.choices.source.location
        near = vault.subscription_id.lower() == subscription.lower()
        group = vault.resource_group if near else self._made("resource_group", vault.resource_group)
        name = self.facts.naming.cache_account(vault.id, location, subscription="" if near else subscription, high=high)
        return ids.resource(ids.group(subscription, group), "Microsoft.Storage/storageAccounts", name)

    # -- availability ---------------------------------------------------------------------------------------------------
    def _availability(self, machine: Machine, group_id: str) -> tuple[str, str]:
        """(availability set, zone): at most one of them. A set only for machines that are in one at their source (the article)."""
        for said in (self.own(machine), self.choices.target):
            if said.availability_zone:
                return "", said.availability_zone
            if said.availability_set_id == NONE:
                return "", ""
            if said.availability_set_id and machine.availability_set_id:
                return self._set(said.availability_set_id, group_id), ""
        return self.set_id(machine, group_id), self.zone(machine)

    def _set(self, set_id: str, group_id: str) -> str:
        """The set that was chosen; a new one is made in the machine's own target group (targets.astray)."""
        there = ids.key(set_id) in self.facts.sets
        return set_id if there else ids.resource(group_id, "Microsoft.Compute/availabilitySets", ids.name(set_id))

    def set_id(self, machine: Machine, group_id: str) -> str:
        """`<source set>-asr` in the target group; '' for a machine in no set."""
        if not machine.availability_set_id:
            return ""
        name = self._made("availability_set", ids.name(machine.availability_set_id))
        return ids.resource(group_id, "Microsoft.Compute/availabilitySets", name)

    def zone(self, machine: Machine) -> str:
        """The source's zone where the target has it, else none (§1.2); between zones the first other one."""
        offered = self.facts.zones.get(self.choices.target.location, ())
        if self.choices.source.zonal:
            return next((each for each in offered if each not in machine.zones), "")
        return next((each for each in machine.zones if each in offered), "")

    def placement_id(self, machine: Machine, group_id: str) -> str:
        """`<source placement group>-asr` in the target group; '' for a machine in none (§1.5)."""
        if not machine.placement_group_id:
            return ""
        name = self._made("placement_group", ids.name(machine.placement_group_id))
        return ids.resource(group_id, "Microsoft.Compute/proximityPlacementGroups", name)

    # -- networks -----------------------------------------------------------------------------------------------------------
    def network_id(self, machine: Machine, group_id: str) -> str:
        """The network that the source network is mapped to, else `<source network>-asr`: reused where it exists, else in the group.

        Between zones the machine stays in its own network.
        """
        if not machine.network_id or self.choices.source.zonal:
            return machine.network_id
        key = ids.key(machine.network_id)
        if key not in self._networks:
            name = self._made("virtual_network", ids.name(machine.network_id))
            own = ids.resource(group_id, "Microsoft.Network/virtualNetworks", name)
            self._networks[key] = self.mapped(machine.network_id) or self._existing_network(name) or own
        return self._networks[key]

    def mapped(self, network_id: str) -> str:
        """The network that Site Recovery has mapped this one to in the target location, or ''."""
        for mapping in self.facts.site.network_mappings:
            there = self.facts.networks.get(ids.key(mapping.recovery_network_id))
            if ids.same(mapping.primary_network_id, network_id) and there and self._is_target(there):
                return there.id
        return ""

    def _subnet(self, machine: Machine, network_id: str) -> str:
        own = self.own(machine)
        return (
            own.subnet_name
            or ("" if own.network_id else self._for_all(machine, network_id))
            or self.subnet_name(machine, network_id)
        )

    def _for_all(self, machine: Machine, network_id: str) -> str:
        """The subnet chosen for all, where the machine's target network has it."""
        wanted = self.choices.target.subnet_name.lower()
        return next((name for name in self.subnets(machine, network_id) if name.lower() == wanted), "")

    def network(self, machine: Machine, network_id: str) -> Network | None:
        """The target network as it is, or as its source is when it will be made like that."""
        networks = self.facts.networks
        return networks.get(ids.key(network_id)) or networks.get(ids.key(machine.network_id))

    def subnets(self, machine: Machine, network_id: str) -> list[str]:
        """The subnets of the target network, by alphabet."""
        network = self.network(machine, network_id)
        return sorted(subnet.name for subnet in network.subnets) if network else []

    def subnet_name(self, machine: Machine, network_id: str) -> str:
        """The subnet with the source subnet's name, else the first by alphabet (§1.2); of a new network, the source's own."""
        if ids.key(network_id) not in self.facts.networks:
            return machine.subnet_name
        names = self.subnets(machine, network_id)
        return next((name for name in names if name.lower() == machine.subnet_name.lower()), next(iter(names), ""))

    def _existing_network(self, name: str) -> str:
        if self._by_name is None:
            fits = (each for each in self.facts.networks.values() if self._is_target(each))
            self._by_name = {each.name.lower(): each.id for each in fits}
        return self._by_name.get(name.lower(), "")

    def _is_target(self, network: Network) -> bool:
        target = self.choices.target
        subscription = ids.subscription(network.id).lower()
        return regions.normal(network.location) == target.location and subscription == target.subscription_id.lower()

    # -- disks ----------------------------------------------------------------------------------------------------------------
    def disks(self, machine: Machine) -> tuple[tuple[Disk, DiskTarget], ...]:
        """The machine's disks, each with what becomes of it: by its own choice, else its machine's, else that for all, else as it is."""
        if machine.id not in self._disks:
            self._disks[machine.id] = tuple((disk, self._disk(disk, machine)) for disk in machine.disks)
        return self._disks[machine.id]

    def _disk(self, disk: Disk, machine: Machine) -> DiskTarget:
        own = self.own(machine).disks.get(ids.key(disk.id))
        if not disk.managed:
            return DiskTarget(excluded=bool(own and own.excluded))
        keyed = bool(disk.encryption_set_id)
        return DiskTarget(
            excluded=bool(own and own.excluded),
            replica_type=(own and own.disk_type) or self.chosen(machine, "disk_type") or disk.sku or "Standard_LRS",
            failover_type=(own and own.failover_type)
            or self.chosen(machine, "failover_type")
            or disk.sku
            or "Standard_LRS",
            encryption_set_id=(own and own.encryption_set_id)
            or (self.chosen(machine, "encryption_set_id") if keyed else ""),
        )

    def account_id(self, disk: Disk, machine: Machine, group_id: str) -> str:
        """The target account of an unmanaged disk: chosen, else by the rule.

        A classic machine's too is a Resource Manager account: nobody can make classic ones any more (*assumed*).
        """
        own = self.own_account_id(disk, group_id)
        return self.chosen(machine, "storage_account_id") or self._accounts.setdefault(ids.name(own), own)

    def own_account_id(self, disk: Disk, group_id: str) -> str:
        """`<source account>asr` in the target group."""
        source = ids.name(disk.account_id) if disk.account_id else disk.id.split("//")[-1].split(".")[0]
        return ids.resource(group_id, "Microsoft.Storage/storageAccounts", self._made("storage_account", source))

    # -- the policy -------------------------------------------------------------------------------------------------------------
    def policy(self) -> Policy | None:
        """The existing policy that was chosen, or that has the name of the new one."""
        choice = self.choices.target.policy
        wanted = (ids.name(choice.id) if choice.id else choice.name).lower()
        return next((policy for policy in self.facts.site.policies if policy.name.lower() == wanted), None)

    def _made(self, kind: str, source: str) -> str:
        choices = self.choices
        return self.facts.naming.made(
            kind,
            source,
            vault=self.facts.vault.name,
            source=choices.source.location,
            target=choices.target.location,
        )


_NOTHING = MachineChoice()
_placement_of = attrgetter(*Placement.__dataclass_fields__)


def _is_classic(machine: Machine) -> bool:
    return machine.model is Model.CLASSIC


def _service_of(machine: Machine) -> str:
    """The name that a classic machine's cloud service is made after."""
    return ids.name(machine.cloud_service_id or machine.name)


def _some(value: str) -> str:
    """A choice in which 'none' means that there shall be nothing."""
    return "" if value == NONE else value


def _as_written(arm_id: str, known: Mapping[str, Any]) -> str:
    """The id in the letter case that Azure has, when it exists."""
    there = known.get(ids.key(arm_id))
    return there.id if there else arm_id
