"""The audit as people read it: sentences, differences, and the grid."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from replication.actions import streaming, verification
from replication.actions.audit import head
from replication.domain.roles import Role
from replication.domain.vocabulary import ACTIONS, action_label
from replication.domain.words import amount
from replication.grid import Choice, Column, Day, Grid, Rows, Text, by
from replication.models import AuditEntry, AuditSubject, StreamCursor
from replication.presenters.looks import State
from replication.presenters.values import compact, fields

OUTCOMES = {
    "ok": State("ok", "Done"),
    "refused": State("warn", "Refused"),
    "failed": State("error", "Failed"),
    "partial": State("warn", "Partly failed"),
    "cancelled": State("cancelled", "Cancelled"),
}
_ASKED = State("info", "Asked")
_LISTED = 50  # machines of an entry that its row lists; the rest is counted, and all are in the CSV of one entry


def grid() -> Grid:
    """Entries, newest first; person and action by list, subject by text, time by days."""
    return Grid(
        columns=(
            Column(key="sequence", label="Number", order=("sequence",), text=lambda e: e.sequence),
            Column(
                key="at", label="Time (UTC)", text=lambda e: e.at.astimezone(UTC).isoformat(timespec="milliseconds")
            ),
            Column(key="person", label="Person", order=("actor_name",), text=lambda e: e.actor_name),
            Column(key="role", label="Role", order=("actor_role",), text=lambda e: role_label(e.actor_role)),
            Column(key="action", label="Action", order=("action",), text=lambda e: e.action),
            Column(key="phase", label="Phase", text=lambda e: e.phase),
            Column(key="subject", label="Subject", order=("subject_name",), text=lambda e: e.subject_name),
            Column(key="outcome", label="Outcome", order=("outcome",), text=lambda e: e.outcome),
            Column(key="machines", label="Machines", text=lambda e: e.subject_count),
            Column(key="run", label="Run", text=lambda e: e.run_id or ""),
            Column(key="reason", label="Reason", text=lambda e: e.reason),
            Column(key="before", label="Before", text=lambda e: compact(e.before)),
            Column(key="after", label="After", text=lambda e: compact(e.after)),
            Column(key="detail", label="Detail", text=lambda e: compact(e.detail)),
            Column(key="request", label="Request id", text=lambda e: e.request_id),
            Column(key="correlation", label="Azure correlation id", text=lambda e: e.correlation_id),
            Column(key="address", label="Address", text=lambda e: e.source_address),
            Column(key="hash", label="Hash", text=lambda e: e.hash),
        ),
        filters=(
            Choice(key="person", label="Person", narrow=by("actor_name"), options=_people),
            Choice(key="action", label="Action", narrow=by("action"), options=[(a, action_label(a)) for a in ACTIONS]),
            Choice(
                key="outcome",
                label="Outcome",
                narrow=by("outcome"),
                options=[(k, v.label) for k, v in OUTCOMES.items()],
            ),
            Text(key="subject", label="Subject", narrow=_by_subject),
            Text(key="machine", label="Machine", narrow=_by_machine),
            Text(key="run", label="Run", narrow=_by_run),
            Text(key="request", label="Request", narrow=by("request_id")),
            Day(key="from", label="From", narrow=lambda rows, day: rows.filter(at__gte=_midnight(day))),
            Day(key="to", label="To", narrow=lambda rows, day: rows.filter(at__lt=_midnight_after(day))),
        ),
        default_sort="-sequence",
    )


def _people(rows: Rows) -> list[tuple[str, str]]:
    names = rows.order_by().values_list("actor_name", flat=True).distinct()
    return [(name, name) for name in sorted(names, key=str.lower)]


def _by_subject(rows: Rows, text: str) -> Rows:
    """By the subject's name or a machine's that the entry speaks of."""
    machines = AuditSubject.objects.filter(name__icontains=text)
    return rows.filter(Q(subject_name__icontains=text) | Q(pk__in=machines.values("entry_id")))


def _by_machine(rows: Rows, key: str) -> Rows:
    """The trail of one machine, by its key and not by a name that others may have."""
    spoken_of = AuditSubject.objects.filter(key=key.lower())
    return rows.filter(Q(subject_key=key.lower()) | Q(pk__in=spoken_of.values("entry_id")))


def _by_run(rows: Rows, text: str) -> Rows:
    try:
        return rows.filter(run_id=UUID(text))
    except ValueError:
        return rows.none()


def _midnight(day: date) -> datetime:
    """The day's beginning in the portal's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


def _midnight_after(day: date) -> datetime:
    return _midnight(day + timedelta(days=1)) if day < date.max else _midnight(day)


def role_label(role: str) -> str:
    """Team lead for team_lead; a role that there is no more, as it was written."""
    return Role(role).label if role in set(Role) else role


