"""The page *Checks* in a browser: an obstacle that stops the run, a warning that is acknowledged, on a wide screen and on a phone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser import gestures
from tests.browser.visitor import Visitor

Visit = Callable[..., Visitor]

NAME_TAKEN = "legacy-pay-02"  # the name that the rule gives its target account is taken elsewhere (docs/scenarios.md)
LOCKED = "hr-api-02"  # its group must not be deleted


def test_an_obstacle_stops_the_run_and_says_who_can_mend_it(visit: Visit) -> None:
    visitor = visit("admin")
    page = visitor.page
    gestures.to_target(page, NAME_TAKEN)
    page.get_by_role("button", name="Next: Checks").click()
    expect(page.get_by_text("A name is taken.")).to_be_visible()
    expect(page.get_by_role("button", name="Use stcontosopayasr2")).to_be_visible()
    visitor.look("wizard-target-name-of-a-rule-taken")
    page.goto(page.url.replace("/target/?wait=1", "/checks/"))  # whoever goes there all the same
    gestures.made(page)
    expect(page.get_by_text("The run cannot begin.")).to_be_visible()
    expect(page.locator(".findings .error")).to_contain_text("stcontosopayasr cannot be had")
    expect(page.locator(".findings .error")).to_contain_text("Who can mend it")
    visitor.look("wizard-checks-blocked")
    page.set_viewport_size({"width": 390, "height": 844})
    assert visitor.overflow() == 0
    page.get_by_role("link", name="Next: Review and create").click()
    page.wait_for_url("**/review/")
    expect(page.get_by_text("The checks found 1 obstacle: mend it first.").first).to_be_visible()
    for action in ("Create target resources", "Enable replication"):
        expect(page.get_by_role("button", name=action)).to_have_attribute("aria-disabled", "true")


def test_a_warning_is_acknowledged_by_name(visit: Visit) -> None:
    page = visit("admin").page
    gestures.to_target(page, LOCKED)
    gestures.press(page, "Next: Checks", "**/checks/")
    gestures.made(page)
    expect(page.get_by_text("hr-records-keep").first).to_be_visible()
    page.get_by_role("button", name="Acknowledge what is ticked").click()
    expect(page.get_by_text("No warning was ticked that still waits.")).to_be_visible()
    gestures.acknowledge(page)
    page.get_by_text("Check everything again").click()
    gestures.made(page)
    expect(page.get_by_text("Nothing stands in the way.")).to_be_visible()  # what was acknowledged stays so for this plan
