"""One request, from the wire's bytes to its answer. Whatever a client sends, the answer is Azure's and never a 500."""

from __future__ import annotations

import logging
from collections.abc import Callable

from simulator.kernel import auth, errors, ids, lro, routing, verbs
from simulator.kernel.call import Call
from simulator.kernel.request import Request, Response
from simulator.kernel.routing import Route
from simulator.kernel.store import Resource
from simulator.kernel.world import Principal, World

log = logging.getLogger(__name__)


def answer(world: World, request: Request, principal: Principal | None = None) -> Response:
    """Answer a request to ARM. `principal` is given by in-process callers that have no token."""
    world.settle()
    try:
        response = _answer(world, request, principal)
    except errors.ArmError as refusal:
        response = refused(refusal)
    except Exception:
        log.exception("%s %s", request.method, request.path)
        response = refused(_broken())
    _stamp(world, request, response)
    return response


def _answer(world: World, request: Request, principal: Principal | None) -> Response:
    who = principal or auth.authenticate(world, request)
    if not request.api_version:
        raise errors.missing_api_version()
    polled = lro.poll(world, request)
    if polled is not None:
        return polled
    route = routing.resolve(world.registry, request)
    check_version(route, request)
    check_places(world, route)
    call = make_call(world, request, route, who)
    return handler(route)(call)


def make_call(world: World, request: Request, route: Route, principal: Principal) -> Call:
    """The call, its resource looked up as a reader sees it."""
    resource = world.visible(route.id) if route.verb != "LIST" else None
    return Call(world, request, route.type, principal, route.verb, route.id, resource, action=route.action_name)


def handler(route: Route) -> Callable[[Call], Response]:
    """Who answers: the action, the type's override, or the generic verb."""
    if route.action is not None:
        return route.action.handler
    return route.type.overrides.get(route.verb) or verbs.VERBS[route.verb]


def check_version(route: Route, request: Request) -> None:
    """The api-version must be one of the type's."""
    version = request.api_version.lower()
    if version in route.type.versions:
        return
    if route.type.namespace == "Microsoft.Resources":
        raise errors.invalid_api_version(request.api_version, route.type.versions)
    location = ids.parse(route.id).names[0] if "/locations/" in route.type.name.lower() else "global"
    raise errors.no_registered_provider(
        route.type.short, request.api_version, location, route.type.versions, ("global",)
    )


def check_places(world: World, route: Route) -> None:
    """Subscription, group and parent must exist; what cannot be written to refuses writes."""
    address = ids.parse(route.id)
    if not address.subscription:
        return
    subscription = world.store.get(f"/subscriptions/{address.subscription}")
    if subscription is None:
        raise errors.subscription_not_found(address.subscription)
    if route.mutates and subscription.document.get("state") in ("Disabled", "Warned"):
        raise errors.read_only_subscription(address.subscription)
    _check_registered(world, route, address.subscription)
    if address.group:
        _check_group(world, route, address)


def _check_registered(world: World, route: Route, subscription: str) -> None:
    namespace = route.type.namespace
    states = world.registrations.get(subscription.lower(), {})
    if states.get(namespace.lower(), "Registered") != "Registered":
        raise errors.not_registered(namespace)


def _check_group(world: World, route: Route, address: ids.Address) -> None:
    if route.type.name == ids.GROUP_TYPE and route.verb != "LIST":
        return
    group = world.store.get(ids.group_of(route.id))
    if group is None:
        raise errors.group_not_found(address.group)
    if route.mutates and _deleting(group):
        raise errors.group_being_deleted(address.group)
    if route.verb == "LIST" and len(ids.parse(route.id).types) and address.namespace != "Microsoft.Resources":
        _check_holder(world, route)


def _check_holder(world: World, route: Route) -> None:
    """A list of children needs its parent, except below types that are computed."""
    holder = ids.parse(route.id)
    kind = world.registry.find(holder.type)
    if kind is None or not kind.get or kind.overrides.get("GET") or world.visible(route.id) is not None:
        return
    raise errors.resource_not_found(kind.name, "/".join(holder.names), holder.group)


def _deleting(group: Resource) -> bool:
    return group.properties.get("provisioningState") == "Deleting"


def refused(refusal: errors.ArmError) -> Response:
    """The answer that an ArmError stands for."""
    headers = list(refusal.headers.items())
    if refusal.gateway:
        headers.append(("x-ms-failure-cause", "gateway"))
    return Response(refusal.status, refusal.body(), headers)


def _broken() -> errors.ArmError:
    """A mistake of ours. Azure says InternalServerError too; the log has the traceback."""
    return errors.ArmError(500, "InternalServerError", "The server encountered an internal error.", unmodelled=True)


def _stamp(world: World, request: Request, response: Response) -> None:
    """The headers that every answer carries (simulator.md §2.2)."""
    given = request.headers.get("x-ms-correlation-request-id") or request.headers.get("x-ms-client-request-id")
    world.requests += 1
    own = ids.guid(world.settings.seed, "request", world.requests, world.started)
    if response.header("x-ms-request-id") is None:
        response.headers.append(("x-ms-request-id", own))
    correlation = given or own
    when = world.iso_now()[:19].replace("-", "").replace(":", "")
    response.headers += [
        ("x-ms-correlation-request-id", correlation),
        ("x-ms-routing-request-id", f"EASTASIA:{when}Z:{own}"),
        ("Cache-Control", "no-cache"),
        ("Pragma", "no-cache"),
        ("Expires", "-1"),
        ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    _echo_client_id(request, response)


def _echo_client_id(request: Request, response: Response) -> None:
    """Echoed when asked for; Recovery Services echoes it always (simulator.md §2.2)."""
    client = request.headers.get("x-ms-client-request-id")
    asked = request.headers.get("x-ms-return-client-request-id", "").lower() == "true"
    if client and (asked or "/microsoft.recoveryservices/" in request.path.lower()):
        response.headers.append(("x-ms-client-request-id", client))
