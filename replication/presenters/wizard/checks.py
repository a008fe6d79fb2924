"""*Checks*: how each check stands, and what was found, sorted by what it means for the run."""

from collections.abc import Iterator
from dataclasses import dataclass

from replication.actions.checks import Standing
from replication.domain.checks.catalogue import CHECKS
from replication.domain.checks.findings import Finding
from replication.domain.eligibility import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """One check in the list: tone and word as ui/timeline shows them."""

    title: str
    tone: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A finding as the page shows it. number: for ids on the page."""

    finding: Finding
    number: int
    acknowledged: bool

    @property
    def tone(self) -> str:
        """error, warn or info."""
        return {Effect.BLOCK: "error", Effect.WARN: "warn", Effect.INFORM: "info"}[self.finding.effect]


_WORDS = {
    Effect.BLOCK: ("error", "obstacle", "obstacles"),
    Effect.WARN: ("warn", "warning", "warnings"),
    Effect.INFORM: ("info", "note", "notes"),
}


def check_rows(now: Standing) -> list[CheckRow]:
    """All checks in order. The first that is not made is the one under way."""
    done, rows, waiting = now.done, list[CheckRow](), False
    for check in CHECKS:
        if check.key in done:
            rows.append(_made(check.title, done[check.key]))
        else:
            under_way = now.running and not waiting
            rows.append(
                CheckRow(
                    title=check.title, tone="run" if under_way else "wait", word="Checking" if under_way else "Waiting"
                )
            )
            waiting = True
    return rows


def _made(title: str, findings: tuple[Finding, ...]) -> CheckRow:
    for effect, (tone, one, many) in _WORDS.items():
        if number := sum(each.effect is effect for each in findings):
            return CheckRow(title=title, tone=tone, word=f"{number:,} {one if number == 1 else many}")
    return CheckRow(title=title, tone="ok", word="Nothing found")


def found(now: Standing, effect: Effect) -> list[Found]:
    """The findings of one effect."""
    return [each for each in _numbered(now) if each.finding.effect is effect]


def _numbered(now: Standing) -> Iterator[Found]:
    for number, finding in enumerate(now.findings, 1):
        yield Found(finding=finding, number=number, acknowledged=finding.name in now.acknowledged)
