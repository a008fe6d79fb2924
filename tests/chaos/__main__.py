"""`python -m tests.chaos`: the torture. What it does and how to read its report stands in docs/chaos.md.

SEED, SHARD=2/4, POINTS=N (a slice), ONLY=TEXT (points whose name holds it), MUTANT=NAME|all, DATABASE=postgres, LANES, FRESH=1.
"""

import os
import signal
import sys
import time
from pathlib import Path

from tests.chaos import mutated, points
from tests.chaos.lanes import Lanes
from tests.chaos.report import Report
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.state import State

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    """0: nothing did harm (or, with MUTANT, every mutant was caught)."""
    if os.environ.get("DATABASE") == "postgres" and not os.environ.get("PORTAL_DATABASE_URL"):
        services = [sys.executable, "-m", "scripts.services", sys.executable, "-m", "tests.chaos"]
        os.execv(sys.executable, services)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = int(os.environ.get("SEED") or 1)
    with Lanes(int(os.environ.get("LANES") or 2 * (os.cpu_count() or 1)), _home(seed)) as lanes:
        if os.environ.get("MUTANT"):
            return mutated.hunt(lanes, os.environ["MUTANT"])
        return _torture(lanes, seed)


def _home(seed: int) -> Path:
    return ROOT / "var" / "chaos" / f"{os.environ.get('DATABASE') or 'sqlite'}-{seed}"


def _torture(lanes: Lanes, seed: int) -> int:
    began = time.monotonic()
    state = State(_home(seed) / "state.jsonl", fresh=bool(os.environ.get("FRESH")))
    _count(lanes, state)
    chosen = _chosen(state.reached, seed)
    missing = [point for point in chosen if point.name not in state.results]
    say(f"{len(chosen)} points, {len(chosen) - len(missing)} of them done before; {lanes.count} lanes, seed {seed}")
    done = len(chosen) - len(missing)
    for result in lanes.play(missing):
        state.add(result)
        done += 1
        say(_line(done, len(chosen), result))
    report = Report([state.results[point.name] for point in chosen], points.never_reached(state.reached))
    say(report.text(time.monotonic() - began))
    if not os.environ.get("POINTS") and not os.environ.get("ONLY"):
        state.finish()
    return 1 if report.harmful else 0


def _count(lanes: Lanes, state: State) -> None:
    """Play each scenario undisturbed once and count which lines it passes."""
    todo = [points.Point(f"undisturbed {name}", "count", name) for name in SCENARIOS if name not in state.counted]
    for result in lanes.play(todo, count=True):
        say(f"counted {result['point']} in {result['seconds']} s {result['harm'] or ''}")
        state.add(result)


def _chosen(reached: dict[str, dict[str, int]], seed: int) -> list[points.Point]:
    every = points.every(reached, seed)
    number, _, shards = (os.environ.get("SHARD") or "1/1").partition("/")
    every = every[int(number) - 1 :: int(shards)]
    every = [point for point in every if (os.environ.get("ONLY") or "") in point.name]
    return points.some(every, int(os.environ["POINTS"])) if os.environ.get("POINTS") else every


def _line(done: int, of: int, result: dict[str, object]) -> str:
    harm = f"  HARM {result['harm']}" if result["harm"] else "" if result["struck"] else "  (not reached)"
    return f"{done:4}/{of} {result['seconds']:6} s  {result['point']}{harm}"


def say(text: str) -> None:
    """To whoever watches."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
