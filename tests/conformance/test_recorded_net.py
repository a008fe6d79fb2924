"""What the official .NET client sent to the real service, and the forms of what it got (azure-sdk-for-net, ASRTests).

Its A2A tests ran with api-versions 2021-02-10 to 2021-11-01, whose answers lack what came later; and it names base classes where
other clients say A2A. Forms only, never copied bodies.
"""

from __future__ import annotations

from typing import Any

from tests.conformance.site_recovery import SOURCE, TARGET, Estate, frozen, site

__all__ = ["frozen", "site"]
VERSION = "api-version=2021-11-01"
CLIENT_ID = "e2fb23a3-d8be-42d9-b3f5-1f5660b950cf"


def ask(site: Estate, method: str, path: str, body: Any = None, expected: int = 202) -> tuple[dict[str, str], Any]:
    status, answered, found = site.azure.raw(method, f"{path}?{VERSION}", body, x_ms_client_request_id=CLIENT_ID)
    assert status == expected, found
    return answered, found


def item_path(site: Estate) -> str:
    return f"{site.container_id(SOURCE)}/replicationProtectedItems/item-1"


def names_its_job(headers: dict[str, str]) -> bool:
    guid = headers["azure-asyncoperation"].split("/replicationOperationStatus/")[1].split("?")[0]
    return headers["x-ms-request-id"].endswith(f"/replicationJobs/{guid}")


def test_an_item_has_no_field_that_came_later(site: Estate) -> None:
    site.protect("erp-web-01", "item-1")
    for found in (
        ask(site, "GET", item_path(site), expected=200)[1],
        ask(site, "GET", item_path(site).rsplit("/", 1)[0], expected=200)[1]["value"][0],
    ):
        properties, details = found["properties"], found["properties"]["providerSpecificDetails"]
        names = list(properties)
        assert names[names.index("testFailoverStateDescription") + 1] == "allowedOperations"
        assert list(details)[-2:] == ["autoProtectionOfDataDisk", "recoveryVirtualMachineScaleSetId"]
        assert not {name for name in details if "Extended" in name}


def test_a_mapping_has_the_fields_of_its_time(site: Estate) -> None:
    path = f"{site.container_id(SOURCE)}/replicationProtectionContainerMappings"
    names = ["instanceType", "agentAutoUpdateStatus", "automationAccountArmId", "scheduleName", "jobScheduleName"]
    listed = ask(site, "GET", path, expected=200)[1]["value"]
    vault_wide = ask(site, "GET", f"{site.vault_id}/replicationProtectionContainerMappings", expected=200)[1]["value"]
    for found in (*listed, *vault_wide):
        assert list(found["properties"]["providerSpecificDetails"]) == names


def test_disabling_under_a_base_classes_name_does_not_name_its_job(site: Estate) -> None:
    site.protect("erp-web-01", "item-1")
    given = {"instanceType": "DisableProtectionProviderSpecificInput"}
    answered, _ = ask(site, "POST", f"{item_path(site)}/remove", {"properties": {"replicationProviderInput": given}})
    assert answered["x-ms-request-id"].startswith(f"{CLIENT_ID} ")
    status = answered["azure-asyncoperation"].removeprefix(site.azure.endpoint)
    _, polled, body = site.azure.raw("GET", status)
    assert body["status"] == "InProgress"
    assert polled["x-ms-request-id"].endswith(f"/replicationJobs/{body['name']}")


def test_what_is_torn_down_ends_with_a_204_that_names_the_job(site: Estate) -> None:
    listed = ask(site, "GET", f"{site.vault_id}/replicationProtectionContainerMappings", expected=200)[1]["value"]
    assert len(listed) == 2
    for mapping in listed:
        answered, _ = ask(site, "POST", f"{mapping['id']}/remove", {"properties": {"providerSpecificInput": {}}})
        assert names_its_job(answered)
        site.pass_time(30)
    answered, _ = ask(site, "POST", f"{site.container_id(SOURCE)}/remove")
    assert answered["x-ms-request-id"].startswith(f"{CLIENT_ID} ")
    site.pass_time(30)
    status, ended, _ = site.azure.raw("GET", answered["location"].removeprefix(site.azure.endpoint))
    assert status == 204
    assert names_its_job(ended)


def test_an_intent_is_echoed_in_the_recorded_order(site: Estate) -> None:
    machine = site.machine("erp-web-01")
    profile = {
        "resourceType": "New",
        "policyName": "intentPolicy",
        "recoveryPointHistory": 1440,
        "crashConsistentFrequencyInMinutes": 10,
        "appConsistentFrequencyInMinutes": 60,
        "multiVmSyncStatus": "Enable",
    }
    given = {
        "instanceType": "A2A",
        "fabricObjectId": machine.id,
        "primaryLocation": SOURCE,
        "recoveryLocation": TARGET,
        "recoverySubscriptionId": site.subscription,
        "recoveryAvailabilityType": "Single",
        "protectionProfileCustomInput": profile,
        "recoveryResourceGroupId": site.target_group_id,
        "autoProtectionOfDataDisk": "Enabled",
    }
    path = f"{site.vault_id}/replicationProtectionIntents/intentName1"
    _, made = ask(site, "PUT", path, {"properties": {"providerSpecificDetails": given}}, expected=200)
    details = made["properties"]["providerSpecificDetails"]
    assert (made["properties"]["jobState"], made["properties"]["isActive"]) == ("InProgress", True)
    assert list(details["protectionProfile"])[-1] == "resourceType"
    assert list(details)[4:9] == [
        "recoverySubscriptionId",
        "vmDisks",
        "vmManagedDisks",
        "recoveryResourceGroupId",
        "protectionProfile",
    ]
    assert list(details)[-1] == "recoveryAvailabilityType"
    later = site.azure.raw("GET", f"{path}?api-version=2022-08-01")[2]["properties"]["providerSpecificDetails"]
    assert list(later)[-1] == "automationAccountArmId"


def test_owners_are_not_mailed_when_the_client_says_false(site: Estate) -> None:
    body = {"sendToOwners": "False", "customEmailAddresses": ["dr@contoso.example"], "locale": "en-US"}
    path = f"{site.vault_id}/replicationAlertSettings/defaultAlertSetting"
    _, made = ask(site, "PUT", path, {"properties": body}, expected=200)
    assert made["properties"]["sendToOwners"] == "DoNotSend"
    assert list(made) == ["name", "type", "id", "properties"]
