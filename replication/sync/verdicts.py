"""What the rules say of stored machines, kept beside them so that a page of any size needs no judging."""

from collections.abc import Iterable, Mapping
from typing import Any

from replication.domain import documents
from replication.domain import inventory as inv
from replication.domain.eligibility import REGIONAL, ZONAL, judge
from replication.models import Connection, Machine, ProtectedItem, Vault
from replication.sync.snapshots import batches

FIELDS = ("verdicts", "codes", "replicable", "replicable_zonally", "protected_in", "digest")


def columns(machine: inv.Machine, protected: Mapping[str, tuple[str, str]], key: str) -> dict[str, Any]:
    """verdicts, replicable and protected_in of a machine. protected: as `protection` gives it."""
    item_key, vault_name = protected.get(key, ("", ""))
    verdicts = judge(machine, protected_in=vault_name, zonal=None)
    blocking = {verdict.when for verdict in verdicts if verdict.blocks}
    return {
        "verdicts": [verdict.to_json() for verdict in verdicts],
        "codes": lines(verdict.code for verdict in verdicts),
        "replicable": not blocking & {"", REGIONAL},
        "replicable_zonally": not blocking & {"", ZONAL},
        "protected_in": item_key,
    }


def lines(values: Iterable[str]) -> str:
    """Each on a line of its own, with a line feed before the first: any one is found by its line."""
    return "".join(f"\n{each}" for each in values) + "\n"


def digest(document: dict[str, Any], judged: dict[str, Any]) -> str:
    """Of what Azure says and of what the rules make of it: new rules change machines that Azure did not."""
    return documents.digest([document, judged["verdicts"], judged["protected_in"]])


def protection(connection: Connection) -> dict[str, tuple[str, str]]:
    """machine key -> (key of its protected item, name of the vault), over all vaults of the connection."""
    rows = ProtectedItem.objects.filter(connection=connection, gone_at=None)
    return {machine: (key, vault) for machine, key, vault in rows.values_list("machine_key", "key", "vault__name")}


def follow_items(vault: Vault) -> int:
    """Bring the machines in line with the vault's items, after these were stored; how many machines changed."""
    wanted = dict(ProtectedItem.objects.filter(vault=vault, gone_at=None).values_list("machine_key", "key"))
    machines = Machine.objects.filter(connection_id=vault.connection_id)
    marked = dict(machines.filter(protected_in__startswith=f"{vault.key}/").values_list("key", "protected_in"))
    differing = sorted(key for key in wanted.keys() | marked.keys() if wanted.get(key, "") != marked.get(key, ""))
    protected = protection(vault.connection) if differing else {}
    return sum(_judge_again(vault.connection, some, protected) for some in batches(differing))


def _judge_again(connection: Connection, keys: list[str], protected: Mapping[str, tuple[str, str]]) -> int:
    rows = list(Machine.objects.filter(connection=connection, key__in=keys))
    for row in rows:
        judged = columns(documents.from_json(inv.Machine, row.document), protected, row.key)
        for name, value in judged.items():
            setattr(row, name, value)
        row.digest = digest(row.document, judged)
    return Machine.objects.bulk_update(rows, FIELDS)
