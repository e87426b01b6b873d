"""Estimates that count open records as open: Kaplan–Meier medians and restricted mean time."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .durations import BATCH_BYTES, from_replicates
from .model import Estimate, Sample, Settings

if TYPE_CHECKING:
    import numpy as np

WEEK, MONTH = 7 * 1440, 30 * 1440  # minutes
HALF = 0.5 - 1e-12  # a curve that only touches 50 % has not crossed it; rounding must not decide


class Median(NamedTuple):
    value: float | None
    low: float | None
    high: float | None


class Area(NamedTuple):
    value: float
    variance: float


def km_median(sample: Sample, alpha: float) -> Median:
    """Null unless the curve crosses 50 %; an end of the interval is null where it lies beyond the data."""
    import numpy as np
    from statsmodels.duration.survfunc import SurvfuncRight

    if not sample.ended_n:
        return Median(None, None, None)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        curve = SurvfuncRight(sample.minutes, sample.ended.astype(int))
        value = float(curve.quantile(0.5))
        low, high = (float(end) for end in curve.quantile_ci(0.5, alpha=alpha, method="cloglog"))
    return Median(_finite(value), _finite(low), _finite(high))


def km_median_ratio(baseline: Sample, pilot: Sample, settings: Settings) -> Estimate:
    method = "percentile bootstrap of Kaplan-Meier medians"
    below, above = km_median(baseline, settings.alpha).value, km_median(pilot, settings.alpha).value
    if below is None or above is None:
        reason = "no_event_in_window" if not (baseline.ended_n and pilot.ended_n) else "median_not_reached"
        return Estimate("km_median_ratio", "ratio", None, None, method, reason)
    if below == 0:
        return Estimate("km_median_ratio", "ratio", None, None, method, "baseline_is_zero")
    return from_replicates(
        "km_median_ratio", above / below, _median_ratio_draws(baseline, pilot, settings), method, settings
    )


def longest_follow_up(baseline: Sample, pilot: Sample) -> float | None:
    """The longest time both curves are known to; None where every window ends in an event and nothing limits τ."""
    limits = [
        float(sample.minutes[-1])
        for sample in (baseline, pilot)
        if sample.n and not sample.ended[sample.minutes == sample.minutes[-1]].all()
    ]
    return min(limits, default=None)


def rmst(sample: Sample, tau: float) -> Area:
    """Area under the Kaplan–Meier curve from 0 to τ, and its variance."""
    import numpy as np

    times, at_risk, ends = _table(sample)
    inside = (times <= tau) & (ends > 0)
    times, at_risk, ends = times[inside], at_risk[inside], ends[inside]
    surviving = np.cumprod(1 - ends / at_risk)
    heights = np.concatenate(([1.0], surviving))
    widths = np.diff(np.concatenate(([0.0], times, [tau])))
    areas = heights * widths
    after = np.cumsum(areas[::-1])[::-1][1:]  # from each event time to τ
    left = at_risk - ends
    terms = np.where(left > 0, after**2 * ends / (at_risk * np.where(left > 0, left, 1)), 0.0)
    return Area(float(areas.sum()), float(terms.sum()))


def rmst_estimates(baseline: Sample, pilot: Sample, tau: float, settings: Settings) -> tuple[Estimate, Estimate]:
    """rmst_diff in minutes and rmst_ratio; both null where τ lies beyond what was observed."""
    method = "restricted mean time, Kaplan-Meier"
    limit = longest_follow_up(baseline, pilot)
    if limit is not None and tau > limit:
        reason = "tau_beyond_follow_up"
        return (
            Estimate("rmst_diff", "difference", None, None, method, reason),
            Estimate("rmst_ratio", "ratio", None, None, method, reason),
        )
    before, after = rmst(baseline, tau), rmst(pilot, tau)
    half = settings.z * math.sqrt(before.variance + after.variance)
    diff = after.value - before.value
    difference = Estimate("rmst_diff", "difference", diff, (diff - half, diff + half), method)
    return difference, _rmst_ratio(before, after, settings, method)


def log_rank_p(baseline: Sample, pilot: Sample) -> float | None:
    import numpy as np
    from statsmodels.duration.survfunc import survdiff

    if not baseline.ended_n or not pilot.ended_n:
        return None
    times = np.concatenate((baseline.minutes, pilot.minutes))
    ended = np.concatenate((baseline.ended, pilot.ended)).astype(int)
    group = np.repeat([0, 1], [baseline.n, pilot.n])
    if len(np.unique(times)) < 2:
        return None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            p = float(survdiff(times, ended, group)[1])
        except np.linalg.LinAlgError:  # no variation left to test
            return None
    return _finite(p)


def default_tau(minutes: Sequence[float], ended: Sequence[bool]) -> int:
    """The τ a preset offers: when nine in ten had ended, in whole hours, at most 30 days; 7 days without data."""
    import numpy as np

    if not minutes:
        return WEEK
    times, flags = np.asarray(minutes, dtype=np.float64), np.asarray(ended, dtype=bool)
    order = np.lexsort((~flags, times))
    values, at_risk, ends = _table(Sample(times[order], flags[order], order, len(times), order, 0))
    reached = np.flatnonzero(np.cumprod(1 - ends / at_risk) <= 0.1 + 1e-12)
    if not len(reached):
        return MONTH
    return min(MONTH, max(1, math.ceil(float(values[reached[0]]) / 60)) * 60)


def _rmst_ratio(before: Area, after: Area, settings: Settings, method: str) -> Estimate:
    if before.value <= 0 or after.value <= 0:
        return Estimate("rmst_ratio", "ratio", None, None, method, "baseline_is_zero")
    value = after.value / before.value
    half = settings.z * math.sqrt(after.variance / after.value**2 + before.variance / before.value**2)
    return Estimate("rmst_ratio", "ratio", value, (value * math.exp(-half), value * math.exp(half)), method)


def _table(sample: Sample) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct times with the number at risk and the number of ends at each."""
    import numpy as np

    times, first = np.unique(sample.minutes, return_index=True)
    ends = np.add.reduceat(sample.ended.astype(np.int64), first) if len(first) else np.zeros(0, dtype=np.int64)
    return times, (sample.n - first).astype(np.float64), ends.astype(np.float64)


