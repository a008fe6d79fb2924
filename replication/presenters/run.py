"""The page of one run, light even with a thousand machines."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from replication.domain import ids
from replication.domain.changes import DisableSpec
from replication.domain.specs import ProtectSpec, SettleSpec
from replication.domain.steps import FINAL, STAGE_OF, STAGES, Outcome, StepState
from replication.domain.words import amount
from replication.models import ProtectedItem, Run, Step
from replication.presenters.clocks import Clocks, Peers, peers
from replication.presenters.items import ItemRow
from replication.presenters.looks import State, region, step_state
from replication.presenters.runs import elapsed

STEPS_SHOWN = 100  # of the foundations of one run; more than that is said in a sentence
EVENTS_SHOWN = 20
SETTINGS = STAGE_OF[SettleSpec.kind]
MACHINES = tuple(STAGE_OF[kind] for kind in (ProtectSpec.kind, DisableSpec.kind))  # stages whose steps are machines' own
_UNDER_WAY = (StepState.SUBMITTING, StepState.RUNNING)
_MAPPINGS = {"container_mapping", "network_mapping"}
_TITLED = _MAPPINGS | {"mapping_change", "mapping_removal", "job_cancel", "job_restart"}
_OUTCOMES = {
    Outcome.CREATED: "new", Outcome.REUSED: "reuse", Outcome.ADOPTED: "reuse", Outcome.APPLIED: "new",
    Outcome.UNCHANGED: "reuse", Outcome.DONE: "new", Outcome.REMOVED: "new",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of the timeline. `names` are the regions' display names."""

    step: Step
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> State:
        return step_state(self.step.state)

    @property
    def tone(self) -> str:
        return self.state.tone

    @property
    def word(self) -> str:
        return self.state.label

    @property
    def title(self) -> str:
        """Target resource group rg-erp-asr; a mapping's own name says less than its title."""
        titled = self.step.title
        told = self.step.kind in _TITLED or self.step.machine_key or self._name in titled
        return titled if told else f"{titled} {self._name}"

    @property
    def detail(self) -> str:
        """Where it is, and a mapping's own name."""
        own = self._name if self.step.kind in _MAPPINGS else ""
        return ", ".join(filter(None, (region(self.names, str(self.step.spec.get("location", ""))), own)))

    @property
    def _name(self) -> str:
        return ids.name(str(self.step.spec.get("id", "")))

    @property
    def mark(self) -> str:
        return _OUTCOMES.get(Outcome(self.step.outcome), "") if self.step.outcome else ""

    @property
    def mark_text(self) -> str:
        """Created, Reused, or Adopted: an operation that was under way already made it."""
        return Outcome(self.step.outcome).value.capitalize() if self.step.outcome else ""

    @property
    def outcome_text(self) -> str:
        """What became of a machine's step that succeeded."""
        return "Enabled" if self.step.kind == ProtectSpec.kind else self.mark_text or "Done"

    @property
    def problem(self) -> dict[str, Any] | None:
        return self.step.problem

    @property
    def duration(self) -> float | None:
        return elapsed(self.step.started_at, self.step.ended_at)

    @property
    def started(self) -> datetime | None:
        return self.step.started_at

    @property
    def url(self) -> str:
        return reverse("replication:step", args=[self.step.run_id, self.step.pk])

    @property
    def events(self) -> list[Any]:
        return list(self.step.events.all())[-EVENTS_SHOWN:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Target resources, foundations or machines: counts, and the steps that are shown."""

    index: int
    title: str
    counts: Mapping[str, int]
    steps: Sequence[StepRow] = ()

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        return self.counts.get(StepState.SUCCEEDED, 0)

    @property
    def hidden(self) -> int:
        """Steps that are not shown one by one."""
        return self.total - len(self.steps)

    @property
    def state(self) -> State:
        """The stage in one look: what failed outweighs what runs, what runs what waits."""
        words = f"{self.done:,} of {self.total:,}"
        if self.counts.get(StepState.FAILED):
            return State("error", f"{words}, {self.counts[StepState.FAILED]:,} failed")
        if self.done == self.total:
            return State("ok", words)
        if any(self.counts.get(each) for each in _UNDER_WAY):
            return State("run", words)
        return State("wait" if self.counts.get(StepState.WAITING) else "none", words)

    @property
    def sentence(self) -> str:
        """9 done, 3 running, 1 waiting, 1 failed."""
        told = [(self.done, "done"), (sum(self.counts.get(each, 0) for each in _UNDER_WAY), "running")]
        told += [(self.counts.get(each, 0), each.value) for each in _TOLD]
        return ", ".join(f"{number:,} {word}" for number, word in told if number)

    @property
    def open(self) -> bool:
        """Whether the page shows it unfolded: unless all of it is done."""
        return self.done < self.total or not self.steps or len(self.steps) <= 12


_TOLD = (StepState.WAITING, StepState.FAILED, StepState.SKIPPED, StepState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRow:
    """A machine of the run: what its step does, and once it is enabled, how its first copy goes."""

    row: StepRow
    name: str
    item: ItemRow | None
    now: str
    clocks: Clocks
    settings: StepRow | None = None

    @property
    def settings_now(self) -> str:
        """What becomes of the settings that Azure takes only after protection."""
        return _SETTINGS[StepState(self.settings.step.state)] if self.settings else ""

    @property
    def copying(self) -> bool:
        enabled = self.row.step.kind == ProtectSpec.kind and self.row.step.state == StepState.SUCCEEDED
        return bool(self.item and enabled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A run's steps, counted."""

    stages: Sequence[Stage] = field(default_factory=tuple)

    @property
    def total(self) -> int:
        return sum(stage.total for stage in self.stages)

    @property
    def done(self) -> int:
        """Steps that nothing more will happen to."""
        return sum(number for stage in self.stages for state, number in stage.counts.items() if state in set(FINAL))

    @property
    def failed(self) -> int:
        return self._count(StepState.FAILED)

    @property
    def skipped(self) -> int:
        return self._count(StepState.SKIPPED)

    @property
    def unfinished(self) -> int:
        """Steps that a retry would do again."""
        return self.total - self._count(StepState.SUCCEEDED)

    @property
    def machines_failed(self) -> int:
        counts = [self.stages[index].counts for index in MACHINES]
        return sum(each.get(StepState.FAILED, 0) + each.get(StepState.SKIPPED, 0) for each in counts)

    @property
    def machines(self) -> int:
        """Machines' own steps."""
        return sum(self.stages[index].total for index in MACHINES)

    @property
    def tone(self) -> str:
        """Colour of the progress line: red only when nothing goes on any more."""
        if self.done == self.total and (self.failed or self.skipped):
            return "error"
        return "ok" if self.total and self.total == self._count(StepState.SUCCEEDED) else ""

    def _count(self, state: StepState) -> int:
        return sum(stage.counts.get(state, 0) for stage in self.stages)


def progress(run: Run, names: Mapping[str, str]) -> Progress:
    """The stages with their counts and the foundations' steps: three queries at any size."""
    counts: dict[int, dict[str, int]] = {index: {} for index in range(len(STAGES))}
    for stage, state, number in run.steps.order_by().values_list("stage", "state").annotate(Count("pk")):
        counts.setdefault(stage, {})[state] = number
    steps = foundations(run)
    return Progress(
        stages=[
            Stage(index=i, title=title, counts=counts[i], steps=[StepRow(s, names) for s in steps if s.stage == i])
            for i, title in enumerate(STAGES)
        ]
    )


def foundations(run: Run) -> list[Step]:
    """The steps that are not a machine's, with their events."""
    rows = run.steps.filter(machine_key="").defer("needs", "handle").prefetch_related("events")
    return _of(run, rows[:STEPS_SHOWN])


def _of(run: Run, steps: Iterable[Step]) -> list[Step]:
    """The steps with their run at hand, so that nobody reads it again for each."""
    found = list(steps)
    for step in found:
        step.run = run
    return found


_SETTINGS = {
    StepState.WAITING: "applied once it is protected",
    StepState.SUBMITTING: "being applied",
    StepState.RUNNING: "being applied",
    StepState.SUCCEEDED: "applied",
    StepState.FAILED: "not applied",
    StepState.SKIPPED: "not applied",
    StepState.CANCELLED: "not applied, the run was cancelled",
}

MACHINE_FILTERS = {
    "failed": ("Failed", Q(state__in=(StepState.FAILED, StepState.SKIPPED))),
    "running": ("Running", Q(state__in=_UNDER_WAY)),
    "waiting": ("Waiting", Q(state=StepState.WAITING)),
    "done": ("Done", Q(state=StepState.SUCCEEDED)),
}


def machine_steps(run: Run, chosen: str) -> QuerySet[Step]:
    """The machines' own steps, of one kind when that is asked for."""
    # In an index and its order, so that a page of ten thousand machines, and their number, cost no more than of a hundred.
    own = run.steps.filter(stage__range=(min(MACHINES), max(MACHINES))).exclude(stage=SETTINGS)
    rows = own.defer("needs", "handle").order_by("stage", "position", "pk")
    if chosen == "failed":
        unsettled = run.steps.filter(kind=SettleSpec.kind, state=StepState.FAILED)
        return rows.filter(MACHINE_FILTERS[chosen][1] | Q(machine_key__in=unsettled.order_by().values("machine_key")))
    return rows.filter(MACHINE_FILTERS[chosen][1]) if chosen in MACHINE_FILTERS else rows


def machine_rows(
    run: Run, steps: Iterable[Step], items: QuerySet[ProtectedItem], names: Mapping[str, str]
) -> list[MachineRow]:
    """One page of machines with what they do now."""
    shown = _of(run, steps)
    keys = [step.machine_key for step in shown]
    by_machine = {i.machine_key: i for i in items.filter(machine_key__in=keys)}
    settled = run.steps.filter(kind=SettleSpec.kind, machine_key__in=keys).order_by()
    settings = {step.machine_key: step for step in _of(run, settled)}
    others = peers(run, items)
    return [
        _machine_row(step, by_machine.get(step.machine_key), settings.get(step.machine_key), names, others)
        for step in shown
    ]


def _machine_row(
    step: Step, item: ProtectedItem | None, settings: Step | None, names: Mapping[str, str], others: Peers
) -> MachineRow:
    name = step.spec.get("machine_name") or step.title
    row = StepRow(step, names)
    now = row.outcome_text if step.state == StepState.SUCCEEDED else row.word
    return MachineRow(
        row=row,
        name=name,
        item=ItemRow(item, names) if item else None,
        now=now,
        clocks=others.clocks(step, item),
        settings=StepRow(settings, names) if settings else None,
    )


def failed_title(counted: Progress) -> str:
    """1 of 14 machines failed; or, when it was not a machine, 2 steps failed."""
    settings = counted.stages[SETTINGS].counts.get(StepState.FAILED, 0)
    if settings and settings == counted.failed:
        return f"The settings of {amount(settings, 'machine')} were not applied."
    if counted.machines_failed:
        return f"{counted.machines_failed:,} of {counted.machines:,} machines failed."
    return f"{counted.failed:,} step{'' if counted.failed == 1 else 's'} failed."


def asked_for(spec: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A step's spec in words, without what is empty."""
    return [(name.replace("_", " "), _spell(value)) for name, value in spec.items() if value not in ("", [], {}, None)]


def _spell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_spell(each)}" for name, each in value.items())
    return "; ".join(_spell(each) for each in value) if isinstance(value, list) else str(value)
