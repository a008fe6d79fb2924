"""`make bench-runs`: how near runs come to Azure's own limits. One table from one go, against the simulator with Azure's throttle.

The world's own time, recorded durations, everything at its defaults, foundations ready beforehand for everyone. *Accepted*: the 202 is
stored. Bound: max(0, N - bucket) / refill, by the narrower of Resource Manager's bucket and Site Recovery's (*assumed*). It prints
figures and judges nothing.

    N=1000        machines
    FULL=1        a run of 10,000 as well (another twenty minutes)
    WATCH=1       stay until all are enabled (another nine minutes), for the reads of the whole run
    ONLY=a,b      some parts: foundations, ours, site-recovery, rival, rival-site-recovery, fairness, projected, full
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replication.domain.spec_table import from_json
from replication.domain.specs import ProtectSpec
from tests.benchmarks import projected
from tests.benchmarks.installation import Installation, installation
from tests.journey.house import until

N = int(os.environ.get("N", "1000"))
ASSUMED = 200  # writes a minute that Site Recovery takes (*assumed*)
COLUMNS = "{:36}{:>10}{:>8}{:>8}{:>8}{:>8}{:>6}{:>9}{:>11}{:>11}{:>12}{:>12}"
HEAD = (
    "", "accepted s", "bound s", "x bound", "writes", "reads", "429s", "failures", "worker MB", "simul. MB", "worker ms", "simul. ms",
)  # fmt: skip


@dataclass
class Row:
    """One line. Calls and processor milliseconds are per machine, memory is the peak of the whole program."""

    name: str
    machines: int
    seconds: float
    bound: float | None = None
    writes: float = 0
    reads: float = 0
    throttled: int | str = 0
    failures: int | str = 0
    worker_mb: int = 0
    simulator_mb: int = 0
    worker_ms: float = 0
    simulator_ms: float = 0

    def text(self) -> str:
        multiple = f"{self.seconds / self.bound:.2f}" if self.bound else "-"
        bound = "-" if self.bound is None else f"{self.bound:.0f}"
        tail = (self.worker_mb or "-", self.simulator_mb or "-", _number(self.worker_ms), _number(self.simulator_ms))
        calls = (f"{self.writes:.2f}", f"{self.reads:.2f}", self.throttled, self.failures)
        return COLUMNS.format(self.name, f"{self.seconds:.1f}", bound, multiple, *calls, *tail)


def _number(value: float) -> str:
    return f"{value:.1f}" if value else "-"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def bound_of(machines: int, writes_a_minute: int) -> float:
    """Seconds that Azure's own limits take."""
    times = [max(0, machines - 200) / 10]
    if writes_a_minute:
        times.append(max(0, machines - writes_a_minute) / (writes_a_minute / 60))
    return max(times)


# --- ours ------------------------------------------------------------------------------------------------------------------


def ours(machines: int, writes_a_minute: int, watch: bool = False) -> Row:
    """A run of so many machines."""
    bound = bound_of(machines, writes_a_minute)
    with (
        tempfile.TemporaryDirectory() as folder,
        installation(Path(folder) / "home", machines + 1, writes_a_minute) as one,
    ):
        one.make_foundations()
        used = _used(one)
        run = one.press_enable(1, machines)
        accepted = one.wait_accepted(run, machines, 60 + 2 * bound)
        seconds = accepted[-1] - one.begun(run) if len(accepted) == machines else float("inf")
        spent = [now - before for now, before in zip(_used(one), used, strict=True)]
        if watch:
            _watch(one, run, machines)
        return _row(one, run, machines, seconds, bound, spent)


def _used(one: Installation) -> list[float]:
    return [one.processor("worker"), one.processor("simulator")]


def _row(one: Installation, run: str, machines: int, seconds: float, bound: float, spent: list[float]) -> Row:
    log = one.log()
    return Row(
        name=f"ours, {machines:,}, {_limits(one.writes_a_minute)}", machines=machines, seconds=seconds, bound=bound,
        **_calls(log, machines), failures=one.failures(run),
        worker_mb=one.peaks["worker"] // 1024, simulator_mb=one.peaks["simulator"] // 1024,
        worker_ms=1000 * spent[0] / machines, simulator_ms=1000 * spent[1] / machines,
    )  # fmt: skip


