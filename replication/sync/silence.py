"""A vault that cannot be read: people are told once when that has gone on for a quarter of an hour, and once when it is over.

One that Azure does not list any more, or answers 404 for, deleted or out of the credential's sight, is told of at once.
"""

from datetime import datetime

from replication.actions import notices
from replication.domain.notices import Kind
from replication.domain.problems import Problem
from replication.domain.safety import STALE
from replication.models import Notice, Vault

_BAD = (Kind.VAULT_SILENT, Kind.VAULT_GONE)


def note(vault: Vault, problem: Problem, now: datetime) -> None:
    """A reading failed; call inside the transaction that says so. A vault that was never read has nothing to be silent about."""
    if vault.as_of and now - vault.as_of >= STALE and _last(vault) not in _BAD:
        notices.tell(Kind.VAULT_SILENT, vault, [(vault.name, None)], detail=problem.message)


def gone(vault: Vault) -> None:
    """A complete reading of its subscription had no such vault, or Azure answers 404 for it; call inside the transaction that says so."""
    if vault.as_of and _last(vault) != Kind.VAULT_GONE:
        told = "It was deleted, or the console's credential may not see it any more. What was read before stays, marked as old."
        notices.tell(Kind.VAULT_GONE, vault, [(vault.name, None)], detail=told)


def broken(vault: Vault) -> None:
    """A reading succeeded; call inside its transaction. vault: as it was before."""
    if _last(vault) in _BAD:
        notices.tell(Kind.VAULT_BACK, vault, [(vault.name, None)])


def _last(vault: Vault) -> str | None:
    """What was told last of whether it can be read."""
    told = Notice.objects.filter(vault=vault, kind__in=(*_BAD, Kind.VAULT_BACK)).order_by("-id")
    return told.values_list("kind", flat=True).first()
