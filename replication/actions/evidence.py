"""What is known of a run, for somebody who was not there: who asked and why, the plan, what Azure was told, and what came of it."""

import json
from datetime import datetime
from typing import Any

from replication.models import Approval, ProtectedItem, Run, Step


def of(run: Run) -> dict[str, Any]:
    """JSON values only; times are UTC in ISO. Needs vault, plan and people of the run."""
    return {
        "id": str(run.pk),
        "number": run.number,
        "purpose": run.purpose,
        "vault": run.vault.arm_id,
        "asked_by": {"user_name": run.started_by.username, "name": str(run.started_by)},
        "responsible": str(run.responsible),
        "request_id": run.request_id,
        "reason": run.reason,
        "retry_of": run.retry_of.number if run.retry_of else None,
        "times": {
            name: _iso(getattr(run, f"{name}_at")) for name in ("created", "checked", "cancel_requested", "ended")
        },
        "approved_by": [_approval(each) for each in run.approvals.select_related("requested_by", "decided_by").order_by("pk")],
        "state": run.state,
        "plan": _plan(run),
        "steps": [_step(step) for step in run.steps.order_by("stage", "position", "pk").iterator()],
        "read_back": [_item(item) for item in _items(run)],
    }


def _approval(given: Approval) -> dict[str, Any]:
    """The second person's word that let the run begin (four eyes)."""
    return {
        "number": given.pk,
        "digest": given.digest,
        "asked_by": str(given.requested_by),
        "asked_at": _iso(given.requested_at),
        "approved_by": {"user_name": given.decided_by.username, "name": str(given.decided_by)} if given.decided_by else None,
        "approved_at": _iso(given.decided_at),
        "note": given.note,
    }


def _plan(run: Run) -> dict[str, Any]:
    """As it was reviewed; the digest is that of what was meant (docs/architecture.md)."""
    return {"digest": run.plan.digest, "document": json.loads(run.plan.document)}


def _step(step: Step) -> dict[str, Any]:
    """One thing that was to be made: what Azure knows it by, and what it answered."""
    return {
        "key": step.key,
        "kind": step.kind,
        "title": step.title,
        "resource": step.spec.get("id", ""),
        "state": step.state,
        "outcome": step.outcome,
        "attempts": step.attempt,
        "client_request_id": step.request_id,
        "correlation_id": step.correlation_id,
        "site_recovery_job": step.azure_job_id,
        "started_at": _iso(step.started_at),
        "ended_at": _iso(step.ended_at),
        "problem": step.problem,
    }


def _items(run: Run) -> Any:
    keys = run.steps.exclude(machine_key="").values("machine_key")
    return ProtectedItem.objects.filter(vault=run.vault, machine_key__in=keys, gone_at=None).order_by("name")


def _item(item: ProtectedItem) -> dict[str, Any]:
    """A machine of the run as Azure showed it last before this was handed over; rpo in seconds."""
    return {
        "name": item.name,
        "machine": item.machine_key,
        "protection_state": item.protection_state,
        "health": item.health,
        "rpo": item.rpo,
        "rpo_at": _iso(item.rpo_at),
        "read_at": _iso(item.as_of),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds") if at else None
