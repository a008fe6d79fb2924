"""Clients that nobody here wrote, each once through explicit endpoints and once through the CONNECT shim."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import ROOT, Azure, start, stop

SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


@pytest.fixture(scope="session")
def place() -> Path:
    """Where `tests/clients/run` has installed the clients."""
    found = Path(os.environ.get("CLIENTS_HOME", ROOT / "var" / "clients"))
    if not found.exists():
        pytest.skip("the clients are not installed: make conformance-clients")
    return found


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    azure = start(tmp_path / "home", "--scenario", "contoso", "--durations", "0.002", "--pace", "fast")
    yield azure
    stop(azure)


@pytest.fixture
def shim(azure: Azure) -> Iterator[str]:
    upstream = azure.endpoint.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "simulator", "proxy", "--port", "0", "--upstream", upstream]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    yield process.stdout.readline().split()[1]
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture(params=["direct", "shim"])
def way(request: pytest.FixtureRequest, azure: Azure) -> tuple[str, dict[str, str]]:
    """How a client finds the simulator, and the environment for it."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if "proxy" not in name.lower() and not name.startswith("AZURE_")
    }
    if request.param == "direct":
        return "direct", clean | {"NO_PROXY": "localhost,127.0.0.1"}
    shim = request.getfixturevalue("shim")
    return "shim", clean | {"HTTPS_PROXY": shim, "https_proxy": shim, "NO_PROXY": "", "NODE_USE_ENV_PROXY": "1"}


@dataclass
class Cli:
    """azure-cli, signed in."""

    program: Path
    env: dict[str, str]

    def __call__(self, *arguments: str) -> Any:
        """Run one command; its parsed output. Fails the test with the CLI's own words."""
        done = subprocess.run([self.program, *arguments, "-o", "json"], env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, f"az {' '.join(arguments)}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.fixture
def cli(place: Path, azure: Azure, way: tuple[str, dict[str, str]], tmp_path: Path) -> Cli:
    name, env = way
    folder, bundle = tmp_path / "azure", tmp_path / "bundle.pem"
    folder.mkdir()
    system = SYSTEM_BUNDLE.read_text() if SYSTEM_BUNDLE.exists() else ""
    bundle.write_text(system + Path(azure.ca).read_text())
    env = env | {
        "AZURE_CONFIG_DIR": str(folder),
        "REQUESTS_CA_BUNDLE": str(bundle),
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "AZURE_CORE_NO_COLOR": "true",
    }
    cli = Cli(place / "cli" / "bin" / "az", env)
    who = azure.principals["portal"]
    if name == "direct":
        _write_cloud(folder, azure)
    cli("login", "--service-principal", "-u", who["clientId"], "-p", who["clientSecret"], "--tenant", azure.tenant)
    cli("account", "set", "-s", azure.subscriptions[0])
    return cli


def _write_cloud(folder: Path, azure: Azure) -> None:
    """A cloud of its own, as `az cloud register` would write it."""
    (folder / "config").write_text(
        "[cloud]\nname = SimCloud\n[core]\ninstance_discovery = false\nencrypt_token_cache = false\n"
    )
    names = ("active_directory", "active_directory_resource_id", "management", "microsoft_graph_resource_id")
    lines = [f"endpoint_{name} = {azure.endpoint}" for name in names]
    lines += [f"endpoint_resource_manager = {azure.endpoint}/", "suffix_storage_endpoint = core.sim.local"]
    (folder / "clouds.config").write_text("\n".join(["[SimCloud]", *lines, ""]))


@pytest.fixture
def nothing_unmodelled(azure: Azure) -> Iterator[Callable[[], None]]:
    """After the test: no call that the simulator does not know."""
    yield lambda: None
    unknown = azure.control("GET", "log?unmodelled=true")
    assert [(entry["verb"], entry["id"], entry["api_version"]) for entry in unknown] == []
