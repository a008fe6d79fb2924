"""A draft with its inventory, written at once: East Asia to Southeast Asia, every second machine (the Linux ones) switched off."""

from __future__ import annotations

from typing import Any

from django.test import Client

from replication import clock, finding
from replication.domain import documents, ids
from replication.domain import inventory as inv
from replication.models import Connection, Draft, DraftMachine, Grant, GrantScope, Machine, Person, Subscription, Vault
from replication.sync import verdicts
from tests.conftest import SUBSCRIPTION
from tests.domain import estate
from tests.wizard.conftest import store_resource


def build(machines: int, chosen: int) -> dict[str, Any]:
    """The draft's id, and a client that its owner has signed in with."""
    vault, person = _vault()
    Machine.objects.bulk_create((_row(vault.connection, number) for number in range(machines)), batch_size=500)
    finding.write(Machine, Machine.objects.values_list("pk", "search"))
    now = clock.now()
    draft = Draft.objects.create(
        connection=vault.connection, vault=vault, owner=person, updated_by=person, created_at=now, updated_at=now,
        source={"location": "eastasia", "subscription_ids": [SUBSCRIPTION]},
        target={"location": "southeastasia", "subscription_id": SUBSCRIPTION},
    )  # fmt: skip
    some = Machine.objects.filter(replicable=True).order_by("name")[:chosen]
    DraftMachine.objects.bulk_create(DraftMachine(draft=draft, machine=each, name=each.name) for each in some)
    client = Client()
    client.force_login(person)
    return {"draft": draft.pk, "client": client}


def _vault() -> tuple[Vault, Person]:
    places = [{"name": "eastasia", "display_name": "East Asia"}, {"name": "southeastasia", "display_name": "Southeast Asia"}]
    connection = Connection.objects.create(
        name="Contoso", endpoint="https://localhost:1", tenant_id="t", client_id="c", locations=places, inventory_as_of=clock.now()
    )
    Subscription.objects.create(
        connection=connection, subscription_id=SUBSCRIPTION, name="Production", state="Enabled", as_of=clock.now()
    )
    store_resource(connection, "resource_group", inv.ResourceGroup(id=estate.GROUP, name="rg-erp", location="eastasia"))
    store_resource(connection, "virtual_network", estate.network())
    arm_id = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-dr/providers/Microsoft.RecoveryServices/vaults/rsv-dr"
    vault = Vault.objects.create(
        connection=connection, key=arm_id.lower(), arm_id=arm_id, name="rsv-dr", subscription_id=SUBSCRIPTION,
        resource_group="rg-dr", location="southeastasia",
    )  # fmt: skip
    person = Person.objects.create(username="ada", display_name="Ada")
    grant = Grant.objects.create(person=person, vault=vault, role="administrator", granted_at=clock.now())
    for side in GrantScope.Side:
        GrantScope.objects.create(grant=grant, side=side, subscription_id=SUBSCRIPTION)
    return vault, person


def _row(connection: Connection, number: int) -> Machine:
    power = inv.Power.DEALLOCATED if number % 2 else inv.Power.RUNNING
    machine = estate.machine(
        f"erp-{number:05}", power=power, size=f"Standard_D{2 ** (number % 4 + 1)}s_v5", zones=(str(number % 3 + 1),),
        tags={"owner": f"team-{number % 20}"}, os_type=("Windows", "Linux")[number % 2],
    )  # fmt: skip
    key = ids.key(machine.id)
    return Machine(
        connection=connection, key=key, arm_id=machine.id, name=machine.name, subscription_id=SUBSCRIPTION, resource_group="rg-erp",
        group_key="rg-erp", location="eastasia", model=machine.model, power=machine.power, provisioning_state="Succeeded",
        os_type=machine.os_type, size=machine.size, zone=machine.zones[0], network_name="vnet-erp", disk_count=1, disk_gib=128,
        search=f"{machine.name} rg-erp", document=documents.to_json(machine), digest="x", as_of=clock.now(),
        tags=verdicts.lines(f"{name}:{value}" for name, value in machine.tags.items()), **verdicts.columns(machine, {}, key),
    )  # fmt: skip
