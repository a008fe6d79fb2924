"""Loads a scenario document (see `simulator.kernel`) into a world."""

from __future__ import annotations

from typing import Any

from simulator.kernel import ids
from simulator.kernel.clock import parse_iso
from simulator.kernel.store import Resource
from simulator.kernel.world import Principal, World

#: Keys of a scenario's resource that are not part of the stored document.
_DERIVED = ("id", "name", "type", "etag", "_sim")


class BadScenarioError(ValueError):
    """The document is not a scenario; the message says where."""


def load(world: World, document: dict[str, Any]) -> int:
    """Add everything of a scenario to a world. Returns the number of resources. Raises BadScenarioError."""
    world.tenant = document.get("tenant") or world.tenant
    for entry in document.get("subscriptions", []):
        _subscription(world, entry)
    for entry in document.get("principals", []):
        _principal(world, entry)
    world.names_taken.update(name.lower() for name in document.get("names_taken", []))
    world.locations = tuple(document.get("locations", world.locations))
    world.quotas.update(document.get("quotas", {}))
    world.unavailable_sizes.update(document.get("unavailable_sizes", {}))
    number = 0
    for number, entry in enumerate(document.get("resources", []), 1):  # a fleet makes them while they are read
        _resource(world, entry, number)
    return number


def _subscription(world: World, entry: dict[str, Any]) -> None:
    identity = str(entry["subscriptionId"])
    document = {key: value for key, value in entry.items() if key not in ("registered", "subscriptionId")}
    document.setdefault("displayName", identity)
    document.setdefault("state", "Enabled")
    world.put(f"/subscriptions/{identity}", {"subscriptionId": identity, "tenantId": world.tenant, **document})
    if "registered" in entry:
        known = {name.lower() for name in entry["registered"]} | {"microsoft.resources", "microsoft.authorization"}
        states = {name.lower(): "NotRegistered" for name in world.registry.namespaces() if name.lower() not in known}
        world.registrations[identity.lower()] = states


def _principal(world: World, entry: dict[str, Any]) -> None:
    principal = Principal(
        client_id=str(entry["clientId"]),
        object_id=str(entry["objectId"]),
        name=str(entry.get("name", "")),
        secret=str(entry.get("secret", "")),
        enforce=bool(entry.get("enforce", False)),
    )
    world.principals[principal.client_id.lower()] = principal


def _resource(world: World, entry: dict[str, Any], number: int) -> None:
    resource_id = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(resource_id, str) or not ids.parse(resource_id).is_item:
        raise BadScenarioError(f"resource number {number} has no ARM id: {str(entry)[:120]}")
    document = {name: value for name, value in entry.items() if name not in _DERIVED}
    if isinstance(document.get("location"), str):
        document["location"] = ids.normalize_location(document["location"])
    created = _created(document.get("properties") or {}, world)
    resource = world.put(ids.parse(resource_id).path, document, dict(entry.get("_sim") or {}))
    resource.created = resource.changed = created
    world.sources[resource.key] = True
    _state(world, resource)


def _created(properties: dict[str, Any], world: World) -> float:
    """The document's own idea of its age, or now."""
    for name in ("timeCreated", "creationTime", "createdOn"):
        value = properties.get(name)
        if isinstance(value, str):
            try:
                return parse_iso(value)
            except ValueError:
                continue
    return world.now()


def _state(world: World, resource: Resource) -> None:
    kind = world.registry.find(resource.type)
    if kind is not None and kind.has_state:
        resource.properties.setdefault("provisioningState", "Succeeded")
