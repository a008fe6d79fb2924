"""Kill what runs, in the middle of a run and in the gap between Azure's 202 and our record, and start it again: the run completes,
and the simulator's log shows one accepted request for each thing that the plan asked for."""

import shutil
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


def test_a_worker_that_is_killed_again_and_again(one: House) -> None:
    run = one.enable(12)  # so many are read by list
    for _ in range(4):
        one.start("worker")
        before = one.rows("SELECT count(*) FROM replication_stepevent")
        one.until(lambda seen=before: one.rows("SELECT count(*) FROM replication_stepevent") > seen)
        time.sleep(0.7)
        one.kill("worker")
    one.start("worker")
    assert one.wait_ended(run) == "succeeded"
    blameless(one, run)


def test_killed_between_azures_202_and_our_record(one: House) -> None:
    """Azure has acted and answers slowly; the worker dies while it waits for the answer. Three services, one after the other."""
    kinds = ("storageAccounts", "replicationFabrics", "replicationProtectedItems")
    one.faults(
        *(
            {"verb": "PUT", "type": f"*/{kind}", "nth": 1, "when": "after", "do": "slow", "seconds": 60}
            for kind in kinds
        )
    )
    run = one.enable(2)
    for kind in kinds:
        one.start("worker")
        one.until(lambda kind=kind: one.writes(kind))
        waiting = one.rows("SELECT count(*) FROM replication_step WHERE state = 'submitting'")
        one.kill("worker")
        assert waiting[0][0] >= 1
    one.start("worker")
    assert one.wait_ended(run) == "succeeded"
    blameless(one, run)


def test_a_broker_that_loses_everything(one: House) -> None:
    """The broker is a doorbell: without any of its messages the work still completes."""
    run = one.enable(2)
    one.start("worker")
    one.until(lambda: one.rows("SELECT count(*) FROM replication_step WHERE state = 'running'")[0][0])
    one.kill("broker")
    shutil.rmtree(one.home / "valkey")
    one.start("broker")
    assert one.wait_ended(run) == "succeeded"
    blameless(one, run)
