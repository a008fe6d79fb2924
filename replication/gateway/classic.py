"""The classic deployment model, through Resource Manager's classic providers and the generic resource list (stack.md §3)."""

from collections.abc import Iterator
from typing import Any

from replication.domain import ids
from replication.domain import inventory as inv
from replication.gateway.arm import Json, dig, location, plain, rows, text
from replication.gateway.clients import Clients
from replication.gateway.errors import translated
from replication.gateway.listing import pages
from replication.gateway.port import AzureError

CLASSIC_VERSION = "2017-04-01"  # of Microsoft.ClassicCompute, as public tools name it (stack.md §3)
CLASSIC_VERSIONS = {
    "microsoft.classicnetwork": "2017-11-15",
    "microsoft.classicstorage": "2016-11-01",
}  # the last of each
_NO_PROVIDER = frozenset({404, 409})  # what a subscription without the retired classic provider may answer


def classic(clients: Clients, subscription_id: str, type_: str) -> Iterator[Json]:
    """Resources of a classic type in full. None where the provider is not registered: Azure has retired it."""
    resources = clients.resources(subscription_id).resources
    try:
        found = list(pages(resources.list, filter=f"resourceType eq '{type_}'"))
    except AzureError as error:
        if error.status in _NO_PROVIDER:
            return
        raise
    for each in found:
        body = classic_body(resources, text(each, "id"))
        if body:
            yield body


def classic_body(resources: Any, arm_id: str) -> Json | None:
    """The list says only what there is; the properties come from a GET. None when it went away meanwhile."""
    try:
        with translated():
            return plain(resources.get_by_id(arm_id, api_version=_classic_version(arm_id)))
    except AzureError as error:
        if error.status == 404:
            return None
        raise


def _classic_version(arm_id: str) -> str:
    parts = ids.parse(arm_id)
    return CLASSIC_VERSIONS.get(parts.provider.lower() if parts else "", CLASSIC_VERSION)


_CLASSIC_POWER = {
    "readyrole": inv.Power.RUNNING,
    "stoppeddeallocated": inv.Power.DEALLOCATED,
    "stopped": inv.Power.STOPPED,
}


def classic_machine_of(body: Json, subscription_id: str) -> inv.Machine:
    """A classic machine: its disks are blobs, its network is named by id and subnet name, its service is its domain name."""
    properties = body.get("properties") or {}
    view, storage = properties.get("instanceView") or {}, properties.get("storageProfile") or {}
    return inv.Machine(
        id=text(body, "id"),
        name=text(body, "name"),
        subscription_id=subscription_id,
        resource_group=ids.group_name(text(body, "id")),
        location=location(text(body, "location")),
        model=inv.Model.CLASSIC,
        power=_CLASSIC_POWER.get(text(view, "status").lower(), inv.Power.UNKNOWN),
        provisioning_state=text(properties, "provisioningState") or "Succeeded",
        os_type=text(storage, "operatingSystemDisk", "operatingSystem"),
        os_name=text(storage, "operatingSystemDisk", "sourceImageName"),
        size=text(properties, "hardwareProfile", "size"),
        computer_name=text(view, "computerName"),
        disks=tuple(_classic_disks(storage)),
        nics=tuple(_classic_nics(text(body, "id"), properties, view)),
        cloud_service_id=text(properties, "domainName", "id"),
        tags=body.get("tags") or {},
    )


def _classic_disks(storage: Json) -> Iterator[inv.Disk]:
    if storage.get("operatingSystemDisk"):
        yield _classic_disk(storage["operatingSystemDisk"], is_os=True)
    for each in rows(storage, "dataDisks"):
        yield _classic_disk(each, is_os=False)


def _classic_disk(body: Json, *, is_os: bool) -> inv.Disk:
    return inv.Disk(
        id=text(body, "vhdUri"),
        name=text(body, "diskName"),
        managed=False,
        is_os=is_os,
        size_gib=body.get("diskSize"),
        lun=body.get("lun"),
        account_id=text(body, "storageAccount", "id"),
    )


def _classic_nics(arm_id: str, properties: Json, view: Json) -> Iterator[inv.Nic]:
    """A classic machine has no interface of its own in the API; its place in the network reads as one."""
    network = dig(properties, "networkProfile", "virtualNetwork") or {}
    if network:
        subnet = next(iter(network.get("subnetNames") or ()), "")
        yield inv.Nic(
            id=f"{arm_id}/networkInterfaces/primary",
            name=ids.name(arm_id),
            primary=True,
            subnet_id=f"{text(network, 'id')}/subnets/{subnet}",
            private_address=text(view, "privateIpAddress") or text(network, "staticIpAddress"),
        )
