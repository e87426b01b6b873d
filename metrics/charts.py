"""Server SVG from one helper with two palettes, and the Plotly figure of the same data.

`screen` paints by class, so that a theme decides; `print` writes literal colours, because a PDF renderer knows no
variables. Every text is escaped where it enters the picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

MAX_DOTS = 300
HOUR, DAY = 60, 1440  # minutes
THIN = "\u202f"

SCREEN = {
    "actual": 'class="c-actual"',
    "before": 'class="c-before"',
    "plan": 'class="c-plan"',
    "ground": 'class="c-ground"',
    "grid": 'class="c-grid"',
    "axis": 'class="c-axis"',
    "base": 'class="c-base"',
    "accent": 'class="c-accent"',
    "bad": 'class="c-bad"',
    "band": 'class="c-band"',
    "bar": 'class="c-bar-agreed"',
    "missing": 'class="c-missing"',
    "line-actual": 'class="line c-actual"',
    "line-before": 'class="line c-before"',
    "line-accent": 'class="line c-accent"',
    "median": 'class="line c-seal dashed"',
    "t-axis": 'class="t-axis"',
    "t-label": 'class="t-label"',
    "t-note": 'class="t-note"',
    "t-mark": 'class="t-mark"',
    "t-value": 'class="t-value"',
    "t-text": "",
}
INK, INK_2, INK_3, PY, SEAL, LINE, LINE_2 = "#16212b", "#435060", "#626c77", "#887e69", "#b3331c", "#e0dbcf", "#8f8776"
ACCENT, BAD, SUNKEN = "#0d5868", "#b4480c", "#efece3"
_DASH = 'stroke-dasharray="5 4" stroke-width="1.4"'
PRINT = {
    "actual": f'fill="{INK}"',
    "before": f'fill="{PY}"',
    "plan": f'fill="none" stroke="{INK_2}" stroke-width="1.4"',
    "ground": f'fill="{SUNKEN}"',
    "grid": f'stroke="{LINE}" stroke-width="1"',
    "axis": f'stroke="{LINE_2}" stroke-width="1"',
    "base": f'stroke="{INK}" stroke-width="1.2"',
    "accent": f'fill="{ACCENT}"',
    "bad": f'fill="{BAD}"',
    "band": f'fill="{ACCENT}" fill-opacity="0.28"',
    "bar": f'stroke="{INK}" stroke-width="1.6" stroke-dasharray="3 3"',
    "missing": f'fill="none" stroke="{LINE_2}" stroke-dasharray="2 3"',
    "line-actual": f'fill="none" stroke="{INK}" stroke-width="2.2" stroke-linejoin="round"',
    "line-before": f'fill="none" stroke="{INK_3}" stroke-width="2.2" stroke-linejoin="round"',
    "line-accent": f'fill="none" stroke="{ACCENT}" stroke-width="2.2" stroke-linejoin="round"',
    "median": f'fill="none" stroke="{SEAL}" {_DASH}',
    "t-axis": f'font-size="11" fill="{INK_3}"',
    "t-label": f'font-size="11.5" font-weight="600" fill="{INK}"',
    "t-note": f'font-size="11" fill="{INK_3}"',
    "t-mark": f'font-size="12" font-weight="650" fill="{SEAL}"',
    "t-value": f'font-size="12" font-weight="650" fill="{INK}"',
    "t-text": f'font-size="12" fill="{INK_2}"',
}
PALETTES = {"screen": SCREEN, "print": PRINT}


class Canvas:
    """Collects shapes; `svg()` is the one place where they become safe markup."""

    def __init__(self, width: int, height: int, label: str, *, palette: str = "screen", css: str = "chart") -> None:
        self.width, self.height, self.label, self.css = width, height, label, css
        self.paint, self.is_screen = PALETTES[palette], palette == "screen"
        self.parts: list[str] = []

    def rect(self, kind: str, x: float, y: float, width: float, height: float) -> None:
        size = f'width="{_n(max(width, 0))}" height="{_n(max(height, 0))}"'
        self.parts.append(f'<rect {self.paint[kind]} x="{_n(x)}" y="{_n(y)}" {size}/>')

    def line(self, kind: str, x1: float, y1: float, x2: float, y2: float) -> None:
        self.parts.append(f'<line {self.paint[kind]} x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"/>')

    def dot(self, kind: str, x: float, y: float, radius: float = 3, title: str = "") -> None:
        inner = f"<title>{escape(title)}</title>" if title else ""
        self.parts.append(f'<circle {self.paint[kind]} cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}">{inner}</circle>')

    def path(self, kind: str, points: Sequence[tuple[float, float]]) -> None:
        if len(points) > 1:
            text = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
            self.parts.append(f'<polyline {self.paint[kind]} points="{text}"/>')

    def text(self, kind: str, x: float, y: float, words: Any, anchor: str = "start") -> None:
        where = f'x="{_n(x)}" y="{_n(y)}"' + (f' text-anchor="{anchor}"' if anchor != "start" else "")
        self.parts.append(f"<text {self.paint[kind]} {where}>{escape(str(words))}</text>")

    def svg(self, element_id: str = "") -> SafeString:
        own = f' id="{element_id}"' if element_id else ""
        look = f'class="{self.css}"' if self.is_screen else 'font-family="Inter, Noto Sans CJK SC, sans-serif"'
        head = (
            f'<svg{own} {look} viewBox="0 0 {self.width} {self.height}" role="img" aria-label={quoteattr(self.label)}>'
        )
        return mark_safe(f"{head}{''.join(self.parts)}</svg>")  # noqa: S308 (every text was escaped on entering)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


# --- scales and units --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """The unit a picture speaks in: minutes, hours or days, one for all of it."""

    per: float
    word: str

    def show(self, minutes: float) -> str:
        value = minutes / self.per
        text = f"{value:,.1f}" if value < 10 else f"{value:,.0f}"
        return f"{text.removesuffix('.0')}{THIN}{self.word}"


def unit_for(top: float) -> Measured:
    if top < 600:
        return Measured(1, _("min"))
    return Measured(HOUR, _("h")) if top < 72 * HOUR else Measured(DAY, _("days"))


def ticks(top: float) -> list[float]:
    """Round steps from zero past the highest value, three to six of them."""
    if top <= 0:
        return [0, 1]
    raw = top / 4
    magnitude = 10 ** math.floor(math.log10(raw))
    step = next(magnitude * f for f in (1, 2, 2.5, 3, 5, 6, 10) if magnitude * f >= raw)
    return [step * i for i in range(math.ceil(top / step - 1e-9) + 1)]


def _tick_text(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


# --- dots by week ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Week:
    number: int  # −8 … −1 before, 1 … in the pilot
    monday: date
    values: list[float]  # minutes
    n: int
    median: float | None
    period: str  # baseline, ramp, pilot


@dataclass(frozen=True)
class Note:
    week: int  # index from the first week drawn
    title: str
    sub: str


@dataclass(frozen=True)
class WeeklyPlot:
    """Single cases by week. Medians are None wherever they may not be shown."""

    weeks: list[Week]
    median_before: float | None = None
    median_pilot: float | None = None
    notes: list[Note] = field(default_factory=list)
    label: str = ""

    @property
    def top(self) -> float:
        return max((v for w in self.weeks for v in w.values), default=0)

    @property
    def first_pilot(self) -> int:
        return next((i for i, w in enumerate(self.weeks) if w.period != "baseline"), len(self.weeks))

    @property
    def has_dots(self) -> bool:
        return any(w.values for w in self.weeks)


TOP, BOTTOM = 16.0, 294.0


@dataclass(frozen=True)
class Sheet:
    """How wide a picture is drawn. A phone gets its own drawing: text that is scaled down cannot be read."""

    width: int
    left: float
    right: float
    weeks_named: int  # at most; the others have no number below
    says_all: bool  # notes with their second line and whole title


WIDE, NARROW = Sheet(900, 42, 886, 26, True), Sheet(360, 34, 352, 9, False)
SHORT = 26  # characters of a note's title on a phone


class _Weekly:
    def __init__(self, plot: WeeklyPlot, palette: str, sheet: Sheet) -> None:
        self.plot, self.sheet = plot, sheet
        self.left, self.right = sheet.left, sheet.right
        self.canvas = Canvas(sheet.width, 318, plot.label, palette=palette)
        self.unit = unit_for(plot.top)
        # Room for the notes above the highest dot.
        room = 1.18 if plot.notes else 1.04
        self.grid = ticks(max(plot.top * room, 1) / self.unit.per)
        self.step = (self.right - self.left) / max(len(plot.weeks), 1)

    def x(self, week: float) -> float:
        return self.left + (week + 0.5) * self.step

    def y(self, minutes: float) -> float:
        return BOTTOM - minutes / self.unit.per / self.grid[-1] * (BOTTOM - TOP)

    def draw(self, element_id: str) -> SafeString:
        self.ground()
        self.dots()
        self.medians()
        self.notes()
        return self.canvas.svg(element_id)

    def ground(self) -> None:
        edge = self.left + self.plot.first_pilot * self.step
        self.canvas.rect("ground", self.left, TOP - 8, edge - self.left, BOTTOM - TOP + 8)
        for value in self.grid:
            height = self.y(value * self.unit.per)
            self.canvas.line("grid", self.left, height, self.right, height)
            self.canvas.text("t-axis", self.left - 8, height + 4, _tick_text(value), "end")
        every = math.ceil(len(self.plot.weeks) / self.sheet.weeks_named)
        for index, week in enumerate(self.plot.weeks):
            if (index - self.plot.first_pilot) % every == 0:
                self.canvas.text("t-axis", self.x(index), BOTTOM + 18, f"{week.number}".replace("-", "−"), "middle")

    def dots(self) -> None:
        kinds = {"baseline": "before", "ramp": "plan", "pilot": "actual"}
        for index, week in enumerate(self.plot.weeks):
            for order, value in enumerate(week.values):
                # A fixed spread: the same data always gives the same picture.
                shift = ((order * 0.618034) % 1 - 0.5) * min(self.step * 0.55, 26)
                self.canvas.dot(kinds[week.period], self.x(index) + shift, self.y(value), 3)

    def medians(self) -> None:
        for period, kind in (("baseline", "line-before"), ("pilot", "line-actual")):
            for run in _runs(self.plot.weeks, period):
                self.canvas.path(kind, [(self.x(i), self.y(m)) for i, m in run])
        edge = self.left + self.plot.first_pilot * self.step
        self.level(self.plot.median_before, self.left, edge)
        self.level(self.plot.median_pilot, edge, self.right)
        if self.plot.median_before is not None:
            self.canvas.text("t-mark", self.left + 8, TOP + 6, self.before_words())
        if self.plot.median_pilot is not None:
            words = _("Pilot: median %(value)s") % {"value": self.unit.show(self.plot.median_pilot)}
            self.canvas.text("t-mark", self.right - 4, self.mark_height(), words, "end")

    def before_words(self) -> str:
        if self.plot.median_before is None:
            return ""
        return _("Before: median %(value)s") % {"value": self.unit.show(self.plot.median_before)}

    def mark_height(self) -> float:
        """Above the last weeks' dots, so that the words stand on clear ground."""
        late = [v for w in self.plot.weeks[-3:] for v in w.values]
        return max(self.y(max([*late, self.plot.median_pilot or 0])) - 14, TOP + 6)

    def level(self, value: float | None, start: float, end: float) -> None:
        if value is not None:
            self.canvas.line("median", start, self.y(value), end, self.y(value))

    def notes(self) -> None:
        # The words of the earlier median may reach over the ground they describe.
        taken = [(0, self.left, self.left + 12 + _width(self.before_words()) * 1.15)]
        for note in sorted(self.plot.notes, key=lambda n: n.week):
            self.note(note, taken)

    def note(self, note: Note, taken: list[tuple[int, float, float]]) -> None:
        title, sub = (note.title, note.sub) if self.sheet.says_all else (_shortened(note.title), "")
        width = max(_width(title) * 1.06, _width(sub)) + 8
        x, turned = self.x(note.week), self.x(note.week) + width > self.right + 8
        start, end = (x - width, x) if turned else (x, x + width)
        row = next((r for r in range(4) if not any(r == t and start < b and a < end for t, a, b in taken)), 3)
        taken.append((row, start, end))
        anchor, at, top = "end" if turned else "start", x + (-5 if turned else 5), TOP + 6 + row * 32
        highest = max(self.plot.weeks[note.week].values, default=0)
        self.canvas.line("axis", x, top - 8, x, max(self.y(highest) - 6, top + 16))
        self.canvas.text("t-label", at, top, title, anchor)
        if sub:
            self.canvas.text("t-note", at, top + 13, sub, anchor)


