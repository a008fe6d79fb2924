"""Verbs on runs. One transaction writes plan, run, steps, claims and audit; the bell rings on commit."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max

from replication import access, clock
from replication.actions import approvals, checks, drafts, plans
from replication.actions.actor import Actor
from replication.actions.audit import gesture
from replication.domain import ids
from replication.domain.plan import Plan, PlannedStep
from replication.domain.roles import Permission
from replication.domain.steps import StepState
from replication.models import Connection, Draft, MachineClaim, ReplicationPlan, Run, Step, Vault
from replication.queue import ring


class Busy(Exception):
    """Another run holds machines of this plan. `names` are theirs."""

    def __init__(self, names: list[str]) -> None:
        some = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        super().__init__(f"Another run is working on {some}. Wait until it ends.")
        self.names = names


def create_targets(draft: Draft, *, digest: str, actor: Actor) -> Run:
    """Create the target resources of the reviewed plan. Raises plans.Changed, plans.Objected, checks.Uncleared, Busy, access.Refused."""
    return _start(draft, Run.Purpose.TARGETS, digest=digest, actor=actor)


def enable(draft: Draft, *, digest: str, actor: Actor) -> Run:
    """Enable replication as reviewed; what is still missing is created first. Raises as create_targets."""
    return _start(draft, Run.Purpose.ENABLE, digest=digest, actor=actor)


def _start(draft: Draft, purpose: Run.Purpose, *, digest: str, actor: Actor) -> Run:
    action = "run.enable" if purpose is Run.Purpose.ENABLE else "run.create_targets"
    with gesture(action, actor=actor, phase="asked", vault_key=draft.vault.key) as entry:
        _claim_draft(draft, purpose)
        row = plans.keep(draft, digest=digest, actor=actor)
        plan = plans.plan_of(row)
        cleared = checks.clearance(draft, plan.digest)
        approval = approvals.require(_asked(action, draft.vault, plan, row.digest, _of_draft(draft)), actor=actor)
        run = write(row, purpose, plan, actor=actor)
        approvals.bind(approval, run)
        _describe(entry, run, plan)
        entry.detail = {"checks": cleared, **(approvals.told(approval) or {})}
    return run


def _of_draft(draft: Draft) -> tuple[str, str, str]:
    return "draft", str(draft.pk), f"the plan of a draft in {draft.vault.name}"


def _asked(action: str, vault: Vault, plan: Plan, digest: str, subject: tuple[str, str, str]) -> approvals.Asked:
    """What a second person would have to approve; subject: kind, key, name."""
    kind, key, title = subject
    machines = [(ids.key(each), name) for each, name in plan.machines] if action != "run.create_targets" else []
    return approvals.Asked(
        action=action, vault=vault, digest=digest, subject_kind=kind, subject_key=key, subject_name=title,
        shown=_facts(plan, digest, len(machines)), machines=machines,
    )  # fmt: skip


def _claim_draft(draft: Draft, purpose: Run.Purpose) -> None:
    """A draft is submitted once: a second press, or a second tab, finds it gone and starts nothing."""
    if purpose is not Run.Purpose.ENABLE:
        return
    open_ = Draft.objects.filter(pk=draft.pk, state=Draft.State.OPEN)
    if not open_.update(state=Draft.State.SUBMITTED, updated_at=clock.now(), version=F("version") + 1):
        raise access.Refused("This draft was submitted already.")
    drafts.forget_plan(draft)


def write(row: ReplicationPlan, purpose: Run.Purpose, plan: Plan, *, actor: Actor, retry_of: Run | None = None) -> Run:
    """A run of a stored plan with its steps and claims; call inside the gesture that tells of it. Raises Busy."""
    assert actor.person is not None
    now = clock.now()
    steps = plan.resources if purpose is Run.Purpose.TARGETS else plan.steps
    machines = {step.machine_key: step.title for step in steps if step.machine_key}
    run = Run.objects.create(
        number=_next_number(row.connection_id),
        connection_id=row.connection_id,
        vault=row.vault,
        plan=row,
        purpose=purpose,
        retry_of=retry_of,
        machine_count=len(machines),
        started_by=actor.person,
        request_id=actor.request_id,
        reason=actor.reason,
        created_at=now,
        due_at=now,
    )
    _claim_machines(run, machines)
    Step.objects.bulk_create((_step(run, n, step) for n, step in enumerate(steps)), batch_size=500)
    ring("advance", str(run.pk))
    return run


def _next_number(connection_id: int) -> int:
    """The connection's next run number. The UPDATE that changes nothing holds the row until the commit, so that two starts queue here."""
    Connection.objects.filter(pk=connection_id).update(name=F("name"))
    return (Run.objects.filter(connection_id=connection_id).aggregate(last=Max("number"))["last"] or 0) + 1


