"""The official JavaScript SDKs: everything read once, and a machine's whole life up to failing back and going home."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Way, run_script

ENABLE = ["EnableProtectionPreflightChecksTask", "CreateProtectionTargetTask"]
#: What the item shows after each step (recorded; site-recovery-protocol.md §4): state, active location, may be done next.
STEPS = {
    "protected": ("Protected", "Primary", "UnplannedFailover"),
    "rehearsed": ("Protected", "Primary", "TestFailoverCleanup"),
    "cleaned up": ("Protected", "Primary", "TestFailover"),
    "failed over": ("UnplannedFailoverCommitPendingStatesBegin", "Recovery", "ChangePit"),
    "committed": ("UnplannedFailoverCommitted", "Recovery", "SwitchProtection"),
    "re-protected": ("Protected", "Primary", "UnplannedFailover"),
    "failed back": ("UnplannedFailoverCommitPendingStatesBegin", "Recovery", "Commit"),
    "committed at home": ("UnplannedFailoverCommitted", "Recovery", "SwitchProtection"),
    "protected at home": ("Protected", "Primary", "TestFailover"),
}
INVENTORY = {
    "fabrics": 2, "containers": 2, "containersOfAFabric": 1, "policies": 1, "mappings": 2, "mappingsOfAContainer": 2,
    "networkMappings": 2, "networkMappingsOfAFabric": 1, "items": 1, "itemsOfAContainer": 1,
}  # fmt: skip


@pytest.fixture
def lived(scripts: Path, way: Way) -> dict[str, Any]:
    return run_script(scripts, way, "life")


def test_a_machine_lives_its_life(lived: dict[str, Any]) -> None:
    seen, jobs = lived["seen"], lived["jobs"]
    for step, (state, location, next_operation) in STEPS.items():
        assert (seen[step]["protectionState"], seen[step]["activeLocation"]) == (state, location), step
        assert next_operation in seen[step]["allowedOperations"], step
    assert seen["updated"] == {"recoveryAzureVMName": "erp-web-01-js", "recoveryAzureVMSize": "Standard_D4s_v5"}
    assert (seen["testMachine"], seen["rehearsed"]["testFailoverState"]) == ("southeastasia", "WaitingForCompletion")
    assert {name: count for name, count in seen["inventory"].items() if name in INVENTORY} == INVENTORY
    assert min(seen["inventory"][name] for name in ("points", "sizes", "networks", "providers")) > 0
    assert seen["chosen"] is seen["machineIsHome"] is True
    assert (seen["left"], seen["foundationsLeft"]) == (0, 0)

    assert {job["state"] for job in jobs} <= {"Succeeded", "SucceededWithInformation"}
    by_scenario = {job["scenario"]: job for job in jobs}
    assert {
        "EnableDr", "PrimaryIrCompletion", "SecondaryIrCompletion", "UpdateVmProperties", "TestFailover",
        "TestFailoverCleanup", "UnplannedFailover", "ChangeRecoveryPoint", "CommitFailover",
        "SwitchReplicationGroupProtection", "DisableDr",
    } <= set(by_scenario)  # fmt: skip
    assert [task for task, _ in by_scenario["EnableDr"]["tasks"]][:2] == ENABLE


def test_everything_is_read(scripts: Path, way: Way) -> None:
    found = run_script(scripts, way, "sweep")
    counts = found["counts"]
    some = ("machines", "disks", "availabilitySets", "skus", "networks", "subnets", "interfaces", "groups", "resources")
    assert [name for name in some if not counts[name]] == []
    assert (counts["machinesOfAGroup"], counts["items"], counts["vaults"]) == (2, 0, 1)
    assert found["single"] == {
        "power": "PowerState/running", "errors": 0, "vaultErrors": 0, "systems": found["single"]["systems"],
        "vault": True, "group": True, "nameAvailable": False,
    }  # fmt: skip
    assert found["refusals"] == {
        "machine": [404, "ResourceNotFound"],
        "group": [404, "ResourceGroupNotFound"],
        "vault": [404, "ResourceNotFound"],
        "fabric": [404, "ResourceNotFound"],
        "size": [400, "InvalidParameter"],
    }
