"""What a well-behaved client never does, watched request by request (issue texts call these the invariants).

Each rule has a name and a list of violations, each with the sequence numbers of the log entries that show it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.kernel.world import World

#: Timers of clients and of this machine differ by less than this (seconds).
TOLERANCE = 0.25
_KEEP = 50_000
_DEPENDENCY_CODES = frozenset(
    {"ParentResourceNotFound", "ResourceGroupNotFound", "InvalidResourceReference", "LinkedInvalidPropertyId"}
)
_SOURCES = ("microsoft.compute/virtualmachines", "microsoft.compute/disks", "microsoft.network/networkinterfaces")
_HARMLESS = frozenset({"replaced-identical", "noop", "rejected", ""})

RULES = (
    "one-accepted-mutation",
    "source-untouched",
    "dependency-first",
    "one-writer-per-network",
    "poll-pace",
    "throttle-respected",
    "modelled-only",
)


@dataclass
class _Accepted:
    """The accepted mutation of one (principal, id, verb and action, body)."""

    seq: int
    operation: str


class Invariants:
    """Watches the log as it grows."""

    def __init__(self, world: World) -> None:
        """Nothing violated yet."""
        self._world = world
        self.violations: dict[str, deque[dict[str, Any]]] = {rule: deque(maxlen=1_000) for rule in RULES}
        self._accepted: dict[str, dict[tuple[str, ...], _Accepted]] = {}
        self._polls: dict[tuple[str, str], tuple[float, int]] = {}
        self._blocked: dict[tuple[str, str, str], tuple[float, int, float]] = {}  # until, by which entry, since

    def watch(self, entry: dict[str, Any]) -> None:
        """Judge one entry of the log."""
        if entry.get("unmodelled"):
            self._violated("modelled-only", entry, "a call that the simulator does not know")
        self._watch_throttle(entry)
        if entry.get("poll"):
            self._watch_poll(entry)
        if entry.get("mutating"):
            self._watch_mutation(entry)

    def _violated(self, rule: str, entry: dict[str, Any], what: str, *others: int, **more: float) -> None:
        shown = {"seqs": [*others, entry["seq"]], "verb": entry["verb"], "id": entry["id"], "what": what}
        self.violations[rule].append(shown | {"principal": entry.get("principal", "")} | more)

    def _watch_mutation(self, entry: dict[str, Any]) -> None:
        code = entry.get("code", "")
        if code in _DEPENDENCY_CODES:
            self._violated("dependency-first", entry, f"refused with {code}: what it depends on is not there")
        if code in ("AnotherOperationInProgress", "RetryableErrorDueToAnotherOperation"):
            self._violated("one-writer-per-network", entry, "another write to the same virtual network was running")
        if entry["status"] >= 400 or entry.get("effect", "") in _HARMLESS:
            return
        self._watch_source(entry)
        self._watch_repeat(entry)

    def _watch_source(self, entry: dict[str, Any]) -> None:
        resource = self._world.sources.get(entry["id"])
        if resource and entry.get("type", "").lower() in _SOURCES:
            self._violated("source-untouched", entry, "a write to a resource that the scenario came with")

    def _watch_repeat(self, entry: dict[str, Any]) -> None:
        intents = self._accepted.setdefault(entry["id"], {})
        key = (entry.get("principal", ""), entry["verb"], entry.get("action", ""), entry.get("body", ""))
        before = intents.get(key)
        if before is not None and self._still_stands(before):
            self._violated("one-accepted-mutation", entry, "the same request was accepted before", before.seq)
        if entry["verb"] == "DELETE":
            self._forget(entry["id"])
        if len(self._accepted) > _KEEP:
            self._accepted.clear()
        self._accepted.setdefault(entry["id"], {})[key] = _Accepted(entry["seq"], entry.get("operation", ""))

    def _still_stands(self, before: _Accepted) -> bool:
        """What failed or was cancelled may be asked again."""
        operation = self._world.operations.get(before.operation) if before.operation else None
        return operation is None or operation.outcome not in ("Failed", "Canceled")

    def _forget(self, resource_id: str) -> None:
        """What was deleted, and what hung on it, may be made again."""
        below = resource_id + "/"
        for key in [key for key in self._accepted if key == resource_id or key.startswith(below)]:
            del self._accepted[key]

    def _watch_poll(self, entry: dict[str, Any]) -> None:
        key = (entry.get("principal", ""), entry["poll"])
        before = self._polls.get(key)
        if before is not None and entry["time"] + TOLERANCE < before[0]:
            self._violated("poll-pace", entry, f"{before[0] - entry['time']:.1f} s before Retry-After", before[1])
        if len(self._polls) > _KEEP:
            self._polls.clear()
        self._polls[key] = (entry["time"] + (entry.get("retry_after") or 0), entry["seq"])

    def _watch_throttle(self, entry: dict[str, Any]) -> None:
        key = (entry.get("principal", ""), entry.get("subscription", ""), entry.get("kind", ""))
        before = self._blocked.get(key)
        if before is not None and entry["time"] + TOLERANCE < before[0]:
            early = f"{before[0] - entry['time']:.1f} s before the time of a 429"
            # Of several processes the others may not have heard of it yet: `after` lets a reader judge that.
            self._violated("throttle-respected", entry, early, before[1], after=round(entry["time"] - before[2], 3))
        if entry["status"] == 429:
            self._blocked[key] = (entry["time"] + (entry.get("retry_after") or 0), entry["seq"], entry["time"])
        elif before is not None and entry["time"] >= before[0]:
            del self._blocked[key]

    def report(self) -> dict[str, Any]:
        """`{"holds": bool, "rules": {name: [violations]}}`."""
        rules = {name: list(found) for name, found in self.violations.items()}
        return {"holds": not any(rules.values()), "rules": rules}
