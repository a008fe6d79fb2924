"""Enabling replication: reading the request, judging the machine, making the item, and the automatic moves after it.

The PUT is accepted whenever its body makes sense; what is wrong with the machine or the targets surfaces in the job
(site-recovery-protocol.md §4.1). Body: §2.2; phases 0 to 4: §3.3.
"""

from __future__ import annotations

from typing import Any, cast

from simulator.kernel import ids, verbs
from simulator.kernel.agenda import Entry, effect
from simulator.kernel.call import Call
from simulator.kernel.operations import Operation
from simulator.kernel.request import Response
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.site_recovery import (
    foundations,
    linked,
    machines,
    materialize,
    obstacles,
    problems,
    service,
    shapes,
    targeting,
    timeline,
)
from simulator.site_recovery.jobs import SCENARIOS
from simulator.site_recovery.machines import Machine, SourceDisk, SourceNic
from simulator.site_recovery.problems import Problem, problem
from simulator.site_recovery.records import Disk, Item, Json, Nic
from simulator.site_recovery.service import ITEM, Task, answering, begin, client_of, take
from simulator.site_recovery.shapes import container_id, fabric_id, item_of, location_of, name_of
from simulator.site_recovery.states import Operation as Ask
from simulator.site_recovery.states import State

SKUS = (
    "Standard_LRS",
    "Premium_LRS",
    "StandardSSD_LRS",
    "PremiumV2_LRS",
    "UltraSSD_LRS",
    "StandardSSD_ZRS",
    "Premium_ZRS",
)


# --- the request ------------------------------------------------------------------------------------------------------


@answering
def put_item(call: Call) -> Response:
    """PUT of a protected item: enable replication."""
    service.vault(call)
    properties = service.properties_of(call)
    policy = service.same_vault(call, properties.get("policyId"), "policyId")
    given = service.provider_input(call, properties, "providerSpecificDetails")
    verbs._check_name(call)
    home = service.stored(call, container_id(call.id), "protection container")
    rule = service.stored(call, policy, "replication policy")
    _refuse_existing(call)
    recovery = service.same_vault(call, given.get("recoveryContainerId"), "recoveryContainerId")
    other = service.stored(call, recovery, "protection container")
    if not foundations.mapped(call.world, home.id, other.id):
        raise problems.entity_missing("protection container mapping to", other.name, client_of(call))
    machine_id = take(call, given, "fabricObjectId", str, required=True)
    wanted = disks_asked(call, given)
    return _accept(call, given, wanted, machine_id, (home.id, other.id, rule.id))


def _refuse_existing(call: Call) -> None:
    """A PUT over an item: a conflict, whether it is being enabled or protected (not recorded, *assumed*)."""
    found = call.world.store.get(call.id)
    if found is None:
        return
    running = item_of(found)["running"]
    if running is not None:
        raise problems.busy(found.name, running["scenario"], running["job"], client_of(call))
    raise problems.already_protected(found.name, client_of(call))


def disks_asked(call: Call, given: Json) -> list[Json]:
    """The request's disks, managed or not, one list or the other (§2.2). Raises 400."""
    managed, plain = take(call, given, "vmManagedDisks", list) or [], take(call, given, "vmDisks", list) or []
    if managed and plain:
        raise problems.invalid("vmDisks", "use vmManagedDisks or vmDisks, not both", client_of(call))
    return [_managed_asked(call, entry) for entry in managed] + [_plain_asked(call, entry) for entry in plain]


def _entry(call: Call, entry: Any, field: str) -> Json:
    if not isinstance(entry, dict):
        raise problems.invalid(field, "it must be a list of objects", client_of(call))
    return entry


def keys_asked(call: Call, entry: Json) -> Json | None:
    """The key vaults of an encrypted disk (§2.2, diskEncryptionInfo). Raises 400."""
    found: Json | None = take(call, entry, "diskEncryptionInfo", dict)
    for part, texts in (("diskEncryptionKeyInfo", "secretIdentifier"), ("keyEncryptionKeyInfo", "keyIdentifier")):
        inner = take(call, found or {}, part, dict) or {}
        for text in (texts, "keyVaultResourceArmId"):
            take(call, inner, text, str)
    return found


