"""Fabrics, containers, policies, mappings, networks, network mappings, providers: what replication rests on.

Bodies: site-recovery-protocol.md §2.2; answers §3.2. Everything that changes anything is accepted with a 202. Which of the
refusals come at once and which as a failed job is recorded for a few only; the others are *assumed*.
"""

from __future__ import annotations

from typing import Any

from simulator.kernel import ids, verbs
from simulator.kernel.call import Call
from simulator.kernel.operations import Operation
from simulator.kernel.registry import Action, ResourceType, Style, Write
from simulator.kernel.request import Response, encode
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.providers import regions
from simulator.site_recovery import materialize, problems, service, shapes
from simulator.site_recovery.problems import Problem
from simulator.site_recovery.records import Json
from simulator.site_recovery.service import (
    CONTAINER,
    FABRIC,
    ITEM,
    MAPPING,
    NETWORK_MAPPING,
    POLICY,
    VAULT,
    Task,
    answering,
    begin,
    client_of,
    completion,
    provider_input,
    take,
)
from simulator.site_recovery.shapes import container_id, fabric_id, record, vault_of
from simulator.site_recovery.versions import SITE_RECOVERY

NAME = r"[A-Za-z0-9][A-Za-z0-9_.()-]{0,254}"
"""Names of Site Recovery's resources; the length is *assumed*."""
_CONTAINER_NAME_MAX = 128  # assumed; longer ones fail with 150257
_HISTORY_MAX = 15 * 24 * 60
_FREQUENCIES: dict[str, type] = {"appConsistentFrequencyInMinutes": int, "crashConsistentFrequencyInMinutes": int}
_AUTOMATION = ("RunAsAccount", "SystemAssignedIdentity")


# --- creating and replacing, common to all ----------------------------------------------------------------------------


def existing_of(call: Call, kind: str) -> Resource | None:
    """The resource of the address, which must not be in the middle of a change. Raises 400 for a bad name, 409."""
    verbs._check_name(call)
    found = call.world.store.get(call.id)
    if found is not None and found.operation:
        raise problems.busy(found.name, f"Write{kind}", found.operation, client_of(call))
    return found


def write(call: Call, task: Task, facts: Json, existing: Resource | None) -> Response:
    """Accept a PUT or PATCH: the new facts wait in the operation; a new resource is there but not born yet."""
    world = call.world
    if existing is None and task.problem is None:
        resource = world.put(call.id, {}, {"record": facts})
        resource.born = False
        task.target = resource
        call.effect = "created"
    elif existing is not None:
        same = record(existing) == facts
        call.effect = "replaced-identical" if same else "replaced-changed"
    task.args = {"facts": facts, **task.args}
    return begin(call, task)


def _land(world: World, operation: Operation) -> Resource | None:
    """The end of a write: the facts are the resource's, and it can be seen."""
    resource = world.store.get(operation.target)
    if resource is None:
        return None
    resource.sim["record"] = operation.args["facts"]
    resource.born = True
    world.store.touch(resource)
    return resource


@completion("site_recovery.written")
def _written(world: World, operation: Operation) -> Problem | None:
    """A fabric, container, policy, mapping or network mapping is there (or has changed), or was refused late."""
    if service.doom(operation) is not None:
        _drop_unborn(world, operation.target)
        return None
    if "problem" in operation.args:
        _drop_unborn(world, operation.target)
        return problems.problem(operation.args["problem"], **operation.args.get("words", {}))
    resource = _land(world, operation)
    if resource is not None and resource.type == MAPPING:
        pair(world, resource.id)
        pair(world, record(resource)["target"])
    return None


def _drop_unborn(world: World, resource_id: str) -> None:
    resource = world.store.get(resource_id)
    if resource is not None and not resource.born:
        world.remove(resource)


@completion("site_recovery.removed")
def _removed(world: World, operation: Operation) -> Problem | None:
    """A foundation is gone, with what is below it."""
    resource = world.store.get(operation.target)
    if resource is None or service.doom(operation) is not None:
        return None
    target = record(resource).get("target") if resource.type == MAPPING else None
    world.remove(resource)
    if target is not None:
        pair(world, operation.target)
        pair(world, target)
    return None


def remove(call: Call, scenario: str, **about: Any) -> Response:
    """Accept the removal of the addressed resource; 204 at once when there is none (as ARM does, *assumed*)."""
    found = call.world.store.get(call.id)
    if found is None:
        service.vault(call)
        call.effect = "noop"
        return Response(204)
    if found.operation:
        raise problems.busy(found.name, scenario, found.operation, client_of(call))
    call.effect = "deleted"
    return begin(call, Task(scenario, found, "site_recovery.removed", result="none", **about))


