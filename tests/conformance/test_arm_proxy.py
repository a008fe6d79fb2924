"""Through the CONNECT shim a client runs in its production configuration: public hosts, only environment variables."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from azure.identity import ClientSecretCredential
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.conformance.conftest import ROOT, Azure


@pytest.fixture
def shim(azure: Azure) -> Iterator[str]:
    upstream = azure.endpoint.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "simulator", "proxy", "--port", "0", "--upstream", upstream]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    yield process.stdout.readline().split()[1]
    process.terminate()
    process.wait(timeout=10)


def test_the_public_endpoints_lead_to_the_simulator(azure: Azure, shim: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, shim)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, azure.ca)
    who = azure.principals["tester"]
    credential = ClientSecretCredential(azure.tenant, who["clientId"], who["clientSecret"])
    client = ResourceManagementClient(credential, azure.subscriptions[0], polling_interval=0.05)
    client.resource_groups.create_or_update("rg-shim", {"location": "eastasia"})
    client.resource_groups.begin_delete("rg-shim").result()
    assert "rg-dr-sea" in {group.name for group in client.resource_groups.list()}


@pytest.mark.parametrize(
    ("request_line", "status"),
    [("CONNECT example.com:443", 403), ("CONNECT management.azure.com:80", 403), ("GET http://example.com/", 405)],
)
def test_every_other_host_is_refused(shim: str, request_line: str, status: int) -> None:
    port = int(shim.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(f"{request_line} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert connection.recv(100).startswith(f"HTTP/1.1 {status} ".encode())
