"""The KPI report: silent before the date, honest after it, frozen for ever, recomputable by anyone."""

from __future__ import annotations

import hashlib
import io
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from foundation import clock
from metrics.models import GainEstimate, Observation, ReportFreeze
from metrics.report_page import cut
from metrics.reports import report_facts
from metrics.services import add_change_note, draft_measure, estimate_now, freeze_report, record_task_times
from metrics.services.task_times import TaskTime
from tests.metrics.builders import MONDAY, a_case, a_locked_measure, a_measure, a_measured_pilot, a_pilot, task_times
from tests.metrics.record_files import event_log
from tests.world import actor, client_for

DURING, AFTER = MONDAY + timedelta(weeks=4), MONDAY + timedelta(weeks=12)


def page_of(world, pilot, role: str = "pilot_lead", lang: str = "en") -> str:
    url = f"{pilot.report.get_absolute_url()}?lang={lang}"
    reply = client_for(getattr(world, role)).get(url)
    assert reply.status_code == 200
    return reply.content.decode()


def estimated(world, at=AFTER, **given):
    pilot = a_measured_pilot(world, **given)
    with clock.pinned(at):
        estimate_now(actor=actor(world.pilot_lead), measure=pilot.measures.get())
    return pilot


def main_part(text: str) -> str:
    return text[text.index("<main") : text.index("</main>")]


# --- before the decision date ------------------------------------------------------------------------------------


def leaks(text: str) -> list[str]:
    return re.findall(r"median(?! of the day)|中位|59 min|139 min|clear_gain|clear gain|% lower", main_part(text), re.I)


def test_before_the_decision_date_the_page_holds_counts_and_dots_only(world):
    pilot = estimated(world, DURING)
    with clock.pinned(DURING):
        for lang in ("en", "zh-hans"):
            text = page_of(world, pilot, lang=lang)
            assert leaks(text) == []
        text = page_of(world, pilot)
        assert "No verdict before 26 Jul 2026: 45 cases before and 45 in the pilot so far" in text
        assert text.count('<circle class="c-actual"') > 30


def test_before_the_decision_date_no_door_gives_a_median(world):
    pilot = estimated(world, DURING)
    with clock.pinned(DURING):
        client, key = client_for(world.pilot_lead), pilot.report.key
        frozen = freeze_report(actor=actor(world.pilot_lead), report=pilot.report)
        kept = GainEstimate.objects.get()
        rest = client.get(f"/api/v1/metrics/estimates/{kept.pk}").json()
        assert rest["result"]["median"] is None and rest["result"]["estimates"] is None and rest["verdict"] == ""
        live = client.get(f"/api/v1/metrics/reports/{key}").json()["facts"]
        body = json.loads(frozen.body)
        for facts in (live, body):
            assert all(w["median"] is None for w in facts["measures"][0]["weeks"])
            assert facts["measures"][0]["estimate"]["median"] is None and facts["measures"][0]["review"] is None
        sheets = cells(client.get(f"/measures/{key}?format=xlsx").content) + cells(bytes(frozen.xlsx))
        assert not any(str(c).startswith("=MEDIAN") for c in sheets)
        listed = client.get(reverse("metrics:measures")).content.decode()
        assert leaks(listed) == []


def cells(content: bytes) -> list[object]:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content))
    return [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]


def test_an_estimate_of_the_silent_time_says_nothing_once_the_date_has_come(world):
    pilot = estimated(world, DURING)
    with clock.pinned(AFTER):
        text = page_of(world, pilot)
    assert "wait to be estimated" in text and "Run the estimate" in text and "% lower" not in text


# --- after it ----------------------------------------------------------------------------------------------------


def test_the_finding_is_the_title_and_the_words_are_those_of_the_estimate(world):
    pilot = estimated(world)
    kept = GainEstimate.objects.get()
    text = page_of(world, pilot)
    title = re.search(r"<h1>(.*?)</h1>", text, re.S).group(1)
    assert title.startswith("While the pilot ran, Vendor health-check report took a median of")
    for word in re.findall(r"\w+", title):
        assert word in kept.sentence_en
    assert "Agreed bar 10" in text and "Measured" in text
    assert re.search(r"\d+ of 13 checks passed", text)


