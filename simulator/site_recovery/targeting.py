"""What can be wrong with a target's zone, churn, keys and replication group (portal-behaviour.md §1.2, §1.4, §4, §6).

That these surface in the job with 150406, like every other unsupported configuration, is *assumed*.
"""

from __future__ import annotations

from typing import Any

from simulator.kernel.call import Call
from simulator.kernel.world import World
from simulator.providers import regions
from simulator.site_recovery import service
from simulator.site_recovery.machines import Machine, SourceDisk
from simulator.site_recovery.problems import Problem, problem
from simulator.site_recovery.service import ITEM
from simulator.site_recovery.shapes import item_of, name_of

Json = dict[str, Any]
GROUP_LIMIT = 16
_FAST = ("ultrassd", "premiumv2")
_SETS = "microsoft.compute/diskencryptionsets"
_ZONED = frozenset(region.name for region in regions.REGIONS if region.zones)


def _unfit(machine: Machine, why: str) -> Problem:
    return problem("150406", vm=machine.name, why=why)


def zone_fault(machine: Machine, settings: Json, location: str) -> Problem | None:
    """A zone that the target region does not have; between zones, one's own or none."""
    zone = settings.get("zone")
    if zone and (location not in _ZONED or zone not in ("1", "2", "3")):
        return _unfit(machine, f"the region '{location}' has no availability zone '{zone}'")
    if location == machine.location and (not zone or zone == machine.zone):
        return _unfit(machine, "between availability zones the target zone must be another one than the source's")
    return None


def _is_fast(disk: SourceDisk) -> bool:
    return disk.sku.split("_")[0].lower() in _FAST


def churn_fault(world: World, machine: Machine, wanted: list[Json]) -> Problem | None:
    """Ultra and Premium SSD v2 need high churn, which is a premium block blob cache account, for managed disks, one kind a machine."""
    staging = {entry["key"]: _is_premium_blob(world, entry["staging"]) for entry in wanted}
    disks = [disk for disk in machine.disks if disk.key in staging]
    for disk in disks:
        if _is_fast(disk) and not staging[disk.key]:
            return _unfit(machine, f"the disk '{disk.name}' ({disk.sku}) needs a premium block blob cache account")
        if disk.uri is not None and staging[disk.key]:
            return _unfit(machine, f"high churn is for managed disks, and '{disk.name}' is none")
    if len({staging[disk.key] for disk in disks}) > 1:
        return _unfit(machine, "its disks name cache accounts of normal and of high churn")
    return None


def _is_premium_blob(world: World, account_id: str) -> bool:
    account = world.store.get(account_id)
    return account is not None and account.document.get("kind") == "BlockBlobStorage"


def key_fault(world: World, machine: Machine, wanted: list[Json], location: str) -> Problem | None:
    """A disk with a customer-managed key needs a disk encryption set of the target region (…how-to-enable-replication-cmk-disks)."""
    disks = {disk.key: disk for disk in machine.disks}
    for entry in wanted:
        chosen = entry["encryption_set"]
        if not chosen:
            if disks[entry["key"]].encryption_set:
                return _unfit(machine, f"the disk '{disks[entry['key']].name}' needs a disk encryption set")
            continue
        found = world.visible(chosen)
        if found is None or found.type.lower() != _SETS:
            return problem("150401", what=name_of(chosen), id=chosen)
        if found.location != location:
            return problem("150405", what=found.name, found=found.location, expected=location)
    return None


def group_fault(call: Call, machine: Machine, group: Json) -> Problem | None:
    """A replication group holds 16 machines (§6)."""
    if not group["name"]:
        return None
    others = call.world.store.select(ITEM, service.vault(call).id)
    members = sum(item_of(each)["group"]["id"] == group["id"] for each in others)
    if members >= GROUP_LIMIT:
        return _unfit(machine, f"the replication group '{group['name']}' has {GROUP_LIMIT} machines already")
    return None
