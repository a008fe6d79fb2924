"""What every handler of Site Recovery shares: the vault's books, starting and ending jobs, answering.

One accepted change is one job and one operation with the same GUID (site-recovery-protocol.md §3.1). What happens at its
end is a *completion*: a function that returns a `Problem` when the operation has failed, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from simulator.kernel import durations, errors, ids
from simulator.kernel.agenda import effect
from simulator.kernel.call import Call
from simulator.kernel.clock import moment
from simulator.kernel.operations import Operation
from simulator.kernel.registry import Handler, Style
from simulator.kernel.request import Response
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.site_recovery import jobs, problems
from simulator.site_recovery.jobs import SCENARIOS
from simulator.site_recovery.problems import Problem
from simulator.site_recovery.records import Job, Json
from simulator.site_recovery.shapes import arm, entity, vault_of

durations.register(jobs.DURATIONS)

VAULT = "Microsoft.RecoveryServices/vaults"
FABRIC = f"{VAULT}/replicationFabrics"
CONTAINER = f"{FABRIC}/replicationProtectionContainers"
ITEM = f"{CONTAINER}/replicationProtectedItems"
MAPPING = f"{CONTAINER}/replicationProtectionContainerMappings"
NETWORK_MAPPING = f"{FABRIC}/replicationNetworks/replicationNetworkMappings"
POLICY = f"{VAULT}/replicationPolicies"
PLAN = f"{VAULT}/replicationRecoveryPlans"
INTENT = f"{VAULT}/replicationProtectionIntents"
KEEP_JOBS, _TRIM = 40_000, 5_000
"""How many jobs a vault remembers (*assumed*: Azure keeps them by age), and how many are forgotten at once."""


# --- the vault's books ------------------------------------------------------------------------------------------------


def books(world: World, vault_id: str) -> Json:
    """What a vault remembers beside its resources: whether Site Recovery was ever used, its jobs in order of start."""
    shelf = world.facts.setdefault("site_recovery", {})
    key, owner = vault_of(vault_id).lower(), world.store.get(vault_of(vault_id))
    born = owner.created if owner is not None else 0.0
    found: Json | None = shelf.get(key)
    if found is None or found["born"] != born:  # a vault made anew under an old name remembers nothing
        found = shelf[key] = {"born": born, "used": False, "jobs": [], "dropped": 0, "settings": {}}
    return found


def vault(call: Call) -> Resource:
    """The vault that a request is about. Raises ARM's 404 when there is none."""
    found = call.world.visible(vault_of(call.id))
    if found is None:
        address = ids.parse(vault_of(call.id))
        raise errors.resource_not_found(VAULT, address.name, address.group)
    return found


def client_of(call: Call) -> str:
    """The client request id: it comes back in error details and in the job's activity id."""
    return call.request.headers.get("x-ms-client-request-id", "")


def need_used(call: Call) -> None:
    """400 for a GET in a vault in which Site Recovery was never used (§4.2)."""
    owner = vault(call)
    if not books(call.world, owner.id)["used"]:
        raise problems.never_used(owner.name, client_of(call))


def stored(call: Call, resource_id: str, kind: str, *, hidden: bool = False) -> Resource:
    """A resource of this vault that must exist. Raises Site Recovery's 404, or its 400 in a vault never used."""
    found = call.world.store.get(resource_id) if hidden else call.world.visible(resource_id)
    if found is not None and not _is_late(call, found):
        return found
    need_used(call)
    raise problems.entity_missing(kind, resource_id.rsplit("/", 1)[-1], client_of(call))


def _is_late(call: Call, found: Resource) -> bool:
    """A fault that lets a resource appear late hides it from the GET of itself; the kernel has counted that already."""
    return call.verb == "GET" and call.resource is None and found.key == call.id.lower()


def same_vault(call: Call, resource_id: object, field_name: str) -> str:
    """An id in a body that must be one of this vault's. Raises 400."""
    if not isinstance(resource_id, str) or not resource_id.strip("/"):
        raise problems.invalid(field_name, "it must be a resource id", client_of(call))
    if vault_of(resource_id).lower() != vault_of(call.id).lower():
        raise problems.invalid(field_name, "it must be of the same vault", client_of(call))
    return ids.parse(resource_id).path


# --- reading bodies ---------------------------------------------------------------------------------------------------

_KINDS: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    dict: "an object",
    list: "a list",
    bool: "true or false",
}


def properties_of(call: Call, *, required: bool = True) -> Json:
    """`properties` of the request body. Raises 400 when it is missing or no object."""
    body = call.request.json()
    if body is None and not required:
        return {}
    found = body.get("properties") if isinstance(body, dict) else None
    if found is None and not required and (body is None or isinstance(body, dict)):
        return {}
    if not isinstance(found, dict):
        raise problems.invalid("properties", "the body must be an object with properties", client_of(call))
    return found


