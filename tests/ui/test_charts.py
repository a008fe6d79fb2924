"""Charts are well-formed SVG, say themselves in words, and survive what data does."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from replication import charts

END = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
START = END - timedelta(hours=24)


def series(*seconds):
    step = (END - START) / max(len(seconds) - 1, 1)
    return [charts.Sample(START + step * n, value) for n, value in enumerate(seconds)]


def svg(text):
    return ElementTree.fromstring(text)


@pytest.mark.parametrize("values", [(), (None,), (300,), (300, None, 400), (0, 0), (86400 * 9, 1), (5,) * 2000])
def test_rpo_draws_any_series(values):
    root = svg(charts.rpo(series(*values), target=1800, start=START, end=END))
    assert root.find("desc").text


def test_rpo_says_what_it_shows_and_breaks_where_nothing_was_read():
    samples = series(300, 400, None, 2400)
    assert charts.rpo_sentence(samples, 1800) == (
        "Last reading 40 min, worst 40 min, target 30 min; 1 of 3 readings above the target."
    )
    lines = [
        p
        for p in svg(charts.rpo(samples, target=1800, start=START, end=END)).iter("path")
        if "line-info" in p.get("class", "")
    ]
    assert len(lines) == 2


def test_thinning_keeps_the_worst():
    samples = series(*[10] * 999, 5000)
    thinned = charts.thin(samples, 100)
    assert len(thinned) <= 100
    assert max(s.seconds for s in thinned) == 5000


def test_a_donut_of_nothing_and_of_one_whole():
    assert len(list(svg(charts.donut([])).iter("circle"))) == 1
    root = svg(charts.donut([charts.Part("ok", "Healthy", 7), charts.Part("error", "Critical", 0)]))
    assert len(list(root.iter("circle"))) == 2
    assert root.get("aria-label") == "7 in all: 7 healthy, 0 critical"


def test_bars_of_a_stack_fill_the_whole():
    rects = list(svg(charts.stacked_bar([charts.Part("ok", "a", 3), charts.Part("error", "b", 1)])).iter("rect"))[1:]
    assert [rect.get("x") for rect in rects] == ["0.00", "150.00"]


def test_a_sparkline_without_values_is_nothing():
    assert charts.sparkline([None, None]) == ""
    assert svg(charts.sparkline([1, None, 3], target=2)).get("aria-hidden") == "true"


def test_gantt_names_waiting_steps_and_escapes_names():
    text = charts.gantt([charts.Bar("<x>", 0, 4, "ok"), charts.Bar("later", 4, None, "wait")])
    words = [node.text for node in svg(text).iter("text")]
    assert words == ["<x>", "4 s", "later", "waiting"]
