"""An installation as production runs it, on a simulator with Azure's throttle: what benchmarks start and measure."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from scripts.programs import free_port
from tests.benchmarks.watching import Watcher
from tests.journey.house import ROOT, House
from tests.simulated import running

SHORTENED = ("PORTAL_STEP_LEASE", "PORTAL_READING_LEASE", "PORTAL_LONGEST_FACTOR", "PORTAL_SWEEP_INTERVAL")


@dataclass
class Installation(House):
    """Everything at its defaults. writes_a_minute: Site Recovery's own limit, of the console and of the simulator; 0: none."""

    writes_a_minute: int = 0
    peaks: dict[str, int] = field(default_factory=dict)
    web_port: int = field(default_factory=free_port)
    accounts: str = ""  # who may sign in, as `demo_accounts` says it

    @property
    def env(self) -> dict[str, str]:
        kept = {name: value for name, value in super().env.items() if name not in SHORTENED}
        # The checks of the plan are a page before the run, and no part of it.
        told = {"PORTAL_CHECKS_REQUIRED": "0", "PORTAL_LOG_LEVEL": "WARNING"}
        return kept | told | {"PORTAL_SITE_RECOVERY_WRITES": str(self.writes_a_minute)}

    def _argv(self, name: str) -> list[str]:
        if name != "web":
            return super()._argv(name)
        at = f"127.0.0.1:{self.web_port}"
        threads = ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"]
        return [sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", at, *threads]

    def watcher(self, run: str) -> Watcher:
        """Somebody who looks at the run from now on."""
        found = Watcher(f"http://127.0.0.1:{self.web_port}/", self.accounts, str(UUID(run)))
        found.start()
        return found

    def press_enable(self, first: int, count: int) -> str:
        """*Enable replication* for machines by number; the run's id."""
        return self.do("-m", "tests.benchmarks.starting", "enable", str(first), str(count))

    def accepted(self, run: str) -> list[float]:
        """When each machine's 202 was stored, in seconds since 1970, in order."""
        found = self.rows(
            "SELECT e.at FROM replication_stepevent e JOIN replication_step s ON s.id = e.step_id"
            " WHERE s.run_id = ? AND s.kind = 'protect' AND e.text LIKE 'Azure took%' ORDER BY e.at",
            run,
        )
        return [moment(at) for (at,) in found]

    def founded(self, run: str) -> bool:
        """Whether all of the run's foundations are there: a machine does not wait for those that it does not need."""
        query = "SELECT count(*) FROM replication_step WHERE run_id = ? AND kind <> 'protect' AND ended_at IS NULL"
        return bool(self.rows(query, run)[0][0] == 0)

    def ready(self, run: str) -> float:
        """When the last of the run's foundations was there."""
        query = "SELECT max(ended_at) FROM replication_step WHERE run_id = ? AND kind <> 'protect'"
        return moment(self.rows(query, run)[0][0])

    def say(self, *arguments: str) -> str:
        """Run a program of ours to its end; all that it printed."""
        return subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True, check=True
        ).stdout

    def begun(self, run: str) -> float:
        """When the button was pressed."""
        return moment(self.rows("SELECT created_at FROM replication_run WHERE id = ?", run)[0][0])

    def failures(self, run: str) -> int:
        """Steps that came to a bad end."""
        return int(
            self.rows(
                "SELECT count(*) FROM replication_step WHERE run_id = ? AND state IN ('failed', 'skipped', 'cancelled')",
                run,
            )[0][0]
        )

    def wait_accepted(self, run: str, count: int, seconds: float) -> list[float]:
        """Wait until all are accepted, or the time is over; when each was."""
        with contextlib.suppress(AssertionError):
            self.until(lambda: self._look(run, count), seconds)
        return self.accepted(run)

    def wait_enabled(self, run: str, seconds: float = 1200) -> None:
        """Wait until Azure has enabled all: for minutes nothing is heard of a run whose requests have all been accepted."""
        query = "SELECT count(*) FROM replication_step WHERE run_id = ? AND kind = 'protect' AND ended_at IS NULL"
        over = time.monotonic() + seconds
        while self.rows(query, run)[0][0]:
            assert time.monotonic() < over, "they were not enabled in time"
            time.sleep(2)

    def _look(self, run: str, count: int) -> bool:
        time.sleep(0.5)
        self.watch_memory()
        query = (
            "SELECT count(*) FROM replication_step WHERE run_id = ? AND kind = 'protect' AND state NOT IN ('waiting', 'submitting')"
        )
        return bool(self.rows(query, run)[0][0] >= count)

    def watch_memory(self) -> None:
        """Keep the highest memory of each program and its children (proportional set size, kB)."""
        for name in (*self.programs, "simulator"):
            used = sum(map(memory, family(self._pid(name))))
            self.peaks[name] = max(used, self.peaks.get(name, 0))

    def processor(self, name: str) -> float:
        """Seconds of processor time that a program and its children have used."""
        return sum(map(processor, family(self._pid(name))))

    def _pid(self, name: str) -> int:
        return self.azure.pid if name == "simulator" else self.programs[name].pid

    def make_foundations(self) -> None:
        """Protect machine 0 with operations that end at once and nothing throttled; then give Azure its own time again."""
        self.azure.control("PUT", "settings", {"durations": 0, "throttle": "off"})
        run = self.press_enable(0, 1)
        ended = self.wait_ended(run)
        assert ended == "succeeded", self.rows("SELECT key, state, problem FROM replication_step WHERE run_id = ?", run)
        self.until(lambda: self.rows("SELECT count(*) FROM replication_reading WHERE answered_at IS NULL") == [(0,)])
        self.azure.control("PUT", "settings", {"durations": 1.0, "throttle": "azure"})
        self.azure.control("DELETE", "log")

    def log(self) -> list[dict[str, Any]]:
        """What the simulator was asked since the foundations."""
        found: list[dict[str, Any]] = self.azure.control("GET", "log")
        return [each for each in found if each.get("principal")]


def moment(text: str) -> float:
    """A time as the database has it, in seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def memory(pid: int) -> int:
    """Proportional set size in kB: what is shared counts once."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def processor(pid: int) -> float:
    """Seconds of processor time."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100
    return 0.0


@contextlib.contextmanager
def installation(home: Path, machines: int, writes_a_minute: int = 0) -> Iterator[Installation]:
    """An installation with an administrator and an inventory of so many identical machines; broker, beat and worker run."""
    home.mkdir()
    options = ("--scenario", f"pristine:{machines}:1", "--durations", "recorded", "--throttle", "azure")
    with running(*options, "--site-recovery-writes", str(writes_a_minute)) as azure:
        azure.control("PUT", "settings", {"throttle": "off"})
        one = Installation(home, azure, broker_port=free_port(), writes_a_minute=writes_a_minute)
        one.do("manage.py", "migrate", "--noinput")
        one.accounts = one.do("manage.py", "demo_accounts")
        one.start("broker", "beat", "worker", "web")
        try:
            yield one
        finally:
            for name in list(one.programs):
                one.kill(name)
