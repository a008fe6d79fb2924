"""The lines of the table of replicated items, `{% load item_cells %}`: one function a column, for a page has hundreds of cells.

A live answer brings the cells that move, each by its id; never the name, a tick or what may have the focus (templates/ui/README.md).
"""

from collections.abc import Callable, Iterable, Sequence
from zlib import crc32

from django import template
from django.utils.safestring import SafeString, mark_safe

from replication import charts, rpo
from replication.grid import Column
from replication.markup import escaped, markup
from replication.presenters import items as present
from replication.presenters import safety
from replication.presenters.items import ItemRow
from replication.templatetags import portal_ui as ui

register = template.Library()
Cell = Callable[[ItemRow], str]
SWAPPED = ' hx-swap-oob="true"'


def _name(row: ItemRow) -> str:
    name = escaped(row.item.name)
    return markup('<div class="name">{}<a href="{}" title="{}"><bdi>{}</bdi></a></div>', ui.icon("vm"), row.url, name, name)


def _status(row: ItemRow) -> str:
    if row.progress is not None:
        return ui.progress(row.progress, row.state.label)
    return escaped(row.state.label) if row.state.tone == "ok" else ui.badge(row.state)


def _rpo(row: ItemRow) -> str:
    if row.above_target:
        said = ui.status("warn", row.rpo_text)
        return markup('{}<span class="hidden-text">, above the target</span>', said)
    return markup('<span class="number">{}</span>', ui.duration(row.item.rpo))


def _course(row: ItemRow) -> str:
    """The course of the RPO with its target, and what it says in words."""
    values = [bucket.rpo for bucket in row.course]
    known = [value for value in values if value is not None]
    if not known:
        return ui.NOTHING
    target = rpo.target(row.item.vault)
    above = sum(value > target for value in known)
    said = f", above the target in {above} of {len(known)} half hours" if above else ", never above the target"
    drawn = charts.sparkline(values, target, "warn" if above else "ok")
    worst = ui.duration(max(known))
    return markup('<div class="rpo">{}<small>worst {}<span class="hidden-text">{}</span></small></div>', drawn, worst, said)


def _test(row: ItemRow) -> str:
    due = ui.icon("clock", "tone-warn", label="Test failover due") if row.test_due else ""
    last = ui.when(row.item.last_test_at, "date") if row.item.last_test_at else "Never"
    return markup('<span class="status">{}{}</span>', due, last)


def _issues(row: ItemRow) -> str:
    if not row.item.issue_count:
        return "0"
    return markup(
        '<a href="{}#panel-health-issues" class="issues {}" aria-label="{} on {}">{}<span class="number">{}</span></a>',
        row.url,
        row.issues_tone,
        ui.counted(row.item.issue_count, "issue"),
        row.item.name,
        ui.icon("alert"),
        ui.thousands(row.item.issue_count),
    )


def _verdict(row: ItemRow) -> str:
    judged = safety.of_item(row.item).safety
    return ui.status(safety.TONES[judged], judged.label)


def _bdi(text: str) -> str:
    """A name that other people gave: its direction of writing stays its own."""
    return markup("<bdi>{}</bdi>", text) if text else ui.NOTHING


CELLS: dict[str, Cell] = {
    "name": _name,
    "vault": lambda row: _bdi(row.item.vault.name),
    "group": lambda row: _bdi(row.item.resource_group),
    "health": lambda row: ui.health(row.item.health),
    "status": _status,
    "progress": lambda row: "" if row.progress is None else f"{row.progress}%",
    "verdict": _verdict,
    "why": lambda row: escaped(safety.of_item(row.item).why),
    "rpo": _rpo,
    "course": _course,
    "source": lambda row: escaped(row.source),
    "target": lambda row: escaped(row.target),
    "regions": lambda row: ui.regions(row.active, row.other),
    "policy": lambda row: _bdi(row.item.policy_name),
    "test": _test,
    "issues": _issues,
    "since": lambda row: ui.when(row.item.copied_at, "date"),
    "target_group": lambda row: _bdi(present.target_group(row.item)),
    "os": lambda row: _bdi(present.detail(row.item, "osType")),
    "agent": lambda row: _bdi(present.detail(row.item, "agentVersion")),
    "tags": lambda row: _bdi(present.tags_text(row.item)),
    "as_of": lambda row: ui.as_of(row.item.vault.as_of, ""),
}
LIVE = frozenset({"health", "status", "progress", "verdict", "why", "rpo", "course", "regions", "test", "issues", "since", "as_of"})
# What changes while the row stays as it is: with time alone, or by a reading that finds nothing new.
TIMED = ("verdict", "why", "as_of")
MARK = 6  # digits
MUTED = {"group", "source", "target", "policy", "target_group", "os", "agent", "tags", "since", "as_of"}
CLASSES = dict.fromkeys(CELLS, "") | dict.fromkeys(MUTED, "muted")
CLASSES |= {"name": "sticky-column", "why": "words", "vault": "muted nowrap", "rpo": "nowrap"}


@register.simple_tag
def item_lines(rows: Iterable[ItemRow], columns: Sequence[Column]) -> SafeString:
    """The lines of the table."""
    keys = [column.key for column in columns]
    return mark_safe("".join(f"<tr>{_cells(row, keys, '')}</tr>" for row in rows))  # noqa: S308  each cell is escaped


@register.simple_tag
def live_cells(row: ItemRow, columns: Sequence[Column]) -> SafeString:
    """The cells of a row that move, to be swapped in."""
    live = [column.key for column in columns if column.key in LIVE]
    return mark_safe(_cells(row, live, SWAPPED))  # noqa: S308  each cell is escaped


def marks(rows: Iterable[ItemRow], columns: Sequence[Column]) -> list[str]:
    """What the TIMED cells of each row say, as MARK digits: a page gives them back, and is told when they say something else."""
    timed = [CELLS[column.key] for column in columns if column.key in TIMED]
    return [f"{crc32(''.join(cell(row) for cell in timed).encode()):08x}"[-MARK:] for row in rows] if timed else []


def _cells(row: ItemRow, keys: Iterable[str], swapped: str) -> str:
    parts: list[str] = []
    begun = f'<td id="i-{row.item.pk}-'
    for key in keys:
        parts += (begun, key, '"', swapped, ' class="', CLASSES[key], '">', escaped(CELLS[key](row)), "</td>")
    return "".join(parts)


@register.simple_tag
def header_css(column: Column) -> str:
    return "sticky-column" if column.key == "name" else ""
