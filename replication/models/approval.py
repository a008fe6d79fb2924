"""Requests for a second person's approval."""

from django.db import models

from replication.domain.approvals import LOOKS, OPEN, ApprovalState
from replication.models.person import Person
from replication.models.run import Run
from replication.models.vault import Vault


class Approval(models.Model):
    """One request. It holds for exactly what `digest` covers, for one use by whoever asked, until it expires."""

    vault = models.ForeignKey(
        Vault, on_delete=models.PROTECT, null=True, blank=True, related_name="approvals"
    )  # None: all vaults
    action = models.CharField(max_length=60)  # one of domain/approvals.py GATED
    digest = models.CharField(max_length=64)  # of the plan, or of what would be changed
    subject_kind = models.CharField(max_length=30)
    subject_key = models.CharField(max_length=600)
    subject_name = models.CharField(max_length=300)
    shown = models.JSONField()  # what the approver decides about: a JSON object of facts
    machines = models.JSONField(default=list)  # names
    # The gesture itself, to be made again once it is approved: where it was sent, and [name, value] of each field.
    address = models.CharField(max_length=600)
    sent = models.JSONField(default=list)
    reason = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=[(value, look.label) for value, look in LOOKS.items()])
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    run = models.ForeignKey(
        Run, on_delete=models.PROTECT, null=True, blank=True, related_name="approvals"
    )  # that it let through

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "subject_key", "digest", "requested_by"],
                condition=models.Q(state__in=[each.value for each in OPEN]),
                name="one_open_approval",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("requested_by")),
                name="four_eyes_are_of_two_people",
            ),
        ]
        indexes = [models.Index(fields=["state", "expires_at"], name="approval_state")]

    def __str__(self) -> str:
        return f"approval {self.pk}"

    @property
    def is_pending(self) -> bool:
        return self.state == ApprovalState.PENDING

    @property
    def is_approved(self) -> bool:
        return self.state == ApprovalState.APPROVED
