"""The replication app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class ReplicationConfig(AppConfig):
    name = "replication"
    verbose_name = "Replication"

    def ready(self) -> None:
        from replication.models import triggers

        # SQLite drops triggers when it rebuilds a table, so they are made again after every migrate.
        pre_migrate.connect(triggers.loosen, sender=self)
        post_migrate.connect(triggers.install, sender=self)