def take(call: Call, source: Json, name: str, kind: type, *, required: bool = False) -> Any:
    """A field of a body, checked for its kind; None when it is missing or null. Raises 400."""
    value = source.get(name)
    if value is None or (value == "" and not required):
        if required:
            raise problems.invalid(name, "it is required", client_of(call))
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise problems.invalid(name, f"it must be {_KINDS[kind]}", client_of(call))
    if required and value == "":
        raise problems.invalid(name, "it is required", client_of(call))
    return value


def choice(call: Call, source: Json, name: str, allowed: tuple[str, ...], default: str | None = None) -> str | None:
    """A field with one of a few values, compared without case. Raises 400."""
    value = take(call, source, name, str)
    if value is None:
        return default
    found = next((one for one in allowed if one.lower() == value.lower()), None)
    if found is None:
        raise problems.invalid(name, f"it must be one of {', '.join(allowed)}", client_of(call))
    return found


def provider_input(call: Call, source: Json, name: str, *, required: bool = True) -> Json:
    """The provider-specific part of a body, which must be Azure to Azure's (or leave its type out). Raises 400."""
    found = take(call, source, name, dict, required=required) or {}
    kind = str(found.get("instanceType") or "A2A")
    # A2ACrossClusterMigration is accepted (recorded for containers: azure-cli-extensions, A2A_selfcreated);
    # a base class's name instead of A2A too (recorded for container mappings and for disable)
    if kind not in ("A2A", "A2ACrossClusterMigration") and not kind.endswith(("Input", "Details")):
        raise problems.invalid(f"{name}.instanceType", f"'{kind}' is not supported, only A2A is", client_of(call))
    return cast(Json, found)


# --- jobs -------------------------------------------------------------------------------------------------------------


@dataclass
class Task:
    """One change that is about to be accepted: which scenario, what it acts on, and what its job says."""

    scenario: str
    target: Resource | str
    effect: str
    target_id: str = ""
    target_name: str = ""
    result: str = "resource"
    result_at: str = ""
    duration: str = ""
    seconds: float | None = None
    affected: Json = field(default_factory=dict)
    extra: Json = field(default_factory=dict)
    args: Json = field(default_factory=dict)
    problem: Problem | None = None
    left_out: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    plan: bool = False

    @property
    def id(self) -> str:
        """The id of what it acts on."""
        return self.target if isinstance(self.target, str) else self.target.id


def begin(call: Call, task: Task) -> Response:
    """Accept a change: its job, its operation, and the 202. `call.notes["job"]` holds the job's GUID afterwards."""
    world, vault_id = call.world, vault(call).id
    books(world, vault_id)["used"] = True
    guid = world.operations.mint(task.id, f"{call.verb}{call.action}")
    job_guid = ids.guid(world.settings.seed, "plan-job", guid) if task.plan else guid
    seconds = _seconds(world, task)
    job = open_job(world, vault_id, task, job_guid, seconds, client_of(call))
    call.notes["job"] = job_guid
    call.effect = call.effect or "accepted"
    # What a restart asks again: of what is known to fail, and of actions, which are small and may fail by a planted fault.
    if task.problem is not None or call.verb == "POST":
        job.sim["request"] = {"method": call.request.method, "path": call.request.path, "body": call.request.json()}
    response = call.start(
        duration=seconds,
        style=Style.SITE_RECOVERY,
        effect=task.effect,
        target=task.target,
        args={**task.args, "job": job_guid, "vault": vault_id},
        result=task.result,
        result_at=arm(task.result_at or task.id),
        headers={"x-ms-request-id": arm(job.id)},
        guid=guid,
    )
    _name_job(response, task, arm(job.id))
    _hold_back(call, task)
    return response


_UNNAMED = ("policy.", "container.remove", "disable")
"""Scenarios whose 202 does not name its job (recorded: azure-sdk-for-net, CreateA2APolicy, DeleteA2AContainers,
DeleteA2AReplicationProtectedItem)."""


def _name_job(response: Response, task: Task, job_id: str) -> None:
    """The 202 names the job in x-ms-request-id, twice, but for `_UNNAMED` (both recorded)."""
    if task.scenario.startswith(_UNNAMED):
        response.headers = [one for one in response.headers if one[0] != "x-ms-request-id"]
    else:
        response.headers.append(("x-ms-request-id", job_id))


def _hold_back(call: Call, task: Task) -> None:
    """A transition that the control API has made manual: the operation waits until it is ended from there."""
    row = task.duration or SCENARIOS[task.scenario].duration
    if call.operation is not None and call.world.settings.transitions.get(row) == "manual":
        call.world.operations.postpone(call.operation)


def _seconds(world: World, task: Task) -> float:
    """How long it takes; a change that fails early ends when the task that fails would have ended."""
    whole = task.seconds
    if whole is None:
        whole = world.duration(task.duration or SCENARIOS[task.scenario].duration, task.id)
    if task.problem is None:
        return whole
    plan = [one for one in SCENARIOS[task.scenario].tasks if one.name not in task.left_out]
    total = sum(one.share for one in plan) or 1.0
    reached = sum(one.share for one in plan[: task.problem.task + 1]) or total
    return round(whole * reached / total, 3)


