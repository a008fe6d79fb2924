"""`python -m tests.benchmarks.wizard`: the wizard's pages and a pasted list at 100, 1,000 and 10,000 machines (part of bench-pages).

Each page stands beside a bare view of the same rows (same middleware and sign-in, `values_list`, one f-string loop, no template) and
beside itself at a hundred machines. Every page has as many rows at every size, so that what grows is the inventory. The review of the
first table is of fifty chosen machines; the pages of the second are of a hundred, a thousand and ten thousand chosen ones, beside the time
of compiling them, which the first look after a change takes. Figures are printed, never asserted; processor time of the whole request, the
median of turns that alternate with the bare view. Queries are asserted in tests/wizard/test_costs.py.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from tests.benchmarks.pages import emptied, prepare, say

SIZES = (100, 1_000, 10_000)
TURNS = 15
CHOSEN, LINES = 50, 1_000
PAGES = {
    "picker": "/replicate/{draft}/machines/",
    "picker, filtered": "/replicate/{draft}/machines/?can=yes&os=Windows&sort=-size",
    "picker, search": "/replicate/{draft}/machines/?q=erp-0004",
    "matrix": "/replicate/{draft}/machines/matrix/?can=no",
    "review": "/replicate/{draft}/review/",
}
CHOSEN_PAGES = {
    "target": "target/",
    "customize": "customize/",
    "review": "review/",
    "review, last page": "review/?page={last}",
}


def measure() -> None:
    """The table."""
    from tests.benchmarks.choosing import build

    say(f"{'page':24}{'machines':>9}{'ms':>8}{'queries':>9}{'x bare':>8}{'x at 100':>10}")
    first: dict[str, float] = {}
    for size in SIZES:
        with emptied():
            known = build(size, CHOSEN)
            for name, address in PAGES.items():
                ask = _asker(known, address)
                page, bare = in_turn(ask, _asker(known, "/bare/{draft}/"))
                ratio = page / first.setdefault(name, page)
                say(f"{name:24}{size:>9,}{1000 * page:>8.1f}{queries(ask):>9}{page / bare:>8.2f}{ratio:>10.2f}")
            _paste(known, size)
    _reviews()


def _reviews() -> None:
    """What shows so many chosen machines, or what they come to; and how long they take to be compiled."""
    from replication.actions import compiled
    from replication.models import Draft
    from tests.benchmarks.choosing import build

    say(f"{'of chosen machines':24}{'machines':>9}{'ms':>8}{'queries':>9}{'x bare':>8}{'x at 100':>10}")
    first: dict[str, float] = {}
    for size in SIZES:
        with emptied():
            known = build(2 * size, size)
            draft = Draft.objects.get(pk=known["draft"])
            began = time.process_time()
            made = compiled.of(draft)
            taken = time.process_time() - began
            assert made.machines == size
            for name, address in CHOSEN_PAGES.items():
                ask = _asker(known | {"last": size}, f"/replicate/{{draft}}/{address}")
                page, bare = in_turn(ask, _asker(known, "/bare/{draft}/"))
                ratio = page / first.setdefault(name, page)
                say(f"{name:24}{size:>9,}{1000 * page:>8.1f}{queries(ask):>9}{page / bare:>8.2f}{ratio:>10.2f}")
            say(f"{'compiled once':24}{size:>9,}{1000 * taken:>8.0f}")


def _paste(known: dict[str, Any], size: int) -> None:
    """A thousand lines, one in ten of them a typo, in capitals."""
    lines = [f"ERP-{n % (size * 10 // 9):05}" for n in range(LINES)]
    began = time.perf_counter()
    answer = known["client"].post(f"/replicate/{known['draft']}/paste/", {"list": "\n".join(lines), "do": "check"})
    assert answer.status_code == 200
    say(f"{'paste of 1,000 lines':24}{size:>9,}{1000 * (time.perf_counter() - began):>8.0f}")


def _asker(known: dict[str, Any], address: str) -> Callable[[], Any]:
    url = address.format(**known)

    def ask() -> Any:
        answer = known["client"].get(url)
        assert answer.status_code == 200, (url, answer.status_code, answer.headers.get("Location"))
        return answer

    return ask


def in_turn(*calls: Callable[[], object]) -> list[float]:
    """The median processor seconds of each call, taken in turn; the first two turns only warm up."""
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(TURNS + 2):
        for call, taken in zip(calls, times, strict=True):
            began = time.process_time()
            call()
            if turn > 1:
                taken.append(time.process_time() - began)
    return [median(taken) for taken in times]


def queries(ask: Callable[[], Any]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        prepare(home, "tests.benchmarks.barely")
        measure()