def _managed_asked(call: Call, raw: Any) -> Json:
    entry = _entry(call, raw, "vmManagedDisks")
    return {
        "key": take(call, entry, "diskId", str, required=True).lower(),
        "staging": take(call, entry, "primaryStagingAzureStorageAccountId", str, required=True),
        "group": take(call, entry, "recoveryResourceGroupId", str, required=True),
        "replica_sku": service.choice(call, entry, "recoveryReplicaDiskAccountType", SKUS),
        "target_sku": service.choice(call, entry, "recoveryTargetDiskAccountType", SKUS),
        "encryption_set": take(call, entry, "recoveryDiskEncryptionSetId", str),
        "encryption": keys_asked(call, entry),
        "target_account": None,
    }


def _plain_asked(call: Call, raw: Any) -> Json:
    entry = _entry(call, raw, "vmDisks")
    return {
        "key": take(call, entry, "diskUri", str, required=True).lower(),
        "staging": take(call, entry, "primaryStagingAzureStorageAccountId", str, required=True),
        "target_account": take(call, entry, "recoveryAzureStorageAccountId", str, required=True),
        "group": None,
        "replica_sku": None,
        "target_sku": None,
        "encryption_set": None,
        "encryption": None,
    }


TARGETS: tuple[tuple[str, str], ...] = (
    # field of the request, our name
    ("recoveryResourceGroupId", "resource_group"),
    ("recoveryCloudServiceId", "cloud_service"),
    ("recoveryAvailabilitySetId", "availability_set"),
    ("recoveryAvailabilityZone", "zone"),
    ("recoveryProximityPlacementGroupId", "placement_group"),
    ("recoveryVirtualMachineScaleSetId", "scale_set"),
    ("recoveryCapacityReservationGroupId", "capacity_group"),
    ("recoveryBootDiagStorageAccountId", "boot_diagnostics"),
    ("recoveryAzureNetworkId", "asked_network"),
    ("recoverySubnetName", "asked_subnet"),
)


def targets_asked(call: Call, given: Json) -> Json:
    """Where the machine shall live after a failover."""
    found: Json = {ours: take(call, given, wire, str) for wire, ours in TARGETS}
    found["extended_location"] = take(call, given, "recoveryExtendedLocation", dict)
    found["auto_protection"] = (
        service.choice(call, given, "autoProtectionOfDataDisk", ("Enabled", "Disabled")) or "Disabled"
    )
    found["disk_encryption"] = keys_asked(call, given)
    return found


def _accept(call: Call, given: Json, wanted: list[Json], machine_id: str, where: tuple[str, str, str]) -> Response:
    world = call.world
    machine = machines.read(world, machine_id)
    settings = targets_asked(call, given)
    linked.check(call, machine, settings, wanted)
    group = _group(call, given)
    fault = targeting.group_fault(call, machine, group) if machine is not None else None
    fault = fault or judge(world, machine, machine_id, settings, wanted, where[0], where[1])
    task = Task("enable", call.id, "site_recovery.enabled", problem=fault)
    task.target_id = shapes.entity(world, call.id)
    task.target_name = machine.name if machine is not None else name_of(machine_id)
    if machine is not None:
        found = new_item(world, call.id, machine, settings, wanted, where, group)
        task.affected = affected(world, found)
        task.target = _place(call, found)
        if fault is None:
            obstacles.take_ownership(world, machine.id, call.id)
    task.args = {"problem": told(fault)}
    call.effect = "created"
    response = begin(call, task)
    if machine is not None:
        item_of(world.store.get(call.id) or call.need())["running"] = {
            "operation": Ask.ENABLE,
            "scenario": "EnableDr",
            "job": call.notes["job"],
            "start": world.now(),
        }
    return response


def _place(call: Call, found: Item) -> Resource:
    resource = call.world.put(call.id, {}, {"record": found})
    resource.born = False
    return resource


