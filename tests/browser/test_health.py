"""Health and RPO in a browser: what is live moves nothing that one is at, the ledger, and the rules of what one is told.

The rows are planted as workers store them; the web server is the real one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import expect

from replication import clock
from replication.actions import issues, notices
from replication.actions.actor import Actor
from replication.domain import ledger as arithmetic
from replication.domain.notices import Kind
from replication.domain.packing import Observed
from replication.models import Breach, HealthIssue, LedgerMonth, Person, Setting, Vault
from tests.browser import gestures
from tests.browser.visitor import Visitor
from tests.views import rows

Come = Callable[..., Visitor]


def moved(vault: Vault) -> None:
    """As if a worker had stored another reading."""
    Vault.objects.filter(pk=vault.pk).update(version=F("version") + 1, as_of=clock.now(), summary={})


def test_the_list_of_issues_follows_and_the_focus_stays(come: Come, vault: Vault, helpdesk: Person) -> None:
    found = rows.issue(vault, "m", rows.item(vault, "erp-1"))
    visitor = come(helpdesk)
    page = visitor.page
    page.goto(f"/vaults/{vault.pk}/issues/")
    link = page.locator(f"#to-issue-{found.pk}")
    link.focus()
    HealthIssue.objects.filter(pk=found.pk).update(gone_at=clock.now(), machines=0)
    rows.issue(vault, "New trouble", code="150999")
    moved(vault)
    gestures.come_back(page)
    expect(page.get_by_text("1 symptom came since this page was opened.")).to_be_visible()
    expect(gestures.row(page, "No crash-consistent")).to_contain_text("Gone")  # it stays where it was
    expect(page.get_by_text("New trouble")).to_have_count(0)
    expect(link).to_be_focused()
    visitor.look("issues-live")
    assert visitor.overflow() == 0
    page.get_by_role("link", name="Show the list as it is now").click()
    expect(page.get_by_role("link", name="New trouble")).to_be_visible()


def test_a_note_being_typed_survives_what_a_colleague_does(come: Come, vault: Vault, helpdesk: Person, admin: Person) -> None:
    found = rows.issue(vault, "m", rows.item(vault, "erp-1"))
    visitor = come(helpdesk)
    page = visitor.page
    page.goto(f"/issues/{found.pk}/")
    note = page.get_by_label("Note")
    note.press_sequentially("Ticket 42, the owner")
    issues.acknowledge(found, "Mine", actor=Actor(person=admin, name="Admin", role="administrator"))
    gestures.come_back(page)
    expect(page.locator("#acknowledged")).to_contain_text("Mine")
    expect(page.locator("#essentials")).to_contain_text("Acknowledged")
    expect(note).to_be_focused()
    note.press_sequentially(" is told")
    expect(note).to_have_value("Ticket 42, the owner is told")
    visitor.look("issue-live")


def test_a_dashboard_that_was_empty_gets_its_cards(come: Come, vault: Vault, helpdesk: Person) -> None:
    page = come(helpdesk).page
    page.goto(f"/vaults/{vault.pk}/")
    expect(page.get_by_text("No machines are replicated yet")).to_be_visible()
    rows.item(vault, "first", rpo=60)
    moved(vault)
    gestures.come_back(page)
    expect(page.get_by_text("of 1 protected", exact=False).first).to_be_visible()
    expect(page.get_by_text("No machines are replicated yet")).to_have_count(0)


@pytest.fixture
def counted(transactional_db: None, vault: Vault) -> LedgerMonth:
    """A machine's month with an hour out of target."""
    now = clock.now()
    month = arithmetic.month_of(now, timezone.get_default_timezone())
    item = rows.item(vault, "erp-1", rpo=60, rpo_at=now)
    Breach.objects.create(item=item, begun_at=now - timedelta(minutes=9), ended_at=now - timedelta(minutes=4), worst=5400, target=1800)
    common = {"month": month, "within": 900_000, "unknown": 600, "worst": 5400}
    LedgerMonth.objects.create(item=rows.item(vault, "crm-1"), out=0, tags="\nenv:test\n", **common)
    return LedgerMonth.objects.create(item=item, out=36_000, tags="\nenv:prod\n", **common)


