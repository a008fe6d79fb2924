"""Four eyes in a browser: what one administrator asks for is held back, a second one agrees, and then it is done as it was asked."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser import gestures, plants
from tests.browser.story import Story
from tests.browser.visitor import Visitor, sign_in

Visit = Callable[..., Visitor]
RULE, POLICY = "Change replication policies", "four-eyes-policy"


def test_a_change_waits_for_a_second_administrator(story: Story, visit: Visit) -> None:
    first, second = visit("admin"), visit()
    page = first.page
    plants.second_administrator(page)
    _rule(page, story.vault, on=True)
    try:
        asked = _ask(first, story.vault)
        sign_in(second.page, plants.SECOND, plants.PASSWORD)
        second.page.goto("/approvals/")
        second.page.locator("tbody a").first.click()
        second.page.wait_for_url(asked)
        second.look("approval-to-decide")
        second.page.get_by_label("Note").fill("Agreed with the storage team.")
        gestures.press(second.page, "Approve", asked)
        expect(second.page.get_by_text("Agreed with the storage team.")).to_be_visible()
        page.goto(asked)
        first.look("approval-approved")
        gestures.press(page, RULE, "**/runs/**")
        gestures.watch_to_the_end(page)
    finally:
        _rule(page, story.vault, on=False)
    page.goto(f"{story.vault}policies/")
    expect(gestures.row(page, POLICY)).to_be_visible()


def _rule(page: Page, vault: str, *, on: bool) -> None:
    page.goto(f"{vault}settings/")
    page.get_by_label(RULE).set_checked(on)
    page.locator("#approvals .button.primary").click()
    expect(page.get_by_text("The settings were saved.")).to_be_visible()


def _ask(first: Visitor, vault: str) -> str:
    """A new policy, which is held back: the address of the request."""
    page = first.page
    page.goto(f"{vault}policies/new/")
    page.locator("main").get_by_label("Name").fill(POLICY)
    page.get_by_label("Recovery point retention").fill("24")
    page.get_by_label("App-consistent snapshot").fill("0")
    page.get_by_role("button", name="Review", exact=True).click()
    page.locator("form .button.primary").click()
    page.wait_for_url("**/approvals/*/")
    expect(page.get_by_text("a second person has to approve this first")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_attribute("aria-disabled", "true")
    first.look("approval-asked")
    assert first.overflow() == 0
    return page.url
