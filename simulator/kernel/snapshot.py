"""The whole world as plain JSON, and back: store, operations, agenda, clock, counts. Never live objects.

Token buckets, the operations log and fault plans belong to a run, not to the world, and are not kept.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from simulator.kernel.operations import Operation
from simulator.kernel.registry import Style
from simulator.kernel.store import Resource
from simulator.kernel.world import Principal, World

FORMAT = 1
_RESOURCE_FIELDS = ("id", "type", "document", "sim", "created", "changed", "born", "operation")
_WORLD_FIELDS = ("tenant", "registrations", "quotas", "unavailable_sizes", "facts", "started", "requests", "sources")


class BadSnapshotError(ValueError):
    """The document is not a snapshot of ours."""


def take(world: World) -> dict[str, Any]:
    """Everything, as a JSON-able document."""
    return {
        "format": FORMAT,
        "seed": world.settings.seed,
        "clock": {"now": world.clock.now(), "frozen": world.clock.frozen, "offset": world.clock.offset},
        "world": {name: getattr(world, name) for name in _WORLD_FIELDS},
        "names_taken": sorted(world.names_taken),
        "locations": list(world.locations),
        "principals": [dataclasses.asdict(who) for who in world.principals.values()],
        "resources": [{name: getattr(found, name) for name in _RESOURCE_FIELDS} for found in world.store],
        "operations": [dataclasses.asdict(operation) for operation in world.operations],
        "counts": world.operations.counts,
        "agenda": [
            {"at": entry.at, "effect": entry.effect, "target": entry.target, "args": entry.args}
            for entry in world.agenda.entries()
        ],
    }


def restore(world: World, document: Any) -> None:
    """Replace a world's content. Raises BadSnapshotError; a document that is none changes nothing.

    A running clock goes on from now, never from before the snapshot: what fell due in between happens at once.
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadSnapshotError(f"this is not a snapshot of format {FORMAT}")
    try:
        _restore(world, json.loads(json.dumps(document)))
    except (KeyError, TypeError) as problem:
        raise BadSnapshotError(f"the snapshot is damaged: {problem!r}") from problem


def _restore(world: World, document: dict[str, Any]) -> None:
    resources = [Resource(**entry) for entry in document["resources"]]
    operations = [Operation(**{**entry, "style": Style(entry["style"])}) for entry in document["operations"]]
    principals = [Principal(**entry) for entry in document["principals"]]
    world.clear()
    for name in _WORLD_FIELDS:
        setattr(world, name, document["world"][name])
    world.names_taken = set(document["names_taken"])
    world.locations = tuple(document["locations"])
    world.principals = {who.client_id.lower(): who for who in principals}
    for resource in resources:
        world.store.add(resource)
    world.operations.restore(operations, document["counts"])
    for entry in document["agenda"]:
        world.agenda.add(entry["at"], entry["effect"], entry["target"], entry["args"])
    _set_clock(world, document["clock"])


def _set_clock(world: World, then: dict[str, Any]) -> None:
    if then["frozen"]:
        world.clock.freeze(then["now"])
        return
    world.clock.run()
    behind = then["now"] - world.clock.now()
    if behind > 0:
        world.clock.advance(behind)


def save(world: World, path: Path) -> None:
    """Write a snapshot to a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(path.suffix + ".part")
    partial.write_text(json.dumps(take(world), ensure_ascii=False), encoding="utf-8")
    partial.replace(path)


def load(world: World, path: Path) -> None:
    """Restore from a file. Raises BadSnapshotError and OSError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as problem:
        raise BadSnapshotError(f"{path} is not JSON: {problem}") from problem
    restore(world, document)
