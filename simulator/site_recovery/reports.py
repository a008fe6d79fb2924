"""What is only read: jobs, events, health, eligibility, sizes, operating systems; and the vault's small settings.

Shapes: site-recovery-protocol.md §3.2, §3.4, §3.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

from simulator.kernel import dispatch, errors, ids, verbs
from simulator.kernel.agenda import effect
from simulator.kernel.call import Call
from simulator.kernel.clock import parse_iso
from simulator.kernel.operations import Operation
from simulator.kernel.registry import Action, ResourceType, Style
from simulator.kernel.request import Request, Response, encode
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.providers import sizes, versions
from simulator.site_recovery import acting, foundations, health, jobs, machines, obstacles, problems, service, shapes
from simulator.site_recovery.foundations import kind, listed
from simulator.site_recovery.jobs import JOB_TYPE
from simulator.site_recovery.problems import Problem
from simulator.site_recovery.records import Item, Job, Json
from simulator.site_recovery.service import FABRIC, ITEM, PLAN, VAULT, Task, answering, begin, client_of, take
from simulator.site_recovery.shapes import arm, item_of, vault_of
from simulator.site_recovery.states import SHOWN, State
from simulator.site_recovery.versions import SITE_RECOVERY

# --- jobs -------------------------------------------------------------------------------------------------------------


def _job_body(world: World, resource: Resource, *, listed: bool) -> Json:
    job = cast(Job, resource.sim["record"])
    if not listed and job["children"]:
        job = {**job, "children": [_child(world, job, one) for one in job["children"]]}
    factor = world.settings.durations
    properties = jobs.job_properties(job, resource.name, world.now(), factor, listed=listed)
    return shapes.envelope(resource, JOB_TYPE, properties)


def _child(world: World, job: Job, one: Json) -> Json:
    """A child task as its own job is now."""
    resource = world.store.get(one["job"])
    child = cast(Job, resource.sim["record"]) if resource is not None else job
    return jobs.child_task(one["of"], arm(one["job"]), child, one.get("kind", "JobTaskDetails"))


def _render_job(world: World, resource: Resource, body: Json) -> None:
    body.clear()
    body.update(_job_body(world, resource, listed=False))


def _find_job(call: Call) -> Resource:
    service.vault(call)
    found = call.world.store.get(call.id)
    if found is None:
        raise problems.entity_missing("job", call.address.name, client_of(call))
    _reconcile_target(call.world, found)
    return found


def _reconcile_target(world: World, job: Resource) -> None:
    """A job whose operation was ended from outside follows it."""
    record = cast(Job, job.sim["record"])
    operation = world.operations.get(job.name)
    if record["ended"] is not None or operation is None or not operation.outcome or record["state"]:
        return
    owner = world.store.get(operation.target)
    if owner is not None and owner.type == ITEM:
        acting.reconcile(world, owner)
    if record["ended"] is None:
        _follow(world, job, operation)


def _follow(world: World, job: Resource, operation: Operation) -> None:
    state = {"Canceled": "Cancelled"}.get(operation.outcome, operation.outcome)
    error = operation.error if operation.outcome == "Failed" else None
    found = Problem(str(error.get("code", "")), str(error.get("message", "")), "", "") if error else None
    service.close_job(world, vault_of(job.id), job.name, state, found)


@answering
def _get_job(call: Call) -> Response:
    """GET of a job; its x-ms-request-id is the job's own id (recorded)."""
    found = _find_job(call)
    return Response(200, _job_body(call.world, found, listed=False), [("x-ms-request-id", arm(found.id))])


@answering
def _list_jobs(call: Call) -> Response:
    """Newest first, without tasks and details (§3.4). The skip token is the number of the last job shown."""
    owner = service.vault(call)
    books = service.books(call.world, owner.id)
    ledger, dropped = books["jobs"], books["dropped"]
    wanted = _job_filter(call)
    size = verbs._page_size(call)
    shown: list[bytes] = []
    number = _start(call, len(ledger), dropped)
    while number >= 0 and len(shown) < size:
        resource = call.world.store.get(f"{owner.id}/replicationJobs/{ledger[number]}")
        if resource is not None:
            _reconcile_target(call.world, resource)
            body = _job_body(call.world, resource, listed=True)
            if wanted(body["properties"]):
                shown.append(encode(body))
        number -= 1
    return verbs._envelope(call, shown, str(number + dropped) if number >= 0 else "", 1)


