"""What the beat does: find what is due and ring for it. The broker may lose every message, and the work still completes."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q

from replication import clock, queue
from replication.execution.ledger import RUNNING_RUNS, in_seconds
from replication.models import Reading, Run, Vault

RING_AGAIN = 10.0  # seconds after which a ring that nobody answered is repeated


def ring() -> None:
    """Ring for every run, reading and vault that is due and that nobody works on."""
    _ring_runs()
    _ring_readings()
    _ring_vaults()


def _ring_runs() -> None:
    """The due time moves ahead with the ring, so that a busy worker does not find the same run many times over in its queue."""
    due = Run.objects.filter(Q(due_at=None) | Q(due_at__lte=clock.now()), state__in=RUNNING_RUNS)
    for run_id in due.values_list("pk", flat=True):
        if due.filter(pk=run_id).update(due_at=in_seconds(RING_AGAIN)):
            queue.ring("advance", str(run_id))


def _ring_readings() -> None:
    now = clock.now()
    asked = now - timedelta(seconds=settings.SWEEP_INTERVAL)  # a fresh one has a ring of its own under way
    open_ = Reading.objects.filter(answered_at=None, asked_at__lte=asked)
    for reading_id in open_.filter(_free(now)).values_list("pk", flat=True):
        queue.ring("answer_reading", reading_id)


def _ring_vaults() -> None:
    now = clock.now()
    due = Vault.objects.filter(_free(now), due_at__lte=now, gone_at=None)
    for vault_id in due.values_list("pk", flat=True):
        queue.ring("sync_vault", vault_id)


def _free(now: object) -> Q:
    return Q(lease_until=None) | Q(lease_until__lte=now)
