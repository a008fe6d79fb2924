"""Health checks of one process, for containers and for people: `python scripts/healthy.py web|worker|beat`.

Standard library only: a check that runs every few seconds must not start the whole console to ask whether it runs.
Exit status 0 is healthy; otherwise 1 and the reason.
"""

from __future__ import annotations

import os
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

OLDEST_HEARTBEAT = 60  # seconds; the worker writes one every 2 s, beat at every tick of its schedule


def problem_of_web(port: int, host: str = "localhost") -> str:
    """What is wrong with the web that listens on this port of this machine; empty when nothing is."""
    asked = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asked.request("GET", "/healthz", headers={"Host": host})
        status = asked.getresponse().status
        return "" if status == 200 else f"/healthz answers {status}"
    except (OSError, HTTPException) as problem:
        return f"/healthz does not answer: {problem}"
    finally:
        asked.close()


def problem_of_heart(home: Path, name: str) -> str:
    """What is wrong with worker or beat, which touch HOME/health/NAME while they are alive."""
    heartbeat = home / "health" / name
    if not heartbeat.exists():
        return f"the {name} has not started yet"
    age = time.time() - heartbeat.stat().st_mtime
    return "" if age < OLDEST_HEARTBEAT else f"the {name} gave no sign of life for {age:.0f} s"


def _problem(name: str) -> str:
    if name == "web":
        host = os.environ.get("PORTAL_ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".*")
        return problem_of_web(int(os.environ.get("PORT") or 8000), host or "localhost")
    home = Path(os.environ.get("PORTAL_HOME") or Path(__file__).resolve().parent.parent / "var")
    return problem_of_heart(home, name)


if __name__ == "__main__":
    if sys.argv[1:] not in (["web"], ["worker"], ["beat"]):
        sys.exit("usage: healthy.py web|worker|beat")
    sys.exit(_problem(sys.argv[1]) or 0)
