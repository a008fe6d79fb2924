"""Microsoft.Insights: the activity log, written by the operations log itself."""

from __future__ import annotations

import re
from typing import Any

from simulator.kernel import errors, verbs
from simulator.kernel.call import Call
from simulator.kernel.clock import parse_iso
from simulator.kernel.registry import ResourceType
from simulator.kernel.request import Response
from simulator.providers import versions

# The documented examples put times between quotes; azure-cli sends them without.
_SINCE = re.compile(r"eventTimestamp ge '?([^' ]+)'?", re.IGNORECASE)
_UNTIL = re.compile(r"eventTimestamp le '?([^' ]+)'?", re.IGNORECASE)
_RESOURCE = re.compile(r"resourceUri eq '?([^' ]+)'?", re.IGNORECASE)
_GROUP = re.compile(r"resourceGroupName eq '?([^' ]+)'?", re.IGNORECASE)


def _events(call: Call) -> Response:
    """Accepted and refused writes, newest first; the filter must say since when, as Azure's must."""
    text = call.request.query.get("$filter", "")
    since = _SINCE.search(text)
    if since is None:
        message = "The $filter must contain a start time: eventTimestamp ge '<time>'."
        raise errors.ArmError(400, "BadRequest", message)
    try:
        first, last = parse_iso(since[1]), _end(text, call.now())
    except ValueError:
        raise errors.invalid_property("$filter", text) from None
    found = [
        _event(call, entry)
        for entry in call.world.oplog.entries({"mutating": "true"})
        if first <= entry["time"] <= last
    ]
    mine = call.address.subscription.lower()
    shown = [event for event in found if event["subscriptionId"] == mine and _fits(event, text)]
    return verbs.page_of(call, shown[::-1])


def _end(text: str, now: float) -> float:
    found = _UNTIL.search(text)
    return parse_iso(found[1]) if found else now


def _fits(event: dict[str, Any], text: str) -> bool:
    resource, group = _RESOURCE.search(text), _GROUP.search(text)
    if resource and not event["resourceId"].startswith(resource[1].lower()):
        return False
    return not group or f"/resourcegroups/{group[1].lower()}" in event["resourceId"]


def _event(call: Call, entry: dict[str, Any]) -> dict[str, Any]:
    verb = entry["action"] + "/action" if entry["action"] else "delete" if entry["verb"] == "DELETE" else "write"
    failed = entry["status"] >= 400
    word = "Failed" if failed else "Started" if entry["status"] == 202 else "Succeeded"
    return {
        "caller": entry["principal"],
        "channels": "Operation",
        "correlationId": entry["correlation"],
        "eventDataId": f"{entry['seq']:08d}",
        "eventName": {"value": "EndRequest", "localizedValue": "End request"},
        "category": {"value": "Administrative", "localizedValue": "Administrative"},
        "eventTimestamp": entry["at"],
        "id": f"{entry['id']}/events/{entry['seq']:08d}",
        "level": "Error" if failed else "Informational",
        "operationId": entry["operation"] or entry["correlation"],
        "operationName": {"value": f"{entry['type']}/{verb}", "localizedValue": f"{entry['type']}/{verb}"},
        "resourceId": entry["id"],
        "status": {"value": word, "localizedValue": word},
        "subStatus": {"value": str(entry["status"]), "localizedValue": str(entry["status"])},
        "subscriptionId": entry["subscription"],
        "tenantId": call.world.tenant,
        "properties": {"statusMessage": entry["message"]} if failed else {},
    }


TYPES: list[ResourceType] = [
    ResourceType(
        name="Microsoft.Insights/eventtypes/values",
        versions=versions.INSIGHTS,
        tracked=False,
        get=False,
        overrides={"LIST": _events},
        permissions={"LIST": "Microsoft.Insights/eventtypes/values/Read"},
    ),
]
