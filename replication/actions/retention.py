"""Retention: what is past its time leaves the audit, from the chain's beginning, and the rest stays verifiable.

First one transaction writes a sealed AuditPruning and its entry; only then may (and do) the old rows go, in portions, which a crash may
interrupt anywhere. What has not been streamed yet stays.
"""

from datetime import timedelta

from django.db import connection, transaction

from replication import clock, seals, settings
from replication.actions.actor import CONSOLE
from replication.actions.audit import gesture, pruned_to
from replication.models import AuditCheckpoint, AuditEntry, AuditPruning, AuditSubject, StreamCursor
from replication.models.triggers import YOUNGEST

PORTION = 2000  # entries that one transaction deletes


def prune() -> int:
    """Do what is due; returns how many entries went. A worker calls it by the clock."""
    _allow()
    return sum(iter(_delete_portion, 0))


def _allow() -> None:
    """Write down that the entries past their time may go, when there are any."""
    days = max(settings.value("audit.retention_days"), YOUNGEST)
    limit = clock.now() - timedelta(days=days)
    young = AuditEntry.objects.filter(at__gt=limit).order_by("sequence").values_list("sequence", flat=True).first()
    unsent = StreamCursor.objects.order_by("sequence").values_list("sequence", flat=True).first()
    ends = [young - 1 if young else 0, *([unsent] if unsent is not None else [])]
    last = AuditEntry.objects.filter(sequence=min(ends)).first()
    start, _ = pruned_to()
    if last is None or last.sequence <= start:
        return
    with gesture("audit.pruned", actor=CONSOLE, subject_kind="audit", subject_name=f"entries {start + 1} to {last.sequence}") as entry:
        statement = {"kind": "audit-pruning", "sequence": last.sequence, "hash": last.hash, "at": clock.now().isoformat(timespec="seconds")}
        AuditPruning.objects.create(sequence=last.sequence, hash=last.hash, at=clock.now(), sealed=seals.seal(statement))
        entry.detail = {"first": start + 1, "last": last.sequence, "hash": last.hash, "retention_days": days}


def _delete_portion() -> int:
    """Some of what may go, oldest first; raw deletes, for the rows' own models refuse."""
    last, _ = pruned_to()
    ids = list(AuditEntry.objects.filter(sequence__lte=last).order_by("sequence").values_list("pk", flat=True)[:PORTION])
    if not ids:
        AuditCheckpoint.objects.filter(sequence__lt=last)._raw_delete(connection.alias)
        return 0
    with transaction.atomic():
        AuditSubject.objects.filter(entry__in=ids)._raw_delete(connection.alias)
        AuditEntry.objects.filter(pk__in=ids)._raw_delete(connection.alias)
    return len(ids)
