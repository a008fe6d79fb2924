"""Azure's Site Recovery jobs as last read."""

from django.db import models

from replication.models.vault import Vault


class Job(models.Model):
    """A Site Recovery job. Azure names no person on it; who asked is matched from our runs by the job's id."""

    class Origin(models.TextChoices):
        BEFORE = "before", "Before this console"  # it was there at the first reading
        OURS = "ours", "This console"
        SELF = "self", "Azure by itself"
        AZURE = "azure", "Somewhere else in Azure"

    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, related_name="jobs")
    key = models.CharField(max_length=600)
    arm_id = models.CharField(max_length=600)
    name = models.CharField(max_length=100)
    scenario = models.CharField(max_length=80, blank=True)
    title = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=30)
    state_text = models.CharField(max_length=60, blank=True)
    target_name = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    origin = models.CharField(max_length=10, choices=Origin.choices, blank=True, db_index=True)  # '': not told yet
    document = models.JSONField()
    as_of = models.DateTimeField()

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["vault", "key"], name="job_key")]
        indexes = [
            models.Index(fields=["vault", "-started_at"], name="job_recent"),
            models.Index(fields=["vault", "state", "started_at"], name="job_by_state"),  # what a dashboard counts
        ]

    def __str__(self) -> str:
        return self.title or self.scenario
