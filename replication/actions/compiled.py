"""A draft's plan as pages show it, compiled once and kept until something that it rests on changes.

Compiling a thousand machines takes a second, so that a page must not do it at each look. What is kept is asked for with a *stamp* of all
that the compiler reads; one machine more, another setting, a new read of Azure or of the vault, a step that a run has made, other rules:
each gives another stamp. It is for showing only. What a run is started of is compiled anew (`plans.keep`), whatever is kept here.
"""

import json
from dataclasses import asdict, dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.db import transaction
from django.db.models import Count, Sum

from replication import domain, settings
from replication.actions import plans
from replication.actions.drafts import selected, ticked
from replication.domain.choices import TargetChoices
from replication.domain.compiler import compile_plan
from replication.domain.forecast import Forecast, forecast
from replication.domain.plan import Objection, Plan, PlannedStep, parse
from replication.domain.specs import ProtectSpec
from replication.models import Draft, DraftPlan, DraftPlanPage, Run, Vault

A_PAGE = 50  # machines
NUMBERS = ("machines", "settlements", "objections", "warnings", "disks", "gib", "managed", "unmanaged")
MOST_SAID = 50  # objections, and warnings, that are kept: a page of thousands helps nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What pages need of a plan. plan: without its machines' steps, and with the first objections and warnings only."""

    stamp: str
    plan: Plan
    digest: str  # of the whole plan; '' for a target that is not saved, which nobody can submit
    machines: int
    settlements: int  # machines to which something is applied afterwards
    objections: int
    warnings: int
    disks: int
    gib: int
    managed: int  # disks that get a managed replica; those that do not are in `unmanaged` or left out
    unmanaged: int
    types: tuple[str, ...]  # of the replicas
    forecast: Forecast


def of(draft: Draft, *, fresh: bool = False) -> Compiled:
    """The draft's plan, as it was compiled last where that still counts. fresh: compile it whatever is kept.

    Raises plans.Incomplete when a page is not filled in.
    """
    stamp = _stamp(draft)
    there = None if fresh else DraftPlan.objects.filter(draft=draft, stamp=stamp).first()
    return _read(there) if there else _compile(draft, stamp)


def kept(draft: Draft) -> Compiled | None:
    """The draft's plan where one is kept that still counts; nothing is compiled for it."""
    there = DraftPlan.objects.filter(draft=draft).first()
    return _read(there) if there and there.stamp == _stamp(draft) else None


def with_target(draft: Draft, target: TargetChoices) -> Compiled:
    """The plan for a target that is not saved (yet), compiled at each look and not kept; the saved one's is `of`."""
    if TargetChoices.from_json(draft.target) == target:
        return of(draft)
    return _compiled(draft, "", target)[0]


def page(draft: Draft, compiled: Compiled, number: int) -> list[PlannedStep]:
    """The steps of the machines of one page, from 1: protection and, behind it, what is applied afterwards."""
    kept = DraftPlanPage.objects.filter(draft=draft, stamp=compiled.stamp, number=number).first()
    return [PlannedStep.from_json(each) for each in json.loads(kept.document)] if kept else []


# -- what it rests on --------------------------------------------------------------------------------------------------------


def _stamp(draft: Draft) -> str:
    """A constant number of queries, however many machines there are. What was customised raises the draft's version."""
    vault, connection = draft.vault, draft.vault.connection
    about = [
        _rules(), str(draft.pk), draft.version, draft.source, draft.target, ticked(draft),
        connection.inventory_version, str(connection.inventory_as_of), connection.locations,
        Vault.objects.filter(connection=connection).aggregate(n=Count("pk"), versions=Sum("version")), vault.site,
        Run.objects.filter(plan__draft=draft).aggregate(n=Count("pk"), versions=Sum("version")),
        plans.vault_facts(vault), plans.naming_rules(vault), settings.value("replication.region_pairing", vault),
        django_settings.SITE_RECOVERY_WRITES_A_MINUTE,
    ]  # fmt: skip
    # PostgreSQL gives keys back in another order than they were written in: what was just saved must stand like what is read again.
    return sha256(json.dumps(about, sort_keys=True, default=repr).encode()).hexdigest()


