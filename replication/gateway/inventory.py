"""What Azure has, from list calls only: subscriptions, regions, groups, networks, accounts, sets, vaults."""

from collections.abc import Iterator

from replication.domain import ids
from replication.domain import inventory as inv
from replication.domain.leftovers import is_replica
from replication.gateway.arm import Json, dig, location, moment, rows, text, whole
from replication.gateway.classic import classic
from replication.gateway.clients import Clients
from replication.gateway.listing import pages


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


def replica_disks(clients: Clients, subscription_id: str) -> Iterator[inv.ReplicaDisk]:
    for each in pages(clients.compute(subscription_id).disks.list):
        if is_replica(text(each, "name")):
            yield inv.ReplicaDisk(
                id=text(each, "id"),
                name=text(each, "name"),
                location=location(text(each, "location")),
                size_gib=whole(dig(each, "properties", "diskSizeGB")),
                sku=text(each, "sku", "name"),
                created_at=moment(dig(each, "properties", "timeCreated")),
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
