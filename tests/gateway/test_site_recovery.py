"""From an empty vault to a protected machine, with the real clients: every kind of step is sent, looked at and read back."""

import time
from dataclasses import dataclass, replace

import pytest

from replication.domain import ids
from replication.domain import inventory as inv
from replication.domain.specs import (
    ContainerMappingSpec,
    ContainerSpec,
    FabricSpec,
    GroupSpec,
    ManagedDiskSpec,
    NetworkMappingSpec,
    NetworkSpec,
    PolicySpec,
    ProtectSpec,
    Spec,
    StorageSpec,
    SubnetSpec,
)
from replication.gateway.port import Gateway, Submitted

SOURCE, TARGET = "eastasia", "southeastasia"


def looked(gateway: Gateway, submitted: Submitted):
    """Look until the operation no longer runs; None when it was done at once."""
    deadline = time.monotonic() + 60
    while not submitted.done:
        progress = gateway.poll(submitted.handle)
        if progress.state != "running":
            return progress
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return None


def make(gateway: Gateway, spec: Spec) -> Submitted:
    """Submit, wait, and require that what is read back is what was asked for."""
    submitted = gateway.submit(spec, request_id="0f0f0f0f-0000-0000-0000-000000000000")
    progress = looked(gateway, submitted)
    assert progress is None or progress.state == "succeeded", progress
    found = gateway.read(spec)
    assert found is not None
    assert (found.state, spec.differences(found.spec)) == ("ready", [])
    return submitted


@dataclass(frozen=True)
class World:
    vault: inv.Vault
    machine: inv.Machine

    def path(self, *names: str) -> str:
        return "/".join((self.vault.id, *names))

    @property
    def group(self) -> GroupSpec:
        return GroupSpec(id=ids.group(self.vault.subscription_id, "rg-test-asr"), location=TARGET)

    @property
    def network(self) -> NetworkSpec:
        arm_id = ids.resource(self.group.id, "Microsoft.Network/virtualNetworks", "vnet-test-asr")
        subnets = (SubnetSpec(name=self.machine.subnet_name, prefix="10.77.1.0/24"),)
        return NetworkSpec(id=arm_id, location=TARGET, prefixes=("10.77.0.0/16",), subnets=subnets)

    @property
    def cache(self) -> StorageSpec:
        group = ids.group_of(self.machine.id)
        arm_id = ids.resource(group, "Microsoft.Storage/storageAccounts", "stcacheofthetest01")
        return StorageSpec(id=arm_id, location=SOURCE, sku="Standard_LRS")

    def fabric(self, location: str) -> FabricSpec:
        return FabricSpec(id=self.path("replicationFabrics", f"asr-a2a-default-{location}"), location=location)

    def container(self, location: str) -> ContainerSpec:
        name = f"asr-a2a-default-{location}-container"
        return ContainerSpec(id=f"{self.fabric(location).id}/replicationProtectionContainers/{name}")

    @property
    def policy(self) -> PolicySpec:
        arm_id = self.path("replicationPolicies", "24-hour-retention-policy")
        return PolicySpec(id=arm_id, retention=1440, app_consistent=60)

    def mapping(self, source: str, target: str) -> ContainerMappingSpec:
        name = f"{source}-{target}-24-hour-retention-policy"
        return ContainerMappingSpec(
            id=f"{self.container(source).id}/replicationProtectionContainerMappings/{name}",
            target_container_id=self.container(target).id,
            policy_id=self.policy.id,
        )

    @property
    def network_mapping(self) -> NetworkMappingSpec:
        where = f"{self.fabric(SOURCE).id}/replicationNetworks/azureNetwork/replicationNetworkMappings/test"
        return NetworkMappingSpec(
            id=where,
            recovery_fabric_name=ids.name(self.fabric(TARGET).id),
            primary_network_id=self.machine.network_id,
            recovery_network_id=self.network.id,
        )

    @property
    def foundations(self) -> list[Spec]:
        return [
            self.group, self.network, self.cache, self.fabric(SOURCE), self.fabric(TARGET), self.container(SOURCE),
            self.container(TARGET), self.policy, self.mapping(SOURCE, TARGET), self.mapping(TARGET, SOURCE),
            self.network_mapping,
        ]  # fmt: skip

    @property
    def protect(self) -> ProtectSpec:
        item = f"{self.container(SOURCE).id}/replicationProtectedItems/{self.machine.name}-asr"
        disks = tuple(
            ManagedDiskSpec(
                disk_id=disk.id,
                cache_account_id=self.cache.id,
                group_id=self.group.id,
                replica_type=disk.sku,
                target_type=disk.sku,
            )
            for disk in self.machine.disks
        )
        return ProtectSpec(
            id=item,
            machine_id=self.machine.id,
            machine_name=self.machine.name,
            policy_id=self.policy.id,
            recovery_container_id=self.container(TARGET).id,
            recovery_group_id=self.group.id,
            managed_disks=disks,
        )


@pytest.fixture
def world(gateway: Gateway) -> World:
    subscription = next(each.id for each in gateway.subscriptions() if each.name == "Contoso Production")
    vault = next(each for each in gateway.vaults(subscription) if each.name == "rsv-dr-sea")
    machine = next(each for each in gateway.machines(subscription) if each.name == "crm-db-01")
    return World(vault, machine)


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
    try:
        progress = looked(gateway, gateway.submit(other, request_id="r"))
        assert progress.state == "failed"
    except Exception as error:
        assert error.status in {400, 409}
    assert len(list(gateway.items(world.vault.id))) == 1
