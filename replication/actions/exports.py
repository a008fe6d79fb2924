"""Exports: who took which rows out of the console."""

from typing import Any

from replication import access
from replication.actions.actor import Actor
from replication.actions.audit import record
from replication.domain.roles import Permission
from replication.models import Vault


def items(vault: Vault | None, *, filters: dict[str, Any], rows: int, actor: Actor) -> None:
    """Replicated items left as CSV; without a vault, those of all vaults that the person sees. Refused without EXPORT."""
    _export("items.export", vault, filters, rows, actor)


def audit(*, filters: dict[str, Any], rows: int, actor: Actor) -> None:
    """Audit entries left as CSV."""
    _export("audit.export", None, filters, rows, actor)


def _export(action: str, vault: Vault | None, filters: dict[str, Any], rows: int, actor: Actor) -> None:
    assert actor.person is not None
    access.require(actor.person, Permission.EXPORT, vault)
    record(
        action,
        actor=actor,
        subject_kind="vault" if vault else "",
        subject_key=vault.key if vault else "",
        subject_name=vault.name if vault else "all vaults",
        vault_key=vault.key if vault else "",
        detail={"filters": filters, "rows": rows},
    )
