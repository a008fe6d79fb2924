"""The ledger: every change that execution makes to a run's rows, each as one short transaction.

A worker owns a step from `claim` until it records something: both are `UPDATE … WHERE id AND state AND attempt`, and a claim raises the
attempt, so that whoever comes late finds another attempt and changes nothing (house.md, *Draft, plan, run* 5). With the step go its event
and the run's version, which live pages compare. `due_at` is the only thing that decides when a step is looked at: a claim moves it to
the end of the lease, so that the step of a dead worker falls due by itself.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid5

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Least

from replication import clock
from replication.domain import ids
from replication.domain.changes import OF_ITEMS
from replication.domain.problems import Problem
from replication.domain.specs import ProtectSpec, SettleSpec
from replication.domain.states import ItemStatus
from replication.domain.steps import FINAL, Outcome, StepState, look_after
from replication.gateway.port import Submitted
from replication.models import Run, Step, StepEvent, Vault

logger = logging.getLogger(__name__)

LIVE = (StepState.WAITING, StepState.SUBMITTING, StepState.RUNNING)
RUNNING_RUNS = (Run.State.RUNNING, Run.State.ENABLED)
# A step of another run is asking Azure for the same thing: look again after this many seconds.
OTHER_MAKER = 5.0
# Machines' steps whose Azure job is known are settled together (execution/sweep.py), never one by one.
MACHINES = (ProtectSpec.kind, SettleSpec.kind, *OF_ITEMS)
SWEPT = Q(kind__in=MACHINES, state=StepState.RUNNING, azure_job_id__gt="")


def in_seconds(seconds: float) -> datetime:
    """The time that lies so many seconds ahead."""
    return clock.now() + timedelta(seconds=seconds)


def due(run: Run, limit: int) -> Sequence[Step]:
    """The run's steps under way that fall due for an exchange of their own, as the index of what falls due has them."""
    steps = run.steps.filter(state__in=LIVE[1:], due_at__lte=clock.now()).exclude(SWEPT).order_by()
    return list(steps[:limit])


def unsent(run: Run) -> QuerySet[Step]:
    """The run's steps that could be sent now, whoever waits longest first; those that began to wait together in the plan's order.

    That is the order of an index: the next few are found at once, however many wait behind them.
    """
    return run.steps.filter(state=StepState.WAITING, due_at__lte=clock.now()).order_by("due_at", "id")


def swept(vault_id: int) -> QuerySet[Step]:
    """Steps that a sweep of the vault's jobs settles."""
    return Step.objects.filter(SWEPT, run__in=Run.objects.filter(vault=vault_id, state__in=RUNNING_RUNS))


def look_again_together(steps: QuerySet[Step], seconds: float) -> None:
    """Let steps that are settled together fall due together."""
    steps.update(due_at=in_seconds(seconds), looks=F("looks") + 1)


def claim(step: Step) -> bool:
    """Take the step for one exchange. False: another worker has it, or it has moved on: walk away."""
    lease = in_seconds(settings.STEP_LEASE)
    held = Step.objects.filter(pk=step.pk, state=step.state, attempt=step.attempt)
    if not held.update(attempt=step.attempt + 1, lease_until=lease, due_at=lease):
        return False
    step.attempt, step.lease_until, step.due_at = step.attempt + 1, lease, lease
    return True


# --- what a worker records about the step that it holds ------------------------------------------------------------------------


def begin_sending(step: Step) -> bool:
    """Commit *submitting* before the request leaves.

    False: cancelled or paused meanwhile, not ours, or another run is making the same thing.
    """
    try:
        return _record(
            step,
            "Asking Azure to make it.",
            only_if=Q(Exists(Run.objects.filter(pk=OuterRef("run_id"), cancel_requested_at=None, paused_at=None))),
            state=StepState.SUBMITTING,
            request_id=str(uuid5(step.run_id, f"{step.key}#{step.attempt}")),
            making=f"{step.run.connection_id}:{step.subject_key}",
            claimed_at=clock.now(),
            handle={},
            azure_job_id="",
            correlation_id="",
            looks=0,
            **_held(),
        ) or _let_go(step)
    except IntegrityError:  # `making` is unique
        postpone(step, OTHER_MAKER, "Another run is making the same thing: waiting for it.")
        return False


def _let_go(step: Step) -> bool:
    """Not sent after all: whoever resumes the run need not wait for the lease."""
    look_later(step)
    return False


