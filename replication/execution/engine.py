"""`advance`: the one door by which a run moves.

It claims what is due, makes one short exchange with Azure outside any transaction, records it if the attempt is still its own, and goes on
while something is due within its time slice. It never waits for Azure. Any number of workers may advance one run at once, and any may
die anywhere: what is true stands in the ledger and in Azure, and the next call goes on from there.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from replication import clock
from replication.domain.problems import Problem
from replication.domain.specs import SettleSpec
from replication.domain.steps import StepState
from replication.execution import ending, ledger, listing, moves, pacer, preflight, sweep, trouble
from replication.execution.listing import WORTH_A_LIST, ByList
from replication.gateway.port import Gateway
from replication.models import Run, Step

logger = logging.getLogger(__name__)

SLICE = 20.0  # seconds that one call works at most; then others have their turn
BATCH = 10  # steps claimed between two looks at the run itself: how late a cancellation is seen
HOLD = 10.0  # the beat rings for another worker when nothing has been heard of this one for so long …
HOLD_CHECKING = 3  # … or for so many times as long, while it reads what the plan rests on: twice at once helps nobody
LOOK_AT_LEAST = 60.0  # an unfinished run is looked at once in so many seconds, whatever its steps say


def advance(run_id: UUID | str, gateway: Gateway, *, seconds: float = SLICE) -> datetime | None:
    """Move the run as far as it goes in so many seconds; when it is to be looked at next, or None when it has ended."""
    run = Run.objects.select_related("vault").get(pk=run_id)
    if run.state not in ledger.RUNNING_RUNS:
        return None
    until = clock.now() + timedelta(seconds=seconds)
    by_list = listing.of_run(run.pk, run.vault.arm_id, gateway)
    ledger.hold(run, HOLD if run.checked_at else HOLD * HOLD_CHECKING)
    released = ledger.release(run)
    while _round(run, gateway, by_list, until) and clock.now() < until:
        ledger.hold(run, HOLD)
        released = ledger.release(run, released)
    return ledger.reschedule(run, _paced(run), LOOK_AT_LEAST if run.checked_at else HOLD)


def refuse(run: Run, problem: Problem) -> None:
    """The run belongs to a connection that this worker has no credential for: nothing is done with it, now or by another call soon."""
    logger.warning("Run %s is left alone: %s", run.number, problem.message)
    ledger.hold(run, LOOK_AT_LEAST)


def _round(run: Run, gateway: Gateway, by_list: ByList, until: datetime) -> bool:
    """Do what is due now, once. False: nothing was, or the run is over."""
    run.refresh_from_db(fields=["state", "cancel_requested_at", "paused_at", "checked_at"])
    if run.cancel_requested_at:
        ledger.cancel_waiting(run)
    if not run.paused_at and not preflight.passed(run, gateway):
        return False
    worked = sweep.settle(run.vault, gateway, until)
    for step in [*ledger.due(run, BATCH), *_affordable(run)]:
        worked |= clock.now() < until and exchange(step, by_list if _is_one_of_many(step) else gateway)
    return _goes_on(run) and worked


def _goes_on(run: Run) -> bool:
    """Whether anything is left to be done. Tells of it when only settings are, or nothing is."""
    left = run.steps.filter(state__in=ledger.LIVE).order_by()
    if left.exclude(kind=SettleSpec.kind).exists():
        return True
    if left.exists():
        if run.state == Run.State.RUNNING:
            ending.enable(run)
        return True
    ending.end(run)
    return False


def _affordable(run: Run) -> list[Step]:
    """The next steps to be sent, as many as there are tokens for."""
    steps = [] if run.paused_at else list(ledger.unsent(run)[: BATCH + 1])  # one more tells that there are more
    # Machines taken up only to be put back would have a past, and be read one by one afterwards.
    if not steps or (_is_one_of_many(steps[0]) and pacer.barred(run, steps[0].subject_key, steps[0].kind)):
        return []
    tokens = pacer.reserve(run, steps[0].subject_key, steps[0].kind, len(steps))
    return steps[: min(BATCH, tokens)]


def _is_one_of_many(step: Step) -> bool:
    """A machine without a past, among so many that looking by list is cheaper."""
    return step.kind in ledger.MACHINES and step.attempt == 0 and step.run.machine_count >= WORTH_A_LIST


def exchange(step: Step, azure: moves.Azure) -> bool:
    """One step, one exchange. False: another worker has it."""
    if not ledger.claim(step):
        return False
    if barred := pacer.barred(step.run, step.subject_key, step.kind):
        return ledger.put_back(step, barred)
    with trouble.met(step):
        moves.MOVES[StepState(step.state)](step, azure)
    return True


def _paced(run: Run) -> float:
    """The seconds until a batch of writes may go, or all that are left; of a paused run none goes."""
    if run.paused_at:
        return LOOK_AT_LEAST
    waiting = list(ledger.unsent(run)[:BATCH])
    return pacer.wait(run, waiting[0].subject_key, waiting[0].kind, len(waiting)) if waiting else 0.0
