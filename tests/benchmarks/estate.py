"""Rows of a large estate, written at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from replication import clock, counts, finding
from replication.models import (
    AffectedItem,
    Connection,
    Event,
    Grant,
    GrantScope,
    HealthIssue,
    Job,
    Machine,
    Person,
    ProtectedItem,
    RecoveryPoint,
    Subscription,
    Vault,
)
from replication.sync import coverage
from tests.conftest import SUBSCRIPTION
from tests.views import rows

HEALTH = ("Normal",) * 17 + ("Warning", "Warning", "Critical")


def build(machines: int) -> dict[str, Any]:
    """What pages are asked for: row ids of the vault, of one item and of all, and the person who looks."""
    vault = _vault()
    person = _person(vault)
    items = [_item(vault, number) for number in range(machines)]
    ProtectedItem.objects.bulk_create(items, batch_size=500)
    Machine.objects.bulk_create((_machine(vault, n, n < machines) for n in range(machines * 3 // 2)), batch_size=500)
    for model in (ProtectedItem, Machine):
        finding.write(model, model._default_manager.values_list("pk", "search"))
    _around(vault, items)
    coverage.count(vault.connection)
    counts.keep(vault, changed=True)
    return {"vault": vault.pk, "item": items[len(items) // 2].pk, "items": [item.pk for item in items], "person": person}


def _vault() -> Vault:
    places = [{"name": "eastasia", "display_name": "East Asia"}, {"name": "southeastasia", "display_name": "Southeast Asia"}]
    connection = Connection.objects.create(
        name="Contoso", endpoint="https://localhost:1", tenant_id="t", client_id="c", locations=places, inventory_as_of=clock.now()
    )
    Subscription.objects.create(
        connection=connection, subscription_id=SUBSCRIPTION, name="Production", state="Enabled", as_of=clock.now()
    )
    arm_id = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-dr/providers/Microsoft.RecoveryServices/vaults/rsv-dr"
    return Vault.objects.create(
        connection=connection, key=arm_id.lower(), arm_id=arm_id, name="rsv-dr", subscription_id=SUBSCRIPTION,
        resource_group="rg-dr", location="southeastasia", as_of=clock.now(), version=1,
    )  # fmt: skip


def _person(vault: Vault) -> Person:
    person = Person.objects.create(username="helpdesk", display_name="Helpdesk")
    grant = Grant.objects.create(person=person, vault=vault, role="helpdesk", granted_at=clock.now())
    for side in GrantScope.Side:
        GrantScope.objects.create(grant=grant, side=side, subscription_id=SUBSCRIPTION)
    return person


def _item(vault: Vault, number: int) -> ProtectedItem:
    made = rows.item_row(
        vault, f"vm-{number:05}", health=HEALTH[number % 20], rpo=60 + number * 7 % 3000, rpo_at=clock.now(), version=1,
        resource_group=f"rg-{number % 40}", group_key=f"rg-{number % 40}", issue_count=1,
    )  # fmt: skip
    made.machine_key = rows.machine_key(made.name, made.group_key)
    return made


def _machine(vault: Vault, number: int, protected: bool) -> Machine:
    group, name = f"rg-{number % 40}", f"vm-{number:05}"
    key = rows.machine_key(name, group)
    address = f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"
    tags = f"\nowner:{'ada' if number % 50 == 0 else 'bob'}\ntier:{('gold', 'silver')[number % 2]}\n"
    return Machine(
        connection_id=vault.connection_id, key=key, arm_id=key, name=name, subscription_id=SUBSCRIPTION, resource_group=group,
        group_key=group, location="eastasia", model="ResourceManager", power="running", provisioning_state="Succeeded",
        search=f"{name} {name}-host {group} linux {address} {tags.strip()}".replace("\n", " "), tags=tags, document={}, digest="",
        replicable=True, protected_in=f"{vault.key}/{name}" if protected else "", as_of=clock.now(),
    )  # fmt: skip


def _around(vault: Vault, items: list[ProtectedItem]) -> None:
    """Events, jobs and recovery points as every item has them; a symptom that all share, and one of the critical ones."""
    now = clock.now()
    for code, having in (("161011", items), ("153007", [item for item in items if item.health == "Critical"])):
        issue = HealthIssue.objects.create(
            vault=vault, key=code, code=code, severity="Warning", severity_rank=1, message=code, machines=len(having), first_seen_at=now,
            last_seen_at=now,
        )  # fmt: skip
        AffectedItem.objects.bulk_create(
            (AffectedItem(issue=issue, item=item, severity="Warning", first_seen_at=now) for item in having), batch_size=500
        )
    Event.objects.bulk_create(
        (Event(vault=vault, key=str(n), item_key=item.key, at=now, severity="OK", message="m") for n, item in enumerate(items)),
        batch_size=500,
    )
    Job.objects.bulk_create(
        (
            Job(
                vault=vault, key=f"j{n}", arm_id=f"/j{n}", name=f"j{n}", scenario="EnableDr", state="Succeeded", target_name=item.name,
                started_at=now - timedelta(seconds=n), document={}, as_of=now,
            )
            for n, item in enumerate(items)
        ),
        batch_size=500,
    )  # fmt: skip
    one = items[len(items) // 2]
    RecoveryPoint.objects.bulk_create(
        RecoveryPoint(item=one, arm_id=f"/p{n}", at=now - timedelta(minutes=5 * n), kind="CrashConsistent") for n in range(70)
    )