# --- fabrics ----------------------------------------------------------------------------------------------------------


def _get(kind: str) -> Any:
    """GET of one resource: Site Recovery's own 404, or its 400 in a fresh vault."""

    @answering
    def handler(call: Call) -> Response:
        service.vault(call)
        return Response(200, _seen(call, service.stored(call, call.id, kind)))

    return handler


def _seen(call: Call, resource: Resource) -> bytes:
    """A resource as the request's api-version has it; of these types, mappings have gained fields."""
    return shapes.dated(call, resource) if resource.type == MAPPING else call.world.bytes_of(resource)


@answering
def _list_below(call: Call) -> Response:
    """A list under a vault, fabric or container: everything of the type below it; empty in a fresh vault."""
    service.vault(call)
    return verbs.page(call, below(call.world, _full_type(call), call.id), lambda resource: _seen(call, resource))


@answering
def _list_fabrics(call: Call) -> Response:
    """Fabrics in a list do not know their containers and zones (recorded: azure-cli-extensions, A2A_selfcreated)."""
    service.vault(call)
    return verbs.page(
        call, below(call.world, FABRIC, call.id), lambda found: encode(shapes.listed_fabric(call.world, found))
    )


@answering
def _list_mappings(call: Call) -> Response:
    """Mappings of a container: those that lead to it, then those that leave it, each under its own id.

    Recorded: azure-powershell, A2AReprotectTest; azure-cli-extensions' own test counts on two of them.
    """
    service.vault(call)
    found = [*_targets(call.world, call.id), *_resources(call.world, MAPPING, call.id)]
    seen = [one for one in found if call.world.shown(one) and not call.world.faults.hides(one, in_list=True)]
    return verbs.page_of(call, [shapes.dated_body(call, one) for one in seen])


def _full_type(call: Call) -> str:
    """The type whose resources a list shows: the lists of the vault show what lives deeper."""
    return _DEEP.get(call.type.name.lower(), call.type.name)


_DEEP = {f"{VAULT}/{kind.rsplit('/', 1)[1]}".lower(): kind for kind in (CONTAINER, ITEM, MAPPING, NETWORK_MAPPING)}


def below(world: World, type_name: str, root: str) -> list[str]:
    """Keys of every resource of a type anywhere below an id. They are sorted, so they are one slice."""
    from bisect import bisect_left

    keys = world.store.keys(type_name, ids.subscription_of(root))
    prefix = root.lower().rstrip("/") + "/"
    return keys[bisect_left(keys, prefix) : bisect_left(keys, prefix[:-1] + "0")]


def _resources(world: World, type_name: str, root: str) -> list[Resource]:
    found = (world.store.get(key) for key in below(world, type_name, root))
    return [one for one in found if one is not None]


@answering
def _put_fabric(call: Call) -> Response:
    service.vault(call)
    details = take(call, service.properties_of(call), "customDetails", dict, required=True)
    if str(details.get("instanceType") or "Azure") not in ("Azure", "FabricSpecificCreationInput"):
        raise problems.invalid("customDetails.instanceType", "only Azure fabrics are modelled", client_of(call))
    location = ids.normalize_location(take(call, details, "location", str, required=True))
    if location not in regions.BY_NAME:
        raise problems.invalid("customDetails.location", f"'{location}' is not a region", client_of(call))
    existing = existing_of(call, "Fabric")
    _check_region(call, location, existing)
    seconds = None if existing is None else 1.0 * call.world.settings.durations
    task = Task("fabric.create", existing or call.id, "site_recovery.written", seconds=seconds)
    task.affected = _fabric_affected(call)
    return write(call, task, {"location": location}, existing)


def _fabric_affected(call: Call) -> Json:
    """What the job of a fabric says of it (recorded: azure-powershell, A2ANewAsrFabric)."""
    identity = shapes.entity(call.world, call.id)
    return {"primaryVmmId": identity, "primaryVmmName": call.address.name, "primaryFabricProviderId": "Azure"}


def _check_region(call: Call, location: str, existing: Resource | None) -> None:
    """One fabric per region and vault (§6, trap 14), and a fabric never moves. The answers are *assumed*."""
    if existing is not None and record(existing)["location"] != location:
        raise problems.in_use("fabric", existing.name, "its region cannot be changed", client_of(call))
    others = call.world.store.select(FABRIC, vault_of(call.id))
    twin = next((one for one in others if record(one)["location"] == location and one is not existing), None)
    if twin is not None:
        reason = f"the fabric '{twin.name}' stands for the region '{location}' already"
        raise problems.in_use("fabric", call.address.name, reason, client_of(call))


