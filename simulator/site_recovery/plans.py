"""Recovery plans: groups of items that fail over together, and the actions of plans.

Bodies: site-recovery-protocol.md §2.2 and §3.2. A plan's action is one job of the plan, which starts one job per machine;
the operation's GUID in the URL and the job's name differ (recorded, §3.1). Groups run one after the other in Azure; here
all machines of a plan start together (*assumed*: only the order of the tasks shows).
"""

from __future__ import annotations

from typing import Any

from simulator.kernel import ids, verbs
from simulator.kernel.call import Call
from simulator.kernel.operations import Operation
from simulator.kernel.registry import Action, ResourceType
from simulator.kernel.request import Response, encode
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.site_recovery import (
    acting,
    enable,
    foundations,
    jobs,
    machines,
    problems,
    recovery,
    service,
    shapes,
    timeline,
)
from simulator.site_recovery.foundations import ACCEPT, kind
from simulator.site_recovery.problems import Problem, problem
from simulator.site_recovery.records import Item, Json
from simulator.site_recovery.service import ITEM, PLAN, Task, answering, begin, client_of, completion, take
from simulator.site_recovery.shapes import arm, item_of, name_of, record, vault_of
from simulator.site_recovery.states import Operation as Ask
from simulator.site_recovery.states import State

_GROUPS = ("Shutdown", "Failover", "Boot")
_MAX_ITEMS = 100
_MAX_BOOT_GROUPS = 7
_POINT_TYPES = ("Latest", "LatestApplicationConsistent", "LatestCrashConsistent", "LatestProcessed")
_ACTIONS = ("ScriptActionDetails", "AutomationRunbookActionDetails", "ManualActionDetails")
_WAITING = "WaitingForStopTestFailover"


# --- the plan itself --------------------------------------------------------------------------------------------------


def _render(world: World, resource: Resource, body: Json) -> None:
    properties = _properties(world, resource, record(resource))
    body.clear()
    body.update(shapes.envelope(resource, PLAN, properties))


def _properties(world: World, resource: Resource, facts: Json) -> Json:
    """A plan as recorded: times absent until there is one, the current scenario null until there was one."""
    scenario = facts["scenario"]
    properties: Json = {
        "friendlyName": resource.name,
        "primaryFabricId": arm(facts["primary"]),
        "primaryFabricFriendlyName": shapes.region_name(world, facts["primary"]),
        "recoveryFabricId": arm(facts["recovery"]),
        "recoveryFabricFriendlyName": shapes.region_name(world, facts["recovery"]),
        "failoverDeploymentModel": facts["model"],
        "replicationProviders": ["A2A"],
        "allowedOperations": _allowed(world, facts),
    }
    for name, key in (("lastUnplannedFailoverTime", "last_failover"), ("lastTestFailoverTime", "last_test")):
        if facts[key] is not None:
            properties[name] = jobs.net(facts[key])
    return properties | {
        "currentScenario": _scenario(resource, scenario),
        "currentScenarioStatus": scenario["status"] if scenario else None,
        "currentScenarioStatusDescription": scenario["description"] if scenario else None,
        "groups": facts["groups"],
        "providerSpecificDetails": facts["provider"],
    }


def _scenario(resource: Resource, scenario: Json | None) -> Json | None:
    if scenario is None:
        return None
    return {
        "scenarioName": scenario["name"],
        "jobId": f"{arm(vault_of(resource.id))}/replicationJobs/{scenario['job']}",
        "startTime": jobs.net(scenario["start"]),
    }


def _members(world: World, facts: Json) -> list[Resource]:
    """The items of a plan that are still there."""
    wanted = [one["id"] for group in facts["groups"] for one in group["replicationProtectedItems"]]
    found = (world.store.get(item) for item in dict.fromkeys(wanted))
    return [one for one in found if one is not None and one.type == ITEM]


_PLAN_OPERATIONS = ("UnplannedFailover", "TestFailover", "TestFailoverCleanup", "Commit", "ReverseReplicate")
_BY_STATE = {
    State.PROTECTED: {"UnplannedFailover", "TestFailover"},
    State.TEST_WAITING: {"TestFailoverCleanup"},
    State.FAILOVER_FAILED: {"UnplannedFailover"},
    State.COMMIT_PENDING: {"Commit"},
    State.COMMITTED: {"ReverseReplicate"},
}


