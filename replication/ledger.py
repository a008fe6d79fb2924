"""The RPO ledger in rows: which windows excuse which item, and what a changed window does to months that were counted already."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from replication.domain import ledger as arithmetic
from replication.domain.ledger import Window
from replication.models import Breach, LedgerMonth, Machine, MaintenanceWindow, ProtectedItem, Vault

Scope = MaintenanceWindow.Scope


class Subject(NamedTuple):
    """An item as windows pick it: its key, and its machine's tags as Machine.tags has them (a line each, `name:value` in lower case)."""

    key: str
    tags: str


def tag_line(tag: str) -> str:
    """What Machine.tags and LedgerMonth.tags contain when they have the tag `name:value`."""
    return f"\n{tag.lower()}\n"


def subjects(items: QuerySet[ProtectedItem]) -> dict[int, Subject]:
    """The items by row id, with the tags that their machines have now."""
    machine = Machine.objects.filter(connection_id=OuterRef("connection_id"), key=OuterRef("machine_key"))
    rows = items.annotate(machine_tags=Subquery(machine.values("tags")[:1]))
    return {pk: Subject(key, tags or "") for pk, key, tags in rows.values_list("pk", "key", "machine_tags")}


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a vault that touch a time, ready to be asked for one item after another."""

    rows: Sequence[tuple[str, str, Window]]  # (scope, subject, window)

    def of(self, subject: Subject) -> list[Window]:
        """What excuses the item, without overlaps."""
        return arithmetic.union(
            window
            for scope, named, window in self.rows
            if scope == Scope.VAULT or (named == subject.key if scope == Scope.MACHINE else tag_line(named) in subject.tags)
        )


def windows(vault_id: int, begun: datetime, ended: datetime) -> Windows:
    """The vault's windows that overlap a time."""
    rows = MaintenanceWindow.objects.filter(vault_id=vault_id, begins_at__lt=ended, ends_at__gt=begun)
    found = rows.values_list("scope", "subject", "begins_at", "ends_at")
    return Windows([(scope, named, Window(begins, ends)) for scope, named, begins, ends in found])


def hold(vault_id: int) -> None:
    """Hold the vault's row until the commit: counting and recounting must not cross each other."""
    Vault.objects.filter(pk=vault_id).update(name=F("name"))


def recount(vault: Vault, begun: datetime, ended: datetime) -> int:
    """Windows in this time have changed: excuse anew what was out of target in it; how many months of items changed.

    Call inside a transaction. Only excused time depends on windows, and breaches are kept as long as the months that count them.
    """
    hold(vault.pk)
    zone = timezone.get_default_timezone()
    first = arithmetic.begins(arithmetic.month_of(begun, zone), zone)
    last = arithmetic.begins(arithmetic.following(arithmetic.month_of(ended, zone)), zone)
    touched = Breach.objects.filter(item__vault=vault, begun_at__lt=ended, ended_at__gt=begun).values("item_id")
    breaches = Breach.objects.filter(item__in=touched, begun_at__lt=last, ended_at__gt=first)
    by_item: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for item, start, end in breaches.values_list("item_id", "begun_at", "ended_at"):
        by_item[item].append((max(start, first), min(end, last)))
    known, about = windows(vault.pk, first, last), subjects(ProtectedItem.objects.filter(pk__in=touched))
    excused = {item: _excused(times, known.of(about[item])) for item, times in by_item.items()}
    return _write_excused(excused, first.date(), last.date())


def _excused(times: Iterable[tuple[datetime, datetime]], excusing: Sequence[Window]) -> dict[date, float]:
    """Seconds by month."""
    found: dict[date, float] = defaultdict(float)
    for begun, ended in times:
        for month, start, end in arithmetic.by_month(begun, ended, timezone.get_default_timezone()):
            found[month] += arithmetic.covered(start, end, excusing).total_seconds()
    return found


def _write_excused(excused: Mapping[int, Mapping[date, float]], first: date, last: date) -> int:
    changed = []
    for row in LedgerMonth.objects.filter(item__in=list(excused), month__gte=first, month__lt=last):
        wanted = excused[row.item_id].get(row.month, 0.0)
        if row.excused != wanted:
            row.excused = wanted
            changed.append(row)
    LedgerMonth.objects.bulk_update(changed, ["excused"], batch_size=500)
    return len(changed)
