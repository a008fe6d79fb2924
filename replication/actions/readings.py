"""Questions to Azure that a person asks and a worker answers. An open question of the same kind is asked once."""

from typing import Any

from replication import access, clock
from replication.actions.actor import CONSOLE, Actor
from replication.actions.audit import gesture
from replication.domain.roles import Permission
from replication.models import Connection, Draft, ProtectedItem, Reading, Vault
from replication.queue import ring

FAILING = ":failing"  # after the draft's id in the subject of such a reading


def refresh_inventory(connection: Connection, *, actor: Actor) -> Reading:
    """Have vaults and inventory of the connection read again."""
    assert actor.person is not None
    access.require(actor.person, Permission.REFRESH)
    with gesture("vaults.refresh", actor=actor, subject_kind="connection", subject_name=connection.name):
        return _ask(Reading.Kind.VAULTS, actor, connection_id=connection.pk)


def refresh_items(vault: Vault, *, actor: Actor) -> Reading:
    """Have the vault's replicated items read again."""
    assert actor.person is not None
    access.require(actor.person, Permission.REFRESH, vault)
    about = {"subject_kind": "vault", "subject_key": vault.key, "subject_name": vault.name, "vault_key": vault.key}
    with gesture("items.refresh", actor=actor, **about):
        return _ask(Reading.Kind.ITEMS, actor, connection_id=vault.connection_id, vault=vault, subject=vault.key)


def recovery_points(item: ProtectedItem, *, actor: Actor) -> Reading:
    """Have the item's recovery points read; looking at a page is no verb, so the audit has no entry of it."""
    return _ask(
        Reading.Kind.RECOVERY_POINTS, actor, connection_id=item.connection_id, vault=item.vault, subject=item.key
    )


def machines(draft: Draft, *, actor: Actor, failing: bool = False) -> Reading:
    """Have Azure asked about the draft's machines one by one, or (failing) about all those of its source that cannot be chosen.

    Looking is no verb, so the audit has no entry of it. What Azure told is kept for half an hour with the machine.
    """
    assert actor.person is not None
    access.require(actor.person, Permission.REPLICATE, draft.vault)
    subject = f"{draft.pk}{FAILING if failing else ''}"
    return _ask(Reading.Kind.MACHINES, actor, connection_id=draft.connection_id, vault=draft.vault, subject=subject)


def reread_inventory(connection: Connection) -> Reading:
    """Have the inventory read on the console's own behalf, after a run has made things there; nobody's verb, so no entry."""
    return _ask(Reading.Kind.INVENTORY, CONSOLE, connection_id=connection.pk)


def _ask(kind: Reading.Kind, actor: Actor, **about: Any) -> Reading:
    open_ = Reading.objects.filter(kind=kind, answered_at=None, **about).first()
    if open_:
        return open_
    reading = Reading.objects.create(kind=kind, asked_by=actor.person, asked_at=clock.now(), **about)
    ring("answer_reading", reading.pk)
    return reading
