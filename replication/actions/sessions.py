"""Sign-ins in the audit, and the brake on guessing passwords, which counts them there."""

from datetime import timedelta

from replication import clock
from replication.actions.actor import Actor
from replication.actions.audit import record
from replication.models import AuditEntry

# Ten wrong passwords for one name, or fifty from one address, close the door for what is left of the five minutes.
WINDOW = timedelta(minutes=5)
TRIES_PER_NAME, TRIES_PER_ADDRESS = 10, 50


def signed_in(*, actor: Actor) -> None:
    """A person signed in."""
    record(
        "session.signed_in", actor=actor, subject_kind="person", subject_key=_key(actor.person), subject_name=actor.name
    )


def signed_out(*, actor: Actor) -> None:
    """A person signed out."""
    record(
        "session.signed_out",
        actor=actor,
        subject_kind="person",
        subject_key=_key(actor.person),
        subject_name=actor.name,
    )


def password_changed(*, actor: Actor) -> None:
    """A person chose a new password; neither the old nor the new one is kept."""
    record(
        "person.password_changed",
        actor=actor,
        subject_kind="person",
        subject_key=_key(actor.person),
        subject_name=actor.name,
    )


def refused(username: str, *, actor: Actor) -> None:
    """An attempt failed. What was typed as the name is kept, for it may be the only trace; the password never."""
    name = username[:150]
    record(
        "session.refused",
        actor=actor,
        outcome="refused",
        subject_kind="person",
        subject_key=name.lower(),
        subject_name=name,
    )


def braked(username: str, address: str) -> bool:
    """Whether there were too many refusals lately for this name or from this address. Refusals while braked do not count."""
    recent = AuditEntry.objects.filter(action="session.refused", at__gte=clock.now() - WINDOW)
    by_name = recent.filter(subject_key=username[:150].lower()).count()
    return by_name >= TRIES_PER_NAME or recent.filter(source_address=address).count() >= TRIES_PER_ADDRESS


def _key(person: object) -> str:
    return f"person:{getattr(person, 'pk', '')}"
