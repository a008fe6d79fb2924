"""The control API: clock, pace, faults, buckets, snapshots, log and invariants, as seen by the official SDKs."""

from __future__ import annotations

import time
import urllib.error
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceResponseError
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.conformance.conftest import Azure, start, stop

HERE = {"location": "southeastasia"}
DISK = {**HERE, "properties": {"diskSizeGB": 8, "creationData": {"createOption": "Empty"}}}


@pytest.fixture
def impatient(azure: Azure) -> ResourceManagementClient:
    """A client that retries nothing."""
    return azure.client(ResourceManagementClient, retry_total=0)


def test_the_control_api_has_a_secret_of_its_own(azure: Azure) -> None:
    azure.secret, kept = "wrong", azure.secret
    with pytest.raises(urllib.error.HTTPError, match="401"):
        azure.control("GET", "clock")
    azure.secret = kept
    assert azure.control("GET", "health")["status"] == "ready"
    with pytest.raises(urllib.error.HTTPError, match="400"):
        azure.control("PUT", "settings", {"pace": "hurried"})


def test_a_planned_429_is_retried_and_a_planned_503_comes_after_the_act(
    azure: Azure, impatient: ResourceManagementClient
) -> None:
    azure.control(
        "PUT",
        "faults",
        [{"verb": "PUT", "type": "*/resourceGroups", "nth": 1, "do": "status", "status": 503, "when": "after"}],
    )
    with pytest.raises(HttpResponseError):
        impatient.resource_groups.create_or_update("rg-acted", HERE)
    assert impatient.resource_groups.check_existence("rg-acted")
    entry = azure.control("GET", "log?verb=PUT&id=*rg-acted")[0]
    assert (entry["status"], entry["effect"], entry["fault"]) == (503, "created", "after: line 1: status")
    azure.control(
        "PUT", "faults", [{"verb": "LIST", "nth": "first:2", "do": "status", "status": 429, "retry_after": 1}]
    )
    assert list(azure.resources.resource_groups.list())
    assert azure.control("GET", "faults")[0]["fired"] == 2


@pytest.mark.parametrize("do", ["reset", "truncate"])
def test_broken_connections(azure: Azure, impatient: ResourceManagementClient, do: str) -> None:
    azure.control("PUT", "faults", [{"verb": "GET", "nth": 1, "do": do}])
    with pytest.raises((ServiceResponseError, HttpResponseError)):
        impatient.resource_groups.get("rg-dr-sea")
    assert impatient.resource_groups.get("rg-dr-sea").name == "rg-dr-sea"


@pytest.mark.parametrize(("when", "acted"), [("before", False), ("after", True)])
def test_a_reset_comes_before_or_after_the_act(
    azure: Azure, impatient: ResourceManagementClient, when: str, acted: bool
) -> None:
    azure.control("PUT", "faults", [{"verb": "PUT", "nth": 1, "do": "reset", "when": when}])
    with pytest.raises(ServiceResponseError):
        impatient.resource_groups.create_or_update("rg-cut-off", {"location": "eastasia"})
    assert impatient.resource_groups.check_existence("rg-cut-off") is acted


def test_an_expired_token_in_the_middle(azure: Azure, impatient: ResourceManagementClient) -> None:
    azure.control("PUT", "faults", [{"verb": "GET", "nth": 1, "do": "expired"}])
    with pytest.raises(ClientAuthenticationError):
        impatient.resource_groups.get("rg-dr-sea")


def test_operations_fail_get_lost_and_succeed_late(azure: Azure) -> None:
    disks = azure.compute.disks
    plan = {
        "verb": "PUT",
        "type": "*/disks",
        "nth": 1,
        "do": "operation",
        "outcome": "Failed",
        "code": "AllocationFailed",
        "message": "No room.",
    }
    azure.control("PUT", "faults", [plan])
    with pytest.raises(HttpResponseError, match="AllocationFailed"):
        disks.begin_create_or_update("rg-dr-sea", "one", DISK).result()
    assert disks.get("rg-dr-sea", "one").provisioning_state == "Failed"
    azure.control("PUT", "faults", [{"verb": "PUT", "type": "*/disks", "nth": 1, "do": "lost"}])
    with pytest.raises(HttpResponseError) as refused:
        disks.begin_create_or_update("rg-dr-sea", "two", DISK).result()
    assert refused.value.status_code == 404
    azure.control("PUT", "faults", [{"verb": "PUT", "type": "*/disks", "nth": 1, "do": "late", "reads": 1}])
    with pytest.raises(HttpResponseError):
        disks.begin_create_or_update("rg-dr-sea", "three", DISK).result()
    assert disks.get("rg-dr-sea", "three").provisioning_state == "Succeeded"


def test_a_plan_that_makes_no_sense_is_refused(azure: Azure) -> None:
    for plan in (
        [{"do": "explode"}],
        [{"do": "status"}],
        [{"do": "reset", "nth": "sometimes"}],
        [{"do": "reset", "colour": "red"}],
        {},
    ):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            azure.control("PUT", "faults", plan)


