"""The page of one replicated item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from replication import charts, clock, history, rpo
from replication.domain import codes, ids
from replication.domain.codes import Known
from replication.domain.series import SPANS
from replication.domain.words import duration
from replication.markup import row_address
from replication.models import HealthIssue, ProtectedItem
from replication.presenters import safety
from replication.presenters.issues import as_text
from replication.presenters.items import ItemRow
from replication.presenters.looks import State, moment, severity_state
from replication.presenters.parts import Parts

_ERROR_PARTS = ("code", "message", "causes", "action", "severity")
_WORST = ("error", "warn", "info", "ok", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A health error: Azure's words, ours where we know the code, and what somebody said of it. stored: its symptom's row."""

    code: str
    message: str
    causes: str
    action: str
    severity: str
    since: datetime | None
    stored: HealthIssue | None = None

    @property
    def state(self) -> State:
        return severity_state(self.severity)

    @property
    def tone(self) -> str:
        return self.state.tone

    @property
    def known(self) -> Known | None:
        return codes.known(self.code)

    @property
    def title(self) -> str:
        return self.known.title if self.known else self.message or self.code or "An error without a text"

    @property
    def url(self) -> str:
        return row_address("issue", self.stored.pk) if self.stored else ""


@dataclass(frozen=True, slots=True)
class Node:
    """A box of the replication path."""

    icon: str
    title: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copying:
    """How far the first copy is. Sizes in bytes, left in seconds; None where nobody can tell."""

    label: str
    percent: int | None
    total: float
    left: float | None

    @property
    def done(self) -> float:
        return self.total * (self.percent or 0) / 100

    @property
    def left_text(self) -> str:
        return f"about {duration(self.left)} left" if self.left is not None else ""