@answering
def _remove_fabric(call: Call) -> Response:
    """POST .../remove, and DELETE (purge): both need an empty fabric (§5, deletion order; the answer is *assumed*)."""
    if call.world.store.get(call.id) is not None and below(call.world, CONTAINER, call.id):
        raise problems.in_use("fabric", call.address.name, "it has protection containers", client_of(call))
    if call.action:
        service.stored(call, call.id, "fabric", hidden=True)
    return remove(call, "fabric.remove")


def _fabric_gone(world: World, fabric: Resource) -> None:
    """Network mappings go with their fabric; the network between the two is not kept, so nothing else finds them."""
    for one in _resources(world, NETWORK_MAPPING, fabric.id):
        world.remove(one)


@answering
def _check_fabric(call: Call) -> Response:
    """checkConsistency, and the actions of on-premises fabrics that an Azure fabric has no use for (*assumed*)."""
    found = service.stored(call, call.id, "fabric")
    return begin(call, Task("fabric.check", found, "site_recovery.checked"))


@completion("site_recovery.checked")
def _checked(_world: World, _operation: Operation) -> Problem | None:
    return None


# --- containers -------------------------------------------------------------------------------------------------------


@answering
def _put_container(call: Call) -> Response:
    service.vault(call)
    inputs = take(call, service.properties_of(call, required=False), "providerSpecificInput", list) or []
    for entry in inputs:
        if not isinstance(entry, dict):
            raise problems.invalid("providerSpecificInput", "it must be a list of objects", client_of(call))
        provider_input(call, {"providerSpecificInput": entry}, "providerSpecificInput")
    service.stored(call, fabric_id(call.id), "fabric")
    existing = existing_of(call, "Container")
    facts = record(existing) if existing is not None else {"items": 0, "paired": False, "role": ""}
    task = Task("container.create", existing or call.id, "site_recovery.written")
    if len(call.address.name) > _CONTAINER_NAME_MAX:
        task.problem = problems.problem("150257", name=call.address.name)
        task.args = {"problem": "150257", "words": {"name": call.address.name}}
    return write(call, task, facts, existing)


@answering
def _remove_container(call: Call) -> Response:
    found = service.stored(call, call.id, "protection container")
    for kind, what in ((ITEM, "protected items"), (MAPPING, "protection container mappings")):
        if below(call.world, kind, found.id):
            raise problems.in_use("protection container", found.name, f"it has {what}", client_of(call))
    if any(_targets(call.world, found.id)):
        raise problems.in_use("protection container", found.name, "a mapping leads to it", client_of(call))
    return remove(call, "container.remove")


def _targets(world: World, container: str) -> list[Resource]:
    """Mappings that lead to a container."""
    wanted = container.lower()
    return [one for one in _resources(world, MAPPING, vault_of(container)) if record(one)["target"].lower() == wanted]


def pair(world: World, mapping_or_container: str) -> None:
    """Work out a container's pairing anew: source of a mapping is Primary, mere target is Recovery (§3.2)."""
    container = world.store.get(container_id(mapping_or_container))
    if container is None:
        return
    source = any(one.born for one in _resources(world, MAPPING, container.id))
    target = any(one.born for one in _targets(world, container.id))
    facts = record(container)
    facts["paired"] = source or target
    facts["role"] = "Primary" if source else "Recovery" if target else ""
    world.store.touch(container)


def count_item(world: World, container: str, change: int) -> None:
    """An item came to a container, or went."""
    found = world.store.get(container)
    if found is not None:
        record(found)["items"] += change
        world.store.touch(found)


# --- policies ---------------------------------------------------------------------------------------------------------


@answering
def _get_policy(call: Call) -> Response:
    service.vault(call)
    return Response(200, shapes.modern_policy(call, service.stored(call, call.id, "replication policy")))


@answering
def _list_policies(call: Call) -> Response:
    service.vault(call)
    return verbs.page(call, below(call.world, POLICY, call.id), lambda resource: shapes.modern_policy(call, resource))


@answering
def _put_policy(call: Call) -> Response:
    service.vault(call)
    properties = service.properties_of(call)
    foreign = _foreign(call, properties, "providerSpecificInput")
    given = {} if foreign else provider_input(call, properties, "providerSpecificInput")
    existing = existing_of(call, "Policy")
    scenario = "policy.create" if existing is None else "policy.update"
    return _policy(call, scenario, _figures(call, given, {}) | foreign, existing)


