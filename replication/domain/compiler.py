"""The plan compiler: choices and inventory in, a complete plan out. Pure, so that a page can show exactly what a run will do.

Every target is resolved to an ARM id, every id becomes one planned step with the spec that Azure will be asked for, and whether the
thing is new or reused follows from the inventory.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from replication.domain import ids, naming, regions, settling
from replication.domain.choices import Choices, MachineChoice
from replication.domain.eligibility import Effect, judge
from replication.domain.inventory import Disk, Machine, Model, Network, Policy
from replication.domain.plan import Facts, Objection, Plan, PlannedStep
from replication.domain.specs import (
    AvailabilitySetSpec,
    CloudServiceSpec,
    ContainerMappingSpec,
    ContainerSpec,
    FabricSpec,
    GroupSpec,
    ManagedDiskSpec,
    NetworkMappingSpec,
    NetworkSpec,
    PolicySpec,
    ProtectSpec,
    SettleSpec,
    Spec,
    StorageSpec,
    SubnetSpec,
    UnmanagedDiskSpec,
)
from replication.domain.steps import STAGE_OF

ORDER = tuple(STAGE_OF)  # the order in which pages list the kinds; stages rise along it
UNMANAGED_RETENTION = 72 * 60  # minutes
CACHE_SKU = "Standard_LRS"  # normal churn takes standard accounts only (portal-behaviour.md §1.4)


def compile_plan(choices: Choices, facts: Facts) -> Plan:
    """The plan for these choices. Objections in it mean that it must not be run; it is complete all the same, so that it can be shown."""
    return _Compiler(choices, facts).compile()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where one machine goes: every id resolved; '' where the machine has no such thing."""

    group_id: str
    cache_id: str
    network_id: str = ""
    subnet_name: str = ""
    set_id: str = ""
    zone: str = ""
    cloud_service_id: str = ""


