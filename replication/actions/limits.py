"""Limits on what costs much: so many in ten minutes for one person, and four times as many from one address.

They count the audit's own entries, so that every web process sees the same, and a restart forgets nothing.
"""

from datetime import timedelta

from replication import clock, settings
from replication.actions.actor import Actor
from replication.domain.vocabulary import ACTIONS
from replication.models import AuditEntry

WINDOW = timedelta(minutes=10)
PER_ADDRESS = 4  # times what one person may: offices share an address
# setting -> the actions that it counts together
COUNTED = {
    "limits.exports": (*(action for action in ACTIONS if action.endswith(".export")), "run.evidence", "access.review"),
    "limits.refreshes": ("vaults.refresh", "items.refresh"),
}


class TooMany(Exception):
    """The limit is reached; nothing was done. The message says what to do, `wait` how long, in seconds."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"That was asked for {limit} times in ten minutes, which is as much as is allowed. Wait a few minutes.")
        self.wait = int(WINDOW.total_seconds()) // 2


def require(action: str, *, actor: Actor) -> None:
    """Raise TooMany when the person, or their address, has done this often enough lately. The console itself has no limit."""
    name = next((name for name, actions in COUNTED.items() if action in actions), None)
    limit = settings.value(name) if name else 0
    if not name or not limit or actor.person is None:
        return
    recent = AuditEntry.objects.filter(action__in=COUNTED[name], outcome="ok", at__gte=clock.now() - WINDOW)
    by_person = recent.filter(actor=actor.person).count()
    by_address = recent.filter(source_address=actor.address).count() if actor.address else 0
    if by_person >= limit or by_address >= limit * PER_ADDRESS:
        raise TooMany(limit)
