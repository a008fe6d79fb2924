"""The RPO ledger in words: a month of machines as a grid, its sums, its sums by tag, and when a machine was out of target."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from django.db.models import Count, F, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone

from replication import charts, clock, finding, settings
from replication.domain import ledger as arithmetic
from replication.domain.ledger import Budget, Window, by_month, covered
from replication.domain.words import duration
from replication.grid import Choice, Column, Grid, Rows, by, distinct
from replication.ledger import tag_line
from replication.models import Breach, LedgerMonth

MONTHS = 13  # to choose from


def objective() -> float:
    """The share of known time that is to be within target."""
    return float(settings.value("ledger.objective")) / 100


def this_month() -> date:
    return arithmetic.month_of(clock.now(), timezone.get_default_timezone())


def month_from(text: str) -> date:
    """The month that an address names as 2026-11; the present one when it names none."""
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return this_month()
    return month if 2000 <= month.year <= 2100 else this_month()


def months(chosen: date) -> list[tuple[str, str]]:
    """(value, label) of the months to choose from, newest first; the chosen one is always among them."""
    found, month = [], this_month()
    for _ in range(MONTHS):
        found.append(month)
        month = (month - timedelta(days=1)).replace(day=1)
    return [(f"{each:%Y-%m}", f"{each:%B %Y}") for each in sorted({*found, chosen}, reverse=True)]


def grid(several_vaults: bool, share: float) -> Grid:
    """Machines of a month, those longest out of target first."""
    columns = [
        Column(key="name", label="Machine", order=("item__name",), text=lambda row: row.item.name),
        Column(key="group", label="Resource group", order=("item__resource_group", "item__name"), text=lambda row: row.item.resource_group),
        Column(key="out", label="Out of target, minutes", order=("-out",), text=lambda row: minutes(row.out)),
        Column(key="excused", label="Excused, minutes", order=("-excused",), text=lambda row: minutes(row.excused)),
        Column(key="unknown", label="Unknown, minutes", order=("-unknown",), text=lambda row: minutes(row.unknown)),
        Column(key="within", label="Within target, minutes", order=("-within",), text=lambda row: minutes(row.within)),
        Column(key="worst", label="Highest RPO, seconds", order=("-worst",), nullable=True, text=lambda row: row.worst),
        Column(key="attained", label="Attained, %", text=lambda row: percent(budget(row, share).attained)),
        Column(key="left", label="Budget left, minutes", text=lambda row: minutes(budget(row, share).left)),
        Column(key="tags", label="Tags", text=lambda row: ", ".join(row.tags.split())),
    ]
    filters = [
        Choice(key="state", label="Budget", narrow=_by_state(share), options=[("over", "Overspent"), ("kept", "Kept")]),
        Choice(key="tag", label="Tag", narrow=lambda rows, tag: rows.filter(tags__contains=tag_line(tag)), options=_tags),
    ]
    if several_vaults:
        vault = Column(key="vault", label="Vault", order=("item__vault__name", "item__name"), text=lambda row: row.item.vault.name)
        columns.insert(1, vault)
        filters.append(Choice(key="vault", label="Vault", narrow=by("item__vault__name"), options=distinct("item__vault__name")))
    return Grid(columns=columns, filters=filters, search=partial(finding.items, key="item"), default_sort="out")


def _by_state(share: float) -> Callable[[Rows, str], Rows]:
    def narrow(rows: Rows, value: str) -> Rows:
        over = overspent(share)
        return rows.filter(over) if value == "over" else rows.exclude(over)

    return narrow


def overspent(share: float) -> Q:
    """Months of machines that spent more than their budget."""
    return Q(out__gt=F("excused") + (F("within") + F("out")) * (1 - share))


def _tags(rows: Rows) -> Sequence[tuple[str, str]]:
    found = {line for text in rows.order_by().values_list("tags", flat=True).distinct() for line in text.split("\n") if line}
    return [(tag, tag) for tag in sorted(found)[:200]]


def minutes(seconds: float) -> float:
    return round(seconds / 60, 1)


def percent(share: float | None) -> float | None:
    """Rounded down, so that 100 % means all of it."""
    return None if share is None else int(share * 10_000 + 1e-6) / 100


def budget(row: LedgerMonth, share: float) -> Budget:
    return Budget(row.within, row.out, row.excused, share)


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A machine's month."""

    row: LedgerMonth
    share: float

    @property
    def budget(self) -> Budget:
        return budget(self.row, self.share)

    @property
    def attained(self) -> float | None:
        return percent(self.budget.attained)

    @property
    def left(self) -> str:
        """What is left of the budget, or by how much it is overspent."""
        left = self.budget.left
        return duration(left) if left >= 0 else f"overspent by {duration(-left)}"

    @property
    def overspent(self) -> bool:
        return self.budget.left < -0.5

    @property
    def tags(self) -> list[str]:
        return self.row.tags.split()

    @property
    def url(self) -> str:
        return f"{reverse('replication:ledger_item', args=[self.row.item_id])}?month={self.row.month:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Sums:
    """Several machines together, in seconds."""

    label: str
    machines: int
    over: int
    within: float
    out: float
    excused: float
    unknown: float
    share: float

    @property
    def attained(self) -> float | None:
        return percent(Budget(self.within, self.out, self.excused, self.share).attained)

    @property
    def parts(self) -> list[charts.Part]:
        """For the bar: hours are enough."""
        seconds = (("ok", "within target", self.within), ("info", "excused", self.excused),
                   ("error", "out of target", self.out - self.excused), ("none", "unknown", self.unknown))  # fmt: skip
        return [charts.Part(tone, label, round(amount / 60)) for tone, label, amount in seconds]