def told(fault: Problem | None) -> Json | None:
    """A problem as plain JSON, to be kept until the operation ends."""
    if fault is None:
        return None
    return {
        "code": fault.code,
        "message": fault.message,
        "causes": fault.causes,
        "action": fault.action,
        "task": fault.task,
    }


def _group(call: Call, given: Json) -> Json:
    """The replication group: of a name the client gives, or one made for the machine alone (§3.3)."""
    name = take(call, given, "multiVmGroupName", str) or ""
    seed = call.world.settings.seed
    own = ids.guid(seed, "group", name.lower() or call.id.lower(), service.vault(call).key)
    chosen = take(call, given, "multiVmGroupId", str)
    option = "UserSpecified" if name else "AutoCreated"
    return {"id": chosen or own, "name": name, "option": option}


# --- judging ----------------------------------------------------------------------------------------------------------


def judge(
    world: World,
    machine: Machine | None,
    machine_id: str,
    settings: Json,
    wanted: list[Json],
    home: str,
    other: str,
) -> Problem | None:
    """The first thing that will make enabling fail, or None. Looked at when the request is accepted."""
    if machine is None:
        return problem("150401", what=name_of(machine_id), id=machine_id)
    for found in obstacles.obstacles(world, machine):
        if found.code not in obstacles.ENABLED_ALL_THE_SAME:
            return found.problem
    return (
        _region_fault(world, machine, home)
        or _disk_fault(machine, wanted, settings)
        or account_fault(world, machine.name, machine.location, wanted)
        or _target_fault(world, machine, settings, wanted, location_of(world, other))
        or _planted(machine)
    )


def _region_fault(world: World, machine: Machine, home: str) -> Problem | None:
    expected = location_of(world, home)
    if machine.location != expected:
        return problem("150404", vm=machine.name, found=machine.location, expected=expected)
    return None


def _disk_fault(machine: Machine, wanted: list[Json], settings: Json) -> Problem | None:
    """Unknown disks, a missing operating system disk, an encrypted one without target key vaults."""
    attached = {disk.key: disk for disk in machine.disks}
    unknown = [entry["key"] for entry in wanted if entry["key"] not in attached]
    if not wanted or unknown:
        return problem("150403", vm=machine.name, disks=", ".join(unknown) or "the request has no disks")
    chosen = [attached[entry["key"]] for entry in wanted]
    if not any(disk.os_disk for disk in chosen):
        return problem("150403", vm=machine.name, disks="the operating system disk is missing")
    keyed = settings.get("disk_encryption") or all(entry["encryption"] for entry in wanted)
    if any(disk.encrypted for disk in chosen) and not keyed:
        return problem("150175", vm=machine.name)
    return None


_ACCOUNTS = ("microsoft.storage/storageaccounts", "microsoft.classicstorage/storageaccounts")


def account_fault(world: World, vm: str, location: str, wanted: list[Json]) -> Problem | None:
    """The cache accounts must exist, in the region of the source (§2.1)."""
    for account_id in sorted({entry["staging"] for entry in wanted}):
        account = world.visible(account_id)
        if account is None or account.type.lower() not in _ACCOUNTS:
            return problem("150401", what=name_of(account_id), id=account_id)
        if account.location != location:
            return problem("150402", account=account.name, vm=vm, expected=location, found=account.location)
    return None


def _target_fault(world: World, machine: Machine, settings: Json, wanted: list[Json], location: str) -> Problem | None:
    return (
        _group_fault(world, machine, settings, wanted)
        or _place_fault(world, settings, location)
        or targeting.zone_fault(machine, settings, location)
        or targeting.churn_fault(world, machine, wanted)
        or targeting.key_fault(world, machine, wanted, location)
        or _size_fault(world, machine, settings, location)
        or _replica_fault(world, machine, wanted)
    )


