"""Who asks: the signed-in person of a request, and the actor that verbs and the audit take."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from portal.middleware import request_id
from replication import access
from replication.actions.actor import Actor
from replication.grid import clean
from replication.models import Person, Vault


def signed_in(request: HttpRequest) -> Person:
    """The person of the request; views behind LoginRequiredMiddleware always have one."""
    assert isinstance(request.user, Person)
    return request.user


def actor(request: HttpRequest, vault: Vault | None = None) -> Actor:
    """The person with their role in the vault (without one: the most powerful of theirs), reason, request id and address."""
    person = signed_in(request)
    reason = clean(request.POST.get("reason"))
    return Actor(
        person=person, name=str(person), role=access.role(person, vault) or "", reason=reason, **origin(request)
    )


def stranger(request: HttpRequest) -> Actor:
    """Somebody who has not signed in: an attempt is all that is known of them."""
    return Actor(person=None, name="Not signed in", **origin(request))


class ReadingMiddleware:
    """A request that changes nothing reads once what its person's grants open, however many rows it shows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        with access.asked_once():
            return self.get_response(request)


def origin(request: HttpRequest) -> dict[str, str]:
    """Which request, from which address, as far as the web server knows it."""
    return {"request_id": request_id.get(), "address": str(request.META.get("REMOTE_ADDR", ""))[:64]}