@answering
def _patch_policy(call: Call) -> Response:
    """The body's key is replicationProviderSettings here, not providerSpecificInput (§2.2)."""
    found = service.stored(call, call.id, "replication policy")
    properties = service.properties_of(call)
    foreign = _foreign(call, properties, "replicationProviderSettings")
    given = {} if foreign else provider_input(call, properties, "replicationProviderSettings")
    existing_of(call, "Policy")
    return _policy(call, "policy.update", _figures(call, given, record(found)) | foreign, found)


_FOREIGN = {
    "InMageRcm": {"recoveryPointHistoryInMinutes": int, **_FREQUENCIES, "enableMultiVmSync": str},
    "InMageRcmFailback": _FREQUENCIES,
}
"""Policies of machines that come from VMware: kept and shown, and of no use to an Azure machine.

Recorded: azure-cli-extensions, test_siterecovery_vault_scenarios (what is left out is *assumed* to be null).
"""


def _foreign(call: Call, properties: Json, name: str) -> Json:
    """The details of a policy of another provider, as they will be shown; {} for Azure to Azure. Raises 400."""
    given = take(call, properties, name, dict) or {}
    fields = _FOREIGN.get(str(given.get("instanceType")))
    if fields is None:
        return {}
    told = {field: take(call, given, field, kind) for field, kind in fields.items()}
    return {"foreign": {"instanceType": given["instanceType"], **told}}


def _figures(call: Call, given: Json, before: Json) -> Json:
    """The policy's figures in minutes; what is left out is 0, crash-consistent points 5 (recorded defaults)."""

    def minutes(name: str, old: str, default: int) -> int:
        value = take(call, given, name, int)
        if value is not None and value < 0:
            raise problems.invalid(name, "it must not be negative", client_of(call))
        return int(before.get(old, default) if value is None else value)

    sync = service.choice(call, given, "multiVmSyncStatus", ("Enable", "Disable"))
    return {
        "history": minutes("recoveryPointHistory", "history", 0),
        "app": minutes("appConsistentFrequencyInMinutes", "app", 0),
        "crash": minutes("crashConsistentFrequencyInMinutes", "crash", 5) or 5,
        "sync": f"{sync}d" if sync else before.get("sync", "Enabled"),
    }


def _policy(call: Call, scenario: str, facts: Json, existing: Resource | None) -> Response:
    task = Task(scenario, existing or call.id, "site_recovery.written")
    why = _policy_fault(facts)
    if why:  # the server judges, and late: 150261 (§6, trap 27)
        words = {"name": call.address.name, "why": why}
        task.problem = problems.problem("150261", **words)
        task.args = {"problem": "150261", "words": words}
    return write(call, task, facts, existing)


def _policy_fault(facts: Json) -> str:
    """What is wrong with a policy's figures, or "" (portal-behaviour.md §1.6; exact limits are *assumed*)."""
    if facts["history"] > _HISTORY_MAX:
        return f"The recovery point retention must be between 0 and {_HISTORY_MAX} minutes."
    if facts["app"] and facts["app"] > facts["history"]:
        return "The app-consistent snapshot frequency must not be longer than the recovery point retention."
    if facts["app"] and facts["app"] < 60:
        return "The app-consistent snapshot frequency must be 0 or at least 60 minutes."
    return ""


@answering
def _delete_policy(call: Call) -> Response:
    found = call.world.store.get(call.id)
    if found is not None:
        wanted = found.id.lower()
        for kind, what in ((MAPPING, "a protection container mapping"), (ITEM, "a protected item")):
            users = _resources(call.world, kind, vault_of(found.id))
            if any(str(record(one)["policy"]).lower() == wanted for one in users):
                raise problems.in_use("replication policy", found.name, f"{what} uses it", client_of(call))
    return remove(call, "policy.remove")


# --- container mappings -----------------------------------------------------------------------------------------------


@answering
def _put_mapping(call: Call) -> Response:
    service.vault(call)
    properties = service.properties_of(call)
    target = service.same_vault(call, properties.get("targetProtectionContainerId"), "targetProtectionContainerId")
    policy = service.same_vault(call, properties.get("policyId"), "policyId")
    given = provider_input(call, properties, "providerSpecificInput", required=False)
    source = service.stored(call, container_id(call.id), "protection container")
    other = service.stored(call, target, "protection container")
    rule = service.stored(call, policy, "replication policy")
    if "foreign" in record(rule):
        raise problems.invalid("policyId", "it is a policy of another provider", client_of(call))
    if other is source:
        raise problems.invalid("targetProtectionContainerId", "it must be another container", client_of(call))
    existing = existing_of(call, "Mapping")
    facts = {"target": other.id, "policy": rule.id, **_automation(call, given, existing)}
    _check_pair(call, facts, existing)
    return _mapping(call, "mapping.create", facts, existing, rule)


