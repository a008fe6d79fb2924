"""The list of drafts: whose they are, how far they have come, and when they expire."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet

from replication import clock
from replication.actions.drafts import rest
from replication.domain.choices import SourceChoices, TargetChoices
from replication.grid import Choice, Column, Grid, by, words
from replication.models import Draft, Person
from replication.presenters.looks import region

WARNED = timedelta(days=3)  # so long before a draft expires, pages say so
STATES = {
    Draft.State.OPEN: "Open",
    Draft.State.SUBMITTED: "Submitted",
    Draft.State.EXPIRED: "Expired",
    Draft.State.DISCARDED: "Discarded",
}


def listed(drafts: QuerySet[Draft]) -> QuerySet[Draft]:
    """Drafts with the number of their machines, as `chosen`."""
    return drafts.annotate(chosen=Count("machines"))


def grid(person: Person) -> Grid:
    """The list of drafts."""
    return Grid(
        columns=(
            Column(key="vault", label="Vault", order=("vault__name", "-updated_at")),
            Column(key="machines", label="Machines", order=("-chosen", "-updated_at")),
            Column(key="owner", label="Owner", order=("owner__username", "-updated_at")),
            Column(key="saved", label="Saved", order=("-updated_at",)),
        ),
        filters=(
            Choice(
                key="state",
                label="State",
                narrow=by("state"),
                options=[(state.value, label) for state, label in STATES.items()],
            ),
            Choice(
                key="whose",
                label="Whose",
                narrow=lambda rows, value: rows.filter(owner=person) if value == "mine" else rows.exclude(owner=person),
                options=[("mine", "Mine"), ("others", "Those of others")],
            ),
        ),
        search=words("vault__name", "owner__username"),
        default_sort="saved",
    )


def expires(draft: Draft) -> datetime | None:
    """When an open draft will expire if nobody saves it."""
    return draft.updated_at + rest(draft.vault) if draft.state == Draft.State.OPEN else None


def expires_soon(draft: Draft) -> datetime | None:
    """The same, when it is so near that people are warned."""
    at = expires(draft)
    return at if at and at - clock.now() < WARNED else None


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft as the list shows it."""

    draft: Draft
    names: Mapping[str, str]
    person: Person

    @property
    def chosen(self) -> int:
        return int(getattr(self.draft, "chosen", 0))

    @property
    def mine(self) -> bool:
        return self.draft.owner_id == self.person.pk

    @property
    def state(self) -> str:
        return STATES[Draft.State(self.draft.state)]

    @property
    def open(self) -> bool:
        return self.draft.state == Draft.State.OPEN

    @property
    def expired(self) -> bool:
        return self.draft.state == Draft.State.EXPIRED

    @property
    def way(self) -> tuple[str, str]:
        """From which region to which, '' while it is not chosen."""
        ends: tuple[Any, ...] = (SourceChoices.from_json(self.draft.source), TargetChoices.from_json(self.draft.target))
        source, target = (region(self.names, each.location) if each else "" for each in ends)
        return source, target

    @property
    def expires(self) -> datetime | None:
        return expires(self.draft)

    @property
    def soon(self) -> bool:
        return expires_soon(self.draft) is not None
