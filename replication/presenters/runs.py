"""Runs: the list, and the head of each."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.urls import reverse

from replication import clock
from replication.domain.states import RUN
from replication.grid import Choice, Column, Grid, Rows, by, words
from replication.models import Run, Step
from replication.presenters.looks import State, run_state

WIZARD = (Run.Purpose.TARGETS, Run.Purpose.ENABLE)


def elapsed(begun: datetime | None, ended: datetime | None) -> float | None:
    """Seconds from the beginning to the end, or to now; None before the beginning."""
    return ((ended or clock.now()) - begun).total_seconds() if begun else None


def grid() -> Grid:
    """Runs, newest first."""
    return Grid(
        columns=(
            Column(key="number", label="Run", order=("number",), text=lambda r: r.number),
            Column(key="vault", label="Vault", order=("vault__name",), text=lambda r: r.vault.name),
            Column(key="state", label="State", order=("state", "-number")),
            Column(key="machines", label="Machines", order=("machine_count",)),
            Column(key="person", label="Started by", order=("started_by__username",)),
            Column(key="started", label="Started", order=("created_at",)),
            Column(key="ended", label="Ended", order=("ended_at",), nullable=True),
        ),
        filters=(
            Choice(key="state", label="State", narrow=_by_state, options=[("failures", "With failures"), *_states()]),
            Choice(key="purpose", label="Kind", narrow=by("purpose"), options=Run.Purpose.choices),
            Choice(key="by", label="Started by", narrow=by("started_by__username"), options=_starters),
        ),
        search=by_number_or_machine,
        default_sort="-number",
    )


def _states() -> list[tuple[str, str]]:
    return [(value, look.label) for value, look in RUN.items()]


def _by_state(rows: Rows, value: str) -> Rows:
    return rows.filter(state__in=("partial", "failed")) if value == "failures" else rows.filter(state=value)


def _starters(rows: Rows) -> list[tuple[str, str]]:
    found = rows.order_by().values_list("started_by__username", "started_by__display_name").distinct()
    return sorted((name, shown or name) for name, shown in found)


def by_number_or_machine(rows: Rows, text: str) -> Rows:
    """By number ("42", "run 42"), else by vault or machine."""
    number = text.lower().removeprefix("run").strip()
    if number.isdecimal() and len(number) < 18:
        return rows.filter(number=int(number))
    named = words("title")(Step.objects.exclude(machine_key=""), text)
    return rows.filter(Q(vault__name__icontains=text) | Q(pk__in=named.values("run_id")))


def latest(runs: QuerySet[Run], number: int) -> list["RunRow"]:
    """The latest of them for a short list (runs/_mini.html), read without what only longer lists show."""
    shown = "number", "purpose", "machine_count", "state", "cancel_requested_at", "paused_at", "created_at"
    return [RunRow(run) for run in runs.select_related(None).only(*shown).order_by("-number")[:number]]


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in a list and at the head of its page."""

    run: Run

    @property
    def url(self) -> str:
        return reverse("replication:run", args=[self.run.pk])

    @property
    def title(self) -> str:
        """Enable replication, 14 machines."""
        count = self.run.machine_count
        machines = f", {count:,} machine{'' if count == 1 else 's'}" if count else ""
        return f"{Run.Purpose(self.run.purpose).label}{machines}"

    @property
    def of_change(self) -> bool:
        """Whether it changes what is there, instead of what the wizard planned."""
        return Run.Purpose(self.run.purpose) not in WIZARD

    @property
    def number_text(self) -> str:
        """Run 42."""
        return f"Run {self.run.number}"

    @property
    def key(self) -> str:
        """How the audit names it."""
        return str(self.run.pk)

    @property
    def state(self) -> State:
        """What it does; a run told to stop says so until it has, a paused one that nothing more begins."""
        if self.run.cancel_requested_at and not self.finished:
            return State("run", "Cancelling", moving=True)
        if self.run.paused_at and not self.finished:
            return State("warn", "Paused")
        return run_state(self.run.state)

    @property
    def finished(self) -> bool:
        return self.run.state in Run.FINISHED

    @property
    def seconds(self) -> float | None:
        return elapsed(self.run.created_at, self.run.ended_at)
