"""The plan compiler: choices and inventory in, a complete plan out. Pure, so that a page can show exactly what a run will do.

Every target is resolved to an ARM id (resolver.py), every id becomes one planned step with the spec that Azure will be asked for, and
whether the thing is new or reused follows from the inventory. sheet.py is what is being written; foundations.py, resources.py and
machines.py write their part of it.
"""

from dataclasses import replace

from replication.domain import regions
from replication.domain.choices import Choices
from replication.domain.compiler import foundations, machines
from replication.domain.compiler.mentions import Named, named
from replication.domain.compiler.resolver import HIGH, NORMAL, Resolver, Target
from replication.domain.compiler.sheet import Sheet
from replication.domain.plan import Facts, Plan
from replication.domain.steps import STAGE_OF

__all__ = ["HIGH", "NORMAL", "Named", "Resolver", "Target", "compile_plan", "named"]

ORDER = tuple(STAGE_OF)  # the order in which pages list the kinds; stages rise along it


def compile_plan(choices: Choices, facts: Facts) -> Plan:
    """The plan for these choices. Objections in it mean that it must not be run; it is complete all the same, so that it can be shown."""
    sheet = Sheet(choices, facts)
    _check_regions(sheet)
    foundations.plan(sheet)
    chosen = sorted(facts.machines.values(), key=lambda machine: (machine.name.lower(), machine.id))
    for machine in chosen:
        machines.plan(sheet, machine)
    machines.check_groups(sheet)
    steps = sorted(sheet.steps.values(), key=lambda step: ORDER.index(step.spec.kind))
    return Plan(
        vault_id=facts.vault.id,
        source_location=sheet.source,
        target_location=sheet.target,
        steps=tuple(replace(step, used_by=sheet.users[step.key]) if step.key in sheet.users else step for step in steps),
        machines=tuple((machine.id, machine.name) for machine in chosen),
        objections=tuple(sheet.objections),
        warnings=tuple(sheet.warnings),
    )


def _check_regions(sheet: Sheet) -> None:
    source, facts = sheet.choices.source, sheet.facts
    if source.zonal:
        refusal = regions.zonal_refusal(sheet.source, sheet.target)
    else:
        refusal = regions.refusal(sheet.source, sheet.target, strict=facts.strict_clusters)
    if refusal:
        sheet.object_("target", refusal, field="location")
    if regions.normal(facts.vault.location) == sheet.source and not source.zonal:
        said = "The vault lies in the source location; use a vault in another region."
        sheet.object_("source", said, field="location")
    if not facts.machines:
        sheet.object_("machines", "Choose at least one machine.")
