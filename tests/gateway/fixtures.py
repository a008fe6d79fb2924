"""Fixtures for tests that need Azure: shared by tests/gateway and tests/sync."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from replication.gateway.clients import forget_gateways, open_gateway
from replication.gateway.port import Gateway
from tests import simulated


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[simulated.Simulator]:
    with simulated.running("--scenario", "contoso", "--durations", "0.001", "--pace", "fast") as simulator:
        yield simulator


@pytest.fixture
def simulator(simulator_process: simulated.Simulator, monkeypatch: Any, settings: Any) -> simulated.Simulator:
    """The simulator, put back to its scenario, and this process configured for it as production would be."""
    simulator_process.control("POST", "reset")
    for name, value in simulator_process.environment.items():
        monkeypatch.setenv(name, value)
    settings.ARM_ENDPOINT, settings.ARM_CA_BUNDLE = simulator_process.endpoint, simulator_process.ca
    settings.AZURE_TENANT_ID, settings.AZURE_CLIENT_ID = simulator_process.tenant, simulator_process.client_id
    forget_gateways()
    return simulator_process


@pytest.fixture
def place(simulator: simulated.Simulator) -> Any:
    """What open_gateway needs of a connection."""
    return SimpleNamespace(
        name="Contoso", endpoint=simulator.endpoint, tenant_id=simulator.tenant, client_id=simulator.client_id
    )


@pytest.fixture
def gateway(place: Any) -> Gateway:
    return open_gateway(place)
