"""Linked access: enabling needs rights on what it names, of the caller and not of the service.

Which actions: portal-behaviour.md §7 (site-recovery-role-based-linked-access-control.md). The answer's words: as public threads show
LinkedAuthorizationFailed. *Assumed*: that all of them are asked for when the request arrives, at the things themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.kernel import errors, rbac
from simulator.kernel.call import Call
from simulator.site_recovery.machines import Machine

Json = dict[str, Any]

_MACHINE = ("Microsoft.Compute/virtualMachines/read", "Microsoft.Compute/virtualMachines/write")
_INTERFACE = (
    "Microsoft.Network/networkInterfaces/read",
    "Microsoft.Network/networkInterfaces/write",
    "Microsoft.Network/networkInterfaces/join/action",
)
_NETWORK = ("Microsoft.Network/virtualNetworks/read",)
_SUBNET = ("Microsoft.Network/virtualNetworks/subnets/read", "Microsoft.Network/virtualNetworks/subnets/join/action")
_ACCOUNT = ("Microsoft.Storage/storageAccounts/read", "Microsoft.Storage/storageAccounts/listKeys/action")


def check(call: Call, machine: Machine | None, settings: Json, wanted: list[Json]) -> None:
    """Raises ArmError 403 LinkedAuthorizationFailed for the first thing on which the caller lacks an action."""
    if not call.principal.enforce:
        return
    for action, scope in _demands(machine, settings, wanted):
        if not rbac.allowed(call.world, call.principal, action, scope):
            own = f"{call.type.name}/write"
            who = (call.principal.client_id, call.principal.object_id)
            raise errors.linked_authorization_failed(*who, own, call.id, action, scope)


def _demands(machine: Machine | None, settings: Json, wanted: list[Json]) -> Iterator[tuple[str, str]]:
    if machine is not None and not machine.classic:
        yield from ((action, machine.id) for action in _MACHINE)
        yield from ((action, nic.id) for nic in machine.nics for action in _INTERFACE)
    if network := settings.get("asked_network"):
        yield from ((action, network) for action in _NETWORK)
        subnet = f"{network}/subnets/{settings['asked_subnet']}" if settings.get("asked_subnet") else network
        yield from ((action, subnet) for action in _SUBNET)
    accounts = dict.fromkeys(str(disk[name]) for disk in wanted for name in ("staging", "target_account") if disk[name])
    yield from ((action, account) for account in accounts for action in _ACCOUNT)