def _runs(weeks: Sequence[Week], period: str) -> Iterable[list[tuple[int, float]]]:
    """Unbroken stretches of weekly medians: a week without a case breaks the line."""
    run: list[tuple[int, float]] = []
    for index, week in enumerate(weeks):
        if week.period == period and week.median is not None:
            run.append((index, week.median))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _width(text: str) -> float:
    return sum(12 if ord(c) > 0x2E7F else 5.6 for c in text)


def _shortened(title: str) -> str:
    return title if len(title) <= SHORT else f"{title[: SHORT - 1].rstrip()}…"


def weekly_dots_svg(
    plot: WeeklyPlot, *, palette: str = "screen", element_id: str = "", sheet: Sheet = WIDE
) -> SafeString:
    return _Weekly(plot, palette, sheet).draw(element_id)


def weekly_counts_svg(
    plot: WeeklyPlot, *, palette: str = "screen", element_id: str = "", sheet: Sheet = WIDE
) -> SafeString:
    """Cases a week as bars: for weeks too full for dots, and whenever single values may not be shown."""
    canvas, left, right = Canvas(sheet.width, 230, plot.label, palette=palette), sheet.left, sheet.right
    grid = ticks(max((w.n for w in plot.weeks), default=1))
    step, floor = (right - left) / max(len(plot.weeks), 1), 200.0
    canvas.rect("ground", left, TOP - 8, plot.first_pilot * step, floor - TOP + 8)
    for value in grid:
        height = floor - value / grid[-1] * (floor - TOP)
        canvas.line("grid", left, height, right, height)
        canvas.text("t-axis", left - 8, height + 4, _tick_text(value), "end")
    every = math.ceil(len(plot.weeks) / sheet.weeks_named)
    for index, week in enumerate(plot.weeks):
        tall = week.n / grid[-1] * (floor - TOP)
        kind = {"baseline": "before", "ramp": "plan"}.get(week.period, "actual")
        canvas.rect(kind, left + (index + 0.2) * step, floor - tall, step * 0.6, tall)
        if (index - plot.first_pilot) % every == 0:
            canvas.text("t-axis", left + (index + 0.5) * step, floor + 18, f"{week.number}".replace("-", "−"), "middle")
    return canvas.svg(element_id)


