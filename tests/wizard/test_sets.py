"""Existing availability sets: a machine and its set lie in one resource group, as Azure wants it, whatever is changed first."""

import re

import pytest
from django.test import Client

from replication.actions import plans
from replication.domain import ids
from replication.domain import inventory as inv
from replication.models import Connection, Draft
from tests.conftest import SUBSCRIPTION
from tests.domain import estate

from .conftest import store_machine, store_resource
from .walk import choose, post, text

pytestmark = pytest.mark.django_db

NEAR, FAR = (ids.group(SUBSCRIPTION, name) for name in ("rg-erp-asr", "rg-far"))
AS_NEAR, AS_FAR = (ids.resource(group, "Microsoft.Compute/availabilitySets", name) for group, name in ((NEAR, "as-near"), (FAR, "as-far")))
REFUSED = "Azure wants a machine and its availability set in one resource group; as-near lies in rg-erp-asr, not in rg-far."


@pytest.fixture
def draft(web: Client, ready: Draft, azure_connection: Connection) -> Draft:
    """With erp-09, which is in a set; by the rule it goes to rg-erp-asr, and there are sets there and in rg-far."""
    for group, set_id in ((NEAR, AS_NEAR), (FAR, AS_FAR)):
        store_resource(azure_connection, "resource_group", inv.ResourceGroup(id=group, name=ids.name(group), location="southeastasia"))
        there = inv.AvailabilitySet(
            id=set_id, name=ids.name(set_id), location="southeastasia", fault_domains=2, update_domains=5, aligned=True
        )
        store_resource(azure_connection, "availability_set", there)
    choose(web, ready, store_machine(azure_connection, estate.machine("erp-09", availability_set_id=estate.SET)))
    return ready


def number(draft: Draft) -> int:
    return draft.machines.get(name="erp-09").pk


def offered(web: Client, draft: Draft, page: str, control: str) -> list[str]:
    """The sets that a list offers, in its words."""
    shown = text(web.get(f"/replicate/{draft.pk}/{page}/"))
    entries = shown.split(f'name="{control}"')[1].split("</select>")[0]
    return [words for value, words in re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)', entries) if "/availabilitySets/" in value]


def said(draft: Draft) -> list[str]:
    """What the plan says against a set."""
    draft.refresh_from_db()
    return [each.message for each in plans.compiled(draft).objections if each.field == "availability_set_id"]


def test_a_machine_is_offered_the_sets_of_its_target_group(web: Client, draft: Draft) -> None:
    row, page = f"m{number(draft)}-availability", f"customize/{number(draft)}"
    assert offered(web, draft, page, "availability") == offered(web, draft, "customize", row) == ["as-near"]
    assert offered(web, draft, "customize", "all-availability") == ["as-far, in rg-far", "as-near, in rg-erp-asr"]
    assert post(web, draft, page, {"availability": AS_FAR}).status_code == 422
    assert post(web, draft, "customize", {f"m{number(draft)}-group_id": FAR}).status_code == 302
    assert offered(web, draft, page, "availability") == offered(web, draft, "customize", row) == ["as-far"]
    assert post(web, draft, "customize", {"all-group_id": NEAR}).status_code == 302
    assert offered(web, draft, "customize", "all-availability") == ["as-near"]


@pytest.mark.parametrize(
    ("page", "sent"),
    [
        ("customize/{row}", {"group_id": FAR, "availability": AS_NEAR}),
        ("customize", {"all-group_id": FAR, "all-availability": AS_NEAR}),
        ("customize", {"m{row}-group_id": FAR, "m{row}-availability": AS_NEAR}),
        ("customize", {"all-group_id": FAR, "m{row}-availability": AS_NEAR}),
        ("customize", {"many-group_id": FAR, "many-availability": AS_NEAR, "do": "many"}),
    ],
)
def test_a_set_of_another_group_is_refused_where_both_are_chosen(web: Client, draft: Draft, page: str, sent: dict[str, str]) -> None:
    before = draft.machines.values_list("overrides").get(name="erp-09")
    there, data = page.format(row=number(draft)), {name.format(row=number(draft)): value for name, value in sent.items()}
    answer = post(web, draft, there, data)
    assert answer.status_code == 422
    assert REFUSED in text(answer)
    assert draft.machines.values_list("overrides").get(name="erp-09") == before
    fitting = {name: AS_FAR if value == AS_NEAR else value for name, value in data.items()}
    fits = post(web, draft, there, fitting)
    assert fits.status_code == 302 or "no longer offered" in text(fits)  # a machine's list has them once its group is saved


def test_a_group_and_its_set_are_chosen_together_for_all(web: Client, draft: Draft) -> None:
    assert post(web, draft, "customize", {"all-group_id": FAR, "all-availability": AS_FAR}).status_code == 302
    assert said(draft) == []
    named = {"all-group_id": FAR, "all-availability": AS_FAR, "all-group_name": "rg-new"}
    assert "as-far lies in rg-far, not in rg-new" in text(post(web, draft, "customize", named))
    assert post(web, draft, "customize", named | {"all-set_name": "as-new"}).status_code == 302  # made where its machine goes
    assert said(draft) == []


def test_the_plan_says_so_when_the_group_is_changed_afterwards(web: Client, draft: Draft) -> None:
    page = f"customize/{number(draft)}"
    assert post(web, draft, page, {"availability": AS_NEAR}).status_code == 302
    assert said(draft) == []
    assert post(web, draft, "customize", {"do": "many", "many-group_id": FAR}).status_code == 302
    assert said(draft) == [f"erp-09: {REFUSED}"]
    assert f"erp-09: {REFUSED}" in text(web.get(f"/replicate/{draft.pk}/review/"))
    assert offered(web, draft, page, "availability") == ["as-far", "as-near, in rg-erp-asr"]  # what is chosen is shown
    assert post(web, draft, page, {"group_id": FAR, "availability": AS_FAR}).status_code == 302
    assert said(draft) == []


def test_a_set_for_all_is_told_of_machines_that_go_elsewhere(web: Client, draft: Draft) -> None:
    assert post(web, draft, "customize", {"all-availability": AS_FAR}).status_code == 302
    assert said(draft) == [
        "erp-09: Azure wants a machine and its availability set in one resource group; as-far lies in rg-far, not in rg-erp-asr."
    ]
