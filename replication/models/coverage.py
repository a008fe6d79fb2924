"""How many machines are protected, counted per resource group when the inventory or the items change: dashboards add the groups up."""

from django.db import models

from replication.models.connection import Connection


class Coverage(models.Model):
    """The machines of one resource group. tags: {"tier:gold": [machines, of these without protection]}.

    locations: the regions in which they stand; None until they are counted again.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="coverage")
    subscription_id = models.CharField(max_length=36)
    group_key = models.CharField(max_length=100)
    resource_group = models.CharField(max_length=100)
    machines = models.IntegerField()
    bare = models.IntegerField()  # not protected
    replicable = models.IntegerField()  # of these: nothing that list calls tell stands in the way
    tags = models.JSONField(default=dict)
    locations = models.JSONField(null=True)

    class Meta:
        ordering = ["-bare", "resource_group"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "subscription_id", "group_key"], name="coverage_key")
        ]

    def __str__(self) -> str:
        return f"{self.resource_group}: {self.bare} of {self.machines} bare"
