"""Coverage for the monthly report: which machines are replicated, and where those are that are not."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from replication import access
from replication.models import Person, Vault

SHOWN = 15


@dataclass(frozen=True, slots=True)
class Coverage:
    """machines: those usable as source; groups: (resource group, machines, protected), fewest protected first; then: items at the end
    of the month, of which gone have left Azure since."""

    machines: int
    protected: int
    groups: list[tuple[str, int, int]]
    then: int
    gone: int

    @property
    def open(self) -> int:
        return self.machines - self.protected

    @property
    def share(self) -> int:
        return self.protected * 100 // self.machines if self.machines else 0


def coverage(person: Person, vault: Vault | None, end: datetime) -> Coverage:
    """Now, by the inventory, and at the end of a month, by what was replicated then. Three queries."""
    machines = access.machines(person, vault)
    total = machines.aggregate(all=Count("pk"), protected=Count("pk", filter=~Q(protected_in="")))
    groups = machines.order_by().values("resource_group").annotate(all=Count("pk"), protected=Count("pk", filter=~Q(protected_in="")))
    open_ = sorted(((g["resource_group"], g["all"], g["protected"]) for g in groups), key=lambda g: (g[2] - g[1], g[0]))
    there = access.items(person, vault).filter(first_seen_at__lt=end).filter(Q(gone_at=None) | Q(gone_at__gte=end))
    then = there.aggregate(all=Count("pk"), gone=Count("pk", filter=~Q(gone_at=None)))
    return Coverage(total["all"], total["protected"], [g for g in open_ if g[2] < g[1]][:SHOWN], then["all"], then["gone"])
