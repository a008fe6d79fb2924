"""One machine of a plan: what stands against it, what it needs, what is asked for it, and what is applied afterwards."""

from collections.abc import Iterator

from replication.domain import ids, naming, regions, settling
from replication.domain.compiler import foundations, resources
from replication.domain.compiler.resolver import HIGH, DiskTarget, Resolver, Target
from replication.domain.compiler.sheet import Sheet, key_of
from replication.domain.eligibility import Effect, judge
from replication.domain.inventory import Disk, Machine
from replication.domain.plan import Objection
from replication.domain.specs import ManagedDiskSpec, PolicySpec, ProtectSpec, SettleSpec, UnmanagedDiskSpec
from replication.domain.targets import astray

UNMANAGED_RETENTION = 72 * 60  # minutes
GROUP_LIMIT = 16  # machines in one replication group (portal-behaviour.md §6)


def plan(sheet: Sheet, machine: Machine) -> None:
    """Write a machine's part of the plan."""
    target = sheet.resolve.target(machine)
    _check_source(sheet, machine)
    _check_target(sheet, machine, target)
    _protect(sheet, machine, target)
    _settle(sheet, machine)


# -- what stands against it -----------------------------------------------------------------------------------------------------


def _check_source(sheet: Sheet, machine: Machine) -> None:
    source = sheet.choices.source
    if regions.normal(machine.location) != source.location or machine.model is not source.model:
        said = f"{machine.name} does not belong to the source chosen."
        sheet.object_("machines", said, machine_id=machine.id)
    protected_in = sheet.facts.protected.get(ids.key(machine.id), "")
    for verdict in judge(machine, protected_in=protected_in, zonal=source.zonal):
        said_of = Objection(
            page="machines",
            message=f"{machine.name}: {verdict.message}",
            machine_id=machine.id,
            action=verdict.action,
        )
        if verdict.effect is not Effect.INFORM:
            (sheet.objections if verdict.blocks else sheet.warnings).append(said_of)


def _check_target(sheet: Sheet, machine: Machine, target: Target) -> None:
    told = (
        *_churn(machine, target, sheet),
        *_sets(target),
        *_zones(machine, target, sheet),
        *_disks(machine, sheet),
        *resources.cache_refusals(sheet, target.cache_id, machine, target.churn),
    )
    for field, said in told:
        sheet.object_("customize", f"{machine.name}: {said}", field=field, machine_id=machine.id)
    if target.network_id and sheet.resolve.network(machine, target.network_id) is None:
        said = f"{machine.name}: its virtual network is not in the inventory; refresh it."
        sheet.object_("machines", said, machine_id=machine.id)
    if target.replication_group:
        if refusal := naming.RULES["replication_group"].refusal(target.replication_group):
            sheet.object_("customize", f"{target.replication_group}: {refusal}", field="replication_group")
        sheet.groups.setdefault(target.replication_group.lower(), []).append(machine)


def _churn(machine: Machine, target: Target, sheet: Sheet) -> Iterator[settling.Refusal]:
    """High churn is for managed disks; Premium SSD v2 and Ultra disks take nothing else (portal-behaviour.md §1.4, §4)."""
    kept = [disk for disk, chosen in sheet.resolve.disks(machine) if not chosen.excluded]
    fast = [disk.name for disk in kept if disk.fast]
    if target.churn == HIGH and any(not disk.managed for disk in kept):
        yield "churn", "high churn is for managed disks only."
    if target.churn != HIGH and fast:
        yield "churn", f"the disk {', '.join(fast)} replicates with high churn only."
    if sheet.choices.source.zonal and any(disk.sku == "UltraSSD_LRS" for disk in kept):
        yield "disks", "Ultra disks cannot be replicated between zones; leave them out."


def _sets(target: Target) -> Iterator[settling.Refusal]:
    """The group may have been changed after the set was chosen; what the rules give lies together."""
    if target.set_id and (wrong := astray(target.set_id, target.group_id)):
        yield "availability_set_id", wrong


def _zones(machine: Machine, target: Target, sheet: Sheet) -> Iterator[settling.Refusal]:
    offered = sheet.facts.zones.get(sheet.target)
    if target.zone and offered is not None and target.zone not in offered:
        yield "availability_zone", f"the target location has no availability zone {target.zone}."
    capacity = sheet.facts.capacity_groups.get(ids.key(target.capacity_group_id))
    if capacity and capacity.zones and target.zone not in capacity.zones:
        where = f"zone {target.zone}" if target.zone else "no zone"
        zones = ", ".join(capacity.zones)
        said = f"{capacity.name} holds capacity in zone {zones}, and the machine goes to {where}."
        yield "capacity_group_id", said
    if not sheet.choices.source.zonal:
        return
    if not machine.zones:
        yield "availability_zone", "it lies in no availability zone, so it cannot be replicated to another one."
    elif not target.zone or target.zone in machine.zones:
        yield "availability_zone", "choose another zone than its own."
    if ids.same(target.group_id, ids.group_of(machine.id)):
        yield "group_id", "between zones the target resource group must be another one than the machine's own."