def _limits(writes_a_minute: int) -> str:
    return f"and {writes_a_minute} a minute" if writes_a_minute else "ARM bucket"


def _calls(log: list[dict[str, Any]], machines: int) -> dict[str, Any]:
    good = [each["kind"] for each in log if each["status"] != 429]
    return {
        "writes": good.count("write") / machines,
        "reads": good.count("read") / machines,
        "throttled": len(log) - len(good),
    }


def _watch(one: Installation, run: str, machines: int) -> None:
    """Stay until all are enabled, and a while longer: what an hour of the first copy costs is told from that while."""
    one.wait_ended(run, 900)
    one.watch_memory()
    before, began = len(one.log()), time.monotonic()
    time.sleep(310)  # one whole interval of the vault's reading
    after = (len(one.log()) - before) / (time.monotonic() - began) * 3600
    say(
        f"  until enabled {_calls(one.log(), machines)['reads']:.2f} reads a machine; an hour of first copy adds {after / machines:.2f}"
    )


# --- the rival ---------------------------------------------------------------------------------------------------------------


def rival(machines: int, writes_a_minute: int) -> Row:
    """All at once by 32 threads through the SDK, until all are accepted."""
    bound = bound_of(machines, writes_a_minute)
    with (
        tempfile.TemporaryDirectory() as folder,
        installation(Path(folder) / "home", machines + 1, writes_a_minute) as one,
    ):
        one.make_foundations()
        plan = Path(folder) / "plan"
        plan.write_text("\n".join(specs(one, machines)))
        one.kill("worker")  # it is nobody's guest here
        one.azure.control("DELETE", "log")
        found = json.loads(one.do("-m", "tests.benchmarks.rival", str(plan), str(60 + 2 * bound)))
        name = f"hard rival, {machines:,}, {_limits(writes_a_minute)}"
        calls = _calls(one.log(), machines)
        return Row(
            name=name, machines=machines, seconds=found["seconds"], bound=bound, **calls, failures=found["failures"]
        )


def specs(one: Installation, machines: int) -> list[str]:
    """The machines' specs as JSON lines, compiled by the rules of the wizard."""
    return one.say("-m", "tests.benchmarks.starting", "plan", "1", str(machines)).splitlines()


# --- projected -----------------------------------------------------------------------------------------------------------------


def projections(machines: int) -> list[Row]:
    """The two usual ways with twenty machines, multiplied out."""
    return [
        _projection("one at a time, as the sample", 1, projected.as_the_sample_does, machines),
        _projection("ten held, as Terraform", 10, projected.as_terraform_does, machines),
    ]


def _projection(name: str, slots: int, way: Callable[..., projected.Machine], machines: int) -> Row:
    tried = 20
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder) / "home", tried + 1) as one:
        one.make_foundations()
        planned = [from_json(json.loads(line)) for line in specs(one, tried)]
        for program in list(one.programs):
            if program != "simulator":
                one.kill(program)
        one.azure.control("POST", "clock", {"freeze": True})
        found = projected.run(
            projected.hand_at(one.azure), [each for each in planned if isinstance(each, ProtectSpec)], slots, way
        )
    # The last of the tried ones was accepted when its round began.
    rounds, wanted = tried / slots - 1, machines / slots - 1
    seconds = found.accepted / rounds * wanted
    return Row(f"projected: {name}, {machines:,}", machines, seconds, bound_of(machines, 0), found.writes / tried,
               found.reads / tried, "-", "-")  # fmt: skip


# --- foundations -----------------------------------------------------------------------------------------------------------------


