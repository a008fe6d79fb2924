"""Azure Policy as far as it is read: assignments and definitions. *Assumed*: nothing is enforced; who wants a refusal plans a fault.

Bodies: Microsoft.Authorization/policyAssignments and policyDefinitions of the public specification (2023-04-01). The built-in
definitions carry the ids, names and rules that Microsoft publishes (Azure/azure-policy, built-in-policies).
"""

from __future__ import annotations

from typing import Any

from simulator.kernel import errors, ids, verbs
from simulator.kernel.call import Call
from simulator.kernel.registry import ResourceType
from simulator.kernel.request import Response
from simulator.kernel.store import Resource
from simulator.providers import versions

ASSIGNMENTS = "Microsoft.Authorization/policyAssignments"
DEFINITIONS = "Microsoft.Authorization/policyDefinitions"
SETS = "Microsoft.Authorization/policySetDefinitions"


def _not_in(field: str, parameter: str) -> dict[str, Any]:
    return {"not": {"field": field, "in": f"[parameters('{parameter}')]"}}


def _builtin(
    name: str, title: str, parameters: dict[str, str], condition: Any, mode: str = "Indexed"
) -> dict[str, Any]:
    return {
        "id": f"/providers/{DEFINITIONS}/{name}",
        "type": DEFINITIONS,
        "name": name,
        "properties": {
            "displayName": title,
            "policyType": "BuiltIn",
            "mode": mode,
            "parameters": {key: {"type": kind} for key, kind in parameters.items()},
            "policyRule": {"if": condition, "then": {"effect": "deny"}},
        },
    }


_TAG = "[concat('tags[', parameters('tagName'), ']')]"
_BUILTIN = {
    body["name"]: body
    for body in (
        _builtin(
            "e56962a6-4747-49cd-b67b-bf8b01975c4c",
            "Allowed locations",
            {"listOfAllowedLocations": "Array"},
            {
                "allOf": [
                    {"field": "location", "notIn": "[parameters('listOfAllowedLocations')]"},
                    {"field": "location", "notEquals": "global"},
                    {"field": "type", "notEquals": "Microsoft.AzureActiveDirectory/b2cDirectories"},
                ]
            },
        ),
        _builtin(
            "e765b5de-1225-4ba3-bd56-1ac6695af988",
            "Allowed locations for resource groups",
            {"listOfAllowedLocations": "Array"},
            {
                "allOf": [
                    {"field": "type", "equals": "Microsoft.Resources/subscriptions/resourceGroups"},
                    {"field": "location", "notIn": "[parameters('listOfAllowedLocations')]"},
                ]
            },
            "All",
        ),
        _builtin(
            "a08ec900-254a-4555-9bf5-e42af04b5c5c",
            "Allowed resource types",
            {"listOfResourceTypesAllowed": "Array"},
            _not_in("type", "listOfResourceTypesAllowed"),
        ),
        _builtin(
            "cccc23c7-8427-4f53-ad12-b6a63eb452b3",
            "Allowed virtual machine size SKUs",
            {"listOfAllowedSKUs": "Array"},
            {
                "allOf": [
                    {"field": "type", "equals": "Microsoft.Compute/virtualMachines"},
                    _not_in("Microsoft.Compute/virtualMachines/sku.name", "listOfAllowedSKUs"),
                ]
            },
        ),
        _builtin(
            "871b6d14-10aa-478d-b590-94f262ecfa99",
            "Require a tag on resources",
            {"tagName": "String"},
            {"field": _TAG, "exists": "false"},
        ),
    )
}


def _list(call: Call) -> Response:
    """Without a filter: at the scope, above it, and below it."""
    scope = call.id.lower().rstrip("/") + "/"
    found = call.world.store.select(call.type.name, ids.subscription_of(call.id))
    holders = ((ids.parent_of(entry.id).lower() + "/", entry) for entry in found)
    touching = [entry for holder, entry in holders if holder.startswith(scope) or scope.startswith(holder)]
    return verbs.page_of(call, [_body(call, entry) for entry in touching])


def _body(call: Call, entry: Resource) -> dict[str, Any]:
    body = call.world.body(entry)
    if entry.type == ASSIGNMENTS:
        body["properties"] = {"scope": ids.parent_of(entry.id), "enforcementMode": "Default", **body["properties"]}
    return body


def _get_definition(call: Call) -> Response:
    builtin = _BUILTIN.get(call.address.name.lower()) if call.type.name == DEFINITIONS else None
    return Response(200, builtin) if builtin else call.respond(call.need())


def _missing(call: Call) -> Exception:
    what = "set definition" if call.type.name == SETS else "definition"
    message = f"The policy {what} '{call.address.name}' could not be found."
    code = "PolicySetDefinitionNotFound" if call.type.name == SETS else "PolicyDefinitionNotFound"
    return errors.ArmError(404, code, message, gateway=True)


_PROXY: dict[str, Any] = {"versions": versions.POLICY, "tracked": False, "has_state": False, "scope": "any"}
#: Everybody reads the built-in definitions, which lie in no subscription (*assumed*: here the others, too).
_OPEN: dict[str, Any] = {"permissions": {"GET": ""}, **_PROXY}

TYPES: list[ResourceType] = [
    ResourceType(name=ASSIGNMENTS, overrides={"LIST": _list}, **_PROXY),
    ResourceType(name=DEFINITIONS, missing=_missing, overrides={"LIST": _list, "GET": _get_definition}, **_OPEN),
    ResourceType(name=SETS, missing=_missing, overrides={"LIST": _list, "GET": _get_definition}, **_OPEN),
]
