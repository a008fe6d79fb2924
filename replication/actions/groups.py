"""Groups of Microsoft Entra ID as roles: who gets which, and bringing somebody's roles up to date at each sign-in.

A role that somebody granted by hand stays as it is; what came by a group changes and ends with it.
"""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction

from replication import access, clock
from replication.actions import people
from replication.actions.actor import CONSOLE, Actor
from replication.actions.audit import Unchanged, gesture
from replication.actions.people import Scope
from replication.domain.roles import Permission, Role
from replication.models import Grant, GroupRole, Person, Vault


def add(group: str, label: str, vault: Vault, role: Role, scopes: Iterable[Scope], *, actor: Actor) -> GroupRole:
    """Give everybody in the group a role in the vault, from their next sign-in on. Raises people.Impossible when it has one there."""
    _manages(actor, vault)
    row = GroupRole(
        group=group, label=label, vault=vault, role=role, scopes=[list(each) for each in scopes], made_at=clock.now(),
        made_by=actor.person,
    )  # fmt: skip
    try:
        with gesture("group.added", actor=actor, **_about(row)) as entry:
            entry.after = _shown(row)
            row.save()
    except IntegrityError:
        raise people.Impossible("This group has a role in this vault already. Remove it first.") from None
    return row


def remove(row: GroupRole, *, actor: Actor) -> None:
    """Take the role from the group; who had it by the group loses it at their next sign-in, or now if they are told to sign in anew."""
    _manages(actor, row.vault)
    with gesture("group.removed", actor=actor, **_about(row)) as entry:
        entry.before = _shown(row)
        if not GroupRole.objects.filter(pk=row.pk).delete()[0]:
            raise Unchanged


def sign_up(tenant: str, object_id: str, username: str, name: str) -> Person:
    """An account for somebody who comes from the directory for the first time; it has no password. Two at once make one."""
    person = Person(
        username=_free(username, object_id), display_name=name, tenant_id=tenant, object_id=object_id, date_joined=clock.now()
    )
    person.set_unusable_password()
    try:
        with gesture("person.signed_up", actor=CONSOLE, subject_kind="person", subject_name=name or person.username) as entry:
            person.save()
            entry.subject_key, entry.after = people.key(person), {"username": person.username, "object_id": object_id}
    except IntegrityError:
        return Person.objects.get(tenant_id=tenant, object_id=object_id)
    return person


def _free(username: str, object_id: str) -> str:
    """The name that the directory has, unless a local account bears it: nobody becomes somebody else by being called like them."""
    return object_id if people.taken(username) else username


def follow(person: Person, name: str, groups: set[str]) -> None:
    """Bring name and roles up to what the directory says now. A role by hand wins over one by a group."""
    if name and name != person.display_name:
        Person.objects.filter(pk=person.pk).update(display_name=name)
        person.display_name = name
    wanted = _wanted(groups)
    held = {each.vault_id: each for each in Grant.objects.filter(person=person, ended_at=None).select_related("vault", "person")}
    for vault_id, (vault, role, scopes, names) in wanted.items():
        with transaction.atomic():
            people.follow(person, vault, role, scopes, held.get(vault_id), names)
    for vault_id, grant in held.items():
        if grant.by_group and vault_id not in wanted:
            people.end_by_group(grant)


def _wanted(groups: set[str]) -> dict[int, tuple[Vault, Role, set[Scope], list[str]]]:
    """By vault: the most powerful role of the groups, with the scopes of all groups that give it."""
    found: dict[int, tuple[Vault, Role, set[Scope], list[str]]] = {}
    order = list(Role)
    rows = GroupRole.objects.filter(group__in=groups, vault__gone_at=None).select_related("vault")
    for row in sorted(rows, key=lambda each: order.index(Role(each.role))):
        _, role, scopes, names = found.setdefault(row.vault_id, (row.vault, Role(row.role), set(), []))
        if role == row.role:
            scopes.update(Scope(*each) for each in row.scopes)
            names.append(row.label or row.group)
    return found


def _manages(actor: Actor, vault: Vault) -> None:
    assert actor.person is not None
    access.require(actor.person, Permission.MANAGE_PEOPLE, vault)


def _about(row: GroupRole) -> dict[str, str]:
    name = f"{row.label or row.group} in {row.vault.name}"
    return {"subject_kind": "group", "subject_key": row.group, "subject_name": name, "vault_key": row.vault.key}


def _shown(row: GroupRole) -> dict[str, Any]:
    return {"group": row.group, "label": row.label, "role": row.role} | people.sides(Scope(*each) for each in row.scopes)