# --- still open, by time since opening ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Curve:
    """Share still open by minutes since opening (Kaplan–Meier), with its n and how many are open still."""

    points: list[tuple[float, float]]
    n: int
    still_open: int


def steps_svg(
    before: Curve,
    pilot: Curve,
    label: str,
    *,
    palette: str = "screen",
    element_id: str = "",
    until: float = 0,
    sheet: Sheet = WIDE,
) -> SafeString:
    canvas = Canvas(sheet.width, 300, label, palette=palette)
    top = until or max([p[0] for c in (before, pilot) for p in c.points] or [1])
    unit, floor = unit_for(top), 262.0
    grid = [g for g in ticks(top / unit.per) if g * unit.per <= top * 1.001]
    for share in (0, 0.25, 0.5, 0.75, 1):
        height = floor - share * (floor - TOP)
        canvas.line("median" if share == 0.5 else "grid", sheet.left, height, sheet.right, height)
        canvas.text("t-axis", sheet.left - 6, height + 4, f"{share * 100:.0f}{THIN}%", "end")
    for value in grid:
        x = sheet.left + value * unit.per / top * (sheet.right - sheet.left)
        canvas.text("t-axis", x, floor + 18, f"{_tick_text(value)}{THIN}{unit.word}", "middle" if value else "start")
    for curve, kind in ((before, "line-before"), (pilot, "line-actual")):
        canvas.path(kind, _stairs(curve, top, floor, sheet))
    _curve_names(canvas, before, pilot, sheet)
    return canvas.svg(element_id)


