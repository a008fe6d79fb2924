"""Room and addresses in the target subnets."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network

from replication.domain import ids
from replication.domain.checks import asks
from replication.domain.checks.asks import Ask, Known
from replication.domain.checks.batch import Batch
from replication.domain.checks.findings import ADMINISTRATOR, NETWORKS, Finding, machines, some
from replication.domain.eligibility import Effect

KEPT = 5  # addresses of each subnet that Azure keeps for itself: the first four and the last


def questions(batch: Batch, known: Known) -> Iterator[Ask[object]]:
    """Subnets and addresses of the subscriptions in which existing target networks lie."""
    for subscription in sorted(_existing(batch)):
        yield asks.subnets(subscription)
        yield asks.addresses(subscription)


def _existing(batch: Batch) -> set[str]:
    return {
        ids.subscription(s.spec.id).lower()
        for s in batch.plan.resources
        if s.spec.kind == "virtual_network" and s.reused
    }


def judge(batch: Batch, known: Known) -> Iterator[Finding]:
    """Too few free addresses block (§4 row 51), and so does an address asked for that cannot be had."""
    used = _used(batch, known)
    wanted: dict[str, list[str]] = {}
    for each in batch.placed:
        for _, subnet in batch.subnets_of(each):
            wanted.setdefault(subnet, []).append(each.machine.name)
    prefixes = _prefixes(batch)
    for subnet, names in wanted.items():
        free = _free(prefixes.get(subnet, ()), len(used.get(subnet, {})))
        if len(names) > free:
            yield _full(subnet, len(names), free, list(dict.fromkeys(names)))
    yield from _asked(batch, prefixes, used)
    yield from _kept(batch, used)


def _used(batch: Batch, known: Known) -> dict[str, dict[str, str]]:
    """What is taken in each subnet: address (or, where it has none, the holder's id) -> who holds it."""
    found: dict[str, dict[str, str]] = {}
    for subscription in sorted(_existing(batch)):
        addresses = known.get(asks.addresses(subscription))
        for address in addresses:
            found.setdefault(ids.key(address.subnet_id), {})[address.address] = address.nic_id
        nics = {ids.key(address.nic_id) for address in addresses}
        for subnet in known.get(asks.subnets(subscription)):
            others = (each for each in subnet.holders if ids.key(each).split("/ipconfigurations/")[0] not in nics)
            found.setdefault(ids.key(subnet.id), {}).update({holder: holder for holder in others})
    return found


def _prefixes(batch: Batch) -> dict[str, tuple[str, ...]]:
    return {
        ids.key(f"{network.id}/subnets/{subnet.name}"): tuple(subnet.prefix.split(","))
        for network in batch.target_networks.values()
        for subnet in network.subnets
    }


def _networks(prefixes: tuple[str, ...]) -> list[IPv4Network]:
    parsed = []
    for prefix in prefixes:
        try:
            network = ip_network(prefix.strip(), strict=False)
        except ValueError:
            continue
        parsed += [network] if isinstance(network, IPv4Network) else []
    return parsed


def _free(prefixes: tuple[str, ...], used: int) -> int:
    return max(0, sum(network.num_addresses - KEPT for network in _networks(prefixes)) - used)


def _name(subnet: str) -> str:
    parts = subnet.split("/")
    return f"{parts[-1]} of {parts[-3]}"


def _full(subnet: str, needed: int, free: int, names: list[str]) -> Finding:
    return Finding(
        code="SubnetFull",
        effect=Effect.BLOCK,
        message=f"The subnet {_name(subnet)} has {free:,} free addresses, {needed:,} are needed: {machines(names)}.",
        about=subnet,
        causes="Azure keeps five addresses of each subnet, and every interface of a machine needs one when it fails over.",
        action="Spread the machines over several subnets under Customize, or enlarge the subnet.",
        fixed_by=NETWORKS,
    )


# -- single addresses -----------------------------------------------------------------------------------------------------


def _asked(batch: Batch, prefixes: dict[str, tuple[str, ...]], used: dict[str, dict[str, str]]) -> Iterator[Finding]:
    """Addresses that somebody asked for: in the subnet, not one that Azure keeps, not taken, not asked for twice."""
    taken: dict[tuple[str, str], str] = {}
    for each in batch.placed:
        places = dict(batch.subnets_of(each))
        for interface in each.settle.interfaces if each.settle else ():
            subnet, address = places.get(interface.source_nic_id, ""), interface.static_address
            if not subnet or not address:
                continue
            owner = taken.setdefault((subnet, address), each.machine.name)
            if refusal := _refusal(address, prefixes.get(subnet, ()), used.get(subnet, {}), owner, each.machine.name):
                yield _refused(each.machine.name, address, subnet, refusal)


def _refusal(address: str, prefixes: tuple[str, ...], used: dict[str, str], owner: str, name: str) -> str:
    home = next((network for network in _networks(prefixes) if _inside(address, network)), None)
    if home is None:
        return "does not lie in it"
    first, last = int(home.network_address), int(home.broadcast_address)
    if int(IPv4Address(address)) in {*range(first, first + 4), last}:
        return "is one that Azure keeps for itself"
    if address in used:
        return f"is held by {ids.name(used[address])} there"
    return f"is asked for {owner}, too" if owner != name else ""


def _inside(address: str, network: IPv4Network) -> bool:
    try:
        return ip_address(address) in network
    except ValueError:
        return False


def _refused(name: str, address: str, subnet: str, refusal: str) -> Finding:
    return Finding(
        code="AddressNotFree",
        effect=Effect.BLOCK,
        message=f"{name}: the address {address} for the subnet {_name(subnet)} {refusal}.",
        about=f"{name} {address}",
        causes="A static address can be given once in a network, and only out of the subnet's own range.",
        action="Choose another address for the machine under Customize.",
        fixed_by=ADMINISTRATOR,
    )


def _kept(batch: Batch, used: dict[str, dict[str, str]]) -> Iterator[Finding]:
    """Source addresses that an interface would keep after a failover, were they not taken there, or twice in the batch (§1.5, IP rules)."""
    owners: dict[tuple[str, str], list[str]] = {}
    for each in batch.placed:
        asked = {i.source_nic_id for i in each.settle.interfaces if i.static_address} if each.settle else set()
        places = dict(batch.subnets_of(each))
        for nic in each.machine.nics:
            subnet, address = places.get(nic.id, ""), nic.private_address
            itself = ids.same(used.get(subnet, {}).get(address, ""), nic.id)  # between zones, in one network
            if subnet and address and nic.id not in asked and not itself:
                owners.setdefault((subnet, address), []).append(each.machine.name)
    lost = [key for key, names in owners.items() if len(names) > 1 or key[1] in used.get(key[0], {})]
    by_subnet: dict[str, list[str]] = {}
    for subnet, address in lost:
        by_subnet.setdefault(subnet, []).append(f"{address} ({some(owners[subnet, address])})")
    yield from (_not_kept(subnet, lines) for subnet, lines in by_subnet.items())


def _not_kept(subnet: str, lines: list[str]) -> Finding:
    return Finding(
        code="AddressNotKept",
        effect=Effect.WARN,
        message=f"In the subnet {_name(subnet)}, {len(lines):,} addresses of the source are taken or wanted twice: "
        "those machines get another one.",
        about=subnet,
        causes="A machine keeps its address after a failover only when it is free in the target subnet; else it gets the next free one.",
        action="Ask for an address of its own under Customize, or go on and change names and rules that rest on the old one.",
        fixed_by=ADMINISTRATOR,
        lines=tuple(lines),
    )
