"""What a machine is judged by that lies in other machines: page blobs that share an account, nodes that share a disk."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from replication.domain import ids
from replication.domain.inventory import Disk, Machine


def with_neighbours(machines: Iterable[Machine]) -> list[Machine]:
    """The same machines with the facts `premiumAccountGib` (accounts and what lies in them, GiB) and `sharedWith` (machine names).

    All machines of a subscription: an account and a shared disk have no users elsewhere.
    """
    every = list(machines)
    filled, nodes = _accounts(every), _nodes(every)
    return [_told(machine, filled, nodes) for machine in every]


def _accounts(machines: list[Machine]) -> dict[str, int]:
    """GiB of page blobs by the key of their premium account."""
    filled: dict[str, int] = defaultdict(int)
    for machine in machines:
        for disk in machine.disks:
            if _premium_blob(disk):
                filled[ids.key(disk.account_id)] += disk.size_gib or 0
    return filled


def _premium_blob(disk: Disk) -> bool:
    return not disk.managed and bool(disk.account_id) and disk.sku.startswith("Premium")


def _nodes(machines: list[Machine]) -> dict[str, list[str]]:
    """Names of machines by the key of the shared disk that they are attached to."""
    nodes: dict[str, list[str]] = defaultdict(list)
    for machine in machines:
        for disk in machine.disks:
            if (disk.facts.get("maxShares") or 1) > 1:
                nodes[ids.key(disk.id)].append(machine.name)
    return nodes


def _told(machine: Machine, filled: dict[str, int], nodes: dict[str, list[str]]) -> Machine:
    accounts = {
        ids.name(disk.account_id): filled[ids.key(disk.account_id)] for disk in machine.disks if _premium_blob(disk)
    }
    shared = {name for disk in machine.disks for name in nodes.get(ids.key(disk.id), ())} - {machine.name}
    told = {"premiumAccountGib": accounts, "sharedWith": sorted(shared)}
    kept = {name: value for name, value in told.items() if value}
    return replace(machine, facts=machine.facts | kept) if kept else machine
