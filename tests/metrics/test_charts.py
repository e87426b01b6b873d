"""Pictures: every text escaped, two palettes of the same drawing, no median where none may be shown."""

from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from metrics import charts
from metrics.selectors import Dots

HOSTILE = '<script>alert("x")</script> & "quotes"'
FIRST = date(2026, 5, 4)


def a_plot(medians: bool = True, notes: bool = True) -> charts.WeeklyPlot:
    weeks = [
        charts.Week(
            n - 4 if n < 4 else n - 3,
            FIRST + timedelta(weeks=n),
            [60.0 + n, 90.0, 120.0 - n],
            3,
            90.0 if medians else None,
            "baseline" if n < 4 else "ramp" if n == 4 else "pilot",
        )
        for n in range(9)
    ]
    told = [charts.Note(5, HOSTILE, "kept")] if notes else []
    levels = (90.0, 85.0) if medians else (None, None)
    return charts.WeeklyPlot(weeks, *levels, told, HOSTILE)


@pytest.mark.parametrize("palette", ["screen", "print"])
def test_text_from_people_stays_text_in_the_picture(palette):
    svg = charts.weekly_dots_svg(a_plot(), palette=palette)
    assert "<script" not in svg
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
    assert root.attrib["aria-label"] == HOSTILE
    assert HOSTILE in [node.text for node in root.iter("text")]


def test_the_screen_palette_names_classes_and_the_print_palette_literal_colours():
    screen = charts.weekly_dots_svg(a_plot())
    paper = charts.weekly_dots_svg(a_plot(), palette="print")
    assert not re.search(r"#[0-9a-f]{6}|style=", screen) and 'class="c-before"' in screen
    assert "class=" not in paper and "var(" not in paper and "#887e69" in paper
    assert screen.count("<circle") == paper.count("<circle") == 27


def test_without_medians_no_line_and_no_word_of_a_median_is_drawn():
    svg = charts.weekly_dots_svg(a_plot(medians=False))
    assert "median" not in svg.lower() and "polyline" not in svg
    figure = charts.weekly_figure(a_plot(medians=False))
    assert {trace["mode"] for trace in figure["data"]} == {"markers"}
    assert not any(
        shape["type"] == "line" and shape.get("y0") == shape.get("y1") for shape in figure["layout"]["shapes"]
    )


def test_the_interactive_figure_holds_the_same_values_as_the_drawing_as_plain_lists():
    plot = a_plot()
    figure = charts.weekly_figure(plot)
    drawn = sorted(y for t in figure["data"] if t["mode"] == "markers" for y in t["y"])
    assert drawn == sorted(v for week in plot.weeks for v in week.values)
    assert "<b>" not in str(figure)  # markup in a text makes the library set forbidden styles


def test_the_same_data_gives_the_same_picture():
    assert charts.weekly_dots_svg(a_plot()) == charts.weekly_dots_svg(a_plot())


def test_a_week_without_a_case_breaks_the_line():
    plot = a_plot()
    weeks = [*plot.weeks[:6], charts.Week(3, FIRST, [], 0, None, "pilot"), *plot.weeks[6:]]
    svg = charts.weekly_dots_svg(charts.WeeklyPlot(weeks, 90, 85))
    # one line before; the pilot's single week before the gap has no line of its own
    assert svg.count("<polyline") == 2


def test_long_durations_are_drawn_in_hours_or_days():
    assert charts.unit_for(90).per == 1
    assert charts.unit_for(700).per == 60
    assert charts.unit_for(80 * 60).per == 1440


def test_the_strip_for_a_charter_shows_every_case_and_medians_only_when_given():
    hidden = charts.dot_strip_svg(Dots([100, 120], [50, 60, 70], None, None))
    shown = charts.dot_strip_svg(Dots([100, 120], [50, 60, 70], 110, 60))
    assert hidden.count("<circle") == shown.count("<circle") == 5
    assert "median" not in hidden.lower() and "Median 110" in shown


def test_steps_go_down_and_name_what_is_still_open():
    curve = charts.Curve([(10, 0.8), (40, 0.3)], 10, 3)
    svg = charts.steps_svg(curve, charts.Curve([(5, 0.5)], 8, 0), "open share")
    assert "3 still open" in svg and svg.count("<polyline") == 2


def test_a_range_over_no_change_prints_no_headline_number():
    svg = charts.range_svg(-10, 20, 10, "%", "label")
    assert "no change" in svg and 'class="t-big"' not in svg


def test_the_print_colours_are_those_of_the_light_theme():
    from pathlib import Path

    tokens = Path("static/css/tokens.css").read_text(encoding="utf-8").lower()
    for colour in {c for look in charts.PRINT.values() for c in re.findall(r"#[0-9a-f]{6}", look)}:
        assert colour in tokens, colour
