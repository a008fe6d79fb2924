"""Rows as workers store them, so that pages have something to show."""

from datetime import UTC, datetime, timedelta
from typing import Any

from replication import clock, finding, rpo
from replication.domain import documents
from replication.domain import inventory as inv
from replication.domain.packing import SHARD, Observed, pack_frame
from replication.domain.states import HEALTH_RANK
from replication.models import (
    AffectedItem,
    Draft,
    HealthIssue,
    HistoryFrame,
    Job,
    Machine,
    Person,
    ProtectedItem,
    ReplicationPlan,
    Run,
    Step,
    StepEvent,
    Vault,
)
from tests.conftest import SUBSCRIPTION

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


def machine_key(name: str, group: str = "rg-erp") -> str:
    return f"/subscriptions/{SUBSCRIPTION}/resourcegroups/{group}/providers/microsoft.compute/virtualmachines/{name}"


def item(vault: Vault, name: str, **columns: Any) -> ProtectedItem:
    made = item_row(vault, name, **columns)
    made.save(force_insert=True)
    finding.write(ProtectedItem, [(made.pk, made.search)])
    return made


def item_row(vault: Vault, name: str, **columns: Any) -> ProtectedItem:
    """An item that is not stored yet."""
    health = columns.setdefault("health", "Normal")
    status = columns.setdefault("status", "protected")
    errors = columns.pop("errors", ())
    document = documents.to_json(
        inv.Item(
            id=f"{vault.arm_id}/items/{name}", name=name, friendly_name=name, machine_id=machine_key(name),
            protection_state="Protected", protection_text="Protected", replication_health=health, failover_health="Normal",
            active_location="Primary", allowed_operations=(), primary_location="eastasia", recovery_location="southeastasia",
            policy_id="", policy_name="24-hour-retention-policy", recovery_group_id="/subscriptions/s/resourceGroups/rg-erp-asr",
            errors=tuple(errors), details={"osType": "Windows", "protectedManagedDisks": [{"diskName": "disk-0"}]},
        )
    )  # fmt: skip
    given = {
        "connection_id": vault.connection_id, "vault": vault, "key": f"{vault.key}/{name}", "arm_id": f"{vault.arm_id}/{name}",
        "name": name, "machine_key": machine_key(name), "resource_group": "rg-erp", "group_key": "rg-erp",
        "subscription_id": SUBSCRIPTION,
        "protection_state": "Protected", "health_rank": HEALTH_RANK.get(health, 0), "primary_location": "eastasia",
        "recovery_location": "southeastasia", "active_location": "Primary", "policy_name": "24-hour-retention-policy",
        "search": f"{name} rg-erp", "document": document, "digest": "", "first_seen_at": NOON, "changed_at": NOON,
        "as_of": NOON, "issue_count": len(errors),
    }  # fmt: skip
    return ProtectedItem(**given | columns | {"status": status})


def seen(vault: Vault, at: datetime, what: dict[ProtectedItem, Observed]) -> None:
    """What a sweep saw of some items at a time, with the RPO target that holds now."""
    shards: dict[int, list[tuple[int, Observed]]] = {}
    for found, each in what.items():
        shards.setdefault(found.pk // SHARD, []).append((found.pk, each))
    for shard, rows in shards.items():
        HistoryFrame.objects.create(vault=vault, shard=shard, at=at, target=rpo.target(vault), data=pack_frame(rows))


def machine(vault: Vault, name: str, group: str = "rg-erp", subscription: str = SUBSCRIPTION) -> Machine:
    made = Machine.objects.create(
        connection_id=vault.connection_id, key=machine_key(name, group), arm_id=machine_key(name, group), name=name,
        subscription_id=subscription, resource_group=group, group_key=group, location="eastasia", model="ResourceManager",
        power="running", provisioning_state="Succeeded", search=f"{name} {group}", document={}, digest="", as_of=NOON,
    )  # fmt: skip
    finding.write(Machine, [(made.pk, made.search)])
    return made


def run(vault: Vault, person: Person, machines: int = 2, **columns: Any) -> Run:
    """A run with a group, a network and so many machines, all waiting."""
    now = clock.now()
    draft = Draft.objects.create(
        connection_id=vault.connection_id, vault=vault, owner=person, updated_by=person, created_at=now, updated_at=now,
        state="submitted",
    )  # fmt: skip
    plan = ReplicationPlan.objects.create(
        connection_id=vault.connection_id,
        vault=vault,
        draft=draft,
        digest="d",
        document="{}",
        created_at=now,
        created_by=person,
    )
    given = {
        "connection_id": vault.connection_id, "vault": vault, "plan": plan, "purpose": "enable", "machine_count": machines,
        "number": Run.objects.count() + 1, "started_by": person, "request_id": "r", "created_at": now, "version": 1,
    }  # fmt: skip
    made = Run.objects.create(**given | columns)
    Step.objects.bulk_create([*_foundations(made), *(_protect(made, n) for n in range(machines))])
    return made


def _foundations(run: Run) -> list[Step]:
    shared = {"run": run, "state": "waiting", "subject_key": "s"}
    group = {"id": "/subscriptions/s/resourceGroups/rg-erp-asr", "location": "southeastasia", "kind": "resource_group"}
    fabric = {"id": "/x/replicationFabrics/asr-a2a-eastasia", "location": "eastasia", "kind": "fabric"}
    return [
        Step(key="group:rg", kind="resource_group", stage=0, title="Target resource group", spec=group, **shared),
        Step(key="fabric:ea", kind="fabric", stage=1, title="Fabric", spec=fabric, **shared),
    ]


def _protect(run: Run, number: int) -> Step:
    name = f"vm-{number:04}"
    return Step(
        run=run, key=f"protect:{name}", kind="protect", stage=2, position=number, title=name, state="waiting",
        spec={"kind": "protect", "id": f"/x/{name}", "machine_name": name}, subject_key="s", machine_key=machine_key(name),
    )  # fmt: skip


def settings(run: Run, name: str) -> Step:
    """What is to be applied to a machine of the run once it is protected."""
    return Step.objects.create(
        run=run, key=f"settle:{name}", kind="settle", stage=3, title=f"Settings of {name}", state="waiting",
        spec={"kind": "settle", "id": f"/x/{name}", "machine_name": name}, subject_key="s", machine_key=machine_key(name),
    )  # fmt: skip


def issue(vault: Vault, message: str, *items: ProtectedItem, code: str = "153007", **columns: Any) -> HealthIssue:
    """A symptom of these machines."""
    given = {
        "vault": vault, "key": code or message, "code": code, "severity": "Critical", "severity_rank": 3, "message": message,
        "machines": len(items), "first_seen_at": NOON, "last_seen_at": NOON,
    }  # fmt: skip
    made = HealthIssue.objects.create(**given | columns)
    for each in items:
        AffectedItem.objects.create(issue=made, item=each, severity=made.severity, first_seen_at=NOON)
    return made


def event(step: Step, text: str) -> StepEvent:
    return StepEvent.objects.create(step=step, at=clock.now(), attempt=1, text=text)


def job(vault: Vault, target: str, **columns: Any) -> Job:
    given = {
        "vault": vault, "key": f"{vault.key}/jobs/{target}", "arm_id": f"{vault.arm_id}/jobs/{target}", "name": target,
        "scenario": "EnableDr", "title": "Enable replication", "state": "InProgress", "target_name": target,
        "started_at": NOON - timedelta(minutes=3), "document": {"tasks": [], "errors": []}, "as_of": NOON,
    }  # fmt: skip
    return Job.objects.create(**given | columns)
