"""What a read came to."""

from dataclasses import dataclass

from replication.domain.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """changed: rows written because Azure says something else than before; seen: what Azure showed; problem: why it is incomplete."""

    changed: int = 0
    seen: int = 0
    problem: Problem | None = None

    def __add__(self, other: "Outcome") -> "Outcome":
        """Both together; the first problem counts."""
        return Outcome(
            changed=self.changed + other.changed,
            seen=self.seen + other.seen,
            problem=self.problem or other.problem,
        )

    def to_json(self) -> dict[str, int]:
        """Reading.result."""
        return {"changed": self.changed, "seen": self.seen}
