"""From what a person chose to what is wanted of Azure, for protected items: the specs, with what is there now beside what is asked for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from replication.actions.changes import Purpose, Wanted
from replication.domain import allowed, ids, itemsettings
from replication.domain import inventory as inv
from replication.domain.changes import (
    AddDisksSpec,
    AgentSpec,
    DisableSpec,
    DismissSpec,
    ResyncSpec,
    UpdateSpec,
)
from replication.domain.documents import from_json
from replication.domain.specs import ManagedDiskSpec, Spec
from replication.models import Machine, ProtectedItem

ONE_BY_ONE = (Purpose.RESYNC, Purpose.UPDATE_AGENT, Purpose.ADD_DISKS, Purpose.DISMISS, Purpose.DISABLE)
OF_MANY = (Purpose.RESYNC, Purpose.UPDATE_AGENT, Purpose.DISABLE)


@dataclass(frozen=True, slots=True)
class Judged:
    """What can be asked for, and the machines of which it cannot, with the reason."""

    wanted: list[Wanted]
    refused: list[tuple[ProtectedItem, str]]


def of(row: ProtectedItem) -> inv.Item:
    """The item as last read."""
    return from_json(inv.Item, row.document)


def judged(rows: Iterable[ProtectedItem], purpose: Purpose) -> Judged:
    """The same wanted of many machines."""
    found = [(row, of(row)) for row in rows]
    refused = [(row, why) for row, item in found if (why := allowed.why_not(item, purpose.value))]
    out = {row.pk for row, _ in refused}
    wanted = [each for row, item in found if row.pk not in out and (each := _MAKERS[purpose](row, item))]
    return Judged(wanted, refused)


def about(row: ProtectedItem, item: inv.Item) -> dict[str, str]:
    """What all specs of items say of their subject."""
    return {"id": row.arm_id, "machine_id": item.machine_id, "machine_name": row.name}


def settings_of(row: ProtectedItem, item: inv.Item) -> UpdateSpec:
    """The item's settings as last read."""
    return itemsettings.settings(item.details, **about(row, item))


def _resync(row: ProtectedItem, item: inv.Item) -> Wanted:
    after = {"Replica": "compared with the source anew"}
    return Wanted(title=row.name, spec=ResyncSpec(**about(row, item)), before={}, after=after)


def _agent(row: ProtectedItem, item: inv.Item) -> Wanted:
    before = {"Mobility service": str(item.details.get("agentVersion") or "not told")}
    after = {"Mobility service": "the newest version"}
    return Wanted(title=row.name, spec=AgentSpec(**about(row, item)), before=before, after=after)


def _disable(row: ProtectedItem, item: inv.Item) -> Wanted:
    spec = DisableSpec(**about(row, item), identity=item.correlation_id)
    return Wanted(title=row.name, spec=spec, before={"Replication": "enabled"}, after={"Replication": "disabled"})


def _dismiss(row: ProtectedItem, item: inv.Item) -> Wanted | None:
    wanted = tuple(allowed.dismissible(item))
    told = {each.id: each.message for each in item.errors}
    spec = DismissSpec(**about(row, item), error_ids=wanted)
    before = {f"health error {each}": told[each] for each in wanted}
    return Wanted(title=row.name, spec=spec, before=before, after=dict.fromkeys(before, "dismissed")) if wanted else None


def _add_disks(row: ProtectedItem, item: inv.Item) -> Wanted | None:
    """New disks are kept where the others are, as the same type as their source. The machine says which disk is in which slot."""
    disks = tuple(_new_disk(disk, item) for disk in new_disks(row, item))
    if not disks:
        return None
    after = {f"disk {ids.name(each.disk_id)}": f"protected, replica {each.replica_type}" for each in disks}
    before = dict.fromkeys(after, "not protected")
    return Wanted(title=row.name, spec=AddDisksSpec(**about(row, item), disks=disks), before=before, after=after)


def new_disks(row: ProtectedItem, item: inv.Item) -> list[inv.Disk]:
    """The machine's disks in the slots that Azure calls unprotected, as far as the inventory knows them."""
    machine = Machine.objects.filter(connection_id=row.connection_id, key=row.machine_key, gone_at=None).first()
    slots = set(allowed.unprotected_luns(item))
    disks = from_json(inv.Machine, machine.document).disks if machine else ()
    return [disk for disk in disks if disk.managed and not disk.is_os and disk.lun in slots]


def _new_disk(disk: inv.Disk, item: inv.Item) -> ManagedDiskSpec:
    first: Mapping[str, Any] = next(iter(item.details.get("protectedManagedDisks") or ()), {})
    return ManagedDiskSpec(
        disk_id=disk.id,
        cache_account_id=str(first.get("primaryStagingAzureStorageAccountId") or ""),
        group_id=str(first.get("recoveryResourceGroupId") or item.recovery_group_id),
        replica_type=disk.sku,
        target_type=disk.sku,
    )


_MAKERS: dict[Purpose, Callable[[ProtectedItem, inv.Item], Wanted | None]] = {
    Purpose.RESYNC: _resync,
    Purpose.UPDATE_AGENT: _agent,
    Purpose.DISABLE: _disable,
    Purpose.DISMISS: _dismiss,
    Purpose.ADD_DISKS: _add_disks,
}


def updated(row: ProtectedItem, there: UpdateSpec, chosen: UpdateSpec) -> list[Wanted]:
    """What is wanted when somebody chose other settings than there are; nothing when they are the same."""
    differences = chosen.differences(there)
    if not differences:
        return []
    before = {_label(each.field): _named(each.got) for each in differences}
    after = {_label(each.field): _named(each.asked) for each in differences}
    spec: Spec = chosen
    return [Wanted(title=row.name, spec=spec, before=before, after=after)]


_LABELS = {
    "name": "Target name", "size": "Target size", "network_id": "Target network", "group_id": "Target resource group",
    "availability_set_id": "Availability set", "availability_zone": "Availability zone",
}  # fmt: skip


def _label(field: str) -> str:
    return _LABELS.get(field, field.replace("_", " ").capitalize())


def _named(value: Any) -> str:
    """A value as people know it: of an ARM id the name."""
    text = str(value or "")
    return ids.name(text) if text.startswith("/") else text
