"""Test failover and cleanup, failover, change of the recovery point, commit, and re-protection of an item.

Bodies: site-recovery-protocol.md §2.2; what an item shows afterwards: §3.3, phases 5 to 11.
"""

from __future__ import annotations

from typing import Any

from simulator.kernel import ids, verbs
from simulator.kernel.agenda import Entry, effect
from simulator.kernel.call import Call
from simulator.kernel.request import Response
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.site_recovery import (
    enable,
    foundations,
    jobs,
    machines,
    materialize,
    obstacles,
    problems,
    service,
    shapes,
    timeline,
)
from simulator.site_recovery.acting import act, check, ending, find, reconcile
from simulator.site_recovery.problems import Problem, problem
from simulator.site_recovery.records import Failover, Item, Json
from simulator.site_recovery.service import Task, answering, client_of, take
from simulator.site_recovery.shapes import container_id, item_of, location_of, name_of, vault_of
from simulator.site_recovery.states import Operation as Ask
from simulator.site_recovery.states import State

_SHUTDOWN = "VmShutdownVmOnPrimary"
_SYNCHRONISE = "VmPrepareForUnPlannedFailover"


# --- what the requests have in common ---------------------------------------------------------------------------------


def _direction(call: Call, properties: Json) -> None:
    """Always PrimaryToRecovery, failing back included: re-protection has swapped the two (§6, trap 7)."""
    wanted = service.choice(call, properties, "failoverDirection", ("PrimaryToRecovery", "RecoveryToPrimary"))
    if wanted == "RecoveryToPrimary":
        raise problems.invalid(
            "failoverDirection", "an A2A item fails over from primary to recovery only", client_of(call)
        )


def _point(call: Call, found: Item, asked: str | None) -> tuple[timeline.Point | None, Problem | None]:
    """The recovery point of a request, by id or GUID; none named means the latest."""
    rule = shapes.point_rule(call.world, found)
    if rule is None:
        return None, problem("BookmarkNotFound", vm=found["vm_name"])
    point = timeline.latest(rule) if not asked else timeline.find(rule, name_of(asked))
    return point, None if point is not None else problem("BookmarkNotFound", vm=found["vm_name"])


def _made(vm: str, given: Json, at: float) -> Failover:
    return Failover(vm=vm, point=given["point"], point_time=given["point_time"], time=at)


def _told_point(point: timeline.Point | None) -> Json:
    return {"point": point.name if point else "", "point_time": point.time if point else 0.0}


def _report(found: Item, made: Failover, *, test: bool) -> list[Json]:
    """`protectedItemDetails` of a failover job, there when it is done: the point is its bare GUID.

    Recorded for failovers: azure-powershell, A2ARecoveryPlanReplication; what a test adds is the SDK's model (§3.4).
    """
    nic = found["nics"][0] if found["nics"] else None
    network = nic["settings"].get("recovery_network") if nic else None
    return [
        {
            "name": found["entity"],
            "friendlyName": found["vm_name"],
            "testVmName": found["settings"]["test_name"] if test else None,
            "testVmFriendlyName": found["settings"]["test_name"] if test else None,
            "networkConnectionStatus": ("Connected" if network else "NotConnected") if test else None,
            "networkFriendlyName": name_of(network).lower() if network else None,
            "subnet": nic["ips"][0]["recoverySubnetName"] if nic and nic["ips"] else None,
            "recoveryPointId": made["point"],
            "recoveryPointTime": jobs.net(made["point_time"]),
        }
    ]


def _tell_job(world: World, resource: Resource, **extra: Any) -> None:
    """Write what has come out into the job of the operation that is just ending (it is the item's last one)."""
    guid = item_of(resource)["settings"].get("last_job")
    job = service.job_of(world, vault_of(resource.id), str(guid))
    if job is not None:
        job["extra"].update(extra)


# --- test failover ----------------------------------------------------------------------------------------------------