def _median_ratio_draws(baseline: Sample, pilot: Sample, settings: Settings) -> np.ndarray:
    import numpy as np

    rng = np.random.default_rng(settings.seed)
    batch = max(1, BATCH_BYTES // 4 // (8 * (baseline.n + pilot.n)))  # each draw needs some five arrays of this size
    draws = []
    for start in range(0, settings.bootstrap, batch):
        size = min(batch, settings.bootstrap - start)
        below = _resampled_medians(baseline, size, rng)
        above = _resampled_medians(pilot, size, rng)
        draws.append(np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan))
    return np.concatenate(draws)


def _resampled_medians(sample: Sample, size: int, rng: np.random.Generator) -> np.ndarray:
    """Kaplan–Meier medians of `size` resamples; NaN where a resampled curve does not cross 50 %."""
    import numpy as np

    n = sample.n
    picked = rng.integers(0, n, (size, n)) + np.arange(size)[:, None] * n
    counts = np.bincount(picked.ravel(), minlength=size * n).reshape(size, n)
    times, first = np.unique(sample.minutes, return_index=True)
    everyone = np.add.reduceat(counts, first, axis=1)
    ends = np.add.reduceat(counts * sample.ended, first, axis=1)
    at_risk = np.cumsum(everyone[:, ::-1], axis=1)[:, ::-1]
    surviving = np.cumprod(1 - ends / np.maximum(at_risk, 1), axis=1)
    crossed = surviving < HALF
    return np.where(crossed.any(axis=1), times[np.argmax(crossed, axis=1)], np.nan)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
