"""The yard where a fleet is put together: homes for machines, the machines themselves, and what stands around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import blocks, ids
from .classic import ClassicMachine
from .estate import Network
from .machines import Address, Interface, Machine

Document = dict[str, Any]


@dataclass(slots=True)
class Home:
    """A resource group with machines: where it is, where its machines are, and the network they use."""

    subscription: str
    group: str
    location: str
    network: Network


@dataclass(slots=True)
class Yard:
    """Everything of a fleet that is not yet a document."""

    seed: object
    homes: list[Home] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)
    classics: list[ClassicMachine] = field(default_factory=list)
    protected: list[Machine] = field(default_factory=list)
    around: list[Document] = field(default_factory=list)
    names_taken: list[str] = field(default_factory=list)
    offenders: dict[str, list[str]] = field(default_factory=dict)
    near_misses: dict[str, list[str]] = field(default_factory=dict)
    unclaimed: dict[str, list[str]] = field(default_factory=dict)
    _home_of: dict[str, Home] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)

    def settle(self, home: Home) -> Home:
        """Makes a home known by its group."""
        self.homes.append(home)
        self._home_of[f"{home.subscription}/{home.group}"] = home
        return home

    def home(self, machine: Machine) -> Home:
        return self._home_of[f"{machine.subscription}/{machine.group}"]

    def address(self, machine: Machine, subnet: str = "") -> Address:
        """A fresh address of the machine's network (of its first subnet unless named)."""
        network = self.home(machine).network
        name = subnet or next(iter(network.subnets))
        return Address(network.subnet(name), network.next_ip(name))

    def move(self, machine: Machine, home: Home) -> None:
        """Takes a machine to another home, with new interfaces there; it leaves its set and keeps its name."""
        machine.subscription, machine.group = home.subscription, home.group
        machine.availability_set = ""
        name = next(iter(home.network.subnets))
        machine.location = home.network.location
        machine.interfaces = [Interface([Address(home.network.subnet(name), home.network.next_ip(name))])]

    def resource(self, machine: Machine, kind: str, name: str) -> str:
        """ARM id of something in the machine's group."""
        return ids.resource_id(machine.subscription, machine.group, kind, name)

    def add(self, document: Document) -> str:
        """Adds what stands around a machine, once; answers its id."""
        arm_id: str = document["id"]
        if arm_id not in self._made:
            self._made.add(arm_id)
            self.around.append(document)
        return arm_id

    def record(self, condition: str, machine_id: str, *, offends: bool) -> None:
        """Writes into the key what was planted."""
        book = self.offenders if offends else self.near_misses
        book.setdefault(condition, []).append(machine_id)

    def availability_sets(self) -> Iterator[Document]:
        """The sets that machines are in, with their members."""
        members: dict[str, list[Machine]] = {}
        for machine in self.machines:
            if machine.availability_set:
                members.setdefault(machine.availability_set, []).append(machine)
        for arm_id, machines in members.items():
            yield _set(arm_id, machines)

    def placement_groups(self) -> Iterator[Document]:
        """The proximity placement groups that machines are in, with their members."""
        members: dict[str, list[Machine]] = {}
        for machine in self.machines:
            if machine.placement_group:
                members.setdefault(machine.placement_group, []).append(machine)
        for arm_id, machines in members.items():
            yield blocks.placement_group(arm_id, machines[0].location, [machine.id for machine in machines])


def _set(arm_id: str, machines: Sequence[Machine]) -> Document:
    """An aligned set unless one of its machines has unmanaged disks; the two kinds cannot be mixed in Azure."""
    aligned = not any(machine.os_disk.account for machine in machines)
    return blocks.availability_set(arm_id, machines[0].location, [machine.id for machine in machines], aligned=aligned)
