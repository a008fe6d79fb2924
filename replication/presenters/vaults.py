"""Vaults: the list with its numbers, and the overview."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from replication.domain.roles import Permission, Role, allowed, refusal
from replication.domain.states import HEALTH
from replication.grid import Choice, Column, Grid, by, distinct, words
from replication.models import Vault
from replication.presenters.looks import region

_LIVE = Q(items__gone_at=None)


def with_counts(vaults: QuerySet[Vault]) -> QuerySet[Vault]:
    """Vaults, each with the number of its items, in all and by health, as attributes `items_*`."""
    counts = {f"items_{value.lower()}": Count("items", _LIVE & Q(items__health=value)) for value in HEALTH}
    return vaults.annotate(items_total=Count("items", _LIVE), **counts)


def grid(names: Mapping[str, str], subscriptions: Mapping[str, str]) -> Grid:
    """The list of vaults."""
    return Grid(
        columns=(
            Column(key="name", label="Name", order=("name",), text=lambda v: v.name),
            Column(
                key="group", label="Resource group", order=("resource_group", "name"), text=lambda v: v.resource_group
            ),
            Column(key="region", label="Region", order=("location", "name"), text=lambda v: region(names, v.location)),
            Column(key="subscription", label="Subscription", order=("subscription_id", "name")),
            Column(key="items", label="Replicated items", order=("-items_total", "name"), text=lambda v: v.items_total),
            Column(key="as_of", label="As of", order=("-as_of",), nullable=True),
        ),
        filters=(
            Choice(
                key="region",
                label="Region",
                narrow=by("location"),
                options=distinct("location", lambda name: region(names, name)),
            ),
            Choice(
                key="subscription",
                label="Subscription",
                narrow=by("subscription_id"),
                options=distinct("subscription_id", lambda key: subscriptions.get(key, key)),
            ),
        ),
        search=words("name", "resource_group"),
        default_sort="name",
    )


@dataclass(frozen=True, slots=True)
class VaultRow:
    """A vault as the list shows it."""

    vault: Vault
    role: Role | None
    names: Mapping[str, str]
    subscriptions: Mapping[str, str]

    @property
    def region(self) -> str:
        return region(self.names, self.vault.location)

    @property
    def subscription(self) -> str:
        return self.subscriptions.get(self.vault.subscription_id, self.vault.subscription_id)

    @property
    def health(self) -> list[tuple[str, int]]:
        """(Azure's health word, number) for each kind of which there is any, worst first."""
        counted = ((value, getattr(self.vault, f"items_{value.lower()}")) for value in HEALTH)
        return [(value, number) for value, number in counted if number]

    @property
    def why_not_replicate(self) -> str:
        """'' when the person may start a draft here, else the reason."""
        return why_not(self.role, Permission.REPLICATE)


def why_not(role: Role | None, permission: Permission) -> str:
    """'' when the role allows it, else the sentence that says who can."""
    return "" if role and allowed(role, permission) else refusal(permission)
