"""Three clocks of a machine in a run: submitted, enabled, first copy done; who is slower than its peers; and the budget of calls."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from replication import clock
from replication.domain.forecast import slow_after
from replication.domain.steps import StepState
from replication.models import Pace, ProtectedItem, Run, Step

SAMPLE = 200  # machines that are done, for comparison: enough for a middle, and the same at any size of run


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """When the request left; seconds from there until Azure had enabled it; seconds from there until the copy was seen done."""

    submitted: datetime | None
    enabled: float | None
    copied: float | None
    slow: str = ""  # what is slow, in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """Seconds after which a machine of this run is slow."""

    enabling: float | None
    copying: float | None

    def clocks(self, step: Step, item: ProtectedItem | None) -> Clocks:
        """The machine's clocks, and whether one of them runs for too long."""
        enabled_at = step.ended_at if step.state == StepState.SUCCEEDED else None
        copied_at = _copied_at(enabled_at, item)
        under_way = step.state in {StepState.SUBMITTING, StepState.RUNNING}
        now = clock.now()
        slow = ""
        if (under_way or enabled_at) and _over(step.claimed_at, enabled_at or now, self.enabling):
            slow = "Enabling takes longer than for its peers."
        if enabled_at and item and _over(enabled_at, copied_at or now, self.copying):
            slow = "The first copy takes longer than for its peers."
        return Clocks(
            submitted=step.claimed_at,
            enabled=_between(step.claimed_at, enabled_at),
            copied=_between(enabled_at, copied_at),
            slow=slow,
        )


def peers(run: Run, items: QuerySet[ProtectedItem]) -> Peers:
    """What the run's machines take in the middle, from some that are done: two queries at any size."""
    done = run.steps.filter(kind="protect", state=StepState.SUCCEEDED).values_list(
        "machine_key", "claimed_at", "ended_at"
    )
    times = {key: (begun, ended) for key, begun, ended in done[:SAMPLE] if begun and ended}
    copied = items.filter(machine_key__in=times).values_list("machine_key", "copied_at")
    copies = ((times[key][1], at) for key, at in copied if at and at > times[key][1])
    return Peers(enabling=slow_after(_seconds(times.values())), copying=slow_after(_seconds(copies)))


def _seconds(spans: Iterable[tuple[datetime, datetime]]) -> list[float]:
    return [(ended - begun).total_seconds() for begun, ended in spans]


def _copied_at(enabled_at: datetime | None, item: ProtectedItem | None) -> datetime | None:
    """A copy that ended before belongs to an earlier protection of the machine."""
    at = item.copied_at if item else None
    return at if at and enabled_at and at > enabled_at else None


def _between(begun: datetime | None, ended: datetime | None) -> float | None:
    return (ended - begun).total_seconds() if begun and ended else None


def _over(begun: datetime | None, ended: datetime, most: float | None) -> bool:
    return bool(begun and most and (ended - begun).total_seconds() > most)


def budget(run: Run) -> str:
    """What is spent and left of the write budget, and what Azure refused. '' before anything was written, and when the run has ended."""
    if run.state in Run.FINISHED:
        return ""
    now = clock.now().timestamp()
    rows = list(Pace.objects.filter(name__in=run.turns.values("bucket")))
    if not rows:
        return ""
    spent, left = sum(row.spent_in_minute(now) for row in rows), sum(row.left_in_minute(now) for row in rows)
    refused = sum(row.refused for row in rows)
    told = f"Azure has refused {refused:,} for their number (429)" if refused else "Azure has refused none for their number"
    return f"Writes to Azure, for all runs of the subscription: {spent:,} spent and {left:,} left this minute; {told}."
