"""Replication plans: what was reviewed, word for word."""

import uuid

from django.db import models

from replication.models.connection import Connection
from replication.models.draft import Draft
from replication.models.person import Person
from replication.models.vault import Vault


class ReplicationPlan(models.Model):
    """A compiled plan, insert-only: canonical JSON with every name already minted. One plan may have several runs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    vault = models.ForeignKey(Vault, on_delete=models.PROTECT, related_name="plans")
    # None: not planned by the wizard, but as a change of something that is there (actions/changes.py).
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, null=True, blank=True, related_name="plans")
    digest = models.CharField(max_length=64, db_index=True)  # of intent: machines, target names, settings
    document = models.TextField()  # domain Plan as canonical JSON
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"plan {self.digest[:12]}"
