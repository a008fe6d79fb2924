"""Answering a reading: a question that a person asked, claimed by one worker and answered with a count or with a problem."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q

from replication import clock
from replication.domain.problems import Problem
from replication.gateway.clients import open_gateway
from replication.gateway.port import AzureError, Gateway
from replication.models import ProtectedItem, Reading
from replication.queue import ring
from replication.sync import checks, inventory, machines, names, points, vaults
from replication.sync.outcome import Outcome

logger = logging.getLogger(__name__)

FRESH = timedelta(minutes=5)  # how long an answer counts as new


def answer(reading_id: int) -> None:
    """Ask Azure and store the answer. Nothing happens when the reading is answered, or held by another worker."""
    reading = _claim(reading_id)
    if reading is None:
        return
    if reading.kind == Reading.Kind.CHECKS:
        _make_checks(reading)
        return
    outcome = _ask(reading)
    if outcome is None:  # somebody reads the vault just now, or there is more to read: the sweep rings again, at the latest
        Reading.objects.filter(pk=reading.pk, attempt=reading.attempt).update(lease_until=None)
        if reading.kind == Reading.Kind.MACHINES:
            ring("answer_reading", reading.pk)
        return
    now = clock.now()
    Reading.objects.filter(pk=reading.pk, attempt=reading.attempt, answered_at=None).update(
        answered_at=now,
        expires_at=now + (outcome.kept or FRESH),
        lease_until=None,
        result=outcome.to_json(),
        problem=outcome.problem.to_json() if outcome.problem else None,
    )


def _make_checks(reading: Reading) -> None:
    """Checks answer as they go, and end themselves; whatever goes wrong otherwise becomes an answer, too."""
    try:
        checks.make(reading, open_gateway(reading.connection))
    except AzureError as error:
        checks.end(reading, error.problem)
    except Exception:
        logger.exception("The checks %s failed.", reading.pk)
        checks.end(reading, _INTERNAL)


def _claim(reading_id: int) -> Reading | None:
    now = clock.now()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    lease = now + timedelta(seconds=settings.READING_LEASE)
    open_ = Reading.objects.filter(free, pk=reading_id, answered_at=None)
    if not open_.update(lease_until=lease, attempt=F("attempt") + 1):
        return None
    return Reading.objects.select_related("connection", "vault").get(pk=reading_id)


def _ask(reading: Reading) -> Outcome | None:
    """The outcome. Whatever goes wrong becomes an answer too, for somebody waits for one."""
    try:
        return _dispatch(reading, open_gateway(reading.connection))
    except AzureError as error:
        return Outcome(problem=error.problem)
    except Exception:
        logger.exception("The reading %s (%s) failed.", reading.pk, reading.kind)
        return Outcome(problem=_INTERNAL)


_INTERNAL = Problem(
    code="Internal",
    message="The console failed while it read Azure.",
    causes="A fault of the console itself; the worker's log has the details.",
    action="Try again; if it happens again, send the worker's log to whoever runs the console.",
)


def _dispatch(reading: Reading, gateway: Gateway) -> Outcome | None:
    if reading.kind == Reading.Kind.ITEMS:
        return vaults.sync(reading.vault_id) if reading.vault_id else Outcome()
    if reading.kind == Reading.Kind.RECOVERY_POINTS:
        item = ProtectedItem.objects.filter(connection=reading.connection, key=reading.subject, gone_at=None).first()
        return points.read(item, gateway) if item else Outcome()
    if reading.kind == Reading.Kind.MACHINES:
        return machines.read(reading, gateway)
    if reading.kind == Reading.Kind.NAME:
        return names.read(reading, gateway)
    return inventory.read(reading.connection, gateway)
