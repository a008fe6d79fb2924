"""*Customize*: the lists of what exists in the target location, and what each machine gets."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.safestring import SafeString

from replication import access
from replication.domain import ids
from replication.domain import regions as rules
from replication.domain.choices import NONE, Choices
from replication.domain.compiler import HIGH, NORMAL, Resolver, Target
from replication.domain.inventory import Machine as DomainMachine
from replication.domain.inventory import Model
from replication.domain.plan import Facts
from replication.domain.targets import Homes
from replication.domain.words import amount
from replication.forms.wizard import (
    CHURN,
    DISK_TYPES,
    LABELS,
    ROW,
    Options,
    RowForm,
    availability,
    entries,
    initial,
    listed,
    select,
)
from replication.markup import row_address
from replication.models import Draft, DraftMachine, Person, Resource

Kind = Resource.Kind
ROW_LIST = 60  # so many entries has a list in the table at most: the machine's own page has all of them


def _classic(arm_id: str) -> bool:
    """Whether the id is of a classic resource (Microsoft.ClassicNetwork, Microsoft.ClassicStorage)."""
    return "/microsoft.classic" in ids.key(arm_id)


def _in(arm_id: str, group_id: str) -> bool:
    return ids.same(ids.group_of(arm_id), group_id)


class Targets:
    """The lists of *Customize*: what exists in the target location and what the person's grants open there."""

    def __init__(self, draft: Draft, person: Person, chosen: Choices, facts: Facts) -> None:
        self.choices, self.facts = chosen, facts
        self._rows: dict[Hashable, Mapping[str, RowList]] = {}  # by what makes machines alike here
        self.target, self.source = chosen.target, chosen.source
        self.resolver = Resolver(chosen, facts)
        self._plain = Resolver(replace(chosen, machines={}), facts)  # without the machines' own choices
        rows = list(self._opened(draft, person))
        place = rules.normal(self.target.location)
        self.ids: dict[str, list[str]] = {kind.value: [] for kind in Kind}
        for kind, arm_id, location in rows:
            if rules.normal(location) == place:
                self.ids[kind].append(arm_id)
        self.sets = {ids.key(each) for each in self.ids[Kind.AVAILABILITY_SET]}
        # A group may lie in any region but the source's, except between zones (portal-behaviour.md §1.2).
        away = None if self.source.zonal else self.source.location
        self.groups = [i for k, i, where in rows if k == Kind.GROUP and rules.normal(where) != away]
        self.caches = self._caches(draft, person)
        self.zones = facts.zones.get(place, ())

    def _opened(self, draft: Draft, person: Person) -> Any:
        """(kind, id, region); a classic machine is recovered into classic resources only."""
        classic = self.source.model is Model.CLASSIC
        opened = access.targets(person, draft.vault).filter(subscription_id__iexact=self.target.subscription_id)
        for kind, arm_id, location in opened.values_list("kind", "arm_id", "location"):
            if kind == Kind.GROUP or _classic(arm_id) == classic:
                yield kind, arm_id, location

    def _caches(self, draft: Draft, person: Person) -> dict[str, list[str]]:
        """Accounts of the source region by the churn that they serve (§1.4); without shared keys none serves."""
        found: dict[str, list[str]] = {NORMAL: [], HIGH: []}
        rows = access.sources(person, draft.vault).filter(
            kind=Kind.ACCOUNT, location=self.source.location, subscription_id__in=self.source.subscription_ids
        )
        for arm_id, document in rows.values_list("arm_id", "document"):
            if _classic(arm_id) or not document.get("shared_key", True):
                continue
            if document.get("kind") == "BlockBlobStorage":
                found[HIGH].append(arm_id)
            elif str(document.get("sku", "")).startswith("Standard"):
                found[NORMAL].append(arm_id)
        return found

    def every(self) -> dict[str, Options]:
        """For all machines: each list begins with the rule in words."""
        target, facts, patterns = self.target, self.facts, self.facts.naming
        name = patterns.made(
            "resource_group", "<source group>", vault=facts.vault.name, source="", target=target.location
        )
        options: dict[str, Options] = {
            "group_id": listed(f"By the rule: {name}", self.groups, target.group_id),
            "cache_account_id": self._cache(NORMAL, target.cache_account_id),
            "storage_account_id": listed("By the rule: after the source account", self.ids[Kind.ACCOUNT], target.storage_account_id),
        }  # fmt: skip
        if self.source.model is Model.CLASSIC:
            return options
        same = "the machine's own network" if self.source.zonal else "the mapped one, or after the source network"
        networks = {subnet.name for network in facts.networks.values() for subnet in network.subnets}
        return options | self._placed(target) | {
            "network_id": listed(f"By the rule: {same}", self.ids[Kind.NETWORK], target.network_id),
            "subnet_name": [("", "By the rule: the source subnet's name"), *((each, each) for each in sorted(networks))],
            "availability": availability("By the rule: as the source", self.zones, self._sets(target.availability_set_id, target.group_id)),
            "churn": CHURN,
            "high_cache_account_id": self._cache(HIGH, target.high_cache_account_id),
            "disk_type": DISK_TYPES,
            "failover_type": DISK_TYPES,
        }  # fmt: skip

    def _cache(self, churn: str, chosen: str) -> Options:
        """For all machines: the vault's account for the churn, then what is there."""
        return listed(f"By the rule: {_known(self._plain.cache_id(None, churn), self.facts.accounts)}", self.caches[churn], chosen)

    def homes(self, machine: DomainMachine, *, every: bool = False) -> Homes:
        """Where what is new is made for the machine where it has no group of its own; every: for all, of which it is the first."""
        group_id = self.resolver.group_id(machine) if every else self._plain.target(machine).group_id
        return Homes(self.target.subscription_id, group_id, ids.group_of(self.resolver.cache_id(machine)))

    def _sets(self, chosen: str, group_id: str) -> Options:
        """Those of the machine's group, and what is chosen already; all where each machine goes to a group of its own."""
        chosen = "" if chosen == NONE else chosen
        near = [each for each in self.ids[Kind.AVAILABILITY_SET] if not group_id or _in(each, group_id) or ids.same(each, chosen)]
        away = {each for each in near if not _in(each, group_id)}
        found = listed("", near, chosen)[1:]
        return [(each, f"{words}, in {ids.group_name(each)}" if each in away else words) for each, words in found]

    def _placed(self, said: Any) -> dict[str, Options]:
        """Placement, capacity and keys: lists that begin with the rule."""
        group = "" if said.placement_group_id == NONE else said.placement_group_id
        placement = listed("By the rule: as the source", self.ids[Kind.PLACEMENT_GROUP], group)
        return {
            "placement_group_id": [placement[0], (NONE, "None"), *placement[1:]],
            "capacity_group_id": listed("None", self.ids[Kind.CAPACITY_GROUP], said.capacity_group_id),
            "encryption_set_id": listed("None", self.ids[Kind.ENCRYPTION_SET], said.encryption_set_id),
        }

    def machine(self, machine: DomainMachine) -> dict[str, Options]:
        """For one machine: only what applies to it; the first entry says what it gets without a choice of its own."""
        own, default = self.resolver.own(machine), self._plain.target(machine)
        facts, managed = self.facts, any(disk.managed for disk in machine.disks)
        options: dict[str, Options] = {
            "group_id": listed(_known(default.group_id, facts.groups), self.groups, own.group_id),
            "cache_account_id": self._own_cache(machine, NORMAL, own.cache_account_id),
        }
        if machine.model is Model.RESOURCE_MANAGER:
            options |= self._modern(machine, default)
        if not managed:
            for name in ("churn", "high_cache_account_id", "disk_type", "failover_type", "encryption_set_id"):
                options.pop(name, None)
        if any(not disk.managed for disk in machine.disks):
            options["storage_account_id"] = listed("By the rule", self.ids[Kind.ACCOUNT], own.storage_account_id)
        if not any(disk.encryption_set_id for disk in machine.disks):
            options.pop("encryption_set_id", None)
        return options

    def _modern(self, machine: DomainMachine, default: Target) -> dict[str, Options]:
        own, facts, target = self.resolver.own(machine), self.facts, self.resolver.target(machine)
        subnets = self.resolver.subnets(machine, target.network_id)
        sets = self._sets(own.availability_set_id, target.group_id) if machine.availability_set_id else []
        return self._placed(own) | {
            "network_id": listed(_known(default.network_id, facts.networks), self.ids[Kind.NETWORK], own.network_id),
            "subnet_name": [("", default.subnet_name or "By the rule"), *((name, name) for name in subnets)],
            "availability": availability(_placement(default), self.zones, sets),
            "churn": [("", f"{default.churn} churn"), *CHURN[1:]],
            "high_cache_account_id": self._own_cache(machine, HIGH, own.high_cache_account_id),
            "disk_type": DISK_TYPES,
            "failover_type": DISK_TYPES,
        }

    def _own_cache(self, machine: DomainMachine, churn: str, chosen: str) -> Options:
        return listed(_known(self._plain.cache(machine, churn), self.facts.accounts), self.caches[churn], chosen)

    def row(self, machine: DomainMachine) -> Mapping[str, "RowList"]:
        """The same for the table, where 25 machines have such lists: those that are alike have the same."""
        alike = (self.resolver.alike(machine), *{disk.managed for disk in machine.disks})
        if alike not in self._rows:
            self._rows[alike] = self._row(machine)
        return self._rows[alike]

    def _row(self, machine: DomainMachine) -> Mapping[str, "RowList"]:
        """Long lists are cut, the choice itself is kept."""
        options, own = self.machine(machine), initial(self.resolver.own(machine))
        cut = {name: [*options[name][:ROW_LIST], *(each for each in options[name][ROW_LIST:] if each[0] == own[name])]
               for name in ROW if name in options}  # fmt: skip
        return {name: RowList(some, entries(some)) for name, some in cut.items()}

    def keys(self) -> Options:
        """For one disk with a customer-managed key."""
        return listed("As for the machine", self.ids[Kind.ENCRYPTION_SET])


