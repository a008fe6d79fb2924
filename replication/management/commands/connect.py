"""`manage.py connect`: take the connection that the environment describes into the database."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from replication.actions.actor import CONSOLE
from replication.actions.connections import configure


class Command(BaseCommand):
    help = "Store the connection that PORTAL_ARM_ENDPOINT, AZURE_TENANT_ID and AZURE_CLIENT_ID describe. Reads nothing from Azure."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--name", default="", help="what people see; by default the endpoint's host")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = configure(
            endpoint=settings.ARM_ENDPOINT,
            tenant_id=settings.AZURE_TENANT_ID,
            client_id=settings.AZURE_CLIENT_ID,
            name=options["name"],
            actor=CONSOLE,
        )
        self.stdout.write(f"Connected to {connection.endpoint} as {connection.name}.")
