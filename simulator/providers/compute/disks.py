"""Microsoft.Compute/disks: on their own, and as parts of machines."""

from __future__ import annotations

from typing import Any

from simulator.kernel import errors, ids
from simulator.kernel.call import Call
from simulator.kernel.refs import dig, objects
from simulator.kernel.registry import ResourceType, Style, Write
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.providers import versions

DISKS = "Microsoft.Compute/disks"
_SKUS = (
    "Standard_LRS",
    "Premium_LRS",
    "StandardSSD_LRS",
    "UltraSSD_LRS",
    "Premium_ZRS",
    "StandardSSD_ZRS",
    "PremiumV2_LRS",
)
_GIB = 1024**3


def of(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """The disk entries of a machine's storage profile: the OS disk first, then the data disks."""
    system = dig(properties, "storageProfile", "osDisk")
    return ([system] if isinstance(system, dict) else []) + objects(dig(properties, "storageProfile", "dataDisks"))


def is_shared(disk: Resource | None) -> bool:
    """Whether more than one machine may have it."""
    return disk is not None and int(disk.properties.get("maxShares") or 1) > 1


def _validate(call: Call) -> None:
    properties = dig(call.body, "properties") or {}
    existing = call.world.store.get(call.id)
    sku = dig(call.body, "sku", "name")
    if sku is not None and sku not in _SKUS:
        message = f"The value '{sku}' of parameter 'sku.name' is invalid. Allowed values: {', '.join(_SKUS)}."
        raise errors.ArmError(400, "InvalidParameter", message, target="sku.name")
    if existing is None and dig(properties, "creationData", "createOption") is None:
        raise errors.missing_property("disk.creationData.createOption")
    _check_size(properties, existing)


def _check_size(properties: dict[str, Any], existing: Resource | None) -> None:
    size = properties.get("diskSizeGB")
    if size is None:
        if existing is None and dig(properties, "creationData", "createOption") == "Empty":
            raise errors.missing_property("disk.diskSizeGB")
        return
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= 65536:
        raise errors.invalid_property("disk.diskSizeGB", size)
    if existing is not None and size < int(existing.properties.get("diskSizeGB") or 0):
        current = existing.properties["diskSizeGB"]
        message = f"Disk size reduction is not supported. Current size is {current} GB, requested size is {size} GB."
        raise errors.ArmError(409, "OperationNotAllowed", message)


def _prepare(call: Call, document: dict[str, Any]) -> None:
    existing = call.world.store.get(call.id)
    sku = document.setdefault("sku", {"name": "Standard_LRS"})
    sku["tier"] = str(sku["name"]).split("_")[0].removesuffix("V2")
    properties = document.setdefault("properties", {})
    kept = existing.properties if existing else {}
    for name in ("timeCreated", "uniqueId", "diskState"):
        if name in kept:
            properties[name] = kept[name]
    if existing is not None and "managedBy" in existing.document:
        document["managedBy"] = existing.document["managedBy"]
    complete(call.world, call.id, properties)


def complete(world: World, disk_id: str, properties: dict[str, Any]) -> None:
    """What every disk has, as far as it is not said."""
    size = int(properties.setdefault("diskSizeGB", 30))
    properties.setdefault("diskSizeBytes", size * _GIB)
    properties.setdefault("diskIOPSReadWrite", 500)
    properties.setdefault("diskMBpsReadWrite", 100)
    properties.setdefault("encryption", {"type": "EncryptionAtRestWithPlatformKey"})
    properties.setdefault("networkAccessPolicy", "AllowAll")
    properties.setdefault("publicNetworkAccess", "Enabled")
    properties.setdefault("timeCreated", world.iso_now()[:27] + "+00:00")
    properties.setdefault("uniqueId", ids.guid(world.settings.seed, disk_id.lower(), "uniqueId", world.iso_now()))
    properties.setdefault("diskState", "Unattached")


def _deleting(call: Call) -> None:
    disk = call.need()
    owner = disk.document.get("managedBy")
    if owner and call.world.store.get(owner) is not None:
        message = f"Disk {disk.name} is attached to VM {owner}."
        raise errors.ArmError(409, "OperationNotAllowed", message)


def fill(call: Call, machine: dict[str, Any]) -> None:
    """Give every disk of a new machine a name, an id and (if it is made from an image or empty) a resource of its own."""
    properties, name = machine["properties"], call.address.name
    for number, entry in enumerate(of(properties)):
        first = number == 0
        entry.setdefault("name", f"{name}_{'OsDisk' if first else 'DataDisk'}_{number}_{_mark(call, number)}")
        entry.setdefault("deleteOption", "Detach")
        if "vhd" in entry:
            continue
        managed = entry.setdefault("managedDisk", {})
        managed.setdefault("storageAccountType", "Premium_LRS")
        managed.setdefault("id", f"{_group(call)}/providers/{DISKS}/{entry['name']}")
        if call.world.store.get(managed["id"]) is None:
            _create(call, machine, entry, first)


def _mark(call: Call, number: int) -> str:
    return ids.guid(call.world.settings.seed, call.id.lower(), "disk", number).replace("-", "")


def _group(call: Call) -> str:
    return f"/subscriptions/{call.address.subscription}/resourceGroups/{call.address.group}"


def _create(call: Call, machine: dict[str, Any], entry: dict[str, Any], first: bool) -> None:
    size = entry.get("diskSizeGB") or (30 if entry.get("osType") == "Linux" else 127 if first else 32)
    entry["diskSizeGB"] = size
    sku = entry["managedDisk"]["storageAccountType"]
    properties = {"creationData": {"createOption": entry.get("createOption", "Empty")}, "diskSizeGB": size}
    if first:
        properties["osType"] = entry.setdefault("osType", _os_type(machine))
    properties["provisioningState"] = "Succeeded"
    complete(call.world, entry["managedDisk"]["id"], properties)
    document: dict[str, Any] = {"location": machine["location"], "sku": {"name": sku, "tier": sku.split("_")[0]}}
    if machine.get("zones"):
        document["zones"] = machine["zones"]
    call.world.put(entry["managedDisk"]["id"], {**document, "properties": properties})


def _os_type(machine: dict[str, Any]) -> str:
    properties = machine["properties"]
    if dig(properties, "osProfile", "linuxConfiguration") is not None:
        return "Linux"
    offer = str(dig(properties, "storageProfile", "imageReference", "publisher") or "")
    return "Windows" if "microsoft" in offer.lower() else "Linux"


def attach(world: World, machine: Resource) -> None:
    """Disks named in the storage profile know their machine; those no longer named are free again."""
    wanted = {str(dig(entry, "managedDisk", "id")).lower() for entry in of(machine.properties)}
    for key in wanted:
        disk = world.store.get(key)
        if disk is not None and disk.document.get("managedBy", "").lower() != machine.key:
            _own(world, disk, machine)
    for key in set(machine.sim.get("disks", [])) - wanted:
        _free(world, world.store.get(key), machine)
    machine.sim["disks"] = sorted(wanted)


def _own(world: World, disk: Resource, machine: Resource) -> None:
    if is_shared(disk):
        owners = disk.document.setdefault("managedByExtended", [])
        if machine.id not in owners:
            owners.append(machine.id)
        disk.document.setdefault("managedBy", owners[0])
    else:
        disk.document["managedBy"] = machine.id
    disk.properties["diskState"] = "Attached"
    world.store.touch(disk)


def _free(world: World, disk: Resource | None, machine: Resource) -> None:
    if disk is None:
        return
    owners = [owner for owner in disk.document.get("managedByExtended", []) if owner.lower() != machine.key]
    if owners:
        disk.document["managedByExtended"], disk.document["managedBy"] = owners, owners[0]
    else:
        disk.document.pop("managedByExtended", None)
        disk.document.pop("managedBy", None)
        disk.properties["diskState"] = "Unattached"
    world.store.touch(disk)


def detach(world: World, machine: Resource) -> None:
    """The machine is gone: its disks are free, or go with it."""
    for entry in of(machine.properties):
        disk = world.store.get(str(dig(entry, "managedDisk", "id")))
        _free(world, disk, machine)
        if disk is not None and entry.get("deleteOption") == "Delete":
            world.remove(disk)


TYPES: list[ResourceType] = [
    ResourceType(
        name=DISKS,
        versions=versions.DISKS,
        name_pattern=r"[A-Za-z0-9_][-\w.]{0,79}",
        put=Write(created=202, replaced=202, style=Style.ARM, duration="disk.write"),
        patch=Write(replaced=202, style=Style.ARM, duration="disk.write"),
        delete=Write(deleted=202, style=Style.ARM, duration="disk.delete"),
        validate=_validate,
        prepare=_prepare,
        deleting=_deleting,
        throttle="compute",
    ),
]