def test_both_languages_say_the_same_finding(world):
    pilot = estimated(world)
    zh = page_of(world, pilot, lang="zh-hans")
    title = re.search(r"<h1>(.*?)</h1>", zh, re.S).group(1)
    assert title.startswith("试点期间") and "此前为" in title
    assert "took a median of" in zh  # the other language stands beside it


def test_a_sentence_is_cut_without_changing_a_word():
    text = (
        "While the pilot ran (8 Jun 2026 to 30 Aug 2026), a report took a median of 60 minutes; before, 149 minutes. "
        "That is 60 % lower (plausible range 53 % to 64 %; 43 and 48 records). Other causes are not ruled out. "
        "6 of 13 checks passed; 3 remarks. Data to 22 Nov 2026. Ref. abc."
    )
    said = cut(text, "en")
    assert said.title == "While the pilot ran, a report took a median of 60 minutes; before, 149 minutes."
    assert said.rest.startswith("That is 60 % lower") and said.rest.endswith("not ruled out.")
    assert said.days == "8 Jun 2026 to 30 Aug 2026"


@pytest.mark.parametrize("count", [12, 19])
def test_under_twenty_cases_a_side_reads_early_by_itself(world, count):
    pilot = estimated(world, count=count)
    assert GainEstimate.objects.get().word == "early"
    text = main_part(page_of(world, pilot))
    assert 'class="ev early"' in text and 'class="ev measured"' not in text


def test_every_case_is_drawn_and_a_bad_week_stays_in(world):
    pilot = estimated(world)
    with clock.pinned(AFTER):
        add_change_note(
            actor=actor(world.pilot_lead),
            pilot=pilot,
            from_on=(MONDAY + timedelta(weeks=3)).date(),
            text_en="<b>CMDB</b> down",
        )
    text = page_of(world, pilot)
    svg = text[text.index('<svg id="weeks"') :]
    svg = svg[: svg.index("</svg>")]
    assert svg.count("<circle") == 90
    assert "&lt;b&gt;CMDB&lt;/b&gt; down" in svg and "kept in the data" in svg


def test_the_picture_has_its_table_and_its_interactive_twin(world):
    text = page_of(world, estimated(world))
    assert "Show as table" in text and 'data-replaces="weeks"' in text
    figure = json.loads(
        re.search(r'<script id="plot-data" type="application/json">(.*?)</script>', text, re.S).group(1)
    )
    assert sum(len(t["y"]) for t in figure["data"] if t["mode"] == "markers") == 90
    assert 'style="' not in main_part(text)


def test_only_the_report_page_may_insert_the_empty_style(world):
    pilot = estimated(world)
    client = client_for(world.cio)
    assert "sha256-47DEQpj8" in client.get(pilot.report.get_absolute_url())["Content-Security-Policy"]
    assert "sha256-47DEQpj8" not in client.get(reverse("metrics:measures"))["Content-Security-Policy"]


def test_human_review_stands_in_the_same_picture(world):
    measure = a_measure(world)
    a_locked_measure(world, measure, MONDAY - timedelta(days=40))
    for role, total, review in (("baseline", 100, 9), ("pilot", 60, 31)):
        window = measure.current.window(role)
        for number in range(24):
            at = window.from_at + (window.until_at - window.from_at) / 24 * number
            entry = TaskTime(Decimal(total + number % 5), f"{role}-{number}", review_minutes=Decimal(review), at=at)
            with clock.pinned(at + timedelta(minutes=1)):
                record_task_times(actor=actor(world.ops_engineer), measure=measure, entries=[entry], team=world.team)
    with clock.pinned(AFTER):
        estimate_now(actor=actor(world.pilot_lead), measure=measure)
    text = page_of(world, measure.pilot)
    assert "Review by a person" in text and "recorded for 24 cases, 24 before" in text


def test_the_strength_letter_stands_in_the_drawer_alone(world):
    pilot = estimated(world)
    text = main_part(page_of(world, pilot))
    assert not re.search(r">\s*[A-E]\s*<", text)


