"""History of health and RPO, packed (domain/packing.py): frames of what each sweep saw, later folded into a series a day and item."""

from django.db import models

from replication.models.item import ProtectedItem
from replication.models.vault import Vault


class HistoryFrame(models.Model):
    """What one reading of a vault saw of up to 512 items: one short row a sweep, however many items changed.

    shard: the items' row ids divided by packing.SHARD. Folded within the hour; the newest frame of a shard stays, because what it says
    is counted when the next one tells how long it held.
    """

    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, related_name="+")
    shard = models.BigIntegerField()
    at = models.DateTimeField()
    target = models.IntegerField()  # seconds: the RPO target that held then
    data = models.BinaryField()

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["vault", "shard", "at"], name="history_frame")]

    def __str__(self) -> str:
        return f"{self.vault_id}/{self.shard} {self.at:%Y-%m-%d %H:%M}"


class HistoryDay(models.Model):
    """One item's day (UTC) in slots of 5, 30 or 60 minutes, longer with age: packing.Day."""

    item = models.ForeignKey(ProtectedItem, on_delete=models.CASCADE, related_name="history")
    day = models.DateField()
    minutes = models.SmallIntegerField()
    data = models.BinaryField()

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["item", "day"], name="history_day")]
        indexes = [models.Index(fields=["minutes", "day"], name="history_day_age")]

    def __str__(self) -> str:
        return f"{self.item_id} {self.day:%Y-%m-%d}"
