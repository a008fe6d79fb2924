"""Signing in with Microsoft Entra ID, against a real OpenID provider on this machine."""

import time
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.exceptions import SuspiciousOperation
from django.test import Client
from django.urls import reverse

from portal import entra
from replication import access
from replication.actions import groups
from replication.actions.actor import Actor
from replication.actions.people import Scope
from replication.domain.roles import Role
from replication.models import AuditEntry, Grant, Person, Vault
from tests.conftest import SUBSCRIPTION
from tests.views import rows

TENANT, OBJECT, CLIENT = "99999999-0000-0000-0000-000000000001", "99999999-0000-0000-0000-0000000000aa", "console"
CLAIMS = {"tid": TENANT, "oid": OBJECT, "name": "Grace Hopper", "preferred_username": "grace@contoso.example", "groups": ["g-operators"]}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """Its address, which is its issuer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import oidc_provider_mock
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(autouse=True)
def set_up(settings: Any, provider: str) -> None:
    settings.ENTRA_TENANT_ID, settings.ENTRA_CLIENT_ID, settings.ENTRA_CLIENT_SECRET = TENANT, CLIENT, "s" * 20
    settings.ENTRA_ISSUER = provider


@pytest.fixture
def operators(vault: Vault, admin: Person) -> Any:
    """The group whose people are operators."""
    by = Actor(person=admin, name="Admin", role="administrator")
    return groups.add("g-operators", "Operators", vault, Role.OPERATOR, [Scope("source", SUBSCRIPTION)], actor=by)


def sign_in(client: Client, provider: str, claims: dict[str, Any] | None = None, sub: str = "grace") -> Any:
    """The whole way round: to the provider, its form, and back."""
    requests.put(f"{provider}/users/{sub}", json=CLAIMS if claims is None else claims, timeout=5).raise_for_status()
    there = client.get(reverse("entra_start") + "?next=/items/")
    back = requests.post(there["Location"], data={"sub": sub}, allow_redirects=False, timeout=5)
    way = urlsplit(back.headers["Location"])
    return client.get(f"{way.path}?{way.query}")


def live() -> list[tuple[str, bool]]:
    return list(Grant.objects.filter(person__object_id=OBJECT, ended_at=None).values_list("role", "by_group"))


def test_a_group_becomes_a_role_and_follows_the_directory(
    client: Client, provider: str, vault: Vault, admin: Person, operators: Any
) -> None:
    assert sign_in(client, provider)["Location"] == "/items/"
    grace = Person.objects.get(object_id=OBJECT)
    assert (grace.username, str(grace), grace.tenant_id) == (CLAIMS["preferred_username"], "Grace Hopper", TENANT)
    assert not grace.has_usable_password()
    assert live() == [("operator", True)]
    assert client.get(reverse("replication:overview", args=[vault.pk])).status_code == 200
    assert b"Microsoft" in client.get(reverse("replication:account")).content
    sign_in(client, provider)
    assert AuditEntry.objects.filter(action__startswith="grant").count() == 1  # nothing new was said
    by = Actor(person=admin, name="Admin", role="administrator")
    groups.add("g-helpdesk", "", vault, Role.HELPDESK, [], actor=by)
    sign_in(client, provider, CLAIMS | {"groups": ["g-helpdesk"], "name": "Grace H."})
    assert live() == [("helpdesk", True)]
    sign_in(client, provider, CLAIMS | {"groups": []})
    assert live() == []
    assert client.get(reverse("replication:overview", args=[vault.pk])).status_code == 404
    told = AuditEntry.objects.filter(action__startswith="grant").order_by("sequence").values_list("action", "actor_name")
    assert list(told) == [("grant.given", "Console"), ("grant.changed", "Console"), ("grant.ended", "Console")]


def test_an_app_role_counts_like_a_group_and_the_most_powerful_wins(
    client: Client, provider: str, vault: Vault, admin: Person, operators: Any
) -> None:
    by = Actor(person=admin, name="Admin", role="administrator")
    groups.add("Replication.Admin", "", vault, Role.ADMINISTRATOR, [Scope("target", SUBSCRIPTION)], actor=by)
    sign_in(client, provider, CLAIMS | {"roles": ["Replication.Admin"]})
    assert live() == [("administrator", True)]
    grace = Person.objects.get(object_id=OBJECT)
    assert access.whole_subscriptions(grace, vault, "target") == {SUBSCRIPTION}
    assert access.whole_subscriptions(grace, vault, "source") == set()  # the operators' scope is not the administrators'


def test_a_role_by_hand_stays(client: Client, provider: str, vault: Vault, admin: Person, operators: Any) -> None:
    sign_in(client, provider, CLAIMS | {"groups": []})
    grace = Person.objects.get(object_id=OBJECT)
    Grant.objects.create(person=grace, vault=vault, role="team_lead", granted_at=rows.NOON)
    sign_in(client, provider)
    sign_in(client, provider, CLAIMS | {"groups": []})
    assert live() == [("team_lead", False)]


def test_nobody_becomes_somebody_else_by_name(client: Client, provider: str, vault: Vault, admin: Person) -> None:
    sign_in(client, provider, CLAIMS | {"preferred_username": "admin", "email": "admin@contoso.example"})
    assert not Grant.objects.filter(person__object_id=OBJECT).exists()
    assert Person.objects.get(object_id=OBJECT).username == OBJECT
    assert str(client.session["_auth_user_id"]) != str(admin.pk)


@pytest.mark.parametrize(
    "claims",
    [{"tid": "another"}, {"oid": ""}, {"oid": None}, {"tid": None}],
)
def test_other_tenants_and_nameless_tokens_stay_out(client: Client, provider: str, vault: Vault, claims: dict[str, Any]) -> None:
    given = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    answer = sign_in(client, provider, given, sub=f"other-{len(str(claims))}")
    assert answer.status_code == 403
    assert b"did not let you in" in answer.content
    assert not Person.objects.filter(object_id=OBJECT).exists()
    assert "_auth_user_id" not in client.session
    assert AuditEntry.objects.latest("sequence").action == "session.refused"


def test_a_deactivated_account_stays_out(client: Client, provider: str, vault: Vault) -> None:
    sign_in(client, provider)
    Person.objects.filter(object_id=OBJECT).update(is_active=False)
    answer = sign_in(Client(), provider)
    assert (answer.status_code, b"has been deactivated" in answer.content) == (403, True)


def test_state_is_for_one_use_in_one_browser(client: Client, provider: str, vault: Vault) -> None:
    there = client.get(reverse("entra_start"))
    back = requests.post(there["Location"], data={"sub": "grace"}, allow_redirects=False, timeout=5)
    way = urlsplit(back.headers["Location"])
    assert Client().get(f"{way.path}?{way.query}").status_code == 403  # somebody else's browser
    assert client.get(f"{way.path}?{way.query}").status_code == 302
    assert client.get(f"{way.path}?{way.query}").status_code == 403  # again
    assert client.get(way.path).status_code == 403
    assert client.get(f"{way.path}?error=access_denied&state=x").status_code == 403


def test_nobody_is_led_to_another_site(client: Client, provider: str, vault: Vault) -> None:
    client.get(reverse("entra_start") + "?next=https://example.org/")
    assert client.session["oidc_login_next"] is None


def test_a_provider_that_is_down_is_told_and_local_accounts_go_on(client: Client, vault: Vault, admin: Person, settings: Any) -> None:
    settings.ENTRA_ISSUER = "http://localhost:1"
    answer = client.get(reverse("entra_start"))
    assert (answer.status_code, b"cannot be reached just now" in answer.content) == (503, True)
    page = client.get(reverse("login")).content.decode()
    assert "Sign in with Microsoft" in page
    assert client.post(reverse("login"), {"username": "admin", "password": "admin-password-1"}).status_code == 302


def test_an_issuer_that_calls_itself_otherwise_is_none(client: Client, provider: str, settings: Any) -> None:
    settings.ENTRA_ISSUER = provider.replace("localhost", "127.0.0.1") + "/x"
    with pytest.raises(entra.Unreachable):
        entra.described()


# --- what the library alone would let through -------------------------------------------------------------------------------

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def token(algorithm: str = "RS256", key: Any = KEY, **claims: Any) -> str:
    now = int(time.time())
    sound = {"iss": "", "aud": CLIENT, "sub": "s", "iat": now, "exp": now + 300, "nonce": "n", "tid": TENANT, "oid": OBJECT}
    return jwt.encode({name: value for name, value in (sound | claims).items() if value is not None}, key, algorithm=algorithm)


def test_the_sound_token_passes(settings: Any) -> None:
    claims = entra.EntraBackend()._verify_jws(token(iss=settings.ENTRA_ISSUER), KEY.public_key())
    assert claims["oid"] == OBJECT


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "another-client"}, {"aud": None}, {"iss": "https://evil.example"}, {"iss": None}, {"tid": "x"}, {"tid": None}, {"oid": ""},
        {"oid": None}, {"oid": 7}, {"nonce": None}, {"nonce": ""}, {"exp": 1000}, {"exp": None}, {"iat": None}, {"sub": None},
        {"nbf": 4_000_000_000}, {"algorithm": "HS256", "key": "s" * 64}, {"algorithm": "none", "key": None},
        {"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)},
    ],
    ids=lambda wrong: " ".join(f"{name}-{value}" for name, value in wrong.items() if isinstance(value, str | int | None))
    or "another key",
)  # fmt: skip
def test_any_other_is_refused(settings: Any, wrong: dict[str, Any]) -> None:
    forged = token(**{"iss": settings.ENTRA_ISSUER} | wrong)
    with pytest.raises(SuspiciousOperation):
        entra.EntraBackend()._verify_jws(forged, KEY.public_key())
