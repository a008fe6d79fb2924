"""One point: a run begins, something dies or breaks, everything is started again, and nobody does anything more."""

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos import gestures, judge
from tests.chaos.house import LEASE, House
from tests.chaos.points import Point, lines
from tests.chaos.scenarios import ENDED, SCENARIOS, SHOWN, SOON, Scenario

# Seconds without a sign of life after which a run is lost; most take fifteen in all, one that waits for a first copy a minute. What is
# lost gives none, however fast the machine is, and what gives signs for ever is lost as well.
PATIENCE = 110.0
SETTLING = 20.0  # and so many until what follows a run has been done
IN_ALL = 4  # times as long, whatever the signs
RESTART = 0.3  # seconds that a dead worker stays dead


@dataclass
class Result:
    """What came of a point. struck: whether the line was reached, the fault fired, the act done."""

    point: str
    kind: str
    struck: bool = False
    seconds: float = 0
    harm: dict[str, list[str]] = field(default_factory=dict)
    reached: dict[str, dict[str, int]] = field(default_factory=dict)


class Play:
    """The course of one point in one house."""

    def __init__(self, house: House, point: Point, *, count: bool = False, patience: float = PATIENCE) -> None:
        self.house, self.point, self.count, self.patience = house, point, count, patience
        self.scenario: Scenario = SCENARIOS[point.scenario]
        self.mark = house.home / "marks" / "struck"
        self.acted_at: float | None = None
        self.to_press = list(self.scenario.then)
        self.pressed_at = 0.0

    def run(self) -> Result:
        began = time.monotonic()
        self.house.fresh(halfborn=self.point.halfborn, faults=self.scenario.faults + self.point.faults)
        if self.scenario.durations:
            self.house.azure.control("PUT", "settings", {"durations": self.scenario.durations})
        self._start()
        ended = patiently(self._is_over, judge.events, self.patience)
        settled = ended and patiently(self._is_settled, judge.readings, SETTLING)
        result = Result(self.point.name, self.point.kind, struck=self._struck())
        result.harm = judge.harm(
            self.house, self.scenario, ended=ended, settled=settled, may_fail=self.point.may_fail, struck_at=self._struck_at()
        )
        result.reached = self._reached()
        self.house.kill_all()
        if result.harm or os.environ.get("KEEP"):
            self.house.keep_logs(self.point.name)
        result.seconds = round(time.monotonic() - began, 1)
        return result

    # --- beginning --------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        for name in self.scenario.start:
            self._press(self.scenario.verb, name)
        self.house.start("beat")
        self._start_worker(first=True)
        if self.point.kind == "pause":
            self.house.start("second", pool="prefork", chaos=self._chaos("nobody"))

    def _start_worker(self, *, first: bool) -> None:
        self.house.start("worker", pool=self.point.pool if first else "solo", chaos=self._chaos("worker"))

    def _press(self, verb: str, name: str = "") -> None:
        """A button whose process died is pressed again only if nothing came of it, as a person would who looks."""
        before = judge.gestures_seen(verb)
        chaos = self._chaos(verb)
        done = self.house.do(f"verb-{verb}", lambda: gestures.press(verb, name, chaos), chaos)
        if not done and judge.gestures_seen(verb) == before:
            assert self.house.do(
                f"verb-{verb}", lambda: gestures.press(verb, name, {}), {"mutant": self.point.mutant}
            ), self.house.log_of(f"verb-{verb}")

    def _chaos(self, where: str) -> dict[str, Any]:
        """What a program of that place is to suffer."""
        point = self.point
        chaos: dict[str, Any] = {"mutant": point.mutant, "marker": str(self.mark)}
        if self.count:
            return chaos | {"count": str(self.house.home / "marks" / f"count-{where}")}
        if point.file and point.where == where:
            act = {"kill": "kill", "pause": "pause", "disconnect": "disconnect"}[point.kind]
            return chaos | {
                "file": point.file,
                "line": point.line,
                "nth": point.nth,
                "act": act,
                "seconds": LEASE + 1.2,
            }
        return chaos

    # --- what happens meanwhile -----------------------------------------------------------------------------------------

    def _is_over(self) -> bool:
        """Looked at ten times a second: acts, presses and restarts when it is time; True when all runs have ended."""
        self._restart()
        events = judge.events()
        if self.point.kind == "infrastructure" and self.acted_at is None and events >= self.point.nth:
            self.acted_at = time.time()
            self._act()
        over = judge.all_ended()
        if self.to_press and self._is_time(self.to_press[0][1], events, over):
            self._press(self.to_press.pop(0)[0], self.scenario.start[0])
            self.pressed_at = time.monotonic()
            return False
        return over and not (self.to_press and self.to_press[0][1] == SHOWN)

    def _is_time(self, moment: int, events: int, over: bool) -> bool:
        if moment == SOON:
            return time.monotonic() > self.pressed_at + 2
        if moment == SHOWN:
            return over and judge.settled()
        return over if moment == ENDED else events >= moment

    def _is_settled(self) -> bool:
        self._restart()
        return judge.settled()

    def _restart(self) -> None:
        """What died is started again, as an init system would."""
        if not self.house.alive("worker"):
            time.sleep(RESTART)
            self._start_worker(first=False)
        if not self.house.alive("beat"):
            self.house.start("beat")

    def _act(self) -> None:
        house, act = self.house, self.point.act
        if act in {"kill beat", "kill everything"}:
            house.kill("beat")
        if act in {"kill workers", "kill everything"}:
            house.kill("worker")
        if act in {"lose broker", "restart broker", "kill everything"}:
            house.kill_broker(forget=act != "restart broker")
            time.sleep(1)
            house.start_broker()
        if act == "lose rings":
            house.flush()
        if act == "close connections":
            judge.close_connections()

    # --- what came of it --------------------------------------------------------------------------------------------------

    def _struck(self) -> bool:
        if self.point.kind == "infrastructure":
            return self.acted_at is not None
        if self.point.kind == "fault":
            plan = self.house.azure.control("GET", "faults")[len(self.scenario.faults) :]
            return any(line["fired"] for line in plan)
        return self.mark.exists()

    def _struck_at(self) -> float | None:
        return self.mark.stat().st_mtime if self.mark.exists() else self.acted_at

    def _reached(self) -> dict[str, dict[str, int]]:
        """Passings of each line, by place; only when counted."""
        return {
            f"{self.point.scenario}/{path.name.removeprefix('count-')}": _counted(path)
            for path in sorted((self.house.home / "marks").glob("count-*"))
        }


def patiently(true: Callable[[], bool], signs: Callable[[], Any], quiet: float) -> bool:
    """Wait for something to become true while there are signs of life. False: there were none for `quiet` seconds, or too many."""
    began = heard = time.monotonic()
    last = signs()
    while not true():
        now, sign = time.monotonic(), signs()
        if sign != last:
            last, heard = sign, now
        if now - heard > quiet or now - began > IN_ALL * quiet:
            return False
        time.sleep(0.1)
    return True


def _counted(path: Path) -> dict[str, int]:
    """The passings of lines that are points."""
    wanted = {f"{file}:{line}" for file, line in lines()}
    counted: Counter[str] = Counter()
    for line in path.read_text().splitlines():
        passings, _, point = line.partition(" ")
        if point in wanted:
            counted[point] += int(passings)
    return dict(counted)
