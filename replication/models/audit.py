"""The audit: who did what, when, why, with what outcome. Insert-only; each row's hash covers the row before it.

Written only by actions/audit.py. Triggers (models/triggers.py) refuse UPDATE and DELETE on both databases; DELETE but for what an
AuditPruning covers.
"""

from django.db import models

from replication.models.person import Person


class AuditEntry(models.Model):
    """One entry. Names and roles are copied, so that the entry says the same when the account is long gone."""

    sequence = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # None: the console
    actor_name = models.CharField(max_length=200)
    actor_role = models.CharField(max_length=20, blank=True)
    action = models.CharField(max_length=60)  # registered in domain/vocabulary.py
    phase = models.CharField(max_length=10, default="done")  # asked | ended | done
    outcome = models.CharField(max_length=12)  # ok | refused | failed | partial | cancelled
    subject_kind = models.CharField(max_length=30, blank=True)
    subject_key = models.CharField(max_length=600, blank=True)
    subject_name = models.CharField(max_length=300, blank=True)
    vault_key = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=36, blank=True)
    run_id = models.UUIDField(null=True, blank=True)
    source_address = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    detail = models.JSONField(null=True, blank=True)
    correlation_id = models.CharField(max_length=100, blank=True)  # Azure's
    subject_count = models.IntegerField(default=0)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-sequence"]
        indexes = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["actor", "-sequence"], name="audit_actor"),
            models.Index(fields=["action", "-sequence"], name="audit_action"),
            models.Index(fields=["subject_key", "-sequence"], name="audit_subject"),
            models.Index(fields=["vault_key", "-sequence"], name="audit_vault"),
            models.Index(fields=["run_id"], name="audit_run"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.action}"


class AuditSubject(models.Model):
    """A machine (or other thing) that an entry speaks of: an entry of a thousand machines stays one entry."""

    entry = models.ForeignKey(AuditEntry, on_delete=models.PROTECT, related_name="subjects")
    position = models.IntegerField()
    key = models.CharField(max_length=600, db_index=True)
    name = models.CharField(max_length=300)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["entry", "position"], name="audit_subject_position")]

    def __str__(self) -> str:
        return self.name


class AuditHead(models.Model):
    """The chain's last link: one row, updated last in each transaction, so that the sequence has no holes."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"{self.sequence} {self.hash[:12]}"


class AuditCheckpoint(models.Model):
    """The head of the chain at one moment, signed (seals.py). Insert-only; a copy goes off the host when one is configured."""

    sequence = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    sealed = models.JSONField()  # {statement: {kind, sequence, hash, at, key}, public_key, signature}

    class Meta:
        ordering = ["sequence"]

    def __str__(self) -> str:
        return f"checkpoint at {self.sequence}"


class AuditPruning(models.Model):
    """The beginning of the chain, up to an entry, that is past its time and may go. Insert-only, sealed; the chain goes on here.

    Triggers take a row only when its entry is there, has this hash, and is older than the shortest time that can be set.
    """

    sequence = models.BigIntegerField(unique=True)  # of the last entry that may go
    hash = models.CharField(max_length=64)  # of that entry: the next one's previous_hash
    at = models.DateTimeField()
    sealed = models.JSONField()  # {statement: {kind, sequence, hash, at, key}, public_key, signature}

    class Meta:
        ordering = ["sequence"]

    def __str__(self) -> str:
        return f"pruned to {self.sequence}"


class StreamCursor(models.Model):
    """How far the entries have been sent to one place off the console."""

    place = models.CharField(max_length=500, unique=True)
    sequence = models.BigIntegerField(default=0)  # the last that was taken there
    sent_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)  # a worker is sending
    failures = models.IntegerField(default=0)  # in a row
    problem = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"{self.place}: {self.sequence}"
