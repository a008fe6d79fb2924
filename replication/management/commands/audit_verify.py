"""`manage.py audit_verify`: walk the audit's chain and say whether every link holds."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from replication.actions.audit import broken_link
from replication.models import AuditHead


class Command(BaseCommand):
    help = "Verify the audit's hash chain; ends with status 1 and the first bad entry when a link is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        bad = broken_link()
        if bad is not None:
            raise CommandError(
                f"The chain is broken at entry {bad}: it, or what stood there, was changed outside the console."
            )
        head = AuditHead.objects.filter(pk=1).first()
        number, digest = (head.sequence, head.hash) if head else (0, "0" * 64)
        self.stdout.write(f"{number:,} entries, chain intact, head {digest}")
