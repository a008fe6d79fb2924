"""What went wrong, in the five parts that Azure gives, and when to try again."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class When(StrEnum):
    """When trying again can help."""

    NOW = "now"  # a passing fault: the next exchange may succeed
    LATER = "later"  # throttled, locked by another operation, not there yet: wait, then again
    NEVER = "never"  # somebody must change something first


class Severity(StrEnum):
    """How bad it is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem as Azure tells it (or as we tell it in Azure's form).

    retry_after: seconds that Azure asks us to wait, 0 when it did not say.
    """

    code: str
    message: str
    causes: str = ""
    action: str = ""
    severity: Severity = Severity.ERROR
    when: When = When.NEVER
    retry_after: float = 0

    def to_json(self) -> dict[str, Any]:
        """A plain dict for a JSON column."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Problem":
        """The problem that `to_json` wrote."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        return cls(**known | {"severity": Severity(known["severity"]), "when": When(known["when"])})
