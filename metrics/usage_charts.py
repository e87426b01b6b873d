"""Server SVG of usage: a small row of bars for lists, daily bars for the page of an app. Classes, never colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from foundation.templatetags.house import num
from metrics.selectors.usage import AppUse

WIDTH, HEIGHT = 640, 190
LEFT, TOP, BOTTOM = 34, 12, 24
STEPS = (1, 2, 5)
HATCH = (
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="c-hatch" x1="0" y1="0" x2="0" y2="5"/></pattern></defs>'
)


def spark(use: AppUse, label: str) -> SafeString:
    """One bar a day; a gap stays empty, a zero is a hair on the base line."""
    top = max((value or 0 for value in use.values), default=0) or 1
    bars = (_spark_bar(at, value, top) for at, value in enumerate(use.values) if value is not None)
    return format_html(
        '<svg class="chart small" viewBox="0 0 {} 24" width="{}" height="24" role="img" aria-label="{}">'
        '<line class="c-grid" x1="0" y1="23.5" x2="{}" y2="23.5"/>{}</svg>',
        *(len(use.values) * 5, len(use.values) * 5, label, len(use.values) * 5),
        mark_safe("".join(bars)),  # noqa: S308 - numbers only
    )


def _spark_bar(at: int, value: int, top: int) -> str:
    high = max(1.0, 22 * value / top)
    return f'<rect class="c-actual" x="{at * 5}" y="{23.5 - high:.1f}" width="3.5" height="{high:.1f}"/>'


def daily_bars(use: AppUse, label: str) -> SafeString:
    """Closed days solid, provisional ones hatched, gaps and held-back days as dotted ground, zeros as zeros."""
    top = _nice_top(max((value or 0 for value in use.values), default=0))
    parts = [HATCH, *_scale(top), *_bars(use, top), *_day_labels(use.days)]
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        *(WIDTH, HEIGHT, label),
        mark_safe("".join(parts)),  # noqa: S308 - every text is escaped where it is made
    )


def _nice_top(most: int) -> int:
    power = 1
    while True:
        for step in STEPS:
            if step * power >= max(most, 2):
                return step * power
        power *= 10


def _y(value: float, top: int) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top)


def _scale(top: int) -> Iterator[str]:
    for value in (0, top / 2, top):
        y = _y(value, top)
        kind = "c-axis" if value == 0 else "c-grid"
        yield f'<line class="{kind}" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH}" y2="{y:.1f}"/>'
        if value == int(value):
            text = format_html("{}", num(int(value)))
            yield f'<text class="t-axis" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>'


def _bars(use: AppUse, top: int) -> Iterator[str]:
    pitch = (WIDTH - LEFT) / max(len(use.days), 1)
    for at, (day, value, state) in enumerate(zip(use.days, use.values, use.states, strict=True)):
        x, width = LEFT + at * pitch + pitch * 0.14, pitch * 0.72
        yield _bar(x, width, value, state, top, _title(day, value, state))


def _bar(x: float, width: float, value: int | None, state: str, top: int, title: str) -> str:
    base = _y(0, top)
    if value is None:
        kind = f'class="c-missing" x="{x:.1f}" y="{base - 10:.1f}" width="{width:.1f}" height="10"'
    elif value == 0:
        kind = f'class="c-before" x="{x:.1f}" y="{base - 1.5:.1f}" width="{width:.1f}" height="1.5"'
    else:
        y = _y(value, top)
        paint = 'class="c-estimate" fill="url(#hatch)"' if state == "provisional" else 'class="c-actual"'
        kind = f'{paint} x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{base - y:.1f}"'
    return f"<rect {kind}><title>{title}</title></rect>"


def state_word(state: str, value: int | None = None) -> Any:
    words = {
        "missing": _("no data"),
        "hidden": _("not shown: fewer than five people"),
        "provisional": _("provisional"),
        "closed": _("closed"),
        "restated": _("restated"),
    }
    return words[state] if value is not None or state in ("missing", "hidden") else _("not reported")


def _title(day: date, value: int | None, state: str) -> SafeString:
    told = f"{num(value)}, " if value is not None else ""
    return format_html("{}: {}{}", day.isoformat(), told, state_word(state, value))


def _day_labels(days: Sequence[date]) -> Iterator[str]:
    pitch = (WIDTH - LEFT) / max(len(days), 1)
    for at, day in enumerate(days):
        if day.weekday() != 0 or at % 14 >= 7:
            continue
        x = LEFT + at * pitch
        yield f'<text class="t-axis" x="{x:.1f}" y="{HEIGHT - 6}">{format_html("{}", _short(day))}</text>'


def _short(day: date) -> str:
    return date_format(day, "n月j日" if (get_language() or "").startswith("zh") else "j M")
