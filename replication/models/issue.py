"""Health issues: symptoms that Azure reports, each with the machines that have it."""

from django.db import models

from replication.models.item import ProtectedItem
from replication.models.person import Person
from replication.models.vault import Vault


class HealthIssue(models.Model):
    """A symptom in a vault. It is over when no machine has it any more; when it comes again, it begins anew, unacknowledged.

    One of the vault itself has no machines; it is over when Azure does not report it any more.
    """

    OF_VAULT = "vault:"  # the key of the vault's own symptoms begins so

    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, related_name="issues")
    key = models.CharField(max_length=100)  # the code; for an error without one, of its text
    code = models.CharField(max_length=100, blank=True)
    category = models.CharField(max_length=60, blank=True)
    severity = models.CharField(max_length=40)  # the worst among its machines
    severity_rank = models.IntegerField(default=0)
    message = models.TextField(blank=True)
    causes = models.TextField(blank=True)
    action = models.TextField(blank=True)
    machines = models.IntegerField(default=0)  # that have it now
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()  # while it is there, the vault's as-of time says it better
    gone_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-severity_rank", "-machines", "code", "id"]
        constraints = [models.UniqueConstraint(fields=["vault", "key"], name="issue_key")]

    def __str__(self) -> str:
        return self.message or self.code

    @property
    def of_vault(self) -> bool:
        """Whether it is the vault's own, not its machines'."""
        return self.key.startswith(self.OF_VAULT)


class AffectedItem(models.Model):
    """A machine that has, or had, the symptom."""

    issue = models.ForeignKey(HealthIssue, on_delete=models.CASCADE, related_name="affected")
    item = models.ForeignKey(ProtectedItem, on_delete=models.CASCADE, related_name="symptoms")
    severity = models.CharField(max_length=40)
    first_seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["first_seen_at", "id"]
        constraints = [models.UniqueConstraint(fields=["issue", "item"], name="affected_item")]
        indexes = [models.Index(fields=["issue", "gone_at"], name="affected_now")]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.issue_id}"
