"""Facts that recordings of the real service show and no other test states, as plain HTTP: forms, never copied bodies.

Sources: azure-powershell (A2ANewAsrFabric, A2AReprotectTest, A2ARemoveReplicationProtectedItemDisk, A2AVMNicConfig,
A2ARecoveryPlanReplication) and azure-cli-extensions (test_siterecovery_A2A_scenarios, ..._vault_scenarios).
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conformance.site_recovery import SOURCE, TARGET, Estate, frozen, site

__all__ = ["frozen", "site"]
GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def read(site: Estate, path: str, version: str = "2024-10-01") -> Any:
    status, _, body = site.azure.raw("GET", f"{path}?api-version={version}")
    assert status == 200, body
    return body


def item_path(site: Estate, name: str = "") -> str:
    return f"{site.container_id(SOURCE)}/replicationProtectedItems{'/' + name if name else ''}"


def commit(site: Estate) -> None:
    items = site.asr.replication_protected_items
    details = {"instanceType": "A2A"}
    body = {"properties": {"failoverDirection": "PrimaryToRecovery", "providerSpecificDetails": details}}
    site.finish(items.begin_unplanned_failover(*site.at(), "item-1", body))
    site.finish(items.begin_failover_commit(*site.at(), "item-1"))


def test_a_committed_item_as_recorded(site: Estate) -> None:
    site.protect("erp-web-01", "item-1")
    commit(site)
    found = read(site, item_path(site, "item-1"))["properties"]
    details = found["providerSpecificDetails"]
    assert found["allowedOperations"] == ["CompleteMigration", "DisableProtection", "SwitchProtection"]
    assert (found["replicationHealth"], found["failoverHealth"], found["healthErrors"]) == ("Normal", "Normal", [])
    point = rf"/Subscriptions/.*/replicationProtectionContainers/{GUID}/replicationProtectedItems/item-1/recoveryPoints/{GUID}"
    assert re.fullmatch(point, found["failoverRecoveryPointId"])
    assert details["recoveryFabricObjectId"] == details["recoveryFabricObjectId"].lower()
    assert details["rpoInSeconds"] > 0
    assert details["agentExpiryDate"] == "9999-12-31T23:59:59.9999999Z"
    disk = details["protectedManagedDisks"][0]
    assert disk["recoveryReplicaDiskId"] == ""
    assert disk["recoveryOrignalTargetDiskId"] == disk["recoveryTargetDiskId"].lower()
    names = list(details)
    assert names[names.index("lastRpoCalculatedTime") + 1] == "rtoInSeconds"
    assert names[-1] == "churnOptionSelected"


def test_lists_leave_out_what_only_a_get_shows(site: Estate) -> None:
    site.protect("erp-web-01", "item-1")
    listed = read(site, item_path(site))["value"][0]["properties"]["providerSpecificDetails"]
    assert listed["vmSyncedConfigDetails"] == {"tags": None, "inputEndpoints": None}
    alone = read(site, item_path(site, "item-1"))["properties"]["providerSpecificDetails"]
    assert alone["vmSyncedConfigDetails"]["inputEndpoints"] == []


def test_an_older_api_version_has_the_older_fields(site: Estate) -> None:
    site.protect("erp-web-01", "item-1")
    details = read(site, item_path(site, "item-1"), "2022-08-01")["properties"]["providerSpecificDetails"]
    assert details["agentExpiryDate"] == "9999-12-31T23:59:59.9999999"
    assert not {"rtoInSeconds", "churnOptionSelected"} & set(details)
    policy = read(site, site.policy_id, "2022-08-01")["properties"]["providerSpecificDetails"]
    newer = read(site, site.policy_id)["properties"]["providerSpecificDetails"]
    assert list(newer)[len(policy) :] == ["status", "associatedItemsCount", "dataSourceType"]


def test_a_container_lists_the_mappings_that_lead_to_it_first(site: Estate) -> None:
    for here, there in ((SOURCE, TARGET), (TARGET, SOURCE)):
        found = read(site, f"{site.container_id(here)}/replicationProtectionContainerMappings")["value"]
        assert [one["properties"]["targetProtectionContainerFriendlyName"] for one in found] == [
            site.container(here),
            site.container(there),
        ]


def test_the_job_of_a_fabric(site: Estate) -> None:
    found = site.job("CreateSite").properties
    assert [task.task_id for task in found.tasks] == ["RegisterVMMTask"]
    told = found.custom_details.affected_object_details
    fabric = site.asr.replication_fabrics.get(*site.where, found.target_object_name)
    assert told["primaryVmmId"] == fabric.properties.internal_identifier == found.target_object_id


def test_a_skipped_task_has_no_times_and_a_child_is_called_like_its_machine(site: Estate) -> None:
    site.protect("erp-web-01", "item-1")
    commit(site)
    job = read(site, f"{site.vault_id}/replicationJobs/{site.job('UnplannedFailover').name}")
    skipped = next(task for task in job["properties"]["tasks"] if task["stateDescription"] == "Skipped")
    assert {skipped["startTime"], skipped["endTime"]} == {"0001-01-01T00:00:00"}
    told = job["properties"]["customDetails"]["protectedItemDetails"][0]
    assert re.fullmatch(GUID, told["recoveryPointId"])
    assert (told["testVmName"], told["networkConnectionStatus"]) == (None, None)


def test_a_plans_job_has_the_groups_of_the_plan(site: Estate) -> None:
    site.protect("erp-web-01", "item-1")
    plan = f"{site.vault_id}/replicationRecoveryPlans/plan-1"
    fabrics = [f"{site.vault_id}/replicationFabrics/{site.fabric(region)}" for region in (SOURCE, TARGET)]
    groups = [{"groupType": "Boot", "replicationProtectedItems": [{"id": item_path(site, "item-1")}]}]
    body = {"primaryFabricId": fabrics[0], "recoveryFabricId": fabrics[1], "groups": groups}
    plans = site.asr.replication_recovery_plans
    site.finish(plans.begin_create(*site.where, "plan-1", {"properties": body}))
    how = {"failoverDirection": "PrimaryToRecovery", "sourceSiteOperations": "NotRequired"}
    site.finish(plans.begin_unplanned_failover(*site.where, "plan-1", {"properties": how}))
    assert read(site, plan)["properties"]["groups"][2]["groupType"] == "Boot"
    tasks = read(site, f"{site.vault_id}/replicationJobs/{_plan_job(site)}")["properties"]["tasks"]
    assert [task["name"] for task in tasks] == ["RpSrsPrerequisitesCheck", *["Unknown"] * 3, "EndRecoveryPlanTask"]
    kinds = [task["groupTaskCustomDetails"]["rpGroupType"] for task in tasks[1:4]]
    assert kinds == ["Shutdown", "RpFailoverTask", "BootGroup"]
    child = tasks[2]["groupTaskCustomDetails"]["childTasks"][0]
    assert (child["friendlyName"], child["taskType"]) == ("erp-web-01", "VirtualMachineTaskDetails")
    assert child["customDetails"]["jobTask"]["jobId"].startswith("/Subscriptions/")


def _plan_job(site: Estate) -> str:
    return next(
        job.name
        for job in site.jobs()
        if (job.properties.scenario_name, job.properties.target_instance_type) == ("UnplannedFailover", "RecoveryPlan")
    )


def test_powershell_keeps_its_integrity_key_in_the_vault(site: Estate) -> None:
    path = f"{site.vault_id}/extendedInformation/vaultExtendedInfo?api-version=2024-02-01"
    status, _, refused = site.azure.raw("GET", path)
    assert (status, refused["ErrorCode"]) == (404, "ResourceExtendedInfoNotFound")
    asked = {"integrityKey": "a key", "algorithm": "None"}
    status, _, made = site.azure.raw("PUT", path, {"properties": asked})
    assert (status, made["properties"]) == (200, asked)
    assert site.azure.raw("GET", path)[2]["properties"] == asked
    assert site.azure.raw("PUT", path, {"properties": []})[0] == 400


def test_network_operations_live_in_the_region_of_the_network(site: Estate) -> None:
    path = f"{site.target_group_id}/providers/Microsoft.Network/virtualNetworks/vnet-recorded?api-version=2022-05-01"
    body = {"location": TARGET, "properties": {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}}
    status, headers, made = site.azure.raw("PUT", path, body)
    assert (status, made["properties"]["provisioningState"]) == (201, "Updating")
    assert f"/providers/Microsoft.Network/locations/{TARGET}/operations/" in headers["azure-asyncoperation"]
    site.pass_time(60)
    _, headers, found = site.azure.raw("GET", path)
    assert headers["etag"] == found["etag"]
    assert headers["etag"].startswith('W/"')


@pytest.mark.parametrize("version", ["2016-02-01", "2016-09-01", "2022-09-01"])
def test_groups_answer_to_the_versions_of_old_clients(site: Estate, version: str) -> None:
    path = site.target_group_id.replace("resourceGroups", "resourcegroups")
    assert site.azure.raw("GET", f"{path}?api-version={version}")[0] == 200


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Microsoft.RecoveryServices", "microsoft.recoveryservices"),
        ("/subscriptions/", "/Subscriptions/"),
        ("/subscriptions/", "//subscriptions/"),
        ("/providers/", "//providers/"),
        ("resourceGroups", "RESOURCEGROUPS"),
    ],
)
def test_ids_are_found_however_they_are_written(site: Estate, old: str, new: str) -> None:
    path = f"{site.vault_id}/replicationFabrics/{site.fabric(SOURCE)}".replace(old, new)
    for name in ("api-version", "API-VERSION", "Api-Version"):
        status, _, found = site.azure.raw("GET", f"{path}?{name}=2018-07-10")
        assert (status, found["name"]) == (200, site.fabric(SOURCE))


def test_policies_of_other_providers_are_kept_and_shown(site: Estate) -> None:
    path = f"{site.vault_id}/replicationPolicies/policy-rcm?api-version=2022-08-01"
    given = {
        "instanceType": "InMageRcm",
        "recoveryPointHistoryInMinutes": 2880,
        "appConsistentFrequencyInMinutes": 0,
        "crashConsistentFrequencyInMinutes": 5,
        "enableMultiVmSync": "true",
    }
    assert site.azure.raw("PUT", path, {"properties": {"providerSpecificInput": given}})[0] == 202
    site.pass_time(60)
    assert site.azure.raw("GET", path)[2]["properties"]["providerSpecificDetails"] == given
    changed = {"instanceType": "InMageRcmFailback", "appConsistentFrequencyInMinutes": 0}
    body = {"properties": {"replicationProviderSettings": {**changed, "crashConsistentFrequencyInMinutes": 10}}}
    assert site.azure.raw("PATCH", path, body)[0] == 202
    bad = {"properties": {"providerSpecificInput": {**given, "recoveryPointHistoryInMinutes": "many"}}}
    assert site.azure.raw("PUT", path.replace("policy-rcm", "other"), bad)[0] == 400
    site.pass_time(60)
    assert site.azure.raw("DELETE", path)[0] == 202


@pytest.mark.parametrize(
    "part",
    [
        {"osProfile": "text"},
        {"osProfile": ["text"]},
        {"osProfile": {"windowsConfiguration": "text"}},
        {"storageProfile": {"osDisk": {"createOption": "FromImage", "managedDisk": "text"}}},
        {"storageProfile": {"osDisk": {"createOption": "FromImage", "managedDisk": {"storageAccountType": 3}}}},
        {"storageProfile": {"osDisk": {"createOption": "FromImage", "name": {}}}},
    ],
)
def test_a_machine_with_parts_of_a_wrong_kind_is_refused(site: Estate, part: dict[str, Any]) -> None:
    nic = site.machine("erp-web-01").network_profile.network_interfaces[0].id
    properties = {
        "hardwareProfile": {"vmSize": "Standard_DS1_v2"},
        "storageProfile": {"osDisk": {"createOption": "FromImage"}},
        "networkProfile": {"networkInterfaces": [{"id": nic}]},
    }
    path = f"{site.target_group_id}/providers/Microsoft.Compute/virtualMachines/vm-wrong?api-version=2022-11-01"
    status, _, refused = site.azure.raw("PUT", path, {"location": SOURCE, "properties": properties | part})
    assert (status, refused["error"]["code"]) == (400, "InvalidParameter")
