"""Incidents from a file, by command and by page: read once, previewed, kept by key, never a person."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from foundation import clock
from foundation.audit.models import AuditEvent
from foundation.imports.workbook import sheet_rows
from foundation.jobs.models import Job
from metrics.connectors.records.base import IncidentRecord
from metrics.connectors.records.mapping import Tally, finish
from metrics.models import OpsRecord, SourceImport
from metrics.services import SourceFile, import_records
from tests.connectors.paths import EVENT_LOG, need
from tests.metrics.record_files import (
    CANARY,
    choose_columns,
    commit_page,
    event_log,
    job_of,
    read_through_page,
    upload,
    zipped,
)
from tests.world import actor, client_for


@pytest.fixture(autouse=True)
def own_place(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def command(*args: str) -> str:
    out = io.StringIO()
    call_command("import_incidents", *args, stdout=out)
    return out.getvalue()


def refused(capsys, *args: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        call_command("import_incidents", *args)
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def rows_of(world, count: int, source: str = "servicenow") -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    items = [
        IncidentRecord(
            key=f"K{n:06d}", opened_at=start + timedelta(minutes=n), row=n, group=f"G{n % 7}", priority=str(n % 4)
        )
        for n in range(count)
    ]
    read = finish(Tally(), items, start + timedelta(days=30))
    file = SourceFile("x.csv", "0" * 64, "csv", source, "columns", "UTC", start + timedelta(days=30))
    import_records(actor=actor(world.architect), unit=world.cn, read=read, file=file)


# --- the command ---------------------------------------------------------------------------------------------------


def test_the_real_log_prints_its_counts_and_a_second_run_changes_nothing(world):
    path = str(need(EVENT_LOG))
    first = command(path, "--mapping", "servicenow_event_log", "--unit", "CN")
    assert "141,712" in first and "24,918" in first
    assert "2017-02-18T15:00:00Z (latest event in the file)" in first and "UTC" in first
    assert "1,556" in first and "time to acknowledge 2" in first and "-100 5" in first
    assert OpsRecord.objects.count() == 24_918
    before = OpsRecord.objects.values_list("content_hash", flat=True).order_by("source_key")
    kept, entries = list(before), AuditEvent.objects.count()
    again = command(path, "--mapping", "servicenow_event_log", "--unit", "CN")
    assert "Nothing changed: all 24,918 records were there already." in again
    assert list(before.all()) == kept
    assert SourceImport.objects.count() == 1 and AuditEvent.objects.count() == entries


def test_a_dry_run_needs_no_unit_and_writes_nothing(world, tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(event_log(5))
    said = json.loads(command(str(path), "--mapping", "servicenow_event_log", "--dry-run", "--json"))
    assert (said["rows_read"], said["incidents"], said["outcome"]) == (15, 5, None)
    assert said["as_of_is_latest_event"] and said["zone"] == "UTC"
    assert not OpsRecord.objects.exists() and not SourceImport.objects.exists()


def test_a_zip_with_one_member_is_read_as_that_member(world, tmp_path):
    path = tmp_path / "log.zip"
    path.write_bytes(zipped(only=event_log(5)))
    said = command(str(path), "--mapping", "servicenow_event_log", "--unit", "CN")
    assert "member only.csv" in said and "5 new" in said


def test_a_saved_mapping_reads_any_table(world, tmp_path):
    (tmp_path / "jira.json").write_text(
        json.dumps({"columns": {"Ticket": "key", "Opened": "opened_at", "Done": "resolved_at"}, "zone": "+08:00"})
    )
    table = tmp_path / "jira.csv"
    table.write_text("Ticket,Opened,Done\nA-1,2026-03-02 09:00,2026-03-02 10:30\nA-2,2026-03-02 11:00,\n")
    args = [str(table), "--mapping", str(tmp_path / "jira.json"), "--unit", "CN", "--source", "jira"]
    said = command(*args, "--as-of", "2026-03-03T00:00")
    assert "2 new" in said and "2026-03-02T16:00:00Z (as stated)" in said
    first = OpsRecord.objects.get(source="jira", source_key="A-1")
    assert first.opened_at == datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--unit", "NOWHERE"], "There is no unit with the code “NOWHERE”. Known: GR, CN"),
        ([], "Name the unit with --unit CODE"),
        (["--unit", "CN", "--zone", "Mars/Base"], "“Mars/Base” is not a time zone"),
        (["--unit", "CN", "--as-of", "yesterday"], "“yesterday” is not a moment"),
        (["--unit", "CN", "--source", "a/b"], "Name the source in 1 to 60"),
    ],
)
def test_a_wrong_option_is_answered_in_a_sentence(world, tmp_path, capsys, options, words):
    path = tmp_path / "log.csv"
    path.write_bytes(event_log(3))
    assert words in refused(capsys, str(path), "--mapping", "servicenow_event_log", *options)
    assert not OpsRecord.objects.exists()


def test_a_mapping_that_is_no_mapping_is_named(world, tmp_path, capsys):
    path = tmp_path / "log.csv"
    path.write_bytes(event_log(3))
    assert "neither a built-in mapping (servicenow_event_log) nor a file" in refused(
        capsys, str(path), "--mapping", "snow", "--dry-run"
    )
    bad = tmp_path / "bad.json"
    bad.write_text('{"columns": {"number": "key"}, "colour": 1}')
    assert "colour" in refused(capsys, str(path), "--mapping", str(bad), "--dry-run")
    assert "There is no file" in refused(
        capsys, str(tmp_path / "gone.csv"), "--mapping", "servicenow_event_log", "--dry-run"
    )


# --- the page ------------------------------------------------------------------------------------------------------


def test_the_real_log_goes_through_the_page_with_its_counts(world):
    content = need(EVENT_LOG).read_bytes()
    client = client_for(world.architect)
    page = read_through_page(client, content, "uci_incident_event_log.zip")
    text = page.content.decode()
    assert page.templates[0].name == "metrics/records_preview.html"
    assert all(figure in text for figure in ("141,712", "24,918", "1,556", "2,157", "275"))
    assert "Import 24,918 incidents" in text
    job = job_of(page)
    assert (job.done, job.total) == (140_000, 141_713)  # progress as lines read of lines there
    assert not OpsRecord.objects.exists()
    done = commit_page(client, page)
    assert "24,918 incidents are new, 0 changed" in done.content.decode()
    assert OpsRecord.objects.count() == 24_918
    second = read_through_page(client, content, "uci_incident_event_log.zip")
    assert "This file would change nothing" in second.content.decode()


def test_nothing_is_read_in_the_request_and_progress_is_shown_without_a_script(world):
    client = client_for(world.architect)
    sent = upload(client, event_log(5))
    waiting = client.get(sent["Location"]).content.decode()
    assert "The file is being read" in waiting and '<meta http-equiv="refresh"' in waiting
    fragment = client.get(sent["Location"] + "/progress", headers={"HX-Request": "true"})
    assert "hx-get" in fragment.content.decode() and "HX-Refresh" not in fragment
    Job.objects.update(state="failed", message="Broken.")
    assert client.get(sent["Location"] + "/progress")["HX-Refresh"] == "true"
    assert "Broken." in client.get(sent["Location"]).content.decode()


def test_the_preview_shows_each_field_beside_its_raw_text_and_no_person(world):
    client = client_for(world.architect)
    page = read_through_page(client, event_log(30))
    text = page.content.decode()
    assert "2016-03-01 08:00" in text and "1/3/2016 08:00" in text  # day first
    assert len(page.context["rows"]) == 20
    commit_page(client, page)
    stored = json.dumps([list(OpsRecord.objects.values()), list(Job.objects.values()), text], default=str)
    assert CANARY not in stored
    assert CANARY not in client.get(reverse("metrics:records_source", args=["CN", "servicenow"])).content.decode()


def test_forensics_are_told_in_the_language_of_the_reader(world):
    world.architect.language = "zh-hans"
    world.architect.save()
    client = client_for(world.architect)
    page = read_through_page(client, event_log(30))
    assert "条记录" in page.content.decode()


def test_a_commit_is_bound_to_the_bytes_that_were_previewed(world):
    client = client_for(world.architect)
    page = read_through_page(client, event_log(5))
    url = reverse("metrics:records_commit", args=[page.context["job"].pk])
    assert client.post(url, {"sha256": "0" * 64}).status_code == 412
    assert not OpsRecord.objects.exists()


def test_a_table_with_one_row_per_incident_is_matched_by_hand_and_asks_for_the_date_order(world):
    client = client_for(world.architect)
    table = "Ticket,Opened,Resolved,Assignee\n" + "".join(
        f"T-{n},0{n}/03/2026 10:00,0{n}/04/2026 11:00,{CANARY}\n" for n in range(1, 6)
    )
    page = read_through_page(client, table.encode(), mapping="columns", source="jira")
    text = page.content.decode()
    assert "Which column is which?" in text and "Never read" in text and CANARY not in text
    assert page.context["form"]["col_key"].value() == "Ticket"
    assert page.context["form"]["date_format"].value() == ""  # 02/03/2026 is never guessed
    missing = choose_columns(client, page)
    assert missing.status_code == 422 and "Error:" in missing.content.decode()
    good = choose_columns(client, page, date_format="day_first", as_of="2026-06-01T00:00", zone="Asia/Shanghai")
    assert good.context["found"]["facts"]["kept"] == 5
    commit_page(client, good)
    assert OpsRecord.objects.get(source_key="T-2").opened_at == datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def test_a_date_order_only_one_reading_fits_is_filled_in(world):
    client = client_for(world.architect)
    table = "number,opened_at\nA,13/03/2026 10:00\nB,02/03/2026 10:00\n"
    page = read_through_page(client, table.encode(), mapping="columns")
    assert page.context["form"]["date_format"].value() == "day_first"


def test_times_in_the_hour_of_a_clock_change_wait_for_an_answer(world):
    client = client_for(world.architect)
    table = (
        "number,opened_at\nA,2026-10-25 02:30\nB,2026-10-25 12:00\nC,2026-03-29 02:30\n"  # Berlin: twice, once, never
    )
    page = read_through_page(client, table.encode(), mapping="columns")
    asked = choose_columns(client, page, as_of="2026-11-01T00:00", zone="Europe/Berlin")
    facts = asked.context["found"]["facts"]
    assert facts["excluded"] == {"ambiguous_time": 1, "nonexistent_time": 1} and facts["kept"] == 1
    assert "2 rows have a time in the hour of a clock change" in asked.content.decode()
    url = reverse("metrics:records_again", args=[asked.context["job"].pk])
    sent = client.post(url, {"fold": "second", "zone": "Europe/Berlin", "encoding": "utf-8-sig", "delimiter": "comma"})
    from foundation.jobs import run_due

    run_due()
    answered = client.get(sent["Location"])
    assert answered.context["found"]["facts"]["kept"] == 3
    commit_page(client, answered)
    assert OpsRecord.objects.get(source_key="A").opened_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_workbook_is_read_like_a_table(world):
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Number", "Opened", "Priority"])
        shown = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for n in range(3):
            sheet.write_string(n + 1, 0, f"0{n}")
            sheet.write_datetime(n + 1, 1, datetime(2026, 3, 2, 9, n), shown)  # noqa: DTZ001
            sheet.write_number(n + 1, 2, n + 1)
    client = client_for(world.architect)
    page = read_through_page(client, out.getvalue(), "incidents.xlsx", mapping="columns", source="excel")
    assert page.context["form"]["date_format"].value() == "iso"
    preview = choose_columns(client, page, as_of="2026-06-01T00:00", zone="UTC")
    commit_page(client, preview)
    assert sorted(OpsRecord.objects.values_list("source_key", "priority")) == [("00", "1"), ("01", "2"), ("02", "3")]


def test_a_later_file_updates_and_an_older_one_never_overwrites(world):
    client = client_for(world.architect)
    newer, older = event_log(6), b"\n".join(event_log(6).splitlines()[:-1]) + b"\n"  # the last incident still open
    commit_page(client, read_through_page(client, newer))
    first = OpsRecord.objects.get(source_key="INC00005")
    page = read_through_page(client, older, as_of="2016-03-02T18:00")
    assert page.context["found"]["would"]["newer"] == 0  # opened after that moment: left out
    page = read_through_page(client, older)
    assert page.context["found"]["would"] == {"added": 0, "changed": 0, "unchanged": 5, "newer": 1}
    assert OpsRecord.objects.get(pk=first.pk).resolved_at is not None


def test_a_changed_record_keeps_the_moment_it_first_arrived(world):
    client = client_for(world.architect)
    older, newer = b"\n".join(event_log(6).splitlines()[:-1]) + b"\n", event_log(6)
    with clock.pinned(datetime(2026, 1, 1, tzinfo=UTC)):
        commit_page(client, read_through_page(client, older))
    commit_page(client, read_through_page(client, newer))
    row = OpsRecord.objects.get(source_key="INC00005")
    assert row.resolved_at is not None and row.received_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert SourceImport.objects.order_by("-created_at").first().changed == 1


# --- who may, and how it scales ------------------------------------------------------------------------------------


def test_only_who_may_import_reaches_the_import_and_others_see_only_their_units(world):
    address = reverse("metrics:records_import")
    assert client_for(world.pilot_lead).get(address).status_code == 200
    for role in ("ops_engineer", "cio", "reader", "auditor"):
        assert client_for(getattr(world, role)).get(address).status_code == 403, role
    client = client_for(world.architect)
    page = read_through_page(client, event_log(5))
    done = commit_page(client, page)
    step = reverse("metrics:records_step", args=[page.context["job"].pk])
    kept = reverse("metrics:records_kept", args=[done.context["done"]["import"]])
    source = reverse("metrics:records_source", args=["CN", "servicenow"])
    assert client_for(world.pilot_lead).get(step).status_code == 404  # the job of somebody else
    assert client_for(world.reader).get(kept).status_code == client_for(world.reader).get(source).status_code == 200
    for hidden in (kept, source, step):
        assert client_for(world.outsider).get(hidden).status_code == 404
    assert "log.csv" not in client_for(world.outsider).get(reverse("metrics:records")).content.decode()


def test_an_upload_to_a_foreign_unit_is_refused_at_the_field(world):
    sent = upload(client_for(world.architect), event_log(3), unit="EM")
    assert sent.status_code == 422 and "unit" in sent.context["form"].errors


def test_the_empty_list_says_what_to_do(world):
    page = client_for(world.architect).get(reverse("metrics:records")).content.decode()
    assert "No incidents yet. Import a log from your ticket system." in page
    assert reverse("metrics:records_import") in page
    assert (
        reverse("metrics:records_import")
        not in client_for(world.reader).get(reverse("metrics:records")).content.decode()
    )


def test_lists_ask_as_many_queries_at_10_as_at_1000_rows(world):
    client = client_for(world.architect)
    rows_of(world, 10)
    addresses = [reverse("metrics:records"), reverse("metrics:records_source", args=["CN", "servicenow"])]
    small = [_queries(client, a) for a in addresses]
    rows_of(world, 1000)
    for n in range(40):
        rows_of(world, 1, source=f"s{n}")
    assert [_queries(client, a) for a in addresses] == small


def _queries(client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_filters_window_and_words_narrow_the_list_and_its_export(world):
    client = client_for(world.architect)
    rows_of(world, 60)
    address = reverse("metrics:records_source", args=["CN", "servicenow"])
    page = client.get(address, {"group": "G3", "priority": "1"})
    expected = [n for n in range(60) if n % 7 == 3 and n % 4 == 1]
    assert [r[0] for r in page.context["page"].rows] == [f"K{n:06d}" for n in reversed(expected)]
    export = client.get(address, {"group": "G3", "priority": "1", "format": "csv"})
    assert len(b"".join(export.streaming_content).splitlines()) == len(expected) + 1
    assert AuditEvent.objects.filter(verb="raw.exported").count() == 1
    assert client.get(address, {"opened_from": "2026-02-01", "opened_until": "2026-01-01"}).status_code == 422
    assert not client.get(address, {"opened_from": "2026-02-01"}).context["page"].items


def test_formulas_in_a_log_are_text_in_every_export(world):
    client = client_for(world.architect)
    table = "number,opened_at,category\n=cmd()|'/c calc'!A1,2026-03-02T10:00Z,@SUM(A1)\n"
    page = read_through_page(client, table.encode(), mapping="columns")
    commit_page(client, choose_columns(client, page, as_of="2026-06-01T00:00"))
    address = reverse("metrics:records_source", args=["CN", "servicenow"])
    text = b"".join(client.get(address, {"format": "csv"}).streaming_content).decode()
    assert "'=cmd()" in text and "'@SUM(A1)" in text
    rows = sheet_rows(io.BytesIO(client.get(address, {"format": "xlsx"}).content))
    assert rows[1][0].startswith("=cmd()")  # a string cell, never a formula
