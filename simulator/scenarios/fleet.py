"""Fleets: thousands of machines from a seed, with known oddities planted, and a key that says where they are.

`Fleet(n, seed)` decides everything at once and cheaply; its documents are streamed. The key is for tests only and must
never reach the portal: it says what was planted on each machine, never what a rule would make of it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import blocks, classic, ids, layout, protection, targets
from .estate import Estate
from .machines import Machine, documents
from .planting import CONDITIONS, NOT_PLANTED, UNAVAILABLE_IN, UNAVAILABLE_SIZE, Condition
from .yard import Yard

Document = dict[str, Any]

# Facts that may come on top of another one: a person wants to read all reasons, not the first.
_ON_TOP = ("s4-03-lock", "s4-04-provisioning-state", "s4-05-not-running")
_LOCK = "s4-03-lock"
_AGENT = "s4-06-agent-not-ready"
_PLANTED_AT_MOST = 0.6
_MOST = 100_000


class Fleet:
    """A decided fleet of `n` machines. The same arguments give the same documents and the same key."""

    def __init__(self, n: int = 10_000, seed: int = 1, regions: int = 6, subscriptions: int = 2) -> None:
        """About 200 groups and 60 networks with 10,000 machines. Raises ValueError for a size that cannot be built."""
        if not (1 <= n <= _MOST and 1 <= regions <= len(layout.REGIONS) and 1 <= subscriptions <= 3):
            raise ValueError(f"A fleet has 1 to {_MOST:,} machines in 1 to 12 regions and 1 to 3 subscriptions.")
        self.n, self.seed, self.regions = n, seed, layout.REGIONS[:regions]
        self._random = random.Random(f"fleet {seed}")  # noqa: S311  # nosec B311 - repeatable on purpose
        self._estate = Estate("fleet", f"fleet-{seed}")
        self._yard = Yard(self._estate.seed)
        self.subscriptions = [self._estate.subscription(f"main-{i}", f"Fleet {i + 1}") for i in range(subscriptions)]
        self._quotas = {self.subscriptions[0]: {"southeastasia": {"cores": [0, 350]}}}
        self._idle_subscriptions()
        self._estate.usual_principals()
        layout.build(self._yard, n, self.regions, self.subscriptions, self._random)
        _plant(self._yard, n, self._random)
        self._vaults = targets.vaults(self._yard, self.regions, self.subscriptions)
        self._targets = targets.prepared(self._yard)

    def _idle_subscriptions(self) -> None:
        """Two subscriptions without machines, in the states that forbid writing."""
        for state in ("Disabled", "Warned"):
            guid = self._estate.subscription(state.lower(), f"Closed branch ({state})", state)
            self._estate.add(blocks.group(guid, f"rg-{state.lower()}", self.regions[0]))

    # -- what it answers -----------------------------------------------------------------------------------------------

    def scenario(self) -> Document:
        """The scenario document; `resources` is an iterator that makes each document when it is asked for."""
        scenario = self._estate.scenario()
        scenario["resources"] = self.documents()
        scenario["names_taken"] = list(self._yard.names_taken)
        scenario["unavailable_sizes"] = {region: [UNAVAILABLE_SIZE] for region in UNAVAILABLE_IN}
        scenario["quotas"] = self._quotas
        return scenario

    def documents(self) -> Iterator[Document]:
        """Every document, parents before what refers to them where Azure has it so."""
        yield from self._estate.documents
        yield from self._yard.around
        for machine in self._yard.machines:
            yield from documents(machine)
        yield from self._protection()
        yield from self._yard.availability_sets()
        yield from self._yard.placement_groups()
        yield from _classic_documents(self._yard)

    def key(self) -> Document:
        """What was planted: for each condition its offenders and near misses by machine id, and the odd surroundings.

        `complete` says that no machine but the offenders has the fact; `unclaimed` names, for a machine, conditions about
        which the key says nothing.
        """
        yard = self._yard
        return {
            "fleet": {"machines": self.n, "seed": self.seed, "regions": list(self.regions)},
            "conditions": {condition.id: self._entry(condition) for condition in CONDITIONS},
            "unclaimed": yard.unclaimed,
            "vaults": self._vaults,
            "targets": self._targets,
            "names_taken": list(yard.names_taken),
            "quotas": self._quotas,
            "unavailable_sizes": {region: [UNAVAILABLE_SIZE] for region in UNAVAILABLE_IN},
            "not_planted": {str(row): why for row, why in NOT_PLANTED.items()},
        }

    def write_key(self, path: Path) -> None:
        """Writes the key to a file."""
        path.write_text(json.dumps(self.key(), indent=1, ensure_ascii=False), encoding="utf-8")

    def _protection(self) -> Iterator[Document]:
        """The second region's vault protects machines of the first."""
        if not self._yard.protected or len(self.regions) < 2:
            return
        source, target = self.regions[:2]
        one = protection.direction(self._vaults[1]["id"], source, target, self._yard.seed)
        yield from protection.foundations(one, self._yard.seed)
        for machine in self._yard.protected:
            yield protection.item(one, machine, self._yard.seed)

    def _entry(self, condition: Condition) -> Document:
        return {
            "row": condition.row,
            "shown_by": condition.shown_by,
            "when": condition.when,
            "complete": condition.complete,
            "offender": condition.offender,
            "near_miss": condition.near_miss,
            "offenders": self._yard.offenders.get(condition.id, []),
            "near_misses": self._yard.near_misses.get(condition.id, []),
        }


