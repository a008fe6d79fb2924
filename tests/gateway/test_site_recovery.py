"""From an empty vault to a protected machine, with the real clients: every kind of step is sent, looked at and read back."""

import time
from dataclasses import replace

import pytest

from replication.domain import ids
from replication.domain import inventory as inv
from replication.domain.specs import (
    AgentUpdateSpec,
    AvailabilitySetSpec,
    CapacityGroupSpec,
    CloudServiceSpec,
    EncryptionSetSpec,
    PlacementGroupSpec,
)
from replication.gateway.port import AzureError, Gateway
from tests.gateway.estate import SOURCE, TARGET, World, looked, make, world_of


@pytest.fixture
def world(gateway: Gateway) -> World:
    return world_of(gateway, "crm-db-01")


def until(gateway, world, state):
    """The vault's one item, once it is in the state."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        item = next(iter(gateway.items(world.vault.id)), None)
        if item and item.protection_state == state:
            return item
        time.sleep(0.2)
    raise AssertionError(f"not {state}: {item}")


def test_a_vault_never_used_has_nothing_and_says_no_error(gateway, world):
    assert gateway.site(world.vault.id) == inv.Site()
    assert list(gateway.items(world.vault.id)) == list(gateway.jobs(world.vault.id)) == []
    assert gateway.read(world.fabric(SOURCE)) is None
    assert gateway.read(world.protect) is None


def test_a_machine_is_protected_step_by_step(gateway, world):
    for spec in world.foundations:
        submitted = make(gateway, spec)
        # recorded: a policy's 202 does not name its job; its first poll does
        assert bool(submitted.job_id) == ("/vaults/" in spec.id)

    site = gateway.site(world.vault.id)
    assert {each.location for each in site.fabrics} == {SOURCE, TARGET}
    assert {each.name for each in site.policies} == {"24-hour-retention-policy"}
    assert len(site.container_mappings) == 2
    assert site.network_mappings[0].recovery_location == TARGET
    assert ids.same(site.container_mappings[0].container_id, world.container(SOURCE).id) or ids.same(
        site.container_mappings[0].container_id, world.container(TARGET).id
    )

    submitted = gateway.submit(world.protect, request_id="abcdabcd-0000-0000-0000-000000000001")
    assert "/replicationJobs/" in submitted.job_id
    assert gateway.job(submitted.job_id).state in {"NotStarted", "InProgress"}  # almost all else is null now (§3.4)
    progress = looked(gateway, submitted)
    assert progress.state == "succeeded"
    assert ids.same(progress.job_id, submitted.job_id)

    found = gateway.read(world.protect)
    assert (found.state, world.protect.differences(found.spec)) == ("ready", [])

    item = until(gateway, world, "Protected")
    assert (item.friendly_name, item.primary_location, item.recovery_location) == ("crm-db-01", SOURCE, TARGET)
    assert item.progress is None
    assert "TestFailover" in item.allowed_operations
    assert ids.same(item.machine_id, world.machine.id)

    job = gateway.job(submitted.job_id)
    assert (job.scenario, job.state, bool(job.tasks)) == ("EnableDr", "Succeeded", True)
    assert job.activity_id.startswith("abcdabcd-0000-0000-0000-000000000001")
    listed = list(gateway.jobs(world.vault.id))
    assert {"EnableDr", "CreateSite"} <= {each.scenario for each in listed}
    assert listed[0].started_at >= listed[-1].started_at
    points = gateway.recovery_points(item.id)
    assert points == sorted(points, key=lambda point: point.at, reverse=True)


def test_an_enable_that_fails_says_why_in_five_parts(gateway, world, simulator):
    for spec in world.foundations:
        make(gateway, spec)
    plan = {"verb": "PUT", "type": "*/replicationProtectedItems", "do": "operation", "outcome": "Failed"}
    simulator.control("PUT", "faults", [plan | {"code": "151072", "message": "The proxy settings are not valid."}])
    submitted = gateway.submit(world.protect, request_id="r")
    progress = looked(gateway, submitted)
    assert (progress.state, bool(progress.problem.message)) == ("failed", True)
    job = gateway.job(submitted.job_id)
    assert (job.state, bool(job.errors)) == ("Failed", True)


def test_a_second_enable_of_the_same_machine_is_no_second_job(gateway, world):
    for spec in world.foundations:
        make(gateway, spec)
    make(gateway, world.protect)
    other = replace(world.protect, id=f"{world.protect.id}-again")
    progress = looked(gateway, gateway.submit(other, request_id="r"))
    assert (progress.state, bool(progress.problem.action or progress.problem.message)) == ("failed", True)
    assert len(list(gateway.items(world.vault.id))) == 1


def test_a_machine_with_blobs_for_disks(gateway):
    world = world_of(gateway, "legacy-app-01")
    for spec in (*world.foundations, world.target_account):
        make(gateway, spec)
    assert world.protect.unmanaged_disks
    make(gateway, world.protect)


def test_a_machine_into_an_availability_set(gateway):
    world = world_of(gateway, "crm-web-01")
    arm_id = ids.resource(world.group.id, "Microsoft.Compute/availabilitySets", "avset-test-asr")
    target = AvailabilitySetSpec(id=arm_id, location=TARGET, fault_domains=2, update_domains=5, aligned=True)
    for spec in (*world.foundations, target):
        make(gateway, spec)
    make(gateway, replace(world.protect, availability_set_id=target.id))


def test_a_classic_machine_into_a_cloud_service(gateway):
    world = world_of(gateway, "cls-web-01")
    arm_id = ids.resource(world.group.id, "Microsoft.ClassicCompute/domainNames", "contoso-legacy-web-asr")
    service = CloudServiceSpec(id=arm_id, location=TARGET)
    for spec in (*world.foundations, world.target_account, service):
        make(gateway, spec)
    make(gateway, replace(world.protect, cloud_service_id=service.id, recovery_group_id=""))


def test_high_churn_keys_placement_capacity_group_and_a_disk_left_out(gateway):
    world = world_of(gateway, "bi-cube-01")
    subscription = world.vault.subscription_id
    placement, capacity, keys, account = (
        next(each.id for each in found(subscription) if "dr" in each.name)
        for found in (
            gateway.placement_groups, gateway.capacity_groups, gateway.encryption_sets, gateway.automation_accounts
        )
    )  # fmt: skip
    cache = replace(world.cache, sku="Premium_LRS", account_kind="BlockBlobStorage")
    for spec in world.foundations:
        make(gateway, cache if spec == world.cache else spec)
    for spec in (CapacityGroupSpec(id=capacity, location=TARGET), EncryptionSetSpec(id=keys, location=TARGET)):
        assert spec.differences(gateway.read(spec).spec) == []
    make(gateway, PlacementGroupSpec(id=f"{placement}-2", location=TARGET))
    kept = tuple(replace(disk, encryption_set_id=keys) for disk in world.protect.managed_disks[:1])
    asked = replace(
        world.protect, managed_disks=kept, churn="High", placement_group_id=placement, capacity_group_id=capacity,
        replication_group="bi", availability_zone="2",
    )  # fmt: skip
    make(gateway, asked)
    mapping = world.mapping(SOURCE, TARGET)
    make(gateway, AgentUpdateSpec(id=mapping.id, automation_account_id=account))
    assert {each.automation_account_id for each in gateway.site(world.vault.id).container_mappings} == {"", account}
    make(gateway, AgentUpdateSpec(id=mapping.id))


def test_what_must_exist_beforehand_is_never_made(gateway, world):
    spec = EncryptionSetSpec(id=f"{world.group.id}/providers/Microsoft.Compute/diskEncryptionSets/none", location=TARGET)
    assert gateway.read(spec) is None
    with pytest.raises(AzureError, match="NotThere"):
        gateway.submit(spec, request_id="r")
