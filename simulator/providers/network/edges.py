"""The rest of Microsoft.Network: security groups, public addresses, load balancers, route tables, gateways."""

from __future__ import annotations

import hashlib
from typing import Any

from simulator.kernel.call import Call
from simulator.kernel.refs import dig, objects, reference
from simulator.kernel.registry import ResourceType, Style, Write
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.providers import versions
from simulator.providers.network import parts


def _rule(name: str, priority: int, direction: str, access: str, source: str, destination: str) -> dict[str, Any]:
    return {
        "name": name,
        "properties": {
            "protocol": "*",
            "sourcePortRange": "*",
            "destinationPortRange": "*",
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": destination,
            "access": access,
            "priority": priority,
            "direction": direction,
        },
    }


_DEFAULT_RULES = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
)


def _stored_guard(world: World, guard: Resource) -> None:
    """Every group has the default rules, whoever brought it."""
    if not guard.properties.get("defaultSecurityRules"):
        guard.properties["defaultSecurityRules"] = [_rule(*row) for row in _DEFAULT_RULES]
        parts.name_parts(guard.id, guard.properties, "defaultSecurityRules")


def _prepare_guard(call: Call, document: dict[str, Any]) -> None:
    properties = _common(call, document)
    properties["defaultSecurityRules"] = [_rule(*row) for row in _DEFAULT_RULES]
    parts.name_parts(call.id, properties, "securityRules", "defaultSecurityRules")


def _prepare_routes(call: Call, document: dict[str, Any]) -> None:
    properties = _common(call, document)
    properties.setdefault("disableBgpRoutePropagation", False)
    parts.name_parts(call.id, properties, "routes")


def _prepare_address(call: Call, document: dict[str, Any]) -> None:
    properties = _common(call, document)
    document.setdefault("sku", {"name": "Basic", "tier": "Regional"})
    properties.setdefault("publicIPAddressVersion", "IPv4")
    properties.setdefault("publicIPAllocationMethod", "Static" if document["sku"]["name"] == "Standard" else "Dynamic")
    properties.setdefault("idleTimeoutInMinutes", 4)
    if properties["publicIPAllocationMethod"] == "Static":
        tail = hashlib.blake2b(call.id.lower().encode(), digest_size=2).digest()
        properties.setdefault("ipAddress", f"203.0.{tail[0]}.{tail[1]}")


def _validate_balancer(call: Call) -> None:
    for entry in objects((call.body.get("properties") or {}).get("frontendIPConfigurations")):
        properties = entry.get("properties") or {}
        reference(call, properties.get("subnet"), "Microsoft.Network/virtualNetworks/subnets")
        reference(call, properties.get("publicIPAddress"), "Microsoft.Network/publicIPAddresses")


def _prepare_balancer(call: Call, document: dict[str, Any]) -> None:
    properties = _common(call, document)
    document.setdefault("sku", {"name": "Basic", "tier": "Regional"})
    parts.name_parts(
        call.id,
        properties,
        "frontendIPConfigurations",
        "backendAddressPools",
        "loadBalancingRules",
        "probes",
        "inboundNatRules",
        "outboundRules",
    )


def _common(call: Call, document: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = document.setdefault("properties", {})
    properties["resourceGuid"] = parts.guid_of(call, call.world.store.get(call.id))
    return properties


def _type(name: str, **more: Any) -> ResourceType:
    """A type that is written and deleted as all of Network's are."""
    return ResourceType(
        name=f"Microsoft.Network/{name}",
        versions=versions.NETWORK,
        put=Write(created=201, replaced=200, style=Style.PROVISIONING, duration="network.write"),
        patch=Write(replaced=200),
        delete=Write(deleted=202, style=Style.ARM, duration="network.delete"),
        etag="etag",
        throttle="network",
        name_pattern=r"[A-Za-z0-9](?:[-\w.]{0,78}\w)?",
        **more,
    )


def _read_only(name: str, **more: Any) -> ResourceType:
    """A type that scenarios may hold and nobody here writes."""
    return ResourceType(
        name=f"Microsoft.Network/{name}", versions=versions.NETWORK, etag="etag", throttle="network", **more
    )


def _stored_gateway(world: World, gateway: Resource) -> None:
    """A subnet shows the gateway's configurations among its own `ipConfigurations`, as it shows those of interfaces."""
    for entry in objects(gateway.properties.get("ipConfigurations")):
        subnet = world.store.get(str(dig(entry, "properties", "subnet", "id")))
        identity = f"{gateway.id}/ipConfigurations/{entry.get('name')}"
        parts.replace_entry(world, subnet, "addresses", identity, identity)


TYPES: list[ResourceType] = [
    _type("networkSecurityGroups", prepare=_prepare_guard, stored=_stored_guard),
    _type("routeTables", prepare=_prepare_routes),
    _type("publicIPAddresses", prepare=_prepare_address),
    _type("loadBalancers", validate=_validate_balancer, prepare=_prepare_balancer),
    _read_only("applicationSecurityGroups"),
    _read_only("natGateways"),
    _read_only("virtualNetworkGateways", stored=_stored_gateway),
    _read_only("expressRouteCircuits"),
    _read_only("privateEndpoints"),
]