def _allowed(world: World, facts: Json) -> list[str]:
    """What every machine of the plan allows; while the plan is busy, nothing. The words after a failover are *assumed*."""
    if facts["running"]:
        return []
    if facts["scenario"] and facts["scenario"]["description"] == _WAITING:
        return ["TestFailoverCleanup"]
    states = [State(item_of(one)["state"]) for one in _members(world, facts)]
    common = set(_PLAN_OPERATIONS) if states else set()
    for state in states:
        common &= _BY_STATE.get(state, set())
    return [name for name in _PLAN_OPERATIONS if name in common]


@answering
def _get_plan(call: Call) -> Response:
    service.vault(call)
    return call.respond(service.stored(call, call.id, "recovery plan"))


@answering
def _list_plans(call: Call) -> Response:
    """A list entry has no groups, even when the plan has some (recorded)."""

    def bare(resource: Resource) -> bytes:
        body = call.world.body(resource)
        body["properties"]["groups"] = []
        return encode(body)

    service.vault(call)
    return verbs.page(call, foundations.below(call.world, PLAN, call.id), bare)


@answering
def _put_plan(call: Call) -> Response:
    service.vault(call)
    existing = foundations.existing_of(call, "RecoveryPlan")
    properties = service.properties_of(call)
    ends = [_fabric(call, properties, name) for name in ("primaryFabricId", "recoveryFabricId")]
    model = service.choice(
        call, properties, "failoverDeploymentModel", ("NotApplicable", "Classic", "ResourceManager"), "ResourceManager"
    )
    provider = take(call, properties, "providerSpecificInput", list) or []
    before = record(existing) if existing is not None else {}
    facts = {
        "primary": ends[0].id,
        "recovery": ends[1].id,
        "model": model,
        "groups": _groups(call, take(call, properties, "groups", list, required=True), ends[0]),
        "provider": [one for one in provider if isinstance(one, dict)],
        "scenario": before.get("scenario"),
        "running": False,
        "last_failover": before.get("last_failover"),
        "last_test": before.get("last_test"),
    }
    scenario = "plan.create" if existing is None else "plan.update"
    return foundations.write(call, Task(scenario, existing or call.id, "site_recovery.written"), facts, existing)


def _fabric(call: Call, properties: Json, name: str) -> Resource:
    return service.stored(call, service.same_vault(call, properties.get(name), name), "fabric")


def _groups(call: Call, given: list[Any], primary: Resource) -> list[Json]:
    """The plan's groups; shutdown and failover are added when only boot groups are given (recorded)."""
    groups = [_group(call, one, primary) for one in given]
    for number, name in enumerate(_GROUPS[:2]):
        if all(group["groupType"] != name for group in groups):
            groups.insert(number, _empty_group(name))
    if all(group["groupType"] != "Boot" for group in groups):
        groups.append(_empty_group("Boot"))
    count = sum(len(group["replicationProtectedItems"]) for group in groups)
    boot = sum(group["groupType"] == "Boot" for group in groups)
    if count > _MAX_ITEMS or boot > _MAX_BOOT_GROUPS:
        why = f"a plan has at most {_MAX_ITEMS} items and {_MAX_BOOT_GROUPS} groups"
        raise problems.invalid("groups", why, client_of(call))
    return groups


def _empty_group(name: str) -> Json:
    return {"groupType": name, "replicationProtectedItems": [], "startGroupActions": [], "endGroupActions": []}


def _group(call: Call, raw: Any, primary: Resource) -> Json:
    if not isinstance(raw, dict):
        raise problems.invalid("groups", "it must be a list of objects", client_of(call))
    items = take(call, raw, "replicationProtectedItems", list) or []
    return {
        "groupType": service.choice(call, raw, "groupType", _GROUPS) or "Boot",
        "replicationProtectedItems": [_member(call, one, primary) for one in items],
        "startGroupActions": [_action(call, one) for one in take(call, raw, "startGroupActions", list) or []],
        "endGroupActions": [_action(call, one) for one in take(call, raw, "endGroupActions", list) or []],
    }


