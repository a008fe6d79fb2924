"""A vault's webhooks: made, changed, tested and taken away by those who may change settings there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError
from django.utils.crypto import salted_hmac

from replication import access, clock, outbound, queue
from replication.actions.actor import Actor
from replication.actions.audit import Unchanged, gesture
from replication.domain.notices import Channel, Kind
from replication.domain.roles import Permission
from replication.models import Delivery, Vault, Webhook

MOST = 20  # of a vault


class TooMany(Exception):
    """The vault has as many webhooks as it may have."""


class NameTaken(Exception):
    """The vault has another webhook of that name."""


def secret_of(webhook: Webhook) -> str:
    """The secret that its messages are signed with: derived from the console's own key, so that no copy of the database holds it."""
    made = salted_hmac("replication.webhook", f"{webhook.pk}:{webhook.rotation}", algorithm="sha256").digest()
    return outbound.new_secret(made)


def host(webhook: Webhook) -> str:
    """What pages and the audit show of its address, the rest of which is often a secret."""
    return urlsplit(webhook.url).hostname or ""


def create(vault: Vault, name: str, url: str, shape: str, kinds: Sequence[Kind], *, actor: Actor) -> Webhook:
    """A webhook, switched on. Raises outbound.OutboundError when its address can never be sent to, TooMany, NameTaken."""
    _may(vault, actor)
    outbound.check(url)
    made = Webhook(
        vault=vault, name=name, url=url, shape=shape, kinds=list(kinds), created_at=clock.now(), created_by=actor.person
    )
    with _own_name(), gesture("webhook.created", actor=actor, after=_shown(made), **_about(made)):
        if Webhook.objects.filter(vault=vault).count() >= MOST:
            raise TooMany
        made.save(force_insert=True)
    return made


def change(
    webhook: Webhook, name: str, url: str, shape: str, kinds: Sequence[Kind], active: bool, *, actor: Actor
) -> None:
    """Change it; url '': its address stays. Raises outbound.OutboundError and NameTaken."""
    _may(webhook.vault, actor)
    if url:
        outbound.check(url)
    with _own_name(), gesture("webhook.changed", actor=actor, before=_shown(webhook), **_about(webhook)) as entry:
        webhook.name, webhook.url, webhook.shape = name, url or webhook.url, shape
        webhook.kinds, webhook.active = list(kinds), active
        webhook.save(update_fields=["name", "url", "shape", "kinds", "active"])
        entry.after = _shown(webhook) | ({"address": "changed"} if url else {})


@contextmanager
def _own_name() -> Iterator[None]:
    """The database decides, as two presses at once both find the name free; their gesture is rolled back with its entry."""
    try:
        yield
    except IntegrityError as error:
        if not _of_name(error):
            raise
        raise NameTaken from error


def _of_name(error: IntegrityError) -> bool:
    """PostgreSQL names the constraint, SQLite its columns."""
    return any(each in str(error) for each in ("webhook_name", "webhook.name"))


def renew(webhook: Webhook, *, actor: Actor) -> None:
    """Another secret from now on."""
    _may(webhook.vault, actor)
    with gesture("webhook.renewed", actor=actor, **_about(webhook)) as entry:
        entry.before, entry.after = {"secret": webhook.rotation}, {"secret": webhook.rotation + 1}
        Webhook.objects.filter(pk=webhook.pk, rotation=webhook.rotation).update(rotation=webhook.rotation + 1)


def delete(webhook: Webhook, *, actor: Actor) -> None:
    """Take it away, with what still waits for it."""
    _may(webhook.vault, actor)
    with gesture("webhook.deleted", actor=actor, before=_shown(webhook), **_about(webhook)):
        if not Webhook.objects.filter(pk=webhook.pk).delete()[0]:
            raise Unchanged


def test(webhook: Webhook, *, actor: Actor) -> None:
    """Send it a message that says nothing; the page shows whether it was taken."""
    _may(webhook.vault, actor)
    now = clock.now()
    with gesture("webhook.tested", actor=actor, **_about(webhook)):
        Delivery.objects.create(
            channel=Channel.WEBHOOK, receiver=f"webhook:{webhook.pk}:test", webhook=webhook, made_at=now, due_at=now
        )
        queue.ring("deliver")


def _may(vault: Vault, actor: Actor) -> None:
    assert actor.person is not None
    access.require(actor.person, Permission.MANAGE_SETTINGS, vault)


def _about(webhook: Webhook) -> dict[str, str]:
    return {
        "subject_kind": "webhook",
        "subject_key": f"webhook:{webhook.pk}",
        "subject_name": f"{webhook.name} of {webhook.vault.name}",
        "vault_key": webhook.vault.key,
    }


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {
        "name": webhook.name,
        "host": host(webhook),
        "shape": webhook.shape,
        "kinds": sorted(webhook.kinds),
        "active": webhook.active,
    }