def foundations() -> None:
    """The foundations of a vault never used, with recorded durations, as a multiple of what their operations take."""
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder) / "home", 2) as one:
        one.azure.control("PUT", "settings", {"throttle": "azure"})
        run = one.press_enable(0, 1)
        until(lambda: one.accepted(run), 600)
        took = {each["target"].lower(): each["duration"] for each in one.azure.control("GET", "operations")}
        rows = one.rows(
            "SELECT key, needs, subject_key, (julianday(ended_at) - julianday(?)) * 86400 FROM replication_step"
            " WHERE run_id = ? AND kind <> 'protect'",
            *one.rows("SELECT created_at FROM replication_run WHERE id = ?", run)[0], run,
        )  # fmt: skip
        say("\nFoundations of a vault never used, from the press of the button")
        chain = _longest({key: (json.loads(needs), took.get(subject, 0.0)) for key, needs, subject, _ in rows})
        done = max(ended for *_, ended in rows)
        say(f"  done after {done:.1f} s; longest chain of operations {chain:.1f} s: {done / chain:.2f} of it;"
            f" all operations one after the other {sum(took.get(each[2], 0.0) for each in rows):.1f} s")  # fmt: skip
        for key, _, subject, ended in sorted(rows, key=lambda each: float(each[3])):
            say(f"    {key.split(':')[0]:20} operation {took.get(subject, 0.0):5.1f} s   over at {ended:6.1f} s")


def _longest(steps: dict[str, tuple[list[str], float]]) -> float:
    """The longest chain of needs, in seconds of operations."""
    known: dict[str, float] = {}

    def length(key: str) -> float:
        if key not in known:
            needs, seconds = steps[key]
            known[key] = seconds + max((length(each) for each in needs if each in steps), default=0.0)
        return known[key]

    return max(map(length, steps))


# --- fairness ------------------------------------------------------------------------------------------------------------------------


def fairness(machines: int) -> None:
    """A run of five, and one of a half, behind a big one."""
    half = machines // 2
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder) / "home", machines + half + 6) as one:
        one.make_foundations()
        big = one.press_enable(1, machines)
        until(lambda: one.accepted(big), 60)
        small = one.press_enable(1 + machines, 5)
        other = one.press_enable(6 + machines, half)
        one.wait_accepted(small, 5, 120)
        one.wait_accepted(other, half, 60 + 2 * bound_of(machines + half, 0))
        one.wait_accepted(big, machines, 60 + 2 * bound_of(machines + half, 0))
        ready = one.ready(small)
        say(f"\nFairness: five machines behind {machines:,} were accepted {one.accepted(small)[-1] - ready:.1f} s after their own"
            f" foundations; two big runs differed by at most {_apart(one, big, other)} accepted while both had writes due")  # fmt: skip


def _apart(one: Installation, first: str, second: str) -> int:
    """The greatest change of the difference of two runs' accepted counts while both were sending."""
    begun, over = one.ready(second), min(one.accepted(first)[-1], one.accepted(second)[-1])
    moves = [(at, 1) for at in one.accepted(first)] + [(at, -1) for at in one.accepted(second)]
    difference, seen = 0, [0]
    for at, move in sorted(moves):
        if begun <= at <= over:
            difference += move
            seen.append(difference)
    return max(map(abs, seen))


# --- the whole -------------------------------------------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[], list[Row]]] = {
    "ours": lambda: [ours(N, 0, bool(os.environ.get("WATCH")))],
    "rival": lambda: [rival(N, 0)],
    "site-recovery": lambda: [ours(N, ASSUMED)],
    "rival-site-recovery": lambda: [rival(N, ASSUMED)],
    "projected": lambda: projections(N),
    "full": lambda: [ours(10_000, 0)] if os.environ.get("FULL") else [],
}


def main() -> int:
    """Run the benchmark; the exit status."""
    only = [part for part in os.environ.get("ONLY", "").split(",") if part]
    say(
        f"{N:,} machines; calls and processor time are per machine, memory is the peak of each program with its children"
    )
    say(COLUMNS.format(*HEAD))
    for name, part in PARTS.items():
        for row in part() if not only or name in only else []:
            say(row.text())
    if not only or "foundations" in only:
        foundations()
    if not only or "fairness" in only:
        fairness(min(N, 300))
    return 0


if __name__ == "__main__":
    sys.exit(main())
