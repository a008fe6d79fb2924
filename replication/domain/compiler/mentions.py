"""Which stored resources a draft mentions, so that a page loads those and no others."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from replication.domain import ids
from replication.domain.choices import Choices, Placement
from replication.domain.compiler.resolver import HIGH, NORMAL, Resolver
from replication.domain.inventory import Machine
from replication.domain.plan import Facts


@dataclass(frozen=True, slots=True)
class Named:
    """Keys of resources, and names (lower case) of networks that would be reused in the target location."""

    keys: set[str]
    networks: set[str]
    location: str


def named(choices: Choices, bare: Facts) -> Named:
    """What the choices name, what the rules would give, and what the machines are made of. bare: facts without any resource."""
    resolve = Resolver(choices, bare)
    found = set(_chosen(choices.target))
    found.add(choices.target.automation_account_id)
    found |= {resolve.cache_id(None, churn) for churn in (NORMAL, HIGH)}
    found |= {mapping.recovery_network_id for mapping in bare.site.network_mappings}
    networks: set[str] = set()
    for machine in {resolve.alike(each): each for each in bare.machines.values()}.values():
        found |= set(_of(machine, resolve))
        networks.add(ids.name(resolve.network_id(machine, "")).lower())
    for machine in bare.machines.values():
        found |= set(_of_disks(machine, resolve))
    within = {ids.group_of(each) for each in found}
    return Named({ids.key(each) for each in found | within if each}, networks - {""}, choices.target.location)


def _chosen(said: Placement) -> Iterator[str]:
    yield from (value for value in asdict(said).values() if isinstance(value, str) and value.startswith("/"))


def _of(machine: Machine, resolve: Resolver) -> Iterator[str]:
    """A machine's own surroundings, its targets by the rules, and what was chosen for it."""
    target = resolve.target(machine)
    yield from (machine.network_id, machine.availability_set_id, machine.placement_group_id)
    yield from (target.group_id, target.cache_id, target.network_id, target.set_id)
    yield from (target.placement_group_id, target.capacity_group_id)
    yield from (resolve.network_id(machine, target.group_id), resolve.set_id(machine, target.group_id))
    yield from (resolve.group_id(machine), resolve.cache_id(machine), resolve.placement_id(machine, target.group_id))
    yield from _chosen(resolve.own(machine))


def _of_disks(machine: Machine, resolve: Resolver) -> Iterator[str]:
    for disk, chosen in resolve.disks(machine):
        if not disk.managed:
            group_id = resolve.target(machine).group_id
            yield from (disk.account_id, resolve.account_id(disk, machine, group_id), resolve.own_account_id(disk, group_id))
        yield chosen.encryption_set_id