@dataclass(frozen=True, slots=True)
class Chain:
    """How the chain stood when it was walked last; `checking` while somebody waits for the next walk."""

    state: State
    text: str
    at: datetime | None
    checking: bool


def chain() -> Chain:
    """Two settings, one query."""
    verdict, at, checking = verification.last()
    if verdict is None:
        return Chain(State("info", "Not verified yet"), "Workers verify the chain once an hour.", None, checking)
    if verdict.bad is not None:
        text = f"The chain is broken at entry {verdict.bad:,}: {verdict.why}."
        return Chain(State("error", "Broken"), text, at, checking)
    text = f"{amount(verdict.entries, 'entry,entries')}, {amount(verdict.checkpoints, 'signed checkpoint')}."
    return Chain(State("ok", "Verified"), text, at, checking)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry as the list shows it."""

    entry: AuditEntry

    @property
    def url(self) -> str:
        return reverse("replication:audit_entry", args=[self.entry.sequence])

    @property
    def number_text(self) -> str:
        """Entry 1,042."""
        return f"Entry {self.entry.sequence:,}"

    @property
    def utc(self) -> str:
        return self.entry.at.astimezone(UTC).isoformat(timespec="milliseconds")

    @property
    def sentence(self) -> str:
        """Ada Demo granted a role to …; an action that is no longer registered, by its name."""
        pattern = ACTIONS.get(self.entry.action, "{actor}: " + self.entry.action + " {subject}")
        return pattern.format(actor=self.entry.actor_name, subject=self.entry.subject_name)

    @property
    def action(self) -> str:
        return action_label(self.entry.action)

    @property
    def role(self) -> str:
        return role_label(self.entry.actor_role)

    @property
    def state(self) -> State:
        if self.entry.phase == "asked" and self.entry.outcome == "ok":
            return _ASKED
        return OUTCOMES.get(self.entry.outcome, State("none", self.entry.outcome))

    @property
    def changes(self) -> list[tuple[str, str | None, str | None]]:
        """What was before and after, field by field; None where a side has nothing."""
        before, after = fields(self.entry.before), fields(self.entry.after)
        return [(name, before.get(name), after.get(name)) for name in dict.fromkeys([*before, *after])]

    @property
    def details(self) -> list[tuple[str, str]]:
        given = [("reason", self.entry.reason)] if self.entry.reason else []
        return given + list(fields(self.entry.detail).items())

    @property
    def evidence(self) -> list[tuple[str, str]]:
        """What an auditor compares with other records."""
        shown = (
            ("Entry", str(self.entry.sequence)),
            ("Request id", self.entry.request_id),
            ("Azure correlation id", self.entry.correlation_id),
            ("Hash", self.entry.hash),
            ("Hash before", self.entry.previous_hash),
        )
        return [(term, text) for term, text in shown if text]

    @property
    def trails(self) -> list[tuple[str, str]]:
        """(words, address) of the history of what the entry speaks of."""
        asked = (
            ("All entries of this request", {"request": self.entry.request_id}),
            ("All entries of this run", {"run": self.entry.run_id or ""}),
            (f"All entries by {self.entry.actor_name}", {"person": self.entry.actor_name}),
            ("All entries about this subject", {"subject": self.entry.subject_name}),
        )
        audit = reverse("replication:audit")
        return [(text, f"{audit}?{urlencode(query)}") for text, query in asked if all(query.values())]

    @property
    def machine_trails(self) -> list[tuple[str, str]]:
        """(machine, address of its trail) of those that are listed."""
        audit = reverse("replication:audit")
        listed = self.entry.subjects.all()[:_LISTED]
        return [(each.name, f"{audit}?{urlencode({'machine': each.key} if each.key else {'subject': each.name})}") for each in listed]

    @property
    def more_subjects(self) -> int:
        return max(0, self.entry.subject_count - _LISTED)


@dataclass(frozen=True, slots=True)
class Stream:
    """How far the entries have gone to one place off the console."""

    place: str
    state: State
    text: str


def streams() -> list[Stream]:
    """One row a place; nothing where the entries are not streamed."""
    last, _ = head()
    return [_stream(cursor, last) for cursor in StreamCursor.objects.order_by("place")]


def _stream(cursor: StreamCursor, last: int) -> Stream:
    behind = max(0, last - cursor.sequence)
    if cursor.problem:
        text = f"{behind:,} entries wait; tried {cursor.failures:,} times. {cursor.problem}"
        return Stream(streaming.shown(cursor.place), State("error", "Not taken"), text)
    state = State("ok", "Up to date") if behind <= streaming.PORTION else State("wait", "Behind")
    return Stream(streaming.shown(cursor.place), state, f"To entry {cursor.sequence:,} of {last:,}.")
