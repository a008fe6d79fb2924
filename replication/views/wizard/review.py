"""*Review and create*: the compiled plan, its download and its two buttons."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from replication.actions import checks, compiled, plans, runs
from replication.domain import planfile
from replication.domain.plan import Plan
from replication.models import Draft, Run
from replication.presenters import wizard as present
from replication.presenters.approvals import standing
from replication.presenters.looks import run_state
from replication.sheets import csv_file
from replication.views.actor import actor
from replication.views.wizard.shared import open_draft, show


@require_safe
def review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The compiled plan, and the two buttons."""
    draft = open_draft(request, pk, "review")
    if isinstance(draft, HttpResponse):
        return draft
    if "since" in request.GET and request.headers.get("HX-Request"):
        return _run_fragment(request, draft)
    return _review_page(request, draft)


def _run_fragment(request: HttpRequest, draft: Draft) -> HttpResponse:
    """How the draft's last run stands: nothing new, a new line, or (ended) a fresh page with other marks."""
    run = Run.objects.filter(plan__draft=draft).order_by("-number").first()
    if run is None or str(run.version) == request.GET["since"]:
        return HttpResponse(status=204)
    if run.state in Run.FINISHED:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"draft": draft, "run": run, "run_state": run_state(run.state), "run_moving": True}
    return render(request, "replication/wizard/_run.html", context)


def _review_page(request: HttpRequest, draft: Draft, changed: str = "", status: int = 200) -> HttpResponse:
    made = compiled.of(draft, fresh=bool(changed) or status != 200)
    plan = made.plan
    machines_page: Page[Any] = Paginator(range(made.machines), compiled.A_PAGE).get_page(request.GET.get("page"))
    machines_page.object_list = present.protected_rows(compiled.page(draft, made, machines_page.number))
    latest = Run.objects.filter(plan__draft=draft).order_by("-number").first()
    context = {
        "plan": plan,
        "digest": made.digest,
        "counts": present.counts(plan, made.machines, made.settlements),
        "totals": present.Totals(made.machines, made.disks, made.gib),
        "forecast": made.forecast,
        "stages": present.stages(plan),
        "machines": machines_page,
        "objections": present.in_words(plan.objections, lambda page: present.page_url(draft, page)),
        "more_objections": made.objections - len(plan.objections),
        "warnings": present.in_words(plan.warnings, lambda page: present.page_url(draft, page)),
        "more_warnings": made.warnings - len(plan.warnings),
        "run": latest,
        "run_state": run_state(latest.state) if latest else None,
        "run_moving": latest is not None and latest.state not in Run.FINISHED,
        "no_start": _no_start(plan, latest),
        "standing": (cleared := checks.standing(draft, made.digest)),
        "uncleared": checks.obstacle(draft, cleared),
        "changed": changed,
        "asked": standing("draft", str(draft.pk), made.digest),
    }
    return show(request, draft, "review", context, status=status)


def _no_start(plan: Plan, run: Run | None) -> str:
    """Why the plan cannot be started now, or ''."""
    if plan.objections:
        return "The plan has problems: mend them first."
    return f"Run {run.number} is still going on." if run and run.state not in Run.FINISHED else ""


@require_safe
def download(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The plan as JSON: exactly what would be stored, and the choices, of which it can be made again."""
    draft = open_draft(request, pk, "review")
    if isinstance(draft, HttpResponse):
        return draft
    plan, choices = plans.compiled(draft), plans.choices(draft)
    written = {"digest": plan.digest, "draft": planfile.to_json(choices, dict(plan.machines))}
    answer = JsonResponse(json.loads(plan.canonical()) | written, json_dumps_params={"indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="plan-{plan.digest[:12]}.json"'
    return answer


@require_safe
def download_csv(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The choices as a table, which can be changed in a spreadsheet and uploaded again."""
    draft = open_draft(request, pk, "review")
    if isinstance(draft, HttpResponse):
        return draft
    plan, choices = plans.compiled(draft), plans.choices(draft)
    lines = planfile.to_rows(choices, dict(plan.machines), plan.digest)
    return csv_file(f"plan-{plan.digest[:12]}", ([*line] for line in lines))


@require_POST
def create_targets(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Create target resources."""
    return _submit(request, pk, runs.create_targets)


@require_POST
def enable(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Enable replication."""
    return _submit(request, pk, runs.enable)


def _submit(request: HttpRequest, pk: UUID, verb: Callable[..., Run]) -> HttpResponse:
    draft = open_draft(request, pk, "review")
    if isinstance(draft, HttpResponse):
        return draft
    digest = request.POST.get("digest", "")
    try:
        run = verb(draft, digest=digest, actor=actor(request, draft.vault))
    except plans.Objected:
        return _review_page(request, draft, status=422)
    except plans.Changed:
        words = (
            "Something has changed since this page was shown, and nothing was started. This is the plan as it is now."
        )
        return _review_page(request, draft, words, status=409)
    except checks.Uncleared as uncleared:
        return _review_page(request, draft, str(uncleared), status=409)
    except runs.Busy as busy:
        return _review_page(request, draft, f"{busy} Nothing was started.", status=409)
    return redirect("replication:run", run.pk)