def accepted(step: Step, answer: Submitted) -> bool:
    """Azure took the request. The lease stays with the worker only when the answer was final, as it reads the result back at once."""
    return _record(
        step,
        "Azure took the request.",
        data={"job_id": answer.job_id, "correlation_id": answer.correlation_id},
        state=StepState.RUNNING,
        handle=answer.handle,
        azure_job_id=answer.job_id,
        correlation_id=answer.correlation_id[:100],
        **_NO_TROUBLE,
        **(_held() if answer.done else _free(_first_look(step, answer.job_id))),
    )


def follow(step: Step, job_id: str, *, text: str, adopted: bool) -> bool:
    """An operation in Azure is at work on the step's subject: watch it. `adopted`: it was not this run that began it."""
    begun: dict[str, Any] = {"outcome": Outcome.ADOPTED, "claimed_at": clock.now(), "looks": 0} if adopted else {}
    due_at = _first_look(step, job_id)
    return _record(step, text, state=StepState.RUNNING, azure_job_id=job_id, **begun, **_NO_TROUBLE, **_free(due_at))


def look_later(step: Step, seconds: float = 0, job_id: str = "") -> bool:
    """Nothing new: look again after a growing while, or after as many seconds as Azure asks. No event, no new version.

    job_id: the operation's job, where a look brought it to light.
    """
    due_at = in_seconds(max(seconds, look_after(step.looks)))
    # A request whose fate is unknown keeps its trouble: only its end ends it.
    settled = _NO_TROUBLE if step.state == StepState.RUNNING else {}
    job_id = step.azure_job_id or job_id
    return _write(step, looks=step.looks + 1, azure_job_id=job_id, **settled, **_free(due_at))


def put_back(step: Step, seconds: float) -> bool:
    """Nothing was done with it: take it up again in so many seconds."""
    return _write(step, **_free(in_seconds(seconds)))


def park(step: Step) -> bool:
    """Azure does not take it yet: `release` brings it back when the vault's items, read after this, say that it does."""
    return _write(step, claimed_at=clock.now(), lease_until=None, due_at=None)


def postpone(step: Step, seconds: float, text: str, **changes: Any) -> bool:
    """Look again after so many seconds, and say why; `changes` may move the step to another state."""
    return _record(step, text, **_free(in_seconds(seconds)), **changes)


def send_again(step: Step, text: str, seconds: float = 0, **changes: Any) -> bool:
    """Nothing of the attempt is left in Azure: back to *waiting*, to be observed and sent anew."""
    cleared: dict[str, Any] = {"request_id": "", "handle": {}, "azure_job_id": "", "making": None, "outcome": ""}
    return postpone(step, seconds, text, state=StepState.WAITING, **cleared | changes)


def succeed(step: Step, outcome: Outcome, warning: Problem | None = None) -> bool:
    """The thing is there as specified. warning: what Azure added to its success (151207 and the like)."""
    problem = warning.to_json() if warning else None
    text = {
        Outcome.CREATED: "Created.",
        Outcome.REUSED: "It is there as specified.",
        Outcome.APPLIED: "Applied, and read back.",
        Outcome.UNCHANGED: "It was so already: nothing was asked for.",
        Outcome.DONE: "Done.",
        Outcome.REMOVED: "It is not there any more.",
        Outcome.ADOPTED: "Made by another.",
    }[outcome]
    return _record(step, text, **_NO_TROUBLE | {"problem": problem}, outcome=outcome, **_final(StepState.SUCCEEDED))


def fail(step: Step, problem: Problem) -> bool:
    """It will not be in this run. Nothing is undone."""
    text = f"Failed: {problem.code}: {problem.message}"
    return _record(step, text, problem=problem.to_json(), **_final(StepState.FAILED))


# --- what moves without an exchange ---------------------------------------------------------------------------------------------


def release(run: Run, seen: str = "") -> str:
    """Make due what waits for nothing more; skip what needs something that did not come about, and what needs that in turn.

    What it returns says what it has seen. Given back as `seen`, nothing is looked at while that is still so: the steps that wait may be
    thousands, and a run has as many rounds.
    """
    ended = run.steps.filter(state__in=FINAL).count()
    items_read = Vault.objects.values_list("as_of", flat=True).get(pk=run.vault_id)
    now = f"{ended} {items_read}"
    while now != seen and _release_once(run):
        pass
    return now


