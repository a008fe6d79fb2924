"""Health of one process, for containers and for people: `python scripts/healthy.py web | worker | beat | simulator FOLDER`.

Standard library only: a check that runs every few seconds must not start the whole console to ask whether it runs.
Exit status 0 is healthy; otherwise 1 and the reason.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
import time
import urllib.request
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


def problem_of_simulator(folder: Path) -> str:
    """What is wrong with the simulator whose home this is; it says itself where it listens and who vouches for it."""
    try:
        where = json.loads((folder / "credentials.json").read_text())
        trusting = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=where["ca"]))
        asked = urllib.request.build_opener(urllib.request.ProxyHandler({}), trusting)
        asked.open(where["endpoint"] + "/metadata/endpoints?api-version=2022-09-01", timeout=5).close()
    except (OSError, ValueError, HTTPException) as problem:
        return f"the simulator does not answer: {problem}"
    return ""


def _problem(arguments: list[str]) -> str:
    match arguments:
        case ["web"]:
            host = os.environ.get("PORTAL_ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".*")
            return problem_of_web(int(os.environ.get("PORT") or 8000), host or "localhost")
        case ["worker" | "beat" as name]:
            home = os.environ.get("PORTAL_HOME") or Path(__file__).resolve().parent.parent / "var"
            return problem_of_heart(Path(home), name)
        case ["simulator", folder]:
            return problem_of_simulator(Path(folder))
        case _:
            return "usage: healthy.py web | worker | beat | simulator FOLDER"


if __name__ == "__main__":
    sys.exit(_problem(sys.argv[1:]) or 0)
