"""`manage.py audit_verify`: walk the audit's chain, hold it to its checkpoints, and say whether every link holds."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from replication.actions.checkpoints import lines_of
from replication.actions.verification import verify


class Command(BaseCommand):
    help = "Verify the audit's hash chain and checkpoints; ends with status 1 and the first bad entry when a link is broken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--checkpoints", type=Path, help="a file of checkpoints that was kept elsewhere")

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = verify(lines_of(path) if (path := _copies(options["checkpoints"])) else [])
        if verdict.bad is not None:
            raise CommandError(f"The chain is broken at entry {verdict.bad}: {verdict.why}.")
        self.stdout.write(
            f"{verdict.entries:,} entries, chain intact, {verdict.checkpoints:,} checkpoints hold, head {verdict.head}"
        )


def _copies(given: Path | None) -> Path | None:
    """The file that was named, or the one that the console writes."""
    if given and not given.is_file():
        raise CommandError(f"There is no file {given}.")
    configured = Path(settings.AUDIT_CHECKPOINTS) if settings.AUDIT_CHECKPOINTS else None
    return given or (configured if configured and configured.is_file() else None)
