"""Consoles that lack one of their safeguards: put over the finished modules, so that the torture can be seen to notice."""

from collections.abc import Callable
from typing import Any

from replication import queue
from replication.actions import audit
from replication.actions.actor import CONSOLE
from replication.domain.spec_table import from_json
from replication.domain.steps import StepState
from replication.execution import ending, engine, ledger, moves, overdue, trouble
from replication.gateway.port import Gateway
from replication.models import Run, Step

# Waits that are constants of the product, shortened like the leases, which are settings.
HOLD = 2.0
SLOWEST = 6.0


def shorten() -> None:
    """A dead worker is missed after two seconds instead of ten; trouble is waited out for six seconds at most instead of sixty."""
    engine.HOLD = HOLD
    overdue.RING_AGAIN = HOLD
    trouble.SLOWEST = SLOWEST


def no_observe() -> None:
    """Send without looking first."""
    moves.MOVES[StepState.WAITING] = lambda step, azure: moves._send(step, from_json(step.spec), azure)


def no_fence() -> None:
    """Claim what another holds, and write over what another wrote."""
    ledger.claim = _claim_anything
    ledger._write = _write_anyhow


def _claim_anything(step: Step) -> bool:
    step.attempt += 1
    Step.objects.filter(pk=step.pk).update(attempt=step.attempt)
    return True


def _write_anyhow(step: Step, *, only_if: Any = None, **changes: Any) -> bool:
    changes.pop("making", None)
    Step.objects.filter(pk=step.pk).update(**changes)
    for name, value in changes.items():
        setattr(step, name, value)
    return True


def no_sweep() -> None:
    """The beat finds nothing that was dropped."""
    overdue.ring = lambda: None


def unknown_is_absent() -> None:
    """A request whose answer was not recorded was surely not taken."""
    moves.MOVES[StepState.SUBMITTING] = _send_again


def _send_again(step: Step, azure: moves.Azure) -> None:
    ledger.send_again(step, "Surely not taken.")


def audit_after_commit() -> None:
    """First the change, then its entry, in a transaction of its own."""
    ending.end = _commit_first


def _commit_first(run: Run) -> None:
    steps = list(run.steps.values_list("kind", "state"))
    ending._close(run, ending.verdict(steps))
    queue.ring("sync_vault", run.vault_id)
    audit.record("run.ended", actor=CONSOLE, phase="ended", run_id=run.pk)


def trust_broker() -> None:
    """What wakes a run next is a message in the broker, and nothing else."""
    overdue._ring_runs = lambda: None
    advance = engine.advance

    def advance_and_send(run_id: Any, gateway: Gateway, **options: Any) -> Any:
        due_at = advance(run_id, gateway, **options)
        if due_at:
            from portal.celery import app

            app.send_task("replication.advance", args=[str(run_id)], eta=due_at)
        return due_at

    engine.advance = advance_and_send


MUTANTS: dict[str, Callable[[], None]] = {
    "no-observe": no_observe,
    "no-fence": no_fence,
    "no-sweep": no_sweep,
    "unknown-is-absent": unknown_is_absent,
    "audit-after-commit": audit_after_commit,
    "trust-broker": trust_broker,
}
