"""What Site Recovery says has happened, as last read. Azure shows three days of it; here it stays."""

from django.db import models

from replication.models.vault import Vault


class Event(models.Model):
    """An event of a vault. item_key: `ProtectedItem.key` of the machine that it is about, '' when it is about none."""

    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, related_name="events")
    key = models.CharField(max_length=700)
    item_key = models.CharField(max_length=600, blank=True)
    target_name = models.CharField(max_length=400, blank=True)
    at = models.DateTimeField()
    code = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=60, blank=True)
    severity = models.CharField(max_length=40, blank=True)
    message = models.TextField(blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["vault", "key"], name="event_key")]
        indexes = [models.Index(fields=["vault", "item_key", "-at"], name="event_of_item")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.message}"
