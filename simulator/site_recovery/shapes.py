"""The bodies that readers see: keys, nulls, casing and sentinels as recorded (site-recovery-protocol.md §3.2 to §3.5).

Each function makes one kind of body from a record, the clock and the names of neighbouring resources. Two casings matter:
ids of Site Recovery's own resources start with `/Subscriptions/`, and ids of the machines, disks and networks of the
source come back lower-cased. What is absent until it has a value is left out; what is null is null.
"""

from __future__ import annotations

from typing import Any, cast

from simulator.kernel import ids
from simulator.kernel.call import Call
from simulator.kernel.request import encode
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.providers import regions
from simulator.site_recovery import health, timeline
from simulator.site_recovery.jobs import net
from simulator.site_recovery.records import Disk, Item, Json, Nic
from simulator.site_recovery.states import Operation, State, shown

NEVER = "1753-01-01T01:01:01Z"
FOREVER = "9999-12-31T23:59:59.9999999"
AGENT_VERSION = "9.66.7567.1"
_ROOT = "Microsoft.RecoveryServices/vaults"
_SETTLED_PERCENT = 300.0
"""Seconds for which a protected item still shows the last percentage of its copy (§3.3 phase 4: "just after")."""


def arm(resource_id: str) -> str:
    """The id as Site Recovery writes those of its own resources: `/Subscriptions/...`."""
    head, _, rest = resource_id.lstrip("/").partition("/")
    return f"/Subscriptions/{rest}" if head.lower() == "subscriptions" else resource_id


def vault_of(resource_id: str) -> str:
    """The id of the vault that a resource is in."""
    return "/".join(resource_id.split("/")[:9])


def record(resource: Resource) -> Json:
    """What we remember of one of our resources."""
    return cast(Json, resource.sim["record"])


def item_of(resource: Resource) -> Item:
    """What we remember of a protected item."""
    return cast(Item, resource.sim["record"])


def entity(world: World, resource_id: str) -> str:
    """The service's own GUID for something, the same for as long as its id is."""
    return ids.guid(world.settings.seed, "entity", resource_id.lower())


def name_of(resource_id: str) -> str:
    """The last segment of an id."""
    return resource_id.rsplit("/", 1)[-1]


def fabric_id(resource_id: str) -> str:
    """The fabric of a container, item or mapping id."""
    return "/".join(resource_id.split("/")[:11])


def container_id(resource_id: str) -> str:
    """The container of an item or mapping id."""
    return "/".join(resource_id.split("/")[:13])


def location_of(world: World, resource_id: str) -> str:
    """The region (`eastasia`) of the fabric that something belongs to; "" when the fabric is gone."""
    fabric = world.store.get(fabric_id(resource_id))
    return str(record(fabric)["location"]) if fabric is not None else ""


def region_name(world: World, resource_id: str) -> str:
    """The display name (`East Asia`) of the region of a fabric, container or item."""
    return display_name(location_of(world, resource_id))


def display_name(location: str) -> str:
    """`East Asia` of `eastasia`; an unknown region is shown as it is."""
    return regions.display_name(location)


NEWER = "2024-10-01"
"""From this api-version on, answers have a few fields more (§3.2, §3.3: recorded for policies and items)."""


_NEWEST = "2025-08-01"
OLDER = "2021-11-01"
"""Up to this api-version answers lack what came later (recorded: azure-sdk-for-net, GetA2AResources and ListA2AResources)."""
_LATER: dict[str, frozenset[str]] = {
    "replicationProtectedItems": frozenset(
        {
            "switchProviderState",
            "switchProviderStateDescription",
            "initialPrimaryExtendedLocation",
            "initialRecoveryExtendedLocation",
            "primaryExtendedLocation",
            "recoveryExtendedLocation",
            "recoveryCapacityReservationGroupId",
        }
    ),
    "replicationProtectionContainerMappings": frozenset({"automationAccountAuthenticationType"}),
    "replicationProtectionIntents": frozenset(
        {"agentAutoUpdateStatus", "automationAccountAuthenticationType", "automationAccountArmId"}
    ),
}
"""What came later, by the last part of the type."""