def _disks(machine: Machine, sheet: Sheet) -> Iterator[settling.Refusal]:
    zonal = sheet.choices.source.zonal
    for disk, chosen in sheet.resolve.disks(machine):
        if chosen.excluded:
            if disk.is_os:
                yield "disks", f"the operating system disk {disk.name} cannot be left out."
            continue
        if disk.encryption_set_id and not chosen.encryption_set_id:
            yield (
                "encryption_set_id",
                f"choose a disk encryption set for {disk.name}, which has a customer-managed key.",
            )
        if zonal and "ZRS" in disk.sku:
            yield "disks", f"the zone-redundant disk {disk.name} cannot be replicated between zones; leave it out."


def check_groups(sheet: Sheet) -> None:
    """A replication group has at most 16 machines, those that are in it already included; its policy must allow it."""
    for key, members in sheet.groups.items():
        name, already = sheet.resolve.target(members[0]).replication_group, sheet.facts.members.get(key, 0)
        if len(members) + already > GROUP_LIMIT:
            had = f", {already} of them replicated already" if already else ""
            said = f"The replication group {name} would have {len(members) + already} machines{had}; {GROUP_LIMIT} is the limit."
            sheet.object_("customize", said, field="replication_group")
    policy = sheet.steps["policy"].spec
    if sheet.groups and isinstance(policy, PolicySpec) and not policy.multi_vm:
        said = f"A replication group needs multi-VM consistency, which the policy {ids.name(policy.id)} does not have."
        sheet.object_("target", said, field="multi_vm")


# -- what is asked for ------------------------------------------------------------------------------------------------------------


def _protect(sheet: Sheet, machine: Machine, target: Target) -> None:
    managed, unmanaged = _managed(sheet, machine, target), _unmanaged(sheet, machine, target)
    needs = {
        *_shared(sheet, machine, target),
        *(key_of("account", disk.target_account_id) for disk in unmanaged),
        *(key_of("encryption", disk.encryption_set_id) for disk in managed if disk.encryption_set_id),
    }
    spec = ProtectSpec(
        id=f"{sheet.id(f'container:{sheet.source}')}/replicationProtectedItems/{naming.item(machine.id)}",
        machine_id=machine.id,
        machine_name=machine.name,
        policy_id=sheet.id("policy"),
        recovery_container_id=sheet.id(f"container:{sheet.there}"),
        recovery_group_id="" if target.cloud_service_id else target.group_id,
        cloud_service_id=target.cloud_service_id,
        availability_set_id=target.set_id,
        availability_zone=target.zone,
        placement_group_id=target.placement_group_id,
        capacity_group_id=target.capacity_group_id,
        replication_group=target.replication_group,
        churn=target.churn,
        network_id=target.network_id,
        subnet_name=target.subnet_name,
        excluded_disks=tuple(disk.id for disk, chosen in sheet.resolve.disks(machine) if chosen.excluded),
        managed_disks=managed,
        unmanaged_disks=unmanaged,
    )
    key = key_of("protect", machine.id)
    sheet.add(key, machine.name, spec, False, location=sheet.target, needs=tuple(sorted(needs)))
    for need in needs:
        sheet.users[need] = sheet.users.get(need, 0) + 1


def _shared(sheet: Sheet, machine: Machine, target: Target) -> frozenset[str]:
    """The steps that machines which are alike need together, written with the first of them."""
    alike = sheet.resolve.alike(machine)
    if alike not in sheet.shared:
        sheet.shared[alike] = frozenset((
            f"container_mapping:{sheet.source}",
            resources.group(sheet, target.group_id),
            resources.cache(sheet, target.cache_id, target.churn),
            *_placement(sheet, machine, target),
        ))  # fmt: skip
    return sheet.shared[alike]


def _placement(sheet: Sheet, machine: Machine, target: Target) -> set[str]:
    """The steps of network, mappings, availability, placement, capacity and cloud service that the machine needs."""
    needs = _network(sheet, machine, target) if target.network_id else set()
    if target.set_id:
        needs.add(resources.availability_set(sheet, target.set_id, machine))
    if target.placement_group_id:
        needs.add(resources.placement_group(sheet, target.placement_group_id))
    if target.capacity_group_id:
        needs.add(resources.capacity_group(sheet, target.capacity_group_id))
    if target.cloud_service_id:
        needs.add(resources.cloud_service(sheet, target.cloud_service_id))
    return needs


