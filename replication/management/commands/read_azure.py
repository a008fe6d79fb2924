"""`manage.py read_azure`: read vaults, inventory and replicated items now, in this process."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from replication.gateway.clients import open_gateway
from replication.gateway.port import AzureError
from replication.models import Connection, Vault
from replication.sync import inventory, vaults
from replication.sync.outcome import Outcome


class Command(BaseCommand):
    help = "Read the connection's vaults, inventory and replicated items, and store what changed."

    def handle(self, *args: Any, **options: Any) -> None:
        connection = Connection.objects.filter(
            endpoint=settings.ARM_ENDPOINT, tenant_id=settings.AZURE_TENANT_ID, client_id=settings.AZURE_CLIENT_ID
        ).first()
        if connection is None:
            raise CommandError("There is no connection for this environment yet: run `manage.py connect` first.")
        try:
            gateway = open_gateway(connection)
        except AzureError as error:
            raise CommandError(error.problem.message) from error
        self._say("Inventory", inventory.read(connection, gateway))
        for vault in Vault.objects.filter(connection=connection, gone_at=None):
            self._say(f"Vault {vault.name}", vaults.sync(vault.pk))

    def _say(self, what: str, outcome: Outcome | None) -> None:
        if outcome is None:
            self.stdout.write(f"{what}: a worker is reading it just now.")
        else:
            self.stdout.write(f"{what}: {outcome.seen} seen, {outcome.changed} changed.")
        if outcome and outcome.problem:
            self.stderr.write(f"{what}: {outcome.problem.message}")
