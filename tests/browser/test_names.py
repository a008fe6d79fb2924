"""New things under names of one's own, in a real browser: checked while they are typed, waited for by Next, and made by the run."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser import gestures
from tests.browser.visitor import Visitor

Visit = Callable[..., Visitor]
IN_A_SET, ANOTHER = "erp-app-03", "erp-app-04"
UNMANAGED = "legacy-pay-02"  # whose target account would by the rule have the name that is taken
SET, CACHE = "as-erp-dr", "sterpcachedr01"
TAKEN = "stcontosopayasr"  # by somebody else in the world (docs/scenarios.md)


def type_in(page: Page, field: str, name: str) -> None:
    """Into one of the fields for all machines, key by key."""
    box = page.get_by_role("textbox", name=field, exact=True)
    box.fill("")
    box.press_sequentially(name)


def test_a_set_and_a_cache_account_are_named_checked_and_made(visit: Visit) -> None:
    visitor = visit("admin")
    page = visitor.page
    gestures.to_target(page, IN_A_SET)
    gestures.customize(page)
    type_in(page, "Or a new availability set named", "-no")
    expect(page.get_by_text("The name needs 1 to 80 letters")).to_be_visible()
    type_in(page, "Or a new availability set named", SET)
    expect(page.get_by_text("Azure takes this name, and nothing that was read has it.")).to_be_visible()
    type_in(page, "Or a new cache account named", CACHE)
    expect(page.get_by_text(f"Nobody in the world has the name {CACHE}.")).to_be_visible()
    visitor.look("wizard-customize-names")
    assert visitor.overflow() == 0
    gestures.press(page, "Apply", "**/target/")
    expect(page.locator("#names")).to_contain_text(f"Nobody in the world has the name {CACHE}.")
    visitor.look("wizard-target-names")
    gestures.through_checks(page)
    for name in (SET, CACHE):
        expect(gestures.row(page, name).locator(".mark.new")).to_have_count(1)
    gestures.press(page, "Create target resources", "**/runs/**")
    gestures.watch_to_the_end(page)
    page.get_by_role("link", name="enabling replication from the draft").click()
    page.wait_for_url("**/review/")
    for name in (SET, CACHE):
        expect(gestures.row(page, name).locator(".mark.reuse")).to_have_count(1)


def test_next_waits_without_a_script_too(visit: Visit) -> None:
    """For the name that the rule gives; one press takes the free one instead."""
    visitor = visit("admin", java_script_enabled=False)
    page = visitor.page
    gestures.begin(page)
    gestures.fill_source(page)
    gestures.press(page, "Next: Virtual machines", "**/machines/")
    gestures.tick(page, UNMANAGED)
    page.get_by_role("button", name="Update selection").click()
    gestures.press(page, "Next: Target settings", "**/target/")
    gestures.next_without_a_script(page)
    expect(page.get_by_text("A name is taken.")).to_be_visible()
    expect(page.locator("#names")).to_contain_text(f"{TAKEN} cannot be had")
    visitor.picture("wizard-target-name-taken")
    gestures.press(page, f"Use {TAKEN}2", "**/target/")
    gestures.next_without_a_script(page)
    expect(page.get_by_role("heading", name="All checks")).to_be_visible()


def test_a_name_that_somebody_else_has_is_refused_with_one_that_is_free(visit: Visit) -> None:
    visitor = visit("admin")
    visitor.expected.add(422)
    page = visitor.page
    gestures.to_target(page, ANOTHER)
    gestures.customize(page)
    type_in(page, "Or a new cache account named", TAKEN)
    sentence = page.get_by_text(re.compile(f"{TAKEN} cannot be had: .*already taken.* {TAKEN}2 is free"))
    expect(sentence).to_be_visible()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.locator("#id_all-cache_name_error")).to_contain_text(f"{TAKEN}2 is free")
    visitor.look("wizard-customize-name-taken")
    type_in(page, "Or a new cache account named", f"{TAKEN}2")
    gestures.press(page, "Apply", "**/target/")
    page.get_by_role("button", name="Next: Checks").click()
    page.wait_for_url("**/checks/")  # at once, or by itself when Azure has answered
