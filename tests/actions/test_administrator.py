"""The first administrator: a way in without a default password."""

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from replication import access
from replication.domain.roles import Role
from replication.models import AuditEntry, Person, Vault

PASSWORD = "a-long-enough-pass-phrase"

pytestmark = pytest.mark.django_db


def test_the_first_administrator_can_sign_in_and_administers_every_vault(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_ADMIN_PASSWORD", PASSWORD)
    call_command("administrator", "root-admin")
    person = authenticate(username="root-admin", password=PASSWORD)
    assert isinstance(person, Person)
    assert access.role(person, vault) is Role.ADMINISTRATOR
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"person.created", "grant.given"}


def test_a_weak_password_makes_nobody(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_ADMIN_PASSWORD", "password")
    with pytest.raises(CommandError, match="too common"):
        call_command("administrator", "root-admin")
    assert not Person.objects.exists()


def test_without_a_password_nobody_is_made(vault: Vault) -> None:
    with pytest.raises(CommandError, match="needs a password"):
        call_command("administrator", "root-admin")


def test_a_vault_with_an_administrator_is_left_alone(admin: Person, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_ADMIN_PASSWORD", PASSWORD)
    call_command("administrator", "second")
    assert access.role(Person.objects.get(username="second"), vault) is None