def _stairs(curve: Curve, top: float, floor: float, sheet: Sheet) -> list[tuple[float, float]]:
    found, last = [(sheet.left, TOP)], TOP
    for minutes, share in curve.points:
        if minutes > top:
            break
        x, y = sheet.left + minutes / top * (sheet.right - sheet.left), floor - share * (floor - TOP)
        found += [(x, last), (x, y)]
        last = y
    return [*found, (sheet.right, last)]


def _curve_names(canvas: Canvas, before: Curve, pilot: Curve, sheet: Sheet) -> None:
    words = {"before": (_("Before"), before), "pilot": (_("Pilot"), pilot)}
    for row, (kind, (word, curve)) in enumerate(words.items()):
        y = TOP + 14 + row * 18
        canvas.rect("before" if kind == "before" else "actual", sheet.right - 190, y - 8, 14, 8)
        text = _("%(word)s: %(n)s opened, %(open)s still open") % {
            "word": word, "n": f"{curve.n:,}", "open": f"{curve.still_open:,}",
        }  # fmt: skip
        canvas.text("t-text", sheet.right - 170, y, text)


# --- small ones --------------------------------------------------------------------------------------------------


def dot_strip_svg(dots: Any, *, palette: str = "screen") -> SafeString:
    """Every case before and in the pilot on one scale, for charter pages; medians only when `dots` carries them."""
    top = max([*dots.before, *dots.pilot, 1])
    unit = unit_for(top)
    grid = ticks(top * 1.02 / unit.per)
    canvas = Canvas(420, 124, _strip_label(dots, unit), palette=palette)

    def x(minutes: float) -> float:
        return 56 + minutes / unit.per / grid[-1] * 350

    for value in grid:
        at = x(value * unit.per)
        canvas.line("grid", at, 14, at, 106)
        canvas.text("t-axis", at, 120, _tick_text(value), "middle")
    _strip_row(canvas, _("Before"), dots.before, dots.median_before, "before", 37, x, unit)
    _strip_row(canvas, _("Pilot"), dots.pilot, dots.median_pilot, "actual", 89, x, unit)
    return canvas.svg()


