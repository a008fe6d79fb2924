"""Charts as inline SVG, drawn on the server: no style attribute and no script, so the strict content policy holds.

Each chart has its words beside it: the donut a legend, the RPO chart a table. Colour is never the only carrier.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils.safestring import SafeString, mark_safe

from replication.domain.words import duration
from replication.markup import joined, markup


class Part(NamedTuple):
    """One share of a whole: tone (ok, warn, error, info, none, track), word, number, and where a click leads."""

    tone: str
    label: str
    amount: int
    url: str = ""


class Sample(NamedTuple):
    """One reading of a series; seconds None says that there is no data at that time."""

    at: datetime
    seconds: float | None


class Bar(NamedTuple):
    """One bar of the gantt: seconds from the start, seconds long (None while waiting), tone."""

    label: str
    start: float
    length: float | None
    tone: str


def sentence(parts: Sequence[Part]) -> str:
    """ "1,248 items: 1,138 healthy, 61 warning": what a screen reader says for a donut or a bar."""
    total = sum(part.amount for part in parts)
    return f"{total:,} in all: " + ", ".join(f"{part.amount:,} {part.label.lower()}" for part in parts)


# --- shares -------------------------------------------------------------------------------------------------------

_RADIUS = 26
_ROUND = 2 * math.pi * _RADIUS


def donut(parts: Sequence[Part]) -> SafeString:
    """A ring of shares with the total inside; an empty ring when there is nothing."""
    total = sum(part.amount for part in parts)
    return markup(
        '<svg viewBox="0 0 66 66" role="img" aria-label="{}">'
        '<circle class="line-track" cx="33" cy="33" r="26" fill="none" stroke-width="9"/>{}'
        '<text class="chart-total" x="33" y="37">{}</text></svg>',
        sentence(parts),
        SafeString("".join(_arcs(parts, total))),
        f"{total:,}",
    )


def _arcs(parts: Sequence[Part], total: int) -> list[SafeString]:
    arcs, begun = [], 0.0
    for part in (part for part in parts if part.amount):
        length = _ROUND * part.amount / total
        gap = 1.0 if length > 3 and part.amount < total else 0.0
        arcs.append(
            markup(
                '<circle class="line-{}" cx="33" cy="33" r="26" fill="none" stroke-width="9" stroke-dasharray="{} {}" '
                'stroke-dashoffset="{}" transform="rotate(-90 33 33)"/>',
                part.tone,
                f"{length - gap:.2f}",
                f"{_ROUND - length + gap:.2f}",
                f"{-begun:.2f}",
            )
        )
        begun += length
    return arcs


def stacked_bar(parts: Sequence[Part]) -> SafeString:
    """A thin bar of shares; its numbers stand in the card's caption, so it is decoration."""
    total, begun, rects = sum(part.amount for part in parts), 0.0, []
    for part in (part for part in parts if part.amount):
        width = 200 * part.amount / total
        rects.append((part.tone, f"{begun:.2f}", f"{max(width - 0.8, 0.6):.2f}"))
        begun += width
    return markup(
        '<svg class="bar" viewBox="0 0 200 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="fill-track" width="200" height="8"/>{}</svg>',
        joined('<rect class="fill-{}" x="{}" width="{}" height="8"/>', rects),
    )


# --- series -------------------------------------------------------------------------------------------------------


