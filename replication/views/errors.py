"""Pages for what went wrong: what happened, an id to quote, one way on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.middleware import request_id


def _page(request: HttpRequest, status: int) -> HttpResponse:
    return render(request, f"errors/{status}.html", {"request_id": request_id.get()}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return _page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: also for what exists but is not this person's to see."""
    return _page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: should never be seen."""
    return _page(request, 500)
