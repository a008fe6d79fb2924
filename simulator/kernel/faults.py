"""Faults from a plan, never from dice (simulator.md §6.5): each line says what it matches, which call, and what happens.

A line is a JSON object::

    {"name": "lost 202",                  # optional; written to the log
     "verb": "PUT", "type": "*/replicationProtectedItems", "id": "*", "action": "", "principal": "*", "location": "",
     "page": true,                        # only requests for a later page of a list
     "nth": 1 | [1, 3] | "every:5" | "from:3" | "first:2",          # counted per line; absent: every matching call
     "when": "before" | "after",          # before or after the server has acted (default before)
     "do": "status", ...}                 # and what that needs:

=============  =================================================================================================
do             what happens (parameters)
=============  =================================================================================================
status         an error answer: status, code, message, retry_after (seconds; absent: no header)
reset          the connection is reset
truncate       half a body, then a reset
slow           seconds before the first byte, body_seconds before the body
expired        401 ExpiredAuthenticationToken
operation      the operation ends as outcome ("Failed", "Canceled") with code and message, after its usual time
stuck          the operation never ends
lost           the operation's URLs answer 404 from now on
flapping       every second poll of the operation answers 500
late           the resource answers 404 for the next `reads` GETs although it is there
stale          the next `reads` lists leave the resource out
skew           the Date header is wrong by `seconds`
=============  =================================================================================================

`operation`, `stuck`, `lost`, `flapping`, `late` and `stale` act on what the matched call started, so they are always
"after". Verbs are also LIST and POLL (a poll of an operation). A region outage is `{"location": "eastasia", "do": "status",
"status": 503}`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import formatdate
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from simulator.kernel import errors
from simulator.kernel.request import Delivery, Response

if TYPE_CHECKING:
    from simulator.kernel.operations import Operation
    from simulator.kernel.store import Resource
    from simulator.kernel.world import World

ACTIONS = (
    "status", "reset", "truncate", "slow", "expired", "operation", "stuck", "lost", "flapping", "late", "stale", "skew",
)  # fmt: skip
_LATER = frozenset({"operation", "stuck", "lost", "flapping", "late", "stale"})
_KEYS = frozenset(
    {"name", "verb", "type", "id", "action", "principal", "location", "page", "nth", "when", "do"}
    | {"status", "code", "message", "retry_after", "seconds", "body_seconds", "outcome", "reads"}
)  # fmt: skip


@dataclass
class Subject:
    """What a request is, as far as a plan may ask."""

    verb: str
    type: str
    id: str
    action: str = ""
    principal: str = ""
    location: str = ""
    page: bool = False


@dataclass
class Line:
    """One line of the plan, and how often it has matched."""

    number: int
    spec: dict[str, Any]
    seen: int = 0
    fired: int = 0

    @property
    def name(self) -> str:
        """How the log calls it."""
        return str(self.spec.get("name") or f"line {self.number}: {self.spec['do']}")

    @property
    def after(self) -> bool:
        """Whether it happens after the server has acted."""
        return self.spec.get("when") == "after" or self.spec["do"] in _LATER

    def fits(self, subject: Subject) -> bool:
        """Whether the line is about this request, and this time. Counts the match."""
        if not self._matches(subject):
            return False
        self.seen += 1
        if not _counted(self.spec.get("nth"), self.seen):
            return False
        self.fired += 1
        return True

    def _matches(self, subject: Subject) -> bool:
        if self.spec.get("page") and not subject.page:
            return False
        for name in ("verb", "type", "id", "action", "principal", "location"):
            wanted = self.spec.get(name)
            if wanted and not fnmatchcase(str(getattr(subject, name)).lower(), str(wanted).lower()):
                return False
        return True


def _counted(nth: Any, seen: int) -> bool:
    if nth is None:
        return True
    if isinstance(nth, int):
        return seen == nth
    if isinstance(nth, list):
        return seen in nth
    kind, _, number = str(nth).partition(":")
    return {"every": seen % int(number) == 0, "from": seen >= int(number), "first": seen <= int(number)}[kind]


class BadPlanError(ValueError):
    """A fault plan that makes no sense; the message says why."""


@dataclass
class Plan:
    """All lines, and what they have set going."""

    lines: list[Line] = field(default_factory=list)
    #: Operation id to what is wrong with it: "lost", "flapping".
    operations: dict[str, str] = field(default_factory=dict)
    polls: dict[str, int] = field(default_factory=dict)
    #: Resource key to how many more GETs (or lists) shall not see it.
    late: dict[str, int] = field(default_factory=dict)
    stale: dict[str, int] = field(default_factory=dict)

    def load(self, specs: list[dict[str, Any]]) -> None:
        """Replace the plan. Raises BadPlanError."""
        for spec in specs:
            _check(spec)
        self.lines = [Line(number, spec) for number, spec in enumerate(specs, 1)]
        self.operations, self.polls, self.late, self.stale = {}, {}, {}, {}

    def match(self, subject: Subject) -> Line | None:
        """The first line that fits."""
        return next((line for line in self.lines if line.fits(subject)), None)

    def hides(self, resource: Resource, *, in_list: bool) -> bool:
        """Whether a resource that is there shall not be seen this time (counts down)."""
        table = self.stale if in_list else self.late
        left = table.get(resource.key, 0)
        if not left:
            return False
        table[resource.key] = left - 1
        return True


def _check(spec: Any) -> None:
    if not isinstance(spec, dict) or spec.get("do") not in ACTIONS:
        raise BadPlanError(f"a line needs 'do', one of {', '.join(ACTIONS)}: {spec}")
    unknown = set(spec) - _KEYS
    if unknown:
        raise BadPlanError(f"a line has no '{sorted(unknown)[0]}': {spec}")
    if spec["do"] == "status" and not isinstance(spec.get("status"), int):
        raise BadPlanError(f"a line that does 'status' needs a number 'status': {spec}")
    try:
        _counted(spec.get("nth"), 1)
    except (KeyError, ValueError, ZeroDivisionError):
        raise BadPlanError(f"nth is a number, a list, every:N, from:N or first:N: {spec}") from None


_STANDARD = {
    429: ("TooManyRequests", "The request is being throttled."),
    500: ("InternalServerError", "The server encountered an internal error. Please retry the request."),
    502: ("BadGateway", "The gateway did not receive a response from the upstream server."),
    503: ("ServerTimeout", "The request timed out. Diagnostic information: timestamp, subscription id, tracking id."),
    504: (
        "GatewayTimeout",
        "The gateway did not receive a response from the provider within the specified time period.",
    ),
}


def refusal(world: World, line: Line) -> errors.ArmError | None:
    """The error answer that a line asks for, or None when it asks for something else."""
    if line.spec["do"] == "expired":
        text = "The access token expiry UTC time has passed."
        return errors.authentication_failed(world.tenant, "ExpiredAuthenticationToken", text)
    if line.spec["do"] == "reset" and not line.after:  # nothing is done; `spoil` keeps the answer from arriving
        return errors.ArmError(500, *_STANDARD[500])
    if line.spec["do"] != "status":
        return None
    status = int(line.spec["status"])
    code, message = _STANDARD.get(status, ("InjectedFault", "A planned fault."))
    wait = line.spec.get("retry_after")
    headers = {"Retry-After": str(wait)} if wait is not None else {}
    return errors.ArmError(status, line.spec.get("code", code), line.spec.get("message", message), headers=headers)


def spoil(line: Line, response: Response) -> Response:
    """Deliver an answer as a line says: reset, truncated, slowly, with a wrong date."""
    do = line.spec["do"]
    if do == "reset":
        response.delivery = Delivery(reset=True)
    elif do == "truncate":
        response.delivery = Delivery(truncate=True)
    elif do == "slow":
        response.delivery = Delivery(float(line.spec.get("seconds", 0)), float(line.spec.get("body_seconds", 0)))
    elif do == "skew":
        response.headers.append(("Date", formatdate(_seconds() + float(line.spec.get("seconds", 0)), usegmt=True)))
    return response


def _seconds() -> float:
    import time

    return time.time()


def bend(world: World, line: Line, operation: Operation | None, target: str) -> None:
    """Do to the operation (or the resource) that the matched call started what a line says."""
    do, plan = line.spec["do"], world.faults
    if do in ("late", "stale"):
        table = plan.late if do == "late" else plan.stale
        table[target.lower()] = int(line.spec.get("reads", 1))
    if operation is None:
        return
    if do in ("lost", "flapping"):
        plan.operations[operation.id] = do
    elif do == "stuck":
        world.operations.postpone(operation)
    elif do == "operation":
        operation.args["doomed"] = {
            "outcome": line.spec.get("outcome", "Failed"),
            "code": str(line.spec.get("code", "InternalError")),
            "message": str(line.spec.get("message", "The operation failed.")),
        }


def check_poll(world: World, operation: Operation) -> None:
    """Raises what a lost or flapping operation answers."""
    state = world.faults.operations.get(operation.id)
    if state == "lost":
        raise errors.ArmError(404, "NotFound", f"The operation '{operation.id}' was not found.")
    if state == "flapping":
        count = world.faults.polls[operation.id] = world.faults.polls.get(operation.id, 0) + 1
        if count % 2:
            raise errors.ArmError(500, *_STANDARD[500])
