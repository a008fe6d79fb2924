"""What a step makes of an exchange that went wrong: now, later or never, and for how long."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import DatabaseError

from replication import clock
from replication.domain.problems import Problem, When
from replication.domain.steps import StepState
from replication.execution import ledger, pacer
from replication.execution.judgement import OUR_FAULT
from replication.gateway.port import AzureError
from replication.models import Step

logger = logging.getLogger(__name__)

QUICK_TRIES = 5  # passing faults in a row before a step that asks for something new gives up
LOOKS = 3  # that must agree before something is believed to be gone
PATIENCE = timedelta(hours=1)  # how long one trouble may last
SLOWEST = 60.0  # seconds between two tries at most


@contextmanager
def met(step: Step) -> Iterator[None]:
    """Turn what goes wrong inside into the step's next state. The database's own failures end the task: the lease brings the step back."""
    try:
        yield
    except AzureError as error:
        _meet(step, error)
    except DatabaseError:
        raise
    except Exception:
        # One step that nobody foresaw must not stop the others of its run.
        logger.exception("Step %s of run %s met something unforeseen", step.key, step.run_id)
        _meet(step, AzureError(OUR_FAULT))


def refused(step: Step, error: AzureError) -> None:
    """Azure answered the request with an error, or its operation failed: nothing of it is at work, unless the error says it may be."""
    _heed(step, error)
    if error.acted:
        _wait(step, error.problem, "No clear answer: looking for what Azure did.")
    elif _hopeless(step, error.problem):
        ledger.fail(step, error.problem)
    else:
        delay = _delay(step, error.problem)
        ledger.send_again(step, _text(error.problem, delay), delay, **_trouble(step, error.problem))


def missing(step: Step, problem: Problem, patience: float) -> None:
    """The operation succeeded and its result is not shown: believed only when some looks over `patience` seconds have agreed.

    How long ago the request left, or another trouble began, proves nothing: after an outage of ours this look may be the first of all.
    """
    if not step.problem or step.problem["code"] != problem.code:
        step.tries, step.trouble_since = 0, None
    since = step.trouble_since
    if since and step.tries >= LOOKS and clock.now() - since > timedelta(seconds=patience):
        ledger.fail(step, problem)
    else:
        _wait(step, problem, "")


def exhausted(step: Step) -> Problem | None:
    """The trouble that has lasted too long to try again, or None."""
    if step.problem and step.trouble_since and clock.now() - step.trouble_since > PATIENCE:
        return Problem.from_json(step.problem)
    return None


def _meet(step: Step, error: AzureError) -> None:
    """A look that failed. It says nothing of the operation looked at (simulator.md §2.4), so that a step under way only waits."""
    if step.state == StepState.WAITING:
        refused(step, AzureError(error.problem, status=error.status))
        return
    _heed(step, error)
    if too_long := exhausted(step):
        ledger.fail(step, too_long)
    else:
        _wait(step, error.problem, "")


def _heed(step: Step, error: AzureError) -> None:
    """Azure said 429: it is too much for everybody, not for this step alone."""
    if error.status == 429:
        pacer.pause(step.run, step.subject_key, step.kind, error.problem.retry_after or SLOWEST)


def _wait(step: Step, problem: Problem, text: str) -> None:
    delay = _delay(step, problem)
    ledger.postpone(step, delay, text or _text(problem, delay), **_trouble(step, problem))


def _hopeless(step: Step, problem: Problem) -> bool:
    if problem.when is When.NEVER or exhausted(step):
        return True
    return problem.when is When.NOW and step.tries >= QUICK_TRIES


def _delay(step: Step, problem: Problem) -> float:
    """Azure's own wish; else 1, 2, 4 … seconds for a passing fault and 4, 8, 16 … for what takes its time."""
    first = 1.0 if problem.when is When.NOW else 4.0
    return problem.retry_after or min(SLOWEST, first * 2 ** min(step.tries, 6))


def _trouble(step: Step, problem: Problem) -> dict[str, Any]:
    return {
        "tries": step.tries + 1,
        "trouble_since": step.trouble_since or clock.now(),
        "problem": problem.to_json(),
    }


def _text(problem: Problem, delay: float) -> str:
    return f"Next try in {delay:.0f} s, because Azure says {problem.code}: {problem.message}"
