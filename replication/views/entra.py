"""Signing in with Microsoft: to the provider and back, by mozilla-django-oidc."""

import logging
from typing import Any

import jwt
import requests
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from portal import entra
from replication.actions import sessions
from replication.views.actor import stranger
from replication.views.session import SignIn, let_in

logger = logging.getLogger(__name__)
DOWN = "Microsoft's sign-in cannot be reached just now. Try again, or sign in with a local account."
REFUSED = "Microsoft's sign-in did not let you in. Try again; if it stays so, ask an administrator."
CLOSED = "This account has been deactivated. Ask an administrator."
BACKEND = "portal.entra.EntraBackend"


def _only_where_set_up() -> None:
    if not settings.ENTRA_CLIENT_ID:
        raise Http404


def _sign_in_page(request: HttpRequest, problem: str, status: int) -> HttpResponse:
    """The sign-in page with what went wrong; local accounts still work."""
    request.method = "GET"
    view = SignIn(extra_context={"problem": problem})
    view.setup(request)
    response = view.render_to_response(view.get_context_data())
    response.status_code = status
    return response.render() if hasattr(response, "render") else response


@method_decorator(login_not_required, name="dispatch")
class Start(OIDCAuthenticationRequestView):  # type: ignore[misc]  # the library has no types
    """To the provider, with state, nonce and PKCE."""

    http_method_names = ["get", "head"]  # the library's own leaves HEAD out

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Without the library's: it reads the addresses before we can tell that the provider is down."""

    @staticmethod
    def get_settings(attr: str, *args: Any) -> Any:
        return entra.setting(attr, *args)

    def get(self, request: HttpRequest) -> HttpResponse:
        _only_where_set_up()
        try:
            self.OIDC_OP_AUTH_ENDPOINT = entra.setting("OIDC_OP_AUTHORIZATION_ENDPOINT")
        except entra.Unreachable as error:
            logger.error("Microsoft Entra ID cannot be reached at %s: %s", settings.ENTRA_ISSUER, error)
            return _sign_in_page(request, DOWN, 503)
        self.OIDC_RP_CLIENT_ID = settings.ENTRA_CLIENT_ID
        answer: HttpResponse = super().get(request)
        return answer


@method_decorator(login_not_required, name="dispatch")
class Callback(OIDCAuthenticationCallbackView):  # type: ignore[misc]  # the library has no types
    """Back from the provider: in, or to the sign-in page with a sentence."""

    http_method_names = ["get", "head"]

    @staticmethod
    def get_settings(attr: str, *args: Any) -> Any:
        return entra.setting(attr, *args)

    def get(self, request: HttpRequest) -> HttpResponse:
        _only_where_set_up()
        try:
            answer: HttpResponse = super().get(request)
        except (entra.Unreachable, requests.ConnectionError, requests.Timeout) as error:
            logger.error("Microsoft Entra ID cannot be reached: %s", error)
            return _sign_in_page(request, DOWN, 503)
        except (SuspiciousOperation, requests.RequestException, jwt.PyJWTError, KeyError, ValueError) as error:
            logger.warning("A sign-in with Microsoft was refused: %s", error)
            return self.login_failure()
        return answer

    def login_success(self) -> HttpResponse:
        target = self.request.session.pop("oidc_login_next", None) or reverse("home")
        return let_in(self.request, self.user, "microsoft", target, backend=BACKEND)

    def login_failure(self) -> HttpResponse:
        person = getattr(self, "user", None)
        sessions.refused(str(person.username if person else "Microsoft"), actor=stranger(self.request), why="microsoft")
        return _sign_in_page(self.request, CLOSED if person else REFUSED, 403)


