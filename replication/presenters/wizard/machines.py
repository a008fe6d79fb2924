"""*Virtual machines*: the picker's grid, its rows and what has been chosen."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from html import escape
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils.safestring import SafeString

from replication import clock, finding
from replication.actions.drafts import can_column, candidates, replicable, tagged, ticked
from replication.domain.choices import SourceChoices
from replication.domain.eligibility import BY_CODE, REGIONAL, ZONAL
from replication.domain.eligibility.told import AGREES_NOT, AGREES_NOT_TITLE
from replication.domain.words import amount
from replication.grid import Choice, Column, Grid, Options, Rows, View, distinct
from replication.markup import row_address
from replication.models import Draft, DraftMachine, Machine, MachineBrief, Person
from replication.presenters.wizard.remembered import Remembered, counts

MOST_TAGS = 200  # a menu of more is no help: the search finds tags too
TOLD_FOR = 30 * 60  # seconds that what Azure said of one machine counts (models Machine.told_at)
_CAN = (
    ("yes", "Can be replicated"),
    ("warn", "Can be, with warnings"),
    ("no", "Cannot be replicated"),
)
_NOWRAP = ' class="nowrap"'
_DISKS = {"1": (1, 1), "2-4": (2, 4), "5-16": (5, 16), "17": (17, 100)}
_DISK_WORDS = (("1", "1 disk"), ("2-4", "2 to 4"), ("5-16", "5 to 16"), ("17", "More than 16"))
_WARNING = tuple(code for code, rule in BY_CODE.items() if rule.effect == "warn")


def picker(draft: Draft) -> Grid:
    """The grid of a draft's machines: what can be chosen depends on whether they go to another zone."""
    source = _source(draft)
    menus = Remembered(draft.vault.connection)
    return Grid(
        columns=_columns(source.zonal),
        filters=(
            Choice(key="can", label="Eligibility", narrow=_eligible(source.zonal), options=_CAN),
            Choice(key="why", label="Reason", narrow=_having, options=menus.of("why", _reasons)),
            Choice(
                key="group",
                label="Resource group",
                narrow=_by("group_key"),
                options=menus.of("group", distinct("group_key")),
            ),
            Choice(key="os", label="OS", narrow=_by("os_type"), options=menus.of("os", distinct("os_type"))),
            Choice(key="size", label="Size", narrow=_by("size"), options=menus.of("size", distinct("size"))),
            Choice(key="zone", label="Zone", narrow=_in_zone, options=menus.of("zone", _zones)),
            Choice(key="disks", label="Disks", narrow=_with_disks, options=_DISK_WORDS),
            Choice(key="tag", label="Tag", narrow=tagged, options=menus.of("tag", _tags)),
            Choice(
                key="chosen", label="Selection", narrow=_chosen, options=(("yes", "Selected"), ("no", "Not selected"))
            ),
        ),
        search=finding.machines,
        default_sort="name",
        by_number=_shown(draft, Machine.objects.all()),
    )


def disks_of(machine: Machine) -> str:
    """How many disks the machine has, and how large they are together."""
    return f"{amount(machine.disk_count, 'disk')}, {machine.disk_gib:,} GiB"


def _columns(zonal: bool) -> tuple[Column, ...]:
    can = can_column(zonal)
    return (
        Column(key="name", label="Name", order=("name",), text=lambda m: m.name),
        Column(key="group", label="Resource group", order=("group_key", "name"), text=lambda m: m.resource_group),
        Column(key="os", label="OS", order=("os_type", "name"), text=lambda m: m.os_type),
        Column(key="size", label="Size", order=("size", "name"), text=lambda m: m.size),
        Column(key="zone", label="Zone", order=("zone", "name"), text=lambda m: m.zone),
        Column(key="disks", label="Disks", order=("disk_gib", "name"), text=disks_of),
        Column(key="network", label="Network", order=("network_name", "name"), text=lambda m: m.network_name),
        Column(key="set", label="Availability set", order=("availability_set_name", "name"), text=lambda m: m.availability_set_name,
               shown=False),
        Column(key="subscription", label="Subscription", order=("subscription_id", "name"), text=lambda m: m.subscription_id, shown=False),
        Column(key="power", label="Power", order=("power", "name"), text=lambda m: m.power, shown=False),
        Column(key="tags", label="Tags", text=lambda m: ", ".join(m.tags.split()), shown=False),
        Column(key="eligibility", label="Eligibility", order=(can, "name"), text=lambda m: _in_short(MachineRow(m, zonal))),
    )  # fmt: skip


# --- filters -----------------------------------------------------------------------------------------------------------


def _by(name: str) -> Callable[[Rows, str], Rows]:
    return lambda rows, value: rows.filter(**{name: value})


def _eligible(zonal: bool) -> Callable[[Rows, str], Rows]:
    def narrow(rows: Rows, value: str) -> Rows:
        can: Rows = replicable(rows, zonal=zonal)
        if value == "warn":
            return can.filter(pk__in=MachineBrief.objects.filter(_any_code(_WARNING)).values("pk"))
        return can if value == "yes" else rows.filter(**{can_column(zonal): False})

    return narrow


def _any_code(codes: Iterable[str]) -> Q:
    found = Q()
    for code in codes:
        found |= Q(codes__contains=f"\n{code}\n")
    return found


def _having(rows: Rows, value: str) -> Rows:
    return rows.filter(pk__in=MachineBrief.objects.filter(codes__contains=f"\n{value}\n").values("pk"))


def _in_zone(rows: Rows, value: str) -> Rows:
    return rows.filter(zone="" if value == "none" else value)


