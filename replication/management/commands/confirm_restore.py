"""`manage.py confirm_restore`: somebody has looked at a restored database; what destroys may go on."""

from typing import Any

from django.core.management.base import BaseCommand

from replication.actions import restored
from replication.actions.actor import Actor


class Command(BaseCommand):
    help = "Say that this database, put back from a backup, is the one to go on with. Until then no run disables replication."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--by", required=True, help="who has looked; it stands in the audit")
        parser.add_argument("--reason", default="", help="why, or a ticket")

    def handle(self, *args: Any, **options: Any) -> None:
        if not restored.suspected():
            self.stdout.write("The database is the one that the audit's mark was made for: nothing waits.")
            return
        restored.confirm(actor=Actor(person=None, name=f"{options['by']} (command line)", reason=options["reason"]))
        self.stdout.write("Confirmed. What was held back goes on.")
