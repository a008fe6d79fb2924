"""`manage.py demo_accounts`: the four published accounts, printed as JSON. Only where Azure is on this machine."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from replication.actions.actor import CONSOLE
from replication.actions.connections import configure
from replication.actions.demo import NotADemo, ensure_accounts
from replication.demo import DEMO_ACCOUNTS
from replication.gateway.clients import open_gateway
from replication.gateway.port import AzureError
from replication.models import Connection, Vault
from replication.sync import inventory, vaults


class Command(BaseCommand):
    help = "Create the demo accounts with roles in every vault; reads vaults and inventory first when there are none."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demo accounts exist only with PORTAL_DEMO=1 and an Azure endpoint on this machine.")
        connection = configure(
            endpoint=settings.ARM_ENDPOINT,
            tenant_id=settings.AZURE_TENANT_ID,
            client_id=settings.AZURE_CLIENT_ID,
            actor=CONSOLE,
        )
        try:
            _first_look(connection)
            ensure_accounts(connection)
        except (NotADemo, AzureError) as problem:
            raise CommandError(str(problem)) from problem
        shown = [
            {"username": each.username, "password": each.password, "name": each.display_name, "role": each.role.label}
            for each in DEMO_ACCOUNTS
        ]
        self.stdout.write(json.dumps(shown))


def _first_look(connection: Connection) -> None:
    """Read Azure once, so that the first page shows something; afterwards the workers do."""
    if connection.vaults.filter(gone_at=None).exists():
        return
    outcome = inventory.read(connection, open_gateway(connection))
    if outcome.problem:
        raise AzureError(outcome.problem)
    for vault in Vault.objects.filter(connection=connection, gone_at=None):
        vaults.sync(vault.pk)
