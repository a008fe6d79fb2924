"""Accounts and grants: who may do what, where. Only administrators, and only in vaults that they administer."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.contrib.auth import password_validation
from django.db import IntegrityError, transaction
from django.db.models import F

from replication import access, clock
from replication.actions import approvals
from replication.actions.actor import CONSOLE, Actor
from replication.actions.audit import Unchanged, gesture
from replication.domain.roles import Permission, Role
from replication.models import Grant, GrantScope, Person, Subscription, Vault


class Impossible(Exception):
    """What was asked would break a rule; the message says which. Nothing was changed."""


class Scope(NamedTuple):
    """A subscription, or one group of it (lower case; '' is all of it), opened on one side ('source' or 'target')."""

    side: str
    subscription_id: str
    resource_group: str = ""


def choose_theme(person: Person, theme: str) -> None:
    """Keep how a person wants pages to look: theirs alone, so the audit need not know."""
    Person.objects.filter(pk=person.pk).update(theme=theme)


def create(username: str, display_name: str, password: str, *, actor: Actor) -> Person:
    """A new account, which may do nothing until a role is granted. The password is stored hashed and nowhere else.

    Raises Impossible when somebody else took the name since it was looked up.
    """
    _manages(actor)
    person = Person(username=username, display_name=display_name, date_joined=clock.now())
    person.set_password(password)
    about = {"subject_kind": "person", "subject_name": display_name or username}
    after = {"username": username, "display_name": display_name}
    try:
        with gesture("person.created", actor=actor, after=after, **about) as entry:
            person.save()
            entry.subject_key = key(person)
    except IntegrityError:
        raise Impossible("There is an account with this user name already.") from None
    return person


def taken(username: str) -> bool:
    """Whether there is an account with this name; case does not tell names apart."""
    return Person.objects.filter(username__iexact=username).exists()


def grant(person: Person, vault: Vault, role: Role, scopes: Iterable[Scope], *, actor: Actor) -> Grant:
    """Give a role in a vault, or change the one that the person holds there."""
    _manages(actor, vault)
    with transaction.atomic():
        _alone(vault)
        held = live(vault).filter(person=person).first()
        return _change(held, role, scopes, actor) if held else _give(person, vault, role, scopes, actor)


def _give(person: Person, vault: Vault, role: Role, scopes: Iterable[Scope], actor: Actor) -> Grant:
    with gesture("grant.given", actor=actor, **_about(person, vault)) as entry:
        scopes = list(scopes)
        entry.detail = _approved("grant.given", person, vault, _wanted(role, scopes), actor)
        given = Grant.objects.create(
            person=person, vault=vault, role=role, granted_at=clock.now(), granted_by=actor.person
        )
        _open(given, scopes)
        entry.after = shown(given)
    return given


def _change(held: Grant, role: Role, scopes: Iterable[Scope], actor: Actor) -> Grant:
    if held.role == Role.ADMINISTRATOR and role is not Role.ADMINISTRATOR:
        _not_the_last(held)
    before, scopes = shown(held), list(scopes)
    with gesture("grant.changed", actor=actor, before=before, **_about(held.person, held.vault)) as entry:
        if before == _wanted(role, scopes):
            raise Unchanged
        entry.detail = _approved("grant.changed", held.person, held.vault, _wanted(role, scopes), actor)
        Grant.objects.filter(pk=held.pk).update(role=role)
        held.role = role
        held.scopes.all().delete()
        _open(held, scopes)
        entry.after = shown(held)
    return held


def end(held: Grant, *, actor: Actor) -> None:
    """Take a role away; the row stays, with its end."""
    _manages(actor, held.vault)
    with transaction.atomic():
        _alone(held.vault)
        _not_the_last(held)
        with gesture("grant.ended", actor=actor, before=shown(held), **_about(held.person, held.vault)) as entry:
            entry.detail = _approved("grant.ended", held.person, held.vault, {"grant": held.pk, "role": "none"}, actor)
            if not Grant.objects.filter(pk=held.pk, ended_at=None).update(ended_at=clock.now()):
                raise Unchanged


def deactivate(person: Person, *, actor: Actor) -> None:
    """Close an account: it cannot sign in, its grants stay as they are."""
    with transaction.atomic():
        held = _all_grants(person, actor)
        for each in held:
            _alone(each.vault)
            _not_the_last(each)
        _set_active(person, False, "person.deactivated", actor)


def reactivate(person: Person, *, actor: Actor) -> None:
    """Open a closed account again, with the grants it has."""
    with transaction.atomic():
        _all_grants(person, actor)
        _set_active(person, True, "person.reactivated", actor)


def _set_active(person: Person, active: bool, action: str, actor: Actor) -> None:
    with gesture(
        action, actor=actor, subject_kind="person", subject_key=key(person), subject_name=str(person)
    ) as entry:
        if not Person.objects.filter(pk=person.pk, is_active=not active).update(is_active=active):
            raise Unchanged
        entry.before, entry.after = {"active": not active}, {"active": active}


def set_password(person: Person, password: str, *, actor: Actor) -> None:
    """A new password for somebody who has forgotten theirs; it ends their sessions, and is stored hashed and nowhere else."""
    _all_grants(person, actor)
    with gesture("person.password_set", actor=actor, subject_kind="person", subject_key=key(person), subject_name=str(person)):
        person.set_password(password)
        Person.objects.filter(pk=person.pk).update(password=person.password)


# --- what the directory says (actions/groups.py) --------------------------------------------------------------------------


def follow(person: Person, vault: Vault, role: Role, scopes: Iterable[Scope], held: Grant | None, groups: list[str]) -> None:
    """Give, change or leave the role that the person's groups give in the vault. One granted by hand stays."""
    wanted, detail = _wanted(role, scopes), {"groups": groups}
    if held is None:
        with gesture("grant.given", actor=CONSOLE, detail=detail, after=wanted, **_about(person, vault)):
            given = Grant.objects.create(person=person, vault=vault, role=role, granted_at=clock.now(), by_group=True)
            _open(given, scopes)
    elif held.by_group and shown(held) != wanted:
        with gesture("grant.changed", actor=CONSOLE, detail=detail, before=shown(held), after=wanted, **_about(person, vault)):
            Grant.objects.filter(pk=held.pk).update(role=role)
            held.scopes.all().delete()
            _open(held, scopes)