class Resolver:
    """Turns choices and rules into ids. Pages use it to show what the defaults are; the compiler uses it to plan."""

    def __init__(self, choices: Choices, facts: Facts) -> None:
        self.choices, self.facts = choices, facts
        self._networks: dict[str, str] = {}  # source network key -> target network id, so that its machines share one

    def target(self, machine: Machine) -> Target:
        """Where the machine goes: its own override, else what was chosen for all, else the rule."""
        own, every = self.own(machine), self.choices.target
        group_id = _as_written(own.group_id or every.group_id or self.group_id(machine), self.facts.groups)
        cache_id = _as_written(
            own.cache_account_id or every.cache_account_id or self.cache_id(machine), self.facts.accounts
        )
        if machine.model is Model.CLASSIC:
            service = self._named(machine.cloud_service_id or machine.name, "virtual_network")
            service_id = ids.resource(group_id, "Microsoft.ClassicCompute/domainNames", service)
            return Target(group_id=group_id, cache_id=cache_id, cloud_service_id=service_id)
        network_id = own.network_id or every.network_id or self.network_id(machine, group_id)
        set_id = own.availability_set_id or every.availability_set_id or self.set_id(machine, group_id)
        network_id, set_id = _as_written(network_id, self.facts.networks), _as_written(set_id, self.facts.sets)
        # Only a machine that is in a set at its source may be in one at its target (the article).
        in_set = bool(machine.availability_set_id) and set_id != "none" and not own.availability_zone
        return Target(
            group_id=group_id,
            cache_id=cache_id,
            network_id=network_id,
            subnet_name=own.subnet_name or self.subnet_name(machine, network_id),
            set_id=set_id if in_set else "",
            zone=own.availability_zone,
        )

    def own(self, machine: Machine) -> MachineChoice:
        """What was customised for the machine."""
        return self.choices.machines.get(machine.id, MachineChoice())

    def group_id(self, machine: Machine) -> str:
        """`<source group>-asr` in the target subscription."""
        name = self._named(machine.resource_group, "resource_group")
        return ids.group(self.choices.target.subscription_id, name)

    def cache_id(self, machine: Machine | None = None) -> str:
        """The vault's cache account for the source region, in the vault's group (portal-behaviour.md §1.5).

        It must lie in the machine's subscription (§0): where the vault lies elsewhere it goes into a group of its own there, with a
        name of its own, for an account's name is taken for the whole world. Without a machine: of the first source subscription.
        """
        vault, subscription = self.facts.vault, self.choices.source.subscription_id
        subscription = machine.subscription_id if machine else subscription
        near = vault.subscription_id.lower() == subscription.lower()
        group = vault.resource_group if near else self._named(vault.resource_group, "resource_group")
        other = "" if near else subscription
        name = naming.cache_account(vault.id, self.choices.source.location, subscription_id=other)
        return ids.resource(ids.group(subscription, group), "Microsoft.Storage/storageAccounts", name)

    def set_id(self, machine: Machine, group_id: str) -> str:
        """`<source set>-asr` in the target group; '' for a machine in no set."""
        if not machine.availability_set_id:
            return ""
        name = self._named(ids.name(machine.availability_set_id), "availability_set")
        return ids.resource(group_id, "Microsoft.Compute/availabilitySets", name)

    def network_id(self, machine: Machine, group_id: str) -> str:
        """The network that the source network is mapped to, else `<source network>-asr`: reused where it exists, else in the group."""
        if not machine.network_id:
            return ""
        key = ids.key(machine.network_id)
        if key not in self._networks:
            name = self._named(ids.name(machine.network_id), "virtual_network")
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

    def subnet_name(self, machine: Machine, network_id: str) -> str:
        """The subnet with the source subnet's name, else the first by alphabet (§1.2); of a new network, the source's own."""
        network = self.facts.networks.get(ids.key(network_id))
        if network is None:
            return machine.subnet_name
        names = sorted(subnet.name for subnet in network.subnets)
        return next((name for name in names if name.lower() == machine.subnet_name.lower()), next(iter(names), ""))

    def account_id(self, disk: Disk, machine: Machine, group_id: str) -> str:
        """The target account of an unmanaged disk: chosen, else `<source account>asr` in the target group.

        A classic machine's too is a Resource Manager account: nobody can make classic ones any more (*assumed*).
        """
        chosen = self.own(machine).storage_account_id or self.choices.target.storage_account_id
        source = ids.name(disk.account_id) if disk.account_id else disk.id.split("//")[-1].split(".")[0]
        return chosen or ids.resource(group_id, "Microsoft.Storage/storageAccounts", naming.target_account(source))

    def policy(self) -> Policy | None:
        """The existing policy that was chosen, or that has the name of the new one."""
        choice = self.choices.target.policy
        wanted = (ids.name(choice.id) if choice.id else choice.name).lower()
        return next((policy for policy in self.facts.site.policies if policy.name.lower() == wanted), None)

    def _existing_network(self, name: str) -> str:
        fits = (n.id for n in self.facts.networks.values() if n.name.lower() == name.lower() and self._is_target(n))
        return next(fits, "")

    def _is_target(self, network: Network) -> bool:
        target = self.choices.target
        subscription = ids.subscription(network.id).lower()
        return regions.normal(network.location) == target.location and subscription == target.subscription_id.lower()

    def _named(self, source: str, kind: str) -> str:
        return naming.suffixed(ids.name(source), kind, self.facts.suffix)


def _as_written(arm_id: str, known: Mapping[str, Any]) -> str:
    """The id in the letter case that Azure has, when it exists."""
    there = known.get(ids.key(arm_id))
    return there.id if there else arm_id


def settlement(machine: Machine, resolve: Resolver, item_id: str) -> SettleSpec | None:
    """What was asked for the machine that Azure takes only after protection, or None."""
    own, target = resolve.own(machine), resolve.target(machine)
    if not (own.target_name or own.target_size or own.static_address):
        return None
    return SettleSpec(
        id=item_id,
        machine_id=machine.id,
        machine_name=machine.name,
        name=own.target_name,
        size=own.target_size,
        network_id=target.network_id if own.static_address else "",
        interfaces=settling.interfaces(machine, own.static_address, target.subnet_name),
    )


