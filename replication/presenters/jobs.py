"""Site Recovery jobs: the list and one of them, each with the run of ours that asked for it. Azure names no person."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Lower

from replication import clock
from replication.domain import ids
from replication.domain.states import JOB
from replication.grid import Choice, Column, Grid, Rows, by, distinct, words
from replication.models import Job, Run, Step, Vault
from replication.presenters.looks import State, job_state, moment
from replication.presenters.runs import elapsed

_PERIODS = {"1": "Last 24 hours", "7": "Last 7 days", "30": "Last 30 days"}
_ORIGINS = (("ours", "This console"), ("azure", "Somewhere else in Azure"))


def grid(exported_of: Vault | None = None) -> Grid:
    """Jobs, newest first. exported_of: the vault, when the grid is exported with who asked for each job."""
    columns = [
        Column(key="name", label="Name", order=("title", "-started_at"), text=lambda j: JobRow(j).title),
        Column(key="target", label="Target", order=("target_name", "-started_at"), text=lambda j: j.target_name),
        Column(key="state", label="State", order=("state", "-started_at"), text=lambda j: JobRow(j).state.label),
        Column(key="started", label="Started", order=("started_at",), nullable=True, text=lambda j: _iso(j.started_at)),
        Column(key="ended", label="Ended", order=("ended_at",), nullable=True, text=lambda j: _iso(j.ended_at)),
    ]
    if exported_of:
        asked = _askers(exported_of)
        columns += [
            Column(key="seconds", label="Seconds", text=lambda j: round(JobRow(j).seconds or 0)),
            Column(key="by", label="Asked for by", text=lambda j: asked.get(ids.key(j.arm_id), "")),
            Column(key="error", label="Error", text=lambda j: "; ".join(each["message"] for each in JobRow(j).errors)),
            Column(key="id", label="Job", text=lambda j: j.name),
        ]
    return Grid(
        columns=tuple(columns),
        filters=(
            Choice(key="state", label="State", narrow=by("state"), options=[(k, v.label) for k, v in JOB.items()]),
            Choice(key="scenario", label="Kind", narrow=by("scenario"), options=distinct("scenario")),
            Choice(key="days", label="Started", narrow=_within, options=list(_PERIODS.items())),
            Choice(key="origin", label="Asked for by", narrow=_of_origin, options=list(_ORIGINS)),
        ),
        search=words("title", "target_name", "name"),
        default_sort="-started",
    )


def _within(rows: Rows, days: str) -> Rows:
    return rows.filter(started_at__gte=clock.now() - timedelta(days=int(days))) if days in _PERIODS else rows.none()


def _of_origin(rows: Rows, origin: str) -> Rows:
    """By whether a step of ours has the job."""
    steps = Step.objects.exclude(azure_job_id="").annotate(job=Lower("azure_job_id")).values("job")
    ours = Q(key__in=steps)
    return rows.filter(ours) if origin == "ours" else rows.exclude(ours)


def _iso(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""


def _askers(vault: Vault) -> dict[str, str]:
    """Job key -> run and person, of all jobs that runs of ours in the vault have."""
    steps = Step.objects.filter(run__vault=vault).exclude(azure_job_id="").order_by("pk").select_related("run__started_by")
    return {ids.key(step.azure_job_id): f"run {step.run.number}, {step.run.started_by}" for step in steps.iterator()}


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as Azure tells it. run: ours that asked for it."""

    job: Job
    run: Run | None = None
    controlled: list[Run] = field(default_factory=list)  # our runs that cancelled or restarted it

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
    def activity_id(self) -> str:
        """By which Azure's support finds it; it begins with the client request id."""
        return str((self.job.document or {}).get("activity_id") or "")

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


def with_runs(jobs: Iterable[Job], vault: Vault) -> list[JobRow]:
    """Jobs with the runs that asked for them: by the job's id, or by our request id at the beginning of its activity id. Two queries."""
    shown = list(jobs)
    asked = _by_job(shown, vault)
    return [JobRow(job, asked.get(job.key) or asked.get(_request(job))) for job in shown]


def whole(job: Job, vault: Vault) -> JobRow:
    """The same of one job, with the runs that cancelled or restarted it, too."""
    return replace(with_runs([job], vault)[0], controlled=_controlled(job, vault))


def _request(job: Job) -> str:
    """The client request id with which the job was asked for, or ''."""
    return str((job.document or {}).get("activity_id") or "").partition(" ")[0]


def _steps(vault: Vault) -> Rows:
    """Steps of runs in the vault with what names job, run and person."""
    named = "run__number", "run__purpose", "run__started_by__display_name", "run__started_by__username"
    rows = Step.objects.filter(run__vault=vault).select_related("run__started_by")
    return rows.only("azure_job_id", "request_id", *named)


def _by_job(jobs: list[Job], vault: Vault) -> Mapping[str, Run]:
    steps = _steps(vault).exclude(kind__startswith="job_")
    by_id = steps.annotate(job=Lower("azure_job_id")).filter(job__in=[job.key for job in jobs])
    by_request = steps.filter(request_id__in=[each for job in jobs if (each := _request(job))])
    found = {step.azure_job_id.lower(): step.run for step in by_id}
    return found | {step.request_id: step.run for step in by_request}


def _controlled(job: Job, vault: Vault) -> list[Run]:
    return [step.run for step in _steps(vault).filter(kind__startswith="job_", subject_key=job.key)]


def controls(job: Job) -> list[str]:
    """What Azure says may be done with it."""
    return [str(each) for each in (job.document or {}).get("allowed_actions") or ()]


def why_not(job: Job, action: str) -> str:
    """'' when Azure lets the job be cancelled, or restarted: Cancel or Restart among its allowed actions."""
    if action in controls(job):
        return ""
    if action == "Cancel" and job.state not in {"NotStarted", "InProgress"}:
        return "The job has ended."
    if action == "Restart" and job.state != "Failed":
        return "Only a failed job can be restarted."
    return "Azure does not allow it for this job."


def _task(task: dict[str, Any]) -> dict[str, Any]:
    state = job_state(str(task.get("state", "")))
    begun, ended = moment(task.get("started_at")), moment(task.get("ended_at"))
    title = task.get("title") or task.get("name") or "Task"
    return {
        "tone": state.tone, "word": state.label, "title": title, "duration": elapsed(begun, ended), "started": begun,
    }  # fmt: skip
