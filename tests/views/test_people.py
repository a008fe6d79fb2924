"""People: accounts, grants, and the rules that keep a vault from losing its last administrator."""

from typing import Any

import pytest
from django.urls import reverse

from replication import access
from replication.models import AuditEntry, Grant, Person, Resource, Vault
from tests.conftest import OTHER_SUBSCRIPTION, SUBSCRIPTION
from tests.views import rows
from tests.views.conftest import SignedIn


def _grant_page(person: Person, vault: Vault) -> str:
    return reverse("replication:grant", args=[person.pk, vault.pk])


def _group(vault: Vault, name: str) -> None:
    Resource.objects.create(
        connection_id=vault.connection_id, kind="resource_group", key=f"/g/{name}", arm_id=f"/g/{name}", name=name,
        subscription_id=SUBSCRIPTION, group_key=name, location="eastasia", document={}, digest="", as_of=rows.NOON,
    )  # fmt: skip


def test_an_account_is_created_and_its_password_shown_nowhere(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    data = {"username": "ada", "display_name": "Ada", "password": "correct-horse-battery"}
    answer = signed_in(admin).post(reverse("replication:person_create"), data, follow=True)
    ada = Person.objects.get(username="ada")
    assert ada.check_password("correct-horse-battery")
    assert b"correct-horse" not in answer.content
    entry = AuditEntry.objects.get(action="person.created")
    assert entry.after == {"username": "ada", "display_name": "Ada"}
    assert not access.vaults(ada).exists()


def test_bad_input_is_told_at_the_field_and_nothing_is_created(
    signed_in: SignedIn, vault: Vault, admin: Person
) -> None:
    browser, address = signed_in(admin), reverse("replication:person_create")
    wrong: list[tuple[dict[str, Any], str]] = [
        (
            {"username": "ADMIN", "password": "correct-horse-battery"},
            "There is an account with this user name already.",
        ),
        ({"username": "new", "password": "short"}, "too short"),
        ({"username": "ne w", "password": "correct-horse-battery"}, "Enter a valid username"),
        ({"username": "a\x00b", "password": "correct-horse-battery"}, "Null characters are not allowed."),
        ({"username": "x" * 151, "password": "correct-horse-battery"}, "at most 150 characters"),
        ({}, "This field is required."),
    ]
    for data, said in wrong:
        answer = browser.post(address, data)
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert b"correct-horse" not in answer.content
    assert Person.objects.count() == 1


def test_a_role_opens_exactly_its_scopes(signed_in: SignedIn, vault: Vault, admin: Person, stranger: Person) -> None:
    _group(vault, "rg-erp")
    rows.machine(vault, "erp", "rg-erp")
    rows.machine(vault, "web", "rg-web")
    data = {"role": "operator", "source": [f"{SUBSCRIPTION}/rg-erp"], "target": [f"{SUBSCRIPTION}/"]}
    answer = signed_in(admin).post(_grant_page(stranger, vault), data, follow=True)
    assert "Stranger is operator in rsv-dr." in answer.content.decode()
    assert [machine.name for machine in access.machines(stranger, vault)] == ["erp"]
    entry = AuditEntry.objects.get(action="grant.given")
    assert entry.after == {"role": "operator", "source": [f"{SUBSCRIPTION}/rg-erp"], "target": [f"{SUBSCRIPTION}/*"]}
    assert (entry.vault_key, entry.subject_name) == (vault.key, "Stranger in rsv-dr")


def test_a_change_keeps_before_and_after(signed_in: SignedIn, vault: Vault, admin: Person, helpdesk: Person) -> None:
    browser = signed_in(admin)
    assert b'<option value="helpdesk" selected>' in browser.get(_grant_page(helpdesk, vault)).content
    browser.post(_grant_page(helpdesk, vault), {"role": "team_lead", "source": [], "target": []})
    entry = AuditEntry.objects.get(action="grant.changed")
    assert (entry.before["role"], entry.after["role"], entry.after["source"]) == ("helpdesk", "team_lead", [])
    assert Grant.objects.filter(person=helpdesk, ended_at=None).count() == 1


def test_nobody_opens_more_than_is_open_to_them(
    signed_in: SignedIn, vault: Vault, admin: Person, stranger: Person
) -> None:
    data = {"role": "operator", "source": [f"{OTHER_SUBSCRIPTION}/"], "target": []}
    answer = signed_in(admin).post(_grant_page(stranger, vault), data)
    assert answer.status_code == 422
    assert not Grant.objects.filter(person=stranger).exists()


def test_scopes_that_the_editor_does_not_see_stay(
    signed_in: SignedIn, vault: Vault, admin: Person, helpdesk: Person
) -> None:
    held = Grant.objects.get(person=helpdesk)
    held.scopes.create(side="source", subscription_id=OTHER_SUBSCRIPTION)
    signed_in(admin).post(_grant_page(helpdesk, vault), {"role": "helpdesk", "source": [], "target": []})
    assert list(held.scopes.values_list("side", "subscription_id")) == [("source", OTHER_SUBSCRIPTION)]


def test_the_last_administrator_stays(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    browser, held = signed_in(admin), Grant.objects.get(person=admin)
    attempts = [
        (reverse("replication:grant_end", args=[held.pk]), {}),
        (reverse("replication:person_active", args=[admin.pk]), {"active": "0"}),
        (_grant_page(admin, vault), {"role": "helpdesk", "source": [], "target": []}),
    ]
    for address, data in attempts:
        answer = browser.post(address, data, follow=True)
        assert "is the last administrator of rsv-dr" in answer.content.decode(), address
    held.refresh_from_db()
    admin.refresh_from_db()
    assert (held.role, held.ended_at, admin.is_active) == ("administrator", None, True)
    assert not AuditEntry.objects.filter(action__in=["grant.ended", "grant.changed", "person.deactivated"]).exists()


def test_an_inactive_administrator_does_not_count(
    signed_in: SignedIn, vault: Vault, admin: Person, operator: Person
) -> None:
    Grant.objects.filter(person=operator).update(role="administrator")
    Person.objects.filter(pk=operator.pk).update(is_active=False)
    held = Grant.objects.get(person=admin)
    answer = signed_in(admin).post(reverse("replication:grant_end", args=[held.pk]), follow=True)
    assert "is the last administrator" in answer.content.decode()


def test_deactivate_and_reactivate(signed_in: SignedIn, vault: Vault, admin: Person, helpdesk: Person) -> None:
    browser, address = signed_in(admin), reverse("replication:person_active", args=[helpdesk.pk])
    theirs = signed_in(helpdesk)
    browser.post(address, {"active": "0"})
    assert theirs.get(reverse("replication:vaults")).status_code == 302
    browser.post(address, {"active": "1"})
    assert theirs.get(reverse("replication:vaults")).status_code == 200
    actions = (
        AuditEntry.objects.filter(action__startswith="person.").values_list("action", flat=True).order_by("sequence")
    )
    assert list(actions) == ["person.deactivated", "person.reactivated"]


def test_an_ended_role_opens_nothing_and_stays_as_a_row(
    signed_in: SignedIn, vault: Vault, admin: Person, helpdesk: Person
) -> None:
    held, theirs = Grant.objects.get(person=helpdesk), signed_in(helpdesk)
    assert theirs.get(reverse("replication:overview", args=[vault.pk])).status_code == 200
    signed_in(admin).post(reverse("replication:grant_end", args=[held.pk]))
    held.refresh_from_db()
    assert held.ended_at is not None
    assert theirs.get(reverse("replication:overview", args=[vault.pk])).status_code == 404
    assert "machines are not protected" not in theirs.get(reverse("replication:all_overview")).content.decode()
    assert signed_in(admin).post(reverse("replication:grant_end", args=[held.pk])).status_code == 404


def test_other_vaults_people_are_not_theirs_to_change(
    signed_in: SignedIn, vault: Vault, foreign_vault: Vault, admin: Person, stranger: Person
) -> None:
    held = Grant.objects.create(person=stranger, vault=foreign_vault, role="operator", granted_at=rows.NOON)
    browser = signed_in(admin)
    assert browser.post(reverse("replication:grant_end", args=[held.pk])).status_code == 404
    assert browser.get(_grant_page(stranger, foreign_vault)).status_code == 404
    assert browser.post(reverse("replication:person_active", args=[stranger.pk]), {"active": "0"}).status_code == 403
    stranger.refresh_from_db()
    assert stranger.is_active
    shown = browser.get(reverse("replication:person", args=[stranger.pk])).content.decode()
    assert "Also 1 role in vaults that you do not administer." in shown
    assert "rsv-foreign" not in shown


def test_a_name_taken_in_the_meantime_is_told(
    signed_in: SignedIn, vault: Vault, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("replication.actions.people.taken", lambda name: False)
    data = {"username": "admin", "password": "correct-horse-battery"}
    answer = signed_in(admin).post(reverse("replication:person_create"), data)
    assert answer.status_code == 422
    assert "There is an account with this user name already." in answer.content.decode()
    assert not AuditEntry.objects.exists()
