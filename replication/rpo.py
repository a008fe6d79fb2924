"""The RPO target: how old a machine's newest recovery point may be. What holds now is a setting, of the console or of one vault.

What was counted stays: each frame of history keeps the target that held when Azure was read, and the ledger judges by that one.
"""

from collections.abc import Iterable

from django.db.models import Q

from replication import settings
from replication.domain.words import duration
from replication.models import Vault

SETTING = "rpo.target_minutes"


def target(vault: Vault | None = None) -> int:
    """The target in seconds; an RPO equal to it is within."""
    return int(settings.value(SETTING, vault)) * 60


def judged_by(vault: Vault) -> int | None:
    """The target by which the vault's items were judged when they were last stored; None when they never were."""
    target: int | None = vault.summary.get("target")
    return target


def above() -> Q:
    """Items above the target of their vault, as a question to the database."""
    own = settings.of_vaults(SETTING)
    found = Q(rpo__gt=target())
    if own:
        found &= ~Q(vault__in=list(own))
    for pk, minutes in own.items():
        found |= Q(vault=pk, rpo__gt=minutes * 60)
    return found


def words(vaults: Iterable[Vault] = ()) -> str:
    """`target of 30 min`, or what to call it where the vaults have different ones."""
    targets = {target(vault) for vault in vaults} or {target()}
    return f"target of {duration(targets.pop())}" if len(targets) == 1 else "target of its vault"
