"""Microsoft.Network/virtualNetworks and their subnets.

A subnet is a resource of its own; the network's `properties.subnets` is put together when somebody looks. A PUT of a
network *replaces* its subnets, whatever other writers have added meanwhile: that is Azure's famous behaviour.
"""

from __future__ import annotations

from typing import Any

from simulator.kernel import errors
from simulator.kernel.call import Call
from simulator.kernel.refs import dig, objects, reference
from simulator.kernel.registry import ResourceType, Style, Write
from simulator.kernel.request import Response
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.providers import versions
from simulator.providers.network import parts

NETWORKS = "Microsoft.Network/virtualNetworks"
SUBNETS = f"{NETWORKS}/subnets"
_NAME = r"[A-Za-z0-9](?:[-\w.]{0,78}\w)?"


# --- the network ------------------------------------------------------------------------------------------------------


def _validate(call: Call) -> None:
    existing = call.world.store.get(call.id)
    parts.refuse_second_write(call, existing)
    prefixes = dig(call.body, "properties", "addressSpace", "addressPrefixes")
    if not isinstance(prefixes, list) or not prefixes:
        message = f"Virtual network {call.address.name} does not have an address space."
        raise errors.ArmError(400, "VnetAddressSpaceNotSpecified", message, details=[])
    space = [parts.cidr(prefix) for prefix in prefixes]
    if call.verb == "PUT":
        _validate_subnets(call, space)


def _validate_subnets(call: Call, space: list[parts.IPNetwork]) -> None:
    taken: list[parts.IPNetwork] = []
    names: set[str] = set()
    for entry in objects(dig(call.body, "properties", "subnets")):
        name = _entry_name(entry)
        _check_subnet(call, name, entry, space, taken)
        names.add(name.lower())
    for subnet in call.world.store.select(SUBNETS, call.id):
        if subnet.name.lower() not in names:
            _refuse_in_use(subnet)


def _entry_name(entry: dict[str, Any]) -> str:
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise errors.ArmError(
            400, "InvalidRequestFormat", "Cannot parse the request. A subnet has no name.", details=[]
        )
    return name


def _check_subnet(
    call: Call, name: str, entry: dict[str, Any], space: list[parts.IPNetwork], taken: list[parts.IPNetwork]
) -> None:
    """Inside the network's space, and apart from its sisters. Adds its prefixes to `taken`."""
    network = call.id.split("/")[8]
    for prefix in _prefixes(entry):
        if not any(parts.inside(prefix, whole) for whole in space):
            message = f"Its IP address range is outside the IP address range of virtual network '{network}'."
            raise errors.ArmError(
                400,
                "NetcfgInvalidSubnet",
                f"Subnet '{name}' is not valid in virtual network '{network}'. {message}",
                details=[],
            )
        if any(parts.overlap(prefix, other) for other in taken):
            message = (
                f"Subnet '{name}' is not valid because its IP address range overlaps with that of an existing subnet in "
                f"virtual network '{network}'."
            )
            raise errors.ArmError(400, "NetcfgSubnetRangesOverlap", message, details=[])
        taken.append(prefix)
    _check_guards(call, entry)


def _check_guards(call: Call, entry: dict[str, Any]) -> None:
    for field, kind in (
        ("networkSecurityGroup", "networkSecurityGroups"),
        ("routeTable", "routeTables"),
        ("natGateway", "natGateways"),
    ):
        reference(call, dig(entry, "properties", field), f"Microsoft.Network/{kind}")


def _prefixes(entry: dict[str, Any]) -> list[parts.IPNetwork]:
    properties = entry.get("properties")
    given = dig(properties, "addressPrefixes") or [dig(properties, "addressPrefix")]
    if not isinstance(given, list) or given == [None]:
        raise errors.ArmError(400, "InvalidAddressPrefixFormat", "A subnet has no address prefix.", details=[])
    return [parts.cidr(prefix) for prefix in given]


def _refuse_in_use(subnet: Resource) -> None:
    users = subnet.sim.get("addresses") or {}
    if users:
        first = next(iter(users)).upper()
        message = (
            f"Subnet {subnet.name} is in use by {first} and cannot be deleted. In order to delete the subnet, delete all "
            "the resources within the subnet. See aka.ms/deletesubnet."
        )
        raise errors.ArmError(400, "InUseSubnetCannotBeDeleted", message, details=[])


def _prepare(call: Call, document: dict[str, Any]) -> None:
    properties = document.setdefault("properties", {})
    properties["resourceGuid"] = parts.guid_of(call, call.world.store.get(call.id))
    properties.setdefault("virtualNetworkPeerings", [])
    properties.setdefault("enableDdosProtection", False)
    properties.setdefault("privateEndpointVNetPolicies", "Disabled")
    if call.verb == "PUT":
        properties["subnets"] = objects(properties.get("subnets"))


