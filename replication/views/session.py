"""Signing in and out, and the choice of theme."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from replication import access
from replication.actions import people, sessions
from replication.demo import DEMO_ACCOUNTS
from replication.models import Person
from replication.views.actor import actor, origin, stranger

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
        if sessions.braked(name, address):
            raise ValidationError("Too many attempts. Try again in five minutes.", code="braked")
        return super().clean()


@form_page
class SignIn(LoginView):
    """The sign-in page; lists the demo accounts where they can be used."""

    template_name = "registration/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = [{"role": a.role.label, "username": a.username, "password": a.password} for a in DEMO_ACCOUNTS]
        return super().get_context_data(**kwargs) | {"demo_sign_ins": shown if settings.DEMO else []}

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        with transaction.atomic():
            response = super().form_valid(form)
            sessions.signed_in(actor=actor(self.request))
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        if form.has_error("__all__") and not form.has_error("__all__", "braked"):
            sessions.refused(str(form.data.get("username", "")).replace("\x00", ""), actor=stranger(self.request))
        return super().form_invalid(form)


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
    response.set_cookie("theme", chosen, max_age=365 * 86400, httponly=True, samesite="Lax", secure=settings.HTTPS)
    return response


def back(request: HttpRequest, otherwise: str = "home") -> HttpResponseRedirect:
    """To the page that the form named in `next`, when that is one of ours."""
    target = request.POST.get("next", "")
    if target.startswith("/") and url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        return HttpResponseRedirect(target)
    return redirect(otherwise)
