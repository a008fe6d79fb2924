"""Protection intents: one request per machine, and the service makes everything else by itself.

A synchronous PUT (200); the intent's job creates fabrics, containers, policy, mappings, target group, network and cache
account under the portal's names and then enables the machine (site-recovery-protocol.md §2.1 W2, portal-behaviour.md
§1.5). All of it happens when the job ends; the pace of its parts is *assumed*.
"""

from __future__ import annotations

import copy
import hashlib
from base64 import urlsafe_b64encode

from simulator.kernel import ids, verbs
from simulator.kernel.agenda import Entry, effect
from simulator.kernel.call import Call
from simulator.kernel.registry import ResourceType
from simulator.kernel.request import Response
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.site_recovery import enable, foundations, machines, materialize, obstacles, problems, service, shapes
from simulator.site_recovery.foundations import kind
from simulator.site_recovery.machines import Machine
from simulator.site_recovery.problems import Problem
from simulator.site_recovery.records import Json
from simulator.site_recovery.service import INTENT, Task, answering, client_of, take
from simulator.site_recovery.shapes import arm, name_of, record, vault_of
from simulator.site_recovery.states import State

_POLICY = "24-hour-retention-policy"
_ASKED = {
    "protectionProfile": "protectionProfileCustomInput",
    "primaryStagingStorageAccount": "primaryStagingStorageAccountCustomInput",
    "recoveryAvailabilitySet": "recoveryAvailabilitySetCustomInput",
    "recoveryVirtualNetwork": "recoveryVirtualNetworkCustomInput",
    "recoveryProximityPlacementGroup": "recoveryProximityPlacementGroupCustomInput",
}
"""What is echoed -> the name under which it was asked for."""
_SHOWN = (
    "fabricObjectId",
    "primaryLocation",
    "recoveryLocation",
    "recoverySubscriptionId",
    "vmDisks",
    "vmManagedDisks",
    "recoveryResourceGroupId",
    *_ASKED,
    "autoProtectionOfDataDisk",
    "multiVmGroupName",
    "multiVmGroupId",
    "recoveryBootDiagStorageAccount",
    "diskEncryptionInfo",
    "recoveryAvailabilityZone",
    "recoveryAvailabilityType",
    "agentAutoUpdateStatus",
    "automationAccountAuthenticationType",
    "automationAccountArmId",
)
"""In the order of the record (azure-sdk-for-net, CreateA2AReplicationProtectionIntent); the last three came later."""
_PROFILE = (
    "policyName",
    "recoveryPointHistory",
    "crashConsistentFrequencyInMinutes",
    "appConsistentFrequencyInMinutes",
    "multiVmSyncStatus",
    "resourceType",
)
_PLAIN = tuple(name for name in _SHOWN if name not in _ASKED and name != "recoveryBootDiagStorageAccount")
_REQUIRED = (*_PLAIN[:4], "recoveryResourceGroupId", "recoveryAvailabilityType")


# --- the request ------------------------------------------------------------------------------------------------------


@answering
def _put_intent(call: Call) -> Response:
    owner = service.vault(call)
    given = take(call, service.properties_of(call), "providerSpecificDetails", dict, required=True)
    if given.get("instanceType") != "A2A":
        raise problems.invalid("providerSpecificDetails.instanceType", "only A2A is supported", client_of(call))
    _check(call, given)
    service.choice(call, given, "recoveryAvailabilityType", ("Single", "AvailabilitySet", "AvailabilityZone"))
    world = call.world
    guid = ids.guid(world.settings.seed, "intent", call.id.lower(), world.operations.mint(call.id, "intent"))
    service.books(world, owner.id)["used"] = True
    fault, machine = _judge(world, given)
    _start_job(call, owner, given, guid, machine, fault)
    facts = {"given": given, "job": guid, "created": world.now(), "active": True}
    resource = world.put(call.id, {}, {"record": facts})
    call.effect = "created"
    return Response(200, shapes.dated(call, resource))


