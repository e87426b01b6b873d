"""What a handful of rounds on a shared machine may be said to show."""

from __future__ import annotations

import pytest

from bench.stats import FAIL, PASS, UNSTABLE, percentile, ratios, spread, verdict


def test_seven_rounds_span_everything_seen_and_more_rounds_leave_the_ends_out():
    seven = spread([3.0, 1.0, 2.0, 5.0, 4.0, 7.0, 6.0])
    assert (seven.median, seven.lo, seven.hi) == (4.0, 1.0, 7.0)
    nine = spread([float(n) for n in range(1, 10)])
    assert (nine.median, nine.lo, nine.hi) == (5.0, 2.0, 8.0)  # P(median in between) = 1 - 2 * 10 / 512 = 0.961
    twenty = spread([float(n) for n in range(1, 21)])
    assert (twenty.lo, twenty.hi) == (6.0, 15.0)  # as in the tables of the sign test
    assert spread([2.0]).hi == 2.0


def test_a_ratio_is_taken_round_by_round():
    assert ratios([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]
    with pytest.raises(ValueError, match="different number"):
        ratios([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="no rounds"):
        spread([])


@pytest.mark.parametrize(
    ("rounds", "quick", "says"),
    [
        ([1.0, 1.1, 1.2], False, PASS),
        ([1.0, 1.1, 1.6], False, FAIL),  # the upper end breaks the bound …
        ([1.0, 1.1, 1.6], True, PASS),  # … the median does not
        ([1.0, 1.6, 1.7], True, FAIL),
        ([0.5, 1.1, 1.2], False, UNSTABLE),
        ([0.5, 1.1, 1.6], False, FAIL),  # noise excuses nothing
    ],
)
def test_a_bound_holds_at_the_upper_end_or_in_a_quick_run_at_the_median(rounds, quick, says):
    assert verdict(spread(rounds), 1.5, quick=quick, is_ratio=True) == says


def test_a_latency_may_jump_below_its_bound_and_nothing_lost_is_nothing_lost():
    assert verdict(spread([4.0, 9.0, 30.0]), 100, quick=False, is_ratio=False) == PASS
    assert verdict(spread([0.0, 0.0, 0.0]), 0, quick=False, is_ratio=False) == PASS
    assert verdict(spread([0.0, 0.0, 1.0]), 0, quick=False, is_ratio=False) == FAIL


def test_a_percentile_is_a_value_that_was_seen():
    values = [float(n) for n in range(1, 101)]
    assert (percentile(values, 0.95), percentile(values, 0.5), percentile([7.0], 0.95)) == (95.0, 50.0, 7.0)
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)
