"""Token buckets as Azure has them (simulator.md §2.6): ARM's own, Compute's, Network's, Storage's, and Site Recovery's.

Site Recovery's own limit is not documented; 200 writes a minute is *assumed* (a setting; 0 is none). Buckets run with the
world's clock.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.kernel import errors
from simulator.kernel.clock import iso_seconds
from simulator.kernel.ids import parse
from simulator.kernel.request import Request
from simulator.kernel.routing import Route
from simulator.kernel.world import Principal, World

_FORGET_ABOVE = 50_000


@dataclass
class Bucket:
    """`size` tokens at most, `rate` new ones a second."""

    size: float
    rate: float
    level: float
    at: float
    blocked_until: float = 0.0

    def look(self, now: float) -> float:
        """Seconds until a token is there; 0 when one is. Asking early renews the wait."""
        self.level = min(self.size, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level >= 1 and now >= self.blocked_until:
            return 0.0
        wait = max((1 - self.level) / self.rate, 1.0)
        self.blocked_until = now + wait
        return wait

    def take(self) -> None:
        """Use one token."""
        self.level -= 1


@dataclass(frozen=True)
class Limit:
    """One limit that a request runs into: whose bucket, how big, and how it is shown."""

    key: tuple[str, ...]
    size: float
    rate: float
    header: str = ""
    group: str = ""


_KINDS = {"read": (250, 25.0), "write": (200, 10.0), "delete": (200, 10.0)}
_GLOBAL = 15
_PER_5_MINUTES = 300.0
#: Compute: (bucket, refill per minute, bucket per VM, refill per minute per VM) by operation group.
COMPUTE = {
    "PutVM": (1500, 500, 12, 4),
    "UpdateVM": (1500, 500, 12, 4),
    "DeleteVM": (1500, 500, 12, 4),
    "LowCostGet": (24000, 8000, 36, 12),
    "HighCostGet": (900, 300, 0, 0),
    "GetOperation": (15000, 5000, 45, 15),
}


class Throttle:
    """All buckets of a world."""

    def __init__(self, world: World) -> None:
        """Full buckets."""
        self._world = world
        self._buckets: dict[tuple[str, ...], Bucket] = {}

    def admit(self, request: Request, principal: Principal, route: Route | None) -> list[tuple[str, str]]:
        """Take a token of every bucket and return the headers. Raises ArmError 429 when one is empty.

        With `--throttle off` nothing is ever refused and the headers say that the buckets are full.
        """
        limits = list(_limits(self._world, request, principal, route))
        if self._world.settings.throttle != "azure":
            return _headers([(limit, limit.size - 1) for limit in limits])
        now = self._world.now()
        for limit in limits:
            wait = self._bucket(limit, now).look(now)
            if wait:
                raise _refusal(limit, request, principal, math.ceil(wait), now)
        for limit in limits:
            self._bucket(limit, now).take()
        return _headers([(limit, self._bucket(limit, now).level) for limit in limits])

    def _bucket(self, limit: Limit, now: float) -> Bucket:
        found = self._buckets.get(limit.key)
        if found is None:
            if len(self._buckets) > _FORGET_ABOVE:
                self._buckets.clear()
            found = self._buckets[limit.key] = Bucket(limit.size, limit.rate, limit.size, now)
        return found

    def levels(self) -> dict[str, float]:
        """Tokens left by bucket, for snapshots and the control API."""
        return {"|".join(key): round(bucket.level, 3) for key, bucket in self._buckets.items()}


def kind_of(route: Route | None) -> str:
    """ "read", "write" or "delete"; POST actions are writes unless they only read."""
    if route is None or not route.mutates:
        return "read"
    return "delete" if route.verb == "DELETE" else "write"


def _limits(world: World, request: Request, principal: Principal, route: Route | None) -> Iterator[Limit]:
    kind = kind_of(route)
    size, rate = _KINDS[kind]
    subscription = request.address.subscription.lower()
    who = principal.object_id
    prefix = "x-ms-ratelimit-remaining"
    if not subscription:
        yield Limit(("tenant", world.tenant, who, kind), size, rate, f"{prefix}-tenant-{kind}s")
        return
    yield Limit(("arm", subscription, who, kind), size, rate, f"{prefix}-subscription-{kind}s")
    everybody = ("arm-global", subscription, kind)
    yield Limit(everybody, size * _GLOBAL, rate * _GLOBAL, f"{prefix}-subscription-global-{kind}s")
    if route is not None:
        yield from _provider_limits(world, route, subscription, kind)


def _provider_limits(world: World, route: Route, subscription: str, kind: str) -> Iterator[Limit]:
    match route.type.throttle:
        case "compute":
            yield from _compute_limits(route, subscription)
        case "network":
            calls = 10_000 if kind == "read" else 1_000
            yield Limit(("network", subscription, kind), calls, calls / _PER_5_MINUTES, group="Network")
        case "storage":
            yield _storage_limit(route, subscription, kind)
        case "site-recovery" if kind != "read" and world.settings.site_recovery_writes > 0:
            writes = world.settings.site_recovery_writes
            yield Limit(("site-recovery", subscription), writes, writes / 60, group="SiteRecovery")


def _storage_limit(route: Route, subscription: str, kind: str) -> Limit:
    if kind != "read":
        return Limit(("storage", subscription, "write"), 1_200, 1_200 / 3600, group="Storage")
    name, calls = ("list", 100) if route.verb == "LIST" else ("read", 800)
    return Limit(("storage", subscription, name), calls, calls / _PER_5_MINUTES, group="Storage")


def compute_group(route: Route) -> str:
    """Compute's operation group of a request."""
    if route.action is not None and route.action.throttle:
        return route.action.throttle
    if not route.mutates:
        return "HighCostGet" if route.verb == "LIST" and route.type.short == "virtualMachines" else "LowCostGet"
    return {"PUT": "PutVM", "DELETE": "DeleteVM"}.get(route.verb, "UpdateVM")


