"""Settings that people change while the console runs, and what the console keeps for itself in the same way."""

from django.db import models

from replication.models.person import Person
from replication.models.vault import Vault


class Setting(models.Model):
    """One value: of the registry (domain/settings.py), or the console's own. vault None: for the whole console."""

    name = models.CharField(max_length=60)
    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    value = models.JSONField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=models.Q(vault=None), name="one_setting"),
            models.UniqueConstraint(
                fields=["name", "vault"], condition=~models.Q(vault=None), name="one_setting_a_vault"
            ),
        ]

    def __str__(self) -> str:
        return self.name
