"""Signing in and out, the brake, the theme."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from replication import clock
from replication.demo import DEMO_ACCOUNTS
from replication.models import AuditEntry, Draft, Person, Vault
from tests.views.conftest import SignedIn

SIGN_IN = {"username": "admin", "password": "admin-password-1"}


def _actions() -> list[str]:
    return list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True))


def test_in_and_out(client: Client, vault: Vault, admin: Person) -> None:
    answer = client.post(reverse("login") + "?next=/vaults/", SIGN_IN | {"next": "/vaults/"})
    assert answer["Location"] == "/vaults/"
    assert client.get("/vaults/").status_code == 200
    assert client.post(reverse("logout")).status_code == 302
    assert client.get("/vaults/").status_code == 302
    assert _actions() == ["session.signed_in", "session.signed_out"]
    entry = AuditEntry.objects.earliest("sequence")
    assert (entry.actor_id, entry.actor_role, entry.source_address) == (admin.pk, "administrator", "127.0.0.1")


def test_a_button_pressed_after_the_session_ended_leads_back_to_its_page(client: Client, vault: Vault, admin: Person) -> None:
    button = reverse("replication:draft_start", args=[vault.pk])
    for came_from, leads_to in (
        (f"http://testserver/vaults/{vault.pk}/items/?q=erp", f"/vaults/{vault.pk}/items/%3Fq%3Derp"),
        ("https://elsewhere.example/vaults/1/", "/"),
        ("", "/"),
    ):
        answer = client.post(button, headers={"referer": came_from})
        assert answer["Location"] == f"{reverse('login')}?next={leads_to}"
    assert not Draft.objects.exists()
    page = client.post(reverse("login"), SIGN_IN | {"next": f"/vaults/{vault.pk}/"}, follow=True)
    assert "Press the button again." in page.content.decode()


def test_the_address_of_a_button_opened_like_a_page_says_so(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    answer = signed_in(admin).get(reverse("replication:draft_start", args=[vault.pk]))
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "There is nothing to see here" in answer.content.decode()


def test_a_wrong_password_is_recorded_without_it(client: Client, vault: Vault, admin: Person) -> None:
    answer = client.post(reverse("login"), SIGN_IN | {"password": "wrong-secret"})
    assert b"The user name or the password is wrong." in answer.content
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.outcome, entry.subject_name) == ("session.refused", "refused", "admin")
    assert "wrong-secret" not in str(entry.__dict__)


@pytest.mark.parametrize(
    "data",
    [{}, {"username": "admin"}, {"username": "a\x00", "password": "b"}, {"username": "x" * 9000, "password": "y"}],
)
def test_nonsense_is_refused_in_words(client: Client, vault: Vault, data: dict[str, str]) -> None:
    assert client.post(reverse("login"), data).status_code == 200


def test_guessing_is_braked_for_a_while(client: Client, vault: Vault, admin: Person) -> None:
    for _ in range(10):
        client.post(reverse("login"), SIGN_IN | {"password": "wrong"})
    answer = client.post(reverse("login"), SIGN_IN)
    assert b"Too many attempts." in answer.content
    later = clock.now() + timedelta(minutes=6)
    with clock.injected(lambda: later):
        assert client.post(reverse("login"), SIGN_IN).status_code == 302
    assert _actions().count("session.refused") == 10


def test_nobody_is_led_to_another_site(client: Client, vault: Vault, admin: Person) -> None:
    answer = client.post(reverse("login"), SIGN_IN | {"next": "https://example.org/"})
    assert answer["Location"] == reverse("home")
    assert client.post(reverse("replication:theme"), {"theme": "dark", "next": "//example.org"})["Location"] == "/"


def test_a_deactivated_account_stays_out(client: Client, vault: Vault, admin: Person) -> None:
    Person.objects.update(is_active=False)
    assert client.post(reverse("login"), SIGN_IN).status_code == 200


def test_demo_accounts_are_listed_and_let_in_only_in_a_demo(
    client: Client, vault: Vault, admin: Person, settings: Any
) -> None:
    Person.objects.update(is_demo=True)
    settings.DEMO = False
    assert DEMO_ACCOUNTS[0].password.encode() not in client.get(reverse("login")).content
    assert client.post(reverse("login"), SIGN_IN).status_code == 200
    settings.DEMO = True
    assert DEMO_ACCOUNTS[0].password.encode() in client.get(reverse("login")).content
    assert client.post(reverse("login"), SIGN_IN).status_code == 302


def test_the_theme_is_kept_with_the_account(client: Client, signed_in: SignedIn, admin: Person) -> None:
    browser = signed_in(admin)
    assert browser.post(reverse("replication:theme"), {"theme": "dark", "next": "/vaults/"})["Location"] == "/vaults/"
    admin.refresh_from_db()
    assert admin.theme == "dark"
    assert b'data-theme="dark"' in browser.get("/vaults/").content
    browser.post(reverse("replication:theme"), {"theme": "purple"})
    admin.refresh_from_db()
    assert admin.theme == "dark"
    client.post(reverse("replication:theme"), {"theme": "light"})
    assert b'data-theme="light"' in client.get(reverse("login")).content


def test_forms_want_their_token(vault: Vault, admin: Person) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin)
    answer = strict.post(reverse("replication:vaults_refresh"))
    assert answer.status_code == 403
    assert not AuditEntry.objects.exists()


def test_people_change_their_own_password(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    browser, address = signed_in(admin), reverse("password_change")
    new = {"new_password1": "correct-horse-battery", "new_password2": "correct-horse-battery"}
    assert b"old_password" in browser.get(address).content
    assert browser.post(address, {"old_password": "wrong", **new}).status_code == 200
    assert browser.post(address, {"old_password": SIGN_IN["password"], **new}).status_code == 302
    assert browser.get("/vaults/").status_code == 200
    assert _actions() == ["person.password_changed"]
    admin.refresh_from_db()
    assert admin.check_password("correct-horse-battery")


def test_demo_accounts_keep_their_password(signed_in: SignedIn, vault: Vault, admin: Person, settings: Any) -> None:
    settings.DEMO = True
    Person.objects.update(is_demo=True)
    assert signed_in(admin).post(reverse("password_change"), {}).status_code == 403
