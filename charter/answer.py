"""The paragraph on top of the review page, put together from facts; what is not measured is said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from charter.criteria import GAINS
from charter.models import Outcome

_FIGURE = re.compile(r"\d[\d,.]*\s?(?:%|minutes|hours|days|points|分钟|小时|天|个百分点)")
_PARENTHESES = re.compile(r"(\([^)]*\)|（[^）]*）)")
BOLD_AT_MOST = 3
# Where a statement turns from what was found to how it was checked: that part stands behind the figure.
_DAYS = re.compile(r"\s*\(\d+ [A-Z][a-z]+ \d{4} to \d+ [A-Z][a-z]+ \d{4}\)|（\d+年\d+月\d+日至\d+年\d+月\d+日）")
_CHECKS = re.compile(r"\s*\d+ of \d+ checks passed.*|13项检查中.*", re.DOTALL)


def finding(sentence: str) -> str:
    """The part of a statement that says what was found; days, checks and reference are one click away."""
    return _DAYS.sub("", _CHECKS.sub("", sentence), count=1)


def with_bold_figures(sentence: str) -> SafeString:
    """The figures a sentence stands on in bold; those in parentheses stay quiet."""
    left = BOLD_AT_MOST
    out = []
    for part in _PARENTHESES.split(sentence):
        quiet = part[:1] in ("(", "（") or not left
        text, found = (escape(part), 0) if quiet else _FIGURE.subn(r"<b>\g<0></b>", str(escape(part)), count=left)
        left -= found
        out.append(text)
    return mark_safe("".join(out))  # noqa: S308 - escaped above, only <b> added


def paragraph(parts: Iterable[SafeString | str]) -> SafeString:
    space = "" if (get_language() or "").startswith("zh") else " "
    return format_html_join(space, "{}", ((p,) for p in parts if p))


def promise(charter: Any, criteria: int) -> SafeString:
    """Before the box opens: why, and that nothing is promised but to learn."""
    judged = ngettext(
        "It will be judged by %(n)s sentence agreed before any number.",
        "It will be judged by %(n)s sentences agreed before any number.",
        criteria,
    )
    return paragraph([charter.why_now, judged % {"n": criteria}, format_html("<b>{}</b>", _("No gain is promised."))])


def learned(answers: dict[str, str]) -> str:
    done = sum(a == "answered" for a in answers.values())
    if answers and done == len(answers):
        return _("The charter answered everything it set out to learn.")
    if done * 2 >= len(answers) and done:
        return _("The charter answered most of what it set out to learn.")
    if done:
        return _("The charter answered some of what it set out to learn.")
    return _("What the charter set out to learn is still open.")


def gains(cases: Iterable[Any]) -> Iterator[SafeString | str]:
    rows = list(cases)
    measured = [c for c in rows if c.is_readable and c.medians]
    for case in measured:
        yield _measured(case)
    silent = [c for c in rows if not c.is_readable]
    if silent and not measured:
        yield format_html("<b>{}</b>", _("None measured yet."))
    elif silent:
        yield format_html(_("{cases}: <b>none measured yet</b>."), cases=", ".join(c.title for c in silent))


def _measured(case: Any) -> SafeString:
    before, after = case.medians
    facts = {"case": case.title, "before": before, "after": after, "n": case.line.n_pilot}
    if case.line.verdict in GAINS and case.line.word == "measured":
        return format_html(_("{case}: <b>{after} instead of {before}</b>, measured on {n} cases."), **facts)
    if case.line.verdict in GAINS:
        return format_html(_("{case}: <b>{after} instead of {before}</b> so far; treat it as promising."), **facts)
    if case.line.verdict == "worse":
        return format_html(_("{case} became worse: <b>{after} instead of {before}</b>."), **facts)
    return format_html(_("{case}: no meaningful change, <b>{after}</b> after {before}."), **facts)


def guard(breaches: int, open_: int) -> SafeString | str:
    if open_:
        text = ngettext("%(n)s breach of a guardrail is open.", "%(n)s breaches of guardrails are open.", open_)
        return format_html("<b>{}</b>", text % {"n": open_})
    if breaches:
        text = ngettext("%(n)s breach was reported and closed.", "%(n)s breaches were reported and closed.", breaches)
        return text % {"n": breaches}
    return _("No guardrail was breached.")


def outcome_of(decision: Any, proposer: str) -> SafeString | str:
    """What was decided, or who proposes what."""
    word = str(Outcome(decision.outcome).label)
    scope = decision.scope.strip().rstrip(".。")
    what = _("%(outcome)s: %(scope)s") % {"outcome": word, "scope": scope} if scope else word
    if decision.state == "signed":
        return format_html(_("Decided: <b>{what}</b>."), what=what)
    if decision.state == "proposed":
        return format_html(_("{who} proposes <b>{what}</b>."), who=proposer, what=what)
    return ""


READING_WORDS = {
    "GO": Outcome.GO.label,
    "EXPAND": Outcome.EXPAND.label,
    "STOP": Outcome.STOP.label,
}


def reading_sentence(reading: str) -> SafeString | str:
    if reading == "INCONCLUSIVE":
        return _("The criteria do not settle it; people decide.")
    return format_html(_("The criteria read <b>{word}</b>; people decide."), word=READING_WORDS[reading])
