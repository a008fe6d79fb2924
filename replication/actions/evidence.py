"""What is known of a run, for somebody who was not there: who asked and why, the plan, what Azure was told, and what came of it."""

import json
from datetime import datetime
from typing import Any

from replication.domain import ids
from replication.models import Approval, HandOver, Run, Step


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
        "hand_over": _hand_over(run),
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


# What a step asks for -> the name by which the read-back has it (sync/handover.py).
_ASKED = {
    "name": "name", "size": "size", "network_id": "network_id", "group_id": "group_id", "availability_set_id": "availability_set_id",
    "availability_zone": "availability_zone", "policy_id": "policy_id", "recovery_group_id": "recovery_group_id",
}  # fmt: skip


def _hand_over(run: Run) -> list[dict[str, Any]]:
    """Each machine that was done: what was asked and what Azure had when the run ended, and its RPO then (seconds)."""
    asked: dict[str, dict[str, str]] = {}
    steps = run.steps.exclude(machine_key="").order_by("stage", "position", "pk")
    for step in steps.only("machine_key", "spec").iterator():
        wanted = {shown: str(step.spec[name]) for name, shown in _ASKED.items() if step.spec.get(name)}
        asked.setdefault(step.machine_key, {}).update(wanted)
    return [_handed(row, asked.get(row.machine_key, {}), run) for row in run.hand_overs.all()]


def _handed(row: HandOver, asked: dict[str, str], run: Run) -> dict[str, Any]:
    got = row.got or {}
    differing = [name for name, value in asked.items() if name in got and not ids.same(value, str(got[name]))]
    return {
        "name": row.name,
        "machine": row.machine_key,
        "asked": asked,
        "got": row.got,
        "got_read_at": _iso(row.got_at),
        "differs": differing,
        "rpo": row.rpo,
        "rpo_at": _iso(row.rpo_at),
        "rpo_read_at": _iso(row.rpo_read_at),
        "rpo_is": _which(row, run),
    }


def _which(row: HandOver, run: Run) -> str:
    if row.rpo_read_at is None or run.ended_at is None:
        return "waited for" if row.open else "none was read"
    return "the last read before the run ended" if row.rpo_read_at <= run.ended_at else "the first read after the run ended"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds") if at else None
