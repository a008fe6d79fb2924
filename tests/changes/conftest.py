"""Three machines that are protected already, in a simulator of its own: read by the sync, changed through pages, done by the engine."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from replication import clock
from replication.actions.actor import CONSOLE, Actor
from replication.actions.connections import configure
from replication.execution import engine
from replication.gateway.clients import forget_gateways, open_gateway
from replication.gateway.port import Gateway
from replication.models import Grant, GrantScope, Person, ProtectedItem, Run, Vault
from replication.sync import inventory, vaults
from tests import simulated


@pytest.fixture(scope="session")
def protected_process() -> Iterator[simulated.Simulator]:
    with simulated.running("--scenario", "protected:3", "--durations", "0.001", "--pace", "fast") as simulator:
        yield simulator


@pytest.fixture
def azure(protected_process: simulated.Simulator, monkeypatch: Any, settings: Any) -> simulated.Simulator:
    """Put back to its scenario, and this process configured for it as production would be."""
    protected_process.control("POST", "reset")
    for name, value in protected_process.environment.items():
        monkeypatch.setenv(name, value)
    settings.ARM_ENDPOINT, settings.ARM_CA_BUNDLE = protected_process.endpoint, protected_process.ca
    settings.AZURE_TENANT_ID, settings.AZURE_CLIENT_ID = protected_process.tenant, protected_process.client_id
    settings.LONGEST_FACTOR = 0.01
    settings.AUDIT_MARK = str(protected_process.home / "no-mark.json")
    forget_gateways()
    return protected_process


@pytest.fixture
def vault(db: None, azure: simulated.Simulator) -> Vault:
    """The vault and the inventory, as workers have read them."""
    connection = configure(
        endpoint=azure.endpoint, tenant_id=azure.tenant, client_id=azure.client_id, name="Contoso", actor=CONSOLE
    )
    inventory.read(connection, open_gateway(connection))
    found = Vault.objects.get()
    vaults.sync(found.pk)
    found.refresh_from_db()
    return found


@pytest.fixture
def gateway(vault: Vault) -> Gateway:
    return open_gateway(vault.connection)


@pytest.fixture
def items(vault: Vault) -> list[ProtectedItem]:
    return list(vault.items.select_related("vault").order_by("name"))


def person(vault: Vault, role: str) -> Person:
    """Somebody who holds the role for everything of the vault's subscription."""
    made = Person.objects.create_user(role, password="correct-horse-battery", display_name=role.capitalize())
    grant = Grant.objects.create(person=made, vault=vault, role=role, granted_at=clock.now())
    for side in GrantScope.Side:
        GrantScope.objects.create(grant=grant, side=side, subscription_id=vault.subscription_id)
    return made


@pytest.fixture
def administrator(vault: Vault) -> Person:
    return person(vault, "administrator")


@pytest.fixture
def actor(administrator: Person) -> Actor:
    return Actor(person=administrator, name=str(administrator), role="administrator", request_id="r-1")


@pytest.fixture
def web(administrator: Person) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


def finished(run: Run, gateway: Gateway, seconds: float = 30) -> Run:
    """Advance as workers would, until the run has ended."""
    deadline = time.monotonic() + seconds
    while engine.advance(run.pk, gateway, seconds=1) is not None:
        assert time.monotonic() < deadline, list(run.steps.values_list("key", "state", "problem"))
        time.sleep(0.02)
    run.refresh_from_db()
    return run


def read_again(vault: Vault) -> None:
    """What the beat does."""
    Vault.objects.filter(pk=vault.pk).update(lease_until=None)
    vaults.sync(vault.pk)
