"""A list out of a spreadsheet in a real browser: a thousand lines with what people get wrong in them, pasted in one go."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser import gestures
from tests.browser.visitor import NARROW, Visitor

Visit = Callable[..., Visitor]
# Machines that no other test protects, and one name that two machines have (docs/scenarios.md).
GOOD = [f"mq-broker-0{n}" for n in (1, 2, 3)] + ["erp-web-01", "erp-web-02"] + [f"web-fe-0{n}" for n in range(4, 9)]
TWINS, ELSEWHERE, CLASSIC = "drill-01", "jp-pos-01", "cls-web-01"


def lines() -> list[str]:
    """A thousand: ten machines, each again in capitals, five a third time, a name of two, two misplaced; the others have a typo."""
    meant = [*GOOD, TWINS, ELSEWHERE, CLASSIC, *map(str.upper, GOOD), *GOOD[:5]]
    typos = [f"{GOOD[n % len(GOOD)].replace('-', '', 1)}{n}" for n in range(1000 - len(meant))]
    return meant + typos


def test_a_thousand_lines_are_counted_named_settled_and_added(visit: Visit) -> None:
    visitor = visit("admin")
    visitor.expected.add(422)
    page = visitor.page
    gestures.begin(page)
    gestures.fill_source(page)
    gestures.press(page, "Next: Virtual machines", "**/machines/")
    page.goto(page.url.replace("/machines/", "/paste/"))
    # At once, as from a clipboard; `fill` types, which takes Chromium long for so many lines.
    page.get_by_label("Machines", exact=True).evaluate("(field, text) => { field.value = text; }", "\n".join(lines()))
    page.get_by_role("button", name="Check the list").click()
    expect(page.get_by_role("status").filter(has_text="1,000 lines")).to_have_text(
        "1,000 lines: 10 can be added, 1 ambiguous, 972 not found, 1 in another region, 1 of the other deployment model, 15 named before."
    )
    expect(page.locator("#heap-unmatched tbody tr")).to_have_count(100)
    expect(page.locator("#heap-unmatched")).to_contain_text("and 872 more lines.")
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    assert visitor.overflow() == 0
    page.get_by_role("radio", name=f"{TWINS} in rg-drill-old").check()
    page.get_by_role("button", name="Check the list").click()
    expect(page.locator("#heap-add tbody tr")).to_have_count(11)
    expect(page.locator("#heap-ambiguous")).to_have_count(0)
    visitor.picture("paste-thousand-narrow")
    gestures.press(page, "Add 11 machines", "**/machines/?chosen=yes")
    expect(page.get_by_text("11 machines of the list were added.")).to_be_visible()
    expect(page.locator("#selection-strip b")).to_have_text("11 selected")