def _start(call: Call, count: int, dropped: int) -> int:
    token = call.request.query.get("$skiptoken") or call.request.query.get("skiptoken") or ""
    if not token:
        return count - 1
    after = verbs._token(token)[0]
    return min(count - 1, int(after) - dropped) if after.isdigit() else count - 1


_CLAUSE = re.compile(r"\s*(\w+)\s+(eq|ge|le|gt|lt)\s+'?([^'&]*?)'?\s*", re.IGNORECASE)


def _clauses(call: Call) -> list[tuple[str, str, str]]:
    """`A eq 'x' and B eq 'y'`: the one grammar seen, with any blanks (§1.4). Raises 400 for another."""
    text = call.request.query.get("$filter") or ""
    found = []
    for part in re.split(r"\s+and\s+", text, flags=re.IGNORECASE) if text.strip() else []:
        match = _CLAUSE.fullmatch(part)
        if match is None:
            raise problems.invalid("$filter", f"'{part.strip()}' is not understood", client_of(call))
        found.append((match[1].lower(), match[2].lower(), match[3]))
    return found


_JOB_FIELDS: dict[str, Callable[[Json], Any]] = {
    "jobstatus": lambda one: one["state"],
    "status": lambda one: one["state"],
    "jobname": lambda one: one["friendlyName"],
    "scenarioname": lambda one: one["scenarioName"],
    "targetobjectid": lambda one: one["targetObjectId"],
    "targetobjectname": lambda one: one["targetObjectName"],
    "affectedobjecttypes": lambda one: one["targetInstanceType"],
}


def _job_filter(call: Call) -> Callable[[Json], bool]:
    """The test that a job filter stands for; the names beyond those of JobQueryParameter are *assumed*."""
    clauses = _clauses(call)
    for name, _, value in clauses:
        if name in ("starttime", "endtime"):
            _time(call, value)
        elif name not in _JOB_FIELDS:
            raise problems.invalid("$filter", f"'{name}' is not known", client_of(call))

    def test(one: Json) -> bool:
        return all(_matches(call, one, name, value) for name, _, value in clauses)

    return test


def _matches(call: Call, one: Json, name: str, value: str) -> bool:
    if name in ("starttime", "endtime"):
        begun = parse_iso(one["startTime"]) if "startTime" in one else call.now()
        return begun >= _time(call, value) if name == "starttime" else begun <= _time(call, value)
    return str(_JOB_FIELDS[name](one)).lower() in [part.strip().lower() for part in value.split(",")]


def _time(call: Call, text: str) -> float:
    try:
        return parse_iso(text.strip("'").replace(" ", "T"))
    except ValueError:
        raise problems.invalid("$filter", f"'{text}' is no time", client_of(call)) from None


@answering
def _cancel_job(call: Call) -> Response:
    """POST cancel: the operation ends Canceled, the job Cancelled. Only a running job can be cancelled (*assumed*)."""
    found = _find_job(call)
    record = cast(Job, found.sim["record"])
    if record["state"] or call.world.operations.get(found.name) is None:
        raise problems.not_allowed("Cancel", found.name, record["state"] or "InProgress", client_of(call))
    operation = call.world.operations.get(found.name)
    if operation is not None:
        call.world.operations.finish(operation, "Canceled")
    _reconcile_target(call.world, found)
    _drop_unborn(call.world, operation)
    return _acknowledge(call, found)


def _drop_unborn(world: World, operation: Operation | None) -> None:
    target = world.store.get(operation.target) if operation is not None else None
    if target is not None and not target.born and target.type != ITEM:
        world.remove(target)


def _acknowledge(call: Call, job: Resource) -> Response:
    """202 for an action on a job; the final Location shows the job."""
    return call.start(
        duration=0.0,
        style=Style.SITE_RECOVERY,
        effect="site_recovery.nothing",
        target=job,
        args={"job": job.name, "vault": vault_of(job.id)},
        result="resource",
        result_at=arm(job.id),
        headers={"x-ms-request-id": arm(job.id)},
    )


