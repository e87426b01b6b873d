from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from metrics.connectors.base import DayRecord
from metrics.telemetry.days import COUNTS, RATES, last_closed_day, merged, restated, row_hash, values_of, windows

DAY = date(2026, 11, 10)


def values(**given: Any) -> dict[str, Any]:
    return {**dict.fromkeys((*COUNTS, *RATES)), "currency": "", **given}


@pytest.mark.parametrize(
    ("now", "zone", "closed"),
    [
        ("2026-11-13T23:59:59", "UTC", date(2026, 11, 9)),
        ("2026-11-14T00:00:00", "UTC", date(2026, 11, 10)),
        ("2026-11-13T16:00:00", "Asia/Shanghai", date(2026, 11, 10)),
        ("2026-11-14T04:59:59", "America/New_York", date(2026, 11, 9)),
        ("2026-11-14T05:00:00", "America/New_York", date(2026, 11, 10)),
    ],
)
def test_a_day_closes_72_hours_after_its_end_in_the_zone_of_the_source(now: str, zone: str, closed: date) -> None:
    assert last_closed_day(datetime.fromisoformat(now).replace(tzinfo=UTC), zone) == closed


def test_windows_cover_every_day_once_oldest_first() -> None:
    found = windows(date(2026, 8, 23), date(2026, 11, 22))
    assert found[0][0] == date(2026, 8, 23)
    assert found[-1][1] == date(2026, 11, 22)
    assert all(a[1] == b[0] for a, b in zip(found, found[1:], strict=False))
    assert all(0 < (b - a).days <= 31 for a, b in found)
    assert windows(DAY, DAY) == []


def test_an_open_day_takes_what_is_told_now_and_keeps_what_is_no_longer_reported() -> None:
    new = merged(values(runs=5, tokens_total=100), values(runs=3))
    assert (new["runs"], new["tokens_total"]) == (3, 100)


def test_a_closed_day_accepts_more_and_keeps_out_less() -> None:
    old = values(runs=5, tokens_total=100, latency_avg_ms=40)
    more, changes = restated(old, values(runs=7, tokens_total=100, latency_avg_ms=50))
    assert (more["runs"], more["latency_avg_ms"]) == (7, 50)
    assert [(c.field, c.old, c.new, c.reason) for c in changes] == [
        ("runs", 5, 7, "late"),
        ("latency_avg_ms", 40, 50, "late"),
    ]
    less, changes = restated(old, values(runs=4, tokens_total=120, latency_avg_ms=90))
    assert (less["runs"], less["tokens_total"], less["latency_avg_ms"]) == (5, 120, 40)
    assert {(c.field, c.reason) for c in changes} == {("tokens_total", "late"), ("runs", "source_shrank")}


def test_a_figure_that_is_no_longer_reported_is_no_restatement() -> None:
    old = values(runs=5)
    assert restated(old, values()) == (old, [])


def test_the_hash_of_a_row_knows_its_figures_and_not_when_they_were_read() -> None:
    told = values_of(DayRecord("a", DAY, "UTC", messages=3, cost=12, currency="USD", latency_avg_ms=4966.75))
    assert told["latency_avg_ms"] == 4967
    assert row_hash(DAY, "UTC", told) == row_hash(DAY, "UTC", dict(told))
    assert row_hash(DAY, "UTC", told) != row_hash(DAY, "UTC", {**told, "messages": 4})
    assert row_hash(DAY, "UTC", {**told, "runs": 0}) != row_hash(DAY, "UTC", {**told, "runs": None})
