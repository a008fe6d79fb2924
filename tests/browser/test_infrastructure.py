"""What Site Recovery has set up in a vault, in a browser: a policy from its form to its end, a network's target, cache storage."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser import gestures, plants
from tests.browser.story import Story
from tests.browser.visitor import Visitor

Visit = Callable[..., Visitor]
POLICY = "browser-policy"


def done(page: Page) -> None:
    """Press what the review offers, and stay until workers have done it."""
    page.locator("main form .button.primary, main form .button.danger").click()
    page.wait_for_url("**/runs/**")
    gestures.watch_to_the_end(page)


def test_a_policy_is_created_edited_and_deleted(story: Story, visit: Visit) -> None:
    visitor = visit("admin")
    page = visitor.page
    plants.policy(page, story.vault, POLICY)
    page.goto(f"{story.vault}policies/")
    mine = gestures.row(page, POLICY)
    expect(mine).to_contain_text("48 h")
    expect(mine).to_contain_text("no machine")
    mine.get_by_role("link", name="Edit").click()
    visitor.expected.add(422)
    page.get_by_label("Recovery point retention").fill("400")
    page.get_by_role("button", name="Review", exact=True).click()
    expect(page.get_by_text("360").first).to_be_visible()  # what Azure keeps at most, said at the field
    page.get_by_label("Recovery point retention").fill("72")
    page.get_by_role("button", name="Review", exact=True).click()
    expect(page.locator("ins").filter(has_text="72 h")).to_be_visible()
    visitor.look("policy-edit-review")
    assert visitor.overflow() == 0
    done(page)
    page.goto(f"{story.vault}policies/")
    expect(mine).to_contain_text("72 h")
    mine.get_by_role("link", name="Delete").click()
    done(page)
    page.goto(f"{story.vault}policies/")
    expect(mine).to_have_count(0)


def test_a_policy_in_use_cannot_be_deleted(story: Story, visit: Visit) -> None:
    page = visit("admin").page
    page.goto(f"{story.vault}policies/")
    used = page.locator("tbody tr").filter(has=page.locator("td a[href*='?policy=']")).first
    expect(used.get_by_role("button", name="Delete")).to_have_attribute("aria-disabled", "true")
    used.locator("td a[href*='?policy=']").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Replicated items")  # the machines that use it
    expect(page.locator("tbody tr").first).to_be_visible()


def test_a_network_gets_a_target_and_loses_it(story: Story, visit: Visit) -> None:
    visitor = visit("admin")
    page = visitor.page
    page.goto(f"{story.vault}network-mappings/")
    open_ = gestures.row(page, "Not mapped")
    name = open_.first.locator("td").first.inner_text().strip()
    open_.first.get_by_role("link", name="Map", exact=True).click()
    targets = page.get_by_label("Target network").locator("option:not([value=''])")
    page.get_by_label("Target network").select_option(index=targets.count())  # the last one
    page.get_by_role("button", name="Review", exact=True).click()
    visitor.look("mapping-review")
    done(page)
    page.goto(f"{story.vault}network-mappings/")
    mine = gestures.row(page, name).first
    expect(mine.get_by_role("link", name="Change")).to_be_visible()
    mine.get_by_role("link", name="Delete").click()
    done(page)
    page.goto(f"{story.vault}network-mappings/")
    expect(gestures.row(page, name).first).to_contain_text("Not mapped")


def test_cache_storage_shows_what_it_carries(story: Story, visit: Visit) -> None:
    page = visit("helpdesk").page
    page.goto(f"{story.vault}cache-storage/")
    row = page.get_by_role("region", name="Cache storage table").locator("tbody tr").first
    expect(row).to_contain_text("East Asia")
    expect(row.locator("td.amount").first).not_to_have_text("0")
