"""Each formula against a hand calculation, brute force, or the library it names."""

import math
from itertools import combinations

import numpy as np
import pytest

from metrics.estimators import canonical, durations, placebo, survival, times
from metrics.estimators.model import THRESHOLDS, Sample, Settings

SETTINGS = Settings(bootstrap=999, seed=1, alpha=0.05, floor=0.5, thresholds=dict(THRESHOLDS))


def sample(minutes, ended=None):
    minutes = np.asarray(minutes, dtype=float)
    ended = np.ones(len(minutes), dtype=bool) if ended is None else np.asarray(ended, dtype=bool)
    order = np.lexsort((~ended, minutes))
    rows = np.arange(len(minutes))
    return Sample(minutes[order], ended[order], rows, len(minutes), rows, 0)


def brute_force_shift(x, y, z=1.959964):
    pairs = sorted(b - a for a in x for b in y)
    n, m, k = len(x), len(y), len(pairs)
    c = max(1, math.floor(k / 2 - z * math.sqrt(k * (n + m + 1) / 12)))
    middle = pairs[k // 2] if k % 2 else (pairs[k // 2 - 1] + pairs[k // 2]) / 2
    return middle, pairs[c - 1], pairs[k - c]


@pytest.mark.parametrize("seed", range(5))
def test_hodges_lehmann_equals_brute_force(seed):
    rng = np.random.default_rng(seed)
    x, y = np.sort(rng.lognormal(3, 1, 23)), np.sort(rng.lognormal(3, 1, 31))
    found = durations.hl_shift(x, y, SETTINGS)
    assert (found.value, *found.ci) == brute_force_shift(x, y)


@pytest.mark.parametrize("decimals", [0, 1, 12])
def test_order_statistics_by_bisection_are_exact_with_and_without_ties(monkeypatch, decimals):
    rng = np.random.default_rng(7)
    x, y = np.sort(rng.lognormal(2, 1, 90).round(decimals)), np.sort(rng.lognormal(2, 1, 110).round(decimals))
    ranks = [1, 2, 777, 4950, 4951, 9899, 9900]
    expected = np.sort(np.subtract.outer(y, x), axis=None)[np.array(ranks) - 1]
    monkeypatch.setattr(durations, "PAIRS_AT_ONCE", 0)
    assert durations.pairwise_order_statistics(x, y, ranks) == expected.tolist()


def test_bisection_finds_a_shift_of_exactly_zero(monkeypatch):
    monkeypatch.setattr(durations, "PAIRS_AT_ONCE", 0)
    x = np.array([1.0, 2.0, 3.0])
    assert durations.pairwise_order_statistics(x, x, [5]) == [0.0]


def test_hl_ratio_uses_the_floor_on_the_log_scale_only():
    x, y = np.array([0.0, 0.0, 0.4] * 5), np.array([1.0] * 15)
    assert durations.hl_ratio(np.sort(x), y, SETTINGS).value == pytest.approx(2.0)
    assert durations.hl_shift(np.sort(x), y, SETTINGS).value == 1.0


def test_the_median_ratio_is_the_percentile_bootstrap_of_the_stated_stream():
    from scipy.stats import bootstrap

    rng = np.random.default_rng(3)
    x, y = np.sort(rng.lognormal(3, 0.6, 60)), np.sort(rng.lognormal(2.6, 0.6, 50))
    found = durations.median_ratio(x, y, SETTINGS)
    drawn = bootstrap(
        (x, y), lambda a, b, axis: np.median(b, axis=axis) / np.median(a, axis=axis), n_resamples=999,
        batch=2**26 // (8 * 110), paired=False, method="percentile", rng=np.random.default_rng(1),
    )  # fmt: skip
    assert found.value == np.median(y) / np.median(x)
    assert found.ci == pytest.approx(np.quantile(drawn.bootstrap_distribution, [0.025, 0.975]))


@pytest.mark.parametrize("n", [201, 52])
def test_rank_draws_follow_the_distribution_of_resampled_medians(n):
    values = np.sort(np.random.default_rng(5).lognormal(3, 0.8, n))
    rng = np.random.default_rng(1)
    resampled = np.median(values[rng.integers(0, n, (20_000, n))], axis=1)
    drawn = durations._median_draws(values, 20_000, rng)
    for q in (0.025, 0.5, 0.975):
        assert np.quantile(drawn, q) == pytest.approx(np.quantile(resampled, q), rel=0.02)


def test_above_ten_thousand_a_side_the_result_names_the_rank_draw():
    rng = np.random.default_rng(2)
    x, y = np.sort(rng.lognormal(3, 1, 10_001)), np.sort(rng.lognormal(3, 1, 300))
    assert "beta ranks" in durations.median_ratio(x, y, SETTINGS).method


def test_a_zero_baseline_median_gives_no_ratio_but_a_shift():
    x, y = np.zeros(30), np.full(30, 4.0)
    assert durations.median_ratio(x, y, SETTINGS).null_reason == "baseline_is_zero"
    assert durations.hl_shift(x, y, SETTINGS).value == 4.0


def test_a_baseline_median_that_is_often_zero_in_resamples_gives_no_ratio():
    x = np.sort(np.array([0.0] * 14 + [5.0] * 16))
    found = durations.median_ratio(x, np.full(30, 4.0), SETTINGS)
    assert found.null_reason == "baseline_near_zero" and found.dropped > 10 and found.value is None


def test_welch_on_logs_equals_the_textbook_formula():
    from scipy.stats import t

    x, y = np.sort(np.array([3.0, 5, 8, 13, 21])), np.sort(np.array([2.0, 3, 5, 8]))
    a, b = np.log(x), np.log(y)
    v0, v1 = a.var(ddof=1) / 5, b.var(ddof=1) / 4
    df = (v0 + v1) ** 2 / (v0**2 / 4 + v1**2 / 3)
    half = t.ppf(0.975, df) * math.sqrt(v0 + v1)
    found = durations.geomean_ratio(x, y, SETTINGS)
    assert found.ci == pytest.approx((math.exp(b.mean() - a.mean() - half), math.exp(b.mean() - a.mean() + half)))


def test_share_within_is_newcombes_interval_of_the_difference():
    base, pilot = sample([5] * 20 + [50] * 40), sample([5] * 35 + [50] * 15)
    found = durations.share_within(base, pilot, 15, SETTINGS)

    def wilson(k, n, z=1.959963984540054):
        centre, half = k / n + z * z / (2 * n), z * math.sqrt(k / n * (1 - k / n) / n + z * z / (4 * n * n))
        return (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)

    (l1, u1), (l0, u0) = wilson(35, 50), wilson(20, 60)
    p1, p0 = 35 / 50, 20 / 60
    low = p1 - p0 - math.sqrt((p1 - l1) ** 2 + (u0 - p0) ** 2)
    high = p1 - p0 + math.sqrt((u1 - p1) ** 2 + (p0 - l0) ** 2)
    assert found.value == pytest.approx(p1 - p0)
    assert found.ci == pytest.approx((low, high), abs=1e-6)


def test_a_record_open_for_less_than_the_limit_leaves_the_denominator():
    found = sample([5, 10, 20, 30], [True, False, True, False])
    assert durations.share_counts(found, 15) == (1, 3)


def test_kaplan_meier_median_by_hand():
    # At risk 6, 5, 3, 2: S = 5/6, 4/6, 4/9, 2/9; it crosses 50 % at 4.
    found = sample([1, 2, 3, 4, 5, 6], [True, True, False, True, True, False])
    assert survival.km_median(found, 0.05).value == 4
    assert survival.km_median(sample([1, 2, 3, 4], [True, False, False, False]), 0.05).value is None


def test_restricted_mean_and_its_variance_by_hand():
    # S: 1 to 1, 3/4 to 2, 3/8 (2 at risk, 1 ends) from 3.
    found = survival.rmst(sample([1, 2, 3, 4], [True, False, True, False]), 4)
    assert found.value == pytest.approx(1 + 0.75 * 2 + 0.375)
    areas = (0.75 * 2 + 0.375, 0.375)
    assert found.variance == pytest.approx(areas[0] ** 2 * 1 / (4 * 3) + areas[1] ** 2 * 1 / (2 * 1))


def test_restricted_mean_without_open_records_is_the_mean_of_capped_times():
    values = np.array([3.0, 7, 7, 20, 55])
    assert survival.rmst(sample(values), 30).value == pytest.approx(np.minimum(values, 30).mean())


def test_only_a_window_that_ends_in_an_open_record_limits_tau():
    closed, waiting = sample([5, 9]), sample([4, 7], [True, False])
    assert survival.longest_follow_up(closed, waiting) == 7
    assert survival.longest_follow_up(closed, closed) is None
    assert survival.rmst_estimates(closed, waiting, 8, SETTINGS)[0].null_reason == "tau_beyond_follow_up"


def test_the_offered_horizon_is_when_nine_in_ten_have_ended():
    assert survival.default_tau([], []) == 7 * 1440
    assert survival.default_tau(list(range(10, 1010, 10)), [True] * 100) == 900  # the 90th value, whole hours
    assert survival.default_tau([100.0] * 50, [True] * 25 + [False] * 25) == 30 * 1440


def test_bootstrap_of_kaplan_meier_medians_agrees_with_the_library_curve_by_curve():
    rng = np.random.default_rng(4)
    times_ = rng.exponential(50, 41).round(1)
    one = sample(times_, rng.random(41) > 0.2)
    medians = survival._resampled_medians(one, 50, np.random.default_rng(9))
    picks = np.random.default_rng(9).integers(0, 41, (50, 41))
    expected = [survival.km_median(sample(one.minutes[pick], one.ended[pick]), 0.05).value for pick in picks]
    assert medians.tolist() == expected


def test_log_rank_agrees_with_a_clear_difference_and_survives_no_variation():
    assert survival.log_rank_p(sample(np.arange(1, 40)), sample(np.arange(41, 80))) < 1e-6
    assert survival.log_rank_p(sample([5] * 40), sample([5] * 40)) is None


def test_week_p_equals_full_enumeration_with_ties():
    from scipy.stats import rankdata

    history, pilot = [5.0, 7, 7, 9, 6, 8], [4.0, 6, 7]
    ranks = rankdata(history + pilot)
    sums = [sum(chosen) for chosen in combinations(ranks, 3)]
    assert placebo.week_p(history, pilot) == sum(s <= sum(ranks[6:]) for s in sums) / len(sums)


def test_four_pilot_weeks_need_four_weeks_of_history():
    assert placebo.smallest_week_p(4, 4) < 0.025 < placebo.smallest_week_p(3, 4)
    assert placebo.smallest_week_p(8, 2) < 0.025 < placebo.smallest_week_p(7, 2)


@pytest.mark.parametrize(
    ("text", "date_format", "expected"),
    [
        ("2026-03-01", "iso", "2026-03-01T00:00:00"),
        ("2026-03", "iso", "2026-03-01T00:00:00"),
        ("2026-03-01T10:00:00+02:00", "iso", "2026-03-01T08:00:00"),
        ("29/2/2016 01:16", "day_first", "2016-02-29T01:16:00"),
        ("2/29/2016", "month_first", "2016-02-29T00:00:00"),
        ("42429.5", "excel_serial_1900", "2016-02-29T12:00:00"),
        ("1456704000", "epoch_s", "2016-02-29T00:00:00"),
        ("1456704000500", "epoch_ms", "2016-02-29T00:00:00.500000"),
        ("30/2/2016", "day_first", None),
        ("yesterday", "iso", None),
        ("nan", "epoch_s", None),
    ],
)
def test_times_are_read_by_the_stated_format_only(text, date_format, expected):
    wall = times.parse_wall(text, date_format)
    shown = None if wall is None else times.local(times.instant(wall, None).us, None).isoformat()
    assert shown == expected


def test_canonical_numbers_are_the_shortest_that_read_back():
    assert canonical.canonical({"b": 20.0, "a": 0.1, "c": -0.0}) == '{"a":0.1,"b":20,"c":0}'
    with pytest.raises(ValueError):
        canonical.canonical({"a": math.nan})
