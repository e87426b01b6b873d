"""Files nobody should be able to import: each gives a sentence a user can act on, and nothing is half-written."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.core.management import call_command

from foundation.jobs.models import Job
from foundation.models import Upload
from metrics.models import OpsRecord, SourceImport
from tests.metrics.record_files import HEADER, choose_columns, event_log, read_through_page, upload, zipped
from tests.world import client_for


@pytest.fixture(autouse=True)
def own_place(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def _bomb() -> bytes:
    return zipped(zeros=b"0" * (40 * 1024 * 1024))


def _ragged() -> bytes:
    lines = event_log(5).splitlines()
    return b"\n".join([*lines[:4], lines[4] + b",surplus", *lines[5:]]) + b"\n"


REFUSED = {
    "wrong encoding": ("log.csv", event_log(3) + b"\xff\xfe\xfa\xff\n", "is not utf-8"),
    "ragged rows": ("log.csv", _ragged(), "Row 5 has 18 cells, the header has 17"),
    "two members": ("log.zip", zipped(one=event_log(2), two=event_log(2)), "must hold exactly one file; it holds 2"),
    "zip bomb": ("log.zip", _bomb(), "more than 100 times its size"),
    "no columns": ("log.csv", b"a,b\n1,2\n", "The file has no column “number”."),
    "header only": ("log.csv", HEADER.encode() + b"\n", "there is no row below the column names"),
    "damaged zip": ("log.zip", zipped(one=event_log(30))[:-40], "damaged"),
    "rows not grouped": (
        "log.csv",
        event_log(3) + event_log(1).splitlines()[1] + b"\n",
        "returns to an incident whose rows ended earlier",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_page_says_what_is_wrong_and_writes_nothing(world, case):
    name, content, words = REFUSED[case]
    page = read_through_page(client_for(world.architect), content, name)
    assert Job.objects.get().state == "refused"
    text = page.content.decode()
    assert words in text and "Nothing was written." in text and "Upload another file" in text
    assert not OpsRecord.objects.exists() and not SourceImport.objects.exists()


@pytest.mark.parametrize("case", REFUSED)
def test_the_command_says_the_same_and_stops_with_1(world, case, tmp_path, capsys):
    name, content, words = REFUSED[case]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SystemExit) as stopped:
        call_command("import_incidents", str(path), "--mapping", "servicenow_event_log", "--unit", "CN")
    said = capsys.readouterr().err
    assert stopped.value.code == 1 and words in said and "Traceback" not in said
    assert not OpsRecord.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("log.exe", b"MZ", "not accepted here"),
        ("log.csv", b"", "empty"),
        ("log.csv", zipped(one=b"a"), "not what its name says"),
        ("log.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 100, "old workbook"),
    ],
)
def test_a_file_of_the_wrong_kind_stops_at_the_form(world, name, content, words):
    sent = upload(client_for(world.architect), content, name)
    assert sent.status_code == 422 and words in sent.content.decode()
    assert not Upload.objects.exists() and not Job.objects.exists()


def test_an_oversized_file_stops_at_the_form(world, monkeypatch):
    from foundation import uploads

    monkeypatch.setattr(uploads.save_upload, "__kwdefaults__", {"accept": uploads.TABLES, "max_bytes": 1000})
    sent = upload(client_for(world.architect), event_log(100))
    assert sent.status_code == 422 and "is larger than" in sent.content.decode()
    assert not Upload.objects.exists()


def test_an_oversized_spreadsheet_is_refused_before_it_is_opened(world):
    from tests.metrics.record_files import job_of

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"<c/>" * (20 * 1024 * 1024))
    page = read_through_page(client_for(world.architect), out.getvalue(), "big.xlsx", mapping="columns")
    assert job_of(page).state == "refused"
    assert "more than 100 times its size" in page.content.decode()


def test_a_header_that_occurs_twice_is_told_apart_by_position(world):
    table = b"number,opened_at,category,category\nA,2026-03-02T10:00Z,first,second\n"
    client = client_for(world.architect)
    page = read_through_page(client, table, mapping="columns")
    assert page.context["found"]["columns"][2:] == ["category", "category#2"]
    preview = choose_columns(client, page, as_of="2026-06-01T00:00")
    assert preview.context["found"]["columns"]["subcategory"] == "category#2"


def test_bad_rows_are_listed_counted_and_left_out_one_by_one(world):
    table = (
        "number,opened_at,reopen_count\n"
        "A,2026-03-02T10:00Z,0\n"
        "B,somebody,0\n"
        ",2026-03-02T10:00Z,0\n"
        "A,2026-03-02T11:00Z,0\n"
        "C,2026-03-02T10:00Z,many\n"
        "D,2026-03-02T10:00Z\n"
        "E,2027-03-02T10:00Z,0\n"
    )
    client = client_for(world.architect)
    page = read_through_page(client, table.encode(), mapping="columns")
    preview = choose_columns(client, page, date_format="iso", as_of="2026-06-01T00:00")
    facts = preview.context["found"]["facts"]
    assert facts["excluded"] == {
        "bad_time": 1,
        "missing_key": 1,
        "duplicate_key": 1,
        "bad_number": 1,
        "ragged_row": 1,
        "opened_after_as_of": 1,
    }
    assert (facts["rows_read"], facts["kept"]) == (7, 1)
    named = str(preview.context["errors"])
    assert "Row 3, column opened_at" in named and "somebody" not in named  # a cell that is no time may hold a name


def test_one_column_for_two_fields_and_times_without_a_zone_are_asked_about(world):
    table = b"number,opened\nA,13/03/2026 10:00\n"
    client = client_for(world.architect)
    page = read_through_page(client, table, mapping="columns")
    sent = choose_columns(client, page, col_priority="number", zone="", as_of="2026-06-01T00:00")
    assert sent.status_code == 422
    assert {"col_key", "col_priority", "zone"} <= set(sent.context["form"].errors)


def test_a_column_of_long_codes_is_named_and_nothing_is_cut_silently(world):
    table = f"number,opened_at,priority\nA,2026-03-02T10:00Z,{'x' * 60}\n".encode()
    client = client_for(world.architect)
    page = read_through_page(client, table, mapping="columns")
    said = choose_columns(client, page, as_of="2026-06-01T00:00").content.decode()
    assert "longer than 40 characters" in said


def test_gb18030_is_guessed_and_can_be_changed(world):
    table = "编号,开启时间,类别\nA,2026-03-02T10:00Z,网络\n".encode("gb18030")
    client = client_for(world.architect)
    page = read_through_page(client, table, mapping="columns")
    assert page.context["found"]["encoding"] == "gb18030"
    assert page.context["form"]["col_category"].value() == "类别"
