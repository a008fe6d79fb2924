"""Somebody watches a run: signs in, opens its page, and then asks for the part that moves as often as the page itself does.

What a look costs the server is its whole answer, time and bytes; the lag is how old the oldest accepted request is, by the simulator's log,
that the page does not show yet, just before it is told something new.
"""

from __future__ import annotations

import html
import json
import re
import threading
import time
from bisect import bisect_right
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, Request, build_opener

OVER = 286
_POLL, _PACE = re.compile(r'id="run-live"[^>]* data-poll="([^"]+)"'), re.compile(r'data-poll-interval="(\d+)"')
_COUNTS = re.compile(r"([\d,]+) (done|running|failed)")


@dataclass(frozen=True)
class Look:
    """at: when the answer was there (seconds since 1970). shown: machines that it shows as asked for; None for *nothing new*."""

    at: float
    seconds: float
    bytes: int
    shown: int | None


@dataclass
class Watcher(threading.Thread):
    """A person's browser tab on one run, until `leave`."""

    url: str
    accounts: str  # what `demo_accounts` printed
    run_id: str
    looks: list[Look] = field(default_factory=list)
    problem: str = ""

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self._left = threading.Event()

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        """Look until the run has ended or nobody watches any more."""
        try:
            self._watch(self._signed_in())
        except (OSError, AttributeError, ValueError) as problem:
            self.problem = f"{type(problem).__name__}: {problem}"

    def leave(self) -> None:
        """Close the tab."""
        self._left.set()
        self.join(30)

    def _signed_in(self) -> OpenerDirector:
        browser = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
        with browser.open(self.url) as answer:
            address, form = answer.geturl(), answer.read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token
        who = next(each for each in json.loads(self.accounts) if each["username"] == "admin")
        fields = {"username": who["username"], "password": who["password"], "csrfmiddlewaretoken": token.group(1)}
        browser.open(address, urlencode(fields).encode()).close()
        return browser

    def _watch(self, browser: OpenerDirector) -> None:
        shown, _ = self._ask(browser, f"/runs/{self.run_id}/")
        while not self._left.is_set():
            at, pace = _POLL.search(shown), _PACE.search(shown)
            if at is None:
                return
            self._left.wait(float(pace.group(1)) if pace else 2)
            fresh, over = self._ask(browser, html.unescape(at.group(1)))
            shown = fresh or shown
            if over:
                return

    def _ask(self, browser: OpenerDirector, path: str) -> tuple[str, bool]:
        """The answer, '' when there is nothing new; and whether it was the last."""
        began = time.perf_counter()
        request = Request(urljoin(self.url, path), headers={"HX-Request": "true", "Accept-Encoding": "identity"})
        with browser.open(request, timeout=60) as answer:
            raw, status = answer.read(), answer.status
        look = Look(time.time(), time.perf_counter() - began, len(raw), _asked_for(raw.decode()) if raw else None)
        self.looks.append(look)
        return raw.decode(), status == OVER

    def told(self, log: list[dict[str, Any]]) -> str:
        """The figures, in a line."""
        if self.problem or len(self.looks) < 4:
            return f"  watched: not for long enough ({len(self.looks)} looks) {self.problem}"
        first, rest = self.looks[0], [each for each in self.looks[1:] if each.shown is not None]
        cuts = quantiles([1000 * each.seconds for each in rest], n=20)
        late = max(lags(self.looks, accepted(log)), default=0.0)
        return (
            f"  watched live: {len(self.looks)} looks, {len(rest)} with news; the page {1000 * first.seconds:.0f} ms and"
            f" {first.bytes / 1024:.0f} KB; its live part {cuts[9]:.0f} ms in the middle, 95 % within {cuts[18]:.0f} ms,"
            f" {max(each.bytes for each in rest) / 1024:.0f} KB at most; lag behind Azure's log {late:.1f} s at most"
        )


def _asked_for(page: str) -> int | None:
    """Machines that have been asked for, by the words of the last stage."""
    at = page.rfind('class="stage"')
    return sum(int(number.replace(",", "")) for number, _ in _COUNTS.findall(page[at : page.find("</details>", at)]))


def accepted(log: list[dict[str, Any]]) -> list[float]:
    """When Azure accepted each machine, in order."""
    kind = "replicationprotecteditems"
    taken = (each for each in log if each["verb"] == "PUT" and each["status"] < 300)
    return sorted(each["real"] for each in taken if each["type"].lower().endswith(kind))


def lags(looks: list[Look], taken: list[float]) -> list[float]:
    """Just before each look's answer: the age of the oldest accepted request that was not shown yet."""
    found, shown = [], 0
    for look in looks:
        if bisect_right(taken, look.at) > shown:
            found.append(look.at - taken[shown])
        shown = max(shown, look.shown or 0)
    return found
