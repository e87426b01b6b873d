"""Tags and filters every page shares: dates, numbers, icons, the evidence mark, table rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.forms import BoundField
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from foundation.bilingual import pick
from foundation.kit import Cell, Row

register = template.Library()

THIN = "\u202f"  # narrow no-break space before a unit
MISSING = "–"
WHOLE_PERCENT_BELOW = 200  # records; a decimal would claim more than so few can carry

TONE_ICONS = {
    "ok": "disc-check", "good": "arrow-right", "warn": "triangle-alert", "bad": "circle-alert", "seal": "stamp",
    "open": "circle", "blocked": "ban", "info": "info", "plain": "",
}  # fmt: skip
GRADE_WORDS = {
    "guess": _("Guess"),
    "estimate": _("Estimate"),
    "early": _("Early"),
    "measured": _("Measured"),
}
BOX_ICONS = {"done": "check", "current": "stamp", "blocked": "lock", "skipped": "minus", "open": "circle"}


def _chinese() -> bool:
    return (get_language() or "").startswith("zh")


def _local(value: Any) -> Any:
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


# --- dates -------------------------------------------------------------------------------------------------------


@register.filter
def day(value: date | datetime | None) -> str:
    if not value:
        return MISSING
    return date_format(_local(value), "Y年n月j日" if _chinese() else "j M Y")


@register.filter
def weekday(value: date | datetime | None) -> str:
    if not value:
        return MISSING
    return date_format(_local(value), "n月j日 l" if _chinese() else "l j F")


@register.filter
def iso(value: date | datetime | None) -> str:
    if not value:
        return MISSING
    value = _local(value)
    return value.strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else value.isoformat()


@register.filter
def moment(value: datetime | None) -> str:
    if not value:
        return MISSING
    local = _local(value)
    zone = local.tzname() or ""
    return f"{day(local)}{' ' if _chinese() else ', '}{local:%H:%M} {zone}".rstrip()


@register.filter
def relative(value: date | datetime | None) -> str:
    """Only beside an absolute date."""
    if not value:
        return ""
    local = _local(value)
    then = local.date() if isinstance(local, datetime) else local
    days = (then - timezone.localdate()).days
    if days == 0:
        return gettext("today")
    size = abs(days)
    if size < 15:
        text = (
            ngettext("in %(n)s day", "in %(n)s days", size)
            if days > 0
            else ngettext("%(n)s day ago", "%(n)s days ago", size)
        )
        return text % {"n": size}
    weeks = round(size / 7)
    text = (
        ngettext("in %(n)s week", "in %(n)s weeks", weeks)
        if days > 0
        else ngettext("%(n)s week ago", "%(n)s weeks ago", weeks)
    )
    return text % {"n": weeks}


@register.simple_tag
def when(value: date | datetime | None) -> SafeString | str:
    if not value:
        return MISSING
    exact = moment(value) if isinstance(value, datetime) else iso(value)
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact, day(value))


# --- numbers -----------------------------------------------------------------------------------------------------


@register.filter
def num(value: Any, decimals: int | None = None) -> str:
    """1,234.5 in both languages, a true minus, a dash where nothing was recorded."""
    if value is None or value == "":
        return MISSING
    if not isinstance(value, (int, float, Decimal)):
        return str(value)
    if decimals is None:
        text = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}".removesuffix(".0")
    else:
        text = f"{value:,.{int(decimals)}f}"
    return text.replace("-", "−")


@register.filter
def unit(value: Any, name: Any) -> str:
    text = num(value)
    return text if text == MISSING or not name else f"{text}{THIN}{name}"


@register.filter
def pct(share: float | None, n: int | None = None) -> str:
    """A share as percent; decimals only where enough records carry them."""
    if share is None:
        return MISSING
    return f"{num(float(share) * 100, 1 if n is not None and n >= WHOLE_PERCENT_BELOW else 0)}{THIN}%"


@register.simple_tag
def span(low: Any, high: Any, name: Any = "") -> str:
    text = gettext("%(low)s to %(high)s") % {"low": num(low), "high": num(high)}
    return f"{text}{THIN}{name}" if name else text


@register.filter
def initials(name: Any) -> str:
    words = str(name or "").split()
    if not words:
        return "?"
    return "".join(w[0] for w in (words[0], words[-1])[: len(words)]).upper()


# --- marks -------------------------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, size: int | None = None, label: Any = "") -> SafeString | str:
    if not name:
        return ""
    named = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')  # noqa: S308
    sized = format_html(' width="{0}" height="{0}"', size) if size else ""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24"{} {}><use href="{}#{}"></use></svg>',
        sized,
        named,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def glyph(tone: str, override: str = "") -> SafeString | str:
    return icon("" if override == "none" else override or TONE_ICONS.get(tone, ""))


@register.simple_tag
def box_icon(state: str) -> SafeString | str:
    return icon(BOX_ICONS.get(state, ""))


@register.simple_tag
def evidence(grade: Any) -> SafeString | str:
    """The one mark a number carries."""
    grade = str(grade or "")
    if grade not in GRADE_WORDS:
        return ""
    return format_html('<span class="ev {}">{}{}</span>', grade, icon(f"e-{grade}"), GRADE_WORDS[grade])


# --- tables and links --------------------------------------------------------------------------------------------


@register.simple_tag
def table_rows(rows: Iterable[Any]) -> SafeString:
    """Rows as one string: a component per cell would cost 0.1 ms each."""
    return mark_safe("".join(_row(r) for r in rows))  # noqa: S308 (each part is escaped below)


def _row(row: Any) -> str:
    cells = row.cells if isinstance(row, Row) else row
    start = "<tr"
    if isinstance(row, Row) and row.id:
        start += format_html(' id="{}"', row.id)
    if isinstance(row, Row) and row.tone:
        start += format_html(' class="t-{}"', row.tone)
    return f"{start}>{''.join(_cell(c) for c in cells)}</tr>"


def _cell(cell: Any) -> str:
    if not isinstance(cell, Cell):
        cell = Cell(cell, num=isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool))
    words = _words(cell.text)
    if cell.grade:
        words = format_html("{}{}", words if cell.text != "" else "", evidence(cell.grade))
    elif cell.tone:
        words = format_html('<span class="tag t-{}">{}{}</span>', cell.tone, glyph(cell.tone, cell.icon or ""), words)
    elif cell.icon:
        words = format_html("{} {}", icon(cell.icon), words)
    if cell.href:
        words = format_html('<a href="{}">{}</a>', cell.href, words)
    sub = format_html("<small>{}</small>", cell.sub) if cell.sub else ""
    extra = ' class="n"' if cell.num else ' class="nowrap"' if isinstance(cell.text, date) else ""
    extra += format_html(' lang="{}"', cell.lang) if cell.lang else ""
    return f"<td{extra}>{words}{sub}</td>"


def _words(value: Any) -> SafeString | str:
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, (int, float, Decimal)):
        return num(value)
    if isinstance(value, (date, datetime)):
        return iso(value)
    return format_html("{}", value)


@register.simple_tag(takes_context=True)
def query_with(context: Context, **changes: Any) -> str:
    """`?…` of this address with some parameters set, or taken out by None."""
    request = context.get("request")
    query = request.GET.copy() if request else _empty_query()
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
        else:
            query[key] = value
    return f"?{query.urlencode()}" if query else "?"


def _empty_query() -> Any:
    from django.http import QueryDict

    return QueryDict(mutable=True)


@register.simple_tag
def widget(field: BoundField, help_text: Any = "") -> SafeString:
    """The field's control; describes itself by a help text given in the template, too."""
    attrs: dict[str, Any] = {}
    if help_text and not field.help_text:
        ids = [f"{field.auto_id}_helptext"] + ([f"{field.auto_id}_error"] if field.errors else [])
        attrs["aria-describedby"] = " ".join(ids)
    return field.as_widget(attrs=attrs)


