"""Connections: which Azure, as which tenant, with which credential (by reference)."""

from django.db import models


class Connection(models.Model):
    """One credential in one tenant at one endpoint. Rows of one connection are never used with another."""

    name = models.CharField(max_length=100)
    endpoint = models.URLField(max_length=300)
    tenant_id = models.CharField(max_length=36, blank=True)
    client_id = models.CharField(max_length=36, blank=True)  # which principal; its secret stays in the environment
    created_at = models.DateTimeField(auto_now_add=True)
    inventory_as_of = models.DateTimeField(null=True, blank=True)
    inventory_version = models.BigIntegerField(default=0)  # rises with every read that changed machines or resources
    inventory_problem = models.JSONField(null=True, blank=True)
    locations = models.JSONField(default=list, blank=True)  # [{name, display_name, paired}]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "tenant_id", "client_id"], name="connection_identity")
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def inventory_changed(cls, pk: int) -> None:
        """Say, in the transaction that changed machines or resources of the connection, that what was made of them is old."""
        cls.objects.filter(pk=pk).update(inventory_version=models.F("inventory_version") + 1)
