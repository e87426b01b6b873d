"""Estimates from durations without censoring: medians, Hodges–Lehmann, geometric means, shares within a limit."""

from __future__ import annotations

import math
import struct
import warnings
from typing import TYPE_CHECKING, Any

from .model import Estimate, Sample, Settings

if TYPE_CHECKING:
    import numpy as np

PAIRS_AT_ONCE = 1_000_000  # pairwise differences held in memory at a time
RESAMPLE_UP_TO = 10_000  # records a side; above, ranks of resampled medians are drawn directly
BATCH_BYTES = 2**26


def median_ratio(x: np.ndarray, y: np.ndarray, settings: Settings) -> Estimate:
    """Percentile bootstrap, both windows resampled on their own. x baseline, y pilot, both ascending."""
    import numpy as np

    large = max(len(x), len(y)) > RESAMPLE_UP_TO
    method = "percentile bootstrap, beta ranks" if large else "percentile bootstrap"
    if _all_equal(x, y):
        return Estimate("median_ratio", "ratio", 1.0, (1.0, 1.0), method, dropped=0)
    if np.median(x) == 0:
        return Estimate("median_ratio", "ratio", None, None, method, "baseline_is_zero")
    draws = _rank_draws(x, y, settings) if large else _resampled_ratios(x, y, settings)
    value = float(np.median(y) / np.median(x))
    return from_replicates("median_ratio", value, draws, method, settings)


def from_replicates(name: str, value: float, draws: np.ndarray, method: str, settings: Settings) -> Estimate:
    """Interval of the finite replicates; null where too many are undefined."""
    import numpy as np

    finite = draws[np.isfinite(draws)]
    dropped = len(draws) - len(finite)
    if dropped > settings.thresholds["dropped_replicates"] * len(draws):
        reason = "baseline_near_zero" if name == "median_ratio" else "km_median_unstable"
        return Estimate(name, "ratio", None, None, method, reason, dropped)
    low, high = np.quantile(finite, [settings.alpha / 2, 1 - settings.alpha / 2])
    return Estimate(name, "ratio", value, (float(low), float(high)), method, dropped=dropped)


def hl_shift(x: np.ndarray, y: np.ndarray, settings: Settings) -> Estimate:
    """Hodges–Lehmann: pilot minus baseline in minutes, ends by inverting the rank-sum test."""
    middle, low, high = hl_points(x, y, settings.z)
    return Estimate("hl_shift", "difference", middle, (low, high), "Hodges-Lehmann, exact order statistics")


def hl_ratio(x: np.ndarray, y: np.ndarray, settings: Settings) -> Estimate:
    import numpy as np

    points = hl_points(_logs(x, settings), _logs(y, settings), settings.z)
    middle, low, high = (float(np.exp(point)) for point in points)
    return Estimate("hl_ratio", "ratio", middle, (low, high), "Hodges-Lehmann on logs, exact order statistics")


