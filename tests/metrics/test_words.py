"""What pages of measures say: one language a paragraph, words instead of codes, nothing claimed that was not done."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from foundation import clock
from foundation.audit.verbs import sentence
from metrics.estimate_page import _too_short
from metrics.models import RuntimeApp, RuntimeConnection, SyncRun, UsageDay
from metrics.report_page import ReportPage
from metrics.reports import shown_facts
from metrics.selectors import usage_of_pilot
from metrics.services import draft_measure, draft_statement, estimate_now
from tests.metrics.builders import MONDAY, a_locked_measure, a_measure, a_measured_pilot, task_times
from tests.world import actor, client_for

DURING, AFTER = MONDAY + timedelta(weeks=4), MONDAY + timedelta(weeks=12)


@pytest.fixture
def pilot(world):
    made = a_measured_pilot(world)
    with clock.pinned(AFTER):
        estimate_now(actor=actor(world.pilot_lead), measure=made.measures.get())
    return made


def read(world, url: str, lang: str = "en") -> str:
    reply = client_for(world.pilot_lead).get(url, {"lang": lang})
    assert reply.status_code == 200
    return reply.content.decode()


def report_text(world, pilot, lang: str = "en") -> str:
    return read(world, pilot.report.get_absolute_url(), lang)


# --- the report ----------------------------------------------------------------------------------------------------


def test_each_language_of_the_lede_is_a_paragraph_of_its_own_that_names_it(world, pilot):
    with clock.pinned(AFTER):
        english, chinese = report_text(world, pilot), report_text(world, pilot, "zh-hans")
    found = re.findall(r'<p class="lede" lang="([^"]+)">(.*?)</p>', english, re.S)
    assert [lang for lang, _text in found] == ["en", "zh-Hans"]
    assert "That is" in found[0][1] and "试点" not in found[0][1] and "试点" in found[1][1]
    assert re.findall(r'<p class="lede" lang="([^"]+)">', chinese) == ["zh-Hans", "en"]


def test_the_other_measures_stand_in_the_language_of_the_reader(world, pilot):
    second = draft_measure(
        actor=actor(world.pilot_lead), pilot=pilot, preset="time_per_task", role="secondary", name_en="Second look",
        name_zh="第二次查看", minimum_effect=Decimal("0.10"),
    )  # fmt: skip
    task_times(world, second, "baseline", 139, 45)
    a_locked_measure(world, second, MONDAY - timedelta(days=3))
    task_times(world, second, "pilot", 59, 45, seed=9)
    with clock.pinned(AFTER):
        kept = estimate_now(actor=actor(world.pilot_lead), measure=second)
        chinese = report_text(world, pilot, "zh-hans")
    assert "第二次查看" in chinese and "Second look" not in chinese
    assert kept.sentence_zh in chinese and kept.sentence_en not in chinese


def test_the_page_that_freezes_ends_each_sentence_once(world, pilot):
    with clock.pinned(AFTER):
        text = read(world, reverse("metrics:report_freeze", args=[pilot.report.key]))
        page = ReportPage(shown_facts(pilot), pilot.report.key)
        assert ".. " not in text and ".." not in page.copied
        assert f"{page.title.rstrip('.')}. {page.said.rest}" == page.sentence
        with override("zh-hans"):
            assert "。。" not in page.sentence and "。" in ReportPage(shown_facts(pilot), "x").sentence


def test_checks_not_computed_in_this_version_are_not_run_and_never_said_not_to_apply(world, pilot):
    with clock.pinned(AFTER):
        page = ReportPage(shown_facts(pilot), pilot.report.key)
    states = {g["id"]: row["state"] for g, row in zip(page.guards, page.guard_rows, strict=True)}
    assert [states[g] for g in ("G5", "G10", "G11")] == ["not run"] * 3
    assert states["G1"] == "does not apply"  # whole weeks are not asked of task times
    passed, *beside = page.checks_line.split(", ")
    assert passed.endswith("of 13 checks passed")
    assert beside[-2:] == ["3 not run", "1 does not apply"]
    assert sum(int(part.split()[0]) for part in (passed, *beside)) == 13


def test_before_the_decision_date_nothing_is_said_not_to_apply_that_waits_for_it(world):
    pilot = a_measured_pilot(world)
    with clock.pinned(DURING):
        estimate_now(actor=actor(world.pilot_lead), measure=pilot.measures.get())
        page = ReportPage(shown_facts(pilot), pilot.report.key)
    states = {g["id"]: row["state"] for g, row in zip(page.guards, page.guard_rows, strict=True)}
    assert states["G3"] == states["G4"] == "not run"


def test_a_pilot_that_has_not_begun_says_when_it_begins(world):
    measure = a_measure(world)
    task_times(world, measure, "baseline", 139, 30)
    with clock.pinned(MONDAY - timedelta(days=2)):
        kept = estimate_now(actor=actor(world.pilot_lead), measure=measure)
        text = report_text(world, measure.pilot)
    assert "the pilot begins on 1 Jun 2026" in kept.sentence_en and "too few" not in kept.sentence_en
    assert "试点于2026年6月1日开始" in kept.sentence_zh
    assert "The pilot begins on 1 Jun 2026." in text


# --- usage ---------------------------------------------------------------------------------------------------------


def a_used_app(world, pilot) -> RuntimeApp:
    """Linked long before the pilot and still after it; read on every day of three months."""
    named = {"slug": "s", "name": "S", "base_url": "http://x", "day_timezone": "UTC"}
    source = RuntimeConnection.objects.create(unit=world.cn, **named)
    app = RuntimeApp.objects.create(connection=source, external_id="a", name="Chat", mode="advanced-chat")
    with clock.pinned(MONDAY - timedelta(days=30)):
        app.links.create(
            candidate=pilot.candidate, pilot=pilot, stage="pilot", from_day=date(2026, 5, 1), set_by=world.architect
        )
    run = SyncRun.objects.create(connection=source, trigger="button", digest="sha256:0")
    first = MONDAY.date() - timedelta(days=14)
    for n in range(100):
        UsageDay.objects.create(
            connection=source, app=app, day=first + timedelta(days=n), day_timezone="UTC", runs=2, tokens_total=10,
            users_distinct=9, state="closed", sync_run=run, row_hash="x",
        )  # fmt: skip
    app.windows.create(connection=source, closed_through=first + timedelta(days=99))
    return app


def test_a_report_and_a_longer_box_count_the_same_days_of_the_pilot(world, pilot):
    a_used_app(world, pilot)
    box = usage_of_pilot(pilot, pilot.starts_on - timedelta(days=10), pilot.ends_on + timedelta(days=40))
    assert (box.runs, box.days) == (2 * 56, 56)
    assert (box.first_day, box.closed_through) == (pilot.starts_on, pilot.ends_on)
    with clock.pinned(AFTER):
        assert shown_facts(pilot)["usage"]["runs"] == box.runs
        text = report_text(world, pilot)
    assert "closed days of the pilot, 1 Jun 2026 to 26 Jul 2026" in text
    early = usage_of_pilot(pilot, pilot.starts_on, pilot.starts_on + timedelta(days=7))
    assert (early.runs, early.closed_through) == (14, pilot.starts_on + timedelta(days=6))


def test_the_mode_of_an_app_is_a_word(world, pilot):
    a_used_app(world, pilot)
    text = read(world, reverse("metrics:usage"))
    assert "chat that follows a flow" in text and "advanced-chat" not in text


# --- the ledger ----------------------------------------------------------------------------------------------------


def test_codes_of_the_ledger_are_read_in_the_language_of_the_reader():
    facts = {"actor": "A", "subject": "S", "outcome": "done", "days_written": 1, "stage": "pilot", "team": "T"}
    assert sentence("sync.ran", facts) == "A read S: done, 1 day written"
    assert sentence("task_time.recorded", {**facts, "count": 1}) == "A of T recorded 1 task time"
    assert sentence("task_time.recorded", {**facts, "count": 3}) == "A of T recorded 3 task times"
    with override("zh-hans"):
        assert sentence("connection.probed", facts).endswith("已完成")
        assert "done" not in sentence("sync.ran", facts)
        assert "pilot" not in sentence("app.staged", facts)


def test_a_statement_in_the_ledger_names_its_measure_in_both_languages(world, pilot):
    found = pilot.measures.get().estimates.first()
    with clock.pinned(AFTER):
        draft_statement(actor=actor(world.pilot_lead), estimate=found, does_not_say_en="x", does_not_say_zh="")
    named = {"en": "Monthly report", "zh": "月报"}
    with override("zh-hans"):
        assert "月报" in sentence("statement.drafted", {"actor": "A", "subject": "S", "measure": named})
    assert "Monthly report" in sentence("statement.drafted", {"actor": "A", "subject": "S", "measure": named})
    assert "old" in sentence("statement.drafted", {"actor": "A", "subject": "S", "measure": "old"})


# --- task times, the strip, links ----------------------------------------------------------------------------------


def test_a_time_typed_on_the_phone_is_not_said_to_come_from_a_stopwatch(world, pilot):
    text = read(world, reverse("metrics:task_times", args=[pilot.key]))
    assert "typed by the team" in text and "stopwatch" not in text
    assert "90 task times enter the estimate" in text


def test_a_history_that_is_too_short_is_said_to_be_short():
    assert _too_short(0).startswith("The history before the pilot is too short") and "0" not in _too_short(0)
    assert "only 1 earlier stretch of weeks" in _too_short(1)
    assert "only 3 earlier stretches of weeks" in _too_short(3)


def test_the_source_of_a_measure_is_a_word_and_not_a_name_of_a_table(world, pilot):
    text = read(world, reverse("metrics:measure", args=[pilot.measures.get().pk]))
    assert "task times of the team" in text and "task_times" not in re.sub(r'"[^"]*"', "", text)


def test_no_reason_on_a_page_leads_to_the_page_itself(world):
    measure = a_measure(world, minimum_effect=None)
    for url in (measure.pilot.get_absolute_url(), reverse("metrics:measure", args=[measure.pk])):
        text = read(world, url)
        assert "name the smallest change that matters" in text
        assert url not in re.findall(r'<div class="reasons.*?</div>', text, re.S)[0]
    assert reverse("metrics:measure", args=[measure.pk]) in read(world, measure.pilot.get_absolute_url())


def test_a_pilot_without_a_measure_is_led_to_drafting_one(world):
    from tests.metrics.builders import a_pilot

    with clock.pinned(MONDAY - timedelta(weeks=5)):
        made = a_pilot(world)
    reasons = re.findall(r'<div class="reasons.*?</div>', read(world, made.get_absolute_url()), re.S)
    assert reverse("metrics:measure_new", args=[made.key]) in reasons[0]


# --- downloads -----------------------------------------------------------------------------------------------------


def rows_of(client: Client, url: str) -> list[dict[str, str]]:
    reply = client.get(url, {"format": "csv"})
    assert reply.status_code == 200
    return list(csv.DictReader(io.StringIO(b"".join(reply.streaming_content).decode("utf-8-sig"))))


def test_the_list_of_cases_leaves_as_a_table_and_says_no_more_than_the_page(world, pilot):
    client, url = client_for(world.pilot_lead), reverse("metrics:measures")
    with clock.pinned(AFTER):
        (row,) = rows_of(client, url)
        assert client.get(url, {"format": "xlsx"}).content.startswith(b"PK")
        assert client.get(url, {"format": "doc"}).status_code == 422
    assert (row["Pilot"], row["Cases before"], row["Cases in the pilot"]) == (pilot.key, "45", "45")
    assert row["Evidence"] == "Measured" and row["What may be said"]
    with clock.pinned(DURING):
        (row,) = rows_of(client, url)
    assert (row["Verdict"], row["Evidence"], row["What may be said"]) == ("", "", "")
    assert rows_of(client_for(world.outsider), url) == []


def test_the_readings_of_a_source_turn_pages_and_leave_as_a_table(world, pilot):
    app = a_used_app(world, pilot)
    for n in range(11):
        SyncRun.objects.create(connection=app.connection, trigger="schedule", outcome="done", days_written=n)
    client = client_for(world.pilot_lead)
    page = client.get(app.connection.get_absolute_url())
    assert len(page.context["page"].items) == 10 and page.context["page"].next_url
    rows = rows_of(client, app.connection.get_absolute_url())
    assert len(rows) == 12 and {row["Started by"] for row in rows} == {"schedule", "by hand"}


@pytest.mark.parametrize(
    ("address", "kept", "other"),
    [
        ("connections/", {"unit": "CN"}, {"unit": "EM"}),
        ("apps/", {"connection": "s", "mode": "advanced-chat"}, {"connection": "t"}),
        ("apps/", {"stage": "pilot"}, {"stage": "service"}),
        ("pilots", {"unit": "CN"}, {"unit": "EM"}),
        ("reports", {"unit": "CN"}, {"pilot": "PL-999"}),
        ("measures", {"unit": "CN"}, {"pilot": "PL-999"}),
    ],
)
def test_rest_lists_are_filtered(world, pilot, address, kept, other):
    a_used_app(world, pilot)
    client = client_for(world.pilot_lead)
    assert len(client.get(f"/api/v1/metrics/{address}", kept).json()["items"]) == 1
    assert client.get(f"/api/v1/metrics/{address}", other).json()["items"] == []
    assert client.get("/api/v1/metrics/apps/", {"stage": "nonsense"}).status_code == 400


# --- a phone -------------------------------------------------------------------------------------------------------


def test_a_phone_gets_a_drawing_as_wide_as_its_screen_with_the_same_cases(world, pilot):
    with clock.pinned(AFTER):
        text = report_text(world, pilot)
    narrow = text[text.index('class="narrow-copy"') :]
    narrow = narrow[: narrow.index("</svg>")]
    assert 'viewBox="0 0 360 318"' in narrow
    wide = text[text.index('class="plot-scroll') :]
    wide = wide[: wide.index("</svg>")]
    assert narrow.count("<circle") == wide.count("<circle") > 80
    assert max(float(x) for x in re.findall(r'cx="([\d.]+)"', narrow)) < 360
    assert "Pilot: median" in narrow
