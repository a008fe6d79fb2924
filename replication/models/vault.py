"""Recovery Services vaults."""

from django.db import models

from replication.models.connection import Connection


class Vault(models.Model):
    """A vault that the credential can see, with what Site Recovery has set up in it.

    version rises with every stored change of its items or runs: live pages compare it and answer 204 when it stands still.
    """

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="vaults")
    key = models.CharField(max_length=500)  # ids.key(arm_id)
    arm_id = models.CharField(max_length=500)
    name = models.CharField(max_length=100)
    subscription_id = models.CharField(max_length=36)
    resource_group = models.CharField(max_length=100)
    location = models.CharField(max_length=60)
    site = models.JSONField(default=dict, blank=True)  # domain Site as JSON (sync.sites)
    caches = models.JSONField(default=dict, blank=True)  # load of the cache accounts (domain/caches.py)
    summary = models.JSONField(default=dict, blank=True)  # numbers of its items, kept by counts.py
    as_of = models.DateTimeField(null=True, blank=True)  # items and site last read completely
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)  # when a worker reads it next
    lease_until = models.DateTimeField(null=True, blank=True)
    problem = models.JSONField(null=True, blank=True)  # why the last read failed; the rows stay as they were
    version = models.BigIntegerField(default=0)
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="vault_key")]

    def __str__(self) -> str:
        return self.name
