"""The runs that are tortured: what the administrator presses, what Azure does wrong by itself, and how it must end."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Scenario:
    """start: drafts whose runs are started. then: a verb, pressed once so many events have happened (or the runs have ended, at -1).

    ends: the states of the runs, in their order.
    """

    start: tuple[str, ...]
    ends: tuple[str, ...]
    faults: tuple[dict[str, Any], ...] = ()
    then: str = ""
    at: int = 0


def _put(kind: str, nth: int, **fault: Any) -> dict[str, Any]:
    return {"verb": "PUT", "type": f"*/{kind}", "nth": nth, **fault}


# Answers that get lost before and after, refusals that pass, operations that nobody remembers: all of it heals.
ROUGH = (
    _put("storageaccounts", 1, do="status", status=503, when="after"),
    _put("replicationfabrics", 1, do="status", status=429, retry_after=2),
    _put("replicationfabrics", 2, do="reset", when="before"),
    _put("replicationpolicies", 1, do="lost"),
    _put("replicationprotectioncontainermappings", 1, do="status", status=409, code="Conflict"),
    _put("replicationprotecteditems", 1, do="reset", when="after"),
    _put("replicationprotecteditems", 2, do="lost"),
    {"verb": "POLL", "nth": [2, 9], "do": "status", "status": 500},
    {"verb": "LIST", "type": "*/replicationjobs", "nth": [1, 2, 3], "do": "status", "status": 503},
)
# One machine that Azure will not enable the first time.
FAILING = (_put("replicationprotecteditems", 2, do="operation", outcome="Failed", code="150001"),)
# One foundation that Azure never ends: the machines that need it are skipped.
STUCK = (_put("replicationpolicies", 1, do="operation", outcome="Failed", code="150001"),)

SCENARIOS: dict[str, Scenario] = {
    "smooth": Scenario(("few",), ("succeeded",)),
    "rough": Scenario(("few",), ("succeeded",), ROUGH),
    "pair": Scenario(("few", "other"), ("succeeded", "succeeded")),
    "many": Scenario(("many",), ("succeeded",)),
    "retried": Scenario(("few",), ("partial", "succeeded"), FAILING, then="retry", at=-1),
    "skipped": Scenario(("few",), ("failed",), STUCK),
    "cancelled": Scenario(("few",), ("cancelled",), then="cancel", at=8),
}
