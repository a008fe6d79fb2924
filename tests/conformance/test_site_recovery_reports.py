"""What is only read, the vault's settings, jobs and their actions, plans and intents, through the official SDK."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from tests.conformance.site_recovery import POLICY, SOURCE, TARGET, Estate, estate, frozen, policy_body, site

__all__ = ["frozen", "site"]
MACHINE = "erp-web-01"


@pytest.fixture
def fresh(frozen: Any) -> Estate:
    frozen.reset()
    frozen.control("PUT", "settings", {"token_lifetime": 100_000_000})
    return estate(frozen)


def asr_code(refused: pytest.ExceptionInfo[HttpResponseError]) -> str:
    """The ASR code of a synchronous refusal: in the first detail."""
    return str(refused.value.error.details[0].code)


# --- a vault in which nothing has happened ----------------------------------------------------------------------------


def test_a_fresh_vault_answers_400_not_404(fresh: Estate) -> None:
    asr = fresh.asr
    for read in (
        lambda: asr.replication_fabrics.get(*fresh.where, "none"),
        lambda: asr.replication_policies.get(*fresh.where, "none"),
        lambda: asr.replication_protection_container_mappings.get(*fresh.at(), "none"),
        lambda: asr.replication_recovery_plans.get(*fresh.where, "none"),
    ):
        with pytest.raises(HttpResponseError) as refused:
            read()
        assert refused.value.status_code == 400
        assert asr_code(refused) == "SubscriptionIdNotRegisteredWithSrs"
    for found in (
        asr.replication_fabrics.list(*fresh.where),
        asr.replication_protection_containers.list(*fresh.where),
        asr.replication_policies.list(*fresh.where),
        asr.replication_protection_container_mappings.list(*fresh.where),
        asr.replication_network_mappings.list(*fresh.where),
        asr.replication_protected_items.list(*fresh.where),
        asr.replication_recovery_plans.list(*fresh.where),
        asr.replication_recovery_services_providers.list(*fresh.where),
        asr.replication_jobs.list(*fresh.where),
        asr.replication_events.list(*fresh.where),
        asr.replication_protection_intents.list(*fresh.where),
    ):
        assert list(found) == []


def test_a_missing_vault_is_arms_own_404(fresh: Estate) -> None:
    with pytest.raises(ResourceNotFoundError) as refused:
        fresh.asr.replication_fabrics.get(fresh.group, "no-such-vault", "x")
    assert refused.value.error.code == "ResourceNotFound"


# --- the contract of a 202 --------------------------------------------------------------------------------------------


def test_what_a_202_carries(fresh: Estate) -> None:
    fresh.azure.control("PUT", "settings", {"pace": "faithful"})
    path = f"{fresh.vault_id}/replicationFabrics/f1?api-version=2025-08-01"
    body = {"properties": {"customDetails": {"instanceType": "Azure", "location": SOURCE}}}
    status, headers, answer = fresh.azure.raw("PUT", path, body)
    assert (status, answer, headers["retry-after"]) == (202, None, "30")
    url = headers["azure-asyncoperation"]
    assert "/Subscriptions/" in url
    assert len(url) > 3000
    guid = url.split("/replicationOperationStatus/")[1].split("?")[0]
    assert f"/replicationFabrics/f1/operationresults/{guid}?" in headers["location"]
    assert headers["x-ms-request-id"].endswith(f"/replicationJobs/{guid}")

    path = url.removeprefix(fresh.azure.endpoint)
    status, headers, answer = fresh.azure.raw("GET", path)
    assert list(answer) == ["error", "id", "name", "properties", "status", "startTime", "endTime", "percentComplete"]
    assert (answer["status"], answer["name"], answer["endTime"]) == ("InProgress", guid, None)
    assert "retry-after" not in headers
    fresh.pass_time(10)
    answer = fresh.azure.raw("GET", path)[2]
    assert answer["status"] == "Succeeded"
    assert answer["endTime"].endswith(".0000000Z")


# --- foundations ------------------------------------------------------------------------------------------------------


def test_foundations_as_recorded(site: Estate) -> None:
    fabric = site.asr.replication_fabrics.get(*site.where, site.fabric(SOURCE))
    assert fabric.properties.friendly_name == "East Asia"
    assert fabric.properties.bcdr_state == "Valid"
    assert fabric.id.startswith("/Subscriptions/")
    container = site.asr.replication_protection_containers.get(*site.at())
    assert (container.properties.pairing_status, container.properties.role) == ("Paired", "Primary")
    policy = site.asr.replication_policies.get(*site.where, POLICY)
    assert policy.properties.provider_specific_details.multi_vm_sync_status == "Enabled"
    mapping = next(iter(site.asr.replication_protection_container_mappings.list(*site.where)))
    assert mapping.properties.policy_friendly_name == POLICY
    provider = next(
        iter(
            site.asr.replication_recovery_services_providers.list_by_replication_fabrics(
                *site.where, site.fabric(SOURCE)
            )
        )
    )
    assert provider.properties.fabric_type == "Azure"


def test_what_is_in_use_does_not_go(site: Estate) -> None:
    for remove in (
        lambda: site.asr.replication_fabrics.begin_delete(*site.where, site.fabric(SOURCE)),
        lambda: site.asr.replication_protection_containers.begin_delete(*site.at()),
        lambda: site.asr.replication_policies.begin_delete(*site.where, POLICY),
    ):
        with pytest.raises(ResourceExistsError):
            remove()


def test_everything_goes_in_the_right_order(site: Estate) -> None:
    mappings = site.asr.replication_protection_container_mappings
    for mapping in list(mappings.list(*site.where)):
        region = SOURCE if f"default-{SOURCE}-container" in mapping.id else TARGET
        body = {"properties": {"providerSpecificInput": {"instanceType": "A2A"}}}
        site.finish(mappings.begin_delete(*site.at(region), mapping.name, body))
    for region in (SOURCE, TARGET):
        site.finish(site.asr.replication_protection_containers.begin_delete(*site.at(region)))
    site.finish(site.asr.replication_policies.begin_delete(*site.where, POLICY))
    for region in (SOURCE, TARGET):
        site.finish(site.asr.replication_fabrics.begin_purge(*site.where, site.fabric(region)))
    assert list(site.asr.replication_fabrics.list(*site.where)) == []


def test_the_server_judges_a_policy_late(site: Estate) -> None:
    body = policy_body(history=16 * 24 * 60)
    poller = site.asr.replication_policies.begin_create(*site.where, "too-long", body)
    with pytest.raises(HttpResponseError) as failed:
        site.finish(poller)
    assert failed.value.error.code == "150261"
    with pytest.raises(ResourceNotFoundError):
        site.asr.replication_policies.get(*site.where, "too-long")
    changed = {"properties": {"replicationProviderSettings": {"instanceType": "A2A", "recoveryPointHistory": 720}}}
    policy = site.finish(site.asr.replication_policies.begin_update(*site.where, POLICY, changed))
    assert policy.properties.provider_specific_details.recovery_point_history == 720


# --- refused and failed enables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("machine", "code"),
    [("lab-off-01", "150032"), ("lab-stopped-01", "150032"), ("lab-failed-01", "150019"), ("lab-wacc-01", "150406")],
)
def test_what_is_wrong_with_a_machine_surfaces_in_the_job(site: Estate, machine: str, code: str) -> None:
    with pytest.raises(HttpResponseError) as failed:
        site.finish(site.enable(site.machine(machine), "item-1"))
    assert failed.value.error.code == code
    job = site.job("EnableDr")
    assert job.properties.state == "Failed"
    assert job.properties.errors[0].service_error_details.code == code
    assert job.properties.errors[0].service_error_details.recommended_action
    assert [task.state for task in job.properties.tasks][:2] == ["Failed", "NotStarted"]
    assert job.properties.allowed_actions == ["Restart"]
    with pytest.raises(ResourceNotFoundError):
        site.item("item-1")


def test_a_machine_without_cache_account_or_group_fails_late(site: Estate) -> None:
    machine = site.machine(MACHINE)
    body = site.enable_body(machine)
    disk = body["properties"]["providerSpecificDetails"]["vmManagedDisks"][0]
    for field, value, code in (
        ("primaryStagingAzureStorageAccountId", site.cache_id(TARGET), "150402"),
        ("primaryStagingAzureStorageAccountId", site.cache_id(SOURCE) + "x", "150401"),
        ("recoveryResourceGroupId", site.target_group_id + "x", "150401"),
        ("diskId", disk["diskId"] + "x", "150403"),
    ):
        kept, disk[field] = disk[field], value
        with pytest.raises(HttpResponseError) as failed:
            site.finish(site.asr.replication_protected_items.begin_create(*site.at(), "item-1", body))
        assert failed.value.error.code == code
        disk[field] = kept


@pytest.mark.parametrize("field", ["fabricObjectId", "recoveryContainerId"])
def test_a_body_that_lacks_something_is_refused_at_once(site: Estate, field: str) -> None:
    body = site.enable_body(site.machine(MACHINE))
    del body["properties"]["providerSpecificDetails"][field]
    with pytest.raises(HttpResponseError) as refused:
        site.asr.replication_protected_items.begin_create(*site.at(), "item-1", body)
    assert refused.value.status_code == 400
    assert asr_code(refused) == "InvalidParameter"


def test_a_second_enable_is_a_conflict(site: Estate) -> None:
    machine = site.machine(MACHINE)
    poller = site.enable(machine, "item-1")
    with pytest.raises(ResourceExistsError):
        site.enable(machine, "item-1")
    site.finish(poller)
    with pytest.raises(ResourceExistsError):
        site.enable(machine, "item-1")
    with pytest.raises(HttpResponseError) as failed:
        site.finish(site.enable(machine, "item-2"))
    assert failed.value.error.code == "150226"


def test_an_agent_that_cannot_be_installed_leaves_a_broken_item(site: Estate) -> None:
    machine = site.machine(MACHINE)
    site.azure.control("PATCH", "resource", {"id": machine.id, "_sim": {"enableError": "151066"}})
    with pytest.raises(HttpResponseError) as failed:
        site.finish(site.enable(machine, "item-1"))
    assert failed.value.error.code == "151066"
    item = site.item("item-1")
    assert item.properties.allowed_operations == ["DisableProtection"]
    assert item.properties.health_errors[0].error_code == "151066"
    site.finish(site.asr.replication_protected_items.begin_purge(*site.at(), "item-1"))
    site.azure.control("PATCH", "resource", {"id": machine.id, "_sim": {"enableError": None}})
    assert site.finish(site.enable(machine, "item-1")).name == "item-1"


# --- jobs -------------------------------------------------------------------------------------------------------------


def test_jobs_in_lists_and_alone(site: Estate) -> None:
    jobs = site.jobs()
    assert jobs[0].properties.start_time >= jobs[-1].properties.start_time
    assert jobs[0].properties.custom_details is None
    assert jobs[0].properties.activity_id is None
    poller = site.enable(site.machine(MACHINE), "item-1")
    newest = site.asr.replication_jobs.get(*site.where, site.jobs()[0].name)
    assert (newest.properties.scenario_name, newest.properties.state) == (None, "NotStarted")
    site.pass_time(0.5)
    newest = site.asr.replication_jobs.get(*site.where, newest.name)
    assert newest.properties.scenario_name == "EnableDr"
    assert newest.properties.allowed_actions == ["Cancel"]
    cancelled = site.asr.replication_jobs.begin_cancel(*site.where, newest.name).result()
    assert cancelled.properties.state == "Cancelled"
    with pytest.raises(HttpResponseError):
        poller.result()
    with pytest.raises(ResourceNotFoundError):
        site.item("item-1")


def test_a_failed_job_can_be_restarted(site: Estate) -> None:
    machine = site.machine(MACHINE)
    site.azure.control("PATCH", "resource", {"id": machine.id, "_sim": {"power": "deallocated"}})
    with pytest.raises(HttpResponseError):
        site.finish(site.enable(machine, "item-1"))
    site.azure.control("PATCH", "resource", {"id": machine.id, "_sim": {"power": "running"}})
    failed = site.job("EnableDr")
    site.finish(site.asr.replication_jobs.begin_restart(*site.where, failed.name))
    assert site.item("item-1").properties.friendly_name == MACHINE


def test_jobs_are_filtered_and_exported(site: Estate) -> None:
    found = list(
        site.asr.replication_jobs.list(*site.where, filter="JobStatus eq 'Succeeded' and TargetObjectName eq 'x'")
    )
    assert found == []
    with pytest.raises(HttpResponseError):
        list(site.asr.replication_jobs.list(*site.where, filter="Nonsense ge 3"))
    export = site.asr.replication_jobs.begin_export(*site.where, {"jobStatus": "Failed", "jobOutputType": "Json"})
    assert site.finish(export).properties.custom_details.blob_uri.startswith("https://")


# --- reports ----------------------------------------------------------------------------------------------------------


def test_events_health_and_usages(site: Estate) -> None:
    site.protect(MACHINE, "item-1")
    site.pass_time(60)
    events = list(site.asr.replication_events.list(*site.where))
    assert [event.name for event in events] == sorted(event.name for event in events)
    warnings = list(site.asr.replication_events.list(*site.where, filter="Severity  eq 'Warning'"))
    assert warnings[0].properties.event_code == "SRSVMFailoverHealthChanged"
    assert site.asr.replication_events.get(*site.where, events[0].name).name == events[0].name
    health = site.asr.replication_vault_health.get(*site.where)
    assert health.properties.protected_items_health.resource_count == 1
    assert health.properties.protected_items_health.issues[0].summary_code == "161011"
    refreshed = site.finish(site.asr.replication_vault_health.begin_refresh(*site.where))
    assert refreshed.name == "Default"
    usage = next(iter(site.azure.vaults.replication_usages.list(*site.where)))
    assert usage.protected_item_count == 1


def test_the_health_of_a_vault_says_what_is_wrong_with_itself_and_its_fabrics(site: Estate) -> None:
    """The shape of the interface's VaultHealthDetails (2025-08-01); the record of GetHealthDetails has it without errors (§3.2)."""
    health = site.asr.replication_vault_health.get(*site.where).properties
    assert (list(health.vault_errors), list(health.fabrics_health.issues), list(health.containers_health.issues)) == ([], [], [])
    error = {"code": "150999", "level": "Error", "message": "It has no identity.", "causes": "It was removed.", "action": "Add it."}
    site.azure.control("PATCH", "resource", {"id": site.vault_id, "_sim": {"healthErrors": [error]}})
    for region in (SOURCE, TARGET):
        fabric = f"{site.vault_id}/replicationFabrics/{site.fabric(region)}"
        site.azure.control("PATCH", "resource", {"id": fabric, "_sim": {"healthErrors": [{"code": "10008"}]}})
    health = site.finish(site.asr.replication_vault_health.begin_refresh(*site.where)).properties
    (found,) = health.vault_errors
    assert (found.error_code, found.error_level, found.error_message) == ("150999", "Error", "It has no identity.")
    assert (found.possible_causes, found.recommended_action) == ("It was removed.", "Add it.")
    assert found.creation_time_utc is not None
    (summary,) = health.fabrics_health.issues
    assert (summary.summary_code, summary.severity, summary.category) == ("10008", "Warning", "FabricInfrastructure")
    assert len(summary.affected_resource_correlation_ids) == health.fabrics_health.resource_count == 2
    assert health.protected_items_health.issues == []


