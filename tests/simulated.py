"""The simulator as a process of its own, for tests that go through the gateway: started once, put back to its scenario each time."""

import json
import os
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Simulator:
    """A running simulator: its address, its CA, the credential that its tenant has for the console."""

    endpoint: str
    ca: str
    home: Path
    tenant: str = ""
    client_id: str = ""
    secret: str = ""
    object_id: str = ""
    control_secret: str = field(default="", repr=False)
    pid: int = 0

    def __post_init__(self) -> None:
        found = json.loads((self.home / "credentials.json").read_text())
        ours = next(each for each in found["principals"] if each["name"] == "portal")
        self.tenant, self.client_id, self.secret = found["tenant"], ours["clientId"], ours["clientSecret"]
        self.object_id = ours.get("objectId", "")
        self.control_secret = (self.home / "control-secret").read_text()

    @property
    def environment(self) -> dict[str, str]:
        """azure-identity's own variables."""
        return {
            "AZURE_AUTHORITY_HOST": self.endpoint,
            "AZURE_TENANT_ID": self.tenant,
            "AZURE_CLIENT_ID": self.client_id,
            "AZURE_CLIENT_SECRET": self.secret,
        }

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API: `control("POST", "reset")`."""
        request = urllib.request.Request(f"{self.endpoint}/__sim/{path}", method=method)
        request.add_header("Authorization", f"Secret {self.control_secret}")
        request.data = json.dumps(body).encode() if body is not None else None
        context = ssl.create_default_context(cafile=self.ca)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(request, timeout=30) as answer:
            raw = answer.read()
        if "ndjson" in answer.headers.get("content-type", ""):
            return [json.loads(line) for line in raw.splitlines()]
        return json.loads(raw) if raw else None


@contextmanager
def running(*options: str) -> Iterator[Simulator]:
    """A simulator for as long as the block runs."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "simulator", "serve", "--port", "0", "--home", home, *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ.copy())
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("READY "), f"the simulator did not start: {line!r}"
            _, endpoint, ca = line.split()
            yield Simulator(endpoint, ca.removeprefix("ca="), Path(home), pid=process.pid)
        finally:
            process.terminate()
            process.wait(timeout=10)