@answering
def test_failover(call: Call) -> Response:
    """POST testFailover: a test machine appears; replication goes on."""
    resource = find(call)
    properties = service.properties_of(call)
    _direction(call, properties)
    details = service.provider_input(call, properties, "providerSpecificDetails", required=False)
    network = take(call, properties, "networkId", str)
    kind = take(call, properties, "networkType", str)
    check(call, resource, Ask.TEST_FAILOVER)
    point, fault = _point(call, item_of(resource), take(call, details, "recoveryPointId", str))
    return start_test(call, resource, network, kind, point, fault)


def start_test(
    call: Call,
    resource: Resource,
    network: str | None,
    kind: str | None,
    point: timeline.Point | None,
    fault: Problem | None,
) -> Response:
    """Accept a test failover to a network (None: the item's own choice)."""
    found = item_of(resource)
    fault = fault or _network_fault(call.world, found, network) or _machine_fault(call.world, found)
    given = {"network": network, "kind": kind, "start": call.now(), **_told_point(point)}
    extra = {"networkType": kind, "networkName": name_of(network) if network else None}
    extra["networkFriendlyName"] = extra["networkName"]
    response = act(call, resource, Ask.TEST_FAILOVER, "test", given, fault=fault, extra=extra)
    found["settings"]["last_job"] = call.notes["job"]
    return response


def _network_fault(world: World, found: Item, network: str | None) -> Problem | None:
    """A test network must exist in the target region."""
    if network is None:
        return None
    target, expected = world.visible(network), location_of(world, found["recovery"])
    if target is None:
        return problem("150401", what=name_of(network), id=network)
    if target.location != expected:
        return problem("150405", what=target.name, found=target.location, expected=expected)
    return None


def _machine_fault(world: World, found: Item) -> Problem | None:
    """What keeps a machine from being made: a planted fault, or a size that the target region does not have."""
    source = world.store.get(found["vm"])
    code = source.sim.get("failoverError") if source is not None else None
    if code:
        return problem(str(code), vm=found["vm_name"])
    location, settings = location_of(world, found["recovery"]), found["settings"]
    home = ids.subscription_of(str(settings.get("resource_group") or settings.get("cloud_service") or ""))
    return obstacles.no_room(world, home, location, found["vm_name"], str(settings["size"]))


@ending(Ask.TEST_FAILOVER)
def _tested(world: World, resource: Resource, found: Item, given: Json) -> Problem | None:
    networks = materialize.Networks(world, found, given["network"])
    vm = materialize.put_machine(world, found, networks, test=True)
    made = _made(vm, given, world.now())
    found["test"] = {"state": "WaitingForCompletion", "made": made}
    found["tested"], found["last_test"] = True, given["start"]
    details = _report(found, made, test=True)
    _tell_job(world, resource, testFailoverStatus="Completed", protectedItemDetails=details)
    return None


@answering
def test_cleanup(call: Call) -> Response:
    """POST testFailoverCleanup: the test machine goes."""
    properties = service.properties_of(call, required=False)
    comments = take(call, properties, "comments", str)
    return act(call, find(call), Ask.TEST_CLEANUP, "cleanup", {"comments": comments})


@ending(Ask.TEST_CLEANUP)
def _cleaned(world: World, _resource: Resource, found: Item, _given: Json) -> Problem | None:
    made = found["test"].get("made")
    materialize.remove_machine(world, made["vm"] if made else None)
    found["test"] = {"state": "MarkedForDeletion"}
    return None


# --- failover ---------------------------------------------------------------------------------------------------------


@answering
def failover(call: Call) -> Response:
    """POST unplannedFailover: the machine runs in the other region; to be committed."""
    resource = find(call)
    properties = service.properties_of(call)
    _direction(call, properties)
    details = service.provider_input(call, properties, "providerSpecificDetails", required=False)
    site = service.choice(call, properties, "sourceSiteOperations", ("Required", "NotRequired"), "NotRequired")
    check(call, resource, Ask.FAILOVER)
    point, fault = _point(call, item_of(resource), take(call, details, "recoveryPointId", str))
    return start_failover(call, resource, site == "Required", point, fault)


