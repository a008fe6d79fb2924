"""Drafts: what a person is choosing. One row a draft, one row a chosen machine."""

import uuid

from django.db import models

from replication.models.connection import Connection
from replication.models.inventory import Machine
from replication.models.person import Person
from replication.models.vault import Vault


class Draft(models.Model):
    """Choices of the wizard, one JSON section per page. version guards against two tabs and two people (409 when stale)."""

    class State(models.TextChoices):
        OPEN = "open"
        SUBMITTED = "submitted"
        DISCARDED = "discarded"
        EXPIRED = "expired"  # nobody saved it for long; it can be reopened

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    vault = models.ForeignKey(Vault, on_delete=models.PROTECT, related_name="drafts")
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="drafts")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    version = models.IntegerField(default=1)
    shared = models.BooleanField(default=False)  # read only, for all who see the vault and its machines
    source = models.JSONField(
        default=dict, blank=True
    )  # {location, subscription_id, model, groups: [lower names]; [] = all}
    target = models.JSONField(default=dict, blank=True)  # see domain/choices.py
    stale = models.JSONField(default=list, blank=True)  # pages that an earlier page's change made worth another look
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return f"draft {self.id}"


class DraftMachine(models.Model):
    """A machine chosen in a draft, with what was customised for it ({} when nothing was)."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="machines")
    machine = models.ForeignKey(Machine, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)  # the machine's: a part of its id, so that it never changes; lists go by it
    overrides = models.JSONField(default=dict, blank=True)  # see domain/choices.py MachineChoice
    customized = models.GeneratedField(
        expression=models.Case(models.When(overrides={}, then=False), default=True),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "machine"], name="draft_machine"),
            models.CheckConstraint(condition=~models.Q(name=""), name="draft_machine_named"),
        ]
        # A page of a draft of ten thousand machines reads those that it shows.
        indexes = [
            models.Index(fields=["draft", "name", "id"], name="draft_machine_in_order"),
            models.Index(fields=["draft", "name", "id"], condition=models.Q(customized=True), name="draft_machine_customized"),
        ]

    def __str__(self) -> str:
        return f"{self.draft_id}: {self.machine_id}"


class DraftPlan(models.Model):
    """What a draft compiled to when it was last looked at, for pages: all but the machines, which lie in pages of their own.

    `stamp` says what it rests on (actions/compiled.py); it counts as long as that is the same. Only what is shown comes from here: what is
    started is always compiled anew.
    """

    draft = models.OneToOneField(Draft, on_delete=models.CASCADE, primary_key=True, related_name="compiled")
    stamp = models.CharField(max_length=64)
    document = models.TextField()  # actions/compiled.py Compiled as JSON

    def __str__(self) -> str:
        return f"plan of {self.draft_id}"


class DraftPlanPage(models.Model):
    """Some of the machines of a DraftPlan, in its order."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="+")
    stamp = models.CharField(max_length=64)
    number = models.IntegerField()  # from 1
    document = models.TextField()  # their steps as JSON

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draft", "stamp", "number"], name="draft_plan_page")]

    def __str__(self) -> str:
        return f"page {self.number} of {self.draft_id}"
