"""What a reading found to have happened in Azure without this console, until the audit tells it."""

from django.db import models

from replication.models.vault import Vault


class Sighting(models.Model):
    """One such thing. It waits for the Activity log, which lags behind, and is told once, with its caller or without."""

    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, related_name="sightings")
    key = models.CharField(max_length=700)  # what it is, so that another reading finds it known
    action = models.CharField(max_length=40)  # of the audit's vocabulary
    subject_key = models.CharField(max_length=600, blank=True)
    subject_name = models.CharField(max_length=300)
    machine_key = models.CharField(max_length=500, blank=True)
    resource = models.CharField(max_length=600)  # where the Activity log tells of it
    ends = models.CharField(max_length=60)  # how the log's operation ends
    since = models.DateTimeField()  # it happened between these
    until = models.DateTimeField()
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    seen_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["vault", "key"], name="sighting_key")]
        indexes = [models.Index(fields=["vault", "told_at"], name="sighting_untold")]

    def __str__(self) -> str:
        return self.subject_name
