"""The protected item's own routes: reading, listing, updating, disks, health, agent, disable, purge.

Test failover, failover and re-protection are in `recovery`. Bodies: site-recovery-protocol.md §2.2; the suffixes: §1.4.
"""

from __future__ import annotations

import re
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
    health,
    machines,
    materialize,
    obstacles,
    problems,
    service,
    shapes,
)
from simulator.site_recovery.acting import act, check, ending, find, reconcile
from simulator.site_recovery.problems import Problem, problem
from simulator.site_recovery.records import Disk, Item, Json, Nic
from simulator.site_recovery.service import ITEM, answering, client_of, take
from simulator.site_recovery.shapes import item_of, vault_of
from simulator.site_recovery.states import Operation as Ask
from simulator.site_recovery.states import State

# --- reading ----------------------------------------------------------------------------------------------------------


@answering
def get_item(call: Call) -> Response:
    """GET of an item."""
    return Response(200, shapes.modern_item(call, find(call)))


@answering
def list_items(call: Call) -> Response:
    """Items of a container or of the whole vault; `$filter=RecoveryPlanName eq 'x'` is the one filter seen (§1.4)."""
    service.vault(call)
    if call.type.name == ITEM:
        service.stored(call, call.id, "protection container")
    keys = foundations.below(call.world, ITEM, call.id)
    wanted = call.request.query.get("$filter")
    if wanted:
        members = _filtered(call, wanted)
        keys = [key for key in keys if key in members]
    return verbs.page(call, keys, lambda resource: shapes.modern_item(call, resource, listed=True))


_FILTER = re.compile(r"\s*(\w+)\s+eq\s+'([^']*)'\s*", re.IGNORECASE)


def _filtered(call: Call, text: str) -> set[str]:
    """The keys that a filter leaves. Raises 400 for a grammar that was never seen."""
    match = _FILTER.fullmatch(text)
    if match is None or match[1].lower() != "recoveryplanname":
        raise problems.invalid("$filter", "only RecoveryPlanName eq '...' is understood", client_of(call))
    plan = call.world.store.get(f"{vault_of(call.id)}/replicationRecoveryPlans/{match[2]}")
    if plan is None:
        return set()
    groups = shapes.record(plan)["groups"]
    return {str(one["id"]).lower() for group in groups for one in group["replicationProtectedItems"]}


# --- updating ---------------------------------------------------------------------------------------------------------

_NIC_FIELDS = {
    "recoveryNetworkSecurityGroupId": str,
    "enableAcceleratedNetworkingOnRecovery": bool,
    "tfoNetworkSecurityGroupId": str,
    "enableAcceleratedNetworkingOnTfo": bool,
    "recoveryNicName": str,
    "recoveryNicResourceGroupName": str,
    "reuseExistingNic": bool,
    "tfoNicName": str,
    "tfoNicResourceGroupName": str,
    "tfoReuseExistingNic": bool,
    "targetNicName": str,
}
_IP_FIELDS = {
    "recoverySubnetName": str,
    "recoveryStaticIPAddress": str,
    "recoveryPublicIPAddressId": str,
    "recoveryLBBackendAddressPoolIds": list,
    "tfoSubnetName": str,
    "tfoStaticIPAddress": str,
    "tfoPublicIPAddressId": str,
    "tfoLBBackendAddressPoolIds": list,
}
_SETTINGS = {
    "recoveryAzureVMName": "name",
    "recoveryAzureVMSize": "size",
    "selectedRecoveryAzureNetworkId": "network",
    "selectedTfoAzureNetworkId": "test_network",
    "recoveryAvailabilitySetId": "availability_set",
    "licenseType": "license",
    "enableRdpOnTargetOption": "rdp",
    "selectedSourceNicId": "source_nic",
}
_PROVIDER_SETTINGS = {
    "recoveryResourceGroupId": "resource_group",
    "recoveryCloudServiceId": "cloud_service",
    "recoveryBootDiagStorageAccountId": "boot_diagnostics",
    "tfoAzureVMName": "test_name",
    "recoveryProximityPlacementGroupId": "placement_group",
    "recoveryVirtualMachineScaleSetId": "scale_set",
    "recoveryCapacityReservationGroupId": "capacity_group",
    "recoveryAvailabilityZone": "zone",
}
_VM_NAME = re.compile(r"[^_\W][^\\/\"\[\]:|<>+=;,?*@&\s]{0,62}[^\W_]|[A-Za-z0-9]")


