"""What is done with a step that a worker holds: one move a state, each one short exchange with Azure and one record.

    waiting     begin     observe; absent: commit *submitting*, send, record the answer; too early: wait for the vault's items
    submitting  resolve   the lease lapsed or the answer was lost: the request is *unknown*, never absent; find out
    running     look      one look at the operation; when it has ended, read back and compare asked with got

What differs between Azure's services is behind the gateway's port; what differs between kinds of step is `trace` and the shared sweep
(sweep.py), both for Site Recovery, whose jobs show what it took.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.conf import settings

from replication import clock
from replication.domain import ids
from replication.domain.inventory import Job
from replication.domain.problems import Problem
from replication.domain.spec_table import from_json
from replication.domain.specs import Found, SettleSpec, Spec
from replication.domain.steps import LONGEST, STAGE_OF, Outcome, StepState
from replication.execution import guard, ledger, pacer, trouble
from replication.execution.judgement import BUSY, Sight, View, compare, job_progress, no_end, not_there
from replication.gateway.port import AzureError, Progress, Submitted
from replication.models import Step


class Azure(Protocol):
    """The part of gateway.port.Gateway that moves need; the words are said there."""

    def read(self, spec: Spec) -> Found | None: ...
    def submit(self, spec: Spec, *, request_id: str) -> Submitted: ...
    def poll(self, handle: dict[str, Any]) -> Progress: ...
    def jobs(self, vault_id: str) -> Iterator[Job]: ...
    def job(self, job_id: str) -> Job: ...


Move = Callable[[Step, Azure], None]

# Azure's clock and ours differ: jobs are looked at from a little before the request left.
SKEW = timedelta(minutes=5)
# An operation that has not ended after so many times its longest known duration is given up by us (not in Azure).
ENDLESS = 10


def longest(step: Step) -> float:
    """The longest time, in seconds, that Azure may take for such a step (domain/steps.py), as far as durations are not shortened."""
    return LONGEST[step.kind] * settings.LONGEST_FACTOR


def elapsed(step: Step) -> float:
    """Seconds since the request left, or since another's operation was found."""
    return (clock.now() - step.claimed_at).total_seconds() if step.claimed_at else 0.0


# --- waiting ------------------------------------------------------------------------------------------------------------------------


def begin(step: Step, azure: Azure) -> None:
    """Look first, whatever we believe; ask Azure only for what is absent."""
    spec = from_json(step.spec)
    found = azure.read(spec)
    view = compare(spec, found)
    if problem := guard.objection(step, spec, found):
        ledger.fail(step, problem)
    elif problem := guard.held_back(spec):
        trouble.refused(step, AzureError(problem))
    elif view.sight is Sight.ABSENT:
        _send(step, spec.addressed(found.spec) if found else spec, azure)
    elif view.sight is Sight.EARLY:
        _too_early(step)
    else:
        _settle(step, view)


def _too_early(step: Step) -> None:
    """Settings after enabling wait for the vault's items, at no cost; a change waits for the other operation, within reason."""
    if step.kind == SettleSpec.kind:
        ledger.park(step)
    else:
        trouble.refused(step, AzureError(BUSY))


def _send(step: Step, spec: Spec, azure: Azure) -> None:
    wait = pacer.take(step.run, spec.id, spec.kind)
    if wait:
        ledger.put_back(step, wait)
        return
    if not ledger.begin_sending(step) or _lapsed(step):
        return
    try:
        answer = azure.submit(spec, request_id=step.request_id)
    except AzureError as error:
        trouble.refused(step, error)
        return
    recorded = ledger.accepted(step, answer)
    if answer.remaining is not None:
        pacer.correct(step.run, spec.id, answer.remaining)
    if recorded and answer.done:
        _by_sight(step, spec, azure, Progress(state="succeeded"))


def _lapsed(step: Step) -> bool:
    """Whether this process slept through its own lease: another may have taken over, so nothing leaves any more."""
    return step.lease_until is None or clock.now() >= step.lease_until


# --- submitting: unknown ----------------------------------------------------------------------------------------------------------------


def resolve(step: Step, azure: Azure) -> None:
    """A second request may be a second job, and a resource taken by a 202 is invisible for minutes: look for what Azure shows."""
    job = trace(step, azure)
    if job:
        ledger.follow(step, job.id, text="Azure had taken the request: found its job.", adopted=False)
    else:
        _by_sight(step, from_json(step.spec), azure, None)


