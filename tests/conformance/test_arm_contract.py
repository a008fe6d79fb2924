"""The contract of Azure Resource Manager itself: headers, authentication, versions, refusals, paging, tags of concurrency."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.conformance.conftest import Azure

VERSION = "api-version=2025-04-01"
MACHINE = "/providers/Microsoft.Compute/virtualMachines/x?api-version=2026-04-01"


def path(azure: Azure, tail: str = "") -> str:
    return f"/subscriptions/{azure.subscriptions[0]}{tail}"


def group_path(azure: Azure, tail: str) -> str:
    return path(azure, f"/resourceGroups/rg-dr-sea{tail}")


def test_every_answer_carries_azures_headers(azure: Azure) -> None:
    status, headers, _ = azure.raw(
        "GET", path(azure, f"/resourcegroups?{VERSION}"), x_ms_correlation_request_id="c0ffee"
    )
    assert status == 200
    assert headers["x-ms-correlation-request-id"] == "c0ffee"
    assert headers["x-ms-routing-request-id"].startswith("EASTASIA:")
    expected = {
        "cache-control": "no-cache",
        "pragma": "no-cache",
        "expires": "-1",
        "x-content-type-options": "nosniff",
        "strict-transport-security": "max-age=31536000; includeSubDomains",
        "x-ms-ratelimit-remaining-subscription-reads": "249",
        "x-ms-ratelimit-remaining-subscription-global-reads": "3749",
        "content-type": "application/json; charset=utf-8",
    }
    assert {name: headers.get(name) for name in expected} == expected
    assert headers["x-ms-request-id"]
    assert headers["date"].endswith("GMT")


def test_a_request_without_a_token_is_challenged(azure: Azure) -> None:
    status, headers, body = azure.raw("GET", path(azure, f"?{VERSION}"), token="-")
    assert (status, body["error"]["code"]) == (401, "AuthenticationFailed")
    assert azure.tenant in headers["www-authenticate"]
    assert headers["x-ms-failure-cause"] == "gateway"
    status, _, body = azure.raw("GET", path(azure, f"?{VERSION}"), token="bad.token.here")
    assert (status, body["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_a_wrong_secret_gets_no_token(azure: Azure) -> None:
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import ClientSecretCredential

    who = next(iter(azure.principals.values()))
    wrong = ClientSecretCredential(
        azure.tenant, who["clientId"], "wrong", authority=azure.endpoint, disable_instance_discovery=True,
        connection_verify=azure.ca, use_env_settings=False,
    )  # fmt: skip
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        wrong.get_token(f"{azure.endpoint}/.default")


@pytest.mark.parametrize(
    ("method", "tail", "status", "code"),
    [
        ("GET", "/resourcegroups", 400, "MissingApiVersionParameter"),
        ("GET", "/resourcegroups?api-version=1999-01-01", 400, "InvalidApiVersionParameter"),
        ("GET", "/providers/Microsoft.Compute/virtualMachines?api-version=1999-01-01", 400, "NoRegisteredProviderFound"),
        ("GET", "/providers/Microsoft.Nonsense/things?api-version=2026-04-01", 404, "InvalidResourceNamespace"),
        ("GET", "/providers/Microsoft.Compute/nonsense?api-version=2026-04-01", 404, "InvalidResourceType"),
        ("GET", "/resourcegroups/nowhere?api-version=2025-04-01", 404, "ResourceGroupNotFound"),
        ("GET", f"/resourceGroups/rg-dr-sea{MACHINE}", 404, "ResourceNotFound"),
        ("GET", f"/resourceGroups/nowhere{MACHINE}", 404, "ResourceGroupNotFound"),
        ("POST", f"/resourceGroups/rg-dr-sea{MACHINE}", 405, "HttpMethodNotAllowed"),
        ("PUT", "/providers/Microsoft.Compute/skus?api-version=2021-07-01", 405, "HttpMethodNotAllowed"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_refused_in_azures_words(
    azure: Azure, method: str, tail: str, status: int, code: str
) -> None:
    found, _, body = azure.raw(method, path(azure, tail))
    assert (found, body["error"]["code"]) == (status, code)


def test_an_unknown_subscription_is_not_found(azure: Azure) -> None:
    unknown = "00000000-1111-2222-3333-444444444444"
    status, _, body = azure.raw("GET", f"/subscriptions/{unknown}/resourcegroups?{VERSION}")
    assert (status, body["error"]["message"]) == (404, f"The subscription '{unknown}' could not be found.")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "InvalidRequestContent"),
        (b"[]", "InvalidRequestContent"),
        (b"", "InvalidRequestContent"),
        (b'"text"', "InvalidRequestContent"),
        (b"\xff\xfe", "InvalidRequestContent"),
        (b"[" * 100_000, "InvalidRequestContent"),
        (b'{"location": NaN}', "InvalidRequestContent"),
        (b'{"location": 5}', "InvalidRequestContent"),
        (b'{"location": "southeastasia", "tags": "x"}', "InvalidRequestContent"),
        (b'{"location": "southeastasia", "tags": {"a": 1}}', "InvalidTagValue"),
        (b'{"location": "southeastasia", "properties": []}', "InvalidRequestContent"),
        (b'{"tags": {}}', "LocationRequired"),
        (b'{"location": "southeastasia", "name": "another"}', "InvalidRequestContent"),
    ],
)
@pytest.mark.parametrize(
    "tail",
    [
        "/providers/Microsoft.Network/virtualNetworks/v?api-version=2026-03-01",
        "/providers/Microsoft.Compute/disks/d?api-version=2026-03-02",
        "/providers/Microsoft.RecoveryServices/vaults/vault1?api-version=2026-11-01",
    ],
)
def test_a_wrong_body_is_a_400_and_changes_nothing(azure: Azure, tail: str, body: bytes, code: str) -> None:
    before = azure.control("GET", "health")["resources"]
    status, _, answer = azure.raw("PUT", group_path(azure, tail), body)
    assert (status, answer["error"]["code"]) == (400, code)
    assert azure.control("GET", "health")["resources"] == before


def test_an_oversized_body_is_a_413(azure: Azure) -> None:
    tail = "/providers/Microsoft.Network/virtualNetworks/v?api-version=2026-03-01"
    body = b'{"location": "southeastasia", "x": "' + b"x" * (5 * 1024 * 1024) + b'"}'
    status, _, answer = azure.raw("PUT", group_path(azure, tail), body)
    assert (status, answer["error"]["code"]) == (413, "RequestContentTooLarge")


@pytest.mark.parametrize(
    "properties",
    [
        {"hardwareProfile": 5},
        {"hardwareProfile": {"vmSize": []}},
        {"hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "networkProfile": {"networkInterfaces": "x"}},
        {"hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "networkProfile": {"networkInterfaces": [{"id": 7}]}},
        {"storageProfile": [1], "hardwareProfile": {"vmSize": "Standard_D2s_v5"}},
    ],
)
def test_a_machine_of_wrong_types_is_refused(azure: Azure, properties: dict[str, Any]) -> None:
    tail = "/providers/Microsoft.Compute/virtualMachines/x?api-version=2026-04-01"
    status, _, body = azure.raw("PUT", group_path(azure, tail), {"location": "southeastasia", "properties": properties})
    assert status == 400
    assert body["error"]["code"]


def test_case_is_ignored_and_the_last_written_is_kept(azure: Azure) -> None:
    name = "/providers/microsoft.network/VIRTUALNETWORKS/Vnet-Mixed?api-version=2026-03-01"
    body = {"location": "Southeast Asia", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
    assert azure.raw("PUT", group_path(azure, name), body)[0] == 201
    _, _, found = azure.raw("GET", group_path(azure, name.lower()))
    assert (found["name"], found["type"], found["location"]) == (
        "Vnet-Mixed",
        "Microsoft.Network/virtualNetworks",
        "southeastasia",
    )


def test_a_resource_never_moves_and_a_lie_about_its_state_is_refused(azure: Azure) -> None:
    tail = "/providers/Microsoft.Compute/availabilitySets/a?api-version=2026-04-01"
    assert azure.raw("PUT", group_path(azure, tail), {"location": "southeastasia"})[0] == 200
    status, _, body = azure.raw("PUT", group_path(azure, tail), {"location": "eastasia"})
    assert (status, body["error"]["code"]) == (409, "InvalidResourceLocation")
    vault = "/providers/Microsoft.RecoveryServices/vaults/rsv-dr-sea?api-version=2026-11-01"
    echo = {"location": "southeastasia", "sku": {"name": "Standard"}, "properties": {"provisioningState": "Succeeded"}}
    assert azure.raw("PUT", group_path(azure, vault), echo)[0] == 200
    status, _, _ = azure.raw("PUT", group_path(azure, vault), echo | {"properties": {"provisioningState": "Creating"}})
    assert status == 400


def test_the_concurrency_tags(azure: Azure) -> None:
    tail = "/providers/Microsoft.RecoveryServices/vaults/vault-tags?api-version=2026-11-01"
    body = {"location": "southeastasia", "sku": {"name": "Standard"}}
    where = group_path(azure, tail)
    assert azure.raw("PUT", where, body, If_Match="*")[0] == 412
    assert azure.raw("PUT", where, body, If_None_Match="*")[0] == 201
    assert azure.raw("PUT", where, body, If_None_Match="*")[0] == 412
    tag = azure.raw("GET", where)[1]["etag"]
    assert azure.raw("PUT", where, body, If_Match='"wrong"')[0] == 412
    assert azure.raw("PUT", where, body | {"tags": {"a": "b"}}, If_Match=tag)[0] == 200
    assert azure.raw("PUT", where, body, If_Match=tag)[0] == 412
    missing = group_path(azure, "/providers/Microsoft.RecoveryServices/vaults/none?api-version=2026-11-01")
    assert azure.raw("DELETE", missing, If_Match='"any"')[0] == 204
    assert azure.raw("PATCH", missing, {"tags": {}}, If_Match="*")[0] == 404


def test_lists_come_in_pages_of_any_size_with_empty_ones_between(azure: Azure) -> None:
    machines = azure.client(ComputeManagementClient).virtual_machines
    whole = [machine.id for machine in machines.list_all()]
    azure.control("PUT", "settings", {"page_size": 7, "empty_page_every": 2})
    assert [machine.id for machine in machines.list_all()] == whole
    pages = list(machines.list_all().by_page())
    sizes = [len(list(page)) for page in pages]
    assert 0 in sizes
    assert max(sizes) == 7
    status, _, body = azure.raw("GET", path(azure, f"/resourcegroups?{VERSION}&$skiptoken=foreign"))
    assert (status, body["error"]["code"]) == (400, "InvalidSkipToken")


def test_an_unregistered_namespace_is_registered_by_the_sdk_itself(azure: Azure) -> None:
    subscription = "5ab57ac7-0000-4000-8000-000000000001"
    azure.control(
        "POST", "load", {"subscriptions": [{"subscriptionId": subscription, "displayName": "New", "registered": []}]}
    )
    azure.control("PUT", "transitions", {"provider.register": "immediate"})
    status, _, body = azure.raw(
        "GET", f"/subscriptions/{subscription}/providers/Microsoft.Network/virtualNetworks?api-version=2026-03-01"
    )
    assert (status, body["error"]["code"]) == (409, "MissingSubscriptionRegistration")
    providers = azure.client(ResourceManagementClient, subscription).providers
    assert providers.get("Microsoft.Network").registration_state == "NotRegistered"
    providers.register("Microsoft.Network")
    assert providers.get("Microsoft.Network").registration_state == "Registered"
    assert list(azure.client(NetworkManagementClient, subscription).virtual_networks.list_all()) == []


def test_a_disabled_subscription_is_read_only(azure: Azure) -> None:
    subscription = "5ab57ac7-0000-4000-8000-000000000002"
    azure.control("POST", "load", {"subscriptions": [{"subscriptionId": subscription, "state": "Disabled"}]})
    client = azure.client(ResourceManagementClient, subscription)
    assert list(client.resource_groups.list()) == []
    with pytest.raises(HttpResponseError) as refused:
        client.resource_groups.create_or_update("rg", {"location": "eastasia"})
    assert (refused.value.status_code, refused.value.error.code) == (409, "ReadOnlyDisabledSubscription")


def test_what_lies_in_a_disabled_subscription_can_be_read_and_deleted(azure: Azure) -> None:
    subscription = path(azure)
    azure.control("PATCH", "resource", {"id": subscription, "document": {"state": "Disabled"}})
    assert azure.raw("GET", group_path(azure, f"?{VERSION}"))[0] == 200
    assert azure.raw("PUT", group_path(azure, f"?{VERSION}"), {"location": "southeastasia"})[0] == 409
    assert azure.raw("DELETE", group_path(azure, f"?{VERSION}"))[0] == 202


def test_a_deleted_subscription_is_not_found_with_all_that_was_in_it(azure: Azure) -> None:
    azure.control("DELETE", f"resource?id={path(azure)}")
    for address in (path(azure, f"?{VERSION}"), group_path(azure, f"?{VERSION}"), group_path(azure, MACHINE)):
        status, _, body = azure.raw("GET", address)
        assert (status, body["error"]["code"]) == (404, "SubscriptionNotFound"), address
        assert body["error"]["message"].endswith("could not be found.")
    left = [each["subscriptionId"] for each in azure.raw("GET", f"/subscriptions?{VERSION}")[2]["value"]]
    assert left == azure.subscriptions[1:]


def test_locks_are_kept(azure: Azure) -> None:
    lock = "/providers/Microsoft.Authorization/locks/keep?api-version=2020-05-01"
    assert azure.raw("PUT", group_path(azure, lock), {"properties": {"level": "CanNotDelete"}})[0] == 201
    with pytest.raises(HttpResponseError) as refused:
        azure.resources.resource_groups.begin_delete("rg-dr-sea")
    assert refused.value.error.code == "ScopeLocked"
    azure.resources.resource_groups.update("rg-dr-sea", {"tags": {"still": "writable"}})
    assert azure.raw("PUT", group_path(azure, lock), {"properties": {"level": "ReadOnly"}})[0] == 200
    with pytest.raises(HttpResponseError) as refused:
        azure.resources.resource_groups.update("rg-dr-sea", {"tags": {}})
    assert refused.value.error.code == "ScopeLocked"
    assert azure.raw("DELETE", group_path(azure, lock))[0] == 200
    azure.resources.resource_groups.update("rg-dr-sea", {"tags": {}})


def test_roles_are_enforced_for_those_of_whom_it_is_said(azure: Azure) -> None:
    reader = {"name": "reader", "clientId": "aaaaaaaa-0000-4000-8000-000000000001", "objectId": "bbbbbbbb-0000-4000-8000-000000000001",
              "secret": "s", "enforce": True}  # fmt: skip
    azure.control("PUT", "principals", [reader])
    azure.principals["reader"] = {**reader, "clientSecret": "s"}
    scope = group_path(azure, "")
    role = f"{path(azure)}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    body = {"properties": {"roleDefinitionId": role, "principalId": reader["objectId"]}}
    name = (
        "/providers/Microsoft.Authorization/roleAssignments/cccccccc-0000-4000-8000-000000000001?api-version=2022-04-01"
    )
    groups = azure.client(ResourceManagementClient, who="reader").resource_groups
    with pytest.raises(HttpResponseError) as refused:
        groups.get("rg-dr-sea")
    assert refused.value.error.code == "AuthorizationFailed"
    assert "'Microsoft.Resources/subscriptions/resourceGroups/read'" in refused.value.error.message
    assert reader["objectId"] in refused.value.error.message
    assert azure.raw("PUT", scope + name, body)[0] == 201
    assert groups.get("rg-dr-sea").name == "rg-dr-sea"
    with pytest.raises(HttpResponseError) as refused:
        groups.update("rg-dr-sea", {"tags": {}})
    assert "/subscriptions/resourceGroups/write" in refused.value.error.message
    permissions = azure.client(type(azure.authorization), who="reader").permissions.list_for_resource_group("rg-dr-sea")
    assert [list(entry.actions) for entry in permissions] == [["*/read"]]


def test_the_vaults_extended_information_is_not_the_arm_shape(azure: Azure) -> None:
    tail = "/providers/Microsoft.RecoveryServices/vaults/rsv-dr-sea/extendedInformation/vaultExtendedInfo?api-version=2026-11-01"
    status, _, body = azure.raw("GET", group_path(azure, tail))
    assert status == 404
    assert body == {"ErrorCode": "ResourceExtendedInfoNotFound", "Message": {"Language": "en-US", "Value": ""}}


def test_sizes_quotas_and_availability(azure: Azure) -> None:
    skus = list(azure.compute.resource_skus.list(filter="location eq 'eastasia'"))
    assert {sku.resource_type for sku in skus} == {"virtualMachines", "disks"}
    usages = {usage.name.value: usage for usage in azure.compute.usage.list("eastasia")}
    assert usages["cores"].current_value > 0
    azure.control(
        "POST",
        "load",
        {
            "quotas": {azure.subscriptions[0]: {"koreacentral": {"cores": [0, 1]}}},
            "unavailable_sizes": {"koreacentral": ["Standard_D4s_v5"]},
        },
    )
    assert {usage.name.value: usage.limit for usage in azure.compute.usage.list("koreacentral")}["cores"] == 1
    restricted = [
        sku.name for sku in azure.compute.resource_skus.list(filter="location eq 'koreacentral'") if sku.restrictions
    ]
    assert restricted == ["Standard_D4s_v5"]
