"""Audit history: the list, one entry, the exports and bundles, and how the chain stands."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from replication import access, clock
from replication.actions import bundles, exports, verification
from replication.actions.audit import head as chain_head
from replication.actions.evidence import of as facts_of
from replication.domain.roles import Permission
from replication.grid import View
from replication.models import AuditEntry
from replication.presenters import audit as present
from replication.views.actor import actor, signed_in
from replication.views.live import OVER, RUNNING, nothing_new

GESTURE_SHOWN = 20
REPORT_ROWS = 2000  # on paper; more than that belongs into a bundle


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Entries that the person may read: all of their vaults', or only their own."""
    person = signed_in(request)
    view = present.grid().view(access.audit(person), request.GET)
    everything, whole = access.may(person, Permission.AUDIT_ALL), access.whole_audit(person)
    context = {
        "view": view,
        "rows": [present.AuditRow(entry) for entry in view.page],
        "all": bool(everything),
        "why_own": everything.reason,
        "selects": [view.pills[key] for key in ("person", "action", "outcome")],
        "export_url": f"{reverse('replication:audit_export')}?{request.GET.urlencode()}",
        "lines_url": f"{reverse('replication:audit_lines')}?{request.GET.urlencode()}",
        "why_not_bundle": whole.reason,
        "chain": present.chain() if whole else None,
        "streams": present.streams() if whole else [],
        "report_url": f"{reverse('replication:audit_report')}?{request.GET.urlencode()}",
        "saved_views": access.saved_views(person, "audit"),
        "page_view": request.GET.urlencode(),
        "why_not_export": access.may(person, Permission.EXPORT).reason,
    }
    return render(request, "replication/audit/list.html", context)


@require_safe
def entry(request: HttpRequest, sequence: int) -> HttpResponse:
    """One entry with everything that it keeps."""
    found = access.get(access.audit(signed_in(request)), sequence=sequence)
    runs = access.runs(signed_in(request)).filter(pk=found.run_id) if found.run_id else []
    row = present.AuditRow(found)
    context = {"row": row, "run": next(iter(runs), None), "gesture": _gesture(request, found)}
    return render(request, "replication/audit/entry.html", context)


def _gesture(request: HttpRequest, found: AuditEntry) -> list[present.AuditRow]:
    """The other entries of the same gesture, as far as the person may read them: of its request, and of the run that it began."""
    same = Q(request_id=found.request_id) if found.request_id else Q(pk=None)
    if found.run_id:
        same |= Q(run_id=found.run_id)
    rows = access.audit(signed_in(request)).filter(same).exclude(pk=found.pk).order_by("sequence")
    return [present.AuditRow(each) for each in rows[:GESTURE_SHOWN]]


@require_POST
def report(request: HttpRequest) -> HttpResponse:
    """The list to print or keep as PDF, by the same filters: what was asked for, by whom, and how the chain stands."""
    view = _narrowed(request, "report")
    person = signed_in(request)
    number = view.rows.count()
    context = {
        "rows": [present.AuditRow(each) for each in view.rows[:REPORT_ROWS]],
        "number": number,
        "left_out": max(0, number - REPORT_ROWS),
        "filters": [(pill.label, pill.chosen) for pill in view.pills.values() if pill.chosen],
        "chain": present.chain() if access.whole_audit(person) else None,
        "head": chain_head(),
        "person": person,
        "now": clock.now(),
    }
    return render(request, "replication/audit/report.html", context)


@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """The list as CSV, all pages of it, by the same filters; the export is an entry itself."""
    return _narrowed(request, "csv").csv(_name())


@require_POST
def lines(request: HttpRequest) -> HttpResponseBase:
    """The same as JSON lines with a signed manifest."""
    view = _narrowed(request, "lines")
    return _download(bundles.filtered(view.rows, view.asked, by=str(signed_in(request))), _name())


def _narrowed(request: HttpRequest, form: str) -> View:
    rows = access.audit(signed_in(request))
    last = rows.aggregate(last=Max("sequence"))["last"] or 0  # so that the file has not the entry of its own export
    view = present.grid().view(rows.filter(sequence__lte=last), request.GET)
    exports.audit(filters=view.asked, rows=view.rows.count(), actor=actor(request), form=form)
    return view


@require_POST
def bundle(request: HttpRequest) -> HttpResponseBase:
    """The whole chain, which can be verified without the console; for those who may read all of it."""
    access.require_whole_audit(signed_in(request))
    last, head = chain_head()
    exports.audit_chain(last=last, head=head, actor=actor(request))
    return _download(bundles.chain(last, by=str(signed_in(request))), f"{_name()}-chain")


def _download(content: Iterator[str], name: str) -> HttpResponseBase:
    answer = StreamingHttpResponse(content, content_type="application/jsonl")
    answer["Content-Disposition"] = f'attachment; filename="{name}.jsonl"'
    return answer


def _name() -> str:
    return f"audit-{clock.now():%Y%m%d-%H%M%S}"


# --- the chain's check ------------------------------------------------------------------------------------------------


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Have a worker walk the chain now."""
    verification.ask(actor=actor(request))
    return redirect("replication:audit")


@require_safe
def chain(request: HttpRequest) -> HttpResponse:
    """How the chain stands; polled while it is being walked."""
    access.require_whole_audit(signed_in(request))
    shown = present.chain()
    if shown.checking:
        return nothing_new(RUNNING)
    return render(request, "replication/audit/_chain.html", {"chain": shown}, status=OVER)


@require_POST
def evidence(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """All that is known of one run, signed."""
    person = signed_in(request)
    rows = access.runs(person).select_related("vault", "plan", "started_by", "owner", "retry_of")
    found = access.get(rows, pk=pk)
    access.require(person, Permission.AUDIT_ALL, found.vault)
    entries = AuditEntry.objects.filter(run_id=found.pk, vault_key=found.vault.key, sequence__lte=chain_head()[0])
    exports.run(found, rows=entries.count(), actor=actor(request, found.vault))
    content = bundles.of_run(entries, facts_of(found), by=str(person))
    return _download(content, f"run-{found.number}-evidence")
