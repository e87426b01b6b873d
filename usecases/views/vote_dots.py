"""One dot a ballot over 0 … cap points, as a small picture with the same as words."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

WIDE, STEP, RADIUS, COLUMN = 5, 7, 2.8, 42  # dots a row, their distance, a column of one answer
MOST_ROWS = 5


def vote_dots(histogram: Sequence[int] | None) -> SafeString | str:
    """Up to 25 ballots a column; more than that are scaled and only the words stay exact."""
    if not histogram:
        return ""
    most = max(histogram)
    scale = min(1.0, WIDE * MOST_ROWS / most) if most else 1.0
    drawn = [round(n * scale) or (1 if n else 0) for n in histogram]
    height = max(-(-max(drawn) // WIDE), 1) * STEP
    words = pgettext("between parts of a sentence", ", ").join(
        _("%(points)s: %(n)s") % {"points": p, "n": n} for p, n in enumerate(histogram)
    )
    dots = format_html_join(
        "",
        '<circle cx="{}" cy="{}" r="{}" class="p{}"/>',
        (dot for p, n in enumerate(drawn) for dot in _dots(p, n, height)),
    )
    labels = format_html_join(
        "", '<text x="{}" y="{}">{}</text>', ((p * COLUMN + COLUMN // 2, height + 10, p) for p in range(len(drawn)))
    )
    said = _("Ballots by points: %(words)s") % {"words": words}
    return format_html(
        '<svg class="dots" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}{}</svg>',
        len(drawn) * COLUMN, height + 12, len(drawn) * COLUMN, height + 12, said, dots, labels,
    )  # fmt: skip


def _dots(points: int, n: int, height: int) -> list[tuple[float, float, float, int]]:
    """Rows filled from below, each in the middle of its column."""
    placed = []
    for i in range(n):
        row, across = divmod(i, WIDE)
        left = (COLUMN - (min(n - row * WIDE, WIDE) - 1) * STEP) / 2
        placed.append((points * COLUMN + left + across * STEP, height - 3.5 - row * STEP, RADIUS, min(points, 4)))
    return placed
