"""A vault that cannot be read: people are told once when that has gone on for a quarter of an hour, and once when it is over."""

from datetime import datetime

from replication.actions import notices
from replication.domain.notices import Kind
from replication.domain.problems import Problem
from replication.domain.safety import STALE
from replication.models import Notice, Vault

_KINDS = (Kind.VAULT_SILENT, Kind.VAULT_BACK)


def note(vault: Vault, problem: Problem, now: datetime) -> None:
    """A reading failed; call inside the transaction that says so. A vault that was never read has nothing to be silent about."""
    if vault.as_of and now - vault.as_of >= STALE and not _is_told(vault):
        notices.tell(Kind.VAULT_SILENT, vault, [(vault.name, None)], detail=problem.message)


def broken(vault: Vault) -> None:
    """A reading succeeded; call inside its transaction. vault: as it was before."""
    if vault.problem and _is_told(vault):
        notices.tell(Kind.VAULT_BACK, vault, [(vault.name, None)])


def _is_told(vault: Vault) -> bool:
    last = Notice.objects.filter(vault=vault, kind__in=_KINDS).order_by("-id").values_list("kind", flat=True).first()
    return last == Kind.VAULT_SILENT
