"""The registry of settings: everything that administrators change while the console runs, on the page Settings.

A new setting is one entry in SETTINGS; the page, the form, the check of what is typed and the audit entry follow from it.
`replication.settings.value(name)` reads one, `actions.settings.change` writes.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from replication.domain.roles import Permission
from replication.domain.vocabulary import ACTIONS, action_label


class Kind(StrEnum):
    """What a setting's value is, in Python and in JSON."""

    FLAG = "flag"  # bool
    NUMBER = "number"  # int between minimum and maximum
    TEXT = "text"  # str without line breaks
    CHOICE = "choice"  # str, one of the options
    CHOICES = "choices"  # list[str], any of the options
    LINES = "lines"  # list[str], one a line


class Section(StrEnum):
    """The parts of the page, in its order."""

    AUDIT = "audit"

    @property
    def label(self) -> str:
        """The part's heading."""
        return {"audit": "Audit history"}.get(self.value, self.value.capitalize())


class Unfit(ValueError):
    """A value that the setting cannot take; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting.

    environment: the variable that gives the installation's default, written as `read` takes it; default: when that is not set;
    options: (value, label) of a choice; unit stands behind the control; pattern: what a text or each line must match as a whole,
    pattern_says: that in a sentence; validate: a further rule, answers a sentence or ''; of_vault: a vault can have a value of its own;
    permission: who may change it.
    """

    name: str
    section: Section
    label: str
    kind: Kind
    default: Any
    help: str = ""
    environment: str = ""
    options: Sequence[tuple[str, str]] = ()
    minimum: int = 0
    maximum: int = 1_000_000
    unit: str = ""
    pattern: str = ""
    pattern_says: str = ""
    longest: int = 500
    validate: Callable[[Any], str] | None = None
    of_vault: bool = False
    permission: Permission = Permission.MANAGE_SETTINGS

    def read(self, text: str) -> Any:
        """The value that a text stands for, as the environment has it: flags 1 or 0, lists with commas. Raises Unfit."""
        if self.kind is Kind.FLAG:
            return self.check(text.strip().lower() in {"1", "true", "yes", "on"})
        if self.kind is Kind.NUMBER:
            return self.check(int(text) if re.fullmatch(r"-?\d{1,12}", text.strip()) else text)
        if self.kind in {Kind.CHOICES, Kind.LINES}:
            return self.check([part.strip() for part in text.split(",") if part.strip()])
        return self.check(text.strip())

    def check(self, value: Any) -> Any:
        """The value as it is stored. Raises Unfit when the setting cannot take it."""
        found = _CHECKS[self.kind](self, value)
        said = self.validate(found) if self.validate else ""
        if said:
            raise Unfit(said)
        return found

    def shown(self, value: Any) -> str:
        """The value in words."""
        labels: dict[str, str] = dict(self.options)
        if self.kind is Kind.FLAG:
            return "On" if value else "Off"
        if isinstance(value, list):
            return ", ".join(labels.get(str(each), str(each)) for each in value) or "None"
        return f"{labels.get(value, value)} {self.unit}".strip() or "None"


def _flag(_: Setting, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unfit("This is either on or off.")
    return value


def _number(setting: Setting, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not setting.minimum <= value <= setting.maximum:
        raise Unfit(f"Enter a whole number from {setting.minimum:,} to {setting.maximum:,}.")
    return value


def _text(setting: Setting, value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable() or len(value) > setting.longest:
        raise Unfit(f"Enter one line of at most {setting.longest} characters.")
    if value and setting.pattern and not re.fullmatch(setting.pattern, value):
        raise Unfit(setting.pattern_says or "This is not in the form that is expected.")
    return value


def _choice(setting: Setting, value: Any) -> str:
    if value not in dict(setting.options):
        raise Unfit("Choose one of the options.")
    return str(value)


def _choices(setting: Setting, value: Any) -> list[str]:
    known = dict(setting.options)
    if not isinstance(value, list) or any(each not in known for each in value):
        raise Unfit("Choose among the options.")
    return [each for each in known if each in value]


def _lines(setting: Setting, value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > 200:
        raise Unfit("Enter at most 200 lines.")
    return [_text(setting, each) for each in value]


_CHECKS: dict[Kind, Callable[[Setting, Any], Any]] = {
    Kind.FLAG: _flag,
    Kind.NUMBER: _number,
    Kind.TEXT: _text,
    Kind.CHOICE: _choice,
    Kind.CHOICES: _choices,
    Kind.LINES: _lines,
}


# --- the settings ----------------------------------------------------------------------------------------------------------

# What changes something for others, and so may be asked a reason for. Signing in and looking never are.
_REASONED = [
    (name, action_label(name))
    for name in ACTIONS
    if name.partition(".")[0] in {"run", "draft", "grant", "person", "setting"}
    and name not in {"run.ended", "run.evidence", "person.password_changed"}
]

SETTINGS: dict[str, Setting] = {
    each.name: each
    for each in (
        Setting(
            name="audit.reason_required",
            section=Section.AUDIT,
            label="Ask for a reason",
            help="Before one of these is done, the console asks for a reason or ticket number and keeps it with the entry.",
            kind=Kind.CHOICES,
            options=_REASONED,
            default=[],
            environment="PORTAL_REASON_REQUIRED",
        ),
    )
}


def of_section(section: Section) -> list[Setting]:
    """A part's settings, in the order of the registry."""
    return [each for each in SETTINGS.values() if each.section is section]
