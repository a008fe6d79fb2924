"""The official SDKs against the simulator as a real process, over TLS, with real tokens.

`azure` is the running simulator, put back to its scenario before each test. With `AZURE_CONFORMANCE=live` the same tests run
against real Azure instead: `AZURE_SUBSCRIPTION_ID` names a subscription that is *meant for that* (the tests create and delete
groups in it), azure-identity's own variables say who signs in, and every test that needs the control API or the scenario's
resources is skipped.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from azure.identity import ClientSecretCredential, DefaultAzureCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.recoveryservices import RecoveryServicesClient
from azure.mgmt.recoveryservicessiterecovery import SiteRecoveryManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient
from azure.mgmt.storage import StorageManagementClient

#: Who the tests are unless they say otherwise: no role is asked of it.
TESTER = {
    "name": "tester",
    "clientId": "7e57e700-0000-4000-8000-000000000001",
    "objectId": "7e57e700-0000-4000-8000-000000000002",
    "secret": "tester",
    "enforce": False,
}
ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("conformance")


@dataclass
class Azure:
    """A running simulator and ready-made clients for it."""

    endpoint: str
    ca: str
    home: Path
    process: subprocess.Popen[str]
    clients: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found = json.loads((self.home / "credentials.json").read_text())
        self.tenant, self.subscriptions = found["tenant"], found["subscriptions"]
        self.principals = {entry["name"]: entry for entry in found["principals"]}
        self.principals["tester"] = {**TESTER, "clientSecret": TESTER["secret"]}
        self.secret = (self.home / "control-secret").read_text()
        self.context = ssl.create_default_context(cafile=self.ca)

    def credential(self, name: str = "") -> ClientSecretCredential:
        """A real credential of the tester, or of a principal of the scenario."""
        who = self.principals[name or "tester"]
        return ClientSecretCredential(
            self.tenant,
            who["clientId"],
            who["clientSecret"],
            authority=self.endpoint,
            disable_instance_discovery=True,
            connection_verify=self.ca,
            use_env_settings=False,
        )

    def client(self, kind: type, subscription: str = "", who: str = "", **more: Any) -> Any:
        """An SDK client, kept for the next test that asks for the same."""
        key = (kind, subscription, who, tuple(sorted(more)))
        if key not in self.clients or more:
            given = (
                (self.credential(who),)
                if kind is SubscriptionClient
                else (self.credential(who), subscription or self.subscriptions[0])
            )
            self.clients[key] = kind(
                *given,
                base_url=self.endpoint,
                credential_scopes=[f"{self.endpoint}/.default"],
                connection_verify=self.ca,
                use_env_settings=False,
                **({"polling_interval": 0.05} | more),
            )
        return self.clients[key]

    @property
    def compute(self) -> ComputeManagementClient:
        return self.client(ComputeManagementClient)

    @property
    def network(self) -> NetworkManagementClient:
        return self.client(NetworkManagementClient)

    @property
    def storage(self) -> StorageManagementClient:
        return self.client(StorageManagementClient)

    @property
    def resources(self) -> ResourceManagementClient:
        return self.client(ResourceManagementClient)

    @property
    def subscription(self) -> SubscriptionClient:
        return self.client(SubscriptionClient)

    @property
    def vaults(self) -> RecoveryServicesClient:
        return self.client(RecoveryServicesClient)

    @property
    def recovery(self) -> SiteRecoveryManagementClient:
        return self.client(SiteRecoveryManagementClient)

    @property
    def authorization(self) -> AuthorizationManagementClient:
        return self.client(AuthorizationManagementClient)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The control API: `azure.control("POST", "clock", {"advance": 60})`; the parsed answer."""
        request = urllib.request.Request(f"{self.endpoint}/__sim/{path}", method=method)
        request.add_header("Authorization", f"Secret {self.secret}")
        request.data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(request, context=self.context) as answer:
            raw = answer.read()
        if "ndjson" in answer.headers.get("content-type", ""):
            return [json.loads(line) for line in raw.splitlines()]
        return json.loads(raw) if raw else None

    def reset(self, **body: Any) -> None:
        """Back to the scenario, and the tester known again."""
        self.control("POST", "reset", body)
        self.control("PUT", "principals", [TESTER])

    def raw(
        self, method: str, path: str, body: Any = None, token: str = "", **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        """A request as no SDK would send it: status, headers (lower-cased), body. `body` may be bytes."""
        request = urllib.request.Request(self.endpoint + path, method=method)
        if token != "-":
            token = token or self.credential().get_token(f"{self.endpoint}/.default").token
            request.add_header("Authorization", f"Bearer {token}")
        if body is not None:
            request.data = body if isinstance(body, bytes) else json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            answer = urllib.request.urlopen(request, context=self.context)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            raw = answer.read()
            found = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, found, json.loads(raw) if raw else None


def start(home: Path, *options: str) -> Azure:
    """Start a simulator process and wait for its READY line."""
    command = [sys.executable, "-m", "simulator", "serve", "--port", "0", "--home", str(home), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("READY "):
        process.wait(timeout=10)
        raise RuntimeError(f"the simulator did not start: {line!r}")
    _, endpoint, ca = line.split()
    azure = Azure(endpoint, ca.removeprefix("ca="), home, process)
    azure.control("PUT", "principals", [TESTER])
    return azure


def stop(azure: Azure) -> None:
    azure.process.terminate()
    azure.process.wait(timeout=10)


class Live(Azure):
    """Real Azure behind the same face; what only a simulator can do skips the test."""

    def __init__(self) -> None:
        subscription = os.environ.get("AZURE_SUBSCRIPTION_ID") or pytest.skip(
            "AZURE_SUBSCRIPTION_ID names no subscription"
        )
        self.endpoint, self.subscriptions, self.clients = "https://management.azure.com", [subscription], {}

    def credential(self, name: str = "") -> Any:
        return pytest.skip("the scenario's principals are not in real Azure") if name else DefaultAzureCredential()

    def client(self, kind: type, subscription: str = "", who: str = "", **more: Any) -> Any:
        given = (
            (self.credential(who),)
            if kind is SubscriptionClient
            else (self.credential(who), subscription or self.subscriptions[0])
        )
        return self.clients.setdefault((kind, subscription, who), kind(*given, **more))

    def control(self, method: str, path: str, body: Any = None) -> Any:
        return pytest.skip("real Azure has no control API")

    def reset(self, **body: Any) -> None:
        """Real Azure stays as it is."""

    def raw(self, method: str, path: str, body: Any = None, token: str = "", **headers: str) -> Any:
        return pytest.skip("requests that no SDK would send are for the simulator only")


@pytest.fixture(scope="session")
def _simulator() -> Iterator[Azure]:
    if os.environ.get("AZURE_CONFORMANCE") == "live":
        yield Live()
        return
    with tempfile.TemporaryDirectory() as home:
        options = ("--scenario", "contoso", "--durations", "0.01", "--pace", "fast")
        azure = start(Path(home), *options)
        yield azure
        stop(azure)


@pytest.fixture
def azure(_simulator: Azure) -> Azure:
    """The simulator, put back to its scenario; signed in as someone who may do everything."""
    _simulator.reset()
    return _simulator
