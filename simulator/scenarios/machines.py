"""Building blocks: a machine described in a few words becomes the documents Azure Resource Manager would return for it.

A `Machine` is a description that may still be changed (the fleet plants its oddities there). `documents(machine)` turns
it into its interfaces, disks and the machine itself. The documents are what 2026 api-versions answer; key order and
casing follow recorded answers. Unmanaged disks have no document of their own: they are page blobs in an account.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import catalog, ids
from .catalog import Image

Document = dict[str, Any]


@dataclass(slots=True)
class Disk:
    """A disk of a machine. `account` makes it unmanaged; `shared_id` says it is another machine's shared disk.

    `ade_vault` is the key vault of Azure Disk Encryption, `properties` is merged over the disk's own.
    """

    size_gib: int
    sku: str = "Premium_LRS"
    caching: str = "None"
    name: str = ""
    account: str = ""
    max_shares: int = 0
    shared_with: tuple[str, ...] = ()
    shared_id: str = ""
    write_accelerator: bool | None = None
    encryption_set: str = ""
    ade_vault: str = ""
    size_bytes: int = 0
    lun: int = -1
    properties: Document = field(default_factory=dict)


@dataclass(slots=True)
class Address:
    """One IP configuration. `ip` set means static allocation unless `dynamic`."""

    subnet: str
    ip: str
    static: bool = False
    version: str = "IPv4"
    public_ip: str = ""
    backend_pools: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()  # application security groups


@dataclass(slots=True)
class Interface:
    """A network interface; the first address is its primary one."""

    addresses: list[Address]
    name: str = ""
    nsg: str = ""
    accelerated: bool = True


@dataclass(slots=True)
class Extension:
    """An extension of a machine, as its own resource under it."""

    name: str
    publisher: str
    kind: str
    version: str
    state: str = "Succeeded"
    settings: Document = field(default_factory=dict)
    message: str = ""


@dataclass(slots=True, eq=False)
class Machine:
    """A virtual machine, equal only to itself. `properties` is merged over the generated ones, `facts` over `_sim`."""

    subscription: str
    group: str
    name: str
    location: str
    image: Image
    size: str
    os_disk: Disk
    data_disks: list[Disk]
    interfaces: list[Interface]
    seed: object = 0
    tags: dict[str, str] = field(default_factory=dict)
    zone: str = ""
    availability_set: str = ""
    placement_group: str = ""
    provisioning: str = "Succeeded"
    power: str = "running"
    agent: str = "ready"
    ephemeral: bool = False
    controller: str = "SCSI"
    security: Document = field(default_factory=dict)
    created: datetime | None = None
    computer_name: str = ""
    shouted: bool = False  # Compute writes the group in capitals where disks and interfaces refer to the machine
    extensions: list[Extension] = field(default_factory=list)
    properties: Document = field(default_factory=dict)
    facts: Document = field(default_factory=dict)

    @property
    def id(self) -> str:
        return ids.resource_id(self.subscription, self.group, "Microsoft.Compute/virtualMachines", self.name)

    @property
    def referred_id(self) -> str:
        """The id as its disks and interfaces write it."""
        group = f"/resourceGroups/{self.group}/"
        return self.id.replace(group, group.replace(self.group, self.group.upper()), 1) if self.shouted else self.id

    @property
    def born(self) -> str:
        """When it was created, as Compute writes it; its disks share the moment."""
        self.created = self.created or ids.moment(self.seed, self.name)
        return ids.compute_time(self.created)


def documents(machine: Machine) -> Iterator[Document]:
    """Interfaces, managed disks, the machine, its extensions: in the order in which references resolve."""
    _name_parts(machine)
    for index, interface in enumerate(machine.interfaces):
        yield _interface(machine, interface, primary=index == 0)
    for disk in (machine.os_disk, *machine.data_disks):
        if not disk.account and not disk.shared_id:
            yield _disk(machine, disk)
    yield _machine(machine)
    for extension in machine.extensions:
        yield _extension(machine, extension)


def _name_parts(machine: Machine) -> None:
    """Names as the portal gives them: `<vm>_OsDisk_1_<hex>`, `<vm>_DataDisk_<lun>`, `<vm>-nic`."""
    stem = machine.name
    machine.os_disk.name = machine.os_disk.name or f"{stem[:30]}_OsDisk_1_{ids.token(machine.seed, machine.id, 'os')}"
    for lun, disk in enumerate(machine.data_disks):
        disk.lun = lun if disk.lun < 0 else disk.lun
        disk.name = disk.name or f"{stem[:60]}_DataDisk_{disk.lun}"
    for index, interface in enumerate(machine.interfaces):
        interface.name = interface.name or (f"{stem[:70]}-nic" if index == 0 else f"{stem[:70]}-nic-{index + 1}")


def disk_id(machine: Machine, disk: Disk) -> str:
    """ARM id of a managed disk; a shared disk belongs to whoever created it."""
    if disk.shared_id:
        return disk.shared_id
    return ids.resource_id(machine.subscription, machine.group, "Microsoft.Compute/disks", disk.name)


def interface_id(machine: Machine, interface: Interface) -> str:
    return ids.resource_id(machine.subscription, machine.group, "Microsoft.Network/networkInterfaces", interface.name)


# -- the machine -------------------------------------------------------------------------------------------------------


def _machine(machine: Machine) -> Document:
    document: Document = {
        "name": machine.name,
        "id": machine.id,
        "type": "Microsoft.Compute/virtualMachines",
        "location": machine.location,
    }
    if machine.tags:
        document["tags"] = dict(machine.tags)
    if machine.zone:
        document["zones"] = [machine.zone]
    document["properties"] = _properties(machine)
    document["_sim"] = _facts(machine)
    return document


def _properties(machine: Machine) -> Document:
    properties: Document = {
        "hardwareProfile": {"vmSize": machine.size},
        "provisioningState": machine.provisioning,
        "vmId": ids.guid(machine.seed, "vmId", machine.id),
        "storageProfile": _storage(machine),
        "osProfile": _os(machine),
        "networkProfile": {"networkInterfaces": [_nic_reference(machine, i) for i in range(len(machine.interfaces))]},
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        "timeCreated": machine.born,
    }
    if machine.security:
        properties["securityProfile"] = deepcopy(machine.security)
    if machine.availability_set:
        properties["availabilitySet"] = {"id": machine.availability_set}
    if machine.placement_group:
        properties["proximityPlacementGroup"] = {"id": machine.placement_group}
    properties.update(deepcopy(machine.properties))
    return properties


def _nic_reference(machine: Machine, index: int) -> Document:
    return {
        "id": interface_id(machine, machine.interfaces[index]),
        "properties": {"primary": index == 0, "deleteOption": "Detach"},
    }


def _storage(machine: Machine) -> Document:
    profile: Document = {
        "imageReference": machine.image.reference(),
        "osDisk": _attached_os_disk(machine),
        "dataDisks": [_attached_data_disk(machine, disk) for disk in machine.data_disks],
    }
    if not machine.os_disk.account:
        profile["diskControllerType"] = machine.controller
    return profile


def _attached_os_disk(machine: Machine) -> Document:
    disk = machine.os_disk
    document: Document = {"osType": machine.image.os, "name": disk.name, "createOption": "FromImage"}
    document |= _backing(machine, disk)
    document["caching"] = "ReadOnly" if machine.ephemeral or disk.caching == "ReadOnly" else "ReadWrite"
    if machine.ephemeral:
        document["diffDiskSettings"] = {"option": "Local", "placement": "CacheDisk"}
    if disk.ade_vault and disk.account:
        document["encryptionSettings"] = {"enabled": True} | _ade_keys(machine, disk)
    document["deleteOption"] = "Delete" if machine.ephemeral else "Detach"
    document["diskSizeGB"] = disk.size_gib
    return document


def _attached_data_disk(machine: Machine, disk: Disk) -> Document:
    document: Document = {"lun": disk.lun, "name": disk.name, "createOption": "Attach", "caching": disk.caching}
    if disk.write_accelerator is not None:
        document["writeAcceleratorEnabled"] = disk.write_accelerator
    document |= _backing(machine, disk)
    document |= {"deleteOption": "Detach", "diskSizeGB": disk.size_gib, "toBeDetached": False}
    return document


def _backing(machine: Machine, disk: Disk) -> Document:
    """Either a blob in a storage account or a managed disk."""
    if disk.account:
        return {"vhd": {"uri": f"https://{disk.account}.blob.core.windows.net/vhds/{disk.name}.vhd"}}
    managed: Document = {"storageAccountType": disk.sku, "id": disk_id(machine, disk)}
    if disk.encryption_set:
        managed["diskEncryptionSet"] = {"id": disk.encryption_set}
    return {"managedDisk": managed}


def _os(machine: Machine) -> Document:
    computer = machine.computer_name or machine.name[: 15 if machine.image.os == "Windows" else 64]
    profile: Document = {"computerName": computer, "adminUsername": "azureadmin"}
    if machine.image.os == "Windows":
        profile["windowsConfiguration"] = {
            "provisionVMAgent": True,
            "enableAutomaticUpdates": True,
            "patchSettings": {"patchMode": "AutomaticByOS", "assessmentMode": "ImageDefault"},
        }
    else:
        profile["linuxConfiguration"] = {
            "disablePasswordAuthentication": True,
            "provisionVMAgent": True,
            "patchSettings": {"patchMode": "ImageDefault", "assessmentMode": "ImageDefault"},
        }
    return profile | {"secrets": [], "allowExtensionOperations": True, "requireGuestProvisionSignal": True}


def _facts(machine: Machine) -> Document:
    """What only the host and the guest know: the instance view is made of it."""
    facts: Document = {
        "power": machine.power,
        "agent": machine.agent,
        "os": machine.image.os_name,
        "osVersion": machine.image.os_version,
        "hyperVGeneration": machine.image.generation,
    }
    return facts | deepcopy(machine.facts)


# -- disks -------------------------------------------------------------------------------------------------------------


def _disk(machine: Machine, disk: Disk) -> Document:
    document: Document = {
        "name": disk.name,
        "id": disk_id(machine, disk),
        "type": "Microsoft.Compute/disks",
        "location": machine.location,
    }
    if machine.tags:
        document["tags"] = dict(machine.tags)
    if machine.zone and not disk.sku.endswith("_ZRS"):
        document["zones"] = [machine.zone]
    document["sku"] = {"name": disk.sku, "tier": disk.sku.split("_")[0].removesuffix("V2").removesuffix("SSD")}
    document["managedBy"] = machine.referred_id
    if disk.shared_with:
        document["managedByExtended"] = list(disk.shared_with)
    document["properties"] = _disk_properties(machine, disk)
    document["_sim"] = {"usedBytes": _bytes(disk) * (20 + ids.number(50, machine.seed, disk.name)) // 100}
    return document


def _disk_properties(machine: Machine, disk: Disk) -> Document:
    iops, mbps = catalog.speed(disk.sku, disk.size_gib)
    properties: Document = _origin(machine, disk)
    properties |= {
        "diskSizeGB": disk.size_gib,
        "diskIOPSReadWrite": iops,
        "diskMBpsReadWrite": mbps,
        "encryption": _encryption(disk),
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "timeCreated": machine.born,
        "provisioningState": "Succeeded",
        "diskState": "Reserved" if machine.power == "deallocated" else "Attached",
        "diskSizeBytes": _bytes(disk),
        "uniqueId": ids.guid(machine.seed, "disk", machine.id, disk.name),
    }
    if disk.sku.startswith("Premium_"):
        properties["tier"] = f"P{catalog.tier(disk.size_gib)[1]}"
    if disk.max_shares:
        properties["maxShares"] = disk.max_shares
    if disk.ade_vault:
        properties["encryptionSettingsCollection"] = {
            "enabled": True,
            "encryptionSettings": [_ade_keys(machine, disk)],
            "encryptionSettingsVersion": "1.1",
        }
    return properties | deepcopy(disk.properties)


def _origin(machine: Machine, disk: Disk) -> Document:
    """System disks come from the image and say so; data disks were made empty."""
    if disk is not machine.os_disk:
        return {"creationData": {"createOption": "Empty"}}
    image = {"id": machine.image.artifact(machine.subscription, machine.location)}
    architecture = "Arm64" if "arm64" in machine.image.sku else "x64"
    return {
        "osType": machine.image.os,
        "hyperVGeneration": machine.image.generation,
        "supportedCapabilities": {"acceleratedNetwork": True, "architecture": architecture},
        "creationData": {"createOption": "FromImage", "imageReference": image},
    }


def _encryption(disk: Disk) -> Document:
    if not disk.encryption_set:
        return {"type": "EncryptionAtRestWithPlatformKey"}
    return {"diskEncryptionSetId": disk.encryption_set, "type": "EncryptionAtRestWithCustomerKey"}


def _ade_keys(machine: Machine, disk: Disk) -> Document:
    vault = ids.name_of(disk.ade_vault)
    secret = ids.token(machine.seed, "ade", disk.name)
    url = f"https://{vault}.vault.azure.net/secrets/{ids.guid(machine.seed, 'secret', disk.name).upper()}/{secret}"
    return {"diskEncryptionKey": {"sourceVault": {"id": disk.ade_vault}, "secretUrl": url}}


def _bytes(disk: Disk) -> int:
    return disk.size_bytes or disk.size_gib << 30


# -- interfaces and extensions -----------------------------------------------------------------------------------------


def _interface(machine: Machine, interface: Interface, *, primary: bool) -> Document:
    arm_id = interface_id(machine, interface)
    properties: Document = {
        "provisioningState": "Succeeded",
        "resourceGuid": ids.guid(machine.seed, "nic", arm_id),
        "ipConfigurations": [_ip_configuration(arm_id, n, a) for n, a in enumerate(interface.addresses, 1)],
        "dnsSettings": {"dnsServers": [], "appliedDnsServers": []},
        "macAddress": _mac(machine.seed, arm_id),
        "enableAcceleratedNetworking": interface.accelerated,
        "vnetEncryptionSupported": False,
        "enableIPForwarding": False,
        "disableTcpStateTracking": False,
    }
    if interface.nsg:
        properties["networkSecurityGroup"] = {"id": interface.nsg}
    properties |= {
        "primary": primary,
        "virtualMachine": {"id": machine.referred_id},
        "hostedWorkloads": [],
        "tapConfigurations": [],
        "nicType": "Standard",
        "auxiliaryMode": "None",
        "auxiliarySku": "None",
    }
    document: Document = {
        "name": interface.name,
        "id": arm_id,
        "type": "Microsoft.Network/networkInterfaces",
        "location": machine.location,
        "kind": "Regular",
        "properties": properties,
    }
    if machine.tags:
        document["tags"] = dict(machine.tags)
    return document


def _ip_configuration(nic: str, number: int, address: Address) -> Document:
    name = f"ipconfig{number}"
    properties: Document = {
        "provisioningState": "Succeeded",
        "privateIPAddress": address.ip,
        "privateIPAllocationMethod": "Static" if address.static else "Dynamic",
        "subnet": {"id": address.subnet},
        "primary": number == 1,
        "privateIPAddressVersion": address.version,
    }
    if address.public_ip:
        properties["publicIPAddress"] = {"id": address.public_ip}
    if address.backend_pools:
        properties["loadBalancerBackendAddressPools"] = [{"id": pool} for pool in address.backend_pools]
    if address.security_groups:
        properties["applicationSecurityGroups"] = [{"id": group} for group in address.security_groups]
    return {
        "name": name,
        "id": f"{nic}/ipConfigurations/{name}",
        "type": "Microsoft.Network/networkInterfaces/ipConfigurations",
        "properties": properties,
    }


def _mac(seed: object, arm_id: str) -> str:
    tail = ids.token(seed, "mac", arm_id, length=6).upper()
    return f"00-22-48-{tail[:2]}-{tail[2:4]}-{tail[4:]}"


def _extension(machine: Machine, extension: Extension) -> Document:
    document: Document = {
        "name": extension.name,
        "id": f"{machine.id}/extensions/{extension.name}",
        "type": "Microsoft.Compute/virtualMachines/extensions",
        "location": machine.location,
        "properties": {
            "autoUpgradeMinorVersion": True,
            "provisioningState": extension.state,
            "publisher": extension.publisher,
            "type": extension.kind,
            "typeHandlerVersion": extension.version,
            "settings": dict(extension.settings),
        },
    }
    if extension.message:
        document["_sim"] = {"message": extension.message}
    return document
