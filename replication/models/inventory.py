"""What Azure has, as last read: snapshots with an as-of time, searched and paged by SQL."""

from django.db import models

from replication.models.connection import Connection


class Subscription(models.Model):
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="subscriptions")
    subscription_id = models.CharField(max_length=36)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=20)
    tenant_id = models.CharField(max_length=36, blank=True)
    as_of = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["connection", "subscription_id"], name="subscription_key")]

    def __str__(self) -> str:
        return self.name


class Machine(models.Model):
    """A virtual machine. `document` is the domain Machine as JSON; the columns are what pages filter and sort by."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="machines")
    key = models.CharField(max_length=500)  # ids.key(arm_id)
    arm_id = models.CharField(max_length=500)
    name = models.CharField(max_length=100)
    subscription_id = models.CharField(max_length=36)
    resource_group = models.CharField(max_length=100)
    group_key = models.CharField(max_length=100)  # lower case, for grants and filters
    location = models.CharField(max_length=60)
    model = models.CharField(max_length=20)  # domain inventory.Model
    power = models.CharField(max_length=20)  # domain inventory.Power
    provisioning_state = models.CharField(max_length=30)
    os_type = models.CharField(max_length=20, blank=True)
    size = models.CharField(max_length=60, blank=True)
    network_name = models.CharField(max_length=100, blank=True)
    availability_set_name = models.CharField(max_length=100, blank=True)
    disk_count = models.IntegerField(default=0)
    disk_gib = models.IntegerField(default=0)
    zone = models.CharField(max_length=20, blank=True)  # its availability zone, '' for none
    search = models.TextField(blank=True)  # lower case: name, computer name, addresses, group, tags
    # Lines that begin and end with a line feed, in lower case (names of tags) or as written (codes of verdicts), so that one line
    # is found by `contains` in every database.
    tags = models.TextField(blank=True)  # name:value
    codes = models.TextField(blank=True)  # of its verdicts
    document = models.JSONField()
    digest = models.CharField(max_length=64)  # of document: an unchanged machine is not written again
    verdicts = models.JSONField(default=list, blank=True)  # eligibility: [{code, verdict, …}], blocking ones first
    replicable = models.BooleanField(default=False)  # to another region
    replicable_zonally = models.BooleanField(default=False)  # to another zone of its region
    told_at = models.DateTimeField(null=True, blank=True)  # when Azure was asked about this one machine: document.facts.told
    protected_in = models.CharField(max_length=500, blank=True)  # key of the protected item, '' when none
    as_of = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="machine_key")]
        indexes = [
            models.Index(fields=["connection", "location", "model", "name", "subscription_id", "gone_at"], name="machine_by_name"),
            models.Index(fields=["connection", "subscription_id", "group_key"], name="machine_scope"),
            # Coverage lists all machines, or those without protection, by name; what it counts and narrows by stands in the index.
            models.Index(fields=["gone_at", "name", "id", "subscription_id", "group_key", "location"], name="machine_in_order"),
            models.Index(
                fields=["gone_at", "protected_in", "name", "id", "subscription_id", "group_key"], name="machine_by_protection"
            ),
            # Holds all that the picker counts, filters and sorts by, so that finding fifty of ten thousand machines reads none of their
            # documents.
            models.Index(
                fields=[
                    "connection", "location", "model", "subscription_id", "gone_at", "replicable", "os_type", "group_key",
                    "replicable_zonally", "size", "zone", "disk_count", "disk_gib", "network_name", "name",
                ],
                name="machine_finding",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MachineBrief(models.Model):
    """What pages filter by and add up, in a table so narrow that going through ten thousand machines reads none of their documents.

    Triggers keep it as the machine is (models/triggers.py): nobody else writes it.
    """

    machine = models.OneToOneField(Machine, on_delete=models.CASCADE, primary_key=True, related_name="brief")
    tags = models.TextField(blank=True)
    codes = models.TextField(blank=True)
    disk_count = models.IntegerField(default=0)
    disk_gib = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"brief of {self.machine_id}"


class Resource(models.Model):
    """Anything else that the wizard offers or reuses: resource groups, networks, accounts, sets, placement and keys."""

    class Kind(models.TextChoices):
        GROUP = "resource_group"
        NETWORK = "virtual_network"
        ACCOUNT = "storage_account"
        AVAILABILITY_SET = "availability_set"
        PLACEMENT_GROUP = "placement_group"
        CAPACITY_GROUP = "capacity_group"
        ENCRYPTION_SET = "encryption_set"
        AUTOMATION_ACCOUNT = "automation_account"
        REPLICA_DISK = "replica_disk"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="resources")
    kind = models.CharField(max_length=30, choices=Kind.choices)
    key = models.CharField(max_length=500)
    arm_id = models.CharField(max_length=500)
    name = models.CharField(max_length=100)
    subscription_id = models.CharField(max_length=36)
    group_key = models.CharField(max_length=100)
    location = models.CharField(max_length=60)
    document = models.JSONField()  # the domain dataclass as JSON
    leftover = models.BooleanField(default=False)  # made for recovery, and no replicated item refers to it
    digest = models.CharField(max_length=64)
    as_of = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["connection", "kind", "key"], name="resource_key")]
        indexes = [models.Index(fields=["connection", "kind", "location", "name"], name="resource_picker")]

    def __str__(self) -> str:
        return self.name
