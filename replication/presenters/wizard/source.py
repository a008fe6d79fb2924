"""*Source*: choices with their numbers, and the line under the form."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Max, QuerySet

from replication import access
from replication.actions.drafts import candidates, replicable
from replication.domain import regions as rules
from replication.domain.choices import SourceChoices
from replication.domain.inventory import Model
from replication.domain.words import amount
from replication.forms.wizard import Options
from replication.models import Draft, Machine, Person, Vault
from replication.presenters.looks import region, regions
from replication.presenters.wizard.remembered import Remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """What the source page offers, each with its number of machines."""

    locations: Options
    subscriptions: Options
    groups: Options

    @classmethod
    def read(cls, person: Person, vault: Vault, source: Mapping[str, Any]) -> "SourceOptions":
        """The regions and subscriptions with their machines; then, for the region, subscriptions and model chosen, the groups.

        source: location, subscription_ids, model, zonal, as far as they are chosen.
        """
        machines = access.machines(person, vault)
        here = machines.filter(location=source["location"], model=source["model"] or Model.RESOURCE_MANAGER.value)
        kept = Remembered(vault.connection)
        # Wherever they are: it stays true while a region is being chosen.
        in_all = Counter(kept.of("subscriptions", _numbers("subscription_id"))(machines))
        groups = kept.of("groups", _groups)(here.filter(subscription_id__in=source["subscription_ids"]))
        subscriptions = access.subscriptions(person, vault, "source")
        in_each = kept.of("locations", _numbers("location"))(machines)
        return cls(
            locations=[("", "Choose a location"), *_locations(vault, in_each, source["zonal"])],
            subscriptions=[
                (row.subscription_id, _counted(row.name, in_all[row.subscription_id])) for row in subscriptions
            ],
            groups=[(key, _counted(shown, number)) for key, shown, number in groups],
        )

    def only(self) -> dict[str, Any]:
        """What a new draft begins with: the location and the subscription, where there is no other to choose."""
        locations = [key for key, _ in self.locations if key]
        subscriptions = [key for key, _ in self.subscriptions]
        return {
            "location": locations[0] if len(locations) == 1 else "",
            "subscription_ids": subscriptions if len(subscriptions) == 1 else [],
        }


def _numbers(column: str) -> Callable[[QuerySet[Machine]], dict[str, int]]:
    """How many machines there are of each value, counted by the database."""
    return lambda machines: dict(machines.order_by().values_list(column).annotate(number=Count("pk")))


def _groups(machines: QuerySet[Machine]) -> list[tuple[str, str, int]]:
    """(key, name as Azure writes it, machines) of their resource groups."""
    of_each = machines.order_by().values("group_key").annotate(shown=Max("resource_group"), number=Count("pk"))
    return list(of_each.order_by("group_key").values_list("group_key", "shown", "number"))


def _locations(vault: Vault, counted: Mapping[str, int], zonal: bool) -> Options:
    """Regions with machines. The vault's own is open only between zones, and only regions that have zones are open there.

    counted: their machines.
    """
    names, own = regions([vault]), rules.normal(vault.location)
    opened = [each for each in counted if (each in rules.ZONAL if zonal else rules.normal(each) != own)]
    labels = {each: _counted(region(names, each), counted[each]) for each in opened}
    return sorted(labels.items(), key=lambda pair: pair[1])


def _counted(name: str, number: int) -> str:
    return f"{name} ({amount(number, 'machine')})"


def found(draft: Draft, person: Person, source: SourceChoices | None) -> str:
    """Found 214 machines, 186 can be replicated; and if none, why and which choice to change."""
    if source is None:
        return ""
    rows = candidates(draft, person, source)
    number, can = Remembered(draft.vault.connection).counts(rows, zonal=source.zonal)
    if not number:
        return f"No machine fits. {_way_on(draft, person, source)}"
    tail = "" if can else f" {_none_can(rows, source)}"
    return f"Found {amount(number, 'machine')}, {can:,} can be replicated.{tail}"


def _none_can(rows: QuerySet[Machine], source: SourceChoices) -> str:
    """Why none of the machines found can be replicated, as far as one choice of this page explains it."""
    elsewhere = replicable(rows, zonal=not source.zonal).count()
    if elsewhere and source.zonal:
        return f"{amount(elsewhere, 'machine')} can be replicated to another region: choose No under availability zones."
    return "The next page says why for each of them."


def _way_on(draft: Draft, person: Person, source: SourceChoices) -> str:
    """The one choice that hides the machines, when changing it alone would show some."""
    wider = {
        "the tags": replace(source, tags=()),
        "the resource groups": replace(source, groups=()),
        "tags and resource groups": replace(source, tags=(), groups=()),
    }
    for name, choices in wider.items():
        number = candidates(draft, person, choices).count() if choices != source else 0
        if number:
            return f"{amount(number, 'machine')} would without the filter: change {name}."
    other = Model.CLASSIC if source.model is Model.RESOURCE_MANAGER else Model.RESOURCE_MANAGER
    number = candidates(draft, person, replace(source, model=other, tags=(), groups=())).count()
    if number:
        return f"{amount(number, 'machine')} in this location have the other deployment model: change that."
    number = access.machines(person, draft.vault).filter(location=source.location).count()
    if number:
        return f"{amount(number, 'machine')} in this location lie in another subscription: change that."
    return "Choose another location, or refresh the inventory on the Vaults page."
