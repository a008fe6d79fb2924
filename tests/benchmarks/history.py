"""Ninety days of history for many items: what it takes on disk, what a sweep and the upkeep cost, and what the item page pays.

    python -m tests.benchmarks.history [ITEMS] [DAYS]

The database is a new SQLite file in a temporary folder. Days are written as the console would have left them: 5 minutes for a day and
the one before, 30 minutes for a week, hours before that.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

LIMIT = 2 * 10**9  # bytes (issue: 90 days of 10,000 items)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(items: int, days: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "portal.settings", "PORTAL_HOME": home, "PORTAL_PLAIN_STATIC": "1"}
        os.environ.pop("PORTAL_DATABASE_URL", None)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        _measure(items, days, Path(home) / "portal.sqlite3")


def _measure(items: int, days: int, file: Path) -> None:
    from replication import clock, history
    from replication.models import ProtectedItem
    from replication.sync import history as keeping

    vault = _vault("rsv-bench")
    empty = _size(file)
    pks = _items(vault, items)
    with_items = _size(file)

    def series(span: str) -> Any:
        return history.series(ProtectedItem.objects.get(pk=pks[0]), span)

    few = {span: _median(partial(series, span)) for span in ("24h",)}
    _days(pks[:1], days)
    lone = {s: _median(partial(series, s)) for s in ("1h", "24h", "7d", "90d")}
    _days(pks[1:], days)
    kept = _size(file) - with_items
    say(f"{items:,} items × {days} days: {kept / 1e6:,.0f} MB in days ({kept / items:,.0f} bytes an item), limit {LIMIT / 1e6:,.0f} MB")
    found = {f"{vault.key}/vm-{n}": pk for n, pk in enumerate(pks)}
    reading = {key: _item(key) for key in found}
    start = clock.now().replace(minute=0, second=0, microsecond=0)
    sweeps = []
    for number in range(12):
        at = start + timedelta(minutes=5 * number)
        sweeps.append(_once(partial(keeping.record, vault, found, reading, at, moved=False)))
    frames = _size(file) - kept - with_items
    say(f"a sweep of {items:,} items: {statistics.median(sweeps) * 1000:,.0f} ms; an hour of sweeps: {frames / 1e6:,.1f} MB before folding")
    many = {s: _median(partial(series, s)) for s in lone}
    for span, took in many.items():
        say(f"series {span}: {took * 1000:.1f} ms; {took / lone[span]:.2f} of what it took alone in the database")
    say(f"(an empty series took {few['24h'] * 1000:.1f} ms; an empty database {empty / 1e6:.1f} MB)")
    with clock.injected(lambda: start + timedelta(minutes=56)):
        took = _once(lambda: keeping.keep(clock.now() + timedelta(hours=1)))
    say(f"counting and folding an hour of {items:,} items: {took:.1f} s, {took / 36:.2f} % of a core")
    with clock.injected(lambda: start + timedelta(days=1)):
        took = _once(lambda: keeping.keep(clock.now() + timedelta(hours=1)))
    say(f"thinning a day of {items:,} items: {took:.1f} s, {took / 864:.3f} % of a core")
    say(f"the file in the end: {_size(file) / 1e6:,.0f} MB, {_size(file) / LIMIT:.2f} of the limit")


def _once(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _median(call: Callable[[], Any]) -> float:
    return statistics.median(_once(call) for _ in range(15))


def _size(file: Path) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.stat().st_size


def _vault(name: str) -> Any:
    from replication.models import Connection, Vault

    place = Connection.objects.create(name=name, endpoint="https://localhost:1", tenant_id="t", client_id="c")
    arm_id = f"/subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/{name}"
    return Vault.objects.create(
        connection=place, key=arm_id.lower(), arm_id=arm_id, name=name, subscription_id="s", resource_group="rg", location="eastasia"
    )


def _items(vault: Any, count: int) -> list[int]:
    from replication import clock
    from replication.models import ProtectedItem

    shared = {"connection_id": vault.connection_id, "vault": vault, "protection_state": "Protected", "status": "protected",
              "health": "Normal", "document": {}, "digest": "", "first_seen_at": clock.now(), "changed_at": clock.now(),
              "as_of": clock.now()}  # fmt: skip
    named = ({"key": f"{vault.key}/vm-{n}", "arm_id": f"/vm-{n}", "name": f"vm-{n}", "machine_key": f"/m-{n}"} for n in range(count))
    ProtectedItem.objects.bulk_create((ProtectedItem(**each, **shared) for each in named), batch_size=500)
    return list(ProtectedItem.objects.order_by("pk").values_list("pk", flat=True))


def _item(key: str) -> Any:
    from replication import clock
    from replication.domain import inventory as inv

    return inv.Item(
        id=key, name=key, friendly_name=key, machine_id=key, protection_state="Protected", protection_text="", replication_health="Normal",
        failover_health="Normal", active_location="Primary", allowed_operations=(), primary_location="", recovery_location="",
        policy_id="", policy_name="", recovery_group_id="", rpo=random.randrange(60, 400), rpo_at=clock.now(),
    )  # fmt: skip


def _days(pks: list[int], days: int) -> None:
    """Written past Django: a million rows are to be measured, not waited for."""
    from django.db import connection, transaction

    from replication import clock
    from replication.domain.packing import minutes_of_age

    today = clock.now().date()
    samples = {minutes: [_day(minutes) for _ in range(20)] for minutes in (5, 30, 60)}
    statement = "INSERT INTO replication_historyday (item_id, day, minutes, data) VALUES (%s, %s, %s, %s)"

    def row(pk: int, age: int) -> tuple[int, date, int, bytes]:
        minutes = minutes_of_age(age)
        return pk, today - timedelta(days=age), minutes, random.choice(samples[minutes])

    for age in range(days, -1, -1):  # day after day, as it would have grown
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(statement, [row(pk, age) for pk in pks])


def _day(minutes: int) -> bytes:
    from replication.domain.packing import Day

    made = Day(minutes)
    for minute in range(0, 1440, minutes):
        made.put(minute, random.randrange(60, 4000), random.choice(("Normal", "Normal", "Warning", "Critical")))
    return made.packed()


if __name__ == "__main__":
    asked = [int(each) for each in sys.argv[1:]]
    main(*(asked + [10_000, 90][len(asked) :]))