def _member(call: Call, raw: Any, primary: Resource) -> Json:
    """An item of the plan's primary fabric. Raises 400 or 404."""
    if not isinstance(raw, dict):
        raise problems.invalid("replicationProtectedItems", "it must be a list of objects", client_of(call))
    item_id = service.same_vault(call, raw.get("id"), "replicationProtectedItems.id")
    found = service.stored(call, item_id, "protected item")
    if shapes.fabric_id(found.id).lower() != primary.key:
        raise problems.invalid("replicationProtectedItems.id", "it is of another fabric", client_of(call))
    return {"id": arm(found.id), "virtualMachineId": item_of(found)["entity"]}


def _action(call: Call, raw: Any) -> Json:
    if not isinstance(raw, dict):
        raise problems.invalid("groupActions", "it must be a list of objects", client_of(call))
    details = take(call, raw, "customDetails", dict, required=True)
    if details.get("instanceType") not in _ACTIONS:
        raise problems.invalid(
            "customDetails.instanceType", f"it must be one of {', '.join(_ACTIONS)}", client_of(call)
        )
    return {
        "actionName": take(call, raw, "actionName", str, required=True),
        "failoverTypes": take(call, raw, "failoverTypes", list) or [],
        "failoverDirections": take(call, raw, "failoverDirections", list) or [],
        "customDetails": details,
    }


@answering
def _patch_plan(call: Call) -> Response:
    """PATCH replaces the groups."""
    found = service.stored(call, call.id, "recovery plan")
    properties = service.properties_of(call)
    foundations.existing_of(call, "RecoveryPlan")
    facts = dict(record(found))
    primary = service.stored(call, facts["primary"], "fabric")
    given = take(call, properties, "groups", list)
    if given is not None:
        facts["groups"] = _groups(call, given, primary)
    return foundations.write(call, Task("plan.update", found, "site_recovery.written"), facts, found)


@answering
def _delete_plan(call: Call) -> Response:
    return foundations.remove(call, "plan.remove")


# --- actions ----------------------------------------------------------------------------------------------------------


def _ready(call: Call, wanted: str) -> tuple[Resource, list[Resource]]:
    """The plan and its items, if all of them allow the operation. Raises 404, 409, 400."""
    service.vault(call)
    plan = service.stored(call, call.id, "recovery plan")
    facts, members = record(plan), _members(call.world, record(plan))
    for one in members:
        acting.reconcile(call.world, one)
    if facts["running"]:
        scenario = facts["scenario"] or {"name": "", "job": ""}
        raise problems.busy(plan.name, scenario["name"], scenario["job"], client_of(call))
    if wanted not in _allowed(call.world, facts):
        raise problems.not_allowed(wanted, plan.name, ", ".join(_allowed(call.world, facts)) or "busy", client_of(call))
    return plan, members


def _run(
    call: Call, plan: Resource, members: list[Resource], scenario: str, ask: Ask, child: str, given: Json, length: str
) -> Response:
    """Start the plan's job, and one job per machine: each machine is taken as if it were asked itself."""
    world = call.world
    task = Task(scenario, plan, "site_recovery.plan.ends", plan=True, duration=length)
    task.target_id = shapes.entity(world, plan.id)
    task.affected = _affected(world, record(plan))
    task.args = {"ask": ask.value, "given": given, "members": [one.id for one in members], "scenario": scenario}
    for one in members:
        acting.check(call, one, ask)
    response = begin(call, task)
    facts, job = record(plan), call.notes["job"]
    name = jobs.SCENARIOS[scenario].name
    facts["running"] = True
    facts["scenario"] = {
        "name": name,
        "job": job,
        "start": world.now(),
        "status": "InProgress",
        "description": "InProgress",
    }
    for one in members:
        _take(call, plan, one, ask, child, job)
    world.store.touch(plan)
    return response


def _affected(world: World, facts: Json) -> Json:
    """What a plan's job says of its two fabrics (recorded: azure-powershell, A2ARecoveryPlanReplication)."""
    primary, recovery = facts["primary"], facts["recovery"]
    return {
        "primaryVmmId": shapes.entity(world, primary),
        "primaryVmmName": shapes.region_name(world, primary),
        "recoveryVmmId": shapes.entity(world, recovery),
        "recoveryVmmName": shapes.region_name(world, recovery),
        "primaryFabricProviderId": "Azure",
        "recoveryFabricProviderId": "Azure",
    }


_GROUP_TASK = {
    "plan.failover": "FailoverAllActionGroup",
    "plan.test": "TestFailoverAllActionGroup",
}


