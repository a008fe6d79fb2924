"""Microsoft.Automation/automationAccounts: the account whose runbook keeps replication agents up to date (portal-behaviour.md §1.2)."""

from __future__ import annotations

from typing import Any

from simulator.kernel import ids
from simulator.kernel.call import Call
from simulator.kernel.registry import ResourceType, Write

ACCOUNTS = "Microsoft.Automation/automationAccounts"
VERSIONS = ("2023-11-01", "2022-08-08", "2021-06-22", "2020-01-13-preview", "2015-10-31")


def _prepare(call: Call, document: dict[str, Any]) -> None:
    """What the provider's published specification shows of a new account: its SKU, its state, the identity's ids."""
    properties = document.setdefault("properties", {})
    properties.setdefault("sku", {"name": "Basic"})
    properties.setdefault("state", "Ok")
    identity = document.get("identity")
    if isinstance(identity, dict) and "SystemAssigned" in str(identity.get("type", "")):
        identity.setdefault("principalId", ids.guid(call.world.settings.seed, call.id.lower(), "identity"))
        identity.setdefault("tenantId", call.world.tenant)


TYPES: list[ResourceType] = [
    ResourceType(
        name=ACCOUNTS,
        versions=VERSIONS,
        put=Write(created=201, replaced=200),
        patch=Write(replaced=200),
        delete=Write(deleted=200),
        prepare=_prepare,
        has_state=False,
        name_pattern=r"[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]",
    ),
]
