"""Celery tasks: each says which row, opens the gateway, and hands over. Every one may run twice at once, and any may be lost."""

from datetime import timedelta

from celery import shared_task

from portal.sessions import SessionStore
from replication import clock, delivery
from replication.actions import (
    approvals,
    checkpoints,
    drafts,
    names,
    notices,
    restored,
    retention,
    streaming,
    verification,
)
from replication.execution import engine, overdue
from replication.gateway.clients import open_gateway
from replication.gateway.port import AzureError
from replication.models import Run
from replication.sync import history, readings, vaults


@shared_task(name="replication.advance")
def advance(run_id: str, due_at: str = "") -> None:
    """Move a run on. due_at: the time that the message was sent for, as others may have been at the run since; void if so."""
    if due_at and not overdue.take(run_id, due_at):
        return
    run = Run.objects.select_related("connection").get(pk=run_id)
    try:
        gateway = open_gateway(run.connection)
    except AzureError as error:
        engine.refuse(run, error.problem)
    else:
        overdue.ring_in_time(run.pk, engine.advance(run.pk, gateway))


@shared_task(name="replication.sweep")
def sweep() -> None:
    """Ring for whatever is due."""
    overdue.ring()


@shared_task(name="replication.answer_reading")
def answer_reading(reading_id: int) -> None:
    """Ask Azure what somebody wants to know."""
    readings.answer(reading_id)


@shared_task(name="replication.sync_vault")
def sync_vault(vault_id: int) -> None:
    """Read a vault's items and jobs again."""
    vaults.sync(vault_id)


@shared_task(name="replication.watch_audit")
def watch_audit() -> None:
    """Seal the audit's head, and walk its chain when that is due or was asked for."""
    restored.remember()
    checkpoints.take()
    verification.check_if_due()


@shared_task(name="replication.tidy")
def tidy() -> None:
    """End what is over."""
    approvals.expire()
    drafts.expire()
    drafts.forget_plans()
    notices.forget_old()
    names.forget_old()
    retention.prune()
    SessionStore.clear_expired()


@shared_task(name="replication.stream_audit")
def stream_audit() -> None:
    """Send the audit's new entries to where they are wanted."""
    streaming.pump()


@shared_task(name="replication.keep_history")
def keep_history() -> None:
    """Count what the sweeps saw, fold it into days, and thin days that have come of age."""
    history.keep(clock.now() + timedelta(seconds=60))


@shared_task(name="replication.deliver")
def deliver() -> None:
    """Send what people are to be told by e-mail and webhook."""
    delivery.deliver(clock.now() + timedelta(seconds=60))
