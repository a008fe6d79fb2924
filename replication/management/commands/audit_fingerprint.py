"""`manage.py audit_fingerprint`: what an auditor writes down once, to know the console's seal again."""

from typing import Any

from django.core.management.base import BaseCommand

from replication import seals


class Command(BaseCommand):
    help = "Print the fingerprint (SHA-256, hex) of the key that seals the audit's checkpoints and bundles."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(seals.fingerprint())
