"""What the fragments of a workshop need beside their dict: text in the reader's language, the timer, small pictures.

Fragments are rendered without a request and shared, so nothing here asks who reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from foundation import bilingual, clock
from foundation.templatetags.house import num
from usecases.views.common import signed_words

register = template.Library()
COLUMN, GAP, IN_A_ROW = 33, 7, 4  # of the picture of dots
TRACK = 110  # pixels of the longest range of hours


@register.filter
def said(texts: Mapping[str, Any] | None) -> str:
    """In the reader's language, or in the only one there is."""
    return bilingual.pick(texts) if texts else ""


@register.filter
def also_said(texts: Mapping[str, Any] | None) -> str:
    """In the other language, if somebody wrote it."""
    others = {str(t) for t in (texts or {}).values() if t} - {said(texts)}
    return others.pop() if len(others) == 1 else ""


@register.filter
def signed(text: str) -> str:
    """“Name · role”, the role in the reader's language."""
    return signed_words(text)


@register.filter
def titles(clusters: Sequence[Mapping[str, Any]]) -> str:
    """Those of several items in one line."""
    return pgettext("between titles", "; ").join(said(cluster["title"]) for cluster in clusters)


@register.filter
def runs_out(until: datetime) -> str:
    """Minutes and seconds left, 0:00 once it ran out: the timer only tells."""
    left = max(0, int((until - clock.now()).total_seconds()))
    return f"{left // 60}:{left % 60:02d}"


@register.simple_tag
def join_place() -> str:
    """What people type: host and /j."""
    return urlsplit(settings.PUBLIC_URL).netloc + "/j"


@register.filter
def discs(turnout: Mapping[str, int]) -> list[bool]:
    """One a seat of the roll, those who voted first; too many to draw are told in words only."""
    return [n < turnout["voted"] for n in range(turnout["roll"])] if turnout["roll"] <= 60 else []


@register.filter
def first_split(items: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((item for item in items if item["split"]), None)


@register.simple_tag
def opposed(item: Mapping[str, Any]) -> str:
    """The two camps of a split item in one sentence."""
    counts = item["histogram"]
    words = {"many": sum(counts[-2:]), "high": len(counts) - 2, "none": counts[0]}
    return (
        _(
            "%(many)s gave it %(high)s points or more and %(none)s gave none. Hear one voice from each side; then vote "
            "again if you like."
        )
        % words
    )


@register.simple_tag
def vote_dots(item: Mapping[str, Any]) -> SafeString:
    """One dot a ballot above the points it gave; more than a column holds are a number."""
    counts = item["histogram"] or []
    columns = format_html_join("", "{}", [(_column(n, count),) for n, count in enumerate(counts)])
    told = [_("%(points)s: %(n)s") % {"points": n, "n": count} for n, count in enumerate(counts)]
    words = pgettext("between parts of a sentence", ", ").join(told)
    return format_html(
        '<svg class="dots" width="{}" height="46" role="img" aria-label="{}">{}</svg>',
        COLUMN * len(counts), _("Ballots by points: %(words)s") % {"words": words}, columns,
    )  # fmt: skip


def _column(points: int, count: int) -> SafeString:
    middle = COLUMN * points + COLUMN / 2
    under = format_html('<text x="{}" y="43" text-anchor="middle">{}</text>', middle, points)
    if count > 4 * IN_A_ROW:
        return format_html('{}<text class="many" x="{}" y="26" text-anchor="middle">{}</text>', under, middle, count)
    start = middle - GAP * (min(count, IN_A_ROW) - 1) / 2
    dots = [
        (f"{start + GAP * (n % IN_A_ROW):.1f}", f"{29 - GAP * (n // IN_A_ROW):.1f}", f"g{min(points, 4)}")
        for n in range(count)
    ]
    return format_html("{}{}", under, format_html_join("", '<circle cx="{}" cy="{}" r="2.7" class="{}"/>', dots))


@register.simple_tag
def hours_line(item: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> SafeString | str:
    """Low to high with the likely hours, on one scale for the whole table."""
    hours = item.get("hours")
    if not hours:
        return _("no size yet")
    low, likely, high = (Decimal(hours[p]) for p in ("low", "likely", "high"))
    most = max(Decimal(i["hours"]["high"]) for i in items if i.get("hours")) or Decimal(1)
    x = [f"{4 + float(v / most) * TRACK:.1f}" for v in (low, likely, high)]
    told = {"low": num(low), "likely": num(likely), "high": num(high)}
    return format_html(
        '<svg class="hours" width="180" height="22" role="img" aria-label="{}"><path class="track" d="M4 11H114"/>'
        '<path class="range" d="M{} 11H{}"/><circle cx="{}" cy="11" r="4.5"/><text x="124" y="16">{}</text></svg>',
        _("%(low)s to %(high)s hours a month, likely %(likely)s") % told, x[0], x[2], x[1],
        _("%(likely)s h") % told,
    )  # fmt: skip
