"""A fleet of a few hundred machines with every condition planted, served by a simulator of its own and read once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.eligibility.answers import key_of
from tests.simulated import Simulator, running

SIZE, SEED = 500, 11


@dataclass
class Fleet:
    azure: Simulator
    key: dict[str, Any]


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    path: Path = tmp_path_factory.mktemp("fleet") / "key.json"
    with running("--fleet", str(SIZE), "--seed", str(SEED)) as azure:
        yield Fleet(azure, key_of(f"fleet:{SIZE}:{SEED}", path))
