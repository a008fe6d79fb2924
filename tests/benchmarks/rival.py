"""`python -m tests.benchmarks.rival SPECS SECONDS`: the hard rival. 32 threads send all enable requests at once through the SDK and
go on patiently until each is accepted; after a 429 all of them wait as long as Azure asks, because a thread that asks earlier renews
the wait for all: 32 threads with the SDK's own retries never get through. Prints seconds, and requests that failed or ran out of SECONDS.

SPECS: what tests.benchmarks.starting prints. Foundations are there already. It remembers nothing: a crash loses all.
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from azure.core.exceptions import AzureError  # noqa: E402
from azure.mgmt.recoveryservicessiterecovery import SiteRecoveryManagementClient  # noqa: E402
from django.conf import settings  # noqa: E402

from replication.domain import ids  # noqa: E402
from replication.domain.spec_table import from_json  # noqa: E402
from replication.gateway import pipeline  # noqa: E402
from replication.gateway.site_recovery import KINDS  # noqa: E402

THREADS = 32


class Gate:
    """Nobody sends before Azure's latest time."""

    def __init__(self) -> None:
        self._until = 0.0

    def shut(self, seconds: float) -> None:
        self._until = max(self._until, time.monotonic() + seconds)

    def passed(self) -> None:
        while (left := self._until - time.monotonic()) > 0:
            time.sleep(left)


def client(subscription: str) -> SiteRecoveryManagementClient:
    """The SDK's client, whose own retries are ours."""
    return SiteRecoveryManagementClient(
        pipeline.credential(settings.ARM_CA_BUNDLE),
        subscription,
        base_url=settings.ARM_ENDPOINT,
        credential_scopes=[f"{settings.ARM_ENDPOINT}/.default"],
        transport=pipeline.transport(settings.ARM_ENDPOINT, settings.ARM_CA_BUNDLE),
        retry_total=0,
    )


def send(azure: SiteRecoveryManagementClient, document: dict[str, Any], gate: Gate, until: float) -> bool:
    """One request, until it is accepted."""
    spec = from_json(document)
    where = ids.parse(spec.id)
    write = KINDS[spec.kind].body
    assert where is not None
    assert write is not None
    body, (vault, fabric, container, item) = write(spec), where.names
    while time.monotonic() < until:
        gate.passed()
        try:
            azure.replication_protected_items.begin_create(where.group, vault, fabric, container, item, body, polling=False)
        except AzureError as error:
            response = getattr(error, "response", None)
            if response is None or response.status_code != 429:
                return False
            gate.shut(float(response.headers.get("Retry-After", 1)))
        else:
            return True
    return False


def main(path: str, seconds: float) -> None:
    """Send them all."""
    documents = [json.loads(line) for line in Path(path).read_text().splitlines()]
    where = ids.parse(documents[0]["id"])
    assert where is not None
    azure = client(where.subscription)
    gate, began = Gate(), time.monotonic()
    with ThreadPoolExecutor(THREADS) as threads:
        done = list(threads.map(lambda document: send(azure, document, gate, began + seconds), documents))
    sys.stdout.write(json.dumps({"seconds": time.monotonic() - began, "failures": done.count(False)}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
