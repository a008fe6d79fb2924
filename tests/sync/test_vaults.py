"""A vault's items, jobs and site in rows; readings that people ask for."""

import time
from datetime import timedelta

import pytest

from replication import clock, history
from replication.actions import readings as asked
from replication.domain import codes, documents, ids
from replication.domain import inventory as inv
from replication.domain.problems import When
from replication.gateway import pipeline
from replication.gateway.clients import forget_gateways, open_gateway
from replication.gateway.port import AzureError, read_refused
from replication.models import Connection, Machine, Notice, Pace, ProtectedItem, Reading, RecoveryPoint, Vault
from replication.sync import inventory, readings, vaults
from tests.gateway.estate import make, world_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(contoso):
    return open_gateway(contoso)


@pytest.fixture
def vault(contoso, gateway):
    inventory.read(contoso, gateway)
    return Vault.objects.get(name="rsv-dr-sea")


@pytest.fixture
def enabled(gateway, vault, simulator):
    """A machine whose enable operation is over."""
    simulator.control("PUT", "settings", {"durations": 0.0001})
    world = world_of(gateway, "crm-db-01")
    for spec in (*world.foundations, world.protect):
        make(gateway, spec)
    return world


def synced(vault, state):
    """Sync until the vault's item is in the state."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        outcome = vaults.sync(vault.pk)
        item = ProtectedItem.objects.filter(vault=vault).first()
        if item and item.protection_state == state:
            return item, outcome
        time.sleep(0.3)
    raise AssertionError(item and item.protection_state)


def test_what_one_process_is_refused_another_does_not_ask_either(vault, gateway, simulator):
    """Azure's 429 is for the subscription: other processes learn of it from the database, where the SDK repeats the read by itself too."""
    fault = {"verb": "LIST", "type": "*/virtualmachines", "do": "status", "status": 429, "code": "TooManyRequests", "retry_after": 60}
    simulator.control("PUT", "faults", [fault])
    with pytest.raises(AzureError):
        list(gateway.machines(vault.subscription_id))
    forget_gateways()  # another process has none of this one's memory
    asked_before = len(simulator.control("GET", "log"))
    assert vaults.sync(vault.pk) is None
    assert len(simulator.control("GET", "log")) == asked_before
    vault.refresh_from_db()
    assert (vault.problem, vault.lease_until) == (None, None)
    assert timedelta(seconds=50) < vault.due_at - clock.now() < timedelta(seconds=61)
    Pace.objects.update(full_at=clock.now().timestamp())
    assert vaults.sync(vault.pk).seen == 0


def test_a_long_list_heeds_between_its_pages_what_another_process_was_told(contoso, gateway, vault, simulator, monkeypatch):
    """Nothing is sent for the page that would come next, and nobody waits inside a transaction: the reading comes back later."""
    monkeypatch.setattr(pipeline.Rest, "EVERY", 0.0)
    simulator.control("PUT", "settings", {"page_size": 2})
    listed = gateway.groups(vault.subscription_id)
    next(listed)
    asked_before = len(simulator.control("GET", "log"))
    read_refused.send(Connection, connection=contoso, subscription=vault.subscription_id.lower(), seconds=60.0)
    with pytest.raises(AzureError) as refused:
        list(listed)
    problem = refused.value.problem
    assert (refused.value.status, problem.code, problem.when) == (429, "SubscriptionRequestsThrottled", When.LATER)
    assert 50 < problem.retry_after <= 60
    outcome = vaults.read(vaults.claim(vault.pk), gateway)
    vault.refresh_from_db()
    assert (outcome.problem.code, vault.lease_until) == (problem.code, None)
    assert vault.due_at - clock.now() > timedelta(seconds=50)
    assert len(simulator.control("GET", "log")) == asked_before
    Pace.objects.update(full_at=clock.now().timestamp())
    assert len(list(gateway.groups(vault.subscription_id))) > 2


def test_a_vault_never_used_is_read_and_looked_at_rarely(vault):
    assert vault.due_at is not None  # a new vault is due at once
    outcome = vaults.sync(vault.pk)
    vault.refresh_from_db()
    assert (outcome.seen, vault.problem, vault.lease_until) == (0, None, None)
    assert documents.from_json(inv.Site, vault.site) == inv.Site()
    assert vault.due_at - vault.as_of > timedelta(minutes=4)


