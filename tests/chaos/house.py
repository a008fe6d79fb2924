"""One installation that is put back to its beginning in a moment: template database, simulator, broker, and programs that are forked.

The process that holds a `House` has Django, the SDK and Celery imported and forks worker, beat and verbs from itself: each is a process of
its own with its own group, as `celery worker` would be, only without two seconds of imports.
"""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from scripts.programs import answers_ping, broker_argv, free_port
from tests.simulated import Simulator, running

DURATIONS = 0.012  # enabling a machine takes Azure some six minutes, and us five seconds
LEASE = 2  # seconds: shorter than that, so that an enable which was accepted is invisible when its lease lapses
SCENARIO = "pristine:12:2"


def environment(home: Path, azure: Simulator, broker: int, database: str) -> dict[str, str]:
    """What the console is told: everything short, nothing else than in production."""
    return {
        **azure.environment,
        "PORTAL_HOME": str(home),
        "PORTAL_DATABASE_URL": database,
        "PORTAL_PLAIN_STATIC": "1",
        "PORTAL_DEMO": "1",
        "PORTAL_CHECKS_REQUIRED": "0",  # runs begin here before any worker does
        "PORTAL_ARM_ENDPOINT": azure.endpoint,
        "PORTAL_ARM_CA_BUNDLE": azure.ca,
        "PORTAL_STEP_LEASE": str(LEASE),
        "PORTAL_READING_LEASE": "3",
        "PORTAL_LONGEST_FACTOR": str(DURATIONS),
        "PORTAL_SWEEP_INTERVAL": "0.4",
        "PORTAL_SYNC_INTERVAL_MOVING": "2",
        "PORTAL_LOG_LEVEL": "INFO",
        "REDIS_URL": f"redis://127.0.0.1:{broker}/0",
        "NO_PROXY": "localhost,127.0.0.1",
        "no_proxy": "localhost,127.0.0.1",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }


