"""Machines, from list calls only.

A machine is joined in memory from lists (machines, their power states, disks, interfaces, groups, sizes, locks and what else rules
look at), so that the cost is the number of pages, not the number of machines.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from replication.domain import ids
from replication.domain import inventory as inv
from replication.gateway.arm import Json, dig, location, plain, rows, text
from replication.gateway.classic import classic, classic_machine_of
from replication.gateway.clients import Clients
from replication.gateway.errors import translated
from replication.gateway.listing import pages
from replication.gateway.port import AzureError
from replication.gateway.surroundings import Surroundings


def machines(clients: Clients, subscription_id: str) -> Iterator[inv.Machine]:
    """Machines of both deployment models."""
    around = Surroundings(clients, subscription_id)
    for each in pages(clients.compute(subscription_id).virtual_machines.list_all):
        yield machine_of(each, around)
    for each in classic(clients, subscription_id, "Microsoft.ClassicCompute/virtualMachines"):
        yield classic_machine_of(each, subscription_id)


def machine_of(body: Json, around: Surroundings) -> inv.Machine:
    """A Resource Manager machine from its list entry and the lists beside it."""
    properties = body.get("properties") or {}
    view = dig(around.views.get(ids.key(text(body, "id"))), "properties", "instanceView") or {}
    storage = properties.get("storageProfile") or {}
    nics = tuple(_nics(properties, around))
    return inv.Machine(
        id=text(body, "id"),
        name=text(body, "name"),
        subscription_id=around.subscription_id,
        resource_group=ids.group_name(text(body, "id")),
        location=location(text(body, "location")),
        model=inv.Model.RESOURCE_MANAGER,
        power=power_of(view),
        provisioning_state=text(properties, "provisioningState"),
        os_type=text(storage, "osDisk", "osType"),
        os_name=_os_name(view, storage),
        size=text(properties, "hardwareProfile", "vmSize"),
        computer_name=text(view, "computerName") or text(properties, "osProfile", "computerName"),
        zones=tuple(body.get("zones") or ()),
        availability_set_id=text(properties, "availabilitySet", "id"),
        disks=tuple(_disks(storage, around)),
        nics=nics,
        tags=body.get("tags") or {},
        facts=_machine_facts(body, view, nics, around),
    )


def power_of(view: Json) -> inv.Power:
    """From the status whose code is `PowerState/…`; unknown when Azure has not said."""
    codes = [text(each, "code") for each in rows(view, "statuses")]
    word = next((code.split("/", 1)[1].lower() for code in codes if code.lower().startswith("powerstate/")), "")
    return inv.Power(word) if word in set(inv.Power) else inv.Power.UNKNOWN


def _os_name(view: Json, storage: Json) -> str:
    """What the guest reports, else the image."""
    reported = f"{text(view, 'osName')} {text(view, 'osVersion')}".strip()
    image = f"{text(storage, 'imageReference', 'offer')} {text(storage, 'imageReference', 'sku')}".strip()
    return reported or image


def _machine_facts(body: Json, view: Json, nics: tuple[inv.Nic, ...], around: Surroundings) -> Json:
    """What only rules look at (portal-behaviour.md §4); empty ones are left out."""
    properties, key = body.get("properties") or {}, ids.key(text(body, "id"))
    storage, region = properties.get("storageProfile") or {}, location(text(body, "location"))
    facts = {
        "groupLocation": around.groups.get(ids.group_name(key), ""),
        "encryptionAtHost": dig(properties, "securityProfile", "encryptionAtHost"),
        "securityType": text(properties, "securityProfile", "securityType"),
        "hostId": text(properties, "host", "id"),
        "hostGroupId": text(properties, "hostGroup", "id"),
        "priority": text(properties, "priority"),
        "evictionPolicy": text(properties, "evictionPolicy"),
        "diskController": text(storage, "diskControllerType"),
        "placementGroupId": text(properties, "proximityPlacementGroup", "id"),
        "scaleSetId": text(properties, "virtualMachineScaleSet", "id"),
        "licenseType": text(properties, "licenseType"),
        "createdAt": text(properties, "timeCreated"),
        "locks": around.locks(text(body, "id")),
        "staleLinks": around.links.get(key),
        "outboundClosed": sorted(set().union(*(around.closed_ways(nic, region) for nic in nics))),
    }
    facts |= _system_facts(storage, view) | _size_facts(properties, storage, region, around)
    return {name: value for name, value in facts.items() if value}


def _system_facts(storage: Json, view: Json) -> Json:
    """The image that it was made from, and what its guest reports."""
    image = storage.get("imageReference") or {}
    return {
        "imagePublisher": text(image, "publisher"),
        "imageOffer": text(image, "offer"),
        "imageSku": text(image, "sku"),
        "guestOs": text(view, "osName"),
        "guestOsVersion": text(view, "osVersion"),
    }


def _size_facts(properties: Json, storage: Json, region: str, around: Surroundings) -> Json:
    """Of its size; the processor also of its system disk, which knows it where the size is not listed any more."""
    size = around.size(region, text(properties, "hardwareProfile", "vmSize"))
    os_disk = around.disks.get(ids.key(text(storage, "osDisk", "managedDisk", "id")), {})
    own = text(os_disk, "properties", "supportedCapabilities", "architecture")
    return size | {"architecture": size.get("architecture") or own}


def _disks(storage: Json, around: Surroundings) -> Iterator[inv.Disk]:
    if storage.get("osDisk"):
        yield _disk(storage["osDisk"], around, is_os=True)
    for each in rows(storage, "dataDisks"):
        yield _disk(each, around, is_os=False)


def _disk(body: Json, around: Surroundings, *, is_os: bool) -> inv.Disk:
    blob = text(body, "vhd", "uri")
    return _unmanaged(body, blob, around, is_os) if blob else _managed(body, around, is_os)


def _managed(body: Json, around: Surroundings, is_os: bool) -> inv.Disk:
    arm_id = text(body, "managedDisk", "id")
    disk = around.disks.get(ids.key(arm_id), {})
    properties = disk.get("properties") or {}
    facts = _disk_facts(body) | {
        "maxShares": properties.get("maxShares"),
        "encryption": text(properties, "encryption", "type"),
        "azureDiskEncryption": dig(properties, "encryptionSettingsCollection", "enabled"),
        "zones": disk.get("zones"),
        "sizeBytes": properties.get("diskSizeBytes"),
    }
    return inv.Disk(
        id=arm_id,
        name=text(body, "name"),
        managed=True,
        is_os=is_os,
        size_gib=body.get("diskSizeGB") or properties.get("diskSizeGB"),
        sku=text(disk, "sku", "name") or text(body, "managedDisk", "storageAccountType"),
        lun=body.get("lun"),
        encryption_set_id=text(properties, "encryption", "diskEncryptionSetId"),
        facts={name: value for name, value in facts.items() if value},
    )


def _unmanaged(body: Json, blob: str, around: Surroundings, is_os: bool) -> inv.Disk:
    account = around.accounts.get((urlsplit(blob).hostname or "").split(".")[0].lower())
    return inv.Disk(
        id=blob,
        name=text(body, "name"),
        managed=False,
        is_os=is_os,
        size_gib=body.get("diskSizeGB"),
        sku=account.sku if account else "",
        lun=body.get("lun"),
        account_id=account.id if account else "",
        facts={name: value for name, value in _disk_facts(body).items() if value},
    )


def _disk_facts(body: Json) -> Json:
    return {
        "writeAccelerator": body.get("writeAcceleratorEnabled"),
        "ephemeral": text(body, "diffDiskSettings", "option") == "Local",
        "encryptionSettings": dig(body, "encryptionSettings", "enabled"),
    }


def _nics(properties: Json, around: Surroundings) -> Iterator[inv.Nic]:
    attached = rows(properties, "networkProfile", "networkInterfaces")
    for reference in attached:
        primary = bool(dig(reference, "properties", "primary")) or len(attached) == 1
        yield _nic(text(reference, "id"), around.nics.get(ids.key(text(reference, "id")), {}), primary, around)


def _nic(arm_id: str, body: Json, primary: bool, around: Surroundings) -> inv.Nic:
    configurations = rows(body, "properties", "ipConfigurations")
    marked = [each for each in configurations if dig(each, "properties", "primary")]
    chosen = next(iter(marked or configurations), {})
    facts = {
        "ipConfigurations": len(configurations),
        "noIpv4": bool(configurations) and not any(map(_is_ipv4, configurations)),
        "publicAddressId": text(chosen, "properties", "publicIPAddress", "id"),
        "securityGroupId": text(body, "properties", "networkSecurityGroup", "id"),
        "acceleratedNetworking": dig(body, "properties", "enableAcceleratedNetworking"),
    }
    facts |= _balancers(configurations, around)
    return inv.Nic(
        id=arm_id,
        name=ids.name(arm_id),
        primary=primary,
        subnet_id=text(chosen, "properties", "subnet", "id"),
        private_address=text(chosen, "properties", "privateIPAddress"),
        facts={name: value for name, value in facts.items() if value},
    )


def _is_ipv4(configuration: Json) -> bool:
    return text(configuration, "properties", "privateIPAddressVersion") in {"", "IPv4"}


def _balancers(configurations: list[Json], around: Surroundings) -> Json:
    """Whether the interface is behind a public load balancer, and behind an internal one."""
    pools = [pool for each in configurations for pool in rows(each, "properties", "loadBalancerBackendAddressPools")]
    kinds = {around.balancers.get(ids.key(text(pool, "id")).split("/backendaddresspools/")[0]) for pool in pools}
    return {"publicBalancer": True in kinds, "internalBalancer": False in kinds}


# -- one machine --------------------------------------------------------------------------------------------------------


def state(clients: Clients, machine_id: str) -> inv.MachineState | None:
    """A machine's instance view, and what Azure itself says of replicating it; None when it is gone."""
    group, name = ids.group_name(machine_id), ids.name(machine_id)
    try:
        with translated():
            body = plain(_get(clients, machine_id)(group, name, expand="instanceView"))
            reasons = plain(_eligibility(clients, machine_id)(group, name))
    except AzureError as error:
        if error.status == 404:
            return None
        raise
    view = dig(body, "properties", "instanceView") or {}
    return inv.MachineState(
        power=power_of(view),
        provisioning_state=text(body, "properties", "provisioningState"),
        agent=text(next(iter(rows(view, "vmAgent", "statuses")), {}), "displayStatus"),
        agent_version=text(view, "vmAgent", "vmAgentVersion"),
        extensions={text(each, "type"): text(each, "typeHandlerVersion") for each in rows(view, "extensions")},
        failed_extensions=tuple(text(each, "name") for each in rows(view, "extensions") if _has_failed(each)),
        reasons=tuple(map(_reason, rows(reasons, "properties", "errors"))),
    )


def _get(clients: Clients, machine_id: str) -> Callable[..., Any]:
    return clients.compute(ids.subscription(machine_id)).virtual_machines.get


def _eligibility(clients: Clients, machine_id: str) -> Callable[..., Any]:
    return clients.site_recovery(ids.subscription(machine_id)).replication_eligibility_results.get


def _has_failed(extension: Json) -> bool:
    """`ProvisioningState/failed/1`: some codes of failure carry a number."""
    return any("/failed" in text(status, "code").lower() for status in rows(extension, "statuses"))


def _reason(error: Json) -> inv.Reason:
    return inv.Reason(
        code=text(error, "code"),
        message=text(error, "message"),
        causes=text(error, "possibleCauses"),
        action=text(error, "recommendedAction"),
    )
