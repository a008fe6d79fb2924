"""What a rule is, and what it says of a machine."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from replication.domain.inventory import Disk, Machine

ZONAL, REGIONAL = "zonal", "regional"


class Effect(StrEnum):
    BLOCK = "block"
    WARN = "warn"
    INFORM = "inform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a rule says of a machine, in the five parts of Azure's own eligibility answer plus who can fix it."""

    code: str
    effect: Effect
    message: str
    causes: str = ""
    action: str = ""
    fixed_by: str = ""
    when: str = ""  # ZONAL or REGIONAL: only for machines that go to another zone, or to another region; '' always

    @property
    def blocks(self) -> bool:
        """Whether the machine cannot be chosen."""
        return self.effect is Effect.BLOCK

    def to_json(self) -> dict[str, Any]:
        """A plain dict for a JSON column."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of §4. `finds` answers the words that complete the message, '' for "applies, nothing to add", None for "does not apply"."""

    code: str
    row: int  # in portal-behaviour.md §4
    title: str  # of its column in the matrix
    effect: Effect
    message: str  # may hold {found}
    finds: Callable[[Machine], str | None]
    causes: str = ""
    action: str = ""
    fixed_by: str = "machine owner"
    when: str = ""

    def verdict(self, found: str) -> Verdict:
        """What is said of a machine of which `finds` answered these words."""
        return Verdict(
            code=self.code,
            effect=self.effect,
            message=self.message.format(found=found),
            causes=self.causes,
            action=self.action,
            fixed_by=self.fixed_by,
            when=self.when,
        )


Finds = Callable[[Machine], str | None]


def when(condition: Callable[[Machine], object]) -> Finds:
    """Applies where the condition holds, with nothing to add."""
    return lambda machine: "" if condition(machine) else None


def disks(condition: Callable[[Disk], object]) -> Finds:
    """The names of the disks that meet the condition."""
    return lambda machine: ", ".join(disk.name for disk in machine.disks if condition(disk)) or None


def fact(name: str) -> Callable[[Machine], object]:
    """What the inventory says under this name, of the machine as a whole."""
    return lambda machine: machine.facts.get(name)


def said(name: str) -> Finds:
    """The same in words; lists with commas."""

    def finds(machine: Machine) -> str | None:
        value = machine.facts.get(name)
        return (", ".join(map(str, value)) if isinstance(value, list) else str(value)) if value else None

    return finds