def test_a_stopped_source_becomes_critical(site: Estate) -> None:
    site.protect(MACHINE, "item-1")
    machine = site.machine(MACHINE)
    site.finish(site.azure.compute.virtual_machines.begin_deallocate(machine.id.split("/")[4], machine.name))
    site.pass_time(3700)
    item = site.item("item-1")
    assert item.properties.replication_health == "Critical"
    assert "153007" in [error.error_code for error in item.properties.health_errors]
    assert item.properties.provider_specific_details.rpo_in_seconds > 3600


def test_a_new_disk_is_found_dismissed_and_added(site: Estate) -> None:
    site.protect(MACHINE, "item-1")
    machine = site.machine(MACHINE)
    group = machine.id.split("/")[4]
    disk = {
        "location": SOURCE,
        "sku": {"name": "Premium_LRS"},
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 64},
    }
    made = site.finish(site.azure.compute.disks.begin_create_or_update(group, "late-disk", disk))
    body = machine.as_dict()
    body["properties"]["storageProfile"]["dataDisks"] = [
        {"lun": 5, "createOption": "Attach", "managedDisk": {"id": made.id}}
    ]
    site.finish(site.azure.compute.virtual_machines.begin_create_or_update(group, machine.name, body))
    item = site.item("item-1")
    assert item.properties.provider_specific_details.unprotected_disks[0].disk_lun_id == 5
    error = next(error for error in item.properties.health_errors if error.error_code == "153039")
    added = {
        "instanceType": "A2A",
        "vmManagedDisks": [
            {
                "diskId": made.id,
                "primaryStagingAzureStorageAccountId": site.cache_id(SOURCE),
                "recoveryResourceGroupId": site.target_group_id,
            }
        ],
    }
    items = site.asr.replication_protected_items
    resolve = {"properties": {"healthErrors": [{"healthErrorId": error.error_id}]}}
    item = site.finish(items.begin_resolve_health_errors(*site.at(), "item-1", resolve))
    assert "153039" not in [one.error_code for one in item.properties.health_errors]
    item = site.finish(
        items.begin_add_disks(*site.at(), "item-1", {"properties": {"providerSpecificDetails": added}}), 4
    )
    assert [one.disk_state for one in item.properties.provider_specific_details.protected_managed_disks] == [
        "Protected",
        "InitialReplicationPending",
    ]
    site.pass_time(600)
    details = site.item("item-1").properties.provider_specific_details
    assert details.protected_managed_disks[1].disk_state == "Protected"
    assert details.unprotected_disks is None
    removed = {"instanceType": "A2A", "vmManagedDisksIds": [made.id]}
    with pytest.raises(HttpResponseError):
        items.begin_remove_disks(*site.at(), "item-1", {"properties": {"providerSpecificDetails": removed}})


