"""Grids: search, filters, sort, columns, pages and exports of one list, all read from the query string.

A view is a link: whatever stands in the query string means the same for everybody. What it asks wrongly is left out and told in a
sentence, never an error. An export (replication/sheets.py) is made of the same `View`, so a filter cannot be dropped on the way out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, OrderBy, Q, QuerySet
from django.http import FileResponse, QueryDict, StreamingHttpResponse

from replication import sheets

SIZES = (25, 50, 100, 200)
Rows = QuerySet[Any]
Options = Sequence[tuple[str, str]]


def clean(text: str | None) -> str:
    """What somebody typed into an address, without blanks around it and null bytes, at most 200 characters."""
    return (text or "").replace("\x00", "").strip()[:200]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: `order` names the fields it sorts by (none: it does not sort), `text` gives its cell in an export.

    shown: whether the page has it when nobody chose columns; where columns cannot be chosen, the page's template decides.
    """

    key: str
    label: str
    head: str = ""  # what the page says where that is shorter: an export needs the unit in its heading
    order: tuple[str, ...] = ()
    nullable: bool = False  # rows without a value come last, either way round
    text: Callable[[Any], object] = str
    shown: bool = True
    drawn: bool = False  # a picture: nothing to say in an export


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A filter with a list of choices, fixed or read from the unfiltered rows."""

    key: str
    label: str
    narrow: Callable[[Rows, str], Rows]
    options: Options | Callable[[Rows], Options] = ()

    def choices(self, rows: Rows) -> Options:
        return self.options(rows) if callable(self.options) else self.options

    def parse(self, text: str, options: Options) -> str | None:
        return text if text in {value for value, _ in options} else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A filter by typed text."""

    key: str
    label: str
    narrow: Callable[[Rows, str], Rows]

    def choices(self, rows: Rows) -> Options:
        return ()

    def parse(self, text: str, options: Options) -> str | None:
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A filter by a day, as <input type=date> sends it."""

    key: str
    label: str
    narrow: Callable[[Rows, date], Rows]

    def choices(self, rows: Rows) -> Options:
        return ()

    def parse(self, text: str, options: Options) -> date | None:
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None


Filter = Choice | Text | Day


@dataclass(frozen=True, slots=True)
class Pill:
    """A filter as it stands on the page: `chosen` is its value, '' when it is not set."""

    key: str
    label: str
    options: Options
    chosen: str


@dataclass(frozen=True, kw_only=True)
class View:
    """A grid as one query string asks for it."""

    grid: "Grid"
    rows: Rows  # filtered and sorted
    params: Mapping[str, str]
    sort: str
    q: str
    pills: Mapping[str, Pill]
    remarks: Sequence[str]  # what was asked and left out, in sentences
    chosen: Sequence[Column] = ()  # the columns that were asked for; none: the usual ones
    total: int | None = None  # rows without any filter, where somebody has counted them already
    count: int | None = None  # rows that the filters leave, where somebody has counted them already
    wide: Rows | None = None  # Grid.by_number

    @property
    def columns(self) -> Sequence[Column]:
        """What the page shows."""
        return self.chosen or [column for column in self.grid.columns if column.shown]

    @property
    def exported(self) -> Sequence[Column]:
        """What an export has: the columns that were chosen, else all that there are."""
        return [column for column in self.chosen or self.grid.columns if not column.drawn]

    @cached_property
    def page(self) -> Page[Any]:
        """The page asked for; the nearest one when there is no such page."""
        size = self.params.get("size", "")
        paginator = Paginator(self.rows, int(size) if size in map(str, SIZES) else 50)
        if self.total is not None and not self.asked:
            paginator.count = self.total  # a cached property, filled in beforehand
        if self.count is not None:
            paginator.count = self.count
        page = paginator.get_page(self.params.get("page"))
        if self.wide is not None:
            shown: Any = page.object_list
            numbers = list(shown.values_list("pk", flat=True))
            found = self.wide.order_by().in_bulk(numbers)
            page.object_list = [found[number] for number in numbers if number in found]
        return page

    @property
    def sizes(self) -> tuple[int, ...]:
        return SIZES

    @property
    def narrowed(self) -> bool:
        """Whether anything was left out."""
        return bool(self.asked)

    @property
    def asked(self) -> dict[str, str]:
        """The search and the filters that are set, for the record of an export."""
        set_ = {pill.key: pill.chosen for pill in self.pills.values() if pill.chosen}
        return {"q": self.q, **set_} if self.q else set_

    def csv(self, name: str) -> StreamingHttpResponse:
        """All rows of all pages as a download."""
        return sheets.csv_file(name, self._cells())

    def excel(self, name: str) -> FileResponse:
        """The same as an Excel workbook."""
        return sheets.excel_file(name, self._cells())

    def _cells(self) -> Iterator[list[object]]:
        """A line of headings, then one a row."""
        columns = self.exported
        yield [column.label for column in columns]
        for row in self.rows.iterator(chunk_size=1000):
            yield [column.text(row) for column in columns]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """What a list can show and be asked."""

    columns: Sequence[Column]
    filters: Sequence[Filter] = ()
    search: Callable[[Rows, str], Rows] | None = None
    default_sort: str
    # Where a page's rows are read from when their numbers are found: for wide rows with an index that holds what is filtered and sorted
    # by. It has no conditions: for them SQLite, which keeps no statistics, would walk an index rather than take fifty rows by number.
    by_number: Rows | None = None
    # A column that is the same in all rows and stands first in their indexes: PostgreSQL walks an index only in an order that names it.
    alike: str = ""
    _by_key: dict[str, Column] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {column.key: column for column in self.columns if column.order})

    def view(self, rows: Rows, query: QueryDict, *, total: int | None = None) -> View:
        """The rows as the query string asks for them. total: how many there are, when that is known."""
        params = {key: clean(query.get(key)) for key in query} | {"columns": columns_of(query)}
        remarks: list[str] = []
        pills, narrowed = {}, rows
        for each in self.filters:
            options = each.choices(rows)
            narrowed, chosen = _narrow(each, narrowed, params.get(each.key, ""), options, remarks)
            pills[each.key] = Pill(each.key, each.label, options, chosen)
        q = params.get("q", "") if self.search else ""
        if self.search and q:
            narrowed = self.search(narrowed, q)
        sort = self._sort(params.get("sort", ""), remarks)
        return View(
            grid=self,
            rows=narrowed.order_by(*self._order(sort)),
            params=params,
            sort=sort,
            q=q,
            pills=pills,
            remarks=remarks,
            chosen=self._chosen(columns_of(query), remarks),
            total=total,
            wide=self.by_number,
        )

    def _chosen(self, asked: str, remarks: list[str]) -> list[Column]:
        """The columns that were asked for, in the grid's own order, the first always among them."""
        wanted = {key for key in asked.split(",") if key}
        unknown = wanted - {column.key for column in self.columns}
        if unknown:
            remarks.append(f"There is no column “{'”, “'.join(sorted(unknown))}”; it was left out.")
        if not wanted - unknown:
            return []
        return [column for number, column in enumerate(self.columns) if not number or column.key in wanted]

    def _sort(self, asked: str, remarks: list[str]) -> str:
        if asked.removeprefix("-") in self._by_key:
            return asked
        if asked:
            remarks.append(f"This list cannot be sorted by “{asked}”; it has its usual order.")
        return self.default_sort

    def _order(self, sort: str) -> list[OrderBy | str]:
        column, back = self._by_key[sort.removeprefix("-")], sort.startswith("-")
        terms = [_term(name, back, column.nullable) for name in column.order]
        if self.alike:
            terms.insert(0, _term(self.alike, back, nullable=False))
        return [*terms, "-pk" if back else "pk"]


