"""Maintenance windows: set, changed and ended by those who run the machines; what was counted already is excused anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from replication import access, clock, ledger
from replication.actions.actor import Actor
from replication.actions.audit import Unchanged, gesture
from replication.domain.roles import Permission
from replication.models import MaintenanceWindow, Vault

LONGEST = timedelta(days=31)


class Overtaken(Exception):
    """Somebody else changed the window since the page was shown. Nothing was changed."""


def create(
    vault: Vault, scope: str, subject: str, begins: datetime, ends: datetime, reason: str, *, actor: Actor
) -> MaintenanceWindow:
    """A window. subject: an item's key, a tag as `name:value` in lower case, '' for the whole vault."""
    _may(vault, actor)
    made = MaintenanceWindow(
        vault=vault, scope=scope, subject=subject, begins_at=begins, ends_at=ends, reason=reason, created_by=actor.person,
        created_at=clock.now(),
    )  # fmt: skip
    with gesture("window.created", actor=actor, after=shown(made), **_about(made)) as entry:
        made.save(force_insert=True)
        entry.subject_key = f"window:{made.pk}"
        entry.detail = {"months_recounted": ledger.recount(vault, begins, ends)}
    return made


def change(
    window: MaintenanceWindow, begins: datetime, ends: datetime, reason: str, *, version: int, actor: Actor
) -> None:
    """Other times or another reason. Raises Overtaken."""
    _may(window.vault, actor)
    with _changing("window.changed", window, version, actor):
        window.begins_at, window.ends_at, window.reason = begins, ends, reason


def end(window: MaintenanceWindow, *, actor: Actor) -> None:
    """It is over now; one that has not begun is taken away, one that is over already stays as it is."""
    _may(window.vault, actor)
    now = clock.now()
    if window.begins_at >= now:
        with gesture("window.cancelled", actor=actor, before=shown(window), **_about(window)):
            if not MaintenanceWindow.objects.filter(pk=window.pk).delete()[0]:
                raise Unchanged
    elif window.ends_at > now:
        with _changing("window.ended", window, window.version, actor):
            window.ends_at = now


@contextmanager
def _changing(action: str, window: MaintenanceWindow, version: int, actor: Actor) -> Iterator[None]:
    before, begun, ended = shown(window), window.begins_at, window.ends_at
    with gesture(action, actor=actor, before=before, **_about(window)) as entry:
        yield
        values = {"begins_at": window.begins_at, "ends_at": window.ends_at, "reason": window.reason, "version": version + 1}
        if not MaintenanceWindow.objects.filter(pk=window.pk, version=version).update(**values):
            raise Overtaken
        entry.after = shown(window)
        changed = ledger.recount(window.vault, min(begun, window.begins_at), max(ended, window.ends_at))
        entry.detail = {"months_recounted": changed}


def _may(vault: Vault, actor: Actor) -> None:
    assert actor.person is not None
    access.require(actor.person, Permission.MANAGE_WINDOWS, vault)


def _about(window: MaintenanceWindow) -> dict[str, str]:
    what = window.subject.rpartition("/")[2] or window.vault.name
    return {
        "subject_kind": "window",
        "subject_key": f"window:{window.pk}" if window.pk else "",
        "subject_name": what if window.scope == MaintenanceWindow.Scope.VAULT else f"{what} in {window.vault.name}",
        "vault_key": window.vault.key,
    }


def shown(window: MaintenanceWindow) -> dict[str, Any]:
    """A window as the audit keeps it."""
    return {
        "scope": window.scope, "subject": window.subject, "begins": window.begins_at, "ends": window.ends_at, "reason": window.reason,
    }  # fmt: skip
