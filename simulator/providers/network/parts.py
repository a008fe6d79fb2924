"""What Network's types have in common: named parts inside a document, address arithmetic, and writing one at a time."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from simulator.kernel import errors, ids, lro
from simulator.kernel.call import Call
from simulator.kernel.refs import objects
from simulator.kernel.store import Resource
from simulator.kernel.world import World

IPNetwork = IPv4Network | IPv6Network


def name_parts(owner_id: str, properties: dict[str, Any], *lists: str) -> None:
    """Give each named part (`frontendIPConfigurations`, `routes` ...) its id and state, as Network does."""
    for kind in lists:
        parts = objects(properties.get(kind))
        for part in parts:
            if not isinstance(part.get("name"), str):
                raise errors.ArmError(
                    400, "InvalidRequestFormat", f"Cannot parse the request. A part of '{kind}' has no name."
                )
            part["id"] = f"{owner_id}/{kind}/{part['name']}"
            part.setdefault("properties", {})["provisioningState"] = "Succeeded"
        properties[kind] = parts


def guid_of(call: Call, existing: Resource | None) -> str:
    """`properties.resourceGuid`: given at creation, kept for ever."""
    kept = existing.properties.get("resourceGuid") if existing else None
    return str(kept or ids.guid(call.world.settings.seed, call.id.lower(), "resourceGuid", call.world.iso_now()))


def cidr(text: Any) -> IPNetwork:
    """An address prefix. Raises ArmError 400 in Network's words."""
    if not isinstance(text, str) or "/" not in text:
        raise errors.ArmError(
            400,
            "InvalidAddressPrefixFormat",
            f"Address prefix {text} is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24.",
            details=[],
        )
    try:
        return ip_network(text)
    except ValueError:
        raise _bad_cidr(text) from None


def _bad_cidr(text: str) -> errors.ArmError:
    try:
        right = ip_network(text, strict=False)
    except ValueError:
        message = f"Address prefix {text} is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24."
        return errors.ArmError(400, "InvalidAddressPrefixFormat", message, details=[])
    message = (
        f"The address prefix {text} in resource has an invalid CIDR notation. For the given prefix length, the address "
        f"prefix should be {right}."
    )
    return errors.ArmError(400, "InvalidCIDRNotation", message, details=[])


def overlap(left: IPNetwork, right: IPNetwork) -> bool:
    """Whether two prefixes share an address."""
    return left.version == right.version and left.overlaps(right)


def inside(inner: IPNetwork, outer: IPNetwork) -> bool:
    """Whether one prefix lies within another."""
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def refuse_second_write(call: Call, network: Resource | None) -> None:
    """One write at a time per virtual network, its subnets included (simulator.md §2.5). Raises ArmError 409."""
    if network is None:
        return
    for member in (network, *call.world.store.children(network.id)):
        operation = call.world.operations.get(member.operation) if member.operation else None
        if operation is not None and not operation.outcome:
            raise errors.another_operation(lro.status_url(call.request, operation))


def replace_entry(world: World, resource: Resource | None, field: str, key: str, value: Any) -> None:
    """Set (or, with None, remove) one entry of a private table of a resource, touching it only when that changes it."""
    if resource is None:
        return
    table: dict[str, Any] = resource.sim.setdefault(field, {})
    if table.get(key) == value:
        return
    if value is None:
        del table[key]
    else:
        table[key] = value
    world.store.touch(resource)