def _group_fault(world: World, machine: Machine, settings: Json, wanted: list[Json]) -> Problem | None:
    """The target group must exist, outside the source region; a classic machine needs its cloud service instead."""
    needed = [settings["cloud_service"]] if machine.classic else [settings["resource_group"]]
    needed += [entry["group"] for entry in wanted if entry["group"]]
    needed += [entry["target_account"] for entry in wanted if entry["target_account"]]
    for target in needed:
        found = world.visible(target or "")
        if found is None:
            return problem("150401", what=name_of(target or "the target resource group"), id=target or "")
        same = found.type == ids.GROUP_TYPE and found.location == machine.location
        if same and not machine.zone:
            expected = "a region other than the source's"
            return problem("150405", what=found.name, found=found.location, expected=expected)
    return None


def _place_fault(world: World, settings: Json, location: str) -> Problem | None:
    """Availability set, placement group and network must exist in the target region."""
    for name in ("availability_set", "placement_group", "asked_network", "capacity_group"):
        target = settings.get(name)
        if not target:
            continue
        found = world.visible(target)
        if found is None:
            return problem("150401", what=name_of(target), id=target)
        if found.location != location:
            return problem("150405", what=found.name, found=found.location, expected=location)
    return None


def _size_fault(world: World, machine: Machine, settings: Json, location: str) -> Problem | None:
    home = ids.subscription_of(settings["resource_group"] or settings["cloud_service"] or machine.id)
    return obstacles.no_room(world, home, location, machine.name, machine.size)


def _replica_fault(world: World, machine: Machine, wanted: list[Json]) -> Problem | None:
    """A disk of the replica's name that is not ours (150161)."""
    names = {disk.key: disk.name for disk in machine.disks}
    for entry in wanted:
        replica = (
            world.store.get(materialize.replica_id(names[entry["key"]], entry["group"])) if entry["group"] else None
        )
        if replica is not None and materialize.REPLICA_TAG not in (replica.document.get("tags") or {}):
            return problem("150161", disk=replica.name)
    return None


def _planted(machine: Machine) -> Problem | None:
    code = machine.sim.get("enableError")
    return problem(str(code), vm=machine.name) if code else None


# --- the item ---------------------------------------------------------------------------------------------------------


def new_item(
    world: World,
    item_id: str,
    machine: Machine,
    settings: Json,
    wanted: list[Json],
    where: tuple[str, str, str],
    group: Json,
) -> Item:
    """The record of an item that is being enabled."""
    home, other, policy = where
    seed, key, now = world.settings.seed, item_id.lower(), world.now()
    attached = {disk.key: disk for disk in machine.disks}
    chosen = [(attached[entry["key"]], entry) for entry in wanted if entry["key"] in attached]
    own: Json = {
        **settings,
        "name": machine.name,
        "size": machine.size,
        "test_name": f"{machine.name}-test",
        "primary_zone": machine.zone,
        "encryption": "OnePassEncrypted" if any(disk.encrypted for disk, _ in chosen) else "NotEncrypted",
        "excluded": [
            disk.lun for disk in machine.disks if disk.key not in {e["key"] for e in wanted} and not disk.os_disk
        ],
        "resync_seconds": 0.0,
    }
    facts: Json = dict(
        vm=machine.id,
        vm_name=machine.name,
        classic=machine.classic,
        os=machine.os,
        generation=machine.generation,
        primary=home,
        recovery=other,
        policy=policy,
        initial={
            "primary": location_of(world, home),
            "recovery": location_of(world, other),
            "primary_zone": machine.zone or "",
            "recovery_zone": settings.get("zone") or "",
            "extended": settings.get("extended_location"),
        },
        state=State.ENABLING,
        before=State.ABSENT,
        since=now,
        running=None,
        **fresh(world, item_id, 0),
        life=ids.guid(seed, "life", key, now),
        turn=0,
        enabled=now,
        disks=[disk_record(world, disk, entry) for disk, entry in chosen],
        dismissed=[],
        nics=[],
        tags=dict(machine.tags),
        settings=own,
        group=group,
        last_failover=None,
        last_test=None,
        agent_error=None,
    )
    return cast(Item, facts)


