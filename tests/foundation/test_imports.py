from __future__ import annotations

import csv
import io
import struct
import time
import zipfile
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from foundation import jobs
from foundation.audit.models import AuditEvent
from foundation.errors import Invalid, NotVisible, Stale
from foundation.exports import Column, write_csv, write_xlsx
from foundation.imports import Field, ImportKind, Outcome, RowPlan, RowReason, kinds, register_import
from foundation.imports.flow import Options, commit_import, error_file, preview_import, store_import, stored_import
from foundation.imports.reading import Dialect, guess, read_table
from foundation.imports.values import BadValue, parse
from foundation.models import Job, RefCounter, Upload
from tests.world import actor, client_for

PERMISSION = "metrics.record.import"
FIELDS = [
    Field("code", _("Name"), required=True, synonyms=("Bezeichnung", "编号"), example="AB-1"),
    Field("value", _("Number"), required=True, kind="integer", help="How many."),
    Field("since", _("Since"), kind="datetime"),
]


def plan(unit_actor: Any, unit: Any, rows: list[Any]) -> list[RowPlan]:
    known = {c.kind: c.value for c in RefCounter.objects.filter(kind__in=[r.values["code"] for r in rows])}
    seen: set[str] = set()
    return [_one(row, known, seen) for row in rows]


def _one(row: Any, known: dict[str, int], seen: set[str]) -> RowPlan:
    code, value = row.values["code"], row.values["value"]
    if value < 0:
        reason = RowReason("negative", "A number cannot be below zero.", field="value", remedy="Check the sign.")
        return RowPlan(row.row_no, Outcome.INVALID, [reason], row.values)
    if code in seen:
        return RowPlan(row.row_no, Outcome.DUPLICATE, [], row.values)
    seen.add(code)
    if code not in known:
        return RowPlan(row.row_no, Outcome.NEW, [], row.values)
    return RowPlan(row.row_no, Outcome.UNCHANGED if known[code] == value else Outcome.CHANGED, [], row.values)


def commit(unit_actor: Any, unit: Any, plans: list[RowPlan], upload: Upload) -> dict[str, Any]:
    for one in plans:
        if one.values["code"] == "explode":
            raise RuntimeError("in the middle")
        RefCounter.objects.update_or_create(kind=one.values["code"], defaults={"value": one.values["value"]})
    return {}


class ContextForm(forms.Form):
    source = forms.CharField(label="Source")


def commit_with_source(unit_actor: Any, unit: Any, plans: Any, upload: Any, context: dict[str, str]) -> dict[str, Any]:
    return commit(unit_actor, unit, plans, upload) | {"source": context["source"]}


