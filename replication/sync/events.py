"""A vault's events: those that came since the last read are added, none is ever taken away but by age."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from replication.domain import ids
from replication.domain import inventory as inv
from replication.gateway.port import AzureError, Gateway
from replication.models import Event, Vault
from replication.sync.items import item_key
from replication.sync.snapshots import BATCH, batches, fitted

logger = logging.getLogger(__name__)

MOST = 2000  # events of one read: a vault of ten thousand machines has more on the first day
KNOWN = 200  # so many known ones in a row, a page, and the rest is known too
KEPT = timedelta(days=90)


def collect(vault: Vault, gateway: Gateway) -> list[inv.Event]:
    """New events. Events only tell what the items show anyhow, so that a vault without them is still read."""
    try:
        return list(_new(vault, gateway.events(vault.arm_id)))
    except AzureError as error:
        logger.warning("The events of %s could not be read: %s", vault.name, error)
        return []


def _new(vault: Vault, found: Iterator[inv.Event]) -> Iterator[inv.Event]:
    known = set(Event.objects.filter(vault=vault).order_by("-at").values_list("key", flat=True)[: MOST + KNOWN])
    in_a_row = 0
    for number, event in enumerate(found, start=1):
        in_a_row = in_a_row + 1 if ids.key(event.id) in known else 0
        if not in_a_row:
            yield event
        if in_a_row >= KNOWN or number >= MOST:
            return


def store_events(vault: Vault, found: list[inv.Event], *, now: datetime) -> int:
    """Add what is new, and forget what is older than three months; how many were added."""
    rows = [Event(vault=vault, **fitted(Event, _columns(vault, each))) for each in found]
    for some in (rows[start : start + BATCH] for start in range(0, len(rows), BATCH)):
        Event.objects.bulk_create(some, ignore_conflicts=True)
    if found:
        old = Event.objects.filter(vault=vault, at__lt=now - KEPT).values_list("pk", flat=True)
        for pks in batches(list(old)):
            Event.objects.filter(pk__in=pks).delete()
    return len(rows)


def _columns(vault: Vault, event: inv.Event) -> dict[str, object]:
    return {
        "key": ids.key(event.id),
        "item_key": item_key(vault.key, event.item_name) if event.item_name else "",
        "target_name": event.target_name,
        "at": event.at,
        "code": event.code,
        "kind": event.kind,
        "severity": event.severity,
        "message": event.message,
    }