def fresh(world: World, item_id: str, turn: int) -> Any:
    """What begins anew with every direction of replication (§3.3 phase 10)."""
    seed, key, now = world.settings.seed, item_id.lower(), world.now()
    return {
        "lineage": ids.guid(seed, "lineage", key, turn, now),
        "management": ids.guid(seed, "management", key, turn, now),
        "correlation": ids.guid(seed, "correlation", key, turn, now),
        "entity": shapes.entity(world, item_id),
        "copy_start": now,
        "copy_seconds": 0.0,
        "resync_start": None,
        "first_point": None,
        "points_until": None,
        "test": {"state": "None"},
        "failover": None,
        "tested": False,
    }


def disk_record(world: World, disk: SourceDisk, entry: Json) -> Disk:
    """A protected disk; SKUs that the request leaves out are the source's (§2.2)."""
    used = disk.used_bytes / machines.GIB if disk.used_bytes is not None else None
    seconds = timeline.copy_seconds(disk.sku, disk.size_bytes / machines.GIB, used)
    managed = disk.uri is None
    return Disk(
        id=disk.id,
        name=disk.name,
        uri=disk.uri,
        target_account=entry["target_account"],
        size_bytes=machines.capacity(disk),
        source_sku=disk.sku,
        os_disk=disk.os_disk,
        staging=entry["staging"],
        group=entry["group"],
        replica_id=materialize.replica_id(disk.name, entry["group"]) if managed and entry["group"] else None,
        replica_sku=(entry["replica_sku"] or disk.sku) if managed else None,
        target_sku=(entry["target_sku"] or disk.sku) if managed else None,
        encryption_set=entry["encryption_set"],
        primary_encryption_set=disk.encryption_set,
        encryption=entry["encryption"],
        original_target=None,
        failover_name=disk.name,
        test_name=f"{disk.name}-ASRtest",
        copy_start=world.now(),
        copy_seconds=round(seconds * world.settings.durations, 3),
        lun=disk.lun,
        failed=False,
    )


def affected(world: World, found: Item) -> Json:
    """`affectedObjectDetails` of a job on an item (§3.4): camelCase keys in today's answers."""
    home, other = found["primary"], found["recovery"]
    return {
        "primaryVmId": found["entity"],
        "primaryVmName": name_of(found["vm"]).lower(),
        "recoveryVmId": "",
        "recoveryVmName": str(found["settings"]["name"]).lower(),
        "protectionProfileId": shapes.entity(world, found["policy"]),
        "primaryCloudId": shapes.entity(world, home),
        "primaryCloudName": name_of(home),
        "recoveryCloudId": shapes.entity(world, other),
        "recoveryCloudName": name_of(other),
        "primaryVmmId": shapes.entity(world, fabric_id(home)),
        "primaryVmmName": shapes.region_name(world, home),
        "recoveryVmmId": shapes.entity(world, fabric_id(other)),
        "recoveryVmmName": shapes.region_name(world, other),
        "primaryFabricProviderId": "Azure",
        "recoveryFabricProviderId": "Azure",
    }


# --- what happens by itself -------------------------------------------------------------------------------------------


def forget(world: World, resource: Resource) -> None:
    """The item is gone: from its container, from the books, and from whoever asks what protects the machine."""
    found = item_of(resource)
    obstacles.release(world, found["vm"], resource.id)
    if resource.born:
        foundations.count_item(world, found["primary"], -1)
    world.remove(resource)


@service.completion("site_recovery.enabled")
def _enabled(world: World, operation: Operation) -> Problem | None:
    """The enable operation ends: the copy begins, or the item goes (or stays broken when only its agent failed)."""
    fault = operation.args["problem"] or _doomed(operation)
    resource = world.store.get(operation.target)
    if resource is None or resource.type != ITEM:
        return untold(fault)
    found = item_of(resource)
    found["running"], found["since"] = None, world.now()
    if fault is not None and fault["task"] == 0:
        forget(world, resource)
        return untold(fault)
    resource.born = True
    if fault is not None:
        foundations.count_item(world, found["primary"], 1)
        found["state"], found["agent_error"] = State.ENABLE_FAILED, fault["code"]
        obstacles.take_ownership(world, found["vm"], resource.id)
        return untold(fault)
    admit(world, resource, found)
    return None


