from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from metrics.connectors.records.archive import open_upload
from metrics.connectors.records.base import IncidentRecord
from metrics.connectors.records.event_log import SERVICENOW_EVENT_LOG, read_records
from metrics.connectors.records.forensics import (
    Finding,
    backdated_open,
    bulk_close,
    examine,
    merged_children,
    negative_or_zero,
    reopen_loop,
    rounding,
    timer_close,
)
from metrics.connectors.records.table import open_csv

from .paths import EVENT_LOG, need

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def minutes(value: float) -> timedelta:
    return timedelta(minutes=value)


def records(count: int, build: Callable[[int, IncidentRecord], IncidentRecord]) -> list[IncidentRecord]:
    """Openings 97 minutes apart; nothing else set."""
    return [build(n, IncidentRecord(key=str(n), opened_at=START + minutes(97 * n), row=n + 2)) for n in range(count)]


def resolved_after(length: Callable[[int], float]) -> list[IncidentRecord]:
    return records(100, lambda n, record: record._replace(resolved_at=record.opened_at + minutes(length(n))))


def test_an_end_that_follows_a_timer_is_recognised() -> None:
    closed = records(
        100,
        lambda n, record: record._replace(
            resolved_at=record.opened_at + minutes(7 * n + 3),
            closed_at=record.opened_at + minutes(7 * n + 3 + (7200 if n < 60 else 31 * n)),
        ),
    )
    finding = timer_close(closed, "closed_at")
    assert (finding.level, finding.params["start"], finding.params["minutes"]) == ("warn", "resolved_at", 7200)
    assert finding.share == 0.6
    assert timer_close(closed, "resolved_at").level == "clear"


def test_a_short_common_lag_is_work_not_a_timer() -> None:
    assert timer_close(resolved_after(lambda n: 60), "resolved_at").level == "clear"
    assert timer_close(resolved_after(lambda n: 61), "resolved_at").level == "warn"


def test_many_ends_in_one_minute_are_listed() -> None:
    at_once = records(
        100,
        lambda n, record: record._replace(closed_at=START + timedelta(days=30, seconds=n) if n < 40 else None),
    )
    finding = bulk_close(at_once, "closed_at")
    assert (finding.level, finding.count, finding.of) == ("warn", 40, 40)
    assert finding.params["minutes"] == [("2026-04-01T08:00:00+00:00", 40)]
    assert bulk_close(at_once[:19], "closed_at").level == "clear"


@pytest.mark.parametrize(("share", "level"), [(0, "clear"), (10, "note"), (11, "warn")])
def test_back_dated_openings_are_shown_and_warn_above_a_tenth(share: int, level: str) -> None:
    found = backdated_open(
        records(
            100,
            lambda n, record: record._replace(created_at=record.opened_at + minutes(16 if n < share else 15)),
        )
    )
    assert (found.level, found.count) == (level, share)


def test_negative_durations_warn_and_zero_ones_are_noted() -> None:
    assert negative_or_zero(resolved_after(lambda n: -1 if n == 0 else 5), "ttr").level == "warn"
    zero = negative_or_zero(resolved_after(lambda n: 0 if n < 7 else 5), "ttr")
    assert (zero.level, zero.count, zero.params["negative"]) == ("note", 7, 0)


def test_a_resolution_before_the_last_reopening_is_a_loop() -> None:
    def reopened(n: int, record: IncidentRecord) -> IncidentRecord:
        end = record.opened_at + minutes(60)
        again = end + minutes(30 if n < 3 else -30)
        return record._replace(resolved_at=end, reopen_count=int(n < 10), last_reopen_at=again if n < 10 else None)

    finding = reopen_loop(records(100, reopened))
    assert (finding.level, finding.count, finding.of) == ("warn", 3, 10)


def test_children_of_other_records_are_counted() -> None:
    finding = merged_children(records(50, lambda n, record: record._replace(parent_key="P-1" if n < 5 else None)))
    assert (finding.level, finding.share) == ("note", 0.1)


@pytest.mark.parametrize(("same", "level"), [(30, "clear"), (31, "warn")])
def test_one_value_that_fills_a_third_of_the_file_warns(same: int, level: str) -> None:
    assert rounding(resolved_after(lambda n: 30 if n < same else 100 + n), "ttr").level == level


def test_every_check_answers_even_without_records() -> None:
    codes = {finding.code for finding in examine([])}
    assert codes == {
        "timer_close",
        "bulk_close",
        "backdated_open",
        "negative_or_zero",
        "reopen_loop",
        "merged_children",
        "rounding",
    }
    assert all(finding.share is None for finding in examine([]))


def test_too_few_records_are_said_to_be_too_few() -> None:
    few = resolved_after(lambda n: 7200)[:19]
    assert {timer_close(few, "resolved_at").level, rounding(few, "ttr").level} == {"not_enough"}


def test_the_real_log_closes_by_a_timer_and_its_resolutions_do_not() -> None:
    with need(EVENT_LOG).open("rb") as upload, open_upload(upload) as member:
        findings = examine(read_records(open_csv(member.stream), SERVICENOW_EVENT_LOG).records)
    timers: dict[str, Finding] = {found.params["end"]: found for found in findings if found.code == "timer_close"}
    assert (timers["closed_at"].level, timers["resolved_at"].level) == ("warn", "clear")
    assert (timers["closed_at"].count, timers["closed_at"].of) == (20_118, 23_362)
    backdated = next(found for found in findings if found.code == "backdated_open")
    assert (backdated.level, backdated.count, backdated.of) == ("warn", 2_031, 13_423)
    for found in findings:
        assert found.sentence["en"] and found.sentence["zh"]
        assert "%(" not in found.sentence["en"] + found.sentence["zh"]