def _placement(target: Target) -> str:
    """What a machine is placed in, in a word."""
    if target.zone:
        return f"Availability zone {target.zone}"
    return ids.name(target.set_id) if target.set_id else "Single instance"


def _known(arm_id: str, known: Mapping[str, Any]) -> str:
    if not arm_id:
        return "None"
    return ids.name(arm_id) if ids.key(arm_id) in known else f"(new) {ids.name(arm_id)}"


@dataclass(frozen=True, slots=True)
class RowList:
    """A list of the table, and its entries as every machine that has it shows them."""

    options: Options
    drawn: str


@dataclass(frozen=True, slots=True)
class Row:
    """A machine of the table. saved: what its controls show, as forms have it; form: what was sent instead.

    extra: what of it is changed that the table does not show.
    """

    chosen: DraftMachine
    lists: Mapping[str, RowList]
    saved: Mapping[str, str]
    form: RowForm | None
    extra: tuple[str, ...]

    @property
    def machine(self) -> Any:
        return self.chosen.machine

    @property
    def url(self) -> str:
        return row_address("draft_machine", self.chosen.pk, self.chosen.draft_id)

    @property
    def cells(self) -> SafeString:
        """The cells of the machine's controls."""
        cells = (f'<td data-label="{label}">{self._controls(names, otherwise)}</td>' for label, names, otherwise in _CELLS)
        return SafeString("".join(cells))

    @property
    def errors(self) -> list[str]:
        """What is wrong with what was sent."""
        return [str(each) for said in self.form.errors.values() for each in said] if self.form else []

    def _controls(self, names: tuple[str, ...], otherwise: str) -> str:
        there = (self._control(name) for name in names if name in self.lists)
        return "".join(there) or f'<span class="muted">{otherwise}</span>'

    def _control(self, name: str) -> SafeString:
        """Named for those who do not see its column, and marked where it was changed."""
        key, saved = f"m{self.chosen.pk}-{name}", self.saved[name]
        said = {
            "name": key,
            "id": f"id_{key}",
            "class": "changed" if saved else None,
            "aria-label": f"{LABELS[name]} of {self.machine.name}",
            "aria-invalid": "true" if self.form and name in self.form.errors else None,
        }
        return select(said, self.lists[name].drawn, (self.form[name].value() or "") if self.form else saved)


