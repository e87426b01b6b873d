"""From the deciding estimate and the guards to one verdict: first match wins."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from .decide import Case, Deciding
from .decide import estimate as estimate_of
from .durations import all_equal
from .model import Estimate, Guard

GAINS = ("clear_gain", "gain_size_uncertain")
VERDICTS = (*GAINS, "no_meaningful_change", "worse", "cannot_tell", "not_enough_data", "not_attributable")
WITHHELD = ("suppressed", "refused")
GRADES = "ABCDE"


@dataclass(frozen=True)
class Improvement:
    """The change turned so that more is better, with the smallest effect that matters on the same scale."""

    value: float
    low: float
    high: float
    needed: float


@dataclass(frozen=True)
class Judgement:
    verdict: str | None
    reasons: list[str]
    early_harm: bool = False


@dataclass(frozen=True)
class Circumstances:
    """What stands beside the numbers when the verdict is given."""

    people_low: bool
    interim: bool
    registered_late: bool


def improvement(plan: dict[str, Any], found: Deciding, estimate: Estimate | None = None) -> Improvement | None:
    """Null where there is no interval or no scale for the smallest effect."""
    estimate = estimate or found.estimate
    needed = smallest_effect(plan, found)
    if estimate.value is None or estimate.ci is None or needed is None:
        return None
    sign = gain_sign(plan, estimate)
    origin = 1.0 if estimate.scale == "ratio" else 0.0
    ends = sorted(sign * (end - origin) for end in estimate.ci)
    return Improvement(sign * (estimate.value - origin), ends[0], ends[1], needed)


def gain_sign(plan: dict[str, Any], estimate: Estimate) -> int:
    lower_is_better = plan["direction"] == "lower"
    # With less time as the aim, more records within the limit is the improvement.
    return 1 if lower_is_better == (estimate.scale == "share") else -1


def smallest_effect(plan: dict[str, Any], found: Deciding) -> float | None:
    relative, absolute = plan["minimum_effect"].get("relative"), plan["minimum_effect"].get("absolute")
    base = found.baseline_value
    if found.estimate.scale == "ratio":
        if relative is not None:
            return float(relative)
        return absolute / base if base else None
    if relative is not None:
        return relative * base if base else None
    if found.estimate.scale == "share" and absolute > 1:
        return None  # minutes were meant: no share can move by more than the whole
    return float(absolute)


def judge(
    case: Case, found: Deciding, guards: list[Guard], data_reasons: list[str], around: Circumstances
) -> Judgement:
    verdict, reasons, early = _verdict(case, found, guards, data_reasons, around)
    if verdict in GAINS and (taken := [guard.reason for guard in guards if guard.id in ("G3", "G4") and guard.reason]):
        verdict, reasons = "not_attributable", [*taken, *reasons]
    if around.registered_late:
        reasons = [*reasons, "registered_late"]
    return Judgement(verdict, list(dict.fromkeys(reasons)), early)


def _verdict(
    case: Case, found: Deciding, guards: list[Guard], data_reasons: list[str], around: Circumstances
) -> tuple[str | None, list[str], bool]:
    by_id = {guard.id: guard for guard in guards}
    refusals = [guard.reason for guard in guards if guard.id in ("G12", "G13") and guard.reason]
    if refusals:
        return "refused", refusals, False
    if around.people_low:
        return "suppressed", ["too_few_people"], False
    lacking = data_reasons or no_estimate_reasons(case.plan, found)
    if lacking:
        return "not_enough_data", lacking, False
    if by_id["G1"].reason:
        return "refused", [by_id["G1"].reason], False
    harm = _harm(case, found)
    if around.interim and not harm:
        return None, ["interim"], False
    return *_by_interval(case, found, harm), around.interim and harm


def no_estimate_reasons(plan: dict[str, Any], found: Deciding) -> list[str]:
    if found.estimate.null_reason:
        return [found.estimate.null_reason]
    share = found.estimate.scale == "share"
    if share and found.baseline_value == 0:
        return ["baseline_is_zero"]
    if found.estimate.scale == "difference" and "relative" in plan["minimum_effect"] and not found.baseline_value:
        return ["baseline_is_zero"]
    return []


def _by_interval(case: Case, found: Deciding, harm: bool) -> tuple[str, list[str]]:
    if all_equal(*case.samples):
        return "no_meaningful_change", ["no_change_at_recorded_resolution"]
    gain = improvement(case.plan, found)
    if found.rounding or gain is None:
        return "cannot_tell", ["rounding"]
    if case.plan["role"] == "guardrail" and harm:
        return "worse", []
    if gain.low >= gain.needed:
        return "clear_gain", []
    if -gain.needed < gain.low and gain.high < gain.needed:
        return "no_meaningful_change", []
    if gain.low > 0:
        return "gain_size_uncertain", []
    return ("worse", []) if gain.high < 0 else ("cannot_tell", ["interval_too_wide"])


def _harm(case: Case, found: Deciding) -> bool:
    """A guardrail is tested on one side only, so its limit is the end of an interval at twice the alpha."""
    if case.plan["role"] != "guardrail" or found.rounding:
        return False
    one_sided = replace(case, settings=replace(case.settings, alpha=2 * case.settings.alpha))
    limit = improvement(case.plan, found, estimate_of(one_sided, found.name))
    gain = improvement(case.plan, found)
    if limit is None or gain is None:
        return False
    # What lies inside the agreed bar is not a harm, however sure the sign is.
    return limit.high < 0 and not (-gain.needed < gain.low and gain.high < gain.needed)


def grade(plan: dict[str, Any], guards: list[Guard], around: Circumstances) -> str:
    start = design_grade(plan)
    capped = around.registered_late or any(guard.id in ("G2", "G4") and guard.status == "warn" for guard in guards)
    return max(start, "D") if capped else start


def design_grade(plan: dict[str, Any]) -> str:
    if plan["method"] == "self_report":
        return "E"
    return "A" if plan["assignment"] in ("random", "alternating") else "D"


def evidence_word(case: Case, strength: str, around: Circumstances) -> str:
    limits = case.settings.thresholds
    if strength == "E":
        return "estimate"
    coverages = [sample.coverage or 0.0 for sample in case.samples]
    few = min(sample.n for sample in case.samples) < limits["early_n"]
    early = few or min(coverages) < limits["early_coverage"] or around.registered_late or around.interim
    return "early" if early else "measured"


def records_needed(case: Case, found: Deciding) -> int | None:
    """Records a side at which half the interval would be as wide as the smallest effect that matters."""
    gain = improvement(case.plan, found)
    if gain is None or gain.needed <= 0:
        return None
    half = (gain.high - gain.low) / 2
    return math.ceil(max(sample.n for sample in case.samples) * (half / gain.needed) ** 2)