@answering
def patch_item(call: Call) -> Response:
    """PATCH: name, size, networks, interfaces, disks of the future machine; only on a protected item (§6, trap 13)."""
    resource = find(call)
    properties = service.properties_of(call)
    given = service.provider_input(call, properties, "providerSpecificDetails", required=False)
    check(call, resource, Ask.UPDATE)
    found = item_of(resource)
    changes: Json = {
        "settings": _settings(call, properties, given),
        "nics": [_nic_change(call, found, entry) for entry in take(call, properties, "vmNics", list) or []],
        "disks": [
            _disk_change(call, found, entry) for entry in take(call, given, "managedDiskUpdateDetails", list) or []
        ],
    }
    return act(call, resource, Ask.UPDATE, "update", changes)


def _settings(call: Call, properties: Json, given: Json) -> Json:
    found = {ours: take(call, properties, wire, str) for wire, ours in _SETTINGS.items()}
    found |= {ours: take(call, given, wire, str) for wire, ours in _PROVIDER_SETTINGS.items()}
    for name in ("name", "test_name"):
        if found[name] is not None and not _VM_NAME.fullmatch(found[name]):
            raise problems.invalid("recoveryAzureVMName", f"'{found[name]}' is no machine name", client_of(call))
    return {name: value for name, value in found.items() if value is not None}


def _object(call: Call, entry: Any, field: str) -> Json:
    if not isinstance(entry, dict):
        raise problems.invalid(field, "it must be a list of objects", client_of(call))
    return entry


def _nic_change(call: Call, found: Item, raw: Any) -> Json:
    """The changes of one interface, matched by its GUID (not its ARM id). Raises 400 for an unknown one."""
    entry = _object(call, raw, "vmNics")
    nic_id = take(call, entry, "nicId", str, required=True)
    nic = next((one for one in found["nics"] if one["id"].lower() == nic_id.lower()), None)
    if nic is None:
        raise problems.invalid("vmNics.nicId", f"the item has no interface '{nic_id}'", client_of(call))
    settings = {name: take(call, entry, name, kind) for name, kind in _NIC_FIELDS.items()}
    settings["selection"] = take(call, entry, "selectionType", str)
    ips = [_ip_change(call, nic, ip) for ip in take(call, entry, "ipConfigs", list) or []]
    return {"id": nic["id"], "settings": {k: v for k, v in settings.items() if v is not None}, "ips": ips}


def _ip_change(call: Call, nic: Nic, raw: Any) -> Json:
    """The changes of one IP configuration, matched by `ipConfigName` (answers say `name`: §6, trap 11)."""
    entry = _object(call, raw, "ipConfigs")
    name = take(call, entry, "ipConfigName", str)
    known = [ip["name"] for ip in nic["ips"]]
    if name is None and len(known) == 1:
        name = known[0]
    if name not in known:
        raise problems.invalid("ipConfigs.ipConfigName", f"the interface has no '{name}'", client_of(call))
    changes = {field: take(call, entry, field, kind) for field, kind in _IP_FIELDS.items() if field in entry}
    selected = take(call, entry, "isSeletedForFailover", bool)
    return {"name": name, "selected": selected, "fields": changes}


def _disk_change(call: Call, found: Item, raw: Any) -> Json:
    entry = _object(call, raw, "managedDiskUpdateDetails")
    disk_id = take(call, entry, "diskId", str, required=True).lower()
    if all(disk["id"].lower() != disk_id for disk in found["disks"]):
        raise problems.invalid("managedDiskUpdateDetails.diskId", f"'{disk_id}' is not protected", client_of(call))
    fields = {
        "target_sku": service.choice(call, entry, "recoveryTargetDiskAccountType", enable.SKUS),
        "replica_sku": service.choice(call, entry, "recoveryReplicaDiskAccountType", enable.SKUS),
        "encryption": enable.keys_asked(call, entry),
        "failover_name": take(call, entry, "failoverDiskName", str),
        "test_name": take(call, entry, "tfoDiskName", str),
    }
    return {"id": disk_id, "fields": {name: value for name, value in fields.items() if value is not None}}


