"""Questions to Azure that a person asks and a worker answers. An open question of the same kind is asked once."""

from typing import Any

from django.db import IntegrityError, transaction

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
        return ask(Reading.Kind.VAULTS, actor, connection_id=connection.pk)


def refresh_items(vault: Vault, *, actor: Actor) -> Reading:
    """Have the vault's replicated items read again."""
    assert actor.person is not None
    access.require(actor.person, Permission.REFRESH, vault)
    about = {"subject_kind": "vault", "subject_key": vault.key, "subject_name": vault.name, "vault_key": vault.key}
    with gesture("items.refresh", actor=actor, **about):
        return ask(Reading.Kind.ITEMS, actor, connection_id=vault.connection_id, vault=vault, subject=vault.key)


def recovery_points(item: ProtectedItem, *, actor: Actor) -> Reading:
    """Have the item's recovery points read; looking at a page is no verb, so the audit has no entry of it."""
    return ask(
        Reading.Kind.RECOVERY_POINTS, actor, connection_id=item.connection_id, vault=item.vault, subject=item.key
    )


def machines(draft: Draft, *, actor: Actor, failing: bool = False) -> Reading:
    """Have Azure asked about the draft's machines one by one, or (failing) about all those of its source that cannot be chosen.

    Looking is no verb, so the audit has no entry of it. What Azure told is kept for half an hour with the machine.
    """
    assert actor.person is not None
    access.require(actor.person, Permission.REPLICATE, draft.vault)
    subject = f"{draft.pk}{FAILING if failing else ''}"
    return ask(Reading.Kind.MACHINES, actor, connection_id=draft.connection_id, vault=draft.vault, subject=subject)


def reread_inventory(connection: Connection) -> Reading:
    """Have the inventory read on the console's own behalf, after a run has made things there; nobody's verb, so no entry."""
    return ask(Reading.Kind.INVENTORY, CONSOLE, connection_id=connection.pk)


def ask(kind: Reading.Kind, actor: Actor, *, connection_id: int, subject: str = "", **more: Any) -> Reading:
    """The open reading of that kind and subject, or a new one. The database decides: two who ask at once both find none."""
    same = Reading.objects.filter(connection_id=connection_id, kind=kind, subject=subject)
    if open_ := same.filter(answered_at=None).first():
        return open_
    new = Reading(connection_id=connection_id, kind=kind, subject=subject, asked_by=actor.person, asked_at=clock.now(), **more)
    try:
        with transaction.atomic():
            new.save(force_insert=True)
            ring("answer_reading", new.pk)
    except IntegrityError:
        return same.latest("pk")  # the other's; it may have been answered by now
    return new