def test_with_incidents_still_open_no_median_of_the_resolved_ones_is_drawn(world, tmp_path):
    """A median over the resolved ones would flatter: the week shows its cases, the curve counts the open ones."""
    path = tmp_path / "log.csv"
    path.write_bytes(event_log(400))
    start = datetime(2016, 4, 4, tzinfo=UTC)
    options = ["--mapping", "servicenow_event_log", "--unit", "CN", "--as-of", "2016-05-22T20:00:00Z"]
    call_command("import_incidents", str(path), *options, stdout=io.StringIO())
    with clock.pinned(start - timedelta(weeks=2)):
        pilot = a_pilot(world, start=start, weeks=7)
    measure = draft_measure(
        actor=actor(world.pilot_lead), pilot=pilot, preset="time_to_restore", minimum_effect=Decimal("0.1"),
        source="servicenow",
    )  # fmt: skip
    kept = estimate_now(actor=actor(world.pilot_lead), measure=measure)
    result, facts = json.loads(kept.result), report_facts(pilot)["measures"][0]
    assert result["censored"]["pilot"] > 0 and result["median"] is None
    assert kept.verdict and kept.word == "early"  # never locked
    assert all(w["median"] is None for w in facts["weeks"])
    assert facts["curves"]["pilot"]["open"] == result["censored"]["pilot"]
    assert "Median of the week" not in page_of(world, pilot)


