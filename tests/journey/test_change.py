"""A change and a disabling with a real worker that is killed between Azure's 202 and our record: each is asked for once, and on record."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journey.house import House, house, until

pytestmark = pytest.mark.journey


@pytest.fixture
def one(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "home", "protected:2") as made:
        yield made


def accepted(one: House, verb: str, action: str) -> list[dict[str, Any]]:
    """Requests about protected items that Azure took."""
    found = one.azure.control("GET", f"log?verb={verb}&type=*/replicationProtectedItems&action={action}") or []
    return [each for each in found if each["status"] < 400]


def killed_in_the_gap(one: House, purpose: str, verb: str, action: str = "") -> str:
    """Begin it, kill the worker while Azure, which has acted, does not answer, and start another. The run's id."""
    before = len(accepted(one, verb, action))
    about = {"verb": verb, "type": "*/replicationProtectedItems", "action": action}
    one.faults(about | {"nth": 1, "when": "after", "do": "slow", "seconds": 60})
    run = one.do("-m", "tests.journey.changing", purpose)
    one.start("worker")
    until(lambda: len(accepted(one, verb, action)) > before)
    assert one.rows("SELECT state FROM replication_step WHERE run_id = ?", run) == [("submitting",)]
    one.kill("worker")
    one.start("worker")
    assert one.wait_ended(run) == "succeeded"
    one.kill("worker")
    assert len(accepted(one, verb, action)) == before + 1
    phases = one.rows("SELECT phase, outcome FROM replication_auditentry WHERE run_id = ? ORDER BY sequence", run)
    assert phases == [("asked", "ok"), ("ended", "ok")]
    assert one.rows("SELECT count(*) FROM replication_machineclaim") == [(0,)]
    return run


def test_killed_in_the_gap(one: House) -> None:
    updated = killed_in_the_gap(one, "update", "PATCH")
    one.start("worker")  # reads the vault again
    read = "SELECT got FROM replication_handover WHERE run_id = ? AND got IS NOT NULL"
    (got,) = until(lambda: one.rows(read, updated))[0]
    assert (json.loads(got)["name"], json.loads(got)["size"]) == ("journey-dr", "Standard_D8s_v5")
    one.kill("worker")
    disabled = killed_in_the_gap(one, "disable", "POST", "remove")
    assert one.rows("SELECT outcome FROM replication_step WHERE run_id = ?", disabled) == [("removed",)]
    broken = one.azure.control("GET", "invariants")["rules"]
    assert not any(broken.values()), broken
    assert "intact" in one.do("manage.py", "audit_verify")
    assert (one.home / "portal.sqlite3").exists()
    assert one.leaks() == []
