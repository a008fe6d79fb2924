"""What each role may do, and the review of who may do what where."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from replication import access, clock
from replication.actions import exports
from replication.domain.roles import Permission, Role
from replication.grid import Rows
from replication.presenters import review as present
from replication.presenters.roles import table
from replication.views.actor import actor, signed_in


@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    """The table that the console itself asks, for everybody to read."""
    return render(request, "replication/people/roles.html", {"roles": list(Role), "rows": table()})


@require_safe
def review(request: HttpRequest) -> HttpResponse:
    """Who may do what where, since when, last used; printable."""
    found = _rows(request)
    names = present.names_of(found)
    view = present.grid(names).view(found, request.GET)
    context = {
        "view": view,
        "rows": [present.ReviewRow(grant, names) for grant in view.page],
        "export_url": f"{reverse('replication:access_review_export')}?{request.GET.urlencode()}",
        "now": clock.now(),
        "why_not_export": access.may(signed_in(request), Permission.EXPORT).reason,
    }
    return render(request, "replication/people/review.html", context)


@require_POST
def review_csv(request: HttpRequest) -> HttpResponseBase:
    """The same as CSV, by the same filters; an entry of the audit."""
    found = _rows(request)
    view = present.grid(present.names_of(found)).view(found, request.GET)
    exports.access_review(filters=view.asked, rows=view.rows.count(), actor=actor(request))
    return view.csv(f"access-review-{clock.now():%Y%m%d-%H%M%S}")


def _rows(request: HttpRequest) -> Rows:
    """Refused to those who see neither people nor everybody's entries anywhere."""
    me = signed_in(request)
    if not access.may(me, Permission.AUDIT_ALL):
        access.require(me, Permission.MANAGE_PEOPLE)
    return present.rows(me)
