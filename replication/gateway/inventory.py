"""What Azure has, from list calls only: subscriptions, regions, groups, machines, networks, accounts, sets, vaults.

A machine is joined in memory from five lists (machines, their power states, disks, interfaces, groups), so that the cost is the
number of pages, not the number of machines. Classic machines come through the generic resource list (stack.md §3).
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlsplit

from replication.domain import ids
from replication.domain import inventory as inv
from replication.gateway.arm import Json, dig, location, plain, rows, text
from replication.gateway.clients import Clients
from replication.gateway.errors import translated
from replication.gateway.port import AzureError

CLASSIC_VERSION = "2017-04-01"  # of Microsoft.ClassicCompute, as public tools name it (stack.md §3)
CLASSIC_VERSIONS = {
    "microsoft.classicnetwork": "2017-11-15",
    "microsoft.classicstorage": "2016-11-01",
}  # the last of each
_NO_PROVIDER = frozenset({404, 409})  # what a subscription without the retired classic provider may answer


def pages(start: Callable[..., Any], *arguments: Any, **options: Any) -> Iterator[Json]:
    """The rows of one of the SDK's list methods as JSON, page by page.

    They are taken out of each answer before the SDK makes an object of every field: that took most of the time of reading a thousand
    machines, and nobody here wants the objects.
    """
    taken: list[Json] = []
    with translated():
        for page in start(*arguments, raw_response_hook=partial(_take_rows, taken), **options).by_page():
            models = list(page)
            yield from list(taken) or map(plain, models)
            taken.clear()


def _take_rows(taken: list[Json], response: Any) -> None:
    """Move the rows of a good answer out of its JSON, which the response keeps. Anything unexpected is left to the SDK."""
    with suppress(ValueError):  # half an answer
        body = response.http_response.json() if response.http_response.status_code == 200 else None
        if isinstance(body, dict) and body.get("value"):
            taken[:], body["value"] = rows(body, "value"), []


# -- small things -------------------------------------------------------------------------------------------------------


def subscriptions(clients: Clients) -> list[inv.Subscription]:
    return [
        inv.Subscription(
            id=text(each, "subscriptionId"),
            name=text(each, "displayName"),
            state=text(each, "state") or "Enabled",
            tenant_id=text(each, "tenantId"),
        )
        for each in pages(clients.subscriptions().subscriptions.list)
    ]


def locations(clients: Clients, subscription_id: str) -> list[inv.Location]:
    """Regions that are physical: logical ones (`asia`, `global`) hold no machines."""
    found = pages(clients.subscriptions().subscriptions.list_locations, subscription_id)
    return [
        inv.Location(
            name=text(each, "name"),
            display_name=text(each, "displayName"),
            paired=text(next(iter(rows(each, "metadata", "pairedRegion")), {}), "name"),
            zones=tuple(sorted(text(zone, "logicalZone") for zone in rows(each, "availabilityZoneMappings"))),
        )
        for each in found
        if text(each, "metadata", "regionType") in {"", "Physical"}
    ]


def groups(clients: Clients, subscription_id: str) -> Iterator[inv.ResourceGroup]:
    for each in pages(clients.resources(subscription_id).resource_groups.list):
        yield inv.ResourceGroup(
            id=text(each, "id"),
            name=text(each, "name"),
            location=location(text(each, "location")),
            tags=dig(each, "tags") or {},
        )


def vaults(clients: Clients, subscription_id: str) -> Iterator[inv.Vault]:
    for each in pages(clients.vaults(subscription_id).vaults.list_by_subscription_id):
        yield inv.Vault(
            id=text(each, "id"),
            name=text(each, "name"),
            location=location(text(each, "location")),
            subscription_id=subscription_id,
            resource_group=ids.group_name(text(each, "id")),
        )


def networks(clients: Clients, subscription_id: str) -> Iterator[inv.Network]:
    for each in pages(clients.network(subscription_id).virtual_networks.list_all):
        yield network_of(each)
    for each in classic(clients, subscription_id, "Microsoft.ClassicNetwork/virtualNetworks"):
        yield network_of(each)


def network_of(body: Json) -> inv.Network:
    """A virtual network of either model: both carry addressSpace and subnets, the classic one's subnets are flat."""
    return inv.Network(
        id=text(body, "id"),
        name=text(body, "name"),
        location=location(text(body, "location")),
        prefixes=tuple(dig(body, "properties", "addressSpace", "addressPrefixes") or ()),
        subnets=tuple(
            inv.Subnet(name=text(each, "name"), prefix=_prefix(each.get("properties") or each))
            for each in rows(body, "properties", "subnets")
        ),
    )