@effect("site_recovery.nothing")
def _nothing(_world: World, _operation: Operation) -> None:
    return None


@answering
def _restart_job(call: Call) -> Response:
    """POST restart of a failed job: the same request is made again, as a job of its own (*assumed*)."""
    found = _find_job(call)
    record = cast(Job, found.sim["record"])
    again = found.sim.get("request")
    if record["state"] != "Failed" or not isinstance(again, dict):
        raise problems.not_allowed("Restart", found.name, record["state"] or "InProgress", client_of(call))
    url = f"{again['path']}?api-version={call.request.api_version}"
    request = Request.build(again["method"], url, again["body"], host=call.request.headers.get("host", "localhost"))
    response = dispatch.answer(call.world, request, call.principal)
    response.headers = [
        one for one in response.headers if one[0] in ("Azure-AsyncOperation", "Location", "Retry-After")
    ]
    return response


@answering
def _resume_job(call: Call) -> Response:
    """POST resume: the old way to end a test failover that waits (§3.4)."""
    found = _find_job(call)
    record = cast(Job, found.sim["record"])
    take(call, service.properties_of(call, required=False), "comments", str)
    if record["state"] != "Suspended":
        raise problems.not_allowed("Resume", found.name, record["state"] or "InProgress", client_of(call))
    record["extra"].pop("stateDescription", None)
    record["state"] = ""
    service.close_job(call.world, vault_of(found.id), found.name)
    return _acknowledge(call, found)


@answering
def _post_job(call: Call) -> Response:
    """POST replicationJobs/export, which is addressed like a job."""
    if call.address.name.lower() != "export":
        raise problems.entity_missing("job", call.address.name, client_of(call))
    body = call.request.json()
    if body is not None and not isinstance(body, dict):
        raise problems.invalid("body", "it must be an object", client_of(call))
    owner = service.vault(call)
    task = Task("export", owner, "site_recovery.exported", result_at=call.id, target_name=owner.name)
    response = begin(call, task)
    operation = call.operation
    if operation is not None:
        operation.result_at = arm(f"{owner.id}/replicationJobs/{call.notes['job']}")
        response.headers = [
            (n, v.replace("/replicationJobs/export/", f"/replicationJobs/{operation.id}/")) for n, v in response.headers
        ]
    return response


@service.completion("site_recovery.exported")
def _exported(world: World, operation: Operation) -> Problem | None:
    """The export's blob is named in the job; there is nothing behind the address here."""
    job = service.job_of(world, operation.args["vault"], operation.args["job"])
    if job is not None and not operation.outcome:
        name = f"https://srsexport.blob.core.windows.net/jobs/{operation.args['job']}.json"
        job["extra"].update(blobUri=name, sasToken=f"?sv=2025-01-05&sig={ids.guid('sas', operation.id)}")
    return None


# --- events -----------------------------------------------------------------------------------------------------------


class _Row(NamedTuple):
    """An event before it is a document: ten thousand items have twenty thousand of them, and a page shows two hundred."""

    at: float
    item: str
    code: str
    level: str
    text: str


def _events(world: World, vault_id: str) -> list[_Row]:
    """The vault's events of the last 72 hours, newest first: what every item's facts say has happened to it."""
    found: list[_Row] = []
    horizon, now = world.now() - 72 * 3600, world.now()
    for key in foundations.below(world, ITEM, vault_id):
        resource = world.store.get(key)
        if resource is not None and world.shown(resource):
            found += [row for row in _item_events(world, key, item_of(resource)) if horizon <= row.at <= now]
    return sorted(found, reverse=True)


def _item_events(world: World, key: str, found: Item) -> Iterator[_Row]:
    for error in health.errors_of(world, found):
        code = "SRSVMFailoverHealthChanged" if error["errorCategory"] == "TestFailover" else "SRSVMHealthChanged"
        level = "Critical" if error["errorLevel"] == "Error" else str(error["errorLevel"])
        yield _Row(parse_iso(error["creationTimeUtc"]), key, code, level, str(error["errorMessage"]))
    if found["first_point"] is not None:
        text = "The replication health has changed to normal."
        yield _Row(found["first_point"], key, "SRSVMHealthChanged", "OK", text)


