"""The beat finds what is due, whatever the broker lost."""

from datetime import timedelta

import pytest

from replication import clock, queue
from replication.execution import engine, overdue
from replication.models import Reading, Run, Vault
from tests.execution import build
from tests.execution.azure import Azure, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    told: list[tuple[object, ...]] = []
    monkeypatch.setattr(queue, "ring", lambda *what, after=0: told.append(what))
    return told


def test_a_run_is_rung_for_once_and_again_when_nobody_came(world: World, rung: list[tuple[object, ...]]) -> None:
    run = build.run("web")
    overdue.ring()
    overdue.ring()
    assert rung.count(("advance", str(run.pk))) == 1
    world.forward(overdue.RING_AGAIN)
    overdue.ring()
    assert rung.count(("advance", str(run.pk))) == 2


def test_a_run_that_somebody_works_on_or_that_waits_is_left_alone(
    azure: Azure, world: World, rung: list[tuple[object, ...]]
) -> None:
    run = build.run("web")
    due_at = engine.advance(run.pk, azure)
    rung.clear()
    overdue.ring()
    assert not rung
    assert due_at
    world.at = due_at
    overdue.ring()
    assert rung == [("advance", str(run.pk))]


def test_an_unfinished_run_is_looked_at_each_minute(azure: Azure, world: World) -> None:
    run = build.run("web")
    due_at = engine.advance(run.pk, azure)
    assert due_at
    assert due_at - world.at <= timedelta(seconds=60)


def test_a_run_that_is_due_soon_rings_for_itself_and_is_taken_once(
    azure: Azure, world: World, rung: list[tuple[object, ...]]
) -> None:
    run = build.run("web")
    rung.clear()
    overdue.ring_in_time(run.pk, engine.advance(run.pk, azure))
    (ring,) = rung
    assert overdue.take(*map(str, ring[1:]))
    assert not overdue.take(*map(str, ring[1:])), "the same message twice"


def test_a_ring_for_a_time_that_was_moved_on_is_void(
    azure: Azure, world: World, rung: list[tuple[object, ...]]
) -> None:
    run = build.run("web")
    rung.clear()
    overdue.ring_in_time(run.pk, engine.advance(run.pk, azure))
    world.forward(overdue.SOON)
    overdue.ring()  # the beat was quicker
    assert [len(what) for what in rung if what[0] == "advance"] == [3, 2]
    assert not overdue.take(*map(str, rung[0][1:]))


def test_a_run_that_waits_longer_leaves_it_to_the_beat(world: World, rung: list[tuple[object, ...]]) -> None:
    run = build.run("web")
    rung.clear()
    overdue.ring_in_time(run.pk, clock.now() + timedelta(seconds=overdue.SOON + 1))
    overdue.ring_in_time(run.pk, None)
    assert not rung


def test_a_run_that_ended_is_not_rung_for(world: World, rung: list[tuple[object, ...]]) -> None:
    run = build.run("web")
    Run.objects.filter(pk=run.pk).update(state=Run.State.SUCCEEDED)
    overdue.ring()
    assert not rung


def test_open_readings_and_due_vaults(world: World, rung: list[tuple[object, ...]]) -> None:
    vault = build.vault()
    asked = {"connection": vault.connection, "kind": "items", "asked_at": clock.now()}
    dropped = Reading.objects.create(**asked)
    Reading.objects.create(**asked, subject="held", lease_until=clock.now() + timedelta(seconds=60))
    Reading.objects.create(**asked, answered_at=clock.now())
    Vault.objects.filter(pk=vault.pk).update(due_at=clock.now() + timedelta(seconds=5))
    overdue.ring()
    assert not rung
    world.forward(5)
    overdue.ring()
    assert rung == [("answer_reading", dropped.pk), ("sync_vault", vault.pk)]