def start_failover(
    call: Call, resource: Resource, shutdown: bool, point: timeline.Point | None, fault: Problem | None
) -> Response:
    """Accept a failover, with the source machine shut down first or not."""
    found = item_of(resource)
    fault = fault or _machine_fault(call.world, found) or _taken_fault(call.world, found)
    if fault is not None and fault.code != "BookmarkNotFound":
        fault = Problem(fault.code, fault.message, fault.causes, fault.action, fault.level, 3 if shutdown else 2)
    given = {"shutdown": shutdown, "start": call.now(), **_told_point(point)}
    response = act(
        call,
        resource,
        Ask.FAILOVER,
        "failover",
        given,
        fault=fault,
        left_out=() if shutdown else (_SHUTDOWN,),
        skipped=(_SYNCHRONISE,),
        duration="asr.failover.shutdown" if shutdown else "",
    )
    found["settings"]["last_job"] = call.notes["job"]
    return response


def _taken_fault(world: World, found: Item) -> Problem | None:
    """A machine of the target name that is there already (28031: failover machine not created)."""
    target = materialize.recovered_id(found, test=False)
    if target.lower() != found["vm"].lower() and world.store.get(target) is not None:
        return Problem(
            "28031",
            f"The failover virtual machine '{name_of(target)}' could not be created.",
            "A virtual machine of that name exists in the target resource group.",
            "Choose another target name or delete the machine, then retry.",
        )
    return None


@ending(Ask.FAILOVER)
def _failed_over(world: World, resource: Resource, found: Item, given: Json) -> Problem | None:
    if given["shutdown"]:
        materialize.power_off(world, found["vm"])
    vm = materialize.put_machine(world, found, materialize.Networks(world, found), test=False)
    found["failover"] = made = _made(vm, given, world.now())
    found["last_failover"], found["points_until"] = world.now(), given["start"]
    _tell_job(world, resource, protectedItemDetails=_report(found, made, test=False))
    return None


@answering
def change_point(call: Call) -> Response:
    """POST applyRecoveryPoint: the recovered machine is made anew from another point, before the commit."""
    resource = find(call)
    properties = service.properties_of(call)
    asked = take(call, properties, "recoveryPointId", str, required=True)
    service.provider_input(call, properties, "providerSpecificDetails", required=False)
    check(call, resource, Ask.CHANGE_POINT)
    point, fault = _point(call, item_of(resource), asked)
    return act(call, resource, Ask.CHANGE_POINT, "changepoint", _told_point(point), fault=fault)


@ending(Ask.CHANGE_POINT)
def _point_changed(world: World, _resource: Resource, found: Item, given: Json) -> Problem | None:
    materialize.remove_machine(world, found["failover"]["vm"] if found["failover"] else None)
    vm = materialize.put_machine(world, found, materialize.Networks(world, found), test=False)
    found["failover"] = _made(vm, given, world.now())
    return None


@answering
def commit(call: Call) -> Response:
    """POST failoverCommit (no body): every recovery point goes."""
    return act(call, find(call), Ask.COMMIT, "commit")


@ending(Ask.COMMIT)
def _committed(world: World, _resource: Resource, found: Item, _given: Json) -> Problem | None:
    """Points and replica disks are of no use any more (recorded: `recoveryReplicaDiskId` is empty from now on)."""
    found["points_until"] = 0.0
    materialize.drop_replicas(world, found)
    return None


@answering
def refused(call: Call) -> Response:
    """plannedFailover, failoverCancel and the like: an A2A item never allows them (§1.4; the answer is *assumed*)."""
    resource = find(call)
    state = item_of(resource)["state"]
    raise problems.not_allowed(call.action, resource.name, state, client_of(call))


