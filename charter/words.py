"""Rules and names of a charter as people read them; the signed text keeps the codes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from foundation.templatetags.house import THIN, num

SHARES = ("answered_share",)  # thresholds that are shown in percent
METRIC_WORDS = {
    "answered_share": gettext_lazy("Share of listed questions that are answered"),
    "record_count": gettext_lazy("Cases measured after the lock"),
    "asset_count": gettext_lazy("Assets reviewed and re-run by someone else"),
    "asset_reuse": gettext_lazy("Assets used by a second team"),
    "open_breaches": gettext_lazy("Open breaches of guardrails"),
    "breach_judged": gettext_lazy("Unapproved changes that reached production"),
}
VERDICT_WORDS = {
    "verdict": gettext_lazy(
        "Verdict of the primary measure of at least one case: a clear gain, or a gain of uncertain size"
    ),
    "verdict_worse": gettext_lazy("Verdict of the primary measure of at least one case: worse"),
}
COMPARATOR_WORDS = {
    ">=": gettext_lazy("at least %(number)s"),
    "<=": gettext_lazy("at most %(number)s"),
    ">": gettext_lazy("more than %(number)s"),
    "<": gettext_lazy("less than %(number)s"),
}


def rule_sentence(metric: str, comparator: str, threshold: Any, min_sample: int = 0) -> str:
    """Metric, comparator, threshold with its unit, and the smallest sample it is read from."""
    if metric in VERDICT_WORDS:
        said = str(VERDICT_WORDS[metric])
    else:
        bound = COMPARATOR_WORDS[comparator] % {"number": _threshold(metric, Decimal(str(threshold)))}
        said = _("%(metric)s: %(bound)s") % {"metric": METRIC_WORDS[metric], "bound": bound}
    if not min_sample:
        return said
    sample = ngettext("read from %(n)s record on", "read from %(n)s records on", min_sample) % {"n": min_sample}
    return _("%(rule)s; %(sample)s") % {"rule": said, "sample": sample}


def frozen_rule(rule: Sequence[Any]) -> str:
    """The rule as it stands in a signed text or in frozen evidence (older ones hold no smallest sample)."""
    metric, comparator, threshold, *sample = rule
    return rule_sentence(metric, comparator, threshold, sample[0] if sample else 0)


def _threshold(metric: str, number: Decimal) -> str:
    if metric in SHARES:
        return f"{num(_plain(number * 100))}{THIN}%"
    return num(_plain(number))


def _plain(number: Decimal) -> int | Decimal:
    return int(number) if number == int(number) else number.normalize()