def _documents(world: World, rows: list[_Row]) -> list[Json]:
    made = ((world.store.get(row.item), row) for row in rows)
    return [
        _event(world, resource, item_of(resource), row.at, row.code, row.level, row.text)
        for resource, row in made
        if resource is not None
    ]


def _event(world: World, resource: Resource, found: Item, at: float, code: str, level: str, text: str) -> Json:
    name = health.health_event_name(at, found["lineage"], code, level)
    home, other = found["primary"], found["recovery"]
    details = {
        "instanceType": "A2A",
        "protectedItemName": resource.name,
        "fabricObjectId": found["vm"].lower(),
        "fabricName": shapes.name_of(shapes.fabric_id(home)),
        "fabricLocation": shapes.location_of(world, home),
        "remoteFabricName": shapes.name_of(shapes.fabric_id(other)),
        "remoteFabricLocation": shapes.location_of(world, other),
    }
    properties: Json = {
        "eventCode": code,
        "description": text,
        "eventType": "VmHealth",
        "affectedObjectFriendlyName": found["vm_name"],
        "affectedObjectCorrelationId": found["correlation"],
        "severity": level,
        "timeOfOccurrence": jobs.net(at),
        "fabricId": arm(shapes.fabric_id(home)),
        "providerSpecificDetails": details,
        "eventSpecificDetails": None,
        "healthErrors": [],
    }
    vault = arm(vault_of(resource.id))
    return {
        "name": name,
        "type": f"{VAULT}/replicationEvents",
        "id": f"{vault}/replicationEvents/{name}",
        "properties": properties,
    }


_EVENT_FIELDS: dict[str, Callable[[World, _Row], str]] = {
    "severity": lambda _world, row: row.level,
    "eventtype": lambda _world, _row: "VmHealth",
    "eventcode": lambda _world, row: row.code,
    "affectedobjectfriendlyname": lambda world, row: _owner(world, row)["vm_name"],
    "affectedobjectcorrelationid": lambda world, row: _owner(world, row)["correlation"],
    "fabricname": lambda world, row: shapes.name_of(shapes.fabric_id(_owner(world, row)["primary"])),
}


def _owner(world: World, row: _Row) -> Item:
    resource = world.store.get(row.item)
    assert resource is not None
    return item_of(resource)


@answering
def _list_events(call: Call) -> Response:
    """`$filter=Severity  eq 'Critical'` (recorded, two blanks and all); other names are *assumed*."""
    world, owner = call.world, service.vault(call)
    found = _events(world, owner.id)
    for name, operator, value in _clauses(call):
        found = _narrow(call, found, name, operator, value)
    start, size = _offset(call), verbs._page_size(call)
    more = str(start + size) if start + size < len(found) else ""
    shown = [encode(one) for one in _documents(world, found[start : start + size])]
    return verbs._envelope(call, shown, more, 1)


def _narrow(call: Call, found: list[_Row], name: str, operator: str, value: str) -> list[_Row]:
    if name in ("starttime", "endtime"):
        at, later = _time(call, value), name == "starttime"
        return [row for row in found if (row.at >= at) is later]
    field = _EVENT_FIELDS.get(name)
    if field is None or operator != "eq":
        raise problems.invalid("$filter", f"'{name} {operator}' is not known", client_of(call))
    return [row for row in found if field(call.world, row).lower() == value.lower()]


def _offset(call: Call) -> int:
    token = call.request.query.get("$skiptoken") or call.request.query.get("skiptoken") or ""
    after = verbs._token(token)[0]
    return int(after) if after.isdigit() else 0


@answering
def _get_event(call: Call) -> Response:
    owner = service.vault(call)
    for one in _documents(call.world, _events(call.world, owner.id)):
        if str(one["name"]).lower() == call.address.name.lower():
            return Response(200, one)
    raise problems.entity_missing("event", call.address.name, client_of(call))


# --- vault health -----------------------------------------------------------------------------------------------------


