"""Symptoms over several reads: first seen, still there, gone, come again; events that stay; names that no column expects."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from replication import counts
from replication.domain import inventory as inv
from replication.gateway.arm import LARGEST, plain, whole
from replication.models import AffectedItem, Event, HealthIssue, Person, ProtectedItem, Vault
from replication.sync import events, inventory
from replication.sync.issues import store_issues
from replication.sync.items import item_key, store_items

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def error(code: str = "153007", severity: str = "Critical", **more: Any) -> inv.HealthError:
    return inv.HealthError(code=code, severity=severity, message=f"What {code} says", **more)


def item(name: str, *errors: inv.HealthError, **more: Any) -> inv.Item:
    given = {
        "id": f"/f/{name}", "name": name, "friendly_name": name, "machine_id": f"/subscriptions/s/resourceGroups/g/x/{name}",
        "protection_state": "Protected", "protection_text": "", "replication_health": "Normal", "failover_health": "Normal",
        "active_location": "Primary", "allowed_operations": (), "primary_location": "eastasia", "recovery_location": "southeastasia",
        "policy_id": "", "policy_name": "", "recovery_group_id": "",
    }  # fmt: skip
    return inv.Item(**given | more, errors=errors)


def read(vault: Vault, *items: inv.Item, now: datetime = NOON, own: list[inv.HealthError] | None = None) -> int:
    """own: the vault's errors; None when they could not be read."""
    store_items(vault, items, now=now, version=1)
    return store_issues(vault, {item_key(vault.key, each.name): each for each in items}, own, now=now)


def test_a_symptom_has_its_machines_and_ends_with_the_last(vault: Vault) -> None:
    assert read(vault, item("a", error(created_at=NOON - 9 * MINUTE)), item("b", error(severity="Warning"))) == 1
    issue = HealthIssue.objects.get()
    assert (issue.machines, issue.severity, issue.first_seen_at) == (2, "Critical", NOON - 9 * MINUTE)
    assert read(vault, item("a", error(created_at=NOON - 9 * MINUTE)), item("b", error(severity="Warning"))) == 0
    assert read(vault, item("a"), item("b", error(severity="Warning")), now=NOON + MINUTE) == 1
    issue.refresh_from_db()
    assert (issue.machines, issue.severity, issue.gone_at) == (1, "Warning", None)
    read(vault, item("a"), now=NOON + 2 * MINUTE)  # b left Azure with what it had
    issue.refresh_from_db()
    assert (issue.machines, issue.gone_at, issue.last_seen_at) == (0, NOON + 2 * MINUTE, NOON + 2 * MINUTE)
    assert not AffectedItem.objects.filter(gone_at=None).exists()


def test_what_comes_again_begins_anew(vault: Vault, admin: Person) -> None:
    read(vault, item("a", error()))
    HealthIssue.objects.update(acknowledged_at=NOON, acknowledged_by=admin, note="Known")
    read(vault, item("a", error(), error("1")))
    assert HealthIssue.objects.get(key="153007").note == "Known"
    read(vault, item("a"))
    read(vault, item("a", error()), now=NOON + MINUTE)
    issue = HealthIssue.objects.get(key="153007")
    assert (issue.acknowledged_at, issue.note, issue.first_seen_at, issue.gone_at) == (None, "", NOON + MINUTE, None)
    assert AffectedItem.objects.get(issue=issue).first_seen_at == NOON + MINUTE


def test_a_vaults_own_symptom_and_its_machines_are_two(vault: Vault, admin: Person) -> None:
    assert read(vault, item("a", error()), own=[error(severity="Warning"), error(severity="Error")]) == 2
    own, of_machines = HealthIssue.objects.get(key="vault:153007"), HealthIssue.objects.get(key="153007")
    assert (own.severity, own.machines, own.affected.count(), of_machines.machines) == ("Error", 0, 0, 1)
    HealthIssue.objects.update(acknowledged_at=NOON, acknowledged_by=admin, note="Known")
    assert read(vault, item("a", error()), own=[error(severity="Error")], now=NOON + MINUTE) == 0
    assert read(vault, item("a", error()), own=None, now=NOON + 2 * MINUTE) == 0  # nobody could tell
    assert read(vault, item("a", error()), own=[error(severity="Warning")], now=NOON + 3 * MINUTE) == 1
    own.refresh_from_db()
    assert (own.severity, own.note, own.gone_at) == ("Warning", "Known", None)
    assert read(vault, item("a", error()), own=[], now=NOON + 4 * MINUTE) == 1
    own.refresh_from_db()
    of_machines.refresh_from_db()
    assert (own.gone_at, of_machines.gone_at) == (NOON + 4 * MINUTE, None)
    assert read(vault, item("a", error()), own=[error()], now=NOON + 5 * MINUTE) == 1
    own.refresh_from_db()
    assert (own.gone_at, own.note) == (None, "")