def test_an_enabled_machine_becomes_a_row_and_a_protected_machine(vault, enabled):
    before = Connection.objects.get(pk=vault.connection_id).inventory_version
    item, _ = synced(vault, "Protected")
    vault.refresh_from_db()
    assert vault.connection.inventory_version > before  # its machine cannot be replicated any more: what was counted of machines is old
    assert (item.name, item.status, item.progress) == ("crm-db-01", "protected", None)
    assert (item.primary_location, item.recovery_location) == ("eastasia", "southeastasia")
    assert item.key == f"{vault.key}/crm-db-01-asr"
    assert item.machine_key == ids.key(enabled.machine.id)
    machine = Machine.objects.get(name="crm-db-01")
    assert (machine.protected_in, machine.replicable) == (item.key, False)
    assert "rsv-dr-sea" in machine.verdicts[0]["message"]
    assert any(bucket.known for bucket in history.series(item, "1h").buckets)
    assert {each["location"] for each in vault.site["fabrics"]} == {"eastasia", "southeastasia"}
    enable = vault.jobs.get(scenario="EnableDr")
    assert (enable.state, enable.target_name) == ("Succeeded", "crm-db-01")
    assert enable.document["tasks"]
    issue = vault.issues.get(code="161011")  # never tested: Azure warns of it from the first day
    assert (issue.machines, issue.severity, issue.affected.get().item) == (1, "Warning", item)
    assert vault.events.filter(item_key=item.key, severity="OK").exists()


def test_what_is_wrong_with_the_vault_itself_is_a_symptom_until_it_is_over(vault, enabled, simulator):
    synced(vault, "Protected")
    error = {"code": "150999", "level": "Error", "message": "It has no identity.", "causes": "It was removed.", "action": "Add it."}
    simulator.control("PATCH", "resource", {"id": vault.arm_id, "_sim": {"healthErrors": [error]}})
    vault.refresh_from_db()
    fabric = {"id": vault.site["fabrics"][0]["id"], "_sim": {"healthErrors": [{"code": "10008", "message": "It is slow."}]}}
    simulator.control("PATCH", "resource", fabric)
    simulator.control("DELETE", "log")
    vaults.sync(vault.pk)
    assert len(simulator.control("GET", "log?type=*/replicationVaultHealth")) == 1  # one call a vault a reading
    issue = vault.issues.get(code="150999")
    assert (issue.message, issue.causes, issue.action, issue.severity) == ("It has no identity.", "It was removed.", "Add it.", "Error")
    assert (issue.of_vault, issue.machines, issue.gone_at) == (True, 0, None)
    assert vault.issues.get(key="vault:10008").message == "It is slow."  # of a fabric, which the document only sums up
    vault.refresh_from_db()
    before = vault.version
    fault = {"verb": "*", "type": "*/replicationVaultHealth", "do": "status", "status": 403, "code": "AuthorizationFailed"}
    simulator.control("PUT", "faults", [fault])
    try:
        assert vaults.sync(vault.pk).problem is None  # machines are read without it
    finally:
        simulator.control("DELETE", "faults")
    vaults.sync(vault.pk)
    vault.refresh_from_db()
    assert vault.version == before  # it is still there, and nothing else is new
    simulator.control("PATCH", "resource", {"id": vault.arm_id, "_sim": {"healthErrors": []}})
    vaults.sync(vault.pk)
    issue.refresh_from_db()
    assert issue.gone_at is not None
    assert vault.issues.get(code="161011").gone_at is None  # the machine's own stays


def test_a_failed_read_keeps_the_rows_and_says_why(vault, enabled, simulator):
    item, _ = synced(vault, "Protected")
    vault.refresh_from_db()
    before, as_of = vault.version, vault.as_of
    simulator.control(
        "PUT",
        "faults",
        [{"verb": "LIST", "type": "*/replicationJobs", "do": "status", "status": 403, "code": "AuthorizationFailed"}],
    )
    try:
        outcome = vaults.sync(vault.pk)
    finally:
        simulator.control("DELETE", "faults")
    vault.refresh_from_db()
    assert outcome.problem.code == vault.problem["code"] == "AuthorizationFailed"
    assert (vault.as_of, vault.lease_until) == (as_of, None)
    assert vault.version > before
    item.refresh_from_db()
    assert item.gone_at is None
    vaults.sync(vault.pk)
    vault.refresh_from_db()
    assert vault.problem is None


