"""A compiled plan in lines, headings and numbers."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from replication.domain.plan import Plan, PlannedStep
from replication.domain.steps import STAGES
from replication.domain.words import amount

_ICONS = {
    "resource_group": "resource-group",
    "virtual_network": "network",
    "storage_account": "storage",
    "availability_set": "availability-set",
    "placement_group": "availability-set",
    "capacity_group": "availability-set",
    "encryption_set": "lock",
    "automation_account": "sync",
    "agent_update": "sync",
    "cloud_service": "vm",
    "policy": "policy",
    "network_mapping": "mapping",
    "fabric": "region",
    "container": "vault",
    "container_mapping": "mapping",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One resource of the plan as pages list it."""

    step: PlannedStep

    @property
    def mark(self) -> str:
        if self.step.reused:
            return "reuse"
        return "change" if self.step.spec.changes else "new"

    @property
    def icon(self) -> str:
        return _ICONS.get(self.step.spec.kind, "list")


def lines(plan: Plan, *kinds: str) -> list[Line]:
    """The plan's resources, of some kinds or of all."""
    return [Line(step) for step in plan.resources if not kinds or step.spec.kind in kinds]


def summary(plan: Plan) -> list[tuple[str, list[Line]]]:
    """What the target page shows as "Target resources": (label, resources) by kind."""
    cache = {step.spec.id for step in plan.resources if step.title == "Cache storage account"}
    accounts = lines(plan, "storage_account")
    groups = (
        (
            "Resource group",
            [line for line in lines(plan, "resource_group") if line.step.location != plan.source_location],
        ),
        ("Virtual network", lines(plan, "virtual_network")),
        ("Cache storage account", [line for line in accounts if line.step.spec.id in cache]),
        ("Target storage account", [line for line in accounts if line.step.spec.id not in cache]),
        ("Availability set", lines(plan, "availability_set")),
        ("Proximity placement group", lines(plan, "placement_group")),
        ("Capacity reservation", lines(plan, "capacity_group")),
        ("Disk encryption set", lines(plan, "encryption_set")),
        ("Agent updates", lines(plan, "automation_account", "agent_update")),
        ("Cloud service", lines(plan, "cloud_service")),
    )
    return [(label, found) for label, found in groups if found]


def stages(plan: Plan) -> list[tuple[str, list[Line]]]:
    """The plan's resources under the headings that its run will have."""
    every = lines(plan)
    grouped = [(title, [line for line in every if line.step.stage == stage]) for stage, title in enumerate(STAGES)]
    return [(title, found) for title, found in grouped if found]


def disks(managed: int, unmanaged: int, types: Iterable[str]) -> str:
    """What becomes of the machines' disks: 7 replica managed disks: Premium SSD, Standard SSD."""
    named = ", ".join(sorted(SKUS.get(each, each) for each in types))
    told = [f"{amount(managed, 'replica managed disk')}: {named}"] if managed else []
    return "; ".join(told + ([f"{unmanaged:,} in storage accounts"] if unmanaged else []))


SKUS = {
    "Standard_LRS": "Standard HDD",
    "StandardSSD_LRS": "Standard SSD",
    "StandardSSD_ZRS": "Standard SSD, zone-redundant",
    "Premium_LRS": "Premium SSD",
    "Premium_ZRS": "Premium SSD, zone-redundant",
    "PremiumV2_LRS": "Premium SSD v2",
    "UltraSSD_LRS": "Ultra Disk",
}


def counts(plan: Plan, machines: int, settlements: int) -> dict[str, int]:
    """How many resources are new, how many reused, how many machines. plan: its machines' steps do not count."""
    marks = Counter(line.mark for line in lines(plan))
    changed = marks["change"] + settlements
    return {"new": marks["new"], "reused": marks["reuse"], "changed": changed, "machines": machines}