def _mapping(call: Call, scenario: str, facts: Json, existing: Resource | None, rule: Resource | str) -> Response:
    duration = "asr.mapping.automation" if facts["auto_update"] == "Enabled" else ""
    rule_id = rule if isinstance(rule, str) else rule.id
    task = Task(scenario, existing or call.id, "site_recovery.written", duration=duration)
    task.target_id = shapes.entity(call.world, rule_id)
    task.target_name = shapes.name_of(rule_id)
    return write(call, task, facts, existing)


def _automation(call: Call, given: Json, existing: Resource | None) -> Json:
    """Automatic agent updates; the schedule's names follow the portal's (§2.1)."""
    before = record(existing) if existing is not None else {}
    status = service.choice(call, given, "agentAutoUpdateStatus", ("Enabled", "Disabled"))
    status = status or before.get("auto_update", "Disabled")
    account = take(call, given, "automationAccountArmId", str) or before.get("automation_account")
    way = service.choice(call, given, "automationAccountAuthenticationType", _AUTOMATION)
    on = status == "Enabled"
    if on and not account:
        raise problems.invalid("automationAccountArmId", "it is required for automatic updates", client_of(call))
    container = shapes.entity(call.world, container_id(call.id))
    return {
        "auto_update": status,
        "automation_account": account if on else None,
        "automation_authentication": way or before.get("automation_authentication", _AUTOMATION[0]),
        "schedule": f"{call.address.name}_{container}" if on else None,
        "job_schedule": ids.guid(call.world.settings.seed, "schedule", call.id.lower()) if on else None,
    }


def _check_pair(call: Call, facts: Json, existing: Resource | None) -> None:
    """Two containers are mapped once per direction and policy (*assumed*)."""
    for other in _resources(call.world, MAPPING, container_id(call.id)):
        theirs = record(other)
        if other is existing or theirs["target"].lower() != facts["target"].lower():
            continue
        if theirs["policy"].lower() == facts["policy"].lower():
            reason = f"the mapping '{other.name}' maps the same containers with the same policy"
            raise problems.in_use("protection container mapping", call.address.name, reason, client_of(call))


@answering
def _patch_mapping(call: Call) -> Response:
    found = service.stored(call, call.id, "protection container mapping")
    given = provider_input(call, service.properties_of(call), "providerSpecificInput")
    existing_of(call, "Mapping")
    facts = record(found) | _automation(call, given, found)
    return _mapping(call, "mapping.update", facts, found, facts["policy"])


@answering
def _remove_mapping(call: Call) -> Response:
    """POST .../remove with a body, and DELETE (purge). Items that replicate over it forbid it (*assumed*)."""
    if call.action:
        service.properties_of(call, required=False)
        service.stored(call, call.id, "protection container mapping")
    found = call.world.store.get(call.id)
    about: Json = {}
    if found is not None:
        if _mapping_used(call.world, found):
            raise problems.in_use(
                "protection container mapping", found.name, "items replicate over it", client_of(call)
            )
        policy = record(found)["policy"]
        about = {"target_id": shapes.entity(call.world, policy), "target_name": shapes.name_of(policy)}
    return remove(call, "mapping.remove", **about)


def _mapping_used(world: World, mapping: Resource) -> bool:
    facts = record(mapping)
    for item in _resources(world, ITEM, container_id(mapping.id)):
        theirs = record(item)
        if (
            theirs["recovery"].lower() == facts["target"].lower()
            and theirs["policy"].lower() == facts["policy"].lower()
        ):
            return True
    return False


def mapped(world: World, source: str, target: str) -> bool:
    """Whether a container is mapped to another one."""
    wanted = target.lower()
    return any(record(one)["target"].lower() == wanted and one.born for one in _resources(world, MAPPING, source))


# --- networks and network mappings ------------------------------------------------------------------------------------


def _network(world: World, fabric: Resource, name: str, subnets: list[Json]) -> Json:
    """A network of an Azure fabric (body *assumed*: no recording shows one)."""
    return {
        "id": f"{shapes.arm(fabric.id)}/replicationNetworks/{name}",
        "name": name,
        "type": f"{FABRIC}/replicationNetworks",
        "properties": {
            "fabricType": "Azure",
            "subnets": subnets,
            "friendlyName": name,
            "networkType": "AzureToAzure",
        },
    }


def _networks(world: World, fabric: Resource) -> list[Json]:
    """The virtual networks of the fabric's region in the vault's subscription."""
    kind, scope = "Microsoft.Network/virtualNetworks", ids.subscription_of(fabric.id)
    region = record(fabric)["location"]
    found = [one for one in world.store.select(kind, scope) if one.location == region]
    return [_network(world, fabric, one.name, _subnets(world, one)) for one in found]


