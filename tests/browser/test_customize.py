"""Customize in a real browser: zones, a disk that is left out, and two tabs of which the second is told what the first has saved."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser import gestures
from tests.browser.visitor import Visitor

Visit = Callable[..., Visitor]
MACHINE = "erp-sql-02"  # managed disks, three of them for data, in zone 2 (docs/scenarios.md)


def test_zones_a_disk_left_out_and_a_second_tab(visit: Visit) -> None:
    visitor = visit("admin")
    visitor.expected.add(409)
    page = visitor.page
    gestures.to_target(page, MACHINE)
    gestures.customize(page)
    other = visitor.context.new_page()
    other.goto(page.url)
    page.get_by_label(f"Availability of {MACHINE}").select_option(label="Availability zone 3")
    gestures.press(page, "Apply", "**/target/")
    other.get_by_label(f"Availability of {MACHINE}").select_option(label="Availability zone 1")
    other.get_by_role("button", name="Apply", exact=True).click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Somebody else saved this first")
    expect(other.locator("main del").filter(has_text="3").first).to_be_visible()
    expect(other.locator("main ins").filter(has_text="1").first).to_be_visible()
    other.close()

    gestures.customize(page)
    page.get_by_role("link", name=re.compile(f"all settings of {MACHINE}$")).click()
    page.get_by_label(re.compile("^Replication of ")).last.select_option(label="Leave out")
    page.get_by_role("button", name="Apply", exact=True).click()
    page.wait_for_url("**/customize/")
    page.goto(page.url.replace("/customize/", "/target/"))
    gestures.through_checks(page)
    row = gestures.row(page, MACHINE).filter(has_text="left out: ")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Zone 3")
