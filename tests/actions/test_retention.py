"""Retention: what is past its time goes from the beginning, nothing else does, and what stays is verifiable."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from replication import clock
from replication.actions import bundles, checkpoints, retention
from replication.actions.actor import CONSOLE
from replication.actions.audit import broken_link, pruned_to, record
from replication.actions.verification import verify
from replication.models import AuditCheckpoint, AuditEntry, AuditPruning, AuditSubject, Setting, StreamCursor, triggers
from tests.actions.test_bundle import verdict

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2015, 3, 1, tzinfo=UTC)


@pytest.fixture
def history() -> None:
    """Five entries of 2015 with a checkpoint after the third, then five of now with one."""
    for n in range(5):
        with clock.injected(lambda n=n: LONG_AGO + timedelta(days=n)):  # type: ignore[misc]
            record("vaults.refresh", actor=CONSOLE, subject_name=f"old {n}", subjects=[("/a", "a")])
            if n == 2:
                checkpoints.take()
    for n in range(5):
        record("vaults.refresh", actor=CONSOLE, subject_name=f"new {n}", subjects=[("/b", "b")])
    checkpoints.take()


def sequences() -> list[int]:
    return list(AuditEntry.objects.order_by("sequence").values_list("sequence", flat=True))


def refused(attack: str, *params: Any) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack, params)
    except DatabaseError as error:
        return "insert-only" in str(error)
    return False


def test_old_entries_go_and_the_rest_verifies(history: None) -> None:
    assert retention.prune() == 5
    assert sequences() == [6, 7, 8, 9, 10, 11]
    told = AuditEntry.objects.latest("sequence")
    assert (told.action, told.detail["first"], told.detail["last"]) == ("audit.pruned", 1, 5)
    assert AuditSubject.objects.count() == 5
    assert list(AuditCheckpoint.objects.values_list("sequence", flat=True)) == [10]
    assert broken_link() is None
    assert verify().bad is None
    assert retention.prune() == 0
    assert sequences()[-1] == 11  # nothing to do is no entry


def test_the_bundle_of_what_is_left_verifies_elsewhere(history: None) -> None:
    retention.prune()
    lines = [line.encode() for line in bundles.chain(11, by="Lead")]
    assert verdict(lines) == ""
    assert verdict([lines[0], *lines[2:]]) != ""


def test_a_crash_between_permission_and_deletion_is_made_good(history: None) -> None:
    retention._allow()
    assert verify().bad is None
    assert broken_link() is None
    assert retention.prune() == 5
    assert AuditPruning.objects.count() == 1


def test_what_was_not_streamed_stays(history: None) -> None:
    StreamCursor.objects.create(place="/elsewhere", sequence=2)
    assert retention.prune() == 2
    assert pruned_to()[0] == 2
    StreamCursor.objects.update(sequence=10)
    assert retention.prune() == 3
    assert verify().bad is None


def test_the_setting_decides(history: None) -> None:
    Setting.objects.create(name="audit.retention_days", value=36_500, changed_at=clock.now())
    assert retention.prune() == 0
    assert len(sequences()) == 10


def test_triggers_let_go_of_nothing_else(history: None) -> None:
    retention._allow()
    assert refused("DELETE FROM replication_auditentry WHERE sequence = 6")
    assert refused("DELETE FROM replication_auditsubject WHERE entry_id = (SELECT id FROM replication_auditentry WHERE sequence = 6)")
    assert refused("DELETE FROM replication_auditcheckpoint WHERE sequence = 10")
    assert refused("UPDATE replication_auditentry SET reason = 'x' WHERE sequence = 1")
    assert refused("UPDATE replication_auditpruning SET sequence = 9")
    assert refused("DELETE FROM replication_auditpruning")
    assert not refused("DELETE FROM replication_auditsubject WHERE entry_id = (SELECT id FROM replication_auditentry WHERE sequence = 1)")


@pytest.mark.parametrize(("number", "right_hash"), [(8, True), (5, False), (99, True)])
def test_nobody_allows_themselves_more(history: None, number: int, right_hash: bool) -> None:
    """Not what is younger than a year, nor what is not there, nor under another hash: the database itself refuses."""
    row = AuditEntry.objects.filter(sequence=number).first()
    digest = row.hash if row and right_hash else "f" * 64
    attack = "INSERT INTO replication_auditpruning (sequence, hash, at, sealed) VALUES (%s, %s, %s, '{}')"
    assert refused(attack, number, digest, clock.now())


def test_a_beginning_that_somebody_else_cut_off_is_found(history: None) -> None:
    """Old rows can be let go by whoever has the database's account; without the seal it does not go unnoticed."""
    digest = AuditEntry.objects.get(sequence=4).hash
    assert not refused(
        "INSERT INTO replication_auditpruning (sequence, hash, at, sealed) VALUES (4, %s, %s, '{\"statement\": {}}')", digest, clock.now()
    )
    verdict = verify()
    assert (verdict.bad, "seal" in verdict.why) == (5, True)


def test_a_pruned_chain_that_is_then_changed_is_found(history: None) -> None:
    retention.prune()
    triggers.remove()
    AuditEntry.objects.filter(sequence=7).update(reason="because")
    triggers.install()
    assert broken_link() == 7
    assert verify().bad == 7