_LISTS = ("vmDisks", "vmManagedDisks")
_FIGURES = ("recoveryPointHistory", "crashConsistentFrequencyInMinutes", "appConsistentFrequencyInMinutes")
_TEXTS = {
    "protectionProfileCustomInput": ("protectionProfileId", "policyName", "multiVmSyncStatus"),
    "primaryStagingStorageAccountCustomInput": ("azureStorageAccountId",),
    "recoveryAvailabilitySetCustomInput": ("recoveryAvailabilitySetId",),
    "recoveryVirtualNetworkCustomInput": ("recoveryVirtualNetworkId", "recoverySubnetName"),
    "recoveryProximityPlacementGroupCustomInput": ("recoveryProximityPlacementGroupId",),
}


def _check(call: Call, given: Json) -> None:
    """Everything that will be looked at when the job ends has the right kind now. Raises 400."""
    for name in _PLAIN:
        kind_of = list if name in _LISTS else dict if name == "diskEncryptionInfo" else str
        take(call, given, name, kind_of, required=name in _REQUIRED)
    for name, texts in _TEXTS.items():
        inner = take(call, given, name, dict) or {}
        for text in texts:
            take(call, inner, text, str)
    profile = given.get("protectionProfileCustomInput") or {}
    for figure in _FIGURES:
        take(call, profile, figure, int)
    take(call, given, "recoveryBootDiagStorageAccount", dict)
    for disk in given.get("vmManagedDisks") or []:
        if not isinstance(disk, dict):
            raise problems.invalid("vmManagedDisks", "it must be a list of objects", client_of(call))
        take(call, disk, "diskId", str, required=True)
        for sku in ("recoveryReplicaDiskAccountType", "recoveryTargetDiskAccountType"):
            service.choice(call, disk, sku, enable.SKUS)
        take(call, disk, "recoveryDiskEncryptionSetId", str)
        enable.keys_asked(call, disk)


def _judge(world: World, given: Json) -> tuple[Problem | None, Machine | None]:
    machine = machines.read(world, given["fabricObjectId"])
    if machine is None:
        found = problems.problem("150401", what=name_of(given["fabricObjectId"]), id=given["fabricObjectId"])
        return found, None
    for one in obstacles.obstacles(world, machine):
        return one.problem, machine
    code = machine.sim.get("enableError")
    return (problems.problem(str(code), vm=machine.name) if code else None), machine


def _start_job(
    call: Call, owner: Resource, given: Json, guid: str, machine: Machine | None, fault: Problem | None
) -> None:
    world = call.world
    seconds = world.duration("asr.intent", call.id)
    task = Task("enable", call.id, "", target_id=shapes.entity(world, call.id))
    task.target_name = machine.name if machine is not None else name_of(given["fabricObjectId"])
    service.open_job(world, owner.id, task, guid, seconds, client_of(call))
    told = enable.told(fault)
    world.agenda.add(world.now() + seconds, "site_recovery.intent.ends", call.id, {"job": guid, "problem": told})


# --- the end of its job -----------------------------------------------------------------------------------------------


@effect("site_recovery.intent.ends")
def _ends(world: World, entry: Entry) -> None:
    intent, job = world.store.get(entry.target), str(entry.args["job"])
    if intent is None:
        return
    fault = enable.untold(entry.args["problem"]) or _fulfil(world, intent, record(intent)["given"])
    service.close_job(world, vault_of(intent.id), job, "Failed" if fault else "Succeeded", fault)


def _fulfil(world: World, intent: Resource, given: Json) -> Problem | None:
    """Make what is missing, then protect the machine."""
    machine = machines.read(world, given["fabricObjectId"])
    if machine is None:
        return problems.problem("150401", what=name_of(given["fabricObjectId"]), id=given["fabricObjectId"])
    vault = vault_of(intent.id)
    homes = [
        _home(world, vault, ids.normalize_location(given[name])) for name in ("primaryLocation", "recoveryLocation")
    ]
    policy = _policy(world, vault, given.get("protectionProfileCustomInput") or {})
    for here, there in (homes, homes[::-1]):
        _mapping(world, here, there, policy)
    settings = _targets(world, machine, given, homes)
    wanted = _disks(world, vault, machine, given, settings)
    fault = enable.judge(world, machine, machine.id, settings, wanted, homes[0], homes[1])
    if fault is not None:
        return fault
    _protect(world, intent, machine, settings, wanted, (homes[0], homes[1], policy))
    return None


def _ensure(world: World, resource_id: str, facts: Json) -> str:
    """A foundation under the portal's name, made unless it is there."""
    found = world.store.get(resource_id)
    if found is None:
        found = world.put(resource_id, {}, {"record": facts})
    return found.id


