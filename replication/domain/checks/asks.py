"""What checks may ask of Azure: each question as a value, each answer as domain values.

All are lists of one subscription (and region), or a single thing that the plan names; the gateway's `Inspection` has one method for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from replication.domain.problems import Problem

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Ask(Generic[T_co]):
    """A question: the method's name and its arguments. T_co is the type of its answer."""

    kind: str
    args: tuple[str, ...] = ()


class Unread(Exception):
    """The answer that a check needs could not be had. `problem` is Azure's."""

    def __init__(self, ask: Ask[Any], problem: Problem) -> None:
        super().__init__(problem.message)
        self.ask, self.problem = ask, problem


@dataclass(slots=True)
class Known:
    """Answers so far; a question that Azure refused has its Problem."""

    answers: dict[Ask[Any], Any] = field(default_factory=dict)

    def __contains__(self, ask: Ask[Any]) -> bool:
        return ask in self.answers

    def get(self, ask: Ask[T]) -> T:
        """The answer. Raises Unread when Azure refused it."""
        answer = self.answers[ask]
        if isinstance(answer, Problem):
            raise Unread(ask, answer)
        return answer  # type: ignore[no-any-return]

    def perhaps(self, ask: Ask[T]) -> T | None:
        """The answer, or None when Azure refused it or it was not asked."""
        answer = self.answers.get(ask)
        return None if isinstance(answer, Problem) else answer


# -- rights -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What one role gives at a scope: globs of actions, less globs of others."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """A deny assignment. principals and excluded are object ids."""

    name: str
    scope: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    here_only: bool = False  # does not apply to child scopes


def rights(scope: str) -> Ask[tuple[Right, ...]]:
    """What the console's principal may do at a scope: Microsoft.Authorization/permissions."""
    return Ask("rights", (scope,))


def denials(subscription: str) -> Ask[tuple[Denial, ...]]:
    """Deny assignments in a subscription and above it."""
    return Ask("denials", (subscription.lower(),))


def principal() -> Ask[str]:
    """The object id of the console's own principal, from its token; '' when the token does not say."""
    return Ask("principal")


# -- locks, providers, policies -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    name: str
    scope: str
    level: str  # ReadOnly | CanNotDelete


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy assignment with the rule of one definition (None: it could not be read). parameters: name -> value, defaults filled in."""

    name: str
    scope: str
    not_scopes: tuple[str, ...] = ()
    definition: str = ""  # its name for people
    rule: Mapping[str, Any] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    mode: str = "Indexed"  # Indexed: only what has a location and tags


def locks(subscription: str) -> Ask[tuple[Lock, ...]]:
    """Locks on a subscription and on everything in it."""
    return Ask("locks", (subscription.lower(),))


def registrations(subscription: str) -> Ask[Mapping[str, str]]:
    """Resource providers: namespace in lower case -> Registered | Registering | NotRegistered | Unregistered."""
    return Ask("registrations", (subscription.lower(),))


def policies(subscription: str) -> Ask[tuple[Policy, ...]]:
    """Enforced policy assignments that apply in a subscription; of an initiative, one row for each of its definitions."""
    return Ask("policies", (subscription.lower(),))


# -- room ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    name: str  # cores, standardDSv3Family, NetworkInterfaces …
    title: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """A machine size or a disk type in one region. zones: where it is offered; closed: zones in which this subscription may not use it."""

    kind: str  # virtualMachines | disks
    name: str
    family: str = ""
    cores: int = 0
    zones: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    available: bool = True  # not restricted in the whole region


def compute_usages(subscription: str, location: str) -> Ask[tuple[Usage, ...]]:
    """Cores by family and in all, machines, sets."""
    return Ask("compute_usages", (subscription.lower(), location))


def network_usages(subscription: str, location: str) -> Ask[tuple[Usage, ...]]:
    """Networks, interfaces, public addresses …"""
    return Ask("network_usages", (subscription.lower(), location))


def storage_usages(subscription: str, location: str) -> Ask[tuple[Usage, ...]]:
    """Storage accounts."""
    return Ask("storage_usages", (subscription.lower(), location))


def skus(subscription: str, location: str) -> Ask[tuple[Sku, ...]]:
    """Machine sizes and disk types of a region, with what this subscription may not use."""
    return Ask("skus", (subscription.lower(), location))


# -- networks -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetUse:
    """A subnet as it is used. group_id: its security group; routes_id: its route table; holders: ids of the configurations in it."""

    id: str
    prefixes: tuple[str, ...]
    group_id: str = ""
    routes_id: str = ""
    holders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address that an interface holds."""

    subnet_id: str
    address: str
    nic_id: str
    static: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRule:
    """An outbound rule of a security group. destinations: prefixes and service tags; ports: single ones and ranges."""

    name: str
    priority: int
    allow: bool
    protocol: str = "*"
    sources: tuple[str, ...] = ("*",)
    destinations: tuple[str, ...] = ("*",)
    ports: tuple[str, ...] = ("*",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A network security group: its outbound rules, default ones included."""

    id: str
    rules: tuple[GuardRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    name: str
    prefix: str
    next_hop: str  # VirtualAppliance | VirtualNetworkGateway | Internet | VnetLocal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    id: str
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    id: str
    kind: str  # Vpn | ExpressRoute
    subnet_ids: tuple[str, ...]


def subnets(subscription: str) -> Ask[tuple[SubnetUse, ...]]:
    """All subnets of a subscription's networks."""
    return Ask("subnets", (subscription.lower(),))


def addresses(subscription: str) -> Ask[tuple[Address, ...]]:
    """The addresses that a subscription's interfaces hold."""
    return Ask("addresses", (subscription.lower(),))


def guards(subscription: str) -> Ask[tuple[Guard, ...]]:
    """Network security groups of a subscription."""
    return Ask("guards", (subscription.lower(),))


def route_tables(subscription: str) -> Ask[tuple[RouteTable, ...]]:
    """Route tables of a subscription."""
    return Ask("route_tables", (subscription.lower(),))


def gateways(group_id: str) -> Ask[tuple[Gateway, ...]]:
    """Virtual network gateways in a resource group: Azure lists them in no other way."""
    return Ask("gateways", (group_id.lower(),))


def private_endpoints(subscription: str) -> Ask[tuple[str, ...]]:
    """Ids of the subnets that hold private endpoints."""
    return Ask("private_endpoints", (subscription.lower(),))


# -- storage ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUse:
    """A storage account as a cache sees it. subnet_ids: those that its firewall lets in."""

    id: str
    location: str
    kind: str
    sku: str
    shared_key: bool = True
    public: bool = True  # False: publicNetworkAccess is Disabled
    firewall: bool = False  # its default is to deny
    trusted: bool = True  # trusted Microsoft services pass the firewall
    subnet_ids: tuple[str, ...] = ()
    immutable: bool = False


def accounts(subscription: str) -> Ask[tuple[AccountUse, ...]]:
    """Storage accounts of a subscription."""
    return Ask("account_uses", (subscription.lower(),))


def soft_delete(account_id: str) -> Ask[bool]:
    """Whether blobs or containers of an account are kept after they are deleted."""
    return Ask("soft_delete", (account_id.lower(),))


def account_name(subscription: str, name: str) -> Ask[str]:
    """Why a storage account cannot get a name, in Azure's words; '' when it can."""
    return Ask("account_name", (subscription.lower(), name))
