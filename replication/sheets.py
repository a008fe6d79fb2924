"""Lines of cells as downloads: CSV and Excel. No cell is ever a formula, whatever somebody called a machine."""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from tempfile import TemporaryFile

import xlsxwriter
from django.http import FileResponse, StreamingHttpResponse

Lines = Iterable[list[object]]
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST = 32_767  # characters of an Excel cell
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0 has no way to write these


def csv_file(name: str, lines: Lines) -> StreamingHttpResponse:
    """A CSV that is sent while it is written."""
    answer = StreamingHttpResponse(_written(lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{file_name(name)}.csv"'
    return answer


def _written(lines: Lines) -> Iterator[str]:
    writer = csv.writer(_Line())
    for line in lines:
        yield writer.writerow([harmless(cell) for cell in line])


class _Line:
    """A file for csv.writer that hands each line back."""

    def write(self, line: str) -> str:
        return line


def excel_file(name: str, lines: Lines) -> FileResponse:
    """A workbook of one sheet, its first line the headings. It passes through a temporary file, never as a whole through memory."""
    file = TemporaryFile()  # noqa: SIM115  the answer closes it when it has been sent
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet, heading = book.add_worksheet(), book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for number, line in enumerate(lines):
            for column, cell in enumerate(line):
                _write(sheet, number, column, cell, heading if number == 0 else None)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{file_name(name)}.xlsx", content_type=EXCEL)


def _write(sheet: "xlsxwriter.worksheet.Worksheet", row: int, column: int, cell: object, look: object) -> None:
    """Numbers as numbers, everything else as text."""
    if cell is None or cell == "":
        return
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        sheet.write_number(row, column, cell, look)
    else:
        text = cell.isoformat(timespec="seconds") if isinstance(cell, datetime) else str(cell)
        sheet.write_string(row, column, _UNPRINTABLE.sub("", text)[:_LONGEST], look)


def file_name(text: str) -> str:
    """A name that can stand in a header and on any disk: letters, digits, dots and hyphens."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip(".-")[:100]


def harmless(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: a leading = + - @ tab or return gets an apostrophe before it."""
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
