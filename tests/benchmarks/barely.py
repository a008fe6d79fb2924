"""The bare view beside the wizard's pages: fifty machines of a draft's source, as plain as it gets."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from replication import access
from replication.presenters.wizard import pickable
from replication.views.actor import signed_in

COLUMNS = ("pk", "name", "resource_group", "os_type", "size", "zone", "disk_count", "disk_gib", "network_name", "replicable", "verdicts")


def machines(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same rows as the picker's first page, by `values_list`."""
    person = signed_in(request)
    rows = pickable(access.draft(person, pk), person).order_by("name", "pk").values_list(*COLUMNS, "chosen")[:50]
    lines = (f"<tr><td>{'</td><td>'.join(map(str, row))}</td></tr>" for row in rows)
    return HttpResponse(f"<!doctype html><title>Bare</title><table>{''.join(lines)}</table>")


urlpatterns = [path("bare/<uuid:pk>/", machines), path("", include("portal.urls"))]
