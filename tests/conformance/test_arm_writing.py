"""Creating, changing and deleting with the official SDKs: status codes, long-running operations, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from tests.conformance.conftest import Azure, Live

GROUP = "rg-written"
HERE = "southeastasia"


@pytest.fixture
def group(azure: Azure) -> Iterator[str]:
    azure.resources.resource_groups.create_or_update(GROUP, {"location": "Southeast Asia", "tags": {"made": "here"}})
    yield GROUP
    if isinstance(azure, Live):
        azure.resources.resource_groups.begin_delete(GROUP)


def network(azure: Azure, group: str, name: str = "vnet-asr", subnets: dict[str, str] | None = None) -> Any:
    entries = [
        {"name": key, "properties": {"addressPrefix": prefix}}
        for key, prefix in (subnets or {"default": "10.1.0.0/24"}).items()
    ]
    body = {"location": HERE, "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}, "subnets": entries}}
    return azure.network.virtual_networks.begin_create_or_update(group, name, body).result()


def interface(azure: Azure, group: str, subnet: str, name: str = "nic-1") -> Any:
    configuration = {"name": "ipconfig1", "properties": {"subnet": {"id": subnet}}}
    body = {"location": HERE, "properties": {"ipConfigurations": [configuration]}}
    return azure.network.network_interfaces.begin_create_or_update(group, name, body).result()


def machine_body(nic: str, **more: Any) -> dict[str, Any]:
    image = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}
    properties = {
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": {
            "imageReference": image,
            "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
            "dataDisks": [{"lun": 0, "createOption": "Empty", "diskSizeGB": 64}],
        },
        "osProfile": {"computerName": "app", "adminUsername": "azureuser", "linuxConfiguration": {}},
        "networkProfile": {"networkInterfaces": [{"id": nic, "properties": {"primary": True}}]},
    }
    return {"location": HERE, "properties": properties | more}


def code(refused: pytest.ExceptionInfo[HttpResponseError]) -> str:
    return refused.value.error.code


def test_a_group_is_made_changed_and_deleted_with_what_it_holds(azure: Azure, group: str) -> None:
    made = azure.resources.resource_groups.get(group)
    assert (made.location, made.tags, made.properties.provisioning_state) == (HERE, {"made": "here"}, "Succeeded")
    patched = azure.resources.resource_groups.update(group, {"tags": {"other": "tag"}})
    assert patched.tags == {"other": "tag"}
    network(azure, group)
    azure.resources.resource_groups.begin_delete(group).result()
    assert not azure.resources.resource_groups.check_existence(group)
    assert not [found for found in azure.network.virtual_networks.list_all() if f"/{group}/" in found.id]


def test_a_group_never_moves_and_must_have_a_good_name(azure: Azure, group: str) -> None:
    with pytest.raises(ResourceExistsError) as refused:
        azure.resources.resource_groups.create_or_update(group, {"location": "eastus"})
    assert code(refused) == "InvalidResourceGroupLocation"
    with pytest.raises(HttpResponseError) as refused:
        azure.resources.resource_groups.create_or_update("x" * 91, {"location": HERE})
    assert code(refused) == "InvalidResourceGroupName"
    with pytest.raises(HttpResponseError) as refused:
        azure.resources.resource_groups.create_or_update("rg-nowhere", {"location": "atlantis"})
    assert code(refused) == "LocationNotAvailableForResourceGroup"


def test_a_network_replaces_its_subnets_and_keeps_their_order(azure: Azure, group: str) -> None:
    made = network(azure, group, subnets={"zeta": "10.1.0.0/24", "alpha": "10.1.1.0/24"})
    assert [subnet.name for subnet in made.subnets] == ["zeta", "alpha"]
    azure.network.subnets.begin_create_or_update(
        group, "vnet-asr", "gamma", {"properties": {"addressPrefix": "10.1.2.0/24"}}
    ).result()
    assert [subnet.name for subnet in azure.network.subnets.list(group, "vnet-asr")] == ["alpha", "gamma", "zeta"]
    again = network(azure, group, subnets={"zeta": "10.1.0.0/24"})
    assert [subnet.name for subnet in again.subnets] == ["zeta"]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("10.1.0.0/25", "NetcfgSubnetRangesOverlap"),
        ("10.9.0.0/24", "NetcfgInvalidSubnet"),
        ("10.1.1.7/24", "InvalidCIDRNotation"),
    ],
)
def test_a_bad_subnet_is_refused(azure: Azure, group: str, prefix: str, expected: str) -> None:
    network(azure, group)
    with pytest.raises(HttpResponseError) as refused:
        azure.network.subnets.begin_create_or_update(
            group, "vnet-asr", "bad", {"properties": {"addressPrefix": prefix}}
        )
    assert code(refused) == expected
    assert len(list(azure.network.subnets.list(group, "vnet-asr"))) == 1


def test_one_write_at_a_time_per_network(azure: Azure, group: str) -> None:
    network(azure, group)
    azure.control("PUT", "transitions", {"network.write": "manual"})
    one = {"properties": {"addressPrefix": "10.1.1.0/24"}}
    azure.network.subnets.begin_create_or_update(group, "vnet-asr", "one", one, polling=False)
    with pytest.raises(ResourceExistsError) as refused:
        azure.network.subnets.begin_create_or_update(
            group, "vnet-asr", "two", {"properties": {"addressPrefix": "10.1.2.0/24"}}
        )
    assert code(refused) == "AnotherOperationInProgress"
    report = azure.control("GET", "invariants")
    assert len(report["rules"]["one-writer-per-network"]) == 1


def test_a_machine_lives_its_life(azure: Azure, group: str) -> None:
    subnet = network(azure, group).subnets[0].id
    nic = interface(azure, group, subnet)
    assert nic.ip_configurations[0].private_ip_address == "10.1.0.4"
    machines = azure.compute.virtual_machines
    made = machines.begin_create_or_update(group, "app-01", machine_body(nic.id)).result()
    assert made.provisioning_state == "Succeeded"
    assert [disk.managed_by.lower() for disk in azure.compute.disks.list_by_resource_group(group)] == [
        made.id.lower()
    ] * 2
    machines.begin_deallocate(group, "app-01").result()
    assert machines.instance_view(group, "app-01").statuses[-1].code == "PowerState/deallocated"
    machines.begin_start(group, "app-01").result()
    assert machines.instance_view(group, "app-01").statuses[-1].code == "PowerState/running"
    with pytest.raises(HttpResponseError) as refused:
        azure.network.network_interfaces.begin_delete(group, "nic-1")
    assert code(refused) == "NicInUse"
    machines.begin_delete(group, "app-01").result()
    left = list(azure.compute.disks.list_by_resource_group(group))
    assert [disk.disk_state for disk in left] == ["Unattached"]
    azure.network.network_interfaces.begin_delete(group, "nic-1").result()
    azure.network.virtual_networks.begin_delete(group, "vnet-asr").result()


def test_a_subnet_in_use_stays(azure: Azure, group: str) -> None:
    interface(azure, group, network(azure, group).subnets[0].id)
    with pytest.raises(HttpResponseError) as refused:
        azure.network.virtual_networks.begin_delete(group, "vnet-asr")
    assert code(refused) == "InUseSubnetCannotBeDeleted"


def test_a_machine_needs_what_it_refers_to(azure: Azure, group: str) -> None:
    missing = f"/subscriptions/{azure.subscriptions[0]}/resourceGroups/{group}/providers/Microsoft.Network/networkInterfaces/gone"
    with pytest.raises(HttpResponseError) as refused:
        azure.compute.virtual_machines.begin_create_or_update(group, "app-01", machine_body(missing))
    assert code(refused) == "InvalidResourceReference"


def test_disks_and_availability_sets(azure: Azure, group: str) -> None:
    disk = {
        "location": HERE,
        "sku": {"name": "Premium_LRS"},
        "properties": {"diskSizeGB": 64, "creationData": {"createOption": "Empty"}},
    }
    made = azure.compute.disks.begin_create_or_update(group, "data", disk).result()
    assert (made.disk_size_gb, made.disk_state, made.provisioning_state) == (64, "Unattached", "Succeeded")
    azure.compute.disks.begin_delete(group, "data").result()
    with pytest.raises(ResourceNotFoundError):
        azure.compute.disks.get(group, "data")
    sets = azure.compute.availability_sets
    body = {"location": HERE, "sku": {"name": "Aligned"}, "properties": {"platformFaultDomainCount": 2}}
    assert sets.create_or_update(group, "avset-asr", body).platform_update_domain_count == 5
    sets.delete(group, "avset-asr")
    assert not list(sets.list(group))


def test_storage_accounts_have_names_of_their_own_in_the_whole_world(azure: Azure, group: str) -> None:
    accounts = azure.storage.storage_accounts
    body = {"location": HERE, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    made = accounts.begin_create(group, "contosocache01", body).result()
    assert made.primary_endpoints.blob == "https://contosocache01.blob.core.windows.net/"
    assert len(accounts.list_keys(group, "contosocache01").keys_property) == 2
    taken = accounts.check_name_availability({"name": "contosocache01", "type": "Microsoft.Storage/storageAccounts"})
    assert (taken.name_available, taken.reason) == (False, "AlreadyExists")
    wrong = accounts.check_name_availability({"name": "No_Good", "type": "Microsoft.Storage/storageAccounts"})
    assert (wrong.name_available, wrong.reason) == (False, "AccountNameInvalid")
    azure.resources.resource_groups.create_or_update("rg-second", {"location": HERE})
    with pytest.raises(ResourceExistsError) as refused:
        accounts.begin_create("rg-second", "contosocache01", body)
    assert code(refused) == "StorageAccountAlreadyTaken"
    accounts.delete(group, "contosocache01")


def test_a_new_storage_account_is_hidden_until_it_is_ready(azure: Azure, group: str) -> None:
    azure.control("PUT", "transitions", {"storage.create": "manual"})
    body = {"location": HERE, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    azure.storage.storage_accounts.begin_create(group, "contosocache02", body, polling=False)
    with pytest.raises(ResourceNotFoundError):
        azure.storage.storage_accounts.get_properties(group, "contosocache02")
    azure.control("PUT", "settings", {"halfborn": "shown"})
    assert azure.storage.storage_accounts.get_properties(group, "contosocache02").name == "contosocache02"


def test_a_vault_is_made_and_deleted(azure: Azure, group: str) -> None:
    body = {"location": HERE, "sku": {"name": "Standard"}, "properties": {"publicNetworkAccess": "Enabled"}}
    vault = azure.vaults.vaults.begin_create_or_update(group, "rsv-new", body).result()
    assert vault.properties.provisioning_state == "Succeeded"
    azure.vaults.vaults.begin_update(group, "rsv-new", {"tags": {"a": "b"}}).result()
    assert azure.vaults.vaults.get(group, "rsv-new").tags == {"a": "b"}
    azure.vaults.vaults.begin_delete(group, "rsv-new").result()
    with pytest.raises(ResourceNotFoundError):
        azure.vaults.vaults.get(group, "rsv-new")


def test_extensions_and_placement(azure: Azure, group: str) -> None:
    nic = interface(azure, group, network(azure, group).subnets[0].id)
    azure.compute.virtual_machines.begin_create_or_update(group, "app-01", machine_body(nic.id)).result()
    body = {
        "location": HERE,
        "properties": {
            "publisher": "Microsoft.Azure.Monitor",
            "type": "AzureMonitorLinuxAgent",
            "typeHandlerVersion": "1.33",
        },
    }
    azure.compute.virtual_machine_extensions.begin_create_or_update(group, "app-01", "ama", body).result()
    view = azure.compute.virtual_machines.get(group, "app-01", expand="instanceView").instance_view
    assert [entry.name for entry in view.extensions] == ["ama"]
    azure.compute.proximity_placement_groups.create_or_update(group, "ppg", {"location": HERE})
    azure.compute.capacity_reservation_groups.create_or_update(group, "crg", {"location": HERE})
    assert [found.name for found in azure.compute.proximity_placement_groups.list_by_resource_group(group)] == ["ppg"]


def test_the_rest_of_the_network(azure: Azure, group: str) -> None:
    client = azure.network
    rules = [
        {
            "name": "https",
            "properties": {
                "protocol": "Tcp",
                "sourcePortRange": "*",
                "destinationPortRange": "443",
                "sourceAddressPrefix": "*",
                "destinationAddressPrefix": "*",
                "access": "Allow",
                "priority": 100,
                "direction": "Inbound",
            },
        }
    ]
    guard = client.network_security_groups.begin_create_or_update(
        group, "nsg", {"location": HERE, "properties": {"securityRules": rules}}
    ).result()
    assert guard.security_rules[0].id.endswith("/securityRules/https")
    assert len(guard.default_security_rules) == 6
    address = client.public_ip_addresses.begin_create_or_update(
        group, "pip", {"location": HERE, "sku": {"name": "Standard"}}
    ).result()
    assert address.ip_address
    front = [{"name": "front", "properties": {"publicIPAddress": {"id": address.id}}}]
    body = {
        "location": HERE,
        "sku": {"name": "Standard"},
        "properties": {"frontendIPConfigurations": front, "backendAddressPools": [{"name": "pool"}]},
    }
    balancer = client.load_balancers.begin_create_or_update(group, "lb", body).result()
    assert balancer.backend_address_pools[0].id.endswith("/backendAddressPools/pool")
    client.route_tables.begin_create_or_update(group, "rt", {"location": HERE}).result()
    assert list(client.virtual_network_gateways.list(group)) == []
    for delete, name in (
        (client.load_balancers, "lb"),
        (client.route_tables, "rt"),
        (client.network_security_groups, "nsg"),
        (client.public_ip_addresses, "pip"),
    ):
        delete.begin_delete(group, name).result()


def test_rules_and_routes_have_addresses_of_their_own(azure: Azure, group: str) -> None:
    client = azure.network
    client.network_security_groups.begin_create_or_update(group, "nsg", {"location": HERE}).result()
    rule = {"protocol": "*", "sourcePortRange": "*", "destinationPortRange": "443", "sourceAddressPrefix": "*"}
    rule |= {"destinationAddressPrefix": "Storage", "access": "Allow", "priority": 200, "direction": "Outbound"}
    rules = client.security_rules
    made = rules.begin_create_or_update(group, "nsg", "storage", {"properties": rule}).result()
    assert made.provisioning_state == "Succeeded"
    assert client.network_security_groups.get(group, "nsg").security_rules[0].priority == 200
    for wrong, code in ((rule, "SecurityRuleConflict"), (rule | {"priority": 99}, "SecurityRuleInvalidPriority")):
        with pytest.raises(HttpResponseError) as refused:
            rules.begin_create_or_update(group, "nsg", "other", {"properties": wrong}).result()
        assert refused.value.error.code == code
    assert [one.name for one in rules.list(group, "nsg")] == ["storage"]
    assert len(list(client.default_security_rules.list(group, "nsg"))) == 6
    rules.begin_delete(group, "nsg", "storage").result()
    with pytest.raises(ResourceNotFoundError):
        rules.get(group, "nsg", "storage")
    client.route_tables.begin_create_or_update(group, "rt", {"location": HERE}).result()
    route = {"properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.0.4"}}
    client.routes.begin_create_or_update(group, "rt", "out", route).result()
    assert client.route_tables.get(group, "rt").routes[0].address_prefix == "0.0.0.0/0"
