from collections.abc import Iterator
from typing import Any

import pytest

from replication import clock
from replication.execution import engine
from replication.models import Run
from tests.execution import build
from tests.execution.azure import Azure, World


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    with clock.injected(world):
        yield world


@pytest.fixture
def azure(world: World, settings: Any) -> Azure:
    """Its operations take a tenth of their time, as there is nothing to learn from looking on."""
    settings.LONGEST_FACTOR = 0.1
    return Azure(world, build.VAULT_ID, scale=0.1)


def finish(run: Run, azure: Azure, most: int = 400) -> Run:
    """Advance, as the workers would, whenever the run is due, until it has ended."""
    for _ in range(most):
        due_at = engine.advance(run.pk, azure)
        if due_at is None:
            run.refresh_from_db()
            return run
        azure.world.at = max(due_at, azure.world.at)
    raise AssertionError(f"not over: {list(run.steps.values_list('key', 'state', 'due_at'))}")
