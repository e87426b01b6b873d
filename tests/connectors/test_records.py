from __future__ import annotations

import io
import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from metrics.connectors.records.archive import open_upload
from metrics.connectors.records.base import NOT_RECORDED, IncidentRecord, RecordsRead, RecordsRefused
from metrics.connectors.records.event_log import BUILT_IN, SERVICENOW_EVENT_LOG, iter_incidents, read_records
from metrics.connectors.records.mapping import (
    FIELDS,
    Mapping,
    Tally,
    is_people_column,
    mapping_problems,
    possible_date_formats,
    rows_to_incidents,
)
from metrics.connectors.records.table import Dialect, guess_dialect, open_csv, table_of

from .paths import EVENT_LOG, need

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- tables --------------------------------------------------------------------------------------------------------


def test_repeated_header_names_are_told_apart_by_position() -> None:
    table = open_csv(b"category,category,,category\n1,2,3,4\n")
    assert table.header == ("category", "category#2", "column 3", "category#3")
    assert list(table.by_name()) == [(2, {"category": "1", "category#2": "2", "column 3": "3", "category#3": "4"})]


def test_a_column_really_called_category_2_keeps_the_names_distinct() -> None:
    header = table_of([["category#2", "category", "category"]]).header
    assert len(set(header)) == 3


@pytest.mark.parametrize(
    ("data", "dialect"),
    [
        ("number;state\n1;新建\n".encode("gb18030"), Dialect("gb18030", ";")),
        ("\ufeffnumber\tstate\n1\tneu\n".encode(), Dialect("utf-8-sig", "\t")),
        (b"number,state\n1,new\n", Dialect("utf-8-sig", ",")),
    ],
)
def test_encoding_and_separator_are_guessed(data: bytes, dialect: Dialect) -> None:
    assert guess_dialect(data) == dialect
    assert open_csv(data).header == ("number", "state")


def test_a_guess_is_not_misled_by_a_sample_that_ends_inside_a_character() -> None:
    data = ("number\n" + "é" * 40_000).encode()
    assert guess_dialect(data[:65_536]).encoding == "utf-8-sig"


def test_a_wrong_encoding_names_the_line() -> None:
    with pytest.raises(RecordsRefused) as caught:
        list(open_csv(b"number\n1\n\xff\xff\n", Dialect("utf-8-sig", ",")).rows)
    assert caught.value.code == "wrong_encoding"
    assert "UTF-8" in caught.value.sentence["en"] and caught.value.sentence["zh"]


def test_an_unclosed_quote_is_refused_not_swallowed() -> None:
    with pytest.raises(RecordsRefused) as caught:
        list(open_csv(b'number,state\n1,"open\n' + b"2,closed\n" * 50).rows)
    assert caught.value.code == "bad_csv"


def test_ragged_rows_are_named_and_blank_lines_are_not_rows() -> None:
    table = open_csv(b"a,b\n1,2\n\n3\n4,5,6\n7,8\n")
    assert [row.cells for row in table.rows] == [["1", "2"], ["7", "8"]]
    assert [(error.row, error.code) for error in table.ragged] == [(4, "ragged_row"), (5, "ragged_row")]


@pytest.mark.parametrize(("data", "code"), [(b"", "empty_file"), (b",".join([b"x"] * 201), "too_many_columns")])
def test_a_file_without_a_usable_header_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(RecordsRefused) as caught:
        open_csv(data)
    assert caught.value.code == code


def test_the_stream_stays_open_for_whoever_opened_it() -> None:
    stream = io.BytesIO(b"a\n1\n")
    list(open_csv(stream).rows)
    assert not stream.closed


# --- one record per row --------------------------------------------------------------------------------------------

PLAIN = Mapping(
    name="plain",
    columns=(
        ("No", "key"),
        ("Opened", "opened_at"),
        ("Resolved", "resolved_at"),
        ("Group", "group"),
        ("Reopened", "reopen_count"),
        ("In SLA", "made_sla"),
    ),
    zone="UTC",
)
HEADER = "No,Opened,Resolved,Group,Reopened,In SLA,Caller\n"


def read(mapping: Mapping, *rows: str, as_of: datetime = AS_OF) -> RecordsRead:
    return rows_to_incidents(mapping, open_csv((HEADER + "\n".join(rows)).encode()), as_of=as_of)


