"""What two usual ways of enabling cost, from 20 machines in a frozen world whose clock moves on with their documented polling.

Only calls are made for real; waiting is a step of the simulator's clock, so that hours pass in seconds.
"""

from __future__ import annotations

import heapq
import json
import ssl
import urllib.parse
import urllib.request
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from replication.domain.specs import ProtectSpec
from replication.gateway.site_recovery import KINDS
from tests.simulated import Simulator

VERSION, COMPUTE_VERSION = "2025-08-01", "2024-11-01"
Machine = Generator[float, None, None]


@dataclass
class Tally:
    """Seconds until the last one was accepted, and calls."""

    accepted: float = 0.0
    writes: int = 0
    reads: int = 0


class Hand:
    """A client without any wisdom: one call at a time, counted."""

    def __init__(self, azure: Simulator, token: str, opener: urllib.request.OpenerDirector) -> None:
        self.azure, self._token, self._opener = azure, token, opener
        self.tally = Tally()
        self.now = 0.0

    def call(self, method: str, path: str, body: Any = None, version: str = VERSION) -> tuple[Any, Any]:
        """The answer's document and headers. path: an id, or an address that Azure gave."""
        address = path if path.startswith("https:") else f"{self.azure.endpoint}{path}?api-version={version}"
        request = urllib.request.Request(address, method=method)
        request.add_header("Authorization", f"Bearer {self._token}")
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode() if body is not None else None
        with self._opener.open(request, timeout=30) as answer:
            raw = answer.read()
        if method == "GET":
            self.tally.reads += 1
        else:
            self.tally.writes += 1
        return (json.loads(raw) if raw else None), answer.headers

    def enable(self, spec: ProtectSpec) -> Any:
        """PUT the protected item; the headers of the 202."""
        write = KINDS["protect"].body
        assert write is not None
        _, headers = self.call("PUT", spec.id, write(spec))
        self.tally.accepted = self.now
        return headers

    def job_ended(self, headers: Any) -> bool:
        """GET the job that x-ms-request-id names."""
        job, _ = self.call("GET", headers["x-ms-request-id"].split(",")[0].strip())
        return bool(job["properties"]["state"] not in {"NotStarted", "InProgress"})


def as_the_sample_does(hand: Hand, spec: ProtectSpec) -> Machine:
    """Microsoft's PowerShell sample: the machine, the policy, the PUT, then the job every ten seconds (pains-and-limits.md §4.2)."""
    hand.call("GET", spec.machine_id, version=COMPUTE_VERSION)
    hand.call("GET", spec.policy_id)
    headers = hand.enable(spec)
    while not hand.job_ended(headers):
        yield 10.0


def as_terraform_does(hand: Hand, spec: ProtectSpec) -> Machine:
    """GET, PUT, the operation by its Retry-After, then the item every minute until it is Protected (pains-and-limits.md §4.1)."""
    hand.call("GET", spec.policy_id)  # its own refresh answers 404 here; a call all the same
    headers = hand.enable(spec)
    while True:
        document, answered = hand.call("GET", headers["Azure-AsyncOperation"])
        if document["status"] != "InProgress":
            break
        yield float(answered.get("Retry-After") or 10)
    while True:
        item, _ = hand.call("GET", spec.id)
        if item["properties"]["protectionState"] == "Protected":
            return
        yield 60.0


def hand_at(azure: Simulator) -> Hand:
    """A client that has signed in for as long as the frozen world will take."""
    azure.control("PUT", "settings", {"token_lifetime": 10_000_000})
    context = ssl.create_default_context(cafile=azure.ca)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    form = {"grant_type": "client_credentials", "client_id": azure.client_id, "client_secret": azure.secret}
    asked = urllib.parse.urlencode(form | {"scope": f"{azure.endpoint}/.default"}).encode()
    with opener.open(f"{azure.endpoint}/{azure.tenant}/oauth2/v2.0/token", data=asked, timeout=30) as answer:
        return Hand(azure, json.load(answer)["access_token"], opener)


def run(hand: Hand, specs: list[ProtectSpec], slots: int, way: Callable[[Hand, ProtectSpec], Machine]) -> Tally:
    """So many machines at a time, each holding its slot to its end."""
    waiting = list(reversed(specs))
    busy: list[tuple[float, int, Machine]] = [(0.0, n, way(hand, waiting.pop())) for n in range(min(slots, len(specs)))]
    while busy:
        at, slot, machine = heapq.heappop(busy)
        if at > hand.now:
            hand.azure.control("POST", "clock", {"advance": at - hand.now})
            hand.now = at
        pause = next(machine, None)
        if pause is not None:
            heapq.heappush(busy, (hand.now + pause, slot, machine))
        elif waiting:
            heapq.heappush(busy, (hand.now, slot, way(hand, waiting.pop())))
    return hand.tally