# Column, its controls, and what stands there for a machine that has none of them.
_CELLS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("Resource group", ("group_id",), ""),
    ("Virtual network", ("network_id",), "Set at recovery"),
    ("Subnet", ("subnet_name",), "Set at recovery"),
    ("Availability", ("availability",), "Cloud service"),
    ("Churn", ("churn",), "Normal"),
    ("Disks", ("disk_type", "storage_account_id"), ""),
)


_EXTRA = {
    "cache_account_id": "cache account", "high_cache_account_id": "cache account for high churn",
    "placement_group_id": "placement group", "capacity_group_id": "capacity",
    "failover_type": "type after failover", "encryption_set_id": "encryption set", "replication_group": "replication group",
    "target_name": "name", "target_size": "size", "static_address": "address",
}  # fmt: skip


def unseen(overrides: Mapping[str, Any]) -> tuple[str, ...]:
    """What is changed beside the table's columns, in words."""
    found = [words for name, words in _EXTRA.items() if overrides.get(name)]
    disks = overrides.get("disks", {})
    left_out = sum(bool(each.get("excluded")) for each in disks.values())
    found += [f"{amount(left_out, 'disk')} left out"] if left_out else []
    typed = sum(any(name != "excluded" for name in each) for each in disks.values())
    found += [f"{amount(typed, 'disk')} changed"] if typed else []
    return tuple(found)