def test_records_that_end_before_the_decision_date_give_no_verdict_and_the_page_says_why(world, tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(event_log(400))
    options = ["--mapping", "servicenow_event_log", "--unit", "CN", "--as-of", "2016-05-20T12:00:00Z"]
    call_command("import_incidents", str(path), *options, stdout=io.StringIO())
    with clock.pinned(datetime(2016, 3, 21, tzinfo=UTC)):
        pilot = a_pilot(world, start=datetime(2016, 4, 4, tzinfo=UTC), weeks=8)
    measure = draft_measure(
        actor=actor(world.pilot_lead), pilot=pilot, preset="time_to_restore", minimum_effect=Decimal("0.1"),
        source="servicenow",
    )  # fmt: skip
    estimate_now(actor=actor(world.pilot_lead), measure=measure)
    assert "The records end on 20 May 2016, before the decision date" in page_of(world, pilot)


def test_weeks_too_full_for_dots_are_drawn_as_curves_with_the_open_ones_counted(world, tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(event_log(1100))
    call_command(
        "import_incidents", str(path), "--mapping", "servicenow_event_log", "--unit", "CN", stdout=io.StringIO()
    )
    start = datetime(2016, 7, 4, tzinfo=UTC)
    with clock.pinned(start - timedelta(weeks=2)):
        pilot = a_pilot(world, start=start, weeks=14)
    measure = draft_measure(
        actor=actor(world.pilot_lead), pilot=pilot, preset="time_to_restore", minimum_effect=Decimal("0.1"),
        source="servicenow",
    )  # fmt: skip
    estimate_now(actor=actor(world.pilot_lead), measure=measure)
    text = page_of(world, pilot)
    assert "Share of incidents still open" in text and "0 still open" in text


# --- freezing ----------------------------------------------------------------------------------------------------


def test_freezing_twice_without_a_change_gives_the_same_freeze(world):
    pilot = estimated(world)
    with clock.pinned(AFTER):
        first = freeze_report(actor=actor(world.pilot_lead), report=pilot.report)
    with clock.pinned(AFTER + timedelta(days=1)):
        again = freeze_report(actor=actor(world.pilot_lead), report=pilot.report)
        assert first.pk == again.pk
        add_change_note(actor=actor(world.pilot_lead), pilot=pilot, from_on=MONDAY.date(), text_en="Feed down")
        later = freeze_report(actor=actor(world.pilot_lead), report=pilot.report)
    assert later.pk != first.pk


def test_freeze_asks_first_and_then_shows_its_permanent_page(world):
    pilot, client = estimated(world), client_for(world.pilot_lead)
    url = reverse("metrics:report_freeze", args=[pilot.report.key])
    assert f"Freeze {pilot.report.key}" in client.get(url).content.decode()
    assert not ReportFreeze.objects.exists()
    reply = client.post(url)
    frozen = ReportFreeze.objects.get()
    short = frozen.digest.removeprefix("sha256:")[:12]
    assert reply["Location"] == reverse("metrics:report_frozen", args=[pilot.report.key, short])
    assert f"sha {short}" in client.get(reply["Location"]).content.decode()
    moved = client.get(f"/measures/{pilot.report.key}@{short}")
    assert moved.status_code == 302 and moved["Location"] == reply["Location"]
    assert short in client.get(pilot.report.get_absolute_url()).content.decode()


def test_a_frozen_page_keeps_its_figures_whatever_happens_after(world):
    pilot = estimated(world)
    frozen = freeze_report(actor=actor(world.pilot_lead), report=pilot.report)
    url = reverse("metrics:report_frozen", args=[pilot.report.key, frozen.digest[7:19]])
    client = client_for(world.cio)
    before = main_part(client.get(url).content.decode())
    Observation.objects.filter(measure__pilot=pilot).update(minutes=7)
    add_change_note(actor=actor(world.pilot_lead), pilot=pilot, from_on=MONDAY.date(), text_en="Something else")
    after = main_part(client.get(url).content.decode())
    assert after == before


def test_the_annex_of_a_freeze_is_the_same_bytes_later_through_page_and_rest(world):
    pilot = estimated(world)
    frozen = freeze_report(actor=actor(world.pilot_lead), report=pilot.report)
    key, short, client = pilot.report.key, frozen.digest[7:19], client_for(world.cio)
    url = reverse("metrics:report_annex", args=[key, short])
    first = client.get(url).content
    with clock.pinned(AFTER + timedelta(days=400)):
        later = client.get(url).content
        rest = client.get(f"/api/v1/metrics/reports/{key}/freezes/{short}/annex.xlsx").content
    assert first == later == rest and hashlib.sha256(first).hexdigest() == frozen.xlsx_sha256


def test_the_annex_holds_every_case_without_its_name_and_the_median_as_a_formula(world):
    pilot = estimated(world)
    frozen = freeze_report(actor=actor(world.pilot_lead), report=pilot.report)
    found = cells(bytes(frozen.xlsx))
    assert sum(isinstance(c, float) for c in found) >= 80
    assert [c for c in found if str(c).startswith("=MEDIAN(")]
    assert not any("baseline-0" in str(c) for c in found)


def test_a_formula_in_a_note_or_name_stays_text_in_the_annex(world):
    measure = a_measure(world, name_en='=HYPERLINK("http://evil")')
    task_times(world, measure, "baseline", 100, 12)
    frozen = freeze_report(actor=actor(world.pilot_lead), report=measure.pilot.report)
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(bytes(frozen.xlsx)))
    typed = [c for sheet in book for row in sheet.iter_rows() for c in row if "HYPERLINK" in str(c.value)]
    assert typed and all(c.data_type == "s" for c in typed)


@pytest.mark.parametrize("table", ["metrics_reportfreeze", "metrics_gainestimate"])
def test_raw_sql_cannot_change_or_delete_what_was_frozen(world, table):
    pilot = estimated(world)
    freeze_report(actor=actor(world.pilot_lead), report=pilot.report)
    column = "digest" if table.endswith("freeze") else "result"
    for statement in (f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"):  # noqa: S608
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_only_who_may_freeze_is_offered_it_and_others_are_refused(world):
    pilot = estimated(world)
    url = reverse("metrics:report_freeze", args=[pilot.report.key])
    assert url not in page_of(world, pilot, "cio")
    assert client_for(world.cio).post(url).status_code == 403
    assert not ReportFreeze.objects.exists()


def test_an_unknown_freeze_is_not_found(world):
    pilot = a_measured_pilot(world)
    url = reverse("metrics:report_frozen", args=[pilot.report.key, "0" * 12])
    assert client_for(world.cio).get(url).status_code == 404


# --- recomputing -------------------------------------------------------------------------------------------------


def test_the_offline_command_gives_the_hashes_of_the_page(world, tmp_path):
    estimated(world)
    kept = GainEstimate.objects.get()
    call_command("estimate", "--from-estimate", str(kept.pk), "--into", str(tmp_path), stdout=io.StringIO())
    out = tmp_path / "again.json"
    files = [str(tmp_path / "plan.json"), str(tmp_path / "data.csv")]
    call_command("estimate", *files, "--out", str(out), stdout=io.StringIO())
    again = json.loads(out.read_text(encoding="utf-8"))
    assert (again["inputs_hash"], again["result_hash"]) == (kept.inputs_hash, kept.result_hash)
    call_command("estimate", *files, "--check", str(tmp_path / "result.json"), stderr=io.StringIO())


def test_the_command_tells_by_its_exit_code_what_was_wrong(world, tmp_path):
    estimated(world)
    kept = GainEstimate.objects.get()
    call_command("estimate", "--from-estimate", str(kept.pk), "--into", str(tmp_path), stdout=io.StringIO())
    plan, data = tmp_path / "plan.json", tmp_path / "data.csv"
    bad = tmp_path / "bad.json"
    bad.write_text('{"plan_version": 1, "surprise": true}', encoding="utf-8")
    assert code_of(str(bad), str(data)) == 2
    assert code_of(str(plan), str(tmp_path / "absent.csv")) == 3
    stored = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    (tmp_path / "other.json").write_text(json.dumps({**stored, "verdict": "worse"}), encoding="utf-8")
    assert code_of(str(plan), str(data), "--check", str(tmp_path / "other.json")) == 4


def code_of(*args: str) -> int:
    with pytest.raises(SystemExit) as ended:
        call_command("estimate", *args, stdout=io.StringIO(), stderr=io.StringIO())
    return int(ended.value.code or 0)


def test_self_reported_times_are_never_pooled_with_measured_ones(world):
    measure = a_measured_pilot(world).measures.get()
    at = measure.current.window("pilot").from_at + timedelta(hours=3)
    with clock.pinned(at + timedelta(minutes=1)):
        told = [TaskTime(Decimal(5), f"told-{n}", at=at, method="self_report") for n in range(30)]
        record_task_times(actor=actor(world.ops_engineer), measure=measure, entries=told, team=world.team)
    with clock.pinned(AFTER):
        kept = estimate_now(actor=actor(world.pilot_lead), measure=measure)
    assert kept.n_pilot == 45 and kept.grade == "D"


# --- REST --------------------------------------------------------------------------------------------------------


def test_rest_runs_an_estimate_as_a_job_and_lists_its_answer(world, run_jobs):
    measure = a_measured_pilot(world).measures.get()
    client = client_for(world.pilot_lead)
    asked = client.post(f"/api/v1/metrics/measures/{measure.pk}/estimate")
    assert asked.status_code == 202 and asked.json()["kind"] == "metrics.run_estimate"
    assert run_jobs() == ["done"]
    items = client.get(f"/api/v1/metrics/estimates?measure={measure.pk}").json()["items"]
    assert len(items) == 1 and items[0]["word"] == "measured"
    detail = client.get(f"/api/v1/metrics/estimates/{items[0]['id']}").json()
    assert detail["plan"]["kind"] == "duration_task" and len(detail["result"]["guards"]) == 13


def test_rest_drafts_a_pilot_and_its_measure_and_names_gaps(world):
    case, client = a_case(world), client_for(world.pilot_lead)
    sent = {"candidate": case.key, "starts_on": "2026-06-01", "ends_on": "2026-07-26"}
    made = client.post("/api/v1/metrics/pilots", sent, content_type="application/json")
    assert made.status_code == 201 and made["ETag"] == '"1"'
    given = {"pilot": made.json()["key"], "preset": "time_to_restore", "minimum_effect": "0.10"}
    measure = client.post("/api/v1/metrics/measures", given, content_type="application/json")
    assert measure.status_code == 201, measure.content
    assert [g["code"] for g in measure.json()["gaps"]] == ["source_missing"]
    unknown = client.post("/api/v1/metrics/pilots", {**sent, "owner": "x"}, content_type="application/json")
    assert unknown.status_code == 400


def test_rest_freezes_and_reads_the_body_and_hides_it_from_others(world):
    pilot = estimated(world)
    client, key = client_for(world.pilot_lead), pilot.report.key
    made = client.post(f"/api/v1/metrics/reports/{key}/freezes").json()
    short = made["digest"][7:19]
    facts = client.get(f"/api/v1/metrics/reports/{key}/freezes/{short}").json()["facts"]
    assert facts["schema"] == "kpi-report/1" and facts["pilot"]["key"] == pilot.key
    assert client_for(world.outsider).get(f"/api/v1/metrics/reports/{key}/freezes/{short}").status_code == 404
    assert client_for(world.cio).post(f"/api/v1/metrics/reports/{key}/freezes").status_code == 403
