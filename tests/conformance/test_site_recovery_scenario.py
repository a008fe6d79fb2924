"""The order in which Microsoft's own test of the azure-cli extension goes through the service, as plain HTTP.

azure-cli-extensions, site-recovery, `test_siterecovery_A2A_selfcreated_scenarios` and `..._A2A_scenarios`: fabrics, policy,
containers, mappings, network mappings, enable, recovery plan, failover, commit, switch, fail back, remove, and everything
away again, each update as that client sends it: what it has read, changed and put back whole. Bodies are written here; what
is checked of the answers (keys, nulls, counts, casing) is what the recordings of that test show.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conformance.site_recovery import frozen

__all__ = ["frozen"]
VERSION, COMPUTE, NETWORK, STORAGE, GROUPS = "2022-08-01", "2022-11-01", "2022-01-01", "2022-09-01", "2022-09-01"
HERE, THERE = "eastus2", "eastus"
Json = dict[str, Any]


@dataclass
class Client:
    """Sends what azure-cli sends, and waits as it waits; world time moves on with every poll."""

    azure: Any
    vault: str
    home: str
    target: str
    token: str = ""
    kept: dict[str, Json] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, version: str = VERSION) -> tuple[int, Json, Any]:
        return self.azure.raw(method, f"{path}?api-version={version}", body, token=self.token)

    def get(self, path: str, version: str = VERSION) -> Any:
        status, _, body = self.send("GET", path, version=version)
        assert status == 200, body
        return body

    def count(self, path: str) -> int:
        listed = self.get(path)
        assert listed["nextLink"] is None
        return len(listed["value"])

    def change(self, method: str, path: str, body: Any = None, version: str = VERSION) -> Json:
        """A change that is accepted with a 202 (or 201) and succeeds; its first answer's headers."""
        status, headers, answer = self.send(method, path, body, version)
        assert status in (200, 201, 202), answer
        if "azure-asyncoperation" in headers:
            self._wait(headers["azure-asyncoperation"])
        elif status == 202:
            self.pass_time(60)
        return headers

    def _wait(self, url: str) -> None:
        for _ in range(30):
            _, _, found = self.azure.raw("GET", url.removeprefix(self.azure.endpoint), token=self.token)
            if found["status"] != "InProgress":
                break
            self.azure.control("POST", "clock", {"advance": "next"})
        assert (found["status"], found.get("error")) == ("Succeeded", None)

    def update(self, path: str, change: Json) -> None:
        """The client's update: read, change, put back whole, the answer's own fields included."""
        known = {name: value for name, value in self.get(path)["properties"].items() if value is not None}
        self.change("PUT", path, {"properties": {**known, **change}})

    def pass_time(self, seconds: float) -> None:
        self.azure.control("POST", "clock", {"advance": seconds})


@pytest.fixture
def client(frozen: Any) -> Client:
    """Both groups with a vault, a machine as `az vm create` makes it, networks and cache accounts."""
    frozen.reset()
    frozen.control("PUT", "settings", {"token_lifetime": 100_000_000})
    root = f"/subscriptions/{frozen.subscriptions[0]}/resourceGroups"
    home, target = f"{root}/CliVMRG", f"{root}/CliVaultRG"
    vault = f"{target}/providers/Microsoft.RecoveryServices/vaults/CliVault"
    made = Client(frozen, vault, home, target, frozen.credential().get_token(f"{frozen.endpoint}/.default").token)
    for path, location in ((home, HERE), (target, THERE)):
        made.change("PUT", path, {"location": location, "tags": {}}, GROUPS)
    _networks(made)
    _machine(made)
    _accounts(made)
    made.change("PUT", vault, {"location": THERE, "properties": {}, "sku": {"name": "Standard"}}, "2023-02-01")
    return made


def _networks(client: Client) -> None:
    for group, location, name, subnet in (
        (client.home, HERE, "vmVNET", "default"),
        (client.target, THERE, "vnet-2", "MySubnet"),
    ):
        prefix = {"name": subnet, "properties": {"addressPrefix": "10.0.0.0/24"}}
        body = {
            "location": location,
            "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [prefix]},
        }
        client.change("PUT", f"{group}/providers/Microsoft.Network/virtualNetworks/{name}", body, NETWORK)


