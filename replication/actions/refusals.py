"""What was refused leaves a trace too."""

from replication.actions.actor import Actor
from replication.actions.audit import record
from replication.models import Vault


def refused(reason: str, method: str, path: str, *, vault: Vault | None, actor: Actor) -> None:
    """Somebody asked for what their role does not allow."""
    record(
        "access.refused",
        actor=actor,
        outcome="refused",
        subject_kind="page",
        subject_key=path[:600],
        subject_name=f"{method} {path}",
        vault_key=vault.key if vault else "",
        detail={"reason": reason},
    )
