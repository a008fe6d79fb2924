"""Audit history: the list, one entry, and the export."""

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from replication import access, clock
from replication.actions import exports
from replication.domain.roles import Permission
from replication.presenters import audit as present
from replication.views.actor import actor, signed_in


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Entries that the person may read: all of their vaults', or only their own."""
    person = signed_in(request)
    view = present.grid().view(access.audit(person), request.GET)
    everything = access.may(person, Permission.AUDIT_ALL)
    context = {
        "view": view,
        "rows": [present.AuditRow(entry) for entry in view.page],
        "all": bool(everything),
        "why_own": everything.reason,
        "selects": [view.pills[key] for key in ("person", "action", "outcome")],
        "export_url": f"{reverse('replication:audit_export')}?{request.GET.urlencode()}",
        "why_not_export": access.may(person, Permission.EXPORT).reason,
    }
    return render(request, "replication/audit/list.html", context)


@require_safe
def entry(request: HttpRequest, sequence: int) -> HttpResponse:
    """One entry with everything that it keeps."""
    found = access.get(access.audit(signed_in(request)), sequence=sequence)
    runs = access.runs(signed_in(request)).filter(pk=found.run_id) if found.run_id else []
    row = present.AuditRow(found)
    context = {"row": row, "run": next(iter(runs), None), "subjects": row.subjects}
    return render(request, "replication/audit/entry.html", context)


@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """The list as CSV, all pages of it, by the same filters; the export is an entry itself."""
    rows = access.audit(signed_in(request))
    last = rows.aggregate(last=Max("sequence"))["last"] or 0  # so that the file has not the entry of its own export
    view = present.grid().view(rows.filter(sequence__lte=last), request.GET)
    exports.audit(filters=view.asked, rows=view.rows.count(), actor=actor(request))
    return view.csv(f"audit-{clock.now():%Y%m%d-%H%M%S}")
