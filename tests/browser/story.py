"""The main job, told once: an administrator protects machines of East Asia in Southeast Asia, and watches."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser import gestures
from tests.browser.visitor import Visitor, sign_in

MACHINES = ("web-fe-02", "crm-web-01", "crm-web-02", "erp-app-01")
CUSTOMIZED = "crm-web-02"


@dataclass
class Story:
    """Where to look at what came of it."""

    vault: str
    run: str
    item: str
    complaints: list[str]


def tell(administrator: Visitor) -> Story:
    """Sign in, walk the wizard, customize one machine, create the targets, enable, watch to Protected, refresh."""
    page = administrator.page
    page.goto("/")
    administrator.look("sign-in")
    sign_in(page, "admin")
    administrator.look("vaults")
    vault = _source(administrator)
    _machines(administrator)
    _target(administrator)
    _create_targets(administrator)
    run = _enable(administrator)
    item = _items(administrator)
    return Story(vault, run, item, administrator.complaints)


def _source(administrator: Visitor) -> str:
    page = administrator.page
    page.get_by_role("link", name=gestures.VAULT, exact=True).click()
    page.wait_for_url("**/vaults/*/")
    vault = page.url
    administrator.look("overview-empty")
    gestures.press(page, "Replicate", "**/source/")
    gestures.fill_source(page)
    expect(page.get_by_text(re.compile(r"Found 52 machines, \d\d can be replicated\."))).to_be_visible()
    page.get_by_label("rg-crm-prod (3 machines)").check()
    expect(page.get_by_text("Found 3 machines, 3 can be replicated.")).to_be_visible()
    page.get_by_label("rg-crm-prod (3 machines)").uncheck()
    expect(page.get_by_text("Found 52 machines")).to_be_visible()
    administrator.look("wizard-source")
    gestures.press(page, "Next: Virtual machines", "**/machines/")
    return vault


def _machines(administrator: Visitor) -> None:
    """Search, a range by shift-click, pages: the selection outlives all of it, and a reload."""
    page = administrator.page
    gestures.tick(page, MACHINES[0])
    gestures.search(page, "")
    page.get_by_role("link", name="25 rows per page").click()
    page.get_by_label(f"Select {MACHINES[1]}").click()
    page.get_by_label(f"Select {MACHINES[3]}").click(modifiers=["Shift"])
    expect(page.locator("#selection-strip b")).to_have_text(f"{len(MACHINES)} selected")
    expect(page.locator("#totals")).to_have_text(re.compile(r"^4 selected, \d disks, [\d.]+ GiB$"))
    page.get_by_role("link", name="Page 2").click()
    expect(page.locator("#selection-strip b")).to_have_text(f"{len(MACHINES)} selected")
    administrator.look("wizard-machines-reasons")
    page.get_by_role("link", name="Page 1").click()
    page.reload()
    for machine in MACHINES[1:]:
        expect(page.get_by_label(f"Select {machine}")).to_be_checked()
    administrator.look("wizard-machines")
    gestures.press(page, "Next: Target settings", "**/target/")


def _target(administrator: Visitor) -> None:
    """The rules' targets, and one machine with a disk type of its own."""
    page = administrator.page
    expect(page.get_by_label("Target location")).to_have_value("southeastasia")
    expect(page.get_by_text("rg-crm-prod-asr").first).to_be_visible()
    administrator.look("wizard-target")
    page.get_by_role("button", name="Customize").click()
    blade = page.get_by_role("dialog", name="Customize target settings")
    expect(blade).to_be_visible()
    administrator.look("wizard-customize")
    blade.get_by_label(f"Replica disk type of {CUSTOMIZED}").select_option(label="Premium SSD")
    gestures.press(page, "Apply", "**/target/")
    expect(page.get_by_text("The changes were kept in the draft.")).to_be_visible()
    page.get_by_role("button", name="Customize").click()
    blade.get_by_role("link", name="Changed 1").click()
    expect(blade.locator("tbody tr")).to_have_count(1)
    administrator.look("wizard-customize-changed")
    page.keyboard.press("Escape")
    page.wait_for_url("**/target/")
    gestures.press(page, "Next: Checks", "**/checks/")
    gestures.made(page)
    administrator.look("wizard-checks")
    gestures.acknowledge(page)
    page.get_by_role("link", name="Next: Review and create").click()
    page.wait_for_url("**/review/")


def _create_targets(administrator: Visitor) -> None:
    """The first of the two actions, and back on the review everything is there."""
    page = administrator.page
    expect(page.get_by_text("Validation passed.")).to_be_visible()
    expect(gestures.row(page, CUSTOMIZED)).to_contain_text("Premium SSD")
    administrator.look("wizard-review-new")
    gestures.press(page, "Create target resources", "**/runs/**")
    gestures.watch_to_the_end(page)
    administrator.look("run-targets")
    page.get_by_role("link", name="enabling replication from the draft").click()
    page.wait_for_url("**/review/")
    expect(page.locator(".mark.reuse").first).to_be_visible()
    expect(page.locator(".mark.new")).to_have_count(0)
    administrator.look("wizard-review-reuse")


def _enable(administrator: Visitor) -> str:
    page = administrator.page
    gestures.press(page, "Enable replication", "**/runs/**")
    run = page.url
    expect(page.get_by_role("heading", level=1)).to_contain_text("Enable replication")
    administrator.look("run-live")
    gestures.watch_to_the_end(page)
    administrator.look("run-succeeded")
    return run


def _items(administrator: Visitor) -> str:
    """Replicated items, live to Protected; Refresh says what came of it."""
    page = administrator.page
    page.get_by_role("link", name="see them on Replicated items").click()
    page.wait_for_url("**/items/")
    administrator.look("items-live")
    for machine in MACHINES:
        expect(_protected(page, machine)).to_be_visible(timeout=120_000)
    page.get_by_role("button", name="Refresh", exact=True).click()
    expect(page.locator("#reading")).to_contain_text("since the last reading", timeout=30_000)
    page.goto(page.url.split("?")[0])
    administrator.look("items-protected")
    page.get_by_role("link", name=CUSTOMIZED, exact=True).click()
    page.wait_for_url("**/items/*/")
    expect(page.get_by_role("heading", level=1)).to_have_text(CUSTOMIZED)
    administrator.look("item")
    return page.url


def _protected(page: Page, machine: str):
    return gestures.row(page, machine).get_by_text("Protected", exact=True)