def trace(step: Step, azure: Azure) -> Job | None:
    """The Site Recovery job that our request began, found by the activity id that begins with our request id (§3.4)."""
    if not STAGE_OF[step.kind] or not step.claimed_at:
        return None
    since = step.claimed_at - SKEW
    known = _known_jobs(step, since)
    for listed in azure.jobs(step.run.vault.arm_id):
        if listed.started_at and listed.started_at < since:
            return None
        if ids.key(listed.id) in known:
            continue
        job = azure.job(listed.id)
        if step.request_id in job.activity_id:
            return job
    return None


def _known_jobs(step: Step, since: datetime) -> set[str]:
    """Jobs of other steps: they need no second look."""
    others = Step.objects.filter(run__vault=step.run.vault_id, claimed_at__gte=since).exclude(pk=step.pk)
    return {ids.key(job_id) for job_id in others.values_list("azure_job_id", flat=True)}


# --- running ------------------------------------------------------------------------------------------------------------------------


def look(step: Step, azure: Azure) -> None:
    """One look at the operation, by the best way there is to it."""
    after_look(step, azure, _progress(step, azure))


def _progress(step: Step, azure: Azure) -> Progress | None:
    """None: there is no operation to ask about, only the resource."""
    if step.handle:
        return azure.poll(step.handle)
    if not step.azure_job_id:
        return None
    try:
        return job_progress(azure.job(step.azure_job_id))
    except AzureError as error:
        if error.status == 404:
            return Progress(state="lost")
        raise


def after_look(step: Step, azure: Azure, progress: Progress | None) -> None:
    """Record what a look found out."""
    if progress is None or progress.state == "succeeded":
        _by_sight(step, from_json(step.spec), azure, progress)
    elif progress.state == "failed":
        trouble.refused(step, AzureError(progress.problem or Problem(code="Failed", message="Azure gave no reason.")))
    elif progress.state == "lost":
        _forget(step)
    else:
        _look_later(step, progress.retry_after, progress.job_id)


def _forget(step: Step) -> None:
    """The status address answers 404: the job may still be there, and after it the resource."""
    job_id = step.azure_job_id if step.handle else ""
    ledger.postpone(step, 1, "Azure has lost the operation: looking for its result.", handle={}, azure_job_id=job_id)


def endless(step: Step) -> bool:
    """Whether the operation has taken longer than anybody will wait."""
    return elapsed(step) > ENDLESS * longest(step)


def _look_later(step: Step, seconds: float = 0, job_id: str = "") -> None:
    if endless(step):
        ledger.fail(step, no_end(elapsed(step)))
    else:
        ledger.look_later(step, seconds, job_id)


# --- what is there ------------------------------------------------------------------------------------------------------------------------


def _by_sight(step: Step, spec: Spec, azure: Azure, ended: Progress | None) -> None:
    """Judge by the resource itself. ended: Azure says that the operation succeeded, perhaps with a warning."""
    view = compare(spec, azure.read(spec), ended=ended is not None)
    if view.sight in (Sight.ABSENT, Sight.EARLY):
        _absent(step, view, ended is not None)
    else:
        _settle(step, view, ended.problem if ended else None)


def _absent(step: Step, view: View, ended: bool) -> None:
    """Absent proves nothing before the longest time that the operation may take; then it was not taken, or is gone again."""
    if elapsed(step) <= longest(step):
        ledger.look_later(step)
    elif ended:
        trouble.missing(step, view.problem or not_there(step.kind), longest(step))
    elif too_long := trouble.exhausted(step):
        ledger.fail(step, too_long)
    else:
        ledger.send_again(step, "Azure shows no trace of the request: asking again.")


def _settle(step: Step, view: View, warning: Problem | None = None) -> None:
    """As specified: done. Unfinished: follow its operation. Different or broken: stop and say so, never put over it."""
    if view.problem:
        ledger.fail(step, view.problem)
    elif view.sight is Sight.FITTING:
        ledger.succeed(step, _outcome(step, from_json(step.spec)), warning)
    elif step.state == StepState.RUNNING:
        _look_later(step)
    else:
        adopted = not step.request_id
        text = "Another is making it: following that." if adopted else "Azure had taken the request."
        ledger.follow(step, view.job_id, text=text, adopted=adopted)


def _outcome(step: Step, spec: Spec) -> Outcome:
    """A request id that was never refused means that it was us."""
    if step.outcome:
        return Outcome(step.outcome)
    if not step.request_id:
        return Outcome.UNCHANGED if spec.changes or spec.removes else Outcome.REUSED
    if spec.removes:
        return Outcome.REMOVED
    if spec.once:
        return Outcome.DONE
    return Outcome.APPLIED if spec.changes else Outcome.CREATED


MOVES: dict[StepState, Move] = {StepState.WAITING: begin, StepState.SUBMITTING: resolve, StepState.RUNNING: look}
