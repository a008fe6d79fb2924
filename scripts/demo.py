"""`make demo`: the whole console on this machine, against the simulator, until Ctrl-C.

Broker, simulator, web, worker and beat run as our children. Data lives in `var/` (PORTAL_HOME chooses another folder)
and is kept from start to start. Everything listens on the loopback address only: the demo's passwords are published.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import re
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.healthy import problem_of_web
from scripts.programs import HERE, NotForThisMachineError, answers_ping, broker_argv, free_port
from scripts.supervisor import Program, ProgramFailedError, StopRequested, Supervisor, end_with_parent

ROOT = Path(__file__).resolve().parent.parent
SCENARIO = "contoso"
DURATIONS = "0.05"  # an operation that takes Azure a minute takes the demo three seconds
# What would lead the demo to somebody's real installation, credential or package is not handed down.
PRIVATE = ("PORTAL_", "AZURE_", "ARM_", "REDIS_", "CELERY_", "DJANGO_", "IDENTITY_", "MSI_", "GUNICORN_", "WEB_")
UNWANTED = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}


# What a demo leaves in its home.
MADE = ("portal.sqlite3*", "audit-mark.json", "beat-schedule*", "secret-key", "simulator", "valkey", "health", "static", "log")


class CannotStartError(Exception):
    """One sentence for the person who typed `make demo`."""


@dataclass
class Demo:
    """One demo on one home folder."""

    home: Path
    port: int
    durations: str = DURATIONS  # the share of its recorded time that an operation takes
    supervisor: Supervisor = field(init=False)
    env: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(folder=ROOT, logs=self.home / "log")
        self.env = self._environment()

    def run(self) -> None:
        """Start everything, say where it is, and stay until asked to stop."""
        began = time.monotonic()
        with self.supervisor.catching_signals():
            try:
                sign_ins = self._start()
                print(self._welcome(sign_ins, time.monotonic() - began), flush=True)
                self.supervisor.watch()
            except StopRequested:
                print("\nStopping …", flush=True)
            finally:
                self.supervisor.stop()

    def _start(self) -> list[dict[str, Any]]:
        say("Starting the broker and the simulator")
        self.supervisor.launch(self._broker(), self._simulator())
        say("Preparing the database and the static files")
        self.supervisor.run(self._manage("migrate", "--noinput"), self._manage("collectstatic", "--noinput"))
        self.supervisor.wait_ready()
        self.env |= self._azure()
        said = self.supervisor.run(self._manage("demo_accounts"))
        say("Starting web, worker and beat")
        self.supervisor.start(self._worker())
        self.supervisor.start(self._beat(), self._web())
        return list(json.loads(said[0].splitlines()[-1]))

    # --- the programs ------------------------------------------------------------------------------------------------

    def _broker(self) -> Program:
        port = free_port()
        self.env["REDIS_URL"] = f"redis://{HERE}:{port}/0"
        argv = broker_argv(self.home / "valkey", port)
        return Program("broker", argv, self.env, ready=lambda: answers_ping(port))

    def _simulator(self) -> Program:
        folder = self.home / "simulator"
        folder.mkdir(exist_ok=True)
        argv = [
            sys.executable,
            "-m",
            "simulator",
            "serve",
            "--port",
            str(self._simulator_port()),
            "--home",
            str(folder),
            "--scenario",
            SCENARIO,
            "--durations",
            self.durations,
            "--state",
            str(folder / "state.json"),
        ]
        return Program("simulator", argv, self.env, ready=self._simulator_is_ready)

    def _worker(self) -> Program:
        argv = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "portal",
            "worker",
            "--pool",
            "prefork",
            "--concurrency",
            "2",
            "--loglevel",
            "INFO",
            "--without-mingle",
            "--without-gossip",
        ]
        return Program("worker", argv, self.env, ready=self._fresh("worker"), grace=6.0)

    def _beat(self) -> Program:
        argv = [sys.executable, "-m", "celery", "-A", "portal", "beat", "--loglevel", "INFO", "--pidfile="]
        return Program("beat", argv, self.env, ready=self._fresh("beat"))

    def _web(self) -> Program:
        argv = [
            sys.executable,
            "-m",
            "gunicorn",
            "portal.wsgi",
            "--bind",
            f"{HERE}:{self.port}",
            "--worker-class",
            "gthread",
            "--workers",
            "2",
            "--threads",
            "4",
            "--no-control-socket",
            "--graceful-timeout",
            "3",
        ]
        return Program("web", argv, self.env, ready=lambda: not problem_of_web(self.port))

    def _manage(self, *arguments: str) -> Program:
        argv = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return Program(arguments[0], argv, self.env, patience=180)

    # --- what they are told ------------------------------------------------------------------------------------------

    def _environment(self) -> dict[str, str]:
        """The person's own (package clients' settings included: never overwritten), less what is private, plus ours."""
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(PRIVATE) and name not in UNWANTED
        }
        direct = ",".join(filter(None, [inherited.get("NO_PROXY", inherited.get("no_proxy")), "localhost", HERE]))
        return inherited | {
            "NO_PROXY": direct,
            "no_proxy": direct,
            "PYTHONUNBUFFERED": "1",
            "PORTAL_HOME": str(self.home),
            "PORTAL_DEMO": "1",
            "PORTAL_LONGEST_FACTOR": self.durations,
            "PORTAL_ALLOWED_HOSTS": f"localhost,{HERE}",
        }

    def _azure(self) -> dict[str, str]:
        """Where Azure is and who we are there, in the names that production uses too. The simulator wrote it down."""
        told = self._simulator_told()
        ours = next(principal for principal in told["principals"] if principal["name"] == "portal")
        return {
            "PORTAL_ARM_ENDPOINT": told["endpoint"],
            "PORTAL_ARM_CA_BUNDLE": told["ca"],
            "AZURE_AUTHORITY_HOST": told["endpoint"],
            "AZURE_TENANT_ID": told["tenant"],
            "AZURE_CLIENT_ID": ours["clientId"],
            "AZURE_CLIENT_SECRET": ours["clientSecret"],
        }

    def _simulator_told(self) -> dict[str, Any]:
        return dict(json.loads((self.home / "simulator" / "credentials.json").read_text()))

    def _simulator_is_ready(self) -> bool:
        log = self.home / "log" / "simulator.log"
        return log.exists() and any(line.startswith("READY ") for line in log.read_text(errors="replace").splitlines())

    def _simulator_port(self) -> int:
        """The same at every start: the portal stores the endpoint, and running operations carry it."""
        remembered = self.home / "simulator" / "port"
        if not remembered.exists():
            remembered.write_text(str(quiet_port()))
        port = int(remembered.read_text())
        must_be_free(port, "begin anew: make reset")
        return port

    def _fresh(self, name: str) -> Any:
        """A check: has HOME/health/NAME been touched since now?"""
        beats, now = self.home / "health" / name, time.time()
        return lambda: beats.exists() and beats.stat().st_mtime >= now - 0.01

    def _welcome(self, sign_ins: list[dict[str, Any]], took: float) -> str:
        rows = [(str(person["username"]), str(person["password"]), str(person["role"])) for person in sign_ins]
        wide = [max(len(row[column]) for row in [*rows, ("Sign in as", "Password", "")]) + 3 for column in (0, 1)]
        table = [
            f"    {name:<{wide[0]}}{password:<{wide[1]}}{role}"
            for name, password, role in [("Sign in as", "Password", "Role"), *rows]
        ]
        azure = self._simulator_told()
        return "\n".join(
            [
                "",
                f"  The console is ready ({took:.0f} s):  http://localhost:{self.port}/",
                "",
                *table,
                "",
                f"  Azure is simulated here at {azure['endpoint']} (its CA: {short(azure['ca'])}).",
                f"  Logs: {short(self.home / 'log')}/  Data: {short(self.home)}/  Ctrl-C stops all; the data stays.",
                "",
            ]
        )


def main(arguments: list[str]) -> int:
    """Run the demo, or forget its data (`reset`); the exit status."""
    if "MAKELEVEL" in os.environ:
        end_with_parent()
    home = Path(os.environ.get("PORTAL_HOME") or ROOT / "var").resolve()
    try:
        if arguments == ["reset"]:
            forget(home)
        else:
            demo(home)
    except (CannotStartError, NotForThisMachineError, ProgramFailedError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def demo(home: Path) -> None:
    """One demo on this home, at PORT, with operations shortened to DURATIONS."""
    one = Demo(home, chosen_port(), chosen_durations())
    with only_one(home, f"http://localhost:{one.port}/"):
        must_be_free(one.port, f"choose another: make demo PORT={one.port + 1}")
        one.run()
    print("Stopped. Everything is kept; `make demo` goes on from here.")


def forget(home: Path) -> None:
    """Remove what a demo made in its home, and nothing else that may lie there."""
    with only_one(home, "forgetting its data"):
        for name in MADE:
            for path in home.glob(name):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
    print(f"The demo's data in {short(home)}/ is gone; `make demo` begins anew.")


def say(what: str) -> None:
    """A line of progress."""
    print(f"{what} …", flush=True)


def chosen_port() -> int:
    """PORT, or 8000."""
    given = os.environ.get("PORT") or "8000"
    if not given.isdecimal() or not 1024 <= int(given) <= 65535:
        raise CannotStartError(f"PORT={given} is not a port that the demo can use: give a number from 1024 to 65535.")
    return int(given)


def chosen_durations() -> str:
    """DURATIONS, or twenty times as fast as Azure."""
    given = os.environ.get("DURATIONS") or DURATIONS
    if not re.fullmatch(r"\d+|\d*\.\d+", given) or not float(given):
        raise CannotStartError(f"DURATIONS={given} is not a factor: 1 is Azure's own pace, {DURATIONS} the demo's.")
    return given


@contextlib.contextmanager
def only_one(home: Path, url: str) -> Iterator[None]:
    """Hold HOME/demo.lock: two demos on one home would tear its data apart. The kernel lets go when we die."""
    (home / "log").mkdir(parents=True, exist_ok=True)
    with (home / "demo.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotStartError(
                f"A demo already runs on {short(home)}/ ({lock.read().strip()}): stop it first, "
                f"or give this one a home of its own: make demo PORT=8001 PORTAL_HOME=another-folder"
            ) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, {url}")
        lock.flush()
        yield


def quiet_port() -> int:
    """A free port below those that the system lends to passing connections, so that it is likely free next week too."""
    return next(port for port in random.sample(range(20_000, 30_000), 1_000) if is_free(port))  # nosec B311 - no secret


def is_free(port: int) -> bool:
    """Can we listen there, and would no one else answer a browser that tries the other loopback address first?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HERE, port))
        except OSError:
            return False
    with socket.socket(socket.AF_INET6) as other, contextlib.suppress(OSError):
        other.settimeout(1)
        return other.connect_ex(("::1", port)) != 0
    return True


def must_be_free(port: int, otherwise: str) -> None:
    """One sentence when it is not."""
    if not is_free(port):
        raise CannotStartError(f"Port {port} is in use by another program; stop that, or {otherwise}")


def short(path: Path | str) -> str:
    """As one would type it from here, when that is shorter."""
    return min(str(path), os.path.relpath(path or "."), key=len)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