# -- planting ----------------------------------------------------------------------------------------------------------


def _plant(yard: Yard, n: int, chance: random.Random) -> None:
    """Each machine gets at most one main fact; some get a lock or a bad state on top; one group is locked."""
    pool = list(yard.machines)
    chance.shuffle(pool)
    pool = pool[: int(n * _PLANTED_AT_MOST)]
    touched: list[Machine] = []
    for condition in CONDITIONS:
        for offends in (True, False):
            share = condition.share if offends else min(condition.share, 30)
            batch = [pool.pop() for _ in range(min(len(pool), max(2, round(share * n / 10_000))))]
            condition.plant(batch, yard, offends)
            touched += batch
    _plant_on_top(yard, touched, n, chance)
    _lock_a_group(yard)
    _tell_the_machines(yard)


def _plant_on_top(yard: Yard, touched: list[Machine], n: int, chance: random.Random) -> None:
    """Adds a second fact to machines that have one already."""
    gone = {machine.id.rsplit("/", 1)[-1] for machine in yard.classics}
    for condition in CONDITIONS:
        if condition.id in _ON_TOP:
            known = {*yard.offenders.get(condition.id, ()), *yard.near_misses.get(condition.id, ())}
            known |= {*yard.offenders.get(_AGENT, ()), *yard.near_misses.get(_AGENT, ())}
            free = [machine for machine in touched if machine.id not in known and machine.name not in gone]
            condition.plant(chance.sample(free, min(len(free), max(1, n // 300))), yard, True)


def _lock_a_group(yard: Yard) -> None:
    """A lock on the first group makes every machine in it an offender, also those that were a near miss."""
    home = yard.homes[0]
    yard.add(blocks.lock(ids.group_id(home.subscription, home.group), "keep-all", "CanNotDelete"))
    inside = [m.id for m in yard.machines if m.group == home.group and m.subscription == home.subscription]
    known = set(yard.offenders.get(_LOCK, ()))
    yard.near_misses[_LOCK] = [each for each in yard.near_misses.get(_LOCK, []) if each not in inside]
    for machine_id in inside:
        if machine_id not in known:
            yard.record(_LOCK, machine_id, offends=True)


def _tell_the_machines(yard: Yard) -> None:
    """Each offender's first condition goes into its private facts, which no reader ever sees."""
    first: dict[str, str] = {}
    for condition, offenders in yard.offenders.items():
        for machine_id in offenders:
            first.setdefault(machine_id, condition)
    for machine in yard.machines:
        if machine.id in first:
            machine.facts["planted"] = first[machine.id]


def _classic_documents(yard: Yard) -> Iterator[Document]:
    """Cloud services, accounts and networks of the classic machines, then the machines."""
    made: set[str] = set()
    for one in yard.classics:
        for document in (
            classic.service(one.subscription, one.group, one.service, one.location),
            classic.account(one.subscription, one.group, one.account, one.location),
            classic.network(
                one.subscription, one.group, one.network, one.location, "10.10.0.0/16", {one.subnet: "10.10.0.0/16"}
            ),
        ):
            if document["id"] not in made:
                made.add(document["id"])
                yield document
        yield classic.machine(one)
