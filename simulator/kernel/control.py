"""The control API under `/__sim/`: loopback only, with a secret of its own, free of faults, throttle and tokens.

Documented in docs/simulator.md. Every request but `GET /__sim/health` carries `Authorization: Secret <secret>` (or the
header `x-sim-secret`).
"""

from __future__ import annotations

import dataclasses
import hmac
import json
from collections.abc import Callable
from typing import Any

from simulator.kernel import durations, errors, faults, scenario, snapshot
from simulator.kernel.clock import iso, parse_iso
from simulator.kernel.request import Request, Response
from simulator.kernel.world import World

#: Settings that may change while the world runs, with the values they take (a type, or a tuple of words).
_CHANGEABLE: dict[str, Any] = {
    "durations": (int, float),
    "pace": ("faithful", "fast", "step"),
    "halfborn": ("hidden", "shown"),
    "throttle": ("off", "azure"),
    "site_recovery_writes": int,
    "page_size": int,
    "empty_page_every": int,
    "token_lifetime": int,
}
_TRANSITIONS = ("immediate", "time", "manual")
Document = dict[str, Any]


class BadRequestError(ValueError):
    """A control request that makes no sense; the message says why."""


class Console:
    """Answers `/__sim/...`. `seed(name)` makes a scenario document by name, for reset and load."""

    def __init__(
        self, world: World, secret: str, seed: Callable[[str], Document] | None = None, start: str = ""
    ) -> None:
        """Control a world for those who know the secret; `start` is the scenario that a reset goes back to."""
        self.world = world
        self._secret = secret
        self._seed = seed
        self._start: Document | None = None
        self._start_name = start
        self._begin = dataclasses.replace(world.settings)

    def answer(self, request: Request) -> Response:
        """The answer of a control request: 200, 400 with a sentence, 401, 404."""
        path = request.path.removeprefix("/__sim").strip("/")
        if path == "health":
            return Response(200, self._health())
        if not self._known(request):
            return Response(401, {"error": "the control API's secret is missing or wrong"})
        handler = self._find(request.method, path)
        if handler is None:
            return Response(404, {"error": f"there is no {request.method} /__sim/{path}"})
        try:
            return handler(request)
        except (ValueError, KeyError, TypeError, errors.ArmError) as problem:
            return Response(400, {"error": str(problem)})

    def _known(self, request: Request) -> bool:
        given = request.headers.get("x-sim-secret") or request.headers.get("authorization", "").removeprefix("Secret ")
        return hmac.compare_digest(given.encode(), self._secret.encode())

    def _find(self, method: str, path: str) -> Callable[[Request], Response] | None:
        routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("POST", "reset"): self._reset,
            ("POST", "load"): self._load,
            ("GET", "snapshot"): self._take,
            ("PUT", "snapshot"): self._restore,
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._set_clock,
            ("GET", "settings"): self._settings,
            ("PUT", "settings"): self._set_settings,
            ("GET", "transitions"): self._transitions,
            ("PUT", "transitions"): self._set_transitions,
            ("GET", "faults"): self._faults,
            ("PUT", "faults"): self._set_faults,
            ("DELETE", "faults"): self._no_faults,
            ("GET", "operations"): self._operations,
            ("POST", "operations"): self._finish,
            ("GET", "log"): self._log,
            ("DELETE", "log"): self._clear_log,
            ("GET", "invariants"): self._invariants,
            ("GET", "throttle"): self._throttle,
            ("GET", "agenda"): self._agenda,
            ("GET", "resource"): self._resource,
            ("PATCH", "resource"): self._set_facts,
            ("DELETE", "resource"): self._lose,
            ("PUT", "principals"): self._set_principals,
            ("POST", "tokens/revoke"): self._revoke,
            ("GET", "durations"): lambda _: Response(200, durations.table()),
            ("GET", "types"): self._types,
        }
        return routes.get((method, path))

    # --- the world as a whole ---

    def _health(self) -> Document:
        world = self.world
        return {
            "status": "ready",
            "resources": len(world.store),
            "operations": sum(1 for operation in world.operations if not operation.outcome),
            "requests": world.oplog.count,
            "now": iso(world.clock.now()),
            "clock": "frozen" if world.clock.frozen else "real",
        }

    def _reset(self, request: Request) -> Response:
        """Back to the scenario of the start (or another: `{"scenario": "tiny"}`); settings and clock, too."""
        body = _body(request)
        name = str(body.get("scenario", self._start_name))
        document = self._scenario(name) if name else {}
        world = self.world
        for changed in dataclasses.fields(self._begin):
            setattr(world.settings, changed.name, getattr(self._begin, changed.name))
        world.settings.transitions = {}
        world.settings.seed = int(body.get("seed", self._begin.seed))
        world.clear()
        world.clock.restart()
        scenario.load(world, document)
        return Response(200, self._health())

    def _scenario(self, name: str) -> Document:
        """The scenario of the start is made once: a reset takes milliseconds."""
        if name != self._start_name or self._start is None:
            if self._seed is None:
                raise BadRequestError("this simulator knows no scenarios by name")
            made = self._seed(name)
            if name != self._start_name or not isinstance(made["resources"], list):
                return made
            self._start = {"json": json.dumps(made)}
        return _parsed(self._start["json"])

    def _load(self, request: Request) -> Response:
        """Add a scenario document, or `{"scenario": NAME}`, to what is there."""
        body = _body(request)
        document = self._scenario(str(body["scenario"])) if set(body) == {"scenario"} else body
        return Response(200, {"loaded": scenario.load(self.world, document)})

    def _take(self, request: Request) -> Response:
        self.world.settle()
        return Response(200, snapshot.take(self.world))

    def _restore(self, request: Request) -> Response:
        snapshot.restore(self.world, json.loads(request.body))
        return Response(200, self._health())

    # --- time ---

    def _clock(self, request: Request) -> Response:
        due = self.world.agenda.next_due()
        now = self.world.clock.now()
        return Response(
            200, {"now": iso(now), "seconds": now, "frozen": self.world.clock.frozen, "next": due and iso(due)}
        )

    def _set_clock(self, request: Request) -> Response:
        """`{"freeze": true}`, `{"run": true}`, `{"advance": 60}`, `{"advance": "next"}`, `{"advance_to": "2026-..."}`."""
        body, world = _body(request), self.world
        if body.get("freeze"):
            world.clock.freeze()
        if body.get("run"):
            world.clock.run()
        if "advance_to" in body:
            world.clock.advance(parse_iso(str(body["advance_to"])) - world.clock.now())
        if "advance" in body:
            world.clock.advance(self._seconds(body["advance"]))
        world.settle()
        return self._clock(request)

    def _seconds(self, asked: Any) -> float:
        if asked != "next":
            return float(asked)
        due = self.world.agenda.next_due()
        return max(0.0, due - self.world.clock.now()) if due is not None else 0.0

    # --- settings, transitions ---

    def _settings(self, request: Request) -> Response:
        return Response(200, dataclasses.asdict(self.world.settings))

    def _set_settings(self, request: Request) -> Response:
        body = _body(request)
        for name, value in body.items():
            allowed = _CHANGEABLE.get(name)
            if allowed is None or isinstance(value, bool) or not _allowed(value, allowed):
                raise BadRequestError(f"{name} cannot be set to {value!r}")
        for name, value in body.items():
            setattr(self.world.settings, name, value)
        return self._settings(request)

    def _transitions(self, request: Request) -> Response:
        return Response(200, self.world.settings.transitions)

    def _set_transitions(self, request: Request) -> Response:
        """`{"vm.create": "immediate" | "time" | "manual"}`: how operations that take that duration end."""
        body = _body(request)
        for name, value in body.items():
            if name not in durations.table() or value not in _TRANSITIONS:
                raise BadRequestError(f"there is no transition {name} = {value}")
        self.world.settings.transitions.update(body)
        return self._transitions(request)

    # --- faults ---

    def _faults(self, request: Request) -> Response:
        lines = self.world.faults.lines
        return Response(200, [{"line": line.spec, "seen": line.seen, "fired": line.fired} for line in lines])

    def _set_faults(self, request: Request) -> Response:
        specs = json.loads(request.body)
        if not isinstance(specs, list):
            raise faults.BadPlanError("a plan is a list of lines")
        self.world.faults.load(specs)
        return self._faults(request)

    def _no_faults(self, request: Request) -> Response:
        self.world.faults.load([])
        return Response(204)

    # --- operations ---

    def _operations(self, request: Request) -> Response:
        self.world.settle()
        running = request.query.get("state", "") == "running"
        found = [operation for operation in self.world.operations if not (running and operation.outcome)]
        return Response(200, [dataclasses.asdict(operation) for operation in found])

    def _finish(self, request: Request) -> Response:
        """`{"id": "...", "outcome": "Succeeded" | "Failed" | "Canceled", "code": "...", "message": "..."}`: end it now."""
        body = _body(request)
        operation = self.world.operations.get(str(body["id"]))
        if operation is None:
            raise BadRequestError(f"there is no operation {body['id']}")
        outcome = str(body.get("outcome", "Succeeded"))
        if outcome != "Succeeded":
            operation.args["doomed"] = {
                "outcome": outcome,
                "code": str(body.get("code", "InternalError")),
                "message": str(body.get("message", "The operation failed.")),
            }
        self.world.operations.postpone(operation)
        self.world.operations.finish(operation)
        return Response(200, dataclasses.asdict(operation))

    def _agenda(self, request: Request) -> Response:
        entries = self.world.agenda.entries()[:1_000]
        return Response(
            200, [{"at": iso(entry.at), "effect": entry.effect, "target": entry.target} for entry in entries]
        )

    # --- log, invariants, buckets ---

    def _log(self, request: Request) -> Response:
        """NDJSON; query parameters filter by field (globs), `since` by sequence number."""
        lines = [json.dumps(entry, ensure_ascii=False) for entry in self.world.oplog.entries(request.query)]
        content = ("\n".join(lines) + "\n").encode() if lines else b""
        return Response(200, content, [("Content-Type", "application/x-ndjson")])

    def _clear_log(self, request: Request) -> Response:
        from simulator.kernel.invariants import Invariants

        self.world.oplog.clear()
        self.world.invariants = Invariants(self.world)
        return Response(204)

    def _invariants(self, request: Request) -> Response:
        return Response(200, self.world.invariants.report())

    def _throttle(self, request: Request) -> Response:
        return Response(200, self.world.throttle.levels())

    # --- single things ---

    def _resource(self, request: Request) -> Response:
        """One resource with its private facts: `?id=/subscriptions/...`."""
        self.world.settle()
        resource = self.world.store.get(request.query.get("id", ""))
        if resource is None:
            return Response(404, {"error": f"there is no resource {request.query.get('id')}"})
        return Response(200, {"body": self.world.body(resource), "_sim": resource.sim, "born": resource.born})

    def _set_facts(self, request: Request) -> Response:
        """`{"id": "...", "_sim": {...}, "document": {...}}`: merge into the facts and into the document (RFC 7396)."""
        from simulator.kernel.verbs import merge

        body = _body(request)
        resource = self.world.store.get(str(body.get("id", "")))
        if resource is None:
            return Response(404, {"error": f"there is no resource {body.get('id')}"})
        merge(resource.sim, body.get("_sim") or {})
        merge(resource.document, body.get("document") or {})
        self.world.store.touch(resource)
        return Response(200, {"body": self.world.body(resource), "_sim": resource.sim})

    def _lose(self, request: Request) -> Response:
        """`?id=`: take a resource away with all that lies below it, as if somebody else had deleted it: also a whole subscription."""
        self.world.settle()
        resource = self.world.store.get(request.query.get("id", ""))
        if resource is None:
            return Response(404, {"error": f"there is no resource {request.query.get('id')}"})
        self.world.remove(resource)
        return Response(204)

    def _set_principals(self, request: Request) -> Response:
        """Add or replace principals: a list of the scenario's entries."""
        scenario.load(self.world, {"tenant": self.world.tenant, "principals": json.loads(request.body)})
        return Response(200, [dataclasses.asdict(who) for who in self.world.principals.values()])

    def _revoke(self, request: Request) -> Response:
        """Every token issued so far is refused from now on."""
        self.world.tokens.revoked_before = self.world.now() + 0.001
        return Response(204)

    def _types(self, request: Request) -> Response:
        """What is modelled: type, api-versions, status codes by verb; for the comparison with the SDKs."""
        return Response(200, [_described(kind) for kind in self.world.registry.types()])


def _described(kind: Any) -> Document:
    writes = {"PUT": kind.put, "PATCH": kind.patch, "DELETE": kind.delete}
    codes = {
        verb: sorted(
            {write.deleted, write.absent}
            if verb == "DELETE"
            else {write.created, write.replaced}
            if verb == "PUT"
            else {write.replaced}
        )
        for verb, write in writes.items()
        if write is not None
    }
    return {"name": kind.name, "versions": list(kind.versions), "codes": codes, "actions": sorted(kind.actions)}


def _allowed(value: Any, allowed: Any) -> bool:
    if isinstance(allowed, tuple) and isinstance(allowed[0], str):
        return value in allowed
    return isinstance(value, allowed) and value >= 0


def _body(request: Request) -> Document:
    found = json.loads(request.body) if request.body else {}
    if not isinstance(found, dict):
        raise BadRequestError("the body must be a JSON object")
    return found


def _parsed(text: str) -> Document:
    found: Document = json.loads(text)
    return found
