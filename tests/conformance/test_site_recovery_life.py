"""The whole life of a protected item through the official SDK: from the first fabric to failing back and disabling."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.conformance.site_recovery import SOURCE, TARGET, Estate, frozen, site

__all__ = ["frozen", "site"]
MACHINE = "erp-web-01"


def details(item: Any) -> Any:
    return item.properties.provider_specific_details


def test_a_machine_becomes_protected(site: Estate) -> None:
    machine = site.machine(MACHINE)
    site.map_networks(site.source_network(machine))
    poller = site.enable(machine, "item-1")
    assert not poller.done()
    with pytest.raises(ResourceNotFoundError):
        site.item("item-1")
    item = site.finish(poller, 6)

    assert item.properties.protection_state == "InitialReplicationInProgress"
    assert item.properties.allowed_operations == ["DisableProtection"]
    assert details(item).vm_nics == []
    assert details(item).fabric_object_id == machine.id.lower()
    assert details(item).protected_managed_disks[0].disk_state == "InitialReplicationPending"
    replica = details(item).protected_managed_disks[0].recovery_replica_disk_id
    assert site.azure.compute.disks.get(replica.split("/")[4], replica.rsplit("/", 1)[1]).location == TARGET

    site.pass_time(20)
    assert details(site.item("item-1")).monitoring_job_type == "InitialReplication"
    site.pass_time(600)
    item = site.item("item-1")
    assert item.properties.protection_state == "Protected"
    assert item.properties.allowed_operations == ["UnplannedFailover", "DisableProtection", "TestFailover"]
    assert [error.error_code for error in item.properties.health_errors] == ["161011"]
    assert details(item).rpo_in_seconds > 0
    assert details(item).vm_nics[0].ip_configs[0].recovery_subnet_name == "snet-recovered"
    assert details(item).selected_recovery_azure_network_id == site.network_id

    scenarios = [job.properties.scenario_name for job in site.jobs()]
    assert scenarios[:3] == ["SecondaryIrCompletion", "PrimaryIrCompletion", "EnableDr"]
    tasks = [task.task_id for task in site.job("EnableDr").properties.tasks]
    assert tasks[:2] == ["EnableProtectionPreflightChecksTask", "CreateProtectionTargetTask"]


def test_the_whole_round(site: Estate) -> None:
    site.protect(MACHINE, "item-1")
    _update_interfaces(site)
    _test_failover(site)
    _fail_over_and_commit(site)
    _turn_round(site, TARGET)
    _fail_back(site)
    _disable(site)


def _update_interfaces(site: Estate) -> None:
    nic = details(site.item("item-1")).vm_nics[0]
    body = {
        "properties": {
            "recoveryAzureVMName": "erp-web-01-dr",
            "recoveryAzureVMSize": "Standard_D4s_v5",
            "vmNics": [
                {
                    "nicId": nic.nic_id,
                    "selectionType": "SelectedByUser",
                    "ipConfigs": [
                        {
                            "ipConfigName": nic.ip_configs[0].name,
                            "isSeletedForFailover": False,
                            "recoveryStaticIPAddress": "10.77.1.77",
                            "tfoSubnetName": "snet-recovered",
                        }
                    ],
                }
            ],
            "providerSpecificDetails": {"instanceType": "A2A", "tfoAzureVMName": "erp-web-01-drill"},
        }
    }
    item = site.finish(site.asr.replication_protected_items.begin_update(*site.at(), "item-1", body))
    ip = details(item).vm_nics[0].ip_configs[0]
    assert (ip.recovery_static_ip_address, ip.recovery_ip_address_type) == ("10.77.1.77", "Static")
    assert ip.is_seleted_for_failover is True  # the primary configuration stays selected whatever is sent
    assert details(item).recovery_azure_vm_name == "erp-web-01-dr"
    assert site.jobs()[0].properties.scenario_name == "UpdateVmProperties"


def _test_failover(site: Estate) -> None:
    asr, compute = site.asr.replication_protected_items, site.azure.compute.virtual_machines
    body = {
        "properties": {
            "failoverDirection": "PrimaryToRecovery",
            "networkType": "VmNetworkAsInput",
            "networkId": site.network_id,
            "providerSpecificDetails": {"instanceType": "A2A"},
        }
    }
    poller = asr.begin_test_failover(*site.at(), "item-1", body)
    running = site.item("item-1")
    assert running.properties.current_scenario.scenario_name == "TestFailover"
    item = site.finish(poller)
    assert item.properties.test_failover_state == "WaitingForCompletion"
    assert item.properties.allowed_operations == ["DisableProtection", "TestFailoverCleanup"]
    assert item.properties.health_errors == []
    test_machine = compute.get("rg-conformance-asr", "erp-web-01-drill")
    assert details(item).test_failover_recovery_fabric_object_id == test_machine.id
    assert test_machine.storage_profile.os_disk.name.endswith("-ASRtest")
    with pytest.raises(HttpResponseError) as refused:
        asr.begin_unplanned_failover(*site.at(), "item-1", failover_body())
    assert refused.value.status_code == 400
    item = site.finish(asr.begin_test_failover_cleanup(*site.at(), "item-1", {"properties": {"comments": "fine"}}))
    assert item.properties.test_failover_state == "MarkedForDeletion"
    assert item.properties.allowed_operations == ["UnplannedFailover", "DisableProtection", "TestFailover"]
    with pytest.raises(ResourceNotFoundError):
        compute.get("rg-conformance-asr", "erp-web-01-drill")


def failover_body(point: str | None = None, site: str = "NotRequired") -> dict[str, Any]:
    provider = {"instanceType": "A2A", "recoveryPointId": point}
    return {
        "properties": {
            "failoverDirection": "PrimaryToRecovery",
            "sourceSiteOperations": site,
            "providerSpecificDetails": provider,
        }
    }


def _fail_over_and_commit(site: Estate) -> None:
    asr = site.asr.replication_protected_items
    site.pass_time(3600)
    points = list(site.asr.recovery_points.list_by_replication_protected_items(*site.at(), "item-1"))
    assert len(points) >= 12
    assert {point.properties.recovery_point_type for point in points} == {"CrashConsistent", "ApplicationConsistent"}
    item = site.finish(asr.begin_unplanned_failover(*site.at(), "item-1", failover_body(site="Required")))
    assert item.properties.protection_state == "UnplannedFailoverCommitPendingStatesBegin"
    assert item.properties.active_location == "Recovery"
    assert item.properties.allowed_operations == ["CompleteMigration", "Commit", "DisableProtection", "ChangePit"]
    assert item.properties.failover_recovery_point_id.endswith(points[-1].name)
    machine = site.azure.compute.virtual_machines.get("rg-conformance-asr", "erp-web-01-dr", expand="instanceView")
    assert machine.storage_profile.os_disk.create_option == "Attach"
    assert machine.hardware_profile.vm_size == "Standard_D4s_v5"
    nic_id = machine.network_profile.network_interfaces[0].id
    nic = site.azure.network.network_interfaces.get("rg-conformance-asr", nic_id.rsplit("/", 1)[1])
    assert nic.ip_configurations[0].private_ip_address == "10.77.1.77"
    tasks = {task.name: task for task in site.job("UnplannedFailover").properties.tasks}
    assert tasks["VmShutdownVmOnPrimary"].state == "Succeeded"
    assert (tasks["VmPrepareForUnPlannedFailover"].state, tasks["VmFailover"].state) == ("Other", "Succeeded")

    body = {"properties": {"recoveryPointId": points[0].id, "providerSpecificDetails": {"instanceType": "A2A"}}}
    item = site.finish(asr.begin_apply_recovery_point(*site.at(), "item-1", body))
    assert item.properties.failover_recovery_point_id.endswith(points[0].name)
    item = site.finish(asr.begin_failover_commit(*site.at(), "item-1"))
    assert item.properties.protection_state == "UnplannedFailoverCommitted"
    assert item.properties.allowed_operations == ["CompleteMigration", "DisableProtection", "SwitchProtection"]
    assert list(site.asr.recovery_points.list_by_replication_protected_items(*site.at(), "item-1")) == []


def switch_body(site: Estate, item: Any, here: str, group: str) -> dict[str, Any]:
    """Re-protect: replicate back into the container `here`; the new source runs in the other region."""
    new_source = details(item).recovery_fabric_object_id
    machine = site.azure.compute.virtual_machines.get(new_source.split("/")[4], new_source.rsplit("/", 1)[1])
    there = TARGET if here == SOURCE else SOURCE
    provider = {
        "instanceType": "A2A",
        "policyId": site.policy_id,
        "recoveryContainerId": site.container_id(here),
        "recoveryResourceGroupId": group,
        "vmManagedDisks": [
            {
                "diskId": disk,
                "primaryStagingAzureStorageAccountId": site.cache_id(there),
                "recoveryResourceGroupId": group,
            }
            for disk in site.disks(machine)
        ],
    }
    return {"properties": {"replicationProtectedItemName": "item-1", "providerSpecificDetails": provider}}


def _turn_round(site: Estate, there: str) -> None:
    here = SOURCE if there == TARGET else TARGET
    item = site.item("item-1", here)
    source_group = "/".join(details(item).fabric_object_id.split("/")[:5])
    body = switch_body(site, item, here, source_group)
    containers = site.asr.replication_protection_containers
    container = site.finish(containers.begin_switch_protection(*site.at(here), body), 6)
    assert container.name == site.container(here)
    with pytest.raises(ResourceNotFoundError):
        site.item("item-1", here)
    item = site.item("item-1", there)
    assert item.properties.protection_state == "InitialReplicationInProgress"
    assert item.properties.active_location == "Primary"
    assert details(item).initial_primary_fabric_location == SOURCE
    assert details(item).primary_fabric_location == there
    assert details(item).vm_nics[0].selection_type == "NotSelected"
    assert details(item).protected_managed_disks[0].recovery_orignal_target_disk_id
    job = site.job("SwitchReplicationGroupProtection")
    # the one id of ours that starts with a small letter (recorded)
    assert job.properties.custom_details.new_replication_protected_item_id == item.id.replace("/S", "/s", 1)
    group = job.properties.tasks[-1]
    assert group.group_task_custom_details.child_tasks[0].custom_details.job_task.job_scenario_name == "EnableDr"
    site.pass_time(900)
    item = site.item("item-1", there)
    assert item.properties.protection_state == "Protected"
    assert details(item).protected_managed_disks[0].recovery_orignal_target_disk_id == ""


def _fail_back(site: Estate) -> None:
    asr = site.asr.replication_protected_items
    item = site.finish(asr.begin_unplanned_failover(*site.at(TARGET), "item-1", failover_body()))
    home = details(item).recovery_fabric_object_id
    machine = site.azure.compute.virtual_machines.get(home.split("/")[4], home.rsplit("/", 1)[1])
    assert machine.location == SOURCE
    site.finish(asr.begin_failover_commit(*site.at(TARGET), "item-1"))
    _turn_round(site, SOURCE)


def _disable(site: Estate) -> None:
    asr = site.asr.replication_protected_items
    replica = details(site.item("item-1")).protected_managed_disks[0].recovery_replica_disk_id
    body = {
        "properties": {
            "disableProtectionReason": "NotSpecified",
            "replicationProviderInput": {"instanceType": "DisableProtectionProviderSpecificInput"},
        }
    }
    assert site.finish(asr.begin_delete(*site.at(), "item-1", body)) is None
    with pytest.raises(ResourceNotFoundError):
        site.item("item-1")
    with pytest.raises(ResourceNotFoundError):
        site.azure.compute.disks.get(replica.split("/")[4], replica.rsplit("/", 1)[1])
    assert list(asr.list(*site.where)) == []