def admit(world: World, resource: Resource, found: Item) -> None:
    """A machine has become an item: it counts, it owns its machine, replica disks appear, the first copy begins."""
    found["state"] = State.COPYING
    obstacles.take_ownership(world, found["vm"], resource.id)
    foundations.count_item(world, found["primary"], 1)
    start_copy(world, resource, found)
    materialize.put_replicas(world, found, found["disks"])
    world.store.touch(resource)


def _doomed(operation: Operation) -> Json | None:
    return told(service.doom(operation))


def untold(told: Json | None) -> Problem | None:
    """The problem again that `told` has written down."""
    if told is None:
        return None
    return Problem(told["code"], told["message"], told["causes"], told["action"], task=told["task"])


def start_copy(world: World, resource: Resource, found: Item) -> None:
    """The first copy of all disks begins; what follows is put on the agenda."""
    now = world.now()
    for disk in found["disks"]:
        disk["copy_start"] = now
    found["copy_start"] = now
    found["copy_seconds"] = max((disk["copy_seconds"] for disk in found["disks"]), default=0.0)
    later(world, now + found["copy_seconds"], "site_recovery.copied", resource.id, found)


def later(world: World, at: float, name: str, target: str, found: Item, **more: Any) -> None:
    """Put something on the agenda that comes to nothing if the item has begun anew or gone by then."""
    world.agenda.add(at, name, target, {"lineage": found["lineage"], **more})


def due(world: World, entry: Entry, *states: State) -> Resource | None:
    """The item that an agenda entry is about, if it still is what it was; None otherwise."""
    resource = world.store.get(entry.target)
    if resource is None or resource.type != ITEM:
        return None
    found = item_of(resource)
    alive = found["lineage"] == entry.args["lineage"] and (not states or State(found["state"]) in states)
    return resource if alive else None


@effect("site_recovery.copied")
def _copied(world: World, entry: Entry) -> None:
    """The disks are copied: waiting for the first recovery point (phase 3). A job of its own says so (recorded)."""
    resource = due(world, entry, State.COPYING)
    if resource is None:
        return
    found = item_of(resource)
    found["state"], found["since"] = State.AWAITING_POINT, world.now()
    _own_job(world, resource, found, "primary.done")
    wait = world.duration("asr.first.point", resource.id)
    final = world.duration("asr.secondary.done", resource.id)
    later(world, world.now() + max(0.0, wait - final), "site_recovery.finalizing", resource.id, found)


@effect("site_recovery.finalizing")
def _finalizing(world: World, entry: Entry) -> None:
    """The job that ends initial replication begins (SecondaryIrCompletion)."""
    resource = due(world, entry, State.AWAITING_POINT)
    if resource is None:
        return
    found = item_of(resource)
    seconds = _own_job(world, resource, found, "secondary.done")
    later(world, world.now() + seconds, "site_recovery.protected", resource.id, found)


@effect("site_recovery.protected")
def _protected(world: World, entry: Entry) -> None:
    """The first recovery point exists: protected (phase 4)."""
    resource = due(world, entry, State.AWAITING_POINT)
    if resource is None:
        return
    protect(world, resource, item_of(resource), world.now())


def protect(world: World, resource: Resource, found: Item, first_point: float) -> None:
    """An item becomes protected: points and RPO begin, interfaces and the target network are known."""
    found["state"], found["since"], found["first_point"] = State.PROTECTED, world.now(), first_point
    machine = machines.read(world, found["vm"])
    if machine is not None:
        found["tags"] = dict(machine.tags)
        choose_networks(world, found, machine)
    for disk in found["disks"]:
        disk["original_target"] = "" if disk["original_target"] else disk["original_target"]
    world.store.touch(resource)


