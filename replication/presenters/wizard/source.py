"""*Source*: choices with their numbers, and the line under the form."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from replication import access
from replication.actions.drafts import candidates
from replication.domain import regions as rules
from replication.domain.choices import SourceChoices
from replication.domain.inventory import Model
from replication.forms.wizard import Options
from replication.models import Draft, Person, Vault
from replication.presenters.looks import region, regions


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
