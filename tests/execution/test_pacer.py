"""One budget for all workers: tokens in a row of the database."""

import pytest

from replication.execution import pacer
from replication.models import Pace
from tests.execution import build
from tests.execution.azure import World

pytestmark = pytest.mark.django_db

GROUP = build.TARGET


def take(kind: str = "resource_group") -> float:
    return pacer.take(1, GROUP, kind)


def test_a_full_bucket_gives_its_depth_and_then_its_rate(world: World) -> None:
    assert [take() for _ in range(200)] == [0.0] * 200
    assert take() == pytest.approx(0.1, abs=0.001)
    world.forward(1)
    assert [take() for _ in range(10)] == [0.0] * 10
    assert take() > 0
    assert Pace.objects.get().spent == 210


def test_what_is_refused_takes_nothing_from_the_other_bucket(world: World, settings: pytest.FixtureRequest) -> None:
    settings.SITE_RECOVERY_WRITES_A_MINUTE = 2  # type: ignore[attr-defined]
    assert [take("protect") for _ in range(2)] == [0.0, 0.0]
    assert take("protect") == pytest.approx(30)
    assert pacer.wait(1, GROUP, "protect") == pytest.approx(30)
    assert Pace.objects.get(name__startswith="arm:").spent == 2
    assert take() == 0.0


def test_subscriptions_and_connections_do_not_share(world: World) -> None:
    pacer.pause(1, GROUP, "resource_group", 60)
    assert pacer.take(2, GROUP, "resource_group") == 0.0
    assert pacer.take(1, "/subscriptions/other/resourceGroups/g", "resource_group") == 0.0


def test_after_a_429_nobody_writes_before_the_time(world: World) -> None:
    take()
    pacer.pause(1, GROUP, "resource_group", 17)
    assert take() == pytest.approx(17, abs=0.2)
    world.forward(17.2)
    assert take() == 0.0
