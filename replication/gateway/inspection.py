"""What checks ask before the first write (domain/checks/asks.py): one method a question, each a bounded series of list pages or one GET.

What the official clients have no method for goes out through their `send_request`: the same pipeline, the same pages.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from replication.domain import ids
from replication.domain.checks.asks import (
    AccountUse,
    Address,
    Ask,
    Denial,
    Gateway,
    Guard,
    GuardRule,
    Lock,
    Policy,
    Right,
    Route,
    RouteTable,
    Sku,
    SubnetUse,
    Usage,
)
from replication.gateway.arm import Json, dig, location, rows, text
from replication.gateway.clients import Clients
from replication.gateway.errors import translated
from replication.gateway.listing import pages, raw, raw_pages
from replication.gateway.policies import assigned

PERMISSIONS_VERSION = "2022-04-01"  # azure-mgmt-authorization asks only for groups and resources
LOCKS_VERSION = "2016-09-01"  # the only stable one of Microsoft.Authorization/locks


class Inspection:
    """Answers asks, through the same clients as the rest of the gateway."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def answer(self, ask: Ask[Any]) -> Any:
        """The answer to a question. Raises AzureError."""
        return getattr(self, ask.kind)(*ask.args)

    # -- rights -------------------------------------------------------------------------------------------------------
    def rights(self, scope: str) -> tuple[Right, ...]:
        address = f"{scope}/providers/Microsoft.Authorization/permissions?api-version={PERMISSIONS_VERSION}"
        return tuple(_right(each) for each in self._list(ids.subscription(scope), address))

    def denials(self, subscription: str) -> tuple[Denial, ...]:
        with translated():
            # This client's models are of the older kind, which keeps the names of the wire only when asked.
            listed = self._clients.authorization(subscription).deny_assignments.list()
            found = [each.serialize(keep_readonly=True) for each in listed]
        return tuple(_denial(each, right) for each in found for right in rows(each, "properties", "permissions"))

    def principal(self) -> str:
        """From the token's own claim `oid`."""
        with translated():
            token = self._clients.token()
        try:
            part = token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        except (IndexError, ValueError):
            return ""
        return text(claims, "oid").lower()

    # -- locks, providers, policies -------------------------------------------------------------------------------------
    def locks(self, subscription: str) -> tuple[Lock, ...]:
        address = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/locks?api-version={LOCKS_VERSION}"
        return tuple(_lock(each) for each in self._list(subscription, address))

    def registrations(self, subscription: str) -> Mapping[str, str]:
        found = pages(self._clients.resources(subscription).providers.list)
        return {text(each, "namespace").lower(): text(each, "registrationState") for each in found}

    def policies(self, subscription: str) -> tuple[Policy, ...]:
        return assigned(subscription, lambda address: self._list(subscription, address), self._get)

    # -- room -----------------------------------------------------------------------------------------------------------
    def compute_usages(self, subscription: str, where: str) -> tuple[Usage, ...]:
        return tuple(map(_usage, pages(self._clients.compute(subscription).usage.list, where)))

    def network_usages(self, subscription: str, where: str) -> tuple[Usage, ...]:
        return tuple(map(_usage, pages(self._clients.network(subscription).usages.list, where)))

    def storage_usages(self, subscription: str, where: str) -> tuple[Usage, ...]:
        return tuple(map(_usage, pages(self._clients.storage(subscription).usages.list_by_location, where)))

    def skus(self, subscription: str, where: str) -> tuple[Sku, ...]:
        found = pages(self._clients.compute(subscription).resource_skus.list, filter=f"location eq '{where}'")
        return tuple(_sku(each, where) for each in found if text(each, "resourceType") in {"virtualMachines", "disks"})

    # -- networks ---------------------------------------------------------------------------------------------------------
    def subnets(self, subscription: str) -> tuple[SubnetUse, ...]:
        networks = pages(self._clients.network(subscription).virtual_networks.list_all)
        return tuple(_subnet(each) for network in networks for each in rows(network, "properties", "subnets"))

    def addresses(self, subscription: str) -> tuple[Address, ...]:
        nics = pages(self._clients.network(subscription).network_interfaces.list_all)
        return tuple(_address(nic, each) for nic in nics for each in rows(nic, "properties", "ipConfigurations"))

    def guards(self, subscription: str) -> tuple[Guard, ...]:
        return tuple(map(_guard, pages(self._clients.network(subscription).network_security_groups.list_all)))

    def route_tables(self, subscription: str) -> tuple[RouteTable, ...]:
        return tuple(map(_table, pages(self._clients.network(subscription).route_tables.list_all)))

    def gateways(self, group_id: str) -> tuple[Gateway, ...]:
        gateways = self._clients.network(ids.subscription(group_id)).virtual_network_gateways
        return tuple(map(_gateway, pages(gateways.list, ids.group_name(group_id))))

    def private_endpoints(self, subscription: str) -> tuple[str, ...]:
        found = pages(self._clients.network(subscription).private_endpoints.list_by_subscription)
        return tuple(text(each, "properties", "subnet", "id") for each in found)

    # -- storage ----------------------------------------------------------------------------------------------------------
    def account_uses(self, subscription: str) -> tuple[AccountUse, ...]:
        return tuple(map(_account, pages(self._clients.storage(subscription).storage_accounts.list)))

    def soft_delete(self, account_id: str) -> bool:
        body = self._get(f"{account_id}/blobServices/default?api-version=2023-05-01")
        properties = body.get("properties")
        kept = (
            dig(properties, name, "enabled") for name in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy")
        )
        return any(each is True for each in kept)

    def account_name(self, subscription: str, name: str) -> str:
        accounts = self._clients.storage(subscription).storage_accounts
        with translated():
            answer = accounts.check_name_availability(
                {"name": name, "type": "Microsoft.Storage/storageAccounts"}
            ).as_dict()
        return "" if answer.get("nameAvailable") else text(answer, "message") or "Azure says that it is taken."

    # -- what the clients have no method for ---------------------------------------------------------------------------------
    def _list(self, subscription: str, address: str) -> Iterator[Json]:
        return raw_pages(self._clients, subscription, address)

    def _get(self, address: str) -> Json:
        return raw(self._clients, ids.subscription(address.partition("?")[0]) or "-", address)


