"""One simulated cloud: the parts, and the few verbs that need several of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.kernel import durations, ids
from simulator.kernel.agenda import EFFECTS, Agenda, effect
from simulator.kernel.auth import Tokens
from simulator.kernel.clock import Clock, iso
from simulator.kernel.operations import Operation, Operations
from simulator.kernel.registry import Registry, Style
from simulator.kernel.request import encode
from simulator.kernel.store import Resource, Store

#: The duration of what ends only when the control API says so.
MANUAL = 1e9


@dataclass
class Settings:
    """What the command line says; the control API may change most of it while the world runs."""

    seed: int = 1
    #: Multiplies every duration; 1.0 is as recorded.
    durations: float = 1.0
    #: "faithful", "fast" or "step".
    pace: str = "faithful"
    #: "hidden" or "shown".
    halfborn: str = "hidden"
    #: "off" or "azure".
    throttle: str = "off"
    #: Site Recovery's own writes per minute with throttle "azure" (*assumed*: it is not documented); 0: it has no limit of its own.
    site_recovery_writes: int = 200
    page_size: int = 200
    #: Every n-th page of a list is empty but for its nextLink; 0: never.
    empty_page_every: int = 0
    #: Seconds after which a token expires.
    token_lifetime: int = 3599
    #: Name of a duration to "immediate", "time" or "manual" (PUT /__sim/transitions).
    transitions: dict[str, str] = field(default_factory=dict)


class World:
    """Everything that one running simulator holds."""

    def __init__(
        self,
        registry: Registry,
        settings: Settings | None = None,
        clock: Clock | None = None,
        locations: tuple[str, ...] = (),
    ) -> None:
        """An empty cloud that knows the types of a registry. `locations`: the regions there are; none: any name."""
        self.registry = registry
        self.known_locations = locations
        self.settings = settings or Settings()
        self.clock = clock or Clock()
        self.tokens = Tokens()
        #: Part of every operation's id: a world that starts again never repeats one, a frozen one always does.
        self.started = 0.0 if self.clock.frozen else round(self.clock.now(), 3)
        #: Where the operations log spills to; None: a temporary folder.
        self.folder: Path | None = None
        self._moment: float | None = None
        self.clear()

    def clear(self) -> None:
        """Forget everything but the settings and the clock."""
        # these four know routes and calls, which know worlds
        from simulator.kernel.faults import Plan
        from simulator.kernel.invariants import Invariants
        from simulator.kernel.oplog import OpLog
        from simulator.kernel.throttle import Throttle

        self.store = Store()
        self.agenda = Agenda()
        self.operations = Operations(self)
        self.tenant = ids.guid(self.settings.seed, "tenant")
        self.principals: dict[str, Principal] = {}
        self.registrations: dict[str, dict[str, str]] = {}
        self.names_taken: set[str] = set()
        self.locations: tuple[str, ...] = self.known_locations
        self.quotas: dict[str, Any] = {}
        self.unavailable_sizes: dict[str, list[str]] = {}
        #: Room for a provider's own facts, by provider name; must stay plain JSON.
        self.facts: dict[str, Any] = {}
        self.requests = 0
        self._request_stem = ""
        #: Keys of what the scenario came with (the invariants' "source").
        self.sources: dict[str, bool] = {}
        self.faults = Plan()
        self.throttle = Throttle(self)
        self.oplog = OpLog(self.folder)
        self.invariants = Invariants(self)

    # --- time ---

    def now(self) -> float:
        """The world's time; inside an effect, the time at which it was due."""
        return self._moment if self._moment is not None else self.clock.now()

    def iso_now(self) -> str:
        """`now()` with seven decimals."""
        return iso(self.now())

    def settle(self, until: float | None = None) -> None:
        """Let everything happen that is due by now (or by `until`), in order, each at its own moment."""
        limit = self.clock.now() if until is None else until
        while (entry := self.agenda.take(limit)) is not None:
            self._moment = entry.at
            try:
                EFFECTS[entry.effect](self, entry)
            finally:
                self._moment = None

    def next_request_id(self) -> str:
        """A GUID for the next answer; cheap, because every answer has one."""
        self.requests += 1
        if not self._request_stem:
            self._request_stem = ids.guid(self.settings.seed, "request", self.started)[:24]
        return f"{self._request_stem}{self.requests:012x}"

    def duration(self, name: str, target: str = "") -> float:
        """Seconds that a named operation takes on a target: the recorded figure, jittered, times the factor."""
        transition = self.settings.transitions.get(name)
        if transition in ("immediate", "manual"):
            return 0.0 if transition == "immediate" else MANUAL
        spread = ids.generator(self.settings.seed, target.lower(), name).uniform(-durations.JITTER, durations.JITTER)
        return round(durations.seconds(name) * (1 + spread) * self.settings.durations, 3)

    # --- resources ---

    def visible(self, resource_id: str) -> Resource | None:
        """The resource as a reader sees it: None when it is missing, or still being created and hidden."""
        found = self.store.get(resource_id)
        return found if found is not None and self.shown(found) else None

    def shown(self, resource: Resource) -> bool:
        """Whether a resource can be read yet."""
        return resource.born or self.settings.halfborn == "shown"

    def put(self, resource_id: str, document: dict[str, Any], sim: dict[str, Any] | None = None) -> Resource:
        """Create or replace a resource from inside (a provider that makes machines appear). Runs the `stored` hook."""
        kind = self.registry.find(ids.type_of(resource_id))
        type_name = kind.name if kind else ids.type_of(resource_id)
        resource = self.store.get(resource_id)
        if resource is None:
            resource = Resource(resource_id, type_name, document, sim or {}, created=self.now())
        else:
            resource.id, resource.document = resource_id, document
            resource.sim = sim if sim is not None else resource.sim
        resource.changed = self.now()
        self.store.add(resource)
        if kind is not None and kind.stored is not None:
            kind.stored(self, resource)
        return resource

    def remove(self, resource: Resource) -> None:
        """Remove a resource and everything below it, each type's `gone` hook called, children first."""
        for child in reversed(self.store.descendants(resource.id)):
            self._remove_one(child)
        self._remove_one(resource)

    def _remove_one(self, resource: Resource) -> None:
        self.store.remove(resource)
        kind = self.registry.find(resource.type)
        if kind is not None and kind.gone is not None:
            kind.gone(self, resource)

    def ready(self, operation: Operation) -> Resource | None:
        """The end of a creation or update: the target is born and its provisioningState is Succeeded (or Failed)."""
        resource = self.store.get(operation.target)
        if resource is None:
            return None
        resource.operation = ""
        if operation.outcome and not resource.born:
            self.remove(resource)  # a hidden creation that failed leaves nothing
            return None
        resource.born = True
        kind = self.registry.find(resource.type)
        if kind is not None and kind.has_state:
            resource.properties["provisioningState"] = operation.outcome or "Succeeded"
        self.store.touch(resource)
        return resource

    def body(self, resource: Resource) -> dict[str, Any]:
        """The document as a reader sees it (a new copy)."""
        kind = self.registry.find(resource.type)
        body = {"id": resource.id, "name": resource.name, "type": resource.type, **copied(resource.document)}
        if kind is not None:
            if kind.etag:
                body["etag"] = self.etag(resource)
            if kind.render is not None:
                kind.render(self, resource, body)
        return body

    def bytes_of(self, resource: Resource) -> bytes:
        """The rendered body, cached until the next change unless the type is live."""
        if resource.cached is not None:
            return resource.cached
        rendered = encode(self.body(resource))
        kind = self.registry.find(resource.type)
        if kind is None or not kind.live:
            resource.cached = rendered
        return rendered

    def etag(self, resource: Resource) -> str:
        """The etag of the `ETag` header, the same as in the body: weak (recorded for Network)."""
        return f'W/"{ids.guid(self.settings.seed, resource.key, resource.version)}"'


def copied(document: Any) -> Any:
    """A deep copy of a JSON document; several times faster than copy.deepcopy, which must expect anything."""
    if isinstance(document, dict):
        return {name: copied(value) for name, value in document.items()}
    if isinstance(document, list):
        return [copied(value) for value in document]
    return document


@dataclass
class Principal:
    """Somebody who can get a token: an application, or a managed identity."""

    client_id: str
    object_id: str
    name: str = ""
    secret: str = ""
    #: Role assignments are enforced for it; otherwise it may do everything.
    enforce: bool = False


ANYBODY = Principal("00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000", "in-process")


@effect("resource.ready")
def _ready(world: World, operation: Operation) -> None:
    world.ready(operation)


@effect("resource.gone")
def _gone(world: World, operation: Operation) -> None:
    resource = world.store.get(operation.target)
    if resource is None:
        return
    if operation.outcome:
        world.ready(operation)  # a delete that failed leaves the resource, in state Failed
    else:
        world.remove(resource)


__all__ = ["ANYBODY", "Operation", "Principal", "Settings", "Style", "World"]
