"""What the wizard's pages show: steps, choices with numbers, the picker, the plan so far and the review."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.urls import reverse

from replication import access
from replication.actions.drafts import candidates
from replication.domain import ids
from replication.domain import regions as rules
from replication.domain.choices import SourceChoices, TargetChoices
from replication.domain.compiler import Resolver
from replication.domain.inventory import Machine as DomainMachine
from replication.domain.inventory import Model
from replication.domain.plan import Facts, Plan, PlannedStep
from replication.domain.specs import ProtectSpec, SettleSpec
from replication.domain.steps import STAGES
from replication.forms.wizard import DISK_TYPES, Options, listed
from replication.grid import Choice, Column, Grid, distinct, words
from replication.models import Draft, DraftMachine, Machine, Person, Vault
from replication.presenters.looks import region, regions

PAGES: tuple[tuple[str, str], ...] = (
    ("source", "Source"),
    ("machines", "Virtual machines"),
    ("target", "Target settings"),
    ("review", "Review and create"),
)
MODELS = {Model.RESOURCE_MANAGER.value: "Resource Manager", Model.CLASSIC.value: "Classic"}


# --- where in the wizard ------------------------------------------------------------------------------------------


def satisfied(draft: Draft) -> dict[str, bool]:
    """Which pages are filled in."""
    return {
        "source": SourceChoices.from_json(draft.source) is not None,
        "machines": draft.machines.exists(),
        "target": TargetChoices.from_json(draft.target) is not None,
    }


def first_open(done: Mapping[str, bool]) -> str:
    """The page to show next: the first that is not filled in, else the review."""
    return next((page for page, _ in PAGES if not done.get(page)), "review")


def stepper(draft: Draft, current: str, done: Mapping[str, bool]) -> list[dict[str, Any]]:
    """The wizard's steps for ui/stepper.html."""
    reachable, steps = True, []
    for page, title in PAGES:
        state = (
            "locked" if not reachable else "attention" if page in draft.stale else "done" if done.get(page) else "open"
        )
        state = "current" if page == current else state
        note = f"{draft.machines.count()} selected" if page == "machines" and done["machines"] else ""
        steps.append({"title": title, "url": page_url(draft, page), "state": state, "note": note})
        reachable = reachable and done.get(page, False)
    return steps


def page_url(draft: Draft, page: str) -> str:
    """The address of a page of the wizard."""
    return reverse(f"replication:draft_{page}", args=[draft.pk])


def sub_title(draft: Draft, names: Mapping[str, str]) -> str:
    """From East Asia, Resource Manager, rg-erp and 3 more."""
    source = SourceChoices.from_json(draft.source)
    if source is None:
        return f"Into the vault {draft.vault.name}"
    groups = "all resource groups" if not source.groups else _some(source.groups)
    return f"From {region(names, source.location)}, {MODELS[source.model.value]}, {groups}"


def _some(names: Sequence[str], shown: int = 1) -> str:
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest} more" if rest > 0 else "")


# --- source ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """What the source page offers, each with its number of machines."""

    locations: Options
    subscriptions: Options
    groups: Options

    @classmethod
    def read(cls, person: Person, vault: Vault, values: Mapping[str, Any]) -> "SourceOptions":
        """The regions that have machines; then, for the region, subscription and model chosen, the groups."""
        names = regions([vault])
        machines = access.machines(person, vault)
        counted = Counter(machines.values_list("location", flat=True))
        own = rules.normal(vault.location)
        locations = [
            (location, f"{region(names, location)} ({_machines(number)})")
            for location, number in sorted(counted.items(), key=lambda pair: region(names, pair[0]))
            if rules.normal(location) != own
        ]
        subscriptions = [(row.subscription_id, row.name) for row in access.subscriptions(person, vault, "source")]
        here = machines.filter(
            location=values.get("location") or "",
            subscription_id__iexact=values.get("subscription_id") or "",
            model=values.get("model") or Model.RESOURCE_MANAGER.value,
        )
        groups = Counter(here.values_list("group_key", flat=True))
        shown = dict(here.values_list("group_key", "resource_group"))
        return cls(
            locations=[("", "Choose a location"), *locations],
            subscriptions=[("", "Choose a subscription"), *subscriptions] if len(subscriptions) != 1 else subscriptions,
            groups=[(key, f"{shown[key]} ({_machines(number)})") for key, number in sorted(groups.items())],
        )


def _machines(number: int) -> str:
    return f"{number} machine" if number == 1 else f"{number:,} machines"