# -- one answer each ----------------------------------------------------------------------------------------------------------


def _globs(body: Json, *path: str) -> tuple[str, ...]:
    value = dig(body, *path)
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def _right(body: Json) -> Right:
    return Right(actions=_globs(body, "actions"), not_actions=_globs(body, "notActions"))


def _denial(body: Json, right: Json) -> Denial:
    def objects(name: str) -> tuple[str, ...]:
        return tuple(text(each, "id").lower() for each in rows(body, "properties", name))

    return Denial(
        name=text(body, "properties", "denyAssignmentName"),
        scope=text(body, "properties", "scope") or text(body, "id").split("/providers/Microsoft.Authorization/")[0],
        actions=_globs(right, "actions"),
        not_actions=_globs(right, "notActions"),
        principals=objects("principals"),
        excluded=objects("excludePrincipals"),
        here_only=dig(body, "properties", "doNotApplyToChildScopes") is True,
    )


def _lock(body: Json) -> Lock:
    scope = text(body, "id").split("/providers/Microsoft.Authorization/")[0]
    return Lock(name=text(body, "name"), scope=scope, level=text(body, "properties", "level"))


def _usage(body: Json) -> Usage:
    name = text(body, "name", "value")
    return Usage(
        name=name,
        title=text(body, "name", "localizedValue") or name,
        used=int(body.get("currentValue") or 0),
        limit=int(body.get("limit") or 0),
    )