def sums(rows: QuerySet[LedgerMonth], share: float, label: str = "All machines") -> Sums:
    """One query."""
    totals = {name: Sum(name, default=0.0) for name in ("within", "out", "excused", "unknown")}
    over = Count("pk", filter=overspent(share))
    # the sums are named apart from the columns that `over` reads
    found = rows.order_by().aggregate(machines=Count("pk"), over=over, **{f"all_{name}": each for name, each in totals.items()})
    return Sums(
        label,
        found["machines"],
        found["over"],
        within=found["all_within"],
        out=found["all_out"],
        excused=found["all_excused"],
        unknown=found["all_unknown"],
        share=share,
    )


def by_tag(rows: QuerySet[LedgerMonth], name: str, share: float) -> list[Sums]:
    """The month by the values of a tag, worst first; one query. Machines without the tag stand under 'without it'."""
    found: dict[str, list[LedgerMonth]] = defaultdict(list)
    for row in rows.order_by().select_related(None).only("within", "out", "excused", "unknown", "tags"):
        values = [line.partition(":")[2] for line in row.tags.split("\n") if line.partition(":")[0] == name.lower()]
        found[values[0] if values else ""].append(row)
    made = [_sum(value or "without it", some, share) for value, some in found.items()]
    return sorted(made, key=lambda each: (each.excused - each.out, each.label))


def _sum(label: str, rows: Sequence[LedgerMonth], share: float) -> Sums:
    over = sum(budget(row, share).left < 0 for row in rows)
    columns = {name: sum(getattr(row, name) for row in rows) for name in ("within", "out", "excused", "unknown")}
    return Sums(label, len(rows), over, **columns, share=share)


def tag_names(rows: QuerySet[LedgerMonth]) -> list[str]:
    """Names of the tags that the month's machines have."""
    return sorted({tag.partition(":")[0] for tag, _ in _tags(rows)})


@dataclass(frozen=True, slots=True)
class BreachRow:
    """A time out of target; excused and length in seconds within the month."""

    breach: Breach
    begun: datetime
    ended: datetime
    excused: float

    @property
    def length(self) -> float:
        return (self.ended - self.begun).total_seconds()


def breaches(found: Iterable[Breach], month: date, windows: Sequence[Window]) -> list[BreachRow]:
    """What of the breaches lies in the month, as the ledger counts it."""
    zone = timezone.get_default_timezone()
    return [
        BreachRow(each, begun, ended, covered(begun, ended, windows).total_seconds())
        for each in found
        for in_month, begun, ended in by_month(each.begun_at, each.ended_at, zone)
        if in_month == month
    ]