def found(draft: Draft, person: Person, source: SourceChoices | None) -> str:
    """Found 214 machines, 186 can be replicated; and if none, why and which choice to change."""
    if source is None:
        return ""
    rows = candidates(draft, person, source)
    number, can = rows.count(), rows.filter(replicable=True).count()
    if number:
        tail = "" if can else " The next page says why for each of them."
        return f"Found {_machines(number)}, {can:,} can be replicated.{tail}"
    other = (
        access.machines(person, draft.vault).filter(location=source.location).exclude(model=source.model.value).count()
    )
    if other:
        return f"No machine fits. {_machines(other)} in this location have the other deployment model: change that."
    return "No machine fits. Choose another location or subscription, or refresh the inventory on the Vaults page."


# --- machines ---------------------------------------------------------------------------------------------------------


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

    @property
    def chosen(self) -> bool:
        return bool(getattr(self.machine, "chosen", False))

    @property
    def blocking(self) -> list[dict[str, Any]]:
        """The verdicts because of which it cannot be chosen."""
        return [verdict for verdict in self.machine.verdicts if verdict["effect"] == "block"]

    @property
    def warnings(self) -> list[dict[str, Any]]:
        return [verdict for verdict in self.machine.verdicts if verdict["effect"] == "warn"]


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


# --- target -----------------------------------------------------------------------------------------------------------


def target_locations(draft: Draft, source: SourceChoices) -> tuple[Options, str]:
    """The suitable target regions with the recommended one marked, and that one."""
    offered = {each["name"]: each for each in draft.vault.connection.locations}
    strict = settings.REGION_PAIRING == "cluster"
    suitable = rules.suitable(source.location, list(offered), strict=strict)
    paired = offered.get(source.location, {}).get("paired", "")
    best = rules.recommended(source.location, draft.vault.location, suitable, paired)
    names = regions([draft.vault])
    options = [(name, region(names, name) + (" (recommended)" if name == best else "")) for name in suitable]
    return sorted(options, key=lambda pair: (pair[0] != best, pair[1])), best


def default_target(draft: Draft, person: Person, source: SourceChoices) -> TargetChoices:
    """The article's defaults: recommended location, the source's subscription where it may be a target."""
    opened = [row.subscription_id for row in access.subscriptions(person, draft.vault, "target")]
    same = next((each for each in opened if each.lower() == source.subscription_id.lower()), "")
    policy = TargetChoices(location="", subscription_id="").policy
    return TargetChoices(
        location=target_locations(draft, source)[1],
        subscription_id=same or next(iter(opened), ""),
        policy=type(policy)(
            retention_hours=settings.DEFAULT_RETENTION_HOURS,
            app_consistent_minutes=settings.DEFAULT_APP_CONSISTENT_MINUTES,
        ),
    )