def _strip_row(
    canvas: Canvas, word: str, values: list[float], median: float | None, kind: str, y: float, x: Any, unit: Measured
) -> None:
    canvas.text("t-label", 0, y, word)
    canvas.text("t-note", 0, y + 13, f"n = {len(values)}")
    for at, offset in _stacked([x(value) for value in values]):
        canvas.dot(kind, at, y - 3 + offset, 2)
    if median is not None:
        canvas.line("median", x(median), y - 19, x(median), y + 13)
        canvas.text("t-mark", x(median), y - 22, unit.show(median), "middle")


def _stacked(places: Iterable[float], step: float = 4.6, most: int = 4) -> Iterator[tuple[float, float]]:
    """Dots side by side: each falls into a column and stands above or below those already there."""
    columns: dict[int, int] = {}
    for place in sorted(places):
        column = round(place / step)
        number = columns.get(column, 0)
        columns[column] = number + 1
        level = (number + 1) // 2 * (1 if number % 2 else -1)
        yield column * step, max(-most, min(most, level)) * 4.4


def _strip_label(dots: Any, unit: Measured) -> str:
    found = _("%(before)s cases before, %(pilot)s in the pilot.") % {
        "before": len(dots.before),
        "pilot": len(dots.pilot),
    }
    if dots.median_before is None or dots.median_pilot is None:
        return found
    medians = _("Median %(before)s before, %(pilot)s in the pilot.")
    return f"{found} " + medians % {"before": unit.show(dots.median_before), "pilot": unit.show(dots.median_pilot)}