class ItemPage:
    """What the page says about an item. `document` is the domain Item as JSON (domain/inventory.py)."""

    def __init__(self, item: ProtectedItem, names: Mapping[str, str], span: str) -> None:
        self.item, self.row = item, ItemRow(item, names)
        self.span = span if span in SPANS else history.USUAL
        self.document: dict[str, Any] = item.document or {}
        self.details: dict[str, Any] = self.document.get("details") or {}
        self.parts = Parts(self.details)

    # -- words ---------------------------------------------------------------------------------------------------------
    @property
    def version(self) -> str:
        """Of what the live part shows: the item's version and the verdict, which time alone can change."""
        return f"{self.item.version}-{safety.item_hit(self.item).mark}"

    @property
    def _errors(self) -> list[Mapping[str, Any]]:
        return list(self.document.get("errors") or ())

    @property
    def issue_keys(self) -> list[str]:
        return [str(each.get("code") or "") for each in self._errors]

    def issues(self, stored: Mapping[str, HealthIssue]) -> list[Issue]:
        """Present health errors, worst first. stored: the vault's symptoms by their keys."""
        found = [_issue(each, stored.get(str(each.get("code") or ""))) for each in self._errors]
        return sorted(found, key=lambda issue: _WORST.index(issue.tone))

    @property
    def target_group(self) -> str:
        return ids.name(str(self.document.get("recovery_group_id") or ""))

    @property
    def system(self) -> str:
        """Windows or Linux, as far as Azure tells."""
        return str(self.details.get("osType") or "")

    @property
    def agent(self) -> str:
        return str(self.details.get("agentVersion") or "")

    @property
    def update_due(self) -> bool:
        return bool(self.details.get("isReplicationAgentUpdateRequired"))

    @property
    def path(self) -> list[Node]:
        """Machine, cache account, replica disks (portal-behaviour.md §2.5)."""
        disks = self.parts.disks
        count = f"{len(disks)} disk{'' if len(disks) == 1 else 's'}" if disks else ""
        source = Node("vm", self.item.name, _lines(self.row.active, self.item.resource_group, count))
        cache = Node("storage", ", ".join(self.parts.caches) or "Cache storage", _lines(self.row.active, self._backlog))
        replica = Node("disk", "Replica disks", _lines(self.row.other, self.target_group, self.item.policy_name))
        return [source, cache, replica]

    @property
    def _backlog(self) -> str:
        """What waits to be sent, when the disks say so."""
        waiting = [disk.pending for disk in self.parts.disks if disk.pending is not None]
        return f"Waiting: {sum(waiting) / 1024**2:,.0f} MiB" if waiting else ""

    @property
    def hops(self) -> str:
        """Tone of the arrows: red when Azure calls replication critical, nothing where it does not replicate."""
        return {"Critical": "error", "Warning": "warn", "Normal": "ok"}.get(self.item.health, "none")

    @property
    def hop_text(self) -> str:
        return {"error": "critical", "warn": "warning", "ok": "healthy", "none": "not replicating"}[self.hops]

    @property
    def audit_url(self) -> str:
        """The audit history narrowed to the machine's name."""
        return f"{reverse('replication:audit')}?{urlencode({'subject': self.item.name})}"

    def copying(self, begun: datetime) -> Copying:
        """How the first copy stands. begun: when Azure was asked for it."""
        done = self.item.progress
        spent = ((self.item.vault.as_of or clock.now()) - begun).total_seconds()
        left = spent * (100 - done) / done if done and spent > 0 else None
        return Copying(label=self.row.state.label, percent=done, total=self.parts.size, left=left)

    def ticket(self, stored: Mapping[str, HealthIssue]) -> str:
        """Everything that somebody else needs, as plain text."""
        item, judged = self.item, safety.of_item(self.item)
        head = as_text(
            {
                "Machine": item.name,
                "Resource group": item.resource_group,
                "Vault": item.vault.name,
                "Verdict": f"{judged.safety.label}. {judged.why}",
                "Last known": judged.before,
                "Status": self.row.state.label,
                "Replication health": item.health,
                "RPO": f"{self.row.rpo_text}, target {duration(rpo.target(item.vault))}" if item.rpo is not None else "not computed yet",
                "From and to": f"{self.row.active} to {self.row.other}",
                "Last test failover": f"{item.last_test_at:%Y-%m-%d}" if item.last_test_at else "never",
                "Azure read": f"{item.vault.as_of:%Y-%m-%d %H:%M:%S} UTC" if item.vault.as_of else "never",
                "Item": item.arm_id,
            }
        )
        return "\n\n".join([head, *(_issue_text(issue) for issue in self.issues(stored))])

    # -- RPO ---------------------------------------------------------------------------------------------------------------
    @property
    def spans(self) -> list[tuple[str, str, bool]]:
        """(text, value, chosen) of the chart's windows."""
        return [(text.replace("h", " h").replace("d", " d"), text, text == self.span) for text in SPANS]

    def chart(self) -> "Chart | None":
        """None when nothing was ever measured in the window."""
        series = history.series(self.item, self.span)
        if not series.measured:
            return None
        samples = [charts.Sample(bucket.start, bucket.rpo) for bucket in series.buckets]
        unknown = sum(not bucket.known for bucket in series.buckets) * series.span.step.total_seconds()
        drawn = charts.rpo(samples, target=rpo.target(self.item.vault), start=series.start, end=series.end)
        return Chart(drawn, samples, unknown)


@dataclass(frozen=True, slots=True)
class Point:
    """A recovery point in words."""

    at: datetime
    kind: str

    @property
    def kind_text(self) -> str:
        """Crash-consistent, App-consistent; another kind as Azure words it."""
        known = {"CrashConsistent": "Crash-consistent", "ApplicationConsistent": "App-consistent"}
        return known.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class Chart:
    """The picture and its numbers. unknown: seconds of the window in which nobody read."""

    svg: str
    samples: Sequence[charts.Sample]
    unknown: float

    @property
    def rows(self) -> list[tuple[datetime, float | None]]:
        """For the table, newest first, thinned to what one reads."""
        return [(sample.at, sample.seconds) for sample in reversed(charts.thin(self.samples, 48))]


def _lines(*texts: str) -> list[str]:
    return [text for text in texts if text]


def _issue(error: Mapping[str, Any], stored: HealthIssue | None) -> Issue:
    code, message, causes, action, severity = (str(error.get(part) or "") for part in _ERROR_PARTS)
    return Issue(
        code=code,
        message=message,
        causes=causes,
        action=action,
        severity=severity,
        since=moment(error.get("created_at")),
        stored=stored,
    )


def _issue_text(issue: Issue) -> str:
    return as_text(
        {
            "Health issue": issue.title,
            "Code": issue.code,
            "Severity": issue.state.label,
            "Since": f"{issue.since:%Y-%m-%d %H:%M} UTC" if issue.since else "",
            "Azure says": issue.message,
            "Possible causes": issue.causes,
            "Recommended action": issue.action,
            "Who can fix it": issue.known.who.value if issue.known else "",
        }
    )