def _prefix(subnet: Json) -> str:
    """A subnet has `addressPrefix`, or `addressPrefixes` when it was made with several."""
    return text(subnet, "addressPrefix") or next(iter(dig(subnet, "addressPrefixes") or ()), "")


def accounts(clients: Clients, subscription_id: str) -> Iterator[inv.StorageAccount]:
    for each in pages(clients.storage(subscription_id).storage_accounts.list):
        yield account_of(each)
    for each in classic(clients, subscription_id, "Microsoft.ClassicStorage/storageAccounts"):
        yield _classic_account(each)


def account_of(body: Json) -> inv.StorageAccount:
    """A storage account. `public`: no firewall rule and no private-only setting stands between it and the replication traffic."""
    properties = body.get("properties") or {}
    open_ = text(properties, "networkAcls", "defaultAction") in {"", "Allow"}
    return inv.StorageAccount(
        id=text(body, "id"),
        name=text(body, "name"),
        location=location(text(body, "location")),
        sku=text(body, "sku", "name"),
        kind=text(body, "kind"),
        shared_key=properties.get("allowSharedKeyAccess") is not False,
        public=open_ and text(properties, "publicNetworkAccess") in {"", "Enabled"},
    )


def _classic_account(body: Json) -> inv.StorageAccount:
    return inv.StorageAccount(
        id=text(body, "id"),
        name=text(body, "name"),
        location=location(text(body, "location")),
        sku=text(body, "properties", "accountType").replace("-", "_"),
        kind="Classic",
    )


def availability_sets(clients: Clients, subscription_id: str) -> Iterator[inv.AvailabilitySet]:
    for each in pages(clients.compute(subscription_id).availability_sets.list_by_subscription):
        yield availability_set_of(each)


def availability_set_of(body: Json) -> inv.AvailabilitySet:
    """An availability set; sku Aligned is for managed disks, Classic (also when absent) for unmanaged ones."""
    return inv.AvailabilitySet(
        id=text(body, "id"),
        name=text(body, "name"),
        location=location(text(body, "location")),
        fault_domains=int(dig(body, "properties", "platformFaultDomainCount") or 1),
        update_domains=int(dig(body, "properties", "platformUpdateDomainCount") or 1),
        aligned=text(body, "sku", "name").lower() == "aligned",
    )


# -- machines -----------------------------------------------------------------------------------------------------------


def machines(clients: Clients, subscription_id: str) -> Iterator[inv.Machine]:
    """Machines of both deployment models."""
    lists = _Lists(clients, subscription_id)
    for each in pages(clients.compute(subscription_id).virtual_machines.list_all):
        yield machine_of(each, lists)
    for each in classic(clients, subscription_id, "Microsoft.ClassicCompute/virtualMachines"):
        yield classic_machine_of(each, subscription_id)


def _by_key(found: Iterable[Json]) -> dict[str, Json]:
    return {ids.key(text(each, "id")): each for each in found}


@dataclass
class _Lists:
    """What a machine is joined with, each list read once and only when a machine needs it."""

    clients: Clients
    subscription_id: str

    @cached_property
    def views(self) -> dict[str, Json]:
        """Instance views, which the list gives only when asked for states alone."""
        return _by_key(pages(self.clients.compute(self.subscription_id).virtual_machines.list_all, status_only="true"))

    @cached_property
    def disks(self) -> dict[str, Json]:
        return _by_key(pages(self.clients.compute(self.subscription_id).disks.list))

    @cached_property
    def nics(self) -> dict[str, Json]:
        return _by_key(pages(self.clients.network(self.subscription_id).network_interfaces.list_all))

    @cached_property
    def groups(self) -> dict[str, str]:
        """Region by the group's name in lower case."""
        return {each.name.lower(): each.location for each in groups(self.clients, self.subscription_id)}

    @cached_property
    def accounts(self) -> dict[str, inv.StorageAccount]:
        """By name: an unmanaged disk names its account only in the blob's host."""
        found = pages(self.clients.storage(self.subscription_id).storage_accounts.list)
        return {each.name.lower(): each for each in map(account_of, found)}


