"""What the stylesheet and the script do in a real browser, on the sample pages of tests/ui/guide.py."""

import pytest
from django.conf import settings as current

from tests.ui import guide

sync_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
expect = sync_api.expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = ["/", "/guide/wizard", "/guide/item", "/guide/sign-in", "/guide/page/404", "/guide/page/500"]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def site(settings, live_server):
    """Address of the sample site."""
    engine = dict(current.TEMPLATES[0])
    engine["DIRS"] = [*engine["DIRS"], current.BASE_DIR / "tests/ui/templates"]
    settings.TEMPLATES = [engine]
    settings.ROOT_URLCONF = "tests.ui.guide"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    guide.SELECTED.clear()
    return live_server.url


@pytest.fixture
def page(browser, site):
    """A wide, light page that fails its test when the content policy or the script complained."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce", base_url=site)
    opened, complaints = context.new_page(), []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda line: complaints.append(line.text) if "Content Security Policy" in line.text else None)
    yield opened
    context.close()
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(browser, site, scheme, width):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", base_url=site
    )
    opened = context.new_page()
    for address in PAGES:
        opened.goto(address)
        found = axe.Axe().run(opened, options={"runOnly": {"type": "tag", "values": RULES}}).response["violations"]
        assert [(each["id"], each["nodes"][0]["target"]) for each in found] == [], address
    context.close()


def test_no_page_is_wider_than_320_pixels(page):
    page.set_viewport_size({"width": 320, "height": 700})
    for address in PAGES:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address


def test_selection_takes_ranges_and_reaches_the_server_before_the_next_page(page):
    page.goto("/")
    page.get_by_label("Select erp-app-02").click()
    page.get_by_label("Select erp-app-05").click(modifiers=["Shift"])
    expect(page.locator("#selection-strip b")).to_have_text("4 selected")
    page.get_by_label("Select erp-app-09").click()
    page.get_by_role("link", name="Page 2").click()
    page.wait_for_url("**/?page=2")
    assert {"2", "3", "4", "5", "9"} == guide.SELECTED


def test_the_head_box_takes_the_page(page):
    page.goto("/")
    page.get_by_label("Select all on this page").click()
    expect(page.locator("#selection-strip b")).to_have_text("25 selected")
    page.get_by_label("Select erp-app-01").click()
    expect(page.locator("[data-select-page]")).to_have_js_property("indeterminate", True)


def test_a_live_part_follows_the_server_until_it_says_stop(page):
    page.goto("/")
    expect(page.locator("#live-part")).to_have_text("Version 3", timeout=10_000)
    expect(page.locator("#cell-1")).to_have_text("cell 3")
    expect(page.locator("#announcer")).to_have_text("Version 3")
    expect(page.locator("[data-live]")).to_have_attribute("data-state", "off")


def test_a_blade_has_the_address_of_its_page_and_gives_the_focus_back(page):
    page.goto("/")
    opener, blade = page.get_by_role("link", name="Quick view"), page.locator("#blade")
    opener.click()
    expect(blade).to_be_visible()
    assert page.url.endswith("/guide/item")
    page.keyboard.press("Escape")
    expect(blade).to_have_count(0)
    expect(opener).to_be_focused()
    page.wait_for_url("**/")
    opener.click()
    expect(blade).to_be_visible()
    page.go_back()
    expect(blade).to_have_count(0)


def test_what_cannot_be_done_says_why_on_hover_focus_and_click(page):
    page.goto("/")
    button = page.get_by_role("button", name="Failover")
    button.hover()
    expect(button.locator(".tip")).to_be_visible()
    page.keyboard.press("Escape")
    expect(button.locator(".tip")).to_be_hidden()
    button.focus()
    button.press("Enter")
    expect(page.locator(".toast")).to_have_text("Only administrators can fail over machines.")


def test_shortcuts_and_the_menu_as_a_dialog(page):
    page.goto("/")
    page.keyboard.press("Control+/")
    expect(page.locator("#menu-search")).to_be_focused()
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_label("Show menu").click()
    expect(page.locator("dialog.menu-dialog #menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".frame > #menu")).to_have_count(1)


def test_the_first_wrong_field_has_the_focus(page):
    page.goto("/guide/wizard")
    page.get_by_label("Resource group").fill("rg-erp")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("[aria-invalid='true']").first).to_be_focused()
    expect(page.get_by_label("Resource group")).to_have_value("rg-erp")


def test_without_script_the_menu_opens_and_a_grid_can_be_selected(browser, site):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}, base_url=site)
    opened = context.new_page()
    opened.goto("/")
    opened.get_by_label("Show menu").click()
    expect(opened.locator("#menu")).to_be_visible()
    expect(opened.get_by_role("button", name="Update selection")).to_be_visible()
    context.close()
