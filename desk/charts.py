"""Threads between the two lanes of a journey, as server SVG: equal boxes joined, reordering shows as crossing lines."""

from __future__ import annotations

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from desk.selectors.journey import Journey, Reading

PLACE = 100  # width of one place; the drawing is stretched over the lanes, so only order matters
HEIGHT = 76


def threads(journey: Journey) -> SafeString:
    """From each box that happened down to its place in the recommended order."""
    places = {b.code: i for i, b in enumerate(journey.boxes)}
    lines = [(_thread(i, places[b.code], b),) for i, b in enumerate(journey.happened)]
    label = _("Lines from what happened to the recommended order; %(n)s pairs cross.") % {"n": journey.crossings}
    return format_html(
        '<svg class="chart threads" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        *(len(places) * PLACE, HEIGHT, label),
        format_html_join("", "{}", lines),
    )


def _thread(above: int, below: int, box: Reading) -> SafeString:
    x, y = above * PLACE + PLACE // 2, below * PLACE + PLACE // 2
    kind = "c-actual" if box.state == "done" else "c-before dashed"
    return format_html(
        '<path class="line {}" vector-effect="non-scaling-stroke" d="M{} 0C{} {} {} {} {} {}"/>',
        kind, x, x, HEIGHT * 0.55, y, HEIGHT * 0.45, y, HEIGHT,
    )  # fmt: skip
