"""What the evidence of a run says of its machines, as far as Azure showed it only after the run had ended (models.HandOver)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from replication.domain import ids, itemsettings
from replication.domain import inventory as inv
from replication.models import HandOver, Run, Vault

PATIENCE = timedelta(days=30)  # a machine that has shown no RPO by then is not waited for


def fill(vault: Vault, found: Iterable[inv.Item], *, at: datetime) -> None:
    """Keep the first reading that was begun (at) after a run's end; call inside the transaction that stores it. Mostly one query."""
    rows = list(HandOver.objects.filter(run__vault=vault, run__ended_at__lte=at, open=True).select_related("run"))
    if not rows:
        return
    items = {ids.key(each.machine_id): each for each in found}
    news = [row for row in rows if _see(row, items.get(row.machine_key), at)]
    HandOver.objects.bulk_update(news, ["rpo", "rpo_at", "rpo_read_at", "got", "got_at", "open"], batch_size=200)


def _see(row: HandOver, item: inv.Item | None, at: datetime) -> bool:
    """Whether there is news: a thousand machines may wait for hours for their first RPO, and the vault is read every few seconds."""
    before = (row.got_at, row.rpo, row.open)
    if row.got_at is None:
        row.got, row.got_at = shown(item), at
    if row.rpo is None and item is not None and item.rpo is not None:
        row.rpo, row.rpo_at, row.rpo_read_at = item.rpo, item.rpo_at, at
    ended = row.run.ended_at or at
    row.open = row.rpo is None and item is not None and row.run.purpose != Run.Purpose.DISABLE and at - ended < PATIENCE
    return (row.got_at, row.rpo, row.open) != before


def shown(item: inv.Item | None) -> dict[str, Any]:
    """An item's states and settings, by the names that a step's spec has for them; one that is gone is not replicated."""
    if item is None:
        return {"replicated": False}
    settings = itemsettings.settings(item.details, id=item.id, machine_id=item.machine_id, machine_name=item.friendly_name)
    return {
        "replicated": True,
        "protection_state": item.protection_state,
        "health": item.replication_health,
        "policy_id": item.policy_id,
        "recovery_group_id": item.recovery_group_id,
        **{name: getattr(settings, name) for name in settings.compared},
        "disks": {ids.name(each.disk_id): each.target_type for each in settings.disks},
    }
