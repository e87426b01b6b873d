"""Which estimate decides, what all estimates are, and the data's own reasons for having none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from . import durations, survival
from .model import Estimate, Sample, Settings

RATIOS_OF_MEDIANS = ("median_ratio", "km_median_ratio")


@dataclass(frozen=True)
class Case:
    """One baseline window against one pilot window under one plan."""

    plan: dict[str, Any]
    settings: Settings
    baseline: Sample
    pilot: Sample

    @property
    def samples(self) -> tuple[Sample, Sample]:
        return self.baseline, self.pilot

    @property
    def censored(self) -> bool:
        return any(sample.open for sample in self.samples)

    @property
    def task(self) -> bool:
        return bool(self.plan["kind"] == "duration_task")

    @property
    def restricted(self) -> bool:
        """G6: too much is open for any median of what ended."""
        return any(sample.open_share > self.settings.thresholds["g6_open_share"] for sample in self.samples)


@dataclass(frozen=True)
class Deciding:
    name: str
    estimate: Estimate
    baseline_value: float | None  # of the quantity that is compared
    rounding: bool = False  # G8 took the ratio away and nothing could replace it


def sample_reasons(case: Case) -> list[str]:
    """Why there is not enough data for any verdict, before a single estimate is looked at."""
    limits = case.settings.thresholds
    if case.task:
        small = min(sample.n for sample in case.samples) < limits["min_task"]
        return ["below_minimum_sample"] * small + ["open_tasks"] * case.restricted
    opened = min(sample.n for sample in case.samples)
    ended = min(sample.ended_n for sample in case.samples)
    reasons = ["no_event_in_window"] if opened and not ended else []
    if opened < limits["min_incident_opened"]:
        return ["below_minimum_sample", *reasons]
    return [*reasons, "below_minimum_sample"] if ended < limits["min_incident_ended"] else []


def too_small_to_show(case: Case) -> bool:
    if min(sample.n for sample in case.samples) < case.settings.thresholds["min_shown"]:
        return True
    return case.restricted if case.task else min(sample.ended_n for sample in case.samples) == 0


def nominal_name(case: Case) -> str:
    """The estimate the kind and the open records ask for."""
    if case.task or not case.censored:
        return "median_ratio"
    if case.restricted:
        return "rmst_diff"
    medians = [survival.km_median(sample, case.settings.alpha).value for sample in case.samples]
    return "rmst_diff" if None in medians else "km_median_ratio"


def choose(case: Case, ties: float | None) -> Deciding:
    """Ties (G8) and a zero baseline may move the decision away from a ratio of medians."""
    name = nominal_name(case)
    tied = name in RATIOS_OF_MEDIANS and ties is not None and ties > case.settings.thresholds["g8_share"]
    if tied and case.plan["within"]:
        return deciding(case, durations.share_name(case.plan["within"][0]))
    found = deciding(case, name)
    zero = found.estimate.null_reason in ("baseline_is_zero", "baseline_near_zero")
    if zero and name == "median_ratio" and "absolute" in case.plan["minimum_effect"]:
        return deciding(case, "hl_shift")
    return replace(found, rounding=tied)


def deciding(case: Case, name: str) -> Deciding:
    return Deciding(name, estimate(case, name), baseline_value(case, name))


def estimate(case: Case, name: str) -> Estimate:
    settings, (baseline, pilot) = case.settings, case.samples
    plain = {
        "median_ratio": durations.median_ratio,
        "hl_ratio": durations.hl_ratio,
        "hl_shift": durations.hl_shift,
        "geomean_ratio": durations.geomean_ratio,
    }
    if name in plain:
        return plain[name](baseline.minutes, pilot.minutes, settings)
    if name == "km_median_ratio":
        return survival.km_median_ratio(baseline, pilot, settings)
    if name.startswith("rmst"):
        return survival.rmst_estimates(baseline, pilot, case.plan["rmst_tau"], settings)[name == "rmst_ratio"]
    return durations.share_within(baseline, pilot, limit_of(case.plan, name), settings)


def names_to_show(case: Case) -> list[str]:
    shares = [durations.share_name(limit) for limit in case.plan["within"]]
    plain = ["median_ratio", "hl_ratio", "hl_shift", "geomean_ratio"]
    if case.task:
        return plain + shares
    areas = ["rmst_diff", "rmst_ratio"]
    if not case.censored:
        return areas + plain + shares
    return areas + ["km_median_ratio"] * (nominal_name(case) == "km_median_ratio") + shares


def limit_of(plan: dict[str, Any], name: str) -> float:
    return float(next(limit for limit in plan["within"] if durations.share_name(limit) == name))


def baseline_value(case: Case, name: str) -> float | None:
    """Median, Kaplan–Meier median, restricted mean or share of the baseline: what d is relative to."""
    return window_value(case, case.baseline, name)


def window_value(case: Case, sample: Sample, name: str) -> float | None:
    import numpy as np

    if not sample.n:
        return None
    if name == "km_median_ratio":
        return survival.km_median(sample, case.settings.alpha).value
    if name.startswith("rmst"):
        return survival.rmst(sample, case.plan["rmst_tau"]).value
    if name.startswith("share_within"):
        within, known = durations.share_counts(sample, limit_of(case.plan, name))
        return within / known if known else None
    return float(np.median(sample.minutes))


def point(case: Case, name: str) -> float | None:
    """The value alone, without its interval: cheap enough for every placebo pilot."""
    if name == "median_ratio" and case.censored:
        name = "km_median_ratio"  # the same quantity, with what was open then counted as open
    if name in ("hl_shift",):
        return estimate(case, name).value
    if name == "rmst_diff":
        return estimate(case, name).value
    before, after = (window_value(case, sample, name) for sample in case.samples)
    if before is None or after is None:
        return None
    if name.startswith("share_within"):
        return after - before
    if before == after == 0:
        return 1.0
    return after / before if before > 0 else None
