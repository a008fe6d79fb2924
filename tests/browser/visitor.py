"""Somebody with a browser at the console, who writes down everything that their browser complains about."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from replication.demo import DEMO_ACCOUNTS

PASSWORDS = {account.username: account.password for account in DEMO_ACCOUNTS}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, NARROW = (1440, 900), (390, 844)
# A theme changes colours and which of two buttons changes it back; a width changes what is laid out. So every rule is tried in each theme
# and at each width, on every row; and what has to do with colours in the other two looks as well, there on the first rows of a table.
EVERYTHING = {"type": "tag", "values": RULES}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
LATER_ROWS = "tbody tr:nth-child(n+9)"
LOOKS = [("light", WIDE, EVERYTHING), ("dark", WIDE, COLOURS), ("dark", NARROW, EVERYTHING), ("light", NARROW, COLOURS)]
# Links without an address, and buttons that would send a form and have none.
NOWHERE = """() => [...document.querySelectorAll("main a, dialog a, main button, dialog button")]
    .filter(e => e.tagName === "A" ? !e.getAttribute("href") : e.type === "submit" && !e.form)
    .map(e => e.ariaLabel || e.innerText.trim())"""
# Only what is wrong comes back, not what was tried.
FOUND = """async ([where, asked]) => (await axe.run(where ?? document, asked)).violations
    .map(each => ({id: each.id, places: each.nodes.slice(0, 3).map(node => node.target[0])}))"""
expect.set_options(timeout=15_000)


@dataclass
class Visitor:
    """One browser context. `expected` holds the HTTP errors that the test means to provoke."""

    page: Page
    url: str
    screenshots: Path
    complaints: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    @classmethod
    def arrive(
        cls,
        browser: Browser,
        url: str,
        screenshots: Path,
        person: str = "",
        size: tuple[int, int] = WIDE,
        **options: Any,
    ) -> Visitor:
        """Open a browser, and sign in when a person is named."""
        context = browser.new_context(
            base_url=url,
            viewport={"width": size[0], "height": size[1]},
            reduced_motion="reduce",
            storage_state=_signed_in(browser, url, person) if person else None,
            **options,
        )
        context.set_default_timeout(15_000)
        visitor = cls(context.new_page(), url, screenshots)
        visitor.listen(context)
        return visitor

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    def listen(self, context: BrowserContext) -> None:
        """Hear the console, broken scripts and requests to anybody else, in every tab."""
        context.on("console", self._console)
        context.on(
            "weberror", lambda error: self.complaints.append(f"{error.page.url if error.page else ''}: {error.error}")
        )
        context.on("request", self._request)

    def _console(self, line: ConsoleMessage) -> None:
        """A violated content policy is an error on the console, too."""
        if line.type != "error":
            return
        status = re.match(r"Failed to load resource: the server responded with a status of (\d+)", line.text)
        if not status or int(status.group(1)) not in self.expected:
            self.complaints.append(f"{line.page.url if line.page else ''}: {line.text}")

    def _request(self, request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme in {"http", "https", "ws", "wss"} and asked.netloc != urlsplit(self.url).netloc:
            self.complaints.append(f"{self.page.url} asked another host: {request.url}")

    def leave(self) -> None:
        self.context.close()

    # --- looking ------------------------------------------------------------------------------------------------------

    def picture(self, name: str) -> None:
        self.page.screenshot(path=self.screenshots / f"{name}.png")

    def look(self, name: str) -> None:
        """Both themes at a desk's and a phone's width: a picture of each. What axe finds is a complaint, and so is what leads nowhere."""
        size = self.page.viewport_size
        for theme, (width, height), rules in LOOKS:
            self.page.emulate_media(color_scheme=theme)
            self.page.set_viewport_size({"width": width, "height": height})
            self.picture(f"{name}-{theme}-{width}")
            self.complaints += [f"{name}, {theme}, {width}: {each}" for each in self.axe(rules)]
        self.complaints += [f"{name}: leads nowhere: {each}" for each in self.page.evaluate(NOWHERE)]
        self.page.emulate_media(color_scheme=None)
        if size:
            self.page.set_viewport_size(size)

    def axe(self, rules: dict[str, Any]) -> list[str]:
        """Rule and place of everything that axe finds on the page as it stands. rules: axe's `runOnly`."""
        if not self.page.evaluate("Boolean(window.axe)"):  # half a megabyte, once a document
            self.page.evaluate(AXE_SCRIPT)
        where = {"exclude": [LATER_ROWS]} if rules is COLOURS else None
        found = self.page.evaluate(FOUND, [where, {"runOnly": rules, "resultTypes": ["violations"]}])
        return [f"{each['id']} at {', '.join(map(str, each['places']))}" for each in found]

    def overflow(self, width: int = 320) -> int:
        """By how many pixels the document is wider than a window of this width."""
        size = self.page.viewport_size
        self.page.set_viewport_size({"width": width, "height": 700})
        wide = int(self.page.evaluate("document.documentElement.scrollWidth"))
        if size:
            self.page.set_viewport_size(size)
        return max(0, wide - width)


@cache
def _signed_in(browser: Browser, url: str, person: str) -> Any:
    """The cookies of somebody who has signed in, once for all tests."""
    context = browser.new_context(base_url=url)
    sign_in(context.new_page(), person)
    state = context.storage_state()
    context.close()
    return state


def sign_in(page: Page, person: str, password: str = "") -> None:
    """By the sign-in page; a demo account's password is known."""
    page.goto("/")
    page.get_by_label("User name").fill(person)
    page.get_by_label("Password").fill(password or PASSWORDS[person])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Sign in")