def _home(world: World, vault: str, region: str) -> str:
    """The container of a region; a fabric that stands for the region is reused whatever its name (§6, trap 14)."""
    fabrics = world.store.select(service.FABRIC, vault)
    fabric = next((one.id for one in fabrics if record(one)["location"] == region), "")
    name = f"asr-a2a-default-{region}"
    fabric = fabric or _ensure(world, f"{vault}/replicationFabrics/{name}", {"location": region})
    there = world.store.select(service.CONTAINER, fabric)
    if there:
        return there[0].id
    blank = {"items": 0, "paired": False, "role": ""}
    return _ensure(world, f"{fabric}/replicationProtectionContainers/{name}-container", blank)


def _policy(world: World, vault: str, profile: Json) -> str:
    if profile.get("protectionProfileId"):
        return str(profile["protectionProfileId"])
    figures = {
        "history": int(profile.get("recoveryPointHistory") or 1440),
        "app": int(profile.get("appConsistentFrequencyInMinutes") or 240),
        "crash": int(profile.get("crashConsistentFrequencyInMinutes") or 5),
        "sync": str(profile.get("multiVmSyncStatus") or "Enable") + "d",
    }
    return _ensure(world, f"{vault}/replicationPolicies/{profile.get('policyName') or _POLICY}", figures)


def _mapping(world: World, here: str, there: str, policy: str) -> None:
    if foundations.mapped(world, here, there):
        return
    regions = [shapes.location_of(world, one) for one in (here, there)]
    name = f"{regions[0]}-{regions[1]}-{name_of(policy)}"
    facts = {
        "target": there,
        "policy": policy,
        "auto_update": "Disabled",
        "automation_account": None,
        "automation_authentication": "RunAsAccount",
        "schedule": None,
        "job_schedule": None,
    }
    _ensure(world, f"{here}/replicationProtectionContainerMappings/{name}", facts)
    foundations.pair(world, here)
    foundations.pair(world, there)


def _targets(world: World, machine: Machine, given: Json, homes: list[str]) -> Json:
    """Target group, network and availability set: those named, or `-asr` ones."""
    location = shapes.location_of(world, homes[1])
    group = str(given["recoveryResourceGroupId"])
    if world.store.get(group) is None:
        world.put(group, {"location": location, "properties": {"provisioningState": "Succeeded"}})
    named = given.get("recoveryVirtualNetworkCustomInput") or {}
    avset = (given.get("recoveryAvailabilitySetCustomInput") or {}).get("recoveryAvailabilitySetId")
    settings: Json = {ours: None for _, ours in enable.TARGETS}
    settings |= {
        "resource_group": group,
        "availability_set": avset,
        "zone": given.get("recoveryAvailabilityZone"),
        "asked_network": named.get("recoveryVirtualNetworkId") or _network(world, machine, group, location),
        "asked_subnet": named.get("recoverySubnetName"),
        "extended_location": None,
        "auto_protection": given.get("autoProtectionOfDataDisk") or "Disabled",
        "disk_encryption": given.get("diskEncryptionInfo"),
    }
    return settings


def _network(world: World, machine: Machine, group: str, location: str) -> str | None:
    """`{network}-asr`, identical to the source network."""
    source = world.store.get(machine.nics[0].network) if machine.nics else None
    if source is None:
        return None
    twin = f"{group}/providers/Microsoft.Network/virtualNetworks/{source.name}-asr"
    if world.store.get(twin) is None:
        spaces = copy.deepcopy(source.properties.get("addressSpace") or {"addressPrefixes": ["10.0.0.0/16"]})
        properties = {"addressSpace": spaces, "subnets": _subnets(world, source), "provisioningState": "Succeeded"}
        world.put(twin, {"location": location, "properties": properties})
    return twin


def _subnets(world: World, source: Resource) -> list[Json]:
    own = materialize.subnets_of(world, source)
    prefixes = ((one["name"], one["properties"].get("addressPrefix")) for one in own)
    return [{"name": name, "properties": {"addressPrefix": prefix}} for name, prefix in prefixes]


