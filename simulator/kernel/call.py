"""One request on its way through the verbs, with everything that a hook or handler may want to ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator.kernel import errors, lro
from simulator.kernel.ids import Address, parse
from simulator.kernel.operations import Operation
from simulator.kernel.registry import ResourceType, Style
from simulator.kernel.request import Request, Response
from simulator.kernel.store import Resource
from simulator.kernel.world import Principal, World


@dataclass
class Call:
    """A request, addressed to a type. `id` is the item (for an action: the item acted upon; for a list: the scope)."""

    world: World
    request: Request
    type: ResourceType
    principal: Principal
    verb: str
    id: str
    #: The addressed resource as a reader sees it; None when missing, for collections, and for computed types.
    resource: Resource | None = None
    #: The parsed body; for PUT and PATCH the whole new document, once the verb has made it.
    body: Any = None
    #: The last segment when an action is called, else "".
    action: str = ""
    #: What the operations log shall say of the effect.
    effect: str = ""
    operation: Operation | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> Address:
        """The parsed `id`."""
        return parse(self.id)

    def need(self) -> Resource:
        """The addressed resource. Raises the type's (or ARM's) 404."""
        if self.resource is None:
            raise self.not_found()
        return self.resource

    def not_found(self) -> Exception:
        """The 404 of this type."""
        if self.type.missing is not None:
            return self.type.missing(self)
        address = self.address
        name = "/".join(address.names)
        return errors.resource_not_found(self.type.name, name, address.group)

    def now(self) -> float:
        """The world's time."""
        return self.world.now()

    def respond(self, resource: Resource, status: int = 200) -> Response:
        """An answer that carries a resource, with its ETag header where the type has one."""
        headers = [("ETag", self.world.etag(resource))] if self.type.etag else []
        return Response(status, self.world.bytes_of(resource), headers)

    def start(
        self,
        *,
        duration: str | float,
        style: Style,
        effect: str = "",
        target: Resource | str | None = None,
        args: dict[str, Any] | None = None,
        result: str = "none",
        result_at: str = "",
        headers: dict[str, str] | None = None,
        guid: str = "",
        status: int = 202,
        body: Any = None,
    ) -> Response:
        """Start a long-running operation on a target (default: the addressed resource) and write its first answer.

        `duration` is a row of durations.py, or seconds (already multiplied). `guid` gives the operation's id, else one is
        minted. `status` and `body` are for services that answer 200 or 201 with the resource at once.
        """
        operation = lro.begin(self, duration, style, effect, target, args or {}, guid)
        operation.result, operation.result_at = result, result_at or operation.target
        operation.headers = headers or {}
        self.operation = operation
        return lro.announce(self, operation, status, body)