def _claim_machines(run: Run, keys: Mapping[str, str]) -> None:
    """One row a machine (key -> name): the unique column refuses a machine that another run holds."""
    try:
        with transaction.atomic():
            MachineClaim.objects.bulk_create(
                (MachineClaim(connection_id=run.connection_id, machine_key=key, run=run) for key in keys),
                batch_size=500,
            )
    except IntegrityError:
        held = set(MachineClaim.objects.filter(connection_id=run.connection_id).values_list("machine_key", flat=True))
        raise Busy([name for key, name in keys.items() if key in held]) from None


def _step(run: Run, position: int, step: PlannedStep) -> Step:
    return Step(
        run=run,
        key=step.key,
        kind=step.spec.kind,
        stage=step.stage,
        position=position,
        title=step.title,
        needs=list(step.needs),
        spec=step.spec.to_json(),
        subject_key=ids.key(step.spec.id),
        machine_key=step.machine_key,
        state=StepState.WAITING,  # and due when what it needs is there: execution/ledger.py `release` says so
    )


def _describe(entry: Any, run: Run, plan: Plan) -> None:
    """Fill the audit entry of a run's beginning."""
    entry.run_id = run.pk
    entry.subject_kind, entry.subject_key = "run", str(run.pk)
    entry.subject_name = f"run {run.number} in {run.vault.name}"
    entry.subjects = [(ids.key(machine_id), name) for machine_id, name in plan.machines]
    entry.after = _facts(plan, run.plan.digest, len(plan.machines) if run.purpose == Run.Purpose.ENABLE else 0)


def _facts(plan: Plan, digest: str, machines: int) -> dict[str, Any]:
    """A plan in a few facts, as the audit keeps them and an approver sees them."""
    made = [step.name for step in plan.resources if not step.reused]
    return {
        "digest": digest,
        "source": plan.source_location,
        "target": plan.target_location,
        "to_create": made[:200],
        "reused": len(plan.resources) - len(made),
        "machines": machines,
    }


def cancel(run: Run, *, actor: Actor) -> None:
    """Ask the run to stop: what is being sent ends, the rest is not begun, nothing is undone. Pressing it again changes nothing."""
    _require(run, actor)
    running = Run.objects.filter(pk=run.pk, cancel_requested_at=None).exclude(state__in=Run.FINISHED)
    with gesture("run.cancel", actor=actor, **_subject(run)):
        if not running.update(cancel_requested_at=clock.now(), due_at=clock.now(), version=F("version") + 1):
            raise access.Refused("The run has ended, or is being cancelled already.")
        ring("advance", str(run.pk))


def pause(run: Run, *, actor: Actor) -> None:
    """Begin nothing more until somebody resumes it; what Azure works on goes on, and is looked at, to its end."""
    _require(run, actor)
    going_on = Run.objects.filter(pk=run.pk, paused_at=None, cancel_requested_at=None).exclude(state__in=Run.FINISHED)
    with gesture("run.pause", actor=actor, **_subject(run)):
        if not going_on.update(paused_at=clock.now(), version=F("version") + 1):
            raise access.Refused("The run has ended, or is paused or being cancelled already.")


