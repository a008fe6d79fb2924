"""Runs: the list, one run live, one of its steps, and its verbs."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from replication import access, clock
from replication.actions import runs as verbs
from replication.actions.actor import Actor
from replication.domain.roles import Permission
from replication.grid import clean
from replication.models import Person, Run
from replication.presenters import run as present
from replication.presenters import runs as listed
from replication.presenters.approvals import standing
from replication.presenters.clocks import budget
from replication.presenters.looks import regions
from replication.views.actor import actor, signed_in
from replication.views.live import OVER, RUNNING, nothing_new, paced

MACHINES_A_PAGE = 25  # of the part that is sent every two seconds: about as many as the steps beside them are high


@require_safe
def runs(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Runs of one vault, or of all that the person sees."""
    person = signed_in(request)
    vault = access.vault(person, pk) if pk is not None else None
    view = listed.grid().view(access.runs(person, vault), request.GET)
    context = {"vault": vault, "view": view, "rows": [listed.RunRow(run) for run in view.page]}
    return render(request, "replication/runs/list.html", context)


@require_safe
def run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What a run does and has done."""
    return render(request, "replication/runs/page.html", _context(request, _get(request, pk)))


@require_safe
def live(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The part of the run's page that moves; 204 while its version is the one that the page has."""
    found = _get(request, pk)
    ended = found.state in Run.FINISHED
    if request.GET.get("since") == str(found.version) and not ended:
        return nothing_new(RUNNING)
    request.GET = _without_since(request)  # type: ignore[assignment]  # the links in the answer are the page's
    context = _context(request, found) | {"swapped": True}
    return paced(render(request, "replication/runs/_live.html", context, status=OVER if ended else 200), RUNNING)


def _without_since(request: HttpRequest) -> QueryDict:
    kept = request.GET.copy()
    kept.pop("since", None)
    return kept


@require_safe
def step(request: HttpRequest, run_pk: UUID, pk: int) -> HttpResponse:
    """One step: what was asked of Azure, what it answered, and all its events."""
    found = _get(request, run_pk)
    row = access.get(found.steps.prefetch_related("events"), pk=pk)
    row.run = found
    context = {
        "vault": found.vault,
        "run": listed.RunRow(found),
        "row": present.StepRow(row, regions([found.vault])),
        "facts": step_facts(row),
        "asked": present.asked_for(row.spec),
    }
    return render(request, "replication/runs/step.html", context)


def step_facts(row: Any) -> list[tuple[str, str]]:
    """What somebody needs who talks to Azure's support about the step."""
    shown = (
        ("Attempts", str(row.attempt)),
        ("Client request id", row.request_id),
        ("Correlation id", row.correlation_id),
        ("Site Recovery job", row.azure_job_id),
        ("Resource", str(row.spec.get("id", ""))),
    )
    return [(term, text) for term, text in shown if text]


@require_POST
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Do not begin what has not begun."""
    return _verb(request, pk, _cancel)


@require_POST
def pause(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Begin nothing more for now."""
    return _verb(request, pk, _pause)


@require_POST
def resume(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Go on."""
    return _verb(request, pk, _resume)


@require_POST
def take_over(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Become responsible for somebody else's run."""
    return _verb(request, pk, _take_over)


@require_POST
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A new run of what did not succeed."""
    return _verb(request, pk, _retry)


def _cancel(found: Run, by: Actor) -> tuple[Run, str]:
    verbs.cancel(found, actor=by)
    return found, f"Run {found.number} is being cancelled. What Azure is doing already goes on to its end."


def _pause(found: Run, by: Actor) -> tuple[Run, str]:
    verbs.pause(found, actor=by)
    return found, f"Run {found.number} is paused. What Azure is doing already goes on to its end."


def _resume(found: Run, by: Actor) -> tuple[Run, str]:
    verbs.resume(found, actor=by)
    return found, f"Run {found.number} goes on."


def _take_over(found: Run, by: Actor) -> tuple[Run, str]:
    verbs.take_over(found, actor=by)
    return found, f"Run {found.number} is yours now."


def _retry(found: Run, by: Actor) -> tuple[Run, str]:
    new = verbs.retry_failed(found, actor=by)
    return new, f"Run {new.number} does again what did not succeed in run {found.number}."


def _verb(request: HttpRequest, pk: UUID, act: Callable[[Run, Actor], tuple[Run, str]]) -> HttpResponse:
    """A role that may not is refused with 403; a run that is not in the state for it says so on its page."""
    found = _get(request, pk)
    access.require(signed_in(request), Permission.CONTROL_RUNS, found.vault)
    try:
        shown, text = act(found, actor(request, found.vault))
        messages.success(request, text)
    except (access.Refused, verbs.Busy) as refused:
        shown = found
        messages.error(request, str(refused))
    return redirect("replication:run", shown.pk)


def _get(request: HttpRequest, pk: UUID) -> Run:
    rows = access.runs(signed_in(request)).select_related("vault__connection", "started_by", "owner", "retry_of")
    rows = rows.annotate(draft_pk=F("plan__draft"))  # without the plan's document
    return access.get(rows, pk=pk)


def _context(request: HttpRequest, found: Run) -> dict[str, Any]:
    person, row = signed_in(request), listed.RunRow(found)
    names = regions([found.vault])
    progress = present.progress(found, names)
    chosen = clean(request.GET.get("machines"))
    page = Paginator(present.machine_steps(found, chosen), MACHINES_A_PAGE).get_page(clean(request.GET.get("page")))
    items = access.items(person, found.vault).filter(gone_at=None)
    may = access.may(person, Permission.CONTROL_RUNS, found.vault).reason
    return {
        "vault": found.vault,
        "run": row,
        "progress": progress,
        "budget": budget(found),
        "failed_title": present.failed_title(progress),
        "now": clock.now(),
        "page": page,
        "machines": present.machine_rows(found, page, items, names),
        "chosen": chosen,
        "machine_filters": [(key, label) for key, (label, _) in present.MACHINE_FILTERS.items()],
        "why_not_pause": may or why_not_pause(row),
        "why_not_take_over": may or why_not_take_over(row, person),
        "why_not_evidence": access.may(person, Permission.AUDIT_ALL, found.vault).reason,
        "why_not_cancel": may or why_not_cancel(row),
        "why_not_retry": may or why_not_retry(row, progress),
        "asked": standing("run", str(found.pk)) if row.finished else None,
        "retries": list(found.retries.order_by("number")),
    }


def why_not_pause(row: listed.RunRow) -> str:
    """'' while the run may be paused or, when it is, resumed."""
    if row.finished:
        return "The run has ended."
    return "The run is being cancelled." if row.run.cancel_requested_at else ""


def why_not_take_over(row: listed.RunRow, person: Person) -> str:
    """'' while the run goes on and is somebody else's."""
    if row.finished:
        return "The run has ended."
    return "The run is yours." if row.run.responsible == person else ""


def why_not_cancel(row: listed.RunRow) -> str:
    """'' while there is something to cancel."""
    if row.finished:
        return "The run has ended."
    return "The run is being cancelled." if row.run.cancel_requested_at else ""


def why_not_retry(row: listed.RunRow, progress: present.Progress) -> str:
    """'' when the run has ended and left something undone."""
    if not row.finished:
        return "Available when the run has ended."
    if row.run.purpose == Run.Purpose.DISABLE:
        return "Disabling is not repeated unseen: choose the machines again and confirm."
    return "" if progress.unfinished else "Everything in this run succeeded."
