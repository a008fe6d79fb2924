"""What answers of Azure mean, as a table."""

import pytest

from replication.domain.inventory import HealthError, Job
from replication.domain.specs import Found, GroupSpec
from replication.execution.ending import verdict
from replication.execution.judgement import Sight, compare, job_progress
from replication.models import Run

ASKED = GroupSpec(id="/subscriptions/s/resourceGroups/Shop-ASR", location="southeastasia")
SAME = GroupSpec(id="/subscriptions/S/resourcegroups/shop-asr", location="Southeast Asia")
ELSEWHERE = GroupSpec(id=ASKED.id, location="japaneast")


@pytest.mark.parametrize(
    ("found", "sight"),
    [
        (None, Sight.ABSENT),
        (Found(spec=SAME), Sight.FITTING),
        (Found(spec=ELSEWHERE), Sight.DIFFERENT),
        (Found(spec=SAME, state="unfinished"), Sight.UNFINISHED),
        (Found(spec=SAME, state="broken"), Sight.BROKEN),
        (Found(spec=SAME, state="never seen before"), Sight.BROKEN),
        (Found(spec=ELSEWHERE, state="unfinished"), Sight.UNFINISHED),
    ],
)
def test_the_answers_of_observe(found: Found | None, sight: Sight) -> None:
    assert compare(ASKED, found).sight is sight


def job(state: str, text: str = "", *errors: HealthError) -> Job:
    return Job(id="/j", name="j", scenario="EnableDr", title="", state=state, state_text=text or state, errors=errors)


@pytest.mark.parametrize(
    ("state", "text", "expected"),
    [
        ("NotStarted", "", "running"),
        ("InProgress", "", "running"),
        ("InProgress", "Cancelling", "running"),
        ("Succeeded", "Completed", "succeeded"),
        ("Succeeded", "PartiallySucceeded", "succeeded"),
        ("Failed", "", "failed"),
        ("Cancelled", "", "failed"),
        ("Other", "Aborted", "failed"),
        ("Other", "RolledBack", "failed"),
        ("Other", "CompletedWithInformation", "succeeded"),
        ("Other", "Unknown", "running"),
        ("Suspended", "WaitingForStopTestFailover", "running"),
    ],
)
def test_a_jobs_words(state: str, text: str, expected: str) -> None:
    assert job_progress(job(state, text)).state == expected


def test_the_cause_is_told_not_its_wrapper() -> None:
    wrapper = HealthError(code="150253", severity="Error", message="Protection could not be enabled.")
    cause = HealthError(code="151037", severity="Error", message="No way out.", causes="A proxy.", action="Open it.")
    problem = job_progress(job("Failed", "", wrapper, cause)).problem
    assert problem
    assert (problem.code, problem.causes, problem.action) == ("151037", "A proxy.", "Open it.")
    assert job_progress(job("Failed", "", wrapper)).problem.code == "150253"  # type: ignore[union-attr]
    assert job_progress(job("Cancelled")).problem.code == "JobCancelled"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ([("group", "succeeded"), ("protect", "succeeded")], Run.State.SUCCEEDED),
        ([("group", "succeeded"), ("protect", "succeeded"), ("protect", "failed")], Run.State.PARTIAL),
        ([("group", "succeeded"), ("protect", "failed"), ("protect", "skipped")], Run.State.FAILED),
        ([("group", "succeeded"), ("network", "failed")], Run.State.PARTIAL),
        ([("group", "failed"), ("network", "skipped")], Run.State.FAILED),
        ([("protect", "succeeded"), ("protect", "cancelled")], Run.State.CANCELLED),
        ([("network", "failed"), ("protect", "succeeded")], Run.State.PARTIAL),
    ],
)
def test_what_a_run_came_to(steps: list[tuple[str, str]], state: Run.State) -> None:
    assert verdict(steps) == state
