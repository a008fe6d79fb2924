"""Signing in with Microsoft Entra ID: OpenID Connect by mozilla-django-oidc, made strict.

The library alone takes an ID token that was made for another client or by another issuer, and finds people by e-mail address. Here
aud, iss, nonce and tid are checked, people are found by (tid, oid), and what is known of them comes from the ID token.
"""

import time
from typing import Any

import jwt
import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from replication.actions import groups
from replication.models import Person

TIMEOUT = 10  # seconds, for each question to the provider
KEPT = 600  # seconds that the provider's own description of itself is kept
REQUIRED = ["exp", "iat", "aud", "iss", "sub", "nonce", "tid", "oid"]

_described: dict[str, tuple[float, dict[str, Any]]] = {}


class Unreachable(Exception):
    """The provider does not answer, or not as a provider of this issuer does."""


def described() -> dict[str, Any]:
    """The provider's discovery document, which must be of the issuer that we know."""
    issuer = settings.ENTRA_ISSUER
    kept = _described.get(issuer)
    if kept and time.monotonic() - kept[0] < KEPT:
        return kept[1]
    try:
        answer = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=TIMEOUT, allow_redirects=False)
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise Unreachable(str(error)) from None
    if document.get("issuer") != issuer:
        raise Unreachable("It calls itself another issuer.")
    _described[issuer] = (time.monotonic(), document)
    return document


# What the library asks for, by its own names; the addresses are asked of the provider.
_FIXED: dict[str, Any] = {
    "OIDC_RP_SIGN_ALGO": "RS256",
    "OIDC_RP_SCOPES": "openid profile",
    "OIDC_RP_IDP_SIGN_KEY": None,
    "OIDC_USE_PKCE": True,
    "OIDC_USE_NONCE": True,
    "OIDC_TIMEOUT": TIMEOUT,
    "OIDC_VERIFY_SSL": True,
    "OIDC_AUTHENTICATION_CALLBACK_URL": "entra_callback",
    "LOGIN_REDIRECT_URL": "home",
}
_ADDRESSES = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
}


def setting(name: str, *default: Any) -> Any:
    """The library's setting of that name. Raises Unreachable."""
    if name in _ADDRESSES:
        return described().get(_ADDRESSES[name], "")
    if name == "OIDC_RP_CLIENT_ID":
        return settings.ENTRA_CLIENT_ID
    if name == "OIDC_RP_CLIENT_SECRET":
        return settings.ENTRA_CLIENT_SECRET
    return _FIXED.get(name, default[0] if default else None)


class EntraBackend(OIDCAuthenticationBackend):  # type: ignore[misc]  # the library has no types
    """People of one Entra tenant."""

    def __init__(self) -> None:
        """Without the library's reading of addresses: a session's person is looked up without asking the provider."""
        self.UserModel = Person
        self.OIDC_RP_CLIENT_ID = settings.ENTRA_CLIENT_ID
        self.OIDC_RP_CLIENT_SECRET = settings.ENTRA_CLIENT_SECRET
        self.OIDC_RP_SIGN_ALGO = setting("OIDC_RP_SIGN_ALGO")
        self.OIDC_RP_IDP_SIGN_KEY = None

    @property
    def OIDC_OP_TOKEN_ENDPOINT(self) -> str:  # the library's name
        return str(setting("OIDC_OP_TOKEN_ENDPOINT"))

    @property
    def OIDC_OP_JWKS_ENDPOINT(self) -> str:  # the library's name
        return str(setting("OIDC_OP_JWKS_ENDPOINT"))

    @staticmethod
    def get_settings(attr: str, *args: Any) -> Any:
        return setting(attr, *args)

    def authenticate(self, request: Any, **kwargs: Any) -> Person | None:
        """Only in the callback, and only where Entra is set up; a password is none of its business."""
        if not settings.ENTRA_CLIENT_ID or "nonce" not in kwargs:
            return None
        person: Person | None = super().authenticate(request, **kwargs)
        return person

    def retrieve_matching_jwk(self, token: Any) -> jwt.PyJWK:
        """The provider's key of the token's `kid`; a token without one only where there is no choice (OpenID Connect Core, 10.1)."""
        answer = requests.get(self.OIDC_OP_JWKS_ENDPOINT, timeout=TIMEOUT, allow_redirects=False)
        answer.raise_for_status()
        keys, kid = answer.json()["keys"], jwt.get_unverified_header(token).get("kid")
        fit = [key for key in keys if key.get("kid") == kid] if kid else keys
        if len(fit) != 1:
            raise SuspiciousOperation("The ID token's key is not one of the provider's.")
        return jwt.PyJWK(fit[0], algorithm="RS256")

    def _verify_jws(self, payload: Any, key: Any) -> dict[str, Any]:
        """Signed by the provider, for us, by our issuer, of our tenant, still good, with everything that we rest on."""
        try:
            claims: dict[str, Any] = jwt.decode(
                payload, key, algorithms=["RS256"], audience=settings.ENTRA_CLIENT_ID, issuer=settings.ENTRA_ISSUER,
                leeway=60, options={"require": REQUIRED},
            )  # fmt: skip
        except jwt.InvalidTokenError as error:
            raise SuspiciousOperation(f"The ID token was refused: {error}") from None
        if claims["tid"] != settings.ENTRA_TENANT_ID or not isinstance(claims["oid"], str) or not claims["oid"]:
            raise SuspiciousOperation("The ID token is of another tenant.")
        if not claims["nonce"]:
            raise SuspiciousOperation("The ID token has no nonce.")
        return claims

    def get_userinfo(self, access_token: str, id_token: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The ID token says it all, and is signed."""
        return payload

    def verify_claims(self, claims: dict[str, Any]) -> bool:
        return True  # _verify_jws has

    def filter_users_by_claims(self, claims: dict[str, Any]) -> Any:
        """Never by name or e-mail address, which others can come to have."""
        return Person.objects.filter(tenant_id=claims["tid"], object_id=claims["oid"])

    def create_user(self, claims: dict[str, Any]) -> Person:
        return self.update_user(groups.sign_up(claims["tid"], claims["oid"], _user_name(claims), _name(claims)), claims)

    def update_user(self, user: Person, claims: dict[str, Any]) -> Person:
        """Name and roles as the directory has them now."""
        if user.is_active:
            groups.follow(user, _name(claims), _groups(claims))
        return user


def _name(claims: dict[str, Any]) -> str:
    return str(claims.get("name") or "")[:200]


def _user_name(claims: dict[str, Any]) -> str:
    return str(claims.get("preferred_username") or claims["oid"])[:150]


def _groups(claims: dict[str, Any]) -> set[str]:
    """Object ids of groups and values of app roles. With very many groups Entra sends none of them (`_claim_names`), only the roles."""
    found = [*_texts(claims.get("groups")), *_texts(claims.get("roles"))]
    return set(found)


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
