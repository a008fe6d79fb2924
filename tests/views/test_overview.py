"""Dashboards, coverage and leftovers: every number leads to its rows, and nobody sees what is not theirs."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from replication import clock, counts
from replication.models import AuditEntry, Coverage, Machine, Person, Resource, Vault
from replication.sync import coverage
from tests.conftest import OTHER_SUBSCRIPTION, SUBSCRIPTION
from tests.views import rows
from tests.views.conftest import SignedIn


def machine(vault: Vault, name: str, tags: str = "", group: str = "rg-erp", **more: Any) -> Machine:
    made = rows.machine(vault, name, group=group, subscription=more.pop("subscription", SUBSCRIPTION))
    Machine.objects.filter(pk=made.pk).update(tags=tags, **more)
    return made


def leftover(vault: Vault, name: str, kind: str = "replica_disk", subscription: str = SUBSCRIPTION) -> Resource:
    return Resource.objects.create(
        connection=vault.connection, kind=kind, key=name, arm_id=f"/subscriptions/{subscription}/resourceGroups/rg-x/d/{name}",
        name=name, subscription_id=subscription, group_key="rg-x", location="southeastasia", document={"size_gib": 128},
        digest="", as_of=clock.now(), leftover=True,
    )  # fmt: skip


def page(signed_in: SignedIn, person: Person, name: str, *args: Any, query: str = "") -> str:
    answer = signed_in(person).get(reverse(f"replication:{name}", args=args) + query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("of_all", [True, False])
def test_the_dashboard_leads_to_its_rows(signed_in: SignedIn, vault: Vault, helpdesk: Person, of_all: bool) -> None:
    bad = rows.item(vault, "bad", health="Critical", rpo=9000)
    rows.issue(vault, "x", bad)
    rows.issue(vault, "Group is missing", code="99", category="Configuration", severity="Warning", severity_rank=1)
    rows.job(vault, "bad", state="Failed", started_at=clock.now())
    machine(vault, "bare", tags="\ntier:gold\n", replicable=True)
    leftover(vault, "old-ASRReplica")
    coverage.count(vault.connection)
    shown = page(signed_in, helpdesk, *(["all_overview"] if of_all else ["overview", vault.pk]))
    items = reverse("replication:all_items") if of_all else reverse("replication:items", args=[vault.pk])
    for link in (
        f"{items}?health=Critical", f"{items}?rpo=above", "?category=Configuration", "?protected=no&amp;group=rg-erp",
        "?protected=no&amp;tag=tier%3Agold", "?kind=replica_disk",
    ):  # fmt: skip
        assert link in shown, link
    assert "No crash-consistent recovery point for an hour" in shown
    assert "1 machine" in shown


@pytest.mark.parametrize("of_all", [True, False])
def test_the_dashboard_asks_for_what_is_new(
    signed_in: SignedIn, vault: Vault, foreign_vault: Vault, helpdesk: Person, of_all: bool
) -> None:
    rows.item(vault, "good")
    address = reverse("replication:all_overview") if of_all else reverse("replication:overview", args=[vault.pk])
    browser = signed_in(helpdesk)
    asked = f"{address}?since={vault.pk}:{vault.version}"
    assert f'data-poll="{asked}"' in browser.get(address).content.decode()
    assert browser.get(asked).status_code == 204
    Vault.objects.filter(pk=foreign_vault.pk).update(version=77)
    assert browser.get(asked).status_code == 204
    rows.issue(vault, "x", rows.item(vault, "bad", health="Critical"))
    Vault.objects.filter(pk=vault.pk).update(version=vault.version + 1, as_of=clock.now())
    answer = browser.get(asked)
    told = answer.content.decode()
    assert f'data-poll="{address}?since={vault.pk}:{vault.version + 1}"' in told
    assert 'id="overview-cards" hx-swap-oob="true"' in told
    assert 'id="overview-symptoms" hx-swap-oob="true"' in told
    assert "of 2 protected" in told
    assert "No crash-consistent recovery point for an hour" in told
    assert "<html" not in told
    assert "Azure read" in answer["As-Of"]


@pytest.mark.parametrize("of_all", [True, False])
def test_cards_come_to_a_page_that_was_opened_before_the_first_item(
    signed_in: SignedIn, vault: Vault, helpdesk: Person, of_all: bool
) -> None:
    browser = signed_in(helpdesk)
    address = reverse("replication:all_overview") if of_all else reverse("replication:overview", args=[vault.pk])
    opened = browser.get(address).content.decode()
    assert "of 1 protected" not in opened
    assert 'id="overview-cards"' in opened  # what the answer is put in place of
    rows.item(vault, "first")
    Vault.objects.filter(pk=vault.pk).update(version=vault.version + 1, as_of=clock.now())
    told = browser.get(f"{address}?since={vault.pk}:{vault.version}").content.decode()
    assert 'id="overview-cards" hx-swap-oob="true"' in told
    assert "of 1 protected" in told


def test_a_vault_that_cannot_be_read_is_told_on_the_dashboard(
    signed_in: SignedIn, vault: Vault, helpdesk: Person
) -> None:
    Vault.objects.update(problem={"code": "AuthorizationFailed", "message": "Not allowed.", "severity": "error"})
    assert "rsv-dr could not be read." in page(signed_in, helpdesk, "all_overview")


def test_coverage_counts_what_is_in_scope_and_lists_it(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    machine(vault, "guarded", tags="\ntier:gold\n", protected_in="x")
    machine(vault, "bare-1", tags="\ntier:gold\nowner:ada\n", replicable=True)
    machine(vault, "bare-2", group="rg-lab")
    machine(vault, "secret", subscription=OTHER_SUBSCRIPTION)
    coverage.count(vault.connection)
    assert {(row.group_key, row.machines, row.bare, row.replicable) for row in Coverage.objects.filter(subscription_id=SUBSCRIPTION)} == {
        ("rg-erp", 2, 1, 1), ("rg-lab", 1, 1, 0),
    }  # fmt: skip
    assert Coverage.objects.get(subscription_id=SUBSCRIPTION, group_key="rg-erp").tags["tier:gold"] == [2, 1]
    shown = page(signed_in, helpdesk, "overview", vault.pk)
    assert "of 3 machines are not protected" in shown
    listed = page(signed_in, helpdesk, "coverage", query="?protected=no&tag=tier:gold")
    assert ("bare-1" in listed, "guarded" in listed, "bare-2" in listed) == (True, False, False)
    assert "secret" not in page(signed_in, helpdesk, "coverage")
    export = signed_in(helpdesk).post(reverse("replication:coverage_export") + "?group=rg-lab")
    text = b"".join(export.streaming_content).decode()
    assert ("bare-2" in text, "bare-1" in text) == (True, False)
    assert AuditEntry.objects.get(action="coverage.export").detail["filters"] == {"group": "rg-lab"}


def test_leftovers_are_listed_within_scope(signed_in: SignedIn, vault: Vault, helpdesk: Person, stranger: Person) -> None:
    leftover(vault, "erp-os-ASRReplica")
    leftover(vault, "secret-ASRReplica", subscription=OTHER_SUBSCRIPTION)
    shown = page(signed_in, helpdesk, "leftovers")
    assert "erp-os-ASRReplica" in shown
    assert "128 GiB" in shown
    assert "secret" not in shown
    assert "ASRReplica" not in page(signed_in, stranger, "leftovers")


@pytest.mark.parametrize("name", ["all_overview", "coverage", "leftovers"])
def test_it_costs_the_same_at_any_size(
    signed_in: SignedIn, vault: Vault, helpdesk: Person, queries: Callable[[Callable[[], Any]], int], name: str
) -> None:
    browser, address = signed_in(helpdesk), reverse(f"replication:{name}")

    def fill(start: int, count: int) -> None:
        for n in range(start, start + count):
            machine(vault, f"m{n}", group=f"rg-{n}")
            leftover(vault, f"d{n}-ASRReplica")
            rows.issue(vault, "m", rows.item(vault, f"i{n}"), code=str(n))
        coverage.count(vault.connection)

    fill(0, 2)
    browser.get(address)
    few = queries(lambda: browser.get(address))
    fill(2, 30)
    assert queries(lambda: browser.get(address)) == few
    assert few <= 14, few


LISTS = ("/items/", "/items/?sort=rpo", "/items/?health=Critical&sort=rpo", "/coverage/", "/coverage/?protected=no")


@pytest.mark.parametrize("address", LISTS)
def test_an_index_serves_the_order_of_long_lists(signed_in: SignedIn, vault: Vault, helpdesk: Person, address: str) -> None:
    """At any size a first page is read off and nothing is sorted for it."""
    rows.item(vault, "bad", health="Critical", health_rank=3, rpo=9000)
    machine(vault, "bare")
    counts.keep(vault, changed=True)
    with CaptureQueriesContext(connection) as asked:
        assert signed_in(helpdesk).get(address).status_code == 200
    pages = [each["sql"] for each in asked.captured_queries if "LIMIT 50" in each["sql"] or "LIMIT 1" in each["sql"]]
    listed = [sql for sql in pages if "ORDER BY" in sql and ("_protecteditem" in sql or "_machine" in sql)]
    assert listed
    orders = [sql.partition("ORDER BY ")[2] for sql in listed]  # by the index's first column first, or PostgreSQL sorts what it finds
    assert [order.split()[0].endswith('"gone_at"') for order in orders] == [True] * len(listed), orders
    if connection.vendor == "sqlite":  # PostgreSQL decides by how much there is, and here is next to nothing
        with connection.cursor() as cursor:
            plans = [str(cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()) for sql in listed]
        assert not [plan for plan in plans if "FOR ORDER BY" in plan], plans
