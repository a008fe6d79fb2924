"""Every page for everybody: axe in both themes and widths, 320 pixels, no script, the keyboard alone, two tabs, back and reload."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import gestures, plants
from tests.browser.pages import NOT_PAGES, ON_THE_WAY, PAGES, Places, names, open_page
from tests.browser.story import Story
from tests.browser.visitor import NARROW, Visitor, sign_in

Visit = Callable[..., Visitor]


def test_no_page_is_forgotten() -> None:
    assert {name for name in names() if not NOT_PAGES.search(name)} == set(PAGES) | set(ON_THE_WAY)


@pytest.fixture(scope="session")
def places(browser, console: str, story: Story, _screenshots: Path) -> Places:
    """What the story left, a draft of the administrator that is filled in up to the review, and what is set up by hand."""
    administrator = Visitor.arrive(browser, console, _screenshots, "admin")
    try:
        gestures.to_review(administrator.page, "erp-web-01", "erp-web-02")
        draft = administrator.page.url.removesuffix("review/")
        return Places(story.vault, story.run, story.item, draft, plants.all_of_them(administrator.page, story.vault))
    except BaseException:
        administrator.picture("failed-places")
        raise
    finally:
        administrator.leave()


@pytest.fixture(scope="module")
def seated(browser: Browser, console: str, _screenshots: Path) -> Iterator[Callable[[str], Visitor]]:
    """Somebody who opens one page after the other in one browser, as people do, which has styles and scripts already."""
    seats: dict[str, Visitor] = {}

    def take(person: str) -> Visitor:
        if person not in seats:
            seats[person] = Visitor.arrive(browser, console, _screenshots, person)
        visitor = seats[person]
        visitor.complaints.clear()
        visitor.expected.clear()
        return visitor

    yield take
    for visitor in seats.values():
        visitor.leave()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_axe_finds_nothing_and_nothing_overflows(name: str, places: Places, seated: Callable[[str], Visitor]) -> None:
    person, way = PAGES[name]
    visitor = seated(person)
    visitor.expected |= {403} if name == "password_change" else set()  # a demo account's is published
    open_page(visitor.page, way, places)
    visitor.look(f"page-{name}")
    assert [width for width in (320, 1280) if visitor.overflow(width)] == []
    assert visitor.complaints == []


@pytest.mark.parametrize(("address", "status"), [("/vaults/999999/", 404), ("/nothing/", 404), ("/people/", 403)])
def test_refusals_are_pages_too(address: str, status: int, visit: Visit) -> None:
    visitor = visit("helpdesk")
    visitor.expected.add(status)
    answer = visitor.page.goto(address)
    assert answer is not None
    assert answer.status == status
    visitor.look(f"refusal-{status}")
    assert visitor.overflow() == 0


def test_somebody_elses_draft_is_read_only_until_it_is_taken_over(story: Story, visit: Visit) -> None:
    first = visit("admin").page
    gestures.to_review(first, "web-fe-03")
    address = first.url.removesuffix("review/")
    plants.second_administrator(first)
    second = visit()
    sign_in(second.page, plants.SECOND, plants.PASSWORD)
    for name in ("source", "machines", "target", "customize", "review"):
        second.page.goto(f"{address}{name}/")
        expect(second.page.get_by_text("Read only.")).to_be_attached()
        second.look(f"read-only-{name}")
    second.page.get_by_role("button", name="Take over this draft").click()
    expect(second.page.get_by_role("button", name="Enable replication")).not_to_have_attribute("aria-disabled", "true")
    first.goto(f"{address}review/")
    expect(first.get_by_text("Read only.")).to_be_visible()


# --- without a script -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1440, 900), NARROW])
def test_the_wizard_completes_without_script(size: tuple[int, int], story: Story, visit: Visit) -> None:
    visitor = visit(size=size, java_script_enabled=False)
    page, machine = visitor.page, {1440: "erp-app-02", 390: "crm-db-01"}[size[0]]
    sign_in(page, "admin")
    gestures.begin(page)
    gestures.fill_source(page)
    page.get_by_role("button", name="Show resource groups").click()
    page.get_by_label(re.compile("^rg-crm-prod" if machine.startswith("crm") else "^rg-erp-prod")).check()
    gestures.press(page, "Next: Virtual machines", "**/machines/")
    page.get_by_label(f"Select {machine}").check()
    page.get_by_role("button", name="Update selection").click()
    expect(page.locator("#selection-strip b")).to_have_text("1 selected")
    visitor.picture(f"no-script-machines-{size[0]}")
    gestures.press(page, "Next: Target settings", "**/target/")
    gestures.customize(page)
    page.get_by_label(f"Replica disk type of {machine}").select_option(label="Standard SSD")
    visitor.picture(f"no-script-customize-{size[0]}")
    gestures.press(page, "Apply", "**/target/")
    gestures.next_without_a_script(page)
    _reload_until(page, "Check everything again")
    visitor.picture(f"no-script-checks-{size[0]}")
    gestures.acknowledge(page)
    page.get_by_role("link", name="Next: Review and create").click()
    expect(gestures.row(page, machine)).to_contain_text("Standard SSD")
    gestures.press(page, "Enable replication", "**/runs/**")
    _reload_until(page, "Everything succeeded.")


def _reload_until(page: Page, words: str) -> None:
    for _ in range(90):
        if page.get_by_text(words).count():
            return
        page.wait_for_timeout(1000)
        page.reload()
    raise AssertionError(f"{words} did not appear on {page.url}")


# --- by keyboard ------------------------------------------------------------------------------------------------------


def tab_to(page: Page, label: str, key: str = "Tab") -> None:
    """Press Tab until the control with this name (or with one that begins so…) has the focus, as somebody would without a mouse."""
    for _ in range(150):
        page.keyboard.press(key)
        name = "".join(page.locator(":focus").evaluate_all(NAME))
        if name == label or (label.endswith("…") and name.startswith(label[:-1])):
            return
    raise AssertionError(f"the keyboard does not reach {label} on {page.url}")


NAME = """found => found.map(e => e.ariaLabel || (e.labels?.[0]?.innerText ?? e.innerText).replace("*", "").trim())"""


def test_the_wizard_completes_by_keyboard(story: Story, visit: Visit) -> None:
    page = visit("admin").page
    page.goto(story.vault)
    _activate(page, "Replicate", "**/source/")
    tab_to(page, "Source location")
    page.keyboard.type(gestures.LOCATION)
    tab_to(page, f"{gestures.SUBSCRIPTION} (…")
    page.keyboard.press("Space")
    tab_to(page, "Resource Manager")
    page.keyboard.press("Space")
    expect(page.get_by_text("Found 52 machines")).to_be_visible()
    _activate(page, "Next: Virtual machines", "**/machines/")
    tab_to(page, "Name, address, group or tag")
    page.keyboard.type("hr-")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=hr-**")
    first = page.locator("[data-select]:enabled").first
    tab_to(page, str(first.get_attribute("aria-label")))
    page.keyboard.press("Space")
    expect(page.locator("#totals")).to_contain_text("1 selected")
    _activate(page, "Next: Target settings", "**/target/")
    _activate(page, "Customize", "**/customize/")
    expect(page.get_by_role("dialog")).to_be_visible()
    tab_to(page, "Replica disk type")
    page.keyboard.type("Premium")
    _activate(page, "Apply", "**/target/")
    _activate(page, "Next: Checks", "**/checks/")
    gestures.made(page)
    tab_to(page, "I have read this and go on")  # the lock on the group of the personnel machines
    page.keyboard.press("Space")
    _activate(page, "Acknowledge what is ticked", "**/checks/")
    expect(page.get_by_text("Nothing stands in the way.")).to_be_visible()
    _activate(page, "Next: Review and create", "**/review/")
    _activate(page, "Enable replication", "**/runs/**")
    gestures.watch_to_the_end(page)


def _activate(page: Page, button: str, lands: str) -> None:
    tab_to(page, button)
    page.keyboard.press("Enter")
    page.wait_for_url(lands)


# --- two tabs, back, forward, reload ----------------------------------------------------------------------------------


def test_two_tabs_on_one_draft_do_not_mix(story: Story, visit: Visit) -> None:
    visitor = visit("admin")
    visitor.expected.add(409)
    page = visitor.page
    gestures.to_target(page, "erp-sql-01")
    other = visitor.context.new_page()
    other.goto(page.url)
    gestures.new_policy(page, "first-tab")
    gestures.press(page, "Next: Checks", "**/checks/")
    gestures.new_policy(other, "second-tab")
    other.get_by_role("button", name="Next: Checks").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Somebody else saved this first")
    stale = Visitor(other, visitor.url, visitor.screenshots, visitor.complaints)
    stale.look("wizard-stale")
    assert stale.overflow() == 0
    other.get_by_role("link", name="Load what is saved").click()
    expect(other.get_by_label("Name of the new policy")).to_have_value("first-tab")


def test_back_forward_and_reload_keep_what_was_saved(story: Story, visit: Visit) -> None:
    page = visit("admin").page
    gestures.to_review(page, "web-fe-01")
    page.go_back()
    page.wait_for_url("**/checks/")
    expect(page.get_by_text("Nothing stands in the way.")).to_be_visible()
    page.go_back()
    page.wait_for_url("**/target/")
    expect(page.get_by_label("Target location")).to_have_value("southeastasia")
    page.go_forward()
    page.go_forward()
    page.wait_for_url("**/review/")
    expect(gestures.row(page, "web-fe-01")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Validation passed.")).to_be_visible()
    page.get_by_role("link", name="Virtual machines").click()
    gestures.search(page, "web-fe-01")
    expect(page.get_by_label("Select web-fe-01")).to_be_checked()


def test_leaving_changes_unsaved_asks_once(story: Story, visit: Visit) -> None:
    page = visit("admin").page
    gestures.to_target(page, "file-srv-01")
    gestures.customize(page)
    asked: list[str] = []
    page.get_by_label("Replica disk type of file-srv-01").select_option(label="Premium SSD")
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.get_by_role("link", name="Discard").click()
    expect(page.get_by_label("Replica disk type of file-srv-01")).to_have_value("Premium_LRS")
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    page.get_by_role("link", name="Discard").click()
    page.wait_for_url("**/target/")
    assert asked == ["Close without saving what you changed?"] * 2
