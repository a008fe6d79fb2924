"""Streaming: every entry of the audit to places off the console, in order, none skipped.

PORTAL_AUDIT_STREAM names the places: a file, `syslog:`, `syslog:HOST:PORT` (UDP), `syslog+tcp:HOST:PORT` (RFC 6587), an https address. For
each there is a cursor, which moves only after the place has taken what was sent: after a crash something may come twice (`sequence` tells),
but nothing is left out. A place that does not answer is tried again and again; what it has not taken is not pruned.
"""

import json
import logging
import os
import socket
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import F, Q

from replication import clock, outbound
from replication.actions.bundles import entry
from replication.actions.checkpoints import to_syslog
from replication.models import AuditEntry, StreamCursor

logger = logging.getLogger(__name__)
PORTION = 200  # entries of one message or write
LEASE = timedelta(seconds=120)  # longer than any exchange takes
LONGEST_LINE = 60_000  # bytes that a datagram can carry


def pump() -> None:
    """Bring every place up to the present head, as far as each takes it."""
    for place in settings.AUDIT_STREAM:
        StreamCursor.objects.get_or_create(place=place)
        while _advance(place):
            pass
    StreamCursor.objects.exclude(place__in=settings.AUDIT_STREAM).delete()  # a place that is named no more holds nothing back


def _advance(place: str) -> bool:
    """Send the next portion; whether there may be more."""
    now = clock.now()
    free = StreamCursor.objects.filter(Q(leased_until=None) | Q(leased_until__lte=now), place=place)
    if not free.update(leased_until=now + LEASE):
        return False
    cursor = StreamCursor.objects.get(place=place)
    rows = list(AuditEntry.objects.filter(sequence__gt=cursor.sequence).order_by("sequence").prefetch_related("subjects")[:PORTION])
    ours = StreamCursor.objects.filter(pk=cursor.pk, sequence=cursor.sequence)
    try:
        if rows:
            _send(place, rows)
    except (OSError, outbound.OutboundError) as error:
        logger.error("The audit's entries from %d were not taken by %s: %s", cursor.sequence + 1, shown(place), error)
        ours.update(leased_until=None, failures=F("failures") + 1, problem=str(error)[:500])
        return False
    if not rows:
        ours.update(leased_until=None)
        return False
    ours.update(sequence=rows[-1].sequence, sent_at=clock.now(), leased_until=None, failures=0, problem="")
    return len(rows) == PORTION


def shown(place: str) -> str:
    """The place without what may be a secret in an address."""
    return place.partition("?")[0]


def _send(place: str, rows: Sequence[AuditEntry]) -> None:
    lines = [json.dumps(entry(row), sort_keys=True) for row in rows]
    if place.startswith("https://") or place.startswith("http://"):
        _to_webhook(place, rows, lines)
    elif place.startswith("syslog+tcp:"):
        _to_tcp(place.removeprefix("syslog+tcp:"), lines)
    elif place.startswith("syslog:"):
        for row, line in zip(rows, lines, strict=True):
            to_syslog(place, line if len(line) <= LONGEST_LINE else _short(row))
    else:
        _to_file(Path(place), lines)


def _short(row: AuditEntry) -> str:
    """An entry that is too long for a datagram: its facts and hash, which prove the rest when it is read elsewhere."""
    kept = ("sequence", "at", "actor_name", "action", "phase", "outcome", "subject_name", "vault_key", "request_id", "subject_count")
    return json.dumps({name: str(getattr(row, name)) for name in kept} | {"hash": row.hash, "cut": True}, sort_keys=True)


def _to_file(path: Path, lines: Sequence[str]) -> None:
    """Append, and come back only when the disk has it."""
    with path.open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())


def _to_tcp(address: str, lines: Sequence[str]) -> None:
    """Each message with its length before it (RFC 6587 §3.4.1)."""
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port or 601)), timeout=10) as channel:
        for line in lines:
            message = f"<{4 << 3 | 5}>1 {clock.now():%Y-%m-%dT%H:%M:%SZ} - replication-console - audit - {line}".encode()
            channel.sendall(f"{len(message)} ".encode() + message)


def _to_webhook(url: str, rows: Sequence[AuditEntry], lines: Sequence[str]) -> None:
    body = f'{{"entries":[{",".join(lines)}]}}'.encode()
    message = f"audit-{rows[0].sequence}-{rows[-1].sequence}"
    outbound.post(url, body, message_id=message, at=clock.now(), secret=settings.AUDIT_STREAM_SECRET)
