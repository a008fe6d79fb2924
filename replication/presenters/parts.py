"""Disks and interfaces of a replicated item, out of Azure's own A2A details (site-recovery-protocol.md §3.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from replication.domain import ids
from replication.presenters.looks import State

_DISK_STATES = {
    "Protected": State("ok", "Protected"),
    "InitialReplicationPending": State("run", "First copy not complete", moving=True),
    "InitialReplicationFailed": State("error", "First copy failed"),
    "Unavailable": State("warn", "Unavailable"),
}
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A disk of the machine. Sizes in bytes; pending: what waits to be sent, in bytes."""

    name: str
    state: State
    percent: int | None = None
    size: float | None = None
    pending: float | None = None
    cache: str = ""
    replica: str = ""
    replica_type: str = ""
    target_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """An interface in its primary configuration: where it is, where it will be, where a test would put it."""

    name: str
    source: Sequence[str]
    target: Sequence[str]
    test: Sequence[str]
    remarks: Sequence[str]


@dataclass(frozen=True, slots=True)
class Parts:
    """`details`: Azure's A2A details as stored with the item."""

    details: Json

    @property
    def disks(self) -> list[Disk]:
        """Protected disks, then those that are not."""
        shown = [*_rows(self.details, "protectedManagedDisks"), *_rows(self.details, "protectedDisks")]
        return [*map(_disk, shown), *map(_unprotected, _rows(self.details, "unprotectedDisks"))]

    @property
    def caches(self) -> list[str]:
        """Names of the cache storage accounts that are in use."""
        return sorted({disk.cache for disk in self.disks if disk.cache})

    @property
    def size(self) -> float:
        """Bytes of all protected disks."""
        return sum(disk.size or 0 for disk in self.disks)

    @property
    def interfaces(self) -> list[Interface]:
        return [_interface(each) for each in _rows(self.details, "vmNics")]


def _rows(body: Json, name: str) -> list[Json]:
    return [each for each in body.get(name) or () if isinstance(each, Mapping)]


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    return "" if value is None else str(value)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _disk(body: Json) -> Disk:
    word = _text(body, "diskState")
    waiting = [_number(body.get(f"dataPending{where}InMB")) for where in ("AtSourceAgent", "InStagingStorageAccount")]
    known = [each for each in waiting if each is not None]
    percent = _number(body.get("monitoringPercentageCompletion"))
    return Disk(
        name=ids.name(_text(body, "diskName") or _text(body, "diskId") or _text(body, "diskUri")),
        state=_DISK_STATES.get(word, State("none", word or "Not given")),
        percent=None if percent is None or word == "Protected" else round(percent),
        size=_number(body.get("diskCapacityInBytes")),
        pending=sum(known) * 1024**2 if known else None,
        cache=ids.name(_text(body, "primaryStagingAzureStorageAccountId")),
        replica=ids.name(_text(body, "recoveryReplicaDiskId") or _text(body, "recoveryAzureStorageAccountId")),
        replica_type=_text(body, "recoveryReplicaDiskAccountType"),
        target_type=_text(body, "recoveryTargetDiskAccountType"),
    )


def _unprotected(body: Json) -> Disk:
    return Disk(name=f"Disk at LUN {_text(body, 'diskLunId') or '?'}", state=State("warn", "Not protected"))


def _interface(body: Json) -> Interface:
    configurations = _rows(body, "ipConfigs")
    primary = next((each for each in configurations if each.get("isPrimary")), next(iter(configurations), {}))
    more = len(configurations) - 1
    return Interface(
        name=ids.name(_text(body, "sourceNicArmId")) or _text(body, "nicId"),
        source=_place(_text(body, "vMNetworkName"), primary, "subnetName", "staticIPAddress"),
        target=_place(_text(body, "recoveryVMNetworkId"), primary, "recoverySubnetName", "recoveryStaticIPAddress"),
        test=_place(_text(body, "tfoVMNetworkId"), primary, "tfoSubnetName", "tfoStaticIPAddress"),
        remarks=_remarks(body, more),
    )


def _place(network: str, address: Json, subnet: str, static: str) -> list[str]:
    """Network, subnet, address; empty when nothing was chosen."""
    given = ids.name(network), ids.name(_text(address, subnet)), _text(address, static)
    return [each for each in given if each]


def _remarks(body: Json, more: int) -> list[str]:
    group = ids.name(_text(body, "recoveryNetworkSecurityGroupId"))
    said = (
        f"Security group {group}" if group else "",
        "Accelerated networking after failover" if body.get("enableAcceleratedNetworkingOnRecovery") else "",
        f"{more} further address{'es' if more > 1 else ''}" if more > 0 else "",
    )
    return [each for each in said if each]
