"""What a read came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from replication.domain.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """changed: rows written because Azure says something else than before; seen: what Azure showed; problem: why it is incomplete.

    told: what else Azure said; kept: how long that counts, where it is not as short as usual.
    """

    changed: int = 0
    seen: int = 0
    problem: Problem | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
    kept: timedelta | None = None

    def __add__(self, other: "Outcome") -> "Outcome":
        """Both together; the first problem counts."""
        return Outcome(
            changed=self.changed + other.changed,
            seen=self.seen + other.seen,
            problem=self.problem or other.problem,
        )

    def to_json(self) -> dict[str, Any]:
        """Reading.result."""
        return {"changed": self.changed, "seen": self.seen, **self.told}
