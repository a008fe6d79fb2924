"""One budget for all workers: tokens in rows of the database, leased by the handful, and equally for all who ask."""

from collections.abc import Iterator
from typing import Any

import pytest

from replication.domain import ids
from replication.execution import pacer
from replication.gateway.port import read_refused
from replication.models import Connection, Pace, Run, Turn
from tests.execution import build
from tests.execution.azure import World

pytestmark = pytest.mark.django_db

GROUP = build.TARGET
DEPTH = 200 - pacer.MARGIN


@pytest.fixture(autouse=True)
def new_process() -> Iterator[None]:
    pacer._leases.clear()
    yield
    pacer._leases.clear()


@pytest.fixture
def run() -> Run:
    return build.run("web-1")


def take(run: Run, kind: str = "resource_group") -> float:
    return pacer.take(run, GROUP, kind)


def all_that_come(run: Run, most: int, kind: str = "resource_group", *, more: int = 0) -> int:
    """Tokens that a worker with so many writes to make gets at once; more: writes that it leaves for later."""
    got = 0
    while got < most and pacer.reserve(run, GROUP, kind, most - got + more):
        assert take(run, kind) == 0.0
        got += 1
    return got


def test_a_full_bucket_gives_its_depth_and_then_its_rate(world: World, run: Run) -> None:
    assert all_that_come(run, 1000) == DEPTH
    assert take(run) == pacer.AFTER_THE_OTHERS
    assert pacer.wait(run, GROUP, "resource_group") == pytest.approx(0.1, abs=0.001)
    world.forward(1)
    assert all_that_come(run, 1000) == 10
    assert Pace.objects.get().spent == DEPTH + 10


def test_ten_writes_cost_one_transaction(world: World, run: Run, django_assert_num_queries: Any) -> None:
    pacer.reserve(run, GROUP, "resource_group", 50)
    with django_assert_num_queries(0):
        assert [take(run) for _ in range(pacer.LEASE)] == [0.0] * pacer.LEASE


def test_a_lease_is_not_saved_up(world: World, run: Run) -> None:
    assert pacer.reserve(run, GROUP, "resource_group", 4) == 4
    world.forward(pacer.LEASE_SECONDS + 0.1)
    assert pacer.reserve(run, GROUP, "resource_group", 3) == 3
    assert Pace.objects.get().spent == 7


def test_what_is_refused_takes_nothing_from_the_other_bucket(world: World, run: Run, settings: Any) -> None:
    settings.SITE_RECOVERY_WRITES_A_MINUTE = 12
    assert [take(run, "protect") for _ in range(2)] == [0.0, 0.0]
    assert take(run, "protect") == pytest.approx(5)
    assert pacer.wait(run, GROUP, "protect") == pytest.approx(5)
    assert Pace.objects.get(name__startswith="arm:").spent == 2
    assert take(run) == 0.0


def test_site_recoverys_own_rate_can_be_off(world: World, run: Run, settings: Any) -> None:
    settings.SITE_RECOVERY_WRITES_A_MINUTE = 0
    assert all_that_come(run, 1000, "protect") == DEPTH


def test_subscriptions_do_not_share(world: World, run: Run) -> None:
    take(run)
    pacer.pause(run, GROUP, "resource_group", 60)
    assert take(run) > 0
    assert pacer.take(run, "/subscriptions/other/resourceGroups/g", "resource_group") == 0.0


def test_after_a_429_nobody_writes_before_the_time(world: World, run: Run) -> None:
    take(run)
    pacer.pause(run, GROUP, "resource_group", 17)
    assert take(run) == pytest.approx(17, abs=0.2)
    world.forward(17.2)
    assert take(run) == 0.0
    assert Pace.objects.get().refused == 1


def test_a_read_refused_anywhere_keeps_every_step_from_asking_and_costs_no_writes(world: World, run: Run) -> None:
    subscription = ids.subscription(GROUP)
    for seconds in (17, 3):  # the longer wait counts
        read_refused.send(Connection, connection=run.connection, subscription=subscription, seconds=seconds)
    assert pacer.barred(run, GROUP, "resource_group") == pytest.approx(17, abs=0.2)
    assert pacer.resting(run.connection_id, subscription) == pytest.approx(17, abs=0.2)
    assert pacer.resting(run.connection_id, "another") == 0.0
    world.forward(17.2)
    assert pacer.barred(run, GROUP, "resource_group") == 0.0
    assert all_that_come(run, 1000) == DEPTH


def test_azures_own_count_is_believed_when_it_is_lower(world: World, run: Run) -> None:
    """Somebody else writes with the same principal."""
    take(run)
    pacer.correct(run, GROUP, 500)
    assert pacer.reserve(run, GROUP, "resource_group", 1) == 1
    take(run)
    pacer.correct(run, GROUP, 3)
    assert all_that_come(run, 1000) == 3


def test_runs_that_ask_together_get_equally_many(world: World) -> None:
    runs = [build.run(f"web-{number}") for number in range(3)]
    got = {run.pk: all_that_come(run, 10, more=1000) for run in runs}
    for turn in range(120):
        # The first one's worker comes three times as often as the others'.
        run = runs[(0, 1, 0, 2, 0)[turn % 5]]
        got[run.pk] += all_that_come(run, 30, more=1000)
        world.forward(0.5)
        assert max(got.values()) - min(got.values()) <= pacer.LEASE + pacer.AHEAD
    assert min(got.values()) > 0.9 * (DEPTH + 60 * 10) / 3


def test_a_small_run_behind_a_big_one_is_served_at_once(world: World) -> None:
    big, small = build.run("a"), build.run("b")
    all_that_come(big, 1000)
    world.forward(1)
    assert all_that_come(small, 5) == 5
    assert all_that_come(big, 1000) == 5


def test_a_run_whose_worker_died_holds_nobody_up_for_long(world: World) -> None:
    alive, dead = build.run("a"), build.run("b")
    all_that_come(dead, 1000)
    world.forward(2)
    assert all_that_come(alive, 1000) == pacer.AHEAD
    world.forward(pacer.ASKING)
    assert all_that_come(alive, 1000) > pacer.AHEAD
    assert Turn.objects.count() == 2


def test_the_minutes_budget_can_be_told(world: World, run: Run) -> None:
    all_that_come(run, 50)
    row, now = Pace.objects.get(), world().timestamp()
    assert row.spent_in_minute(now) == 50
    assert row.left_in_minute(now) == DEPTH - 50 + int((60 - now % 60) * 10)
    assert row.spent_in_minute(now + 60) == 0
