"""Every planted condition on a fleet: all offenders are found and no near miss is accused, machine by machine, without a write to Azure."""

from typing import Any

import pytest

from replication.actions.actor import CONSOLE
from replication.actions.connections import configure
from replication.domain.eligibility import BY_CODE
from replication.gateway.clients import forget_gateways, open_gateway
from replication.models import Connection, Machine, Vault
from replication.sync import inventory, vaults
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


def test_every_rule_that_blocks_says_what_to_do() -> None:
    for rule in BY_CODE.values():
        assert rule.title, rule.code
        assert rule.action or rule.effect == "inform" or rule.code in {"SpotMachine"}, rule.code
