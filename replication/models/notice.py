"""What people are told: notices, each person's bell, and the outbox of e-mails and webhooks.

A notice and everything that must be sent for it are written in the transaction of what happened; workers deliver afterwards.
"""

import uuid

from django.db import models

from replication.domain.notices import Channel, Kind
from replication.models.item import ProtectedItem
from replication.models.person import Person
from replication.models.run import Run
from replication.models.vault import Vault

KINDS = [(kind.value, kind.value) for kind in Kind]


class Notice(models.Model):
    """Something happened, to one thing or to many at once: one sweep gives one notice a kind, however large the storm."""

    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=20, choices=KINDS)
    # None for what concerns the whole console, such as a request to change a setting of all vaults.
    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, null=True, blank=True, related_name="notices")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    count = models.IntegerField(default=1)
    # The first fifty: [[name, row id of the item (of the request for approval, where the kind is of one), or None], …]
    subjects = models.JSONField(default=list, blank=True)
    detail = models.CharField(max_length=300, blank=True)  # one more sentence, such as why

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["vault", "kind", "-id"], name="notice_latest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.count}"


class BellEntry(models.Model):
    """A notice in somebody's bell; gone after 30 days."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="bell")
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="+")
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-notice_id"]
        constraints = [models.UniqueConstraint(fields=["person", "notice"], name="bell_entry")]
        indexes = [models.Index(fields=["person", "read_at"], name="bell_unread")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.notice_id}"


class NoticeRule(models.Model):
    """What one person wants to be told of, and how; vault None: in all vaults that have no rule of their own."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notice_rules")
    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=20, choices=KINDS)
    bell = models.BooleanField()
    email = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "vault", "kind"], name="notice_rule_of_vault"),
            models.UniqueConstraint(fields=["person", "kind"], condition=models.Q(vault=None), name="notice_rule_of_all"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.vault_id} {self.kind}"


class HeldNotice(models.Model):
    """Something turned bad inside a maintenance window: told when the window is over, unless it has turned good by then."""

    item = models.ForeignKey(ProtectedItem, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=KINDS)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "kind"], name="held_notice")]

    def __str__(self) -> str:
        return f"{self.item_id} {self.kind}"


class Webhook(models.Model):
    """Where a vault's notices are posted to. Its signing secret is derived (actions/webhooks.py) and stands nowhere."""

    class Shape(models.TextChoices):
        JSON = "json", "JSON"
        TEAMS = "teams", "Microsoft Teams card"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    vault = models.ForeignKey(Vault, on_delete=models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=100)
    url = models.CharField(max_length=2000)  # may itself be a secret: shown to nobody but its host
    shape = models.CharField(max_length=8, choices=Shape.choices)
    kinds = models.JSONField(default=list)
    active = models.BooleanField(default=True)
    rotation = models.IntegerField(default=1)  # of its secret
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)  # when a message was last taken
    problem = models.JSONField(null=True, blank=True)  # of the last attempt; None when that was taken

    class Meta:
        ordering = ["name", "created_at"]
        constraints = [models.UniqueConstraint(fields=["vault", "name"], name="webhook_name")]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """A notice that one receiver is to get. Those of one receiver that wait together leave as one message, their batch.

    A batch never changes once it is made, and keeps its id over all attempts: a receiver can tell a repetition.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Given up"

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, null=True, blank=True, related_name="+")  # None: a test
    channel = models.CharField(max_length=8, choices=[(each.value, each.value) for each in Channel])
    receiver = models.CharField(max_length=60)  # `email:7` or `webhook:<id>`
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    batch = models.UUIDField(null=True, blank=True)
    attempts = models.IntegerField(default=0)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    problem = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["state", "due_at"], name="delivery_due"),
            models.Index(fields=["receiver", "state", "id"], name="delivery_receiver"),
        ]

    def __str__(self) -> str:
        return f"{self.receiver} {self.state}"
