"""The RPO target is one setting: whatever speaks of it follows, and what was counted before stays as it was."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from replication import clock, counts
from replication.domain import documents
from replication.domain import inventory as inv
from replication.domain.packing import Observed
from replication.models import AuditEntry, Breach, LedgerMonth, Notice, Person, ProtectedItem, Vault
from replication.sync import history
from replication.sync.items import store_items
from tests.views import rows
from tests.views.conftest import SignedIn

BEGIN = datetime(2026, 11, 10, 8, 0, tzinfo=UTC)
REST = {"ledger.objective": "99.5"}  # what else the form of that part has


@pytest.fixture
def fresh(vault: Vault) -> Vault:
    """The vault, read just now."""
    Vault.objects.filter(pk=vault.pk).update(as_of=clock.now())
    return Vault.objects.get(pk=vault.pk)


def choose(browser: Client, minutes: int, vault: Vault | None = None) -> None:
    """Set the target as an administrator does, for all or for one vault."""
    address = reverse("replication:vault_setting_section", args=[vault.pk, "ledger"]) if vault else "/settings/ledger/"
    values = {"rpo.target_minutes": str(minutes)} | ({} if vault else REST)
    assert "The settings were saved." in browser.post(address, values, follow=True).content.decode()


def shown(browser: Client, name: str, *args: Any, query: str = "") -> str:
    answer = browser.get(reverse(f"replication:{name}", args=args) + query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_every_page_speaks_of_the_target_that_was_chosen(signed_in: SignedIn, fresh: Vault, admin: Person) -> None:
    browser, found = signed_in(admin), rows.item(fresh, "erp", rpo=900, rpo_at=clock.now())
    rows.seen(fresh, clock.now() - timedelta(minutes=4), {found: Observed(900, "Normal", counts=True, unknown=False)})
    counts.keep(fresh, changed=True)
    assert "RPO within target of 30 min" in shown(browser, "overview", fresh.pk)
    assert "RPO 15 min, target 30 min." in shown(browser, "item", found.pk)
    choose(browser, 10)
    for page in (shown(browser, "items", fresh.pk), shown(browser, "overview", fresh.pk), shown(browser, "all_overview")):
        assert "RPO within target of 10 min" in page
        assert "1 machine above target" in page
    assert "above target of 10 min" in shown(browser, "all_items")
    assert "<bdi>erp</bdi></a>" in shown(browser, "items", fresh.pk, query="?rpo=above")
    assert "<bdi>erp</bdi></a>" in shown(browser, "items", fresh.pk, query="?verdict=at_risk")
    assert "<bdi>erp</bdi></a>" not in shown(browser, "items", fresh.pk, query="?verdict=protected")
    page = shown(browser, "item", found.pk)
    assert "RPO 15 min is above the target of 10 min." in page
    assert "worst 15 min, target 10 min; " in page
    assert "what holds now is the target of 10 min" in shown(browser, "ledger", fresh.pk)
    (entry,) = AuditEntry.objects.filter(action="setting.changed")
    assert (entry.before, entry.after) == ({"rpo.target_minutes": 30}, {"rpo.target_minutes": 10})


def test_a_vault_can_have_a_target_of_its_own(
    signed_in: SignedIn, fresh: Vault, foreign_vault: Vault, admin: Person
) -> None:
    admin.grants.create(vault=foreign_vault, role="administrator", granted_at=rows.NOON)
    Vault.objects.update(as_of=clock.now())
    here, there = (rows.item(each, name, rpo=900, rpo_at=clock.now()) for each, name in ((fresh, "erp"), (foreign_vault, "crm")))
    browser = signed_in(admin)
    choose(browser, 10, foreign_vault)
    assert "RPO 15 min, target 30 min." in shown(browser, "item", here.pk)
    assert "RPO 15 min is above the target of 10 min." in shown(browser, "item", there.pk)
    page = shown(browser, "all_items", query="?rpo=above")
    assert ("<bdi>crm</bdi></a>" in page, "<bdi>erp</bdi></a>" in page) == (True, False)
    assert "RPO within target of its vault" in page
    assert "RPO within target of 10 min" in shown(browser, "items", foreign_vault.pk)


@pytest.mark.parametrize("minutes", ["0", "1441", "-5", "soon", ""])
def test_a_target_that_makes_no_sense_is_told_at_the_field(signed_in: SignedIn, vault: Vault, admin: Person, minutes: str) -> None:
    answer = signed_in(admin).post("/settings/ledger/", REST | {"rpo.target_minutes": minutes})
    assert answer.status_code == 422
    assert not AuditEntry.objects.exists()


def _sweep(vault: Vault, item: inv.Item, after: int) -> None:
    """One reading of the vault, so many minutes after the beginning."""
    with clock.injected(lambda: BEGIN + timedelta(minutes=after)), transaction.atomic():
        vault.refresh_from_db()
        store_items(vault, [item], now=clock.now(), version=after)
        counts.keep(vault, changed=False)


def _fold(vault: Vault, after: int) -> None:
    with clock.injected(lambda: BEGIN + timedelta(minutes=after)):
        while history.fold(vault.pk, ProtectedItem.objects.get().pk // 512):
            pass


def _item(vault: Vault, rpo: int) -> inv.Item:
    found = documents.from_json(inv.Item, rows.item(vault, "erp").document)
    return replace(found, rpo=rpo, rpo_at=BEGIN)


def test_a_new_target_leaves_the_past_as_it_was_counted(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    """An RPO of 40 minutes: out of 30 minutes before the change, within 60 after it, also where it is counted only later."""
    browser, item = signed_in(admin), _item(vault, 2400)
    for after in range(0, 30, 5):
        _sweep(vault, item, after)
    _fold(vault, 20)  # what was read by then is counted before the change, the rest after it
    choose(browser, 60)
    for after in range(30, 65, 5):
        _sweep(vault, item, after)
    _fold(vault, 200)
    month = LedgerMonth.objects.get()
    assert (month.out / 60, month.within / 60) == (30, 30)
    breach = Breach.objects.get()
    assert (breach.begun_at, breach.ended_at, breach.target, breach.open) == (BEGIN, BEGIN + timedelta(minutes=30), 1800, False)
    page = shown(browser, "ledger_item", breach.item_id, query="?month=2026-11")
    assert '<td class="amount">40 min</td><td class="amount">30 min</td></tr>' in page  # the highest RPO, the target of then
    assert "what holds now is the target of 1 h 00 min" in page


def test_out_of_both_targets_is_two_times_each_with_its_own(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    browser, item = signed_in(admin), _item(vault, 2400)
    for after in range(0, 65, 5):
        if after == 30:
            choose(browser, 20)
        _sweep(vault, item, after)
    _fold(vault, 200)
    assert list(Breach.objects.order_by("begun_at").values_list("target", "open")) == [(1800, False), (1200, True)]
    assert LedgerMonth.objects.get().out / 60 == 60


def test_people_are_told_once_of_what_a_new_target_makes_of_a_machine(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    browser, item = signed_in(admin), _item(vault, 900)
    for after, minutes in ((0, 30), (5, 10), (10, 10), (15, 20), (20, 20)):
        if after in (5, 15):
            choose(browser, minutes)
        _sweep(vault, item, after)
    assert list(Notice.objects.order_by("id").values_list("kind", flat=True)) == ["rpo_over", "rpo_back"]


def test_an_open_list_marks_the_machine_that_a_new_target_concerns(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    browser, item = signed_in(admin), _item(vault, 900)
    _sweep(vault, item, 1)
    choose(browser, 10)
    _sweep(vault, item, 2)
    Vault.objects.filter(pk=vault.pk).update(version=2)
    address = reverse("replication:items_live", args=[vault.pk])
    found = ProtectedItem.objects.get()
    assert "above the target" in browser.get(f"{address}?ids={found.pk}&since={vault.pk}:1&newest={found.pk}").content.decode()


def test_the_target_costs_one_query_a_page(
    signed_in: SignedIn, fresh: Vault, admin: Person, queries: Callable[[Callable[[], Any]], int]
) -> None:
    browser, address = signed_in(admin), reverse("replication:items", args=[fresh.pk])
    rows.item(fresh, "m0", rpo=60)
    browser.get(address)
    few = queries(lambda: browser.get(address))
    choose(browser, 10, fresh)
    for number in range(1, 30):
        rows.item(fresh, f"m{number}", rpo=60 * number)
    assert queries(lambda: browser.get(address)) == few
