"""*Virtual machines*: the picker's grid, its rows and what has been chosen."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum

from replication.actions.drafts import candidates
from replication.domain.choices import SourceChoices
from replication.domain.eligibility import REGIONAL, ZONAL
from replication.grid import Choice, Column, Grid, distinct, words
from replication.models import Draft, DraftMachine, Machine, Person


def _eligible(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(replicable=value == "yes")


def _chosen(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(chosen=value == "yes")


PICKER = Grid(
    columns=(
        Column(key="name", label="Name", order=("name",), text=lambda m: m.name),
        Column(key="group", label="Resource group", order=("group_key", "name"), text=lambda m: m.resource_group),
        Column(key="os", label="OS", order=("os_type", "name"), text=lambda m: m.os_type),
        Column(key="size", label="Size", order=("size", "name"), text=lambda m: m.size),
        Column(key="disks", label="Disks", order=("disk_gib", "name"), text=lambda m: m.disk_gib),
        Column(key="network", label="Network", order=("network_name", "name"), text=lambda m: m.network_name),
        Column(key="set", label="Availability set", order=("availability_set_name", "name")),
        Column(key="eligibility", label="Eligibility", order=("replicable", "name")),
    ),
    filters=(
        Choice(
            key="can",
            label="Eligibility",
            narrow=_eligible,
            options=(("yes", "Can be replicated"), ("no", "Cannot be replicated")),
        ),
        Choice(
            key="group",
            label="Resource group",
            narrow=lambda r, v: r.filter(group_key=v),
            options=distinct("group_key"),
        ),
        Choice(key="os", label="OS", narrow=lambda r, v: r.filter(os_type=v), options=distinct("os_type")),
        Choice(key="chosen", label="Selection", narrow=_chosen, options=(("yes", "Selected"), ("no", "Not selected"))),
    ),
    search=words("search"),
    default_sort="name",
)


def pickable(draft: Draft, person: Person) -> QuerySet[Machine]:
    """The machines to choose from, each with whether it is chosen."""
    source = SourceChoices.from_json(draft.source)
    assert source is not None
    ticked = DraftMachine.objects.filter(draft=draft, machine=OuterRef("pk"))
    return candidates(draft, person, source).annotate(chosen=Exists(ticked))


@dataclass(frozen=True, slots=True)
class MachineRow:
    """A machine as the picker shows it."""

    machine: Machine
    zonal: bool = False

    @property
    def chosen(self) -> bool:
        return bool(getattr(self.machine, "chosen", False))

    @property
    def blocking(self) -> list[dict[str, Any]]:
        """The verdicts because of which it cannot be chosen."""
        return self._said("block")

    @property
    def warnings(self) -> list[dict[str, Any]]:
        return self._said("warn")

    def _said(self, effect: str) -> list[dict[str, Any]]:
        ways = {"", ZONAL if self.zonal else REGIONAL}
        return [each for each in self.machine.verdicts if each["effect"] == effect and each.get("when", "") in ways]


@dataclass(frozen=True, slots=True)
class Totals:
    """How much has been chosen. In words: 14 selected, 38 disks, 6.4 TiB."""

    machines: int
    disks: int
    gib: int

    @property
    def data(self) -> str:
        return f"{self.gib / 1024:,.1f} TiB" if self.gib >= 1024 else f"{self.gib:,} GiB"

    def __str__(self) -> str:
        if not self.machines:
            return "Nothing selected yet"
        return f"{self.machines:,} selected, {self.disks:,} disk{'s' * (self.disks != 1)}, {self.data}"


def totals(draft: Draft) -> Totals:
    """What is chosen in the draft."""
    counted = draft.machines.aggregate(n=Count("pk"), disks=Sum("machine__disk_count"), gib=Sum("machine__disk_gib"))
    return Totals(counted["n"], counted["disks"] or 0, counted["gib"] or 0)
