"""One look at a vault's jobs for all machines whose enable operations are under way: waiting costs the same for ten as for a thousand.

The due time is the claim: whoever moves the due steps' time ahead does the sweep, and everybody else finds nothing due.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction

from replication import clock
from replication.domain import ids
from replication.domain.inventory import Job
from replication.domain.steps import look_after
from replication.execution import ledger, moves, trouble
from replication.execution.judgement import job_progress
from replication.execution.listing import WORTH_A_LIST, ByList
from replication.gateway.port import AzureError, Gateway, Progress
from replication.models import Step, Vault

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 300.0
STEPS_A_SECOND = 20  # the pause grows with what is outstanding, so that the cost per machine does not


def settle(vault: Vault, gateway: Gateway, until: datetime) -> bool:
    """Settle those of the vault's protect steps whose jobs have ended. False: no sweep is due."""
    steps = _claim(vault)
    if not steps:
        return False
    try:
        jobs = _jobs(vault, gateway, steps)
    except AzureError as error:
        logger.warning("The jobs of %s cannot be read: %s", vault.name, error)
        return False
    moved = [step.pk for step in steps if not _goes_on(step, jobs)]
    azure: moves.Azure = ByList(gateway, vault.arm_id) if len(moved) >= WORTH_A_LIST else gateway
    for step in _in_full(moved):
        if clock.now() > until:
            _unclaim(vault)
            break
        _settle(step, jobs.get(ids.key(step.azure_job_id)), azure)
    return True


@transaction.atomic
def _claim(vault: Vault) -> list[Step]:
    """In one transaction: who dies between the claim and the next due time would leave the vault alone for the longest pause."""
    outstanding = ledger.swept(vault.pk)
    ahead = ledger.in_seconds(LONGEST_PAUSE)
    if not outstanding.filter(due_at__lte=clock.now()).update(due_at=ahead):
        return []
    steps = list(outstanding.only(*_LIGHT).order_by("claimed_at"))
    ledger.look_again_together(outstanding, _pause(steps))
    return steps


# What decides whether a step has moved: thousands are looked at for each that has.
_LIGHT = ("id", "kind", "azure_job_id", "claimed_at", "looks")


def _in_full(steps: Sequence[int]) -> Iterator[Step]:
    """The steps with all that settling them needs, some at a time."""
    for some in ledger.chunks(steps, 100):
        yield from Step.objects.filter(pk__in=some).select_related("run__vault").order_by("claimed_at")


def _unclaim(vault: Vault) -> None:
    """The slice is over: the next worker goes on at once."""
    ledger.look_again_together(ledger.swept(vault.pk), 0)


def _pause(steps: Sequence[Step]) -> float:
    """Seconds to the next sweep: 1, 2, 4 … 30 after the newest request, longer when many are outstanding."""
    newest = min((step.looks for step in steps), default=0)
    return min(LONGEST_PAUSE, max(look_after(newest), len(steps) / STEPS_A_SECOND))


def _jobs(vault: Vault, gateway: Gateway, steps: Sequence[Step]) -> dict[str, Job]:
    """The steps' jobs by key. The list runs newest first and is left when all are found, or when it is older than all."""
    wanted = {ids.key(step.azure_job_id) for step in steps}
    oldest = min(step.claimed_at for step in steps if step.claimed_at) - moves.SKEW
    found: dict[str, Job] = {}
    for job in gateway.jobs(vault.arm_id):
        if ids.key(job.id) in wanted:
            found[ids.key(job.id)] = job
        if len(found) == len(wanted) or (job.started_at and job.started_at < oldest):
            break
    return found


def _goes_on(step: Step, jobs: dict[str, Job]) -> bool:
    """Whether the step's job still runs, within reason: it is left alone."""
    job = jobs.get(ids.key(step.azure_job_id))
    return job is not None and job_progress(job).state == "running" and not moves.endless(step)


def _settle(step: Step, job: Job | None, azure: moves.Azure) -> None:
    """A job that is not in the list is asked about by itself; one that ended is read back."""
    if not ledger.claim(step):
        return
    with trouble.met(step):
        if job is None:
            moves.look(step, azure)
        else:
            moves.after_look(step, azure, _finally(job, azure))


def _finally(job: Job, azure: moves.Azure) -> Progress:
    """A list names no errors of a job (site-recovery-protocol.md §3.4): those of a failed one are read."""
    progress = job_progress(job)
    return job_progress(azure.job(job.id)) if progress.state == "failed" else progress
