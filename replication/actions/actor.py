"""Who acts, from where, in which request."""

from dataclasses import dataclass

from replication.models import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person in a request, or the console itself (person None) in a worker."""

    person: Person | None
    name: str
    role: str = ""  # in the vault concerned, '' when none is concerned
    request_id: str = ""
    address: str = ""
    reason: str = ""


CONSOLE = Actor(person=None, name="Console")
