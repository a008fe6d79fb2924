"""Addresses of the project: health, and everything of the replication app."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.decorators.http import require_safe

from replication.urls import session_urls


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the web process can reach its database; says nothing else to strangers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", include(session_urls)),
    path("", include("replication.urls")),
]

handler400 = "replication.views.errors.bad_request"
handler403 = "replication.views.errors.forbidden"
handler404 = "replication.views.errors.not_found"
handler500 = "replication.views.errors.server_error"
