"""Health issues: the list, one symptom with its runbook, and both as text for a ticket."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q

from replication.domain import codes
from replication.domain.codes import Known
from replication.grid import Choice, Column, Grid, Rows, by, distinct, words
from replication.markup import row_address
from replication.models import AffectedItem, HealthIssue
from replication.presenters.looks import State, severity_state

LISTED = 50  # machines on the page of a symptom; the grid of replicated items has all of them


def grid(several_vaults: bool) -> Grid:
    """Symptoms that are there now, worst first; `?there=over` those that are not."""
    columns = [
        Column(key="symptom", label="Symptom", order=("message",), text=lambda i: i.message),
        Column(key="severity", label="Severity", order=("-severity_rank", "-machines"), text=lambda i: i.severity),
        Column(key="code", label="Code", order=("code",), text=lambda i: i.code),
        Column(key="machines", label="Machines", order=("-machines",), text=lambda i: i.machines),
        Column(key="first", label="First seen", order=("first_seen_at",), text=lambda i: _iso(i.first_seen_at)),
        Column(key="last", label="Last seen", text=lambda i: _iso(IssueRow(i).last_seen)),
        Column(key="state", label="State", text=lambda i: IssueRow(i).there.label),
        Column(key="note", label="Note", text=lambda i: i.note),
        Column(key="who", label="Acknowledged by", text=lambda i: i.acknowledged_by or ""),
        Column(key="fixer", label="Who can fix it", text=lambda i: IssueRow(i).who),
    ]
    filters = [
        Choice(key="severity", label="Severity", narrow=by("severity"), options=distinct("severity")),
        Choice(
            key="acknowledged",
            label="Acknowledged",
            narrow=lambda rows, value: rows.filter(acknowledged_at__isnull=value == "no"),
            options=[("no", "no"), ("yes", "yes")],
        ),
        Choice(key="category", label="Category", narrow=by("category"), options=distinct("category")),
        Choice(key="there", label="Seen", narrow=_there, options=[("over", "before, not now"), ("ever", "ever")]),
    ]
    if several_vaults:
        columns.insert(4, Column(key="vault", label="Vault", order=("vault__name", "-severity_rank"), text=lambda i: i.vault.name))
        filters.append(Choice(key="vault", label="Vault", narrow=by("vault__name"), options=distinct("vault__name")))
    return Grid(columns=columns, filters=filters, search=search, default_sort="severity")


def search(rows: Rows, text: str) -> Rows:
    """By code, text, or the name of a machine that has it."""
    named = AffectedItem.objects.filter(issue=OuterRef("pk"), gone_at=None, item__name__icontains=text)
    found = words("message", "code", "category")(rows, text)
    return rows.filter(Q(pk__in=found.values("pk")) | Exists(named))


def _there(rows: Rows, value: str) -> Rows:
    return rows.exclude(gone_at=None) if value == "over" else rows


def _iso(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


@dataclass(frozen=True, slots=True)
class IssueRow:
    """A symptom as pages show it. Its vault must be at hand."""

    issue: HealthIssue

    @property
    def url(self) -> str:
        return row_address("issue", self.issue.pk)

    @property
    def machines_url(self) -> str:
        """The replicated items that have it now; '' for what is the vault's own."""
        if self.issue.of_vault:
            return ""
        return f"{row_address('items', self.issue.vault_id)}?{urlencode({'code': self.issue.key})}"

    @property
    def title(self) -> str:
        """Our words when we know the code, else Azure's."""
        return self.known.title if self.known else self.issue.message or self.issue.code or "An error without a text"

    @property
    def known(self) -> Known | None:
        return codes.known(self.issue.code)

    @property
    def who(self) -> str:
        return self.known.who.value if self.known else ""

    @property
    def severity(self) -> State:
        return severity_state(self.issue.severity)

    @property
    def there(self) -> State:
        if self.issue.gone_at:
            return State("ok", "Gone")
        return State("info", "Acknowledged") if self.issue.acknowledged_at else State("warn", "Still there")

    @property
    def last_seen(self) -> datetime | None:
        """While it is there, it was seen whenever the vault was read."""
        return self.issue.last_seen_at if self.issue.gone_at else self.issue.vault.as_of or self.issue.last_seen_at


def ticket(row: IssueRow, machines: list[str]) -> str:
    """The symptom as plain text, to paste into a ticket."""
    issue = row.issue
    lines = {
        "Health issue": row.title,
        "Code": issue.code or "none",
        "Severity": row.severity.label,
        "Vault": issue.vault.name,
        "Machines": _machines(issue, machines),
        "First seen": f"{_iso(issue.first_seen_at)}",
        "Last seen": f"{_iso(row.last_seen)}, {row.there.label.lower()}",
        "Azure says": issue.message,
        "Possible causes": issue.causes,
        "Recommended action": issue.action,
        "Who can fix it": row.who,
        "Acknowledged": f"{issue.acknowledged_by}: {issue.note}" if issue.acknowledged_at else "",
    }
    return as_text(lines)


def _machines(issue: HealthIssue, names: list[str]) -> str:
    """ "2: erp-1, erp-2"; names are the first of them."""
    if issue.of_vault:
        return "none: the vault itself"
    return f"{issue.machines}: {', '.join(names)}{' …' if issue.machines > len(names) else ''}"


def as_text(lines: Mapping[str, str]) -> str:
    """ "Code: 153007", one a line; what is empty is left out."""
    return "\n".join(f"{name}: {value}" for name, value in lines.items() if value)