def resume(run: Run, *, actor: Actor) -> None:
    """Go on with a paused run."""
    _require(run, actor)
    paused = Run.objects.filter(pk=run.pk).exclude(paused_at=None).exclude(state__in=Run.FINISHED)
    with gesture("run.resume", actor=actor, **_subject(run)):
        if not paused.update(paused_at=None, due_at=clock.now(), version=F("version") + 1):
            raise access.Refused("The run is not paused.")
        ring("advance", str(run.pk))


def take_over(run: Run, *, actor: Actor) -> None:
    """Make the actor responsible for somebody else's run. Who started it stays known."""
    _require(run, actor)
    assert actor.person is not None
    before = run.responsible
    unended = Run.objects.filter(pk=run.pk, owner=run.owner_id).exclude(state__in=Run.FINISHED)
    with gesture("run.take_over", actor=actor, **_subject(run)) as entry:
        if before == actor.person or not unended.update(owner=actor.person, version=F("version") + 1):
            raise access.Refused("The run has ended, or is yours already.")
        entry.before, entry.after = {"owner": before.username}, {"owner": actor.person.username}


def retry_failed(run: Run, *, actor: Actor) -> Run:
    """A new run of the same plan with only what did not succeed. Raises access.Refused when there is nothing to retry, Busy."""
    _require(run, actor)
    if run.state not in Run.FINISHED:
        raise access.Refused("The run is still going on.")
    if run.purpose == Run.Purpose.DISABLE:
        raise access.Refused("What destroys is not repeated unseen: choose the machines again and confirm.")
    plan = plans.plan_of(run.plan)
    wanted = set(run.steps.exclude(state=StepState.SUCCEEDED).values_list("key", flat=True))
    again = _only(plan, wanted)
    if not again.steps:
        raise access.Refused("Everything in this run succeeded; there is nothing to retry.")
    with gesture("run.retry", actor=actor, phase="asked", vault_key=run.vault.key) as entry:
        if run.retries.exclude(state__in=Run.FINISHED).exists():
            raise access.Refused("A retry of this run is going on already.")
        digest = approvals.digest_of({"plan": run.plan.digest, "steps": [step.key for step in again.steps]})
        subject = ("run", str(run.pk), f"run {run.number} in {run.vault.name}")
        approval = approvals.require(_asked("run.retry", run.vault, again, digest, subject), actor=actor)
        new = write(run.plan, Run.Purpose(run.purpose), again, actor=actor, retry_of=run)
        approvals.bind(approval, new)
        _describe(entry, new, again)
        entry.detail = {"retry_of": run.number, **approvals.told(approval)}
    return new


def _only(plan: Plan, wanted: set[str]) -> Plan:
    """The plan's steps named, and those that they need (which a run will find there, and look at)."""
    by_key = {step.key: step for step in plan.steps}
    keep = set(_with_needs(wanted, by_key))
    machines = {by_key[key].machine_key for key in keep} - {""}
    return Plan(
        vault_id=plan.vault_id,
        source_location=plan.source_location,
        target_location=plan.target_location,
        machines=tuple(each for each in plan.machines if ids.key(each[0]) in machines),
        steps=tuple(step for step in plan.steps if step.key in keep),
    )


def _with_needs(keys: Iterable[str], steps: dict[str, PlannedStep]) -> Iterable[str]:
    open_, seen = [key for key in keys if key in steps], set[str]()
    while open_:
        key = open_.pop()
        if key not in seen:
            seen.add(key)
            open_.extend(steps[key].needs)
    return seen


def _require(run: Run, actor: Actor) -> None:
    if actor.person is None:
        raise access.Refused("Only people control runs.")
    access.require(actor.person, Permission.CONTROL_RUNS, run.vault)


def _subject(run: Run) -> dict[str, Any]:
    name = f"run {run.number} in {run.vault.name}"
    return {
        "subject_kind": "run",
        "subject_key": str(run.pk),
        "subject_name": name,
        "vault_key": run.vault.key,
        "run_id": run.pk,
    }