_ICONS = {
    "resource_group": "resource-group",
    "virtual_network": "network",
    "storage_account": "storage",
    "availability_set": "availability-set",
    "cloud_service": "vm",
    "policy": "policy",
    "network_mapping": "mapping",
    "fabric": "region",
    "container": "vault",
    "container_mapping": "mapping",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One resource of the plan as pages list it."""

    step: PlannedStep

    @property
    def mark(self) -> str:
        return "reuse" if self.step.reused else "new"

    @property
    def icon(self) -> str:
        return _ICONS.get(self.step.spec.kind, "list")


def lines(plan: Plan, *kinds: str) -> list[Line]:
    """The plan's resources, of some kinds or of all."""
    return [Line(step) for step in plan.resources if not kinds or step.spec.kind in kinds]


def summary(plan: Plan) -> list[tuple[str, list[Line]]]:
    """What the target page shows as "Target resources": (label, resources) by kind."""
    cache = {step.spec.id for step in plan.resources if step.title == "Cache storage account"}
    accounts = lines(plan, "storage_account")
    groups = (
        (
            "Resource group",
            [line for line in lines(plan, "resource_group") if line.step.location != plan.source_location],
        ),
        ("Virtual network", lines(plan, "virtual_network")),
        ("Cache storage account", [line for line in accounts if line.step.spec.id in cache]),
        ("Target storage account", [line for line in accounts if line.step.spec.id not in cache]),
        ("Availability set", lines(plan, "availability_set")),
        ("Cloud service", lines(plan, "cloud_service")),
    )
    return [(label, found) for label, found in groups if found]


def stages(plan: Plan) -> list[tuple[str, list[Line]]]:
    """The plan's resources under the headings that its run will have."""
    every = lines(plan)
    grouped = [(title, [line for line in every if line.step.stage == stage]) for stage, title in enumerate(STAGES)]
    return [(title, found) for title, found in grouped if found]


def disks(plan: Plan) -> str:
    """What becomes of the machines' disks: 7 replica managed disks: Premium SSD, Standard SSD."""
    specs = [step.spec for step in plan.protections if isinstance(step.spec, ProtectSpec)]
    managed = [disk for spec in specs for disk in spec.managed_disks]
    unmanaged = sum(len(spec.unmanaged_disks) for spec in specs)
    types = ", ".join(sorted({_SKUS.get(disk.target_type, disk.target_type) for disk in managed}))
    told = [f"{len(managed):,} replica managed disk{'s' * (len(managed) != 1)}: {types}"] if managed else []
    return "; ".join(told + ([f"{unmanaged:,} in storage accounts"] if unmanaged else []))


_SKUS = {
    "Standard_LRS": "Standard HDD",
    "StandardSSD_LRS": "Standard SSD",
    "StandardSSD_ZRS": "Standard SSD, zone-redundant",
    "Premium_LRS": "Premium SSD",
    "Premium_ZRS": "Premium SSD, zone-redundant",
    "PremiumV2_LRS": "Premium SSD v2",
    "UltraSSD_LRS": "Ultra Disk",
}


def counts(plan: Plan) -> dict[str, int]:
    """How many resources are new, how many reused, how many machines."""
    reused = sum(step.reused for step in plan.resources)
    return {"new": len(plan.resources) - reused, "reused": reused, "machines": len(plan.machines)}


# --- customize ----------------------------------------------------------------------------------------------------------


def _classic(arm_id: str) -> bool:
    """Whether the id is of a classic resource (Microsoft.ClassicNetwork, Microsoft.ClassicStorage)."""
    return "/microsoft.classic" in ids.key(arm_id)


class Targets:
    """The lists of *Customize*: what exists in the target location and what the person's grants open there."""

    def __init__(
        self, draft: Draft, person: Person, target: TargetChoices, facts: Facts, source: SourceChoices
    ) -> None:
        self.target, self.source, self.facts = target, source, facts
        classic = source.model is Model.CLASSIC  # a classic machine is recovered into classic resources only
        opened = access.targets(person, draft.vault).filter(subscription_id__iexact=target.subscription_id)
        rows = [
            row
            for row in opened.values_list("kind", "arm_id", "location")
            if row[0] == "resource_group" or _classic(row[1]) == classic
        ]
        in_place = rules.normal(target.location)
        self.ids = {
            kind: [arm_id for k, arm_id, location in rows if k == kind and rules.normal(location) == in_place]
            for kind in ("virtual_network", "storage_account", "availability_set")
        }
        # A group may lie in any region but the source's (portal-behaviour.md §1.2).
        self.groups = [i for k, i, where in rows if k == "resource_group" and rules.normal(where) != source.location]
        caches = access.sources(person, draft.vault).filter(
            kind="storage_account", location=source.location, subscription_id__iexact=source.subscription_id
        )
        self.caches = [
            row.arm_id
            for row in caches
            if not _classic(row.arm_id)
            and str(row.document.get("sku", "")).startswith("Standard")
            and row.document.get("shared_key", True)
        ]

    def every(self) -> dict[str, Options]:
        """For all machines: each list begins with the rule in words."""
        target, cache = self.target, Resolver(_none(self.source, self.target), self.facts).cache_id()
        known = ids.key(cache) in self.facts.accounts
        return {
            "group_id": listed("By the rule: <source group>-asr", self.groups, target.group_id),
            "network_id": listed(
                "By the rule: mapped network, or <source network>-asr", self.ids["virtual_network"], target.network_id
            ),
            "availability_set_id": [
                *listed("By the rule: <source set>-asr", self.ids["availability_set"], target.availability_set_id),
                ("none", "None: single instances"),
            ],
            "cache_account_id": listed(
                f"By the rule: {'' if known else '(new) '}{ids.name(cache)}", self.caches, target.cache_account_id
            ),
            "storage_account_id": listed(
                "By the rule: <source account>asr", self.ids["storage_account"], target.storage_account_id
            ),
        }

    def machine(self, machine: DomainMachine, resolver: Resolver, network_id: str) -> dict[str, Options]:
        """For one machine: only what applies to it; the first entry says what it gets without an override."""
        own, default = resolver.own(machine), _without_override(resolver, machine)
        known = {ids.key(each) for each in self.groups}
        options: dict[str, Options] = {
            "group_id": listed(_rule(default.group_id, known), self.groups, own.group_id),
            "cache_account_id": listed(_rule(default.cache_id, self.facts.accounts), self.caches, own.cache_account_id),
        }
        if machine.model is Model.RESOURCE_MANAGER:
            options["network_id"] = listed(
                _rule(default.network_id, self.facts.networks), self.ids["virtual_network"], own.network_id
            )
            subnets = self._subnets(network_id, machine)
            options["subnet_name"] = [("", default.subnet_name or "By the rule"), *((name, name) for name in subnets)]
        if machine.availability_set_id:
            listed_sets = listed(
                _rule(default.set_id, self.facts.sets), self.ids["availability_set"], own.availability_set_id
            )
            options["availability_set_id"] = [*listed_sets, ("none", "None: single instance")]
        if any(disk.managed for disk in machine.disks):
            options["disk_type"] = DISK_TYPES
        if any(not disk.managed for disk in machine.disks):
            options["storage_account_id"] = listed("By the rule", self.ids["storage_account"], own.storage_account_id)
        return options

    def _subnets(self, network_id: str, machine: DomainMachine) -> list[str]:
        network = self.facts.networks.get(ids.key(network_id)) or self.facts.networks.get(ids.key(machine.network_id))
        return sorted(subnet.name for subnet in network.subnets) if network else []


def _none(source: SourceChoices, target: TargetChoices) -> Any:
    from replication.domain.choices import Choices

    return Choices(source=source, target=target, machines={})


def _without_override(resolver: Resolver, machine: DomainMachine) -> Any:
    plain = Resolver(_none(resolver.choices.source, resolver.choices.target), resolver.facts)
    return plain.target(machine)


def _rule(arm_id: str, known: Mapping[str, Any] | set[str]) -> str:
    if not arm_id:
        return "None"
    return ids.name(arm_id) if ids.key(arm_id) in known else f"(new) {ids.name(arm_id)}"


# --- review ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProtectedRow:
    """A machine as the review lists it. settlement: what is applied to it once it is protected."""

    step: PlannedStep
    settlement: SettleSpec | None = None

    @property
    def spec(self) -> ProtectSpec:
        assert isinstance(self.step.spec, ProtectSpec)
        return self.step.spec

    @property
    def group(self) -> str:
        return ids.name(self.spec.recovery_group_id or ids.group_of(self.spec.cloud_service_id))

    @property
    def source_group(self) -> str:
        return ids.group_name(self.spec.machine_id)

    @property
    def network(self) -> str:
        name = ids.name(self.spec.network_id) if self.spec.network_id else ""
        return f"{name} / {self.spec.subnet_name}" if name and self.spec.subnet_name else name

    @property
    def availability(self) -> str:
        if self.spec.availability_zone:
            return f"Zone {self.spec.availability_zone}"
        return ids.name(self.spec.availability_set_id) if self.spec.availability_set_id else "Single instance"

    @property
    def settings(self) -> str:
        """erp-dr, Standard_D4s_v5, 10.0.0.9."""
        asked = self.settlement
        if asked is None:
            return ""
        return ", ".join(filter(None, (asked.name, asked.size, *(each.static_address for each in asked.interfaces))))

    @property
    def disks(self) -> str:
        """2, Premium SSD; or, of unmanaged disks, the account that they are copied to."""
        types = {_SKUS.get(disk.target_type, disk.target_type) for disk in self.spec.managed_disks}
        types |= {ids.name(disk.target_account_id) for disk in self.spec.unmanaged_disks}
        number = len(self.spec.managed_disks) + len(self.spec.unmanaged_disks)
        return ", ".join([str(number), *sorted(types)])


def protected_rows(plan: Plan) -> list[ProtectedRow]:
    """The plan's machines, each with what is applied to it after protection."""
    settlements = {step.spec.id: step.spec for step in plan.settlements if isinstance(step.spec, SettleSpec)}
    return [ProtectedRow(step, settlements.get(step.spec.id)) for step in plan.protections]


def in_words(objections: Iterable[Any], url: Callable[[str], str]) -> list[dict[str, str]]:
    """Objections or warnings with the address of the page that mends them."""
    return [{"message": each.message, "action": each.action, "url": url(each.page)} for each in objections]