def _machine(client: Client) -> None:
    """One core and no word about the disk's kind: what that client sends when it is told nothing."""
    network = f"{client.home}/providers/Microsoft.Network"
    subnet = {"id": f"{network}/virtualNetworks/vmVNET/subnets/default"}
    configuration = {"name": "ipconfigCliVM", "properties": {"subnet": subnet}}
    nic = f"{network}/networkInterfaces/CliVMNic"
    client.change("PUT", nic, {"location": HERE, "properties": {"ipConfigurations": [configuration]}}, NETWORK)
    image = {"publisher": "MicrosoftWindowsServer", "offer": "WindowsServer", "sku": "2019-Datacenter"}
    disk = {"createOption": "FromImage", "caching": "ReadWrite", "managedDisk": {"storageAccountType": None}}
    properties = {
        "hardwareProfile": {"vmSize": "Standard_DS1_v2"},
        "storageProfile": {"imageReference": {**image, "version": "latest"}, "osDisk": disk},
        "osProfile": {"computerName": "CliVM", "adminUsername": "someone", "adminPassword": "not a secret 1"},
        "networkProfile": {"networkInterfaces": [{"id": nic}]},
    }
    body = {"location": HERE, "tags": {"made": "by a client"}, "properties": properties}
    client.change("PUT", f"{client.home}/providers/Microsoft.Compute/virtualMachines/CliVM", body, COMPUTE)


def _accounts(client: Client) -> None:
    for path, location in ((_account(client, 1), HERE), (_account(client, 2), THERE)):
        encryption = {"services": {"blob": {}}, "keySource": "Microsoft.Storage"}
        body = {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "location": location}
        client.change("PUT", path, {**body, "properties": {"encryption": encryption}}, STORAGE)


def _account(client: Client, number: int) -> str:
    group = client.home if number == 1 else client.target
    return f"{group}/providers/Microsoft.Storage/storageAccounts/clitestsaa2a{number}"


def fabric(client: Client, number: int) -> str:
    return f"{client.vault}/replicationFabrics/cli-test-fabric-A2A-{number}"


def container(client: Client, number: int) -> str:
    return f"{fabric(client, number)}/replicationProtectionContainers/cli-test-container-A2A-{number}"


def mapping(client: Client, number: int) -> str:
    return f"{container(client, number)}/replicationProtectionContainerMappings/cli-test-mapping-A2A-{number}"


def network_mapping(client: Client, number: int) -> str:
    return f"{fabric(client, number)}/replicationNetworks/azureNetwork/replicationNetworkMappings/mapping-{number}"


def item(client: Client, number: int) -> str:
    return f"{container(client, number)}/replicationProtectedItems/cli-test-item-A2A-1"


def network(client: Client, number: int) -> str:
    group, name = (client.home, "vmVNET") if number == 1 else (client.target, "vnet-2")
    return f"{group}/providers/Microsoft.Network/virtualNetworks/{name}"


def policy(client: Client) -> str:
    return f"{client.vault}/replicationPolicies/cli-test-policy-A2A-1"


def test_microsofts_own_scenario_in_its_own_order(client: Client) -> None:
    _fabrics(client)
    _policy_and_containers(client)
    _mappings(client)
    _network_mappings(client)
    _enable(client)
    _recovery_plan(client)
    _fail_over(client)
    _switch(client)
    _fail_back_and_disable(client)
    _take_away(client)


def _put_fabric(client: Client, number: int) -> Json:
    location = HERE if number == 1 else THERE
    details = {"instanceType": "Azure", "location": location}
    return client.change("PUT", fabric(client, number), {"properties": {"customDetails": details}})


def _fabrics(client: Client) -> None:
    for number in (1, 2):
        headers = _put_fabric(client, number)
        assert "/Subscriptions/" in headers["location"]
        assert "/Subscriptions/" in headers["azure-asyncoperation"]
    listed = client.get(f"{client.vault}/replicationFabrics")["value"]
    assert len(listed) == 2
    assert list(listed[0]["properties"]["customDetails"]) == ["instanceType", "location", "containerIds"]
    assert listed[0]["properties"]["customDetails"]["containerIds"] is None
    assert client.get(fabric(client, 1))["properties"]["customDetails"]["containerIds"] == []
    client.update(fabric(client, 1), {"customDetails": {"instanceType": "Azure", "location": HERE}})
    client.change("POST", f"{fabric(client, 1)}/remove")
    _put_fabric(client, 1)


