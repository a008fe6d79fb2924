"""Symptoms out of the items' and the vault's health errors: when each was first seen, on which machines, and whether it is still there.

A vault's own symptom has no machines. It is kept by the empty item key, beside the keys of items.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from replication.domain import inventory as inv
from replication.domain.states import SEVERITY_RANK
from replication.gateway.port import AzureError, Gateway
from replication.models import AffectedItem, HealthIssue, ProtectedItem, Vault
from replication.sync.snapshots import BATCH, batches, fitted

logger = logging.getLogger(__name__)

ITSELF = ""  # the vault, where else an item's key stands


@dataclass(slots=True)
class _Symptom:
    """What one read shows of a symptom: the error of each machine, by item key, or of the vault itself."""

    errors: dict[str, inv.HealthError] = field(default_factory=dict)

    @property
    def worst(self) -> inv.HealthError:
        return max(self.errors.values(), key=lambda error: SEVERITY_RANK.get(error.severity, 0))


def collect(vault: Vault, gateway: Gateway) -> list[inv.HealthError] | None:
    """The vault's own health errors. None where they cannot be read: machines are read and judged without them."""
    try:
        return [*gateway.vault_errors(vault.arm_id), *_read_only(vault)]
    except AzureError as error:
        logger.warning("The health of %s itself could not be read: %s", vault.name, error)
        return None


def _read_only(vault: Vault) -> Iterator[inv.HealthError]:
    """Azure still lists what lies in a disabled subscription as if nothing were wrong: its state tells, as the inventory has it."""
    there = vault.connection.subscriptions.filter(subscription_id=vault.subscription_id, gone_at=None)
    for each in there.filter(state__in=inv.READ_ONLY):
        yield inv.HealthError(
            code="ReadOnlyDisabledSubscription",
            severity="Error",
            message=f"Azure says of the subscription {each.name} that it is {each.state}: nothing in it can be made or changed.",
            causes="It was canceled, or has passed its spending limit or a bill. Azure switches the machines of a disabled one off.",
            action="Have the owner of its billing account activate it again.",
        )


def issue_key(error: inv.HealthError) -> str:
    """Errors with the same code are one symptom; without a code, those with the same text."""
    return error.code or f"text:{sha256(error.message.encode()).hexdigest()[:32]}"


def store_issues(
    vault: Vault, items: Mapping[str, inv.Item], own: Sequence[inv.HealthError] | None, *, now: datetime
) -> int:
    """Make the vault's issues say what the items and the vault do; how many symptoms came, changed or went.

    own: the vault's errors; None when nobody could tell: what is known of it stays. Call inside a transaction.
    """
    stored = {issue.key: issue for issue in vault.issues.all()}
    pairs = AffectedItem.objects.filter(issue__vault=vault, gone_at=None)
    open_ = defaultdict[str, dict[str, str]](dict)
    for key, item, severity in pairs.values_list("issue__key", "item__key", "severity"):
        open_[key][item] = severity
    if own is not None:
        open_ |= {key: {ITSELF: issue.severity} for key, issue in stored.items() if issue.of_vault and issue.gone_at is None}
    found = _symptoms(items, own or ())
    changed = [key for key, symptom in found.items() if _now(symptom) != open_.get(key)]
    gone = list(open_.keys() - found.keys())
    for key in changed:
        _store(vault, stored.get(key), key, found[key], open_.get(key, {}), now)
    for key in gone:
        _end(stored[key], now)
    return len(changed) + len(gone)


def _symptoms(items: Mapping[str, inv.Item], own: Sequence[inv.HealthError]) -> dict[str, _Symptom]:
    found = defaultdict[str, _Symptom](_Symptom)
    for key, errors_of in [*((key, item.errors) for key, item in items.items()), (ITSELF, own)]:
        for error in errors_of:
            named = issue_key(error) if key else f"{HealthIssue.OF_VAULT}{issue_key(error)}"
            errors = found[named[:100]].errors
            before = errors.get(key)
            if before is None or SEVERITY_RANK.get(error.severity, 0) > SEVERITY_RANK.get(before.severity, 0):
                errors[key] = error
    return found


def _now(symptom: _Symptom) -> dict[str, str]:
    return {item: error.severity[:40] for item, error in symptom.errors.items()}


def _store(
    vault: Vault, issue: HealthIssue | None, key: str, symptom: _Symptom, open_: Mapping[str, str], now: datetime
) -> None:
    issue = _written(vault, issue, key, symptom, now)
    gone = open_.keys() - symptom.errors.keys()
    for some in batches(sorted(gone)):
        issue.affected.filter(item__key__in=some, gone_at=None).update(gone_at=now)
    new = {item: error for item, error in symptom.errors.items() if item not in open_}
    _join(issue, _rows(vault, new), new, now, again=True)
    graver = {item: e for item, e in symptom.errors.items() if item in open_ and open_[item] != e.severity[:40]}
    _join(issue, _rows(vault, graver), graver, now, again=False)


def _written(vault: Vault, issue: HealthIssue | None, key: str, symptom: _Symptom, now: datetime) -> HealthIssue:
    """The symptom's row. One that was over begins anew: its acknowledgement was of what has passed."""
    begins = issue is None or issue.gone_at is not None
    issue = issue or HealthIssue(vault=vault, key=key)
    for name, value in fitted(HealthIssue, _columns(symptom)).items():
        setattr(issue, name, value)
    if begins:
        issue.first_seen_at = min((_since(error, now) for error in symptom.errors.values()), default=now)
        issue.gone_at = issue.acknowledged_at = issue.acknowledged_by = None
        issue.note = ""
    issue.last_seen_at = now
    issue.save()
    return issue


def _columns(symptom: _Symptom) -> dict[str, Any]:
    worst = symptom.worst
    return {
        "code": worst.code,
        "category": worst.category,
        "severity": worst.severity,
        "severity_rank": SEVERITY_RANK.get(worst.severity, 0),
        "message": worst.message,
        "causes": worst.causes,
        "action": worst.action,
        "machines": len(symptom.errors.keys() - {ITSELF}),
    }


def _since(error: inv.HealthError, now: datetime) -> datetime:
    """When Azure says it began, though never in the future: its clock and ours may differ."""
    return min(error.created_at or now, now)


def _rows(vault: Vault, wanted: Mapping[str, Any]) -> Iterable[tuple[int, str]]:
    rows = ProtectedItem.objects.filter(vault=vault).values_list("pk", "key")
    return rows.filter(key__in=list(wanted)) if len(wanted) < BATCH else rows


def _join(
    issue: HealthIssue,
    rows: Iterable[tuple[int, str]],
    errors: Mapping[str, inv.HealthError],
    now: datetime,
    *,
    again: bool,
) -> None:
    """Write machines of the symptom. again: those that had it once before have it from now on; else only its severity differs."""
    if not errors:
        return
    made = [
        AffectedItem(
            issue=issue,
            item_id=pk,
            severity=errors[key].severity[:40],
            first_seen_at=_since(errors[key], now),
            gone_at=None,
        )
        for pk, key in rows
        if key in errors
    ]
    AffectedItem.objects.bulk_create(
        made,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["issue", "item"],
        update_fields=["severity", "gone_at", *(["first_seen_at"] if again else [])],
    )


def _end(issue: HealthIssue, now: datetime) -> None:
    issue.affected.filter(gone_at=None).update(gone_at=now)
    HealthIssue.objects.filter(pk=issue.pk).update(gone_at=now, last_seen_at=now, machines=0)
