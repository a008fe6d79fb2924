"""Maintenance windows in words."""

from dataclasses import dataclass
from datetime import datetime

from replication.models import MaintenanceWindow
from replication.presenters.looks import State

Scope = MaintenanceWindow.Scope


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A window as a page shows it at a time."""

    window: MaintenanceWindow
    now: datetime
    name: str = ""  # of the machine that it is for

    @property
    def what(self) -> str:
        """All machines, one by its name, or a tag."""
        if self.window.scope == Scope.VAULT:
            return "All machines of the vault"
        if self.window.scope == Scope.TAG:
            return f"Machines with {self.window.subject}"
        return self.name or self.window.subject.rpartition("/")[2]

    @property
    def over(self) -> bool:
        return self.window.ends_at <= self.now

    @property
    def begun(self) -> bool:
        return self.window.begins_at <= self.now

    @property
    def state(self) -> State:
        if self.over:
            return State("none", "Over")
        return State("run", "Running") if self.begun else State("wait", "Planned")
