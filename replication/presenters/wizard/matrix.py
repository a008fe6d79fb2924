"""The matrix of machines and rules: who is blocked by what, and what is not known yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http.response import HttpResponseBase

from replication import sheets
from replication.domain.eligibility import ASKED, BY_CODE
from replication.grid import View
from replication.models import Machine
from replication.presenters.wizard.machines import MachineRow

_WORDS = {"block": "blocks", "warn": "warns", "inform": "informs", "unknown": "unknown", "": ""}
_TONES = {"block": "error", "warn": "warn", "inform": "info", "unknown": "none", "": ""}
Cell = tuple[str, str, str]  # tone, word, what is said


@dataclass(frozen=True, slots=True)
class Matrix:
    """A page of machines by the rules that say something of one of the draft's machines."""

    view: View
    zonal: bool
    rules: tuple[tuple[str, str], ...]  # code, title

    @classmethod
    def of(cls, view: View, zonal: bool) -> "Matrix":
        """The matrix of what a view shows."""
        said = dict(view.pills["why"].options)
        asked = {code: BY_CODE[code].title for code in sorted(ASKED)}
        return cls(view, zonal, tuple((said | asked).items()))

    @property
    def rows(self) -> list[tuple[MachineRow, list[Cell]]]:
        """The machines of the page, each with one cell a rule."""
        rows = (MachineRow(machine, self.zonal) for machine in self.view.page)
        return [(row, self._cells(row)) for row in rows]

    def _cells(self, row: MachineRow) -> list[Cell]:
        said = {each["code"]: each for each in (*row.remarks, *row.warnings, *row.blocking)}
        return [self._cell(code, said, row) for code, _ in self.rules]

    def _cell(self, code: str, said: Mapping[str, Mapping[str, Any]], row: MachineRow) -> Cell:
        verdict = said.get(code, {})
        effect = verdict.get("effect", "")
        if not effect and code in ASKED and not row.told:
            effect = "unknown"
        return _TONES[effect], _WORDS[effect], verdict.get("message", "")

    def file(self, name: str, form: str) -> HttpResponseBase:
        """All machines of all pages as a download."""
        return sheets.excel_file(name, self._lines()) if form == "xlsx" else sheets.csv_file(name, self._lines())

    def _lines(self) -> Iterator[list[object]]:
        yield ["Machine", "Resource group", "Subscription", "Can be replicated", *(title for _, title in self.rules)]
        machine: Machine
        for machine in self.view.rows.iterator(chunk_size=500):
            row = MachineRow(machine, self.zonal)
            told = (said or word for _, word, said in self._cells(row))
            can = "yes" if row.can else "no"
            yield [machine.name, machine.resource_group, machine.subscription_id, can, *told]


def unknown(row: MachineRow) -> list[str]:
    """Titles of the rules that only a question to Azure about this machine would answer."""
    return [] if row.told else [BY_CODE[code].title for code in sorted(ASKED)]
