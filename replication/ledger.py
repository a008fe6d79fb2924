"""The RPO ledger in rows: which windows excuse which item, and what a changed window does to months that were counted already."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import F
from django.db.models.fields.json import KT
from django.utils import timezone

from replication.domain import ledger as arithmetic
from replication.domain.ledger import Window
from replication.models import Breach, LedgerMonth, Machine, MaintenanceWindow, ProtectedItem, Vault

Scope = MaintenanceWindow.Scope


class Subject(NamedTuple):
    """An item as windows pick it: its key, and its machine's tags as `name:value` in lower case."""

    key: str
    tags: Mapping[str, str]

    @property
    def words(self) -> set[str]:
        return {tag_word(name, value) for name, value in self.tags.items()}


def tag_word(name: str, value: str) -> str:
    """How a window and a filter name a tag."""
    return f"{name}:{value}".lower()


def subjects(items: Iterable[ProtectedItem]) -> dict[int, Subject]:
    """The items by row id, with the tags that their machines have now: one query a batch of 500."""
    rows = list(items)
    tags = tags_of({row.machine_key for row in rows})
    return {row.pk: Subject(row.key, tags.get(row.machine_key, {})) for row in rows}


def tags_of(machine_keys: Collection[str]) -> dict[str, dict[str, str]]:
    """Tags of machines by their keys; machines without any are left out."""
    keys, found = sorted(machine_keys), {}
    for start in range(0, len(keys), 500):
        rows = Machine.objects.filter(key__in=keys[start : start + 500]).annotate(tags=KT("document__tags"))
        for key, text in rows.values_list("key", "tags"):
            tags = json.loads(text) if isinstance(text, str) and text else {}
            if isinstance(tags, dict) and tags:
                found[key] = {str(name): str(value) for name, value in tags.items()}
    return found


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a vault that touch a time, ready to be asked for one item after another."""

    rows: Sequence[tuple[str, str, Window]]  # (scope, subject, window)

    def of(self, subject: Subject) -> list[Window]:
        """What excuses the item, without overlaps."""
        words = subject.words if any(scope == Scope.TAG for scope, _, _ in self.rows) else set()
        return arithmetic.union(
            window
            for scope, named, window in self.rows
            if scope == Scope.VAULT or (named == subject.key if scope == Scope.MACHINE else named in words)
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
    known, about = windows(vault.pk, first, last), subjects(ProtectedItem.objects.filter(pk__in=touched).defer("document"))
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