def changed(**changes: Any) -> Mapping:
    return Mapping.from_dict({**PLAIN.to_dict(), **changes})


def test_a_row_becomes_a_record_in_utc_without_its_people() -> None:
    result = read(changed(zone="Asia/Shanghai"), "I-1,2026-03-01 08:00,2026-03-01 09:30,DBA,2,true,Jane Doe")
    (record,) = result.records
    assert record == IncidentRecord(
        key="I-1",
        opened_at=at("2026-03-01T00:00"),
        resolved_at=at("2026-03-01T01:30"),
        group="DBA",
        reopen_count=2,
        made_sla=True,
        row=2,
    )
    assert record.minutes("ttr") == 90
    assert record.service is None
    assert "Jane" not in repr(result)


def test_every_bad_cell_is_named_and_its_row_left_out() -> None:
    result = read(
        PLAIN,
        "I-1,2026-03-01 08:00,,DBA,0,true,x",
        "I-2,01.03.2026,soon,DBA,many,maybe,x",
        ",2026-03-01 08:00,?,DBA,0,true,x",
        "I-4,?,?,DBA,0,true,x",
        "I-5,2026-03-01 08:00,?,DBA,0",
        "I-1,2026-03-02 08:00,?,DBA,0,true,x",
    )
    assert [record.key for record in result.records] == ["I-1"]
    assert [(error.row, error.column, error.code) for error in result.errors if error.row == 3] == [
        (3, "Opened", "bad_time"),
        (3, "Resolved", "bad_time"),
        (3, "Reopened", "bad_number"),
        (3, "In SLA", "bad_flag"),
    ]
    assert result.excluded == {
        "bad_time": 1,
        "missing_key": 1,
        "missing_opened_at": 1,
        "duplicate_key": 1,
        "ragged_row": 1,
    }
    assert result.rows_read == 6 == len(result.records) + sum(result.excluded.values())
    assert "“01.03.2026”" in result.errors[0].sentence["en"] and "“01.03.2026”" in result.errors[0].sentence["zh"]


def test_prose_in_a_bad_cell_is_not_repeated() -> None:
    (error,) = read(PLAIN, "I-1,call Jane at home,?,DBA,0,true,x").errors
    assert "Jane" not in repr(error)
    (error,) = read(PLAIN, f"I-1,2026-03-01 08:00,?,{'Jane cannot log in. ' * 9},0,true,x").errors
    assert (error.code, "Jane" in repr(error)) == ("too_long", False)


def test_a_missing_category_is_a_category_of_its_own() -> None:
    result = read(PLAIN, "I-1,2026-03-01 08:00,?,?,?,?,x")
    (record,) = result.records
    assert (record.group, record.reopen_count, record.made_sla) == (NOT_RECORDED, None, None)
    assert (result.group_not_recorded, result.missing_resolved) == (1, 1)


@pytest.mark.parametrize(
    ("date_format", "text", "zone"),
    [
        ("iso", "2026-03-02T01:16:00", "UTC"),
        ("iso", "2026-03-02 09:16+08:00", None),
        ("iso", "2026-03-02T01:16:00Z", None),
        ("day_first", "2/3/2026 01:16", "UTC"),
        ("month_first", "3/2/2026 1:16 AM", "UTC"),
        ("month_first", "03/02/2026 01:16", "+00:00"),
        ("epoch_s", "1772414160", None),
        ("epoch_ms", "1772414160000", None),
        ("excel_serial_1900", "46083.0527777778", "UTC"),
        ("excel_serial_1904", "44621.0527777778", "UTC"),
    ],
)
def test_one_moment_is_read_from_every_format(date_format: str, text: str, zone: str | None) -> None:
    (record,) = read(changed(date_format=date_format, zone=zone), f"I-1,{text},?,DBA,0,true,x").records
    assert record.opened_at == at("2026-03-02T01:16")


@pytest.mark.parametrize(
    ("date_format", "text"),
    [
        ("iso", "2026-02-30 10:00"),
        ("iso", "20260302"),
        ("iso", "0001-01-01T00:00:00"),
        ("day_first", "3/13/2026 01:16"),
        ("day_first", "2/3/26 01:16"),
        ("month_first", "3/2/2026 13:16 PM"),
        ("epoch_s", "99999999999999"),
        ("excel_serial_1900", "60"),
        ("excel_serial_1900", "1e9"),
    ],
)
def test_an_impossible_time_is_refused(date_format: str, text: str) -> None:
    result = read(changed(date_format=date_format), f"I-1,{text},?,DBA,0,true,x")
    assert result.excluded == {"bad_time": 1}


