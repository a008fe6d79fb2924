"""Replicated items: the grid, its summary and its rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Exists, JSONField, OuterRef, QuerySet, Subquery
from django.utils.functional import cached_property

from replication import clock, counts, finding, history, rpo
from replication.charts import Part
from replication.counts import TEST_EVERY, test_due
from replication.domain import ids
from replication.domain.safety import Safety
from replication.domain.series import Bucket
from replication.domain.states import HEALTH, HEALTH_RANK, ITEM, ItemStatus
from replication.domain.words import duration
from replication.grid import Choice, Column, Grid, Rows, Text, by, distinct
from replication.markup import row_address
from replication.models import AffectedItem, Machine, ProtectedItem, Vault
from replication.presenters import safety
from replication.presenters.looks import State, health_word, item_state, region

# What no row shows of its vault: documents, long to parse fifty times.
UNSEEN = ("vault__site", "vault__caches", "vault__summary", "vault__problem")
# What the usual columns are made of.
_USUAL = (
    "name", "resource_group", "health", "status", "protection_state", "progress", "rpo", "primary_location", "recovery_location",
    "active_location", "last_test_at", "issue_count", "version", "vault_id",
)  # fmt: skip
Item = TypeVar("Item", bound=ProtectedItem)
_VAULT: Any = ProtectedItem._meta.get_field("vault")
_MOVING = tuple(status.value for status, look in ITEM.items() if look.moving)


def grid(names: Mapping[str, str], several_vaults: bool, vaults: Sequence[Vault] = ()) -> Grid:
    """The grid of one vault, or of all that a person sees. names: the regions' display names; vaults: those whose items it has."""
    columns, filters = list(_columns(names)), list(_filters(names, vaults))
    if several_vaults:
        columns.insert(
            1, Column(key="vault", label="Vault", order=("vault__name", "name"), text=lambda i: i.vault.name)
        )
        filters.append(Choice(key="vault", label="Vault", narrow=by("vault__name"), options=[(vault.name, vault.name) for vault in vaults]))
    return Grid(columns=columns, filters=filters, search=finding.items, default_sort="health", alike="gone_at")


def _columns(names: Mapping[str, str]) -> tuple[Column, ...]:
    return (
        Column(key="name", label="Name", order=("name",), text=lambda i: i.name),
        Column(key="group", label="Resource group", order=("resource_group", "name"), text=lambda i: i.resource_group),
        Column(key="health", label="Health", order=("-health_rank", "name"), text=lambda i: health_word(i.health)),
        Column(key="status", label="Status", order=("status", "name"), text=_status_text),
        Column(key="progress", label="Progress %", shown=False, text=lambda i: i.progress),
        Column(key="verdict", label="Verdict", shown=False, text=lambda i: safety.of_item(i).safety.label),
        Column(key="why", label="Why", shown=False, text=lambda i: safety.of_item(i).why),
        Column(key="rpo", label="RPO seconds", head="RPO", order=("-rpo",), nullable=True, text=lambda i: i.rpo),
        Column(key="course", label="RPO, last 24 hours", shown=False, drawn=True),
        Column(key="source", label="Source region", shown=False, text=lambda i: region(names, i.primary_location)),
        Column(key="target", label="Target region", shown=False, text=lambda i: region(names, i.recovery_location)),
        Column(
            key="regions", label="Active and recovery region", order=("primary_location", "name"), text=lambda i: i.active_location
        ),
        Column(key="policy", label="Policy", shown=False, text=lambda i: i.policy_name),
        Column(
            key="test", label="Last test failover", head="Last test", order=("last_test_at",), nullable=True, text=_moment("last_test_at")
        ),
        Column(key="issues", label="Issues", order=("-issue_count", "name"), text=lambda i: i.issue_count),
        Column(key="since", label="Protected since", shown=False, order=("copied_at",), nullable=True, text=_moment("copied_at")),
        Column(key="target_group", label="Target resource group", shown=False, text=target_group),
        Column(key="os", label="Operating system", shown=False, text=lambda i: detail(i, "osType")),
        Column(key="agent", label="Agent version", shown=False, text=lambda i: detail(i, "agentVersion")),
        Column(key="tags", label="Tags", shown=False, text=tags_text),
        Column(key="as_of", label="As of", shown=False, text=_moment("as_of")),
    )


