"""Subscriptions, regions, vaults, machines and everything that the wizard offers, of one connection.

Subscriptions are read one by one, each completely before anything of it is stored: one that fails keeps the rows it had.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from replication import clock
from replication.domain import documents, ids, leftovers
from replication.domain import inventory as inv
from replication.domain.eligibility import with_neighbours
from replication.gateway.port import AzureError, Gateway
from replication.models import Connection, Machine, ProtectedItem, Resource
from replication.sync import coverage, silence, verdicts
from replication.sync.machines import still_told
from replication.sync.outcome import Outcome
from replication.sync.snapshots import Values, store

Kind = Resource.Kind
Shared = (
    inv.ResourceGroup
    | inv.Network
    | inv.StorageAccount
    | inv.AvailabilitySet
    | inv.ReplicaDisk
    | inv.PlacementGroup
    | inv.CapacityGroup
    | inv.EncryptionSet
    | inv.AutomationAccount
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one subscription has."""

    vaults: list[inv.Vault]
    machines: list[inv.Machine]
    resources: dict[Kind, list[Shared]]


def read(connection: Connection, gateway: Gateway) -> Outcome:
    """Read all that the credential can see, and store what changed."""
    try:
        subscriptions = gateway.subscriptions()
        locations = gateway.locations(subscriptions[0].id) if subscriptions else []
    except AzureError as error:
        return _finish(connection, Outcome(problem=error.problem))
    outcome = _store_subscriptions(connection, subscriptions)
    _store_locations(connection, locations)
    for each in subscriptions:
        outcome += _read_subscription(connection, gateway, each)
    coverage.count(connection)
    return _finish(connection, outcome)


def _finish(connection: Connection, outcome: Outcome) -> Outcome:
    """An incomplete read leaves the as-of time where it was: what is shown is as old as that."""
    connection.inventory_problem = outcome.problem.to_json() if outcome.problem else None
    if outcome.problem is None:
        connection.inventory_as_of = clock.now()
    connection.save(update_fields=["inventory_problem", "inventory_as_of"])
    return outcome


def _read_subscription(connection: Connection, gateway: Gateway, subscription: inv.Subscription) -> Outcome:
    try:
        found = collect(gateway, subscription.id)
    except AzureError as error:
        return Outcome(problem=error.problem)
    with transaction.atomic():
        return _store(connection, subscription.id, found)


def collect(gateway: Gateway, subscription_id: str) -> Found:
    """Everything of a subscription, read to the end."""
    return Found(
        vaults=list(gateway.vaults(subscription_id)),
        machines=with_neighbours(gateway.machines(subscription_id)),
        resources={
            Kind.GROUP: list(gateway.groups(subscription_id)),
            Kind.NETWORK: list(gateway.networks(subscription_id)),
            Kind.ACCOUNT: list(gateway.accounts(subscription_id)),
            Kind.AVAILABILITY_SET: list(gateway.availability_sets(subscription_id)),
            Kind.PLACEMENT_GROUP: list(gateway.placement_groups(subscription_id)),
            Kind.CAPACITY_GROUP: list(gateway.capacity_groups(subscription_id)),
            Kind.ENCRYPTION_SET: list(gateway.encryption_sets(subscription_id)),
            Kind.AUTOMATION_ACCOUNT: list(gateway.automation_accounts(subscription_id)),
            Kind.REPLICA_DISK: list(gateway.replica_disks(subscription_id)),
        },
    )


def _store(connection: Connection, subscription_id: str, found: Found) -> Outcome:
    now = clock.now()
    outcome = _store_vaults(connection, subscription_id, found.vaults)
    outcome += _store_machines(connection, subscription_id, found.machines, now)
    referred = _referred(connection)
    for kind, resources in found.resources.items():
        outcome += _store_resources(connection, subscription_id, kind, resources, referred, now)
    if outcome.changed:
        Connection.inventory_changed(connection.pk)
    return outcome


# -- subscriptions, regions, vaults ---------------------------------------------------------------------------------------


def _store_subscriptions(connection: Connection, found: Iterable[inv.Subscription]) -> Outcome:
    now, changed, seen = clock.now(), 0, []
    for each in found:
        values = {"name": each.name, "state": each.state, "tenant_id": each.tenant_id, "gone_at": None}
        changed += _upsert(connection.subscriptions, {"subscription_id": each.id}, values, {"as_of": now})
        seen.append(each.id)
    gone = connection.subscriptions.filter(gone_at=None).exclude(subscription_id__in=seen)
    lost = list(gone.values_list("subscription_id", flat=True))
    with transaction.atomic():  # what lay in a subscription that is gone is out of sight with it
        for rows in (connection.machines, connection.resources, connection.vaults):
            rows.filter(subscription_id__in=lost, gone_at=None).update(gone_at=now)
        _without_vaults(connection, now)
        gone.update(gone_at=now)
        if lost:
            Connection.inventory_changed(connection.pk)
    return Outcome(changed=changed + len(lost), seen=len(seen))


def _upsert(rows: Any, identity: Values, values: Values, always: Values) -> bool:
    """Create or update one row by hand, for tables of few rows; whether anything but `always` changed."""
    row = rows.filter(**identity).first()
    if row is None:
        rows.create(**identity, **values, **always)
        return True
    changed = any(getattr(row, name) != value for name, value in values.items())
    rows.filter(pk=row.pk).update(**(values if changed else {}), **always)
    return changed


