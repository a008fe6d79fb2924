"""Machines of every kind, faults at every moment, and the same world twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.conformance.site_recovery import POLICY, SOURCE, TARGET, Estate, frozen, site
from tests.conformance.test_site_recovery_table import Operation, Site

__all__ = ["frozen", "site"]
MACHINE = "erp-web-01"


def details(item: Any) -> Any:
    return item.properties.provider_specific_details


# --- unmanaged disks, classic machines, availability ------------------------------------------------------------------


def account(site: Estate, name: str) -> str:
    """A target storage account for unmanaged disks."""
    body = {"location": TARGET, "sku": {"name": "Standard_LRS"}, "kind": "Storage"}
    accounts = site.azure.storage.storage_accounts
    return str(site.finish(accounts.begin_create("rg-conformance-asr", name, body)).id)


def plain_disks(site: Estate, uris: list[str], target: str) -> list[dict[str, str]]:
    return [
        {
            "diskUri": uri,
            "recoveryAzureStorageAccountId": target,
            "primaryStagingAzureStorageAccountId": site.cache_id(SOURCE),
        }
        for uri in uris
    ]


def test_unmanaged_disks(site: Estate) -> None:
    machine = site.machine("legacy-app-01")
    profile = machine.storage_profile
    uris = [disk.vhd.uri for disk in (profile.os_disk, *(profile.data_disks or []))]
    target = account(site, "legacytargetasr")
    disks = plain_disks(site, uris, target)
    item = site.finish(enable(site, machine.id, disks), 6)
    assert details(item).protected_managed_disks is None
    assert [disk.disk_uri for disk in details(item).protected_disks] == uris
    assert details(item).protected_disks[0].recovery_azure_storage_account_id == target
    site.pass_time(900)
    body = {"properties": {"failoverDirection": "PrimaryToRecovery", "sourceSiteOperations": "NotRequired"}}
    site.finish(site.asr.replication_protected_items.begin_unplanned_failover(*site.at(), "item-1", body))
    made = site.azure.compute.virtual_machines.get("rg-conformance-asr", machine.name)
    assert made.storage_profile.os_disk.vhd.uri.startswith("https://legacytargetasr.blob.")


def enable(site: Estate, machine: str, disks: list[dict[str, str]], **more: Any) -> Any:
    provider = {
        "instanceType": "A2A",
        "fabricObjectId": machine,
        "recoveryContainerId": site.container_id(TARGET),
        "recoveryResourceGroupId": site.target_group_id,
        "vmDisks": disks,
        **more,
    }
    body = {"properties": {"policyId": site.policy_id, "providerSpecificDetails": provider}}
    return site.asr.replication_protected_items.begin_create(*site.at(), "item-1", body)


def test_a_classic_machine_moves_into_a_cloud_service(site: Estate) -> None:
    path = (
        f"/subscriptions/{site.subscription}/providers/Microsoft.ClassicCompute/virtualMachines?api-version=2017-04-01"
    )
    found = site.azure.raw("GET", path)[2]["value"]
    machine = next(one for one in found if one["location"] == SOURCE and _running(one))
    service = f"{site.target_group_id}/providers/Microsoft.ClassicCompute/domainNames/cloud-asr"
    made = {
        "id": service,
        "location": TARGET,
        "properties": {"status": "Created", "hostName": "cloud-asr.cloudapp.net"},
    }
    site.azure.control("POST", "load", {"resources": [made]})
    storage = machine["properties"]["storageProfile"]
    uris = [disk["vhdUri"] for disk in (storage["operatingSystemDisk"], *storage["dataDisks"])]
    disks = plain_disks(site, uris, account(site, "classictargetasr"))
    more = {"recoveryResourceGroupId": None, "recoveryCloudServiceId": service}
    item = site.finish(enable(site, machine["id"], disks, **more), 6)
    assert details(item).recovery_cloud_service == service
    site.pass_time(900)
    body = {"properties": {"failoverDirection": "PrimaryToRecovery", "sourceSiteOperations": "NotRequired"}}
    item = site.finish(site.asr.replication_protected_items.begin_unplanned_failover(*site.at(), "item-1", body))
    recovered = site.azure.raw("GET", f"{details(item).recovery_fabric_object_id}?api-version=2017-04-01")[2]
    assert recovered["location"] == TARGET


def _running(machine: dict[str, Any]) -> bool:
    return machine["properties"]["instanceView"]["powerState"] == "Started"


def test_availability_sets_zones_and_encryption_sets(site: Estate) -> None:
    sets = site.azure.compute.availability_sets
    body = {"location": TARGET, "sku": {"name": "Aligned"}, "properties": {"platformFaultDomainCount": 2}}
    made = sets.create_or_update("rg-conformance-asr", "avset-asr", body)
    machine = site.machine(MACHINE)
    item = site.finish(site.enable(machine, "item-1", recoveryAvailabilitySetId=made.id), 6)
    assert details(item).recovery_availability_set == made.id
    zoned = site.finish(site.enable(site.machine("erp-web-02"), "item-2", recoveryAvailabilityZone="2"), 6)
    assert (details(zoned).recovery_availability_zone, details(zoned).initial_recovery_zone) == ("2", "2")
    wrong = f"{site.target_group_id}/providers/Microsoft.Compute/availabilitySets/none"
    with pytest.raises(HttpResponseError) as failed:
        site.finish(site.enable(site.machine("crm-web-01"), "item-3", recoveryAvailabilitySetId=wrong))
    assert failed.value.error.code == "150401"


# --- faults -----------------------------------------------------------------------------------------------------------


def end(site: Estate, outcome: str) -> None:
    """End the one running operation of Site Recovery from outside."""
    running = site.azure.control("GET", "operations?state=running")
    operation = next(one for one in running if one["style"] == "site-recovery")
    body = {"id": operation["id"], "outcome": outcome, "code": "499", "message": "planned"}
    site.azure.control("POST", "operations", body)


@pytest.mark.parametrize(("outcome", "state"), [("Failed", "Failed"), ("Canceled", "Cancelled")])
def test_an_operation_ended_from_outside_lets_go_of_its_item(site: Estate, outcome: str, state: str) -> None:
    site.protect(MACHINE, "item-1")
    items = site.asr.replication_protected_items
    poller = items.begin_test_failover(*site.at(), "item-1", {"properties": {"failoverDirection": "PrimaryToRecovery"}})
    end(site, outcome)
    with pytest.raises(HttpResponseError):
        poller.result()
    item = site.item("item-1")
    assert item.properties.allowed_operations == ["UnplannedFailover", "DisableProtection", "TestFailover"]
    assert item.properties.current_scenario.scenario_name == "None"
    assert site.job("TestFailover").properties.state == state
    with pytest.raises(ResourceNotFoundError):
        site.azure.compute.virtual_machines.get("rg-conformance-asr", f"{MACHINE}-test")


def test_a_failed_failover_can_be_tried_again(site: Estate) -> None:
    site.protect(MACHINE, "item-1")
    items = site.asr.replication_protected_items
    body = {"properties": {"failoverDirection": "PrimaryToRecovery", "sourceSiteOperations": "NotRequired"}}
    poller = items.begin_unplanned_failover(*site.at(), "item-1", body)
    end(site, "Failed")
    with pytest.raises(HttpResponseError):
        poller.result()
    item = site.item("item-1")
    assert item.properties.protection_state == "UnplannedFailoverFailed"
    item = site.finish(items.begin_unplanned_failover(*site.at(), "item-1", body))
    assert item.properties.active_location == "Recovery"


def test_a_creation_that_fails_leaves_nothing(site: Estate) -> None:
    body = {"properties": {"customDetails": {"instanceType": "Azure", "location": "japaneast"}}}
    poller = site.asr.replication_fabrics.begin_create(*site.where, "japan", body)
    end(site, "Failed")
    with pytest.raises(HttpResponseError):
        poller.result()
    assert len(list(site.asr.replication_fabrics.list(*site.where))) == 2
    assert site.finish(site.asr.replication_fabrics.begin_create(*site.where, "japan", body)).name == "japan"


def test_half_born_items_can_be_shown(site: Estate) -> None:
    site.azure.control("PUT", "settings", {"halfborn": "shown"})
    poller = site.enable(site.machine(MACHINE), "item-1")
    item = site.item("item-1")
    assert details(item).vm_protection_state_description == "Enabling protection"
    assert item.properties.current_scenario.scenario_name == "EnableDr"
    items = site.asr.replication_protected_items
    site.finish(items.begin_delete(*site.at(), "item-1", {"properties": {}}))
    with pytest.raises(HttpResponseError):
        poller.result()
    assert site.job("EnableDr").properties.state == "Cancelled"


def test_bad_bodies_change_nothing(site: Estate) -> None:
    path = f"{site.container_id(SOURCE)}/replicationProtectedItems/item-1"
    for body in (b"{", b"[]", b"null", b'{"properties": 3}', b'{"properties": {"policyId": 7}}', b'{"properties": {}}'):
        status, _, answer = site.azure.raw("PUT", f"{path}?api-version=2025-08-01", body)
        assert (status, answer["error"]["code"] in ("BadRequest", "InvalidRequestContent")) == (400, True)
    for name in ("a b", "x" * 300, "%2e%2e"):
        body = {"properties": {"customDetails": {"instanceType": "Azure", "location": "japaneast"}}}
        url = f"{site.vault_id}/replicationFabrics/{name.replace(' ', '%20')}?api-version=2025-08-01"
        assert site.azure.raw("PUT", url, body)[0] in (400, 404)
    assert site.azure.raw("PUT", f"{path}?api-version=1999-01-01", {})[0] == 400
    assert len(site.jobs()) == 7
    assert POLICY in [one.name for one in site.asr.replication_policies.list(*site.where)]


# --- the same again ---------------------------------------------------------------------------------------------------


def test_the_same_requests_give_the_same_bodies() -> None:
    def life() -> list[bytes]:
        world = Site()
        seen = []
        for ask in (Operation.ENABLE, Operation.TEST_FAILOVER, Operation.TEST_CLEANUP, Operation.FAILOVER):
            world.perform(ask)
            world.let(1500)
            seen += [world.ask("GET", path).content() for path in (world.path, f"{world.path}/recoveryPoints")]
        return [*seen, world.ask("GET", f"{world.vault}/replicationJobs").content()]

    first, second = life(), life()
    assert first == second
    assert json.loads(first[0])["properties"]["protectionState"] == "Protected"
