"""Computed lists of Compute: usages, sizes of a region, SKUs with their restrictions."""

from __future__ import annotations

import re
from typing import Any

from simulator.kernel import errors, ids, verbs
from simulator.kernel.call import Call
from simulator.kernel.registry import ResourceType
from simulator.kernel.request import Response
from simulator.kernel.world import World
from simulator.providers import regions, sizes, versions
from simulator.providers.compute import quota, views

_LOCATION = re.compile(r"location eq '([^']*)'", re.IGNORECASE)


def _location(call: Call) -> str:
    """The location of `…/locations/{l}/usages`. Raises ArmError 400 when there is no such region."""
    location = ids.normalize_location(call.address.names[0])
    if location not in regions.BY_NAME:
        raise errors.no_registered_provider(
            "locations/usages", call.request.api_version, location, versions.COMPUTE, regions.NAMES
        )
    return location


def _usages(call: Call) -> Response:
    rows = quota.usage_rows(call.world, f"/subscriptions/{call.address.subscription}", _location(call))
    return verbs.page_of(call, rows)


def _sizes(call: Call) -> Response:
    _location(call)
    return Response(200, {"value": [views.size_row(size) for size in sizes.SIZES]})


def _skus(call: Call) -> Response:
    """Every size (and disk SKU) once per location, filtered by `location eq '...'`."""
    found = _LOCATION.search(call.request.query.get("$filter", ""))
    wanted = [ids.normalize_location(found[1])] if found else list(call.world.locations or regions.NAMES)
    subscription = f"/subscriptions/{call.address.subscription}"
    machines = (_machine(call.world, subscription, place, size) for place in wanted for size in sizes.SIZES)
    disks = (_disk(place, name) for place in wanted for name in _DISK_SKUS)
    return Response(200, {"value": [*machines, *disks]})


_DISK_SKUS = (
    "Standard_LRS",
    "StandardSSD_LRS",
    "Premium_LRS",
    "UltraSSD_LRS",
    "PremiumV2_LRS",
    "StandardSSD_ZRS",
    "Premium_ZRS",
)


def _machine(world: World, subscription: str, location: str, size: sizes.Size) -> dict[str, Any]:
    missing = size.name.lower() in {name.lower() for name in world.unavailable_sizes.get(location, [])}
    restriction = {
        "type": "Location",
        "values": [location],
        "restrictionInfo": {"locations": [location]},
        "reasonCode": "NotAvailableForSubscription",
    }
    return {
        "resourceType": "virtualMachines",
        "name": size.name,
        "tier": "Standard",
        "size": size.name.removeprefix("Standard_"),
        "family": size.family,
        "locations": [location],
        "locationInfo": [_place(location)],
        "capabilities": [{"name": name, "value": value} for name, value in _capabilities(size)],
        "restrictions": [restriction] if missing else [],
    }


def _place(location: str) -> dict[str, Any]:
    region = regions.BY_NAME.get(location)
    return {"location": location, "zones": ["1", "2", "3"] if region and region.zones else [], "zoneDetails": []}


def _capabilities(size: sizes.Size) -> list[tuple[str, str]]:
    return [
        ("MaxResourceVolumeMB", str(size.temp)),
        ("OSVhdSizeMB", "1047552"),
        ("vCPUs", str(size.cores)),
        ("MemoryPreservingMaintenanceSupported", "True"),
        ("HyperVGenerations", size.generations),
        ("DiskControllerTypes", size.controllers),
        ("MemoryGB", f"{size.memory / 1024:g}"),
        ("MaxDataDiskCount", str(size.disks)),
        ("CpuArchitectureType", size.architecture),
        ("LowPriorityCapable", "True"),
        ("PremiumIO", str(size.premium)),
        ("VMDeploymentTypes", "IaaS"),
        ("vCPUsAvailable", str(size.cores)),
        ("EncryptionAtHostSupported", str(size.encryption_at_host)),
        ("AcceleratedNetworkingEnabled", str(size.accelerated)),
        ("MaxNetworkInterfaces", str(size.nics)),
        *([("ConfidentialComputingType", size.confidential)] if size.confidential else []),
    ]


def _disk(location: str, name: str) -> dict[str, Any]:
    tier = name.split("_")[0]
    return {
        "resourceType": "disks",
        "name": name,
        "tier": tier,
        "locations": [location],
        "locationInfo": [_place(location)],
        "capabilities": [],
        "restrictions": [],
    }


def _report(name: str, handler: Any, served: tuple[str, ...]) -> ResourceType:
    return ResourceType(
        name=f"Microsoft.Compute/{name}", versions=served, tracked=False, get=False, overrides={"LIST": handler}
    )


TYPES: list[ResourceType] = [
    _report("locations/usages", _usages, versions.COMPUTE),
    _report("locations/vmSizes", _sizes, versions.COMPUTE),
    _report("skus", _skus, versions.SKUS),
]
