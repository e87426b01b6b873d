"""Plan and rows in, result out: the one function behind page, report, task and offline command."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from . import canonical, decide, durations, survival
from . import guards as checks
from .data import Frame, Records, excluded_list, frame_of, load_records, take
from .decide import Case, Deciding
from .model import ENGINE, Estimate, Guard
from .placebo import Strip, smallest_week_p, span_days, strip
from .plan import complete_plan, settings_of
from .sentences import Facts
from .statement import statement
from .table import Table, columns_needed, read_table, table_of_columns
from .times import local, plan_instant
from .verdict import Circumstances, Judgement, evidence_word, grade, judge

RESULT_KEYS = (
    "result_version", "engine", "libraries", "inputs_hash", "result_hash", "n", "counts", "excluded", "censored",
    "coverage", "median", "estimates", "km_median", "rmst", "xmr", "diagnostics", "placebo", "guards", "decides",
    "grade", "evidence", "verdict", "reasons", "statement",
)  # fmt: skip
SPOKEN = ("clear_gain", "gain_size_uncertain", "no_meaningful_change", "worse", "cannot_tell")
HIDDEN_WHEN_SUPPRESSED = ("n", "counts", "median", "estimates", "km_median", "rmst", "xmr", "diagnostics", "placebo")
HIDDEN_BEFORE_DECISION = ("median", "estimates", "km_median", "rmst", "diagnostics", "placebo")


@dataclass(frozen=True)
class Run:
    """Everything read and computed once, before it is put into words."""

    case: Case
    frame: Frame
    records: Records
    around: Circumstances
    shown: bool  # enough records for estimates to be looked at at all
    found: Deciding
    strip: Strip | None
    guards: list[Guard]
    judgement: Judgement


def estimate(plan: dict[str, Any], files: Sequence[bytes]) -> dict[str, Any]:
    """The result of section 16. Raises PlanError (all faults) or DataError."""
    full = complete_plan(plan)
    table = read_table(files, columns_needed(full), full["key"])
    return _result(full, table, [canonical.sha256_bytes(data) for data in files])


def estimate_rows(plan: dict[str, Any], columns: dict[str, list[str]], data_sha256: Sequence[str]) -> dict[str, Any]:
    """The same from columns already in memory, for the data files with these digests."""
    full = complete_plan(plan)
    return _result(full, table_of_columns(columns, columns_needed(full), full["key"]), list(data_sha256))


def minimum_detectable(plan: dict[str, Any], files: Sequence[bytes]) -> dict[str, Any]:
    """The placebo strip before a pilot exists: what this service could have shown at the least."""
    full = complete_plan(plan)
    settings, frame = settings_of(full), frame_of(full)
    records = load_records(full, read_table(files, columns_needed(full), full["key"]))
    known = frame.as_of
    frame = replace(frame, as_of=None if known is None else max(known, frame.pilot[1]))
    before = take(records, frame.baseline, known)
    name = decide.nominal_name(Case(full, settings, before, before))
    found = strip(full, settings, records, frame, name)
    weeks = found.weeks[0], max(1, span_days(*frame.pilot, frame.zone) // 7)
    return {
        "decides": name,
        "n": before.n,
        "windows": found.as_json()["windows"],
        "range": list(found.range) if found.range else None,
        "smallest_detectable": found.smallest_detectable,
        "weeks": list(weeks),
        "smallest_week_p": smallest_week_p(*weeks),
        "more_weeks_needed": _more_weeks(*weeks, settings.thresholds["g4_week_p"]),
    }


def inputs_hash(full: dict[str, Any], data_sha256: Sequence[str]) -> str:
    return canonical.sha256(
        {
            "plan": full,
            "data": list(data_sha256),
            "engine": ENGINE,
            "libraries": libraries(),
            "thresholds": settings_of(full).thresholds,
        }
    )


def result_hash(result: dict[str, Any]) -> str:
    return canonical.sha256({key: result[key] for key in result if key not in ("inputs_hash", "result_hash")})


def libraries() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("numpy", "scipy", "statsmodels")}


def _result(full: dict[str, Any], table: Table, digests: list[str]) -> dict[str, Any]:
    run = _run(full, table)
    hashed = inputs_hash(full, digests)
    parts = {**_numbers(run), **_words(run, hashed)}
    verdict = run.judgement.verdict
    hidden: tuple[str, ...] = ()
    if verdict == "suppressed":
        hidden = HIDDEN_WHEN_SUPPRESSED
    elif run.around.interim and not run.judgement.early_harm:
        hidden = HIDDEN_BEFORE_DECISION
    parts.update(dict.fromkeys(hidden))
    head = {"result_version": 1, "engine": ENGINE, "libraries": libraries(), "inputs_hash": hashed}
    result = {key: {**head, **parts}.get(key) for key in RESULT_KEYS}
    result["result_hash"] = result_hash(result)
    return result


def _run(full: dict[str, Any], table: Table) -> Run:
    settings, frame = settings_of(full), frame_of(full)
    records = load_records(full, table)
    case = Case(full, settings, take(records, frame.baseline, frame.as_of), take(records, frame.pilot, frame.as_of))
    around = _circumstances(case, frame, records)
    shown = not decide.too_small_to_show(case)
    found = decide.choose(case, checks.tie_share(case)) if shown else _nothing(case)
    history = None
    if shown and not around.interim and found.estimate.value is not None and full["assignment"] == "observed":
        history = strip(full, settings, records, frame, found.name)
    scene = checks.Scene(case, records, frame, found if shown else None, history, around.interim)
    guards = checks.all_guards(scene)
    reasons = decide.sample_reasons(case)
    judgement = judge(case, found, guards, reasons, around)
    return Run(case, frame, records, around, shown, found, history, _settled(guards, judgement), judgement)


def _nothing(case: Case) -> Deciding:
    reason = next(iter(decide.sample_reasons(case)), "below_minimum_sample")
    name = decide.nominal_name(case)
    scale = "ratio" if name.endswith("ratio") else "difference"
    return Deciding(name, Estimate(name, scale, None, None, "", reason), None)  # type: ignore[arg-type]


def _settled(guards: list[Guard], judgement: Judgement) -> list[Guard]:
    """A guard that fired where there was no gain to take away is a remark."""
    if judgement.verdict == "suppressed":
        return [checks.without_values(guard) for guard in guards]
    if judgement.verdict == "not_attributable":
        return guards
    fired = ("G3", "G4")
    return [
        replace(guard, status="warn") if guard.id in fired and guard.status == "refuse" else guard for guard in guards
    ]


def _circumstances(case: Case, frame: Frame, records: Records) -> Circumstances:
    plan = case.plan
    decision = plan_instant(plan["decision_on"], frame.zone) if plan["decision_on"] else None
    return Circumstances(
        people_low=_people_low(case, records),
        interim=decision is not None and frame.as_of is not None and frame.as_of < decision,
        registered_late=_late_days(plan, frame) is not None,
    )


def _people_low(case: Case, records: Records) -> bool:
    """Distinct people are counted and never leave this function."""
    if records.people is None:
        return False
    for sample in case.samples:
        people = {records.people[row] for row in sample.rows} - {""}
        if people and len(people) < case.settings.thresholds["min_people"]:
            return True
    return False


def _late_days(plan: dict[str, Any], frame: Frame) -> int | None:
    if not plan["locked_at"]:
        return None
    locked, begin = plan_instant(plan["locked_at"], frame.zone), frame.pilot[0]
    return max(1, span_days(begin, locked, frame.zone)) if locked > begin else None


def _numbers(run: Run) -> dict[str, Any]:
    case = run.case
    pair = {"baseline": case.baseline, "pilot": case.pilot}
    return {
        "n": {name: sample.n for name, sample in pair.items()},
        "counts": {
            "read": run.records.read,
            "eligible": {name: sample.eligible for name, sample in pair.items()},
            "used": {name: sample.n for name, sample in pair.items()},
            "events": None,
            "weekly": None,
        },
        "excluded": excluded_list(run.records, run.frame, pair),
        "censored": {name: sample.open for name, sample in pair.items()},
        "coverage": {name: sample.coverage for name, sample in pair.items()},
        "median": _medians(run),
        "estimates": _estimates(run),
        "km_median": _km_medians(run),
        "rmst": _rmst(run),
        "xmr": None,
        "diagnostics": _diagnostics(run),
        "placebo": run.strip.as_json() if run.strip else None,
    }


def _words(run: Run, hashed: str) -> dict[str, Any]:
    strength = grade(run.case.plan, run.guards, run.around)
    evidence = evidence_word(run.case, strength, run.around)
    facts = Facts(
        case=run.case,
        frame=run.frame,
        found=run.found if run.shown else None,
        judgement=run.judgement,
        grade=strength,
        evidence=evidence,
        guards=run.guards,
        inputs_hash=hashed,
        last_record=_last_record(run),
        late_days=_late_days(run.case.plan, run.frame),
    )
    return {
        "guards": [guard.as_json() for guard in run.guards],
        "decides": run.found.name,
        "grade": strength,
        "evidence": evidence,
        "verdict": run.judgement.verdict,
        "reasons": run.judgement.reasons,
        "statement": statement(facts),
    }


def _medians(run: Run) -> dict[str, float] | None:
    import numpy as np

    if not run.shown or run.case.censored or run.case.restricted:
        return None
    return {
        "baseline": float(np.median(run.case.baseline.minutes)),
        "pilot": float(np.median(run.case.pilot.minutes)),
    }


def _estimates(run: Run) -> dict[str, Any]:
    spoken = run.judgement.verdict in SPOKEN
    if not run.shown:
        return {run.found.name: _estimate_json(run.found.estimate, run, spoken=False)}
    names = dict.fromkeys([*decide.names_to_show(run.case), run.found.name])
    found = [run.found.estimate if name == run.found.name else decide.estimate(run.case, name) for name in names]
    return {item.name: _estimate_json(item, run, spoken=spoken) for item in found}


def _estimate_json(item: Estimate, run: Run, *, spoken: bool) -> dict[str, Any]:
    return {
        "value": item.value,
        "ci": list(item.ci) if item.ci else None,
        "level": run.case.settings.level,
        "method": item.method,
        "publishable": spoken and item.value is not None and item.ci is not None,
        "null_reason": item.null_reason,
    }


def _km_medians(run: Run) -> dict[str, Any] | None:
    if run.case.task or not run.shown:
        return None
    alpha = run.case.settings.alpha
    before, after = (survival.km_median(sample, alpha) for sample in run.case.samples)
    return {
        name: {"value": item.value, "ci": None if item.value is None else [item.low, item.high]}
        for name, item in (("baseline", before), ("pilot", after))
    }


def _rmst(run: Run) -> dict[str, Any] | None:
    case = run.case
    if case.task or not run.shown:
        return None
    tau = case.plan["rmst_tau"]
    difference, ratio = survival.rmst_estimates(case.baseline, case.pilot, tau, case.settings)
    known = difference.value is not None
    return {
        "tau": tau,
        "tau_max": survival.longest_follow_up(case.baseline, case.pilot),
        "baseline": survival.rmst(case.baseline, tau).value if known else None,
        "pilot": survival.rmst(case.pilot, tau).value if known else None,
        "diff": difference.value,
        "ci": list(difference.ci) if difference.ci else None,
        "ratio": ratio.value,
    }


def _diagnostics(run: Run) -> dict[str, Any] | None:
    if not run.shown:
        return None
    case = run.case
    comparable = not case.censored
    return {
        "mannwhitney_p": durations.mann_whitney_p(case.baseline.minutes, case.pilot.minutes) if comparable else None,
        "logrank_p": None if case.task else survival.log_rank_p(case.baseline, case.pilot),
        "wilcoxon_p": None,
        "dispersion": None,
        "durbin_watson": None,
        "placebo_groups": None,
        "same_months_last_year": None,
        "dropped_replicates": run.found.estimate.dropped,
    }


def _last_record(run: Run) -> date | None:
    latest = [int(run.records.at.us[sample.rows].max()) for sample in run.case.samples if sample.n]
    return local(max(latest), run.frame.zone).date() if latest else None


def _more_weeks(history: int, pilot: int, limit: float) -> int:
    """Whole weeks of history still missing before any gain could be stated."""
    needed = history
    while 1 / math.comb(needed + pilot, pilot) > limit:
        needed += 1
    return needed - history
