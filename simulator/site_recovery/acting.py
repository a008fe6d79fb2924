"""Asking something of an item: is it there, is it free, does its state take it; and what its end does to the state.

The state table decides everything (`states.MOVES`); an operation on an item gives only its scenario, its checks and its
effect. An item that was interrupted (by a disable, a purge, a cancelled job) leaves the interrupted operation Canceled.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.kernel.call import Call
from simulator.kernel.operations import Operation
from simulator.kernel.request import Response
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.site_recovery import enable, problems, service
from simulator.site_recovery.jobs import SCENARIOS
from simulator.site_recovery.problems import Problem
from simulator.site_recovery.records import Item, Json, Running
from simulator.site_recovery.service import ITEM, Task, begin, client_of
from simulator.site_recovery.shapes import item_of, vault_of
from simulator.site_recovery.states import INTERRUPTING, Move, State, move
from simulator.site_recovery.states import Operation as Ask


def find(call: Call, *, hidden: bool = False) -> Resource:
    """The item that a request is about. Raises Site Recovery's 404."""
    service.vault(call)
    found = service.stored(call, call.id, "protected item", hidden=hidden)
    reconcile(call.world, found)
    return found


def check(call: Call, resource: Resource, ask: Ask) -> Move:
    """The move that the state table has for an operation. Raises 409 when another one runs, 400 when there is none."""
    found = item_of(resource)
    running, step = found["running"], move(State(found["state"]), ask)
    if running is not None and (ask not in INTERRUPTING or step is None):
        raise problems.busy(resource.name, running["scenario"], running["job"], client_of(call))
    if step is None:
        raise problems.not_allowed(ask.value, resource.name, found["state"], client_of(call))
    return step


def act(
    call: Call,
    resource: Resource,
    ask: Ask,
    scenario: str,
    given: Json | None = None,
    *,
    fault: Problem | None = None,
    **about: object,
) -> Response:
    """Accept an operation on an item. ``given`` is what its effect will need, as plain JSON."""
    step = check(call, resource, ask)
    found = item_of(resource)
    interrupt(call.world, resource, found)
    task = Task(scenario, resource, f"site_recovery.item.{ask.value}", problem=fault)
    task.target_id, task.target_name = found["entity"], found["vm_name"]
    task.affected = enable.affected(call.world, found)
    for name, value in about.items():
        setattr(task, name, value)
    task.args = {"ask": ask.value, "given": given or {}, "problem": enable.told(fault)}
    response = begin(call, task)
    lock(call.world, found, ask, step, call.notes["job"], SCENARIOS[scenario].name)
    call.world.store.touch(resource)
    return response


def lock(world: World, found: Item, ask: Ask, step: Move, job: str, scenario: str) -> None:
    """The item is taken by an operation: its state is that of the running move."""
    if found["state"] != State.DISABLING:
        found["before"] = found["state"]
    found["state"] = step.running
    found["running"] = Running(operation=ask.value, scenario=scenario, job=job, start=world.now())


def interrupt(world: World, resource: Resource, found: Item) -> None:
    """What runs on the item is given up: its operation ends Canceled, its job Cancelled (ASR's own spelling)."""
    running = found["running"]
    if running is None:
        return
    operation = world.operations.get(running["job"])
    if operation is not None:
        world.operations.finish(operation, "Canceled")
    service.close_job(world, vault_of(resource.id), running["job"], "Cancelled")
    found["running"] = None


def release(world: World, found: Item, state: State) -> None:
    """The operation on an item is over."""
    found["running"], found["state"], found["since"] = None, state, world.now()


def reconcile(world: World, resource: Resource) -> None:
    """An operation that was ended from outside (a fault, a cancelled job) lets go of its item."""
    found = item_of(resource)
    running = found["running"]
    if running is None or (operation := world.operations.get(running["job"])) is None or not operation.outcome:
        return
    if operation.outcome == "Succeeded":
        return
    step = move(State(found["before"]), Ask(running["operation"]))
    failed = step.failed if step is not None else State(found["before"])
    state = "Cancelled" if operation.outcome == "Canceled" else "Failed"
    service.close_job(world, vault_of(resource.id), running["job"], state, _outside(operation))
    if failed is State.ABSENT:
        enable.forget(world, resource)
    else:
        release(world, found, failed)
        world.store.touch(resource)


def _outside(operation: Operation) -> Problem | None:
    if operation.error is None:
        return None
    return Problem(str(operation.error.get("code", "")), str(operation.error.get("message", "")), "", "")


Ending = Callable[[World, Resource, Item, Json], Problem | None]
_ENDINGS: dict[Ask, Ending] = {}


def ending(ask: Ask) -> Callable[[Ending], Ending]:
    """Register the effect of an operation on an item. It gets the item and what `act` was given."""

    def register(function: Ending) -> Ending:
        _ENDINGS[ask] = function

        @service.completion(f"site_recovery.item.{ask.value}")
        def _ends(world: World, operation: Operation) -> Problem | None:
            resource = world.store.get(operation.target)
            if resource is None or resource.type != ITEM or not _still(resource, operation):
                operation.outcome = "Canceled"
                service.close_job(world, operation.args["vault"], operation.args["job"], "Cancelled")
                return None
            fault = service.doom(operation) or enable.untold(operation.args["problem"])
            return finish(world, resource, ask, operation.args["given"], fault)

        return function

    return register


def _still(resource: Resource, operation: Operation) -> bool:
    running = item_of(resource)["running"]
    return running is not None and running["job"] == operation.args["job"]


def finish(world: World, resource: Resource, ask: Ask, given: Json, fault: Problem | None) -> Problem | None:
    """End what runs on an item: its effect unless it has failed already, then the state that the table has for it."""
    found = item_of(resource)
    step = move(State(found["before"]), ask)
    if step is None:  # a purge or disable that came while something else ran
        step = Move(State(found["state"]), State.ABSENT, State(found["before"]))
    problem = fault or _ENDINGS[ask](world, resource, found, given)
    failed = problem is not None and problem.level != "Warning"
    after = step.failed if failed else step.done
    release(world, found, after)
    if after is State.ABSENT:
        enable.forget(world, resource)
    else:
        world.store.touch(resource)
    return problem
