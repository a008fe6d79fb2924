"""Changing settings: one gesture, one entry with what was before and after."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from replication import access, clock, settings
from replication.actions import approvals
from replication.actions.actor import Actor
from replication.actions.audit import gesture
from replication.domain.settings import SETTINGS
from replication.models import Setting, Vault


class Overtaken(Exception):
    """Somebody else changed one of them since the page was shown. Nothing was changed."""


def change(values: Mapping[str, Any], *, actor: Actor, seen: Mapping[str, Any] | None = None, vault: Vault | None = None) -> list[str]:
    """Set what differs from the present values, for the whole console or one vault; returns the names of what was changed.

    seen: the values that the page showed. Raises Unfit, Overtaken, access.Refused.
    """
    wanted = {name: SETTINGS[name].check(value) for name, value in values.items()}
    for name in wanted:
        _require(name, actor, vault)
    about = {"subject_kind": "setting", "vault_key": vault.key if vault else ""}
    present = {name: settings.value(name, vault) for name in wanted}
    if wanted == present:
        return []
    with gesture("setting.changed", actor=actor, **about) as entry:
        settings.forget()
        there = _alone(wanted, vault)
        present = {name: settings.value(name, vault) for name in wanted}
        if seen is not None and any(seen[name] != present[name] for name in wanted):
            raise Overtaken
        changed = [name for name in wanted if wanted[name] != present[name]]
        entry.detail = _approved({name: wanted[name] for name in changed}, vault, actor)
        for name in changed:
            _store(name, wanted[name], actor, vault, there=name in there)
        entry.subject_key = ",".join(changed)
        entry.subject_name = _words(changed) + (f" of {vault.name}" if vault else "")
        entry.before = {name: present[name] for name in changed}
        entry.after = {name: wanted[name] for name in changed}
    settings.forget()
    return changed


def _require(name: str, actor: Actor, vault: Vault | None) -> None:
    assert actor.person is not None
    if vault is not None:
        access.require(actor.person, SETTINGS[name].permission, vault)
    else:
        access.require_everywhere(actor.person, SETTINGS[name].permission)


def _approved(wanted: dict[str, Any], vault: Vault | None, actor: Actor) -> dict[str, Any] | None:
    """Where the rules ask for it: a second person's approval of exactly this. So nobody switches the rules off alone."""
    asked = approvals.Asked(
        action="setting.changed", vault=vault, digest=approvals.digest_of(wanted), shown=wanted, subject_kind="setting",
        subject_key=f"{','.join(wanted)}@{vault.key if vault else ''}", subject_name=_words(list(wanted)),
    )  # fmt: skip
    return approvals.told(approvals.require(asked, actor=actor)) or None


def _alone(names: Mapping[str, Any], vault: Vault | None) -> set[str]:
    """Hold the rows until the commit, so that of two changes at once the second sees the first; the names of those that have one."""
    rows = Setting.objects.filter(name__in=names, vault=vault)
    rows.update(changed_at=clock.now())
    return set(rows.values_list("name", flat=True))


def _store(name: str, value: Any, actor: Actor, vault: Vault | None, *, there: bool) -> None:
    """there: whether its row is held. The first change ever has none to hold: of two at once the unique row lets one through."""
    chosen = {"value": value, "changed_at": clock.now(), "changed_by": actor.person}
    if there:
        Setting.objects.filter(name=name, vault=vault).update(**chosen)
        return
    try:
        with transaction.atomic():
            Setting.objects.create(name=name, vault=vault, **chosen)
    except IntegrityError:
        raise Overtaken from None


def _words(names: list[str]) -> str:
    labels = [SETTINGS[name].label for name in names]
    return ", ".join(labels)[:200]
