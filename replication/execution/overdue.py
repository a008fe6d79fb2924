"""What the beat does: find what is due and ring for it. The broker may lose every message, and the work still completes.

Between two beats a run that is due within seconds rings for itself (`ring_in_time`). Such a message is good only for the due time that it
was sent for: whoever else moves the run's time ahead, a beat or another worker, makes it void. So one message of this kind at most comes to
anything, whatever is sent twice.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from replication import clock, queue
from replication.actions import readings
from replication.execution.ledger import RUNNING_RUNS, in_seconds
from replication.models import Connection, Delivery, Reading, Run, Vault

INVENTORY_AGAIN = timedelta(minutes=1)  # however much happens, and however often it fails
RING_AGAIN = 10.0  # seconds after which a ring that nobody answered is repeated
SOON = 10.0  # a run due within so many seconds rings for itself, to the second; the beat finds the others
AT_ONCE = 0.2  # seconds: a run that is due already lets others have their turn first


def ring() -> None:
    """Ring for every run, reading and vault that is due and that nobody works on, and keep the inventory fresh."""
    _ring_runs()
    _ring_readings()
    _ring_vaults()
    _ring_deliveries()
    _ask_for_inventory()


def _ask_for_inventory() -> None:
    """The inventory is read again when it is old, and when a run has ended since: what it made is then found for reuse."""
    old = clock.now() - timedelta(seconds=settings.INVENTORY_INTERVAL)
    for connection in Connection.objects.exclude(inventory_as_of=None):
        as_of = connection.inventory_as_of or old
        ended = Run.objects.filter(connection=connection, ended_at__gt=as_of)
        if (as_of < old or ended.exists()) and not _asked_just_now(connection):
            readings.reread_inventory(connection)


def _asked_just_now(connection: Connection) -> bool:
    kinds = Reading.Kind.INVENTORY, Reading.Kind.VAULTS
    recent = Reading.objects.filter(connection=connection, kind__in=kinds)
    return recent.filter(Q(answered_at=None) | Q(asked_at__gt=clock.now() - INVENTORY_AGAIN)).exists()


def _ring_runs() -> None:
    """The due time moves ahead with the ring, so that a busy worker does not find the same run many times over in its queue."""
    due = Run.objects.filter(Q(due_at=None) | Q(due_at__lte=clock.now()), state__in=RUNNING_RUNS)
    for run_id in due.values_list("pk", flat=True):
        if due.filter(pk=run_id).update(due_at=in_seconds(RING_AGAIN)):
            queue.ring("advance", str(run_id))


def ring_in_time(run_id: UUID, due_at: datetime | None) -> None:
    """Ring for the run at its due time, if that is soon."""
    ahead = (due_at - clock.now()).total_seconds() if due_at else SOON
    if due_at and ahead < SOON:
        queue.ring("advance", str(run_id), due_at.isoformat(), after=max(ahead, AT_ONCE))


def take(run_id: str, due_at: str) -> bool:
    """Answer a ring that was sent for this due time. False: another has been at the run since."""
    due = Run.objects.filter(pk=run_id, due_at=datetime.fromisoformat(due_at), state__in=RUNNING_RUNS)
    return bool(due.update(due_at=in_seconds(RING_AGAIN)))


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


def _ring_deliveries() -> None:
    now = clock.now()
    if Delivery.objects.filter(_free(now), state=Delivery.State.WAITING, due_at__lte=now).exists():
        queue.ring("deliver")


def _free(now: object) -> Q:
    return Q(lease_until=None) | Q(lease_until__lte=now)