def test_resync_agent_and_sizes(site: Estate) -> None:
    site.protect(MACHINE, "item-1")
    items = site.asr.replication_protected_items
    item = site.finish(items.begin_repair_replication(*site.at(), "item-1"), 1)
    assert item.properties.provider_specific_details.protected_managed_disks[0].resync_required is True
    site.pass_time(60)
    assert site.item("item-1").properties.provider_specific_details.protected_managed_disks[0].resync_required is False
    agent = {"properties": {"runAsAccountId": ""}}
    assert site.finish(items.begin_update_mobility_service(*site.at(), "item-1", agent)).name == "item-1"
    sizes = list(site.asr.target_compute_sizes.list_by_replication_protected_items(*site.at(), "item-1"))
    assert any(size.properties.name == "Standard_D2s_v5" for size in sizes)


def test_eligibility(site: Estate) -> None:
    machine, off = site.machine(MACHINE), site.machine("lab-off-01")
    results = site.asr.replication_eligibility_results
    found = results.get(machine.id.split("/")[4], machine.name)
    assert (found.name, found.properties.errors) == ("default", [])
    blocked = results.get(off.id.split("/")[4], off.name)
    assert blocked.properties.errors[0].status == "Error"
    path = f"{machine.id}/providers/Microsoft.RecoveryServices/replicationEligibilityResults?api-version=2025-08-01"
    assert site.azure.raw("GET", path)[2]["name"] == "default"  # the list is the one object, too
    assert site.azure.raw("GET", path.replace("2025-08-01", "2021-11-01"))[2]["value"][0]["name"] == "default"