def _network(sheet: Sheet, machine: Machine, target: Target) -> set[str]:
    """The network, and its mappings both ways; between zones a machine needs no mapping (*assumed*)."""
    network = resources.network(sheet, target.network_id, machine)
    if sheet.choices.source.zonal:
        return {network}
    there = (machine.network_id, target.network_id, sheet.source, sheet.target)
    back = (target.network_id, machine.network_id, sheet.target, sheet.source)
    mapping = foundations.network_mapping(sheet, *there, needs=(network,))
    foundations.network_mapping(sheet, *back, needs=(network,))
    return {network, mapping}


def _managed(sheet: Sheet, machine: Machine, target: Target) -> tuple[ManagedDiskSpec, ...]:
    disks = []
    for disk, chosen in _kept(sheet, machine, managed=True):
        if chosen.encryption_set_id:
            resources.encryption_set(sheet, chosen.encryption_set_id)
        disks.append(
            ManagedDiskSpec(
                disk_id=disk.id,
                cache_account_id=target.cache_id,
                group_id=target.group_id,
                replica_type=chosen.replica_type,
                target_type=chosen.failover_type,
                encryption_set_id=chosen.encryption_set_id,
            )
        )
    return tuple(disks)


def _unmanaged(sheet: Sheet, machine: Machine, target: Target) -> tuple[UnmanagedDiskSpec, ...]:
    disks = []
    for disk, _ in _kept(sheet, machine, managed=False):
        account_id = sheet.resolve.account_id(disk, machine, target.group_id)
        source = sheet.facts.accounts.get(ids.key(disk.account_id))
        make = (source.sku if source else "Standard_LRS", "StorageV2")
        resources.account(sheet, account_id, make, sheet.target, "Target storage account")
        disks.append(UnmanagedDiskSpec(uri=disk.id, cache_account_id=target.cache_id, target_account_id=account_id))
    if disks:
        _check_retention(sheet, machine)
    return tuple(disks)


def _kept(sheet: Sheet, machine: Machine, *, managed: bool) -> Iterator[tuple[Disk, DiskTarget]]:
    for disk, chosen in sheet.resolve.disks(machine):
        if disk.managed is managed and not chosen.excluded:
            yield disk, chosen


def _check_retention(sheet: Sheet, machine: Machine) -> None:
    """Recovery points of unmanaged disks are kept for three days at most (portal-behaviour.md §0)."""
    policy = sheet.steps["policy"].spec
    if isinstance(policy, PolicySpec) and policy.retention > UNMANAGED_RETENTION:
        said = f"{machine.name} has unmanaged disks: choose a retention of 72 hours at most."
        sheet.object_("target", said, field="retention_hours", machine_id=machine.id)


# -- what is applied afterwards -----------------------------------------------------------------------------------------------------


def settlement(machine: Machine, resolve: Resolver, item_id: str) -> SettleSpec | None:
    """What was asked for the machine that Azure takes only after protection, or None."""
    own = resolve.own(machine)
    if not (own.target_name or own.target_size or own.static_address):
        return None
    target = resolve.target(machine)
    return SettleSpec(
        id=item_id,
        machine_id=machine.id,
        machine_name=machine.name,
        name=own.target_name,
        size=own.target_size,
        network_id=target.network_id if own.static_address else "",
        interfaces=settling.interfaces(machine, own.static_address, target.subnet_name),
    )


def _settle(sheet: Sheet, machine: Machine) -> None:
    """The settings that Azure takes only after protection, in a step of their own."""
    spec = settlement(machine, sheet.resolve, sheet.id(key_of("protect", machine.id)))
    if spec is None:
        return
    refusals = list(settling.refusals(machine, spec, sheet.resolve.network(machine, spec.network_id)))
    for field, refusal in [*refusals, *_taken(sheet, machine, spec)]:
        sheet.object_("customize", f"{machine.name}: {refusal}", field=field, machine_id=machine.id)
    needs = (key_of("protect", machine.id),)
    sheet.add(key_of("settle", machine.id), f"Settings of {machine.name}", spec, False, needs=needs)


def _taken(sheet: Sheet, machine: Machine, spec: SettleSpec) -> Iterator[settling.Refusal]:
    """What another machine of the plan has asked for already."""
    for field, value, where in settling.uniques(spec, sheet.resolve.target(machine).group_id):
        owner = sheet.taken.setdefault((field, ids.key(value), ids.key(where)), machine)
        if owner is not machine:
            yield field, f"{value} is asked for {owner.name}, too."