def _release_once(run: Run) -> bool:
    blocked = list(run.steps.filter(state=StepState.WAITING, due_at=None).only(*_BLOCKED))
    needed = {key for step in blocked for key in step.needs}
    # A need that has no step in this run was met in an earlier one (Retry failed).
    needs = {need.key: need for need in _rows(run, needed)}
    ready, doomed = list[Step](), dict[str, list[int]]()
    for step in blocked:
        found = [needs[key] for key in step.needs if key in needs]
        lost = next((need.key for need in found if need.state in _LOST), None)
        if lost:
            doomed.setdefault(lost, []).append(step.pk)
        elif all(need.state == StepState.SUCCEEDED for need in found):
            ready.append(step)
    for chunk in chunks([step.pk for step in _ripe(run, ready, needs)]):
        Step.objects.filter(pk__in=chunk, state=StepState.WAITING, due_at=None).update(due_at=clock.now())
    for key, steps in doomed.items():
        _close(run, steps, StepState.SKIPPED, _skipped(needs[key].title))
    return bool(doomed)


_BLOCKED = ("id", "kind", "needs", "run_id", "subject_key", "claimed_at")
# While an item is in one of these, Azure takes no settings for it (site-recovery-protocol.md §5, PATCH).
_NOT_YET = (ItemStatus.ENABLING, ItemStatus.COPYING, ItemStatus.FINISHING, ItemStatus.TESTING)


def _ripe(run: Run, ready: Sequence[Step], needs: Mapping[str, Step]) -> Iterable[Step]:
    """Those whose time has come: settings wait, at no cost, until the vault's items as stored say that the machine is protected."""
    if not any(step.kind == SettleSpec.kind for step in ready):
        return ready
    vault = Vault.objects.only("key", "as_of").get(pk=run.vault_id)
    not_yet = set(vault.items.filter(gone_at=None, status__in=_NOT_YET).values_list("key", flat=True))
    return [step for step in ready if step.kind != SettleSpec.kind or _is_ripe(step, vault, not_yet, needs)]


def _is_ripe(step: Step, vault: Vault, not_yet: set[str], needs: Mapping[str, Step]) -> bool:
    """Whether the items were read since the machine was enabled, or last looked at, and say nothing against it."""
    since = [at for at in (step.claimed_at, *(needs[key].ended_at for key in step.needs if key in needs)) if at]
    if vault.as_of is None or any(vault.as_of <= at for at in since):
        return False
    return f"{vault.key}/{ids.name(step.subject_key)}" not in not_yet  # as sync/items.py keys them


_LOST = (StepState.FAILED, StepState.SKIPPED, StepState.CANCELLED)


def _rows(run: Run, keys: Iterable[str]) -> Iterable[Step]:
    for chunk in chunks(sorted(keys)):
        yield from run.steps.filter(key__in=chunk).only("key", "state", "title", "ended_at").order_by()


def _skipped(title: str) -> Problem:
    message = f"It needs “{title}”, which did not come about."
    return Problem(code="NeedFailed", message=message, action="Mend that first, then retry what failed.")


def cancel_waiting(run: Run) -> None:
    """Whatever has not been sent is not sent any more; what Azure works on is left to end."""
    waiting = list(run.steps.filter(state=StepState.WAITING).values_list("pk", flat=True))
    problem = Problem(code="Cancelled", message="The run was cancelled before this was begun.")
    _close(run, waiting, StepState.CANCELLED, problem)


def set_aside(run: Run, machine_keys: Iterable[str], problem: Problem) -> None:
    """Fail the machines' own steps that have not been sent, and no others."""
    for chunk in chunks(sorted(machine_keys)):
        steps = run.steps.filter(state=StepState.WAITING, machine_key__in=chunk).values_list("pk", flat=True)
        _close(run, list(steps), StepState.FAILED, problem)


def stop(run: Run, problems: Mapping[str, Problem]) -> None:
    """End the run before it begins: these steps have failed, and nothing else is begun."""
    for key, problem in problems.items():
        failed = run.steps.filter(key=key, state=StepState.WAITING).values_list("pk", flat=True)
        _close(run, list(failed), StepState.FAILED, problem)
    rest = list(run.steps.filter(state=StepState.WAITING).values_list("pk", flat=True))
    message = "Nothing was begun, as what the plan rests on has changed since it was reviewed."
    _close(run, rest, StepState.SKIPPED, Problem(code="PlanDrifted", message=message))


def _close(run: Run, steps: Sequence[int], state: StepState, problem: Problem) -> None:
    """End waiting steps together: rows, events and version in one transaction a chunk."""
    for chunk in chunks(steps):
        with transaction.atomic():
            final = _final(state)
            waiting = Step.objects.filter(pk__in=chunk, state=StepState.WAITING)
            if not waiting.update(problem=problem.to_json(), attempt=F("attempt") + 1, **final):
                continue
            ended = Step.objects.filter(pk__in=chunk, state=state, ended_at=final["ended_at"])
            _events((pk, attempt, problem.message) for pk, attempt in ended.values_list("pk", "attempt"))
            touch(run.pk)


