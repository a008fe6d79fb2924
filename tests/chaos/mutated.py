"""The torture is tested: a console without one of its safeguards must do harm at one of a few points, and be seen to."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.chaos.lanes import Lanes
from tests.chaos.points import ROOT, Point

# Harm that counts: a mutant must make duplicates, losses or holes, not only look different.
COUNTED = ("duplicates", "lost", "audit holes")
PATIENCE = 45.0
MOVES, AUDIT = "replication/execution/moves.py", "replication/actions/audit.py"


def line_of(file: str, text: str) -> int:
    """The first line that holds the text."""
    lines = Path(ROOT, file).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def points_of(mutant: str) -> list[Point]:
    """The points at which it must show, best first."""
    return [replace(point, name=f"{mutant}: {point.name}", mutant=mutant) for point in _POINTS[mutant]()]


def _line(kind: str, file: str, text: str, nth: int, **more: Any) -> Point:
    return Point(f"{kind} at “{text}” #{nth}", kind, file=file, line=line_of(file, text), nth=nth, **more)


_SENT, _ABOUT_TO = "ledger.accepted(step, answer)", "wait = pacer.take("
_POINTS = {
    "no-observe": lambda: [Point("retry of what failed", "fault", "retried")],
    "no-fence": lambda: [_line("pause", MOVES, _ABOUT_TO, nth, pool="prefork") for nth in (3, 5, 9)],
    "no-sweep": lambda: [_line("kill", MOVES, _SENT, 5)],
    # Azure takes its time, so that what it accepted is still invisible when the worker is back, on a slow machine too.
    "unknown-is-absent": lambda: [_line("kill", MOVES, _SENT, nth, scenario="late") for nth in (17, 18)],
    "audit-after-commit": lambda: [_line("kill", AUDIT, "if entry.action not in ACTIONS", 1)],
    "trust-broker": lambda: [
        Point(f"kill everything at event {moment}", "infrastructure", act="kill everything", nth=moment)
        for moment in (20, 6)
    ],
}


def hunt(lanes: Lanes, wanted: str) -> int:
    """Play until each mutant is caught. 1: one survived."""
    names = list(_POINTS) if wanted == "all" else wanted.split(",")
    if unknown := set(names) - set(_POINTS):
        raise SystemExit(f"There is no mutant {', '.join(sorted(unknown))}; there are {', '.join(_POINTS)}.")
    survived = [name for name in names if not _caught(lanes, name)]
    sys.stdout.write(f"{len(names) - len(survived)} of {len(names)} mutants caught\n")
    return 1 if survived else 0


def _caught(lanes: Lanes, mutant: str) -> bool:
    """Whether the mutant does harm where the sound console, on the same machine at the same time, does none."""
    for point in points_of(mutant):
        sound = replace(point, name=f"{point.name}, sound", mutant="")
        found = {result["point"]: _harm(result) for result in lanes.play([point, sound], patience=PATIENCE)}
        for name, harm in found.items():
            sys.stdout.write(f"{name}: {_told(harm)}\n")
        sys.stdout.flush()
        if found[point.name].keys() - found[sound.name].keys():
            return True
    sys.stdout.write(f"{mutant} SURVIVED\n")
    return False


def _harm(result: dict[str, Any]) -> dict[str, list[str]]:
    return {column: told for column, told in result["harm"].items() if column in COUNTED}


def _told(harm: dict[str, list[str]]) -> str:
    return "; ".join(f"{len(told)} {column}, e.g. {told[0]}" for column, told in harm.items()) or "no harm"
