"""What a vault's items put through their cache storage accounts, and what such an account can take."""

from collections.abc import Iterable, Mapping
from typing import Any

from replication.domain import ids
from replication.domain.inventory import Item

# Azure's guidance is to spread busy machines over several accounts and names no number: the line drawn here is *assumed*.
MACHINES_COMFORTABLE = 50


def loads(items: Iterable[Item]) -> dict[str, dict[str, Any]]:
    """By the account's key: its id, how many machines and disks go through it, and the MB that wait, as Azure told last."""
    found: dict[str, dict[str, Any]] = {}
    for item in items:
        seen: set[str] = set()
        for disk in _disks(item.details):
            account = str(disk.get("primaryStagingAzureStorageAccountId") or "")
            if not account:
                continue
            load = found.setdefault(ids.key(account), {"id": account, "machines": 0, "disks": 0, "waiting_mb": 0.0})
            load["disks"] += 1
            load["waiting_mb"] += _number(disk, "dataPendingAtSourceAgentInMB") + _number(
                disk, "dataPendingInStagingStorageAccountInMB"
            )
            load["machines"] += ids.key(account) not in seen
            seen.add(ids.key(account))
    return found


def _disks(details: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = [*(details.get("protectedManagedDisks") or ()), *(details.get("protectedDisks") or ())]
    return [each for each in rows if isinstance(each, dict)]


def _number(disk: Mapping[str, Any], name: str) -> float:
    value = disk.get(name)
    return float(value) if isinstance(value, int | float) else 0.0
