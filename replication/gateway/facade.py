"""The gateway itself: port.Gateway over the official SDKs."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from replication.domain import ids
from replication.domain import inventory as inv
from replication.domain.checks.asks import Ask
from replication.domain.specs import Found, Spec
from replication.gateway import (
    activity,
    changes,
    foundations,
    inventory,
    machines,
    operations,
    placement,
    site_recovery,
    standing,
)
from replication.gateway.clients import Clients
from replication.gateway.inspection import Inspection
from replication.gateway.kinds import Kind
from replication.gateway.port import Progress, Submitted

_KINDS: dict[str, Kind[Any]] = foundations.KINDS | placement.KINDS | site_recovery.KINDS | changes.KINDS


class AzureGateway:
    """One connection to Azure, for one process. What each method gives stands in port.Gateway."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def read(self, spec: Spec) -> Found | None:
        return _KINDS[spec.kind].read(self._clients, spec)

    def submit(self, spec: Spec, *, request_id: str) -> Submitted:
        return _KINDS[spec.kind].submit(self._clients, spec, request_id)

    def poll(self, handle: dict[str, Any]) -> Progress:
        subscription_id = ids.subscription(handle.get("vault", "")) or "-"  # the address in the handle is complete
        return operations.look(self._clients.resources(subscription_id).send_request, self._clients.endpoint, handle)

    def vaults(self, subscription_id: str) -> Iterator[inv.Vault]:
        return inventory.vaults(self._clients, subscription_id)

    def site(self, vault_id: str) -> inv.Site:
        return site_recovery.site(self._clients, vault_id)

    def items(self, vault_id: str) -> Iterator[inv.Item]:
        return site_recovery.items(self._clients, vault_id)

    def protections(self, vault_id: str) -> Iterator[Found]:
        return site_recovery.protections(self._clients, vault_id)

    def jobs(self, vault_id: str) -> Iterator[inv.Job]:
        return site_recovery.jobs(self._clients, vault_id)

    def job(self, job_id: str) -> inv.Job:
        return site_recovery.job(self._clients, job_id)

    def events(self, vault_id: str) -> Iterator[inv.Event]:
        return site_recovery.events(self._clients, vault_id)

    def vault_errors(self, vault_id: str) -> list[inv.HealthError]:
        return site_recovery.vault_errors(self._clients, vault_id)

    def activity(self, arm_id: str, since: datetime) -> Iterator[inv.Activity]:
        return activity.of_group(self._clients, arm_id, since)

    def recovery_points(self, item_id: str) -> list[inv.RecoveryPoint]:
        return site_recovery.recovery_points(self._clients, item_id)

    def subscriptions(self) -> list[inv.Subscription]:
        return inventory.subscriptions(self._clients)

    def locations(self, subscription_id: str) -> list[inv.Location]:
        return inventory.locations(self._clients, subscription_id)

    def groups(self, subscription_id: str) -> Iterator[inv.ResourceGroup]:
        return inventory.groups(self._clients, subscription_id)

    def machines(self, subscription_id: str) -> Iterator[inv.Machine]:
        return machines.machines(self._clients, subscription_id)

    def standing(self, machine_ids: Collection[str]) -> Iterator[inv.Machine]:
        return standing.standing(self._clients, machine_ids)

    def machine_state(self, machine_id: str) -> inv.MachineState | None:
        return machines.state(self._clients, machine_id)

    def networks(self, subscription_id: str) -> Iterator[inv.Network]:
        return inventory.networks(self._clients, subscription_id)

    def accounts(self, subscription_id: str) -> Iterator[inv.StorageAccount]:
        return inventory.accounts(self._clients, subscription_id)

    def replica_disks(self, subscription_id: str) -> Iterator[inv.ReplicaDisk]:
        return inventory.replica_disks(self._clients, subscription_id)

    def availability_sets(self, subscription_id: str) -> Iterator[inv.AvailabilitySet]:
        return inventory.availability_sets(self._clients, subscription_id)

    def placement_groups(self, subscription_id: str) -> Iterator[inv.PlacementGroup]:
        return placement.placement_groups(self._clients, subscription_id)

    def capacity_groups(self, subscription_id: str) -> Iterator[inv.CapacityGroup]:
        return placement.capacity_groups(self._clients, subscription_id)

    def encryption_sets(self, subscription_id: str) -> Iterator[inv.EncryptionSet]:
        return placement.encryption_sets(self._clients, subscription_id)

    def automation_accounts(self, subscription_id: str) -> Iterator[inv.AutomationAccount]:
        return placement.automation_accounts(self._clients, subscription_id)

    def inspect(self, ask: Ask[Any]) -> Any:
        return Inspection(self._clients).answer(ask)
