"""Requests for approval as people read them."""

from dataclasses import dataclass

from replication import access
from replication.actions import approvals
from replication.domain.approvals import GATED, LOOKS, OPEN
from replication.grid import Choice, Column, Grid, Rows, by, words
from replication.models import Approval, Person
from replication.presenters.looks import State, state
from replication.presenters.values import fields

MACHINES_SHOWN = 200


def grid() -> Grid:
    """Requests, newest first."""
    return Grid(
        columns=(
            Column(key="number", label="Request", order=("pk",)),
            Column(key="vault", label="Vault", order=("vault__name",), nullable=True),
            Column(key="state", label="State", order=("state", "-pk")),
            Column(key="person", label="Asked by", order=("requested_by__username",)),
            Column(key="at", label="Asked", order=("requested_at",)),
            Column(key="expires", label="Expires", order=("expires_at",)),
        ),
        filters=(
            Choice(key="state", label="State", narrow=_by_state, options=[("open", "Open"), *_states()]),
            Choice(key="action", label="What", narrow=by("action"), options=list(GATED.items())),
        ),
        search=words("subject_name", "requested_by__display_name", "requested_by__username"),
        default_sort="-number",
    )


def _states() -> list[tuple[str, str]]:
    return [(value, look.label) for value, look in LOOKS.items()]


def _by_state(rows: Rows, value: str) -> Rows:
    return rows.filter(state__in=OPEN) if value == "open" else rows.filter(state=value)


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """A request in words."""

    approval: Approval

    @property
    def title(self) -> str:
        """The gesture: Enable replication."""
        return GATED.get(self.approval.action, self.approval.action)

    @property
    def state(self) -> State:
        return state(LOOKS[self.approval.state])

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What would be done, field by field."""
        return list(fields(self.approval.shown).items())

    @property
    def machines(self) -> list[str]:
        return list(self.approval.machines[:MACHINES_SHOWN])

    @property
    def more_machines(self) -> int:
        return max(0, len(self.approval.machines) - MACHINES_SHOWN)


@dataclass(frozen=True, slots=True)
class Standing:
    """The open request about something, as the page says on which it was asked for."""

    approval: Approval
    digest: str  # of what the button would do now; '' where that cannot have changed

    @property
    def overtaken(self) -> bool:
        """Whether the button would do something else by now."""
        return self.digest not in {"", self.approval.digest}

    @property
    def approvers(self) -> list[str]:
        return [str(each) for each in approvals.approvers(self.approval)]


def standing(kind: str, key: str, digest: str = "") -> Standing | None:
    """The open request about this subject, if there is one. digest: as in Standing."""
    found = approvals.waiting(kind, key)
    return Standing(found, digest) if found else None


def why_not(found: Approval, person: Person) -> str:
    """Why the person cannot decide the request; '' when they can."""
    if not found.is_pending:
        return "Somebody has decided this already, or its time is over."
    decision: access.Decision = approvals.decision(found, person)
    return decision.reason