def is_older(call: Call) -> bool:
    """Whether the request speaks one of the first api-versions."""
    return call.request.api_version <= OLDER


def dated(call: Call, resource: Resource) -> bytes:
    """A body as the request's api-version has it: the older ones do not know what came later."""
    return encode(dated_body(call, resource)) if is_older(call) else call.world.bytes_of(resource)


def dated_body(call: Call, resource: Resource) -> Json:
    """The same as an object."""
    body = call.world.body(resource)
    return _without_later(body) if is_older(call) else body


def _without_later(body: Json) -> Json:
    """The body without the later fields of its properties and its provider's details."""
    gone, properties = _LATER[name_of(body["type"])], body["properties"]
    details = properties["providerSpecificDetails"]
    kept = {name: value for name, value in properties.items() if name not in gone}
    kept["providerSpecificDetails"] = {name: value for name, value in details.items() if name not in gone}
    return body | {"properties": kept}


def modern_policy(call: Call, resource: Resource) -> bytes:
    """A policy as the request's api-version has it (recorded: azure-powershell, A2AReprotectTest, 2024-10-01)."""
    if call.request.api_version < NEWER:
        return call.world.bytes_of(resource)
    body = call.world.body(resource)
    details = body["properties"]["providerSpecificDetails"]
    if details["instanceType"] == "A2A":
        details |= {"status": False, "associatedItemsCount": 0, "dataSourceType": "VM"}
    return encode(body)


def modern_item(call: Call, resource: Resource, *, listed: bool = False) -> bytes:
    """An item as the request's api-version has it, and as lists have it: without the machine's tags (same record)."""
    newer = call.request.api_version >= NEWER
    if not newer and not listed:
        return dated(call, resource)
    body = call.world.body(resource)
    details = body["properties"]["providerSpecificDetails"]
    if listed:
        details["vmSyncedConfigDetails"] = {"tags": None, "inputEndpoints": None}
    if newer:
        more = _newer_details(call.world, item_of(resource), call.request.api_version)
        body["properties"]["providerSpecificDetails"] = _after(details, "lastRpoCalculatedTime", "rtoInSeconds") | more
    return encode(_without_later(body) if is_older(call) else body)


def _after(details: Json, name: str, new: str) -> Json:
    """The same object with a null of the name ``new`` after ``name``."""
    found: Json = {}
    for key, value in details.items():
        found[key] = value
        if key == name:
            found[new] = None
    return found


def _newer_details(world: World, found: Item, version: str) -> Json:
    """The expiry as a time of UTC and the churn option are recorded; the fault domain is *assumed* to come later."""
    accounts = [world.store.get(disk["staging"]) for disk in found["disks"]]
    kinds = {one.document.get("kind") for one in accounts if one is not None}
    domain = {"platformFaultDomain": None} if version >= _NEWEST else {}
    churn = "High" if "BlockBlobStorage" in kinds else "Normal"
    return {"agentExpiryDate": f"{FOREVER}Z", **domain, "churnOptionSelected": churn}


def envelope(resource: Resource, type_name: str, properties: Json) -> Json:
    """id, name, type, properties, in the recorded order."""
    return {"id": arm(resource.id), "name": resource.name, "type": type_name, "properties": properties}


# --- foundations ------------------------------------------------------------------------------------------------------


def fabric(world: World, resource: Resource, body: Json) -> None:
    """A fabric: one region of one vault."""
    location = record(resource)["location"]
    kek = {"kekState": "None", "kekCertThumbprint": None}
    containers = world.store.select(f"{_ROOT}/replicationFabrics/replicationProtectionContainers", resource.id)
    prefix = f"{arm(resource.id)}/replicationProtectionContainers/"
    details = {
        "instanceType": "Azure",
        "location": location,
        "containerIds": [prefix + entity(world, container.id) for container in containers if container.born],
        "zones": [],
    }
    body.clear()
    body.update(
        name=resource.name,
        type=f"{_ROOT}/replicationFabrics",
        id=arm(resource.id),
        properties={
            "friendlyName": display_name(location),
            "encryptionDetails": kek,
            "rolloverEncryptionDetails": dict(kek),
            "internalIdentifier": entity(world, resource.id),
            "bcdrState": "Valid",
            "customDetails": details,
            "healthErrorDetails": [],
            "health": "Normal",
        },
    )