def columns_of(query: QueryDict) -> str:
    """ "name,rpo": as a link has it, or as the form's boxes send it (columns=name&columns=rpo)."""
    return clean(",".join(each for each in query.getlist("columns") if each))


def _narrow(each: Filter, rows: Rows, text: str, options: Options, remarks: list[str]) -> tuple[Rows, str]:
    """The rows under one filter and what it is set to; a value that it does not know is told and left out."""
    if not text:
        return rows, ""
    value = each.parse(text, options)
    if value is None:
        remarks.append(f"{each.label}: “{text}” is not one of the choices and was left out.")
        return rows, ""
    return each.narrow(rows, value), text  # type: ignore[arg-type]


def _term(name: str, back: bool, nullable: bool) -> OrderBy | str:
    down = name.startswith("-") is not back
    plain = name.removeprefix("-")
    if not nullable:  # by name alone, so that an index can serve it
        return f"-{plain}" if down else plain
    return F(plain).desc(nulls_last=True) if down else F(plain).asc(nulls_last=True)


def words(*fields: str) -> Callable[[Rows, str], Rows]:
    """A search that wants every word somewhere in one of the (lower-case) fields."""

    def search(rows: Rows, text: str) -> Rows:
        for word in text.lower().split():
            rows = rows.filter(_anywhere(fields, word))
        return rows

    return search


def _anywhere(fields: Sequence[str], word: str) -> Q:
    found = Q()
    for name in fields:
        found |= Q(**{f"{name}__icontains": word})
    return found


def distinct(name: str, label: Callable[[str], str] = str) -> Callable[[Rows], Options]:
    """Choices read from the rows: the values that the field has."""

    def options(rows: Rows) -> Options:
        values = rows.order_by().values_list(name, flat=True).distinct()
        return sorted(((str(value), label(str(value))) for value in values if value), key=lambda pair: pair[1].lower())

    return options


def by(name: str) -> Callable[[Rows, str], Rows]:
    """A filter on one field's value."""
    return lambda rows, value: rows.filter(**{name: value})
