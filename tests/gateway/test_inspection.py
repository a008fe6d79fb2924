"""What checks ask, answered by Azure's own list calls: everything planted is found again, in domain values."""

from typing import Any

import pytest

from replication.domain import ids
from replication.domain.checks import asks
from replication.domain.specs import GroupSpec, StorageSpec
from replication.gateway.port import AzureError, Gateway
from tests.simulated import Simulator

EVERYONE = {"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}
ALLOWED = "/providers/Microsoft.Authorization/policyDefinitions/e56962a6-4747-49cd-b67b-bf8b01975c4c"


def plant(simulator: Simulator, *resources: dict[str, Any], **world: Any) -> None:
    simulator.control("POST", "load", {"resources": list(resources), **world})


@pytest.fixture
def production(gateway: Gateway) -> str:
    return next(each.id for each in gateway.subscriptions() if each.name == "Contoso Production")


def test_rights_are_those_of_the_roles_given(gateway: Gateway, production: str) -> None:
    (contributor,) = gateway.inspect(asks.rights(f"/subscriptions/{production}"))
    assert contributor.actions == ("*",)
    assert "Microsoft.Authorization/*/Write" in contributor.not_actions
    assert len(gateway.inspect(asks.principal())) == 36


def test_what_an_owner_has_set_up_is_read(simulator: Simulator, gateway: Gateway, production: str) -> None:
    scope = f"/subscriptions/{production}/providers/Microsoft.Authorization"
    plant(
        simulator,
        {"id": f"{scope}/locks/all", "properties": {"level": "ReadOnly"}},
        {"id": f"{scope}/denyAssignments/d1", "properties": {
            "denyAssignmentName": "stack", "permissions": [{"actions": ["Microsoft.Storage/*"], "notActions": ["*/read"]}],
            "principals": [EVERYONE], "excludePrincipals": [{"id": "ABC"}]}},
        {"id": f"{scope}/policyAssignments/p1", "properties": {
            "displayName": "Asia only", "policyDefinitionId": ALLOWED,
            "parameters": {"listOfAllowedLocations": {"value": ["eastasia"]}}, "notScopes": ["/subscriptions/x"]}},
        {"id": f"{scope}/policyAssignments/off", "properties": {"policyDefinitionId": ALLOWED, "enforcementMode": "DoNotEnforce"}},
    )  # fmt: skip
    lock = asks.Lock(name="all", scope=f"/subscriptions/{production}", level="ReadOnly")
    assert lock in gateway.inspect(asks.locks(production))
    (denial,) = gateway.inspect(asks.denials(production))
    assert (denial.name, denial.actions, denial.not_actions) == ("stack", ("Microsoft.Storage/*",), ("*/read",))
    assert (denial.principals, denial.excluded) == ((EVERYONE["id"],), ("abc",))
    group = GroupSpec(id=ids.group(production, "rg-planted"), location="eastasia")
    with pytest.raises(AzureError, match="ScopeLocked"):
        gateway.submit(group, request_id="0f0f0f0f-0000-0000-0000-000000000000")
    account = ids.resource(ids.group(production, "rg-dr-sea"), "Microsoft.Storage/storageAccounts", "stplanted01")
    with pytest.raises(AzureError, match="DenyAssignmentAuthorizationFailed"):
        gateway.submit(StorageSpec(id=account, location="eastasia", sku="Standard_LRS"), request_id="0f0f")
    (policy,) = gateway.inspect(asks.policies(production))
    assert (policy.name, policy.definition, policy.mode) == ("Asia only", "Allowed locations", "Indexed")
    assert policy.parameters == {"listOfAllowedLocations": ["eastasia"]}
    assert policy.not_scopes == ("/subscriptions/x",)
    assert policy.rule is not None
    assert gateway.inspect(asks.registrations(production))["microsoft.storage"] == "Registered"


def test_an_initiative_is_taken_apart(simulator: Simulator, gateway: Gateway, production: str) -> None:
    scope = f"/subscriptions/{production}/providers/Microsoft.Authorization"
    member = {"policyDefinitionId": ALLOWED, "parameters": {"listOfAllowedLocations": {"value": "[parameters('regions')]"}}}
    plant(
        simulator,
        {"id": f"{scope}/policySetDefinitions/set", "properties": {
            "parameters": {"regions": {"type": "Array", "defaultValue": ["westeurope"]}}, "policyDefinitions": [member, member]}},
        {"id": f"{scope}/policyAssignments/p1", "properties": {"policyDefinitionId": f"{scope}/policySetDefinitions/set"}},
        {"id": f"{scope}/policyAssignments/p2", "properties": {"policyDefinitionId": f"{scope}/policyDefinitions/gone"}},
    )  # fmt: skip
    *members, unread = gateway.inspect(asks.policies(production))
    assert [each.parameters for each in members] == [{"listOfAllowedLocations": ["westeurope"]}] * 2
    assert (unread.definition, unread.rule) == ("gone", None)


def test_room(simulator: Simulator, gateway: Gateway, production: str) -> None:
    plant(simulator, quotas={production: {"southeastasia": {"cores": [3, 40], "NetworkInterfaces": [7, 9]}}})
    cores = next(each for each in gateway.inspect(asks.compute_usages(production, "southeastasia")) if each.name == "cores")
    assert (cores.title, cores.used, cores.limit) == ("Total Regional vCPUs", 3, 40)
    nics = gateway.inspect(asks.network_usages(production, "southeastasia"))
    assert [(each.used, each.limit) for each in nics if each.name == "NetworkInterfaces"] == [(7, 9)]
    accounts = gateway.inspect(asks.storage_usages(production, "eastasia"))
    assert [each.limit for each in accounts] == [250]
    skus = {each.name: each for each in gateway.inspect(asks.skus(production, "southeastasia"))}
    assert (skus["Standard_D4s_v5"].cores, skus["Standard_D4s_v5"].zones) == (4, ("1", "2", "3"))
    assert (skus["Standard_D4s_v5"].available, skus["Standard_M64s"].available) == (True, False)
    assert skus["Premium_LRS"].kind == "disks"


def test_networks(simulator: Simulator, gateway: Gateway, production: str) -> None:
    group = f"/subscriptions/{production}/resourceGroups/rg-net-prod"
    network = f"{group}/providers/Microsoft.Network/virtualNetworks/vnet-ea-prod"
    plant(
        simulator,
        {"id": f"{network}/subnets/GatewaySubnet", "properties": {"addressPrefix": "10.20.250.0/27"}},
        {"id": f"{group}/providers/Microsoft.Network/virtualNetworkGateways/er", "location": "eastasia", "properties": {
            "gatewayType": "ExpressRoute",
            "ipConfigurations": [{"name": "a", "properties": {"subnet": {"id": f"{network}/subnets/GatewaySubnet"}}}]}},
        {"id": f"{group}/providers/Microsoft.Network/routeTables/rt", "location": "eastasia", "properties": {"routes": [
            {"name": "all", "properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance"}}]}},
        {"id": f"{group}/providers/Microsoft.Network/privateEndpoints/pe", "location": "eastasia",
         "properties": {"subnet": {"id": f"{network}/subnets/snet-app"}}},
    )  # fmt: skip
    subnets = {each.id.lower(): each for each in gateway.inspect(asks.subnets(production))}
    (holder,) = subnets[f"{network}/subnets/gatewaysubnet".lower()].holders
    assert holder == f"{group}/providers/Microsoft.Network/virtualNetworkGateways/er/ipConfigurations/a"
    assert subnets[f"{network}/subnets/snet-web".lower()].group_id.endswith("nsg-ea-web")
    (gateway_,) = gateway.inspect(asks.gateways(group))
    assert (gateway_.kind, gateway_.subnet_ids) == ("ExpressRoute", (f"{network}/subnets/GatewaySubnet",))
    (table,) = gateway.inspect(asks.route_tables(production))
    assert table.routes == (asks.Route(name="all", prefix="0.0.0.0/0", next_hop="VirtualAppliance"),)
    assert gateway.inspect(asks.private_endpoints(production)) == (f"{network}/subnets/snet-app",)
    guard = next(each for each in gateway.inspect(asks.guards(production)) if each.id.endswith("nsg-ea-web"))
    assert {rule.name for rule in guard.rules} >= {"allow-site-recovery-out", "AllowInternetOutBound", "DenyAllOutBound"}
    assert "allow-https-in" not in {rule.name for rule in guard.rules}
    assert any(each.subnet_id.endswith("snet-app") for each in gateway.inspect(asks.addresses(production)))


