"""Insert-only tables under attack, also after a table was rebuilt and `migrate` has run: on SQLite; with `make services` on PostgreSQL."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from replication.actions import checkpoints
from replication.actions.actor import CONSOLE
from replication.actions.audit import record
from replication.models import AuditCheckpoint, AuditEntry, AuditSubject, triggers

AUDIT = (AuditEntry, AuditSubject, AuditCheckpoint)  # AuditPruning: test_retention.py
ATTACKS = ["UPDATE {} SET id = id", "DELETE FROM {}"]
if connection.vendor == "postgresql":
    ATTACKS += ["TRUNCATE {} CASCADE", "TRUNCATE {} RESTART IDENTITY CASCADE"]
else:
    ATTACKS += ["REPLACE INTO {0} SELECT * FROM {0}", "UPDATE OR REPLACE {} SET id = id", "UPDATE OR IGNORE {} SET id = id + 1"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's")
@pytest.mark.django_db
def test_a_row_cannot_be_replaced_by_another_with_its_number() -> None:
    """REPLACE deletes without a word to DELETE triggers, by whichever unique column it finds the row."""
    record("vaults.refresh", actor=CONSOLE, subjects=[("/a", "a")])
    entry, subject = AuditEntry._meta.db_table, AuditSubject._meta.db_table
    columns = ", ".join(field.column for field in AuditEntry._meta.concrete_fields if field.column != "id")
    assert refused(f"REPLACE INTO {entry} (id, {columns}) SELECT id + 1, {columns} FROM {entry}")
    assert refused(f"REPLACE INTO {subject} (id, entry_id, position, key, name) SELECT id + 1, entry_id, position, key, 'b' FROM {subject}")


def refused(attack: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack)
    except DatabaseError as error:
        return "insert-only" in str(error)
    return False


def rebuild(model: Any) -> None:
    """As a later migration may: SQLite writes the table anew and drops its triggers; elsewhere somebody drops them."""
    if connection.vendor == "sqlite":
        triggers.loosen()  # as `migrate` does before it applies anything
        with connection.schema_editor() as editor:
            editor._remake_table(model)
    else:
        triggers.remove()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attack", ATTACKS)
def test_migrate_brings_back_what_a_rebuilt_table_lost(attack: str) -> None:
    record("vaults.refresh", actor=CONSOLE, subjects=[("/a", "a")])
    checkpoints.take()
    for model in AUDIT:
        rebuild(model)
    if connection.vendor == "sqlite":
        assert not refused("UPDATE replication_auditentry SET reason = reason")  # else the rebuilding proves nothing
    call_command("migrate", verbosity=0)
    for model in AUDIT:
        assert refused(attack.format(model._meta.db_table)), model
        assert model.objects.count() == 1, model


@pytest.mark.django_db(transaction=True)
def test_every_table_of_the_audit_is_guarded() -> None:
    """But for the head, which is one row that moves."""
    guarded = {*triggers.INSERT_ONLY, "replication_audithead"}
    assert {name for name in connection.introspection.table_names() if name.startswith("replication_audit")} <= guarded
