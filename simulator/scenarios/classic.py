"""Building blocks of the classic deployment model.

stack.md §3: the shapes are those that public tools met in api-version 2017-04-01. Azure has retired classic machines; the 2017
wizard had them, so they live on here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import ids

Document = dict[str, Any]


@dataclass(slots=True)
class ClassicMachine:
    """A classic machine in the cloud service of the same group; a machine without `network` is outside any network."""

    subscription: str
    group: str
    name: str
    location: str
    os: str
    service: str
    account: str
    network: str = ""
    subnet: str = ""
    ip: str = "10.90.1.4"
    size: str = "Standard_D2_v2"
    data_disks: int = 1
    power: str = "Started"
    seed: object = 0
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        kind = "Microsoft.ClassicCompute/virtualMachines"
        return ids.resource_id(self.subscription, self.group, kind, self.name)


def _document(arm_id: str, kind: str, location: str, properties: Document, tags: Mapping[str, str] = {}) -> Document:
    document: Document = {
        "properties": properties,
        "location": location,
        "id": arm_id,
        "name": ids.name_of(arm_id),
        "type": kind,
    }
    return document | ({"tags": dict(tags)} if tags else {})


def service(subscription: str, group: str, name: str, location: str) -> Document:
    """A cloud service (domain name)."""
    arm_id = ids.resource_id(subscription, group, "Microsoft.ClassicCompute/domainNames", name)
    properties: Document = {
        "provisioningState": "Succeeded",
        "status": "Created",
        "label": name,
        "hostName": f"{name}.cloudapp.net",
    }
    return _document(arm_id, "Microsoft.ClassicCompute/domainNames", location, properties)


def account(subscription: str, group: str, name: str, location: str) -> Document:
    """A classic storage account."""
    arm_id = ids.resource_id(subscription, group, "Microsoft.ClassicStorage/storageAccounts", name)
    properties: Document = {
        "provisioningState": "Succeeded",
        "status": "Created",
        "endpoints": [f"https://{name}.{part}.core.windows.net/" for part in ("blob", "queue", "table", "file")],
        "accountType": "Standard-LRS",
        "geoPrimaryRegion": location,
        "statusOfPrimaryRegion": "Available",
    }
    return _document(arm_id, "Microsoft.ClassicStorage/storageAccounts", location, properties)


def network(
    subscription: str, group: str, name: str, location: str, prefix: str, subnets: Mapping[str, str]
) -> Document:
    """A classic virtual network; `subnets` maps name to prefix."""
    arm_id = ids.resource_id(subscription, group, "Microsoft.ClassicNetwork/virtualNetworks", name)
    properties: Document = {
        "provisioningState": "Succeeded",
        "status": "Created",
        "inUse": True,
        "addressSpace": {"addressPrefixes": [prefix]},
        "subnets": [{"name": subnet, "addressPrefix": range_} for subnet, range_ in subnets.items()],
    }
    return _document(arm_id, "Microsoft.ClassicNetwork/virtualNetworks", location, properties)


def machine(one: ClassicMachine) -> Document:
    """A classic virtual machine with its instance view."""
    properties: Document = {
        "provisioningState": "Succeeded",
        "instanceView": _instance_view(one),
        "domainName": _reference(one.subscription, one.group, "Microsoft.ClassicCompute/domainNames", one.service),
        "hardwareProfile": {
            "platformGuestAgent": True,
            "size": one.size,
            "deploymentName": one.service,
            "deploymentId": ids.token(one.seed, "deployment", one.id),
            "deploymentLabel": one.service,
            "deploymentLocked": False,
        },
        "storageProfile": _storage(one),
        "networkProfile": _network(one),
    }
    return _document(one.id, "Microsoft.ClassicCompute/virtualMachines", one.location, properties, one.tags)


def _reference(subscription: str, group: str, kind: str, name: str) -> Document:
    return {"id": ids.resource_id(subscription, group, kind, name), "name": name, "type": kind}


def _instance_view(one: ClassicMachine) -> Document:
    running = one.power == "Started"
    return {
        "status": "ReadyRole" if running else "StoppedDeallocated",
        "powerState": one.power,
        "publicIpAddresses": [],
        "privateIpAddress": one.ip,
        "fullyQualifiedDomainName": f"{one.service}.cloudapp.net",
        "updateDomain": 0,
        "faultDomain": 0,
        "computerName": one.name,
        "guestAgentStatus": {"guestAgentVersion": "2.7.41491.1010", "status": "Ready" if running else "NotReady"},
    }


def _storage(one: ClassicMachine) -> Document:
    blob = f"https://{one.account}.blob.core.windows.net/vhds"
    storage = _reference(one.subscription, one.group, "Microsoft.ClassicStorage/storageAccounts", one.account)
    image = "Windows-Server-2012-R2-201801" if one.os == "Windows" else "Ubuntu-14_04_5-LTS-201801"
    return {
        "operatingSystemDisk": {
            "diskName": f"{one.service}-{one.name}-os",
            "caching": "ReadWrite",
            "operatingSystem": one.os,
            "ioType": "Standard",
            "sourceImageName": image,
            "vhdUri": f"{blob}/{one.name}-os.vhd",
            "storageAccount": storage,
        },
        "dataDisks": [
            {
                "diskName": f"{one.service}-{one.name}-data-{lun}",
                "caching": "None",
                "diskSize": 128,
                "lun": lun,
                "vhdUri": f"{blob}/{one.name}-data-{lun}.vhd",
                "storageAccount": dict(storage),
            }
            for lun in range(one.data_disks)
        ],
    }


def _network(one: ClassicMachine) -> Document:
    port = 3389 if one.os == "Windows" else 22
    endpoint = {
        "endpointName": "Remote Desktop" if one.os == "Windows" else "SSH",
        "privatePort": port,
        "publicPort": 50000 + ids.number(9000, one.seed, one.id),
        "protocol": "tcp",
        "enableDirectServerReturn": False,
    }
    profile: Document = {"inputEndpoints": [endpoint]}
    if one.network:
        network_reference = _reference(
            one.subscription, one.group, "Microsoft.ClassicNetwork/virtualNetworks", one.network
        )
        profile["virtualNetwork"] = network_reference | {"subnetNames": [one.subnet], "staticIpAddress": one.ip}
    return profile