@register.filter
def input_kind(field: BoundField) -> str:
    return getattr(field.field.widget, "input_type", None) or type(field.field.widget).__name__.lower()


@register.filter
def said(texts: Any) -> str:
    """From `{"en": …, "zh": …}` what the reader's language says."""
    return pick(texts) if texts else ""


@register.filter
def words_of(value: Any) -> list[str]:
    """`"csv,xlsx"` as a list."""
    return [w.strip() for w in str(value or "").split(",") if w.strip()]


# --- small drawings without a style attribute --------------------------------------------------------------------


@register.simple_tag
def tally(held: int, failed: int, undecided: int) -> SafeString:
    step, x, parts = 13, 0, []
    for kind, count in (("held", held), ("not-held", failed), ("undecided", undecided)):
        for _i in range(int(count or 0)):
            parts.append(_tally_box(kind, x))
            x += step
    label = gettext("%(held)s held, %(failed)s did not hold, %(open)s open") % {
        "held": held or 0,
        "failed": failed or 0,
        "open": undecided or 0,
    }
    return format_html(
        '<svg class="tally" viewBox="0 0 {0} 12" width="{0}" height="12" role="img" aria-label="{1}">{2}</svg>',
        max(x - 3, 10),
        label,
        format_html_join("", "{}", ((p,) for p in parts)),
    )


def _tally_box(kind: str, x: int) -> SafeString:
    if kind == "held":
        return format_html('<rect class="held" x="{}" y="1" width="10" height="10" rx="2"/>', x)
    box = format_html('<rect class="{}" x="{}" y="1.8" width="8.4" height="8.4" rx="2"/>', kind, x + 0.8)
    if kind == "not-held":
        return format_html('{}<path class="not-held" d="M{} 4l4 4m0-4l-4 4"/>', box, x + 3)
    return box


