"""Site Recovery jobs: the list and one of them."""

from dataclasses import dataclass
from typing import Any

from replication.domain.states import JOB
from replication.grid import Choice, Column, Grid, by, distinct, words
from replication.models import Job
from replication.presenters.looks import State, job_state, moment
from replication.presenters.runs import elapsed


def grid() -> Grid:
    """Jobs, newest first."""
    return Grid(
        columns=(
            Column(key="name", label="Name", order=("title", "-started_at")),
            Column(key="target", label="Target", order=("target_name", "-started_at")),
            Column(key="state", label="State", order=("state", "-started_at")),
            Column(key="started", label="Started", order=("started_at",), nullable=True),
            Column(key="ended", label="Ended", order=("ended_at",), nullable=True),
        ),
        filters=(
            Choice(key="state", label="State", narrow=by("state"), options=[(k, v.label) for k, v in JOB.items()]),
            Choice(key="scenario", label="Kind", narrow=by("scenario"), options=distinct("scenario")),
        ),
        search=words("title", "target_name"),
        default_sort="-started",
    )


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as Azure tells it."""

    job: Job

    @property
    def title(self) -> str:
        return self.job.title or self.job.scenario or self.job.name

    @property
    def state(self) -> State:
        return job_state(self.job.state, self.job.state_text)

    @property
    def seconds(self) -> float | None:
        return elapsed(self.job.started_at, self.job.ended_at)

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """Tasks in the shape of ui/timeline.html; a list call gives none."""
        return [_task(each) for each in (self.job.document or {}).get("tasks") or ()]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Errors in the five parts of ui/problem.html."""
        return [dict(each) | {"severity": str(each.get("severity", "")).lower()} for each in self._errors]

    @property
    def _errors(self) -> list[dict[str, Any]]:
        return list((self.job.document or {}).get("errors") or ())


def _task(task: dict[str, Any]) -> dict[str, Any]:
    state = job_state(str(task.get("state", "")))
    begun, ended = moment(task.get("started_at")), moment(task.get("ended_at"))
    title = task.get("title") or task.get("name") or "Task"
    return {
        "tone": state.tone, "word": state.label, "title": title, "duration": elapsed(begun, ended), "started": begun,
    }  # fmt: skip
