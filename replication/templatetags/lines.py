"""The lines of long tables, `{% load lines %}`: one tag a table, for a page has hundreds of cells (replicated items: item_cells)."""

from collections.abc import Iterable

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString

from replication.markup import joined, markup, row_address
from replication.presenters.coverage import MachineRow
from replication.presenters.jobs import JobRow
from replication.presenters.safety import Hit
from replication.templatetags import portal_ui as ui

register = template.Library()
DASH = "—"

_MACHINE = (
    '<tr><td class="sticky-column"><div class="name">{}<a href="{}" title="{}"><bdi>{}</bdi></a></div></td>'
    '<td class="muted"><bdi>{}</bdi></td><td class="muted nowrap">{}</td><td class="muted">{}</td><td class="muted">{}</td>'
    '<td class="nowrap">{}</td><td class="words">{}</td><td class="muted">{}</td></tr>'
)
_HIT = (
    '<tr>\n<td class="sticky-column"><div class="name">{}<a href="{}" title="{}"><bdi>{}</bdi></a></div></td>\n'
    '<td data-label="Verdict" class="nowrap">{}</td><td data-label="Why" class="words"><span>{}{}</span></td>\n'
    '<td data-label="Resource group" class="muted"><bdi>{}</bdi></td><td data-label="Vault or region" class="muted"><bdi>{}</bdi></td>'
    '<td data-label="Last test">{}</td><td data-label="As of" class="muted">{}</td>\n</tr>'
)
_JOB = (
    '<tr><td class="sticky-column"><a href="{}">{}<span class="hidden-text"> {}</span></a></td><td>{}</td><td>{}</td>'
    '<td class="muted">{}</td><td class="muted">{}</td><td class="muted">{}</td><td>{}</td></tr>'
)


@register.simple_tag
def machine_lines(rows: Iterable[MachineRow]) -> SafeString:
    """Machines and their protection."""
    return joined(_MACHINE, map(_machine, rows))


def _machine(row: MachineRow) -> Iterable[object]:
    machine, tone = row.machine, "ok" if row.machine.protected_in else "warn"
    power = machine.power[:1].upper() + machine.power[1:]
    tags = joined('<span class="mark plain"><bdi>{}</bdi></span> ', ((tag,) for tag in row.tags))
    named = ui.icon("vm"), row_address("machine", machine.pk), machine.name, machine.name
    return *named, machine.resource_group, row.region, machine.os_type or DASH, power, ui.status(tone, row.word), row.why, tags


@register.simple_tag
def hit_lines(hits: Iterable[Hit]) -> SafeString:
    """Machines that a search found, with their verdicts. When most of them were read is the same moment."""
    found = list(hits)
    read = {at: ui.as_of(at, "") for at in {hit.as_of for hit in found}}
    return joined(_HIT, (_hit(hit, read[hit.as_of]) for hit in found))


def _hit(hit: Hit, read: str) -> Iterable[object]:
    before = markup(' <span class="muted">Last known: {}</span>', hit.judgement.before) if hit.judgement.before else ""
    tested = ui.when(hit.tested, "date") if hit.tested else "Never" if hit.replicated else DASH
    named = ui.icon("vm"), hit.url, hit.name, hit.name
    return *named, ui.status(hit.tone, hit.word), hit.judgement.why, before, hit.group, hit.place, tested, read


@register.simple_tag
def job_lines(rows: Iterable[JobRow]) -> SafeString:
    """Site Recovery jobs of one vault."""
    return joined(_JOB, map(_job, rows))


def _job(row: JobRow) -> Iterable[object]:
    job = row.job
    asked = markup('<span class="muted">Not by this console</span>')
    if row.run:
        asked = markup('<a href="{}">Run {}, {}</a>', reverse("replication:run", args=[row.run.pk]), row.run.number, row.run.started_by)
    named = row_address("job", job.pk, job.vault_id), row.title, job.target_name, job.target_name or DASH
    return *named, ui.badge(row.state), ui.when(job.started_at), ui.when(job.ended_at), ui.duration(row.seconds), asked
