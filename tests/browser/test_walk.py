"""The main job in a real browser against real processes, and what the other roles find of it afterwards."""

from __future__ import annotations

import csv
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser import gestures
from tests.browser.story import CUSTOMIZED, MACHINES, Story
from tests.browser.visitor import Visitor

Visit = Callable[..., Visitor]


def test_the_administrator_protects_machines(story: Story) -> None:
    """Walked by the fixture; what it saw on the way must be free of complaints."""
    assert story.complaints == []


def test_helpdesk_reads_and_is_told_why_it_cannot_do_more(story: Story, visit: Visit) -> None:
    helpdesk = visit("helpdesk")
    page = helpdesk.page
    page.goto(story.vault)
    button = page.get_by_role("button", name="Replicate", exact=True).first
    expect(button).to_have_attribute("aria-disabled", "true")
    button.hover()
    expect(button.locator(".tip")).to_contain_text("administrator")
    helpdesk.look("helpdesk-overview")
    page.goto(f"{story.vault}items/")
    for machine in MACHINES:
        expect(gestures.row(page, machine)).to_be_visible()
    helpdesk.look("helpdesk-items")
    page.goto(story.run)
    expect(page.get_by_text("Everything succeeded.")).to_be_visible()
    answer = page.request.post(
        f"{story.vault}replicate/", form={"csrfmiddlewaretoken": _token(helpdesk)}, headers={"Referer": story.vault}
    )
    assert answer.status == 403
    assert "administrator" in answer.text()


def test_the_team_lead_finds_who_did_it_and_exports_it(story: Story, visit: Visit) -> None:
    lead = visit("lead")
    page = lead.page
    page.goto("/audit/")
    page.get_by_label("Subject or machine").fill(CUSTOMIZED)
    page.get_by_label("Action").select_option(label=_option(lead, "Run: enable"))
    page.get_by_role("button", name="Apply").click()
    lead.look("audit-filtered")
    row = gestures.row(page, "Demo administrator").first
    expect(row).to_contain_text("4 machines")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Export CSV").click()
    with downloading.value.path().open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert any(each["Person"] == "Demo administrator" and "admin" in each["Role"].lower() for each in rows), rows
    row.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Demo administrator")
    expect(page.get_by_text(CUSTOMIZED).first).to_be_visible()
    lead.look("audit-entry")


def _option(visitor: Visitor, begins: str) -> str:
    options = visitor.page.get_by_label("Action").locator("option").all_inner_texts()
    return next(option for option in options if option.startswith(begins))


def _token(visitor: Visitor) -> str:
    return visitor.page.locator("[name=csrfmiddlewaretoken]").first.input_value()
