"""Where each criterion gets its value from. A metric over the product's own records is never without data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from charter import rules
from charter.models import Breach, Charter, CharterCriterion
from foundation import clock
from metrics.selectors import gain_line, proof_count
from usecases.selectors import AssetCounts, asset_counts

GAINS = ("clear_gain", "gain_size_uncertain")
VERDICTS = "estimates"  # source of values that are final once they can be read
READABLE = (*GAINS, "no_meaningful_change", "worse")


@dataclass(frozen=True)
class Value:
    """`number` None means no data, with the reason in `sentence`."""

    number: float | None
    sentence: str
    n: int | None = None
    source: str = ""


@dataclass(frozen=True)
class CriterionReading:
    criterion: CharterCriterion
    status: rules.Status
    value: Value

    @property
    def kind(self) -> str:
        return self.criterion.kind


def evaluate_criteria(charter: Charter, at: datetime | None = None) -> list[CriterionReading]:
    """Every criterion of the charter as it reads at `at` (default now)."""
    now = at or clock.now()
    rows = CharterCriterion.objects.filter(objective__charter=charter).select_related("objective").order_by("code")
    return [_read(charter, criterion, now) for criterion in rows]


def _read(charter: Charter, criterion: CharterCriterion, now: datetime) -> CriterionReading:
    value = METRICS[criterion.metric](charter, now)
    if value.number is None or (value.n is not None and value.n < criterion.min_sample):
        return CriterionReading(criterion, "no_data", value)
    if criterion.comparator == "in":
        met = value.number >= 1
    else:
        met = rules.compare(value.number, criterion.comparator, float(criterion.threshold))
    return CriterionReading(criterion, "met" if met else "not_met", value)


def _answered_share(charter: Charter, now: datetime) -> Value:
    questions = list(charter.questions.all())
    if not questions:
        return Value(None, _("No open question is listed."), 0)
    answered = [q for q in questions if q.is_answered]
    held = sum(q.answer in ("held", "yes") for q in answered)
    text = _("%(answered)s of %(total)s answered: %(held)s held, %(not_held)s did not.")
    facts = {
        "answered": len(answered), "total": len(questions), "held": held, "not_held": len(answered) - held,
    }  # fmt: skip
    return Value(len(answered) / len(questions), text % facts, len(questions), "questions")


def _record_count(charter: Charter, now: datetime) -> Value:
    pilots = [c.pilot for c in charter.cases.all() if c.pilot]
    if not pilots:
        return Value(None, _("No case with a measure is named yet."))
    count = sum(proof_count(pilot) for pilot in pilots)
    return Value(count, _("%(count)s cases measured after the lock.") % {"count": count}, None, "records")


def _verdicts(charter: Charter) -> tuple[list[str], list[str]]:
    """Readable verdict codes of the primary measures, and why others are not readable."""
    codes, gaps = [], []
    for case in charter.cases.all():
        line = gain_line(case.pilot) if case.pilot else None
        if line is None:
            gaps.append(_("%(case)s: no estimate yet") % {"case": case})
        elif line.interim or line.verdict not in READABLE:
            gaps.append(_("%(case)s: no verdict that can be read") % {"case": case})
        else:
            codes.append(str(line.verdict))
    return codes, gaps


def _verdict(charter: Charter, now: datetime) -> Value:
    codes, gaps = _verdicts(charter)
    if any(c in GAINS for c in codes):
        return Value(1, _("at least one case improved."), None, VERDICTS)
    if gaps or not codes:
        return Value(None, "; ".join(gaps) or _("No case is named yet."))
    return Value(0, _("No case improved."), None, VERDICTS)


def _verdict_worse(charter: Charter, now: datetime) -> Value:
    codes, gaps = _verdicts(charter)
    if "worse" in codes:
        return Value(1, _("A case became worse."), None, VERDICTS)
    if gaps or not codes:
        return Value(None, "; ".join(gaps) or _("No case is named yet."))
    return Value(0, _("No case became worse."), None, VERDICTS)


def _assets(charter: Charter, now: datetime) -> AssetCounts:
    return asset_counts(charter.unit, charter.starts_on, min(now.astimezone(charter.zone).date(), charter.ends_on))


def _asset_count(charter: Charter, now: datetime) -> Value:
    counts = _assets(charter, now)
    text = _("%(count)s of %(total)s assets reviewed and re-run.")
    return Value(
        counts.reviewed_and_rerun, text % {"total": counts.total, "count": counts.reviewed_and_rerun}, None, "assets"
    )


def _asset_reuse(charter: Charter, now: datetime) -> Value:
    counts = _assets(charter, now)
    return Value(
        counts.reused_elsewhere, _("%(n)s used by a second team.") % {"n": counts.reused_elsewhere}, None, "assets"
    )


def _open_breaches(charter: Charter, now: datetime) -> Value:
    count = charter.breaches.filter(state=Breach.State.OPEN).count()
    total = charter.breaches.count()
    if not total:
        return Value(0, _("No breach of a guardrail reported."), None, "breaches")
    told = _("%(total)s breaches reported, %(open)s open.") % {"open": count, "total": total}
    return Value(count, told, None, "breaches")


def _breach_judged(charter: Charter, now: datetime) -> Value:
    count = charter.breaches.filter(guardrail=Breach.Guardrail.HUMAN_APPROVES, reached_production=True).count()
    return Value(count, _("%(n)s unapproved changes reached production.") % {"n": count}, None, "breaches")


METRICS: dict[str, Callable[[Charter, datetime], Value]] = {
    "answered_share": _answered_share,
    "record_count": _record_count,
    "verdict": _verdict,
    "verdict_worse": _verdict_worse,
    "asset_count": _asset_count,
    "asset_reuse": _asset_reuse,
    "open_breaches": _open_breaches,
    "breach_judged": _breach_judged,
}


def reading_of(readings: list[CriterionReading], *, at_end: bool = True) -> str:
    """Before the end only a Stop can be read; everything else is not conclusive yet."""
    found = rules.read_rules([(r.criterion.kind, r.status) for r in readings])  # type: ignore[misc]
    return found if at_end or found == "STOP" else "INCONCLUSIVE"


def answers(charter: Charter, readings: list[CriterionReading], at: datetime | None = None) -> dict[str, str]:
    """Objective code to answered, partly or open.

    Before the box of a signed charter has begun nothing is answered: no data may exist yet. While it runs, a must
    that is not met counts only when a measure's verdict says so; a count of records may still grow. Once the box is
    over or decided, met and not met are both answers.
    """
    now = at or clock.now()
    known = _countable(charter, now)
    by: dict[str, list[rules.Status]] = {}
    for reading in readings:
        musts = by.setdefault(reading.criterion.objective.code, [])
        if reading.kind == "must":
            counts = reading.status in known or ("met" in known and reading.value.source == VERDICTS)
            musts.append(reading.status if counts else "no_data")
    return {code: rules.objective_answer(musts) for code, musts in by.items()}


def _countable(charter: Charter, now: datetime) -> tuple[rules.Status, ...]:
    """The statuses over the product's own records that are answers at `now`."""
    if charter.state == Charter.State.DECIDED or (charter.state == Charter.State.SIGNED and now >= charter.ends_at):
        return ("met", "not_met")
    if charter.state == Charter.State.SIGNED and now >= charter.starts_at:
        return ("met",)
    return ()