def with_what_it_shows(rows: Rows, view_asks: str, whole: bool) -> Rows:
    """Rows with what their columns need. view_asks: the columns of the query string; whole: an export of all columns.

    A page's rows come without their vaults: `of_vaults` gives them.
    """
    asked = set(view_asks.split(",")) if view_asks else set()
    if not whole:
        rows = rows.select_related(None)
    if not asked and not whole:
        return rows.only(*_USUAL)
    if "tags" in asked or not asked:
        machines = Machine.objects.filter(connection=OuterRef("connection_id"), key=OuterRef("machine_key")).values("document__tags")
        rows = rows.annotate(machine_tags=Subquery(machines[:1], output_field=JSONField()))
    unseen = ["search", *UNSEEN] if whole else ["search"]
    if asked and not asked & {"target_group", "os", "agent"}:
        unseen.append("document")
    return rows.defer(*unseen)


def of_vaults(items: Iterable[Item], vaults: Iterable[Vault]) -> list[Item]:
    """Items with their vaults, of those that the page has read: fifty rows of one vault are not fifty times that vault."""
    known, found = {vault.pk: vault for vault in vaults}, list(items)
    for item in found:
        if item.vault_id in known:
            _VAULT.set_cached_value(item, known[item.vault_id])
    return found


def target_group(item: ProtectedItem) -> str:
    return ids.name(str((item.document or {}).get("recovery_group_id") or ""))


def detail(item: ProtectedItem, name: str) -> str:
    """One of Azure's own A2A details."""
    return str(((item.document or {}).get("details") or {}).get(name) or "")


def tags_text(item: ProtectedItem) -> str:
    """owner: Ada, tier: gold; rows come from `with_what_it_shows`."""
    tags = getattr(item, "machine_tags", None) or {}
    return ", ".join(f"{name}: {value}" for name, value in tags.items())


def _with_code(rows: Rows, code: str) -> Rows:
    """Machines that have a symptom now."""
    there = AffectedItem.objects.filter(item=OuterRef("pk"), issue__key=code, gone_at=None)
    return rows.filter(Exists(there))


def _known(vaults: Sequence[Vault], name: str, label: Callable[[str], str] = str) -> Any:
    """The choices of a filter, as counted when the items were stored; else read from the rows."""
    found = counts.values(vaults, name)
    return distinct(name, label) if found is None else [(value, label(value)) for value in found]


def _filters(names: Mapping[str, str], vaults: Sequence[Vault]) -> tuple[Choice | Text, ...]:
    statuses = [(status.value, look.label) for status, look in ITEM.items()]
    return (
        Choice(
            key="verdict",
            label="Verdict",
            narrow=lambda rows, word: rows.filter(safety.having(word)),
            options=[(word.value, word.label) for word in Safety],
        ),
        Choice(key="health", label="Health", narrow=_by_health, options=[(k, v.label) for k, v in HEALTH.items()]),
        Choice(key="status", label="Status", narrow=_by_status, options=[("moving", "In progress"), *statuses]),
        Choice(
            key="source",
            label="Source",
            narrow=by("primary_location"),
            options=_known(vaults, "primary_location", lambda name: region(names, name)),
        ),
        Choice(key="policy", label="Policy", narrow=by("policy_name"), options=_known(vaults, "policy_name")),
        Text(key="code", label="Health issue", narrow=_with_code),
        Choice(
            key="rpo",
            label="RPO",
            narrow=lambda rows, _: rows.filter(rpo.above()),
            options=[("above", f"above {rpo.words(vaults)}")],
        ),
        Choice(
            key="test", label="Test failover", narrow=lambda rows, _: rows.filter(test_due()), options=[("due", "due")]
        ),
    )


def _by_health(rows: Rows, value: str) -> Rows:
    """With its rank, by which an index finds them."""
    return rows.filter(health=value, health_rank=HEALTH_RANK.get(value, 0))


def _by_status(rows: Rows, value: str) -> Rows:
    return rows.filter(status__in=_MOVING) if value == "moving" else rows.filter(status=value)


def _status_text(item: ProtectedItem) -> str:
    return item_state(item.status, item.protection_state).label


def _moment(name: str) -> Callable[[Any], str]:
    def text(row: Any) -> str:
        at = getattr(row, name)
        return at.isoformat(timespec="seconds") if at else ""

    return text


