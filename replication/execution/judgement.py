"""What the answers of Azure mean for a step. Pure: no database, no exchange, no clock."""

from dataclasses import dataclass
from enum import StrEnum

from replication.domain.inventory import HealthError, Job
from replication.domain.problems import Problem, Severity, When
from replication.domain.specs import Found, Spec
from replication.gateway.port import Progress


class Sight(StrEnum):
    """The four answers of *observe*, the last in two (house.md, *Draft, plan, run* 7)."""

    ABSENT = "absent"
    FITTING = "fitting"
    DIFFERENT = "different"
    UNFINISHED = "unfinished"
    BROKEN = "broken"
    EARLY = "early"  # what is to be changed is there, but Azure does not take the change yet


@dataclass(frozen=True, slots=True)
class View:
    """What is there, compared with what was asked for."""

    sight: Sight
    problem: Problem | None = None
    job_id: str = ""


def compare(spec: Spec, found: Found | None, *, ended: bool = False) -> View:
    """Judge what Azure shows. A state that is neither 'ready' nor 'unfinished' is broken: never put over.

    ended: Azure says that the operation has succeeded, which is all that an act leaves to see.
    """
    if spec.removes:
        return _compare_removal(spec, found)
    if spec.once:
        return View(Sight.FITTING) if ended and found else _compare_act(found)
    if spec.changes:
        return _compare_change(spec, found)
    if found is None:
        return View(Sight.ABSENT)
    if found.state == "unfinished":
        return View(Sight.UNFINISHED, job_id=found.job_id)
    if found.state != "ready":
        return View(Sight.BROKEN, _broken(found))
    differences = spec.differences(found.spec)
    if differences:
        return View(Sight.DIFFERENT, _different([str(each) for each in differences]))
    return View(Sight.FITTING)


def _compare_change(spec: Spec, found: Found | None) -> View:
    """A change is *absent* while what it changes is there and departs from it; what it cannot be made to is broken."""
    if found is None:
        return View(Sight.BROKEN, _NOTHING_TO_CHANGE)
    differences = spec.differences(found.spec)
    if not differences:
        return View(Sight.FITTING)
    problem = _different([str(each) for each in differences])
    if found.state == "unfinished":
        return View(Sight.EARLY, problem)
    if found.state != "ready":
        return View(Sight.BROKEN, _broken(found))
    missing = any(each.got is None for each in differences)
    return View(Sight.BROKEN if missing else Sight.ABSENT, problem)


def _compare_removal(spec: Spec, found: Found | None) -> View:
    """Absence is what was asked for. What is there and differs from what was meant to go is not touched."""
    if found is None:
        return View(Sight.FITTING)
    if found.state == "unfinished":
        return View(Sight.EARLY, _STILL_THERE)
    if found.state != "ready":
        return View(Sight.BROKEN, _broken(found))
    differences = spec.differences(found.spec)
    return (
        View(Sight.BROKEN, _different([str(each) for each in differences]))
        if differences
        else View(Sight.ABSENT, _STILL_THERE)
    )


def _compare_act(found: Found | None) -> View:
    """An act that was not done yet, as far as anything can tell: may it be asked for?"""
    if found is None:
        return View(Sight.BROKEN, _NOTHING_TO_CHANGE)
    if found.state == "unfinished":
        return View(Sight.EARLY)
    return View(Sight.ABSENT) if found.state == "ready" else View(Sight.BROKEN, _broken(found))


_NOTHING_TO_CHANGE = Problem(
    code="NothingToChange",
    message="What was to be changed is not there any more.",
    causes="It was removed in Azure, or a machine's replication was disabled, after this run was asked for.",
)
_STILL_THERE = Problem(code="StillThere", message="It is still there.", action="Look in Azure, then retry what failed.")


BUSY = Problem(
    code="Busy",
    message="Another operation is at work on it in Azure.",
    action="It is asked for as soon as that has ended.",
    when=When.LATER,
)


def _broken(found: Found) -> Problem:
    return Problem(
        code="BrokenInAzure",
        message=f"Azure has it in the state “{found.state_text or found.state}”, which this run does not touch.",
        action="Look at it in Azure, mend or remove it there, then retry what failed.",
    )


def _different(differences: list[str]) -> Problem:
    return Problem(
        code="DifferentInAzure",
        message="What is in Azure departs from what was asked for: " + "; ".join(differences),
        action="Choose another name or the existing settings, or change it in Azure, then retry what failed.",
    )


# Azure's finer words for jobs that ended without doing all of it (site-recovery-protocol.md §3.4).
_ENDED_BADLY = {"failed", "aborted", "rolledback", "cancelled", "canceled"}
_ENDED_WELL = {"succeeded", "completed", "completedwithinformation", "partiallysucceeded", "skipped"}
# Protection could not be enabled: says only that, the cause stands beside it (site-recovery-protocol.md §4.3).
_WRAPPERS = {"150253"}


def job_progress(job: Job) -> Progress:
    """How an operation stands by its Site Recovery job. *Succeeded* may be partial: what is read back decides."""
    words = {job.state.lower(), job.state_text.lower()}
    if words & _ENDED_BADLY:
        return Progress(state="failed", problem=_job_problem(job), job_id=job.id)
    if words & _ENDED_WELL:
        return Progress(state="succeeded", job_id=job.id)
    return Progress(state="running", job_id=job.id)


def _job_problem(job: Job) -> Problem:
    error = next((each for each in job.errors if each.code not in _WRAPPERS), next(iter(job.errors), None))
    if error is None:
        state = job.state_text or job.state
        return Problem(code=f"Job{state}", message=f"Azure ended the job “{job.title or job.scenario}” as {state}.")
    return _problem(error)


def _problem(error: HealthError) -> Problem:
    return Problem(code=error.code, message=error.message, causes=error.causes, action=error.action)


def not_there(kind: str) -> Problem:
    """Azure said *Succeeded*, and shows nothing."""
    return Problem(
        code="NotThere",
        message="Azure reported success, but does not show the resource.",
        causes="It was deleted meanwhile, or Azure lost it.",
        action="Look in Azure, then retry what failed.",
    )


def no_end(seconds: float) -> Problem:
    """An operation that never ends: some of Azure's end words are unknown to its own SDK (site-recovery-protocol.md §0.2)."""
    return Problem(
        code="NoEnd",
        message=f"Azure has not ended this operation within {seconds / 60:.0f} minutes.",
        action="Look at the job in Azure. Retrying takes the operation up again if it still runs.",
    )


OUR_FAULT = Problem(
    code="ConsoleFault",
    message="The console could not make sense of this exchange. Details are in the worker's log.",
    action="Retry what failed; if it comes back, report it with the run's number.",
    severity=Severity.ERROR,
    when=When.NOW,
)
