"""A small plan by hand: one machine of East Asia, everything that it needs in Southeast Asia, and making it so."""

import time
from dataclasses import dataclass

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
    UnmanagedDiskSpec,
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

    @property
    def target_account(self) -> StorageSpec:
        arm_id = ids.resource(self.group.id, "Microsoft.Storage/storageAccounts", "sttargetofthetest01")
        return StorageSpec(id=arm_id, location=TARGET, sku="Standard_LRS")

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
        managed = tuple(
            ManagedDiskSpec(
                disk_id=disk.id,
                cache_account_id=self.cache.id,
                group_id=self.group.id,
                replica_type=disk.sku,
                target_type=disk.sku,
            )
            for disk in self.machine.disks
            if disk.managed
        )
        unmanaged = tuple(
            UnmanagedDiskSpec(uri=disk.id, cache_account_id=self.cache.id, target_account_id=self.target_account.id)
            for disk in self.machine.disks
            if not disk.managed
        )
        return ProtectSpec(
            id=item,
            machine_id=self.machine.id,
            machine_name=self.machine.name,
            policy_id=self.policy.id,
            recovery_container_id=self.container(TARGET).id,
            recovery_group_id=self.group.id,
            managed_disks=managed,
            unmanaged_disks=unmanaged,
        )


def world_of(gateway: Gateway, machine_name: str) -> World:
    """The vault of Contoso's production, and one of its machines."""
    subscription = next(each.id for each in gateway.subscriptions() if each.name == "Contoso Production")
    vault = next(each for each in gateway.vaults(subscription) if each.name == "rsv-dr-sea")
    machine = next(each for each in gateway.machines(subscription) if each.name == machine_name)
    return World(vault, machine)
