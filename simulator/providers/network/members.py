"""Parts of Network's documents that have an address of their own: security rules and routes.

They live in their owner's document and nowhere else, so that a PUT of the owner and a PUT of a part can never disagree. Status
codes are those of the installed SDK (security_rules, routes); that a part is written at once is *assumed*.
"""

from __future__ import annotations

from typing import Any

from simulator.kernel import errors, verbs
from simulator.kernel.call import Call
from simulator.kernel.refs import objects
from simulator.kernel.registry import ResourceType, Write
from simulator.kernel.request import Response
from simulator.kernel.store import Resource
from simulator.providers import versions
from simulator.providers.network import parts

_PRIORITIES = range(100, 4097)  # documented: Network security groups, "Security rules"
_RULE = {"access": ("Allow", "Deny"), "direction": ("Inbound", "Outbound")}


def _owner(call: Call) -> Resource:
    """The group or table that a part belongs to. Raises ARM's 404."""
    address = call.address
    path = "/".join(call.id.split("/")[:9])
    found = call.world.visible(path)
    if found is None:
        raise errors.resource_not_found(f"{address.namespace}/{address.types[0]}", address.names[0], address.group)
    return found


def _list_name(call: Call) -> str:
    return call.type.name.rsplit("/", 1)[1]


def _parts(call: Call, owner: Resource) -> list[dict[str, Any]]:
    return objects(owner.properties.get(_list_name(call)))


def _find(call: Call, owner: Resource) -> dict[str, Any] | None:
    return next((one for one in _parts(call, owner) if one["name"].lower() == call.address.name.lower()), None)


def _shown(call: Call, owner: Resource, part: dict[str, Any]) -> dict[str, Any]:
    return part | {"etag": call.world.etag(owner), "type": call.type.name}


def _get(call: Call) -> Response:
    owner = _owner(call)
    found = _find(call, owner)
    if found is None:
        raise errors.resource_not_found(call.type.name, "/".join(call.address.names), call.address.group)
    return Response(200, _shown(call, owner, found))


def _list(call: Call) -> Response:
    owner = _owner(call)
    return verbs.page_of(call, [_shown(call, owner, one) for one in _parts(call, owner)])


def _put(call: Call) -> Response:
    owner = _owner(call)
    properties = call.request.document().get("properties")
    if not isinstance(properties, dict):
        raise errors.ArmError(400, "InvalidRequestFormat", "Cannot parse the request.", details=[])
    before = _find(call, owner)
    others = [one for one in _parts(call, owner) if one is not before]
    if _list_name(call) == "securityRules":
        _check_rule(call.address.name, properties, others)
    else:
        parts.cidr(properties.get("addressPrefix"))
    name = before["name"] if before else call.address.name
    made = {
        "name": name,
        "id": f"{owner.id}/{_list_name(call)}/{name}",
        "properties": {**properties, "provisioningState": "Succeeded"},
    }
    call.effect = "created" if before is None else "replaced-identical" if before == made else "replaced-changed"
    owner.properties[_list_name(call)] = [*others, made]
    call.world.store.touch(owner)
    return Response(200 if before else 201, _shown(call, owner, made))


def _check_rule(name: str, properties: dict[str, Any], others: list[dict[str, Any]]) -> None:
    """A priority is one rule's in its direction. Raises 400 (codes are documented, sentences *assumed*)."""
    for field, allowed in _RULE.items():
        if properties.get(field) not in allowed:
            message = f"Security rule {name} has an invalid {field}: it must be one of {', '.join(allowed)}."
            raise errors.ArmError(400, "InvalidRequestFormat", message, details=[])
    priority = properties.get("priority")
    if isinstance(priority, bool) or not isinstance(priority, int) or priority not in _PRIORITIES:
        message = f"Security rule has invalid Priority. Value provided: {priority} Allowed range 100-4096."
        raise errors.ArmError(400, "SecurityRuleInvalidPriority", message, details=[])
    for other in others:
        told = other["properties"]
        if (told.get("priority"), told.get("direction")) == (priority, properties["direction"]):
            message = (
                f"Security rule {name} conflicts with rule {other['name']}. Rules cannot have the same Priority and Direction. "
                "To learn more about network security groups, see https://aka.ms/azure/nsgs."
            )
            raise errors.ArmError(400, "SecurityRuleConflict", message, details=[])


def _delete(call: Call) -> Response:
    owner = call.world.visible("/".join(call.id.split("/")[:9]))
    found = _find(call, owner) if owner is not None else None
    if owner is None or found is None:
        call.effect = "noop"
        return Response(204)
    call.effect = "deleted"
    owner.properties[_list_name(call)] = [one for one in _parts(call, owner) if one is not found]
    call.world.store.touch(owner)
    return Response(200)


def _type(name: str, *, written: bool = True) -> ResourceType:
    writes = {"PUT": _put, "DELETE": _delete} if written else {}
    return ResourceType(
        name=f"Microsoft.Network/{name}",
        versions=versions.NETWORK,
        tracked=False,
        has_state=False,
        listed_under=frozenset({"parent"}),
        put=Write(created=201, replaced=200) if written else None,
        delete=Write(deleted=200) if written else None,
        overrides={"GET": _get, "LIST": _list, **writes},
        throttle="network",
        name_pattern=r"[A-Za-z0-9](?:[-\w.]{0,78}\w)?",
    )


TYPES: list[ResourceType] = [
    _type("networkSecurityGroups/securityRules"),
    _type("networkSecurityGroups/defaultSecurityRules", written=False),
    _type("routeTables/routes"),
]
