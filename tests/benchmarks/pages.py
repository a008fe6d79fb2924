"""`make bench-pages`: every page of Replicated items at 100, 1,000 and 10,000 machines, beside the bare view and beside itself.

    python -m tests.benchmarks.pages [pages|watchers|refresh …]     without a word: all of them

Figures are printed, never asserted: the machine that runs this decides about them. What is asserted, by tests/views, is that a page's
queries do not grow with its rows. Times are of the whole request in this process, CPU and all, the median of turns that alternate with
the bare view, so that a busy machine slows both.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median, quantiles
from typing import Any

SIZES = (100, 1_000, 10_000)
TURNS = int(os.environ.get("TURNS", "15"))
PAGES = {
    "list": "/items/",
    "list of a vault": "/vaults/{vault}/items/",
    "filter": "/items/?health=Critical&sort=rpo",
    "search by name": "/search/?q=vm-00042",
    "search by address": "/search/?q=10.0.0.42",
    "search by tag": "/search/?q=owner:ada",
    "item": "/items/{item}/",
    "item, 90 days": "/items/{item}/?span=90d",
    "disks of an item": "/items/{item}/disks/",
    "health issues": "/issues/",
    "dashboard": "/overview/",
    "dashboard of a vault": "/vaults/{vault}/",
    "coverage": "/coverage/?protected=no",
    "jobs": "/vaults/{vault}/jobs/",
    "nothing new": "/items/live/?ids={item}&since={vault}:1",
}


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def prepare(home: str, addresses: str = "tests.benchmarks.bare") -> None:
    """Settings for an installation of this process's own. addresses: the module of the bare views beside the console's."""
    os.environ |= {"PORTAL_HOME": home, "PORTAL_PLAIN_STATIC": "1", "DJANGO_SETTINGS_MODULE": "portal.settings"}
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["*"]
    settings.ROOT_URLCONF = addresses
    call_command("migrate", verbosity=0)


@contextmanager
def emptied() -> Iterator[None]:
    """What is made inside goes again."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def fill(machines: int) -> dict[str, Any]:
    """A vault with so many replicated machines, as workers store them; half as many stand unprotected beside it."""
    from tests.benchmarks.estate import build

    return build(machines)


# --- pages -----------------------------------------------------------------------------------------------------------------


def pages() -> None:
    """The table: milliseconds, queries, times the bare view, times itself at a hundred."""
    say(f"{'page':24}{'machines':>9}{'ms':>8}{'queries':>9}{'× bare':>8}{'× at 100':>10}")
    first: dict[str, float] = {}
    for size in SIZES:
        with emptied():
            known = fill(size)
            ask = browser(known["person"])
            for name, address in PAGES.items():
                url = address.format(**known)
                page, bare = in_turn(partial(ask, url), partial(ask, "/bare/"))
                first.setdefault(name, page)
                again = "" if size == SIZES[0] else f"{page / first[name]:.2f}"
                say(f"{name:24}{size:>9,}{1000 * page:>8.1f}{queries(ask, url):>9}{page / bare:>8.2f}{again:>10}")


def browser(person: Any) -> Callable[[str], Any]:
    """Somebody who has signed in; answers must be good."""
    from django.test import Client

    client = Client()
    client.force_login(person)

    def ask(url: str) -> Any:
        answer = client.get(url)
        assert answer.status_code in {200, 204}, (url, answer.status_code)
        return answer

    return ask


def in_turn(*calls: Callable[[], object]) -> list[float]:
    """The median seconds of each call, taken in turn."""
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(TURNS + 2):
        for call, taken in zip(calls, times, strict=True):
            began = time.process_time()
            call()
            if turn > 1:
                taken.append(time.process_time() - began)
    return [median(taken) for taken in times]


def queries(ask: Callable[[str], Any], url: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        ask(url)
    return len(captured)


# --- watchers --------------------------------------------------------------------------------------------------------------


def watchers(people: int = 200, seconds: int = 5) -> None:
    """What so many open lists cost: each asks as often as a list does in which something moves, and every tenth answer is new."""
    with emptied():
        known = fill(SIZES[-1])
        ask = browser(known["person"])
        shown = ",".join(str(pk) for pk in known["items"][:50])
        same = f"/items/live/?ids={shown}&since={known['vault']}:1"
        new = f"/items/live/?ids={shown}&since={known['vault']}:0"
        times = []
        for turn in range(200):
            began = time.process_time()
            ask(new if turn % 10 == 0 else same)
            times.append(time.process_time() - began)
    share = people / seconds * sum(times) / len(times)
    cuts = quantiles(times, n=100)
    answer = f"an answer {1000 * cuts[49]:.1f} ms, p99 {1000 * cuts[98]:.1f} ms"
    say(f"\n{people} watchers at {seconds} s: {100 * share:.0f} % of a core; {answer}")


# --- refresh ---------------------------------------------------------------------------------------------------------------


def refresh(machines: int = int(os.environ.get("MACHINES", SIZES[-1]))) -> None:
    """A refresh in which every item has a new RPO, beside the SDK's bare listing of the same items."""
    from tests.benchmarks.refreshing import measure

    listing, reading, stored = measure(machines)
    times = f"{reading:.1f} s, bare listing {listing:.1f} s, × {reading / listing:.2f}"
    say(f"\nrefresh of {stored:,} items, all with a new RPO: {times}")


def main() -> None:
    wanted = sys.argv[1:] or ["pages", "watchers", "refresh"]
    with tempfile.TemporaryDirectory() as home:
        prepare(home)
        for name in wanted:
            {"pages": pages, "watchers": watchers, "refresh": refresh}[name]()


if __name__ == "__main__":
    main()
