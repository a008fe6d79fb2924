"""Starting runs that no wizard draft stands behind: changes of protected items, policies, network mappings and jobs.

A change is a small plan like the wizard's: its digest is of the intent, a page shows it, and a submit that compiles to another digest
starts nothing. One transaction writes plan, run, steps, claims and audit entry. A vault's rules may let any of it wait for a second
person, whose approval is bound to the digest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from replication import access, clock
from replication.actions import approvals, runs
from replication.actions.actor import Actor
from replication.actions.audit import gesture
from replication.actions.plans import Changed
from replication.domain import ids
from replication.domain.plan import Plan, PlannedStep
from replication.domain.roles import Permission
from replication.domain.specs import Spec
from replication.domain.words import amount
from replication.models import ReplicationPlan, Run, Vault

Purpose = Run.Purpose

PERMISSIONS: dict[Purpose, Permission] = {
    Purpose.UPDATE: Permission.CHANGE_ITEMS,
    Purpose.ADD_DISKS: Permission.CHANGE_ITEMS,
    Purpose.DISMISS: Permission.CHANGE_ITEMS,
    Purpose.RESYNC: Permission.CHANGE_ITEMS,
    Purpose.UPDATE_AGENT: Permission.CHANGE_ITEMS,
    Purpose.DISABLE: Permission.DISABLE,
    Purpose.POLICY: Permission.INFRASTRUCTURE,
    Purpose.MAPPING: Permission.INFRASTRUCTURE,
    Purpose.JOB: Permission.CONTROL_JOBS,
}
TYPED_ABOVE = 25  # machines: what destroys more of them asks for their number (house.md, *Draft, plan, run* 11)
_TOLD = 50  # changes that the audit entry spells out; the plan has them all


class Uncounted(Exception):
    """The number of machines was not typed, or is another."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Type the number of machines, {number}, to confirm.")
        self.number = number


class Nothing(Exception):
    """There is nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One thing that is to be asked of Azure. before: what it replaces, field by field, for the audit and for the review."""

    title: str
    spec: Spec
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def plan_of_change(vault: Vault, wanted: Sequence[Wanted]) -> Plan:
    """The plan that does what is wanted, one step each, none needing another."""
    steps = tuple(
        PlannedStep(key=_key(each.spec), title=each.title, spec=each.spec, reused=False, why="") for each in wanted
    )
    machines = {step.machine_key: getattr(step.spec, "machine_id", "") for step in steps if step.machine_key}
    names = {step.machine_key: getattr(step.spec, "machine_name", "") for step in steps}
    return Plan(
        vault_id=vault.arm_id,
        source_location="",
        target_location="",
        steps=steps,
        machines=tuple(sorted(((arm_id, names[key]) for key, arm_id in machines.items()), key=lambda m: m[1])),
    )


def _key(spec: Spec) -> str:
    """A step's key: what is done, and to whom."""
    return f"{spec.kind}:{ids.key(getattr(spec, 'machine_id', '') or spec.id)}"


def start(
    vault: Vault, purpose: Purpose, wanted: Sequence[Wanted], *, digest: str, actor: Actor, count: int | None = None
) -> Run:
    """Have workers do what was reviewed. count: the number of machines, as typed by the person.

    Raises access.Refused, Nothing, Changed when it is no longer what was shown, Uncounted, runs.Busy.
    """
    assert actor.person is not None
    access.require(actor.person, PERMISSIONS[purpose], vault)
    if not wanted:
        raise Nothing("There is nothing to do.")
    plan = plan_of_change(vault, wanted)
    if plan.digest != digest:
        raise Changed(plan)
    _require_scope(plan, vault, actor)
    _require_count(plan, purpose, count)
    with gesture(f"run.{purpose.value}", actor=actor, phase="asked", vault_key=vault.key) as entry:
        approval = approvals.require(_asked(purpose, vault, plan, wanted), actor=actor)
        run = runs.write(_keep(plan, vault, actor), purpose, plan, actor=actor)
        approvals.bind(approval, run)
        _describe(entry, run, plan, wanted)
        entry.detail |= approvals.told(approval)
    return run


def _asked(purpose: Purpose, vault: Vault, plan: Plan, wanted: Sequence[Wanted]) -> approvals.Asked:
    """What a second person would have to approve: the changes one by one. What it is about is the vault and the things themselves."""
    title = f"{amount(len(plan.steps), 'change')} in {vault.name}"
    return approvals.Asked(
        action=f"run.{purpose.value}",
        vault=vault,
        digest=plan.digest,
        subject_kind="change",
        subject_key=subject_key(plan),
        subject_name=f"{purpose.label}: {wanted[0].title}" if len(wanted) == 1 else title,
        shown={each.title: dict(each.after) for each in wanted[:_TOLD]} | {"digest": plan.digest},
        machines=[(ids.key(machine_id), name) for machine_id, name in plan.machines],
    )


def subject_key(plan: Plan) -> str:
    """What a request to approve a change is about (its kind: change): the things, whatever would be done to them."""
    return approvals.digest_of({"things": sorted(step.key for step in plan.steps)})


def _require_scope(plan: Plan, vault: Vault, actor: Actor) -> None:
    """Refuse machines that the person's grants do not open, whatever a form was made to say."""
    assert actor.person is not None
    keys = {ids.key(machine_id) for machine_id, _ in plan.machines}
    opened = set(access.changeable(actor.person, vault).values_list("machine_key", flat=True))
    if keys - opened:
        raise access.Refused("This names machines that your role in this vault does not open.", vault)


def _require_count(plan: Plan, purpose: Purpose, count: int | None) -> None:
    number = len(plan.machines)
    if purpose is Purpose.DISABLE and number > TYPED_ABOVE and count != number:
        raise Uncounted(number)


def _keep(plan: Plan, vault: Vault, actor: Actor) -> ReplicationPlan:
    assert actor.person is not None
    return ReplicationPlan.objects.create(
        connection_id=vault.connection_id,
        vault=vault,
        digest=plan.digest,
        document=plan.canonical(),
        created_at=clock.now(),
        created_by=actor.person,
    )


def _describe(entry: Any, run: Run, plan: Plan, wanted: Sequence[Wanted]) -> None:
    """What was before and what is asked for; of many, the first."""
    entry.run_id = run.pk
    entry.subject_kind, entry.subject_key = "run", str(run.pk)
    entry.subject_name = f"run {run.number} in {run.vault.name}"
    entry.subjects = [(ids.key(machine_id), name) for machine_id, name in plan.machines]
    told = wanted[:_TOLD]
    entry.before = {each.title: dict(each.before) for each in told if each.before}
    entry.after = {each.title: dict(each.after) for each in told}
    entry.detail = {"digest": plan.digest, "steps": len(plan.steps), "machines": len(plan.machines)}
