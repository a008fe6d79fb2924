"""What a machine is joined with: each list of its subscription is read once, and only when a machine needs it."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from replication.domain import ids
from replication.domain import inventory as inv
from replication.domain.eligibility.outbound import closed
from replication.gateway.arm import Json, dig, rows, text
from replication.gateway.clients import Clients
from replication.gateway.inventory import account_of, groups
from replication.gateway.listing import pages, raw_pages
from replication.gateway.port import AzureError

LOCKS_VERSION = "2016-09-01"  # the only stable ones of Microsoft.Authorization/locks and Microsoft.Resources/links
LINKS_VERSION = "2016-09-01"
_UNTOLD = frozenset({403, 404})  # a credential that may not list locks or links still sees its machines
_CAPABILITIES = {"vCPUs": "cores", "MemoryGB": "memoryGib", "MaxDataDiskCount": "maxDataDisks"}


class Surroundings:
    """The lists around a subscription's machines, by the keys under which machines name them."""

    def __init__(self, clients: Clients, subscription_id: str) -> None:
        self.subscription_id, self._clients = subscription_id, clients
        self._compute, self._network = clients.compute(subscription_id), clients.network(subscription_id)
        self._sizes: dict[str, dict[str, Json]] = {}

    @cached_property
    def views(self) -> dict[str, Json]:
        """Instance views, which the list gives only when asked for states alone."""
        return _by_key(pages(self._compute.virtual_machines.list_all, status_only="true"))

    @cached_property
    def disks(self) -> dict[str, Json]:
        return _by_key(pages(self._compute.disks.list))

    @cached_property
    def nics(self) -> dict[str, Json]:
        return _by_key(pages(self._network.network_interfaces.list_all))

    @cached_property
    def groups(self) -> dict[str, str]:
        """Region by the group's name in lower case."""
        return {each.name.lower(): each.location for each in groups(self._clients, self.subscription_id)}

    @cached_property
    def accounts(self) -> dict[str, inv.StorageAccount]:
        """By name: an unmanaged disk names its account only in the blob's host."""
        found = pages(self._clients.storage(self.subscription_id).storage_accounts.list)
        return {each.name.lower(): each for each in map(account_of, found)}

    # -- sizes ------------------------------------------------------------------------------------------------------------
    def size(self, region: str, name: str) -> Json:
        """cores, memoryGib, maxDataDisks and architecture of a size, as far as Azure tells; one list a region."""
        if region not in self._sizes:
            listed = self._tolerant(pages, self._compute.resource_skus.list, filter=f"location eq '{region}'")
            machines = (each for each in listed if text(each, "resourceType") == "virtualMachines")
            self._sizes[region] = {text(each, "name").lower(): _size(each) for each in machines}
        return self._sizes[region].get(name.lower(), {})

    # -- locks and links ----------------------------------------------------------------------------------------------------
    @cached_property
    def _locks(self) -> dict[str, list[str]]:
        """Locks in words, by the key of their scope."""
        found: dict[str, list[str]] = {}
        for each in self._raw("providers/Microsoft.Authorization/locks", LOCKS_VERSION):
            scope = ids.key(text(each, "id")).split("/providers/microsoft.authorization/")[0]
            found.setdefault(scope, []).append(f"{text(each, 'name')} ({text(each, 'properties', 'level')}")
        return found

    def locks(self, arm_id: str) -> list[str]:
        """Locks on the resource, its group and its subscription: `keep-all (CanNotDelete, on its group)`."""
        group = ids.group_of(arm_id)
        scopes = {
            arm_id: "",
            group: ", on its group",
            f"/subscriptions/{self.subscription_id}": ", on its subscription",
        }
        return [f"{lock}{where})" for scope, where in scopes.items() for lock in self._locks.get(ids.key(scope), ())]

    @cached_property
    def links(self) -> dict[str, list[str]]:
        """Names of the links that a replication leaves on machines (portal-behaviour.md §4 row 2), by the machine's key."""
        found: dict[str, list[str]] = {}
        for each in self._raw("providers/Microsoft.Resources/links", LINKS_VERSION):
            if text(each, "name").lower().startswith("asr-protect-"):
                found.setdefault(ids.key(text(each, "properties", "sourceId")), []).append(text(each, "name"))
        return found

    # -- networks -------------------------------------------------------------------------------------------------------------
    @cached_property
    def _guards(self) -> dict[str, list[Json]]:
        """Outbound rules by the key of their security group."""
        return {
            key: [_rule(rule) for rule in rows(group, "properties", "securityRules") if _is_outbound(rule)]
            for key, group in _by_key(pages(self._network.network_security_groups.list_all)).items()
        }

    @cached_property
    def _guarded_subnets(self) -> dict[str, str]:
        """Key of the security group by the key of the subnet that it stands before."""
        subnets = (
            subnet
            for network in pages(self._network.virtual_networks.list_all)
            for subnet in rows(network, "properties", "subnets")
        )
        return {
            ids.key(text(each, "id")): ids.key(text(each, "properties", "networkSecurityGroup", "id"))
            for each in subnets
        }

    def closed_ways(self, nic: inv.Nic, region: str) -> set[str]:
        """Service tags to which the groups of an interface and of its subnet close the way."""
        groups_ = (ids.key(nic.facts.get("securityGroupId", "")), self._guarded_subnets.get(ids.key(nic.subnet_id), ""))
        return {tag for group in groups_ for tag in closed(self._guards.get(group, ()), region)}

    @cached_property
    def balancers(self) -> dict[str, bool]:
        """Whether a load balancer is public, by its key."""
        return {
            key: any(
                dig(front, "properties", "publicIPAddress")
                for front in rows(each, "properties", "frontendIPConfigurations")
            )
            for key, each in _by_key(pages(self._network.load_balancers.list_all)).items()
        }

    # -- reading ------------------------------------------------------------------------------------------------------------------
    def _raw(self, path: str, version: str) -> list[Json]:
        address = f"/subscriptions/{self.subscription_id}/{path}?api-version={version}"
        return self._tolerant(raw_pages, self._clients, self.subscription_id, address)

    @staticmethod
    def _tolerant(read: Callable[..., Iterator[Json]], *arguments: Any, **options: Any) -> list[Json]:
        try:
            return list(read(*arguments, **options))
        except AzureError as error:
            if error.status in _UNTOLD:
                return []
            raise


def _by_key(found: Iterable[Json]) -> dict[str, Json]:
    return {ids.key(text(each, "id")): each for each in found}


def _size(body: Json) -> Json:
    told = {text(each, "name"): text(each, "value") for each in rows(body, "capabilities")}
    numbers = {ours: _number(told[theirs]) for theirs, ours in _CAPABILITIES.items() if theirs in told}
    return numbers | {"architecture": told.get("CpuArchitectureType", "")}


def _number(value: str) -> float | int | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if number.is_integer() else number


def _is_outbound(rule: Json) -> bool:
    return text(rule, "properties", "direction").lower() == "outbound"


def _rule(body: Json) -> Json:
    """An outbound rule as domain/eligibility/outbound.py takes it; each side may be one value or a list under a plural name."""
    properties = body.get("properties") or {}

    def values(one: str, many: str) -> list[str]:
        return list(dig(properties, many) or ()) or [text(properties, one)]

    return {
        "priority": int(properties.get("priority") or 0),
        "access": text(properties, "access"),
        "protocol": text(properties, "protocol") or "*",
        "destinations": values("destinationAddressPrefix", "destinationAddressPrefixes"),
        "ports": values("destinationPortRange", "destinationPortRanges"),
    }