@answering
def reprotect_refused(call: Call) -> Response:
    """POST reProtect on an item with managed disks: VMDisksMissing; switchprotection is the way (§1.4)."""
    find(call)
    raise problems.refusal(
        400,
        "VMDisksMissing",
        "The disks of the virtual machine are missing in the request.",
        "The input of this operation has no managed disks.",
        "Use switchprotection of the protection container.",
        client=client_of(call),
    )


# --- re-protection ----------------------------------------------------------------------------------------------------


@answering
def switch(call: Call) -> Response:
    """POST {container}/switchprotection: the item turns round and moves to the other container (§6, trap 6)."""
    service.vault(call)
    container = service.stored(call, call.id, "protection container")
    properties = service.properties_of(call)
    name = take(call, properties, "replicationProtectedItemName", str, required=True)
    given = service.provider_input(call, properties, "providerSpecificDetails")
    resource = service.stored(call, f"{container.id}/replicationProtectedItems/{name}", "protected item")
    reconcile(call.world, resource)
    return start_switch(call, resource, container, given, enable.disks_asked(call, given))


def start_switch(call: Call, resource: Resource, container: Resource, given: Json, wanted: list[Json]) -> Response:
    """Accept a re-protection of an item."""
    check(call, resource, Ask.SWITCH)
    found = item_of(resource)
    back = service.same_vault(call, given.get("recoveryContainerId"), "recoveryContainerId")
    if back.lower() != found["primary"].lower():
        why = "it must be the container that the item lives in"
        raise problems.invalid("recoveryContainerId", why, client_of(call))
    policy = service.same_vault(call, given.get("policyId") or found["policy"], "policyId")
    rule = service.stored(call, policy, "replication policy")
    settings = enable.targets_asked(call, given)
    fault = _switch_fault(call.world, found, settings, wanted)
    told = {"policy": rule.id, "settings": settings, "disks": wanted}
    response = act(
        call,
        resource,
        Ask.SWITCH,
        "switch",
        told,
        fault=fault,
        skipped=("VmCommitFailover",),
        result_at=container.id,
    )
    found["settings"]["last_job"] = call.notes["job"]
    if fault is None:
        _plan_child(call.world, resource, found, call.notes["job"])
    return response


def _switch_fault(world: World, found: Item, settings: Json, wanted: list[Json]) -> Problem | None:
    """Both machines must be there, the disks must be the failed-over ones, the cache account in their region."""
    made = found["failover"]
    new_source = machines.read(world, made["vm"]) if made else None
    if new_source is None or world.store.get(found["vm"]) is None:
        return problem("150407", vm=found["vm_name"])
    if not foundations.mapped(world, found["recovery"], found["primary"]):
        return problem("150401", what="the reverse container mapping", id=found["recovery"])
    attached = {disk.key for disk in new_source.disks}
    unknown = [entry["key"] for entry in wanted if entry["key"] not in attached]
    if unknown or not wanted:
        return problem("150403", vm=found["vm_name"], disks=", ".join(unknown) or "the request has no disks")
    group = settings["resource_group"] or settings["cloud_service"] or ""
    if world.visible(group) is None:
        return problem("150401", what=name_of(group or "the target resource group"), id=group)
    return enable.account_fault(world, new_source.name, new_source.location, wanted)


def _plan_child(world: World, resource: Resource, found: Item, job: str) -> None:
    """The last task of a re-protection runs a job of its own that enables the other direction (recorded)."""
    whole = service.job_of(world, vault_of(resource.id), job)
    if whole is not None:
        at = whole["start"] + (whole["end"] - whole["start"]) * 0.07
        enable.later(world, at, "site_recovery.switch.child", resource.id, found, job=job, until=whole["end"])