def _health_document(world: World, vault: Resource) -> Json:
    items = [world.store.get(key) for key in foundations.below(world, ITEM, vault.id)]
    looked = [(one, item_of(one)) for one in items if one is not None and one.born]
    fabrics = [one for one in world.store.select(FABRIC, vault.id) if one.born]
    keys = foundations.below(world, service.CONTAINER, vault.id)
    containers = [one for key in keys if (one := world.store.get(key)) is not None]
    properties = {
        "vaultErrors": health.planted(vault, shapes.entity(world, vault.id)),
        "protectedItemsHealth": _items_health(world, looked, fabrics),
        "fabricsHealth": _parts_health(world, fabrics),
        "containersHealth": _parts_health(world, containers),
    }
    return {
        "id": f"{arm(vault.id)}/replicationVaultHealth/Default",
        "name": "Default",
        "type": f"{VAULT}/replicationVaultHealth",
        "properties": properties,
    }


def _parts_health(world: World, parts: list[Resource]) -> Json:
    """Of fabrics or containers: how many, and the errors of any of them summed up."""
    issues: dict[tuple[str, str], Json] = {}
    for part in parts:
        entity = shapes.entity(world, part.id)
        for error in health.planted(part, entity):
            _issue(issues, entity, part.type.rsplit("/", 1)[-1], error)
    return {"resourceCount": len(parts), "issues": list(issues.values()), "categorizedResourceCounts": None}


def _items_health(world: World, looked: list[tuple[Resource, Item]], fabrics: list[Resource]) -> Json:
    """The counters of the dashboard; names as recorded (§3.2)."""
    counts: Json = {f"fabric_{shapes.entity(world, one.id)}": 0 for one in fabrics}
    counts |= dict.fromkeys(_COUNTERS, 0)
    issues: dict[tuple[str, str], Json] = {}
    for resource, found in looked:
        counts[f"fabric_{shapes.entity(world, shapes.fabric_id(resource.id))}"] += 1
        _count(counts, found, health.errors_of(world, found))
        for error in health.errors_of(world, found):
            _issue(issues, found["correlation"], "ReplicationGroup", error)
    return {"resourceCount": len(looked), "issues": list(issues.values()), "categorizedResourceCounts": counts}


_COUNTERS = (
    "testFailoverApplicableProtectedItemsCount",
    "testFailoverInProgressProtectedItemsCount",
    "testFailoverWaitingProtectedItemsCount",
    "protectedItemsCriticalCount",
    "protectedItemsWarningCount",
    "protectedItemsNeutralCount",
    "protectedItemsTestFailoverCriticalCount",
    "protectedItemsTestFailoverWarningCount",
    "protectedItemsConfigurationCriticalCount",
    "protectedItemsConfigurationWarningCount",
    "protectedItemsFailoverHealthCriticalCount",
    "protectedItemsFailoverHealthWarningCount",
)


def _count(counts: Json, found: Item, errors: list[Json]) -> None:
    state = State(found["state"])
    if "TestFailover" in SHOWN[state].allowed:
        counts["testFailoverApplicableProtectedItemsCount"] += 1
    if state is State.TESTING:
        counts["testFailoverInProgressProtectedItemsCount"] += 1
    if state is State.TEST_WAITING:
        counts["testFailoverWaitingProtectedItemsCount"] += 1
    words = {"Critical": "Critical", "Warning": "Warning", "None": "Neutral"}
    level = words.get(health.replication_health(errors))
    if level:
        counts[f"protectedItems{level}Count"] += 1
    level = health.failover_health(errors)
    if level in ("Critical", "Warning"):
        counts[f"protectedItemsFailoverHealth{level}Count"] += 1
        category = "TestFailover" if any(e["errorCategory"] == "TestFailover" for e in errors) else "Configuration"
        counts[f"protectedItems{category}{level}Count"] += 1


def _issue(issues: dict[tuple[str, str], Json], correlation: str, kind_of: str, error: Json) -> None:
    """Add an error to its summary. kind_of: `ReplicationGroup` is recorded; the words for fabrics and containers are *assumed*."""
    key = (error["errorCode"], error["errorLevel"])
    issue = issues.setdefault(
        key,
        {
            "summaryCode": error["errorCode"],
            "category": error["errorCategory"],
            "severity": error["errorLevel"],
            "summaryMessage": error["errorMessage"],
            "affectedResourceType": kind_of,
            "affectedResourceSubtype": "A2A",
            "affectedResourceCorrelationIds": [],
        },
    )
    issue["affectedResourceCorrelationIds"].append(correlation)


