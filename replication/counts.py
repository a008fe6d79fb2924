"""The numbers of a vault's replicated items, counted once when a worker has stored them: pages add up a row a vault, at any size."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from replication import clock, rpo
from replication.domain.states import HEALTH, ItemStatus
from replication.models import ProtectedItem, Vault

TEST_EVERY = timedelta(days=180)  # portal-behaviour.md §2.3: test each machine at least every six months
FRESH = timedelta(hours=1)  # a test comes due with time alone
_HIGHEST = ("newest", "worst_rpo")  # of several vaults the highest counts, of all others the sum
Rows = QuerySet[ProtectedItem]
Numbers = dict[str, Any]


def test_due() -> Q:
    """Protected machines without a test failover in the last half year."""
    late = Q(last_test_at=None) | Q(last_test_at__lt=clock.now() - TEST_EVERY)
    return Q(status=ItemStatus.PROTECTED) & late


def count(rows: Rows) -> Numbers:
    """The numbers of items; two figures of them are None when there is nothing to tell."""
    return rows.order_by().aggregate(
        total=Count("pk"),
        newest=Max("pk"),
        protected=Count("pk", Q(status=ItemStatus.PROTECTED)),
        copying=Count("pk", Q(status=ItemStatus.COPYING)),
        enabling=Count("pk", Q(status=ItemStatus.ENABLING)),
        waiting=Count("pk", Q(status=ItemStatus.FINISHING)),
        above_target=Count("pk", rpo.above()),
        measured=Count("pk", Q(rpo__isnull=False)),
        worst_rpo=Max("rpo"),
        test_due=Count("pk", test_due()),
        **{f"health_{value}": Count("pk", Q(health=value)) for value in HEALTH},
    )


def keep(vault: Vault, *, changed: bool) -> None:
    """Count the vault's items again, if anything changed, the RPO target too, or the count is old. Within the storing transaction."""
    at, target = vault.summary.get("at"), rpo.target(vault)
    if at and not changed and rpo.judged_by(vault) == target and at > (clock.now() - FRESH).isoformat():
        return
    rows = ProtectedItem.objects.filter(vault=vault, gone_at=None)
    values = {name: sorted(_distinct(rows, name)) for name in ("primary_location", "policy_name")}
    vault.summary = {"at": clock.now().isoformat(), "target": target, "numbers": count(rows), "values": values}
    Vault.objects.filter(pk=vault.pk).update(summary=vault.summary)


def _distinct(rows: Rows, name: str) -> Iterable[str]:
    return filter(None, rows.order_by().values_list(name, flat=True).distinct())


def kept(vaults: Iterable[Vault]) -> Numbers | None:
    """The numbers of the vaults together; None while one was never counted, or by another RPO target than it has now."""
    found = [vault.summary.get("numbers") if rpo.judged_by(vault) == rpo.target(vault) else None for vault in vaults]
    if not found or not all(found):
        return None
    total: Numbers = {}
    for numbers in found:
        for name, value in (numbers or {}).items():
            total[name] = _joined(name, total.get(name), value)
    return total


def _joined(name: str, one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other) if name in _HIGHEST else one + other


def values(vaults: Iterable[Vault], name: str) -> list[str] | None:
    """The values that a column has in the vaults; None while one was never counted."""
    found = [vault.summary.get("values") for vault in vaults]
    if not found or not all(each is not None for each in found):
        return None
    return sorted({value for each in found for value in (each or {}).get(name, ())})
