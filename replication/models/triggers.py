"""Database triggers, on SQLite and on PostgreSQL: they make the audit and the plans insert-only, and keep MachineBrief as machines are.

One thing alone may be deleted: entries of the audit (with their subjects and checkpoints) up to the one that an AuditPruning names. And an
AuditPruning can be written only when that entry is there, has that hash, and is older than YOUNGEST days, by the database's own clock; so
not even the console's database account can remove what is younger.
"""

from typing import Any

from django.db import connections

YOUNGEST = 365  # days: the shortest retention that can be set (domain/settings.py)

INSERT_ONLY = (
    "replication_auditentry",
    "replication_auditsubject",
    "replication_auditcheckpoint",
    "replication_auditpruning",
    "replication_replicationplan",
)

# REPLACE INTO deletes the row that has the same without a word to SQLite's DELETE triggers: what is there cannot come again.
_SAME = {
    "replication_auditentry": "id = NEW.id OR sequence = NEW.sequence",
    "replication_auditsubject": "id = NEW.id OR (entry_id = NEW.entry_id AND position = NEW.position)",
    "replication_auditcheckpoint": "id = NEW.id OR sequence = NEW.sequence",
    "replication_auditpruning": "id = NEW.id OR sequence = NEW.sequence",
    "replication_replicationplan": "id = NEW.id",
}

_PRUNED = "(SELECT COALESCE(MAX(sequence), 0) FROM replication_auditpruning)"
# When a row may be deleted.
_PRUNABLE = {
    "replication_auditentry": f"OLD.sequence <= {_PRUNED}",
    "replication_auditsubject": f"OLD.entry_id IN (SELECT id FROM replication_auditentry WHERE sequence <= {_PRUNED})",  # noqa: S608  # nosec B608
    "replication_auditcheckpoint": f"OLD.sequence < {_PRUNED}",
}
# When a pruning may be written: its entry is the end of a beginning all of which is old enough.
_FIT = (
    "EXISTS (SELECT 1 FROM replication_auditentry WHERE sequence = NEW.sequence AND hash = NEW.hash) AND NOT EXISTS "
    "(SELECT 1 FROM replication_auditentry WHERE sequence <= NEW.sequence AND at > {young})"
)
_YOUNG = {
    "sqlite": f"datetime('now', '-{YOUNGEST} days')",
    "postgresql": f"now() - interval '{YOUNGEST} days'",
}

_POSTGRES_FUNCTIONS = (
    """
    CREATE OR REPLACE FUNCTION replication_insert_only() RETURNS trigger AS $$
    BEGIN RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME; END;
    $$ LANGUAGE plpgsql;
    """,
    f"""
    CREATE OR REPLACE FUNCTION replication_prunable() RETURNS trigger AS $$
    BEGIN
        IF TG_TABLE_NAME = 'replication_auditentry' THEN
            IF {_PRUNABLE["replication_auditentry"]} THEN RETURN OLD; END IF;
        ELSIF TG_TABLE_NAME = 'replication_auditsubject' THEN
            IF {_PRUNABLE["replication_auditsubject"]} THEN RETURN OLD; END IF;
        ELSIF TG_TABLE_NAME = 'replication_auditcheckpoint' THEN
            IF {_PRUNABLE["replication_auditcheckpoint"]} THEN RETURN OLD; END IF;
        END IF;
        RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME;
    END;
    $$ LANGUAGE plpgsql;
    """,
    f"""
    CREATE OR REPLACE FUNCTION replication_pruning_fits() RETURNS trigger AS $$
    BEGIN
        IF {_FIT.format(young=_YOUNG["postgresql"])} THEN RETURN NEW; END IF;
        RAISE EXCEPTION 'replication_auditpruning is insert-only, and takes only what is old';
    END;
    $$ LANGUAGE plpgsql;
    """,
)

# -- what pages filter by and add up of machines -----------------------------------------------------------------------------------

_MACHINE, _BRIEF = "replication_machine", "replication_machinebrief"
_KEPT = ("tags", "codes", "disk_count", "disk_gib")
_ADD = f"INSERT INTO {_BRIEF} (machine_id, {', '.join(_KEPT)}) VALUES (NEW.id, {', '.join(f'NEW.{each}' for each in _KEPT)});"  # noqa: S608  # nosec B608
_SET = f"UPDATE {_BRIEF} SET {', '.join(f'{each} = NEW.{each}' for each in _KEPT)} WHERE machine_id = NEW.id;"  # noqa: S608  # nosec B608
_REFILL = (
    f"DELETE FROM {_BRIEF}",  # noqa: S608  # nosec B608
    f"INSERT INTO {_BRIEF} (machine_id, {', '.join(_KEPT)}) SELECT id, {', '.join(_KEPT)} FROM {_MACHINE}",  # noqa: S608  # nosec B608
)
_RULES = (("brief_add", "AFTER INSERT", _ADD), ("brief_set", f"AFTER UPDATE OF {', '.join(_KEPT)}", _SET))


