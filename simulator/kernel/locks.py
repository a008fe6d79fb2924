"""Management locks: what may not be written or deleted because a lock at or above it says so (simulator.md §2.7)."""

from __future__ import annotations

from simulator.kernel import errors, ids
from simulator.kernel.routing import Route
from simulator.kernel.store import Resource
from simulator.kernel.world import World

LOCKS = "Microsoft.Authorization/locks"
#: Locks and role assignments can be managed under a lock.
_EXEMPT = "microsoft.authorization"


def check(world: World, route: Route) -> None:
    """Raises ArmError 409 ScopeLocked when a lock forbids the request."""
    if not route.mutates or route.type.namespace.lower() == _EXEMPT:
        return
    deleting = route.verb == "DELETE" and route.action is None
    scope = _existing_scope(world, route)
    found = [lock for lock in _above(world, route.id) if _forbids(lock, deleting)]
    if deleting:
        found += [lock for lock in _below(world, route.id) if _forbids(lock, deleting)]
    if found:
        verb = "delete" if deleting else "write"
        raise errors.locked(scope, verb, [ids.parent_of(lock.id) for lock in found])


def _existing_scope(world: World, route: Route) -> str:
    resource = world.store.get(route.id)
    return resource.id if resource is not None else route.id


def _forbids(lock: Resource, deleting: bool) -> bool:
    level = str(lock.properties.get("level"))
    return level == "ReadOnly" or (deleting and level == "CanNotDelete")


def _above(world: World, resource_id: str) -> list[Resource]:
    """Locks on the resource, its parents, its group and its subscription."""
    found: list[Resource] = []
    scope = resource_id
    while scope:
        found += world.store.direct(LOCKS, scope)
        scope = ids.parent_of(scope)
    return found


def _below(world: World, resource_id: str) -> list[Resource]:
    """Locks on what a delete would take along."""
    prefix = resource_id.lower() + "/"
    own = prefix + "providers/" + LOCKS.lower()
    keys = world.store.keys(LOCKS, ids.subscription_of(resource_id))
    inner = [world.store.get(key) for key in keys if key.startswith(prefix) and not key.startswith(own)]
    return [lock for lock in inner if lock is not None]
