"""Pilots and measures as people use them: three answers, lock, gaps, look-back, what each role may."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from foundation import clock
from foundation.actor import system_actor
from foundation.errors import Invalid, NotPermitted, NotReady
from foundation.jobs.models import Job
from metrics.cards_measures import today_cards
from metrics.models import GainEstimate, Measure, Pilot, Statement
from metrics.selectors import read_case_lines
from metrics.selectors.boards import record_choices, sources_of
from metrics.services import (
    add_change_note,
    ask_detectable,
    draft_measure,
    draft_statement,
    edit_measure,
    end_pilot,
    estimate_now,
    freeze_report,
    look_back,
    open_pilot,
    publish_statement,
    run_estimate,
)
from tests.metrics.builders import MONDAY, a_case, a_locked_measure, a_measure, a_measured_pilot, a_pilot, task_times
from tests.metrics.record_files import event_log
from tests.world import actor, client_for

AFTER = MONDAY + timedelta(weeks=12)
READERS = ("ops_engineer", "architect", "pilot_lead", "ops_head", "cio", "auditor", "programme_office")


@pytest.fixture
def incidents(world, tmp_path):
    """400 invented incidents of the unit, imported by the command as an operator does."""
    path = tmp_path / "log.csv"
    path.write_bytes(event_log(400))
    options = ["--mapping", "servicenow_event_log", "--unit", "CN"]
    call_command("import_incidents", str(path), *options, stdout=io.StringIO())
    return sources_of(world.cn)[0]


def a_pilot_page(world, measure: Measure) -> str:
    return reverse("metrics:pilot", args=[measure.pilot.key])


# --- who sees what -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", READERS)
def test_every_reader_of_the_unit_opens_every_page_and_gets_only_their_own_buttons(world, role):
    measure = a_measured_pilot(world).measures.get()
    kept = estimate_now(actor=actor(world.pilot_lead), measure=measure)
    client = client_for(getattr(world, role))
    pages = [
        reverse("metrics:measures"),
        a_pilot_page(world, measure),
        reverse("metrics:measure", args=[measure.pk]),
        reverse("metrics:estimate", args=[kept.pk]),
        reverse("metrics:report", args=[measure.pilot.report.key]),
    ]
    for url in pages:
        assert client.get(url).status_code == 200, url
    runs = b"Run the estimate" in client.get(pages[1]).content
    assert runs == (role in ("architect", "pilot_lead"))


def test_somebody_of_another_unit_finds_nothing(world):
    measure = a_measured_pilot(world).measures.get()
    kept = estimate_now(actor=actor(world.pilot_lead), measure=measure)
    client = client_for(world.outsider)
    for name, arg in (("pilot", measure.pilot.key), ("measure", measure.pk), ("estimate", kept.pk)):
        assert client.get(reverse(f"metrics:{name}", args=[arg])).status_code == 404
    assert client.get(reverse("metrics:report", args=[measure.pilot.report.key])).status_code == 404
    listed = client.get(reverse("metrics:measures")).content.decode()
    assert "Vendor health-check report" not in listed and "No baseline yet." in listed


@pytest.mark.parametrize("act", ["measure_edit", "measure_lock", "measure_estimate", "measure_look_back"])
def test_an_auditor_reads_and_changes_nothing(world, act):
    measure = a_measure(world)
    sent = {"baseline_from": "2026-05-04", "baseline_weeks": 1, "pilot_from": "2026-05-11", "pilot_weeks": 1}
    given = {**sent, "minimum_effect": "10", "direction": "lower"}
    reply = client_for(world.auditor).post(reverse(f"metrics:{act}", args=[measure.pk]), given)
    assert reply.status_code == 403
    assert measure.versions.count() == 1 and not GainEstimate.objects.exists()


# --- from nothing to a locked measure ----------------------------------------------------------------------------


def test_the_empty_page_says_what_is_missing_and_offers_the_next_step(world):
    text = client_for(world.pilot_lead).get(reverse("metrics:measures")).content.decode()
    assert "No baseline yet. Until there is one, this page shows directions only." in text
    assert reverse("metrics:pilot_new") in text


def test_a_pilot_is_drafted_with_the_offered_dates_and_has_its_report(world):
    case, client = a_case(world), client_for(world.pilot_lead)
    form = client.get(reverse("metrics:pilot_new")).context["form"]
    empty = [f for f in form if f.field.required and not f.value() and f.name != "candidate"]
    assert empty == []
    sent = {"candidate": case.pk, "starts_on": form["starts_on"].value(), "ends_on": form["ends_on"].value()}
    reply = client.post(reverse("metrics:pilot_new"), sent)
    pilot = Pilot.objects.get()
    assert reply["Location"] == pilot.get_absolute_url() and pilot.starts_on.weekday() == 0
    assert pilot.report.key.startswith("M-") and pilot.decision_on == pilot.ends_on


def test_dates_in_the_wrong_order_come_back_at_their_fields(world):
    case = a_case(world)
    sent = {"candidate": case.pk, "starts_on": "2026-06-01", "ends_on": "2026-05-01"}
    reply = client_for(world.pilot_lead).post(reverse("metrics:pilot_new"), sent)
    assert reply.status_code == 422 and "Error:" in reply.content.decode()
    assert reply.context["form"].errors["ends_on"] and not Pilot.objects.exists()


def test_a_measure_takes_at_most_three_answers_and_has_no_gap(world):
    pilot = a_pilot(world)
    url = reverse("metrics:measure_new", args=[pilot.key]) + "?preset=time_per_task"
    client = client_for(world.pilot_lead)
    form = client.get(url).context["form"]
    assert len([f for f in form if f.field.required]) <= 3
    reply = client.post(url, {"name": form["name"].value(), "minimum_effect": "10"})
    measure = Measure.objects.get()
    assert reply["Location"] == reverse("metrics:measure", args=[measure.pk])
    version = measure.current
    assert version.minimum_effect == Decimal("0.10") and "a change under 10 %" in version.sentence_en
    page = client.get(reverse("metrics:pilot", args=[pilot.key])).content.decode()
    assert "Before it can be locked" not in page and "not locked" in page


def test_restoring_reads_its_source_and_service_from_the_records(world, incidents):
    pilot = a_pilot(world)
    url = reverse("metrics:measure_new", args=[pilot.key]) + "?preset=time_to_restore"
    client = client_for(world.pilot_lead)
    form = client.get(url).context["form"]
    assert len([f for f in form if f.field.required]) <= 3
    value = next(
        v for group in form.fields["records"].choices[1:] for v, _label in group[1] if v.startswith("priority=")
    )
    client.post(url, {"name": "Mail", "source": incidents, "records": value, "minimum_effect": "20"})
    version = Measure.objects.get().current
    assert version.filters == [{"column": "priority", "op": "==", "value": value.split("=")[1]}]
    assert version.source == incidents
    # nine in ten of the imported incidents ended within a whole number of hours, not the week offered without data
    assert version.rmst_tau % 60 == 0 and version.rmst_tau != 7 * 24 * 60


def test_groups_under_ten_records_are_not_offered(world, incidents):
    counted = [c for _label, group in record_choices(world.cn, incidents) for c in group]
    assert counted and all(int(c.label.rsplit("(", 1)[1].rstrip(")").replace(",", "")) >= 10 for c in counted)


def test_a_person_never_selects_records_and_the_vow_says_so(world):
    pilot = a_pilot(world)
    with pytest.raises(NotPermitted) as refused:
        draft_measure(
            actor=actor(world.pilot_lead), pilot=pilot, preset="time_to_restore", minimum_effect=Decimal("0.1"),
            source="x", filters=[{"column": "assigned_to", "op": "==", "value": "17"}],
        )  # fmt: skip
    assert "vow" in str(refused.value).lower() and not Measure.objects.exists()


def test_details_make_a_new_version_with_its_own_windows(world):
    measure = a_measure(world)
    client = client_for(world.pilot_lead)
    form = client.get(reverse("metrics:measure", args=[measure.pk])).context["details"]
    sent = {f.name: f.value() for f in form if f.value() is not None}
    sent |= {"minimum_effect": "25", "baseline_weeks": 3, "baseline_from": "2026-05-11"}
    assert client.post(reverse("metrics:measure_edit", args=[measure.pk]), sent).status_code == 302
    version = measure.current
    assert version.number == 2 and version.minimum_effect == Decimal("0.25")
    assert (version.window("baseline").until_at - version.window("baseline").from_at).days == 21
    assert measure.versions.get(number=1).minimum_effect == Decimal("0.10")


def test_two_people_lock_on_the_page_and_one_alone_cannot(world):
    measure = a_measure(world)
    url = reverse("metrics:measure_lock", args=[measure.pk])
    client_for(world.pilot_lead).post(url)
    again = client_for(world.pilot_lead).post(url)
    assert again.status_code == 403 and "two people" in again.content.decode()
    client_for(world.ops_head).post(url)
    page = client_for(world.cio).get(reverse("metrics:measure", args=[measure.pk])).content.decode()
    assert "By two people." in page


def test_a_gap_is_shown_as_a_reason_with_its_way_out(world):
    measure = a_measure(world, minimum_effect=None)
    text = client_for(world.pilot_lead).get(a_pilot_page(world, measure)).content.decode()
    assert "name the smallest change that matters" in text and "Fix this" in text
    refused = client_for(world.pilot_lead).post(reverse("metrics:measure_lock", args=[measure.pk]))
    assert refused.status_code == 409


# --- estimates in jobs -------------------------------------------------------------------------------------------


def test_the_button_starts_a_job_and_the_page_shows_its_answer(world, run_jobs):
    measure = a_measured_pilot(world).measures.get()
    client = client_for(world.pilot_lead)
    client.post(reverse("metrics:measure_estimate", args=[measure.pk]), {"back": "pilot"})
    waiting = client.get(a_pilot_page(world, measure)).content.decode()
    job = Job.objects.get(kind="metrics.run_estimate")
    assert reverse("metrics:measure_job", args=[measure.pk, job.pk]) in waiting
    assert run_jobs() == ["done"]
    done = client.get(a_pilot_page(world, measure)).content.decode()
    assert "took a median of" in done and "Measured" in done


def test_estimating_incidents_before_any_import_is_refused_with_the_way_to_it(world):
    pilot = a_pilot(world)
    measure = draft_measure(
        actor=actor(world.pilot_lead), pilot=pilot, preset="time_to_restore", minimum_effect=Decimal("0.1"), source="sn"
    )
    with pytest.raises(NotReady) as refused:
        run_estimate(actor=actor(world.pilot_lead), measure=measure)
    assert refused.value.code == "no_records"


def test_the_least_change_that_could_be_shown_reads_nothing_of_the_pilot(world, run_jobs):
    measure = a_measure(world)
    task_times(world, measure, "baseline", 139, 45)
    url = reverse("metrics:measure_detectable", args=[measure.pk])
    client_for(world.pilot_lead).post(url)
    assert run_jobs() == ["done"]
    alone = Job.objects.get(kind="metrics.minimum_detectable").result
    page = client_for(world.pilot_lead).get(reverse("metrics:measure", args=[measure.pk])).content.decode()
    assert "45 cases are recorded in the weeks before." in page and "more weeks of history are needed" not in alone
    task_times(world, measure, "pilot", 20, 45, seed=9)
    ask_detectable(actor=actor(world.pilot_lead), measure=measure)
    run_jobs()
    after = Job.objects.filter(kind="metrics.minimum_detectable").order_by("-queued_at").first().result
    assert {k: after[k] for k in ("n", "windows", "range")} == {k: alone[k] for k in ("n", "windows", "range")}


# --- looking back ------------------------------------------------------------------------------------------------


def test_old_records_are_looked_back_on_without_a_pilot(world, incidents, run_jobs):
    client = client_for(world.architect)
    url = reverse("metrics:look_back_new")
    form = client.get(url).context["form"]
    offered = {f.name: f.value() for f in form if f.value() is not None}
    reply = client.post(url, {**offered, "name": "All incidents"})
    measure = Measure.objects.get()
    assert measure.pilot is None and reply["Location"].startswith(reverse("metrics:measure", args=[measure.pk]))
    assert run_jobs() == ["done"]
    kept = GainEstimate.objects.get()
    assert kept.look_back and kept.word == "early"
    assert kept.sentence_en.startswith("Looked back over old data, windows chosen afterwards:")
    assert kept.sentence_zh.startswith("回看旧数据")
    listed = client.get(reverse("metrics:measures")).content.decode()
    assert "Looked back on old records" in listed and "All incidents" in listed
    page = client.get(reverse("metrics:estimate", args=[kept.pk])).content.decode()
    assert "looked back: windows chosen after the data" in page and "Draft the statement" not in page


def test_a_refused_look_back_leaves_no_measure_behind(world, incidents):
    client = client_for(world.architect)
    url = reverse("metrics:look_back_new")
    form = client.get(url).context["form"]
    sent = {f.name: f.value() for f in form if f.value() is not None} | {"name": "All", "pilot_from": "2016-03-08"}
    reply = client.post(url, sent)
    assert reply.status_code == 422 and not Measure.objects.exists()
    assert "same weekday" in reply.content.decode() and "overlap" in reply.content.decode()


def test_a_measure_without_a_pilot_is_never_judged_as_one(world, incidents):
    measure = draft_measure(
        actor=actor(world.architect), unit=world.cn, preset="time_to_restore", minimum_effect=Decimal("0.1"),
        source=incidents, name_en="All",
    )  # fmt: skip
    with pytest.raises(NotReady) as refused:
        run_estimate(actor=actor(world.architect), measure=measure)
    assert refused.value.code == "no_pilot"


def test_a_look_back_may_not_read_an_unlocked_pilot_either(world):
    measure = a_measure(world)
    with clock.pinned(MONDAY + timedelta(weeks=5)), pytest.raises(Invalid) as refused:
        look_back(
            actor=actor(world.architect), measure=measure, baseline=(MONDAY - timedelta(weeks=2), MONDAY),
            pilot=(MONDAY + timedelta(weeks=1), MONDAY + timedelta(weeks=3)),
        )  # fmt: skip
    assert "interim" in [r.code for r in refused.value.reasons]


# --- statements, notes, lines, cards -----------------------------------------------------------------------------


def test_a_statement_goes_from_draft_to_published_by_two_people_on_pages(world):
    measure = a_measured_pilot(world).measures.get()
    kept = estimate_now(actor=actor(world.pilot_lead), measure=measure)
    lead, head = client_for(world.pilot_lead), client_for(world.ops_head)
    url = reverse("metrics:statement_draft", args=[kept.pk])
    assert lead.post(url, {"does_not_say": ""}).status_code == 422
    lead.post(
        url, {"does_not_say": "Not other vendors.", "sentence_en": kept.sentence_en, "sentence_zh": kept.sentence_zh}
    )
    statement = Statement.objects.get()
    assert not statement.edited
    publish = reverse("metrics:statement_publish", args=[statement.pk])
    assert lead.post(publish).status_code == 403
    assert [c.code for c in today_cards(actor(world.ops_head))] == ["metrics.publish"]
    assert head.post(publish).status_code == 302
    statement.refresh_from_db()
    assert statement.state == "published"
    assert "Not other vendors." in lead.get(measure.pilot.report.get_absolute_url()).content.decode()


def test_hours_are_said_only_from_a_published_statement_and_never_as_money(world):
    pilot = a_measured_pilot(world)
    measure = pilot.measures.get()
    kept = estimate_now(actor=actor(world.pilot_lead), measure=measure)
    before = {line.code: line.text for line in read_case_lines(pilot)}
    assert before["hours"] == "Hours a month: none measured yet."
    statement = draft_statement(actor=actor(world.pilot_lead), estimate=kept, does_not_say_en="Nothing of a person.")
    publish_statement(actor=actor(world.ops_head), statement=statement)
    after = {line.code: line for line in read_case_lines(pilot)}
    assert "hours a month, at this frequency" in after["hours"].text and after["hours"].word == kept.word
    assert "€" not in str(after) and "FTE" not in str(after)


def test_a_note_needs_words_and_stands_on_the_pilot(world):
    measure = a_measure(world)
    client, url = client_for(world.pilot_lead), reverse("metrics:note_add", args=[measure.pilot.key])
    assert client.post(url, {"text": "", "from_on": "2026-06-01"}).status_code == 422
    assert client.post(url, {"text": "CMDB feed down", "from_on": "2026-06-01"}).status_code == 302
    assert "CMDB feed down" in client.get(a_pilot_page(world, measure)).content.decode()


def test_today_asks_the_lead_to_freeze_once_the_decision_date_has_come(world):
    pilot = a_measured_pilot(world)
    open_pilot(actor=system_actor(), pilot=pilot, permit_digest="sha256:x")
    end_pilot(actor=system_actor(), pilot=Pilot.objects.get(pk=pilot.pk), decided=False)
    with clock.pinned(AFTER):
        codes = [c.code for c in today_cards(actor(world.pilot_lead))]
        assert codes == ["metrics.freeze"]
        freeze_report(actor=actor(world.pilot_lead), report=pilot.report)
        assert today_cards(actor(world.pilot_lead)) == []
        assert today_cards(actor(world.cio)) == []


def test_the_list_costs_the_same_queries_for_two_cases_and_for_twelve(world):
    def cost() -> int:
        client = client_for(world.pilot_lead)
        client.get(reverse("metrics:measures"))
        with CaptureQueriesContext(connection) as found:
            assert client.get(reverse("metrics:measures")).status_code == 200
        return len(found)

    measure = a_measured_pilot(world, count=12).measures.get()
    estimate_now(actor=actor(world.pilot_lead), measure=measure)
    a_measure(world, a_pilot(world, a_case(world, "Second")))
    few = cost()
    for number in range(10):
        a_measure(world, a_pilot(world, a_case(world, f"Case {number}")))
    assert cost() == few


def test_changing_the_measure_after_its_estimate_is_said_on_the_report(world):
    measure = a_measured_pilot(world).measures.get()
    estimate_now(actor=actor(world.pilot_lead), measure=measure)
    edit_measure(actor=actor(world.pilot_lead), measure=measure, minimum_effect=Decimal("0.2"))
    text = client_for(world.cio).get(measure.pilot.report.get_absolute_url()).content.decode()
    assert "The measure was changed after this estimate." in text


def test_a_change_note_travels_into_the_plan_anyone_recomputes(world):
    measure = a_measured_pilot(world).measures.get()
    add_change_note(actor=actor(world.pilot_lead), pilot=measure.pilot, from_on=MONDAY.date(), text_en="Feed down")
    kept = estimate_now(actor=actor(world.pilot_lead), measure=measure)
    assert "Feed down" in kept.plan


def test_a_lock_is_shown_as_waiting_until_the_second_person(world):
    measure = a_measure(world)
    client_for(world.pilot_lead).post(reverse("metrics:measure_lock", args=[measure.pk]))
    listed = client_for(world.cio).get(reverse("metrics:measures")).content.decode()
    assert "waits for the second person" in listed
    a_locked_measure(world, a_measure(world, a_pilot(world, a_case(world, "Other"))), MONDAY - timedelta(days=3))
