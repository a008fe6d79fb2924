"""How long-running operations look on the wire: the first answer, and the polls (simulator.md §2.4, protocol §3.1)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from simulator.kernel import errors, ids
from simulator.kernel.operations import Operation, encoded, status_document
from simulator.kernel.registry import Style
from simulator.kernel.request import Request, Response

if TYPE_CHECKING:
    from simulator.kernel.call import Call
    from simulator.kernel.store import Resource
    from simulator.kernel.world import World

#: Last path segments (before the operation's id) under which operations are polled, lower-cased.
STATUS_SEGMENTS = frozenset(
    {"operations", "operationstatus", "operationsstatus", "operationstatuses", "replicationoperationstatus"}
)
RESULT_SEGMENTS = frozenset({"operationresults", "asyncoperations"})

#: Retry-After in seconds by style. Site Recovery: recorded on the 202, absent on polls. Others: group delete about 15.
RETRY_AFTER = {Style.SITE_RECOVERY: 30, Style.LOCATION: 15, Style.ARM: 10, Style.PROVISIONING: 10}
#: Provider's own api-version inside Site Recovery's two URLs is the request's unless it has moved on (simulator.md §2.4).
_TAIL_LENGTH = 2_900


def begin(
    call: Call,
    duration: str | float,
    style: Style,
    effect: str,
    target: Resource | str | None,
    args: dict[str, Any],
    guid: str,
) -> Operation:
    """Create and start an operation; marks the target resource as being changed by it."""
    world = call.world
    target_id = call.id if target is None else target if isinstance(target, str) else target.id
    seconds = world.duration(duration, target_id) if isinstance(duration, str) else float(duration)
    operation = Operation(
        id=guid or world.operations.mint(target_id, f"{call.verb}{call.action}"),
        style=style,
        verb=call.action or call.verb,
        target=target_id,
        started=world.now(),
        duration=seconds,
        effect=effect,
        args=args,
        api_version=call.request.api_version,
        principal=call.principal.object_id,
    )
    resource = world.store.get(target_id)
    operation.location = resource.location if resource is not None else ""
    if resource is not None:
        resource.operation = operation.id
        world.store.touch(resource)
    return world.operations.start(operation)


def announce(call: Call, operation: Operation, status: int = 202, body: Any = None) -> Response:
    """The first answer: the status, the URLs of the style, Retry-After by the pace."""
    response = Response(status, body, _urls(call.request, operation))
    if status == 202 or operation.style is not Style.SYNC:
        response.headers += pace_headers(call.world, call.request, operation, first=True)
    response.headers += list(operation.headers.items())
    return response


def _urls(request: Request, operation: Operation) -> list[tuple[str, str]]:
    status, result = status_url(request, operation), result_url(request, operation)
    match operation.style:
        case Style.PROVISIONING:
            return [("Azure-AsyncOperation", status)]
        case Style.LOCATION:
            return [("Location", result)]
        case Style.ARM | Style.SITE_RECOVERY:
            return [("Azure-AsyncOperation", status), ("Location", result)]
    return []


def status_url(request: Request, operation: Operation) -> str:
    """The absolute `Azure-AsyncOperation` URL, on the host the client used."""
    if operation.style is Style.SITE_RECOVERY:
        vault = "/".join(operation.target.split("/")[:9]).replace("/subscriptions/", "/Subscriptions/", 1)
        path = f"{vault}/replicationOperationStatus/{operation.id}"
        return f"{request.base_url}{path}?api-version={operation.api_version}{signed_tail(operation)}"
    return f"{request.base_url}{_central(operation, 'operations')}/{operation.id}?api-version={operation.api_version}"


def result_url(request: Request, operation: Operation) -> str:
    """The absolute `Location` URL."""
    if operation.style is Style.SITE_RECOVERY:
        path = f"{operation.result_at or operation.target}/operationresults/{operation.id}"
        return f"{request.base_url}{path}?api-version={operation.api_version}{signed_tail(operation)}"
    address = ids.parse(operation.target)
    if address.namespace == "Microsoft.Resources":
        path = f"/subscriptions/{address.subscription}/operationresults/{encoded(operation.id)}"
    else:
        path = f"{_central(operation, 'operationResults')}/{operation.id}"
    return f"{request.base_url}{path}?api-version={operation.api_version}"


def _central(operation: Operation, segment: str) -> str:
    """Providers keep operations per region (recorded for Network: azure-powershell, A2ARemoveReplicationProtectedItemDisk)."""
    address, place = ids.parse(operation.target), operation.location or "global"
    return f"/subscriptions/{address.subscription}/providers/{address.namespace}/locations/{place}/{segment}"


def signed_tail(operation: Operation) -> str:
    """`&t=&c=&s=&h=`: opaque, and long enough to overflow what should not be overflowed (simulator.md §2.4)."""
    noise = hashlib.shake_256(operation.id.encode()).hexdigest(_TAIL_LENGTH // 2)
    third = len(noise) // 3
    ticks = int(operation.started * 10_000_000) + 621_355_968_000_000_000
    return f"&t={ticks}&c={noise[:third]}&s={noise[third : 2 * third]}&h={noise[2 * third :]}"


def _wait(operation: Operation) -> int:
    """Seconds between polls: Network's are short (recorded, same file), others go by the style."""
    quick = ids.parse(operation.target).namespace == "Microsoft.Network" and operation.verb == "PUT"
    return 3 if quick else RETRY_AFTER.get(operation.style, 10)