@ending(Ask.UPDATE)
def _updated(_world: World, _resource: Resource, found: Item, given: Json) -> Problem | None:
    network = given["settings"].get("network")
    found["settings"].update(given["settings"])
    if network:
        for nic in found["nics"]:
            nic["settings"]["recovery_network"] = network
    by_id = {nic["id"]: nic for nic in found["nics"]}
    for change in given["nics"]:
        if change["id"] in by_id:
            _apply_nic(by_id[change["id"]], change)
    for change in given["disks"]:
        for disk in found["disks"]:
            if disk["id"].lower() == change["id"]:
                disk.update(change["fields"])
    return None


def _apply_nic(nic: Nic, change: Json) -> None:
    nic["settings"].update(change["settings"])
    nic["user"] = True
    by_name = {ip["name"]: ip for ip in nic["ips"]}
    for entry in change["ips"]:
        ip = by_name[entry["name"]]
        ip.update(entry["fields"])
        # the service keeps the sole or primary configuration selected, whatever is sent (recorded)
        wanted = ip["selected"] if entry["selected"] is None else entry["selected"]
        ip["selected"] = wanted or ip["primary"]


# --- disks ------------------------------------------------------------------------------------------------------------


@answering
def add_disks(call: Call) -> Response:
    """POST addDisks: disks attached after enabling; each makes its own first copy."""
    resource = find(call)
    given = service.provider_input(call, service.properties_of(call), "providerSpecificDetails")
    wanted = enable.disks_asked(call, given)
    if not wanted:
        raise problems.invalid("providerSpecificDetails.vmManagedDisks", "it has no disks", client_of(call))
    check(call, resource, Ask.ADD_DISKS)
    fault = _add_fault(call.world, item_of(resource), wanted)
    return act(call, resource, Ask.ADD_DISKS, "adddisks", {"disks": wanted}, fault=fault)


def _add_fault(world: World, found: Item, wanted: list[Json]) -> Problem | None:
    machine = machines.read(world, found["vm"])
    if machine is None:
        return problem("150401", what=found["vm_name"], id=found["vm"])
    attached = {disk.key for disk in machine.disks}
    taken = {(disk["uri"] or disk["id"]).lower() for disk in found["disks"]}
    wrong = [entry["key"] for entry in wanted if entry["key"] not in attached or entry["key"] in taken]
    if wrong:
        return problem("150403", vm=found["vm_name"], disks=", ".join(wrong))
    return enable.account_fault(world, machine.name, machine.location, wanted)


@ending(Ask.ADD_DISKS)
def _added(world: World, _resource: Resource, found: Item, given: Json) -> Problem | None:
    machine = machines.read(world, found["vm"])
    attached = {disk.key: disk for disk in machine.disks} if machine is not None else {}
    new = [enable.disk_record(world, attached[one["key"]], one) for one in given["disks"] if one["key"] in attached]
    found["disks"] += new
    materialize.put_replicas(world, found, new)
    return None


@answering
def remove_disks(call: Call) -> Response:
    """POST removeDisks: only disks whose own first copy has failed (§1.4); the refusal of others is *assumed* at once."""
    resource = find(call)
    given = service.provider_input(call, service.properties_of(call), "providerSpecificDetails")
    wanted = [*(take(call, given, "vmManagedDisksIds", list) or []), *(take(call, given, "vmDisksUris", list) or [])]
    check(call, resource, Ask.REMOVE_DISKS)
    keys = [str(one).lower() for one in wanted]
    removable = {(disk["uri"] or disk["id"]).lower() for disk in item_of(resource)["disks"] if disk["failed"]}
    wrong = [key for key in keys if key not in removable]
    if wrong or not keys:
        why = f"only disks whose initial replication failed can be removed: {', '.join(wrong) or 'none named'}"
        raise problems.invalid("providerSpecificDetails.vmManagedDisksIds", why, client_of(call))
    return act(call, resource, Ask.REMOVE_DISKS, "removedisks", {"keys": keys})