def _stretches(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """The points without their gaps, as the unbroken stretches between them."""
    found: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            found.append([])
        else:
            found[-1].append(point)
    return [stretch for stretch in found if stretch]


def _path(points: Sequence[tuple[float, float]]) -> str:
    """An SVG path; a lone reading becomes a short dash, which a line of no length would hide."""
    if len(points) == 1:
        return f"M{points[0][0] - 1:.1f} {points[0][1]:.1f}h2"
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def sparkline(values: Sequence[float | None], target: float | None = None, tone: str = "ok") -> SafeString:
    """58 × 20 px: the course of a value, with the target as a dotted line."""
    known = [value for value in values if value is not None]
    if not known:
        return SafeString("")
    top = max([*known, target or 0, 1]) * 1.08
    step = 58 / max(len(values) - 1, 1)
    points = [None if v is None else (i * step, 19 - 18 * v / top) for i, v in enumerate(values)]
    line = "".join(_path(stretch) for stretch in _stretches(points))
    goal = markup('<path class="target" d="M0 {}h58"/>', f"{19 - 18 * target / top:.1f}") if target else ""
    return markup(
        '<svg class="spark" viewBox="0 0 58 20" aria-hidden="true">{}<path class="line-{}" d="{}"/></svg>',
        goal,
        tone,
        line,
    )


_STEPS = (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)


def _scale(highest: float) -> tuple[int, int]:
    """(distance of the grid lines, top of the axis), so that at most four lines stand above zero."""
    step = next((step for step in _STEPS if highest <= step * 4), math.ceil(highest / 4 / 86400) * 86400)
    return step, step * max(1, math.ceil(highest / step))


class _Frame(NamedTuple):
    """Where the plot lies in its 700 × 200 picture, and what it spans."""

    start: datetime
    end: datetime
    top: int
    left: int = 62
    right: int = 690
    above: int = 12
    below: int = 176

    def x(self, at: datetime) -> float:
        return self.left + (self.right - self.left) * ((at - self.start) / (self.end - self.start))

    def y(self, seconds: float) -> float:
        return self.below - (self.below - self.above) * seconds / self.top


def rpo(samples: Sequence[Sample], *, target: float, start: datetime, end: datetime, key: str = "rpo") -> SafeString:
    """RPO over a window: blue up to the target, red above it, broken where nothing was read, the last reading marked.

    target in seconds; start and end in the time zone of the axis; key: prefix of the ids, for two charts on a page.
    """
    highest = max([sample.seconds for sample in samples if sample.seconds is not None], default=0)
    step, top = _scale(max(highest, target))
    frame = _Frame(start, end, top)
    return markup(
        '<svg class="chart" viewBox="0 0 700 200" role="img" aria-labelledby="{0}-title {0}-text">'
        '<title id="{0}-title">Recovery point objective</title><desc id="{0}-text">{1}</desc>{2}{3}{4}{5}</svg>',
        key,
        rpo_sentence(samples, target),
        _axes(frame, step),
        _clips(frame, target, key),
        _series(frame, samples, target, key),
        _target(frame, target),
    )


def rpo_sentence(samples: Sequence[Sample], target: float) -> str:
    """The chart in words."""
    known = [sample.seconds for sample in samples if sample.seconds is not None]
    if not known:
        return "No reading in this time."
    above = sum(1 for value in known if value > target)
    return (
        f"Last reading {duration(known[-1])}, worst {duration(max(known))}, target {duration(target)}; "
        f"{above} of {len(known)} readings above the target."
    )


def _axes(frame: _Frame, step: int) -> SafeString:
    rows = [
        (f"{frame.y(value):.1f}", f"{frame.y(value) + 4:.1f}", _axis_label(value))
        for value in range(0, frame.top + 1, step)
    ]
    pattern = "%H:%M" if frame.end - frame.start <= timedelta(hours=25) else "%d %b"
    return markup(
        "{}{}",
        joined(
            '<path class="chart-grid" d="M62 {}H690"/><text class="chart-axis" x="54" y="{}" text-anchor="end">{}</text>',
            rows,
        ),
        joined(
            '<text class="chart-axis" x="{}" y="194" text-anchor="middle">{}</text>',
            ((f"{frame.x(at):.1f}", at.strftime(pattern)) for at in _ticks(frame)),
        ),
    )


def _axis_label(seconds: int) -> str:
    """A round value in its largest unit: 30 min, 3 h."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return duration(seconds) if seconds else "0"


def _ticks(frame: _Frame) -> list[datetime]:
    """Round moments within the frame, at most eight, with room for their labels at both ends."""
    span = (frame.end - frame.start).total_seconds()
    step = timedelta(seconds=next((s for s in (600, 3600, 14400, 86400) if span / s <= 7.5), 604800))
    midnight = frame.start.replace(hour=0, minute=0, second=0, microsecond=0)
    count = int((frame.end - midnight) / step) + 1
    moments = (midnight + step * n for n in range(count))
    return [at for at in moments if frame.start <= at and frame.left <= frame.x(at) <= frame.right - 12]


def _clips(frame: _Frame, target: float, key: str) -> SafeString:
    line = f"{frame.y(target):.1f}"
    return markup(
        '<defs><clipPath id="{0}-above"><path d="M62 0H690V{1}H62Z"/></clipPath>'
        '<clipPath id="{0}-below"><path d="M62 {1}H690V180H62Z"/></clipPath></defs>',
        key,
        line,
    )


def _series(frame: _Frame, samples: Sequence[Sample], target: float, key: str) -> SafeString:
    points = [None if s.seconds is None else (frame.x(s.at), frame.y(s.seconds)) for s in samples]
    stretches = _stretches(points)
    drawn = [(key, _area(stretch, frame), _path(stretch)) for stretch in stretches]
    body = joined(
        '<path class="chart-area-info" clip-path="url(#{0}-below)" d="{1}"/>'
        '<path class="chart-area-error" clip-path="url(#{0}-above)" d="{1}"/>'
        '<path class="chart-line line-info" clip-path="url(#{0}-below)" d="{2}"/>'
        '<path class="chart-line line-error" clip-path="url(#{0}-above)" d="{2}"/>',
        drawn,
    )
    if not stretches:
        return body
    (x, y), last = stretches[-1][-1], [s.seconds for s in samples if s.seconds is not None][-1]
    return markup(
        '{}<circle class="chart-point fill-{}" cx="{}" cy="{}" r="4"/>',
        body,
        "error" if last > target else "info",
        f"{x:.1f}",
        f"{y:.1f}",
    )


def _area(stretch: Sequence[tuple[float, float]], frame: _Frame) -> str:
    return f"{_path(stretch)}L{stretch[-1][0]:.1f} {frame.below}L{stretch[0][0]:.1f} {frame.below}Z"


def _target(frame: _Frame, target: float) -> SafeString:
    y = frame.y(target)
    return markup(
        '<path class="chart-target" d="M62 {}H690"/><text class="chart-target-name" x="68" y="{}">Target {}</text>',
        f"{y:.1f}",
        f"{y - 6 if y > 18 else y + 14:.1f}",  # above the line, or below it at the upper edge
        duration(target),
    )


def thin(samples: Sequence[Sample], buckets: int = 336) -> list[Sample]:
    """At most so many samples, the worst of each bucket, so that a peak never disappears (ux.md §3)."""
    if len(samples) <= buckets:
        return list(samples)
    size = math.ceil(len(samples) / buckets)
    return [
        max(samples[begin : begin + size], key=lambda s: -1 if s.seconds is None else s.seconds)
        for begin in range(0, len(samples), size)
    ]


# --- steps --------------------------------------------------------------------------------------------------------

_GANTT_LEFT, _GANTT_RIGHT, _GANTT_ROW = 206, 496, 26


def gantt(bars: Sequence[Bar]) -> SafeString:
    """Steps over time. The same steps stand as a list beside it, so the picture only gets a short name."""
    total = max([bar.start + (bar.length or 0) for bar in bars], default=0) or 1
    rows = SafeString("".join(_bar(bar, i * _GANTT_ROW + 4, total) for i, bar in enumerate(bars)))
    return markup(
        '<svg class="chart" viewBox="0 0 560 {}" role="img" aria-label="Steps over time; the list has the same">{}</svg>',
        _GANTT_ROW * len(bars) + 4,
        rows,
    )


def _bar(bar: Bar, y: int, total: float) -> SafeString:
    scale = (_GANTT_RIGHT - _GANTT_LEFT) / total
    shape = (
        mark_safe("")
        if bar.length is None
        else markup(
            '<rect class="fill-{}" x="{}" y="{}" width="{}" height="12" rx="2"/>',
            bar.tone,
            f"{_GANTT_LEFT + bar.start * scale:.1f}",
            y + 3,
            f"{max(3.0, bar.length * scale):.1f}",
        )
    )
    return markup(
        '<path class="chart-grid" d="M{} {}H560"/><text class="chart-name" x="0" y="{}">{}</text>{}'
        '<text class="chart-axis" x="560" y="{}" text-anchor="end">{}</text>',
        _GANTT_LEFT,
        y + _GANTT_ROW - 4,
        y + 13,
        bar.label,
        shape,
        y + 13,
        "waiting" if bar.length is None else duration(bar.length),
    )