@dataclass(slots=True)
class _Compiler:
    choices: Choices
    facts: Facts
    steps: dict[str, PlannedStep] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    taken: dict[tuple[str, str, str], Machine] = field(default_factory=dict)  # (field, value, where) -> who asked first
    objections: list[Objection] = field(default_factory=list)
    warnings: list[Objection] = field(default_factory=list)
    resolve: Resolver = field(init=False)

    def __post_init__(self) -> None:
        self.resolve = Resolver(self.choices, self.facts)

    @property
    def source(self) -> str:
        return self.choices.source.location

    @property
    def target(self) -> str:
        return self.choices.target.location

    def compile(self) -> Plan:
        machines = sorted(self.facts.machines.values(), key=lambda machine: (machine.name.lower(), machine.id))
        self._check_regions()
        self._site()
        for machine in machines:
            self._check_machine(machine)
            self._protect(machine)
            self._settle(machine)
        steps = sorted(self.steps.values(), key=lambda step: ORDER.index(step.spec.kind))
        return Plan(
            vault_id=self.facts.vault.id,
            source_location=self.source,
            target_location=self.target,
            steps=tuple(replace(step, used_by=self.users.get(step.key, 0)) for step in steps),
            machines=tuple((machine.id, machine.name) for machine in machines),
            objections=tuple(self.objections),
            warnings=tuple(self.warnings),
        )

    # -- checks -------------------------------------------------------------------------------------------------------
    def _check_regions(self) -> None:
        refusal = regions.refusal(self.source, self.target, strict=self.facts.strict_clusters)
        if refusal:
            self._object("target", refusal, field="location")
        if regions.normal(self.facts.vault.location) == self.source:
            self._object(
                "source", "The vault lies in the source location; use a vault in another region.", field="location"
            )
        if not self.facts.machines:
            self._object("machines", "Choose at least one machine.")

    def _check_machine(self, machine: Machine) -> None:
        source = self.choices.source
        if regions.normal(machine.location) != source.location or machine.model is not source.model:
            self._object("machines", f"{machine.name} does not belong to the source chosen.", machine_id=machine.id)
        protected_in = self.facts.protected.get(ids.key(machine.id), "")
        for verdict in judge(machine, protected_in=protected_in, zonal=source.zonal):
            said = Objection(
                page="machines",
                message=f"{machine.name}: {verdict.message}",
                machine_id=machine.id,
                action=verdict.action,
            )
            if verdict.effect is not Effect.INFORM:
                (self.objections if verdict.blocks else self.warnings).append(said)

    def _object(self, page: str, message: str, *, field: str = "", machine_id: str = "") -> None:
        self.objections.append(Objection(page=page, message=message, field=field, machine_id=machine_id))

    def _check_name(self, kind: str, arm_id: str, field: str) -> None:
        refusal = naming.RULES[kind].refusal(ids.name(arm_id))
        if refusal:
            self._object("target", f"{ids.name(arm_id)}: {refusal}", field=field)

    # -- Site Recovery's foundations ---------------------------------------------------------------------------------------
    def _site(self) -> None:
        """Both fabrics, both containers, the policy, and the container mappings both ways."""
        for location in (self.source, self.target):
            self._fabric(location)
        policy = self._policy()
        for one, other in ((self.source, self.target), (self.target, self.source)):
            self._container_mapping(one, other, policy)

    def _fabric(self, location: str) -> None:
        """A region's fabric and its container. One fabric a region a vault: found by region, not by name (§6 no. 14)."""
        fabric = next((f for f in self.facts.site.fabrics if regions.normal(f.location) == location), None)
        fabric_id = fabric.id if fabric else f"{self.facts.vault.id}/replicationFabrics/{naming.fabric(location)}"
        spec = FabricSpec(id=fabric_id, location=location)
        self._add(f"fabric:{location}", "Replication fabric", spec, fabric is not None, location=location)
        container = next((c for c in self.facts.site.containers if ids.same(c.fabric_id, fabric_id)), None)
        own = f"{fabric_id}/replicationProtectionContainers/{naming.container(location)}"
        self._add(
            f"container:{location}",
            "Protection container",
            ContainerSpec(id=container.id if container else own),
            container is not None,
            location=location,
            needs=(f"fabric:{location}",),
        )

    def _policy(self) -> PolicySpec:
        choice, there = self.choices.target.policy, self.resolve.policy()
        if there:
            spec = PolicySpec(
                id=there.id,
                retention=there.retention,
                app_consistent=there.app_consistent,
                crash_consistent=there.crash_consistent,
                multi_vm=there.multi_vm,
            )
        else:
            spec = PolicySpec(
                id=f"{self.facts.vault.id}/replicationPolicies/{choice.name}",
                retention=choice.retention_hours * 60,
                app_consistent=choice.app_consistent_minutes,
                multi_vm=choice.multi_vm,
            )
            self._check_name("policy", spec.id, "policy")
        self._add("policy", "Replication policy", spec, there is not None)
        return spec

    def _container_mapping(self, one: str, other: str, policy: PolicySpec) -> None:
        container, target = self._id(f"container:{one}"), self._id(f"container:{other}")
        there = next(
            (
                mapping.id
                for mapping in self.facts.site.container_mappings
                if ids.same(mapping.container_id, container)
                and ids.same(mapping.target_container_id, target)
                and ids.same(mapping.policy_id, policy.id)
            ),
            "",
        )
        name = naming.container_mapping(one, other, ids.name(policy.id))
        self._add(
            f"container_mapping:{one}",
            "Container mapping",
            ContainerMappingSpec(
                id=there or f"{container}/replicationProtectionContainerMappings/{name}",
                target_container_id=target,
                policy_id=policy.id,
            ),
            bool(there),
            location=one,
            needs=(f"container:{one}", f"container:{other}", "policy"),
        )

    def _network_mapping(self, primary_id: str, recovery_id: str, one: str, other: str, needs: Iterable[str]) -> str:
        """The mapping of a network into a region: the one there is, whatever its target, else a new one. Returns its step's key."""
        key = f"network_mapping:{ids.key(primary_id)}:{other}"
        there = next(
            (
                mapping
                for mapping in self.facts.site.network_mappings
                if ids.same(mapping.primary_network_id, primary_id)
                and regions.normal(mapping.recovery_location or other) == other
            ),
            None,
        )
        own = (
            f"{self._id(f'fabric:{one}')}/replicationNetworks/azureNetwork/replicationNetworkMappings/"
            f"{naming.network_mapping(primary_id, other)}"
        )
        self._add(
            key,
            "Network mapping",
            NetworkMappingSpec(
                id=there.id if there else own,
                recovery_fabric_name=ids.name(self._id(f"fabric:{other}")),
                primary_network_id=primary_id,
                recovery_network_id=there.recovery_network_id if there else recovery_id,
            ),
            there is not None,
            location=one,
            needs=(f"fabric:{one}", f"fabric:{other}", *needs),
        )
        return key

    # -- target resources ----------------------------------------------------------------------------------------------------
    def _group(self, group_id: str, location: str = "") -> str:
        """A resource group. An existing one may lie in any region but the source's (§1.2)."""
        there = self.facts.groups.get(ids.key(group_id))
        where = regions.normal(there.location) if there else location or self.target
        if there and not location and where == self.source:
            self._object(
                "target", f"The target resource group {there.name} lies in the source location.", field="group_id"
            )
        self._check_name("resource_group", group_id, "group_id")
        spec = GroupSpec(id=there.id if there else group_id, location=where)
        return self._add(_key("group", group_id), "Resource group", spec, there is not None, location=where)

    def _in_group(self, arm_id: str, location: str = "") -> tuple[str, ...]:
        """The step of the group that a new resource lies in."""
        return (self._group(ids.group_of(arm_id), location),)

    def _network(self, network_id: str, machine: Machine) -> str:
        """The target network; a new one is identical to its source (§1.5)."""
        there, source = (self.facts.networks.get(ids.key(each)) for each in (network_id, machine.network_id))
        like = there or source
        if there and regions.normal(there.location) != self.target:
            self._object("target", f"The network {there.name} does not lie in the target location.", field="network_id")
        if like is None:
            self._object(
                "machines",
                f"{machine.name}: its virtual network is not in the inventory; refresh it.",
                machine_id=machine.id,
            )
        self._check_name("virtual_network", network_id, "network_id")
        spec = NetworkSpec(
            id=there.id if there else network_id,
            location=self.target,
            prefixes=like.prefixes if like else (),
            subnets=tuple(SubnetSpec(name=subnet.name, prefix=subnet.prefix) for subnet in like.subnets)
            if like
            else (),
        )
        needs = () if there else self._in_group(network_id)
        return self._add(
            _key("network", network_id), "Virtual network", spec, there is not None, location=self.target, needs=needs
        )

    def _account(self, account_id: str, sku: str, location: str, title: str) -> str:
        there = self.facts.accounts.get(ids.key(account_id))
        if there and regions.normal(there.location) != location:
            page_field = "cache_account_id" if location == self.source else "storage_account_id"
            self._object("target", f"The storage account {there.name} does not lie in {location}.", field=page_field)
        self._check_name("storage_account", account_id, "storage_account_id")
        spec = StorageSpec(
            id=there.id if there else account_id,
            location=location,
            sku=there.sku if there else sku,
            account_kind=there.kind if there else "StorageV2",
        )
        needs = () if there or self._is_vaults_group(account_id) else self._in_group(account_id, location)
        return self._add(_key("account", account_id), title, spec, there is not None, location=location, needs=needs)

    def _is_vaults_group(self, arm_id: str) -> bool:
        vault = self.facts.vault
        return ids.same(ids.group_of(arm_id), ids.group(vault.subscription_id, vault.resource_group))

    def _availability_set(self, set_id: str, machine: Machine) -> str:
        """The target set, with the fault and update domains of the source's."""
        there, source = (self.facts.sets.get(ids.key(each)) for each in (set_id, machine.availability_set_id))
        if there and regions.normal(there.location) != self.target:
            message = f"The availability set {there.name} does not lie in the target location."
            self._object("target", message, field="availability_set_id")
        like = there or source
        self._check_name("availability_set", set_id, "availability_set_id")
        spec = AvailabilitySetSpec(
            id=there.id if there else set_id,
            location=self.target,
            fault_domains=like.fault_domains if like else 2,
            update_domains=like.update_domains if like else 5,
            aligned=like.aligned if like else all(disk.managed for disk in machine.disks),
        )
        needs = () if there else self._in_group(set_id)
        return self._add(
            _key("set", set_id), "Availability set", spec, there is not None, location=self.target, needs=needs
        )

    # -- one machine -----------------------------------------------------------------------------------------------------------
    def _protect(self, machine: Machine) -> None:
        target = self.resolve.target(machine)
        needs = {
            f"container_mapping:{self.source}",
            self._group(target.group_id),
            self._account(target.cache_id, CACHE_SKU, self.source, "Cache storage account"),
            *self._placement(machine, target),
        }
        managed, unmanaged = self._managed(machine, target), self._unmanaged(machine, target)
        needs |= {_key("account", disk.target_account_id) for disk in unmanaged}
        container = self._id(f"container:{self.source}")
        spec = ProtectSpec(
            id=f"{container}/replicationProtectedItems/{naming.item(machine.id)}",
            machine_id=machine.id,
            machine_name=machine.name,
            policy_id=self._id("policy"),
            recovery_container_id=self._id(f"container:{self.target}"),
            recovery_group_id="" if target.cloud_service_id else target.group_id,
            cloud_service_id=target.cloud_service_id,
            availability_set_id=target.set_id,
            availability_zone=target.zone,
            network_id=target.network_id,
            subnet_name=target.subnet_name,
            managed_disks=managed,
            unmanaged_disks=unmanaged,
        )
        key = _key("protect", machine.id)
        self._add(key, machine.name, spec, False, location=self.target, needs=tuple(sorted(needs)))
        for need in needs:
            self.users[need] = self.users.get(need, 0) + 1

    def _settle(self, machine: Machine) -> None:
        """The settings that Azure takes only after protection, in a step of their own."""
        spec = settlement(machine, self.resolve, self._id(_key("protect", machine.id)))
        if spec is None:
            return
        refusals = list(settling.refusals(machine, spec, self._future(spec.network_id, machine)))
        for field_, refusal in [*refusals, *self._taken(machine, spec)]:
            self._object("customize", f"{machine.name}: {refusal}", field=field_, machine_id=machine.id)
        needs = (_key("protect", machine.id),)
        self._add(_key("settle", machine.id), f"Settings of {machine.name}", spec, False, needs=needs)

    def _taken(self, machine: Machine, spec: SettleSpec) -> Iterator[settling.Refusal]:
        """What another machine of the plan has asked for already."""
        for field_, value, where in settling.uniques(spec, self.resolve.target(machine).group_id):
            owner = self.taken.setdefault((field_, ids.key(value), ids.key(where)), machine)
            if owner is not machine:
                yield field_, f"{value} is asked for {owner.name}, too."

    def _future(self, network_id: str, machine: Machine) -> Network | None:
        """The target network as it is, or as its source is when it will be made like that."""
        networks = self.facts.networks
        return networks.get(ids.key(network_id)) or networks.get(ids.key(machine.network_id))

    def _placement(self, machine: Machine, target: Target) -> set[str]:
        """The steps of network, mappings, availability set and cloud service that the machine needs."""
        needs = set()
        if target.network_id:
            network = self._network(target.network_id, machine)
            there = (machine.network_id, target.network_id, self.source, self.target)
            back = (target.network_id, machine.network_id, self.target, self.source)
            needs |= {network, self._network_mapping(*there, needs=(network,))}
            self._network_mapping(*back, needs=(network,))
        if target.set_id:
            needs.add(self._availability_set(target.set_id, machine))
        if target.cloud_service_id:
            spec = CloudServiceSpec(id=target.cloud_service_id, location=self.target)
            key, group = _key("service", target.cloud_service_id), self._in_group(target.cloud_service_id)
            needs.add(self._add(key, "Cloud service", spec, False, location=self.target, needs=group))
        return needs

    def _managed(self, machine: Machine, target: Target) -> tuple[ManagedDiskSpec, ...]:
        """Replica and target disks keep the source's type unless another was chosen (§1.4)."""
        chosen = self.resolve.own(machine).disk_type or self.choices.target.disk_type
        return tuple(
            ManagedDiskSpec(
                disk_id=disk.id,
                cache_account_id=target.cache_id,
                group_id=target.group_id,
                replica_type=chosen or disk.sku or "Standard_LRS",
                target_type=chosen or disk.sku or "Standard_LRS",
            )
            for disk in machine.disks
            if disk.managed
        )

    def _check_retention(self, machine: Machine) -> None:
        """Recovery points of unmanaged disks are kept for three days at most (portal-behaviour.md §0)."""
        policy = self.steps["policy"].spec
        if (
            isinstance(policy, PolicySpec)
            and policy.retention > UNMANAGED_RETENTION
            and any(not d.managed for d in machine.disks)
        ):
            message = f"{machine.name} has unmanaged disks: choose a retention of 72 hours at most."
            self._object("target", message, field="retention_hours", machine_id=machine.id)

    def _unmanaged(self, machine: Machine, target: Target) -> tuple[UnmanagedDiskSpec, ...]:
        self._check_retention(machine)
        disks = []
        for disk in (each for each in machine.disks if not each.managed):
            account_id = self.resolve.account_id(disk, machine, target.group_id)
            source = self.facts.accounts.get(ids.key(disk.account_id))
            self._account(account_id, source.sku if source else "Standard_LRS", self.target, "Target storage account")
            disks.append(UnmanagedDiskSpec(uri=disk.id, cache_account_id=target.cache_id, target_account_id=account_id))
        return tuple(disks)

    # -- steps -------------------------------------------------------------------------------------------------------------------
    def _add(
        self, key: str, title: str, spec: Spec, reused: bool, *, location: str = "", needs: tuple[str, ...] = ()
    ) -> str:
        """Plan a step once; a second machine that needs the same thing finds it planned."""
        if key not in self.steps:
            maker = self.facts.made.get(ids.key(spec.id), "")
            why = (
                f"Created by {maker}, reused"
                if maker
                else "Exists, reused"
                if reused
                else "Nothing with this name exists"
            )
            reused = reused or bool(maker)
            self.steps[key] = PlannedStep(
                key=key, title=title, spec=spec, reused=reused, why=why, location=location, needs=needs
            )
        return key

    def _id(self, key: str) -> str:
        return self.steps[key].spec.id


def _key(kind: str, arm_id: str) -> str:
    return f"{kind}:{ids.key(arm_id)}"
