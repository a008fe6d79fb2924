"""Ways out of the source networks: security groups, routes and gateways, against what replication must reach (§6, *Outbound*)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from replication.domain import ids
from replication.domain.checks import asks
from replication.domain.checks.asks import Ask, Known
from replication.domain.checks.batch import Batch
from replication.domain.checks.findings import NETWORKS, Finding, machines, some
from replication.domain.eligibility import Effect
from replication.domain.eligibility.outbound import holds_443


@dataclass(frozen=True, slots=True)
class Need:
    """A service that an agent must reach. tag: its service tag, with the region where that counts; url: for people."""

    tag: str
    url: str
    required: bool = True


def needs(batch: Batch) -> tuple[Need, ...]:
    """portal-behaviour.md §6. Updates of the agent are not needed to replicate."""
    source, target = batch.plan.source_location, batch.plan.target_location
    return (
        Need(f"Storage.{source}", "*.blob.core.windows.net"),
        Need("AzureActiveDirectory", "login.microsoftonline.com"),
        Need("AzureSiteRecovery", "*.hypervrecoverymanager.windowsazure.com"),
        Need(f"EventHub.{target}", "*.servicebus.windows.net"),
        Need("GuestAndHybridManagement", "*.azure-automation.net", required=False),
    )


def _sources(batch: Batch) -> list[str]:
    """Subscriptions of the source networks."""
    return sorted(
        {ids.subscription(nic.subnet_id).lower() for each in batch.placed for nic in each.machine.nics if nic.subnet_id}
    )


def _users(batch: Batch, known: Known) -> dict[str, tuple[asks.SubnetUse, list[str]]]:
    """The source subnets with the machines in them, by key."""
    subnets = {ids.key(s.id): s for subscription in _sources(batch) for s in known.get(asks.subnets(subscription))}
    found: dict[str, tuple[asks.SubnetUse, list[str]]] = {}
    for each in batch.placed:
        for key in dict.fromkeys(ids.key(nic.subnet_id) for nic in each.machine.nics if nic.subnet_id):
            if key in subnets:
                found.setdefault(key, (subnets[key], []))[1].append(each.machine.name)
    return found


# -- security groups ----------------------------------------------------------------------------------------------------


def guard_questions(batch: Batch, known: Known) -> Iterator[Ask[object]]:
    """Subnets, security groups and private endpoints of the source networks' subscriptions."""
    for subscription in _sources(batch):
        yield from (asks.subnets(subscription), asks.guards(subscription), asks.private_endpoints(subscription))


def judge_guards(batch: Batch, known: Known) -> Iterator[Finding]:
    """Both the subnet's group and the interface's must let the traffic out; a group is named once with all that it keeps in."""
    guards = {ids.key(g.id): g for subscription in _sources(batch) for g in known.get(asks.guards(subscription))}
    private = {
        _network(each)
        for subscription in _sources(batch)
        for each in known.perhaps(asks.private_endpoints(subscription)) or ()
    }
    for key, (names, networks) in _guarded(batch, known).items():
        if key in guards:
            yield from _guard(guards[key], names, bool(networks & private), needs(batch))


def _network(subnet_id: str) -> str:
    return ids.key(subnet_id).split("/subnets/")[0]


def _guarded(batch: Batch, known: Known) -> dict[str, tuple[list[str], set[str]]]:
    """Key of a security group -> the machines behind it, and their networks."""
    found: dict[str, tuple[list[str], set[str]]] = {}
    for subnet, names in _users(batch, known).values():
        if subnet.group_id:
            entry = found.setdefault(ids.key(subnet.group_id), ([], set()))
            entry[0].extend(names)
            entry[1].add(_network(subnet.id))
    for each in batch.placed:
        for nic in each.machine.nics:
            if group := nic.facts.get("securityGroupId"):
                entry = found.setdefault(ids.key(group), ([], set()))
                entry[0].append(each.machine.name)
                entry[1].add(_network(nic.subnet_id))
    return {key: (list(dict.fromkeys(names)), networks) for key, (names, networks) in found.items()}