def test_accounts_and_names(simulator: Simulator, gateway: Gateway, production: str) -> None:
    account = f"/subscriptions/{production}/resourceGroups/rg-dr-sea/providers/Microsoft.Storage/storageAccounts/stcacheodd"
    rules = [{"id": "/subscriptions/s/subnets/a"}]
    acls = {"defaultAction": "Deny", "bypass": "None", "virtualNetworkRules": rules}
    plant(
        simulator,
        {"id": account, "location": "eastasia", "kind": "StorageV2", "sku": {"name": "Standard_LRS"},
         "properties": {"allowSharedKeyAccess": False, "networkAcls": acls, "publicNetworkAccess": "Disabled"},
         "_sim": {"blobService": {"deleteRetentionPolicy": {"enabled": True}}}},
    )  # fmt: skip
    found = next(each for each in gateway.inspect(asks.accounts(production)) if each.id == account)
    assert (found.shared_key, found.firewall, found.trusted, found.public) == (False, True, False, False)
    assert found.subnet_ids == ("/subscriptions/s/subnets/a",)
    assert gateway.inspect(asks.soft_delete(account)) is True
    assert "already taken" in gateway.inspect(asks.account_name(production, "stcontosopayasr"))
    assert gateway.inspect(asks.account_name(production, "stfreeandeasy77")) == ""