BERLIN_FOLD, BERLIN_GAP = "2025-10-26 02:30", "2026-03-29 02:30"


def test_hours_of_a_clock_change_are_left_out_until_a_person_answers() -> None:
    result = read(changed(zone="Europe/Berlin"), f"A,{BERLIN_FOLD},?,g,0,1,x", f"B,{BERLIN_GAP},?,g,0,1,x")
    assert result.records == ()
    assert result.excluded == {"ambiguous_time": 1, "nonexistent_time": 1}
    assert [error.row for error in result.errors] == [2, 3]


@pytest.mark.parametrize(
    ("fold", "utc"), [("first", "00:30"), ("second", "01:30"), ("UTC", "02:30"), ("+01:00", "01:30")]
)
def test_an_answer_reads_the_ambiguous_hour(fold: str, utc: str) -> None:
    (record,) = read(changed(zone="Europe/Berlin", fold=fold), f"A,{BERLIN_FOLD},?,g,0,1,x").records
    assert record.opened_at == at(f"2025-10-26T{utc}")


def test_durations_across_a_clock_change_are_of_instants() -> None:
    (record,) = read(changed(zone="Europe/Berlin"), "A,2026-03-29 01:00,2026-03-29 04:00,g,0,1,x").records
    assert record.minutes("ttr") == 120


def test_a_naive_iso_time_without_a_zone_asks_for_it() -> None:
    assert read(changed(zone=None), "A,2026-03-29 01:00,?,g,0,1,x").excluded == {"zone_needed": 1}


def test_records_opened_after_the_file_was_complete_are_left_out_and_later_ends_are_open() -> None:
    as_of = at("2026-03-01T12:00")
    rows = ("A,2026-03-01 10:00,2026-03-01 12:00,g,0,1,x", "B,2026-03-01 10:00,2026-03-01 12:01,g,0,1,x")
    result = read(PLAIN, *rows, "C,2026-03-01 12:01,?,g,0,1,x", as_of=as_of)
    assert [(record.key, record.is_open(as_of)) for record in result.records] == [("A", False), ("B", True)]
    assert result.excluded == {"opened_after_as_of": 1}


def test_a_negative_duration_is_counted_and_listed_and_the_record_kept() -> None:
    result = read(PLAIN, "A,2026-03-01 10:00,2026-03-01 09:00,g,0,1,x")
    assert (result.negative["ttr"], result.negative_keys, len(result.records)) == (1, ("A",), 1)


def test_all_problems_of_a_mapping_come_at_once() -> None:
    broken = Mapping(
        name="x",
        columns=(("Caller", "group"), ("Nope", "opened_at"), ("No", "weight")),
        date_format="day_first",
        fold="perhaps",
        collapse="magic",
    )
    with pytest.raises(RecordsRefused) as caught:
        read(broken, "A,?,?,?,?,?,?")
    codes = {problem.code for problem in caught.value.params["problems"]}
    assert codes == {
        "people_column",
        "column_missing",
        "unknown_field",
        "field_missing",
        "zone_needed",
        "unknown_fold",
        "unknown_collapse",
    }
    assert mapping_problems(PLAIN, HEADER.strip().split(",")) == ()
    assert [problem.code for problem in mapping_problems(changed(zone="Mars/Base"), HEADER.strip().split(","))] == [
        "unknown_zone"
    ]


@pytest.mark.parametrize(
    "column", ["caller_id", "opened_by", "sys_updated_by", "assigned_to", "Resolved By", "Assignee", "Requester e-mail"]
)
def test_columns_of_people_cannot_be_mapped(column: str) -> None:
    assert is_people_column(column)


@pytest.mark.parametrize("column", ["caused_by", "assignment_group", "business_service", "number", "priority"])
def test_columns_of_work_can_be_mapped(column: str) -> None:
    assert not is_people_column(column)


def test_no_field_of_a_record_can_hold_a_person() -> None:
    assert not any(is_people_column(field) for field in (*FIELDS, *IncidentRecord._fields))


