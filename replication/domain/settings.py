"""The registry of settings: everything that administrators change while the console runs, on the page Settings.

A new setting is one entry in SETTINGS; the page, the form, the check of what is typed and the audit entry follow from it.
`replication.settings.value(name)` reads one, `actions.settings.change` writes.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from replication.domain import naming
from replication.domain.approvals import GATED
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


_HEADINGS = {
    "audit": "Audit history",
    "approvals": "Approval by a second person",
    "ledger": "RPO target and ledger",
    "naming": "Names of target resources",
    "signin": "Sign-in",
}


class Section(StrEnum):
    """The parts of the page, in its order."""

    REPLICATION = "replication"
    NAMING = "naming"
    LEDGER = "ledger"
    APPROVALS = "approvals"
    SIGN_IN = "signin"
    AUDIT = "audit"
    LIMITS = "limits"
    RUNS = "runs"

    @property
    def label(self) -> str:
        """The part's heading."""
        return _HEADINGS.get(self.value, self.value.capitalize())


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
    preview: Callable[[str], str] | None = None  # of a text: what it would come to, shown while one types
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
    if name.partition(".")[0] in {"run", "grant", "person", "setting"}
    and name not in {"run.ended", "run.evidence", "person.password_changed", "person.locked", "person.signed_up"}
    and "second_factor_o" not in name
]

_NAMED = {
    "resource_group": "Resource group",
    "virtual_network": "Virtual network",
    "storage_account": "Target storage account",
    "cache_account": "Cache storage account",
    "availability_set": "Availability set",
    "placement_group": "Proximity placement group",
    "cloud_service": "Cloud service (classic)",
}


def _pattern(kind: str, label: str) -> Setting:
    """The naming rule of one kind of resource."""
    rule = naming.rule_of(kind)
    words = ", ".join(f"{{{word}}}" for word in naming.WORDS[kind])
    return Setting(
        name=f"naming.{kind}",
        section=Section.NAMING,
        label=label,
        kind=Kind.TEXT,
        default=naming.PATTERNS[kind],
        help=f"Takes {words}. Azure takes at most {rule.longest} characters: {rule.words}. Longer names are shortened, and stay different.",
        environment=f"PORTAL_NAME_{kind.upper()}",
        longest=90,
        validate=partial(naming.pattern_refusal, kind),
        preview=partial(naming.preview, kind),
        of_vault=True,
    )