def end_by_group(held: Grant) -> None:
    """The directory gives the role no more: it ends, also the last administrator's; `manage.py administrator` is the way back."""
    with gesture("grant.ended", actor=CONSOLE, before=shown(held), **_about(held.person, held.vault)):
        Grant.objects.filter(pk=held.pk, ended_at=None).update(ended_at=clock.now())


# --- before there is anybody to ask ------------------------------------------------------------------------------------


def ensure_administrator(username: str, password: str, *, break_glass: bool = False) -> tuple[Person, int]:
    """An administrator for every vault that has none: the way in on a new installation, and back in when all others are locked out.

    The account is made when there is none of this name (then `password` must not be ''). Returns it, and how many vaults it was given.
    """
    person = Person.objects.filter(username__iexact=username).first() or _first(username, password)
    _open_door(person, break_glass)
    orphans = [vault for vault in Vault.objects.filter(gone_at=None) if not _administrators(vault).exists()]
    return person, sum(give_all(person, vault, Role.ADMINISTRATOR) for vault in orphans)


def _open_door(person: Person, break_glass: bool) -> None:
    """Unlock the account; break_glass: let it in by password whatever else is closed."""
    if person.locked_at:
        with gesture("person.unlocked", actor=CONSOLE, subject_kind="person", subject_key=key(person), subject_name=str(person)):
            Person.objects.filter(pk=person.pk).update(locked_at=None, unlocked_at=clock.now())
    if break_glass and not person.is_break_glass:
        with gesture("person.break_glass", actor=CONSOLE, subject_kind="person", subject_key=key(person), subject_name=str(person)):
            Person.objects.filter(pk=person.pk).update(is_break_glass=True)


def _first(username: str, password: str) -> Person:
    if not password:
        raise Impossible(f"There is no account {username}; a new one needs a password.")
    person = Person(username=username, date_joined=clock.now())
    password_validation.validate_password(password, person)
    person.set_password(password)
    with gesture("person.created", actor=CONSOLE, subject_kind="person", subject_name=username) as entry:
        person.save()
        entry.subject_key, entry.after = key(person), {"username": username}
    return person