def test_a_fault_lets_resources_appear_late_and_lists_lag(site: Estate) -> None:
    plan = [
        {"verb": "PUT", "type": "*/replicationFabrics", "id": "*/late", "do": "late", "reads": 1},
        {"verb": "PUT", "type": "*/replicationPolicies", "id": "*/stale", "do": "stale", "reads": 1},
    ]
    site.azure.control("PUT", "faults", plan)
    body = {"properties": {"customDetails": {"instanceType": "Azure", "location": "koreacentral"}}}
    assert site.azure.raw("PUT", f"{site.vault_id}/replicationFabrics/late?api-version=2025-08-01", body)[0] == 202
    site.finish(site.asr.replication_policies.begin_create(*site.where, "stale", policy_body()))
    site.pass_time(300)
    with pytest.raises(HttpResponseError) as missing:
        site.asr.replication_fabrics.get(*site.where, "late")
    assert missing.value.status_code == 404
    assert site.asr.replication_fabrics.get(*site.where, "late").name == "late"
    for there in (False, True):
        assert ("stale" in {one.name for one in site.asr.replication_policies.list(*site.where)}) is there


def test_settings_and_operating_systems(fresh: Estate) -> None:
    asr = fresh.asr
    body = {"properties": {"sendToOwners": "Send", "customEmailAddresses": ["dr@contoso.example"], "locale": "en-GB"}}
    asr.replication_alert_settings.create(*fresh.where, "defaultAlertSetting", body)
    found = asr.replication_alert_settings.get(*fresh.where, "defaultAlertSetting")
    assert found.properties.custom_email_addresses == ["dr@contoso.example"]
    assert len(list(asr.replication_alert_settings.list(*fresh.where))) == 1
    body["properties"]["customEmailAddresses"] = ["nobody"]
    with pytest.raises(HttpResponseError):
        asr.replication_alert_settings.create(*fresh.where, "defaultAlertSetting", body)
    setting = asr.replication_vault_setting.begin_create(
        *fresh.where, "default", {"properties": {"migrationSolutionId": "x"}}
    ).result()
    assert setting.properties.migration_solution_id == "x"
    assert asr.supported_operating_systems.get(*fresh.where, instance_type="A2A").properties.supported_os_list


