"""People who sign in."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class Person(AbstractUser):
    """An account. What it may do stands in its grants, never in Django's own permissions."""

    display_name = models.CharField(max_length=200, blank=True)
    is_demo = models.BooleanField(default=False)  # published password: signs in only where the endpoint is loopback
    is_break_glass = models.BooleanField(default=False)  # gets in by password whatever else is closed; each time is told
    locked_at = models.DateTimeField(null=True, blank=True)  # after too many wrong passwords
    unlocked_at = models.DateTimeField(null=True, blank=True)
    theme = models.CharField(
        max_length=8, default="auto", choices=[("auto", "Auto"), ("light", "Light"), ("dark", "Dark")]
    )
    # Microsoft Entra ID: matched on tenant and object id, never on an e-mail address (stack.md §9).
    tenant_id = models.CharField(max_length=36, blank=True)
    object_id = models.CharField(max_length=36, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "object_id"], condition=~models.Q(object_id=""), name="person_entra_identity"
            )
        ]

    def __str__(self) -> str:
        return self.display_name or self.username
