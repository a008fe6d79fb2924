"""Protected items as last read."""

from django.db import models

from replication.models.connection import Connection
from replication.models.vault import Vault


class ProtectedItem(models.Model):
    """A replicated machine. Re-protected items move to another container but stay this row: `key` is vault + item name."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, related_name="items")
    key = models.CharField(max_length=600)  # ids.key(vault id) + "/" + item name in lower case
    arm_id = models.CharField(max_length=600)
    name = models.CharField(max_length=400)  # of the machine, as people know it
    machine_key = models.CharField(max_length=500, db_index=True)
    subscription_id = models.CharField(max_length=36, blank=True)
    resource_group = models.CharField(max_length=100, blank=True)
    group_key = models.CharField(max_length=100, blank=True)
    protection_state = models.CharField(max_length=80)
    status = models.CharField(max_length=30)  # domain states.ItemStatus: our one word for it
    health = models.CharField(max_length=40)  # Normal | Warning | Critical | None
    health_rank = models.IntegerField(default=0)  # worst first when sorted descending
    failover_health = models.CharField(max_length=40, blank=True)
    progress = models.IntegerField(null=True, blank=True)
    rpo = models.IntegerField(null=True, blank=True)  # seconds
    rpo_at = models.DateTimeField(null=True, blank=True)
    primary_location = models.CharField(max_length=60, blank=True)
    recovery_location = models.CharField(max_length=60, blank=True)
    active_location = models.CharField(max_length=20, blank=True)
    policy_name = models.CharField(max_length=200, blank=True)
    last_test_at = models.DateTimeField(null=True, blank=True)
    issue_count = models.IntegerField(default=0)
    search = models.TextField(blank=True)
    document = models.JSONField()  # domain Item as JSON
    digest = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()  # when a read last found something new
    copied_at = models.DateTimeField(null=True, blank=True)  # when a read first found the first copy done
    as_of = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)
    version = models.BigIntegerField(default=0)  # the vault's version at the last change

    class Meta:
        ordering = ["-health_rank", "name", "id"]
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="item_key")]
        indexes = [
            models.Index(fields=["vault", "gone_at", "-health_rank", "name"], name="item_by_health"),
            # The list of all vaults in its usual order: its first page is read off, whatever there is behind it.
            models.Index(fields=["gone_at", "-health_rank", "name", "id"], name="item_in_order"),
            models.Index(fields=["vault", "gone_at", "status", "name"], name="item_by_status"),
            # Highest RPO first, of all and of one health. PostgreSQL, which keeps what has no RPO at the other end, sorts what it finds.
            models.Index(fields=["gone_at", "-rpo", "id"], name="item_by_rpo"),
            models.Index(fields=["gone_at", "health_rank", "-rpo", "id"], name="item_by_health_and_rpo"),
        ]

    def __str__(self) -> str:
        return self.name


class RecoveryPoint(models.Model):
    """A recovery point of an item whose page somebody looked at."""

    item = models.ForeignKey(ProtectedItem, on_delete=models.CASCADE, related_name="recovery_points")
    arm_id = models.CharField(max_length=700)
    at = models.DateTimeField()
    kind = models.CharField(max_length=30)

    class Meta:
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["item", "arm_id"], name="recovery_point_key")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"
