"""What turned good or bad between two readings of a vault: what people are told of, each time once."""

from collections.abc import Mapping
from typing import NamedTuple

from django.db.models import QuerySet

from replication.domain import inventory as inv
from replication.domain.events import Kind
from replication.domain.safety import RPO_TARGET
from replication.domain.states import ItemStatus, item_status
from replication.models import ProtectedItem

_COUNTS = {ItemStatus.PROTECTED.value, ItemStatus.TESTING.value}


class Standing(NamedTuple):
    """How an item stood: whether an RPO is to be expected of it, its RPO in seconds, its health."""

    counts: bool
    rpo: int | None
    health: str

    @property
    def critical(self) -> bool:
        return self.health == "Critical"

    @property
    def over(self) -> bool:
        return self.counts and self.rpo is not None and self.rpo > RPO_TARGET


_NEVER_SEEN = Standing(False, None, "")


def standings(rows: QuerySet[ProtectedItem]) -> dict[str, Standing]:
    """How the items stood when they were last read, by key."""
    found = rows.filter(gone_at=None).values_list("key", "status", "rpo", "health")
    return {key: Standing(status in _COUNTS, rpo, health) for key, status, rpo, health in found}


def between(before: Mapping[str, Standing], items: Mapping[str, inv.Item]) -> list[tuple[Kind, str]]:
    """(what happened, key of the item). An item that left is told of elsewhere: nothing is said to be in order again."""
    return [
        (kind, key)
        for key, item in items.items()
        for kind in _turn(before.get(key, _NEVER_SEEN), _standing(item))
    ]


def _standing(item: inv.Item) -> Standing:
    return Standing(item_status(item).value in _COUNTS, item.rpo, item.replication_health)


def _turn(before: Standing, now: Standing) -> list[Kind]:
    turned = []
    if now.critical and not before.critical:
        turned.append(Kind.ITEM_CRITICAL)
    if before.critical and not now.critical:
        turned.append(Kind.ITEM_RECOVERED)
    if now.over and not before.over:
        turned.append(Kind.RPO_OVER)
    if before.over and now.counts and now.rpo is not None and not now.over:
        turned.append(Kind.RPO_BACK)
    return turned
