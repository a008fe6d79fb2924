"""azure-cli over subscriptions, groups, machines, disks, networks, storage, vaults, and Site Recovery by `az rest`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Cli, Way, sign_in

GROUP = "rg-cli"
MADE = "southeastasia"
APP = "-g rg-erp-prod -n erp-app-01"
SITE_RECOVERY = "api-version=2025-08-01"


@pytest.fixture
def group(cli: Cli) -> str:
    made = cli(f"group create -n {GROUP} -l 'Southeast Asia' --tags made=here")
    assert made["id"].endswith(f"/resourceGroups/{GROUP}")
    assert (made["location"], made["tags"], made["properties"]) == (
        MADE, {"made": "here"}, {"provisioningState": "Succeeded"}
    )  # fmt: skip
    return GROUP


def names(found: list[dict[str, Any]]) -> set[str]:
    return {entry["name"] for entry in found}


# --- reading ----------------------------------------------------------------------------------------------------------


def test_who_and_where(cli: Cli, way: Way) -> None:
    accounts = cli("account list")
    assert names(accounts) == {"Contoso Production", "Contoso Disaster Recovery"}
    assert {account["cloudName"] for account in accounts} == {"Simulated" if way.explicit else "AzureCloud"}
    assert cli("account show")["id"] == way.azure.subscriptions[0]
    places = {place["name"]: place for place in cli("account list-locations")}
    assert places["eastasia"]["displayName"] == "East Asia"
    assert {"name": "Microsoft.Network", "state": "Registered"} in [
        {"name": entry["namespace"], "state": entry["registrationState"]} for entry in cli("provider list")
    ]
    shown = cli("provider show -n Microsoft.RecoveryServices")
    assert "vaults" in {kind["resourceType"] for kind in shown["resourceTypes"]}
    cli("provider register -n Microsoft.RecoveryServices")


def test_the_estate_of_machines(cli: Cli) -> None:
    machines = {machine["name"]: machine for machine in cli("vm list")}
    assert {"erp-app-01", "web-fe-01", "lab-off-01"} <= set(machines)
    assert {machine["powerState"] for machine in cli("vm list -d -g rg-erp-web")} == {"VM running"}
    assert cli(f"vm show {APP}")["vmId"] == machines["erp-app-01"]["vmId"]
    view = cli(f"vm get-instance-view {APP}")["instanceView"]
    assert [status["code"] for status in view["statuses"]] == ["ProvisioningState/succeeded", "PowerState/running"]
    addresses = cli("vm list-ip-addresses -g rg-erp-prod -n erp-app-01")[0]["virtualMachine"]["network"]
    assert addresses["privateIpAddresses"] == ["10.20.1.4"]
    assert isinstance(cli("vm extension list -g rg-erp-prod --vm-name erp-app-01"), list)
    assert names(cli("vm availability-set list -g rg-erp-prod")) == {"avset-erp-app"}
    assert "Standard_D2s_v5" in names(cli("vm list-sizes -l eastasia"))
    usages = {usage["name"]["value"]: usage for usage in cli("vm list-usage -l eastasia")}
    assert int(usages["cores"]["limit"]) >= int(usages["cores"]["currentValue"]) > 0
    assert cli("disk list -g rg-erp-prod")
    for command in ("ppg list", "capacity reservation group list"):
        assert isinstance(cli(command), list)
    assert cli("disk-encryption-set list")


def test_the_estate_around_the_machines(cli: Cli) -> None:
    networks = {network["name"]: network for network in cli("network vnet list")}
    assert {"vnet-ea-prod", "vnet-hub-sea"} <= set(networks)
    hub = networks["vnet-hub-sea"]
    subnets = cli(f"network vnet subnet list -g {hub['resourceGroup']} --vnet-name vnet-hub-sea")
    assert names(subnets) == {subnet["name"] for subnet in hub["subnets"]}
    assert cli("network nic list -g rg-erp-prod")
    for command in ("network nsg list", "network lb list", "network public-ip list", "storage account list"):
        assert isinstance(cli(command), list)
    assert "rsv-dr-sea" in names(cli("backup vault list"))
    assert {"rg-dr-sea", "rg-erp-prod"} <= names(cli("group list"))
    classic = "Microsoft.ClassicCompute/virtualMachines"
    assert {entry["type"] for entry in cli(f"resource list --resource-type {classic}")} == {classic}
    assert "hr-records-keep" in names(cli("lock list"))
    assert "owner" in {tag["tagName"] for tag in cli("tag list")}


def test_who_may_do_what(cli: Cli) -> None:
    given = cli("role assignment list --all --fill-principal-name false")
    assert {entry["roleDefinitionName"] for entry in given} >= {"Contributor", "Reader"}
    contributor = cli("role definition list -n Contributor")[0]
    assert contributor["permissions"][0]["actions"] == ["*"]


# --- writing ----------------------------------------------------------------------------------------------------------


def test_a_group_and_its_lock(cli: Cli, group: str) -> None:
    assert cli(f"group show -n {group.upper()}")["name"] == group
    assert cli(f"group update -n {group} --set tags.more=tags")["tags"] == {"made": "here", "more": "tags"}
    cli(f"lock create -n keep -g {group} --lock-type CanNotDelete --notes 'not yet'")
    assert "(ScopeLocked)" in cli.refused(f"group delete -n {group} --yes")
    assert names(cli(f"lock list -g {group}")) == {"keep"}
    cli(f"lock delete -n keep -g {group}")
    cli(f"group delete -n {group} --yes")
    assert cli(f"group exists -n {group}") is False
    events = cli("monitor activity-log list --offset 1h --max-events 5")
    assert events[0]["operationName"]["value"].lower() == "microsoft.resources/resourcegroups/delete"


def test_a_machine_goes_down_and_up(cli: Cli) -> None:
    cli(f"vm deallocate {APP}")
    assert cli(f"vm show -d {APP}")["powerState"] == "VM deallocated"
    cli(f"vm start {APP}")
    cli(f"vm stop {APP}")
    assert cli(f"vm show -d {APP}")["powerState"] == "VM stopped"
    assert cli(f"vm restart {APP}")["status"] == "Succeeded"
    assert cli(f"vm update {APP} --set tags.drill=yes")["tags"]["drill"] == "yes"


def test_disks(cli: Cli, group: str) -> None:
    made = cli(f"disk create -g {group} -n data --size-gb 8 --sku Premium_LRS --zone 1")
    assert (made["diskState"], made["diskSizeGB"], made["zones"]) == ("Unattached", 8, ["1"])
    assert cli(f"disk show -g {group} -n data")["uniqueId"] == made["uniqueId"]
    assert cli(f"disk update -g {group} -n data --size-gb 16")["diskSizeGB"] == 16
    cli(f"disk delete -g {group} -n data --yes")
    assert cli(f"disk list -g {group}") == []


def test_networks(cli: Cli, group: str) -> None:
    space = "--address-prefixes 10.8.0.0/16 --subnet-name front --subnet-prefixes 10.8.0.0/24"
    made = cli(f"network vnet create -g {group} -n net {space}")["newVNet"]
    assert (names(made["subnets"]), made["provisioningState"]) == ({"front"}, "Succeeded")
    at = f"-g {group} --vnet-name net"
    cli(f"network nsg create -g {group} -n guard")
    cli(f"network vnet subnet create {at} -n back --address-prefixes 10.8.1.0/24")
    guarded = cli(f"network vnet subnet update {at} -n back --network-security-group guard")
    assert guarded["networkSecurityGroup"]["id"].endswith("/guard")
    made = cli(f"network nic create -g {group} -n nic --vnet-name net --subnet back")["NewNIC"]
    assert made["ipConfigurations"][0]["privateIPAddress"] == "10.8.1.4"
    fixed = cli(f"network nic ip-config update -g {group} --nic-name nic -n ipconfig1 --private-ip-address 10.8.1.9")
    assert fixed["privateIPAllocationMethod"] == "Static"
    assert "(InUseSubnetCannotBeDeleted)" in cli.refused(f"network vnet subnet delete {at} -n back")
    cli(f"network public-ip create -g {group} -n pip --sku Standard")
    cli(f"network route-table create -g {group} -n routes")
    cli(f"network nic delete -g {group} -n nic")
    cli(f"network vnet subnet delete {at} -n back")
    assert names(cli(f"network vnet subnet list {at}")) == {"front"}
    cli(f"network nsg delete -g {group} -n guard")
    cli(f"network vnet delete -g {group} -n net")
    assert names(cli(f"resource list -g {group}")) == {"pip", "routes"}


def test_storage(cli: Cli, group: str) -> None:
    account = f"-g {group} -n clicache001"
    assert cli("storage account check-name -n clicache001")["nameAvailable"] is True
    made = cli(f"storage account create {account} --sku Standard_LRS")
    assert (made["provisioningState"], made["location"]) == ("Succeeded", MADE)
    assert cli("storage account check-name -n clicache001")["reason"] == "AlreadyExists"
    assert len(cli(f"storage account keys list {account}")) == 2
    assert cli(f"storage account update {account} --tags a=b")["tags"] == {"a": "b"}
    assert "(StorageAccountAlreadyTaken)" in cli.refused(
        f"storage account create -g {group} -n stcontosopayasr --sku Standard_LRS"
    )
    cli(f"storage account delete {account} --yes")
    assert cli(f"storage account list -g {group}") == []


def test_vaults(cli: Cli, group: str) -> None:
    made = cli(f"backup vault create -g {group} -n rsv-cli -l {MADE}")
    assert made["properties"]["provisioningState"] == "Succeeded"
    kind = f"-g {group} -n rsv-cli --resource-type Microsoft.RecoveryServices/vaults"
    assert cli(f"resource show {kind}")["sku"]["name"] == made["sku"]["name"]
    cli(f"resource tag {kind} --tags stage=drill")
    assert names(cli("resource list --tag stage=drill")) == {"rsv-cli"}
    cli(f"backup vault delete -g {group} -n rsv-cli --yes")
    assert cli(f"backup vault list -g {group}") == []


def test_site_recovery_by_hand(cli: Cli) -> None:
    vault = cli("backup vault show -g rg-dr-sea -n rsv-dr-sea")["id"]
    fabric = f"{vault}/replicationFabrics/fabric-cli?{SITE_RECOVERY}"
    body = {"properties": {"customDetails": {"instanceType": "Azure", "location": "eastasia"}}}
    assert cli(f"rest --method put --url '{fabric}' --body '{json.dumps(body)}'") is None
    found = cli(f"rest --url '{fabric}'")
    assert (found["properties"]["bcdrState"], found["properties"]["friendlyName"]) == ("Valid", "East Asia")
    jobs = cli(f"rest --url '{vault}/replicationJobs?{SITE_RECOVERY}'")["value"]
    assert [job["properties"]["state"] for job in jobs] == ["Succeeded"]
    machine = "/subscriptions/{subscriptionId}/resourceGroups/rg-erp-prod/providers/Microsoft.Compute/virtualMachines"
    eligible = f"{machine}/erp-app-01/providers/Microsoft.RecoveryServices/replicationEligibilityResults"
    result = cli(f"rest --url '{eligible}?{SITE_RECOVERY}'")  # of this list, one object is recorded
    assert result["properties"]["errors"] == []


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("group show -n nowhere", "(ResourceGroupNotFound) Resource group 'nowhere' could not be found."),
        (
            "vm show -g rg-erp-prod -n nobody",
            "(ResourceNotFound) The Resource 'Microsoft.Compute/virtualMachines/nobody' under resource group "
            "'rg-erp-prod' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        ),
        ("backup vault show -g rg-dr-sea -n none", "(ResourceNotFound) The Resource 'Microsoft.RecoveryServices/vaults/none'"),
        ("group create -n x -l atlantis", "(LocationNotAvailableForResourceGroup) The provided location 'atlantis'"),
        ("storage account create -g rg-erp-prod -n Bad_Name", "(AccountNameInvalid) Bad_Name is not a valid storage account name."),
        (
            "rest --url '/subscriptions/{subscriptionId}/resourceGroups/rg-dr-sea/providers/Microsoft.RecoveryServices/vaults"
            "/none/replicationFabrics?api-version=2025-08-01'",
            "Not Found({",
        ),
        ("account set -s nothing", "The subscription of 'nothing' doesn't exist in cloud"),
    ],
)  # fmt: skip
def test_azures_own_words(cli: Cli, command: str, said: str) -> None:
    assert said in cli.refused(command)


def test_what_is_not_modelled_is_refused_as_azure_would(cli: Cli, way: Way) -> None:
    said = "(InvalidResourceType) The resource type could not be found in the namespace 'Microsoft.Compute'"
    assert said in cli.refused("snapshot list")
    (unknown,) = way.azure.control("GET", "log?unmodelled=true")
    assert unknown["id"].endswith("/providers/microsoft.compute/snapshots")
    way.azure.control("DELETE", "log")


def test_a_reader_reads_and_no_more(installed: Path, way: Way, tmp_path: Path) -> None:
    who = way.azure.principals["reader"]
    cli = sign_in(installed, way, tmp_path, who["clientId"], who["clientSecret"])
    assert cli(f"vm show {APP}")["name"] == "erp-app-01"
    said = cli.refused(f"vm deallocate {APP}")
    assert f"(AuthorizationFailed) The client '{who['clientId']}' with object id '{who['objectId']}'" in said
    assert "perform action 'Microsoft.Compute/virtualMachines/deallocate/action' over scope" in said