@answering
def _health(call: Call) -> Response:
    return Response(200, _health_document(call.world, service.vault(call)))


@answering
def _refresh_health(call: Call) -> Response:
    """POST replicationVaultHealth/default/refresh: 202, and the health document at the end."""
    owner = service.vault(call)
    return call.start(
        duration="asr.refresh",
        style=Style.SITE_RECOVERY,
        effect="site_recovery.refreshed",
        target=owner,
        args={"job": "", "vault": owner.id},
        result="document",
        result_at=f"{arm(owner.id)}/replicationVaultHealth/default",
    )


@effect("site_recovery.refreshed")
def _refreshed(world: World, operation: Operation) -> None:
    owner = world.store.get(operation.target)
    operation.args["job"] = operation.id
    if owner is not None:
        operation.document = _health_document(world, owner)


# --- alert settings and vault settings --------------------------------------------------------------------------------

_ALERT = "defaultAlertSetting"
_ALERT_DEFAULT: Json = {"sendToOwners": "DoNotSend", "customEmailAddresses": [], "locale": "en-US"}
_SETTING = "default"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _setting_document(call: Call, type_name: str, name: str, properties: Json) -> Json:
    path = f"{arm(vault_of(call.id))}/{type_name}/{name}"
    return {"name": name, "type": f"{VAULT}/{type_name}", "id": path, "properties": properties}


def _settings(call: Call) -> Json:
    found: Json = service.books(call.world, service.vault(call).id)["settings"]
    return found


def _alert(call: Call) -> Json:
    properties = _settings(call).get("alert", _ALERT_DEFAULT)
    return _setting_document(call, "replicationAlertSettings", _ALERT, properties)


def _only(call: Call, name: str, kind_name: str) -> None:
    """These collections have one member each."""
    if call.address.name.lower() != name.lower():
        raise problems.entity_missing(kind_name, call.address.name, client_of(call))


@answering
def _list_alerts(call: Call) -> Response:
    return verbs.page_of(call, [_alert(call)])


@answering
def _get_alert(call: Call) -> Response:
    _only(call, _ALERT, "alert setting")
    return Response(200, _alert(call))


@answering
def _put_alert(call: Call) -> Response:
    """PUT, synchronous: 200 (§0.1)."""
    _only(call, _ALERT, "alert setting")
    given, settings = service.properties_of(call), _settings(call)
    addresses = take(call, given, "customEmailAddresses", list) or []
    if not all(isinstance(one, str) and _EMAIL.fullmatch(one) for one in addresses):
        raise problems.invalid("customEmailAddresses", "it must be a list of mail addresses", client_of(call))
    owners = take(call, given, "sendToOwners", str) or ""
    settings["alert"] = {
        # what is not Send is DoNotSend: "False" was taken (recorded: azure-sdk-for-net, CreateAlertSettings)
        "sendToOwners": "Send" if owners.lower() == "send" else "DoNotSend",
        "customEmailAddresses": addresses,
        "locale": take(call, given, "locale", str) or "en-US",
    }
    return Response(200, _alert(call))


def _vault_setting(call: Call) -> Json:
    properties = _settings(call).get("vault", {"migrationSolutionId": None, "vmwareToAzureProviderType": None})
    return _setting_document(call, "replicationVaultSettings", _SETTING, properties)


@answering
def _list_vault_settings(call: Call) -> Response:
    return verbs.page_of(call, [_vault_setting(call)])


@answering
def _get_vault_setting(call: Call) -> Response:
    _only(call, _SETTING, "vault setting")
    return Response(200, _vault_setting(call))


@answering
def _put_vault_setting(call: Call) -> Response:
    """PUT: 200 at once, though the SDK calls it a long-running operation (§0.1)."""
    _only(call, _SETTING, "vault setting")
    given, settings = service.properties_of(call), _settings(call)
    names = ("migrationSolutionId", "vmwareToAzureProviderType")
    settings["vault"] = {name: take(call, given, name, str) for name in names}
    return Response(200, _vault_setting(call))