def test_clocks_that_differ_and_errors_without_a_code(vault: Vault) -> None:
    read(vault, item("a", error(created_at=NOON + 60 * MINUTE), error("", "Strange"), error("", "Strange")))
    assert {(issue.code, issue.severity, issue.first_seen_at) for issue in HealthIssue.objects.all()} == {
        ("153007", "Critical", NOON), ("", "Strange", NOON),
    }  # fmt: skip


def test_names_and_states_that_no_column_expects(vault: Vault) -> None:
    strange = item("n" * 700, friendly_name="מכונה 🦊" * 60, protection_state="S" * 300, replication_health="H" * 300)
    read(vault, strange)
    row = ProtectedItem.objects.get()
    assert (len(row.name), len(row.protection_state), len(row.health), row.status) == (400, 80, 40, "other")


def test_a_vault_that_vanishes_takes_its_items_along_and_brings_them_back(vault: Vault) -> None:
    read(vault, item("a"))
    inventory._store_vaults(vault.connection, vault.subscription_id, [])
    row = ProtectedItem.objects.get()
    assert row.gone_at is not None
    Vault.objects.update(gone_at=None)
    read(vault, item("a"), now=NOON + MINUTE)
    row.refresh_from_db()
    assert row.gone_at is None
    assert row.first_seen_at == NOON


def test_null_characters_and_numbers_of_no_use_are_cleaned() -> None:
    body = {"na\0me": "a\0b", "tags": [{"x": "\ud83e🦊"}], "n": 1, "s": None}
    assert plain(body) == {"name": "ab", "tags": [{"x": "?🦊"}], "n": 1, "s": None}
    assert [whole(each) for each in (5, -3, 2.9, 1e300, float("nan"), "7", None, True)] == [5, 0, 2, LARGEST] + [None] * 4


def event(number: int, **more: Any) -> inv.Event:
    given = {"code": "SRSVMHealthChanged", "kind": "VmHealth", "severity": "Critical", "message": "m", "item_name": "A"}
    return inv.Event(id=f"/Vaults/v/events/{number}", at=NOON + number * MINUTE, **given | more)


def test_only_new_events_are_read_and_old_ones_stay(vault: Vault, monkeypatch: Any) -> None:
    monkeypatch.setattr(events, "KNOWN", 2)
    asked: list[int] = []

    def listing(_: str) -> Any:
        for number in (*range(9, 4, -1), 4, 3, 2, 1):
            asked.append(number)
            yield event(number)

    read_now: Any = SimpleNamespace(events=listing)
    events.store_events(vault, [event(number) for number in (4, 3, 2, 1)], now=NOON)
    found = events.collect(vault, read_now)
    assert [each.id[-1] for each in found] == ["9", "8", "7", "6", "5"]
    assert asked[-1] == 3
    assert events.store_events(vault, found, now=NOON) == 5
    assert Event.objects.filter(item_key=item_key(vault.key, "A")).count() == 9
    events.store_events(vault, [event(200_000)], now=NOON + timedelta(days=100))
    assert Event.objects.count() == 1


def test_numbers_are_counted_when_items_are_stored_and_added_up_by_pages(vault: Vault) -> None:
    read(vault, item("a", rpo=60), item("b", rpo=9000, policy_name="24-hour", replication_health="Critical"))
    assert counts.kept([vault]) is None
    counts.keep(vault, changed=True)
    vault.refresh_from_db()
    rows = ProtectedItem.objects.filter(vault=vault, gone_at=None)
    assert counts.kept([vault]) == counts.count(rows)
    twice = counts.kept([vault, vault])
    assert twice is not None
    assert (twice["total"], twice["above_target"], twice["worst_rpo"]) == (4, 2, 9000)
    assert (counts.values([vault], "policy_name"), counts.values([vault], "primary_location")) == (["24-hour"], ["eastasia"])
    read(vault, item("a", rpo=60))
    counts.keep(vault, changed=False)
    assert counts.kept([vault]) is not None
    counts.keep(vault, changed=True)
    assert (counts.kept([vault]) or {})["total"] == 1
