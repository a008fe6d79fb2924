"""Vaults."""

from collections.abc import Iterable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from replication import access
from replication.actions import readings
from replication.domain.roles import Permission
from replication.models import Vault
from replication.presenters import vaults as present
from replication.presenters.looks import regions
from replication.views.actor import actor, signed_in
from replication.views.context import held_roles
from replication.views.live import page_query, reading_of


@require_safe
def vaults(request: HttpRequest) -> HttpResponse:
    """The vaults that the person has a role in."""
    person = signed_in(request)
    rows = access.vaults(person).filter(gone_at=None)
    known = list(rows.select_related("connection").only("connection", "subscription_id", "connection__locations"))
    names, subscriptions = regions(known), access.subscription_names(known)
    view = present.grid(names, subscriptions).view(present.with_counts(rows), request.GET)
    roles = held_roles(request, person)
    shown = [present.VaultRow(vault, roles.get(vault.pk), names, subscriptions) for vault in view.page]
    context = {
        "view": view,
        "rows": shown,
        "reading": reading_of(request),
        "page_query": page_query(request),
        "as_of": inventory_as_of(known),
    }
    return render(request, "replication/vaults/list.html", context)


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Have a worker read vaults and inventory again, and show the list with the reading's outcome."""
    person = signed_in(request)
    access.require(person, Permission.REFRESH)
    asked = [readings.refresh_inventory(c, actor=actor(request)) for c in access.connections(person)]
    return redirect(f"{reverse('replication:vaults')}?reading={asked[0].pk}" if asked else "replication:vaults")


def inventory_as_of(vaults: Iterable[Vault]) -> datetime | None:
    """When the inventory that the list rests on was read: the oldest of the connections' times."""
    times = [vault.connection.inventory_as_of for vault in vaults]
    known = [each for each in times if each]
    return min(known) if known and len(known) == len(times) else None