def _compute_limits(route: Route, subscription: str) -> Iterator[Limit]:
    group = compute_group(route)
    size, refill, vm_size, vm_refill = COMPUTE[group]
    yield Limit(("compute", subscription, group), size, refill / 60, "x-ms-ratelimit-remaining-resource", group)
    if vm_size and route.verb != "LIST" and parse(route.id).is_item:
        yield Limit(("compute-vm", route.id.lower(), group), vm_size, vm_refill / 60, group=group)


def _headers(levels: list[tuple[Limit, float]]) -> list[tuple[str, str]]:
    headers = []
    for limit, level in levels:
        if limit.header == "x-ms-ratelimit-remaining-resource":
            text = f"Microsoft.Compute/{limit.group}3Min;{int(level)},Microsoft.Compute/{limit.group}30Min;{int(level) * 10}"
            headers.append((limit.header, text))
        elif limit.header:
            headers.append((limit.header, str(max(0, int(level)))))
    return headers


def _refusal(limit: Limit, request: Request, principal: Principal, wait: int, now: float) -> errors.ArmError:
    if limit.key[0].startswith("compute"):
        return _compute_refusal(limit, wait, now)
    if limit.group:
        message = (
            f"The request is being throttled as the limit has been reached for operation type - {limit.group}. "
            "For more information, see - https://aka.ms/arm-throttling"
        )
        return errors.ArmError(429, "TooManyRequests", message, headers={"Retry-After": str(wait)})
    return errors.requests_throttled(limit.key[-1], request.address.subscription, principal.object_id, wait)


def _compute_refusal(limit: Limit, wait: int, now: float) -> errors.ArmError:
    measured = {
        "operationGroup": f"{limit.group}3Min",
        "startTime": iso_seconds(now - 180),
        "endTime": iso_seconds(now),
        "allowedRequestCount": int(limit.size),
        "measuredRequestCount": int(limit.size) + 1,
    }
    details = [{"code": "TooManyRequests", "target": f"{limit.group}3Min", "message": json.dumps(measured)}]
    message = "The server rejected the request because too many requests have been received for this subscription."
    return errors.ArmError(429, "OperationNotAllowed", message, details=details, headers={"Retry-After": str(wait)})
