"""Settings that Azure takes only after protection, and a pause in the middle, with real processes: what was asked for is what Azure has."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.house import House, blameless, house

pytestmark = pytest.mark.journey


@pytest.fixture
def one(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "home") as made:
        yield made


def kinds(one: House, run: str, state: str) -> set[str]:
    return {
        kind for (kind,) in one.rows("SELECT kind FROM replication_step WHERE run_id = ? AND state = ?", run, state)
    }


def under_way(one: House, run: str) -> int:
    query = "SELECT count(*) FROM replication_step WHERE run_id = ? AND state IN ('submitting', 'running')"
    return int(one.rows(query, run)[0][0])


def accepted(one: House) -> int:
    return len(one.writes("*"))


def test_paused_resumed_enabled_and_settled(one: House) -> None:
    """One worker is killed while it applies the settings, too."""
    run = one.enable(2, "--settings")
    one.start("worker")
    one.until(lambda: "fabric" in kinds(one, run, "running"))
    one.do("-m", "tests.journey.controlling", "pause", run)
    one.until(lambda: not under_way(one, run))
    before = accepted(one)
    time.sleep(3)
    assert accepted(one) == before
    assert one.state(run) == "running"
    one.azure.control("PUT", "settings", {"durations": 0.002})  # first copies in seconds
    one.do("-m", "tests.journey.controlling", "resume", run)

    one.until(lambda: one.state(run) == "enabled")
    assert kinds(one, run, "waiting") == {"settle"}
    one.until(lambda: kinds(one, run, "submitting") | kinds(one, run, "running"))
    one.kill("worker")
    one.start("worker")
    assert one.wait_ended(run) == "succeeded"
    blameless(one, run)
    patched = [
        each
        for each in one.azure.control("GET", "log?verb=PATCH&type=*/replicationProtectedItems")
        if each["status"] < 400
    ]
    assert len(patched) == 1
    (outcome,) = one.rows("SELECT outcome FROM replication_step WHERE run_id = ? AND kind = 'settle'", run)
    assert outcome == ("applied",)
