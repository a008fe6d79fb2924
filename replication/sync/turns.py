"""What turned good or bad between two readings of a vault: what people are told of, each time once.

Inside a maintenance window nobody is told. What turned bad there is held, and told when the window is over and it is bad still.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from replication import ledger, rpo
from replication.actions import notices
from replication.domain import inventory as inv
from replication.domain.notices import Kind
from replication.domain.states import ItemStatus, item_status
from replication.models import HeldNotice, ProtectedItem, Vault

_COUNTS = {ItemStatus.PROTECTED.value, ItemStatus.TESTING.value}


class Standing(NamedTuple):
    """How an item stood: whether an RPO is to be expected of it, its RPO and the target that held, in seconds, its health."""

    counts: bool
    rpo: int | None
    target: int
    health: str

    @property
    def critical(self) -> bool:
        return self.health == "Critical"

    @property
    def over(self) -> bool:
        return self.counts and self.rpo is not None and self.rpo > self.target


_NEVER_SEEN = Standing(False, None, 0, "")


def standings(vault: Vault, rows: QuerySet[ProtectedItem]) -> dict[str, Standing]:
    """How the vault's items stood when they were last read, by key."""
    target = rpo.judged_by(vault) or rpo.target(vault)
    found = rows.filter(gone_at=None).values_list("key", "status", "rpo", "health")
    return {key: Standing(status in _COUNTS, seen, target, health) for key, status, seen, health in found}


def between(vault: Vault, before: Mapping[str, Standing], items: Mapping[str, inv.Item]) -> list[tuple[Kind, str]]:
    """(what happened, key of the item). An item that left is told of elsewhere: nothing is said to be in order again."""
    target = rpo.target(vault)
    return [
        (kind, key)
        for key, item in items.items()
        for kind in _turn(before.get(key, _NEVER_SEEN), _standing(item, target))
    ]


def _standing(item: inv.Item, target: int) -> Standing:
    return Standing(item_status(item).value in _COUNTS, item.rpo, target, item.replication_health)


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


# --- telling -----------------------------------------------------------------------------------------------------------------

_UNDOES = {Kind.ITEM_RECOVERED: Kind.ITEM_CRITICAL, Kind.RPO_BACK: Kind.RPO_OVER}
Turn = tuple[Kind, str]


def tell(
    vault: Vault, turned: Iterable[Turn], items: Mapping[str, inv.Item], pks: Mapping[str, int], now: datetime
) -> None:
    """Tell of what turned, a notice a kind; call inside the reading's transaction. pks: row ids by key."""
    held = {(Kind(kind), key) for kind, key in _held(vault).values_list("kind", "item__key")}
    turned = [(kind, key) for kind, key in turned if key in pks]
    if not turned and not held:
        return
    quiet = _quiet(vault, {pks[key] for _, key in [*turned, *held] if key in pks}, now)
    undone = {(_UNDOES[kind], key) for kind, key in turned if kind in _UNDOES} & held
    kept = {(kind, key) for kind, key in turned if kind not in _UNDOES and key in quiet}
    told = [(kind, key) for kind, key in turned if (kind, key) not in kept and (_UNDOES.get(kind), key) not in undone]
    late = {turn for turn in held - undone if turn[1] not in quiet}
    _forget(vault, undone | late)
    HeldNotice.objects.bulk_create(
        [HeldNotice(item_id=pks[key], kind=kind, at=now) for kind, key in sorted(kept)], ignore_conflicts=True
    )
    _announce(vault, [*told, *(turn for turn in sorted(late) if _is_bad(vault, turn, items) and turn not in told)], items, pks)


def _held(vault: Vault) -> QuerySet[HeldNotice]:
    return HeldNotice.objects.filter(item__vault=vault)


def _quiet(vault: Vault, pks: Collection[int], now: datetime) -> set[str]:
    """Keys of the items of which nobody is told now."""
    windows = ledger.windows(vault.pk, now, now + timedelta(microseconds=1))
    if not windows.rows:
        return set()
    about = ledger.subjects(ProtectedItem.objects.filter(pk__in=pks))
    return {subject.key for subject in about.values() if windows.of(subject)}


def _forget(vault: Vault, turns: Iterable[Turn]) -> None:
    by_kind: dict[Kind, list[str]] = defaultdict(list)
    for kind, key in turns:
        by_kind[kind].append(key)
    for kind, keys in by_kind.items():
        _held(vault).filter(kind=kind, item__key__in=keys).delete()


def _is_bad(vault: Vault, turn: Turn, items: Mapping[str, inv.Item]) -> bool:
    kind, key = turn
    standing = _standing(items[key], rpo.target(vault)) if key in items else _NEVER_SEEN
    return standing.critical if kind is Kind.ITEM_CRITICAL else standing.over


def _announce(vault: Vault, turned: Iterable[Turn], items: Mapping[str, inv.Item], pks: Mapping[str, int]) -> None:
    by_kind: dict[Kind, list[notices.Subject]] = defaultdict(list)
    for kind, key in turned:
        by_kind[kind].append((items[key].friendly_name, pks[key]))
    for kind in Kind:
        if by_kind[kind]:
            notices.tell(kind, vault, by_kind[kind])