# --- eligibility ------------------------------------------------------------------------------------------------------


@answering
def _eligibility(call: Call) -> Response:
    """GET of the list and of `default`. Since 2022 both answer the one object (recorded: azure-cli-extensions,
    test_siterecovery_scenarios); before that the list was a page (azure-sdk-for-net, EnumerateReplicationEligibilityResults).
    """
    machine_id = call.address.scope if call.verb != "LIST" else call.id
    if call.verb != "LIST" and call.address.name.lower() != "default":
        raise problems.entity_missing("eligibility result", call.address.name, client_of(call))
    machine = machines.read(call.world, machine_id)
    if machine is None:
        address = ids.parse(machine_id)
        raise errors.resource_not_found("Microsoft.Compute/virtualMachines", address.name, address.group)
    found = [one.entry() for one in obstacles.obstacles(call.world, machine)]
    body = {
        "name": "default",
        "type": "Microsoft.RecoveryServices/replicationEligibilityResults",
        "id": f"{machine.id}/providers/Microsoft.RecoveryServices/replicationEligibilityResults/default",
        "properties": {"clientRequestId": client_of(call), "errors": found},
    }
    return Response(200, {"value": [body]} if call.verb == "LIST" and shapes.is_older(call) else body)


# --- sizes and operating systems --------------------------------------------------------------------------------------


@answering
def _target_sizes(call: Call) -> Response:
    """GET targetComputeSizes of an item: what its recovery region offers."""
    owner = acting.find(call)
    location = shapes.location_of(call.world, item_of(owner)["recovery"])
    missing = {name.lower() for name in call.world.unavailable_sizes.get(location, [])}
    offered = [one for one in sizes.SIZES if one.name.lower() not in missing]
    return verbs.page_of(call, [_size(owner, one) for one in offered])


def _size(owner: Resource, size: Any) -> Json:
    properties = {
        "name": size.name,
        "friendlyName": size.name,
        "cpuCoresCount": size.cores,
        "vCPUsAvailable": size.cores,
        "memoryInGB": size.memory / 1024,
        "maxDataDiskCount": size.disks,
        "maxNicsCount": size.nics,
        "errors": [],
        "highIopsSupported": "Yes" if size.premium else "No",
        "hyperVGenerations": size.generations.split(","),
    }
    return {
        "id": f"{arm(owner.id)}/targetComputeSizes/{size.name}",
        "name": size.name,
        "type": f"{ITEM}/targetComputeSizes",
        "properties": properties,
    }


_SYSTEMS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Windows", "Windows", ("2008 R2 SP1", "2012", "2012 R2", "2016", "2019", "2022", "2025")),
    ("RHEL", "Linux", ("6.7-6.10", "7.0-7.9", "8.0-8.10", "9.0-9.7", "10.0-10.1")),
    ("UBUNTU", "Linux", ("14.04", "16.04", "18.04", "20.04", "22.04", "24.04")),
    ("DEBIAN", "Linux", ("7", "8", "9", "10", "11", "12")),
    ("SLES", "Linux", ("11 SP3", "11 SP4", "12 SP1-SP5", "15-15 SP7")),
    ("OL", "Linux", ("6.4-6.10", "7", "8.0-8.10", "9.0-9.6")),
    ("ROCKY", "Linux", ("8", "9")),
    ("ALMA", "Linux", ("8", "9")),
)


@answering
def _operating_systems(call: Call) -> Response:
    """GET replicationSupportedOperatingSystems: the short form of the support matrix (portal-behaviour.md §4)."""
    owner = service.vault(call)
    rows = [
        {"osName": name, "osType": system, "osVersions": [{"version": one, "servicePack": ""} for one in versions]}
        for name, system, versions in _SYSTEMS
    ]
    wanted = call.request.query.get("instancetype")
    entries = [] if wanted and wanted.upper() != "A2A" else [{"instanceType": "A2A", "supportedOs": rows}]
    name = "replicationSupportedOperatingSystems"
    body = {"id": f"{arm(owner.id)}/{name}/Default", "name": "Default", "type": f"{VAULT}/{name}"}
    return Response(200, {**body, "properties": {"supportedOsList": entries}})