def _guard(guard: asks.Guard, names: list[str], private: bool, wanted: Iterable[Need]) -> Iterator[Finding]:
    verdicts = [(need, decided(guard, need.tag)) for need in wanted]
    shut = [(need, rule) for need, rule in verdicts if rule and not rule.allow]
    unsure = [need for need, rule in verdicts if rule is None and need.required]
    if shut:
        yield _shut(guard, names, shut, private)
    if unsure:
        yield _unsure(guard, names, unsure)


def decided(guard: asks.Guard, tag: str) -> asks.GuardRule | None:
    """The outbound rule that decides on a service's port 443; None when it cannot be told, because prefixes cover parts of a service."""
    for rule in sorted(guard.rules, key=lambda each: each.priority):
        covers = _covers(rule, tag)
        if covers:
            return rule
        if covers is None and not rule.allow:
            return None
    return None


def _covers(rule: asks.GuardRule, tag: str) -> bool | None:
    """Whether a rule meets the traffic: yes, no, or in part."""
    if rule.protocol.lower() not in {"*", "tcp"} or not any(map(holds_443, rule.ports)):
        return False
    found = [_reaches(destination, tag) for destination in rule.destinations]
    met = True if True in found else None if None in found else False
    if met and not any(_anywhere(source) for source in rule.sources):
        return None  # only for some machines of the subnet
    return met


def _anywhere(source: str) -> bool:
    return source.lower() in {"*", "virtualnetwork", "0.0.0.0/0", "any"}


def _reaches(destination: str, tag: str) -> bool | None:
    """A service tag also stands for its regions, Internet and AzureCloud for all public services; a prefix may hold part of one."""
    wanted, given = tag.lower(), destination.lower()
    if given in {"*", "any", "internet", "0.0.0.0/0", "azurecloud", wanted, wanted.partition(".")[0]}:
        return True
    region = wanted.partition(".")[2]
    if given == f"azurecloud.{region}":
        return True
    if given.startswith("azurecloud.") and not region:
        return None
    try:
        return None if ip_network(given, strict=False).is_global else False
    except ValueError:
        return False


def _shut(guard: asks.Guard, names: list[str], shut: list[tuple[Need, asks.GuardRule]], private: bool) -> Finding:
    required = [need for need, _ in shut if need.required]
    effect = Effect.BLOCK if required and not private else Effect.WARN
    tags = some([need.tag for need, _ in shut])
    reached = " Private endpoints in the network may reach them all the same." if private and required else ""
    return Finding(
        code="OutboundClosed" if required else "UpdatesClosed",
        effect=effect,
        message=f"The security group {ids.name(guard.id)} keeps {machines(names)} from {tags} (151037).{reached}",
        about=guard.id,
        causes="An outbound rule of higher priority denies port 443 to services that the agent in the machine must reach.",
        action="Have outbound rules added that allow TCP 443 to these service tags, above the rule that denies it.",
        fixed_by=NETWORKS,
        lines=tuple(
            f"{need.tag} ({need.url}): denied by rule {rule.name}, priority {rule.priority}" for need, rule in shut
        ),
        request="Please allow outbound TCP 443 in the network security group\n"
        f"  {guard.id}\nto the service tags: {', '.join(need.tag for need, _ in shut)}.\n",
    )


def _unsure(guard: asks.Guard, names: list[str], unsure: list[Need]) -> Finding:
    tags = some([need.tag for need in unsure])
    return Finding(
        code="OutboundUncertain",
        effect=Effect.INFORM,
        message=f"Whether the security group {ids.name(guard.id)} lets {machines(names)} reach {tags} cannot be told.",
        about=guard.id,
        causes="Its rules speak of address ranges or of single sources; which addresses a service has, changes every week.",
        action="Use service tags in the rules; lists of addresses are no longer supported.",
        fixed_by=NETWORKS,
    )


# -- routes -------------------------------------------------------------------------------------------------------------


