"""The RPO ledger: what was counted before history was thinned. Kept for years; times are absolute, months the console's own."""

from django.db import models

from replication.models.item import ProtectedItem
from replication.models.person import Person
from replication.models.vault import Vault


class LedgerMonth(models.Model):
    """Seconds of an item in a month: within and out of target (excused is a part of out), and unknown. Other time is not counted."""

    item = models.ForeignKey(ProtectedItem, on_delete=models.CASCADE, related_name="ledger")
    month = models.DateField()  # its first day
    within = models.FloatField(default=0)
    out = models.FloatField(default=0)
    excused = models.FloatField(default=0)
    unknown = models.FloatField(default=0)
    worst = models.IntegerField(null=True, blank=True)  # the highest RPO in seconds
    tags = models.TextField(blank=True)  # of the machine when it was last counted, as Machine.tags has them

    class Meta:
        ordering = ["-month", "-out"]
        constraints = [models.UniqueConstraint(fields=["item", "month"], name="ledger_month")]
        indexes = [models.Index(fields=["month", "-out"], name="ledger_worst")]

    def __str__(self) -> str:
        return f"{self.item_id} {self.month:%Y-%m}"


class Breach(models.Model):
    """A time out of target, as far as it was counted; `open` while the next reading may go on with it."""

    item = models.ForeignKey(ProtectedItem, on_delete=models.CASCADE, related_name="breaches")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    worst = models.IntegerField()  # seconds
    target = models.IntegerField()  # seconds: what held then; when it changes, another row begins
    open = models.BooleanField(default=False)

    class Meta:
        ordering = ["-begun_at"]
        constraints = [models.UniqueConstraint(fields=["item", "begun_at"], name="breach_begun")]
        indexes = [models.Index(fields=["begun_at", "ended_at"], name="breach_times")]

    def __str__(self) -> str:
        return f"{self.item_id} {self.begun_at:%Y-%m-%d %H:%M}"


class MaintenanceWindow(models.Model):
    """A time in which being out of target is excused and nobody is told: for a vault, one machine, or all with a tag."""

    class Scope(models.TextChoices):
        VAULT = "vault", "All machines of the vault"
        MACHINE = "machine", "One machine"
        TAG = "tag", "Machines with a tag"

    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, related_name="windows")
    scope = models.CharField(max_length=8, choices=Scope.choices)
    subject = models.CharField(max_length=600, blank=True)  # the item's name, or `name:value` of a tag
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    version = models.IntegerField(default=1)  # rises with every change

    class Meta:
        ordering = ["-begins_at"]
        indexes = [models.Index(fields=["vault", "begins_at"], name="window_times")]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {self.begins_at:%Y-%m-%d %H:%M}"
