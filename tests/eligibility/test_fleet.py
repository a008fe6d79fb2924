"""Every planted condition on a fleet: all offenders are found and no near miss is accused, machine by machine, without a write to Azure."""

from typing import Any

import pytest

from replication import clock
from replication.actions import readings as readings_asked
from replication.actions.actor import CONSOLE, Actor
from replication.actions.connections import configure
from replication.domain import ids
from replication.domain.eligibility import BY_CODE
from replication.gateway.clients import forget_gateways, open_gateway
from replication.models import Connection, Draft, DraftMachine, Grant, Machine, Person, Vault
from replication.sync import inventory, readings, vaults
from tests.eligibility.answers import CHOSEN, CODES, GUEST, READ, scores
from tests.eligibility.conftest import Fleet

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(fleet: Fleet, monkeypatch: Any, settings: Any) -> Connection:
    """The fleet's inventory and items, read as a worker reads them."""
    azure = fleet.azure
    for name, value in azure.environment.items():
        monkeypatch.setenv(name, value)
    settings.ARM_ENDPOINT, settings.ARM_CA_BUNDLE = azure.endpoint, azure.ca
    settings.AZURE_TENANT_ID, settings.AZURE_CLIENT_ID = azure.tenant, azure.client_id
    forget_gateways()
    connection = configure(
        endpoint=azure.endpoint, tenant_id=azure.tenant, client_id=azure.client_id, name="Fleet", actor=CONSOLE
    )
    assert inventory.read(connection, open_gateway(connection)).problem is None
    for vault in Vault.objects.all():
        vaults.sync(vault.pk)
    return connection


def test_every_planted_condition_is_found_and_nobody_else_is_accused(fleet: Fleet, read: Connection) -> None:
    codes = {key: found.split("\n") for key, found in Machine.objects.values_list("key", "codes")}
    found = list(scores(fleet.key, codes))
    assert {each.condition for each in found} == set(CODES)
    assert not [str(each) for each in found if not each.right]
    # Ten machines that fill one account together need a larger fleet (make bench-eligibility has it).
    assert {each.condition for each in found if not each.offenders} == {"s4-24-premium-account-too-full"}
    assert set(fleet.key["conditions"]) == set(CODES) | set(GUEST) | set(READ) | set(CHOSEN)
    assert not [one for one in fleet.azure.control("GET", "log") if one["verb"] not in {"GET", "LIST"} and one.get("principal")]
    _chosen_by_verdicts()


def _chosen_by_verdicts() -> None:
    """What a machine can be chosen for follows from its verdicts."""
    for machine in Machine.objects.all():
        blocking = [each for each in machine.verdicts if each["effect"] == "block"]
        assert machine.replicable == all(each["when"] == "zonal" for each in blocking), machine.name
        assert machine.replicable_zonally == (not blocking), machine.name
        assert all(each["message"] and each["fixed_by"] for each in machine.verdicts if each["code"] != "AlreadyProtected")
    assert Machine.objects.filter(replicable=True).exists()


def test_what_lists_cannot_tell_is_unknown_until_azure_was_asked_about_the_machine(fleet: Fleet, read: Connection, admin: Person) -> None:
    """Offenders and near misses of the conditions that need a question; those of the guest show through Azure's own answer."""
    wanted = {**READ, "s4-18-kernel": "Azure:A2AOperatingSystemNotSupported"}
    planted = {name: fleet.key["conditions"][name] for name in wanted}
    some = {ids.key(each) for one in planted.values() for each in one["offenders"][:3] + one["near_misses"][:3]}
    draft = _draft(admin, read, some)
    unasked = Machine.objects.filter(key__in=some)
    assert not any(code in codes.split("\n") for codes in unasked.values_list("codes", flat=True) for code in wanted.values())
    _ask(draft, admin)
    codes = {key: found.split("\n") for key, found in Machine.objects.filter(key__in=some).values_list("key", "codes")}
    short = {"unclaimed": fleet.key["unclaimed"], "conditions": {name: _only(one, some) for name, one in planted.items()}}
    assert not [str(each) for each in scores(short, codes, wanted) if not each.right]
    assert not unasked.filter(told_at=None).exists()
    inventory.read(read, open_gateway(read))  # what was told counts for half an hour, whatever lists are read meanwhile
    assert {key: found.split("\n") for key, found in unasked.values_list("key", "codes")} == codes


def _only(planted: dict[str, Any], some: set[str]) -> dict[str, Any]:
    kept = {name: [each for each in planted[name] if ids.key(each) in some] for name in ("offenders", "near_misses")}
    return planted | kept | {"complete": False}


def _draft(admin: Person, connection: Connection, keys: set[str]) -> Draft:
    """A draft of these machines, in a vault that opens all subscriptions to the administrator."""
    machines = Machine.objects.filter(key__in=keys)
    vault, now = Vault.objects.filter(connection=connection)[0], clock.now()
    grant = Grant.objects.create(person=admin, vault=vault, role="administrator", granted_at=now)
    for subscription in set(machines.values_list("subscription_id", flat=True)):
        grant.scopes.create(side="source", subscription_id=subscription)
    first = machines[0]
    source = {"location": first.location, "subscription_ids": [first.subscription_id]}
    draft = Draft.objects.create(
        connection=connection, vault=vault, owner=admin, updated_by=admin, created_at=now, updated_at=now, source=source
    )
    draft.machines.bulk_create([DraftMachine(draft=draft, machine=each, name=each.name) for each in machines])
    return draft


def _ask(draft: Draft, admin: Person) -> None:
    actor = Actor(person=admin, name=str(admin), role="administrator", request_id="test")
    reading = readings_asked.machines(draft, actor=actor)
    for _ in range(5):
        readings.answer(reading.pk)
    reading.refresh_from_db()
    assert reading.answered_at is not None
    assert reading.problem is None


def test_every_rule_that_blocks_says_what_to_do() -> None:
    for rule in BY_CODE.values():
        assert rule.title, rule.code
        assert rule.action or rule.effect == "inform" or rule.code in {"SpotMachine"}, rule.code
