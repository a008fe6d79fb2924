"""History of health and RPO."""

from django.db import models

from replication.models.item import ProtectedItem


class Sample(models.Model):
    """How an item stood at one time. A gap between samples is unknown, never good."""

    item = models.ForeignKey(ProtectedItem, on_delete=models.CASCADE, related_name="samples")
    at = models.DateTimeField()
    rpo = models.IntegerField(null=True, blank=True)  # seconds
    health = models.CharField(max_length=40)

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["item", "at"], name="sample_at")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.rpo}"