def hl_points(x: np.ndarray, y: np.ndarray, z: float) -> tuple[float, float, float]:
    n, m = len(x), len(y)
    pairs = n * m
    rank = _lower_rank(n, m, z)
    wanted = [(pairs + 1) // 2, pairs // 2 + 1, rank, pairs + 1 - rank]
    first, second, low, high = pairwise_order_statistics(x, y, wanted)
    return (first + second) / 2, low, high


def pairwise_order_statistics(x: np.ndarray, y: np.ndarray, ranks: list[int]) -> list[float]:
    """The exact k-th smallest of all y_j − x_i (k from 1), without holding all pairs."""
    import numpy as np

    if len(x) * len(y) <= PAIRS_AT_ONCE:
        ordered = np.sort(np.subtract.outer(y, x), axis=None)
        return [float(ordered[rank - 1]) for rank in ranks]
    counter = _PairCounter(x, y)
    return [counter.smallest(rank) for rank in ranks]


def geomean_ratio(x: np.ndarray, y: np.ndarray, settings: Settings) -> Estimate:
    import numpy as np
    from scipy.stats import ttest_ind

    method = "Welch on logs"
    logs0, logs1 = _logs(x, settings), _logs(y, settings)
    value = float(np.exp(logs1.mean() - logs0.mean()))
    if _all_equal(logs0, logs1):
        return Estimate("geomean_ratio", "ratio", 1.0, (1.0, 1.0), method)
    if logs0[0] == logs0[-1] and logs1[0] == logs1[-1]:
        return Estimate("geomean_ratio", "ratio", value, None, method, "no_variation")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        ends = ttest_ind(logs1, logs0, equal_var=False).confidence_interval(1 - settings.alpha)
        low, high = float(np.exp(ends.low)), float(np.exp(ends.high))
    if not np.isfinite([low, high]).all():
        return Estimate("geomean_ratio", "ratio", value, None, method, "no_variation")
    return Estimate("geomean_ratio", "ratio", value, (low, high), method)


def share_name(limit: float) -> str:
    return f"share_within_{limit:.12g}"


def share_counts(sample: Sample, limit: float) -> tuple[int, int]:
    """Ended within the limit, and those of whom it is known."""
    within = int((sample.ended & (sample.minutes <= limit)).sum())
    unknown = int((~sample.ended & (sample.minutes < limit)).sum())
    return within, sample.n - unknown


def share_within(baseline: Sample, pilot: Sample, limit: float, settings: Settings) -> Estimate:
    from statsmodels.stats.proportion import confint_proportions_2indep

    (k0, n0), (k1, n1) = share_counts(baseline, limit), share_counts(pilot, limit)
    method = "Newcombe"
    if min(n0, n1) < settings.thresholds["min_share"]:
        return Estimate(share_name(limit), "share", None, None, method, "below_minimum_sample")
    low, high = confint_proportions_2indep(k1, n1, k0, n0, method="newcomb", compare="diff", alpha=settings.alpha)
    return Estimate(share_name(limit), "share", k1 / n1 - k0 / n0, (float(low), float(high)), method)


def mann_whitney_p(x: np.ndarray, y: np.ndarray) -> float | None:
    import numpy as np
    from scipy.stats import mannwhitneyu

    if not len(x) or not len(y) or _all_equal(np.sort(x), np.sort(y)):
        return None
    p = float(mannwhitneyu(y, x, alternative="two-sided").pvalue)
    return p if np.isfinite(p) else None


def all_equal(baseline: Sample, pilot: Sample) -> bool:
    if not baseline.n or not pilot.n or baseline.open or pilot.open:
        return False
    return _all_equal(baseline.minutes, pilot.minutes)


class _PairCounter:
    """Counts pairs with y − x ≤ v by sorted search over distinct values; the answer is exact in floating point."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        import numpy as np

        self.x, counts = np.unique(x, return_counts=True)
        self.before = np.concatenate(([0], np.cumsum(counts)))
        self.y, self.weight = np.unique(y, return_counts=True)

    def smallest(self, rank: int) -> float:
        """Bisection over the float line itself: at most 64 steps whatever the scale."""
        low = _ordinal(float(self.y[0] - self.x[-1]))
        high = _ordinal(float(self.y[-1] - self.x[0]))
        while low < high:
            middle = (low + high) // 2
            if self.at_most(_float(middle)) >= rank:
                high = middle
            else:
                low = middle + 1
        return _float(low)

    def at_most(self, value: float) -> int:
        import numpy as np

        place = np.searchsorted(self.x, self.y - value, side="left")
        # y − value is rounded; step to the first x whose own difference really is ≤ value.
        last = len(self.x) - 1
        while (back := (place > 0) & (self.y - self.x[np.maximum(place - 1, 0)] <= value)).any():
            place = place - back
        while (on := (place <= last) & (self.y - self.x[np.minimum(place, last)] > value)).any():
            place = place + on
        return int(((self.before[-1] - self.before[place]) * self.weight).sum())


def _lower_rank(n: int, m: int, z: float) -> int:
    return max(1, math.floor(n * m / 2 - z * math.sqrt(n * m * (n + m + 1) / 12)))


def _ordinal(value: float) -> int:
    """Floats in their order as integers."""
    bits: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def _float(ordinal: int) -> float:
    value: float = struct.unpack("<d", struct.pack("<q", abs(ordinal)))[0]
    return value if ordinal >= 0 else -value


def _logs(values: np.ndarray, settings: Settings) -> np.ndarray:
    import numpy as np

    logs: np.ndarray = np.log(np.maximum(values, settings.floor))
    return logs


def _all_equal(x: np.ndarray, y: np.ndarray) -> bool:
    """Both ascending."""
    return bool(len(x) and len(y) and x[0] == x[-1] == y[0] == y[-1])


def _resampled_ratios(x: np.ndarray, y: np.ndarray, settings: Settings) -> np.ndarray:
    import numpy as np
    from scipy.stats import bootstrap

    def ratio(first: np.ndarray, second: np.ndarray, axis: int = -1) -> Any:
        below = np.median(first, axis=axis)
        return np.where(below > 0, np.median(second, axis=axis) / np.where(below > 0, below, 1.0), np.nan)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = bootstrap(
            (x, y),
            ratio,
            n_resamples=settings.bootstrap,
            batch=max(1, BATCH_BYTES // (8 * (len(x) + len(y)))),
            vectorized=True,
            paired=False,
            method="percentile",
            rng=np.random.default_rng(settings.seed),
        )
    return np.asarray(found.bootstrap_distribution)


def _rank_draws(x: np.ndarray, y: np.ndarray, settings: Settings) -> np.ndarray:
    import numpy as np

    rng = np.random.default_rng(settings.seed)
    below, above = _median_draws(x, settings.bootstrap, rng), _median_draws(y, settings.bootstrap, rng)
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)


def _median_draws(values: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Medians of resamples without resampling: the rank of a resampled order statistic is Beta-distributed."""
    import numpy as np

    n = len(values)

    def at(u: np.ndarray) -> np.ndarray:
        picked: np.ndarray = values[np.minimum((n * u).astype(np.int64), n - 1)]
        return picked

    if n % 2:
        k = (n + 1) // 2
        return at(rng.beta(k, n + 1 - k, draws))
    u = rng.beta(n / 2, n / 2 + 1, draws)
    v = u + (1 - u) * rng.beta(1, n / 2, draws)
    middle: np.ndarray = (at(u) + at(v)) / 2
    return middle