def _subnets(world: World, network: Resource) -> list[Json]:
    entries = materialize.subnets_of(world, network)
    return [
        {
            "name": entry.get("name"),
            "friendlyName": entry.get("name"),
            "addressList": [str((entry.get("properties") or {}).get("addressPrefix") or "")],
        }
        for entry in entries
    ]


@answering
def _list_networks(call: Call) -> Response:
    service.vault(call)
    if len(call.address.types) == 1:
        fabrics = call.world.store.select(FABRIC, call.id)
    else:
        fabrics = [service.stored(call, fabric_id(call.id), "fabric")]
    return verbs.page_of(call, [one for fabric in fabrics for one in _networks(call.world, fabric)])


@answering
def _get_network(call: Call) -> Response:
    fabric = service.stored(call, fabric_id(call.id), "fabric")
    wanted = call.address.name.lower()
    if wanted == "azurenetwork":  # the literal that CLI and PowerShell use (§2.2)
        return Response(200, _network(call.world, fabric, "azureNetwork", []))
    for found in _networks(call.world, fabric):
        if found["name"].lower() == wanted:
            return Response(200, found)
    raise problems.entity_missing("network", call.address.name, client_of(call))


@answering
def _put_network_mapping(call: Call) -> Response:
    service.vault(call)
    properties = service.properties_of(call)
    details = take(call, properties, "fabricSpecificDetails", dict, required=True)
    primary = take(call, details, "primaryNetworkId", str, required=True)
    return _network_mapping(call, properties, primary, "network.create", existing_of(call, "NetworkMapping"))


@answering
def _patch_network_mapping(call: Call) -> Response:
    found = service.stored(call, call.id, "network mapping")
    properties = service.properties_of(call)
    details = take(call, properties, "fabricSpecificDetails", dict) or {}
    primary = take(call, details, "primaryNetworkId", str) or record(found)["primary"]
    before = {"recoveryFabricName": shapes.name_of(record(found)["recovery_fabric"])}
    properties = {**before, "recoveryNetworkId": record(found)["recovery"], **properties}
    return _network_mapping(call, properties, primary, "network.create", existing_of(call, "NetworkMapping"))


def _network_mapping(call: Call, properties: Json, primary: str, scenario: str, existing: Resource | None) -> Response:
    recovery = take(call, properties, "recoveryNetworkId", str, required=True)
    name = take(call, properties, "recoveryFabricName", str, required=True)
    home = service.stored(call, fabric_id(call.id), "fabric")
    other = service.stored(call, f"{vault_of(call.id)}/replicationFabrics/{name}", "fabric")
    facts = {"primary": primary, "recovery": recovery, "recovery_fabric": other.id}
    _check_mapped_once(call, facts, existing)
    task = Task(scenario, existing or call.id, "site_recovery.written")
    task.target_id = task.target_name = shapes.name_of(primary)
    fault = _network_fault(call.world, primary, home) or _network_fault(call.world, recovery, other)
    if fault is not None:
        task.problem = problems.problem(*fault[:1], **fault[1])
        task.args = {"problem": fault[0], "words": fault[1]}
    return write(call, task, facts, existing)


def _network_fault(world: World, network_id: str, fabric: Resource) -> tuple[str, Json] | None:
    """A network must exist, in the region of its fabric; that this comes late is *assumed*."""
    found, expected = world.visible(network_id), record(fabric)["location"]
    if found is None:
        return "150401", {"what": shapes.name_of(network_id), "id": network_id}
    if found.location != expected:
        return "150405", {"what": found.name, "found": found.location, "expected": expected}
    return None


def _check_mapped_once(call: Call, facts: Json, existing: Resource | None) -> None:
    """A network is mapped to one network per recovery region (portal-behaviour.md §1.5); the answer is *assumed*."""
    for other in _resources(call.world, NETWORK_MAPPING, fabric_id(call.id)):
        theirs = record(other)
        same = all(theirs[key].lower() == facts[key].lower() for key in ("primary", "recovery_fabric"))
        if same and other is not existing:
            reason = f"its primary network is mapped by '{other.name}' already"
            raise problems.in_use("network mapping", call.address.name, reason, client_of(call))


@answering
def _delete_network_mapping(call: Call) -> Response:
    found = call.world.store.get(call.id)
    name = shapes.name_of(record(found)["primary"]) if found is not None else ""
    return remove(call, "network.remove", target_id=name, target_name=name)


