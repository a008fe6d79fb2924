"""A vault set up for replication from East Asia to Southeast Asia, through the official SDK."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import start, stop

SOURCE, TARGET = "eastasia", "southeastasia"
POLICY = "24-hour-retention-policy"


@dataclass
class Estate:
    """The ids and names that tests speak of; `azure` is the running simulator."""

    azure: Any
    vault_id: str
    made: dict[str, Any] = field(default_factory=dict)

    @property
    def group(self) -> str:
        return self.vault_id.split("/")[4]

    @property
    def vault(self) -> str:
        return self.vault_id.rsplit("/", 1)[1]

    @property
    def where(self) -> tuple[str, str]:
        return self.group, self.vault

    @property
    def subscription(self) -> str:
        return self.vault_id.split("/")[2]

    @property
    def asr(self) -> Any:
        return self.azure.recovery

    def fabric(self, region: str) -> str:
        return f"asr-a2a-default-{region}"

    def container(self, region: str) -> str:
        return f"asr-a2a-default-{region}-container"

    def container_id(self, region: str) -> str:
        return f"{self.vault_id}/replicationFabrics/{self.fabric(region)}/replicationProtectionContainers/{self.container(region)}"

    @property
    def policy_id(self) -> str:
        return f"{self.vault_id}/replicationPolicies/{POLICY}"

    def at(self, region: str = SOURCE) -> tuple[str, str, str, str]:
        """The first arguments of most calls: group, vault, fabric, container."""
        return (*self.where, self.fabric(region), self.container(region))

    def pass_time(self, seconds: float) -> None:
        self.azure.control("POST", "clock", {"advance": seconds})

    def finish(self, poller: Any, seconds: float = 30.0) -> Any:
        """Let an operation end (world time is moved on) and give its result."""
        self.pass_time(seconds)
        return poller.result()

    # --- foundations ---

    def foundations(self) -> Estate:
        """Both fabrics, containers, the policy, the mappings both ways; target group, networks, cache accounts."""
        asr = self.asr
        for region in (SOURCE, TARGET):
            body = {"properties": {"customDetails": {"instanceType": "Azure", "location": region}}}
            self.finish(asr.replication_fabrics.begin_create(*self.where, self.fabric(region), body))
            body = {"properties": {"providerSpecificInput": [{"instanceType": "A2A"}]}}
            self.finish(asr.replication_protection_containers.begin_create(*self.at(region), body))
        self.finish(asr.replication_policies.begin_create(*self.where, POLICY, policy_body()))
        for here, there in ((SOURCE, TARGET), (TARGET, SOURCE)):
            self.map_containers(here, there)
        self.targets()
        return self

    def map_containers(self, here: str, there: str) -> Any:
        body = {
            "properties": {
                "targetProtectionContainerId": self.container_id(there),
                "policyId": self.policy_id,
                "providerSpecificInput": {"instanceType": "A2A", "agentAutoUpdateStatus": "Disabled"},
            }
        }
        name = f"{here}-{there}-{POLICY}"
        return self.finish(self.asr.replication_protection_container_mappings.begin_create(*self.at(here), name, body))

    def targets(self) -> None:
        """What replication needs outside the vault, made through Network, Storage and Resources."""
        groups = self.azure.resources.resource_groups
        groups.create_or_update("rg-conformance-asr", {"location": TARGET})
        groups.create_or_update("rg-conformance-cache", {"location": SOURCE})
        network = {
            "location": TARGET,
            "properties": {
                "addressSpace": {"addressPrefixes": ["10.77.0.0/16"]},
                "subnets": [{"name": "snet-recovered", "properties": {"addressPrefix": "10.77.1.0/24"}}],
            },
        }
        self.finish(
            self.azure.network.virtual_networks.begin_create_or_update("rg-conformance-asr", "vnet-asr", network)
        )
        for name, region, group in (
            ("cacheeastasia01", SOURCE, "rg-conformance-cache"),
            ("cachesoutheast01", TARGET, "rg-conformance-asr"),
        ):
            body = {"location": region, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
            self.finish(self.azure.storage.storage_accounts.begin_create(group, name, body))

    @property
    def target_group_id(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/rg-conformance-asr"

    @property
    def network_id(self) -> str:
        return f"{self.target_group_id}/providers/Microsoft.Network/virtualNetworks/vnet-asr"

    def cache_id(self, region: str) -> str:
        group, name = (
            ("rg-conformance-cache", "cacheeastasia01")
            if region == SOURCE
            else ("rg-conformance-asr", "cachesoutheast01")
        )
        home = f"/subscriptions/{self.subscription}/resourceGroups/{group}"
        return f"{home}/providers/Microsoft.Storage/storageAccounts/{name}"

    def map_networks(self, source_network: str) -> None:
        """Both directions, under the literal `azureNetwork`."""
        pairs = ((SOURCE, TARGET, source_network, self.network_id), (TARGET, SOURCE, self.network_id, source_network))
        for here, there, primary, recovery in pairs:
            body = {
                "properties": {
                    "recoveryFabricName": self.fabric(there),
                    "recoveryNetworkId": recovery,
                    "fabricSpecificDetails": {"instanceType": "AzureToAzure", "primaryNetworkId": primary},
                }
            }
            name = f"{here}-to-{there}"
            mappings = self.asr.replication_network_mappings
            self.finish(mappings.begin_create(*self.where, self.fabric(here), "azureNetwork", name, body))

    # --- machines and items ---

    def machine(self, name: str) -> Any:
        return next(vm for vm in self.azure.compute.virtual_machines.list_all() if vm.name == name)

    def source_network(self, machine: Any) -> str:
        nic_id = machine.network_profile.network_interfaces[0].id
        nic = self.azure.network.network_interfaces.get(nic_id.split("/")[4], nic_id.rsplit("/", 1)[1])
        return nic.ip_configurations[0].subnet.id.split("/subnets/")[0]

    def disks(self, machine: Any) -> list[str]:
        profile = machine.storage_profile
        return [disk.managed_disk.id for disk in (profile.os_disk, *(profile.data_disks or []))]

    def enable_body(self, machine: Any, **more: Any) -> dict[str, Any]:
        details = {
            "instanceType": "A2A",
            "fabricObjectId": machine.id,
            "recoveryContainerId": self.container_id(TARGET),
            "recoveryResourceGroupId": self.target_group_id,
            "vmManagedDisks": [
                {
                    "diskId": disk,
                    "primaryStagingAzureStorageAccountId": self.cache_id(SOURCE),
                    "recoveryResourceGroupId": self.target_group_id,
                }
                for disk in self.disks(machine)
            ],
            **more,
        }
        return {"properties": {"policyId": self.policy_id, "providerSpecificDetails": details}}

    def enable(self, machine: Any, item: str, **more: Any) -> Any:
        body = self.enable_body(machine, **more)
        return self.asr.replication_protected_items.begin_create(*self.at(), item, body)

    def protect(self, machine_name: str, item: str) -> Any:
        """Enable a machine and wait until it is protected. Gives the item."""
        machine = self.machine(machine_name)
        self.map_networks(self.source_network(machine))
        self.finish(self.enable(machine, item))
        self.pass_time(600)
        return self.item(item)

    def item(self, name: str, region: str = SOURCE) -> Any:
        return self.asr.replication_protected_items.get(*self.at(region), name)

    def jobs(self) -> list[Any]:
        return list(self.asr.replication_jobs.list(*self.where))

    def job(self, scenario: str) -> Any:
        """The newest job of a scenario, in full."""
        found = next(job for job in self.jobs() if job.properties.scenario_name == scenario)
        return self.asr.replication_jobs.get(*self.where, found.name)


def policy_body(history: int = 1440, app: int = 60) -> dict[str, Any]:
    details = {
        "instanceType": "A2A",
        "recoveryPointHistory": history,
        "crashConsistentFrequencyInMinutes": 5,
        "appConsistentFrequencyInMinutes": app,
        "multiVmSyncStatus": "Enable",
    }
    return {"properties": {"providerSpecificInput": details}}


@pytest.fixture(scope="module")
def frozen() -> Iterator[Any]:
    """A simulator of its own, whose clock moves only when a test moves it; tokens outlive every test."""
    with tempfile.TemporaryDirectory() as home:
        azure = start(Path(home), "--scenario", "contoso", "--durations", "0.01", "--pace", "fast", "--clock", "frozen")
        azure.control("PUT", "settings", {"token_lifetime": 100_000_000})
        yield azure
        stop(azure)


@pytest.fixture
def site(frozen: Any) -> Estate:
    """The vault with its foundations, in a world put back to its scenario."""
    frozen.reset()
    frozen.control("PUT", "settings", {"token_lifetime": 100_000_000, "pace": "step"})
    made = estate(frozen).foundations()
    frozen.control("PUT", "settings", {"pace": "fast"})
    return made


def estate(azure: Any) -> Estate:
    """The vault of the scenario in Southeast Asia."""
    found = next(vault for vault in azure.vaults.vaults.list_by_subscription_id() if vault.location == TARGET)
    return Estate(azure, found.id)
