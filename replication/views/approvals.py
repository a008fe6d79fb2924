"""Requests for a second person's approval: the list, one of them, what can be done with it; and how a held-back gesture becomes one."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from replication import access
from replication.actions import approvals as verbs
from replication.actions.actor import Actor
from replication.grid import clean
from replication.models import Approval
from replication.presenters import approvals as present
from replication.views.actor import actor, signed_in

NOT_KEPT = "csrfmiddlewaretoken"


class ApprovalMiddleware:
    """One place for every verb: what a rule holds back becomes a request, with the gesture kept to be made again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """To the page of the request; nothing but that was written."""
        if not isinstance(exception, verbs.NeedsApproval):
            return None
        asked = exception.asked
        sent = [(name, value) for name in request.POST if name != NOT_KEPT for value in request.POST.getlist(name)]
        found = verbs.request(asked, address=request.get_full_path()[:600], sent=sent, actor=actor(request, asked.vault))
        messages.info(request, "Nothing was started: a second person has to approve this first.")
        return redirect("replication:approval", found.pk)


@require_safe
def approvals(request: HttpRequest) -> HttpResponse:
    """Requests that the person made, may decide, or may read about."""
    view = present.grid().view(access.approvals(signed_in(request)), request.GET)
    rows = [present.ApprovalRow(each) for each in view.page]
    return render(request, "replication/approvals/list.html", {"view": view, "rows": rows})


@require_safe
def approval(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: what would be done, and who has decided."""
    return _page(request, _get(request, pk))


@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree."""
    return _act(request, pk, lambda found, by: verbs.approve(found, note=_note(request), actor=by), "Approved.")


@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Disagree, with a reason."""
    if not _note(request):
        return _page(request, _get(request, pk), error="Say why you refuse: whoever asked reads it.", status=422)
    return _act(request, pk, lambda found, by: verbs.refuse(found, note=_note(request), actor=by), "Refused.")


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own request back."""
    return _act(request, pk, lambda found, by: verbs.withdraw(found, actor=by), "The request was withdrawn.")


def _act(request: HttpRequest, pk: int, act: Callable[[Approval, Actor], None], done: str) -> HttpResponse:
    found = _get(request, pk)
    act(found, actor(request, found.vault))
    messages.success(request, done)
    return redirect("replication:approval", found.pk)


def _page(request: HttpRequest, found: Approval, *, error: str = "", status: int = 200) -> HttpResponse:
    me = signed_in(request)
    mine = found.requested_by_id == me.pk
    context: dict[str, Any] = {
        "row": present.ApprovalRow(found),
        "approval": found,
        "mine": mine,
        "why_not": present.why_not(found, me),
        "error": error,
        "sent": found.sent if mine and found.is_approved else [],
    }
    return render(request, "replication/approvals/page.html", context, status=status)


def _get(request: HttpRequest, pk: int) -> Approval:
    return access.get(access.approvals(signed_in(request)), pk=pk)


def _note(request: HttpRequest) -> str:
    return clean(request.POST.get("note"))
