"""Long-running operations: started once, finished by the agenda, polled in the style of the service that started them.

What is polled is computed from (start, duration, outcome); the operation's end is one entry on the agenda. Finished
operations are forgotten after `KEEP` seconds of world time, so that memory does not grow with the number of requests.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulator.kernel import ids
from simulator.kernel.agenda import EFFECTS, Entry, effect
from simulator.kernel.clock import iso
from simulator.kernel.registry import Style

if TYPE_CHECKING:
    from simulator.kernel.world import World

#: Finished operations can be polled this long (Azure keeps them for about an hour or more; *assumed*) ...
KEEP = 4 * 3600.0
#: ... and never more than this many.
KEEP_COUNT = 20_000
#: Among the counts: how often they have been begun anew, so that no id is ever given twice.
_ERA = ""


@dataclass
class Operation:
    """One long-running operation."""

    id: str
    style: Style
    verb: str
    target: str
    started: float
    duration: float
    effect: str = ""
    args: dict[str, Any] = field(default_factory=dict)
    #: What the final Location answers: "resource" (200 with the target), "none" (204 or 200 empty), "document".
    result: str = "none"
    document: Any = None
    #: `Succeeded`, `Failed`, `Canceled` once finished; "" while running.
    outcome: str = ""
    error: dict[str, Any] | None = None
    ended: float | None = None
    api_version: str = ""
    result_at: str = ""
    #: Extra headers of the 202 and of every poll (Site Recovery's x-ms-request-id).
    headers: dict[str, str] = field(default_factory=dict)
    principal: str = ""
    retry_after: int = 0
    created_target: bool = False
    #: The region of what it changes: providers keep their operations per region.
    location: str = ""

    @property
    def due(self) -> float:
        """When it ends, if nothing comes between."""
        return self.started + self.duration

    def fail(self, code: str, message: str, details: Any = None) -> None:
        """For effects: it ends as Failed with this error."""
        self.outcome = "Failed"
        self.error = {"code": code, "message": message}
        if details is not None or self.style is Style.SITE_RECOVERY:
            self.error["details"] = details


class Operations:
    """All operations of a world that can still be polled."""

    def __init__(self, world: World) -> None:
        """None yet."""
        self._world = world
        self._known: dict[str, Operation] = {}
        #: The newest running operation of each target.
        self._changing: dict[str, Operation] = {}
        self._finished: deque[str] = deque()
        self._counts: dict[str, int] = {}

    def __iter__(self) -> Iterator[Operation]:
        """Running and finished ones, in the order of their start."""
        return iter(list(self._known.values()))

    def get(self, operation_id: str) -> Operation | None:
        """The operation of that id (also as base64, as group deletes have it), or None."""
        return self._known.get(operation_id.lower()) or self._known.get(_decoded(operation_id))

    def mint(self, target: str, verb: str) -> str:
        """A GUID for the next operation of this verb on this target, the same in every run with the same seed."""
        if len(self._counts) > 10 * KEEP_COUNT:
            self._counts = {_ERA: self._counts.get(_ERA, 0) + 1}
        place = f"{verb} {target.lower()}"
        count = self._counts[place] = self._counts.get(place, 0) + 1
        return ids.guid(self._world.settings.seed, place, count, self._counts.get(_ERA, 0), self._world.started)

    def start(self, operation: Operation) -> Operation:
        """Remember it and put its end on the agenda."""
        self._known[operation.id.lower()] = operation
        self._changing[operation.target.lower()] = operation
        self._world.agenda.add(operation.due, "operation.ends", operation.id)
        return operation

    def running(self, target: str) -> Operation | None:
        """The operation that is changing a resource, or None."""
        return self._changing.get(target.lower())

    def finish(self, operation: Operation, outcome: str = "", error: dict[str, Any] | None = None) -> None:
        """End it now: by its effect (no outcome given), or from outside, e.g. `finish(op, "Canceled")`."""
        if operation.outcome:
            return
        if outcome:
            operation.outcome, operation.error = outcome, error
            self._world.agenda.cancel(lambda entry: entry.target == operation.id and entry.effect == "operation.ends")
        else:
            self._doom(operation)
            if operation.effect:
                EFFECTS[operation.effect](self._world, operation)
        operation.outcome = operation.outcome or "Succeeded"
        operation.ended = self._world.now()
        self._release(operation)
        self._forget_old(operation)

    def _doom(self, operation: Operation) -> None:
        """A planned fault: the effect finds the outcome decided, and leaves behind what a failure leaves behind."""
        doomed = operation.args.pop("doomed", None)
        if doomed:
            operation.fail(doomed["code"], doomed["message"])
            operation.outcome = doomed["outcome"]

    def postpone(self, operation: Operation) -> None:
        """It will not end by itself (a planned fault, or a manual transition)."""
        self._world.agenda.cancel(lambda entry: entry.target == operation.id and entry.effect == "operation.ends")

    def _release(self, operation: Operation) -> None:
        if self._changing.get(operation.target.lower()) is operation:
            del self._changing[operation.target.lower()]
        resource = self._world.store.get(operation.target)
        if resource is not None and resource.operation == operation.id:
            resource.operation = ""
            self._world.store.touch(resource)

    def _forget_old(self, newest: Operation) -> None:
        self._finished.append(newest.id.lower())
        horizon = self._world.now() - KEEP
        while self._finished:
            oldest = self._known.get(self._finished[0])
            if oldest is not None and len(self._finished) <= KEEP_COUNT and (oldest.ended or horizon) >= horizon:
                return
            self._known.pop(self._finished.popleft(), None)

    # --- for snapshots ---

    def restore(self, operations: list[Operation], counts: dict[str, int]) -> None:
        """Take over what a snapshot holds; ends are on its agenda already."""
        self._known = {operation.id.lower(): operation for operation in operations}
        self._changing = {operation.target.lower(): operation for operation in operations if not operation.outcome}
        self._finished = deque(operation.id.lower() for operation in operations if operation.outcome)
        self._counts = dict(counts)

    @property
    def counts(self) -> dict[str, int]:
        """How many operations each (verb, target) has had."""
        return self._counts


@effect("operation.ends")
def _ends(world: World, entry: Entry) -> None:
    operation = world.operations.get(entry.target)
    if operation is not None:
        world.operations.finish(operation)


def _decoded(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().lower()
    except (ValueError, UnicodeDecodeError):
        return ""


def encoded(operation_id: str) -> str:
    """The id as ARM's group deletes write it: base64 without padding."""
    return base64.urlsafe_b64encode(operation_id.encode()).decode().rstrip("=")


def status_document(operation: Operation, url: str = "") -> dict[str, Any]:
    """The body of the `Azure-AsyncOperation` URL in the operation's style."""
    status = operation.outcome or "InProgress"
    ended = iso(operation.ended) if operation.ended is not None else None
    if operation.style is Style.SITE_RECOVERY:
        return {
            "error": operation.error,
            "id": None,
            "name": operation.args.get("job", operation.id),
            "properties": None,
            "status": status,
            "startTime": iso(operation.started),
            "endTime": ended[:20] + "0000000Z" if ended else None,
            "percentComplete": None,
        }
    document: dict[str, Any] = {"name": operation.id, "status": status, "startTime": iso(operation.started)}
    if url:
        document["id"] = url
    if ended:
        document["endTime"] = ended
    if operation.error is not None and operation.outcome != "Succeeded":
        document["error"] = operation.error
    return document
