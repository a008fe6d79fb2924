"""A refresh of a large vault, through the real gateway against the simulator, beside the SDK's own listing of the same items."""

from __future__ import annotations

import os
import time

from django.conf import settings

from replication.actions.actor import CONSOLE
from replication.actions.connections import configure
from replication.gateway.clients import forget_gateways, open_gateway
from replication.models import ProtectedItem, Vault
from replication.sync import inventory, vaults
from tests.simulated import Simulator, running

QUARTER = 15 * 60  # seconds until Azure has computed every RPO anew


def measure(machines: int) -> tuple[float, float, int]:
    """(seconds of the bare listing, seconds of the refresh, items that it stored anew)."""
    with running("--scenario", f"protected:{machines}") as simulator:
        vault = _known(simulator)
        vaults.sync(vault.pk)
        simulator.control("POST", "clock", {"freeze": True})
        simulator.control("POST", "clock", {"advance": QUARTER})
        listing = _listing(vault)
        before = dict(ProtectedItem.objects.values_list("pk", "rpo_at"))
        began = time.perf_counter()
        vaults.sync(vault.pk)
        reading = time.perf_counter() - began
        after = dict(ProtectedItem.objects.values_list("pk", "rpo_at"))
        return listing, reading, sum(after[pk] != at for pk, at in before.items())


def _known(simulator: Simulator) -> Vault:
    os.environ |= simulator.environment
    settings.ARM_ENDPOINT, settings.ARM_CA_BUNDLE = simulator.endpoint, simulator.ca
    settings.AZURE_TENANT_ID, settings.AZURE_CLIENT_ID = simulator.tenant, simulator.client_id
    forget_gateways()
    connection = configure(
        endpoint=simulator.endpoint, tenant_id=simulator.tenant, client_id=simulator.client_id, name="Bench", actor=CONSOLE
    )
    inventory.read(connection, open_gateway(connection))
    return Vault.objects.get()


def _listing(vault: Vault) -> float:
    """What the SDK itself takes to hand out every item as its own object."""
    clients = open_gateway(vault.connection)._clients  # type: ignore[attr-defined]
    asr = clients.site_recovery(vault.subscription_id)
    began = time.perf_counter()
    for _ in asr.replication_protected_items.list(vault.resource_group, vault.name):
        pass
    return time.perf_counter() - began
