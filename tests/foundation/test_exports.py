from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import RequestFactory
from django.utils import translation

from foundation.errors import Invalid
from foundation.exports import Column, Event, respond, write_calendar, write_csv, write_xlsx

COLUMNS = [
    Column("title", "Title"),
    Column("minutes", "Minutes", "number", unit="min"),
    Column("day", "Day", "date"),
    Column("at", "At", "datetime"),
    Column("kept", "Kept", "bool"),
]
MOMENT = datetime(2026, 3, 2, 14, 5, tzinfo=ZoneInfo("Asia/Shanghai"))
RISKY = ["=cmd()|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\0=1", "\n=1", "＝1", "＋1"]


def csv_rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def sheet(data: bytes):
    from openpyxl import load_workbook

    return load_workbook(io.BytesIO(data))


@pytest.mark.parametrize("text", RISKY)
def test_text_a_spreadsheet_would_run_gets_an_apostrophe_in_csv(text):
    data = write_csv(COLUMNS[:1], [[text]])
    assert csv_rows(data)[1] == ["'" + text]


@pytest.mark.parametrize("text", ["a=b", "1-2", "x@y.org", "'tis", "漏洞", ""])
def test_harmless_text_is_left_alone(text):
    data = write_csv(COLUMNS[:1], [[text]])
    assert csv_rows(data)[1] == [text]


def test_numbers_stay_numbers_in_csv_even_below_zero():
    rows = csv_rows(write_csv(COLUMNS, [["a", -5, None, None, None], ["b", Decimal("1E+3"), None, None, None]]))
    assert [r[1] for r in rows[1:]] == ["-5", "1000"]


def test_csv_headings_name_units_and_times_are_utc():
    rows = csv_rows(write_csv(COLUMNS, [["a", 1.5, date(2026, 3, 2), MOMENT, True]]))
    assert rows[0] == ["Title", "Minutes [min]", "Day", "At [UTC]", "Kept"]
    assert rows[1] == ["a", "1.5", "2026-03-02", "2026-03-02T06:05:00Z", "true"]


def test_the_mark_is_written_for_browsers_and_left_out_on_request():
    assert write_csv(COLUMNS, []).startswith(b"\xef\xbb\xbf")
    assert not write_csv(COLUMNS, [], bom=False).startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("text", ["=1+1", "http://evil.example", "+1", "@x", "{=1}", "007"])
def test_xlsx_writes_text_as_plain_text_never_formula_link_or_number(text):
    book = sheet(write_xlsx("T", COLUMNS[:1], [[text]]))
    cell = book.worksheets[0]["A2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_xlsx_holds_real_numbers_and_dates_under_a_frozen_header():
    book = sheet(write_xlsx("Times", COLUMNS, [["a", Decimal("1.5"), date(2026, 3, 2), MOMENT, True]], [("From", "x")]))
    first = book.worksheets[0]
    values = [c.value for c in first[2]]
    assert values == ["a", 1.5, datetime(2026, 3, 2), datetime(2026, 3, 2, 6, 5), True]  # noqa: DTZ001
    assert first.freeze_panes == "A2"
    assert [c.value for c in book.worksheets[1][1]] == ["From", "x"]


def test_xlsx_never_loses_text_without_saying_so():
    book = sheet(write_xlsx("T", COLUMNS[:2], [["x" * 40_000, 10**17], ["y", float("nan")]]))
    assert len(book.worksheets[0]["A2"].value) == 32_767
    assert book.worksheets[0]["B2"].value == str(10**17)
    assert book.worksheets[1]["B1"].value == "1"


def test_a_download_is_an_attachment_named_by_what_day_and_language():
    request = RequestFactory().get("/list?format=xlsx")
    with translation.override("zh-hans"):
        response = respond(request, "pains", COLUMNS[:1], [["a"]])
    assert response["X-Content-Type-Options"] == "nosniff"
    name = response["Content-Disposition"]
    assert name.startswith('attachment; filename="pains_')
    assert "_zh.xlsx" in name


def test_an_unknown_format_is_refused_by_name():
    with pytest.raises(Invalid, match="exe"):
        respond(RequestFactory().get("/list?format=exe"), "pains", COLUMNS, [])


def test_a_calendar_holds_all_day_and_timed_events_with_their_zone():
    from icalendar import Calendar

    events = [
        Event("a@x", "Review", date(2026, 11, 27), sequence=2, url="https://x.example/c"),
        Event("b@x", "Due", datetime(2026, 11, 27, 18, tzinfo=ZoneInfo("Asia/Shanghai")), note="line\nbreak"),
    ]
    parsed = Calendar.from_ical(write_calendar("Reviews", events))
    first, second = parsed.walk("VEVENT")
    assert first.decoded("dtstart") == date(2026, 11, 27)
    assert first.decoded("dtend") == date(2026, 11, 28)
    assert first["sequence"] == 2
    assert second.decoded("dtstart").astimezone(UTC).hour == 10
    assert parsed.walk("VTIMEZONE")


def test_a_timed_event_without_a_zone_is_a_mistake():
    with pytest.raises(ValueError, match="zone"):
        write_calendar("x", [Event("a", "b", datetime(2026, 1, 1))])  # noqa: DTZ001