def _take(call: Call, plan: Resource, item: Resource, ask: Ask, child: str, parent: str) -> None:
    """One machine of a plan begins: its own job, its state taken by the plan's operation."""
    world, found = call.world, item_of(item)
    step = acting.check(call, item, ask)
    guid = ids.guid(world.settings.seed, "plan-child", parent, item.id.lower())
    seconds = world.duration(jobs.SCENARIOS[child].duration, item.id)
    task = Task(child, item, "", target_id=found["entity"], target_name=found["vm_name"])
    task.affected = enable.affected(world, found)
    opened = service.open_job(world, vault_of(item.id), task, guid, seconds, client_of(call))
    acting.lock(world, found, ask, step, guid, jobs.SCENARIOS[child].name)
    found["settings"]["last_job"] = guid
    whole = service.job_of(world, vault_of(plan.id), parent)
    if whole is not None:
        name = _GROUP_TASK.get(whole["scenario"], "")
        whole["children"].append({"of": name, "job": opened.id, "kind": "VirtualMachineTaskDetails"})
    world.store.touch(item)


@completion("site_recovery.plan.ends")
def _plan_ends(world: World, operation: Operation) -> Problem | None:
    """Every machine of the plan ends what it began; the plan fails when one of them does."""
    fault = service.doom(operation)
    ask, given = Ask(operation.args["ask"]), operation.args["given"]
    outcomes = [_end_member(world, item_id, ask, given, fault) for item_id in operation.args["members"]]
    plan = world.store.get(operation.target)
    worst = next((one for one in outcomes if one is not None), None)
    if plan is not None:
        _close_plan(world, plan, operation, ask, worst)
    return worst


def _end_member(world: World, item_id: str, ask: Ask, given: Json, fault: Problem | None) -> Problem | None:
    resource = world.store.get(item_id)
    if resource is None or resource.type != ITEM:
        return None
    found = item_of(resource)
    running = found["running"]
    if running is None or running["operation"] != ask.value:
        return None
    found_fault = acting.finish(world, resource, ask, {**given, **_point_of(world, found, given)}, fault)
    state = "Failed" if found_fault is not None and found_fault.level != "Warning" else "Succeeded"
    service.close_job(world, vault_of(item_id), running["job"], state, found_fault)
    return found_fault


def _point_of(world: World, found: Item, given: Json) -> Json:
    """The machine's own point of the kind that the plan asks for."""
    rule = shapes.point_rule(world, found)
    application = given.get("point_type") == "LatestApplicationConsistent"
    point = timeline.latest(rule, application=application) if rule is not None else None
    return {"point": point.name if point else "", "point_time": point.time if point else 0.0}


def _close_plan(world: World, plan: Resource, operation: Operation, ask: Ask, worst: Problem | None) -> None:
    facts = record(plan)
    facts["running"] = False
    state = "Failed" if worst is not None else "Succeeded"
    facts["scenario"] = {
        **facts["scenario"],
        "status": state,
        "description": "Completed" if state == "Succeeded" else state,
    }
    if worst is None and ask is Ask.FAILOVER:
        facts["last_failover"] = facts["scenario"]["start"]
    if worst is None and ask is Ask.TEST_FAILOVER:
        facts["last_test"] = facts["scenario"]["start"]
        facts["scenario"] |= {"status": "Suspended", "description": _WAITING}
        _suspend(world, operation)
    if ask is Ask.TEST_CLEANUP:
        _resume_test(world, operation)
    world.store.touch(plan)


def _suspend(world: World, operation: Operation) -> None:
    """A plan's test failover job waits for its cleanup; its operation has succeeded all the same (§3.4)."""
    job = service.job_of(world, operation.args["vault"], operation.args["job"])
    if job is not None:
        job["state"], job["ended"] = "Suspended", world.now()
        job["extra"] |= {"stateDescription": _WAITING, "testFailoverStatus": "Completed"}


def _resume_test(world: World, operation: Operation) -> None:
    """The cleanup ends the test failover job that has waited for it."""
    waiting = operation.args["given"].get("waiting")
    job = service.job_of(world, operation.args["vault"], str(waiting))
    if job is not None and job["state"] == "Suspended":
        job["extra"].pop("stateDescription", None)
        job["state"], job["ended"] = "Succeeded", world.now()