# --- the run ---------------------------------------------------------------------------------------------------------------------


def hold(run: Run, seconds: float) -> None:
    """A worker is at it: the beat need not ring for so long."""
    Run.objects.filter(pk=run.pk, state__in=RUNNING_RUNS).update(due_at=in_seconds(seconds))


def reschedule(run: Run, paced: float, at_most: float) -> datetime | None:
    """Store when the run is to be looked at next, or None when it has ended.

    That is its steps' earliest due time; but nothing is sent within `paced` seconds, and it is looked at within `at_most` seconds anyhow.
    """
    sending, under_way = StepState.WAITING, (StepState.SUBMITTING, StepState.RUNNING)
    first = run.steps.aggregate(
        sending=Min("due_at", filter=Q(state=sending)), under_way=Min("due_at", filter=Q(state__in=under_way))
    )
    times = [first["under_way"], first["sending"] and max(first["sending"], in_seconds(paced)), in_seconds(at_most)]
    due_at: datetime = min(at for at in times if at)
    stored = Run.objects.filter(pk=run.pk, state__in=RUNNING_RUNS).update(due_at=due_at)
    return due_at if stored else None


def checked(run: Run) -> None:
    """What the plan rests on was read again."""
    Run.objects.filter(pk=run.pk, checked_at=None).update(checked_at=clock.now(), version=F("version") + 1)
    run.checked_at = run.checked_at or clock.now()
    nudge_vault(run.vault_id, settings.SYNC_INTERVAL_MOVING)  # it moves from now on


def nudge_vault(vault_id: int, seconds: float) -> None:
    """Let the vault's items be read in so many seconds at the latest, and tell its live pages."""
    at = in_seconds(seconds)
    sooner = Least(Coalesce("due_at", Value(at)), Value(at))
    Vault.objects.filter(pk=vault_id).update(due_at=sooner, version=F("version") + 1)


def touch(run_id: Any) -> None:
    """Tell live pages that something changed."""
    Run.objects.filter(pk=run_id).update(version=F("version") + 1)


# --- writing -----------------------------------------------------------------------------------------------------------------------

_NO_TROUBLE: dict[str, Any] = {"tries": 0, "trouble_since": None, "problem": None}


def _held() -> dict[str, Any]:
    lease = in_seconds(settings.STEP_LEASE)
    return {"lease_until": lease, "due_at": lease}


def _free(due_at: datetime) -> dict[str, Any]:
    return {"lease_until": None, "due_at": due_at}


def _final(state: StepState) -> dict[str, Any]:
    return {"state": state, "ended_at": clock.now(), "lease_until": None, "due_at": None, "making": None}


def _first_look(step: Step, job_id: str) -> datetime:
    """When to look at an operation just begun: with the vault's next sweep, where there is one to come."""
    first = in_seconds(look_after(0))
    if step.kind not in MACHINES or not job_id:
        return first
    # They fall due together: one tells it of all, however many there are.
    together = swept(step.run.vault_id).order_by().values_list("due_at", flat=True)[:1]
    return max([first, *(at for at in together if at)])


def _write(step: Step, *, only_if: Q | None = None, **changes: Any) -> bool:
    """The fenced write: changes the row only while it is as this worker holds it, and the object with it."""
    mine = Step.objects.filter(only_if or Q(), pk=step.pk, state=step.state, attempt=step.attempt)
    if changes.get("state", StepState.WAITING) != StepState.WAITING:
        changes.setdefault("started_at", step.started_at or clock.now())
    if not mine.update(**changes):
        logger.info(
            "Step %s of run %s moved on meanwhile: nothing recorded for attempt %s.",
            step.key,
            step.run_id,
            step.attempt,
        )
        return False
    for name, value in changes.items():
        setattr(step, name, value)
    return True


def _record(step: Step, text: str, *, data: dict[str, Any] | None = None, **changes: Any) -> bool:
    """A fenced write that people see: the row, its event and the run's version, or none of them."""
    with transaction.atomic():
        if not _write(step, **changes):
            return False
        StepEvent.objects.create(step=step, at=clock.now(), attempt=step.attempt, text=text[:500], data=data or {})
        touch(step.run_id)
    return True


def _events(rows: Iterable[tuple[int, int, str]]) -> None:
    now = clock.now()
    events = (StepEvent(step_id=pk, at=now, attempt=attempt, text=text[:500]) for pk, attempt, text in rows)
    StepEvent.objects.bulk_create(events, batch_size=500)


def chunks(values: Sequence[Any], size: int = 500) -> Iterable[Sequence[Any]]:
    return (values[at : at + size] for at in range(0, len(values), size))
