"""The audit chain, and the database that refuses to forget."""

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from replication.actions.actor import CONSOLE
from replication.actions.audit import broken_link, gesture, record
from replication.models import AuditEntry, AuditHead, AuditSubject, Setting, triggers

MACHINES = [(f"/machines/{n}", f"vm-{n}") for n in range(1000)]


def entries(number: int) -> None:
    for n in range(number):
        record("vaults.refresh", actor=CONSOLE, subject_name=f"entry {n}", subjects=[("/a", "a"), ("/b", "b")])


@pytest.mark.django_db
def test_the_chain_holds() -> None:
    entries(5)
    assert broken_link() is None
    assert list(AuditEntry.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2, 3, 4, 5]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("attack", "found"),
    [
        ("UPDATE replication_auditentry SET actor_name = 'x' WHERE sequence = 3", 3),
        ("UPDATE replication_auditentry SET before = '{\"a\":1}' WHERE sequence = 2", 2),
        ("UPDATE replication_auditsubject SET name = 'x' WHERE position = 1 AND entry_id IN "
         "(SELECT id FROM replication_auditentry WHERE sequence = 4)", 4),
        ("UPDATE replication_audithead SET sequence = 9", 6),
    ],
)  # fmt: skip
def test_a_change_behind_the_triggers_is_found(attack: str, found: int) -> None:
    entries(5)
    triggers.remove()
    with connection.cursor() as cursor:
        cursor.execute(attack)
    triggers.install()
    assert broken_link() == found


@pytest.mark.django_db
def test_dropped_and_cut_off_entries_are_found() -> None:
    entries(5)
    triggers.remove()
    last = AuditEntry.objects.get(sequence=5)
    AuditSubject.objects.filter(entry=last).delete()
    last.delete()
    assert broken_link() == 5
    third = AuditEntry.objects.get(sequence=3)
    AuditSubject.objects.filter(entry=third).delete()
    third.delete()
    triggers.install()
    assert broken_link() == 3


@pytest.mark.django_db
@pytest.mark.parametrize("table", triggers.INSERT_ONLY[:2])
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_database_refuses(table: str, verb: str) -> None:
    entries(1)
    with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb.format(table))


@pytest.mark.django_db
def test_a_change_that_fails_leaves_neither_change_nor_entry() -> None:
    entries(1)
    def fail_after_a_change() -> None:
        with gesture("vaults.refresh", actor=CONSOLE):
            Setting.objects.create(name="x", value=1, changed_at="2026-01-01T00:00:00Z")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_a_change()
    assert not Setting.objects.exists()
    assert AuditHead.objects.get().sequence == 1
    assert broken_link() is None


@pytest.mark.django_db
def test_an_entry_that_cannot_be_written_undoes_the_change() -> None:
    with pytest.raises(ValueError, match="vocabulary"), gesture("no.such_action", actor=CONSOLE):
        Setting.objects.create(name="x", value=1, changed_at="2026-01-01T00:00:00Z")
    assert not Setting.objects.exists()


@pytest.mark.django_db
def test_a_thousand_machines_are_one_entry() -> None:
    record("run.enable", actor=CONSOLE, subjects=MACHINES)
    entry = AuditEntry.objects.get()
    assert (entry.subject_count, entry.subjects.count()) == (1000, 1000)
    assert broken_link() is None


@pytest.mark.django_db(transaction=True)
def test_many_writers_leave_no_hole() -> None:
    def write() -> None:
        try:
            entries(10)
        finally:
            connection.close()

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert AuditEntry.objects.count() == 40
    assert broken_link() is None


@pytest.mark.django_db
def test_the_command_names_the_first_bad_entry(capsys: pytest.CaptureFixture[str]) -> None:
    entries(3)
    call_command("audit_verify")
    assert "3 entries, chain intact" in capsys.readouterr().out
    triggers.remove()
    AuditEntry.objects.filter(sequence=2).update(reason="because")
    triggers.install()
    with pytest.raises(CommandError, match="broken at entry 2"):
        call_command("audit_verify")