def _disks(world: World, vault: str, machine: Machine, given: Json, settings: Json) -> list[Json]:
    """Every attached disk, or those named; one cache account per vault and source region."""
    named = {str(one.get("diskId", "")).lower(): one for one in given.get("vmManagedDisks") or []}
    account = (given.get("primaryStagingStorageAccountCustomInput") or {}).get("azureStorageAccountId")
    account = account or _cache(world, vault, machine.location)
    chosen = [disk for disk in machine.disks if not named or disk.key in named]
    return [
        {
            "key": disk.key,
            "staging": account,
            "group": settings["resource_group"] if disk.uri is None else None,
            "target_account": account if disk.uri is not None else None,
            "replica_sku": named.get(disk.key, {}).get("recoveryReplicaDiskAccountType"),
            "target_sku": named.get(disk.key, {}).get("recoveryTargetDiskAccountType"),
            "encryption_set": named.get(disk.key, {}).get("recoveryDiskEncryptionSetId"),
            "encryption": named.get(disk.key, {}).get("diskEncryptionInfo"),
        }
        for disk in chosen
    ]


def _cache(world: World, vault: str, region: str) -> str:
    """`{6 random}{vault}asrcache` in the vault's group (portal-behaviour.md §1.5)."""
    token = ids.guid(world.settings.seed, "cache", vault.lower(), region).replace("-", "")[:6]
    plain = "".join(one for one in name_of(vault).lower() if one.isalnum())
    name = f"{token}{plain[: 24 - 6 - len('asrcache')]}asrcache"
    account = f"{ids.group_of(vault)}/providers/Microsoft.Storage/storageAccounts/{name}"
    if world.store.get(account) is None:
        document = {"location": region, "kind": "StorageV2", "sku": {"name": "Standard_LRS", "tier": "Standard"}}
        world.put(account, {**document, "properties": {"provisioningState": "Succeeded"}})
    return account


def _protect(
    world: World, intent: Resource, machine: Machine, settings: Json, wanted: list[Json], where: tuple[str, str, str]
) -> None:
    """The item, under a 43-character name as the portal's are; its first copy begins at once."""
    digest = hashlib.sha256(f"{world.settings.seed}{machine.id.lower()}".encode()).digest()
    name = urlsafe_b64encode(digest).decode().rstrip("=").replace("_", "x").lstrip("-")
    item_id = f"{where[0]}/replicationProtectedItems/{name}"
    group = {"id": ids.guid(world.settings.seed, "group", item_id.lower()), "name": "", "option": "AutoCreated"}
    found = enable.new_item(world, item_id, machine, settings, wanted, where, group)
    found["state"] = State.COPYING
    resource = world.put(item_id, {}, {"record": found})
    enable.admit(world, resource, found)


# --- reading ----------------------------------------------------------------------------------------------------------


def _render(world: World, resource: Resource, body: Json) -> None:
    """The echo has renamed keys, and null for what was not given (§3.2)."""
    facts = record(resource)
    given = facts["given"]
    details: Json = {"instanceType": "A2A"} | {name: given.get(_ASKED.get(name, name)) for name in _SHOWN}
    details["protectionProfile"] = _in_order(details["protectionProfile"])
    job = service.job_of(world, vault_of(resource.id), facts["job"])
    properties = {
        "friendlyName": resource.name,
        "jobId": f"{arm(vault_of(resource.id))}/replicationJobs/{facts['job']}",
        "jobState": (job["state"] or "InProgress") if job is not None else "Succeeded",
        "isActive": facts["active"],
        "creationTimeUTC": service.us_date(facts["created"]),
        "providerSpecificDetails": details,
    }
    body.clear()
    body.update(shapes.envelope(resource, INTENT, properties))


def _in_order(profile: Json | None) -> Json | None:
    """The policy's settings as the record has them: what kind of input it was comes last."""
    if profile is None:
        return None
    known = {name: profile[name] for name in _PROFILE if name in profile}
    return {name: value for name, value in profile.items() if name not in known} | known


@answering
def _get_intent(call: Call) -> Response:
    service.vault(call)
    return Response(200, shapes.dated(call, service.stored(call, call.id, "protection intent")))


@answering
def _list_intents(call: Call) -> Response:
    service.vault(call)
    keys = foundations.below(call.world, INTENT, call.id)
    return verbs.page(call, keys, lambda resource: shapes.dated(call, resource))


TYPES: list[ResourceType] = [
    kind(INTENT, render=_render, overrides={"GET": _get_intent, "LIST": _list_intents, "PUT": _put_intent}),
]
