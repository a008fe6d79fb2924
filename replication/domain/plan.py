"""A replication plan: every resource by name, new or reused, every machine with its settings, and the digest of the intent.

Steps for what is reused stay in the plan: a run observes them first, so that what the plan rests on is looked at again before
anything is written. domain/compiler.py makes plans.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from replication.domain import ids
from replication.domain.inventory import (
    AutomationAccount,
    AvailabilitySet,
    CapacityGroup,
    EncryptionSet,
    Machine,
    Network,
    PlacementGroup,
    ResourceGroup,
    Site,
    StorageAccount,
    Vault,
)
from replication.domain.naming import Naming
from replication.domain.spec_table import from_json
from replication.domain.specs import (
    AgentUpdateSpec,
    NetworkMappingSpec,
    PolicySpec,
    ProtectSpec,
    SettleSpec,
    Spec,
)
from replication.domain.steps import STAGE_OF


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the compiler needs to know of Azure. All mappings go by ids.key."""

    vault: Vault
    site: Site
    machines: Mapping[str, Machine]  # the chosen ones
    groups: Mapping[str, ResourceGroup]
    networks: Mapping[str, Network]
    accounts: Mapping[str, StorageAccount]
    sets: Mapping[str, AvailabilitySet]
    protected: Mapping[str, str]  # machine key -> the name of the vault that replicates it
    placement_groups: Mapping[str, PlacementGroup] = field(default_factory=dict)
    capacity_groups: Mapping[str, CapacityGroup] = field(default_factory=dict)
    encryption_sets: Mapping[str, EncryptionSet] = field(default_factory=dict)
    automation_accounts: Mapping[str, AutomationAccount] = field(default_factory=dict)
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # region -> its availability zones
    members: Mapping[str, int] = field(default_factory=dict)  # replication group, lower case -> machines in it already
    made: Mapping[str, str] = field(
        default_factory=dict
    )  # key of what a run of ours made, perhaps not yet in the inventory -> the run
    naming: Naming = field(default_factory=Naming)
    strict_clusters: bool = False


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """One thing that a run will make, or find there."""

    key: str
    title: str
    spec: Spec
    reused: bool
    why: str
    location: str = ""
    needs: tuple[str, ...] = ()
    used_by: int = 0

    @property
    def name(self) -> str:
        """The resource's own name."""
        return ids.name(self.spec.id)

    @property
    def machine_key(self) -> str:
        """The machine whose own step it is, by key; '' when it is nobody's."""
        return ids.key(getattr(self.spec, "machine_id", ""))

    @property
    def stage(self) -> int:
        """The stage that pages group it under."""
        return STAGE_OF[self.spec.kind]

    @cached_property
    def written(self) -> dict[str, Any]:
        """The spec as plain data, for the digest and for storing. To be read only."""
        return self.spec.to_json()

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key, "title": self.title, "spec": self.written, "reused": self.reused, "why": self.why,
            "location": self.location, "needs": list(self.needs), "used_by": self.used_by,
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "PlannedStep":
        return cls(**data | {"spec": from_json(data["spec"]), "needs": tuple(data["needs"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Why the plan cannot be carried out, or a warning about it. page and field lead to where it can be mended."""

    page: str  # source | machines | target | customize
    message: str
    field: str = ""
    machine_id: str = ""
    action: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    vault_id: str
    source_location: str
    target_location: str
    steps: tuple[PlannedStep, ...]
    machines: tuple[tuple[str, str], ...]  # (id, name), by name
    objections: tuple[Objection, ...] = ()
    warnings: tuple[Objection, ...] = ()

    @property
    def resources(self) -> tuple[PlannedStep, ...]:
        """All steps but the machines' own."""
        return tuple(step for step in self.steps if not step.machine_key)

    @property
    def settlements(self) -> tuple[PlannedStep, ...]:
        """What is applied to machines once they are protected."""
        return tuple(step for step in self.steps if isinstance(step.spec, SettleSpec))

    @property
    def protections(self) -> tuple[PlannedStep, ...]:
        """The machines' own steps."""
        return tuple(step for step in self.steps if step.spec.kind == ProtectSpec.kind)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the intent: machines, names, settings. New/reuse marks and order do not count, as our own writes change them."""
        intent = sorted(map(_SORTED.encode, map(_intent, self.steps)))
        return hashlib.sha256("\n".join([ids.key(self.vault_id), *intent]).encode()).hexdigest()

    def canonical(self) -> str:
        """The plan as canonical JSON: what is stored, and what `parse` reads."""
        document = {
            "version": 1,
            "vault_id": self.vault_id,
            "source_location": self.source_location,
            "target_location": self.target_location,
            "machines": [list(each) for each in self.machines],
            "steps": [step.to_json() for step in self.steps],
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def parse(document: str) -> Plan:
    """The plan that `Plan.canonical` wrote (without objections: a stored plan had none)."""
    data = json.loads(document)
    return Plan(
        vault_id=data["vault_id"],
        source_location=data["source_location"],
        target_location=data["target_location"],
        machines=tuple((each[0], each[1]) for each in data["machines"]),
        steps=tuple(PlannedStep.from_json(step) for step in data["steps"]),
    )


_SORTED = json.JSONEncoder(sort_keys=True)


def _intent(step: PlannedStep) -> dict[str, Any]:
    """What a person meant by a step: all of a machine's, a policy or a change, of anything else only what it is and is called."""
    spec = step.spec
    whole = isinstance(spec, ProtectSpec | SettleSpec | PolicySpec | AgentUpdateSpec) or spec.changes or spec.removes
    if whole or isinstance(spec, NetworkMappingSpec):
        return {name: ids.key(value) if isinstance(value, str) else value for name, value in step.written.items()}
    return {"kind": spec.kind, "id": ids.key(spec.id)}
