"""The runs that are tortured: what the administrator presses, what Azure does wrong by itself, and how it must end."""

from dataclasses import dataclass
from typing import Any

# Moments, apart from "after so many events": when all runs have ended; two seconds after the verb before; when all runs have ended and
# their items are shown, for only then can somebody press a button of theirs.
ENDED, SOON, SHOWN = -1, -2, -3


@dataclass(frozen=True)
class Scenario:
    """start: drafts whose runs are started, by which verb. then: verbs, each with the moment at which it is pressed. ends: the states of
    the runs, in their order. durations: where operations shall take another share of their time than else.
    """

    start: tuple[str, ...]
    ends: tuple[str, ...]
    faults: tuple[dict[str, Any], ...] = ()
    then: tuple[tuple[str, int], ...] = ()
    verb: str = "start"
    durations: float = 0


def _put(kind: str, nth: int, **fault: Any) -> dict[str, Any]:
    return {"verb": "PUT", "type": f"*/{kind}", "nth": nth, **fault}


# Answers that get lost before and after, refusals that pass, operations that nobody remembers: all of it heals.
ROUGH = (
    _put("storageaccounts", 1, do="status", status=503, when="after"),
    _put("replicationfabrics", 1, do="status", status=429, retry_after=2),
    _put("replicationfabrics", 1, do="reset"),
    _put("replicationpolicies", 1, do="lost"),
    _put("replicationprotectioncontainermappings", 1, do="status", status=409, code="Conflict"),
    _put("replicationprotecteditems", 1, do="reset", when="after"),
    _put("replicationprotecteditems", 1, do="lost"),
    _put("virtualnetworks", 1, do="late", reads=1),
    {"verb": "LIST", "type": "*/virtualmachines", "nth": [1, 2], "do": "status", "status": 503},
    {"verb": "GET", "type": "*/replicationfabrics", "nth": [1, 2], "do": "status", "status": 503},
    {"verb": "POLL", "nth": [2, 3, 9, 10], "do": "status", "status": 500},
    {"verb": "LIST", "type": "*/replicationjobs", "nth": [1, 2, 9, 10], "do": "status", "status": 503},
)
# One machine that Azure will not enable the first time.
FAILING = (_put("replicationprotecteditems", 2, do="operation", outcome="Failed", code="150001"),)
# One foundation that fails: the machines that need it are skipped.
NO_POLICY = (_put("replicationpolicies", 1, do="operation", outcome="Failed", code="150001"),)

SCENARIOS: dict[str, Scenario] = {
    "smooth": Scenario(("few",), ("succeeded",)),
    "rough": Scenario(("few",), ("succeeded",), ROUGH, durations=0.025),
    "late": Scenario(("few",), ("succeeded",), durations=0.04),
    "pair": Scenario(("few", "other"), ("succeeded", "succeeded")),
    "many": Scenario(("many",), ("succeeded",)),
    "named": Scenario(("named",), ("succeeded",)),
    "targets": Scenario(("few",), ("succeeded", "succeeded"), then=(("start", ENDED),), verb="targets"),
    "retried": Scenario(("few",), ("partial", "succeeded"), FAILING, then=(("retry", ENDED),)),
    "skipped": Scenario(("few",), ("failed",), NO_POLICY),
    "cancelled": Scenario(("few",), ("cancelled",), then=(("cancel", 8),)),
    "taken over": Scenario(("few",), ("succeeded",), then=(("take over", 8),)),
    "changed": Scenario(("few",), ("succeeded", "succeeded"), then=(("change", SHOWN),)),
    "disabled": Scenario(("few",), ("succeeded", "succeeded"), then=(("disable", SHOWN),)),
    "asked": Scenario(("few",), ("succeeded",), then=(("ask", SHOWN),)),
    "paused": Scenario(("few",), ("succeeded",), then=(("pause", 8), ("resume", SOON))),
}
