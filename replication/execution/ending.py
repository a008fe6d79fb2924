"""The end of a run: state, claims, audit entry, all in one transaction and exactly once."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from replication import clock, queue
from replication.actions import audit, notices, readings
from replication.actions.actor import CONSOLE
from replication.domain.changes import OF_ITEMS
from replication.domain.notices import Kind
from replication.domain.specs import ProtectSpec, SettleSpec
from replication.domain.states import RUN
from replication.domain.steps import StepState
from replication.execution.ledger import LIVE, RUNNING_RUNS, nudge_vault
from replication.models import HandOver, ProtectedItem, Run, Step

_HANDED_OVER = (ProtectSpec.kind, SettleSpec.kind, *OF_ITEMS)
FAILURES_TOLD = 50  # in the audit entry; the run's page has them all
_AUDIT_OUTCOMES = {
    Run.State.SUCCEEDED: "ok",
    Run.State.PARTIAL: "partial",
    Run.State.FAILED: "failed",
    Run.State.CANCELLED: "cancelled",
}


class _Ended(Exception):
    """Another worker has ended the run: the transaction, with its audit entry, is rolled back."""


def end(run: Run) -> None:
    """End the run, all of whose steps are final. Called twice, or by two workers at once, it ends once."""
    rows = list(run.steps.values_list("kind", "state", "outcome"))
    state = verdict([(kind, state) for kind, state, _ in rows])
    with suppress(_Ended), audit.gesture("run.ended", actor=CONSOLE, phase="ended") as entry:
        _close(run, state)
        entry.outcome = _AUDIT_OUTCOMES[state]
        entry.subject_kind, entry.subject_key, entry.subject_name = (
            "run",
            str(run.pk),
            f"run {run.number} in {run.vault.name}",
        )
        entry.vault_key, entry.run_id = run.vault.key, run.pk
        entry.before, entry.after = {"state": run.state}, {"state": state.value}
        entry.detail = _told(run, rows)
        entry.correlation_id = next(iter(entry.detail["correlation_ids"]), "")
        entry.subjects = _machines(run)
        _hand_over(run)
        _tell(run, state, rows)
        queue.ring("sync_vault", run.vault_id)
        readings.reread_inventory(run.connection)  # the next wizard should offer what this run has made


def _hand_over(run: Run) -> None:
    """Keep the last RPO read of each machine that was done; what is not known yet, the next reading of the vault fills in."""
    done = run.steps.filter(kind__in=_HANDED_OVER, state=StepState.SUCCEEDED).exclude(machine_key="")
    names = {key: name or key for key, name in done.values_list("machine_key", "spec__machine_name")}
    items = ProtectedItem.objects.filter(vault=run.vault, gone_at=None, machine_key__in=done.values("machine_key"))
    seen = {row.machine_key: row for row in items.exclude(rpo=None).only("machine_key", "rpo", "rpo_at", "as_of")}
    HandOver.objects.bulk_create((_handed(run, key, name, seen.get(key)) for key, name in names.items()), batch_size=500)


def _handed(run: Run, key: str, name: str, seen: ProtectedItem | None) -> HandOver:
    known = {"rpo": seen.rpo, "rpo_at": seen.rpo_at, "rpo_read_at": seen.as_of} if seen else {}
    return HandOver(run=run, machine_key=key, name=str(name)[:400], **known)


def _tell(run: Run, state: Run.State, rows: list[tuple[str, str, str]]) -> None:
    """Whoever is responsible is told that it ended; everybody who wants to know, which machines could not be enabled."""
    failed = run.steps.filter(kind=ProtectSpec.kind, state=StepState.FAILED).values_list("spec__machine_name", "problem__message")
    named = [(str(name), None) for name, _ in failed]
    if named:
        why = next((str(message) for _, message in failed if message), "")
        notices.tell(Kind.ENABLE_FAILED, run.vault, named, run=run, detail=why)
    done = _count(step for kind, step, _ in rows if kind in {ProtectSpec.kind, *OF_ITEMS})
    counted = f": {done.get(StepState.SUCCEEDED, 0):,} of {sum(done.values()):,} machines" if done else ""
    detail = f"{RUN[state].label}{counted}."
    notices.tell(Kind.RUN_ENDED, run.vault, [(f"Run {run.number}", None)], run=run, only=[run.responsible], detail=detail)


def enable(run: Run) -> None:
    """Azure's enable jobs are done, and only settings that it takes later are left: the headline, and all other machines are free."""
    enabled = Step.objects.filter(run=OuterRef("pk"), kind=ProtectSpec.kind, state=StepState.SUCCEEDED)
    going_on = Run.objects.filter(Exists(enabled), pk=run.pk, state=Run.State.RUNNING)
    with transaction.atomic():
        if going_on.update(state=Run.State.ENABLED, version=F("version") + 1):
            left = run.steps.filter(kind=SettleSpec.kind, state__in=LIVE)
            run.claims.exclude(machine_key__in=left.values("machine_key")).delete()
            nudge_vault(run.vault_id, 0)


def verdict(steps: list[tuple[str, str]]) -> Run.State:
    """What a run came to, from the kinds and states of its steps. Machines decide; where it has none, all steps."""
    states = [state for kind, state in steps if kind == ProtectSpec.kind] or [state for _, state in steps]
    if StepState.CANCELLED in {state for _, state in steps}:
        return Run.State.CANCELLED
    if all(state == StepState.SUCCEEDED for _, state in steps):
        return Run.State.SUCCEEDED
    return Run.State.PARTIAL if StepState.SUCCEEDED in states else Run.State.FAILED


def _close(run: Run, state: Run.State) -> None:
    """The guard: only one transaction finds the run unended, and none while a step is under way."""
    now = clock.now()
    under_way = Step.objects.filter(run=OuterRef("pk"), state__in=LIVE)
    unended = Run.objects.filter(~Exists(under_way), pk=run.pk, state__in=RUNNING_RUNS)
    if not unended.update(state=state, ended_at=now, due_at=None, version=F("version") + 1):
        raise _Ended
    run.claims.all().delete()
    nudge_vault(run.vault_id, 0)


def _told(run: Run, rows: list[tuple[str, str, str]]) -> dict[str, Any]:
    """What came about, and how: step and machine counts by state, what was made or found, why what failed failed."""
    failed = run.steps.filter(state=StepState.FAILED)
    correlations = failed.filter(correlation_id__gt="").values_list("correlation_id", flat=True)
    return {
        "steps": _count(state for _, state, _ in rows),
        "machines": _count(state for kind, state, _ in rows if kind in {ProtectSpec.kind, *OF_ITEMS}),
        "outcomes": _count(outcome for _, state, outcome in rows if state == StepState.SUCCEEDED),
        "failures": [_failure(step) for step in failed[:FAILURES_TOLD]],
        "correlation_ids": list(correlations[:FAILURES_TOLD]),
    }


def _count(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def _failure(step: Step) -> dict[str, str]:
    problem = step.problem or {}
    return {
        "step": step.key,
        "title": step.title,
        "code": problem.get("code", ""),
        "message": problem.get("message", ""),
    }


def _machines(run: Run) -> list[tuple[str, str]]:
    steps = run.steps.exclude(machine_key="").values_list("machine_key", "spec__machine_name")
    return list({key: (key, name or key) for key, name in steps}.values())
