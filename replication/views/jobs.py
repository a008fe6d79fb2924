"""Azure's Site Recovery jobs, as last read: the list, one of them, and what Azure lets be done with it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from replication import access, clock
from replication.actions import exports
from replication.actions.changes import Purpose, Wanted
from replication.domain.changes import JobCancelSpec, JobRestartSpec, JobSpec
from replication.domain.roles import Permission
from replication.models import Job, Person, Vault
from replication.presenters import jobs as present
from replication.presenters.vaults import why_not
from replication.views.actor import actor, signed_in
from replication.views.changes import reviewed
from replication.views.context import held_roles
from replication.views.live import page_query, reading_of

_SPECS: dict[str, type[JobSpec]] = {"cancel": JobCancelSpec, "restart": JobRestartSpec}
_FOLLOWS = {
    "cancel": (
        "Azure stops the job where it is. What it has done already may stay half done: look at the machine afterwards.",
        "A cancelled first copy begins anew when replication is enabled again.",
    ),
    "restart": ("Azure does the whole operation again, as a job of its own.",),
}


@require_safe
def jobs(request: HttpRequest, pk: int) -> HttpResponse:
    """The vault's jobs, newest first."""
    person = signed_in(request)
    vault = access.vault(person, pk)
    view = present.grid().view(access.jobs(person, vault).select_related(None), request.GET)
    context = {
        "vault": vault,
        "view": view,
        "rows": present.with_runs(view.page, vault),
        "reading": reading_of(request),
        "page_query": page_query(request),
        "export_query": f"?{request.GET.urlencode()}" if request.GET else "",
        "why_not_export": why_not(held_roles(request, person).get(vault.pk), Permission.EXPORT),
    }
    return render(request, "replication/jobs/list.html", context)


@require_POST
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """All pages of the list, as filtered and sorted: as CSV or, `form` xlsx, as an Excel workbook."""
    person = signed_in(request)
    vault = access.vault(person, pk)
    view = present.grid(vault).view(access.jobs(person, vault), request.GET)
    form = "xlsx" if request.POST.get("form") == "xlsx" else "csv"
    exports.jobs(vault, filters=view.asked, rows=view.rows.count(), actor=actor(request, vault), form=form)
    name = f"{vault.name}-jobs-{clock.now():%Y%m%d-%H%M%S}"
    return view.excel(name) if form == "xlsx" else view.csv(name)


@require_safe
def job(request: HttpRequest, pk: int, job_pk: int) -> HttpResponse:
    """One job with its tasks and errors, our run that asked for it, and what was done with it."""
    person = signed_in(request)
    vault, found = _get(person, pk, job_pk)
    row = present.whole(found, vault)
    context = {"vault": vault, "row": row, "controls": present.controls(found), **_why(request, person, vault, found)}
    return render(request, "replication/jobs/page.html", context)


def _why(request: HttpRequest, person: Person, vault: Vault, found: Job) -> dict[str, str]:
    """Why the job cannot be cancelled, or restarted; '' when it can."""
    role = why_not(held_roles(request, person).get(vault.pk), Permission.CONTROL_JOBS)
    return {f"why_not_{verb}": role or present.why_not(found, spec.action) for verb, spec in _SPECS.items()}


@require_http_methods(["GET", "HEAD", "POST"])
def control(request: HttpRequest, pk: int, job_pk: int, verb: str) -> HttpResponse:
    """Cancel or restart it: reviewed on GET, started on POST as a run of one step."""
    person = signed_in(request)
    vault, found = _get(person, pk, job_pk)
    if verb not in _SPECS:
        raise Http404
    access.require(person, Permission.CONTROL_JOBS, vault)
    row, spec = present.JobRow(found), _SPECS[verb]
    title = f"{row.title} of {found.target_name}" if found.target_name else row.title
    why = present.why_not(found, spec.action)
    after = {"job": "cancelled" if verb == "cancel" else "done again"}
    wanted = [] if why else [Wanted(title=title, spec=spec(id=found.arm_id), before={"job": row.state.label}, after=after)]
    return reviewed(
        request, vault, Purpose.JOB, wanted, {},
        back=(reverse("replication:job", args=[vault.pk, found.pk]), row.title),
        title=f"{verb.capitalize()} job: {title}",
        follows=_FOLLOWS[verb],
        refused=[(title, why)] if why else [],
    )  # fmt: skip


def _get(person: Person, pk: int, job_pk: int) -> tuple[Vault, Job]:
    vault = access.vault(person, pk)
    return vault, access.get(access.jobs(person, vault), pk=job_pk)
