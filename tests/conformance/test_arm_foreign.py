"""What azure-cli and the JavaScript SDKs found wrong (tests/clients), kept here where it is found again in a second."""

from __future__ import annotations

import pytest

from tests.conformance.conftest import Azure

GROUPS = "api-version=2024-11-01"


def home(azure: Azure) -> str:
    return f"/subscriptions/{azure.subscriptions[0]}"


def test_a_group_says_resourceGroups_however_it_is_written(azure: Azure) -> None:
    """Recorded from azure-cli, which writes `resourcegroups`."""
    url = f"{home(azure)}/resourcegroups/rg-Foreign"
    status, _, made = azure.raw("PUT", f"{url}?{GROUPS}", {"location": "southeastasia"})
    assert (status, made["id"]) == (201, f"{home(azure)}/resourceGroups/rg-Foreign")
    assert azure.raw("GET", f"{url.lower()}?{GROUPS}")[2] == made


@pytest.mark.parametrize("quote", ["", "'"], ids=["as azure-cli", "as documented"])
def test_the_activity_log_takes_times_with_and_without_quotes(azure: Azure, quote: str) -> None:
    azure.resources.resource_groups.create_or_update("rg-logged", {"location": "southeastasia"})
    since = f"eventTimestamp%20ge%20{quote}2020-01-01T00:00:00.031027{quote}"
    url = f"{home(azure)}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter={since}"
    status, _, found = azure.raw("GET", url)
    assert status == 200
    assert found["value"][0]["resourceId"].endswith("/resourcegroups/rg-logged")
