"""Readings: questions that only Azure can answer, asked by a person and answered by a worker."""

from django.db import models

from replication.models.connection import Connection
from replication.models.person import Person
from replication.models.vault import Vault


class Reading(models.Model):
    """kind and subject say what is asked; result holds the answer, problem why there is none."""

    class Kind(models.TextChoices):
        VAULTS = "vaults", "Vaults and inventory"
        INVENTORY = "inventory", "Inventory"
        ITEMS = "items", "Replicated items"
        MACHINES = "machines", "Chosen machines"
        RECOVERY_POINTS = "recovery_points", "Recovery points"
        CHECKS = "checks", "Checks before a run"
        NAME = "name", "Name in the world"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=30, choices=Kind.choices)
    subject = models.CharField(max_length=600, blank=True)  # key of what it is about
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField()
    attempt = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True, db_index=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)  # e.g. {"changed": 3, "seen": 58}
    problem = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            # An open question is asked once. Checks belong to an intent, too: those of an older one may still be made.
            models.UniqueConstraint(
                fields=["connection", "kind", "subject"],
                condition=models.Q(answered_at=None) & ~models.Q(kind="checks"),
                name="one_open_reading",
            )
        ]
        indexes = [models.Index(fields=["connection", "kind", "subject", "-id"], name="reading_latest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
