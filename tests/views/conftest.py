"""Signed-in browsers of the cast."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from replication.models import Connection, Person, Vault

SignedIn = Callable[[Person], Client]


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Argon2 is slow on purpose; what it is worth is not tested here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def signed_in() -> SignedIn:
    def client(person: Person) -> Client:
        browser = Client()
        browser.force_login(person)
        return browser

    return client


def polled(page: str, part: str) -> str:
    """What the part of the page asks the server next."""
    found = re.search(f'id="{part}"[^>]* data-poll="([^"]+)"', page)
    assert found, part
    return html.unescape(found[1])


@pytest.fixture
def foreign_vault(azure_connection: Connection, vault: Vault) -> Vault:
    """A vault in which nobody of the cast has a role."""
    arm_id = vault.arm_id.replace("rsv-dr", "rsv-foreign")
    return Vault.objects.create(
        connection=azure_connection, key=arm_id.lower(), arm_id=arm_id, name="rsv-foreign",
        subscription_id=vault.subscription_id, resource_group="rg-foreign", location="westeurope",
    )  # fmt: skip
