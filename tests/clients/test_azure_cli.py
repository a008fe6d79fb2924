"""azure-cli over groups, machines, disks, networks, storage and vaults."""

from __future__ import annotations

import pytest

from tests.clients.conftest import Cli

pytestmark = pytest.mark.usefixtures("nothing_unmodelled")
GROUP = "rg-cli"


def test_the_cli_reads_the_estate(cli: Cli) -> None:
    assert "rg-dr-sea" in {group["name"] for group in cli("group", "list")}
    assert {place["name"] for place in cli("account", "list-locations")} >= {"eastasia", "southeastasia"}
    machines = {machine["name"]: machine for machine in cli("vm", "list", "-d")}
    assert machines["erp-app-01"]["powerState"] == "VM running"
    view = cli("vm", "get-instance-view", "-g", "rg-erp-prod", "-n", "erp-app-01")
    assert view["instanceView"]["statuses"][-1]["code"] == "PowerState/running"
    assert cli("disk", "list", "-g", "rg-erp-prod")
    assert cli("network", "nic", "list")
    assert cli("backup", "vault", "list")
    assert cli("lock", "list")
    assert cli("vm", "list-usage", "-l", "eastasia")
    assert {sku["name"] for sku in cli("vm", "list-skus", "-l", "eastasia", "--size", "Standard_D2s")} >= {
        "Standard_D2s_v5"
    }
    kind = "Microsoft.ClassicCompute/virtualMachines"
    assert {entry["type"] for entry in cli("resource", "list", "--resource-type", kind)} == {kind}


def test_the_cli_makes_and_removes_what_it_may(cli: Cli) -> None:
    cli("group", "create", "-n", GROUP, "-l", "southeastasia")
    assert cli("group", "exists", "-n", GROUP) is True
    network = (
        "-n",
        "v1",
        "--address-prefixes",
        "10.8.0.0/16",
        "--subnet-name",
        "s1",
        "--subnet-prefixes",
        "10.8.0.0/24",
    )
    cli("network", "vnet", "create", "-g", GROUP, *network)
    cli(
        "network",
        "vnet",
        "subnet",
        "create",
        "-g",
        GROUP,
        "--vnet-name",
        "v1",
        "-n",
        "s2",
        "--address-prefixes",
        "10.8.1.0/24",
    )
    assert len(cli("network", "vnet", "subnet", "list", "-g", GROUP, "--vnet-name", "v1")) == 2
    cli("network", "nsg", "create", "-g", GROUP, "-n", "nsg1")
    cli("network", "public-ip", "create", "-g", GROUP, "-n", "pip1", "--sku", "Standard")
    cli("network", "nic", "create", "-g", GROUP, "-n", "nic1", "--vnet-name", "v1", "--subnet", "s1")
    assert cli("disk", "create", "-g", GROUP, "-n", "d1", "--size-gb", "8")["provisioningState"] == "Succeeded"
    cli(
        "storage", "account", "create", "-g", GROUP, "-n", "clicache001", "-l", "southeastasia", "--sku", "Standard_LRS"
    )
    assert cli("storage", "account", "check-name", "-n", "clicache001")["reason"] == "AlreadyExists"
    assert len(cli("storage", "account", "keys", "list", "-g", GROUP, "-n", "clicache001")) == 2
    cli("ppg", "create", "-g", GROUP, "-n", "ppg1")
    cli("backup", "vault", "create", "-g", GROUP, "-n", "vaultcli", "-l", "southeastasia")
    assert cli("backup", "vault", "show", "-g", GROUP, "-n", "vaultcli")["location"] == "southeastasia"
    cli("vm", "deallocate", "-g", "rg-erp-prod", "-n", "erp-app-01")
    cli("vm", "start", "-g", "rg-erp-prod", "-n", "erp-app-01")
    cli("backup", "vault", "delete", "-g", GROUP, "-n", "vaultcli", "--yes")
    cli("disk", "delete", "-g", GROUP, "-n", "d1", "--yes")
    cli("network", "nic", "delete", "-g", GROUP, "-n", "nic1")
    cli("network", "vnet", "delete", "-g", GROUP, "-n", "v1")
    cli("group", "delete", "-n", GROUP, "--yes")
    assert cli("group", "exists", "-n", GROUP) is False
