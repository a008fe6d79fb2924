"""The states that pages show: value, label and colour in one place.

tone is the look: ok | info | warning | error | muted. Facts: site-recovery-protocol.md §3.3, portal-behaviour.md §2.2-§2.4.
"""

from dataclasses import dataclass
from enum import StrEnum

from replication.domain.inventory import Item


@dataclass(frozen=True, slots=True)
class Look:
    label: str
    tone: str
    moving: bool = False  # changes by itself soon: live pages look more often


class ItemStatus(StrEnum):
    """One word for where an item is in its life."""

    ENABLING = "enabling"
    COPYING = "copying"
    FINISHING = "finishing"
    PROTECTED = "protected"
    TESTING = "testing"
    FAILED_OVER = "failed_over"
    COMMITTED = "committed"
    FAILOVER_FAILED = "failover_failed"
    OTHER = "other"  # a state never seen before: shown as Azure words it


ITEM: dict[ItemStatus, Look] = {
    ItemStatus.ENABLING: Look("Enabling protection", "info", moving=True),
    ItemStatus.COPYING: Look("Initial replication", "info", moving=True),
    ItemStatus.FINISHING: Look("Waiting for first recovery point", "info", moving=True),
    ItemStatus.PROTECTED: Look("Protected", "ok"),
    ItemStatus.TESTING: Look("Test failover: clean-up pending", "info"),
    ItemStatus.FAILED_OVER: Look("Failover completed, commit pending", "warning"),
    ItemStatus.COMMITTED: Look("Failover committed", "warning"),
    ItemStatus.FAILOVER_FAILED: Look("Failover failed", "error"),
    ItemStatus.OTHER: Look("Other", "muted"),
}

_BY_PROTECTION_STATE: dict[str, ItemStatus] = {
    "unprotectedstatesbegin": ItemStatus.ENABLING,
    "initialreplicationinprogress": ItemStatus.COPYING,
    "initialreplicationrecoverycompletionpending": ItemStatus.FINISHING,
    "protected": ItemStatus.PROTECTED,
    "unplannedfailovercommitpendingstatesbegin": ItemStatus.FAILED_OVER,
    "unplannedfailovercommitted": ItemStatus.COMMITTED,
    "unplannedfailoverfailed": ItemStatus.FAILOVER_FAILED,
}


def item_status(item: Item) -> ItemStatus:
    """Our word for the item's state. A test failover counts by its state only while its clean-up is possible (§6 no. 17)."""
    status = _BY_PROTECTION_STATE.get(item.protection_state.lower(), ItemStatus.OTHER)
    if status is ItemStatus.PROTECTED and "TestFailoverCleanup" in item.allowed_operations:
        return ItemStatus.TESTING
    return status


# replicationHealth. Rank sorts worst first.
HEALTH: dict[str, Look] = {
    "Critical": Look("Critical", "error"),
    "Warning": Look("Warning", "warning"),
    "Normal": Look("Healthy", "ok"),
    "None": Look("Not applicable", "muted"),
}
HEALTH_RANK: dict[str, int] = {"Critical": 3, "Warning": 2, "Normal": 1, "None": 0}

# errorLevel of a health error, severity of an event. Rank sorts worst first.
SEVERITY: dict[str, Look] = {
    "Critical": Look("Critical", "error"),
    "Error": Look("Error", "error"),
    "Warning": Look("Warning", "warning"),
    "Information": Look("Information", "info"),
    "OK": Look("Good", "ok"),
}
SEVERITY_RANK: dict[str, int] = {"Critical": 3, "Error": 2, "Warning": 1}

RUN: dict[str, Look] = {
    "running": Look("Running", "info", moving=True),
    "enabled": Look("Enabled, finishing", "info", moving=True),
    "succeeded": Look("Succeeded", "ok"),
    "partial": Look("Partly failed", "warning"),
    "failed": Look("Failed", "error"),
    "cancelled": Look("Cancelled", "muted"),
}

STEP: dict[str, Look] = {
    "waiting": Look("Waiting", "muted", moving=True),
    "submitting": Look("Sending", "info", moving=True),
    "running": Look("Running", "info", moving=True),
    "succeeded": Look("Done", "ok"),
    "failed": Look("Failed", "error"),
    "skipped": Look("Skipped", "muted"),
    "cancelled": Look("Cancelled", "muted"),
}

JOB: dict[str, Look] = {
    "NotStarted": Look("Not started", "muted", moving=True),
    "InProgress": Look("In progress", "info", moving=True),
    "Succeeded": Look("Succeeded", "ok"),
    "Failed": Look("Failed", "error"),
    "Cancelled": Look("Cancelled", "muted"),
    "Suspended": Look("Waiting for input", "warning"),
    "Other": Look("Other", "muted"),
}
