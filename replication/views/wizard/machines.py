"""*Virtual machines*: the picker and its selection."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from replication import access
from replication.actions import drafts, exports, readings
from replication.domain.choices import SourceChoices
from replication.domain.roles import Permission
from replication.models import Draft
from replication.presenters import wizard as present
from replication.views.actor import actor, signed_in
from replication.views.live import page_query, reading_of
from replication.views.wizard.shared import onward, open_draft, require_page, show, version


@require_page
def machines(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Which machines."""
    draft = open_draft(request, pk, "machines")
    if isinstance(draft, HttpResponse):
        return draft
    if request.method == "POST":
        return _confirm(request, draft)
    zonal = _zonal(draft)
    asked = present.picker(draft).view(present.pickable(draft, signed_in(request)), request.GET)
    view, matching = present.counted(draft, asked, zonal)
    totals = present.totals(draft)
    context = {
        "view": view,
        "rows": [present.MachineRow(machine, zonal, view.columns, draft.pk) for machine in view.page],
        "matching": matching,
        "selected": totals.machines,
        "totals": totals,
        "as_of": draft.vault.connection.inventory_as_of,
        "reading": reading_of(request),
        "page_query": page_query(request),
        "may_refresh": access.may(signed_in(request), Permission.REFRESH, draft.vault),
    }
    return show(request, draft, "machines", context)


def _confirm(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Next. Azure is asked about the chosen machines meanwhile, so that the review knows what lists cannot tell."""
    if not draft.machines.exists():
        messages.error(request, "Choose at least one machine.")
        return redirect("replication:draft_machines", draft.pk)
    who = actor(request, draft.vault)
    drafts.confirm_selection(draft, version=version(request), actor=who)
    readings.machines(draft, actor=who)
    return onward(request, draft, "target")


def _zonal(draft: Draft) -> bool:
    source = SourceChoices.from_json(draft.source)
    return bool(source and source.zonal)


@require_POST
def selection(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ticks: a few at a time from the script (add, drop), or the strip's buttons (select=page|matching|none)."""
    draft = open_draft(request, pk, "machines")
    if isinstance(draft, HttpResponse):
        return draft
    who, rows = actor(request, draft.vault), present.pickable(draft, signed_in(request))
    how = request.POST.get("select", "")
    if how == "matching":
        added = drafts.select(draft, present.picker(draft).view(rows, request.GET).rows, actor=who)
        messages.success(request, f"{added:,} machines were added. Those that cannot be replicated were left out.")
    elif how == "none":
        drafts.deselect(draft, rows, actor=who)
    else:
        shown, chosen = _numbers(request, "shown"), _numbers(request, "chosen")
        drafts.select(draft, rows.filter(pk__in=_numbers(request, "add") | chosen), actor=who)
        drafts.deselect(draft, rows.filter(pk__in=_numbers(request, "drop") | (shown - chosen)), actor=who)
    if not request.headers.get("HX-Request"):
        return HttpResponseRedirect(f"{present.page_url(draft, 'machines')}?{request.GET.urlencode()}")
    _, matching = present.counted(draft, present.picker(draft).view(rows, request.GET), _zonal(draft))
    context = {"count": draft.machines.count(), "matching": matching, "totals": present.totals(draft)}
    return render(request, "replication/wizard/_selection.html", context)


def _numbers(request: HttpRequest, name: str) -> set[int]:
    """Row numbers as a form sent them; anything else is ignored."""
    return {int(text) for text in request.POST.getlist(name) if text.isascii() and text.isdigit() and len(text) < 18}


# --- why, and asking again -------------------------------------------------------------------------------------------------


@require_safe
def why(request: HttpRequest, pk: UUID, machine_pk: int) -> HttpResponse:
    """All that is said of one machine: what blocks it, what to mind, what Azure itself says, what is not known."""
    draft = open_draft(request, pk, "machines")
    if isinstance(draft, HttpResponse):
        return draft
    found = access.get(present.pickable(draft, signed_in(request)), pk=machine_pk)
    row = present.MachineRow(found, _zonal(draft))
    return show(request, draft, "machines", {"row": row, "unknown": present.unknown(row)}, template="why")


@require_safe
def matrix(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Machine by rule, under the picker's filters."""
    draft = open_draft(request, pk, "machines")
    if isinstance(draft, HttpResponse):
        return draft
    asked = present.picker(draft).view(present.pickable(draft, signed_in(request)), request.GET)
    view, _ = present.counted(draft, asked, _zonal(draft))
    context = {
        "view": view,
        "matrix": present.Matrix.of(view, _zonal(draft)),
        "may_export": access.may(signed_in(request), Permission.EXPORT, draft.vault),
    }
    return show(request, draft, "machines", context, template="matrix")


@require_POST
def matrix_export(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The matrix of all pages as a file."""
    draft = open_draft(request, pk, "machines")
    if isinstance(draft, HttpResponse):
        return draft
    view = present.picker(draft).view(present.pickable(draft, signed_in(request)), request.GET)
    form = "xlsx" if request.POST.get("form") == "xlsx" else "csv"
    exports.eligibility(draft, filters=view.asked, rows=view.rows.count(), actor=actor(request, draft.vault), form=form)
    return present.Matrix.of(view, _zonal(draft)).file(f"eligibility-{draft.vault.name}", form)


@require_POST
def ask(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Have Azure asked: for the inventory (do=refresh), for the machines chosen, or for those that fail (do=failing)."""
    draft = open_draft(request, pk, "machines")
    if isinstance(draft, HttpResponse):
        return draft
    who = actor(request, draft.vault)
    if request.POST.get("do") == "refresh":
        reading = readings.refresh_inventory(draft.vault.connection, actor=who)
    else:
        reading = readings.machines(draft, actor=who, failing=request.POST.get("do") == "failing")
    query = request.GET.copy()
    query["reading"] = str(reading.pk)
    return redirect(f"{reverse('replication:draft_machines', args=[draft.pk])}?{query.urlencode()}")