def open_job(world: World, vault_id: str, task: Task, guid: str, seconds: float, client: str) -> Resource:
    """Write a new job into the vault's books."""
    activity = ids.guid(world.settings.seed, "activity", guid)
    target_id = task.target_id or entity(world, task.id)
    job = jobs.new_job(
        task.scenario,
        world.now(),
        seconds,
        target_id,
        task.target_name or task.id.rsplit("/", 1)[-1],
        client,
        activity,
        task.affected,
        task.extra,
    )
    job["left_out"], job["skipped"] = list(task.left_out), list(task.skipped)
    ledger = books(world, vault_id)
    job["serial"] = ledger["dropped"] + len(ledger["jobs"])
    ledger["jobs"].append(guid)
    _forget_old(world, vault_id, ledger)
    return world.put(f"{vault_id}/replicationJobs/{guid}", {}, {"record": job})


def _forget_old(world: World, vault_id: str, ledger: Json) -> None:
    """The oldest jobs of a vault go, a good many at a time, so that memory does not grow with the number of requests."""
    if len(ledger["jobs"]) < KEEP_JOBS + _TRIM:
        return
    gone, ledger["jobs"] = ledger["jobs"][:_TRIM], ledger["jobs"][_TRIM:]
    ledger["dropped"] += _TRIM
    for guid in gone:
        old = world.store.get(f"{vault_id}/replicationJobs/{guid}")
        if old is not None:
            world.store.remove(old)


def job_of(world: World, vault_id: str, guid: str) -> Job | None:
    """The record of a job, or None."""
    found = world.store.get(f"{vault_id}/replicationJobs/{guid}")
    return cast(Job, found.sim["record"]) if found is not None else None


def close_job(world: World, vault_id: str, guid: str, state: str = "Succeeded", problem: Problem | None = None) -> None:
    """End a job. A job that has ended already stays as it is."""
    job = job_of(world, vault_id, guid)
    if job is None or job["ended"] is not None:
        return
    job["state"], job["ended"] = state, world.now()
    if problem is not None:
        _blame(world, job, guid, problem)


def _blame(world: World, job: Job, guid: str, problem: Problem) -> None:
    plan = [task for task in SCENARIOS[job["scenario"]].tasks if task.name not in job["left_out"]]
    job["failing_task"] = min(problem.task, max(0, len(plan) - 1))
    task_id = plan[job["failing_task"]].id if plan else ""
    at = jobs.net(world.now())
    job["error"] = problems.job_error(problem, at=at, task_id=task_id, activity=job["activity"])


Completion = Callable[[World, Operation], Problem | None]


def completion(name: str) -> Callable[[Completion], Completion]:
    """Register what happens at the end of an operation; its job and its status follow from what it returns."""

    def register(function: Completion) -> Completion:
        @effect(name)
        def _ends(world: World, operation: Operation) -> None:
            problem = function(world, operation)
            settle(world, operation, doom(operation) or problem)

        return function

    return register


def doom(operation: Operation) -> Problem | None:
    """What a planned fault has decided before the effect came: it then leaves behind what a failure leaves behind."""
    if not operation.outcome or operation.error is None:
        return None
    return Problem(str(operation.error["code"]), str(operation.error["message"]), "", "")


def settle(world: World, operation: Operation, problem: Problem | None) -> None:
    """Write an operation's outcome into its status and its job. A warning is a success that carries an error."""
    vault_id, guid = str(operation.args["vault"]), str(operation.args["job"])
    if operation.outcome == "Canceled":
        close_job(world, vault_id, guid, "Cancelled")
        return
    if problem is not None and problem.level != "Warning":
        operation.fail(problem.code, problem.message)
        close_job(world, vault_id, guid, "Failed", problem)
        return
    if problem is not None:
        operation.error = dict(problems.status_error(problem))
    close_job(world, vault_id, guid)


# --- answering --------------------------------------------------------------------------------------------------------


def answering(handler: Handler) -> Handler:
    """A handler whose answers carry Site Recovery's own request id: `{client request id} {US date}` (§3.1)."""

    def _answer(call: Call) -> Response:
        response = handler(call)
        if response.header("x-ms-request-id") is None:
            response.headers.append(("x-ms-request-id", _request_id(call)))
        return response

    return _answer


def _request_id(call: Call) -> str:
    when = moment(call.now())
    hour = when.hour % 12 or 12
    half = "AM" if when.hour < 12 else "PM"
    date = f"{when.month}/{when.day}/{when.year} {hour}:{when:%M:%S} {half}"
    return f"{client_of(call) or ids.guid('request', call.world.now(), call.id)} {date}"


def us_date(at: float) -> str:
    """`3/21/2021 6:34:41 AM`, as intents write their creation (§3.2)."""
    when = moment(at)
    return f"{when.month}/{when.day}/{when.year} {when.hour % 12 or 12}:{when:%M:%S} {'AM' if when.hour < 12 else 'PM'}"