@cache
def _rules() -> str:
    """Of the code that compiles: another release may make another plan of the same choices, and write it in another form."""
    files = [*sorted(Path(domain.__path__[0]).rglob("*.py")), Path(__file__)]
    return sha256(b"".join(each.read_bytes() for each in files)).hexdigest()


# -- making and keeping --------------------------------------------------------------------------------------------------------


def _compile(draft: Draft, stamp: str) -> Compiled:
    made, plan = _compiled(draft, stamp)
    _keep(draft, made, plan)
    return made


def _compiled(draft: Draft, stamp: str, target: TargetChoices | None = None) -> tuple[Compiled, Plan]:
    """What pages need, and the whole plan. target: instead of what is saved."""
    rows = list(selected(draft))
    known = plans.facts(draft, rows, target)
    plan = compile_plan(plans.choices(draft, rows, target), known)
    bare = replace(
        plan,
        steps=plan.resources,
        machines=(),
        objections=plan.objections[:MOST_SAID],
        warnings=plan.warnings[:MOST_SAID],
    )
    specs = [step.spec for step in plan.protections if isinstance(step.spec, ProtectSpec)]
    made = Compiled(
        stamp=stamp,
        plan=bare,
        digest="" if target else plan.digest,
        machines=len(plan.machines),
        settlements=len(plan.settlements),
        objections=len(plan.objections),
        warnings=len(plan.warnings),
        disks=sum(row.machine.disk_count for row in rows),
        gib=sum(row.machine.disk_gib for row in rows),
        managed=sum(len(spec.managed_disks) for spec in specs),
        unmanaged=sum(len(spec.unmanaged_disks) for spec in specs),
        types=tuple(sorted({disk.replica_type for spec in specs for disk in spec.managed_disks})),
        forecast=forecast(plan, known.machines, django_settings.SITE_RECOVERY_WRITES_A_MINUTE),
    )
    return made, plan


def _keep(draft: Draft, made: Compiled, plan: Plan) -> None:
    """Instead of what was kept before. Two that do it at once write the same, or two stamps of which the older is never asked for."""
    after = {step.spec.id: step for step in plan.settlements}
    of_machines = [[step, *filter(None, [after.get(step.spec.id)])] for step in plan.protections]
    pages = [of_machines[start : start + A_PAGE] for start in range(0, len(of_machines), A_PAGE)]
    rows = [
        DraftPlanPage(
            draft=draft,
            stamp=made.stamp,
            number=number,
            document=json.dumps([step.to_json() for steps in some for step in steps]),
        )
        for number, some in enumerate(pages, 1)
    ]
    with transaction.atomic():
        DraftPlan.objects.update_or_create(draft=draft, defaults={"stamp": made.stamp, "document": json.dumps(_said(made))})
        DraftPlanPage.objects.filter(draft=draft).delete()
        DraftPlanPage.objects.bulk_create(rows, batch_size=20, ignore_conflicts=True)


def _said(made: Compiled) -> dict[str, Any]:
    plan = made.plan
    return {
        "plan": plan.canonical(),
        "said": [[asdict(each) for each in some] for some in (plan.objections, plan.warnings)],
        "forecast": asdict(made.forecast),
        "digest": made.digest,
        "types": made.types,
        "numbers": {name: getattr(made, name) for name in NUMBERS},
    }


def _read(kept: DraftPlan) -> Compiled:
    data = json.loads(kept.document)
    objections, warnings = (tuple(Objection(**each) for each in some) for some in data["said"])
    plan = replace(parse(data["plan"]), objections=objections, warnings=warnings)
    return Compiled(
        stamp=kept.stamp,
        plan=plan,
        digest=data["digest"],
        types=tuple(data["types"]),
        forecast=Forecast(**data["forecast"]),
        **data["numbers"],
    )
