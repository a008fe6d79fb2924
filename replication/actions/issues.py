"""Health issues: somebody has seen one, and says what comes of it."""

from django.db.models import F

from replication import access, clock
from replication.actions.actor import Actor
from replication.actions.audit import Unchanged, gesture
from replication.domain.roles import Permission
from replication.models import HealthIssue, Vault


class Over(Exception):
    """The symptom is there no more, or was taken back by somebody else meanwhile; nothing was changed."""


def acknowledge(issue: HealthIssue, note: str, *, actor: Actor) -> None:
    """Say that one knows of the symptom, and why it may stay for now. It holds until the symptom is gone."""
    _change(
        issue, "issue.acknowledged", actor, acknowledged_at=clock.now(), acknowledged_by=actor.person, note=note
    )


def withdraw(issue: HealthIssue, *, actor: Actor) -> None:
    """Take an acknowledgement back."""
    _change(issue, "issue.withdrawn", actor, acknowledged_at=None, acknowledged_by=None, note="")


def _change(issue: HealthIssue, action: str, actor: Actor, **values: object) -> None:
    assert actor.person is not None
    access.require(actor.person, Permission.ACKNOWLEDGE, issue.vault)
    about = {
        "subject_kind": "issue",
        "subject_key": f"issue:{issue.pk}",
        "subject_name": f"{issue.code} {issue.message}".strip()[:200],
        "vault_key": issue.vault.key,
        "before": {"note": issue.note},
        "after": {"note": values["note"]},
        "detail": {"machines": issue.machines},
    }
    with gesture(action, actor=actor, **about):
        there = HealthIssue.objects.filter(pk=issue.pk, gone_at=None)
        if values["acknowledged_at"] is None and there.filter(acknowledged_at=None).exists():
            raise Unchanged  # withdrawn already
        if not there.update(**values):
            raise Over
        Vault.objects.filter(pk=issue.vault_id).update(version=F("version") + 1)  # pages that are open show it
