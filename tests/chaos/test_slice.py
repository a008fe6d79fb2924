"""A slice of the torture: the gap, the last transaction, an answer that is lost, the broker's loss; and that harm would be seen."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos import mutated
from tests.chaos.lanes import Lanes
from tests.chaos.points import TARGETS, Point, every, lines, some

pytestmark = pytest.mark.chaos

_LOST = {"verb": "PUT", "type": TARGETS["account"][1], "nth": 1, "do": "reset", "when": "after"}
GAP, FORGETFUL = (mutated.points_of(name)[0] for name in ("unknown-is-absent", "trust-broker"))
SLICE = (
    replace(GAP, name="kill between answer and record", mutant=""),
    Point(
        "kill in the last transaction",
        "kill",
        file=mutated.AUDIT,
        line=mutated.line_of(mutated.AUDIT, "row.save("),
        pool="prefork",
    ),
    Point("an answer that is lost", "fault", faults=(_LOST,), halfborn="shown"),
    replace(FORGETFUL, name="everything dies, and the broker forgets", mutant=""),
)


@pytest.fixture(scope="module")
def lanes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lanes]:
    folder: Path = tmp_path_factory.mktemp("chaos")
    with Lanes(3, folder) as made:
        yield made


def test_nothing_hurts_and_mutants_do(lanes: Lanes) -> None:
    """Played together, so that all lanes are busy; each mutant beside the sound console at the same point."""
    results = {result["point"]: result for result in lanes.play([GAP, *SLICE])}
    (forgetful,) = lanes.play([FORGETFUL], patience=mutated.PATIENCE)
    mutant = results.pop(GAP.name)
    assert [name for name, result in results.items() if not result["struck"]] == []
    assert {name: result["harm"] for name, result in results.items() if result["harm"]} == {}
    assert mutant["harm"]["duplicates"]
    assert forgetful["harm"]["lost"]


def test_lines_between_effects_are_found() -> None:
    found = lines()
    for text in ("azure.submit(", "ledger.accepted("):
        assert (mutated.MOVES, mutated.line_of(mutated.MOVES, text)) in found
    assert len({file for file, _ in found}) > 10


def test_a_seed_decides_order_and_choice() -> None:
    reached: dict[str, dict[str, int]] = {"smooth/worker": {f"{file}:{line}": 4 for file, line in lines()}}
    assert every(reached, 1) == every(reached, 1)
    assert every(reached, 1) != every(reached, 2)
    assert len({point.name for point in every(reached, 1)}) == len(every(reached, 1)) >= 200
    assert {point.kind for point in some(every(reached, 1), 10)} >= {"kill", "fault", "infrastructure"}
