from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from metrics.connectors.base import MAX_TRIES, next_delay, next_window_delay, retry_after_seconds

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def test_a_stated_wait_is_obeyed_to_the_second() -> None:
    assert next_delay(1, "17", random.Random(1), NOW) == 17.0
    assert next_delay(2, "Sun, 22 Nov 2026 10:01:30 GMT", random.Random(1), NOW) == 90.0
    assert next_delay(1, "3600", random.Random(1), NOW) == 3600.0


def test_a_date_already_past_means_now() -> None:
    assert next_delay(1, "Sun, 22 Nov 2026 09:00:00 GMT", random.Random(1), NOW) == 0.0


@pytest.mark.parametrize("value", [None, "", "-5", "soon", "NaN", "1e9", "Sun, 99 Nov 2026"])
def test_an_unreadable_wait_falls_back_to_jitter(value: str | None) -> None:
    assert retry_after_seconds(value, NOW) is None
    delay = next_delay(3, value, random.Random(1), NOW)
    assert delay is not None and 0 <= delay <= 8


def test_jitter_grows_and_stays_within_its_cap() -> None:
    rng = random.Random(7)
    for attempt in range(1, MAX_TRIES):
        waits = [next_delay(attempt, None, rng) or 0.0 for _ in range(200)]
        assert max(waits) <= min(30.0, 2.0**attempt)
        assert max(waits) > 0.8 * min(30.0, 2.0**attempt)


def test_after_five_tries_the_slice_ends_even_when_asked_to_wait() -> None:
    assert next_delay(MAX_TRIES, "1", random.Random(1), NOW) is None


def test_a_failed_window_waits_at_most_fifteen_minutes_of_its_own_and_longer_when_asked() -> None:
    rng = random.Random(3)
    assert all(15 <= next_window_delay(failures, None, rng) <= 900 for failures in range(30))
    assert next_window_delay(1, "7200", rng, NOW) == 7200
