"""How the text of a file is written: guessed over all of it, shown, and changed on preview, refusal and command."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.urls import reverse

from foundation.jobs import run_due
from foundation.jobs.models import Job
from metrics.connectors.records.table import Dialect
from metrics.recordfiles import opened
from tests.metrics.record_files import choose_columns, event_log, job_of, read_through_page, upload
from tests.world import client_for


@pytest.fixture(autouse=True)
def own_place(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def client(world):
    return client_for(world.architect)


def late_chinese(encoding: str = "gb18030") -> bytes:
    """Plain ASCII for far longer than any sample, Chinese only in the last rows."""
    plain = event_log(900)
    assert len(plain) > 3 * 65_536
    return plain + event_log(3).split(b"\n", 1)[1].replace(b"Phone", "电话".encode(encoding)).replace(b"INC", b"X")


def latin() -> bytes:
    """Neither UTF-8 nor GB18030 reads this."""
    return event_log(3).replace(b"Phone", b"T\xff\xff")


def read_anew(client, page, **fields: str):
    sent = client.post(reverse("metrics:records_look", args=[page.context["job"].pk]), fields)
    assert sent.status_code == 302
    run_due()
    return client.get(sent["Location"])


def test_chinese_in_the_last_rows_of_a_long_file_decides_its_encoding(world):
    with opened(io.BytesIO(late_chinese()), "log.csv") as found:
        assert found.dialect == Dialect("gb18030", ",")
        assert sum(1 for _row in found.table.rows) == 2709
    with opened(io.BytesIO(late_chinese("utf-8")), "log.csv") as found:
        assert found.dialect == Dialect("utf-8-sig", ",")


def test_a_stated_encoding_leaves_the_separator_to_be_guessed(world):
    with opened(io.BytesIO(event_log(2).replace(b",", b";")), "log.csv", Dialect("gb18030", "")) as found:
        assert found.dialect == Dialect("gb18030", ";")


def test_the_preview_of_the_built_in_log_shows_how_it_was_read_and_reads_it_otherwise(client):
    page = read_through_page(client, late_chinese())
    text = page.content.decode()
    assert "GB18030" in text and "comma" in text
    form = page.context["form"]
    assert (form["encoding"].value(), form["delimiter"].value()) == ("gb18030", "comma")
    fields = {"fold": "ask", "zone": "UTC", "as_of": "", "encoding": "utf-8-sig", "delimiter": "comma"}
    sent = client.post(reverse("metrics:records_again", args=[page.context["job"].pk]), fields)
    run_due()
    told = client.get(sent["Location"]).content.decode()
    assert "the text is not utf-8" in told and "It was read as UTF-8 with the separator “comma”." in told


def test_a_refused_file_offers_another_way_to_read_the_same_bytes(client):
    page = read_through_page(client, late_chinese(), zone="UTC")
    fields = {"fold": "ask", "zone": "UTC", "as_of": "", "encoding": "utf-8-sig", "delimiter": "comma"}
    sent = client.post(reverse("metrics:records_again", args=[page.context["job"].pk]), fields)
    run_due()
    refused = client.get(sent["Location"])
    assert job_of(refused).state == Job.State.REFUSED
    form = refused.context["dialect"]
    assert (form["encoding"].value(), form["delimiter"].value()) == ("utf-8-sig", "comma")
    assert "Read again" in refused.content.decode()
    again = read_anew(client, refused, encoding="gb18030", delimiter="comma")
    assert again.templates[0].name == "metrics/records_preview.html"
    assert again.context["found"]["encoding"] == "gb18030"
    assert again.context["zone"] == "UTC"  # what was stated before is kept


def test_a_file_nothing_reads_says_what_it_was_taken_for_on_the_way_of_columns_too(client):
    sent = upload(client, latin(), mapping="columns", source="jira")
    run_due()
    refused = client.get(sent["Location"])
    if job_of(refused).state == Job.State.DONE:  # the head alone holds no bad byte
        pytest.skip("read by its head")
    assert refused.context["dialect"]["encoding"].value() == "utf-8-sig"
    assert "It was read as UTF-8" in refused.content.decode()


def test_the_wrong_separator_is_corrected_on_the_page_of_the_refusal(client):
    page = read_through_page(client, event_log(3))
    fields = {"fold": "ask", "zone": "UTC", "as_of": "", "encoding": "utf-8-sig", "delimiter": "bar"}
    sent = client.post(reverse("metrics:records_again", args=[page.context["job"].pk]), fields)
    run_due()
    refused = client.get(sent["Location"])
    assert "with the separator “bar”" in refused.content.decode()
    assert read_anew(client, refused, encoding="utf-8-sig", delimiter="comma").context["found"]["facts"]["kept"] == 3


def test_a_workbook_and_an_import_under_way_offer_nothing_to_change(client):
    waiting = upload(client, event_log(3))
    job = waiting["Location"].rstrip("/").split("/")[-1]
    sent = client.post(reverse("metrics:records_look", args=[job]), {"encoding": "gb18030", "delimiter": "comma"})
    assert sent.status_code == 409
    run_due()
    refused = read_through_page(client, b"PK\x03\x04 not a workbook", "x.xlsx")
    assert refused.context.get("dialect") is None


def test_the_columns_page_names_the_encoding_in_words_for_people(client):
    page = read_through_page(client, b"Ticket,Opened\nA-1,2026-03-02 09:00\n", mapping="columns", source="jira")
    text = page.content.decode()
    assert "UTF-8" in text and ">utf-8-sig<" not in text
    again = read_anew(client, page, encoding="gb18030", delimiter="comma")
    assert again.context["found"]["encoding"] == "gb18030"
    preview = choose_columns(
        client, again, col_key="Ticket", col_opened_at="Opened", date_format="iso", zone="UTC", as_of="2026-03-03T00:00"
    )
    assert preview.context["read_as"] == {"encoding": "GB18030", "separator": "comma"}


def test_the_command_states_an_encoding_and_prints_what_it_read(world, tmp_path, capsys):
    path = tmp_path / "log.csv"
    path.write_bytes(late_chinese())
    out = io.StringIO()
    args = [str(path), "--mapping", "servicenow_event_log", "--dry-run", "--json"]
    call_command("import_incidents", *args, "--encoding", "gb18030", stdout=out)
    said = json.loads(out.getvalue())
    assert (said["encoding"], said["separator"], said["kept"]) == ("GB18030", "comma", 903)
    with pytest.raises(SystemExit):
        call_command("import_incidents", *args[:-1], "--encoding", "utf-8")
    assert "It was read as UTF-8 with the separator “comma”." in capsys.readouterr().err
