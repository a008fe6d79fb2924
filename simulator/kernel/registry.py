"""What the simulator knows: namespaces and types as tables of data, with hooks where a type is special.

Status codes, styles of long-running operations and api-version lists are data, taken from the official SDKs and from
recordings, never a default: real clients reject a "reasonable" 200 or 201 (simulator.md §2.9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.kernel.call import Call
    from simulator.kernel.request import Response
    from simulator.kernel.store import Resource
    from simulator.kernel.world import World

Handler = Callable[["Call"], "Response"]


class Style(StrEnum):
    """How a long-running operation is announced and polled."""

    #: Done when answered.
    SYNC = "sync"
    #: 200/201 with the resource in a non-terminal provisioningState, and Azure-AsyncOperation (Compute VM, Network).
    PROVISIONING = "provisioning"
    #: 202 with Azure-AsyncOperation and Location (Compute disks, deletes, actions); a new resource is seen at once.
    ARM = "arm"
    #: 202 with Location only (Storage create, group delete); a new resource is hidden until done.
    LOCATION = "location"
    #: 202, empty, both URLs signed, job id in x-ms-request-id (site-recovery-protocol.md §3.1).
    SITE_RECOVERY = "site-recovery"


@dataclass(frozen=True)
class Write:
    """How a verb that changes something answers."""

    created: int = 201
    replaced: int = 200
    deleted: int = 200
    #: DELETE of what does not exist (simulator.md §2.5: 204).
    absent: int = 204
    style: Style = Style.SYNC
    #: Row of durations.py; needed by every style but SYNC.
    duration: str = ""
    #: What happens at the end: defaults to "resource.ready", for a DELETE "resource.gone".
    effect: str = ""
    #: Whether replacing an existing resource with an identical document starts an operation too.
    identical_runs: bool = False
    #: Whether replacing an existing resource takes time at all (a new storage account does, an update does not).
    replaces: bool = True


@dataclass(frozen=True)
class Action:
    """`POST .../{name}/{action}`, on an item or (in `collection_actions`) on a collection."""

    handler: Handler
    method: str = "POST"
    #: The permission it needs; defaults to `{type}/{action}/action` for POST and `{type}/{action}/read` for GET.
    permission: str = ""
    #: Whether it changes anything: reads are not logged as mutations and take a read token.
    mutates: bool = True
    throttle: str = ""


@dataclass(frozen=True)
class ResourceType:
    """One ARM type. See `simulator.kernel` for what the hooks get and may do."""

    name: str
    versions: tuple[str, ...]
    get: bool = True
    put: Write | None = None
    patch: Write | None = None
    delete: Write | None = None
    listed_under: frozenset[str] = frozenset({"parent", "subscription"})
    #: Tracked resources have a location and tags; the location of a child or proxy resource is not looked at.
    tracked: bool = True
    #: Where it may be addressed: "group", "subscription", "tenant", "any" (extension resources).
    scope: str = "group"
    name_pattern: str = r"[^<>%&:\\?/\x00-\x1f]{1,260}"
    #: Lower-cased names of locations it exists in; empty: everywhere.
    locations: frozenset[str] = frozenset()
    validate: Callable[[Call], None] | None = None
    prepare: Callable[[Call, dict[str, Any]], None] | None = None
    stored: Callable[[World, Resource], None] | None = None
    deleting: Callable[[Call], None] | None = None
    gone: Callable[[World, Resource], None] | None = None
    render: Callable[[World, Resource, dict[str, Any]], None] | None = None
    #: The view depends on the clock or on other resources: never cache the rendered bytes.
    live: bool = False
    actions: Mapping[str, Action] = field(default_factory=dict)
    collection_actions: Mapping[str, Action] = field(default_factory=dict)
    overrides: Mapping[str, Handler] = field(default_factory=dict)
    #: How the namespace's own documents carry the concurrency tag: "" (none), "etag" (top level and header).
    etag: str = ""
    #: Extra private permission per verb, e.g. {"GET": "Microsoft.X/y/read"}; default `{type}/read|write|delete`.
    permissions: Mapping[str, str] = field(default_factory=dict)
    #: Token buckets beside ARM's own (throttle.py): "compute", "site-recovery", "network", "storage" or "".
    throttle: str = ""
    #: Who says that the resource is missing: None = ARM's ResourceNotFound.
    missing: Callable[[Call], Exception] | None = None
    #: Overridden verbs that change nothing although they are no GET (a check by POST).
    reads: frozenset[str] = frozenset()
    #: provisioningState is shown in `properties`.
    has_state: bool = True

    @property
    def namespace(self) -> str:
        """`Microsoft.Compute`."""
        return self.name.split("/", 1)[0]

    @property
    def short(self) -> str:
        """`virtualMachines/extensions`."""
        return self.name.split("/", 1)[1]


class Registry:
    """All types by lower-cased name."""

    def __init__(self, types: Iterable[ResourceType] = ()) -> None:
        """Know the given types."""
        self._types: dict[str, ResourceType] = {}
        self._spaces: dict[str, str] = {}
        for entry in types:
            self.add(entry)

    def add(self, entry: ResourceType) -> None:
        """Know one more type; a second of the same name is a mistake in the tables."""
        key = entry.name.lower()
        if key in self._types:
            raise ValueError(f"{entry.name} is registered twice")
        self._types[key] = entry
        self._spaces.setdefault(entry.namespace.lower(), entry.namespace)

    def find(self, type_name: str) -> ResourceType | None:
        """The type of that name in any casing, or None."""
        return self._types.get(type_name.lower())

    def namespace(self, name: str) -> str | None:
        """The namespace in its own casing, or None when nothing of it is modelled."""
        return self._spaces.get(name.lower())

    def namespaces(self) -> list[str]:
        """All namespaces, sorted."""
        return sorted(self._spaces.values())

    def types(self, namespace: str = "") -> list[ResourceType]:
        """All types, or those of one namespace, sorted by name."""
        wanted = namespace.lower()
        found = (entry for entry in self._types.values() if not wanted or entry.namespace.lower() == wanted)
        return sorted(found, key=lambda entry: entry.name)