def _policy_and_containers(client: Client) -> None:
    given = {"instanceType": "A2A", "multiVmSyncStatus": "Enable"}
    client.change("PUT", policy(client), {"properties": {"providerSpecificInput": given}})
    details = client.get(policy(client))["properties"]["providerSpecificDetails"]
    assert (details["recoveryPointHistory"], details["crashConsistentFrequencyInMinutes"]) == (0, 5)
    for number in (1, 2):
        body = {"properties": {"providerSpecificInput": [{"instanceType": "A2A"}]}}
        client.change("PUT", container(client, number), body)
    assert client.count(f"{fabric(client, 1)}/replicationProtectionContainers") == 1
    for kind in ("A2ACrossClusterMigration", "A2A"):
        client.update(container(client, 1), {"providerSpecificInput": [{"instanceType": kind}]})
    found = client.get(container(client, 1))["properties"]
    assert (found["fabricType"], found["pairingStatus"], found["role"]) == ("Azure", "NotPaired", "")


def _mapping_body(client: Client, to: int) -> Json:
    given = {"instanceType": "A2A", "agentAutoUpdateStatus": "Disabled"}
    ids = {"policyId": client.get(policy(client))["id"], "targetProtectionContainerId": container(client, to)}
    return {**ids, "providerSpecificInput": given}


def _mappings(client: Client) -> None:
    for number, other in ((1, 2), (2, 1)):
        client.change("PUT", mapping(client, number), {"properties": _mapping_body(client, other)})
    below = f"{container(client, 1)}/replicationProtectionContainerMappings"
    assert client.count(below) == 2, "those that lead to a container are listed with those that leave it"
    client.update(mapping(client, 1), _mapping_body(client, 2))
    details = client.get(mapping(client, 1))["properties"]["providerSpecificDetails"]
    assert (details["agentAutoUpdateStatus"], details["scheduleName"]) == ("Disabled", None)
    client.change("POST", f"{mapping(client, 1)}/remove", {})
    assert client.count(below) == 1
    client.change("PUT", mapping(client, 1), {"properties": _mapping_body(client, 2)})


def _network_mappings(client: Client) -> None:
    for number, other in ((1, 2), (2, 1), (1, 2)):
        details = {"instanceType": "AzureToAzure", "primaryNetworkId": network(client, number)}
        body = {"fabricSpecificDetails": details, "recoveryNetworkId": network(client, other)}
        name = f"cli-test-fabric-A2A-{other}"
        client.change("PUT", network_mapping(client, number), {"properties": {**body, "recoveryFabricName": name}})
    assert client.count(network_mapping(client, 1).rsplit("/", 1)[0]) == 1
    found = client.get(network_mapping(client, 1))["properties"]
    assert found["recoveryNetworkId"] == network(client, 2).lower()


def _enable(client: Client) -> None:
    machine = client.get(f"{client.home}/providers/Microsoft.Compute/virtualMachines/CliVM", COMPUTE)
    disk = {
        "diskId": machine["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"],
        "primaryStagingAzureStorageAccountId": _account(client, 1),
        "recoveryResourceGroupId": client.target,
    }
    details = {
        "instanceType": "A2A",
        "fabricObjectId": machine["id"],
        "recoveryContainerId": container(client, 2),
        "recoveryResourceGroupId": client.target,
        "recoveryAzureNetworkId": network(client, 2),
        "recoverySubnetName": f"{network(client, 2)}/subnets/MySubnet",
        "vmManagedDisks": [disk],
    }
    body = {"properties": {"policyId": policy(client), "providerSpecificDetails": details}}
    client.change("PUT", item(client, 1), body)
    found = client.get(item(client, 1))["properties"]
    assert found["protectionState"] == "InitialReplicationInProgress"
    assert found["providerSpecificDetails"]["recoveryAzureVMSize"] == "Standard_DS1_v2", "one core is enough"
    client.pass_time(7200)
    _is_protected(client, 1)


def _is_protected(client: Client, number: int) -> None:
    found = client.get(item(client, number))
    assert found["properties"]["protectionState"] == "Protected"
    assert found["id"].startswith("/Subscriptions/")
    client.kept["item"] = found