def route_questions(batch: Batch, known: Known) -> Iterator[Ask[object]]:
    """Subnets and route tables."""
    for subscription in _sources(batch):
        yield from (asks.subnets(subscription), asks.route_tables(subscription))


def judge_routes(batch: Batch, known: Known) -> Iterator[Finding]:
    """A default route that leaves Azure, or ends nowhere, takes the replication traffic along."""
    tables = {ids.key(t.id): t for subscription in _sources(batch) for t in known.get(asks.route_tables(subscription))}
    users: dict[str, list[str]] = {}
    for subnet, names in _users(batch, known).values():
        if ids.key(subnet.routes_id) in tables:
            users.setdefault(ids.key(subnet.routes_id), []).extend(names)
    for key, names in users.items():
        forced = next(
            (r for r in tables[key].routes if r.prefix in {"0.0.0.0/0", "::/0"} and r.next_hop != "Internet"), None
        )
        if forced:
            yield _forced(tables[key], forced, list(dict.fromkeys(names)))


def _forced(table: asks.RouteTable, route: asks.Route, names: list[str]) -> Finding:
    return Finding(
        code="ForcedTunnel",
        effect=Effect.INFORM,
        message=f"The route table {ids.name(table.id)} sends all outbound traffic of {machines(names)} to {route.next_hop} "
        f"(route {route.name}).",
        about=table.id,
        causes="Replication then passes the appliance or the line to the premises, which must let it through and carry it.",
        action="Allow the service tags there, and give the subnets a service endpoint for Microsoft.Storage to keep the data off that way.",
        fixed_by=NETWORKS,
    )


# -- gateways -----------------------------------------------------------------------------------------------------------


def gateway_questions(batch: Batch, known: Known) -> Iterator[Ask[object]]:
    """Subnets first; then the groups of those gateways that stand in a network of the batch."""
    for subscription in _sources(batch):
        yield asks.subnets(subscription)
        for holder in _holders(batch, known, subscription):
            yield asks.gateways(ids.group_of(holder))


def _holders(batch: Batch, known: Known, subscription: str) -> Iterator[str]:
    """Configurations of gateways in the networks of the batch."""
    networks = {_network(nic.subnet_id) for each in batch.placed for nic in each.machine.nics if nic.subnet_id}
    for subnet in known.perhaps(asks.subnets(subscription)) or ():
        if _network(subnet.id) in networks and ids.name(subnet.id).lower() == "gatewaysubnet":
            yield from (holder for holder in subnet.holders if "/virtualnetworkgateways/" in holder.lower())


def judge_gateways(batch: Batch, known: Known) -> Iterator[Finding]:
    """The article sends whoever has a line to the premises to its networking guidance first."""
    for subscription in _sources(batch):
        known.get(asks.subnets(subscription))
        named = {
            ids.key(holder).split("/ipconfigurations/")[0]: holder for holder in _holders(batch, known, subscription)
        }
        groups = dict.fromkeys(ids.group_of(holder) for holder in named.values())
        kinds = {ids.key(g.id): g.kind for group in groups for g in known.perhaps(asks.gateways(group)) or ()}
        for key, holder in named.items():
            yield _gateway(holder, kinds.get(key, ""))


def _gateway(holder: str, kind: str) -> Finding:
    name = holder.split("/")[8]
    line = {"ExpressRoute": "an ExpressRoute", "Vpn": "a VPN"}.get(kind, "an ExpressRoute or VPN")
    return Finding(
        code="GatewayOnSourceNetwork",
        effect=Effect.WARN,
        message=f"The gateway {name} gives the source network {line} connection to the premises.",
        about=holder.split("/ipConfigurations/")[0],
        causes="After a failover the machines answer from the target network, which has no such connection unless somebody makes one.",
        action="Prepare the target network's own connection and routes, and keep the address spaces of both apart on the premises "
        "(Site Recovery's networking guidance for ExpressRoute and VPN).",
        fixed_by=NETWORKS,
    )