def _sku(body: Json, where: str) -> Sku:
    """A size of one region. A restriction of type Location closes the region, one of type Zone some of its zones."""
    info = next((each for each in rows(body, "locationInfo") if location(text(each, "location")) == where), {})
    restrictions = rows(body, "restrictions")
    cores = next((text(each, "value") for each in rows(body, "capabilities") if text(each, "name") == "vCPUs"), "0")
    closed = [zone for each in restrictions for zone in _globs(each, "restrictionInfo", "zones")]
    return Sku(
        kind=text(body, "resourceType"),
        name=text(body, "name"),
        family=text(body, "family"),
        cores=int(cores) if cores.isdigit() else 0,
        zones=_globs(info, "zones"),
        closed=tuple(closed),
        available=not any(text(each, "type") == "Location" for each in restrictions),
    )


def _subnet(body: Json) -> SubnetUse:
    properties = body.get("properties") or {}
    prefixes = _globs(properties, "addressPrefixes") or tuple(filter(None, [text(properties, "addressPrefix")]))
    return SubnetUse(
        id=text(body, "id"),
        prefixes=prefixes,
        group_id=text(properties, "networkSecurityGroup", "id"),
        routes_id=text(properties, "routeTable", "id"),
        holders=tuple(text(each, "id") for each in rows(properties, "ipConfigurations")),
    )


def _address(nic: Json, configuration: Json) -> Address:
    return Address(
        subnet_id=text(configuration, "properties", "subnet", "id"),
        address=text(configuration, "properties", "privateIPAddress"),
        nic_id=text(nic, "id"),
        static=text(configuration, "properties", "privateIPAllocationMethod") == "Static",
    )


def _guard(body: Json) -> Guard:
    every = [*rows(body, "properties", "securityRules"), *rows(body, "properties", "defaultSecurityRules")]
    outbound = (each for each in every if text(each, "properties", "direction") == "Outbound")
    return Guard(id=text(body, "id"), rules=tuple(map(_guard_rule, outbound)))


def _guard_rule(body: Json) -> GuardRule:
    """Each of the three may be one value, or a list in a property of plural name; application security groups stand for some machines."""
    properties = body.get("properties") or {}

    def values(one: str, many: str) -> tuple[str, ...]:
        return _globs(properties, many) or tuple(filter(None, [text(properties, one)]))

    groups = tuple(
        f"group:{text(each, 'id')}"
        for name in ("sourceApplicationSecurityGroups", "destinationApplicationSecurityGroups")
        for each in rows(properties, name)
    )
    return GuardRule(
        name=text(body, "name"),
        priority=int(properties.get("priority") or 0),
        allow=text(properties, "access") == "Allow",
        protocol=text(properties, "protocol") or "*",
        sources=values("sourceAddressPrefix", "sourceAddressPrefixes") or groups,
        destinations=values("destinationAddressPrefix", "destinationAddressPrefixes") or groups,
        ports=values("destinationPortRange", "destinationPortRanges") or ("*",),
    )


def _table(body: Json) -> RouteTable:
    routes = (
        Route(
            name=text(each, "name"),
            prefix=text(each, "properties", "addressPrefix"),
            next_hop=text(each, "properties", "nextHopType"),
        )
        for each in rows(body, "properties", "routes")
    )
    return RouteTable(id=text(body, "id"), routes=tuple(routes))


def _gateway(body: Json) -> Gateway:
    subnets = (text(each, "properties", "subnet", "id") for each in rows(body, "properties", "ipConfigurations"))
    return Gateway(id=text(body, "id"), kind=text(body, "properties", "gatewayType"), subnet_ids=tuple(subnets))


def _account(body: Json) -> AccountUse:
    properties = body.get("properties") or {}
    rules = rows(properties, "networkAcls", "virtualNetworkRules")
    return AccountUse(
        id=text(body, "id"),
        location=location(text(body, "location")),
        kind=text(body, "kind"),
        sku=text(body, "sku", "name"),
        shared_key=properties.get("allowSharedKeyAccess") is not False,
        public=text(properties, "publicNetworkAccess") in {"", "Enabled"},
        firewall=text(properties, "networkAcls", "defaultAction") == "Deny",
        trusted="AzureServices" in (text(properties, "networkAcls", "bypass") or "AzureServices"),
        subnet_ids=tuple(text(each, "id") for each in rules),
        immutable=dig(properties, "immutableStorageWithVersioning", "enabled") is True,
    )