def spark_svg(values: Sequence[float | None], first_pilot: int, label: str, *, palette: str = "screen") -> SafeString:
    """A line of weeks: before lighter, pilot dark; a week without a case is a gap."""
    canvas = Canvas(120, 28, label, palette=palette, css="chart small")
    known = [v for v in values if v is not None]
    top = max(known, default=1) or 1
    step = 116 / max(len(values) - 1, 1)

    def point(index: int, value: float) -> tuple[float, float]:
        return 2 + index * step, 25 - value / top * 21

    for kind, span in (("line-before", range(first_pilot)), ("line-actual", range(first_pilot, len(values)))):
        run: list[tuple[float, float]] = []
        for index in span:
            value = values[index]
            if value is None:
                canvas.path(kind, run)
                run = []
            else:
                run.append(point(index, value))
        canvas.path(kind, run)
        if len(run) == 1:
            canvas.dot("before" if kind == "line-before" else "actual", *run[0], 2)
    return canvas.svg()


@dataclass(frozen=True)
class Bar:
    label: str
    before: float | None
    pilot: float | None
    watched: bool = False  # human review: drawn apart, it grows on purpose


def bars_svg(rows: Sequence[Bar], label: str, *, palette: str = "screen") -> SafeString:
    """Minutes before and in the pilot, a pair of bars a row, from zero."""
    canvas = Canvas(400, 44 * len(rows) + 4, label, palette=palette)
    top = max([v for r in rows for v in (r.before, r.pilot) if v is not None] or [1]) or 1
    left, width = 168.0, 180.0
    for index, row in enumerate(rows):
        y = index * 44.0
        canvas.text("t-label", 0, y + 26, row.label)
        for value, kind, at, height in (
            (row.before, "before", y + 8, 11),
            (row.pilot, "bad" if row.watched else "actual", y + 22, 14),
        ):
            shown = "–" if value is None else _tick_text(round(value, 1) if value < 10 else round(value))
            long = (value or 0) / top * width
            canvas.rect(kind, left, at, long, height)
            canvas.text("t-axis" if kind == "before" else "t-value", left + long + 6, at + height - 2, shown)
    canvas.line("base", left, 0, left, 44.0 * len(rows) + 2)
    return canvas.svg()


def range_svg(
    low: float, high: float, bar: float | None, unit: str, label: str, *, palette: str = "screen"
) -> SafeString:
    """The plausible range without a headline number: for answers that span no change."""
    canvas = Canvas(296, 86, label, palette=palette, css="chart small")
    ends = [v for v in (low, high, bar, 0.0) if v is not None]
    start, end = min(ends), max(ends)
    pad = (end - start or 1) * 0.12

    def x(value: float) -> float:
        return 16 + 264 * (value - start + pad) / (end - start + 2 * pad)

    canvas.line("axis", 16, 44, 280, 44)
    canvas.line("base", x(0), 34, x(0), 54)
    canvas.text("t-axis", x(0), 66, _("no change"), "middle")
    canvas.rect("band", x(low), 37, x(high) - x(low), 14)
    canvas.text("t-axis", x(low), 30, f"{_signed(low)}{THIN}{unit}", "middle")
    canvas.text("t-axis", x(high), 30, f"{_signed(high)}{THIN}{unit}", "middle")
    if bar is not None:
        canvas.line("bar", x(bar), 30, x(bar), 56)
        canvas.text(
            "t-label",
            min(max(x(bar), 50), 246),
            12,
            _("Agreed bar %(bar)s") % {"bar": f"{_tick_text(bar)}{THIN}{unit}"},
            "middle",
        )
    return canvas.svg()


def _signed(value: float) -> str:
    return _tick_text(value).replace("-", "−")


