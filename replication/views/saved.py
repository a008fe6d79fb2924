"""Saved views of Replicated items and of the audit history: keep one, forget one."""

from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from replication import access
from replication.actions import views as verbs
from replication.forms.views import ViewForm
from replication.models import SavedView
from replication.views.actor import actor, signed_in

NOT_KEPT = {"page", "reading"}  # where somebody was, not what they looked at


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the page's query string under a name, and show the page as it was."""
    form = ViewForm(request.POST)
    if not form.is_valid():
        messages.error(request, "The view needs a name of at most 80 characters. Nothing was saved.")
        return _back(request, request.POST.get("query", "")[:2000])
    query = urlencode([pair for pair in parse_qsl(form.cleaned_data["query"]) if pair[0] not in NOT_KEPT])
    try:
        saved = verbs.save(form.cleaned_data["name"], query, shared=form.cleaned_data["shared"], actor=actor(request), grid=_grid(request))
    except verbs.TooMany:
        messages.error(request, f"You have {verbs.MOST} views already. Delete one first.")
    else:
        messages.success(request, f"The view “{saved.name}” was saved.")
    return _back(request, query)


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget one of one's own views."""
    found = access.get(access.own_views(signed_in(request)), pk=pk)
    verbs.delete(found)
    messages.success(request, f"The view “{found.name}” was deleted.")
    return _back(request, "")


def _grid(request: HttpRequest) -> SavedView.Grid:
    """Of which grid the page is from which it was asked."""
    return SavedView.Grid.AUDIT if request.POST.get("back", "") == reverse("replication:audit") else SavedView.Grid.ITEMS


def _back(request: HttpRequest, query: str) -> HttpResponse:
    """The grid from which it was asked, of one vault or of all."""
    page = request.POST.get("back", "")
    safe = url_has_allowed_host_and_scheme(page, None) and (page.startswith("/vaults/") or page == reverse("replication:audit"))
    address = page if safe else reverse("replication:all_items")
    return redirect(f"{address}?{query}" if query else address)
