"""`manage.py administrator NAME`: the way in on a new installation."""

import getpass
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import environment
from replication.actions import people
from replication.models import Vault


class Command(BaseCommand):
    help = (
        "Make NAME administrator of every vault that has none. A new account takes its password from PORTAL_ADMIN_PASSWORD "
        "(or the file PORTAL_ADMIN_PASSWORD_FILE), or asks for it; there is no default password."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument(
            "--break-glass",
            action="store_true",
            help="let this account in by its password also where Microsoft Entra ID is the only other way; each sign-in is told",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        if not Vault.objects.filter(gone_at=None).exists():
            raise CommandError("No vault is known yet. Run `manage.py connect` and `manage.py read_azure` first.")
        try:
            password = "" if people.taken(name) else self._password()
            person, number = people.ensure_administrator(name, password, break_glass=options["break_glass"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except people.Impossible as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{person.username} was made administrator of {number} vault{'' if number == 1 else 's'}.")

    def _password(self) -> str:
        given = environment.secret("PORTAL_ADMIN_PASSWORD")
        if given or not sys.stdin.isatty():
            return given
        typed = getpass.getpass("Password: ")
        if typed != getpass.getpass("Once more: "):
            raise CommandError("The two passwords differ.")
        return typed