def test_the_ledger_from_the_month_to_a_machines_times(come: Come, vault: Vault, admin: Person, counted: LedgerMonth) -> None:
    visitor = come(admin)
    page = visitor.page
    page.goto(f"/vaults/{vault.pk}/ledger/")
    expect(page.get_by_text("what holds now is the target of 30 min")).to_be_visible()
    names = page.get_by_role("region", name="RPO ledger table").locator("tbody tr td:first-child")
    expect(names).to_have_text(["erp-1", "crm-1"])  # the longest out of target first
    page.get_by_label("By tag").select_option("env")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("region", name="By tag table")).to_contain_text("prod")
    visitor.look("ledger-by-tag")
    assert visitor.overflow() == 0
    page.get_by_role("link", name="Machines that overspent").click()  # who overspent the error budget
    expect(names).to_have_text(["erp-1"])
    page.get_by_role("link", name="erp-1", exact=True).click()
    times = page.get_by_role("region", name="Times out of target table").locator("tbody tr")
    expect(times).to_have_count(1)
    expect(times).to_contain_text("1 h 30 min")
    visitor.look("ledger-machine")
    page.goto(f"/vaults/{vault.pk}/ledger/")
    page.get_by_role("link", name="Monthly report").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Coverage and RPO")


def test_another_rpo_target_is_set_and_said_everywhere(come: Come, vault: Vault, admin: Person, counted: LedgerMonth) -> None:
    visitor = come(admin)
    page = visitor.page
    Vault.objects.filter(pk=vault.pk).update(as_of=clock.now())
    page.goto(f"/vaults/{vault.pk}/settings/")
    field = page.get_by_label("RPO target")
    expect(field).to_have_value("30")
    field.fill("0")
    page.get_by_role("button", name="Save rpo target and ledger").click()
    expect(page.get_by_text("greater than or equal to 1").first).to_be_visible()
    visitor.expected.add(422)
    visitor.complaints.clear()  # the refusal
    field.fill("1")
    page.get_by_role("button", name="Save rpo target and ledger").click()
    expect(page.get_by_text("The settings were saved.")).to_be_visible()
    assert Setting.objects.get().vault == vault
    page.goto(f"/items/{counted.item_id}/")
    expect(page.locator("#verdict")).to_contain_text("target 1 min")
    for after, seconds in ((300, 30), (200, 90), (100, 60)):
        seen = {counted.item: Observed(seconds, "Normal", counts=True, unknown=False)}
        rows.seen(vault, clock.now() - timedelta(minutes=after), seen)
    page.goto(f"/vaults/{vault.pk}/items/?columns=name,rpo,course,verdict")
    expect(page.get_by_role("heading", name="RPO within target of 1 min")).to_be_visible()
    expect(gestures.row(page, "erp-1")).to_contain_text("worst 1 min 30 s, above the target in ")
    visitor.look("items-target")
    assert visitor.overflow() == 0


def test_rules_decide_what_the_bell_tells(come: Come, vault: Vault, helpdesk: Person) -> None:
    visitor = come(helpdesk)
    page = visitor.page
    page.goto("/notifications/")
    page.get_by_role("link", name="Choose what you are told").click()
    page.get_by_label("RPO goes over its target: bell").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("RPO goes over its target: bell")).not_to_be_checked()
    notices.tell(Kind.RPO_OVER, vault, [("erp-1", None)])
    notices.tell(Kind.ITEM_CRITICAL, vault, [("crm-1", None)])
    page.goto("/notifications/")
    expect(page.locator(".notices li")).to_have_count(1)
    expect(page.locator(".notices li")).to_contain_text("crm-1")
    page.goto("/notifications/rules/")
    page.get_by_role("main").get_by_role("link", name=vault.name).click()
    expect(page.get_by_text("This vault follows your rules for all vaults")).to_be_visible()
    page.get_by_label("RPO goes over its target: bell").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Your own rules for this vault.")).to_be_visible()
    visitor.look("rules-of-vault")
    assert visitor.overflow() == 0
    notices.tell(Kind.RPO_OVER, vault, [("erp-2", None)])
    page.goto("/notifications/")
    expect(page.locator(".notices li")).to_have_count(2)
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator(".notices li.unread")).to_have_count(0)
    page.goto(f"/vaults/{vault.pk}/notifications/rules/")
    page.get_by_role("button", name="Follow the rules for all vaults").click()
    expect(page.get_by_text("This vault follows your rules for all vaults")).to_be_visible()
    expect(page.get_by_label("RPO goes over its target: bell")).not_to_be_checked()