def placebo_svg(
    values: Sequence[float],
    span: tuple[float, float] | None,
    mark: float | None,
    label: str,
    *,
    palette: str = "screen",
) -> SafeString:
    """What invented pilots in quiet history would have shown; `mark` is the effect that is claimed, if any."""
    canvas = Canvas(640, 84, label, palette=palette)
    known = [*values, *(span or ()), *([mark] if mark is not None else []), 0.0]
    low, high = min(known), max(known)
    pad = (high - low or 1) * 0.08
    low, high = low - pad, high + pad

    def x(value: float) -> float:
        return 20 + 600 * (value - low) / (high - low)

    if span:
        canvas.rect("ground", x(span[0]), 16, x(span[1]) - x(span[0]), 40)
    canvas.line("axis", 20, 36, 620, 36)
    canvas.line("base", x(0), 22, x(0), 50)
    canvas.text("t-axis", x(0), 70, _("no change"), "middle")
    for order, value in enumerate(values):
        canvas.dot("before", x(value), 36 + (order % 3 - 1) * 7, 3.2)
    for value in span or ():
        canvas.text("t-axis", x(value), 12, f"{_signed(round(value, 1))}{THIN}%", "middle")
    if mark is not None:
        canvas.dot("accent", x(mark), 36, 6)
    return canvas.svg()


# --- Plotly on top -----------------------------------------------------------------------------------------------


def weekly_figure(plot: WeeklyPlot) -> dict[str, Any]:
    """The same dots, lines and notes for the reader who wants to point at them. Colour words are the theme's."""
    import plotly.graph_objects as go

    unit = unit_for(plot.top)
    traces = [*_dot_traces(go, plot, unit), *_median_traces(go, plot, unit)]
    return {"data": traces, "layout": _layout(plot, unit)}


def _dot_traces(go: Any, plot: WeeklyPlot, unit: Measured) -> list[Any]:
    # A trace colour must pass the library's own check; the theme's word is put in afterwards.
    look: dict[str, tuple[Any, dict[str, Any], str]] = {
        "baseline": (_("Before"), {"size": 7}, "py"),
        "ramp": (_("Learning week"), {"size": 7, "symbol": "circle-open"}, "ink-2"),
        "pilot": (_("Pilot"), {"size": 7}, "ink-2"),
    }
    traces = []
    for period, (name, marker, colour) in look.items():
        points = [
            (i + ((order * 0.618034) % 1 - 0.5) * 0.5, v / unit.per, w)
            for i, w in enumerate(plot.weeks)
            if w.period == period
            for order, v in enumerate(w.values)
        ]
        if not points:
            continue
        scatter = go.Scatter(
            x=[p[0] for p in points],
            y=[round(p[1], 2) for p in points],
            customdata=[[p[2].number, p[2].monday.isoformat()] for p in points],
            mode="markers",
            name=name,
            hovertemplate=f"%{{y}} {unit.word}, %{{customdata[1]}}<extra>{escape(name)}</extra>",
        ).to_plotly_json()
        traces.append({**scatter, "marker": {**marker, "color": colour}})
    return traces


def _median_traces(go: Any, plot: WeeklyPlot, unit: Measured) -> list[Any]:
    traces = []
    for period, colour in (("baseline", "ink-3"), ("pilot", "ink")):
        for run in _runs(plot.weeks, period):
            line = go.Scatter(
                x=[i for i, _m in run],
                y=[round(m / unit.per, 2) for _i, m in run],
                mode="lines",
                name=_("Median of the week"),
                hovertemplate=f"%{{y}} {unit.word}<extra>{escape(_('Median of the week'))}</extra>",
            ).to_plotly_json()
            traces.append({**line, "line": {"color": colour, "width": 2.2}})
    return traces


