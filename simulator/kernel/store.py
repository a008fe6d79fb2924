"""The generic store: JSON documents by lower-cased id, found by type within a scope in the order of their ids.

A resource knows its document (what a reader may see), its private facts (`sim`), and a version that grows with every
change; the version gives the etag and says when rendered bytes are stale. Lists never scan: each resource is filed under
its parent (group or parent resource) and under its subscription.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.kernel import ids


@dataclass(slots=True)
class Resource:
    """One stored ARM resource. `id` keeps the casing last written; `key` is `id` lower-cased."""

    id: str
    type: str
    document: dict[str, Any]
    sim: dict[str, Any] = field(default_factory=dict)
    version: int = 1
    created: float = 0.0
    changed: float = 0.0
    #: False while its creation by a 202 still runs (`--halfborn`).
    born: bool = True
    #: The id of the operation that is changing it, or "".
    operation: str = ""
    cached: bytes | None = field(default=None, repr=False, compare=False)

    @property
    def key(self) -> str:
        """What the store files it under."""
        return self.id.lower()

    @property
    def name(self) -> str:
        """The last segment of the id."""
        return self.id.rsplit("/", 1)[1]

    @property
    def group(self) -> str:
        """The name of its resource group, or ""."""
        return ids.parse(self.id).group

    @property
    def location(self) -> str:
        """Its location, normalised (`eastasia`), or ""."""
        return ids.normalize_location(str(self.document.get("location") or ""))

    @property
    def properties(self) -> dict[str, Any]:
        """`document["properties"]`, made when missing."""
        found: dict[str, Any] = self.document.setdefault("properties", {})
        return found


class Store:
    """All resources of one world."""

    def __init__(self) -> None:
        """An empty store. `on_change` hears of every key that was added, changed or removed."""
        self._resources: dict[str, Resource] = {}
        self._filed: dict[tuple[str, str], list[str]] = {}
        self._children: dict[str, list[str]] = {}
        self.version = 0

    def __len__(self) -> int:
        """How many resources there are."""
        return len(self._resources)

    def __iter__(self) -> Iterator[Resource]:
        """Every resource, in the order in which they came."""
        return iter(list(self._resources.values()))

    def get(self, resource_id: str) -> Resource | None:
        """The resource of that id in any casing, or None."""
        return self._resources.get(resource_id.lower())

    def add(self, resource: Resource) -> Resource:
        """File a resource, replacing one of the same id."""
        key = resource.key
        if key not in self._resources:
            for place in _places(resource):
                insort(self._filed.setdefault(place, []), key)
            insort(self._children.setdefault(ids.parent_of(resource.id).lower(), []), key)
        self._resources[key] = resource
        self.touch(resource)
        return resource

    def touch(self, resource: Resource) -> None:
        """Say that a resource has changed: new version and etag; its own and its ancestors' rendered bytes go."""
        self.version += 1
        resource.version = self.version
        resource.cached = None
        parent = self.get(ids.parent_of(resource.id))
        while parent is not None:
            parent.cached = None
            parent = self.get(ids.parent_of(parent.id))

    def remove(self, resource: Resource) -> None:
        """Take one resource out; its children stay (see `World.remove` for the cascade)."""
        key = resource.key
        if self._resources.pop(key, None) is None:
            return
        self.touch(resource)
        for place in _places(resource):
            _unfile(self._filed, place, key)
        _unfile(self._children, ids.parent_of(resource.id).lower(), key)

    def keys(self, type_name: str, scope: str) -> list[str]:
        """Keys of a type directly under a scope (parent resource, group, or subscription), sorted. Do not change it."""
        return self._filed.get((type_name.lower(), scope.lower()), [])

    def select(self, type_name: str, scope: str) -> list[Resource]:
        """Resources of a type under a scope, in the order of their keys."""
        return [self._resources[key] for key in self.keys(type_name, scope)]

    def direct(self, type_name: str, scope: str) -> list[Resource]:
        """Like `select`, but of a subscription only what hangs on the subscription itself (locks, role assignments)."""
        wanted = scope.lower()
        return [found for found in self.select(type_name, scope) if ids.parent_of(found.id).lower() == wanted]

    def first(self, type_name: str, scope: str, test: Callable[[Resource], bool]) -> Resource | None:
        """The first resource of a type under a scope that passes a test."""
        return next((found for found in self.select(type_name, scope) if test(found)), None)

    def children(self, resource_id: str) -> list[Resource]:
        """Everything filed directly under an id: resources of a group, children, locks on a resource."""
        return [self._resources[key] for key in self._children.get(resource_id.lower(), [])]

    def descendants(self, resource_id: str) -> list[Resource]:
        """Everything below an id, children before their parents' siblings."""
        found: list[Resource] = []
        for child in self.children(resource_id):
            found.append(child)
            found.extend(self.descendants(child.id))
        return found

    def page(self, keys: list[str], after: str, size: int) -> tuple[list[Resource], str]:
        """Up to `size` resources whose key follows `after`, and the key to go on from ("" at the end)."""
        start = bisect_left(keys, after + "\x00") if after else 0
        window = keys[start : start + size]
        more = window[-1] if window and start + size < len(keys) else ""
        return [self._resources[key] for key in window], more


def _places(resource: Resource) -> set[tuple[str, str]]:
    kind = resource.type.lower()
    return {(kind, ids.parent_of(resource.id).lower()), (kind, ids.subscription_of(resource.id).lower())}


def _unfile(index: dict[Any, list[str]], place: Any, key: str) -> None:
    keys = index.get(place, [])
    at = bisect_left(keys, key)
    if at < len(keys) and keys[at] == key:
        del keys[at]
    if not keys:
        index.pop(place, None)