@register.simple_tag
def timebox(weeks: int, done: int, label: Any = "") -> SafeString:
    """Weeks passed, the one that runs, weeks left; stretched over the full width."""
    weeks, done = max(int(weeks or 1), 1), int(done or 0)
    parts = [
        format_html(
            '<rect class="{}" x="{}" y="0" width="97" height="6"/>',
            "done" if i < done else "now" if i == done else "rest",
            i * 100,
        )
        for i in range(weeks)
    ]
    return format_html(
        '<svg class="timebox-bar" viewBox="0 0 {} 6" preserveAspectRatio="none" role="img" aria-label="{}"><defs>'
        '<pattern id="tb-now" width="7" height="6" patternUnits="userSpaceOnUse" patternTransform="skewX(-24)">'
        '<rect class="now-ground" width="7" height="6"/><rect class="now-stripe" width="4" height="6"/>'
        "</pattern></defs>{}</svg>",
        weeks * 100 - 3,
        label or gettext("Week %(done)s of %(weeks)s") % {"done": min(done, weeks), "weeks": weeks},
        format_html_join("", "{}", ((p,) for p in parts)),
    )


@register.filter
def place(week: Any, weeks: Any) -> int:
    """Where a week stands on the bar, in 24ths."""
    return max(0, min(24, round(24 * float(week) / max(float(weeks or 1), 1))))


@register.simple_tag
def certainty(
    value: float, low: float, high: float, bar: float | None = None, name: str = "%", start: Any = None, end: Any = None
) -> SafeString:
    """The likely range on one axis, with the bar that was agreed before."""
    start, end = _ends([v for v in (value, low, high, bar) if v is not None], start, end)

    def x(v: float) -> float:
        return round(16 + 264 * (v - start) / (end - start), 1)

    label = gettext("%(value)s, likely %(low)s to %(high)s.") % {
        "value": unit(value, name), "low": num(low), "high": unit(high, name),
    }  # fmt: skip
    parts = [_tick(x(v), unit(v, name)) for v in _ticks(start, end)]
    if bar is not None:
        agreed = gettext("Agreed bar %(bar)s") % {"bar": unit(bar, name)}
        label = f"{label} {agreed}."
        parts.append(_agreed(x(bar), agreed))
    parts.append(
        format_html(
            '<rect class="c-band" x="{}" y="37" width="{}" height="14" rx="7"/><circle class="c-accent" cx="{}" cy="44"'
            ' r="6.5"/><text class="t-big" x="{}" y="28" text-anchor="middle">{}</text>'
            '<text x="{}" y="86" text-anchor="middle">{}</text>',
            x(low),
            max(x(high) - x(low), 2),
            x(value),
            x(value),
            unit(value, name),
            min(max((x(low) + x(high)) / 2, 40), 256),
            span(low, high, name),
        )  # fmt: skip
    )
    return format_html(
        '<svg class="chart small" viewBox="0 0 296 92" role="img" aria-label="{}">'
        '<line class="c-axis" x1="16" x2="280" y1="44" y2="44"/>{}</svg>',
        label,
        format_html_join("", "{}", ((p,) for p in parts)),
    )


def _ends(values: list[float], start: Any, end: Any) -> tuple[float, float]:
    low = float(start) if start not in (None, "") else min(0.0, *values)
    high = float(end) if end not in (None, "") else max(0.0, *values)
    grid = _grid(max(high - low, 1e-9))
    low = low if start not in (None, "") else grid * (low // grid)
    high = high if end not in (None, "") else grid * (-(-high // grid) + (high % grid > 0.6 * grid))
    return low, high if high > low else low + grid


def _grid(width: float) -> float:
    """A round step that gives three to six ticks."""
    magnitude = 10.0 ** (len(str(int(width))) - 1 if width >= 1 else -1)
    return next(magnitude * f for f in (0.1, 0.2, 0.5, 1, 2, 5, 10) if width / (magnitude * f) <= 5)


def _ticks(start: float, end: float) -> list[float]:
    step = _grid(end - start)
    return [round(start + i * step, 6) for i in range(int((end - start) / step + 1e-6) + 1)]


def _tick(x: float, text: str) -> SafeString:
    return format_html(
        '<line class="c-axis" x1="{0}" x2="{0}" y1="41" y2="47"/>'
        '<text class="t-axis" x="{0}" y="64" text-anchor="middle">{1}</text>',
        x,
        text,
    )


def _agreed(x: float, text: str) -> SafeString:
    return format_html(
        '<line class="c-bar-agreed" x1="{0}" x2="{0}" y1="20" y2="49"/>'
        '<text class="t-label" x="{1}" y="13" text-anchor="middle">{2}</text>',
        x,
        min(max(x, 52), 244),
        text,
    )


@register.filter
def unlocalized(value: Any) -> str:
    """A number for an attribute: no separators whatever the language."""
    return "" if value is None else str(value)