# --- plans and intents ------------------------------------------------------------------------------------------------


def plan_body(site: Estate, *items: str) -> dict[str, Any]:
    members = [{"id": site.item(name).id} for name in items]
    home = f"{site.vault_id}/replicationFabrics"
    return {
        "properties": {
            "primaryFabricId": f"{home}/{site.fabric(SOURCE)}",
            "recoveryFabricId": f"{home}/{site.fabric(TARGET)}",
            "failoverDeploymentModel": "ResourceManager",
            "groups": [{"groupType": "Boot", "replicationProtectedItems": members}],
        }
    }


def test_a_plan_through_its_life(site: Estate) -> None:
    for machine, name in ((MACHINE, "item-1"), ("erp-web-02", "item-2")):
        if name == "item-1":
            site.protect(machine, name)
        else:
            site.finish(site.enable(site.machine(machine), name))
            site.pass_time(900)
    plans = site.asr.replication_recovery_plans
    plan = site.finish(plans.begin_create(*site.where, "erp", plan_body(site, "item-1", "item-2")))
    assert [group.group_type for group in plan.properties.groups] == ["Shutdown", "Failover", "Boot"]
    assert plan.properties.allowed_operations == ["UnplannedFailover", "TestFailover"]
    assert next(iter(plans.list(*site.where))).properties.groups == []
    listed = site.asr.replication_protected_items.list(*site.where, filter="RecoveryPlanName eq 'erp'")
    assert len(list(listed)) == 2

    test = {"failoverDirection": "PrimaryToRecovery", "networkType": "VmNetworkAsInput", "networkId": site.network_id}
    plan = site.finish(plans.begin_test_failover(*site.where, "erp", {"properties": test}))
    assert plan.properties.allowed_operations == ["TestFailoverCleanup"]
    assert plan.properties.current_scenario_status == "Suspended"
    assert plan.properties.current_scenario_status_description == "WaitingForStopTestFailover"
    job = site.asr.replication_jobs.get(*site.where, plan.properties.current_scenario.job_id.rsplit("/", 1)[1])
    assert (job.properties.state, job.properties.state_description) == ("Suspended", "WaitingForStopTestFailover")
    plan = site.finish(plans.begin_test_failover_cleanup(*site.where, "erp", {"properties": {"comments": ""}}))
    assert plan.properties.allowed_operations == ["UnplannedFailover", "TestFailover"]

    failover = {
        "failoverDirection": "PrimaryToRecovery",
        "sourceSiteOperations": "NotRequired",
        "providerSpecificDetails": [{"instanceType": "A2A", "recoveryPointType": "LatestProcessed"}],
    }
    plan = site.finish(plans.begin_unplanned_failover(*site.where, "erp", {"properties": failover}))
    assert plan.properties.allowed_operations == ["Commit"]
    assert site.item("item-2").properties.active_location == "Recovery"
    site.finish(plans.begin_failover_commit(*site.where, "erp"))
    site.finish(plans.begin_reprotect(*site.where, "erp"), 7)
    assert site.item("item-1", TARGET).properties.active_location == "Primary"
    site.finish(plans.begin_delete(*site.where, "erp"))
    with pytest.raises(ResourceNotFoundError):
        plans.get(*site.where, "erp")


