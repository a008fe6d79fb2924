"""The bare view that pages are held against: the same middleware and sign-in, the same fifty rows by `values_list`, one f-string loop."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from replication import access
from replication.views.actor import signed_in

COLUMNS = ("pk", "name", "resource_group", "health", "status", "progress", "rpo", "primary_location", "recovery_location", "issue_count")


def items(request: HttpRequest) -> HttpResponse:
    """Fifty replicated items, the worst first, as plain as it gets."""
    rows = access.items(signed_in(request)).filter(gone_at=None).order_by("-health_rank", "name", "pk").values_list(*COLUMNS)[:50]
    lines = (f"<tr><td>{'</td><td>'.join(map(str, row))}</td></tr>" for row in rows)
    return HttpResponse(f"<!doctype html><title>Bare</title><table>{''.join(lines)}</table>")


urlpatterns = [path("bare/", items), path("", include("portal.urls"))]
