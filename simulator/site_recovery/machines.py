"""A source machine as Site Recovery finds it: a Resource Manager machine or a classic one, read into one plain shape.

Facts that only the guest knows come from the machine's private facts (`_sim`): `power`, `agent`, `usedBytes` of disks,
`enableError` (an ASR code with which enabling it shall fail), `failoverError` (the same for a failover).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator.kernel.store import Resource
from simulator.kernel.world import World

Json = dict[str, Any]

GIB = 1024**3
_HEADROOM = 2 * 1024**2
"""A disk's capacity is recorded as its size and 2 MiB (136,367,308,800 bytes for 127 GiB)."""
_DEFAULT_GIB = 128


@dataclass(frozen=True)
class SourceDisk:
    """One attached disk. `id` is the managed disk's id, or the storage account's of an unmanaged one (with `uri`)."""

    id: str
    name: str
    uri: str | None
    size_bytes: int
    used_bytes: int | None
    sku: str
    os_disk: bool
    lun: int | None
    encryption_set: str | None
    shared: bool = False
    write_accelerated: bool = False
    encrypted: bool = False

    @property
    def key(self) -> str:
        """What a request names it by, lower-cased: the managed disk's id or the page blob's URI."""
        return (self.uri or self.id).lower()


@dataclass(frozen=True)
class SourceNic:
    """One network interface with its IP configurations as the network provider has them."""

    id: str
    network: str
    group: str | None
    accelerated: bool
    configurations: tuple[Json, ...]


@dataclass(frozen=True)
class Machine:
    """Everything that enabling, eligibility and failover ask of a machine."""

    id: str
    name: str
    location: str
    classic: bool
    os: str
    os_name: str
    os_version: str
    generation: str
    size: str
    provisioning: str
    power: str
    agent: str
    zone: str | None
    availability_set: str | None
    placement_group: str | None
    tags: dict[str, str]
    disks: tuple[SourceDisk, ...]
    nics: tuple[SourceNic, ...]
    properties: Json = field(repr=False, default_factory=dict)
    sim: Json = field(repr=False, default_factory=dict)

    @property
    def running(self) -> bool:
        """Whether its guest runs."""
        return self.power in ("running", "started")

    @property
    def os_disk(self) -> SourceDisk | None:
        """The operating system disk."""
        return next((disk for disk in self.disks if disk.os_disk), None)


def read(world: World, machine_id: str) -> Machine | None:
    """The machine of an id in any casing; None when there is none."""
    resource = world.store.get(machine_id)
    if resource is None:
        return None
    if resource.type.lower() == "microsoft.classiccompute/virtualmachines":
        return _classic(resource)
    return _modern(world, resource) if resource.type.lower() == "microsoft.compute/virtualmachines" else None


def _modern(world: World, resource: Resource) -> Machine:
    properties, sim = resource.properties, resource.sim
    storage = properties.get("storageProfile") or {}
    os_disk = storage.get("osDisk") or {}
    disks = [_disk(world, os_disk, os_disk=True)] if os_disk else []
    disks += [_disk(world, entry, os_disk=False) for entry in storage.get("dataDisks") or []]
    zones = resource.document.get("zones") or [None]
    return Machine(
        id=resource.id,
        name=resource.name,
        location=resource.location,
        classic=False,
        os=str(os_disk.get("osType") or "Windows"),
        os_name=str(sim.get("os", "")),
        os_version=str(sim.get("osVersion", "")),
        generation=str(sim.get("hyperVGeneration") or "V1"),
        size=str((properties.get("hardwareProfile") or {}).get("vmSize", "")),
        provisioning=str(properties.get("provisioningState", "Succeeded")),
        power=str(sim.get("power", "running")),
        agent=str(sim.get("agent", "ready")),
        zone=zones[0],
        availability_set=_reference(properties, "availabilitySet"),
        placement_group=_reference(properties, "proximityPlacementGroup"),
        tags=dict(resource.document.get("tags") or {}),
        disks=tuple(disks),
        nics=tuple(_nics(world, properties)),
        properties=properties,
        sim=sim,
    )


def _reference(properties: Json, name: str) -> str | None:
    found = (properties.get(name) or {}).get("id")
    return str(found) if found else None


