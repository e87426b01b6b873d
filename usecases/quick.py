"""Quick answers that fill low / likely / high, always as a guess; and the vow printed with every list of hours."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

Range = tuple[str, str, str]

QUICK: dict[str, tuple[tuple[str, Any, Range], ...]] = {
    "minutes_per_item": (
        ("5min", _("5 minutes"), ("2", "5", "10")),
        ("30min", _("30 minutes"), ("15", "30", "60")),
        ("2h", _("2 hours"), ("60", "120", "180")),
        ("half_day", _("half a day"), ("180", "240", "300")),
    ),
    "runs_per_month": (
        ("daily", _("daily"), ("20", "21", "22")),
        ("weekly", _("weekly"), ("4", "4.3", "5")),
        ("monthly", _("monthly"), ("1", "1", "1")),
        ("quarterly", _("quarterly"), ("0.33", "0.33", "0.33")),
    ),
    "items_per_run": (("one", _("one"), ("1", "1", "1")),),
    "people_per_item": (("one", _("one person"), ("1", "1", "1")),),
}

PURPOSE = {
    "en": "Hours describe work, not people. For choosing what to explore; no headcount and no KPI will be taken from "
    "this list.",
    "zh": "工时只描述工作，不描述人。仅用于选择探索方向；不据此减员，也不设考核指标。",
}
AMNESTY = _(
    "Nobody gets into trouble for a script or a tool named here: it shows what the work needs, and it may become the "
    "first asset."
)
"""Words that would turn the list into a list of people or of money: refused as a column and as a filter."""
FORBIDDEN_WORDS = (
    "saving", "benefit", "roi", "fte", "headcount", "employee", "person_name", "staff", "节省", "收益", "减员", "人头",
    "员工", "姓名",
)  # fmt: skip
FORBIDDEN_FILTERS = ("person", "author", "recorded_by", "employee", "fte", "saving", "staff")


def quick_range(factor: str, code: str) -> Range:
    return next(values for key, _label, values in QUICK[factor] if key == code)


def quick_code(factor: str, figures: Sequence[Any]) -> str:
    """The answer with exactly these figures, or nothing."""
    given = [Decimal(value) for value in figures]
    return next((code for code, _label, values in QUICK[factor] if [Decimal(v) for v in values] == given), "")


def is_forbidden(heading: str) -> bool:
    words = heading.casefold().replace("-", "_").replace(" ", "_")
    parts = words.split("_")
    return any(
        w in parts or f"{w}s" in parts or (not w.isascii() and w in words) or w == words for w in FORBIDDEN_WORDS
    )