@pytest.fixture(autouse=True)
def own_place(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(kinds, "_kinds", {})


@pytest.fixture
def kind():
    return register_import(ImportKind("numbers", _("Number"), PERMISSION, FIELDS, plan, commit))


@pytest.fixture
def slow_kind():
    return register_import(
        ImportKind(
            "slow-numbers",
            _("Number"),
            PERMISSION,
            FIELDS,
            lambda a, u, rows, context: plan(a, u, rows),
            commit_with_source,
            context_form=ContextForm,
            background=True,
        )
    )


def table(text: str | bytes, dialect: Dialect | None = None, **more: Any):
    data = text.encode() if isinstance(text, str) else text
    return read_table(io.BytesIO(data), dialect, **more)


def codes(found: Any) -> list[tuple[int, str, str]]:
    return [(p.row, p.column, p.code) for p in found.problems]


def refusal_of(data: str | bytes, dialect: Dialect | None = None, **more: Any) -> str:
    with pytest.raises(Invalid) as refusal:
        table(data, dialect, **more)
    return refusal.value.reasons[0].code


# --- reading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encoding_and_separator_are_guessed_and_returned(encoding, separator):
    rows = [["编号", "名称", "说明"], ["1", "每周供应商报告", "a"], ["2", "夜间告警", f'"x{separator}y"']]
    data = "\r\n".join(separator.join(r) for r in rows).encode(encoding)
    found = table(data)
    assert found.dialect == Dialect(encoding, separator)
    assert found.columns == ("编号", "名称", "说明")
    assert found.rows[1] == (3, ("2", "夜间告警", f"x{separator}y"))
    assert found.problems == []


def test_a_wrong_guess_can_be_changed():
    data = b"a,b;c\n1,2;3\n"
    assert table(data, Dialect("utf-8", ";")).columns == ("a,b", "c")


def test_a_comma_in_text_does_not_win_over_the_real_separator():
    data = 'title;note\n"a, b, c";x\n"d, e, f";y\n'
    assert guess(io.BytesIO(data.encode())).separator == ";"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_refused_with_what_to_do(encoding):
    with pytest.raises(Invalid, match="Save it as CSV UTF-8"):
        table("name,number\nabc,1\n".encode(encoding))


def test_another_encoding_is_refused_by_row():
    data = b"name,number\nabc,1\ncaf\xe9,2\n"
    with pytest.raises(Invalid, match="line 3 the text is not utf-8"):
        table(data, Dialect("utf-8", ","))
    assert refusal_of(data) == "wrong_encoding"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a,b\n1,2,3\n", (2, "", "ragged_row")),
        ("a,b\n1,2\n\n1\n", (4, "", "ragged_row")),
        ("a,b,a\n1,2,3\n", (1, "a", "duplicate_header")),
        ("a,,c\n1,2,3\n", (1, "", "empty_header")),
        ("a,b\n1,x\0y\n", (2, "b", "nul")),
        ("a,b\n1," + "x" * 40_000 + "\n", (2, "b", "long_cell")),
    ],
)
def test_a_faulty_row_is_named_with_its_column(text, problem):
    assert codes(table(text)) == [problem]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_file"),
        ("\n\n , \n", "empty_file"),
        ('a,b\n1,"open\n2,3\n', "bad_csv"),
        ("a,b\n1," + "x" * 200_000 + "\n", "bad_csv"),
        (",".join(f"c{n}" for n in range(201)) + "\n", "too_many_columns"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(text, code):
    assert refusal_of(text) == code


def test_more_rows_than_allowed_are_refused():
    assert refusal_of("a\n" + "1\n" * 11, max_rows=10) == "too_many_rows"
    assert len(table("a\n" + "1\n" * 10, max_rows=10).rows) == 10


def test_cells_may_hold_lines_and_quotes():
    found = table('a,b\n"two\nlines","say ""x"""\n')
    assert found.rows == [(2, ("two\nlines", 'say "x"'))]


# --- workbooks -----------------------------------------------------------------------------------------------------


def workbook(rows: list[list[Any]], columns: int = 2) -> bytes:
    return write_xlsx("T", [Column(f"c{n}", f"c{n}") for n in range(columns)], rows)


def rebuilt(data: bytes, changes: dict[str, bytes]) -> bytes:
    """The same workbook with parts exchanged or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        parts = {i.filename: old.read(i) for i in old.infolist()} | changes
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


def sheet_xml(cells: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?><worksheet xmlns="{space}"><sheetData>{cells}</sheetData></worksheet>'.encode()


SHEET = "xl/worksheets/sheet1.xml"


def test_a_workbook_is_read_as_text_with_spreadsheet_row_numbers():
    from datetime import date

    data = write_xlsx("T", [Column("a", "a"), Column("b", "b")], [["x", 5], [None, None], [date(2026, 3, 2), 1.5]])
    found = table(data)
    assert found.rows == [(2, ("x", "5")), (4, ("2026-03-02", "1.5"))]
    assert found.dialect is None


def test_a_zip_bomb_is_refused_before_it_is_opened():
    bomb = rebuilt(workbook([]), {SHEET: b"<x>" + b"\0" * 200_000_000})
    began = time.monotonic()
    assert refusal_of(bomb) == "ratio_too_high"
    assert time.monotonic() - began < 1


def test_a_directory_that_lies_about_sizes_is_found_out():
    data = bytearray(rebuilt(workbook([["x", 1]]), {SHEET: sheet_xml("<row/>" * 500_000)}))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        size = archive.getinfo(SHEET).file_size
    assert data.count(struct.pack("<I", size)) >= 1
    lied = bytes(data).replace(struct.pack("<I", size), struct.pack("<I", 1000))
    assert refusal_of(lied) == "damaged"


def test_a_workbook_too_large_unpacked_is_refused(monkeypatch):
    from foundation.imports import workbook as module

    monkeypatch.setattr(module, "MAX_UNPACKED", 1000)
    assert refusal_of(workbook([["x", 1]])) == "unpacked_too_large"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"xl/vbaProject.bin": b"macro"}, "macros"),
        ({"../evil.xml": b"x"}, "unsafe_name"),
        ({f"xl/media/{n}.png": b"" for n in range(2100)}, "too_many_members"),
        ({"xl/sharedStrings.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'}, "xml_definitions"),
        ({SHEET: sheet_xml('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>')}, "too_many_columns"),
        ({SHEET: sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c><v>1</v></c></row>')}, None),
        ({SHEET: sheet_xml('<row r = "1"><c r = "XFD1"><v>1</v></c></row>')}, "too_many_columns"),
        ({SHEET: sheet_xml('<row r="1"><c x=">" r="XFD1"><v>1</v></c></row>')}, "too_many_columns"),
        ({SHEET: sheet_xml(f'<row r="1"><c x="{"y" * 700_000}" r="XFD1"><v>1</v></c></row>')}, "too_many_columns"),
        ({"xl/data/sheet1.xml": sheet_xml('<row r="1"><c r="XFD1"><v>1</v></c></row>')}, "too_many_columns"),
        ({SHEET: sheet_xml('<row r="1"><c r="XFD1"><v>1</v></c></row>').decode().encode("utf-16")}, "damaged"),
        ({SHEET: b"<not xml"}, "damaged"),
    ],
)
def test_a_hostile_workbook_is_refused_with_its_reason(changes, code):
    assert refusal_of(rebuilt(workbook([["x", 1]]), changes)) == (code or "too_many_rows")


def test_a_far_cell_that_is_only_formatted_is_no_reason_to_refuse():
    cells = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>h</t></is></c><c r="XFD1" s="0"/></row><row r="1048576" ht="15"/>'
    )
    assert table(rebuilt(workbook([]), {SHEET: sheet_xml(cells)})).columns == ("h",)


def test_other_packed_files_and_cut_files_are_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert refusal_of(out.getvalue()) == "not_a_workbook"
    assert refusal_of(workbook([["x", 1]])[:-400]) == "damaged"


# --- values --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1,234.5", "number", "1234.5"),
        ("１２", "integer", "12"),
        ("-0", "number", "0"),
        ("\u22125", "integer", "-5"),
        ("2026年3月2日", "date", "2026-03-02"),
        ("2026/3/2", "date", "2026-03-02"),
        ("2026-03-02T14:05:00+08:00", "datetime", "2026-03-02 14:05:00+08:00"),
        ("2026-03-02 14:05", "datetime", "2026-03-02 14:05:00+01:00"),
        ("2026-03-02 06:05:00Z", "datetime", "2026-03-02 06:05:00+00:00"),
        ("是", "bool", "True"),
        ("  ", "number", "None"),
    ],
)
def test_values_are_read(text, kind, value):
    assert str(parse(text, kind, zone="Europe/Paris")) == value


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("abc", "number", "bad_number"),
        ("nan", "number", "bad_number"),
        ("inf", "number", "bad_number"),
        ("1e400", "number", "too_large"),
        ("1e40", "number", "too_large"),
        ("1,5", "number", "bad_number"),
        ("1.5", "integer", "not_whole"),
        ("02/03/2026", "date", "ambiguous_date"),
        ("2026-02-30", "date", "bad_date"),
        ("0000-01-01", "date", "bad_date"),
        ("2026-03-29 02:30", "datetime", "missing_time"),
        ("2026-10-25 02:30", "datetime", "ambiguous_time"),
        ("2026-10-25", "datetime", "bad_time"),
        ("2026-10-25 25:00", "datetime", "bad_time"),
        ("maybe", "bool", "bad_bool"),
        ("blue", "choice", "bad_choice"),
    ],
)
def test_what_cannot_be_read_or_is_ambiguous_is_refused_with_a_remedy(text, kind, code):
    with pytest.raises(BadValue) as bad:
        parse(text, kind, [("r", "Red")], zone="Europe/Paris")
    assert bad.value.code == code
    assert str(bad.value.remedy)


# --- the flow ------------------------------------------------------------------------------------------------------


def stored(world: Any, kind: ImportKind, data: bytes | str, name: str = "numbers.csv") -> Upload:
    content = data.encode() if isinstance(data, str) else data
    file = SimpleUploadedFile(name, content)
    return store_import(actor=actor(world.architect), kind=kind, unit=world.cn, file=file)


def preview(world: Any, kind: ImportKind, upload: Upload, **options: Any):
    who = actor(world.architect)
    return preview_import(actor=who, kind=kind, upload=upload, unit=world.cn, options=Options(**options))


def write(world: Any, kind: ImportKind, upload: Upload, sha256: str | None = None, **options: Any) -> dict[str, Any]:
    return commit_import(
        actor=actor(world.architect),
        kind=kind,
        upload=upload,
        unit=world.cn,
        options=Options(**options),
        sha256=sha256 or upload.sha256,
    )


def test_a_preview_counts_and_writes_nothing(world, kind):
    RefCounter.objects.create(kind="old", value=1)
    RefCounter.objects.create(kind="same", value=2)
    upload = stored(world, kind, "编号,Number,Remark\nold,5,x\nsame,2,x\nnew,3,x\nnew,3,x\nbad,-1,x\n,7,x\nz,many,x\n")
    found = preview(world, kind, upload)
    assert found.counts == {"new": 1, "changed": 1, "unchanged": 1, "duplicate": 1, "invalid": 3}
    assert found.unknown == ["Remark"]
    assert [(p.row, p.column, p.code) for p in found.problems] == [
        (6, "Number", "negative"),
        (7, "编号", "required"),
        (8, "Number", "bad_number"),
    ]
    assert all(str(p.remedy) for p in found.problems)
    assert (found.sample[0].raw, found.sample[0].outcome) == (("old", "5", "x"), "changed")
    assert RefCounter.objects.get(kind="old").value == 1


def test_a_commit_writes_all_valid_rows_once(world, kind):
    upload = stored(world, kind, "Name,Number\na,1\nb,2\n")
    assert write(world, kind, upload)["new"] == 2
    assert AuditEvent.objects.filter(verb="import.committed").count() == 1
    assert write(world, kind, upload) == {"new": 0, "changed": 0, "unchanged": 2, "duplicate": 0, "invalid": 0}
    assert AuditEvent.objects.filter(verb="import.committed").count() == 1


def test_a_bad_row_stops_everything_unless_left_out_on_purpose(world, kind):
    upload = stored(world, kind, "Name,Number\na,1\nb,-2\nc,x\n")
    with pytest.raises(Invalid) as refusal:
        write(world, kind, upload)
    assert [str(r.text)[:6] for r in refusal.value.reasons] == ["Row 3,", "Row 4,"]
    assert not RefCounter.objects.filter(kind__in=["a", "b", "c"]).exists()
    assert write(world, kind, upload, skip_bad=True)["new"] == 1


def test_a_failure_in_the_middle_leaves_nothing(world, kind):
    upload = stored(world, kind, "Name,Number\na,1\nexplode,2\n")
    with pytest.raises(RuntimeError):
        write(world, kind, upload)
    assert not RefCounter.objects.filter(kind="a").exists()
    assert not AuditEvent.objects.filter(verb="import.committed").exists()


def test_a_commit_is_bound_to_the_file_that_was_previewed(world, kind):
    upload = stored(world, kind, "Name,Number\na,1\n")
    with pytest.raises(Stale):
        write(world, kind, upload, sha256="0" * 64)
    assert not RefCounter.objects.filter(kind="a").exists()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Name,Other\na,1\n", "unmapped"),
        ("Name,Number,Name\na,1,b\n", "duplicate_header"),
        ("Name,Number,\na,1,2\n", "ragged_row"),
    ],
)
def test_faults_of_the_header_stop_the_import_even_when_bad_rows_are_left_out(world, kind, text, code):
    upload = stored(world, kind, text)
    assert code in [p.code for p in preview(world, kind, upload).problems]
    if code != "ragged_row":
        with pytest.raises(Invalid):
            write(world, kind, upload, skip_bad=True)


def test_the_mapping_can_be_changed_and_used_once_only(world, kind):
    upload = stored(world, kind, "x,y\na,1\n")
    assert write(world, kind, upload, mapping={"code": "x", "value": "y"})["new"] == 1
    found = preview(world, kind, upload, mapping={"code": "x", "value": "x"})
    assert "mapped_twice" in [p.code for p in found.problems]


def test_times_are_read_in_the_chosen_zone(world, kind):
    upload = stored(world, kind, "Name,Number,Since\na,1,2026-07-01 12:00\n")
    found = preview(world, kind, upload, zone="Europe/Paris")
    assert found.plans[0].values["since"].isoformat() == "2026-07-01T12:00:00+02:00"


def test_every_problem_is_in_the_error_file_beside_its_row(world, kind):
    upload = stored(world, kind, "Name,Number\n=cmd(),x\nb,1\n")
    rows = list(csv.reader(io.StringIO(error_file(preview(world, kind, upload)).decode("utf-8-sig"))))
    assert rows[1][:2] == ["2", "Number"]
    assert rows[1][-2:] == ["'=cmd()", "x"]
    assert len(rows) == 2


@pytest.mark.parametrize("bom", [True, False])
@pytest.mark.parametrize("text", ["=cmd()", "'=cmd()", "''+1", "-1", "@x", "'quote", "a,b", 'a"b', "漏洞", "＝1"])
def test_export_import_export_is_equal(world, kind, text, bom):
    columns = [Column("code", "Name"), Column("value", "Number", "number", unit="pieces")]
    first = write_csv(columns, [[text, 7]], bom=bom)
    write(world, kind, stored(world, kind, first))
    kept = RefCounter.objects.get(value=7)
    assert kept.kind == text
    assert write_csv(columns, [[kept.kind, kept.value]], bom=bom) == first


@pytest.mark.parametrize("text", ["=cmd()", "'=cmd()", "'quote", "007", "http://x.example", "漏洞", "_x000D_"])
def test_xlsx_round_trip_is_equal(world, kind, text):
    columns = [Column("code", "Name"), Column("value", "Number", "number")]
    write(world, kind, stored(world, kind, write_xlsx("T", columns, [[text, 7]]), "numbers.xlsx"))
    assert RefCounter.objects.get(value=7).kind == text


def test_people_of_another_unit_do_not_see_an_upload(world, kind):
    upload = stored(world, kind, "Name,Number\na,1\n")
    with pytest.raises(NotVisible):
        stored_import(actor(world.outsider), kind, upload.pk)


# --- pages ---------------------------------------------------------------------------------------------------------


def start(
    world: Any, kind: ImportKind, data: bytes | str, name: str = "numbers.csv", who: str = "architect", **more: Any
):
    content = data.encode() if isinstance(data, str) else data
    client = client_for(getattr(world, who))
    sent = {"unit": world.cn.path, "file": SimpleUploadedFile(name, content), **more}
    return client, client.post(reverse("foundation:import", args=[kind.code]), sent)


def fields_of(html: str) -> dict[str, str]:
    """The hidden fields of the commit form, as a browser without scripts sends them."""
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        inside, found = False, {}

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            given = dict(attrs)
            if tag == "form":
                Reader.inside = given.get("method") == "post" and "action" not in given
            elif tag == "input" and Reader.inside and given.get("type") == "hidden":
                Reader.found[given["name"]] = given.get("value") or ""

    Reader.found = {}
    Reader().feed(html)
    return Reader.found


def test_the_pages_lead_from_file_to_records_without_scripts(world, kind):
    client, response = start(world, kind, "编号,Number\n漏,1\nb,2\n".encode("gb18030"))
    assert response.status_code == 302
    page = client.get(response.url)
    html = page.content.decode()
    assert page.status_code == 200
    assert "2 rows would be written" in html
    assert '<option value="gb18030" selected' in html
    done = client.post(response.url, fields_of(html))
    assert done.status_code == 302
    assert RefCounter.objects.get(kind="漏").value == 1
    again = client.post(response.url, fields_of(html), follow=True)
    assert "Nothing had to be changed" in again.content.decode()


def test_a_wrong_encoding_shows_the_choices_again(world, kind):
    client, response = start(world, kind, "编号,Number\n漏洞告警,1\n".encode("gb18030"))
    page = client.get(response.url + "?encoding=utf-8&separator=comma")
    assert page.status_code == 422
    assert "the text is not utf-8" in page.content.decode()
    assert 'name="encoding"' in page.content.decode()


def test_bad_rows_are_listed_and_a_commit_is_422_until_they_are_left_out(world, kind):
    client, response = start(world, kind, "Name,Number\na,1\nb,many\n")
    html = client.get(response.url).content.decode()
    assert "is not a number" in html and "skip_bad" in html
    refused = client.post(response.url, fields_of(html))
    assert refused.status_code == 422
    assert not RefCounter.objects.filter(kind="a").exists()
    assert client.post(response.url, {**fields_of(html), "skip_bad": "1"}).status_code == 302
    assert RefCounter.objects.filter(kind="a").exists()
    errors = client.get(reverse("foundation:import-errors", args=[kind.code, Upload.objects.get().pk]))
    assert b"many" in errors.content


def test_pasted_text_is_read_like_a_file(world, kind):
    client = client_for(world.architect)
    sent = {"unit": world.cn.path, "text": "Name\tNumber\r\na\t1\r\n"}
    response = client.post(reverse("foundation:import", args=[kind.code]), sent)
    html = client.get(response.url).content.decode()
    client.post(response.url, fields_of(html))
    assert RefCounter.objects.get(kind="a").value == 1


def test_nothing_sent_and_wrong_types_are_422_at_the_field(world, kind):
    client = client_for(world.architect)
    address = reverse("foundation:import", args=[kind.code])
    empty = client.post(address, {"unit": world.cn.path})
    assert empty.status_code == 422
    assert "Choose a file or paste a table" in empty.content.decode()
    _client, old = start(world, kind, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xxx", "old.xls")
    assert old.status_code == 422
    assert "save it as .xlsx or CSV" in old.content.decode()


def test_who_may_not_import_is_refused_and_other_units_are_not_offered(world, kind):
    assert client_for(world.reader).get(reverse("foundation:import", args=[kind.code])).status_code == 403
    page = client_for(world.outsider).get(reverse("foundation:import", args=[kind.code])).content.decode()
    assert f'value="{world.cn.path}"' not in page
    _client, response = start(world, kind, "Name,Number\na,1\n", who="outsider")
    assert response.status_code == 422
    upload = stored(world, kind, "Name,Number\na,1\n")
    hidden = client_for(world.outsider).get(reverse("foundation:import-preview", args=[kind.code, upload.pk]))
    assert hidden.status_code == 404
    assert client_for(world.architect).get("/import/nothing-like-it/").status_code == 404


def test_the_template_names_the_columns_and_comes_back_in(world, kind):
    client = client_for(world.architect)
    for ending in ("csv", "xlsx"):
        response = client.get(reverse("foundation:import-template", args=[kind.code, ending]))
        content = b"".join(response.streaming_content) if response.streaming else response.content
        found = table(content)
        assert found.columns == ("Name", "Number", "Since")
        assert found.rows[0].cells[0] == "AB-1"
    assert client.get(reverse("foundation:import-template", args=[kind.code, "exe"])).status_code == 422


def test_a_large_kind_is_committed_by_a_job_with_a_progress_page(world, slow_kind):
    client, response = start(world, slow_kind, "Name,Number\na,1\n", **{"ctx-source": "desk"})
    html = client.get(response.url).content.decode()
    sent = client.post(response.url, fields_of(html))
    job = Job.objects.get(kind="foundation.imports.commit")
    assert sent.url == reverse("foundation:job", args=[job.pk])
    waiting = client.get(sent.url).content.decode()
    assert "<progress" in waiting and 'http-equiv="refresh"' in waiting and "hx-get" in waiting
    assert not RefCounter.objects.filter(kind="a").exists()
    assert jobs.run_due() == ["done"]
    finished = client.get(reverse("foundation:job-progress", args=[job.pk])).content.decode()
    assert "desk" in finished and "hx-get" not in finished and "<html" not in finished
    assert RefCounter.objects.get(kind="a").value == 1
    assert client_for(world.cio).get(sent.url).status_code == 404


def test_a_job_that_is_refused_says_why(world, slow_kind):
    client, response = start(world, slow_kind, "Name,Number\na,-1\n", **{"ctx-source": "desk"})
    client.post(response.url, fields_of(client.get(response.url).content.decode()))
    assert jobs.run_due() == ["refused"]
    job = Job.objects.get(kind="foundation.imports.commit")
    assert "cannot be below zero" in client.get(reverse("foundation:job", args=[job.pk])).content.decode()


def test_a_preview_costs_the_same_at_10_and_1000_rows(world, kind, django_assert_max_num_queries):
    for n in (10, 1000):
        rows = "".join(f"k{n}-{i},{i}\n" for i in range(n))
        client, response = start(world, kind, "Name,Number\n" + rows)
        client.get(response.url)  # the badge of the shell is counted once
        with django_assert_max_num_queries(14):
            assert client.get(response.url).status_code == 200