def test_a_date_that_reads_two_ways_is_asked_about() -> None:
    assert possible_date_formats(["02/03/2026 10:00", "?"]) == ("day_first", "month_first")
    assert possible_date_formats(["02/03/2026", "13/03/2026"]) == ("day_first",)
    assert possible_date_formats(["2026-03-02T10:00:00Z"]) == ("iso",)
    assert possible_date_formats(["soon"]) == ()


def test_a_saved_mapping_reads_back_the_same_and_its_digest_follows_its_content() -> None:
    again = Mapping.from_dict(PLAIN.to_dict())
    assert (again, again.digest) == (PLAIN, PLAIN.digest)
    assert changed(zone="Asia/Shanghai").digest != PLAIN.digest


# --- event logs ----------------------------------------------------------------------------------------------------

LOG_HEADER = (
    "number,incident_state,reassignment_count,reopen_count,made_sla,opened_at,sys_created_at,sys_updated_at,"
    "contact_type,category,category,priority,assignment_group,assigned_to,resolved_at,closed_at\n"
)


def event(number: str = "0000001", state: str = "Active", updated: str = "1/3/2016 10:00", **changes: str) -> str:
    cells = {
        "number": number,
        "state": state,
        "reassigned": "0",
        "reopened": "0",
        "sla": "true",
        "opened": "1/3/2016 09:00",
        "created": "1/3/2016 09:05",
        "updated": updated,
        "contact": "Phone",
        "category": "55",
        "subcategory": "170",
        "priority": "3",
        "group": "70",
        "person": "999",
        "resolved": "?",
        "closed": "?",
        **changes,
    }
    return ",".join(cells.values())


def log(*events: str, as_of: datetime | None = None) -> RecordsRead:
    return read_records(open_csv((LOG_HEADER + "\n".join(events)).encode()), SERVICENOW_EVENT_LOG, as_of=as_of)


def test_an_incident_takes_its_last_written_times_and_the_rest_from_its_last_row() -> None:
    result = log(
        event(state="New", updated="1/3/2016 09:10", group="70", priority="2"),
        event(state="Active", updated="1/3/2016 09:40", resolved="1/3/2016 11:00", reassigned="1"),
        event(state="Resolved", updated="1/3/2016 09:30", resolved="1/3/2016 11:00", closed="6/3/2016 11:00"),
        event(state="Closed", updated="6/3/2016 11:00", group="?", closed="?", reassigned="2", category="?"),
    )
    (record,) = result.records
    assert record.resolved_at == at("2016-03-01T11:00")
    assert record.closed_at == at("2016-03-06T11:00")
    assert record.first_ack_at == at("2016-03-01T09:30")
    assert (record.group, record.category, record.subcategory) == (NOT_RECORDED, NOT_RECORDED, "170")
    assert (record.priority, record.reassignment_count, record.state, record.events) == ("3", 2, "Closed", 4)
    assert (record.minutes("tta"), record.minutes("ttr")) == (30, 120)
    assert result.group_not_recorded == 1
    assert result.as_of == at("2016-03-06T11:00")
    assert "999" not in repr(result.records)


def test_states_outside_the_known_ones_are_counted_by_row() -> None:
    result = log(event(state="-100"), event(state="-100"), event(state="Closed"))
    assert result.unusual_states == {"-100": 2}


def test_the_moment_of_the_last_reopening_is_known() -> None:
    result = log(
        event(updated="1/3/2016 10:00"),
        event(updated="2/3/2016 10:00", reopened="1"),
        event(updated="3/3/2016 10:00", reopened="1"),
    )
    assert result.records[0].last_reopen_at == at("2016-03-02T10:00")
    assert result.reopened == 1


def test_an_incident_with_an_unreadable_time_is_left_out_whole_and_named() -> None:
    result = log(event(), event(updated="31/2/2016 10:00"), event(number="0000002"))
    assert [record.key for record in result.records] == ["0000002"]
    assert result.excluded == {"bad_time": 1}
    assert [(error.row, error.column) for error in result.errors] == [(3, "sys_updated_at")]


def test_rows_that_return_to_an_earlier_incident_refuse_the_file() -> None:
    with pytest.raises(RecordsRefused) as caught:
        log(event("1"), event("2"), event("1"))
    assert caught.value.code == "rows_not_grouped"
    assert "Row 4" in caught.value.sentence["en"]


