"""What only PostgreSQL and a Redis can show: that they are what runs, and that a whole run completes on them."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis
from django.db import DatabaseError, connection, transaction

from replication.models import triggers
from tests.journey.house import DURATIONS, House, blameless, until
from tests.simulated import running

pytestmark = pytest.mark.services
SERVER = os.environ.get("PORTAL_DATABASE_URL", "")
BROKER = os.environ.get("REDIS_URL", "")


def test_the_services_are_there() -> None:
    """Not skipped when they are missing: `make services` brings them, and a silent skip would prove nothing."""
    assert SERVER.startswith("postgres://")
    assert connection.vendor == "postgresql"
    assert redis.Redis.from_url(BROKER).ping()


@pytest.mark.django_db
@pytest.mark.parametrize("table", triggers.INSERT_ONLY)
@pytest.mark.parametrize("attack", ["TRUNCATE {} CASCADE", "TRUNCATE {} RESTART IDENTITY CASCADE"])
def test_insert_only_tables_cannot_be_emptied(table: str, attack: str) -> None:
    with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack.format(table))


@dataclass
class OnServices(House):
    """An installation on a PostgreSQL database of its own and on the broker that is there."""

    database: str = ""

    @property
    def env(self) -> dict[str, str]:
        return super().env | {"PORTAL_DATABASE_URL": self.database, "REDIS_URL": BROKER}

    def rows(self, query: str, *values: Any) -> list[Any]:
        with psycopg.connect(self.database) as database:
            return database.execute(query.replace("?", "%s"), values).fetchall()


@pytest.fixture
def database() -> Iterator[str]:
    """The address of an empty database."""
    name = f"journey_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    yield urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def one(tmp_path: Path, database: str) -> Iterator[OnServices]:
    (tmp_path / "home").mkdir()
    redis.Redis.from_url(BROKER).flushall()
    with running("--scenario", "contoso", "--durations", DURATIONS) as azure:
        made = OnServices(tmp_path / "home", azure, database=database)
        made.do("manage.py", "migrate", "--noinput")
        made.do("manage.py", "demo_accounts")
        made.start("beat")
        try:
            yield made
        finally:
            for name in list(made.programs):
                made.kill(name)


def test_a_run_completes_although_its_worker_is_killed(one: OnServices) -> None:
    run = one.enable(3)
    one.start("worker")
    until(lambda: one.rows("SELECT 1 FROM replication_step WHERE state = 'succeeded'"))
    time.sleep(0.5)
    one.kill("worker")
    one.start("worker")
    assert one.wait_ended(run) == "succeeded"
    blameless(one, run)


def test_a_run_completes_although_the_broker_forgets_everything(one: OnServices) -> None:
    run = one.enable(2)
    redis.Redis.from_url(BROKER).flushall()
    one.start("worker")
    assert one.wait_ended(run) == "succeeded"
    blameless(one, run)


def test_two_workers_share_a_run_and_one_alone_ends_it(one: OnServices) -> None:
    """As on two hosts; the first does not come back."""
    run = one.enable(12)
    one.start("worker", "second")
    until(lambda: one.rows("SELECT 1 FROM replication_step WHERE state = 'succeeded'"))
    one.kill("worker")
    assert one.wait_ended(run) == "succeeded"
    blameless(one, run)
