"""Signing in: locks with a way back, second factors, sessions that can be ended, the break-glass account."""

from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from replication import clock
from replication.actions import factors
from replication.models import AuditEntry, Person, SecondFactor, Session, Setting, Vault
from tests.views import rows
from tests.views.conftest import SignedIn

SIGN_IN = {"username": "admin", "password": "admin-password-1"}


def choose(**values: Any) -> None:
    for name, value in values.items():
        Setting.objects.update_or_create(name=f"signin.{name}", defaults={"value": value, "changed_at": rows.NOON})


def wrong(client: Client, times: int, name: str = "admin") -> None:
    """Wrong passwords, slowly enough that the brake lets each of them through."""
    for n in range(times):
        later = clock.now() + timedelta(minutes=n)
        with clock.injected(lambda at=later: at):  # type: ignore[misc]
            client.post(reverse("login"), {"username": name, "password": "wrong"})


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True))


# --- the lock ------------------------------------------------------------------------------------------------------------------


def test_many_wrong_passwords_lock_and_an_administrator_unlocks(
    client: Client, signed_in: SignedIn, vault: Vault, admin: Person, helpdesk: Person
) -> None:
    choose(lock_after=12)
    wrong(client, 12, "helpdesk")
    right = {"username": "helpdesk", "password": "helpdesk-password-1"}
    later = clock.now() + timedelta(hours=2)
    with clock.injected(lambda: later):
        answer = client.post(reverse("login"), right)
        assert b"locked until an administrator unlocks it" in answer.content
        browser = signed_in(admin)
        assert b"Too many wrong passwords" in browser.get(reverse("replication:person", args=[helpdesk.pk])).content
        browser.post(reverse("replication:person_unlock", args=[helpdesk.pk]))
        assert client.post(reverse("login"), right).status_code == 302
    assert [each for each in actions() if each != "session.refused"] == ["person.locked", "person.unlocked", "session.signed_in"]


def test_a_name_without_an_account_answers_the_same(client: Client, vault: Vault, admin: Person) -> None:
    choose(lock_after=12)
    wrong(client, 12, "nobody")
    later = clock.now() + timedelta(hours=2)
    with clock.injected(lambda: later):
        answer = client.post(reverse("login"), {"username": "nobody", "password": "x"})
    assert b"locked until an administrator unlocks it" in answer.content


def test_a_break_glass_account_is_not_locked_and_its_sign_in_is_told(client: Client, vault: Vault, admin: Person) -> None:
    call_command("administrator", "admin", "--break-glass")
    choose(lock_after=12, passwords="break_glass")
    wrong(client, 13)
    later = clock.now() + timedelta(hours=2)
    with clock.injected(lambda: later):
        assert client.post(reverse("login"), SIGN_IN).status_code == 302
    assert actions()[-1] == "session.break_glass"
    assert "person.locked" not in actions()


def test_where_passwords_are_closed_only_break_glass_gets_in(client: Client, vault: Vault, admin: Person) -> None:
    choose(passwords="break_glass")
    answer = client.post(reverse("login"), SIGN_IN)
    assert b"Passwords are closed here." in answer.content


# --- the second factor ---------------------------------------------------------------------------------------------------------


def set_up(browser: Client, person: Person) -> tuple[pyotp.TOTP, list[str]]:
    """Switch it on through the page; the app, and the recovery codes."""
    page = browser.get(reverse("replication:second_factor")).content.decode()
    secret = factors.offered(person)
    assert " ".join(secret[n : n + 4] for n in range(0, 32, 4)) in page
    assert "<svg" in page
    assert "style=" not in page
    app = pyotp.TOTP(secret)
    shown = browser.post(reverse("replication:second_factor"), {"code": app.at(clock.now())}).content.decode()
    return app, [part.split("</code>")[0] for part in shown.split("<li><code>")[1:]]


