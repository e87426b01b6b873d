"""Task times: two fields on a phone, a table or REST; of a team, never of a person."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from foundation import clock
from foundation.audit.models import AuditEvent
from foundation.errors import Invalid
from metrics.cards_records import today_cards
from metrics.models import Observation, Pilot
from metrics.services import TaskTime, exclude_observation, record_task_times
from tests.metrics.builders import a_case, a_measure, a_pilot
from tests.world import a_member, a_user, actor, client_for


@pytest.fixture(autouse=True)
def own_place(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def measure(world):
    return a_measure(world)


@pytest.fixture
def form(measure):
    return reverse("metrics:task_time", args=[measure.pilot.key])


@pytest.fixture
def phone(world):
    return client_for(world.ops_engineer)


# --- the form ------------------------------------------------------------------------------------------------------


def test_two_fields_are_enough_and_the_page_is_kept_for_the_next(phone, form, measure):
    sent = phone.post(form, {"minutes": "47", "case": "INC-1"})
    assert (sent.status_code, sent["Location"]) == (302, form)
    row = Observation.objects.get()
    assert (row.minutes, row.case, row.measure, row.usable) == (Decimal(47), "INC-1", measure, None)
    assert abs(row.at - clock.now()) < timedelta(minutes=1)
    page = phone.get(form).content.decode()
    assert "Saved: 47 min, INC-1" in page and 'name="minutes"' in page


def test_the_page_is_slim_carries_the_vow_and_no_web_font(phone, form):
    page = phone.get(form).content
    text = page.decode()
    assert "data-slim" in text and "Not for headcount" in text
    linked = re.findall(r'(?:href|src)="/static/([^"]+\.(?:css|js))"', text)
    assert linked
    static = Path(__file__).parents[2] / "static"
    sent = len(gzip.compress(page)) + sum(len(gzip.compress((static / name).read_bytes())) for name in linked)
    assert sent <= 60 * 1024


def test_what_is_folded_is_kept_too(phone, form):
    given = {"minutes": "47", "review_minutes": "5.5", "usable": "false", "at": "2026-03-02T14:05", "case": "INC-1"}
    phone.post(form, given)
    row = Observation.objects.get()
    assert (row.review_minutes, row.usable) == (Decimal("5.5"), False)
    assert row.at == datetime(2026, 3, 2, 6, 5, tzinfo=UTC)  # typed in Shanghai


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"minutes": "0", "case": "A"}, "minutes", "0.1"),
        ({"minutes": "1441", "case": "A"}, "minutes", "1440"),
        ({"minutes": "x", "case": "A"}, "minutes", "number"),
        ({"minutes": "NaN", "case": "A"}, "minutes", "number"),
        ({"minutes": "5", "case": "a@b.example"}, "case", "never a person"),
        ({"minutes": "5", "case": "x" * 41}, "case", "40"),
        ({"minutes": "5", "case": "A", "review_minutes": "6"}, "review_minutes", "part of the minutes"),
        ({"minutes": "5", "case": "A", "at": "2190-01-01T00:00"}, "at", "future"),
    ],
)
def test_a_wrong_entry_says_why_at_its_field_and_keeps_what_was_typed(phone, form, given, field, words):
    sent = phone.post(form, given)
    assert sent.status_code == 422
    assert words in str(sent.context["form"].errors[field])
    assert sent.context["form"]["case"].value() == given["case"]
    assert not Observation.objects.exists()


def test_a_repeated_case_asks_and_takes_either_answer(phone, form):
    phone.post(form, {"minutes": "47", "case": "INC-1"})
    asked = phone.post(form, {"minutes": "50", "case": "INC-1"})
    assert asked.status_code == 422 and "This is a second run" in asked.content.decode()
    phone.post(form, {"minutes": "50", "case": "INC-1", "again": "second"})
    assert sorted(Observation.objects.values_list("minutes", "second_run")) == [(47, False), (50, True)]
    phone.post(form, {"minutes": "60", "case": "INC-1", "again": "replace"})
    assert list(Observation.objects.filter(excluded_why="").values_list("minutes", flat=True)) == [60]


def test_only_the_browser_that_typed_it_corrects_it_and_only_for_a_day(world, phone, form, measure):
    now = datetime.now(UTC)
    with clock.pinned(now):
        phone.post(form, {"minutes": "470", "case": "INC-1"})
        receipt = phone.get(form).context["recent"][0]["form"].initial["receipt"]
    url = reverse("metrics:task_time_correct", args=[measure.pilot.key])
    assert not client_for(world.pilot_lead).get(form).context["recent"]
    assert phone.post(url, {"receipt": "guessed", "minutes": "1"}).status_code == 404
    wrong = phone.post(url, {"receipt": receipt, "minutes": "0"})
    assert wrong.status_code == 422
    assert phone.post(url, {"receipt": receipt, "minutes": "47"}).status_code == 302
    assert Observation.objects.get().minutes == 47
    assert client_for(world.outsider).post(url, {"receipt": receipt, "minutes": "1"}).status_code == 404
    with clock.pinned(now + timedelta(hours=25)):
        assert phone.post(url, {"receipt": receipt, "minutes": "48"}).status_code == 404
    assert phone.post(url, {"receipt": receipt, "remove": "on"}).status_code == 302
    assert Observation.objects.get().excluded_why == "taken back"


def test_the_team_is_the_one_of_the_entrant(world, form):
    mate = a_user("Team Mate")
    a_member(mate, "ops_engineer", world.team)
    above = a_user("Above All")
    a_member(above, "ops_engineer", world.root)
    client_for(above).post(form, {"minutes": "1", "case": "B"})
    assert Observation.objects.get(case="B").team == world.cn


def test_who_may_record_and_who_may_not(world, form, measure):
    for role, status in (("pilot_lead", 200), ("ops_head", 200), ("cio", 403), ("reader", 403), ("auditor", 403)):
        assert client_for(getattr(world, role)).get(form).status_code == status, role
    assert client_for(world.outsider).get(form).status_code == 404
    times = reverse("metrics:task_times", args=[measure.pilot.key])
    assert client_for(world.reader).get(times).status_code == 200
    assert client_for(world.outsider).get(times).status_code == 404


def test_a_pilot_without_such_a_measure_says_so(world, phone):
    pilot = a_pilot(world, a_case(world, "Another case"))
    said = phone.get(reverse("metrics:task_time", args=[pilot.key]))
    assert said.status_code == 409 and "no measure that reads task times" in said.content.decode()


def test_the_qr_code_leads_to_the_form(phone, measure):
    found = phone.get(reverse("metrics:task_time_qr", args=[measure.pilot.key]))
    assert found["Content-Type"] == "image/svg+xml" and found.content.startswith(b"<svg")


def test_nothing_leads_back_to_the_person_who_typed_it(world, phone, form, measure):
    phone.post(form, {"minutes": "47", "case": "INC-1"})
    entry = AuditEvent.objects.filter(verb="task_time.recorded").get()
    assert entry.actor_label == "operations engineer" and entry.actor_id == ""
    kept = json.dumps(
        [
            list(Observation.objects.values()),
            entry.body,
            list(AuditEvent.objects.filter(verb__startswith="task_time").values()),
        ],
        default=str,
    )
    for trace in (world.ops_engineer.name, str(world.ops_engineer.pk), world.ops_engineer.email):
        assert trace not in kept
    times = reverse("metrics:task_times", args=[measure.pilot.key])
    export = b"".join(client_for(world.pilot_lead).get(times, {"format": "csv"}).streaming_content).decode()
    assert "INC-1" in export and world.ops_engineer.name not in export


# --- the list ------------------------------------------------------------------------------------------------------


def many(world, measure, count: int, start: int = 0) -> None:
    entries = [TaskTime(minutes=Decimal(5), case=f"C{n:05d}") for n in range(start, start + count)]
    record_task_times(actor=actor(world.ops_engineer), measure=measure, entries=entries, team=world.team)


def test_the_list_asks_as_many_queries_at_10_as_at_1000_rows(world, measure):
    client = client_for(world.pilot_lead)
    times = reverse("metrics:task_times", args=[measure.pilot.key])

    def queries() -> int:
        client.get(times)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(times).status_code == 200
        return len(seen)

    many(world, measure, 10)
    small = queries()
    many(world, measure, 990, start=10)
    assert queries() == small


def test_a_batch_asks_as_many_queries_at_10_as_at_500_rows(world, measure):
    def queries(count: int, start: int) -> int:
        with CaptureQueriesContext(connection) as seen:
            many(world, measure, count, start)
        return len([q for q in seen if "observation" in q["sql"] and q["sql"].startswith("SELECT")])

    assert queries(10, 0) == queries(400, 100)


def test_a_case_is_left_out_with_a_reason_that_prints_and_only_by_the_lead(world, measure):
    many(world, measure, 1)
    row = Observation.objects.get()
    address = reverse("metrics:task_time_row", args=[measure.pilot.key, row.pk])
    assert client_for(world.ops_engineer).post(address, {"reason": "x"}).status_code == 403
    lead = client_for(world.pilot_lead)
    assert lead.post(address, {"reason": " "}).status_code == 422
    assert lead.post(address, {"reason": "The CMDB was down"}).status_code == 302
    page = lead.get(reverse("metrics:task_times", args=[measure.pilot.key])).content.decode()
    assert "The CMDB was down" in page and "0 task times enter the estimate" in page


# --- tables --------------------------------------------------------------------------------------------------------


def paste(client, text: str, pilot: str, unit_path: str):
    return client.post(
        reverse("foundation:import", args=["task_times"]), {"unit": unit_path, "text": text, "ctx-pilot": pilot}
    )


def preview(client, sent):
    page = client.get(sent["Location"])
    return page, sent["Location"]


def commit(client, page, address: str):
    hidden = {**dict(page.context["hidden"]), "sha256": page.context["upload"].sha256}
    return client.post(address, hidden)


def test_a_pasted_table_comes_in_once_and_belongs_to_the_team(world, measure):
    client = client_for(world.pilot_lead)
    table = "Minutes\tCase\tReview\n47\tINC-1\t5\n12.5\tINC-2\t\n"
    page, address = preview(client, paste(client, table, measure.pilot.key, world.team.path))
    assert page.context["preview"].counts["new"] == 2
    assert commit(client, page, address).status_code == 302
    assert sorted(Observation.objects.values_list("minutes", "team__code")) == [
        (Decimal("12.5"), "CN-OPS"),
        (47, "CN-OPS"),
    ]
    again, _address = preview(client, paste(client, table, measure.pilot.key, world.team.path))
    assert again.context["preview"].counts == {"new": 0, "changed": 0, "unchanged": 2, "duplicate": 0, "invalid": 0}


@pytest.mark.parametrize("column", ["Name", "Engineer", "工程师", "remark"])
def test_a_column_that_is_not_known_refuses_the_file_above_all_one_with_names(world, measure, column):
    client = client_for(world.pilot_lead)
    page, address = preview(
        client, paste(client, f"minutes,case,{column}\n47,INC-1,Somebody\n", measure.pilot.key, world.cn.path)
    )
    assert f"The column “{column}” is not known here" in page.content.decode()
    assert commit(client, page, address).status_code == 422
    assert not Observation.objects.exists()


def test_every_bad_row_of_a_table_is_named_and_nothing_is_half_written(world, measure):
    client = client_for(world.pilot_lead)
    many(world, measure, 1)
    table = "minutes,case\n47,INC-1\n0,INC-2\n5,a@b.example\n6,C00000\n6,INC-9\n7,INC-9\n"
    page, address = preview(client, paste(client, table, measure.pilot.key, world.cn.path))
    bad = {p.row: p.code for p in page.context["preview"].problems}
    assert bad == {3: "minutes_range", 4: "case_person", 5: "case_repeated", 6: "case_twice", 7: "case_twice"}
    assert commit(client, page, address).status_code == 422
    assert Observation.objects.count() == 1


def test_a_pilot_nobody_knows_is_answered_at_the_preview(world):
    client = client_for(world.pilot_lead)
    page = client.get(paste(client, "minutes,case\n47,INC-1\n", "PL-999", world.cn.path)["Location"])
    assert page.status_code == 422 and "There is no pilot “PL-999” here" in page.content.decode()


def test_an_xlsx_file_and_the_template_fit_together(world, measure):
    client = client_for(world.pilot_lead)
    template = client.get(reverse("foundation:import-template", args=["task_times", "xlsx"])).content
    sent = client.post(
        reverse("foundation:import", args=["task_times"]),
        {"unit": world.cn.path, "file": SimpleUploadedFile("t.xlsx", template), "ctx-pilot": measure.pilot.key},
    )
    page = client.get(sent["Location"])
    assert page.context["preview"].counts["new"] == 1, page.context["preview"].problems


# --- the service ---------------------------------------------------------------------------------------------------


def test_a_batch_with_the_same_case_twice_or_one_bad_row_is_refused_whole(world, measure):
    rows = [TaskTime(Decimal(5), "A"), TaskTime(Decimal(6), "A"), TaskTime(Decimal("NaN"), "B")]
    with pytest.raises(Invalid) as refusal:
        record_task_times(actor=actor(world.ops_engineer), measure=measure, entries=rows)
    assert [r.code for r in refusal.value.reasons] == ["case_twice", "case_twice", "minutes_range"]
    assert str(refusal.value.reasons[2].text).startswith("Row 3: ")
    assert not Observation.objects.exists()


def test_an_excluded_case_is_excluded_once(world, measure):
    many(world, measure, 1)
    row = exclude_observation(actor=actor(world.pilot_lead), observation=Observation.objects.get(), reason="test")
    with pytest.raises(Exception, match="left out already"):
        exclude_observation(actor=actor(world.pilot_lead), observation=row, reason="again")


# --- cards ---------------------------------------------------------------------------------------------------------


def test_today_asks_the_engineer_for_times_while_the_pilot_runs(world, measure):
    assert today_cards(actor(world.ops_engineer)) == []
    Pilot.objects.update(status="running", permit_digest="sha256:test")
    many(world, measure, 3)
    (card,) = today_cards(actor(world.ops_engineer))
    assert card.url == reverse("metrics:task_time", args=[measure.pilot.key]) and "3 were recorded" in card.why
    assert today_cards(actor(world.reader)) == today_cards(actor(world.outsider)) == []
