"""Pages for what went wrong: what happened, an id to quote, one way on."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render

from portal.middleware import request_id
from replication import access
from replication.actions import refusals
from replication.models import Person
from replication.views.actor import actor


class MethodMiddleware:
    """Django answers a method that a view does not take with an empty body: for a page, browsers show that as a broken site."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method != "GET" or not isinstance(response, HttpResponseNotAllowed):
            return response
        page = not_allowed(request)
        page["Allow"] = response["Allow"]
        return page


def _page(request: HttpRequest, status: int, explanation: str = "") -> HttpResponse:
    context = {"request_id": request_id.get(), "explanation": explanation}
    return render(request, f"errors/{status}.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403 with the reason; a verb that a role may not use is also an entry of the audit."""
    if isinstance(exception, access.Refused) and isinstance(request.user, Person):
        refusals.refused(
            str(exception),
            request.method or "",
            request.path,
            vault=exception.vault,
            actor=actor(request, exception.vault),
        )
        return _page(request, 403, f"{exception} Nothing was changed.")
    return _page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: also for what exists but is not this person's to see."""
    return _page(request, 404)


def not_allowed(request: HttpRequest) -> HttpResponse:
    """405: an address of a button, opened like a page."""
    return _page(request, 405)


def conflict(request: HttpRequest, explanation: str = "") -> HttpResponse:
    """409: somebody else was first."""
    return _page(request, 409, explanation)


def too_many(request: HttpRequest, explanation: str, wait: int) -> HttpResponse:
    """429: a limit was reached; wait is in seconds."""
    response = _page(request, 429, explanation)
    response["Retry-After"] = str(wait)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500: should never be seen."""
    return _page(request, 500)
