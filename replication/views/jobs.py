"""Azure's Site Recovery jobs, as last read."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from replication import access
from replication.presenters import jobs as present
from replication.views.actor import signed_in
from replication.views.live import page_query, reading_of


@require_safe
def jobs(request: HttpRequest, pk: int) -> HttpResponse:
    """The vault's jobs, newest first."""
    person = signed_in(request)
    vault = access.vault(person, pk)
    view = present.grid().view(access.jobs(person, vault), request.GET)
    rows = [present.JobRow(job) for job in view.page]
    context = {
        "vault": vault,
        "view": view,
        "rows": rows,
        "reading": reading_of(request),
        "page_query": page_query(request),
    }
    return render(request, "replication/jobs/list.html", context)


@require_safe
def job(request: HttpRequest, pk: int, job_pk: int) -> HttpResponse:
    """One job with its tasks and errors, and our run that asked for it."""
    person = signed_in(request)
    vault = access.vault(person, pk)
    found = access.get(access.jobs(person, vault), pk=job_pk)
    run = access.runs(person, vault).filter(steps__azure_job_id__iexact=found.arm_id).first()
    return render(request, "replication/jobs/page.html", {"vault": vault, "row": present.JobRow(found), "run": run})