def listed_fabric(world: World, resource: Resource) -> Json:
    """A fabric as lists show it."""
    body = world.body(resource)
    details = body["properties"]["customDetails"]
    body["properties"]["customDetails"] = {
        "instanceType": "Azure",
        "location": details["location"],
        "containerIds": None,
    }
    return body


def container(world: World, resource: Resource, body: Json) -> None:
    """A protection container; `role` is empty until it is paired."""
    facts = record(resource)
    properties = {
        "fabricFriendlyName": region_name(world, resource.id),
        "friendlyName": resource.name,
        "fabricType": "Azure",
        "protectedItemCount": facts["items"],
        "pairingStatus": "Paired" if facts["paired"] else "NotPaired",
        "role": "Primary" if facts["paired"] else "",
        "fabricSpecificDetails": None,
    }
    kind = f"{_ROOT}/replicationFabrics/replicationProtectionContainers"
    _replace(body, envelope(resource, kind, properties))


def policy(world: World, resource: Resource, body: Json) -> None:
    """A replication policy; all figures are minutes."""
    facts = record(resource)
    details = {
        "instanceType": "A2A",
        "recoveryPointThresholdInMinutes": 0,
        "recoveryPointHistory": facts["history"],
        "appConsistentFrequencyInMinutes": facts["app"],
        "multiVmSyncStatus": facts["sync"],
        "crashConsistentFrequencyInMinutes": facts["crash"],
    }
    properties = {"friendlyName": resource.name, "providerSpecificDetails": facts.get("foreign") or details}
    _replace(body, envelope(resource, f"{_ROOT}/replicationPolicies", properties))


def mapping(world: World, resource: Resource, body: Json) -> None:
    """A container mapping."""
    facts = record(resource)
    details = {
        "instanceType": "A2A",
        "agentAutoUpdateStatus": facts["auto_update"],
        "automationAccountAuthenticationType": facts["automation_authentication"],
        "automationAccountArmId": facts["automation_account"],
        "scheduleName": facts["schedule"],
        "jobScheduleName": facts["job_schedule"],
    }
    source, target = container_id(resource.id), facts["target"]
    properties = {
        "targetProtectionContainerId": arm(target),
        "targetProtectionContainerFriendlyName": name_of(target),
        "providerSpecificDetails": details,
        "health": "Normal",
        "healthErrorDetails": [],
        "policyId": arm(facts["policy"]),
        "state": "Paired",
        "sourceProtectionContainerFriendlyName": name_of(source),
        "sourceFabricFriendlyName": region_name(world, source),
        "targetFabricFriendlyName": region_name(world, target),
        "policyFriendlyName": name_of(facts["policy"]),
    }
    kind = f"{_ROOT}/replicationFabrics/replicationProtectionContainers/replicationProtectionContainerMappings"
    _replace(body, envelope(resource, kind, properties))


def network_mapping(world: World, resource: Resource, body: Json) -> None:
    """A network mapping: the networks' ids and names come back lower-cased."""
    facts = record(resource)
    source, target = str(facts["primary"]).lower(), str(facts["recovery"]).lower()
    other = facts["recovery_fabric"]
    properties = {
        "state": "Paired",
        "primaryNetworkFriendlyName": name_of(source),
        "primaryNetworkId": source,
        "primaryFabricFriendlyName": region_name(world, resource.id),
        "recoveryNetworkFriendlyName": name_of(target),
        "recoveryNetworkId": target,
        "recoveryFabricArmId": arm(other),
        "recoveryFabricFriendlyName": region_name(world, other),
        "fabricSpecificSettings": {
            "instanceType": "AzureToAzure",
            "primaryFabricLocation": location_of(world, resource.id),
            "recoveryFabricLocation": location_of(world, other),
        },
    }
    kind = f"{_ROOT}/replicationFabrics/replicationNetworks/replicationNetworkMappings"
    _replace(body, {"type": kind, "id": arm(resource.id), "name": resource.name, "properties": properties})