def mapped_network(world: World, fabric: str, network: str, recovery_fabric: str) -> str | None:
    """The network that a source network is mapped to for a recovery fabric, in the casing the store has, or None."""
    for one in _resources(world, NETWORK_MAPPING, fabric):
        facts = record(one)
        if facts["primary"].lower() == network.lower() and facts["recovery_fabric"].lower() == recovery_fabric.lower():
            target = world.store.get(facts["recovery"])
            return target.id if target is not None else str(facts["recovery"])
    return None


# --- providers under a fabric -----------------------------------------------------------------------------------------


def _provider(world: World, fabric: Resource) -> Json:
    """The provider that appears by itself under an Azure fabric; only its id is recorded, the rest is *assumed*."""
    provider = shapes.provider_id(world, fabric.id)
    items = sum(record(one)["items"] for one in world.store.select(CONTAINER, fabric.id))
    return {
        "id": provider,
        "name": shapes.name_of(provider),
        "type": f"{FABRIC}/replicationRecoveryServicesProviders",
        "properties": {
            "fabricType": "Azure",
            "friendlyName": shapes.display_name(record(fabric)["location"]),
            "providerVersion": None,
            "serverVersion": None,
            "providerVersionState": None,
            "fabricFriendlyName": shapes.display_name(record(fabric)["location"]),
            "connectionStatus": "Connected",
            "protectedItemCount": items,
            "allowedScenarios": [],
            "healthErrorDetails": [],
        },
    }


@answering
def _list_providers(call: Call) -> Response:
    service.vault(call)
    if len(call.address.types) == 1:
        fabrics = [one for one in call.world.store.select(FABRIC, call.id) if call.world.shown(one)]
    else:
        fabrics = [service.stored(call, fabric_id(call.id), "fabric")]
    return verbs.page_of(call, [_provider(call.world, fabric) for fabric in fabrics])


@answering
def _get_provider(call: Call) -> Response:
    found = _provider(call.world, service.stored(call, fabric_id(call.id), "fabric"))
    if found["name"].lower() != call.address.name.lower():
        raise problems.entity_missing("provider", call.address.name, client_of(call))
    return Response(200, found)


@answering
def _empty_list(call: Call) -> Response:
    """Lists that Azure to Azure has no use for: empty pages (§1.1)."""
    service.vault(call)
    return verbs.page_of(call, [])


# --- scenarios may hold foundations, written as the bodies of their PUTs ----------------------------------------------


def _planted(make: Any) -> Any:
    """The `stored` hook of a type: a scenario's document (the body of a PUT) becomes our record."""

    def stored(world: World, resource: Resource) -> None:
        if "record" in resource.sim:
            return
        service.books(world, resource.id)["used"] = True
        resource.sim["record"] = make(world, resource, resource.properties)
        resource.document = {}
        if resource.type == MAPPING:
            pair(world, resource.id)
            pair(world, record(resource)["target"])

    return stored


def _plant_fabric(_world: World, _resource: Resource, properties: Json) -> Json:
    return {"location": ids.normalize_location(properties["customDetails"]["location"])}


def _plant_container(_world: World, _resource: Resource, _properties: Json) -> Json:
    return {"items": 0, "paired": False, "role": ""}


def _plant_policy(_world: World, _resource: Resource, properties: Json) -> Json:
    given = properties["providerSpecificInput"]
    return {
        "history": given.get("recoveryPointHistory", 0),
        "app": given.get("appConsistentFrequencyInMinutes", 0),
        "crash": given.get("crashConsistentFrequencyInMinutes", 5),
        "sync": given.get("multiVmSyncStatus", "Enable").removesuffix("d") + "d",
    }


def _plant_mapping(_world: World, _resource: Resource, properties: Json) -> Json:
    return {
        "target": properties["targetProtectionContainerId"],
        "policy": properties["policyId"],
        "auto_update": "Disabled",
        "automation_account": None,
        "automation_authentication": _AUTOMATION[0],
        "schedule": None,
        "job_schedule": None,
    }


def _plant_network_mapping(_world: World, resource: Resource, properties: Json) -> Json:
    return {
        "primary": properties["fabricSpecificDetails"]["primaryNetworkId"],
        "recovery": properties["recoveryNetworkId"],
        "recovery_fabric": f"{vault_of(resource.id)}/replicationFabrics/{properties['recoveryFabricName']}",
    }


# --- the tables -------------------------------------------------------------------------------------------------------

ACCEPT = Write(created=202, replaced=202, deleted=202, style=Style.SITE_RECOVERY)
"""Every change of Site Recovery is accepted with a 202, never a 201 (§0.1)."""
SCOPES = frozenset({"parent"})


