"""Views of a grid that somebody named, to come back to them."""

from django.db import models

from replication.models.person import Person


class SavedView(models.Model):
    """A named query string of one grid. shared: everybody finds it, only its owner changes it."""

    class Grid(models.TextChoices):
        ITEMS = "items", "Replicated items"
        AUDIT = "audit", "Audit history"

    owner = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=80)
    grid = models.CharField(max_length=20, choices=Grid.choices, default=Grid.ITEMS)
    query = models.CharField(max_length=2000, blank=True)  # without "?": health=Critical&columns=name,rpo
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "grid", "name"], name="saved_view_name")]

    def __str__(self) -> str:
        return self.name
