"""Clients that nobody here wrote, each once through explicit endpoints and once through the CONNECT shim.

Each way has one simulator (and shim) of its own, put back to its scenario before each test. After each test no call may be
in the operations log that the simulator does not know, and no client may have broken a rule that Azure's clients keep.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import ROOT, TESTER, Azure, start, stop

HERE = Path(__file__).parent
SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
#: Times are a five-hundredth of the recorded ones, and clients are told to ask again soon.
OPTIONS = ("--scenario", "contoso", "--durations", "0.002", "--pace", "fast")
#: A proxy that nobody answers at: with explicit endpoints, too, nothing leaves the machine.
NOWHERE = "http://127.0.0.1:9"
#: What Azure's own clients never do. (The JavaScript SDK polls twice before it first waits: `poll-pace` is not among them.)
RULES = ("throttle-respected", "one-writer-per-network", "modelled-only")


@dataclass(frozen=True)
class Way:
    """A simulator, and the environment that leads a client to it."""

    name: str
    azure: Azure
    env: dict[str, str]

    @property
    def explicit(self) -> bool:
        """Whether the client has to be told the endpoints; else it believes that it speaks to AzureCloud."""
        return self.name == "explicit"


@pytest.fixture(scope="session")
def installed() -> Path:
    """Where `tests/clients/run` has installed the clients."""
    found = Path(os.environ.get("CLIENTS_HOME", ROOT / "var" / "clients"))
    if not (found / "cli" / "installed.lock").exists() or not (found / "javascript" / "installed.lock").exists():
        pytest.fail("The clients are not installed: make conformance-clients does that, and then runs these tests.")
    return found


def _ways() -> Iterator[Any]:
    for name in ("explicit", "shim"):
        yield pytest.param(name, marks=pytest.mark.xdist_group(name))


@pytest.fixture(scope="session", params=_ways())
def way(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    azure = start(tmp_path_factory.mktemp("simulator"), *OPTIONS)
    shim = None
    try:
        proxy, direct = NOWHERE, "localhost,127.0.0.1"
        if request.param == "shim":
            (shim, proxy), direct = _start_shim(azure), ""
        env = _clean() | {"HTTPS_PROXY": proxy, "https_proxy": proxy, "NO_PROXY": direct, "no_proxy": direct}
        yield Way(request.param, azure, env)
    finally:
        if shim is not None:
            shim.terminate()
            shim.wait(timeout=10)
        stop(azure)


def _clean() -> dict[str, str]:
    """The environment without anything that could lead a client elsewhere."""
    return {
        name: value
        for name, value in os.environ.items()
        if "proxy" not in name.lower() and not name.startswith(("AZURE_", "ARM_", "IDENTITY_"))
    }


def _start_shim(azure: Azure) -> tuple[subprocess.Popen[str], str]:
    upstream = azure.endpoint.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "simulator", "proxy", "--port", "0", "--upstream", upstream]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    return process, process.stdout.readline().split()[1]


@pytest.fixture(autouse=True)
def world(way: Way) -> Iterator[Azure]:
    """The scenario as it was, before; nothing unknown asked and no rule broken, after."""
    way.azure.reset()
    yield way.azure
    unknown = way.azure.control("GET", "log?unmodelled=true")
    assert [(entry["verb"], entry["id"], entry["api_version"]) for entry in unknown] == []
    broken = way.azure.control("GET", "invariants")["rules"]
    assert {rule: broken[rule] for rule in RULES if broken[rule]} == {}


@dataclass(frozen=True)
class Cli:
    """azure-cli with a configuration folder of its own, signed in."""

    program: Path
    env: dict[str, str]

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        arguments = [str(self.program), *shlex.split(command), "-o", "json"]
        return subprocess.run(arguments, env=self.env, capture_output=True, text=True, timeout=120)

    def __call__(self, command: str) -> Any:
        """Run `az {command}`; its parsed output. Fails the test with the CLI's own words."""
        done = self.run(command)
        assert done.returncode == 0, f"az {command}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, command: str) -> str:
        """Run a command that must fail; what the CLI says about it."""
        done = self.run(command)
        assert done.returncode != 0, f"az {command} was not refused: {done.stdout}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stderr


@pytest.fixture(scope="session")
def cli(installed: Path, way: Way, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """azure-cli as someone who may do everything."""
    return sign_in(installed, way, tmp_path_factory.mktemp("azure"), TESTER["clientId"], TESTER["secret"])


def sign_in(installed: Path, way: Way, folder: Path, client_id: str, secret: str) -> Cli:
    """As Microsoft documents it: a registered cloud (or none, through the shim), then a service principal."""
    bundle = folder / "bundle.pem"
    system = SYSTEM_BUNDLE.read_text() if SYSTEM_BUNDLE.exists() else ""
    bundle.write_text(system + Path(way.azure.ca).read_text())
    env = way.env | {
        "AZURE_CONFIG_DIR": str(folder),
        "REQUESTS_CA_BUNDLE": str(bundle),
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "AZURE_CORE_ENCRYPT_TOKEN_CACHE": "false",
        "AZURE_CORE_NO_COLOR": "true",
        "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
    }
    cli = Cli(installed / "cli" / "bin" / "az", env)
    if way.explicit:
        cli(f"cloud register -n Simulated --endpoint-resource-manager {way.azure.endpoint}")
        cli("cloud set -n Simulated")
        env["AZURE_CORE_INSTANCE_DISCOVERY"] = "false"
    cli(f"login --service-principal -u {client_id} -p {secret} --tenant {way.azure.tenant}")
    cli(f"account set -s {way.azure.subscriptions[0]}")
    return cli


@pytest.fixture(scope="session")
def scripts(installed: Path) -> Path:
    """A folder with the scripts beside the SDKs: Node looks for packages from where a script lies."""
    for script in (HERE / "javascript").glob("*.mjs"):
        shutil.copy(script, installed / "javascript" / script.name)
    return installed / "javascript"


def run_script(scripts: Path, way: Way, name: str) -> Any:
    """Run a script; the one JSON value that it prints. Fails the test with what it said on its way."""
    given = {"endpoint": way.azure.endpoint if way.explicit else "", "tenant": way.azure.tenant}
    given |= {"subscription": way.azure.subscriptions[0], "clientId": TESTER["clientId"], "secret": TESTER["secret"]}
    done = subprocess.run(
        ["node", f"{name}.mjs", json.dumps(given)],
        cwd=scripts,
        env=way.env | {"NODE_EXTRA_CA_CERTS": way.azure.ca, "NODE_NO_WARNINGS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
