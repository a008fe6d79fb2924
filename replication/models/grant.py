"""Grants: role × vault × the subscriptions and groups usable as source and as target."""

from django.db import models

from replication.domain.roles import Role
from replication.models.person import Person
from replication.models.vault import Vault


class Grant(models.Model):
    """One person's role in one vault. Ended grants stay as rows, so that "since when" can be answered."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="grants")
    vault = models.ForeignKey(Vault, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=20, choices=[(role.value, role.label) for role in Role])
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    by_group = models.BooleanField(default=False)  # kept by Microsoft Entra ID's groups at each sign-in (actions/groups.py)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "vault"], condition=models.Q(ended_at=None), name="one_live_grant_a_vault"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.role} · {self.vault}"


class GrantScope(models.Model):
    """A subscription, or one group of it, that the grant opens on one side."""

    class Side(models.TextChoices):
        SOURCE = "source", "Source"
        TARGET = "target", "Target"

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="scopes")
    side = models.CharField(max_length=6, choices=Side.choices)
    subscription_id = models.CharField(max_length=36)
    resource_group = models.CharField(max_length=100, blank=True)  # lower case; '' is the whole subscription

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["grant", "side", "subscription_id", "resource_group"], name="grant_scope")
        ]

    def __str__(self) -> str:
        return f"{self.side}: {self.subscription_id}/{self.resource_group or '*'}"


class GroupRole(models.Model):
    """Whoever is in a group of Microsoft Entra ID, or holds an app role there, has this role in a vault."""

    group = models.CharField(max_length=200)  # the group's object id, or the value of the app role
    label = models.CharField(max_length=200, blank=True)
    vault = models.ForeignKey(Vault, on_delete=models.PROTECT, related_name="group_roles")
    role = models.CharField(max_length=20, choices=[(role.value, role.label) for role in Role])
    scopes = models.JSONField(default=list)  # [side, subscription id, resource group or ''] each
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "vault"], name="one_role_a_group_and_vault")]

    def __str__(self) -> str:
        return f"{self.label or self.group} · {self.role} · {self.vault}"
