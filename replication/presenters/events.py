"""Site Recovery's events as pages show them."""

from dataclasses import dataclass

from replication.models import Event
from replication.presenters.looks import State, severity_state


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened."""

    event: Event

    @property
    def severity(self) -> State:
        return severity_state(self.event.severity)

    @property
    def text(self) -> str:
        return self.event.message or self.event.code or "An event without a text"
