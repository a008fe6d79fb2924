"""Machines that are protected and machines that are not; and what earlier replication left behind."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from replication import access, clock
from replication.actions import exports
from replication.grid import View
from replication.models import Person, Vault
from replication.presenters import coverage as present
from replication.presenters.looks import regions
from replication.views.actor import actor, signed_in
from replication.views.issues import why_not_here
from replication.views.live import page_query
from replication.views.vaults import inventory_as_of


@require_safe
def machines(request: HttpRequest) -> HttpResponse:
    """Machines within the person's scope, those that nobody protects first of all."""
    person = signed_in(request)
    vaults = _vaults(person)
    view, names = _machines(request, person, vaults)
    rows = [present.MachineRow(machine, names) for machine in view.page]
    context = {"view": view, "rows": rows, **_shell(request, vaults)}
    return render(request, "replication/coverage/machines.html", context)


def _machines(request: HttpRequest, person: Person, vaults: list[Vault]) -> tuple[View, Any]:
    names = regions(vaults)
    locations = present.places(access.coverage(person).values_list("locations", flat=True))
    grid = present.grid(names, access.source_names(person), locations)
    return grid.view(access.machines(person).only(*present.SHOWN), request.GET), names


def _vaults(person: Person) -> list[Vault]:
    """The person's vaults, with as much of them and of their connections as these pages show."""
    shown = "gone_at", "connection__locations", "connection__inventory_as_of"
    return list(access.vaults(person).select_related("connection").only(*shown))


def _shell(request: HttpRequest, vaults: list[Vault]) -> dict[str, Any]:
    return {
        "as_of": inventory_as_of(vault for vault in vaults if vault.gone_at is None),
        "page_query": page_query(request),
        "why_not_export": why_not_here(request),
    }


@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """The list of machines as filtered, as CSV or, `form` xlsx, as an Excel workbook."""
    person = signed_in(request)
    view, _ = _machines(request, person, _vaults(person))
    form = "xlsx" if request.POST.get("form") == "xlsx" else "csv"
    exports.coverage(filters=view.asked, rows=view.rows.count(), actor=actor(request), form=form)
    name = f"coverage-{clock.now():%Y%m%d-%H%M%S}"
    return view.excel(name) if form == "xlsx" else view.csv(name)


@require_safe
def leftovers(request: HttpRequest) -> HttpResponse:
    """What has a name that Site Recovery gives, and nothing that refers to it. Nothing is deleted here."""
    person = signed_in(request)
    vaults = _vaults(person)
    names = regions(vaults)
    view = present.leftovers_grid(names, access.source_names(person)).view(access.leftovers(person), request.GET)
    rows = [present.LeftoverRow(resource, names) for resource in view.page]
    context = {"view": view, "rows": rows, **_shell(request, vaults)}
    return render(request, "replication/coverage/leftovers.html", context)