def _recovery_plan(client: Client) -> None:
    plan = f"{client.vault}/replicationRecoveryPlans/cli-test-plan-A2A-1"
    machine = f"{client.home}/providers/Microsoft.Compute/virtualMachines/CliVM"
    member = {"id": client.kept["item"]["id"], "virtualMachineId": machine}
    body = {
        "failoverDeploymentModel": "ResourceManager",
        "groups": [{"groupType": "Boot", "replicationProtectedItems": [member]}],
        "primaryFabricId": client.get(fabric(client, 1))["id"],
        "recoveryFabricId": client.get(fabric(client, 2))["id"],
    }
    client.change("PUT", plan, {"properties": body})
    found = client.get(plan)["properties"]
    assert [group["groupType"] for group in found["groups"]] == ["Shutdown", "Failover", "Boot"]
    told = found["groups"][2]["replicationProtectedItems"][0]["virtualMachineId"]
    assert told == client.kept["item"]["properties"]["healthErrors"][0]["entityId"], "the service's own id, not ARM's"
    assert found["primaryFabricId"] == body["primaryFabricId"]
    assert client.count(plan.rsplit("/", 1)[0]) == 1
    client.change("DELETE", plan)
    assert client.count(plan.rsplit("/", 1)[0]) == 0


def _failover_body() -> Json:
    details = {"providerSpecificDetails": {"instanceType": "A2A"}, "sourceSiteOperations": "NotRequired"}
    return {"properties": {"failoverDirection": "PrimaryToRecovery", **details}}


def _fail_over(client: Client) -> None:
    headers = client.change("POST", f"{item(client, 1)}/unplannedFailover", _failover_body())
    assert "/replicationProtectedItems/cli-test-item-A2A-1/operationresults/" in headers["location"]
    client.change("POST", f"{item(client, 1)}/failoverCommit")
    found = client.get(f"{client.target}/providers/Microsoft.Compute/virtualMachines/CliVM", COMPUTE)
    disk = found["properties"]["storageProfile"]["osDisk"]
    assert (found["location"], disk["createOption"], disk["deleteOption"]) == (THERE, "Attach", "Detach")
    assert found["tags"] == {"made": "by a client"}
    client.kept["disk"] = disk


def _switch(client: Client) -> None:
    disk = {
        "diskId": client.kept["disk"]["managedDisk"]["id"],
        "primaryStagingAzureStorageAccountId": _account(client, 2),
        "recoveryResourceGroupId": client.home,
    }
    details = {
        "instanceType": "A2A",
        "policyId": policy(client),
        "recoveryContainerId": container(client, 1),
        "recoveryResourceGroupId": client.home,
        "vmManagedDisks": [disk],
    }
    body = {"replicationProtectedItemName": "cli-test-item-A2A-1", "providerSpecificDetails": details}
    client.change("POST", f"{container(client, 1)}/switchprotection", {"properties": body})
    client.pass_time(7200)
    _is_protected(client, 2)


def _fail_back_and_disable(client: Client) -> None:
    """Removed without a commit, and purged when it is gone already: both are what that test does."""
    client.change("POST", f"{item(client, 2)}/unplannedFailover", _failover_body())
    client.change("POST", f"{item(client, 2)}/remove", {"properties": {}})
    assert client.send("GET", item(client, 2))[0] == 404
    assert client.send("DELETE", item(client, 2))[0] == 204


def _take_away(client: Client) -> None:
    """The second network mapping is left where it is; it goes with its fabric."""
    client.change("DELETE", network_mapping(client, 1))
    for number in (1, 2):
        client.change("DELETE", mapping(client, number))
    for number in (1, 2):
        client.change("POST", f"{container(client, number)}/remove")
    client.change("DELETE", policy(client))
    for number in (1, 2):
        client.change("DELETE", fabric(client, number))
    assert client.count(f"{client.vault}/replicationFabrics") == 0
    assert client.count(f"{client.vault}/replicationNetworkMappings") == 0
    for group in (client.target, client.home):
        assert client.send("DELETE", group, version=GROUPS)[0] == 202
    client.pass_time(3600)
    assert client.send("GET", client.target, version=GROUPS)[0] == 404
