"""`GET …/locations/{l}/usages` of Microsoft.Network: what is used of the subscription's regional limits.

Names and limits: Azure's published default limits of networking; *assumed* where a scenario's quotas do not say (kernel/__init__.py).
"""

from __future__ import annotations

from typing import Any

from simulator.kernel import ids, verbs
from simulator.kernel.call import Call
from simulator.kernel.registry import ResourceType
from simulator.kernel.request import Response
from simulator.kernel.world import World
from simulator.providers import versions

# (name, title, type that is counted, limit)
_ROWS = (
    ("VirtualNetworks", "Virtual Networks", "virtualNetworks", 1_000),
    ("NetworkInterfaces", "Network Interfaces", "networkInterfaces", 65_536),
    ("NetworkSecurityGroups", "Network Security Groups", "networkSecurityGroups", 5_000),
    ("PublicIPAddresses", "Public IP Addresses", "publicIPAddresses", 1_000),
    ("LoadBalancers", "Load Balancers", "loadBalancers", 1_000),
    ("RouteTables", "Route Tables", "routeTables", 200),
)


def _usages(call: Call) -> Response:
    subscription, location = (
        f"/subscriptions/{call.address.subscription}",
        ids.normalize_location(call.address.names[0]),
    )
    return verbs.page_of(call, [_row(call.world, subscription, location, *row) for row in _ROWS])


def _row(
    world: World, subscription: str, location: str, name: str, title: str, kind: str, limit: int
) -> dict[str, Any]:
    extra, most = _planned(world, subscription, location, name, limit)
    found = world.store.select(f"Microsoft.Network/{kind}", subscription)
    return {
        "id": f"{subscription}/providers/Microsoft.Network/locations/{location}/usages/{name}",
        "currentValue": sum(1 for entry in found if entry.location == location) + extra,
        "limit": most,
        "unit": "Count",
        "name": {"value": name, "localizedValue": title},
    }


def _planned(world: World, subscription: str, location: str, name: str, limit: int) -> tuple[int, int]:
    """(what something else uses, limit) from the scenario's quotas."""
    wanted = subscription.rsplit("/", 1)[-1].lower()
    places: dict[str, Any] = next((rows for key, rows in world.quotas.items() if key.lower() == wanted), {})
    rows = {key.lower(): value for key, value in places.get(location, {}).items()}
    extra, most = rows.get(name.lower(), (0, limit))
    return int(extra), int(most)


TYPES: list[ResourceType] = [
    ResourceType(
        name="Microsoft.Network/locations/usages",
        versions=versions.NETWORK,
        tracked=False,
        get=False,
        overrides={"LIST": _usages},
        throttle="network",
    ),
]
