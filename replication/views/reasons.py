"""A verb that wants a reason and came without: ask for it, and let what was sent be sent again with it. And one that came too often."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from replication.actions.audit import NeedsReason
from replication.actions.limits import TooMany
from replication.views.errors import too_many

NOT_KEPT = {"csrfmiddlewaretoken", "reason"}


class ReasonMiddleware:
    """One place for every verb, so that no form has to know which verbs want a reason (the setting *Ask for a reason*)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The question, with everything that was sent in hidden fields; nothing was changed so far."""
        if isinstance(exception, TooMany):
            return too_many(request, f"{exception} Nothing was done.", exception.wait)
        if not isinstance(exception, NeedsReason):
            return None
        sent = [(name, value) for name in request.POST if name not in NOT_KEPT for value in request.POST.getlist(name)]
        context = {"sent": sent, "address": request.get_full_path()}
        return render(request, "replication/reason.html", context, status=422)