@ending(Ask.REMOVE_DISKS)
def _disks_removed(world: World, _resource: Resource, found: Item, given: Json) -> Problem | None:
    gone = [disk for disk in found["disks"] if (disk["uri"] or disk["id"]).lower() in given["keys"]]
    materialize.drop_replicas(world, _only(found, gone))
    found["disks"] = [disk for disk in found["disks"] if disk not in gone]
    return None


def _only(found: Item, disks: list[Disk]) -> Item:
    return {**found, "disks": disks}


# --- resynchronise, health, agent -------------------------------------------------------------------------------------


@answering
def resync(call: Call) -> Response:
    """POST repairReplication (no body): the item stays protected while its disks are compared anew."""
    return act(call, find(call), Ask.RESYNC, "resync")


@ending(Ask.RESYNC)
def _resync_begins(world: World, resource: Resource, found: Item, _given: Json) -> Problem | None:
    seconds = world.duration("asr.resync.copy", resource.id)
    found["resync_start"], found["settings"]["resync_seconds"] = world.now(), seconds
    enable.later(world, world.now() + seconds, "site_recovery.resynced", resource.id, found)
    return None


@effect("site_recovery.resynced")
def _resynced(world: World, entry: Entry) -> None:
    resource = enable.due(world, entry)
    if resource is not None:
        item_of(resource)["resync_start"] = None
        world.store.touch(resource)


@answering
def resolve_health(call: Call) -> Response:
    """POST resolveHealthErrors: dismiss errors that may be dismissed (customerResolvability Allowed)."""
    resource = find(call)
    asked = take(call, service.properties_of(call), "healthErrors", list, required=True)
    check(call, resource, Ask.RESOLVE_HEALTH)
    shown = {error["errorId"]: error for error in health.errors_of(call.world, item_of(resource))}
    wanted = [str(_object(call, entry, "healthErrors").get("healthErrorId") or "") for entry in asked]
    for error_id in wanted:
        error = shown.get(error_id)
        if error is None or error["customerResolvability"] != "Allowed":
            raise problems.invalid("healthErrors.healthErrorId", f"'{error_id}' cannot be resolved", client_of(call))
    return act(call, resource, Ask.RESOLVE_HEALTH, "health", {"errors": wanted})


@ending(Ask.RESOLVE_HEALTH)
def _health_resolved(_world: World, _resource: Resource, found: Item, given: Json) -> Problem | None:
    found["dismissed"] = sorted({*found["dismissed"], *given["errors"]})
    return None


@answering
def update_agent(call: Call) -> Response:
    """POST updateMobilityService or reinstallMobilityService."""
    return act(call, find(call), Ask.UPDATE_AGENT, "agent")


@ending(Ask.UPDATE_AGENT)
def _agent_updated(world: World, _resource: Resource, found: Item, _given: Json) -> Problem | None:
    found["settings"].pop("agent_old", None)
    found["settings"]["agent_version"] = shapes.AGENT_VERSION
    machine = machines.read(world, found["vm"])
    warned = machine is not None and machine.sim.get("agentWarning")
    # Succeeded with an error is a success with a warning (recorded: 151207)
    return problem("151207", vm=found["vm_name"]) if warned else None


# --- the end ----------------------------------------------------------------------------------------------------------


@answering
def disable(call: Call) -> Response:
    """POST remove: disable replication properly. The body's instanceType is not A2A (§6, trap 16)."""
    properties = service.properties_of(call, required=False)
    service.choice(call, properties, "disableProtectionReason", ("NotSpecified", "MigrationComplete"))
    take(call, properties, "replicationProviderInput", dict)
    resource = find(call, hidden=True)
    return act(call, resource, Ask.DISABLE, "disable", result="none")


