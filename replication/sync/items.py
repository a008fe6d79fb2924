"""A vault's protected items and what Site Recovery has set up: read whole, then stored in one transaction."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from replication import rpo
from replication.domain import documents, ids
from replication.domain import inventory as inv
from replication.domain.states import HEALTH_RANK, ItemStatus, item_status
from replication.models import ProtectedItem, Vault
from replication.sync import history, turns
from replication.sync.outcome import Outcome
from replication.sync.snapshots import store


def item_key(vault_key: str, name: str) -> str:
    """An item keeps its name when it is re-protected and moves to another container; its ARM id changes."""
    return f"{vault_key}/{name.lower()}"


def store_items(vault: Vault, found: Iterable[inv.Item], *, now: datetime, version: int) -> Outcome:
    """Make the vault's rows say what was read; call inside a transaction. version: the vault's, if anything changed."""
    items = {item_key(vault.key, each.name): each for each in found}
    rows = ProtectedItem.objects.filter(connection_id=vault.connection_id, vault=vault)
    before = turns.standings(vault, rows)
    changed = store(
        rows,
        {key: _columns(each) | {"changed_at": now, "version": version} for key, each in items.items()},
        now=now,
        common={"connection_id": vault.connection_id, "vault_id": vault.pk},
        unique=("connection", "key"),
        once={"first_seen_at": now},
        searched=True,
    )
    _note_copies(rows, now)
    _judge_anew(vault, rows, version)
    turned = turns.between(vault, before, items)
    pks = dict(rows.filter(gone_at=None).values_list("key", "pk"))
    history.record(vault, pks, items, now, moved=bool(turned))
    turns.tell(vault, turned, items, pks, now)
    return Outcome(changed=len(changed), seen=len(items))


def _columns(item: inv.Item) -> dict[str, Any]:
    document = documents.to_json(item)
    group = ids.group_name(item.machine_id)
    return {
        "arm_id": item.id,
        "name": item.friendly_name,
        "machine_key": ids.key(item.machine_id),
        "subscription_id": ids.subscription(item.machine_id),
        "resource_group": group,
        "group_key": group.lower(),
        "protection_state": item.protection_state,
        "status": item_status(item).value,
        "health": item.replication_health,
        "health_rank": HEALTH_RANK.get(item.replication_health, 0),
        "failover_health": item.failover_health,
        "progress": item.progress,
        "rpo": item.rpo,
        "rpo_at": item.rpo_at,
        "primary_location": item.primary_location,
        "recovery_location": item.recovery_location,
        "active_location": item.active_location,
        "policy_name": item.policy_name,
        "last_test_at": item.last_test_at,
        "issue_count": len(item.errors),
        "search": _search(item, group),
        "document": document,
        "digest": documents.digest(document),
    }


def _search(item: inv.Item, group: str) -> str:
    words = (item.friendly_name, item.name, group, item.policy_name, item.primary_location, item.recovery_location)
    return " ".join(filter(None, words)).lower()


def _note_copies(rows: QuerySet[ProtectedItem], now: datetime) -> None:
    """When the first copy was done; forgotten when the machine is enabled anew."""
    rows.filter(status=ItemStatus.PROTECTED, copied_at=None).update(copied_at=now)
    rows.filter(status__in=(ItemStatus.ENABLING, ItemStatus.COPYING)).exclude(copied_at=None).update(copied_at=None)


def _judge_anew(vault: Vault, rows: QuerySet[ProtectedItem], version: int) -> None:
    """The RPO target was changed: items between the old and the new one are new to pages that are open, though Azure says the same."""
    before, now = rpo.judged_by(vault), rpo.target(vault)
    if before is not None and before != now:
        rows.filter(rpo__gt=min(before, now), rpo__lte=max(before, now)).update(version=version)