@dataclass
class House:
    """One installation on a folder; the only one of its process."""

    home: Path
    azure: Simulator
    broker_port: int
    programs: dict[str, int] = field(default_factory=dict)  # name -> process id
    evidence: Path = Path()
    _broker: "subprocess.Popen[bytes] | None" = None

    # --- the beginning ------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Migrate, connect, read the inventory and fill in the drafts, once; keep the database as the template."""
        import django

        django.setup()
        from django.core.management import call_command

        _import_programs()
        from tests.chaos import gestures

        call_command("migrate", "--noinput", verbosity=0)
        with Path(os.devnull).open("w") as nowhere:
            call_command("demo_accounts", stdout=nowhere)
        gestures.fill_in_drafts()
        _forget_clients()
        database().keep()

    def fresh(self, *, halfborn: str = "hidden", faults: tuple[dict[str, Any], ...] = ()) -> None:
        """Everything as it was after `prepare`, with nobody at work."""
        self.kill_all()
        self._clear_broker()
        database().restore()
        shutil.rmtree(self.home / "marks", ignore_errors=True)
        (self.home / "marks").mkdir()
        for log in self.home.glob("*.log"):
            log.unlink()
        for schedule in self.home.glob("beat-schedule*"):
            schedule.unlink()
        self.azure.control("POST", "reset")
        self.azure.control("PUT", "settings", {"halfborn": halfborn})
        self.azure.control("PUT", "faults", list(faults))

    # --- the broker ---------------------------------------------------------------------------------------------------

    def start_broker(self) -> None:
        argv = broker_argv(self.home / "broker", self.broker_port, installed_first=True)
        self._broker = subprocess.Popen(
            argv, preexec_fn=lambda: end_with_parent(signal.SIGKILL), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(lambda: answers_ping(self.broker_port), 20)

    def kill_broker(self, *, forget: bool) -> None:
        """SIGKILL; with `forget` its messages are gone as well."""
        assert self._broker is not None
        self._broker.kill()
        self._broker.wait()
        if forget:
            shutil.rmtree(self.home / "broker")

    def flush(self) -> None:
        """Every message is lost, and nobody notices."""
        import redis

        with redis.Redis(port=self.broker_port) as client:
            client.flushall()

    def _clear_broker(self) -> None:
        if not answers_ping(self.broker_port):
            self.start_broker()
        self.flush()

    # --- programs ------------------------------------------------------------------------------------------------------

    def start(self, name: str, *, pool: str = "solo", chaos: dict[str, Any] | None = None) -> None:
        """Start beat, or a worker (any other name)."""
        argv = ["-A", "tests.chaos.app", "beat", "--pidfile=", "--loglevel", "WARNING"]
        if name != "beat":
            many = [
                "--concurrency",
                "2" if pool == "prefork" else "1",
                "--pool",
                pool,
                "--without-mingle",
                "--without-gossip",
            ]
            argv = ["-A", "tests.chaos.app", "worker", *many, "-n", f"{name}@localhost", "--loglevel", "INFO"]
        self.programs[name] = self.fork(name, lambda: _celery(argv), chaos or {})

    def fork(self, name: str, main: Callable[[], None], chaos: dict[str, Any]) -> int:
        """A process of its own, in its own group, that runs `main`; its id."""
        database().leave()
        child = os.fork()
        if child:
            return child
        try:
            os.setsid()
            end_with_parent(signal.SIGKILL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            log = os.open(self.home / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.environ["CHAOS"] = json.dumps(chaos)
            main()
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)

    def alive(self, name: str) -> bool:
        """Whether the program runs; a dead one is put away."""
        process = self.programs.get(name)
        if process is None:
            return False
        if os.waitpid(process, os.WNOHANG) == (0, 0):
            return True
        self.kill(name)
        return False

    def kill(self, name: str) -> None:
        """SIGKILL to the program and all its children."""
        process = self.programs.pop(name)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process, 0)

    def kill_all(self) -> None:
        for name in list(self.programs):
            self.kill(name)

    def do(self, name: str, main: Callable[[], None], chaos: dict[str, Any]) -> bool:
        """Run a verb in a process of its own to its end. False: it died."""
        process = self.fork(name, main, chaos)
        _, status = os.waitpid(process, 0)
        return os.waitstatus_to_exitcode(status) == 0

    # --- looking --------------------------------------------------------------------------------------------------------

    def is_there(self, arm_id: str) -> bool:
        """Whether Azure has the resource."""
        try:
            return bool(self.azure.control("GET", f"resource?id={quote(arm_id)}")["born"])
        except urllib.error.HTTPError:
            return False

    def keep_logs(self, name: str) -> None:
        """Put the programs' logs and the database aside for whoever looks into it."""
        folder = self.evidence / "".join(each if each.isalnum() else "-" for each in name)
        folder.mkdir(parents=True, exist_ok=True)
        for path in [*self.home.glob("*.log"), *self.home.glob("portal.sqlite3*")]:
            if not path.name.endswith(".template"):
                shutil.copy(path, folder)
        log = self.azure.control("GET", "log") or []
        (folder / "azure.ndjson").write_text("".join(json.dumps(each) + "\n" for each in log))

    def log_of(self, name: str) -> str:
        path = self.home / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""


def end_with_parent(by: signal.Signals) -> None:
    """A lane that is killed leaves nothing behind (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, by, 0, 0, 0)  # PR_SET_PDEATHSIG


def until(true: Callable[[], Any], seconds: float) -> bool:
    """Wait for something to become true. False: it did not."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _celery(argv: list[str]) -> None:
    import importlib
    import random

    import tests.chaos.app

    random.seed()
    importlib.reload(tests.chaos.app)  # with this process' CHAOS
    from celery.bin.celery import celery

    celery(args=argv, prog_name="celery", standalone_mode=False)


def _import_programs() -> None:
    """What beat and workers import and check at their start, once, before anything is forked: it was half of a point's cost."""
    import importlib

    from django.core.management import call_command

    from portal.celery import app

    for name in (
        "tests.chaos.app", "celery.bin.celery", "celery.apps.beat", "celery.apps.worker", "celery.concurrency.solo",
        "celery.concurrency.prefork", "celery.worker.consumer", "celery.worker.loops", "celery.worker.components",
        "celery.contrib.django.task", "kombu.transport.redis",
    ):  # fmt: skip
        importlib.import_module(name)
    app.loader.import_default_modules()
    with Path(os.devnull).open("w") as nowhere:
        call_command("check", stdout=nowhere, stderr=nowhere)


def _forget_clients() -> None:
    """Connections to Azure are not handed to children."""
    from replication.gateway.clients import forget_gateways

    forget_gateways()


# --- databases --------------------------------------------------------------------------------------------------------------


class Sqlite:
    """A file, copied."""

    def keep(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.leave()
        shutil.copy(self._path, self._path + ".template")

    def restore(self) -> None:
        self.leave()
        for end in ("-wal", "-shm"):
            Path(self._path + end).unlink(missing_ok=True)
        shutil.copy(self._path + ".template", self._path)

    def leave(self) -> None:
        """Let go of the connection, before a fork or a copy."""
        from django.db import connections

        connections.close_all()

    @property
    def _path(self) -> str:
        from django.conf import settings

        return str(settings.DATABASES["default"]["NAME"])


class Postgres(Sqlite):
    """A database made from a template."""

    def keep(self) -> None:
        self.leave()
        self._do(f'DROP DATABASE IF EXISTS "{self._path}_template" WITH (FORCE)')
        self._do(f'ALTER DATABASE "{self._path}" RENAME TO "{self._path}_template"')

    def restore(self) -> None:
        self.leave()
        self._do(f'DROP DATABASE IF EXISTS "{self._path}" WITH (FORCE)')
        self._do(f'CREATE DATABASE "{self._path}" TEMPLATE "{self._path}_template"')

    def _do(self, sql: str) -> None:
        import psycopg
        from django.conf import settings

        at = settings.DATABASES["default"]
        with psycopg.connect(
            host=str(at["HOST"]), port=str(at["PORT"]), user=str(at["USER"]), dbname="postgres", autocommit=True
        ) as server:
            server.execute(sql)


def database() -> Sqlite:
    """The one of the settings."""
    from django.db import connection

    return Postgres() if connection.vendor == "postgresql" else Sqlite()


def _database_url(home: Path) -> str:
    """SQLite in the home, or a database of its own beside the one that scripts.services made."""
    given = os.environ.get("PORTAL_DATABASE_URL", "")
    if os.environ.get("DATABASE") != "postgres":
        return f"sqlite:///{home / 'portal.sqlite3'}"
    import psycopg

    name = f"chaos_{os.getpid()}"
    with psycopg.connect(given.replace("postgres://", "postgresql://"), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    return urlsplit(given)._replace(path=f"/{name}").geturl()


@contextlib.contextmanager
def house(home: Path, evidence: Path) -> Iterator[House]:
    """An installation that is ready for `fresh`; the environment of this process becomes its own. evidence: where logs of harm go."""
    home.mkdir(parents=True, exist_ok=True)
    with running("--scenario", SCENARIO, "--durations", str(DURATIONS)) as azure:
        made = House(home, azure, free_port(), evidence=evidence)
        os.environ.update(environment(home, azure, made.broker_port, _database_url(home)))
        made.start_broker()
        try:
            made.prepare()
            yield made
        finally:
            made.kill_all()
            made.kill_broker(forget=True)