@effect("site_recovery.switch.child")
def _child_begins(world: World, entry: Entry) -> None:
    resource = enable.due(world, entry, State.SWITCHING)
    if resource is None:
        return
    found, vault = item_of(resource), vault_of(resource.id)
    guid = ids.guid(world.settings.seed, "switch-child", entry.args["job"])
    task = Task("enable", resource, "", target_id=found["entity"], target_name=found["vm_name"])
    task.affected = enable.affected(world, found)
    seconds = max(0.0, float(entry.args["until"]) - world.now())
    parent = service.job_of(world, vault, str(entry.args["job"]))
    child = service.open_job(world, vault, task, guid, seconds, parent["client"] if parent else "")
    if parent is not None:
        parent["children"].append({"of": "ProtectReplicaTask", "job": child.id})
    world.agenda.add(float(entry.args["until"]), "site_recovery.job.ends", guid, {"vault": vault})


def return_account(world: World, found: Item) -> str | None:
    """A storage account in the recovery region of the vault's subscription."""
    location, kind_of = location_of(world, found["recovery"]), "Microsoft.Storage/storageAccounts"
    accounts = world.store.select(kind_of, ids.subscription_of(found["recovery"]))
    return next((one.id for one in accounts if one.location == location), None)


def home_request(world: World, found: Item) -> Json:
    """What switchprotection would be asked to bring a machine back to its own group."""
    made: Failover | None = found["failover"]
    machine = machines.read(world, made["vm"]) if made is not None else None
    group, account = ids.group_of(found["vm"]), return_account(world, found)
    blank = {"replica_sku": None, "target_sku": None, "encryption_set": None, "encryption": None}
    disks = [
        {"key": disk.key, "staging": account, "group": group, "target_account": None, **blank}
        for disk in (machine.disks if machine is not None else ())
    ]
    settings: Json = {ours: None for _, ours in enable.TARGETS} | {"resource_group": group}
    settings |= {"extended_location": None, "auto_protection": "Disabled", "disk_encryption": None}
    return {"policy": found["policy"], "settings": settings, "disks": disks}


@ending(Ask.SWITCH)
def _switched(world: World, resource: Resource, found: Item, given: Json) -> Problem | None:
    if given.get("home"):  # asked of a whole recovery plan, which says nothing of each machine
        given = home_request(world, found)
    made = found["failover"]
    machine = machines.read(world, made["vm"]) if made else None
    if machine is None:
        return problem("150407", vm=found["vm_name"])
    old_vm, old_id = found["vm"], resource.id
    materialize.drop_replicas(world, found)
    materialize.remove_machine(world, old_vm)
    obstacles.release(world, old_vm, old_id)
    _turn(world, found, machine, given, old_id)
    moved = _move(world, resource, found)
    obstacles.take_ownership(world, machine.id, moved.id)
    # the one id of a job that starts with a small `/subscriptions` (recorded: A2AReprotectTest)
    _tell_job(world, moved, newReplicationProtectedItemId=moved.id)
    enable.start_copy(world, moved, found)
    materialize.put_replicas(world, found, found["disks"])
    return None


def _turn(world: World, found: Item, machine: machines.Machine, given: Json, old_id: str) -> None:
    """The record turned round: what was primary is recovery; everything that belongs to a direction begins anew."""
    home, other = found["recovery"], found["primary"]
    last_job = found["settings"].get("last_job")
    asked = {name: value for name, value in given["settings"].items() if value is not None}
    zone = found["settings"].get("zone")
    settings: Json = {
        **given["settings"],
        "name": found["vm_name"],
        "size": machine.size,
        "test_name": f"{found['vm_name']}-test",
        "primary_zone": zone,
        "encryption": found["settings"].get("encryption", "NotEncrypted"),
        "excluded": found["settings"].get("excluded"),
        "auto_protection": found["settings"].get("auto_protection", "Disabled"),
        "resync_seconds": 0.0,
        "last_job": last_job,
        **asked,
    }
    original = {disk["name"].lower(): disk for disk in found["disks"]}
    nics = [_turned_nic(world, found, nic) for nic in found["nics"]]
    new_id = f"{home}/replicationProtectedItems/{name_of(old_id)}"
    turn = found["turn"] + 1
    found.update(enable.fresh(world, new_id, turn))
    found["vm"], found["primary"], found["recovery"], found["policy"] = machine.id, home, other, given["policy"]
    found["turn"], found["settings"], found["nics"] = turn, settings, nics
    found["last_failover"], found["last_test"], found["dismissed"] = None, None, []
    attached = {disk.key: disk for disk in machine.disks}
    chosen = [(attached[one["key"]], one) for one in given["disks"] if one["key"] in attached]
    found["disks"] = [_turned_disk(world, disk, one, original.get(disk.name.lower())) for disk, one in chosen]


