"""Sync against the simulator."""

from typing import Any

import pytest

from replication.actions.actor import CONSOLE
from replication.actions.connections import configure
from replication.models import Connection
from tests.gateway.fixtures import *  # noqa: F403


@pytest.fixture
def contoso(db: None, simulator: Any) -> Connection:
    """The connection that this process is configured for."""
    return configure(
        endpoint=simulator.endpoint,
        tenant_id=simulator.tenant,
        client_id=simulator.client_id,
        name="Contoso",
        actor=CONSOLE,
    )
