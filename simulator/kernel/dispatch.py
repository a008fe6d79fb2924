"""One request, from the wire's bytes to its answer. Whatever a client sends, the answer is Azure's and never a 500."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from simulator.kernel import auth, errors, faults, ids, locks, lro, rbac, routing, throttle, verbs
from simulator.kernel.call import Call
from simulator.kernel.clock import iso
from simulator.kernel.operations import Operation
from simulator.kernel.request import Request, Response
from simulator.kernel.routing import Route
from simulator.kernel.world import Principal, World

log = logging.getLogger(__name__)


def answer(world: World, request: Request, principal: Principal | None = None) -> Response:
    """Answer a request to ARM. `principal` is given by in-process callers that have no token."""
    world.settle()
    return Exchange(world, request, principal).run()


@dataclass
class Exchange:
    """What becomes known of a request on its way; at the end, its line in the log."""

    world: World
    request: Request
    principal: Principal | None = None
    route: Route | None = None
    call: Call | None = None
    polled: Operation | None = None
    limits: list[tuple[str, str]] = field(default_factory=list)
    fault: faults.Line | None = None
    refusal: errors.ArmError | None = None

    def run(self) -> Response:
        """The answer, with every header, logged."""
        try:
            response = self._spoiled(self._answer())
        except errors.ArmError as refusal:
            response = self._spoiled(self._refused(refusal))
        except Exception:
            log.exception("%s %s", self.request.method, self.request.path)
            response = self._refused(_broken())
        self._stamp(response)
        self._log(response)
        return response

    # --- the way through ---

    def _answer(self) -> Response:
        who = self.principal = self.principal or auth.authenticate(self.world, self.request)
        if not self.request.api_version:
            raise errors.missing_api_version()
        self.polled = lro.polled(self.world, self.request)
        route = self.route = None if self.polled else routing.resolve(self.world.registry, self.request)
        self.fault = self._match_fault()
        if self.fault is not None and not self.fault.after:
            self._fail(self.fault)
        self.limits = self.world.throttle.admit(self.request, who, route)
        response = self._serve(who, route) if route is not None else self._poll()
        if self.fault is not None and self.fault.after:
            self._bend(self.fault)
        return response

    def _poll(self) -> Response:
        if self.polled is None:
            raise _broken()
        faults.check_poll(self.world, self.polled)
        return lro.poll(self.world, self.request, self.polled)

    def _serve(self, who: Principal, route: Route) -> Response:
        check_version(route, self.request)
        check_subscription(self.world, route)
        rbac.check(self.world, who, route)
        check_places(self.world, route)
        locks.check(self.world, route)
        self.call = make_call(self.world, self.request, route, who)
        return handler(route)(self.call)

    # --- planned faults ---

    def _match_fault(self) -> faults.Line | None:
        if not self.world.faults.lines:
            return None
        return self.world.faults.match(self._subject())

    def _subject(self) -> faults.Subject:
        who = self.principal.name if self.principal else ""
        page = "skiptoken" in self.request.query_string.lower()
        if self.route is None:
            target = self.polled.target if self.polled else ""
            return faults.Subject("POLL", ids.type_of(target), target, principal=who)
        route = self.route
        place = _location(self.world, route)
        return faults.Subject(route.verb, route.type.name, route.id, route.action_name, who, place, page)

    def _fail(self, line: faults.Line) -> None:
        refusal = faults.refusal(self.world, line)
        if refusal is not None:
            raise refusal

    def _bend(self, line: faults.Line) -> None:
        """The server has acted; now the plan has its say."""
        operation = self.call.operation if self.call else None
        target = operation.target if operation else self.route.id if self.route else ""
        faults.bend(self.world, line, operation, target)
        self._fail(line)

    def _spoiled(self, response: Response) -> Response:
        return faults.spoil(self.fault, response) if self.fault is not None else response

    # --- the answer's outside ---

    def _refused(self, refusal: errors.ArmError) -> Response:
        self.refusal = refusal
        headers = list(refusal.headers.items())
        if refusal.gateway:
            headers.append(("x-ms-failure-cause", "gateway"))
        return Response(refusal.status, refusal.body(), headers)

    def _stamp(self, response: Response) -> None:
        """The headers that every answer carries (simulator.md §2.2)."""
        world, headers = self.world, self.request.headers
        own = world.next_request_id()
        if response.header("x-ms-request-id") is None:
            response.headers.append(("x-ms-request-id", own))
        when = iso(world.now())[:19].replace("-", "").replace(":", "")
        correlation = headers.get("x-ms-correlation-request-id") or own
        response.headers += [
            *self.limits,
            ("x-ms-correlation-request-id", correlation),
            ("x-ms-routing-request-id", f"EASTASIA:{when}Z:{own}"),
            *_CONSTANT_HEADERS,
        ]
        client = headers.get("x-ms-client-request-id")
        if client and self._echoes():
            response.headers.append(("x-ms-client-request-id", client))

    def _echoes(self) -> bool:
        """The client's request id: echoed when asked for; Recovery Services echoes it always (simulator.md §2.2)."""
        asked = self.request.headers.get("x-ms-return-client-request-id", "").lower() == "true"
        return asked or "/microsoft.recoveryservices/" in self.request.path.lower()

    # --- the log ---

    def _log(self, response: Response) -> None:
        entry = self._entry(response)
        self.world.oplog.append(entry)
        self.world.invariants.watch(entry)

    def _entry(self, response: Response) -> dict[str, Any]:
        request, route, now = self.request, self.route, self.world.now()
        operation = self.polled or (self.call.operation if self.call else None)
        return {
            "seq": 0,
            "time": round(now, 3),
            "at": iso(now),
            "real": round(time.time(), 3),
            "principal": self.principal.object_id if self.principal else "",
            "client": request.headers.get("x-ms-client-request-id", ""),
            "correlation": request.headers.get("x-ms-correlation-request-id", ""),
            "agent": request.headers.get("user-agent", ""),
            "verb": route.verb if route else "POLL" if self.polled else request.method,
            "action": route.action_name if route else "",
            "permission": routing.permission(route) if route else "",
            "id": (route.id if route else request.address.path).lower(),
            "type": route.type.name if route else "",
            "subscription": request.address.subscription.lower(),
            "api_version": request.api_version,
            "body": blake2b(request.body, digest_size=8).hexdigest() if request.body else "",
            "kind": throttle.kind_of(route),
            "mutating": route.mutates if route else False,
            "status": response.status,
            "code": self.refusal.code if self.refusal else "",
            "message": self.refusal.message if self.refusal else "",
            "effect": self._effect(response),
            "operation": operation.id if operation else "",
            "poll": self.polled.id if self.polled else "",
            "retry_after": _seconds(response),
            "fault": f"{'after' if self.fault.after else 'before'}: {self.fault.name}" if self.fault else "",
            "unmodelled": bool(self.refusal and self.refusal.unmodelled),
        }

    def _effect(self, response: Response) -> str:
        """`created`, `replaced-identical`, `replaced-changed`, `deleted`, `acted`, `noop`, `rejected`, or "" for reads.

        An answer that a fault replaced after the server had acted keeps the effect of what the server did.
        """
        if self.route is None or not self.route.mutates:
            return ""
        if self.call is not None and self.call.effect and (self.refusal is None or self.fault is not None):
            return self.call.effect
        if response.status >= 400 and not (self.fault is not None and self.fault.after and self.call is not None):
            return "rejected"
        return "acted"