def test_a_code_is_asked_for_and_taken_once(client: Client, signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    app, _ = set_up(signed_in(admin), admin)
    stored = SecondFactor.objects.get()
    assert app.secret not in stored.sealed_secret
    later = clock.now() + timedelta(minutes=1)
    with clock.injected(lambda: later):
        answer = client.post(reverse("login"), SIGN_IN | {"next": "/items/"})
        assert answer["Location"] == reverse("login_code")
        assert client.get("/vaults/").status_code == 302
        assert b"This code is wrong" in client.post(reverse("login_code"), {"code": "000000"}).content
        code = app.at(later)
        assert client.post(reverse("login_code"), {"code": code})["Location"] == "/items/"
        assert client.get("/vaults/").status_code == 200
        other = Client()
        other.post(reverse("login"), SIGN_IN)
        assert b"was used already" in other.post(reverse("login_code"), {"code": code}).content
    assert actions()[:3] == ["person.second_factor_on", "session.refused", "session.signed_in"]
    assert AuditEntry.objects.get(action="session.signed_in").detail == {"method": "password and code"}


def test_each_recovery_code_lets_in_once(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    _, codes = set_up(signed_in(admin), admin)
    assert len(codes) == len(set(codes)) == factors.CODES
    assert codes[0] not in str(SecondFactor.objects.values().get())
    for expected in (302, 422):
        client = Client()
        client.post(reverse("login"), SIGN_IN)
        assert client.post(reverse("login_code"), {"code": codes[0].upper()}).status_code == expected


def test_the_half_way_house_is_for_five_minutes_and_braked(client: Client, signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    app, _ = set_up(signed_in(admin), admin)
    client.post(reverse("login"), SIGN_IN)
    for _ in range(10):
        client.post(reverse("login_code"), {"code": "123456"})
    assert b"Too many attempts" in client.post(reverse("login_code"), {"code": app.at(clock.now() + timedelta(seconds=30))}).content
    later = clock.now() + timedelta(minutes=6)
    with clock.injected(lambda: later):
        assert client.post(reverse("login_code"), {"code": app.at(later)})["Location"] == reverse("login")


def test_whoever_must_have_one_sets_it_up_first(client: Client, vault: Vault, admin: Person, helpdesk: Person) -> None:
    choose(second_factor="administrators")
    client.post(reverse("login"), SIGN_IN)
    assert client.get("/vaults/")["Location"] == reverse("replication:second_factor")
    assert client.post(reverse("replication:vaults_refresh"))["Location"] == reverse("replication:second_factor")
    set_up(client, admin)
    assert client.get("/vaults/").status_code == 200
    other = Client()
    other.post(reverse("login"), {"username": "helpdesk", "password": "helpdesk-password-1"})
    assert other.get("/vaults/").status_code == 200


def test_it_is_switched_off_with_the_password_or_by_an_administrator(
    signed_in: SignedIn, vault: Vault, admin: Person, helpdesk: Person
) -> None:
    browser = signed_in(helpdesk)
    set_up(browser, helpdesk)
    browser.post(reverse("replication:second_factor_off"), {"password": "wrong"})
    assert factors.confirmed(helpdesk)
    signed_in(admin).post(reverse("replication:person_factor_reset", args=[helpdesk.pk]))
    assert not factors.confirmed(helpdesk)
    set_up(browser, helpdesk)
    browser.post(reverse("replication:second_factor_off"), {"password": "helpdesk-password-1"})
    assert not factors.confirmed(helpdesk)


# --- sessions ------------------------------------------------------------------------------------------------------------------


def test_sessions_are_listed_and_ended(vault: Vault, admin: Person) -> None:
    here, there = Client(HTTP_USER_AGENT="Here/1"), Client(HTTP_USER_AGENT="There/2")
    for each in (here, there):
        each.post(reverse("login"), SIGN_IN)
    page = here.get(reverse("replication:account")).content.decode()
    assert "Here/1" in page
    assert "There/2" in page
    assert there.cookies["sessionid"].value not in page
    there_row = Session.objects.get(agent="There/2")
    here.post(reverse("replication:session_end", args=[there_row.handle]))
    assert there.get("/vaults/").status_code == 302
    assert here.get("/vaults/").status_code == 200
    there.post(reverse("login"), SIGN_IN)
    here.post(reverse("replication:sessions_end"))
    assert (there.get("/vaults/").status_code, here.get("/vaults/").status_code) == (302, 200)
    assert actions().count("session.revoked") == 2


def test_nobody_ends_a_session_of_somebody_else(signed_in: SignedIn, vault: Vault, admin: Person, helpdesk: Person) -> None:
    theirs = signed_in(admin)
    row = Session.objects.get(person=admin)
    signed_in(helpdesk).post(reverse("replication:session_end", args=[row.handle]))
    assert theirs.get("/vaults/").status_code == 200


def test_a_new_password_by_an_administrator_ends_their_sessions(
    signed_in: SignedIn, vault: Vault, admin: Person, helpdesk: Person
) -> None:
    theirs, address = signed_in(helpdesk), reverse("replication:person_password", args=[helpdesk.pk])
    assert b"too short" in signed_in(admin).post(address, {"password": "short"}).content
    signed_in(admin).post(address, {"password": "correct-horse-battery"})
    assert theirs.get("/vaults/").status_code == 302
    answer = Client().post(reverse("login"), {"username": "helpdesk", "password": "correct-horse-battery"})
    assert answer.status_code == 302
    assert "correct-horse" not in str(AuditEntry.objects.get(action="person.password_set").__dict__)


# --- who speaks for others -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "peer", "header", "found"),
    [
        ([], "198.51.100.7", "203.0.113.9", "198.51.100.7"),
        (["198.51.100.0/24"], "198.51.100.7", "203.0.113.9", "203.0.113.9"),
        (["198.51.100.0/24"], "192.0.2.1", "203.0.113.9", "192.0.2.1"),
        (["198.51.100.0/24"], "198.51.100.7", "10.0.0.1, 203.0.113.9, 198.51.100.8", "203.0.113.9"),
        (["198.51.100.0/24"], "198.51.100.7", "<script>, 198.51.100.8", "198.51.100.8"),
        (["198.51.100.0/24"], "198.51.100.7", "", "198.51.100.7"),
    ],
)
def test_a_forwarded_address_counts_only_from_our_proxies(
    client: Client, vault: Vault, settings: Any, proxies: list[str], peer: str, header: str, found: str
) -> None:
    import ipaddress

    settings.TRUSTED_PROXIES = [ipaddress.ip_network(each) for each in proxies]
    client.post(reverse("login"), {"username": "x", "password": "y"}, REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=header)
    assert AuditEntry.objects.get().source_address == found
