"""Database triggers that make the audit and the plans insert-only, on SQLite and on PostgreSQL."""

from typing import Any

from django.db import connections

INSERT_ONLY = (
    "replication_auditentry",
    "replication_auditsubject",
    "replication_auditcheckpoint",
    "replication_replicationplan",
)

# REPLACE INTO deletes the row that has the same without a word to SQLite's DELETE triggers: what is there cannot come again.
_SAME = {
    "replication_auditentry": "id = NEW.id OR sequence = NEW.sequence",
    "replication_auditsubject": "id = NEW.id OR (entry_id = NEW.entry_id AND position = NEW.position)",
    "replication_auditcheckpoint": "id = NEW.id OR sequence = NEW.sequence",
    "replication_replicationplan": "id = NEW.id",
}

_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION replication_insert_only() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME; END;
$$ LANGUAGE plpgsql;
"""


def _sqlite(table: str) -> list[str]:
    there = f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {_SAME[table]})"  # noqa: S608  # nosec B608 - our own constants
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{name} BEFORE {verb} ON {table}{when} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END;"
        for name, verb, when in (("update", "UPDATE", ""), ("delete", "DELETE", ""), ("replace", "INSERT", there))
    ]


def _postgres(table: str) -> list[str]:
    return [
        f"CREATE OR REPLACE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION replication_insert_only();",
        f"CREATE OR REPLACE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION replication_insert_only();",
    ]


def install(using: str = "default", **_: Any) -> None:
    """Make the triggers that are missing. Runs after every migrate, because SQLite drops them when it rebuilds a table."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRES_FUNCTION)
        for table in INSERT_ONLY:
            if table in tables:
                for statement in _postgres(table) if connection.vendor == "postgresql" else _sqlite(table):
                    cursor.execute(statement)


def remove(using: str = "default") -> None:
    """Take the triggers away: only for emptying a test database."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in INSERT_ONLY:
            names = (
                ("rows", "truncate") if connection.vendor == "postgresql" else ("no_update", "no_delete", "no_replace")
            )
            for name in names if table in tables else ():
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}{on}")