def kind(name: str, **more: Any) -> ResourceType:
    """A type of Site Recovery: untracked, without a provisioning state, with its own throttle."""
    defaults: Json = {
        "versions": SITE_RECOVERY,
        "tracked": False,
        "has_state": False,
        "live": True,
        "listed_under": SCOPES,
        "throttle": "site-recovery",
        "name_pattern": NAME,
    }
    return ResourceType(name=name, **{**defaults, **more})


def listed(name: str, handler: Any, get: Any = None) -> ResourceType:
    """A type that is only read: a computed list, and perhaps a computed resource."""
    overrides = {"LIST": handler} | ({"GET": get} if get is not None else {})
    deep = _DEEP.get(name.lower())  # who may read what lives deeper may list it for the whole vault
    permissions = {"LIST": f"{deep}/read"} if deep else {}
    return kind(name, get=get is not None, overrides=overrides, permissions=permissions)


TYPES: list[ResourceType] = [
    kind(
        FABRIC,
        put=ACCEPT,
        delete=ACCEPT,
        render=shapes.fabric,
        gone=_fabric_gone,
        stored=_planted(_plant_fabric),
        overrides={"GET": _get("fabric"), "LIST": _list_fabrics, "PUT": _put_fabric, "DELETE": _remove_fabric},
        actions={
            "remove": Action(_remove_fabric),
            "checkConsistency": Action(_check_fabric),
            "migratetoaad": Action(_check_fabric),
            "renewCertificate": Action(_check_fabric),
            "reassociateGateway": Action(_check_fabric),
            "removeInfra": Action(_check_fabric),
        },
    ),
    kind(
        POLICY,
        put=ACCEPT,
        patch=ACCEPT,
        delete=ACCEPT,
        render=shapes.policy,
        stored=_planted(_plant_policy),
        overrides={
            "GET": _get_policy,
            "LIST": _list_policies,
            "PUT": _put_policy,
            "PATCH": _patch_policy,
            "DELETE": _delete_policy,
        },
    ),
    kind(
        MAPPING,
        put=ACCEPT,
        patch=ACCEPT,
        delete=ACCEPT,
        render=shapes.mapping,
        stored=_planted(_plant_mapping),
        overrides={
            "GET": _get("protection container mapping"),
            "LIST": _list_mappings,
            "PUT": _put_mapping,
            "PATCH": _patch_mapping,
            "DELETE": _remove_mapping,
        },
        actions={"remove": Action(_remove_mapping)},
    ),
    kind(
        NETWORK_MAPPING,
        put=ACCEPT,
        patch=ACCEPT,
        delete=ACCEPT,
        render=shapes.network_mapping,
        stored=_planted(_plant_network_mapping),
        overrides={
            "GET": _get("network mapping"),
            "LIST": _list_below,
            "PUT": _put_network_mapping,
            "PATCH": _patch_network_mapping,
            "DELETE": _delete_network_mapping,
        },
    ),
    listed(f"{FABRIC}/replicationNetworks", _list_networks, _get_network),
    listed(f"{VAULT}/replicationNetworks", _list_networks),
    listed(f"{FABRIC}/replicationRecoveryServicesProviders", _list_providers, _get_provider),
    listed(f"{VAULT}/replicationRecoveryServicesProviders", _list_providers),
    listed(f"{VAULT}/replicationProtectionContainers", _list_below),
    listed(f"{VAULT}/replicationProtectionContainerMappings", _list_below),
    listed(f"{VAULT}/replicationNetworkMappings", _list_below),
    listed(f"{CONTAINER}/replicationProtectableItems", _empty_list),
    listed(f"{VAULT}/replicationAppliances", _empty_list),
    listed(f"{VAULT}/replicationMigrationItems", _empty_list),
    listed(f"{VAULT}/replicationvCenters", _empty_list),
    listed(f"{VAULT}/replicationStorageClassifications", _empty_list),
    listed(f"{VAULT}/replicationStorageClassificationMappings", _empty_list),
    listed(f"{VAULT}/replicationProtectionClusters", _empty_list),
    listed(f"{FABRIC}/replicationLogicalNetworks", _empty_list),
    listed(f"{FABRIC}/replicationStorageClassifications", _empty_list),
    listed(f"{FABRIC}/replicationvCenters", _empty_list),
    listed(f"{CONTAINER}/replicationMigrationItems", _empty_list),
    listed(f"{CONTAINER}/replicationProtectionClusters", _empty_list),
]
"""The container type itself is in `items`, because re-protection is an action of containers."""

CONTAINER_PARTS: Json = {
    "put": ACCEPT,
    "render": shapes.container,
    "stored": _planted(_plant_container),
    "overrides": {"GET": _get("protection container"), "LIST": _list_below, "PUT": _put_container},
    "actions": {"remove": Action(_remove_container), "discoverProtectableItem": Action(_check_fabric)},
}
