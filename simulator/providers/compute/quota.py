"""Cores in use against the subscription's regional limits, and sizes that a region does not offer."""

from __future__ import annotations

from collections import Counter
from typing import Any

from simulator.kernel import errors
from simulator.kernel.call import Call
from simulator.kernel.refs import dig
from simulator.kernel.world import World
from simulator.providers import sizes

MACHINES = "Microsoft.Compute/virtualMachines"


def used(world: World, subscription: str, location: str) -> Counter[str]:
    """Cores in use by family, and under "cores" their sum: every machine that is not deallocated."""
    counts: Counter[str] = Counter()
    for machine in world.store.select(MACHINES, subscription):
        size = sizes.find(str(dig(machine.properties, "hardwareProfile", "vmSize")))
        if machine.location == location and size is not None and machine.sim.get("power") != "deallocated":
            counts["cores"] += size.cores
            counts[size.family] += size.cores
    return counts


def planned(world: World, subscription: str, location: str, name: str) -> tuple[int, int]:
    """(cores that something else uses, limit) from the scenario's quotas, or the defaults."""
    default = sizes.DEFAULT_TOTAL_QUOTA if name == "cores" else sizes.DEFAULT_FAMILY_QUOTA
    wanted = subscription.rsplit("/", 1)[-1].lower()
    for identity, places in world.quotas.items():
        if identity.lower() == wanted:
            rows = {key.lower(): value for key, value in places.get(location, {}).items()}
            extra, limit = rows.get(name.lower(), (0, default))
            return int(extra), int(limit)
    return 0, default


def check(call: Call, location: str, size: sizes.Size) -> None:
    """Raises ArmError 409 when a new machine of that size would not fit."""
    subscription = f"/subscriptions/{call.address.subscription}"
    in_use: Counter[str] | None = None
    for name, title in ((size.family, f"{size.family}"), ("cores", "Total Regional")):
        extra, limit = planned(call.world, subscription, location, name)
        if limit >= 100_000:
            continue
        in_use = used(call.world, subscription, location) if in_use is None else in_use
        total = in_use[name] + extra
        if total + size.cores > limit:
            raise exceeded(title, location, limit, total, size.cores)


def exceeded(title: str, location: str, limit: int, usage: int, required: int) -> errors.ArmError:
    """simulator.md §2.7; the HTTP number is from memory there."""
    message = (
        f"Operation could not be completed as it results in exceeding approved {title} Cores quota. Additional details - "
        f"Deployment Model: Resource Manager, Location: {location}, Current Limit: {limit}, Current Usage: {usage}, "
        f"Additional Required: {required}, (Minimum) New Limit Required: {usage + required}. "
        "Submit a request for Quota increase at https://aka.ms/ProdportalCRP/#blade/Microsoft_Azure_Capacity/UsageAndQuota."
    )
    return errors.ArmError(409, "OperationNotAllowed", message)


def size_not_available(name: str, location: str) -> errors.ArmError:
    """A size that the region does not have for this subscription."""
    message = (
        f"The requested VM size for resource '{name}' is currently not available in location '{location}'. Please try "
        "another size or deploy to a different location or different zone. See https://aka.ms/azureskunotavailable for "
        "details."
    )
    return errors.ArmError(409, "SkuNotAvailable", message)


def usage_rows(world: World, subscription: str, location: str) -> list[dict[str, Any]]:
    """`GET …/locations/{l}/usages`."""
    counts = used(world, subscription, location)
    others = {
        "availabilitySets": (
            len(world.store.keys("Microsoft.Compute/availabilitySets", subscription)),
            2500,
            "Availability Sets",
        ),
        "virtualMachines": (
            sum(1 for m in world.store.select(MACHINES, subscription) if m.location == location),
            25000,
            "Virtual Machines",
        ),
    }
    families = sorted({size.family for size in sizes.SIZES})
    rows = [_row("availabilitySets", *others["availabilitySets"])]
    for name in ("cores", *families):
        extra, limit = planned(world, subscription, location, name)
        title = "Total Regional vCPUs" if name == "cores" else f"{name} vCPUs"
        rows.append(_row(name, counts[name] + extra, limit, title))
    return [*rows, _row("virtualMachines", *others["virtualMachines"])]


def _row(name: str, current: int, limit: int, title: str) -> dict[str, Any]:
    return {"currentValue": current, "limit": limit, "unit": "Count", "name": {"value": name, "localizedValue": title}}
