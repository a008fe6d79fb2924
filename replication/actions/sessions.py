"""Sign-ins in the audit, the brake on guessing, the lock, and the sessions that there are."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from replication import access, clock, settings
from replication.actions.actor import CONSOLE, Actor
from replication.actions.audit import Unchanged, gesture, record
from replication.models import AuditEntry, Person, Session

# Ten wrong passwords for one name, or fifty from one address, close the door for what is left of the five minutes.
WINDOW = timedelta(minutes=5)
TRIES_PER_NAME, TRIES_PER_ADDRESS = 10, 50
LOCK_WINDOW = timedelta(days=1)


def signed_in(*, actor: Actor, method: str = "password") -> None:
    """A person signed in. A break-glass account's sign-in has a name of its own, because somebody should ask why."""
    assert actor.person is not None
    action = "session.break_glass" if actor.person.is_break_glass else "session.signed_in"
    record(action, actor=actor, detail={"method": method}, **_about(actor.person))


def signed_out(*, actor: Actor) -> None:
    """A person signed out."""
    record("session.signed_out", actor=actor, **_about(actor.person))


def password_changed(*, actor: Actor) -> None:
    """A person chose a new password; neither the old nor the new one is kept."""
    record("person.password_changed", actor=actor, **_about(actor.person))


def refused(username: str, *, actor: Actor, why: str = "password") -> None:
    """An attempt failed. What was typed as the name is kept, for it may be the only trace; the password never."""
    name = username[:150]
    record(
        "session.refused", actor=actor, outcome="refused", subject_kind="person", subject_key=name.lower(),
        subject_name=name, detail={"wrong": why},
    )  # fmt: skip
    _lock_if_due(name)


# --- brake and lock -----------------------------------------------------------------------------------------------------


def shut(username: str, address: str) -> str:
    """Why nobody gets in by this name from there now, in a sentence; '' when they may try. Attempts meanwhile do not count.

    A name that has no account answers like one that has, so that nobody learns which there are.
    """
    if _locked(username[:150]):
        return "Too many attempts. This account is locked until an administrator unlocks it."
    recent = AuditEntry.objects.filter(action="session.refused", at__gte=clock.now() - WINDOW)
    by_name = recent.filter(subject_key=username[:150].lower()).count()
    if by_name >= TRIES_PER_NAME or recent.filter(source_address=address).count() >= TRIES_PER_ADDRESS:
        return "Too many attempts. Try again in five minutes."
    return ""


def _locked(name: str) -> bool:
    person = Person.objects.filter(username__iexact=name).first()
    return person.locked_at is not None if person else _failures(name) >= (settings.value("signin.lock_after") or 10**9)


def _failures(name: str, since: datetime | None = None) -> int:
    """Refusals for the name within a day, and since it last got in."""
    begin = max(filter(None, (clock.now() - LOCK_WINDOW, since)))
    return AuditEntry.objects.filter(action="session.refused", subject_key=name.lower(), at__gt=begin).count()


def _lock_if_due(name: str) -> None:
    """After many wrong passwords in a row only an administrator opens the account again. A break-glass account is never locked."""
    limit = settings.value("signin.lock_after")
    person = Person.objects.filter(username__iexact=name, locked_at=None, is_break_glass=False).first()
    if not limit or person is None or _failures(name, _since(person)) < limit:
        return
    with gesture("person.locked", actor=CONSOLE, **_about(person)):
        Person.objects.filter(pk=person.pk).update(locked_at=clock.now())


def _since(person: Person) -> datetime | None:
    """When the person last got in, or was let in again."""
    return max(filter(None, (person.last_login, person.unlocked_at)), default=None)


def unlock(person: Person, *, actor: Actor) -> None:
    """Open a locked account again: the way back."""
    _manages(person, actor)
    with gesture("person.unlocked", actor=actor, **_about(person)):
        locked = Person.objects.filter(pk=person.pk).exclude(locked_at=None)
        if not locked.update(locked_at=None, unlocked_at=clock.now()):
            raise Unchanged


# --- the sessions that there are ------------------------------------------------------------------------------------------


def live(person: Person) -> QuerySet[Session]:
    """Where the person is signed in, newest first."""
    return Session.objects.filter(person=person, expire_date__gt=clock.now()).order_by("-begun_at")


def end(person: Person, handle: str, *, actor: Actor) -> bool:
    """End one of the person's sessions, by its handle; whether there was one."""
    found = next((each for each in live(person) if each.handle == handle), None)
    return found is not None and _end(person, live(person).filter(pk=found.pk), actor) > 0


def end_all(person: Person, *, actor: Actor, but: str | None = None) -> int:
    """End all of the person's sessions (but the one with this key); returns how many."""
    if actor.person != person:
        _manages(person, actor)
    rows = live(person) if but is None else live(person).exclude(pk=but)
    return _end(person, rows, actor)


def _end(person: Person, rows: QuerySet[Session], actor: Actor) -> int:
    if not rows.exists():
        return 0
    with gesture("session.revoked", actor=actor, **_about(person)) as entry:
        ended, _ = rows.delete()
        entry.detail = {"sessions": ended}
    return ended


def _manages(person: Person, actor: Actor) -> None:
    assert actor.person is not None
    access.require_over(actor.person, person)


def _about(person: Person | None) -> dict[str, Any]:
    return {"subject_kind": "person", "subject_key": f"person:{getattr(person, 'pk', '')}", "subject_name": str(person or "")}
