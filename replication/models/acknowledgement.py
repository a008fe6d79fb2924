"""Warnings of the checks before a run that somebody has read and goes on in spite of."""

from django.db import models

from replication.models.draft import Draft
from replication.models.person import Person


class Acknowledgement(models.Model):
    """One warning, by the name of its finding, for one intent (the plan's digest) of a draft."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="acknowledgements")
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=700)
    message = models.TextField()  # as it was read
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["draft", "digest", "name"], name="acknowledged_once")]

    def __str__(self) -> str:
        return self.name
