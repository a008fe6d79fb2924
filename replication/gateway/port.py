"""What the rest of the console may ask of Azure, in domain types.

Every call is one short exchange (or a bounded series of list pages) and never waits for a long-running operation. A call that
Azure refuses, or that cannot be made, raises `AzureError` with a `Problem` that says *now, later or never*.
`open_gateway(connection)` in gateway.clients gives the real one; nothing else implements this protocol in the product.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.dispatch import Signal

from replication.domain import inventory as inv
from replication.domain.checks.asks import Ask
from replication.domain.problems import Problem
from replication.domain.specs import Found, Spec

# Sent when Azure answers a read with 429 and says for how long, also where the read is then repeated and nobody else learns of it:
# sender is the class of `connection`, subscription its id in small letters ('' for the tenant), seconds what Azure said.
read_refused = Signal()
# Sent before a read, with connection and subscription: whoever remembers a 429, of this process or another, answers with the seconds left.
read_begins = Signal()


class AzureError(Exception):
    """An exchange that did not succeed.

    status: HTTP status, 0 when there was no answer. acted: whether the request may have been carried out all the same (a 5xx, a
    reset or a time-out after sending): the caller must then look before it sends again.
    """

    def __init__(self, problem: Problem, *, status: int = 0, acted: bool = False, correlation_id: str = "") -> None:
        super().__init__(f"{problem.code}: {problem.message}")
        self.problem, self.status, self.acted, self.correlation_id = problem, status, acted, correlation_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What Azure answered to a PUT.

    remaining: how many writes Azure Resource Manager says are left at once; None when it does not say.
    handle: how to ask for the operation's status later, in any process (a JSON-able dict; {} when it is finished).
    job_id: the ARM id of the Site Recovery job, '' for other services. done: the answer was final.
    """

    handle: dict[str, Any]
    done: bool
    job_id: str = ""
    correlation_id: str = ""
    retry_after: float = 0
    remaining: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How an operation stands: 'running' | 'succeeded' | 'failed' | 'lost' (its status address answers 404).

    problem: why it failed, or a warning with which it succeeded (151207 and the like).
    """

    state: str
    problem: Problem | None = None
    job_id: str = ""
    retry_after: float = 0


class Gateway(Protocol):
    """One connection to Azure, for one process."""

    # -- what a run needs -------------------------------------------------------------------------------------------
    def read(self, spec: Spec) -> Found | None:
        """What Azure shows under the spec's id; None when there is nothing (404, or a fresh vault's 400)."""

    def submit(self, spec: Spec, *, request_id: str) -> Submitted:
        """Ask Azure to make what the spec says. request_id goes out as x-ms-client-request-id."""

    def poll(self, handle: dict[str, Any]) -> Progress:
        """One look at an operation's own status address."""

    # -- Site Recovery ---------------------------------------------------------------------------------------------------
    def vaults(self, subscription_id: str) -> Iterable[inv.Vault]:
        """The subscription's Recovery Services vaults."""

    def site(self, vault_id: str) -> inv.Site:
        """Fabrics, containers, policies and mappings of a vault; empty for a vault never used."""

    def items(self, vault_id: str) -> Iterator[inv.Item]:
        """All protected items of a vault, page by page."""

    def protections(self, vault_id: str) -> Iterator[Found]:
        """The same items as `read` shows each of them: asked and got of many are compared by few list calls."""

    def jobs(self, vault_id: str) -> Iterator[inv.Job]:
        """The vault's jobs, newest first, page by page: stop reading when you have seen enough."""

    def job(self, job_id: str) -> inv.Job:
        """One job with its tasks, errors and activity id (which begins with the client request id)."""

    def events(self, vault_id: str) -> Iterator[inv.Event]:
        """What happened in the vault, newest first, page by page: stop reading when you have seen enough."""

    def vault_errors(self, vault_id: str) -> list[inv.HealthError]:
        """Health errors of the vault itself, its fabrics and its containers; those of machines stand at the items."""

    def activity(self, arm_id: str, since: datetime) -> Iterator[inv.Activity]:
        """What the Activity log tells of the resource's group since then, newest first."""

    def recovery_points(self, item_id: str) -> list[inv.RecoveryPoint]:
        """An item's recovery points, newest first."""

    # -- inventory ---------------------------------------------------------------------------------------------------------
    def subscriptions(self) -> list[inv.Subscription]:
        """Subscriptions that the credential can see."""

    def locations(self, subscription_id: str) -> list[inv.Location]:
        """Regions open to the subscription."""

    def groups(self, subscription_id: str) -> Iterator[inv.ResourceGroup]:
        """Resource groups."""

    def machines(self, subscription_id: str) -> Iterator[inv.Machine]:
        """Machines of both deployment models with power state, disks and interfaces joined from list calls."""

    def standing(self, machine_ids: Collection[str]) -> Iterator[inv.Machine]:
        """Those of the machines that are there, with place, power and disks as they are now; sizes, interfaces and facts are left out.

        Others of their subscriptions may be among them.
        """

    def machine_state(self, machine_id: str) -> inv.MachineState | None:
        """What only a question about one machine tells: its instance view and Azure's eligibility answer. None when it is gone."""

    def networks(self, subscription_id: str) -> Iterator[inv.Network]:
        """Virtual networks with subnets."""

    def accounts(self, subscription_id: str) -> Iterator[inv.StorageAccount]:
        """Storage accounts."""

    def replica_disks(self, subscription_id: str) -> Iterator[inv.ReplicaDisk]:
        """Disks that Site Recovery made."""

    def availability_sets(self, subscription_id: str) -> Iterator[inv.AvailabilitySet]:
        """Availability sets."""

    def placement_groups(self, subscription_id: str) -> Iterator[inv.PlacementGroup]:
        """Proximity placement groups."""

    def capacity_groups(self, subscription_id: str) -> Iterator[inv.CapacityGroup]:
        """Capacity reservation groups."""

    def encryption_sets(self, subscription_id: str) -> Iterator[inv.EncryptionSet]:
        """Disk encryption sets."""

    def automation_accounts(self, subscription_id: str) -> Iterator[inv.AutomationAccount]:
        """Automation accounts."""

    # -- checks before the first write ---------------------------------------------------------------------------------------
    def inspect(self, ask: Ask[Any]) -> Any:
        """The answer to one of the questions in domain/checks/asks.py."""
