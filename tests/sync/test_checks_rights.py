"""The check of permissions against the truth: what the same plan, run with all rights, was seen to ask of Azure.

Each action is taken away in turn. The check must name it, at the scope where Azure would refuse it, and no other; then the run is
carried out all the same (the right goes after the check has passed), and Azure's 403 must name the same.
"""

import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from replication import clock
from replication.actions import checks, plans, runs
from replication.actions.actor import Actor
from replication.domain.checks import rights
from replication.execution import engine
from replication.gateway.port import Gateway
from replication.models import Connection, Draft, Reading, Run
from replication.sync import checks as making
from replication.sync import readings
from tests.simulated import Simulator
from tests.sync.test_checks import admin_actor, made, make_draft

__all__ = ["admin_actor"]

pytestmark = pytest.mark.django_db

ROLE = "0c0ffee0-0000-4000-8000-000000000001"
LINKED = re.compile(r"action\(s\) '([^']+)' on the linked scope\(s\) '([^']+)'")
PLAIN = re.compile(r"perform action '([^']+)' over scope '([^']+)'")


class Role:
    """The console's only role: everything, less what was taken away."""

    def __init__(self, simulator: Simulator, gateway: Gateway, subscriptions: list[str]) -> None:
        self.simulator = simulator
        self.ids = [f"/subscriptions/{each}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}" for each in subscriptions]
        me = gateway.inspect(rights.asks.principal())
        for subscription, definition in zip(subscriptions, self.ids, strict=True):
            permissions = [{"actions": ["*"], "notActions": []}]
            simulator.control("POST", "load", {"resources": [{"id": definition, "properties": {"permissions": permissions}}]})
            assignments = gateway._clients.authorization(subscription).role_assignments  # type: ignore[attr-defined]
            for each in list(assignments.list_for_subscription(filter=f"principalId eq '{me}'")):
                self._patch(each.id, {"properties": {"roleDefinitionId": definition}})

    def without(self, *actions: str) -> None:
        for each in self.ids:
            self._patch(each, {"properties": {"permissions": [{"actions": ["*"], "notActions": list(actions)}]}})

    def _patch(self, arm_id: str, document: dict[str, Any]) -> None:
        self.simulator.control("PATCH", "resource", {"id": arm_id, "document": document})


class World:
    """A clock that jumps to whatever is due."""

    def __init__(self) -> None:
        self.at = clock.now()

    def __call__(self) -> Any:
        return self.at


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    with clock.injected(world):
        yield world


def carried_out(run: Run, gateway: Gateway, world: World, simulator: Simulator) -> list[dict[str, Any]]:
    """Advance the run to its end, or to Azure's first refusal; the log of it."""
    simulator.control("DELETE", "log")
    for turn in range(200):
        due_at = engine.advance(run.pk, gateway)
        if due_at is None or (turn % 3 == 2 and simulator.control("GET", "log?status=403")):
            break
        world.at = max(due_at, world.at + timedelta(milliseconds=10))
    return simulator.control("GET", "log")  # type: ignore[no-any-return]


def refused(log: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """(action, scope) of every 403, in Azure's own words."""
    found = (LINKED.search(each["message"]) or PLAIN.search(each["message"]) for each in log if each["status"] == 403)
    return {(match[1].lower(), match[2].lower()) for match in found if match}


def named(draft: Draft, reading: Reading) -> set[tuple[str, str]]:
    """(action, scope) of everything that the check says is missing, asked anew."""
    digest = reading.result["digest"]
    rest = {key: each for key, each in reading.result["checks"].items() if key != "rights"}
    open_ = {"result": {"digest": digest, "checks": rest}, "answered_at": None, "lease_until": None}
    Reading.objects.filter(pk=reading.pk).update(**open_)
    readings.answer(reading.pk)
    found = checks.standing(draft, digest).done["rights"]
    lines = [line for each in found for line in each.lines]
    assert all(line.split(" at ")[0] in each.request for each in found for line in each.lines)
    return {(line.split(" at ")[0].lower(), line.split(" at ")[1].split(": ")[0].lower()) for line in lines}


def test_each_right_taken_away_is_named_and_refused(
    contoso: Connection, admin_actor: Actor, gateway: Gateway, simulator: Simulator, world: World, capsys: Any
) -> None:
    role = Role(simulator, gateway, list(contoso.subscriptions.values_list("subscription_id", flat=True)))
    draft = make_draft(contoso, admin_actor, ("crm-web-01",))
    digest, standing = plans.compiled(draft).digest, made(draft, admin_actor)
    assert standing.refusal == ""
    assert standing.reading is not None
    ours = {demand.action.lower() for demand in rights.demands(making._batch(draft))}  # type: ignore[arg-type]
    start, passed = simulator.control("GET", "snapshot"), standing.reading.result

    def run() -> list[dict[str, Any]]:
        return carried_out(runs.enable(draft, digest=digest, actor=admin_actor), gateway, world, simulator)

    with transaction.atomic():
        log = run()
        transaction.set_rollback(True)
    assert not refused(log)
    truth = {each["permission"].lower() for each in log if each["permission"]}
    assert truth - ours == set()

    wrong: list[str] = []
    for action in sorted(ours):
        simulator.control("PUT", "snapshot", start)
        role.without(action)
        said = named(draft, standing.reading)
        role.without()
        Reading.objects.filter(pk=standing.reading.pk).update(result=passed)
        with transaction.atomic():
            started = runs.enable(draft, digest=digest, actor=admin_actor)
            role.without(action)
            answered = refused(carried_out(started, gateway, world, simulator))
            transaction.set_rollback(True)
        if {each for each, _ in said} != {action} or {each for each, _ in answered} != {action}:
            wrong.append(f"{action}: named {said}, refused {answered}")
        elif not all(any(f"{scope}/".startswith(f"{place}/") for _, place in said) for _, scope in answered):
            wrong.append(f"{action}: named at {said}, refused at {answered}")
    with capsys.disabled():
        sys.stdout.write(f"\n{len(ours)} actions taken away, {len(truth)} of them in the log of the run, {len(wrong)} named wrongly\n")
    assert wrong == [], "\n".join(wrong)