def _administrators(vault: Vault) -> Any:
    return live(vault).filter(role=Role.ADMINISTRATOR, person__is_active=True, person__is_demo=False)


def give_all(person: Person, vault: Vault, role: Role) -> bool:
    """A role in the vault over all subscriptions, on both sides, on the console's own behalf.

    Never a second grant, nor one that somebody ended: then False.
    """
    with transaction.atomic():
        _alone(vault)
        if Grant.objects.filter(person=person, vault=vault).exists():
            return False
        subscriptions = Subscription.objects.filter(connection_id=vault.connection_id, gone_at=None)
        ids = subscriptions.values_list("subscription_id", flat=True)
        _give(person, vault, role, (Scope(side, each) for side in GrantScope.Side for each in ids), CONSOLE)
    return True


# --- rules -----------------------------------------------------------------------------------------------------------


def _manages(actor: Actor, vault: Vault | None = None) -> None:
    assert actor.person is not None
    access.require(actor.person, Permission.MANAGE_PEOPLE, vault)


def _all_grants(person: Person, actor: Actor) -> list[Grant]:
    """The person's live grants, all of which must be in vaults that the actor administers."""
    _manages(actor)
    held = list(Grant.objects.filter(person=person, ended_at=None).select_related("vault", "person"))
    for each in held:
        _manages(actor, each.vault)
    return held


def live(vault: Vault) -> Any:
    """The grants that hold in the vault now."""
    return Grant.objects.filter(vault=vault, ended_at=None).select_related("person", "vault")


def _alone(vault: Vault) -> None:
    """Hold the vault's row until the commit, so that two administrators cannot end each other at the same moment."""
    Vault.objects.filter(pk=vault.pk).update(name=F("name"))


def _not_the_last(held: Grant) -> None:
    others = live(held.vault).filter(role=Role.ADMINISTRATOR, person__is_active=True).exclude(pk=held.pk)
    if held.role == Role.ADMINISTRATOR and not others.exists():
        raise Impossible(
            f"{held.person} is the last administrator of {held.vault.name}. Make somebody else administrator first."
        )


def _approved(action: str, person: Person, vault: Vault, wanted: dict[str, Any], actor: Actor) -> dict[str, Any] | None:
    """Where the vault's rules ask for it: a second person's approval of exactly this, for the entry."""
    about = _about(person, vault)
    asked = approvals.Asked(
        action=action, vault=vault, digest=approvals.digest_of({"person": person.pk, **wanted}), shown=wanted,
        subject_kind=about["subject_kind"], subject_key=f"{about['subject_key']}@{vault.key}", subject_name=about["subject_name"],
    )  # fmt: skip
    return approvals.told(approvals.require(asked, actor=actor)) or None


def _wanted(role: Role, scopes: Iterable[Scope]) -> dict[str, Any]:
    return {"role": str(role), **sides(scopes)}


# --- what is written -----------------------------------------------------------------------------------------------


def _open(given: Grant, scopes: Iterable[Scope]) -> None:
    GrantScope.objects.bulk_create(GrantScope(grant=given, **scope._asdict()) for scope in dict.fromkeys(scopes))


def scopes_of(given: Grant) -> Sequence[Scope]:
    """What a grant opens, sorted."""
    rows = given.scopes.values_list("side", "subscription_id", "resource_group")
    return sorted(Scope(*row) for row in rows)


def shown(given: Grant) -> dict[str, Any]:
    """A grant as the audit keeps it."""
    return {"role": str(given.role), **sides(scopes_of(given))}


def sides(scopes: Iterable[Scope]) -> dict[str, list[str]]:
    """Scopes as the audit keeps them: {"source": ["<subscription>/*", …], "target": […]}."""
    found: dict[str, list[str]] = {"source": [], "target": []}
    for scope in sorted(set(scopes)):
        found[scope.side].append(f"{scope.subscription_id}/{scope.resource_group or '*'}")
    return found


def _about(person: Person, vault: Vault) -> dict[str, str]:
    return {
        "subject_kind": "person",
        "subject_key": key(person),
        "subject_name": f"{person} in {vault.name}",
        "vault_key": vault.key,
    }


def key(person: Person) -> str:
    """How the audit names a person."""
    return f"person:{person.pk}"
