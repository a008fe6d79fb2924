"""Paste a list: every line is counted and named, ambiguous ones are settled by a choice, and a thousand take no time."""

import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from replication.domain import inventory as inv
from replication.models import AuditEntry, Connection, Draft, Machine, Vault
from tests.conftest import OTHER_SUBSCRIPTION, SUBSCRIPTION
from tests.domain import estate

from .conftest import store_machine
from .test_wizard import SOURCE, post, started, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(web: Client, vault: Vault, machines: list[Machine], azure_connection: Connection) -> Draft:
    """A draft beside machines elsewhere: in another region, of the classic model, in a second group, of nobody's grant."""
    west = estate.machine("west-01", location="westeurope")
    classic = estate.machine("old-01", model=inv.Model.CLASSIC)
    twin = estate.machine("erp-02")
    twin = replace(twin, id=twin.id.replace("rg-erp", "rg-crm"), resource_group="rg-crm")
    foreign = estate.machine("secret-01")
    foreign = replace(foreign, id=foreign.id.replace(SUBSCRIPTION, OTHER_SUBSCRIPTION), subscription_id=OTHER_SUBSCRIPTION)
    for each in (west, classic, twin, foreign):
        store_machine(azure_connection, each)
    busy = store_machine(azure_connection, estate.machine("busy-01"))
    Machine.objects.filter(pk=busy.pk).update(protected_in="vault/busy-01-asr", replicable=False)
    return started(web, vault)


LIST = "erp-01\nERP-01\nerp-02\nerp-off\nbusy-01\nwest-01\nold-01\nsecret-01\nnobody\n\n- erp-01.contoso.local"


def paste(web: Client, draft: Draft, what: str = LIST, **more: Any) -> Any:
    return post(web, draft, "paste", {"list": what, "do": "check", **more})


def counts(page: str) -> str:
    found = re.search(r'class="found"[^>]*>.*?<span>(.*?)</span>', page, re.DOTALL)
    assert found
    return found[1].strip()


def test_each_line_is_counted_and_named(web: Client, draft: Draft) -> None:
    post(web, draft, "source", SOURCE)
    page = text(paste(web, draft))
    assert counts(page) == (
        "10 lines: 1 can be added, 1 ambiguous, 2 not found, 1 cannot be replicated, 1 replicated already, 1 in another region, "
        "1 of the other deployment model, 2 named before."
    )
    assert "The machine is deallocated." in page
    assert "erp-02 in rg-crm, eastasia" in page
    assert not draft.machines.exists()


def test_what_is_not_theirs_reads_as_not_found(web: Client, draft: Draft) -> None:
    there, absent = (text(paste(web, draft, name)) for name in ("secret-01", "absent-01"))
    assert counts(there) == counts(absent) == "1 line: 1 not found."
    assert there.replace("secret-01", "absent-01").count("absent-01") == absent.count("absent-01")


def test_a_choice_settles_an_ambiguous_line(web: Client, draft: Draft) -> None:
    twin = Machine.objects.get(name="erp-02", group_key="rg-crm")
    response = paste(web, draft, do="add", **{"line-3": twin.pk})
    assert response.headers["Location"].endswith("/machines/?chosen=yes")
    draft.refresh_from_db()
    assert {row.machine.name: row.machine.group_key for row in draft.machines.all()} == {"erp-01": "rg-erp", "erp-02": "rg-crm"}
    assert (draft.source["location"], draft.source["subscription_ids"]) == ("eastasia", [SUBSCRIPTION])
    entry = AuditEntry.objects.filter(action="draft.saved").latest("sequence")
    assert (entry.detail["added"], entry.detail["pasted"]["unmatched"]) == (2, 2)


def test_a_list_opens_the_source_as_far_as_it_must(web: Client, draft: Draft) -> None:
    post(web, draft, "source", SOURCE | {"groups": "rg-crm"})
    paste(web, draft, "erp-01", do="add")
    draft.refresh_from_db()
    assert draft.source["groups"] == []
    assert draft.machines.count() == 1


def test_a_choice_outlives_a_second_look(web: Client, draft: Draft) -> None:
    """Choose, check again, add: the page sends the choice along, though it asks no more."""
    twin = Machine.objects.get(name="erp-02", resource_group="rg-crm")
    post(web, draft, "source", SOURCE)
    page = text(paste(web, draft, "erp-01\nerp-02", **{"line-2": twin.pk}))
    assert "2 can be added" in counts(page)
    again = dict(re.findall(r'<input type="hidden" name="(line-\d+)" value="(\d+)">', page))
    paste(web, draft, "erp-01\nerp-02", do="add", **again)
    assert draft.machines.filter(machine=twin).exists()


@pytest.mark.parametrize("bad", ["\x00", "x" * 50_000, "/subscriptions/../virtualMachines/", "'; DROP TABLE", "=1+1\n" * 200, "\u202e"])
def test_hostile_lists_change_nothing(web: Client, draft: Draft, bad: str) -> None:
    for do in ("check", "add"):
        assert paste(web, draft, bad, do=do, **{"line-1": "-1", "line-x": "9" * 30}).status_code in {200, 422}
    assert not draft.machines.exists()


def test_a_stale_page_adds_nothing(web: Client, draft: Draft) -> None:
    response = web.post(f"/replicate/{draft.pk}/paste/", {"list": "erp-01", "do": "add", "version": draft.version - 1})
    assert response.status_code == 409
    assert not draft.machines.exists()