def test_an_intent_makes_everything_by_itself(fresh: Estate) -> None:
    machine = fresh.machine(MACHINE)
    fresh.azure.resources.resource_groups.create_or_update("rg-erp-web-asr", {"location": TARGET})
    details = {
        "instanceType": "A2A",
        "fabricObjectId": machine.id,
        "primaryLocation": SOURCE,
        "recoveryLocation": TARGET,
        "recoverySubscriptionId": fresh.subscription,
        "recoveryAvailabilityType": "Single",
        "recoveryResourceGroupId": f"/subscriptions/{fresh.subscription}/resourceGroups/rg-erp-web-asr",
        "protectionProfileCustomInput": {"resourceType": "New", "policyName": "from-intent"},
    }
    intents = fresh.asr.replication_protection_intents
    intent = intents.create(*fresh.where, "intent-1", {"properties": {"providerSpecificDetails": details}})
    assert intent.properties.job_state == "InProgress"
    assert intent.properties.provider_specific_details.protection_profile["policyName"] == "from-intent"
    fresh.pass_time(900)
    assert intents.get(*fresh.where, "intent-1").properties.job_state == "Succeeded"
    item = next(iter(fresh.asr.replication_protected_items.list(*fresh.where)))
    assert item.properties.protection_state == "Protected"
    assert len(item.name) <= 43
    names = {fabric.name for fabric in fresh.asr.replication_fabrics.list(*fresh.where)}
    assert names == {f"asr-a2a-default-{SOURCE}", f"asr-a2a-default-{TARGET}"}