def _own_job(world: World, resource: Resource, found: Item, scenario: str) -> float:
    """A job that the service starts by itself; nobody gets its id (§6, trap 3). Returns its seconds."""
    seconds = world.duration(SCENARIOS[scenario].duration, resource.id)
    guid = ids.guid(world.settings.seed, "own-job", scenario, found["lineage"])
    task = Task(scenario, resource, "", target_id=found["entity"], target_name=found["vm_name"])
    task.affected = affected(world, found)
    vault = shapes.vault_of(resource.id)
    service.open_job(world, vault, task, guid, seconds, ids.guid(world.settings.seed, "service", guid))
    world.agenda.add(world.now() + seconds, "site_recovery.job.ends", guid, {"vault": vault})
    return seconds


@effect("site_recovery.job.ends")
def _job_ends(world: World, entry: Entry) -> None:
    service.close_job(world, entry.args["vault"], entry.target)


# --- networks ---------------------------------------------------------------------------------------------------------


def choose_networks(world: World, found: Item, machine: Machine) -> None:
    """Where the interfaces go: the network asked for, or the mapped one; choices made before stay (a reversed item's)."""
    kept = {nic["settings"].get("key"): nic for nic in found["nics"]}
    nics = []
    for number, source in enumerate(machine.nics):
        old = kept.get(number)
        nics.append(nic_record(world, found, source, number, old))
    found["nics"] = nics
    first = next((nic["settings"].get("recovery_network") for nic in nics), None)
    found["settings"]["network"] = found["settings"].get("network") or first


def nic_record(world: World, found: Item, source: SourceNic, number: int, old: Nic | None) -> Nic:
    """One interface of the source with its target; `old` gives choices that a re-protect has already made."""
    network = _network_for(world, found, source, old)
    target = world.store.get(network) if network else None
    before = old["settings"] if old is not None else {}
    settings: Json = {
        "enableAcceleratedNetworkingOnRecovery": source.accelerated,
        **before,
        "key": number,
        "network_name": source.network or None,
        "recovery_network": network,
        "selection": "SelectedByUserOverride",
    }
    subnet = found["settings"].get("asked_subnet")
    ips = [_ip_record(world, entry, target, subnet, old, place) for place, entry in enumerate(source.configurations)]
    return Nic(
        id=ids.guid(world.settings.seed, "nic", found["lineage"], source.id.lower()),
        source=source.id,
        settings=settings,
        ips=ips,
        user=False,
    )


def _network_for(world: World, found: Item, source: SourceNic, old: Nic | None) -> str | None:
    if old is not None and old["settings"].get("recovery_network"):
        return str(old["settings"]["recovery_network"])
    asked = found["settings"].get("asked_network")
    if asked:
        return str(asked)
    here, there = fabric_id(found["primary"]), fabric_id(found["recovery"])
    return foundations.mapped_network(world, here, source.network, there)


def _ip_record(
    world: World, entry: Json, target: Resource | None, asked: str | None, old: Nic | None, place: int
) -> Json:
    """One IP configuration. Only the primary one is kept for a failover by default (portal-behaviour.md §4, 50)."""
    inner = entry.get("properties") or {}
    subnet = name_of(str((inner.get("subnet") or {}).get("id") or "")) or None
    before = old["ips"][place] if old is not None and place < len(old["ips"]) else {}
    primary = bool(inner.get("primary", place == 0))
    return {
        "name": entry.get("name"),
        "primary": primary,
        "subnet": subnet,
        "address": inner.get("privateIPAddress"),
        "kind": inner.get("privateIPAllocationMethod", "Dynamic"),
        "selected": before.get("selected", primary),
        "recoverySubnetName": before.get("recoverySubnetName")
        or (name_of(asked) if asked else materialize.default_subnet(world, target, subnet)),
        "recoveryStaticIPAddress": before.get("recoveryStaticIPAddress"),
        "recoveryPublicIPAddressId": before.get("recoveryPublicIPAddressId"),
        "recoveryLBBackendAddressPoolIds": before.get("recoveryLBBackendAddressPoolIds"),
        "tfoSubnetName": before.get("tfoSubnetName"),
        "tfoStaticIPAddress": before.get("tfoStaticIPAddress"),
        "tfoPublicIPAddressId": before.get("tfoPublicIPAddressId"),
        "tfoLBBackendAddressPoolIds": before.get("tfoLBBackendAddressPoolIds"),
    }
