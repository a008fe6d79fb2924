"""*Checks*: what stands in the way of the run, asked before the first write; warnings are acknowledged here."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from replication.actions import checks, compiled
from replication.domain.checks.catalogue import KEYS
from replication.domain.eligibility import Effect
from replication.models import Draft
from replication.presenters import wizard as present
from replication.presenters.wizard import checks as rows
from replication.views.actor import actor, signed_in
from replication.views.live import nothing_new, paced
from replication.views.wizard.shared import open_draft, show, side

INTERVAL = 1  # seconds between two looks: a check takes about as long


@require_safe
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How the checks stand. Who owns the draft has them made by looking."""
    draft = open_draft(request, pk, "checks")
    if isinstance(draft, HttpResponse):
        return draft
    if "since" in request.GET and request.headers.get("HX-Request"):
        return _fragment(request, draft)
    made = compiled.of(draft)
    mine = draft.owner_id == signed_in(request).pk
    if mine and not made.objections:
        now = checks.begin(draft, made.digest, actor=actor(request, draft.vault))
    else:
        now = checks.standing(draft, made.digest)
    context = _context(now, made.digest) | {"objections": made.objections}
    return show(request, draft, "checks", context | side(made))


def _fragment(request: HttpRequest, draft: Draft) -> HttpResponse:
    """What has become known since `?since=<reading>:<checks made>`; the plan is not compiled for that."""
    digest = request.GET.get("digest", "").replace("\x00", "")[:64]
    now = checks.standing(draft, digest)
    if _version(now) == request.GET["since"]:
        return nothing_new(INTERVAL)
    if not now.running:
        return HttpResponse(headers={"HX-Refresh": "true"})  # the buttons of the page change, too
    return paced(
        render(request, "replication/wizard/_checks.html", {"draft": draft, **_context(now, digest)}), INTERVAL
    )


def _version(now: checks.Standing) -> str:
    reading = now.reading
    return f"{reading.pk}:{len(now.done)}:{int(not now.running)}" if reading else "none"


def _context(now: checks.Standing, digest: str) -> dict[str, Any]:
    return {
        "standing": now,
        "digest": digest,
        "since": _version(now),
        "rows": rows.check_rows(now),
        "made": len(now.done),
        "all": len(KEYS),
        "blocking": rows.found(now, Effect.BLOCK),
        "warnings": rows.found(now, Effect.WARN),
        "notes": rows.found(now, Effect.INFORM),
        "waiting": len(now.unacknowledged),
    }


@require_POST
def again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make all checks again, or (failing=1) only those that block or warn."""
    draft = open_draft(request, pk, "checks")
    if isinstance(draft, HttpResponse):
        return draft
    digest = compiled.of(draft).digest
    checks.again(draft, digest, failing=request.POST.get("failing") == "1", actor=actor(request, draft.vault))
    return redirect("replication:draft_checks", draft.pk)


@require_POST
def acknowledge(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Go on in spite of the warnings that are ticked."""
    draft = open_draft(request, pk, "checks")
    if isinstance(draft, HttpResponse):
        return draft
    digest = compiled.of(draft).digest
    number = checks.acknowledge(draft, digest, request.POST.getlist("warning"), actor=actor(request, draft.vault))
    if number:
        words = "warning was" if number == 1 else "warnings were"
        messages.success(request, f"{number} {words} acknowledged, and will stand in the audit.")
    else:
        messages.warning(request, "No warning was ticked that still waits.")
    return redirect(present.page_url(draft, "checks"))