def _replace(body: Json, new: Json) -> None:
    body.clear()
    body.update(new)


# --- the protected item -----------------------------------------------------------------------------------------------


def item(world: World, resource: Resource, body: Json) -> None:
    """A protected item as it is now."""
    found = item_of(resource)
    kind = f"{_ROOT}/replicationFabrics/replicationProtectionContainers/replicationProtectedItems"
    _replace(body, envelope(resource, kind, _item_properties(world, resource, found)))


def _item_properties(world: World, resource: Resource, found: Item) -> Json:
    state = State(found["state"])
    look = shown(state, State(found["before"]))
    errors = health.errors_of(world, found)
    properties: Json = {
        "friendlyName": found["vm_name"],
        "protectedItemType": "",
        "protectableItemId": None,
        "recoveryServicesProviderId": provider_id(world, found["primary"]),
        "primaryFabricFriendlyName": region_name(world, found["primary"]),
        "primaryFabricProvider": "AzureFabric",
        "recoveryFabricFriendlyName": region_name(world, found["recovery"]),
        "recoveryFabricId": arm(fabric_id(found["recovery"])),
        "primaryProtectionContainerFriendlyName": name_of(found["primary"]),
        "recoveryProtectionContainerFriendlyName": name_of(found["recovery"]),
        "protectionState": look.protection_state,
        "protectionStateDescription": look.protection_description,
        "activeLocation": look.active_location,
        **_test_state(found),
        "switchProviderState": "None",
        "switchProviderStateDescription": None,
        "allowedOperations": _allowed(found, look.allowed),
        "replicationHealth": health.replication_health(errors),
        "failoverHealth": health.failover_health(errors),
        "healthErrors": errors,
        "policyId": arm(found["policy"]),
        "policyFriendlyName": name_of(found["policy"]),
    }
    if found["last_failover"] is not None:
        properties["lastSuccessfulFailoverTime"] = net(found["last_failover"])
    if found["last_test"] is not None:
        properties["lastSuccessfulTestFailoverTime"] = net(found["last_test"])
    return properties | {
        "currentScenario": _scenario(world, resource, found),
        "failoverRecoveryPointId": _failover_point(world, resource, found),
        "providerSpecificDetails": _details(world, found, state, look.vm_state, look.vm_description),
        "recoveryContainerId": arm(found["recovery"]),
        "eventCorrelationId": found["correlation"],
    }


def provider_id(world: World, container: str) -> str:
    """The provider that appears by itself under an Azure fabric."""
    home = fabric_id(container)
    return f"{arm(home)}/replicationRecoveryServicesProviders/{ids.guid(world.settings.seed, 'provider', home.lower())}"


def _allowed(found: Item, allowed: tuple[str, ...]) -> list[str]:
    """While something runs on the item, nothing else may be asked of it (*assumed*) but to give it up."""
    if found["running"] is not None and found["state"] != State.ENABLING:
        return []
    return list(allowed)


def _test_state(found: Item) -> Json:
    """`MarkedForDeletion` is where it rests after a cleanup; it does not go back to None (§6, trap 17)."""
    running = found["running"]
    if running is not None and running["operation"] == Operation.TEST_FAILOVER:
        return {
            "testFailoverState": "InProgress",
            "testFailoverStateDescription": "Test failover in progress",
        }  # assumed
    state = str(found["test"].get("state", "None"))
    texts = {"WaitingForCompletion": "Waiting for user input", "MarkedForDeletion": "Cleaning up test environment"}
    return {"testFailoverState": state, "testFailoverStateDescription": texts.get(state, state)}


def _scenario(world: World, resource: Resource, found: Item) -> Json:
    jobs = f"{arm(vault_of(resource.id))}/replicationJobs"
    running = found["running"]
    if running is None:
        return {"scenarioName": "None", "jobId": f"{jobs}/None", "startTime": NEVER}
    return {
        "scenarioName": running["scenario"],
        "jobId": f"{jobs}/{running['job']}",
        "startTime": net(running["start"]),
    }


