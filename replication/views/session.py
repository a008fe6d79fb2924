"""Signing in and out, and the choice of theme."""

from typing import Any

from django import forms
from django.conf import settings as configured
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from replication import access, clock, settings
from replication.actions import factors, people, sessions
from replication.demo import DEMO_ACCOUNTS
from replication.domain.roles import Permission
from replication.models import Person
from replication.views.actor import actor, origin, stranger

LOCAL = "portal.auth.LocalBackend"
HALF, HALF_LIFE = "half", 300  # who has given their password and owes a code; seconds
MUST_ENROL = "must_enrol"  # set in the session of somebody who has to set up a second factor first
THEMES = {"auto", "light", "dark"}
# Django's form views take PUT for POST too.
form_page = method_decorator(require_http_methods(["GET", "HEAD", "POST"]), name="dispatch")


class SignInForm(AuthenticationForm):
    """Django's form behind a brake: after too many refusals it does not even look at the password."""

    error_messages = {
        "invalid_login": "The user name or the password is wrong.",
        "inactive": "This account has been deactivated. Ask an administrator.",
    }

    def clean(self) -> dict[str, Any]:
        name, address = self.cleaned_data.get("username") or "", origin(self.request)["address"] if self.request else ""
        shut = sessions.shut(name, address)
        if shut:
            raise ValidationError(shut, code="braked")
        return super().clean()

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if settings.value("signin.passwords") == "break_glass" and not user.is_break_glass:
            raise ValidationError("Passwords are closed here. Sign in with Microsoft.", code="closed")


@form_page
class SignIn(LoginView):
    """The sign-in page; lists the demo accounts where they can be used."""

    template_name = "registration/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = [{"role": a.role.label, "username": a.username, "password": a.password} for a in DEMO_ACCOUNTS]
        more = {"demo_sign_ins": shown if configured.DEMO else [], "microsoft": bool(configured.ENTRA_CLIENT_ID)}
        return super().get_context_data(**kwargs) | more

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """In, or on to the code of the second factor."""
        person, target = form.get_user(), self.get_success_url()
        assert isinstance(person, Person)
        if factors.confirmed(person):
            self.request.session[HALF] = {"person": person.pk, "at": clock.now().timestamp(), "next": target}
            return redirect("login_code")
        return let_in(self.request, person, "password", target)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        if form.has_error("__all__") and not form.has_error("__all__", "closed") and not form.has_error("__all__", "braked"):
            sessions.refused(str(form.data.get("username", "")).replace("\x00", ""), actor=stranger(self.request))
        return super().form_invalid(form)


def let_in(request: HttpRequest, person: Person, method: str, target: str, backend: str = LOCAL) -> HttpResponse:
    """Begin the session of somebody who has shown who they are, and go on to `target`."""
    with transaction.atomic():
        login(request, person, backend=backend)
        sessions.signed_in(actor=actor(request), method=method)
        now, agent = clock.now().isoformat(), str(request.META.get("HTTP_USER_AGENT", ""))[:300]
        request.session["about"] = {"method": method, "begun": now, "seen": now, "agent": agent} | {"address": origin(request)["address"]}
        if backend == LOCAL and must_enrol(person):
            request.session[MUST_ENROL] = True
    return HttpResponseRedirect(target)


def must_enrol(person: Person) -> bool:
    """Whether the rules ask the person for a second factor that they have not set up yet."""
    rule = settings.value("signin.second_factor")
    asked = rule == "everybody" or (rule == "administrators" and access.may(person, Permission.MANAGE_PEOPLE))
    return bool(asked) and not person.is_demo and factors.confirmed(person) is None


class CodeForm(forms.Form):
    """Six digits of the authenticator app, or a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="Six digits from your authenticator app, or one of your recovery codes.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The second half of a sign-in: only after the password, and for five minutes."""
    half = request.session.get(HALF) or {}
    person = Person.objects.filter(pk=int(half.get("person") or 0), is_active=True, locked_at=None).first()
    if person is None or clock.now().timestamp() - half.get("at", 0) > HALF_LIFE:
        return redirect("login")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        shut = sessions.shut(person.username, origin(request)["address"])
        how = "" if shut else factors.accepts(person, form.cleaned_data["code"])
        if how:
            return let_in(request, person, f"password and {how}", half["next"])
        if not shut:
            sessions.refused(person.username, actor=stranger(request), why="code")
        form.add_error("code", shut or "This code is wrong, or was used already.")
    return render(request, "registration/code.html", {"form": form}, status=422 if form.is_bound else 200)


class SignOut(LogoutView):
    """POST ends the session."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if isinstance(request.user, Person):
            sessions.signed_out(actor=actor(request))
        return super().post(request, *args, **kwargs)


@form_page
class PasswordChange(PasswordChangeView):
    """A person's own password. Demo accounts keep theirs, for it stands on the sign-in page."""

    template_name = "replication/people/password.html"
    success_url = reverse_lazy("home")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if getattr(request.user, "is_demo", False):
            raise access.Refused("Demo accounts keep the password that the sign-in page shows.")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        with transaction.atomic():
            response = super().form_valid(form)
            sessions.password_changed(actor=actor(self.request))
        messages.success(self.request, "Your password was changed. Other browsers are signed out.")
        return response


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme with the account, or in a cookie before anybody has signed in."""
    chosen = request.POST.get("theme", "")
    response = back(request)
    if chosen not in THEMES:
        return response
    if isinstance(request.user, Person):
        people.choose_theme(request.user, chosen)
    response.set_cookie("theme", chosen, max_age=365 * 86400, httponly=True, samesite="Lax", secure=configured.HTTPS)
    return response


def back(request: HttpRequest, otherwise: str = "home") -> HttpResponseRedirect:
    """To the page that the form named in `next`, when that is one of ours."""
    target = request.POST.get("next", "")
    if target.startswith("/") and url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        return HttpResponseRedirect(target)
    return redirect(otherwise)