@ending(Ask.DISABLE)
def _disabled(world: World, _resource: Resource, found: Item, _given: Json) -> Problem | None:
    """Replica disks go, a test machine goes, a failed-over machine stays. A lock leaves links behind (150225)."""
    materialize.drop_replicas(world, found)
    made = found["test"].get("made")
    if made and found["test"].get("state") == "WaitingForCompletion":
        materialize.remove_machine(world, made["vm"])
    if _locked(world, found["vm"]):
        return problem("150225", vm=found["vm_name"])
    return None


def _locked(world: World, machine: str) -> bool:
    scopes = (machine, ids.group_of(machine), ids.subscription_of(machine))
    kind = "Microsoft.Authorization/locks"
    return any(one.type == kind for scope in scopes for one in world.store.children(scope))


@answering
def purge(call: Call) -> Response:
    """DELETE: forced removal without any cleanup; 204 when there is nothing (§5, *assumed*)."""
    service.vault(call)
    resource = call.world.store.get(call.id)
    if resource is None:
        call.effect = "noop"
        return Response(204)
    reconcile(call.world, resource)
    return act(call, resource, Ask.PURGE, "purge", result="none")


@ending(Ask.PURGE)
def _purged(_world: World, _resource: Resource, _found: Item, _given: Json) -> Problem | None:
    return None


# --- scenarios may hold items -----------------------------------------------------------------------------------------


def plant(world: World, resource: Resource) -> None:
    """The `stored` hook: a scenario's item, written as the body of its PUT.

    `_sim`: `{"state": "Protected" | "InitialReplication", "age": seconds since it was enabled}`; protected by default.
    """
    if "record" in resource.sim:
        return
    body, sim = resource.properties, resource.sim
    given, machine = (
        body["providerSpecificDetails"],
        machines.read(world, body["providerSpecificDetails"]["fabricObjectId"]),
    )
    if machine is None:
        raise ValueError(f"{resource.id} protects a machine that the scenario does not have (yet)")
    wanted = [_planted_disk(entry) for entry in given.get("vmManagedDisks") or []]
    settings: Json = {ours: given.get(wire) for wire, ours in enable.TARGETS}
    settings |= {"extended_location": None, "auto_protection": "Disabled", "disk_encryption": None}
    group = {"id": ids.guid(world.settings.seed, "group", resource.key), "name": "", "option": "AutoCreated"}
    where = (shapes.container_id(resource.id), given["recoveryContainerId"], body["policyId"])
    found = enable.new_item(world, resource.id, machine, settings, wanted, where, group)
    resource.sim = {"record": found}
    resource.document = {}
    _age(world, resource, found, float(sim.get("age", 86400.0)), str(sim.get("state", State.PROTECTED)))


def _planted_disk(entry: Json) -> Json:
    return {
        "key": str(entry["diskId"]).lower(),
        "staging": entry["primaryStagingAzureStorageAccountId"],
        "group": entry["recoveryResourceGroupId"],
        "replica_sku": entry.get("recoveryReplicaDiskAccountType"),
        "target_sku": entry.get("recoveryTargetDiskAccountType"),
        "encryption_set": entry.get("recoveryDiskEncryptionSetId"),
        "encryption": None,
        "target_account": None,
    }


def _age(world: World, resource: Resource, found: Item, age: float, state: str) -> None:
    service.books(world, resource.id)["used"] = True
    enable.admit(world, resource, found)
    if state != State.PROTECTED:
        return
    born = world.now() - age
    found["enabled"] = found["copy_start"] = born
    for disk in found["disks"]:
        disk["copy_start"] = born
    enable.protect(world, resource, found, min(world.now(), born + found["copy_seconds"]))


def _gone(world: World, resource: Resource) -> None:
    """An item that goes with its vault or group lets go of its machine."""
    if "record" in resource.sim:
        obstacles.release(world, item_of(resource)["vm"], resource.id)


ITEM_PARTS: Json = {
    "put": foundations.ACCEPT,
    "patch": foundations.ACCEPT,
    "delete": foundations.ACCEPT,
    "render": shapes.item,
    "stored": plant,
    "gone": _gone,
    "overrides": {
        "GET": get_item,
        "LIST": list_items,
        "PUT": enable.put_item,
        "PATCH": patch_item,
        "DELETE": purge,
    },
}