def _failover_point(world: World, resource: Resource, found: Item) -> str | None:
    made = found["failover"] or found["test"].get("made")
    if not made or not made["point"]:
        return None
    # the container goes by its GUID in this one id (recorded: azure-powershell, A2AReprotectTest)
    place = f"{arm(fabric_id(resource.id))}/replicationProtectionContainers/{entity(world, container_id(resource.id))}"
    return f"{place}/replicationProtectedItems/{resource.name}/recoveryPoints/{made['point']}"


def point_rule(world: World, found: Item) -> timeline.PointRule | None:
    """What decides which recovery points exist now; None when there are none at all."""
    if found["first_point"] is None:
        return None
    facts = _policy_facts(world, found)
    until = world.now() if found["points_until"] is None else min(world.now(), found["points_until"])
    return timeline.PointRule(found["lineage"], found["first_point"], until, facts["history"], facts["app"])


def _policy_facts(world: World, found: Item) -> Json:
    owner = world.store.get(found["policy"])
    return record(owner) if owner is not None else {"history": 1440, "app": 0}


def _details(world: World, found: Item, state: State, vm_state: str, vm_description: str) -> Json:
    now, settings = world.now(), found["settings"]
    protected = found["first_point"] is not None
    copying = _copy(found, now, state)
    shows_nics = protected or found["turn"] > 0
    details: Json = {
        "instanceType": "A2A",
        "fabricObjectId": found["vm"].lower(),
        **_initial(found),
        "multiVmGroupId": found["group"]["id"],
        "multiVmGroupName": found["group"]["name"],
        "multiVmGroupCreateOption": found["group"]["option"],
        "managementId": found["management"],
        "protectedDisks": _disks(world, found, state, managed=False),
        "unprotectedDisks": _unprotected(world, found) or None,
        "protectedManagedDisks": _disks(world, found, state, managed=True),
        "recoveryBootDiagStorageAccountId": settings.get("boot_diagnostics"),
        "primaryFabricLocation": location_of(world, found["primary"]),
        "recoveryFabricLocation": location_of(world, found["recovery"]),
        "osType": found["os"],
        "recoveryAzureVMSize": settings["size"],
        "recoveryAzureVMName": settings["name"],
        "recoveryAzureResourceGroupId": settings.get("resource_group"),
        "recoveryCloudService": settings.get("cloud_service"),
        "recoveryAvailabilitySet": settings.get("availability_set"),
        "selectedRecoveryAzureNetworkId": settings.get("network") if protected else None,
        "selectedTfoAzureNetworkId": settings.get("test_network"),
        "vmNics": [nic(one, protected) for one in found["nics"]] if shows_nics else [],
        "vmSyncedConfigDetails": {"tags": dict(found["tags"]) if shows_nics else {}, "inputEndpoints": []},
        "monitoringPercentageCompletion": copying.percent,
        "monitoringJobType": _copy_kind(found) if copying.moving else None,
        "lastHeartbeat": net(_heartbeat(found, now)),
        "agentVersion": settings.get("agent_version", AGENT_VERSION),
        "agentExpiryDate": FOREVER,
        "isReplicationAgentUpdateRequired": bool(settings.get("agent_old")),
    }
    if protected:
        details["agentCertificateExpiryDate"] = net(found["enabled"] + 3 * 365 * 86400)[:19] + "Z"
    return details | {
        "isReplicationAgentCertificateUpdateRequired": False,
        "recoveryFabricObjectId": found["failover"]["vm"].lower() if found["failover"] else None,
        "vmProtectionState": vm_state,
        "vmProtectionStateDescription": vm_description,
        "lifecycleId": found["life"] if protected else None,
        "testFailoverRecoveryFabricObjectId": _test_machine(found),
        **_rpo(world, found, now),
        "primaryAvailabilityZone": settings.get("primary_zone"),
        "recoveryAvailabilityZone": settings.get("zone"),
        "primaryExtendedLocation": None,
        "recoveryExtendedLocation": settings.get("extended_location"),
        "vmEncryptionType": settings.get("encryption", "NotEncrypted"),
        "tfoAzureVMName": settings["test_name"],
        "recoveryAzureGeneration": found["generation"],
        "recoveryProximityPlacementGroupId": settings.get("placement_group"),
        "autoProtectionOfDataDisk": settings.get("auto_protection", "Disabled"),
        "recoveryVirtualMachineScaleSetId": settings.get("scale_set"),
        "recoveryCapacityReservationGroupId": settings.get("capacity_group"),
    }


