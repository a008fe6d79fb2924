"""The page of one replicated item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from replication import charts, clock, history
from replication.domain import ids
from replication.domain.safety import RPO_TARGET
from replication.models import ProtectedItem
from replication.presenters.items import ItemRow
from replication.presenters.looks import moment

SPANS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7), "90d": timedelta(days=90)}
_TONES = {"Critical": "error", "Error": "error", "Warning": "warn"}
_ERROR_PARTS = ("code", "message", "causes", "action", "severity")


@dataclass(frozen=True, slots=True)
class Issue:
    """A health error in Azure's words."""

    code: str
    message: str
    causes: str
    action: str
    severity: str
    since: datetime | None

    @property
    def tone(self) -> str:
        return _TONES.get(self.severity, "info")


@dataclass(frozen=True, slots=True)
class Node:
    """A box of the replication path."""

    icon: str
    title: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Disk:
    """A protected disk."""

    name: str
    state: str
    replica_type: str
    target_type: str


class ItemPage:
    """What the page says about an item. `document` is the domain Item as JSON (domain/inventory.py)."""

    def __init__(self, item: ProtectedItem, names: Mapping[str, str], span: str) -> None:
        self.item, self.row = item, ItemRow(item, names)
        self.span = span if span in SPANS else "24h"
        self.document: dict[str, Any] = item.document or {}
        self.details: dict[str, Any] = self.document.get("details") or {}

    # -- words ---------------------------------------------------------------------------------------------------------
    @property
    def issues(self) -> list[Issue]:
        """Present health errors, worst first."""
        found = [_issue(each) for each in self.document.get("errors") or ()]
        return sorted(found, key=lambda issue: ("error", "warn", "info").index(issue.tone))

    @property
    def target_group(self) -> str:
        return ids.name(str(self.document.get("recovery_group_id") or ""))

    @property
    def system(self) -> str:
        """Windows or Linux, and the size, as far as Azure tells."""
        return str(self.details.get("osType") or self.details.get("os_type") or "")

    @property
    def copy_sentence(self) -> str:
        """What stands in place of the chart while the first copy runs."""
        if not self.row.state.moving:
            return ""
        done = "" if self.item.progress is None else f" It is {self.item.progress} % done."
        return f"{self.row.state.label}.{done} RPO starts when the first copy is complete."

    @property
    def path(self) -> list[Node]:
        """Machine, cache account, replica disks (portal-behaviour.md §2.5)."""
        caches = sorted({ids.name(each) for each in self._disk_values("primaryStagingAzureStorageAccountId") if each})
        source = Node("vm", self.item.name, (self.row.active, self.item.resource_group))
        cache = Node("storage", ", ".join(caches) or "Cache storage", (self.row.active,))
        replica = Node("disk", "Replica disks", (self.row.other, self.target_group))
        return [source, cache, replica]

    @property
    def hops(self) -> str:
        """Tone of the arrows: red when Azure calls replication critical."""
        return "error" if self.item.health == "Critical" else ""

    @property
    def disks(self) -> list[Disk]:
        return [
            Disk(
                name=ids.name(str(each.get("diskName") or each.get("diskId") or each.get("diskUri") or "")),
                state=str(each.get("diskState") or ""),
                replica_type=str(each.get("recoveryReplicaDiskAccountType") or ""),
                target_type=str(each.get("recoveryTargetDiskAccountType") or ""),
            )
            for each in self._disks
        ]

    @property
    def _disks(self) -> list[dict[str, Any]]:
        return [*(self.details.get("protectedManagedDisks") or ()), *(self.details.get("protectedDisks") or ())]

    def _disk_values(self, name: str) -> list[str]:
        return [str(each.get(name) or "") for each in self._disks]

    @property
    def audit_url(self) -> str:
        """The audit history narrowed to the machine's name."""
        return f"{reverse('replication:audit')}?{urlencode({'subject': self.item.name})}"

    # -- RPO ---------------------------------------------------------------------------------------------------------------
    @property
    def spans(self) -> list[tuple[str, str, bool]]:
        """(text, value, chosen) of the chart's windows."""
        return [(text.replace("h", " h").replace("d", " d"), text, text == self.span) for text in SPANS]

    def samples(self) -> list[charts.Sample]:
        """The readings in the window, thinned so that peaks stay; one query."""
        return [charts.Sample(bucket.start, bucket.rpo) for bucket in history.series(self.item, self.span).buckets]

    def chart(self) -> "Chart | None":
        """None when nothing was ever measured in the window."""
        samples = self.samples()
        if not any(sample.seconds is not None for sample in samples):
            return None
        now = clock.now()
        drawn = charts.rpo(samples, target=RPO_TARGET, start=now - SPANS[self.span], end=now)
        return Chart(drawn, samples)


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
    """The picture and its numbers."""

    svg: str
    samples: Sequence[charts.Sample]

    @property
    def rows(self) -> list[tuple[datetime, float | None]]:
        """For the table, newest first, thinned to what one reads."""
        return [(sample.at, sample.seconds) for sample in reversed(charts.thin(self.samples, 48))]


def _issue(error: Mapping[str, Any]) -> Issue:
    code, message, causes, action, severity = (str(error.get(part) or "") for part in _ERROR_PARTS)
    return Issue(code, message, causes, action, severity, moment(error.get("created_at")))
