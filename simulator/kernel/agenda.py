"""What will happen, and when. Nothing runs by itself: `World.settle` takes out what is due whenever somebody looks.

Entries hold the *name* of an effect, so that a snapshot can hold the agenda as plain JSON.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.kernel.world import World


@dataclass(order=True)
class Entry:
    """One thing that will happen at `at`. Entries of one moment happen in the order of effect and target, then as added."""

    at: float
    effect: str
    target: str
    number: int
    args: dict[str, Any] = field(default_factory=dict, compare=False)
    cancelled: bool = field(default=False, compare=False)


#: Name to what happens. The second argument is an `Operation` for effects of operations, else the `Entry`.
EFFECTS: dict[str, Callable[[World, Any], None]] = {}

Effect = Callable[["World", Any], None]


def effect(name: str) -> Callable[[Effect], Effect]:
    """Register what happens under a name: `@effect("compute.restarted")`."""

    def register(function: Effect) -> Effect:
        EFFECTS[name] = function
        return function

    return register


class Agenda:
    """A heap of entries by due time."""

    def __init__(self) -> None:
        """Nothing will happen."""
        self._heap: list[Entry] = []
        self._numbers = 0

    def add(self, at: float, effect: str, target: str, args: dict[str, Any] | None = None) -> Entry:
        """Something will happen at a world time. `effect` must be registered. Returns the entry, which can be cancelled."""
        if effect not in EFFECTS:
            raise KeyError(f"no effect is called {effect}")
        self._numbers += 1
        entry = Entry(at, effect, target, self._numbers, args or {})
        heapq.heappush(self._heap, entry)
        return entry

    def cancel(self, test: Callable[[Entry], bool]) -> int:
        """Nothing comes of entries that pass the test. Returns how many."""
        doomed = [entry for entry in self._heap if not entry.cancelled and test(entry)]
        for entry in doomed:
            entry.cancelled = True
        return len(doomed)

    def next_due(self) -> float | None:
        """When the next thing happens, or None."""
        while self._heap and self._heap[0].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0].at if self._heap else None

    def take(self, until: float) -> Entry | None:
        """The next entry due by `until`, taken out, or None."""
        due = self.next_due()
        return heapq.heappop(self._heap) if due is not None and due <= until else None

    def entries(self) -> list[Entry]:
        """Everything still to come, by due time."""
        return sorted(entry for entry in self._heap if not entry.cancelled)