def _point_type(call: Call, properties: Json) -> str:
    """The kind of point, from the list of provider details (a list here, an object on the item: §2.2)."""
    details = take(call, properties, "providerSpecificDetails", list) or []
    chosen = [one for one in details if isinstance(one, dict)]
    return (
        service.choice(call, chosen[0], "recoveryPointType", _POINT_TYPES, "Latest") or "Latest" if chosen else "Latest"
    )


@answering
def _failover(call: Call) -> Response:
    properties = service.properties_of(call)
    take(call, properties, "failoverDirection", str, required=True)
    site = service.choice(call, properties, "sourceSiteOperations", ("Required", "NotRequired"), "NotRequired")
    plan, members = _ready(call, "UnplannedFailover")
    given = {"shutdown": site == "Required", "start": call.now(), "point_type": _point_type(call, properties)}
    return _run(call, plan, members, "plan.failover", Ask.FAILOVER, "failover", given, "")


@answering
def _test_failover(call: Call) -> Response:
    properties = service.properties_of(call)
    take(call, properties, "failoverDirection", str, required=True)
    network = take(call, properties, "networkId", str)
    plan, members = _ready(call, "TestFailover")
    if network is not None and call.world.visible(network) is None:
        raise problems.invalid("networkId", f"'{name_of(network)}' does not exist", client_of(call))
    kind_of = take(call, properties, "networkType", str)
    given = {"network": network, "kind": kind_of, "start": call.now(), "point_type": _point_type(call, properties)}
    return _run(call, plan, members, "plan.test", Ask.TEST_FAILOVER, "test", given, "")


@answering
def _test_cleanup(call: Call) -> Response:
    properties = service.properties_of(call, required=False)
    take(call, properties, "comments", str)
    plan, members = _ready(call, "TestFailoverCleanup")
    waiting = (record(plan)["scenario"] or {}).get("job")
    given = {"comments": None, "waiting": waiting}
    return _run(call, plan, members, "plan.cleanup", Ask.TEST_CLEANUP, "cleanup", given, "")


@answering
def _commit(call: Call) -> Response:
    plan, members = _ready(call, "Commit")
    return _run(call, plan, members, "plan.commit", Ask.COMMIT, "commit", {}, "")


@answering
def _reprotect(call: Call) -> Response:
    """A plan's re-protection has no body: each machine goes back to where it came from (*assumed* in detail)."""
    plan, members = _ready(call, "ReverseReplicate")
    for one in members:
        fault = _return_fault(call.world, item_of(one))
        if fault is not None:
            raise problems.refusal(400, fault.code, fault.message, fault.causes, fault.action, client=client_of(call))
    return _run(call, plan, members, "plan.reprotect", Ask.SWITCH, "switch", {"home": True}, "")


def _return_fault(world: World, found: Item) -> Problem | None:
    """A cache account in the new source region is needed; the first one there is taken (*assumed*)."""
    made = found["failover"]
    if made is None or machines.read(world, made["vm"]) is None or world.store.get(found["vm"]) is None:
        return problem("150407", vm=found["vm_name"])
    if recovery.return_account(world, found) is None:
        return problem("150401", what="a cache storage account in the recovery region", id="")
    return None


@answering
def _refused(call: Call) -> Response:
    """plannedFailover and failoverCancel: no A2A plan allows them (*assumed* answer)."""
    service.vault(call)
    plan = service.stored(call, call.id, "recovery plan")
    raise problems.not_allowed(call.action, plan.name, ", ".join(_allowed(call.world, record(plan))), client_of(call))


TYPES: list[ResourceType] = [
    kind(
        PLAN,
        put=ACCEPT,
        patch=ACCEPT,
        delete=ACCEPT,
        render=_render,
        overrides={
            "GET": _get_plan,
            "LIST": _list_plans,
            "PUT": _put_plan,
            "PATCH": _patch_plan,
            "DELETE": _delete_plan,
        },
        actions={
            "unplannedFailover": Action(_failover),
            "testFailover": Action(_test_failover),
            "testFailoverCleanup": Action(_test_cleanup),
            "failoverCommit": Action(_commit),
            "reProtect": Action(_reprotect),
            "plannedFailover": Action(_refused),
            "failoverCancel": Action(_refused),
        },
    ),
]
