"""The fixed cast, and a database in which insert-only tables can be emptied between tests."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.management.commands import flush
from django.db import connection

from replication import clock
from replication.models import Connection, Grant, GrantScope, Person, Subscription, Vault, triggers

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
OTHER_SUBSCRIPTION = "22222222-2222-2222-2222-222222222222"


# A clone that has only been prepared has no collected files: pages name them plainly.
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

# Most tests begin runs where no worker could make the checks before: there they only advise, as the setting allows.
os.environ.setdefault("PORTAL_CHECKS_REQUIRED", "0")

_flush = flush.Command.handle


def _flush_past_triggers(self: flush.Command, **options: Any) -> Any:
    """TransactionTestCase empties tables with DELETE or TRUNCATE, which our triggers refuse: drop them for the flush only."""
    triggers.remove()
    try:
        return _flush(self, **options)
    finally:
        triggers.install()


flush.Command.handle = _flush_past_triggers


@pytest.fixture
def azure_connection(db: None) -> Connection:
    """The connection that the cast's rows belong to."""
    places = [
        {"name": "eastasia", "display_name": "East Asia", "paired": "southeastasia"},
        {"name": "southeastasia", "display_name": "Southeast Asia", "paired": "eastasia"},
        {"name": "westeurope", "display_name": "West Europe", "paired": "northeurope"},
    ]
    return Connection.objects.create(
        name="Contoso", endpoint="https://localhost:1", tenant_id="t", client_id="c", locations=places, inventory_as_of=clock.now()
    )


@pytest.fixture
def vault(azure_connection: Connection) -> Vault:
    """A vault in Southeast Asia, never used by Site Recovery."""
    Subscription.objects.create(
        connection=azure_connection, subscription_id=SUBSCRIPTION, name="Production", state="Enabled", as_of=clock.now()
    )
    arm_id = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-dr/providers/Microsoft.RecoveryServices/vaults/rsv-dr"
    return Vault.objects.create(
        connection=azure_connection,
        key=arm_id.lower(),
        arm_id=arm_id,
        name="rsv-dr",
        subscription_id=SUBSCRIPTION,
        resource_group="rg-dr",
        location="southeastasia",
    )


def _person(username: str, role: str = "", vault: Vault | None = None) -> Person:
    person = Person.objects.create_user(username, password=f"{username}-password-1", display_name=username.capitalize())
    if role and vault:
        grant = Grant.objects.create(person=person, vault=vault, role=role, granted_at=clock.now())
        for side in GrantScope.Side:
            GrantScope.objects.create(grant=grant, side=side, subscription_id=SUBSCRIPTION)
    return person


@pytest.fixture
def admin(vault: Vault) -> Person:
    return _person("admin", "administrator", vault)


@pytest.fixture
def operator(vault: Vault) -> Person:
    return _person("operator", "operator", vault)


@pytest.fixture
def helpdesk(vault: Vault) -> Person:
    return _person("helpdesk", "helpdesk", vault)


@pytest.fixture
def lead(vault: Vault) -> Person:
    return _person("lead", "team_lead", vault)


@pytest.fixture
def stranger(db: None) -> Person:
    """Somebody with an account and no grant."""
    return _person("stranger")


@pytest.fixture
def queries() -> Callable[[Callable[[], Any]], int]:
    """How many queries a call makes."""
    from django.test.utils import CaptureQueriesContext

    def count(call: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as captured:
            call()
        return len(captured)

    return count