def test_the_buckets_run_empty_and_fill_again(azure: Azure, impatient: ResourceManagementClient) -> None:
    azure.control("PUT", "settings", {"throttle": "azure"})
    azure.control("POST", "clock", {"freeze": True})
    try:
        left = int(
            azure.raw("GET", "/subscriptions?api-version=2022-12-01")[1]["x-ms-ratelimit-remaining-tenant-reads"]
        )
        assert left == 249
        for _ in range(250):
            impatient.resource_groups.get("rg-dr-sea")
        with pytest.raises(HttpResponseError) as refused:
            impatient.resource_groups.get("rg-dr-sea")
        assert refused.value.error.code == "SubscriptionRequestsThrottled"
        assert refused.value.response.headers["Retry-After"] == "1"
        with pytest.raises(HttpResponseError):
            impatient.resource_groups.get("rg-dr-sea")
        assert len(azure.control("GET", "invariants")["rules"]["throttle-respected"]) == 1
        azure.control("POST", "clock", {"advance": 2})
        impatient.resource_groups.get("rg-dr-sea")
    finally:
        azure.control("POST", "clock", {"run": True})


def test_a_frozen_clock_moves_only_when_told(azure: Azure) -> None:
    azure.control("PUT", "settings", {"durations": 1.0})
    azure.control("POST", "clock", {"freeze": True})
    try:
        poller = azure.compute.disks.begin_create_or_update("rg-dr-sea", "slow", DISK)
        time.sleep(0.2)
        assert poller.status() == "InProgress"
        azure.control("POST", "clock", {"advance": "next"})
        assert poller.result().provisioning_state == "Succeeded"
    finally:
        azure.control("POST", "clock", {"run": True})


def test_a_reset_puts_the_clock_back(azure: Azure) -> None:
    azure.control("POST", "clock", {"advance": 3_600})
    azure.control("POST", "clock", {"freeze": True})
    azure.control("POST", "reset")
    clock = azure.control("GET", "clock")
    assert not clock["frozen"]
    assert abs(clock["seconds"] - time.time()) < 60


def test_in_step_pace_a_poll_brings_the_end(azure: Azure) -> None:
    azure.control("PUT", "settings", {"durations": 1.0, "pace": "step"})
    began = time.monotonic()
    azure.resources.resource_groups.create_or_update("rg-step", HERE)
    azure.resources.resource_groups.begin_delete("rg-step").result()
    assert time.monotonic() - began < 3


def test_a_snapshot_brings_the_world_back(azure: Azure) -> None:
    azure.resources.resource_groups.create_or_update("rg-kept", HERE)
    azure.control("PUT", "transitions", {"disk.write": "manual"})
    azure.compute.disks.begin_create_or_update("rg-kept", "pending", DISK, polling=False)
    kept = azure.control("GET", "snapshot")
    azure.reset()
    assert not azure.resources.resource_groups.check_existence("rg-kept")
    azure.control("PUT", "snapshot", kept)
    assert azure.compute.disks.get("rg-kept", "pending").provisioning_state == "Creating"
    running = azure.control("GET", "operations?state=running")
    azure.control("POST", "operations", {"id": running[0]["id"]})
    assert azure.compute.disks.get("rg-kept", "pending").provisioning_state == "Succeeded"
    with pytest.raises(urllib.error.HTTPError, match="400"):
        azure.control("PUT", "snapshot", {"format": 99})


def test_the_log_tells_effects_and_the_invariants_hold(azure: Azure) -> None:
    groups = azure.resources.resource_groups
    groups.create_or_update("rg-log", HERE)
    groups.create_or_update("rg-log", HERE)
    groups.create_or_update("rg-log", HERE | {"tags": {"a": "b"}})
    effects = [entry["effect"] for entry in azure.control("GET", "log?id=*rg-log&mutating=true")]
    assert effects == ["created", "replaced-identical", "replaced-changed"]
    assert azure.control("GET", "invariants")["holds"]
    azure.raw("GET", f"/subscriptions/{azure.subscriptions[0]}/providers/Microsoft.Unknown/x?api-version=2020-01-01")
    report = azure.control("GET", "invariants")
    assert not report["holds"]
    assert len(report["rules"]["modelled-only"]) == 1


def test_a_write_to_a_source_machine_is_noticed(azure: Azure) -> None:
    machine = next(iter(azure.compute.virtual_machines.list_all()))
    azure.compute.virtual_machines.begin_update(
        machine.id.split("/")[4], machine.name, {"tags": {"touched": "yes"}}
    ).result()
    assert len(azure.control("GET", "invariants")["rules"]["source-untouched"]) == 1


def test_a_state_file_carries_the_world_over_a_restart(tmp_path: Path) -> None:
    options = ("--scenario", "tiny", "--state", str(tmp_path / "state.json"))
    first = start(tmp_path / "home", *options)
    first.resources.resource_groups.create_or_update("rg-survives", HERE)
    stop(first)
    second = start(tmp_path / "home", *options)
    try:
        assert second.resources.resource_groups.check_existence("rg-survives")
        assert second.ca == first.ca
    finally:
        stop(second)
