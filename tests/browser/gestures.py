"""What people do in the wizard, as gestures on a page."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

VAULT, LOCATION, SUBSCRIPTION = "rsv-dr-sea", "East Asia", "Contoso Production"
LOOKS = 400  # pages that are loaded again without a script, until a worker has answered


def press(page: Page, button: str, lands: str | re.Pattern[str]) -> None:
    """Press a button that leads to another address."""
    page.get_by_role("button", name=button, exact=True).first.click()
    page.wait_for_url(lands)


def begin(page: Page, vault: str = VAULT) -> None:
    """+Replicate in a vault."""
    page.goto("/vaults/")
    page.get_by_role("link", name=vault, exact=True).click()
    press(page, "Replicate", "**/source/")


def fill_source(page: Page, model: str = "Resource Manager") -> None:
    """The source page, as far as *Next*."""
    page.get_by_label("Source location").select_option(label=_option(page, "Source location", LOCATION))
    page.get_by_role("checkbox", name=re.compile(f"^{SUBSCRIPTION} ")).check()
    page.get_by_label(model).check()


def _option(page: Page, field: str, begins: str) -> str:
    options = page.get_by_label(field).locator("option").all_inner_texts()
    return next(option for option in options if option.startswith(begins))


def tick(page: Page, *machines: str) -> None:
    """Tick machines, each found by the search."""
    for machine in machines:
        search(page, machine)
        page.get_by_label(f"Select {machine}", exact=True).check()


def search(page: Page, words: str) -> None:
    """Search in the machines' list."""
    box = page.get_by_role("searchbox", name="Name, address, group or tag", exact=True)
    box.fill(words)
    box.press("Enter")
    page.wait_for_url(re.compile(r"[?&]q=" + re.escape(words)))


def to_target(page: Page, *machines: str) -> None:
    """A draft of these machines, up to its target page."""
    begin(page)
    fill_source(page)
    press(page, "Next: Virtual machines", "**/machines/")
    tick(page, *machines)
    press(page, "Next: Target settings", "**/target/")


def to_review(page: Page, *machines: str) -> None:
    """A draft of these machines, with the target settings that are proposed."""
    to_target(page, *machines)
    through_checks(page)


def customize(page: Page) -> None:
    """From the target page to the blade in which its targets are changed."""
    press(page, "Customize", "**/customize/")


def next_without_a_script(page: Page) -> None:
    """Press *Next* on the target page, and look again until it no longer waits for Azure."""
    press(page, "Next: Checks", re.compile("/(checks/|target/.wait=1)$"))
    waiting = page.get_by_role("link", name="See whether it has answered")
    for _ in range(LOOKS):
        if not waiting.count():
            return
        waiting.click()


def through_checks(page: Page) -> None:
    """From the target page past the checks, whose warnings are read and acknowledged, to the review."""
    press(page, "Next: Checks", "**/checks/")
    made(page)
    acknowledge(page)
    page.get_by_role("link", name="Next: Review and create").click()
    page.wait_for_url("**/review/")


def made(page: Page) -> None:
    """Wait until all checks are made; the page says so by itself."""
    expect(page.get_by_role("button", name="Check everything again")).to_be_visible(timeout=60_000)


def acknowledge(page: Page) -> None:
    """Tick and acknowledge every warning there is."""
    boxes = page.get_by_label("I have read this and go on")
    if not boxes.count():
        return
    for box in boxes.all():
        box.check()
    page.get_by_role("button", name="Acknowledge what is ticked").click()
    expect(page.get_by_text("Nothing stands in the way.")).to_be_visible()


def new_policy(page: Page, name: str) -> None:
    """A policy of the draft's own, on the target page."""
    page.get_by_label("Replication policy").select_option(label="New policy")
    page.get_by_label("Name of the new policy").fill(name)


def row(page: Page, words: str) -> Locator:
    """The rows of tables in which these words stand."""
    return page.locator("tbody tr").filter(has_text=words)


def watch_to_the_end(page: Page) -> None:
    """Stay on a run's page until it says by itself that everything succeeded."""
    expect(page.get_by_text("Everything succeeded.")).to_be_visible(timeout=90_000)


def come_back(page: Page) -> None:
    """As if one came back to the tab: what is live asks at once."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