def _initial(found: Item) -> Json:
    """Where replication began: unlike primary and recovery, it does not turn round with a re-protect (§6, trap 7)."""
    first = found["initial"]
    return {
        "initialPrimaryZone": first["primary_zone"],
        "initialPrimaryFabricLocation": first["primary"],
        "initialRecoveryZone": first["recovery_zone"],
        "initialPrimaryExtendedLocation": None,
        "initialRecoveryExtendedLocation": first["extended"],
        "initialRecoveryFabricLocation": first["recovery"],
    }


def _copy(found: Item, now: float, state: State) -> timeline.Progress:
    """The progress that the item as a whole reports: of its first copy, of a resynchronisation, or none."""
    if found["resync_start"] is not None:
        return timeline.progress(found["resync_start"], found["settings"]["resync_seconds"], now)
    if state in (State.COPYING, State.AWAITING_POINT):
        return timeline.progress(found["copy_start"], found["copy_seconds"], now)
    first = found["first_point"]
    if first is not None and state is State.PROTECTED and now < first + _SETTLED_PERCENT:
        return timeline.progress(found["copy_start"], found["copy_seconds"], now)
    return timeline.Progress(moving=False, percent=None)


def _copy_kind(found: Item) -> str:
    return "Resync" if found["resync_start"] is not None else "InitialReplication"


def _heartbeat(found: Item, now: float) -> float:
    """The agent reports every three minutes."""
    return max(found["enabled"], now - (now - found["enabled"]) % 180)


def _test_machine(found: Item) -> str | None:
    made = found["test"].get("made")
    return made["vm"] if made and found["test"].get("state") == "WaitingForCompletion" else None


def _rpo(world: World, found: Item, now: float) -> Json:
    first, made = found["first_point"], found["failover"]
    if first is None:
        return {"rpoInSeconds": None, "lastRpoCalculatedTime": None}
    if made is not None:  # the last figure stays, through the commit too (recorded: A2AReprotectTest)
        now = min(now, made["time"])
    figure = timeline.rpo(found["lineage"], first, now, health.stalled_at(world, found))
    return {"rpoInSeconds": figure.seconds, "lastRpoCalculatedTime": net(figure.calculated)}


def _unprotected(world: World, found: Item) -> list[Json]:
    status = found["settings"].get("auto_protection", "Disabled")
    luns = health.unprotected_luns(world, found)
    return [{"diskLunId": lun, "diskAutoProtectionStatus": status} for lun in luns]


# --- disks ------------------------------------------------------------------------------------------------------------


def _disks(world: World, found: Item, state: State, *, managed: bool) -> list[Json] | None:
    chosen = [one for one in found["disks"] if (one["uri"] is None) is managed]
    if not chosen:
        return None
    body = _managed_disk if managed else _unmanaged_disk
    shown = [body(one, _disk_progress(world, found, one, state)) for one in chosen]
    return [one | _turned_over(found, one) for one in shown] if managed and found["failover"] else shown


def _turned_over(found: Item, shown: Json) -> Json:
    """A disk of a machine that runs in the other region: after the commit its replica is no more.

    Recorded for committed items (azure-powershell, A2AReprotectTest); that the target is known before is *assumed*.
    """
    target = f"{shown['recoveryResourceGroupId']}/providers/Microsoft.Compute/disks/{shown['failoverDiskName']}"
    if State(found["state"]) not in (State.COMMITTED, State.SWITCHING):
        return {"recoveryTargetDiskId": target}
    original = {"recoveryOrignalTargetDiskId": target.lower()}
    return {"recoveryTargetDiskId": target, "recoveryReplicaDiskId": "", **original}