def _layout(plot: WeeklyPlot, unit: Measured) -> dict[str, Any]:
    edge = plot.first_pilot - 0.5
    every = math.ceil(len(plot.weeks) / 26)
    shown = [i for i in range(len(plot.weeks)) if (i - plot.first_pilot) % every == 0]
    shapes: list[dict[str, Any]] = [
        {"type": "rect", "xref": "x", "yref": "paper", "x0": -0.5, "x1": edge, "y0": 0, "y1": 1,
         "fillcolor": "sunken", "line": {"width": 0}, "layer": "below"}
    ]  # fmt: skip
    for value, x0, x1 in ((plot.median_before, -0.5, edge), (plot.median_pilot, edge, len(plot.weeks) - 0.5)):
        if value is not None:
            level = round(value / unit.per, 3)
            shapes.append({"type": "line", "x0": x0, "x1": x1, "y0": level, "y1": level,
                           "line": {"color": "seal", "width": 1.4, "dash": "dash"}})  # fmt: skip
    top = max(plot.top * (1.18 if plot.notes else 1.04), 1) / unit.per
    shapes += _note_lines(plot, unit, top)
    return {
        "height": 350,
        "margin": {"l": 44, "r": 12, "t": 12, "b": 36},
        "hovermode": "closest",
        "xaxis": {"tickvals": shown, "ticktext": [f"{plot.weeks[i].number}".replace("-", "−") for i in shown],
                  "range": [-0.5, len(plot.weeks) - 0.5], "fixedrange": True},
        "yaxis": {"range": [0, ticks(top)[-1]], "tickvals": ticks(top), "fixedrange": True},
        "shapes": shapes,
        "annotations": [*_mark_words(plot, unit, top), *_note_words(plot, unit, top)],
    }  # fmt: skip


def _mark_words(plot: WeeklyPlot, unit: Measured, top: float) -> list[dict[str, Any]]:
    """The two medians in words, on the ground they describe."""
    found, high = [], ticks(top)[-1]
    bold = {"color": "seal", "size": 12, "weight": 650}
    if plot.median_before is not None:
        words = _("Before: median %(value)s") % {"value": unit.show(plot.median_before)}
        found.append({"text": escape(words), "x": -0.4, "y": high, "xanchor": "left", "yanchor": "top",
                      "showarrow": False, "font": bold})  # fmt: skip
    if plot.median_pilot is not None:
        words = _("Pilot: median %(value)s") % {"value": unit.show(plot.median_pilot)}
        late = [v for w in plot.weeks[-3:] for v in w.values]
        level = max([*late, plot.median_pilot]) / unit.per
        found.append({"text": escape(words), "x": len(plot.weeks) - 0.55, "y": min(level + high * 0.03, high),
                      "xanchor": "right", "yanchor": "bottom", "showarrow": False, "font": bold})  # fmt: skip
    return found


def _note_words(plot: WeeklyPlot, unit: Measured, top: float) -> list[dict[str, Any]]:
    """Title and second line as two plain texts: markup inside a text would need styles the policy forbids."""
    found, high = [], ticks(top)[-1]
    for row, note in enumerate(sorted(plot.notes, key=lambda n: n.week)):
        late = note.week > len(plot.weeks) * 0.8
        side = {"xanchor": "right" if late else "left", "align": "right" if late else "left"}
        level = high * (1 - 0.13 * (row % 4))
        shared = {"x": note.week, "yanchor": "top", "xshift": -5 if late else 5, "showarrow": False, **side}
        found.append(
            {**shared, "y": level, "text": escape(note.title), "font": {"size": 12, "color": "ink", "weight": 600}}
        )
        sub = {"size": 11, "color": "ink-3"}
        found.append({**shared, "y": level, "yshift": -14, "text": escape(note.sub), "font": sub})
    return found


def _note_lines(plot: WeeklyPlot, unit: Measured, top: float) -> list[dict[str, Any]]:
    """From each note down to the highest case of its week."""
    high = ticks(top)[-1]
    return [
        {"type": "line", "x0": note.week, "x1": note.week, "y0": high * (1 - 0.13 * (row % 4)),
         "y1": max(plot.weeks[note.week].values, default=0) / unit.per + high * 0.03,
         "line": {"color": "line-2", "width": 1}}
        for row, note in enumerate(sorted(plot.notes, key=lambda n: n.week))
    ]  # fmt: skip
