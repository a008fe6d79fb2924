"""Runs and their steps: the ledger of what is being done in Azure.

A step is claimed by a conditional UPDATE on (state, attempt); whoever changes the row owns the attempt, and a late writer's
UPDATE finds another attempt and changes nothing (house.md, *Draft, plan, run*).
"""

import uuid

from django.db import models
from django.db.models.functions import Lower

from replication.models.connection import Connection
from replication.models.person import Person
from replication.models.plan import ReplicationPlan
from replication.models.vault import Vault


class Run(models.Model):
    class Purpose(models.TextChoices):
        TARGETS = "targets", "Create target resources"
        ENABLE = "enable", "Enable replication"
        UPDATE = "update", "Change settings"
        ADD_DISKS = "add_disks", "Protect added disks"
        DISMISS = "dismiss", "Dismiss health errors"
        RESYNC = "resync", "Resynchronize"
        UPDATE_AGENT = "update_agent", "Update the agent"
        DISABLE = "disable", "Disable replication"
        POLICY = "policy", "Change replication policies"
        MAPPING = "mapping", "Change network mappings"
        JOB = "job", "Control a Site Recovery job"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        ENABLED = (
            "enabled",
            "Enabled",
        )  # Azure's enable jobs are done; settings that follow protection are being applied
        SUCCEEDED = "succeeded", "Succeeded"
        PARTIAL = "partial", "Partly failed"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    FINISHED = (State.SUCCEEDED, State.PARTIAL, State.FAILED, State.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField()  # what people say to each other: run 42
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    vault = models.ForeignKey(Vault, on_delete=models.PROTECT, related_name="runs")
    plan = models.ForeignKey(ReplicationPlan, on_delete=models.PROTECT, related_name="runs")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    retry_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="retries")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    machine_count = models.IntegerField(default=0)
    started_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    # Who has taken the run over; None: whoever started it.
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    request_id = models.CharField(max_length=36)  # of the gesture that started it
    reason = models.CharField(max_length=300, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)  # no step is begun while it is set
    created_at = models.DateTimeField()
    checked_at = models.DateTimeField(
        null=True, blank=True
    )  # when what the plan rests on was read again (house.md no. 2)
    ended_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)  # when a worker must look at it next; None once it has ended
    version = models.BigIntegerField(default=0)  # rises with every stored change: live pages compare it

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["connection", "number"], name="run_number")]
        indexes = [models.Index(fields=["state", "due_at"], name="run_due")]

    def __str__(self) -> str:
        return f"run {self.number}"

    @property
    def responsible(self) -> Person:
        """Whose run it is now."""
        return self.owner or self.started_by


class Step(models.Model):
    """One thing to make in Azure. What the states mean stands in domain/steps.py."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField(max_length=600)  # "fabric:eastasia", "protect:<machine key>"
    kind = models.CharField(max_length=30)  # of the spec
    stage = models.IntegerField(default=0)  # how the page groups steps; order is by `needs`
    position = models.IntegerField(default=0)
    title = models.CharField(max_length=300)
    needs = models.JSONField(default=list)  # keys of the same run that must have succeeded
    spec = models.JSONField()  # domain Spec.to_json()
    subject_key = models.CharField(max_length=500, db_index=True)  # ids.key(spec id): who else makes this?
    machine_key = models.CharField(max_length=500, blank=True)  # protect steps: ids.key of the machine
    state = models.CharField(max_length=12)
    attempt = models.IntegerField(default=0)  # rises with every claim: what fences late writers
    # The one step that may be asking Azure for this thing: "connection:subject". Unique, so that two runs make it once.
    making = models.CharField(max_length=520, null=True, blank=True, unique=True)
    claimed_at = models.DateTimeField(null=True, blank=True)  # when the request left, or was about to
    due_at = models.DateTimeField(null=True, blank=True)  # next look; None: not ready yet, or final
    lease_until = models.DateTimeField(null=True, blank=True)  # while a worker holds it
    tries = models.IntegerField(default=0)  # exchanges in a row that went wrong
    trouble_since = models.DateTimeField(null=True, blank=True)  # the first of them
    looks = models.IntegerField(default=0)  # how often the running operation was looked at: spaces the next look
    request_id = models.CharField(max_length=36, blank=True)  # client request id of the last submit
    handle = models.JSONField(default=dict, blank=True)  # gateway Submitted.handle
    azure_job_id = models.CharField(max_length=600, blank=True)
    correlation_id = models.CharField(max_length=100, blank=True)
    outcome = models.CharField(max_length=12, blank=True)  # created | reused | adopted
    problem = models.JSONField(null=True, blank=True)  # domain Problem: why it failed, or a warning it succeeded with
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["stage", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="step_key")]
        indexes = [
            models.Index(fields=["run", "state", "due_at", "id"], name="step_due"),  # the next to be looked at, or sent
            models.Index(fields=["run", "state", "stage", "position", "id"], name="step_order"),
            models.Index(fields=["run", "stage", "position", "id"], name="step_page"),  # a page of ten thousand machines
            models.Index(fields=["run", "machine_key", "stage", "position", "id"], name="step_by_machine"),  # and those of none
            models.Index(Lower("azure_job_id"), name="step_by_job"),  # whose job is this?
            models.Index(fields=["request_id"], name="step_by_request"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.key}"


class StepEvent(models.Model):
    """What happened to a step, as it happened: the live timeline."""

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    attempt = models.IntegerField()
    text = models.CharField(max_length=500)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text


class MachineClaim(models.Model):
    """A machine is in at most one running run: the unique column is the lock."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    machine_key = models.CharField(max_length=500)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="claims")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "machine_key"], name="one_run_a_machine")]

    def __str__(self) -> str:
        return self.machine_key


class HandOver(models.Model):
    """A machine of a run that has ended, as it was then: what the evidence of the run says years later, whatever became of it.

    Written with the run's end (execution/ending.py). What Azure had not shown by then, the next readings fill in once (sync/handover.py):
    the settings as first read afterwards and, where none was known, the first RPO.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="hand_overs")
    machine_key = models.CharField(max_length=500)
    name = models.CharField(max_length=400)
    rpo = models.IntegerField(null=True, blank=True)  # seconds
    rpo_at = models.DateTimeField(null=True, blank=True)  # when Azure computed it
    rpo_read_at = models.DateTimeField(null=True, blank=True)
    got = models.JSONField(null=True, blank=True)  # settings and states by name
    got_at = models.DateTimeField(null=True, blank=True)
    open = models.BooleanField(default=True)  # something of it is not known yet

    class Meta:
        ordering = ["name", "machine_key"]
        constraints = [models.UniqueConstraint(fields=["run", "machine_key"], name="hand_over_machine")]
        indexes = [models.Index(fields=["run"], condition=models.Q(open=True), name="hand_over_open")]

    def __str__(self) -> str:
        return f"{self.name} of {self.run_id}"
