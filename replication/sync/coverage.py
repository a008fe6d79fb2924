"""Counting protected and bare machines, once for everybody, after something changed."""

from dataclasses import dataclass, field

from django.db import transaction

from replication.models import Connection, Coverage, Machine

TAGS = 200  # of one group: the rest would be one of a kind, as dates and numbers are


@dataclass(slots=True)
class _Group:
    name: str = ""
    machines: int = 0
    bare: int = 0
    replicable: int = 0
    tags: dict[str, list[int]] = field(default_factory=dict)
    locations: set[str] = field(default_factory=set)

    def add(self, name: str, location: str, replicable: bool, bare: bool, tags: str) -> None:
        self.name = self.name or name
        self.locations.add(location)
        self.machines += 1
        self.bare += bare
        self.replicable += bare and replicable
        for tag in filter(None, tags.split("\n")):
            if tag in self.tags or len(self.tags) < TAGS:
                counted = self.tags.setdefault(tag, [0, 0])
                counted[0] += 1
                counted[1] += bare


def count(connection: Connection) -> None:
    """Write the connection's coverage anew."""
    groups: dict[tuple[str, str], _Group] = {}
    rows = Machine.objects.filter(connection=connection, gone_at=None).order_by()
    columns = "subscription_id", "group_key", "resource_group", "location", "replicable", "protected_in", "tags"
    for subscription, key, name, location, replicable, protected, tags in rows.values_list(*columns).iterator(chunk_size=2000):
        groups.setdefault((subscription, key), _Group()).add(name, location, replicable, not protected, tags)
    made = [
        Coverage(
            connection=connection,
            subscription_id=subscription,
            group_key=key,
            resource_group=group.name,
            machines=group.machines,
            bare=group.bare,
            replicable=group.replicable,
            tags=group.tags,
            locations=sorted(group.locations),
        )
        for (subscription, key), group in groups.items()
    ]
    with transaction.atomic():
        Coverage.objects.filter(connection=connection).delete()
        Coverage.objects.bulk_create(made, batch_size=500)