SETTINGS: dict[str, Setting] = {
    each.name: each
    for each in (
        Setting(
            name="drafts.days",
            section=Section.REPLICATION,
            label="Drafts expire after",
            help="Counted from the last time that somebody saved the draft. An expired draft keeps its choices and can be reopened.",
            kind=Kind.NUMBER,
            default=14,
            minimum=1,
            maximum=365,
            unit="days",
            environment="PORTAL_DRAFT_DAYS",
            of_vault=True,
        ),
        Setting(
            name="replication.region_pairing",
            section=Section.REPLICATION,
            label="Target locations",
            help="Azure replicates from any region to any other. Geographic clusters keep the data within America, Europe, Asia and so on.",
            kind=Kind.CHOICE,
            options=[("any", "Any region"), ("cluster", "Only the source's geographic cluster")],
            default="any",
            environment="PORTAL_REGION_PAIRING",
            of_vault=True,
        ),
        Setting(
            name="replication.retention_hours",
            section=Section.REPLICATION,
            label="Recovery point retention of a new policy",
            help="What the wizard proposes: up to 15 days for managed disks, 72 hours for unmanaged ones.",
            kind=Kind.NUMBER,
            default=24,
            maximum=15 * 24,
            unit="hours",
            environment="PORTAL_DEFAULT_RETENTION_HOURS",
            of_vault=True,
        ),
        Setting(
            name="replication.app_consistent_minutes",
            section=Section.REPLICATION,
            label="App-consistent snapshots of a new policy",
            help="What the wizard proposes: every 60 to 720 minutes and shorter than the retention, or 0 for none.",
            kind=Kind.NUMBER,
            default=60,
            maximum=720,
            unit="minutes",
            environment="PORTAL_DEFAULT_APP_CONSISTENT_MINUTES",
            of_vault=True,
        ),
        *(_pattern(kind, label) for kind, label in _NAMED.items()),
        Setting(
            name="rpo.target_minutes",
            section=Section.LEDGER,
            label="RPO target",
            help="A machine above it is at risk, and people are told. A new one holds from the next reading on; what was counted stays.",
            kind=Kind.NUMBER,
            default=30,  # Azure's own alert (portal-behaviour.md §6)
            minimum=1,
            maximum=24 * 60,
            unit="minutes",
            environment="PORTAL_RPO_TARGET_MINUTES",
            of_vault=True,
        ),
        Setting(
            name="ledger.objective",
            section=Section.LEDGER,
            label="Time within the RPO target",
            help="The share of a month's known time that each machine is to be within its target; the rest of 100 % is its error budget.",
            kind=Kind.CHOICE,
            options=[(share, f"{share} %") for share in ("99.99", "99.9", "99.5", "99", "98", "95", "90")],
            default="99.5",
            environment="PORTAL_LEDGER_OBJECTIVE",
        ),
        Setting(
            name="approvals.verbs",
            section=Section.APPROVALS,
            label="Ask a second person for",
            help="Somebody else who may approve has to agree before one of these is done. It holds for exactly what was asked.",
            kind=Kind.CHOICES,
            options=list(GATED.items()),
            default=[],
            environment="PORTAL_FOUR_EYES",
            of_vault=True,
        ),
        Setting(
            name="approvals.expiry",
            section=Section.APPROVALS,
            label="A request expires after",
            help="Approved or not: what has not been carried out by then is asked for again.",
            kind=Kind.NUMBER,
            minimum=1,
            maximum=720,
            unit="hours",
            default=24,
            environment="PORTAL_FOUR_EYES_HOURS",
            of_vault=True,
        ),
        Setting(
            name="signin.passwords",
            section=Section.SIGN_IN,
            label="Sign in with a password",
            help="Break-glass accounts can always do so. Close it for the others only when Microsoft Entra ID is set up.",
            kind=Kind.CHOICE,
            options=[("all", "Every local account"), ("break_glass", "Break-glass accounts only")],
            default="all",
            environment="PORTAL_PASSWORD_SIGN_IN",
        ),
        Setting(
            name="signin.second_factor",
            section=Section.SIGN_IN,
            label="Second factor for local accounts",
            help="Whoever must have one and has none yet sets it up at the next sign-in.",
            kind=Kind.CHOICE,
            options=[("optional", "Optional"), ("administrators", "Required of administrators"), ("everybody", "Required of everybody")],
            default="optional",
            environment="PORTAL_SECOND_FACTOR",
        ),
        Setting(
            name="signin.lock_after",
            section=Section.SIGN_IN,
            label="Lock an account after",
            help="Within a day, without a sign-in between them. An administrator unlocks it. 0: never.",
            kind=Kind.NUMBER,
            maximum=1000,
            unit="wrong passwords",
            default=30,
            environment="PORTAL_LOCK_AFTER",
        ),
        Setting(
            name="limits.exports",
            section=Section.LIMITS,
            label="Exports of one person",
            help="In ten minutes; four times as many from one address. 0: no limit.",
            kind=Kind.NUMBER,
            maximum=10_000,
            default=60,
            environment="PORTAL_LIMIT_EXPORTS",
        ),
        Setting(
            name="limits.refreshes",
            section=Section.LIMITS,
            label="Refreshes of one person",
            help="How often somebody has workers read Azure again, in ten minutes; four times as many from one address. 0: no limit.",
            kind=Kind.NUMBER,
            maximum=10_000,
            default=120,
            environment="PORTAL_LIMIT_REFRESHES",
        ),
        Setting(
            name="audit.retention_days",
            section=Section.AUDIT,
            label="Keep entries for",
            help="Older ones are removed from the beginning of the chain, which stays verifiable; each removal is an entry.",
            kind=Kind.NUMBER,
            minimum=365,
            maximum=36_500,
            unit="days",
            default=2557,  # seven years
            environment="PORTAL_AUDIT_RETENTION_DAYS",
        ),
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
        Setting(
            name="runs.checks_required",
            section=Section.RUNS,
            label="Require the checks before a run",
            help="Nothing is written to Azure while a check blocks or a warning is not acknowledged. Off: the checks only advise.",
            kind=Kind.FLAG,
            default=True,
            environment="PORTAL_CHECKS_REQUIRED",
            of_vault=True,
        ),
    )
}


def of_section(section: Section) -> list[Setting]:
    """A part's settings, in the order of the registry."""
    return [each for each in SETTINGS.values() if each.section is section]
