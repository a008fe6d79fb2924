"""Which machines are protected and which are not, by group and by tag; and what earlier replication left behind."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from replication import finding
from replication.charts import Part
from replication.domain import ids
from replication.grid import Choice, Column, Grid, Rows, Text, by, distinct, words
from replication.markup import address_if_any
from replication.models import Coverage, Machine, Resource
from replication.presenters.looks import moment, region

LISTED = 6  # groups and tags on a dashboard
KINDS = {"replica_disk": "Disk", "resource_group": "Resource group", "storage_account": "Cache storage account"}


@dataclass(frozen=True, slots=True)
class Share:
    """A group or a tag: how many machines it has, how many of them nobody protects, and where these are listed."""

    name: str
    machines: int
    bare: int
    url: str


@dataclass(frozen=True, slots=True)
class Covered:
    """The coverage that a person sees, out of a few rows whatever the number of machines."""

    rows: list[Coverage]

    @property
    def machines(self) -> int:
        return sum(row.machines for row in self.rows)

    @property
    def bare(self) -> int:
        return sum(row.bare for row in self.rows)

    @property
    def replicable(self) -> int:
        return sum(row.replicable for row in self.rows)

    @property
    def protected(self) -> int:
        return self.machines - self.bare

    @property
    def parts(self) -> list[Part]:
        return [Part("ok", "Protected", self.protected), Part("track", "Not protected", self.bare)]

    @property
    def groups(self) -> list[Share]:
        """Those with most to do; groups of the same name in two subscriptions are two."""
        worst = sorted((row for row in self.rows if row.bare), key=lambda row: (-row.bare, row.resource_group.lower()))
        return [
            Share(
                row.resource_group,
                row.machines,
                row.bare,
                machines_url(group=row.group_key, subscription=row.subscription_id),
            )
            for row in worst[:LISTED]
        ]

    @property
    def tags(self) -> list[Share]:
        counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for row in self.rows:
            for tag, (machines, bare) in row.tags.items():
                counted[tag][0] += machines
                counted[tag][1] += bare
        shares = [Share(tag, machines, bare, machines_url(tag=tag)) for tag, (machines, bare) in counted.items() if bare]
        return sorted(shares, key=lambda share: (-share.bare, share.name))[:LISTED]


def machines_url(**filters: str) -> str:
    """The list of machines that nobody protects, narrowed."""
    return f"{address_if_any('replication:coverage')}?{urlencode({'protected': 'no', **filters})}"


# --- machines ------------------------------------------------------------------------------------------------------------


# What a row is made of, on the page and in an export.
SHOWN = ("name", "resource_group", "subscription_id", "location", "os_type", "power", "protected_in", "replicable", "verdicts", "tags")


def grid(names: Mapping[str, str], subscriptions: Mapping[str, str], locations: Sequence[str] | None = None) -> Grid:
    """Machines with whether anybody protects them. locations: the regions in which they stand, where that is known beforehand."""

    def label(name: str) -> str:
        return region(names, name)

    return Grid(
        columns=(
            Column(key="name", label="Name", order=("name",), text=lambda m: m.name),
            Column(key="group", label="Resource group", order=("resource_group", "name"), text=lambda m: m.resource_group),
            Column(key="subscription", label="Subscription", text=lambda m: subscriptions.get(m.subscription_id, m.subscription_id)),
            Column(key="region", label="Region", order=("location", "name"), text=lambda m: region(names, m.location)),
            Column(key="os", label="Operating system", order=("os_type", "name"), text=lambda m: m.os_type),
            Column(key="power", label="Power", order=("power", "name"), text=lambda m: m.power),
            Column(key="protection", label="Protection", order=("protected_in", "name"), text=lambda m: MachineRow(m, names).word),
            Column(key="why", label="Why not", text=lambda m: MachineRow(m, names).why),
            Column(key="tags", label="Tags", text=lambda m: ", ".join(filter(None, m.tags.split("\n")))),
        ),
        filters=(
            Choice(key="protected", label="Protected", narrow=_protected, options=[("no", "no"), ("yes", "yes")]),
            Choice(key="possible", label="Can be replicated", narrow=_possible, options=[("yes", "yes"), ("no", "no")]),
            Choice(key="subscription", label="Subscription", narrow=by("subscription_id"), options=_of(subscriptions)),
            Text(key="group", label="Resource group", narrow=by("group_key")),
            Text(key="tag", label="Tag", narrow=lambda rows, tag: rows.filter(brief__tags__contains=f"\n{tag.lower()}\n")),
            Choice(
                key="region",
                label="Region",
                narrow=by("location"),
                options=distinct("location", label) if locations is None else [(each, label(each)) for each in locations],
            ),
        ),
        search=finding.machines,
        default_sort="name",
        alike="gone_at",
    )


def places(kept: Iterable[list[str] | None]) -> list[str] | None:
    """The regions of what was counted together; None while one was counted without."""
    found = list(kept)
    return None if None in found else sorted({each for group in found for each in group or ()})


def _of(subscriptions: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(subscriptions.items(), key=lambda pair: pair[1].lower())


def _protected(rows: Rows, value: str) -> Rows:
    return rows.filter(protected_in="") if value == "no" else rows.exclude(protected_in="")


def _possible(rows: Rows, value: str) -> Rows:
    return rows.filter(replicable=value == "yes", protected_in="")


@dataclass(frozen=True, slots=True)
class MachineRow:
    """A machine of the list."""

    machine: Machine
    names: Mapping[str, str]

    @property
    def word(self) -> str:
        return "Protected" if self.machine.protected_in else "Not protected"

    @property
    def region(self) -> str:
        return region(self.names, self.machine.location)

    @property
    def why(self) -> str:
        """What stands in the way of protecting it; '' for what is protected."""
        if self.machine.protected_in:
            return ""
        if self.machine.replicable:
            return "Nobody has; it can be replicated."
        first = next((each for each in self.machine.verdicts if each.get("effect") == "block"), None)
        return str(first["message"]) if first else "Not known yet."

    @property
    def tags(self) -> list[str]:
        return [tag for tag in self.machine.tags.split("\n") if tag][:4]


# --- leftovers -----------------------------------------------------------------------------------------------------------


def leftovers_grid(names: Mapping[str, str], subscriptions: Mapping[str, str]) -> Grid:
    """Resources with a name that Site Recovery gives, to which no replicated item refers."""
    return Grid(
        columns=(
            Column(key="name", label="Name", order=("name",), text=lambda r: r.name),
            Column(key="kind", label="Kind", order=("kind", "name"), text=lambda r: KINDS.get(r.kind, r.kind)),
            Column(key="group", label="Resource group", order=("group_key", "name"), text=lambda r: ids.group_name(r.arm_id)),
            Column(key="subscription", label="Subscription", text=lambda r: subscriptions.get(r.subscription_id, r.subscription_id)),
            Column(key="region", label="Region", order=("location", "name"), text=lambda r: region(names, r.location)),
            Column(key="size", label="Size GiB", text=lambda r: r.document.get("size_gib") or ""),
            Column(key="id", label="Resource id", text=lambda r: r.arm_id),
        ),
        filters=(
            Choice(key="kind", label="Kind", narrow=by("kind"), options=list(KINDS.items())),
            Choice(key="subscription", label="Subscription", narrow=by("subscription_id"), options=_of(subscriptions)),
        ),
        search=words("name", "group_key"),
        default_sort="kind",
    )


@dataclass(frozen=True, slots=True)
class LeftoverRow:
    """Something that was left behind."""

    resource: Resource
    names: Mapping[str, str]

    @property
    def kind(self) -> str:
        return KINDS.get(self.resource.kind, self.resource.kind)

    @property
    def group(self) -> str:
        return ids.group_name(self.resource.arm_id)

    @property
    def region(self) -> str:
        return region(self.names, self.resource.location)

    @property
    def size(self) -> int | None:
        size: int | None = self.resource.document.get("size_gib")
        return size

    @property
    def created(self) -> object:
        return moment(self.resource.document.get("created_at"))


def by_kind(found: Mapping[str, int]) -> list[Share]:
    """Leftovers by their kind as links to their list."""
    page = reverse("replication:leftovers")
    return [
        Share(word, found[kind], found[kind], f"{page}?{urlencode({'kind': kind})}")
        for kind, word in KINDS.items()
        if found.get(kind)
    ]
