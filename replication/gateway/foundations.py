"""What the target needs before Site Recovery is asked: groups, networks, storage accounts, availability sets, cloud services."""

from typing import Any

from replication.domain.specs import (
    AvailabilitySetSpec,
    CloudServiceSpec,
    Found,
    GroupSpec,
    NetworkSpec,
    StorageSpec,
    SubnetSpec,
)
from replication.gateway.arm import Json, location, text
from replication.gateway.classic import CLASSIC_VERSION
from replication.gateway.clients import Clients
from replication.gateway.inventory import availability_set_of, network_of
from replication.gateway.kinds import Kind, Method, by_provisioning


def _group_methods(clients: Clients, subscription_id: str) -> tuple[Method, Method]:
    groups = clients.resources(subscription_id).resource_groups
    return groups.get, groups.create_or_update


def _group_body(spec: GroupSpec) -> Json:
    return {"location": spec.location}


def _group_found(spec: GroupSpec, body: Json) -> Found:
    return by_provisioning(GroupSpec(id=spec.id, location=location(text(body, "location"))), body)


def _network_methods(clients: Clients, subscription_id: str) -> tuple[Method, Method]:
    networks = clients.network(subscription_id).virtual_networks
    return networks.get, networks.begin_create_or_update


def _network_body(spec: NetworkSpec) -> Json:
    """Subnets go out inside the network: one write, for a network takes one writer at a time (simulator.md §2.5)."""
    subnets = [{"name": each.name, "properties": {"addressPrefix": each.prefix}} for each in spec.subnets]
    return {
        "location": spec.location,
        "properties": {"addressSpace": {"addressPrefixes": list(spec.prefixes)}, "subnets": subnets},
    }


def _network_found(spec: NetworkSpec, body: Json) -> Found:
    network = network_of(body)
    subnets = tuple(SubnetSpec(name=each.name, prefix=each.prefix) for each in network.subnets)
    got = NetworkSpec(id=spec.id, location=network.location, prefixes=network.prefixes, subnets=subnets)
    return by_provisioning(got, body)


def _account_methods(clients: Clients, subscription_id: str) -> tuple[Method, Method]:
    accounts = clients.storage(subscription_id).storage_accounts
    return accounts.get_properties, accounts.begin_create


def _account_body(spec: StorageSpec) -> Json:
    """Closed to the public, but with shared keys: Site Recovery reaches its cache with them."""
    return {
        "location": spec.location,
        "kind": spec.account_kind,
        "sku": {"name": spec.sku},
        "properties": {
            "minimumTlsVersion": "TLS1_2",
            "supportsHttpsTrafficOnly": True,
            "allowBlobPublicAccess": False,
            "allowSharedKeyAccess": True,
        },
    }


def _account_found(spec: StorageSpec, body: Json) -> Found:
    got = StorageSpec(
        id=spec.id,
        location=location(text(body, "location")),
        sku=text(body, "sku", "name"),
        account_kind=text(body, "kind"),
    )
    return by_provisioning(got, body)


def _set_methods(clients: Clients, subscription_id: str) -> tuple[Method, Method]:
    sets = clients.compute(subscription_id).availability_sets
    return sets.get, sets.create_or_update


def _set_body(spec: AvailabilitySetSpec) -> Json:
    return {
        "location": spec.location,
        "sku": {"name": "Aligned" if spec.aligned else "Classic"},
        "properties": {
            "platformFaultDomainCount": spec.fault_domains,
            "platformUpdateDomainCount": spec.update_domains,
        },
    }


def _set_found(spec: AvailabilitySetSpec, body: Json) -> Found:
    found = availability_set_of(body)
    got = AvailabilitySetSpec(
        id=spec.id,
        location=found.location,
        fault_domains=found.fault_domains,
        update_domains=found.update_domains,
        aligned=found.aligned,
    )
    return by_provisioning(got, body)


def _service_methods(clients: Clients, subscription_id: str) -> tuple[Method, Method]:
    """Classic resources have no SDK of their own: they go by their whole id (stack.md §3)."""
    resources = clients.resources(subscription_id).resources

    def address(group: str, name: str) -> str:
        return f"/subscriptions/{subscription_id}/resourceGroups/{group}/providers/Microsoft.ClassicCompute/domainNames/{name}"

    def get(group: str, name: str) -> Any:
        return resources.get_by_id(address(group, name), api_version=CLASSIC_VERSION)

    def put(group: str, name: str, body: Json, **options: Any) -> Any:
        return resources.begin_create_or_update_by_id(
            address(group, name), body, api_version=CLASSIC_VERSION, **options
        )

    return get, put


def _service_body(spec: CloudServiceSpec) -> Json:
    return {"location": spec.location, "properties": {"label": spec.id.rsplit("/", 1)[-1]}}


def _service_found(spec: CloudServiceSpec, body: Json) -> Found:
    return by_provisioning(CloudServiceSpec(id=spec.id, location=location(text(body, "location"))), body)


KINDS: dict[str, Kind[Any]] = {
    GroupSpec.kind: Kind(methods=_group_methods, body=_group_body, found=_group_found, waits=False),
    NetworkSpec.kind: Kind(methods=_network_methods, body=_network_body, found=_network_found),
    StorageSpec.kind: Kind(methods=_account_methods, body=_account_body, found=_account_found),
    AvailabilitySetSpec.kind: Kind(methods=_set_methods, body=_set_body, found=_set_found, waits=False),
    CloudServiceSpec.kind: Kind(methods=_service_methods, body=_service_body, found=_service_found),
}
