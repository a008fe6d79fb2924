"""Simulator, broker, beat and worker as processes of their own, and a person's gestures: what crash tests kill and start again."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.programs import broker_argv, free_port
from tests.simulated import Simulator, running

ROOT = Path(__file__).resolve().parent.parent.parent
DURATIONS = "0.02"  # enabling a machine takes Azure some seven minutes, and us nine seconds
LEASE = 4  # seconds after which the step of a dead worker is taken over


PATIENCE = 120  # seconds without a sign of life, after which something is lost: a busy machine may be slow, but not silent
LONGEST = 900  # seconds, whatever goes on meanwhile


def until(true: Callable[[], Any], life: Callable[[], Any] = lambda: None, longest: float = LONGEST) -> Any:
    """Wait for something to become true, and give it. life: what changes while somebody works on it, and so begins the patience anew."""
    began = heard = time.monotonic()
    seen = life()
    while not (found := true()):
        now = time.monotonic()
        if (sign := life()) != seen:
            seen, heard = sign, now
        assert now - heard < PATIENCE, f"nothing has moved for {PATIENCE} seconds"
        assert now - began < longest, "it did not come about in time"
        time.sleep(0.05)
    return found


# What only the environment of our programs may hold; Azure's own secret is added.
SECRETS = {
    name: f"planted-{name.lower()}-4b1d"
    for name in ("PORTAL_SECRET_KEY", "PORTAL_SMTP_PASSWORD", "PORTAL_AUDIT_STREAM_SECRET")
}


@dataclass
class House:
    """One installation on a folder."""

    home: Path
    azure: Simulator
    broker_port: int = field(default_factory=free_port)
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        return (
            os.environ
            | self.azure.environment
            | SECRETS
            | {
                "PORTAL_HOME": str(self.home),
                "PORTAL_PLAIN_STATIC": "1",
                "PORTAL_DEMO": "1",
                "PORTAL_ARM_ENDPOINT": self.azure.endpoint,
                "PORTAL_ARM_CA_BUNDLE": self.azure.ca,
                "PORTAL_STEP_LEASE": str(LEASE),
                "PORTAL_READING_LEASE": "10",
                "PORTAL_LONGEST_FACTOR": DURATIONS,
                "PORTAL_SWEEP_INTERVAL": "0.5",
                "REDIS_URL": f"redis://127.0.0.1:{self.broker_port}/0",
                "NO_PROXY": "localhost,127.0.0.1",
                "no_proxy": "localhost,127.0.0.1",
            }
        )

    def do(self, *arguments: str) -> str:
        """Run a program of ours to its end; what it printed last."""
        done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return (done.stdout.splitlines() or [""])[-1]

    def start(self, *names: str) -> None:
        """Start programs, each in a process group of its own, so that its children die with it."""
        for name in names:
            log = (self.home / f"{name}.log").open("ab")
            self.programs[name] = subprocess.Popen(
                self._argv(name), cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """SIGKILL to the program and all its children."""
        program = self.programs.pop(name)
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()

    def _argv(self, name: str) -> list[str]:
        celery = [sys.executable, "-m", "celery", "-A", "portal"]
        if name == "broker":
            return broker_argv(self.home / "valkey", self.broker_port)
        if name == "beat":
            return [*celery, "beat", "--pidfile=", "--loglevel", "WARNING"]
        return [
            *celery,
            "worker",
            "--hostname",
            f"{name}@%h",
            "--concurrency",
            "2",
            "--without-mingle",
            "--without-gossip",
            "--loglevel",
            "WARNING",
        ]

    def rows(self, query: str, *values: Any) -> list[Any]:
        """What stands in the database, read beside everybody else."""
        with contextlib.closing(sqlite3.connect(f"file:{self.home / 'portal.sqlite3'}?mode=ro", uri=True)) as database:
            return database.execute(query, values).fetchall()

    def state(self, run: str) -> str:
        return str(self.rows("SELECT state FROM replication_run WHERE id = ?", run)[0][0])

    def enable(self, machines: int, *more: str) -> str:
        """Press *Enable replication* for so many machines."""
        return self.do("-m", "tests.journey.enabling", str(machines), *more)

    def life(self) -> list[Any]:
        """Signs of life of the work, not of the sweeps, which go on whatever was lost: what has happened to steps and runs."""
        return self.rows("SELECT (SELECT count(*) FROM replication_stepevent), (SELECT sum(version) FROM replication_run)")

    def until(self, true: Callable[[], Any], longest: float = LONGEST) -> Any:
        """Wait for something to become true, for as long as this installation gives signs of life."""
        return until(true, self.life, longest)

    def wait_ended(self, run: str) -> str:
        """How the run ended. A program that ended by itself is started again, as a service manager does."""
        with contextlib.suppress(AssertionError):
            self.until(lambda: self._revived() and self.state(run) not in {"running", "enabled"})
        return self.state(run)

    def _revived(self) -> bool:
        # Celery's worker may end when the broker goes away while it has a task in hand.
        self.start(*[name for name, program in self.programs.items() if program.poll() is not None])
        return True

    def writes(self, kind: str) -> list[dict[str, Any]]:
        """Requests to make something of the kind that the simulator accepted."""
        found = self.azure.control("GET", f"log?verb=PUT&type=*/{kind}") or []
        return [each for each in found if each["status"] < 400 and each.get("principal") not in {"", None}]

    def leaks(self) -> list[str]:
        """Files of the installation, database, logs and broker's among them, in which a secret of its environment stands."""
        secrets = [each.encode() for each in (*SECRETS.values(), self.azure.secret)]
        files = [each for each in self.home.rglob("*") if each.is_file()]
        return [each.name for each in files if any(secret in each.read_bytes() for secret in secrets)]

    def faults(self, *lines: dict[str, Any]) -> None:
        self.azure.control("PUT", "faults", list(lines))


@contextlib.contextmanager
def house(home: Path, scenario: str = "contoso") -> Iterator[House]:
    """An installation with an administrator and an inventory; broker and beat run, the worker does not yet."""
    home.mkdir()
    with running("--scenario", scenario, "--durations", DURATIONS) as azure:
        one = House(home, azure)
        one.do("manage.py", "migrate", "--noinput")
        one.do("manage.py", "demo_accounts")
        one.start("broker", "beat")
        try:
            yield one
        finally:
            for name in list(one.programs):
                one.kill(name)


def blameless(one: House, run: str) -> None:
    """What must hold whatever was killed: each thing made once, one entry, nothing held."""
    broken = one.azure.control("GET", "invariants")["rules"]
    assert not any(broken.values()), broken
    assert len(one.writes("*")) >= len(
        one.rows("SELECT 1 FROM replication_step WHERE run_id = ? AND outcome = 'created'", run)
    )
    assert one.rows("SELECT count(*) FROM replication_auditentry WHERE action = 'run.ended' AND run_id = ?", run) == [
        (1,)
    ]
    assert one.rows("SELECT count(*) FROM replication_machineclaim") == [(0,)]
    assert one.rows("SELECT DISTINCT state FROM replication_step WHERE run_id = ?", run) == [("succeeded",)]
