"""*Virtual machines*: the picker and its selection."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from replication.actions import drafts
from replication.presenters import wizard as present
from replication.views.actor import actor, signed_in
from replication.views.wizard.shared import onward, open_draft, require_page, show, version


@require_page
def machines(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Which machines."""
    draft = open_draft(request, pk, "machines")
    if isinstance(draft, HttpResponse):
        return draft
    if request.method == "POST":
        if not draft.machines.exists():
            messages.error(request, "Choose at least one machine.")
            return redirect("replication:draft_machines", draft.pk)
        drafts.confirm_selection(draft, version=version(request), actor=actor(request, draft.vault))
        return onward(request, draft, "target")
    view = present.PICKER.view(present.pickable(draft, signed_in(request)), request.GET)
    context = {
        "view": view,
        "rows": [present.MachineRow(machine) for machine in view.page],
        "matching": view.rows.filter(replicable=True).count(),
        "selected": draft.machines.count(),
        "totals": present.totals(draft),
        "as_of": draft.vault.connection.inventory_as_of,
    }
    return show(request, draft, "machines", context)


@require_POST
def selection(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ticks: a few at a time from the script (add, drop), or the strip's buttons (select=page|matching|none)."""
    draft = open_draft(request, pk, "machines")
    if isinstance(draft, HttpResponse):
        return draft
    who, rows = actor(request, draft.vault), present.pickable(draft, signed_in(request))
    how = request.POST.get("select", "")
    if how == "matching":
        added = drafts.select(draft, present.PICKER.view(rows, request.GET).rows, actor=who)
        messages.success(request, f"{added} machines were added. Those that cannot be replicated were left out.")
    elif how == "none":
        drafts.deselect(draft, rows, actor=who)
    else:
        shown, chosen = _numbers(request, "shown"), _numbers(request, "chosen")
        drafts.select(draft, rows.filter(pk__in=_numbers(request, "add") | chosen), actor=who)
        drafts.deselect(draft, rows.filter(pk__in=_numbers(request, "drop") | (shown - chosen)), actor=who)
    if not request.headers.get("HX-Request"):
        return HttpResponseRedirect(f"{present.page_url(draft, 'machines')}?{request.GET.urlencode()}")
    matching = present.PICKER.view(rows, request.GET).rows.filter(replicable=True).count()
    context = {"count": draft.machines.count(), "matching": matching, "totals": present.totals(draft)}
    return render(request, "replication/wizard/_selection.html", context)


def _numbers(request: HttpRequest, name: str) -> set[int]:
    """Row numbers as a form sent them; anything else is ignored."""
    return {int(text) for text in request.POST.getlist(name) if text.isascii() and text.isdigit() and len(text) < 18}
