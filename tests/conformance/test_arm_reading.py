"""Reading the estate with the official SDKs."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ResourceNotFoundError

from tests.conformance.conftest import Azure


def test_the_subscriptions_and_their_regions_are_listed(azure: Azure) -> None:
    found = list(azure.subscription.subscriptions.list())
    assert {entry.subscription_id for entry in found} == set(azure.subscriptions)
    assert {entry.state for entry in found} == {"Enabled"}
    locations = {entry.name: entry for entry in azure.subscription.subscriptions.list_locations(azure.subscriptions[0])}
    assert locations["eastasia"].display_name == "East Asia"
    assert locations["eastasia"].metadata.paired_region[0].name == "southeastasia"


def test_machines_are_listed_and_read_with_their_instance_view(azure: Azure) -> None:
    machines = list(azure.compute.virtual_machines.list_all())
    assert len(machines) > 30
    one = next(machine for machine in machines if machine.name == "erp-app-01")
    group = one.id.split("/")[4]
    read = azure.compute.virtual_machines.get(group.upper(), one.name.upper(), expand="instanceView")
    assert read.name == one.name
    assert read.instance_view.statuses[-1].code == "PowerState/running"
    assert read.instance_view.vm_agent.statuses[0].display_status == "Ready"


def test_the_status_only_list_tells_power_states(azure: Azure) -> None:
    states = {
        status.code
        for machine in azure.compute.virtual_machines.list_all(status_only="true")
        for status in machine.instance_view.statuses
        if status.code.startswith("PowerState/")
    }
    assert {"PowerState/running", "PowerState/deallocated"} <= states


def test_groups_exist_or_do_not(azure: Azure) -> None:
    groups = azure.resources.resource_groups
    assert groups.check_existence("RG-DR-SEA")
    assert not groups.check_existence("no-such-group")
    with pytest.raises(ResourceNotFoundError) as refused:
        groups.get("no-such-group")
    assert refused.value.error.code == "ResourceGroupNotFound"


def test_vaults_are_listed_by_subscription_and_by_group(azure: Azure) -> None:
    vaults = list(azure.vaults.vaults.list_by_subscription_id())
    assert vaults
    group = vaults[0].id.split("/")[4]
    assert vaults[0].name in {vault.name for vault in azure.vaults.vaults.list_by_resource_group(group)}


def test_classic_machines_come_through_the_generic_list(azure: Azure) -> None:
    kind = "Microsoft.ClassicCompute/virtualMachines"
    found = list(azure.resources.resources.list(filter=f"resourceType eq '{kind}'"))
    assert found
    machine = azure.resources.resources.get_by_id(found[0].id, api_version="2017-04-01")
    assert machine.properties["instanceView"]["powerState"]
