"""Make `.venv` hold what the lock files name: `scripts/prepare requirements.lock [more.lock …]`.

Runs on the system's Python, with its standard library only. A stamp beside the packages remembers each lock's digest,
so that a second start costs nothing. Whatever goes wrong ends in one sentence and exit status 1; pip's own words go to
`var/log/install.log`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)
LOG = ROOT / "var" / "log" / "install.log"

# What pip says, and what it means for the person who typed `make`. The first that matches is told.
DIAGNOSES = {
    r"No space left on device": "the disk is full",
    r"DO NOT MATCH THE HASHES|hashes? .*mismatch": "a downloaded package is not the one that the lock file vouches for",
    r"CERTIFICATE_VERIFY_FAILED|SSLError": "the package index's certificate is not trusted here (pip's setting `cert`)",
    r"name resolution|Name or service not known|NewConnectionError|Max retries|timed out|refused|ProxyError": (
        "no package index can be reached (network, proxy, or pip's setting `index-url`)"
    ),
    r"Could not find a version|No matching distribution": "the package index in use does not offer what it names",
    r"error: command .* failed|Failed (building|to build)": "a package has no ready-made build for this machine",
}


class CannotPrepareError(Exception):
    """One sentence for the person who typed `make`."""


def main(locks: list[str]) -> int:
    """Install every lock that is not installed yet; the exit status."""
    try:
        missing = [ROOT / lock for lock in locks if not _installed(ROOT / lock)]
        if missing:
            with _one_at_a_time():
                _make_environment()
                for lock in missing:
                    _install(lock)
    except CannotPrepareError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; the next start goes on where this one ended.", file=sys.stderr)
        return 130
    return 0


def _installed(lock: Path) -> bool:
    stamp = _stamp(lock)
    return stamp.exists() and stamp.read_text() == _digest(lock) and _python().exists()


def _stamp(lock: Path) -> Path:
    return VENV / f".installed-{lock.name}"


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _python() -> Path:
    return VENV / "bin" / "python"


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two `make` at once: the second waits, then finds everything installed."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with (ROOT / "var" / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_environment() -> None:
    """A virtual environment with a pip that runs; an older one that is broken is replaced."""
    if _runs("-c", f"import sys; sys.exit(sys.version_info < {OLDEST})") and _runs("-m", "pip", "--version"):
        return
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as absent:
        raise CannotPrepareError(
            f"{sys.executable} cannot make a virtual environment: it comes without `venv` "
            f"(on Debian and Ubuntu: apt install python3-venv)."
        ) from absent
    print("Making the virtual environment …", flush=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if made.returncode:
        LOG.write_text(made.stdout)
        raise CannotPrepareError(f"{sys.executable} could not make the virtual environment .venv; {_details()}")


def _runs(*arguments: str) -> bool:
    if not _python().exists():
        return False
    return (
        subprocess.run(
            [str(_python()), *arguments],
            env=_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode
        == 0
    )


def _install(lock: Path) -> None:
    """pip with hashes; compiled at once, because modules without bytecode cost every process five times the start."""
    if _installed(lock):  # while we waited for the other `make`
        return
    _stamp(lock).unlink(missing_ok=True)
    print(f"Installing {lock.name} (the first time takes about half a minute) …", flush=True)
    with LOG.open("w") as log:
        done = subprocess.run(
            [
                str(_python()),
                "-m",
                "pip",
                "install",
                "--require-hashes",
                "--no-input",
                "--compile",
                "--disable-pip-version-check",
                "--progress-bar",
                "off",
                "-r",
                str(lock),
            ],
            env=_environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            check=False,
        )
    if done.returncode:
        raise CannotPrepareError(_explained(lock))
    _stamp(lock).write_text(_digest(lock))


def _environment() -> dict[str, str]:
    """The person's own, pip settings included, less what would send packages somewhere else."""
    unwanted = {
        "PIP_USER",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_ROOT",
        "PIP_NO_COMPILE",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONDONTWRITEBYTECODE",
        "__PYVENV_LAUNCHER__",
    }
    return {name: value for name, value in os.environ.items() if name not in unwanted}


def _explained(lock: Path) -> str:
    said = LOG.read_text(errors="replace")
    reason = next((reason for pattern, reason in DIAGNOSES.items() if re.search(pattern, said)), "pip failed")
    return f"Could not install {lock.name}: {reason}; {_details()}"


def _details() -> str:
    return f"details in {LOG.relative_to(ROOT)}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
