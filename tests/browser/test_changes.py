"""A machine that needs high churn in a real browser: enabled with it, given another name for after a failover, and disabled again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import gestures
from tests.browser.story import Story
from tests.browser.visitor import Visitor

Visit = Callable[..., Visitor]
MACHINE = "bi-etl-01"  # a Premium SSD v2 disk, which replicates only with high churn (docs/scenarios.md)
NEW_NAME, REASON = "bi-etl-dr", "CHG-0815"


@pytest.fixture(scope="module")
def item(browser: Browser, console: str, story: Story, _screenshots: Path) -> str:
    """The machine's item, Protected by way of the wizard with high churn chosen under *Customize*."""
    administrator = Visitor.arrive(browser, console, _screenshots, "admin")
    page = administrator.page
    try:
        gestures.to_target(page, MACHINE)
        gestures.customize(page)
        page.get_by_label(f"Churn of {MACHINE}").select_option(label="High churn")
        gestures.press(page, "Apply", "**/target/")
        gestures.through_checks(page)
        expect(gestures.row(page, MACHINE)).to_contain_text("high churn")
        gestures.press(page, "Enable replication", "**/runs/**")
        gestures.watch_to_the_end(page)
        page.goto(f"{story.vault}items/")
        expect(gestures.row(page, MACHINE).get_by_text("Protected", exact=True)).to_be_visible(timeout=120_000)
        page.get_by_role("link", name=MACHINE, exact=True).click()
        page.wait_for_url("**/items/*/")
        assert administrator.complaints == []
        return page.url
    except BaseException:
        administrator.picture("failed-high-churn")
        raise
    finally:
        administrator.leave()


def test_another_name_is_asked_for_and_read_back(item: str, visit: Visit) -> None:
    visitor = visit("admin")
    page = visitor.page
    page.goto(f"{item}change/")
    page.get_by_label("Target name").fill(NEW_NAME)
    page.get_by_role("button", name="Review changes").click()
    expect(page.locator("ins").filter(has_text=NEW_NAME)).to_be_visible()
    visitor.look("change-review")
    assert visitor.overflow() == 0
    page.get_by_label("Reason or ticket").fill(REASON)
    gestures.press(page, "Change settings", "**/runs/**")
    gestures.watch_to_the_end(page)
    page.goto(f"{item}change/")
    expect(page.get_by_label("Target name")).to_have_value(NEW_NAME)  # as Azure answered it, not as it was typed


def test_disabling_says_what_stays_and_marks_the_item_gone(item: str, story: Story, visit: Visit) -> None:
    visitor = visit("admin")
    page = visitor.page
    page.goto(item)
    page.get_by_role("link", name="Disable replication").click()
    expect(page.get_by_role("heading", name="What stays behind in Azure")).to_be_visible()
    page.get_by_label("Reason or ticket").fill(REASON)
    gestures.press(page, "Disable replication", "**/runs/**")
    gestures.watch_to_the_end(page)
    visitor.look("run-disable")
    page.goto(item)
    expect(page.get_by_text("This machine is no longer replicated in the vault.")).to_be_visible()
    page.goto(f"{story.vault}items/?q={MACHINE}")
    expect(gestures.row(page, MACHINE)).to_have_count(0)
    page.goto(f"/audit/?subject={MACHINE}")
    page.get_by_role("link", name="Entry").first.click()
    page.get_by_role("link", name="asked to disable replication").first.click()
    expect(page.get_by_text(REASON).first).to_be_visible()
