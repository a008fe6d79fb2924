"""What a torture came to, in one page of text."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

COLUMNS = ("duplicates", "lost", "audit holes", "wrong end states", "broken rules")


@dataclass
class Report:
    """played: results; lines: source lines that no scenario passes."""

    played: list[dict[str, Any]]
    lines: list[str]

    @property
    def harmful(self) -> bool:
        """Whether anything was found that must not be."""
        return any(each["harm"] for each in self.played)

    def text(self, seconds: float) -> str:
        """The report."""
        return "\n".join([*self._harm(), *self._never(), "", *self._figures(seconds)])

    def _figures(self, seconds: float) -> list[str]:
        struck = Counter(each["kind"] for each in self.played if each["struck"])
        faults = struck.pop("fault", 0)
        by_kind = ", ".join(f"{number} {kind}" for kind, number in sorted(struck.items()))
        figures = {"points": len(self.played), "kills": sum(struck.values()), "faults": faults} | self._sums()
        return [f"{name:18} {number}" for name, number in figures.items()] + [
            f"{'kills by kind':18} {by_kind}",
            f"{'time':18} {seconds / 60:.1f} min",
        ]

    def _sums(self) -> dict[str, int]:
        return {column: sum(len(each["harm"].get(column, [])) for each in self.played) for column in COLUMNS}

    def _harm(self) -> list[str]:
        return [
            f"HARM  {each['point']}: {column}: {told}"
            for each in self.played
            for column, found in each["harm"].items()
            for told in found
        ]

    def _never(self) -> list[str]:
        missed = [each["point"] for each in self.played if not each["struck"]]
        told = [f"never reached ({len(missed)} points, {len(self.lines)} lines):"] if missed or self.lines else []
        return told + [f"  {name}" for name in [*missed, *self.lines]]
