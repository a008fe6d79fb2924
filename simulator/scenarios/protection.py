"""Building blocks of Site Recovery: a direction of a vault that is set up, and machines that it protects.

Written as the bodies of the PUTs that make them (site-recovery-protocol.md §2.1); the simulator turns them into items that
have been protected for a while. Items must come after their machines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import blocks, ids
from .machines import Machine, disk_id

Document = dict[str, Any]

_DAY = 86_400
_SUBNET = "snet-recovered"


@dataclass(frozen=True, slots=True)
class Direction:
    """From one region to another through a vault, in one subscription, into one target group."""

    vault: str
    subscription: str
    source: str
    target: str
    target_group: str
    cache: str

    def fabric(self, region: str) -> str:
        """ARM id of a region's fabric, named as the portal names it."""
        return f"{self.vault}/replicationFabrics/asr-a2a-default-{region}"

    def container(self, region: str) -> str:
        """ARM id of a region's protection container."""
        return f"{self.fabric(region)}/replicationProtectionContainers/asr-a2a-default-{region}-container"

    @property
    def network(self) -> str:
        """ARM id of the network to recover into."""
        kind = "Microsoft.Network/virtualNetworks"
        return ids.resource_id(self.subscription, self.target_group, kind, f"vnet-protected-{self.source}-asr")

    @property
    def policy(self) -> str:
        """ARM id of the policy."""
        return f"{self.vault}/replicationPolicies/24-hour-retention-policy"


def direction(vault: str, source: str, target: str, seed: object) -> Direction:
    """A direction of a vault, with the target group and the cache account (in the vault's group) it uses."""
    subscription, group = vault.split("/")[2], vault.split("/")[4]
    name = f"{ids.token(seed, vault, source, length=6)}{ids.name_of(vault).replace('-', '')[:10]}asrcache"
    cache = ids.resource_id(subscription, group, "Microsoft.Storage/storageAccounts", name)
    return Direction(vault, subscription, source, target, f"rg-protected-{source}-asr", cache)


def foundations(one: Direction, seed: object) -> Iterator[Document]:
    """Target group and network, cache account, both fabrics and containers, the policy and both container mappings."""
    yield blocks.group(one.subscription, one.target_group, one.target)
    yield blocks.storage_account(one.cache, one.source, seed=seed)
    yield blocks.network(one.network, one.target, ["10.0.0.0/8"], {_SUBNET: "10.0.0.0/12"}, seed=seed)
    yield _body(one.policy, {"providerSpecificInput": _POLICY})
    for region in (one.source, one.target):
        yield _body(one.fabric(region), {"customDetails": {"instanceType": "Azure", "location": region}})
        yield _body(one.container(region), {"providerSpecificInput": [{"instanceType": "A2A"}]})
    yield _mapping(one, one.source, one.target)
    yield _mapping(one, one.target, one.source)


_POLICY = {
    "instanceType": "A2A",
    "recoveryPointHistory": 1440,
    "appConsistentFrequencyInMinutes": 60,
    "crashConsistentFrequencyInMinutes": 5,
    "multiVmSyncStatus": "Enable",
}


def _body(arm_id: str, properties: Document) -> Document:
    return {
        "id": arm_id,
        "name": ids.name_of(arm_id),
        "type": blocks.type_of(arm_id),
        "properties": {key: dict(value) if isinstance(value, dict) else value for key, value in properties.items()},
    }


def _mapping(one: Direction, source: str, target: str) -> Document:
    name = f"{source}-{target}-24-hour-retention-policy"
    return _body(
        f"{one.container(source)}/replicationProtectionContainerMappings/{name}",
        {
            "targetProtectionContainerId": one.container(target),
            "policyId": one.policy,
            "providerSpecificInput": {"instanceType": "A2A", "agentAutoUpdateStatus": "Disabled"},
        },
    )


def item(one: Direction, machine: Machine, seed: object) -> Document:
    """A protected item of a machine with managed disks, protected for one to thirty days."""
    group = ids.group_id(one.subscription, one.target_group)
    disks = [
        {
            "diskId": disk_id(machine, disk),
            "primaryStagingAzureStorageAccountId": one.cache,
            "recoveryResourceGroupId": group,
            "recoveryReplicaDiskAccountType": disk.sku,
            "recoveryTargetDiskAccountType": disk.sku,
        }
        for disk in (machine.os_disk, *machine.data_disks)
    ]
    name = f"{machine.name.lower()}-{ids.token(seed, 'item', machine.id, length=8)}"
    document = _body(
        f"{one.container(one.source)}/replicationProtectedItems/{name}",
        {
            "policyId": one.policy,
            "providerSpecificDetails": {
                "instanceType": "A2A",
                "fabricObjectId": machine.id,
                "recoveryContainerId": one.container(one.target),
                "recoveryResourceGroupId": group,
                "recoveryAzureNetworkId": one.network,
                "recoverySubnetName": _SUBNET,
                "vmManagedDisks": disks,
            },
        },
    )
    return document | {"_sim": {"state": "Protected", "age": _DAY + ids.number(29 * _DAY, seed, "age", machine.id)}}