def machine_of(body: Json, lists: _Lists) -> inv.Machine:
    """A Resource Manager machine from its list entry and the lists beside it."""
    properties = body.get("properties") or {}
    view = dig(lists.views.get(ids.key(text(body, "id"))), "properties", "instanceView") or {}
    storage = properties.get("storageProfile") or {}
    group = ids.group_name(text(body, "id"))
    return inv.Machine(
        id=text(body, "id"),
        name=text(body, "name"),
        subscription_id=lists.subscription_id,
        resource_group=group,
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
        disks=tuple(_disks(storage, lists)),
        nics=tuple(_nics(properties, lists)),
        tags=body.get("tags") or {},
        facts=_machine_facts(properties, storage, view, lists.groups.get(group.lower(), ""), lists),
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


def _machine_facts(properties: Json, storage: Json, view: Json, group_location: str, lists: _Lists) -> Json:
    """What only rules look at (portal-behaviour.md §4); empty ones are left out."""
    os_disk = lists.disks.get(ids.key(text(storage, "osDisk", "managedDisk", "id")), {})
    facts = {
        "groupLocation": group_location,
        "architecture": text(os_disk, "properties", "supportedCapabilities", "architecture"),
        "encryptionAtHost": dig(properties, "securityProfile", "encryptionAtHost"),
        "securityType": text(properties, "securityProfile", "securityType"),
        "hostId": text(properties, "host", "id"),
        "hostGroupId": text(properties, "hostGroup", "id"),
        "priority": text(properties, "priority"),
        "evictionPolicy": text(properties, "evictionPolicy"),
        "diskController": text(storage, "diskControllerType"),
        "imagePublisher": text(storage, "imageReference", "publisher"),
        "imageOffer": text(storage, "imageReference", "offer"),
        "imageSku": text(storage, "imageReference", "sku"),
        "placementGroupId": text(properties, "proximityPlacementGroup", "id"),
        "scaleSetId": text(properties, "virtualMachineScaleSet", "id"),
        "licenseType": text(properties, "licenseType"),
        "createdAt": text(properties, "timeCreated"),
        "agent": text(next(iter(rows(view, "vmAgent", "statuses")), {}), "displayStatus"),
        "failedExtensions": _failed_extensions(view),
    }
    return {name: value for name, value in facts.items() if value}


def _failed_extensions(view: Json) -> list[str]:
    return [
        text(extension, "name")
        for extension in rows(view, "extensions")
        if any(text(status, "code").lower().endswith("/failed") for status in rows(extension, "statuses"))
    ]


def _disks(storage: Json, lists: _Lists) -> Iterator[inv.Disk]:
    if storage.get("osDisk"):
        yield _disk(storage["osDisk"], lists, is_os=True)
    for each in rows(storage, "dataDisks"):
        yield _disk(each, lists, is_os=False)


def _disk(body: Json, lists: _Lists, *, is_os: bool) -> inv.Disk:
    blob = text(body, "vhd", "uri")
    return _unmanaged(body, blob, lists, is_os) if blob else _managed(body, lists, is_os)


def _managed(body: Json, lists: _Lists, is_os: bool) -> inv.Disk:
    arm_id = text(body, "managedDisk", "id")
    disk = lists.disks.get(ids.key(arm_id), {})
    properties = disk.get("properties") or {}
    facts = _disk_facts(body) | {
        "maxShares": properties.get("maxShares"),
        "encryption": text(properties, "encryption", "type"),
        "azureDiskEncryption": dig(properties, "encryptionSettingsCollection", "enabled"),
        "zones": disk.get("zones"),
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


def _unmanaged(body: Json, blob: str, lists: _Lists, is_os: bool) -> inv.Disk:
    account = lists.accounts.get((urlsplit(blob).hostname or "").split(".")[0].lower())
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


def _nics(properties: Json, lists: _Lists) -> Iterator[inv.Nic]:
    attached = rows(properties, "networkProfile", "networkInterfaces")
    for reference in attached:
        marked = dig(reference, "properties", "primary")
        primary = bool(marked) or len(attached) == 1
        yield _nic(text(reference, "id"), lists.nics.get(ids.key(text(reference, "id")), {}), primary)


def _nic(arm_id: str, body: Json, primary: bool) -> inv.Nic:
    configurations = rows(body, "properties", "ipConfigurations")
    marked = [each for each in configurations if dig(each, "properties", "primary")]
    chosen = next(iter(marked or configurations), {})
    facts = {
        "ipConfigurations": len(configurations),
        "publicAddressId": text(chosen, "properties", "publicIPAddress", "id"),
        "securityGroupId": text(body, "properties", "networkSecurityGroup", "id"),
        "acceleratedNetworking": dig(body, "properties", "enableAcceleratedNetworking"),
        "loadBalanced": bool(dig(chosen, "properties", "loadBalancerBackendAddressPools")),
    }
    return inv.Nic(
        id=arm_id,
        name=ids.name(arm_id),
        primary=primary,
        subnet_id=text(chosen, "properties", "subnet", "id"),
        private_address=text(chosen, "properties", "privateIPAddress"),
        facts={name: value for name, value in facts.items() if value},
    )


# -- the classic model ----------------------------------------------------------------------------------------------------


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
        body = _classic_body(resources, text(each, "id"))
        if body:
            yield body


def _classic_body(resources: Any, arm_id: str) -> Json | None:
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
