"""Settings that people change while the console runs."""

from django.db import models


class Setting(models.Model):
    name = models.CharField(max_length=60, unique=True)
    value = models.JSONField()
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