def _stored(world: World, network: Resource) -> None:
    """Subnets of the document become resources; those it no longer names go."""
    entries = network.properties.pop("subnets", None)
    if entries is None:
        return
    for entry in entries:
        _keep_subnet(world, network, entry)
    wanted = [str(entry["name"]).lower() for entry in entries]
    for subnet in world.store.select(SUBNETS, network.id):
        if subnet.name.lower() not in wanted:
            world.remove(subnet)
    network.sim["order"] = wanted


def _keep_subnet(world: World, network: Resource, entry: dict[str, Any]) -> None:
    identity = f"{network.id}/subnets/{entry['name']}"
    properties = _defaults({**(entry.get("properties") or {}), "provisioningState": "Succeeded"})
    existing = world.store.get(identity)
    if existing is None or existing.properties != properties:
        world.put(identity, {"properties": properties}, existing.sim if existing else {})


def _defaults(properties: dict[str, Any]) -> dict[str, Any]:
    properties.pop("ipConfigurations", None)
    properties.setdefault("delegations", [])
    properties.setdefault("privateEndpointNetworkPolicies", "Disabled")
    properties.setdefault("privateLinkServiceNetworkPolicies", "Enabled")
    return properties


def _render(world: World, network: Resource, body: dict[str, Any]) -> None:
    order = {name: place for place, name in enumerate(network.sim.get("order", []))}
    subnets = sorted(
        world.store.select(SUBNETS, network.id), key=lambda found: order.get(found.name.lower(), len(order))
    )
    body["properties"]["subnets"] = [world.body(subnet) for subnet in subnets if world.shown(subnet)]


def _deleting(call: Call) -> None:
    network = call.need()
    parts.refuse_second_write(call, network)
    for subnet in call.world.store.select(SUBNETS, network.id):
        _refuse_in_use(subnet)


# --- subnets ----------------------------------------------------------------------------------------------------------


def _network_of(call: Call) -> Resource | None:
    return call.world.visible("/".join(call.id.split("/")[:9]))


def _validate_subnet(call: Call) -> None:
    network = _network_of(call)
    if network is None:
        return
    parts.refuse_second_write(call, network)
    prefixes = dig(network.properties, "addressSpace", "addressPrefixes") or []
    others = [found for found in call.world.store.select(SUBNETS, network.id) if found.key != call.id.lower()]
    taken = [prefix for other in others for prefix in _prefixes(other.document)]
    _check_subnet(call, call.address.name, call.body, [parts.cidr(prefix) for prefix in prefixes], taken)


def _prepare_subnet(call: Call, document: dict[str, Any]) -> None:
    _defaults(document.setdefault("properties", {}))


def _stored_subnet(world: World, subnet: Resource) -> None:
    network = world.store.get("/".join(subnet.id.split("/")[:9]))
    order = network.sim.setdefault("order", []) if network else []
    if subnet.name.lower() not in order:
        order.append(subnet.name.lower())


def _render_subnet(world: World, subnet: Resource, body: dict[str, Any]) -> None:
    body.pop("location", None)
    users = subnet.sim.get("addresses") or {}
    if users:
        body["properties"]["ipConfigurations"] = [{"id": identity} for identity in users]


def _deleting_subnet(call: Call) -> None:
    parts.refuse_second_write(call, _network_of(call))
    _refuse_in_use(call.need())


def _peerings(call: Call) -> Response:
    network = _network_of(call)
    peerings = network.properties.get("virtualNetworkPeerings", []) if network else []
    return Response(200, {"value": peerings})


TYPES: list[ResourceType] = [
    ResourceType(
        name=NETWORKS,
        versions=versions.NETWORK,
        name_pattern=_NAME,
        put=Write(created=201, replaced=200, style=Style.PROVISIONING, duration="network.write"),
        patch=Write(replaced=200),
        delete=Write(deleted=202, style=Style.ARM, duration="network.delete"),
        validate=_validate,
        prepare=_prepare,
        stored=_stored,
        deleting=_deleting,
        render=_render,
        etag="etag",
        throttle="network",
    ),
    ResourceType(
        name=SUBNETS,
        versions=versions.NETWORK,
        name_pattern=_NAME,
        put=Write(created=201, replaced=200, style=Style.PROVISIONING, duration="network.write"),
        delete=Write(deleted=202, style=Style.ARM, duration="network.delete"),
        listed_under=frozenset({"parent"}),
        tracked=False,
        validate=_validate_subnet,
        prepare=_prepare_subnet,
        stored=_stored_subnet,
        deleting=_deleting_subnet,
        render=_render_subnet,
        etag="etag",
        throttle="network",
    ),
    ResourceType(
        name=f"{NETWORKS}/virtualNetworkPeerings",
        versions=versions.NETWORK,
        tracked=False,
        get=False,
        overrides={"LIST": _peerings},
        throttle="network",
    ),
]