def make_call(world: World, request: Request, route: Route, principal: Principal) -> Call:
    """The call, its resource looked up as a reader sees it."""
    resource = world.visible(route.id) if route.verb != "LIST" else None
    if (
        resource is not None
        and route.verb == "GET"
        and world.faults.late
        and world.faults.hides(resource, in_list=False)
    ):
        resource = None
    return Call(world, request, route.type, principal, route.verb, route.id, resource, action=route.action_name)


def handler(route: Route) -> Callable[[Call], Response]:
    """Who answers: the action, the type's override, or the generic verb."""
    if route.action is not None:
        return route.action.handler
    return route.type.overrides.get(route.verb) or verbs.VERBS[route.verb]


# --- checks that every type shares ------------------------------------------------------------------------------------


def check_version(route: Route, request: Request) -> None:
    """The api-version must be one of the type's."""
    version = request.api_version.lower()
    if version in route.type.versions:
        return
    if route.type.namespace == "Microsoft.Resources":
        raise errors.invalid_api_version(request.api_version, route.type.versions)
    names = ids.parse(route.id).names
    location = names[0] if "/locations/" in route.type.name.lower() and names else "global"
    raise errors.no_registered_provider(
        route.type.short, request.api_version, location, route.type.versions, ("global",)
    )


def check_subscription(world: World, route: Route) -> None:
    """The subscription must exist, take writes, and have registered the namespace."""
    subscription = ids.parse(route.id).subscription
    if not subscription:
        return
    found = world.store.get(f"/subscriptions/{subscription}")
    if found is None:
        raise errors.subscription_not_found(subscription)
    if route.mutates and route.verb != "DELETE" and found.document.get("state") in ("Disabled", "Warned"):
        raise errors.read_only_subscription(subscription)
    states = world.registrations.get(subscription.lower())
    if states and states.get(route.type.namespace.lower(), "Registered") != "Registered":
        raise errors.not_registered(route.type.namespace)


def check_places(world: World, route: Route) -> None:
    """Group and, for lists of children, parent must exist; a group that goes takes no writes."""
    address = ids.parse(route.id)
    if not address.group or (route.type.name == ids.GROUP_TYPE and route.verb != "LIST"):
        return
    group = world.store.get(ids.group_of(route.id))
    if group is None:
        raise errors.group_not_found(address.group)
    if route.mutates and group.properties.get("provisioningState") == "Deleting":
        raise errors.group_being_deleted(address.group)
    if route.verb == "LIST" and address.types and address.namespace != "Microsoft.Resources":
        _check_holder(world, route.id, address)


def _check_holder(world: World, holder_id: str, address: ids.Address) -> None:
    """A list of children needs its parent, except below types that are computed."""
    kind = world.registry.find(address.type)
    if kind is None or not kind.get or kind.overrides.get("GET") or world.visible(holder_id) is not None:
        return
    raise errors.resource_not_found(kind.name, "/".join(address.names), address.group)


def _location(world: World, route: Route) -> str:
    """The region that a request is about, for faults: the resource's, its ancestors', or the path's."""
    address = ids.parse(route.id)
    if "/locations/" in route.id.lower() and address.names:
        return ids.normalize_location(address.names[0])
    scope = route.id
    while scope:
        resource = world.store.get(scope)
        if resource is not None and resource.location:
            return resource.location
        scope = ids.parent_of(scope)
    return ""


def _seconds(response: Response) -> float:
    """What the answer's Retry-After says, in seconds."""
    whole, short = response.header("Retry-After"), response.header("retry-after-ms")
    return float(whole) if whole else float(short) / 1000 if short else 0.0


_CONSTANT_HEADERS = (
    ("Cache-Control", "no-cache"),
    ("Pragma", "no-cache"),
    ("Expires", "-1"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
)


def _broken() -> errors.ArmError:
    """A mistake of ours. Azure says InternalServerError too; our own log has the traceback."""
    return errors.ArmError(500, "InternalServerError", "The server encountered an internal error.", unmodelled=True)
