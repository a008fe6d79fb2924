"""Run a command with PostgreSQL and a broker beside it: `python -m scripts.services COMMAND …`.

The command finds them in PORTAL_DATABASE_URL and REDIS_URL. Both end with it, and leave nothing behind.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from scripts import programs
from scripts.supervisor import Program, ProgramFailedError, StopRequested, Supervisor

ROOT = Path(__file__).resolve().parent.parent


def main(command: list[str]) -> int:
    """Run it; its exit status."""
    folder = programs.open_to_nobody()
    supervisor = Supervisor(folder=ROOT, logs=folder / "log")
    try:
        with supervisor.catching_signals():
            env = os.environ | _start(supervisor, folder)
            return _run(supervisor, command, env)
    except (programs.NotForThisMachineError, ProgramFailedError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except StopRequested:
        return 130
    finally:
        supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _start(supervisor: Supervisor, folder: Path) -> dict[str, str]:
    database, broker = programs.free_port(), programs.free_port()
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    redis = programs.broker_argv(folder / "broker", broker, installed_first=True)
    binaries, user = programs.postgres_folder() / "pginstall" / "bin", None
    (data := folder / "data").mkdir(mode=0o700)
    if os.getuid() == 0:
        binaries, user = programs.copy_of_postgres(folder), programs.NOBODY
        os.chown(data, user, user)
    supervisor.run(Program("initdb", programs.initdb_argv(data, binaries), env, user=user))
    print(f"PostgreSQL and {Path(redis[0]).name} are starting …", flush=True)
    supervisor.start(
        Program("broker", redis, env, lambda: programs.answers_ping(broker)),
        Program(
            "postgres", programs.postgres_argv(data, binaries, database), env, _accepts(binaries, database), user=user
        ),
    )
    _make_database(binaries, database)
    return {
        "PORTAL_DATABASE_URL": f"postgres://portal@{programs.HERE}:{database}/portal",
        "REDIS_URL": f"redis://{programs.HERE}:{broker}/0",
        "PORTAL_TEST_SERVICES": "1",
    }


def _make_database(binaries: Path, port: int) -> None:
    _client(binaries, "createdb", port, "--username", "portal", "portal").check_returncode()


def _accepts(binaries: Path, port: int) -> Callable[[], bool]:
    return lambda: _client(binaries, "pg_isready", port).returncode == 0


def _client(binaries: Path, name: str, port: int, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    argv = [str(binaries / name), "--host", programs.HERE, "--port", str(port), *arguments]
    return subprocess.run(argv, stdout=subprocess.DEVNULL, check=False)


def _run(supervisor: Supervisor, command: list[str], env: dict[str, str]) -> int:
    """In the foreground, on our own terminal; Ctrl-C reaches it as well as us."""
    process = subprocess.Popen(command, env=env, cwd=ROOT)
    try:
        return supervisor.accompany(process)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
