"""What the shared tags promise: escaping, true minus, both languages, no style attribute in the kit."""

from __future__ import annotations

from datetime import date

import pytest
from django.template.loader import render_to_string
from django.utils.translation import override

from foundation.kit import Cell, Row, specimens
from foundation.templatetags import house


def test_text_of_users_is_escaped_in_table_rows() -> None:
    html = house.table_rows([Row([Cell("<b>x</b>", href='"><script>', sub="<i>"), "<u>"], id='"a')])
    assert "<script>" not in html and "<b>" not in html and "<i>" not in html and "<u>" not in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html


def test_numbers_stand_right_with_a_true_minus_and_missing_is_a_dash() -> None:
    assert house.table_rows([[-1240, None]]) == '<tr><td class="n">−1,240</td><td>–</td></tr>'


@pytest.mark.parametrize("share, n, words", [(0.573, 52, "57\u202f%"), (0.573, 200, "57.3\u202f%"), (None, 9, "–")])
def test_percent_has_decimals_only_where_records_carry_them(share: float | None, n: int, words: str) -> None:
    assert house.pct(share, n) == words


@pytest.mark.parametrize("language, words", [("en", "27 Nov 2026"), ("zh-hans", "2026年11月27日")])
def test_dates_follow_the_convention_of_each_language(language: str, words: str) -> None:
    with override(language):
        assert house.day(date(2026, 11, 27)) == words


@pytest.mark.parametrize("value, low, high, bar", [(57, 50, 63, 30), (-4, -9, 2, None), (0.4, 0.1, 0.7, 0.5)])
def test_the_certainty_scale_keeps_every_mark_inside_its_frame(
    value: float, low: float, high: float, bar: float | None
) -> None:
    start, end = house._ends([v for v in (value, low, high, bar) if v is not None], None, None)
    assert start <= low <= high <= end
    assert 3 <= len(house._ticks(start, end)) <= 7


def test_an_unknown_grade_prints_no_mark() -> None:
    assert house.evidence("splendid") == ""
    assert 'class="ev measured"' in house.evidence("measured")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_kit_page_renders_without_inline_style_or_script(language: str) -> None:
    with override(language):
        html = render_to_string("kit.html", specimens())
    assert "<c-" not in html and "{%" not in html
    assert " style=" not in html and "onclick" not in html
    assert html.count("<h1>") == 1
