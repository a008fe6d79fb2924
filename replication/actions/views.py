"""Saved views: a person's own, like their theme; what others see of them is a name and a filter, so the audit need not know."""

from replication import access, clock
from replication.actions.actor import Actor
from replication.domain.roles import Permission
from replication.models import SavedView

MOST = 50  # of one person


class TooMany(Exception):
    """The person has as many views as one may have; nothing was saved."""


def save(name: str, query: str, *, shared: bool, actor: Actor, grid: SavedView.Grid = SavedView.Grid.ITEMS) -> SavedView:
    """Keep the grid's query string under the name; one of the same name takes the new one."""
    assert actor.person is not None
    access.require(actor.person, Permission.READ)
    mine = SavedView.objects.filter(owner=actor.person)
    if mine.exclude(grid=grid, name=name).count() >= MOST:
        raise TooMany
    values = {"query": query, "shared": shared, "created_at": clock.now()}
    saved, _ = SavedView.objects.update_or_create(owner=actor.person, grid=grid, name=name, defaults=values)
    return saved


def delete(view: SavedView) -> None:
    """Forget a view; the caller has made sure that it is the person's own."""
    view.delete()
