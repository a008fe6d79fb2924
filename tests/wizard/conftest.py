"""An inventory of stored rows, made from domain values."""

from collections.abc import Callable

import pytest
from django.test import Client

from replication import clock, finding
from replication.domain import documents, ids
from replication.domain import inventory as inv
from replication.models import Connection, Draft, DraftMachine, Machine, Person, Resource, Vault
from replication.sync import verdicts
from tests.domain import estate

from .walk import SOURCE, TARGET, choose, free, post, started

Store = Callable[..., Machine]


def store_machine(connection: Connection, machine: inv.Machine) -> Machine:
    judged = verdicts.columns(machine, {}, ids.key(machine.id))
    made = Machine.objects.create(
        connection=connection,
        key=ids.key(machine.id),
        arm_id=machine.id,
        name=machine.name,
        subscription_id=machine.subscription_id,
        resource_group=machine.resource_group,
        group_key=machine.resource_group.lower(),
        location=machine.location,
        model=machine.model,
        power=machine.power,
        provisioning_state=machine.provisioning_state,
        os_type=machine.os_type,
        size=machine.size,
        network_name=ids.name(machine.network_id),
        disk_count=len(machine.disks),
        disk_gib=sum(disk.size_gib or 0 for disk in machine.disks),
        search=f"{machine.name} {machine.resource_group}".lower(),
        document=documents.to_json(machine),
        digest="",
        tags=verdicts.lines(sorted(f"{name}:{value}".lower() for name, value in machine.tags.items())),
        zone=", ".join(machine.zones),
        **judged,
        as_of=clock.now(),
    )
    finding.write(Machine, [(made.pk, made.search)])
    Connection.inventory_changed(connection.pk)  # as every read says that changed something
    return made


def more(pattern: Machine, number: int, draft: Draft) -> None:
    """So many machines like the pattern, chosen in the draft."""
    first, rows = draft.machines.count(), []
    values = {each.attname: getattr(pattern, each.attname) for each in Machine._meta.concrete_fields if each.attname != "id"}
    for name in (f"app-{each:04}" for each in range(first, first + number)):
        arm_id = pattern.arm_id.replace(pattern.name, name)
        document = pattern.document | {"id": arm_id, "name": name}
        rows.append(Machine(**values | {"name": name, "arm_id": arm_id, "key": arm_id.lower(), "document": document}))
    made = Machine.objects.bulk_create(rows, batch_size=500)
    DraftMachine.objects.bulk_create([DraftMachine(draft=draft, machine=each, name=each.name) for each in made], batch_size=500)


def store_resource(connection: Connection, kind: str, value: inv.ResourceGroup | inv.Network | inv.StorageAccount) -> Resource:
    return Resource.objects.create(
        connection=connection,
        kind=kind,
        key=ids.key(value.id),
        arm_id=value.id,
        name=value.name,
        subscription_id=ids.subscription(value.id),
        group_key=ids.group_name(value.id).lower(),
        location=value.location,
        document=documents.to_json(value),
        digest="",
        as_of=clock.now(),
    )


@pytest.fixture
def machines(azure_connection: Connection, vault: Vault) -> list[Machine]:
    """Two healthy machines and one that is switched off, on one network, in East Asia."""
    store_resource(azure_connection, "resource_group", inv.ResourceGroup(id=estate.GROUP, name="rg-erp", location="eastasia"))
    store_resource(azure_connection, "virtual_network", estate.network())
    values = [estate.machine("erp-01"), estate.machine("erp-02"), estate.machine("erp-off", power=inv.Power.DEALLOCATED)]
    return [store_machine(azure_connection, value) for value in values]


@pytest.fixture
def web(admin: Person) -> Client:
    """The administrator's browser."""
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def ready(web: Client, vault: Vault, machines: list[Machine]) -> Draft:
    """A draft filled in up to the review, with two machines."""
    draft = started(web, vault)
    assert post(web, draft, "source", SOURCE).headers["Location"].endswith("/machines/")
    choose(web, draft, *machines)
    assert post(web, draft, "machines", {}).headers["Location"].endswith("/target/")
    assert post(web, draft, "target", TARGET).headers["Location"].endswith("/target/?wait=1")
    free()
    return draft