@answering
def _usages(call: Call) -> Response:
    """GET replicationUsages: the dashboard's sums (portal-behaviour.md §3.1; values of absent parts are *assumed*)."""
    owner = service.vault(call)
    counts = dict.fromkeys(("Failed", "Suspended", "InProgress"), 0)
    for guid in service.books(call.world, owner.id)["jobs"]:
        job = service.job_of(call.world, owner.id, guid)
        state = (job["state"] or "InProgress") if job is not None else ""
        if state in counts:
            counts[state] += 1
    document = _health_document(call.world, owner)["properties"]["protectedItemsHealth"]
    sick = document["categorizedResourceCounts"]["protectedItemsCriticalCount"]
    usage = {
        "monitoringSummary": {
            "unHealthyVmCount": sick,
            "unHealthyProviderCount": 0,
            "eventsCount": len(_events(call.world, owner.id)),
            "deprecatedProviderCount": 0,
            "supportedProviderCount": 0,
            "unsupportedProviderCount": 0,
        },
        "jobsSummary": {
            "failedJobs": counts["Failed"],
            "suspendedJobs": counts["Suspended"],
            "inProgressJobs": counts["InProgress"],
        },
        "protectedItemCount": document["resourceCount"],
        "recoveryPlanCount": len(foundations.below(call.world, PLAN, owner.id)),
        "registeredServersCount": 0,
        "recoveryServicesProviderAuthType": 0,
    }
    return Response(200, {"value": [usage]})


@answering
def _operations(call: Call) -> Response:
    """GET .../Microsoft.RecoveryServices/operations of a resource group (§6, trap 24): what can be asked."""
    names = sorted(_OPERATIONS)
    rows = [
        {
            "name": name,
            "display": {
                "provider": "Microsoft Recovery Services",
                "resource": name.split("/")[-2],
                "operation": name.rsplit("/", 1)[1],
                "description": name,
            },
            "origin": "user",
        }
        for name in names
    ]
    return verbs.page_of(call, rows)


_OPERATIONS = tuple(
    f"{name}/{verb}"
    for name in (FABRIC, service.CONTAINER, ITEM, service.MAPPING, service.NETWORK_MAPPING, service.POLICY, PLAN)
    for verb in ("read", "write", "delete")
)

#: What the vault's own SDK asks for too.
_SHARED = tuple(sorted({*SITE_RECOVERY, *versions.VAULTS}, reverse=True))

TYPES: list[ResourceType] = [
    kind(
        JOB_TYPE,
        render=_render_job,
        overrides={"GET": _get_job, "LIST": _list_jobs, "POST": _post_job},
        actions={"cancel": Action(_cancel_job), "restart": Action(_restart_job), "resume": Action(_resume_job)},
    ),
    listed(f"{VAULT}/replicationEvents", _list_events, _get_event),
    kind(
        f"{VAULT}/replicationVaultHealth",
        get=False,
        overrides={"LIST": _health},
        actions={"refresh": Action(_refresh_health)},
    ),
    kind(
        f"{VAULT}/replicationAlertSettings",
        overrides={"GET": _get_alert, "LIST": _list_alerts, "PUT": _put_alert},
    ),
    kind(
        f"{VAULT}/replicationVaultSettings",
        overrides={"GET": _get_vault_setting, "LIST": _list_vault_settings, "PUT": _put_vault_setting},
    ),
    listed(f"{VAULT}/replicationSupportedOperatingSystems", _operating_systems),
    kind(f"{VAULT}/replicationUsages", versions=_SHARED, get=False, overrides={"LIST": _usages}),
    listed(f"{ITEM}/targetComputeSizes", _target_sizes),
    kind(
        "Microsoft.RecoveryServices/replicationEligibilityResults",
        scope="any",
        overrides={"GET": _eligibility, "LIST": _eligibility},
    ),
    kind("Microsoft.RecoveryServices/operations", versions=_SHARED, get=False, overrides={"LIST": _operations}),
]
