"""One's own account: where one is signed in, and the second factor."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import segno
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from replication import access, clock
from replication.actions import factors, sessions
from replication.models import Person
from replication.presenters.sessions import rows as session_rows
from replication.views.actor import actor, signed_in
from replication.views.session import MUST_ENROL, CodeForm

SEEN_EVERY = 300  # seconds between two notes of when a session was last used
OPEN_WITHOUT = {"second_factor", "logout", "theme", "healthz"}  # what somebody may open who must set up a second factor first


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Who one is here, and from where."""
    me = signed_in(request)
    context = {
        "me": me,
        "grants": me.grants.filter(ended_at=None).select_related("vault").order_by("vault__name"),
        "sessions": session_rows(sessions.live(me)),
        "this": request.session.session_key,
        "factor": factors.confirmed(me),
        "local": me.has_usable_password(),
        "why_no_factor": _why_no_factor(me),
    }
    return render(request, "replication/account/page.html", context)


def _why_no_factor(me: Person) -> str:
    if me.is_demo:
        return "Demo accounts have a published password, so a second factor would protect nothing."
    return "" if me.has_usable_password() else "Microsoft Entra ID asks for a second factor where your organisation wants one."


@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Set a second factor up: the picture for the app, then its first code."""
    me = signed_in(request)
    if _why_no_factor(me):
        raise access.Refused(_why_no_factor(me))
    if factors.confirmed(me):
        return redirect("replication:account")
    secret = factors.offered(me)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        codes = factors.confirm(me, form.cleaned_data["code"], actor=actor(request))
        if codes:
            request.session.pop(MUST_ENROL, None)
            return _show_codes(request, codes)
        form.add_error("code", "This code is wrong. Is the time on your phone right?")
    context = {
        "form": form,
        "secret": " ".join(secret[n : n + 4] for n in range(0, len(secret), 4)),
        "picture": _picture(factors.address(me, secret)),
        "must": request.session.get(MUST_ENROL, False),
    }
    return render(request, "replication/account/second_factor.html", context, status=422 if form.is_bound else 200)


def _picture(text: str) -> SafeString:
    """A QR code as inline SVG, without a style attribute; black on white in both themes, or cameras fail."""
    drawn = segno.make(text, error="m").svg_inline(scale=4, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None)
    return mark_safe(drawn)  # noqa: S308  # drawn by segno from our own text: paths and numbers only


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return render(request, "replication/account/codes.html", {"codes": codes})


@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes, for whoever knows the password."""
    return _with_password(request, lambda me: _show_codes(request, factors.renew_codes(me, actor=actor(request))))


@require_POST
def second_factor_off(request: HttpRequest) -> HttpResponse:
    """No second factor any more, for whoever knows the password."""

    def act(me: Person) -> HttpResponse:
        factors.switch_off(me, actor=actor(request))
        messages.success(request, "The second factor was switched off.")
        return redirect("replication:account")

    return _with_password(request, act)


def _with_password(request: HttpRequest, act: Callable[[Person], HttpResponse]) -> HttpResponse:
    me = signed_in(request)
    if factors.confirmed(me) is None:
        raise access.Refused("You have no second factor.")
    if not me.check_password(request.POST.get("password", "")):
        messages.error(request, "The password is wrong. Nothing was changed.")
        return redirect("replication:account")
    return act(me)


@require_POST
def session_end(request: HttpRequest, handle: str) -> HttpResponse:
    """Sign out somewhere else."""
    done = sessions.end(signed_in(request), handle, actor=actor(request))
    messages.info(request, "That session was ended." if done else "There is no such session any more.")
    return redirect("replication:account")


@require_POST
def sessions_end(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere else."""
    number = sessions.end_all(signed_in(request), actor=actor(request), but=request.session.session_key)
    messages.info(request, "Every other session was ended." if number else "You are signed in nowhere else.")
    return redirect("replication:account")


class SignInMiddleware(LoginRequiredMiddleware):
    """To the sign-in page, and from there to where the person was: a button's address cannot be opened, its page can."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseRedirect:
        if request.method in {"GET", "HEAD"}:
            return super().handle_no_permission(request, view_func)
        messages.warning(request, "Your session had ended, so nothing was done. Press the button again.")
        return redirect_to_login(_page_of_the_button(request), self.get_login_url(view_func))


def _page_of_the_button(request: HttpRequest) -> str:
    """The address from which the form was sent, when it is one of ours."""
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure()):
        return reverse("home")
    return urlsplit(came_from)._replace(scheme="", netloc="", fragment="").geturl() or reverse("home")


class SessionMiddleware:
    """Notes now and then that a session is used, and holds back whoever must set up a second factor first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        about: dict[str, Any] | None = request.session.get("about")
        now = clock.now()
        if about and now.timestamp() - _seconds(about) > SEEN_EVERY:
            request.session["about"] = about | {"seen": now.isoformat()}
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        name = request.resolver_match.url_name if request.resolver_match else ""
        if request.session.get(MUST_ENROL) and name not in OPEN_WITHOUT:
            return redirect(reverse("replication:second_factor"))
        return None


def _seconds(about: dict[str, Any]) -> float:
    return datetime.fromisoformat(about["seen"]).timestamp() if about.get("seen") else 0.0