def _disk_progress(world: World, found: Item, disk: Disk, state: State) -> Json:
    """What a disk says of its own copy: its percentage is null until the copy has left zero (recorded)."""
    now = world.now()
    progress = timeline.progress(disk["copy_start"], disk["copy_seconds"], now)
    done = disk_done(found, disk, now, state)
    moving = progress.moving and not done
    return {
        "resyncRequired": found["resync_start"] is not None,
        "monitoringPercentageCompletion": (progress.percent or None) if moving else None,
        "monitoringJobType": "InitialReplication" if moving else None,
        "dataPendingInStagingStorageAccountInMB": 0.0,
        "dataPendingAtSourceAgentInMB": _pending(found, disk, now) if progress.moving else 0.0,
        "diskState": _disk_state(disk, done),
        "allowedDiskLevelOperation": ["RemoveDisk"] if disk["failed"] else [],  # the word is assumed
    }


def disk_done(found: Item, disk: Disk, now: float, state: State) -> bool:
    """Whether a disk is protected: the first ones with their machine, those added later by themselves."""
    if found["first_point"] is None or state in (State.COPYING, State.AWAITING_POINT):
        return False
    return not disk["failed"] and now >= disk["copy_start"] + disk["copy_seconds"]


def _disk_state(disk: Disk, done: bool) -> str:
    if disk["failed"]:
        return "InitialReplicationFailed"
    return "Protected" if done else "InitialReplicationPending"


