"""`python -m tests.benchmarks.eligibility [MACHINES] [SEED]`: every planted condition on a whole fleet, counted.

For each condition: offenders found, near misses accused, machine by machine over all machines. Then what reading the fleet cost, in
requests and seconds, and that none of them was a write. Ends with 1 when anybody was missed or accused.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.eligibility.answers import CHOSEN, GUEST, READ, key_of, scores
from tests.simulated import Simulator, running


def main(machines: int, seed: int) -> int:
    """Print the counts; 0 when everything is right."""
    with tempfile.TemporaryDirectory() as home, running("--fleet", str(machines), "--seed", str(seed)) as azure:
        key = key_of(f"fleet:{machines}:{seed}", Path(home) / "key.json")
        codes, seconds = _read(azure, Path(home))
        found = list(scores(key, codes))
        _say(f"{len(codes):,} machines\n", *map(str, found), "")
        for name, why in {**GUEST, **CHOSEN, **dict.fromkeys(READ, "read for selected machines: tests/eligibility")}.items():
            _say(f"{name:36} not from lists: {why}")
        return _sum_up(found, _requests(azure), seconds)


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


def _sum_up(found: list[Any], requests: Counter[str], seconds: float) -> int:
    missed, accused = sum(len(each.missed) for each in found), sum(len(each.accused) for each in found)
    _say(f"\n{sum(each.offenders for each in found):,} offences, {missed} missed; {accused} accused wrongly")
    _say(f"read in {seconds:.1f} s with {dict(requests)} requests")
    return int(bool(missed or accused or set(requests) - {"GET", "LIST"}))


def _requests(azure: Simulator) -> Counter[str]:
    return Counter(one["verb"] for one in azure.control("GET", "log") if one.get("principal"))


def _read(azure: Simulator, home: Path) -> tuple[dict[str, list[str]], float]:
    """The codes of all verdicts by machine, and how long reading took. The simulator's key is never seen here."""
    here = {"PORTAL_HOME": str(home), "PORTAL_ARM_ENDPOINT": azure.endpoint, "PORTAL_ARM_CA_BUNDLE": azure.ca}
    os.environ.update(azure.environment | here | {"DJANGO_SETTINGS_MODULE": "portal.settings", "PORTAL_LOG_LEVEL": "WARNING"})
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    return _inventory(azure)


def _inventory(azure: Simulator) -> tuple[dict[str, list[str]], float]:
    from replication.actions.actor import CONSOLE
    from replication.actions.connections import configure
    from replication.gateway.clients import open_gateway
    from replication.models import Machine, Vault
    from replication.sync import inventory, vaults

    connection = configure(
        endpoint=azure.endpoint, tenant_id=azure.tenant, client_id=azure.client_id, name="Fleet", actor=CONSOLE
    )
    begun = time.perf_counter()
    outcome = inventory.read(connection, open_gateway(connection))
    assert outcome.problem is None, outcome.problem
    for vault in Vault.objects.all():
        vaults.sync(vault.pk)
    seconds = time.perf_counter() - begun
    return {key: found.split("\n") for key, found in Machine.objects.values_list("key", "codes")}, seconds


if __name__ == "__main__":
    sys.exit(main(*(int(each) for each in [*sys.argv[1:], *["10000", "1"][len(sys.argv) - 1 :]])))