def _with_disks(rows: Rows, value: str) -> Rows:
    return rows.filter(disk_count__range=_DISKS[value])


def _chosen(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(chosen=value == "yes")


def _reasons(rows: Rows) -> Options:
    """The rules that say something of one of the machines."""
    lines = rows.order_by().values_list("brief__codes", flat=True).distinct()
    codes = {code for line in lines for code in line.split("\n") if code}
    return sorted(((code, title_of(code)) for code in codes), key=lambda pair: pair[1].lower())


def title_of(code: str) -> str:
    """A rule as a heading; Azure's own reasons go by their codes."""
    if code == AGREES_NOT:
        return AGREES_NOT_TITLE
    return BY_CODE[code].title if code in BY_CODE else code


def _zones(rows: Rows) -> Options:
    found = distinct("zone", lambda zone: f"Zone {zone}")(rows)
    return [*found, ("none", "In no zone")] if found else []


def _tags(rows: Rows) -> Options:
    lines = rows.order_by().values_list("brief__tags", flat=True).distinct()
    found = {tag for line in lines for tag in line.split("\n") if tag}
    return sorted((tag, tag) for tag in found) if len(found) <= MOST_TAGS else []


def counted(draft: Draft, view: View, zonal: bool) -> tuple[View, int]:
    """The view with its rows counted, and how many of them can be chosen: one look for both."""
    ticks = view.pills["chosen"].chosen  # what is ticked is not of the inventory
    kept = Remembered(draft.vault.connection)
    every, can = counts(view.rows, zonal=zonal) if ticks else kept.counts(view.rows, zonal=zonal)
    return replace(view, count=every), can


# --- rows ----------------------------------------------------------------------------------------------------------------


def pickable(draft: Draft, person: Person) -> QuerySet[Machine]:
    """The machines to choose from, each with whether it is chosen."""
    return _shown(draft, candidates(draft, person, _source(draft)))


def _shown(draft: Draft, machines: QuerySet[Machine]) -> QuerySet[Machine]:
    """With what a page shows of them."""
    ticked = DraftMachine.objects.filter(draft=draft, machine=OuterRef("pk"))
    return machines.annotate(chosen=Exists(ticked)).defer("document", "search")


def _source(draft: Draft) -> SourceChoices:
    source = SourceChoices.from_json(draft.source)
    assert source is not None
    return source


@dataclass(frozen=True)
class MachineRow:
    """A machine as the picker shows it. columns: those that the view has; draft_id: the picker's draft."""

    machine: Machine
    zonal: bool = False
    columns: Sequence[Column] = ()
    draft_id: UUID | None = None

    @property
    def url(self) -> str:
        """The page of all that is said of it."""
        return row_address("draft_why", self.machine.pk, self.draft_id)

    @property
    def cells(self) -> SafeString:
        """The columns between the name and the eligibility."""
        between = (each for each in self.columns if each.key not in {"name", "eligibility"})
        return SafeString("".join(_cell(each.key, str(each.text(self.machine))) for each in between))

    @property
    def chosen(self) -> bool:
        return bool(getattr(self.machine, "chosen", False))

    @property
    def can(self) -> bool:
        """Whether it can be chosen."""
        return self.machine.replicable_zonally if self.zonal else self.machine.replicable

    @cached_property
    def blocking(self) -> list[Mapping[str, Any]]:
        """The verdicts because of which it cannot be chosen."""
        return self._said("block")

    @cached_property
    def warnings(self) -> list[Mapping[str, Any]]:
        return self._said("warn")

    @cached_property
    def remarks(self) -> list[Mapping[str, Any]]:
        return self._said("inform")

    @property
    def told(self) -> bool:
        """Whether Azure was asked about this machine, and its answer still counts."""
        return counts_still(self.machine.told_at)

    def _said(self, effect: str) -> list[Mapping[str, Any]]:
        return said(self.machine, effect, zonal=self.zonal)


def _cell(key: str, text: str) -> str:
    return f"<td{_NOWRAP if key == 'disks' else ''}>{escape(text) or '—'}</td>"


def said(machine: Machine, effect: str, *, zonal: bool) -> list[Mapping[str, Any]]:
    """The machine's verdicts of one effect (block, warn, inform) that count between zones, or between regions."""
    ways = {"", ZONAL if zonal else REGIONAL}
    return [each for each in machine.verdicts if each["effect"] == effect and each.get("when", "") in ways]


def counts_still(told_at: datetime | None) -> bool:
    """Whether an answer of that time is still believed."""
    return told_at is not None and (clock.now() - told_at).total_seconds() < TOLD_FOR


def _in_short(row: MachineRow) -> str:
    said = row.blocking or row.warnings
    return "; ".join(each["message"] for each in said) or "Can be replicated"


# --- what has been chosen ------------------------------------------------------------------------------------------------


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
        return f"{self.machines:,} selected, {amount(self.disks, 'disk')}, {self.data}"


def totals(draft: Draft) -> Totals:
    """What is chosen in the draft; added up when the ticks or the inventory have changed."""
    ticks, connection = ticked(draft), draft.vault.connection
    key = f"totals:{draft.pk}:{ticks}:{connection.inventory_version}:{connection.inventory_as_of}".replace(" ", "")
    found: Totals | None = cache.get(key)
    if found is None:
        briefs = MachineBrief.objects.filter(pk__in=draft.machines.values("machine_id"))
        sums = briefs.aggregate(n=Count("pk"), disks=Sum("disk_count"), gib=Sum("disk_gib"))
        found = Totals(sums["n"], sums["disks"] or 0, sums["gib"] or 0)
        cache.set(key, found, TOLD_FOR)
    return found