def _store_locations(connection: Connection, found: list[inv.Location]) -> None:
    fresh = documents.to_json(found)
    if fresh and fresh != connection.locations:
        connection.locations = fresh
        connection.save(update_fields=["locations"])


def _store_vaults(connection: Connection, subscription_id: str, found: list[inv.Vault]) -> Outcome:
    """A vault seen for the first time is due at once, so that its items are read."""
    changed, now = 0, clock.now()
    rows = connection.vaults.filter(subscription_id=subscription_id)
    for each in found:
        values = {
            "arm_id": each.id,
            "name": each.name,
            "subscription_id": each.subscription_id,
            "resource_group": each.resource_group,
            "location": each.location,
            "gone_at": None,
        }
        changed += _upsert(connection.vaults, {"key": ids.key(each.id)}, values, {})
    changed += rows.filter(gone_at=None).exclude(key__in=[ids.key(each.id) for each in found]).update(gone_at=now)
    rows.filter(gone_at=None, due_at=None).update(due_at=now)
    _without_vaults(connection, now)
    return Outcome(changed=changed, seen=len(found))


def _without_vaults(connection: Connection, now: datetime) -> None:
    """What was replicated in a vault that is gone is gone with it: marked, kept, and read anew when the vault is seen again."""
    lost = connection.vaults.exclude(gone_at=None)
    for vault in lost.filter(gone_at=now):
        silence.gone(vault)
    ProtectedItem.objects.filter(vault__in=lost, gone_at=None).update(gone_at=now)
    lost.exclude(due_at=None).update(due_at=None)


# -- machines -------------------------------------------------------------------------------------------------------------


def _store_machines(connection: Connection, subscription_id: str, found: list[inv.Machine], now: datetime) -> Outcome:
    told = still_told(connection, subscription_id, now)
    found = [_with_told(each, told.get(ids.key(each.id))) for each in found]
    protected = verdicts.protection(connection)
    fresh = {ids.key(each.id): _machine_columns(each, protected) for each in found}
    changed = store(
        Machine.objects.filter(connection=connection, subscription_id=subscription_id),
        fresh,
        now=now,
        common={"connection": connection, "subscription_id": subscription_id},
        unique=("connection", "key"),
        searched=True,
    )
    return Outcome(changed=len(changed), seen=len(fresh))


def _with_told(machine: inv.Machine, told: dict[str, Any] | None) -> inv.Machine:
    return replace(machine, facts=machine.facts | {"told": told}) if told else machine


def _machine_columns(machine: inv.Machine, protected: dict[str, tuple[str, str]]) -> dict[str, Any]:
    document = documents.to_json(machine)
    judged = verdicts.columns(machine, protected, ids.key(machine.id))
    return {
        "arm_id": machine.id,
        "name": machine.name,
        "resource_group": machine.resource_group,
        "group_key": machine.resource_group.lower(),
        "location": machine.location,
        "model": machine.model.value,
        "power": machine.power.value,
        "provisioning_state": machine.provisioning_state,
        "os_type": machine.os_type,
        "size": machine.size,
        "network_name": ids.name(machine.network_id),
        "availability_set_name": ids.name(machine.availability_set_id),
        "disk_count": len(machine.disks),
        "disk_gib": sum(disk.size_gib or 0 for disk in machine.disks),
        "zone": ", ".join(machine.zones),
        "search": _machine_search(machine),
        "tags": verdicts.lines(sorted(f"{name}:{value}".lower() for name, value in machine.tags.items())),
        "document": document,
        "digest": verdicts.digest(document, judged),
        **judged,
    }


def _machine_search(machine: inv.Machine) -> str:
    addresses = [nic.private_address for nic in machine.nics]
    tags = [f"{name}:{value}" for name, value in machine.tags.items()]
    words = [machine.name, machine.computer_name, machine.resource_group, machine.os_name, *addresses, *tags]
    return " ".join(filter(None, words)).lower()


# -- everything else ------------------------------------------------------------------------------------------------------


def _store_resources(
    connection: Connection, subscription_id: str, kind: Kind, found: list[Shared], referred: set[str], now: datetime
) -> Outcome:
    fresh = {ids.key(each.id): _resource_columns(each, kind, referred) for each in found}
    changed = store(
        Resource.objects.filter(connection=connection, subscription_id=subscription_id, kind=kind),
        fresh,
        now=now,
        common={"connection": connection, "subscription_id": subscription_id, "kind": kind.value},
        unique=("connection", "kind", "key"),
    )
    return Outcome(changed=len(changed), seen=len(fresh))


def _referred(connection: Connection) -> set[str]:
    """What replicated items refer to; of their documents one at a time is held."""
    rows = ProtectedItem.objects.filter(connection=connection, gone_at=None).values_list("document", flat=True)
    return leftovers.referred(rows.order_by().iterator(chunk_size=500))


def _resource_columns(resource: Shared, kind: Kind, referred: set[str]) -> dict[str, Any]:
    document = documents.to_json(resource)
    leftover = leftovers.made_for_recovery(kind, resource.name) and ids.key(resource.id) not in referred
    return {
        "arm_id": resource.id,
        "name": resource.name,
        "group_key": ids.group_name(resource.id).lower(),
        "location": resource.location,
        "document": document,
        "leftover": leftover,
        "digest": documents.digest([document, leftover]),
    }