def test_a_subscription_that_is_gone_is_told_at_once_and_what_was_read_stays(vault, enabled, simulator):
    item, _ = synced(vault, "Protected")
    vault.refresh_from_db()
    as_of = vault.as_of
    simulator.control("DELETE", f"resource?id=/subscriptions/{vault.subscription_id}")
    for _ in range(2):
        assert vaults.sync(vault.pk).problem.code == "SubscriptionNotFound"
        assert list(Notice.objects.filter(vault=vault).values_list("kind", flat=True)) == ["vault_gone"]
    vault.refresh_from_db()
    item.refresh_from_db()
    assert (vault.as_of, vault.gone_at, item.gone_at) == (as_of, None, None)
    assert vault.problem["message"].endswith("could not be found.")
    assert "grant the console its role again" in vault.problem["action"]
    inventory.read(vault.connection, open_gateway(vault.connection))
    vault.refresh_from_db()
    item.refresh_from_db()
    assert vault.gone_at == item.gone_at is not None
    assert Notice.objects.filter(vault=vault).count() == 1


def test_a_disabled_subscription_is_a_symptom_of_the_vault_until_it_is_active_again(vault, simulator):
    def state(now: str) -> None:
        body = {"id": f"/subscriptions/{vault.subscription_id}", "document": {"state": now}}
        simulator.control("PATCH", "resource", body)
        inventory.read(vault.connection, open_gateway(vault.connection))
        assert vaults.sync(vault.pk).problem is None  # it can be read as before

    state("Disabled")
    issue = vault.issues.get()
    assert (issue.code, issue.severity, issue.of_vault, issue.gone_at) == ("ReadOnlyDisabledSubscription", "Error", True, None)
    assert "it is Disabled: nothing in it can be made or changed" in issue.message
    assert codes.known(issue.code) is not None
    first_seen = issue.first_seen_at
    state("Warned")
    issue.refresh_from_db()
    assert (issue.first_seen_at, issue.gone_at) == (first_seen, None)
    state("Enabled")
    issue.refresh_from_db()
    assert issue.gone_at is not None


def test_a_vault_is_read_by_one_worker_at_a_time(vault):
    claimed = vaults.claim(vault.pk)
    assert claimed is not None
    assert vaults.claim(vault.pk) is None
    assert vaults.sync(vault.pk) is None
    Vault.objects.filter(pk=vault.pk).update(lease_until=clock.now() - timedelta(seconds=1))
    assert vaults.claim(vault.pk) is not None
    stale = vaults.read(claimed, open_gateway(vault.connection))  # its lease lapsed and another took over
    assert (stale.seen, stale.changed) == (0, 0)
    vault.refresh_from_db()
    assert vault.as_of is None


def ask(vault, kind, subject=""):
    return Reading.objects.create(
        connection=vault.connection, vault=vault, kind=kind, subject=subject, asked_at=clock.now()
    )


def test_a_reading_of_items_is_answered_once(vault):
    reading = ask(vault, Reading.Kind.ITEMS, vault.key)
    readings.answer(reading.pk)
    readings.answer(reading.pk)
    reading.refresh_from_db()
    assert (reading.attempt, reading.result, reading.problem) == (1, {"changed": 0, "seen": 0}, None)
    assert reading.answered_at is not None


def test_a_reading_waits_while_somebody_else_reads_the_vault(vault):
    vaults.claim(vault.pk)
    reading = ask(vault, Reading.Kind.ITEMS, vault.key)
    readings.answer(reading.pk)
    reading.refresh_from_db()
    assert (reading.answered_at, reading.lease_until) == (None, None)


def test_a_reading_that_azure_refuses_is_answered_with_the_problem(vault, monkeypatch, settings):
    settings.AZURE_CLIENT_ID = "another"
    reading = ask(vault, Reading.Kind.VAULTS)
    readings.answer(reading.pk)
    reading.refresh_from_db()
    assert reading.problem["code"] == "AnotherConnection"
    assert reading.answered_at is not None


def test_recovery_points_are_read_on_demand_and_pruned(vault, enabled):
    item, _ = synced(vault, "Protected")
    old = RecoveryPoint.objects.create(item=item, arm_id="gone", at=clock.now(), kind="CrashConsistent")
    reading = ask(vault, Reading.Kind.RECOVERY_POINTS, item.key)
    readings.answer(reading.pk)
    reading.refresh_from_db()
    assert (reading.problem, reading.result["seen"]) == (None, item.recovery_points.count())
    assert not RecoveryPoint.objects.filter(pk=old.pk).exists()


def test_the_console_asks_for_itself_once(contoso):
    first = asked.reread_inventory(contoso)
    assert asked.reread_inventory(contoso).pk == first.pk
    assert (first.asked_by, first.kind) == (None, "inventory")
    readings.answer(first.pk)
    first.refresh_from_db()
    assert first.result["changed"] > 100