def _pending(found: Item, disk: Disk, now: float) -> float:
    """Megabytes that wait at the agent: a few, changing every half minute, in steps of a 128th as recorded."""
    noise = ids.generator(found["lineage"], disk["name"], int(now // 30)).random()
    return round(noise * 3 * 128) / 128


def _managed_disk(disk: Disk, progress: Json) -> Json:
    return {
        "diskId": disk["id"].lower(),
        "recoveryResourceGroupId": disk["group"],
        "recoveryTargetDiskId": None,
        "recoveryReplicaDiskId": disk["replica_id"],
        "recoveryOrignalTargetDiskId": disk["original_target"],
        "recoveryReplicaDiskAccountType": disk["replica_sku"],
        "recoveryTargetDiskAccountType": disk["target_sku"],
        "recoveryDiskEncryptionSetId": disk["encryption_set"],
        "primaryDiskEncryptionSetId": disk["primary_encryption_set"],
        **_common_disk(disk, progress),
    }


def _unmanaged_disk(disk: Disk, progress: Json) -> Json:
    container = f"https://{name_of(disk['target_account'] or '')}.blob.core.windows.net/vhds"
    return {
        "diskUri": disk["uri"],
        "recoveryAzureStorageAccountId": disk["target_account"],
        "primaryDiskAzureStorageAccountId": disk["id"],
        "recoveryDiskUri": f"{container}/{name_of(disk['uri'] or '')}",
        **_common_disk(disk, progress),
    }


def _common_disk(disk: Disk, progress: Json) -> Json:
    """The part that managed and unmanaged disks share, encryption included."""
    keys = disk["encryption"] or {}
    secret, key = keys.get("diskEncryptionKeyInfo") or {}, keys.get("keyEncryptionKeyInfo") or {}
    return {
        "diskName": disk["name"],
        "diskCapacityInBytes": disk["size_bytes"],
        "primaryStagingAzureStorageAccountId": disk["staging"],
        "diskType": "OperatingSystem" if disk["os_disk"] else "Data",
        **progress,
        "isDiskEncrypted": bool(secret),
        "secretIdentifier": secret.get("secretIdentifier"),
        "dekKeyVaultArmId": secret.get("keyVaultResourceArmId"),
        "isDiskKeyEncrypted": bool(key),
        "keyIdentifier": key.get("keyIdentifier"),
        "kekKeyVaultArmId": key.get("keyVaultResourceArmId"),
        "failoverDiskName": disk["failover_name"],
        "tfoDiskName": disk["test_name"],
    }


# --- interfaces -------------------------------------------------------------------------------------------------------

_NIC_SETTINGS: tuple[tuple[str, str, Any], ...] = (
    # wire name in answers, our name, default
    ("recoveryNetworkSecurityGroupId", "recoveryNetworkSecurityGroupId", None),
    ("enableAcceleratedNetworkingOnRecovery", "enableAcceleratedNetworkingOnRecovery", False),
    ("tfoVMNetworkId", "tfoVMNetworkId", None),
    ("tfoNetworkSecurityGroupId", "tfoNetworkSecurityGroupId", None),
    ("enableAcceleratedNetworkingOnTfo", "enableAcceleratedNetworkingOnTfo", None),
    ("recoveryNicName", "recoveryNicName", None),
    ("recoveryNicResourceGroupName", "recoveryNicResourceGroupName", None),
    ("reuseExistingNic", "reuseExistingNic", False),
    # input and output differ (§6, trap 11)
    ("tfoRecoveryNicName", "tfoNicName", None),
    ("tfoRecoveryNicResourceGroupName", "tfoNicResourceGroupName", None),
    ("tfoReuseExistingNic", "tfoReuseExistingNic", False),
    ("targetNicName", "targetNicName", None),
)


def nic(one: Nic, protected: bool) -> Json:
    """One network interface with its choices; before protection a reversed item has them already (§3.3 phase 10)."""
    settings = one["settings"]
    return {
        "nicId": one["id"],
        "replicaNicId": None,
        "sourceNicArmId": one["source"] if protected else one["source"].lower(),
        "vMNetworkName": settings.get("network_name") if protected else None,
        "recoveryVMNetworkId": settings.get("recovery_network"),
        "ipConfigs": [_ip(ip, protected) for ip in one["ips"]],
        "selectionType": settings.get("selection", "SelectedByUserOverride") if protected else "NotSelected",
        **{wire: settings.get(ours, default) for wire, ours, default in _NIC_SETTINGS},
    }


def _ip(ip: Json, protected: bool) -> Json:
    return {
        "name": ip["name"] if protected else None,
        "isPrimary": ip["primary"],
        "subnetName": ip["subnet"] if protected else None,
        "staticIPAddress": ip["address"] if protected else None,
        "ipAddressType": ip["kind"],
        "isSeletedForFailover": ip["selected"],
        "recoverySubnetName": ip["recoverySubnetName"],
        "recoveryStaticIPAddress": ip["recoveryStaticIPAddress"] or "",
        "recoveryIPAddressType": "Static" if ip["recoveryStaticIPAddress"] else "Dynamic",
        "recoveryPublicIPAddressId": ip["recoveryPublicIPAddressId"],
        "recoveryLBBackendAddressPoolIds": ip["recoveryLBBackendAddressPoolIds"],
        "tfoSubnetName": ip["tfoSubnetName"],
        "tfoStaticIPAddress": ip["tfoStaticIPAddress"],
        "tfoPublicIPAddressId": ip["tfoPublicIPAddressId"],
        "tfoLBBackendAddressPoolIds": ip["tfoLBBackendAddressPoolIds"],
    }


# --- recovery points --------------------------------------------------------------------------------------------------


def recovery_point(world: World, owner: Resource, point: timeline.Point) -> Json:
    """A recovery point of an item; the A2A details are those of the SDK's model, no recording shows them."""
    kind = f"{_ROOT}/replicationFabrics/replicationProtectionContainers/replicationProtectedItems/recoveryPoints"
    found = item_of(owner)
    details = {
        "instanceType": "A2A",
        "recoveryPointSyncType": _sync(world, found),
        "disks": [disk["name"] for disk in found["disks"] if disk["copy_start"] + disk["copy_seconds"] <= point.time],
    }
    properties = {
        "recoveryPointTime": net(point.time),
        "recoveryPointType": "ApplicationConsistent" if point.application else "CrashConsistent",
        "providerSpecificDetails": details,
    }
    return {
        "id": f"{arm(owner.id)}/recoveryPoints/{point.name}",
        "name": point.name,
        "type": kind,
        "properties": properties,
    }


def _sync(world: World, found: Item) -> str:
    grouped = bool(found["group"]["name"])
    return "MultiVmSyncRecoveryPoint" if grouped else "PerVmRecoveryPoint"
