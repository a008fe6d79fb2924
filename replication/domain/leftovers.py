"""What Site Recovery leaves behind: disabling a machine keeps its target group, replica disks and cache account (pains-and-limits.md, 5).

Names: portal-behaviour.md §1.5. A name alone condemns nothing: only what no replicated item refers to is a leftover, and nothing here
is ever deleted by the console.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from replication.domain import ids

_GROUP = re.compile(r"-asr(-\d+)?$")  # the second of a name gets a number
_OF_A_DISK = ("recoveryReplicaDiskId", "recoveryResourceGroupId", "primaryStagingAzureStorageAccountId")


def made_for_recovery(kind: str, name: str) -> bool:
    """Whether the resource has a name that Site Recovery (or this console) gives."""
    if kind == "resource_group":
        return bool(_GROUP.search(name.lower()))
    return name.lower().endswith("asrcache") if kind == "storage_account" else kind == "replica_disk"


def is_replica(disk_name: str) -> bool:
    """Whether a disk has a replica's name, or that of the disk of a test or of a re-protection."""
    name = disk_name.lower()
    return name.endswith(("-asrreplica", "-asrtest")) or name.startswith("ms-asr-")


def referred(items: Iterable[Mapping[str, Any]]) -> set[str]:
    """Keys of everything that replicated items (domain Items as JSON) refer to: groups, replica disks, cache accounts."""
    return {ids.key(each) for item in items for each in _named(item) if each}


def _named(item: Mapping[str, Any]) -> Iterator[str]:
    yield str(item.get("recovery_group_id") or "")
    machine = str(item.get("machine_id") or "")
    yield machine.lower().partition("/providers/")[0]  # a machine that failed over lives in the group
    details = item.get("details") or {}
    for disk in (*(details.get("protectedManagedDisks") or ()), *(details.get("protectedDisks") or ())):
        yield from (str(disk.get(name) or "") for name in _OF_A_DISK)