def _briefs(postgres: bool) -> list[str]:
    """The two triggers, and what they missed while migrations had taken them away."""
    made: list[str] = []
    for name, when, body in _RULES:
        if postgres:
            made.append(
                f"CREATE OR REPLACE FUNCTION {_MACHINE}_{name}() RETURNS trigger AS $$ BEGIN {body} RETURN NEW; END; $$ LANGUAGE plpgsql;"
            )
            made.append(
                f"CREATE OR REPLACE TRIGGER {_MACHINE}_{name} {when} ON {_MACHINE} FOR EACH ROW EXECUTE FUNCTION {_MACHINE}_{name}();"
            )
        else:
            made.append(f"DROP TRIGGER IF EXISTS {_MACHINE}_{name}")
            made.append(f"CREATE TRIGGER {_MACHINE}_{name} {when} ON {_MACHINE} BEGIN {body} END;")
    return [*made, *_REFILL]


def _sqlite(table: str) -> list[str]:
    same = f"EXISTS (SELECT 1 FROM {table} WHERE {_SAME[table]})"  # noqa: S608  # nosec B608 - our own constants
    kept = f"NOT ({_PRUNABLE[table]})" if table in _PRUNABLE else ""
    unfit = f"NOT ({_FIT.format(young=_YOUNG['sqlite'])})" if table == "replication_auditpruning" else ""
    rules = [("update", "UPDATE", ""), ("delete", "DELETE", kept), ("replace", "INSERT", same)]
    rules += [("unfit", "INSERT", unfit)] if unfit else []
    return [statement for name, verb, when in rules for statement in _sqlite_rule(table, name, verb, when)]


def _sqlite_rule(table: str, name: str, verb: str, when: str) -> tuple[str, str]:
    """Anew, because a rule that was made by an earlier version may say something else."""
    return (
        f"DROP TRIGGER IF EXISTS {table}_no_{name}",
        f"CREATE TRIGGER {table}_no_{name} BEFORE {verb} ON {table}{f' WHEN {when}' if when else ''} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END;",
    )


def _postgres(table: str) -> list[str]:
    deletes = "replication_prunable" if table in _PRUNABLE else "replication_insert_only"
    made = [
        ("rows", "BEFORE UPDATE", "EACH ROW", "replication_insert_only"),
        ("deletes", "BEFORE DELETE", "EACH ROW", deletes),
        ("truncate", "BEFORE TRUNCATE", "EACH STATEMENT", "replication_insert_only"),
    ]
    made += [("fits", "BEFORE INSERT", "EACH ROW", "replication_pruning_fits")] if table == "replication_auditpruning" else []
    return [
        f"CREATE OR REPLACE TRIGGER {table}_{name} {when} ON {table} FOR {each} EXECUTE FUNCTION {function}();"
        for name, when, each, function in made
    ]


def install(using: str = "default", **_: Any) -> None:
    """Make all triggers. Runs after every migrate, because SQLite drops them when it rebuilds a table."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if "replication_auditpruning" not in tables:
        return  # in the middle of the migrations; it runs again at their end
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for function in _POSTGRES_FUNCTIONS:
                cursor.execute(function)
        for table in INSERT_ONLY:
            if table in tables:
                for statement in _postgres(table) if connection.vendor == "postgresql" else _sqlite(table):
                    cursor.execute(statement)
        for statement in _briefs(connection.vendor == "postgresql") if _BRIEF in tables else ():
            cursor.execute(statement)


def loosen(using: str = "default", plan: Any = None, **_: Any) -> None:
    """Before migrations are applied: SQLite renames no table that another table's trigger names, so those wait until `install`."""
    connection = connections[using]
    if connection.vendor == "sqlite" and plan != []:
        with connection.cursor() as cursor:
            for table in (*_PRUNABLE, "replication_auditpruning"):
                for name in ("no_delete", "no_unfit"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}")
            for rule in _RULES:
                cursor.execute(f"DROP TRIGGER IF EXISTS {_MACHINE}_{rule[0]}")


def remove(using: str = "default") -> None:
    """Take the triggers away: only for emptying a test database."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        for table in INSERT_ONLY:
            names = ("rows", "deletes", "truncate", "fits") if postgres else ("no_update", "no_delete", "no_replace", "no_unfit")
            for name in names if table in tables else ():
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}" + (f" ON {table}" if postgres else ""))