def _turned_disk(world: World, disk: machines.SourceDisk, entry: Json, old: Any) -> Any:
    """A disk of the reversed item: the replica's name is lower-cased, the original disk is its target (recorded)."""
    new = enable.disk_record(world, disk, entry)
    if new["replica_id"]:
        new["replica_id"] = materialize.replica_id(disk.name.lower(), entry["group"])
    new["original_target"] = old["id"] if old is not None and disk.uri is None else None
    if old is not None:
        new["os_disk"], new["lun"] = old["os_disk"], old["lun"]
    return new


def _turned_nic(world: World, found: Item, nic: Any) -> Any:
    """An interface of the reversed item: back to the network, subnet and security group it came from (§3.3 phase 10)."""
    source = world.store.get(nic["source"])
    settings, properties = nic["settings"], source.properties if source is not None else {}
    group = (properties.get("networkSecurityGroup") or {}).get("id")
    turned = {
        "key": settings.get("key", 0),
        "recovery_network": settings.get("network_name"),
        "recoveryNetworkSecurityGroupId": group,
        "enableAcceleratedNetworkingOnRecovery": settings.get("enableAcceleratedNetworkingOnRecovery", False),
    }
    ips = [{**_blank_ip(ip), "recoverySubnetName": ip["subnet"]} for ip in nic["ips"]]
    return {**nic, "settings": turned, "ips": ips, "user": False, "source": materialize.nic_id(found, nic, test=False)}


def _blank_ip(ip: Json) -> Json:
    """Choices begin anew; the pools are an empty list from now on (recorded)."""
    chosen = {name: None for name in ip if name.startswith(("recovery", "tfo"))}
    return {**ip, **chosen, "recoveryLBBackendAddressPoolIds": []}


def _move(world: World, resource: Resource, found: Item) -> Resource:
    """The item leaves its container and is filed in the other one under the same name."""
    new_id = f"{found['primary']}/replicationProtectedItems/{resource.name}"
    old_container = container_id(resource.id)
    world.remove(resource)
    moved = world.put(new_id, {}, {"record": found})
    foundations.count_item(world, old_container, -1)
    foundations.count_item(world, found["primary"], 1)
    return moved


# --- recovery points and sizes ----------------------------------------------------------------------------------------


@answering
def list_points(call: Call) -> Response:
    """GET recoveryPoints: oldest first, as recorded; a long list has pages."""
    owner = find(call)
    rule = shapes.point_rule(call.world, item_of(owner))
    found = timeline.points(rule) if rule is not None else []
    return verbs.page_of(call, [shapes.recovery_point(call.world, owner, point) for point in found])


@answering
def get_point(call: Call) -> Response:
    """GET of one recovery point."""
    service.vault(call)
    owner = service.stored(call, call.id.rsplit("/", 2)[0], "protected item")
    rule = shapes.point_rule(call.world, item_of(owner))
    point = timeline.find(rule, call.address.name) if rule is not None else None
    if point is None:
        raise problems.entity_missing("recovery point", call.address.name, client_of(call))
    return Response(200, shapes.recovery_point(call.world, owner, point))