# --- the cards ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The numbers of the cards; one query."""

    total: int
    newest: int | None  # row id of the item that came last
    health: dict[str, int]
    protected: int
    copying: int
    enabling: int
    waiting: int
    above_target: int
    target: str  # in words
    measured: int
    worst_rpo: int | None
    test_due: int

    def of(self, asked: Mapping[str, str]) -> int | None:
        """How many rows these filters leave, where that is among what was counted."""
        if list(asked) == ["health"]:
            return self.health.get(asked["health"])
        statuses = {"protected": self.protected, "copying": self.copying, "enabling": self.enabling, "finishing": self.waiting}
        return statuses.get(asked["status"]) if list(asked) == ["status"] else None

    @property
    def moving(self) -> int:
        """Machines on their way to being protected."""
        return self.copying + self.enabling + self.waiting

    def health_parts(self, address: str = "") -> list[Part]:
        """For the donut, each a link to the grid at `address`; *Not applicable* only when there is any."""
        tones = {"Critical": "error", "Warning": "warn", "Normal": "ok", "None": "none"}
        shown = [value for value in tones if value != "None" or self.health["None"]]
        return [Part(tones[v], HEALTH[v].label, self.health[v], f"{address}?{urlencode({'health': v})}") for v in shown]

    @property
    def state_parts(self) -> list[Part]:
        moving = self.copying + self.enabling + self.waiting
        rest = self.total - self.protected - moving
        return [
            Part("ok", "Protected", self.protected),
            Part("info", "In progress", moving),
            Part("none", "Other", rest),
        ]

    @property
    def rpo_parts(self) -> list[Part]:
        return [Part("ok", "Within", self.measured - self.above_target), Part("error", "Above", self.above_target)]

    @property
    def test_parts(self) -> list[Part]:
        return [Part("ok", "Tested", self.protected - self.test_due), Part("track", "Due", self.test_due)]

    @property
    def within_percent(self) -> str:
        """Share of machines within the target; a share that is not whole never rounds up to 100."""
        if not self.measured:
            return "—"
        share = 1000 * (self.measured - self.above_target) // self.measured / 10
        return f"{share:.1f}%".replace(".0%", "%")

    @property
    def tested(self) -> int:
        return self.protected - self.test_due


def summary(rows: QuerySet[ProtectedItem], vaults: Sequence[Vault] = ()) -> Summary:
    """Counts over all of a person's items in view, whatever the filter: as counted when they were stored, else now."""
    found = dict(counts.kept(vaults) or counts.count(rows))
    return Summary(health={value: found.pop(f"health_{value}") for value in HEALTH}, target=rpo.words(vaults), **found)


# --- rows --------------------------------------------------------------------------------------------------------------


def item_rows(items: Iterable[ProtectedItem], names: Mapping[str, str], columns: Sequence[Column]) -> "list[ItemRow]":
    """Rows with what these columns show; the history is asked only where one draws it."""
    found = list(items)
    courses = history.courses(found) if any(column.drawn for column in columns) else {}
    return [ItemRow(item, names, courses.get(item.pk, ())) for item in found]


@dataclass(frozen=True)
class ItemRow:
    """An item as the grid shows it. course: the last day in half hours, where a column draws it.

    Its properties are kept by Django's means: Python's own take a lock until 3.12, which every row pays for.
    """

    item: ProtectedItem
    names: Mapping[str, str]
    course: Sequence[Bucket] = ()

    @cached_property
    def url(self) -> str:
        return row_address("item", self.item.pk)

    @cached_property
    def state(self) -> State:
        return item_state(self.item.status, self.item.protection_state)

    @property
    def progress(self) -> int | None:
        return self.item.progress if self.state.moving else None

    @property
    def rpo_text(self) -> str:
        return duration(self.item.rpo or 0)

    @property
    def above_target(self) -> bool:
        return self.item.rpo is not None and self.item.rpo > rpo.target(self.item.vault)

    @property
    def source(self) -> str:
        return region(self.names, self.item.primary_location)

    @property
    def target(self) -> str:
        return region(self.names, self.item.recovery_location)

    @property
    def active(self) -> str:
        return region(self.names, self._ends[0])

    @property
    def other(self) -> str:
        return region(self.names, self._ends[1])

    @property
    def _ends(self) -> tuple[str, str]:
        """Where it runs now and where it would go: turned round while it runs in the recovery region."""
        ends = self.item.primary_location, self.item.recovery_location
        return (ends[1], ends[0]) if self.item.active_location == "Recovery" else ends

    @property
    def test_due(self) -> bool:
        last: datetime | None = self.item.last_test_at
        return self.item.status == ItemStatus.PROTECTED and (last is None or last < clock.now() - TEST_EVERY)

    @property
    def issues_tone(self) -> str:
        return "error" if self.item.health == "Critical" else "warn"