def test_a_lost_event_row_refuses_the_file() -> None:
    with pytest.raises(RecordsRefused) as caught:
        log(event("1"), "1,Active")
    assert caught.value.code == "ragged_row"


def test_a_stated_as_of_cuts_an_event_log() -> None:
    result = log(event("1"), event("2", opened="1/4/2016 09:00"), as_of=at("2016-03-15"))
    assert (len(result.records), result.excluded) == (1, {"opened_after_as_of": 1})


def test_a_file_of_records_needs_its_moment_and_a_zone_on_it() -> None:
    with pytest.raises(RecordsRefused) as caught:
        read_records(open_csv(HEADER.encode()), PLAIN)
    assert caught.value.code == "as_of_needed"
    with pytest.raises(ValueError, match="zone"):
        read_records(open_csv(HEADER.encode()), PLAIN, as_of=datetime(2026, 1, 1))  # noqa: DTZ001


def test_records_come_out_while_the_log_is_still_being_read() -> None:
    taken = 0

    def rows() -> Iterable[list[str]]:
        nonlocal taken
        yield LOG_HEADER.strip().split(",")
        for number in range(1000):
            taken += 1
            yield event(f"{number:07d}").split(",")

    records = iter_incidents(table_of(rows()), SERVICENOW_EVENT_LOG, Tally())
    assert next(records).key == "0000000"
    assert taken < 5


# --- the real log --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real() -> RecordsRead:
    with need(EVENT_LOG).open("rb") as upload, open_upload(upload) as member:
        return read_records(open_csv(member.stream), BUILT_IN["servicenow_event_log"])


def test_the_real_log_yields_its_incidents_and_states_its_gaps(real: RecordsRead) -> None:
    assert (real.rows_read, real.incidents, len(real.records)) == (141_712, 24_918, 24_918)
    assert real.missing_resolved == 1_556
    assert real.negative == {"tta": 2, "ttr": 0, "ttc": 0}
    assert real.negative_keys == ("0000131", "0000135")
    assert real.unusual_states == {"-100": 5}
    assert real.reopened == 275
    assert real.group_not_recorded == 2_157
    assert (real.excluded, real.errors) == ({}, ())
    assert real.as_of == at("2017-02-18T15:00")


def test_the_first_real_incident_reads_as_its_rows_say(real: RecordsRead) -> None:
    first = real.records[0]
    assert (first.key, first.events, first.row) == ("0000045", 4, 2)
    assert (first.opened_at, first.resolved_at) == (at("2016-02-29T01:16"), at("2016-02-29T11:29"))
    assert first.closed_at == at("2016-03-05T12:00")
    assert (first.category, first.subcategory, first.priority, first.group) == ("55", "170", "3", "56")
    assert sum(record.events for record in real.records) == 141_712


def test_part_of_the_real_log_can_be_read_as_of_an_earlier_day() -> None:
    as_of = at("2016-05-01")
    with need(EVENT_LOG).open("rb") as upload, open_upload(upload) as member:
        result = read_records(open_csv(member.stream), SERVICENOW_EVENT_LOG, as_of=as_of)
    assert result.incidents == 24_918
    assert 0 < len(result.records) == 24_918 - result.excluded["opened_after_as_of"]
    assert max(record.opened_at for record in result.records) <= as_of


MEASURED = r"""
import re, resource, sys
from pathlib import Path
from metrics.connectors.records.archive import open_upload
from metrics.connectors.records.table import open_csv
from metrics.connectors.records.event_log import SERVICENOW_EVENT_LOG, read_records
with open(sys.argv[1], "rb") as upload, open_upload(upload) as member:
    result = read_records(open_csv(member.stream), SERVICENOW_EVENT_LOG)
assert len(result.records) == 24_918
assert "django" not in sys.modules
status = Path("/proc/self/status")  # there ru_maxrss also counts the process this one was forked from
known = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
print(known.group(1) if known else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_the_real_log_is_read_in_little_memory_and_time_and_without_django() -> None:
    need(EVENT_LOG)
    began = time.monotonic()
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(EVENT_LOG)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 150 * 1024  # KiB
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - cpu < 20
    assert time.monotonic() - began < 60