# --- refused operations -----------------------------------------------------------------------------------------------


def test_what_a2a_never_allows(site: Estate) -> None:
    site.protect(MACHINE, "item-1")
    items = site.asr.replication_protected_items
    planned = {"properties": {"failoverDirection": "PrimaryToRecovery"}}
    again = {"properties": {"failoverDirection": "RecoveryToPrimary"}}
    for ask in (
        lambda: items.begin_planned_failover(*site.at(), "item-1", planned),
        lambda: items.begin_failover_commit(*site.at(), "item-1"),
        lambda: items.begin_failover_cancel(*site.at(), "item-1"),
        lambda: items.begin_reprotect(*site.at(), "item-1", again),
        lambda: items.begin_unplanned_failover(*site.at(), "item-1", again),
        lambda: items.begin_test_failover_cleanup(*site.at(), "item-1", {"properties": {}}),
    ):
        with pytest.raises(HttpResponseError) as refused:
            ask()
        assert refused.value.status_code == 400
    assert site.item("item-1").properties.protection_state == "Protected"
    for ask in (
        lambda: items.begin_test_failover(*site.at(), "nobody", planned),
        lambda: items.begin_repair_replication(*site.at(), "nobody"),
    ):
        with pytest.raises(ResourceNotFoundError):
            ask()


@pytest.mark.parametrize(
    "machine",
    ["badext", "arm", "onecore", "ephemeral", "oldos", "nvme", "cvm", "bigos", "wacc", "noagent", "cluster"],
)
def test_every_planted_oddity_is_ineligible(site: Estate, machine: str) -> None:
    found = site.machine(f"lab-{machine}-01")
    result = site.asr.replication_eligibility_results.get(found.id.split("/")[4], found.name)
    assert result.properties.errors
