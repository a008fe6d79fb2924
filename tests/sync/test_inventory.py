"""Reading Contoso's inventory into rows."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps

from replication import clock, finding
from replication.domain import documents
from replication.domain import inventory as inv
from replication.domain.terms import terms
from replication.gateway.clients import open_gateway
from replication.gateway.pipeline import Rest
from replication.models import AuditEntry, Connection, Coverage, Machine, Resource, Subscription, Vault
from replication.sync import inventory
from tests.views import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(contoso: Connection):
    return lambda: inventory.read(contoso, open_gateway(contoso))


def test_the_first_read_stores_everything(contoso, read):
    outcome = read()
    contoso.refresh_from_db()
    assert outcome.problem is None
    assert outcome.changed == outcome.seen > 100
    assert (Subscription.objects.count(), Vault.objects.count(), Machine.objects.count()) == (2, 2, 66)
    assert set(Resource.objects.values_list("kind", flat=True)) == set(Resource.Kind.values) - {"replica_disk"}  # nothing is replicated yet
    assert contoso.inventory_as_of is not None
    assert {"eastasia", "southeastasia"} <= {each["name"] for each in contoso.locations}


def test_a_machine_row_holds_what_pages_need(read):
    read()
    row = Machine.objects.get(name="crm-web-01")
    assert (row.location, row.model, row.power, row.os_type) == ("eastasia", "ResourceManager", "running", "Linux")
    assert row.availability_set_name == "avset-crm-web"
    assert row.network_name
    assert row.disk_count == len(row.document["disks"]) > 0
    assert documents.from_json(inv.Machine, row.document).name == "crm-web-01"
    assert "crm-web-01" in row.search
    assert terms_of(row) == terms(row.search)


def terms_of(row: Machine) -> dict[bytes, bool]:
    return {bytes(each.term): each.whole for each in row.terms.all()}


def test_what_a_machine_is_found_by_follows_what_azure_says(read):
    read()
    row = Machine.objects.get(name="crm-web-01")
    Machine.objects.filter(pk=row.pk).update(search="erp-old", digest="other")
    row.terms.all().delete()
    finding.write(Machine, [(row.pk, "erp-old")])
    assert read().changed == 1
    assert terms_of(row) == terms(row.search)


def test_an_upgrade_makes_the_terms_of_what_was_stored_before(vault: Vault):
    machine, item = rows.machine(vault, "erp-01"), rows.item(vault, "erp-02")
    expected = [terms_of(each) for each in (machine, item)]
    for each in (machine, item):
        each.terms.all().delete()
    import_module("replication.migrations.0036_terms").fill(apps, None)
    assert [terms_of(each) for each in (machine, item)] == expected != [{}, {}]


def test_verdicts_are_stored_blocking_ones_first(read):
    read()
    stopped = Machine.objects.get(name="lab-off-01")
    assert not stopped.replicable
    assert stopped.verdicts[0]["code"] == "NotRunning"
    assert Machine.objects.get(name="crm-web-01").replicable


def test_a_second_read_changes_nothing_but_the_time(read):
    read()
    before = dict(Machine.objects.values_list("key", "digest"))
    was = Machine.objects.order_by("as_of").first().as_of
    outcome = read()
    assert (outcome.changed, outcome.problem) == (0, None)
    assert dict(Machine.objects.values_list("key", "digest")) == before
    assert Machine.objects.order_by("as_of").first().as_of > was


def test_a_machine_that_vanished_is_marked_and_comes_back(contoso, read):
    read()
    stored = Machine.objects.get(name="crm-web-01")
    Machine.objects.create(
        connection=contoso, key=f"{stored.key}-ghost", arm_id=f"{stored.arm_id}-ghost", name="ghost", model=stored.model,
        subscription_id=stored.subscription_id, resource_group="g", group_key="g", location="eastasia", power="running",
        provisioning_state="Succeeded", document={}, digest="x", as_of=clock.now(),
    )  # fmt: skip
    Machine.objects.filter(pk=stored.pk).update(gone_at=clock.now() - timedelta(days=1))
    assert read().changed == 2
    assert Machine.objects.get(name="ghost").gone_at is not None
    assert Machine.objects.get(pk=stored.pk).gone_at is None


def test_a_failing_subscription_keeps_its_rows_and_the_reason_is_told(contoso, read, simulator):
    read()
    contoso.refresh_from_db()
    as_of = contoso.inventory_as_of
    simulator.control(
        "PUT",
        "faults",
        [{"verb": "LIST", "type": "*/disks", "do": "status", "status": 403, "code": "AuthorizationFailed"}],
    )
    try:
        outcome = read()
    finally:
        simulator.control("DELETE", "faults")
    contoso.refresh_from_db()
    assert outcome.problem.code == contoso.inventory_problem["code"] == "AuthorizationFailed"
    assert contoso.inventory_as_of == as_of
    assert Machine.objects.filter(gone_at=None).count() == 66
    assert read().problem is None
    contoso.refresh_from_db()
    assert contoso.inventory_problem is None


def test_the_number_of_queries_does_not_grow_with_the_machines(read, queries, monkeypatch):
    monkeypatch.setattr(Rest, "EVERY", 3600)  # a look a second at what other processes were told counts seconds, not machines
    read()
    assert queries(read) < 80


def test_connecting_twice_is_one_connection_and_one_entry(contoso, simulator):
    from replication.actions.actor import CONSOLE
    from replication.actions.connections import configure

    again = configure(
        endpoint=simulator.endpoint, tenant_id=simulator.tenant, client_id=simulator.client_id, actor=CONSOLE
    )
    assert again.pk == contoso.pk
    assert AuditEntry.objects.filter(action="connection.configured").count() == 1


def test_coverage_and_leftovers_are_counted_with_the_inventory(contoso):
    inventory.read(contoso, open_gateway(contoso))
    counted = Coverage.objects.filter(connection=contoso)
    machines = Machine.objects.filter(connection=contoso, gone_at=None)
    assert sum(row.machines for row in counted) == machines.count() > 50
    assert sum(row.bare for row in counted) == machines.filter(protected_in="").count()
    names = contoso.resources.filter(leftover=True).exclude(kind="replica_disk").values_list("name", flat=True)
    assert all(name.lower().endswith(("-asr", "asrcache")) for name in names)