def pace_headers(world: World, request: Request, operation: Operation, *, first: bool = False) -> list[tuple[str, str]]:
    """When to ask again, by `--pace`: Azure's own, or milliseconds (whole seconds for clients that ignore those)."""
    if world.settings.pace == "faithful":
        quiet = operation.style is Style.SITE_RECOVERY and not first  # recorded: polls carry none
        operation.retry_after = 0 if quiet else _wait(operation)
        return [] if quiet else [("Retry-After", str(operation.retry_after))]
    operation.retry_after = 0
    agent = request.headers.get("user-agent", "").lower()
    if "azsdk-js" in agent or "azsdk-go" in agent or "go-http" in agent or "hashicorp" in agent:
        return [("Retry-After", "1")]
    wait = 20 if world.settings.pace == "step" else max(20, min(1000, int(1000 * (operation.due - world.now()) / 4)))
    return [("retry-after-ms", str(wait)), ("x-ms-retry-after-ms", str(wait))]


def polled(world: World, request: Request) -> Operation | None:
    """The operation that a request polls, or None when it polls none. Raises ArmError 404 for one that is not known."""
    parts = request.address.path.rsplit("/", 2)
    if len(parts) < 3 or request.method != "GET" or _segment(request) not in STATUS_SEGMENTS | RESULT_SEGMENTS:
        return None
    operation = world.operations.get(parts[2])
    if operation is None:
        message = f"The operation '{parts[2]}' was not found."
        raise errors.ArmError(404, "NotFound", message)
    return operation


def _segment(request: Request) -> str:
    return request.address.path.rsplit("/", 2)[1].lower()


def poll(world: World, request: Request, operation: Operation) -> Response:
    """Answer a poll of the status URL or of the Location."""
    _step(world, operation)
    if _segment(request) in STATUS_SEGMENTS:
        return _status(world, request, operation)
    return _result(world, request, operation)


def _step(world: World, operation: Operation) -> None:
    """`--pace step`: a poll of a running operation moves the clock to the next thing that happens up to its end."""
    if world.settings.pace != "step" or operation.outcome:
        return
    due = world.agenda.next_due()
    goal = operation.due if due is None else min(due, operation.due)
    if goal > world.clock.now():
        world.clock.advance(goal - world.clock.now())
    world.settle()


def _status(world: World, request: Request, operation: Operation) -> Response:
    url = "" if operation.style is Style.SITE_RECOVERY else request.address.path
    response = Response(200, status_document(operation, url), list(operation.headers.items()))
    if not operation.outcome:
        response.headers += pace_headers(world, request, operation)
    return response


def _result(world: World, request: Request, operation: Operation) -> Response:
    if not operation.outcome:
        return Response(202, None, _urls(request, operation) + pace_headers(world, request, operation))
    if operation.outcome != "Succeeded":
        error = operation.error or {"code": operation.outcome, "message": "The operation was canceled."}
        raise errors.ArmError(409, str(error["code"]), str(error["message"]))
    if operation.result == "document":
        return Response(200, operation.document, list(operation.headers.items()))
    resource = world.visible(operation.result_at or operation.target) if operation.result == "resource" else None
    again = _again(request, operation) if operation.style is Style.SITE_RECOVERY else []
    if resource is not None:
        return Response(200, world.bytes_of(resource), again)
    return Response(_empty(operation), None, again)


def _again(request: Request, operation: Operation) -> list[tuple[str, str]]:
    """What Site Recovery's results repeat of the 202: the status URL, and the job, twice (recorded: azure-sdk-for-net,
    DeleteA2AFabrics, DeleteA2AContainers)."""
    job = list(operation.headers.items())
    return [("Azure-AsyncOperation", status_url(request, operation)), *job, *job]


def _empty(operation: Operation) -> int:
    """Group delete ends with 200, Site Recovery's deletes and removes with 204 (both recorded)."""
    return 204 if operation.style is Style.SITE_RECOVERY else 200