def _disk(world: World, entry: Json, *, os_disk: bool) -> SourceDisk:
    managed = (entry.get("managedDisk") or {}).get("id")
    uri = (entry.get("vhd") or {}).get("uri")
    stored = world.store.get(managed) if managed else None
    properties = stored.properties if stored is not None else {}
    size = _size(properties, entry)
    return SourceDisk(
        id=str(stored.id if stored is not None else managed or account_of(world, uri or "")),
        name=str(entry.get("name") or (stored.name if stored is not None else "")),
        uri=uri,
        size_bytes=size,
        used_bytes=stored.sim.get("usedBytes") if stored is not None else None,
        sku=_sku(stored, entry),
        os_disk=os_disk,
        lun=entry.get("lun"),
        encryption_set=(properties.get("encryption") or {}).get("diskEncryptionSetId"),
        shared=int(properties.get("maxShares") or 1) > 1,
        write_accelerated=bool(entry.get("writeAcceleratorEnabled")),
        encrypted=_ade(properties, entry),
    )


def _size(properties: Json, entry: Json) -> int:
    if properties.get("diskSizeBytes"):
        return int(properties["diskSizeBytes"])
    return int(properties.get("diskSizeGB") or entry.get("diskSizeGB") or _DEFAULT_GIB) * GIB


def _sku(stored: Resource | None, entry: Json) -> str:
    given = (stored.document.get("sku") or {}).get("name") if stored is not None else None
    return str(given or (entry.get("managedDisk") or {}).get("storageAccountType") or "Standard_LRS")


def _ade(properties: Json, entry: Json) -> bool:
    collection = properties.get("encryptionSettingsCollection") or {}
    return bool(collection.get("enabled") or (entry.get("encryptionSettings") or {}).get("enabled"))


def capacity(disk: SourceDisk) -> int:
    """The capacity that Site Recovery shows."""
    return disk.size_bytes + _HEADROOM


def account_of(world: World, uri: str) -> str:
    """The storage account that a page blob is in, by the name in its URI; "" when nobody here has it."""
    name = uri.partition("//")[2].partition(".")[0].lower()
    for kind in ("Microsoft.Storage/storageAccounts", "Microsoft.ClassicStorage/storageAccounts"):
        for subscription in world.store.select("Microsoft.Resources/subscriptions", ""):
            found = world.store.first(kind, subscription.id, lambda one: one.name.lower() == name)
            if found is not None:
                return found.id
    return ""


def _nics(world: World, properties: Json) -> list[SourceNic]:
    entries = (properties.get("networkProfile") or {}).get("networkInterfaces") or []
    found = [world.store.get(str(entry.get("id", ""))) for entry in entries]
    return [_nic(one) for one in found if one is not None]


def _nic(resource: Resource) -> SourceNic:
    properties = resource.properties
    configurations = tuple(properties.get("ipConfigurations") or ())
    subnet = _subnet(configurations[0]) if configurations else ""
    return SourceNic(
        id=resource.id,
        network=subnet.rsplit("/subnets/", 1)[0] if subnet else "",
        group=_reference(properties, "networkSecurityGroup"),
        accelerated=bool(properties.get("enableAcceleratedNetworking")),
        configurations=configurations,
    )


def _subnet(configuration: Json) -> str:
    return str(((configuration.get("properties") or {}).get("subnet") or {}).get("id") or "")


# --- classic ----------------------------------------------------------------------------------------------------------


def _classic(resource: Resource) -> Machine:
    properties, sim = resource.properties, resource.sim
    storage = properties.get("storageProfile") or {}
    system = storage.get("operatingSystemDisk") or {}
    disks = [_classic_disk(system, os_disk=True)] if system else []
    disks += [_classic_disk(entry, os_disk=False) for entry in storage.get("dataDisks") or []]
    view = properties.get("instanceView") or {}
    return Machine(
        id=resource.id,
        name=resource.name,
        location=resource.location,
        classic=True,
        os=str(system.get("operatingSystem") or "Windows"),
        os_name=str(sim.get("os", "")),
        os_version=str(sim.get("osVersion", "")),
        generation="V1",
        size=str((properties.get("hardwareProfile") or {}).get("size", "")),
        provisioning=str(properties.get("provisioningState", "Succeeded")),
        power=str(sim.get("power") or view.get("powerState") or "Started").lower(),
        agent=str(sim.get("agent", "ready")),
        zone=None,
        availability_set=None,
        placement_group=None,
        tags=dict(resource.document.get("tags") or {}),
        disks=tuple(disks),
        nics=(),
        properties=properties,
        sim=sim,
    )


def _classic_disk(entry: Json, *, os_disk: bool) -> SourceDisk:
    return SourceDisk(
        id=str((entry.get("storageAccount") or {}).get("id") or ""),
        name=str(entry.get("diskName") or ""),
        uri=str(entry.get("vhdUri") or ""),
        size_bytes=int(entry.get("diskSize") or _DEFAULT_GIB) * GIB,
        used_bytes=None,
        sku="Standard_LRS",
        os_disk=os_disk,
        lun=entry.get("lun"),
        encryption_set=None,
    )
