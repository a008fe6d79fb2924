"""What every request and every answer carries: a request id and the security headers of docs/architecture.md."""

import ipaddress
import logging
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

Handler = Callable[[HttpRequest], HttpResponse]

request_id: ContextVar[str] = ContextVar("request_id", default="-")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


class ProxyMiddleware:
    """Puts the visitor's own address where the proxy's stands, when the proxy is one of PORTAL_TRUSTED_PROXIES.

    X-Forwarded-For is read from its end, where our own proxies write; what a visitor wrote into it stands before that and counts for
    nothing. Forwarding headers of anybody else are dropped.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        if not settings.TRUSTED_PROXIES:
            return self.get_response(request)
        if _trusted(request.META.get("REMOTE_ADDR", "")):
            request.META["REMOTE_ADDR"] = _visitor([request.META["REMOTE_ADDR"], *reversed(given.split(","))])
        else:
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        return self.get_response(request)


def _visitor(hops: list[str]) -> str:
    """The first address, from ours outwards, that is no proxy of ours; what is no address ends the search at the last good one."""
    found = hops[0]
    for each in (hop.strip() for hop in hops):
        if _address(each) is None:
            return found
        found = each
        if not _trusted(each):
            return found
    return found


def _trusted(text: str) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in settings.TRUSTED_PROXIES)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


class RequestIdMiddleware:
    """Names each request. The same id stands in the answer's header, in every log line and in the audit row."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Never the caller's own id: a guessed or repeated one would join strangers' audit entries.
        token = request_id.set(str(uuid.uuid4()))
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = request_id.get()
            return response
        finally:
            request_id.reset(token)


class HeadersMiddleware:
    """The strict Content-Security-Policy, and no copies of pages with data in shared browsers; a fragment is never taken for its page."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        patch_vary_headers(response, ["HX-Request"])
        return response


class BodyMiddleware:
    """Turns away what is larger than any form of ours before a byte of it is read.

    Django bounds the fields of a form (DATA_UPLOAD_MAX_MEMORY_SIZE) but writes files of any size to the disk, for whoever asks: they are
    read for the CSRF token, before anybody knows who is there. A body without a length is not read at all by Django.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdecimal() and int(length) <= settings.LARGEST_BODY):
            return HttpResponse("This is larger than anything that is taken here.\n", status=413, content_type="text/plain")
        return self.get_response(request)


class RequestIdFilter(logging.Filter):
    """Puts the current request id on each log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class OneLineFormatter(logging.Formatter):
    """One record, one line, and a traceback's lines indented: a line break in a machine's name cannot forge a log entry."""

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        if self.usesTime():
            record.asctime = self.formatTime(record, self.datefmt)
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        return "".join([harmless(self.formatMessage(record)), *(f"\n    {harmless(each)}" for each in trace.splitlines())])


def harmless(text: str) -> str:
    """Without anything that moves a terminal's cursor, its colour or the direction of its text."""
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
