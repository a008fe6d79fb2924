"""Machines of other kinds go through the same wizard: unmanaged disks in an availability set, and the classic model."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser import gestures
from tests.browser.story import Story
from tests.browser.visitor import Visitor

Visit = Callable[..., Visitor]
UNMANAGED, CLASSIC = "legacy-pay-01", "cls-web-01"


def test_unmanaged_disks_in_an_availability_set(story: Story, visit: Visit) -> None:
    visitor = visit("admin")
    page = visitor.page
    gestures.to_target(page, UNMANAGED)
    gestures.customize(page)
    page.get_by_label(f"Target storage account of {UNMANAGED}").focus()
    # The rule's name is taken elsewhere in the world (docs/scenarios.md): another one is given.
    page.get_by_role("textbox", name="Or a new target account named", exact=True).fill("stcontosopaydr01")
    visitor.look("wizard-customize-unmanaged")
    gestures.press(page, "Apply", "**/target/")
    gestures.through_checks(page)
    expect(gestures.row(page, UNMANAGED)).to_contain_text("-asr")
    gestures.press(page, "Enable replication", "**/runs/**")
    gestures.watch_to_the_end(page)


def test_a_classic_machine_into_a_cloud_service(story: Story, visit: Visit) -> None:
    visitor = visit("admin")
    page = visitor.page
    gestures.begin(page)
    gestures.fill_source(page, model="Classic")
    expect(page.get_by_text("Found 3 machines")).to_be_visible()
    gestures.press(page, "Next: Virtual machines", "**/machines/")
    gestures.tick(page, CLASSIC)
    gestures.press(page, "Next: Target settings", "**/target/")
    expect(page.get_by_text("Cloud service").first).to_be_visible()
    visitor.look("wizard-target-classic")
    gestures.through_checks(page)
    gestures.press(page, "Enable replication", "**/runs/**")
    gestures.watch_to_the_end(page)
