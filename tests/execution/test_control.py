"""Pausing and resuming: nothing is begun while a run is paused, and what Azure works on drains."""

import pytest

from replication.execution import engine, moves
from replication.models import Run
from tests.execution import build
from tests.execution.azure import Azure, World
from tests.execution.conftest import finish

pytestmark = pytest.mark.django_db

UNDER_WAY = ("submitting", "running")


def pause(run: Run, world: World) -> None:
    Run.objects.filter(pk=run.pk).update(paused_at=world.at)


def resume(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(paused_at=None)


def drain(run: Run, azure: Azure, times: int = 30) -> None:
    for _ in range(times):
        due_at = engine.advance(run.pk, azure)
        assert due_at
        assert due_at > azure.world.at  # a paused run is no busy loop
        azure.world.at = due_at


def test_a_paused_run_drains_and_begins_nothing(azure: Azure, world: World) -> None:
    run = build.run("web", "db")
    engine.advance(run.pk, azure)
    sent = sum(azure.accepted.values())
    assert sent
    pause(run, world)
    drain(run, azure)
    assert sum(azure.accepted.values()) == sent
    assert not run.steps.filter(state__in=UNDER_WAY).exists()
    assert run.steps.filter(state="waiting").exists()
    run.refresh_from_db()
    assert run.state == Run.State.RUNNING
    resume(run)
    assert finish(run, azure).state == Run.State.SUCCEEDED
    assert set(azure.accepted.values()) == {1}


def test_a_run_paused_before_it_began_asks_azure_nothing(azure: Azure, world: World) -> None:
    run = build.run("web")
    pause(run, world)
    drain(run, azure, 3)
    assert not azure.calls
    run.refresh_from_db()
    assert run.checked_at is None  # what it rests on is read when it begins


def test_a_pause_between_look_and_request_keeps_the_request_back(azure: Azure, world: World) -> None:
    run = build.run(planned=[each for each in build.foundations() if each.key == "fabric:east"])

    def meddle(verb: str) -> None:
        if verb == "read":
            pause(run, world)

    azure.before_call = meddle
    engine.advance(run.pk, azure)
    assert not azure.accepted
    step = run.steps.get()
    assert step.state == "waiting"
    assert step.due_at
    assert (step.due_at - world.at).total_seconds() <= 1  # not the whole lease
    azure.before_call = lambda verb: None
    resume(run)
    assert finish(run, azure).state == Run.State.SUCCEEDED


def test_a_paused_run_can_be_cancelled(azure: Azure, world: World) -> None:
    run = build.run("web")
    engine.advance(run.pk, azure)
    pause(run, world)
    Run.objects.filter(pk=run.pk).update(cancel_requested_at=world.at)
    assert finish(run, azure).state == Run.State.CANCELLED


def test_a_request_whose_fate_is_unknown_is_looked_for_while_paused(
    azure: Azure, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = build.run(planned=[each for each in build.foundations() if each.key == "fabric:east"])
    with monkeypatch.context() as patch:
        patch.setattr(moves.ledger, "accepted", lambda *_: False)  # the worker dies before it records
        engine.advance(run.pk, azure)
    assert run.steps.get().state == "submitting"
    pause(run, world)
    world.forward(151)
    assert finish(run, azure).state == Run.State.SUCCEEDED
    assert set(azure.accepted.values()) == {1}
