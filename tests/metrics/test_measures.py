"""From a preset to a verdict that may be said, and all that is refused on the way."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from foundation import clock
from foundation.errors import Invalid, NotPermitted, NotReady, Stale
from metrics.models import GainEstimate, MeasureVersion, Window
from metrics.plans import plan_of
from metrics.selectors import gain_line, measure_gaps, plan_locked, proof_count
from metrics.services import (
    TaskTime,
    draft_measure,
    draft_statement,
    edit_measure,
    estimate_now,
    lock_measure,
    look_back,
    publish_statement,
    record_task_time,
    run_estimate,
)
from tests.metrics.builders import MONDAY, a_locked_measure, a_measure, a_measured_pilot, a_pilot, task_times
from tests.world import actor

AFTER = MONDAY + timedelta(weeks=12)


def test_three_answers_make_a_measure_without_a_gap(world):
    measure = a_measure(world)
    version = measure.current
    assert measure_gaps(version) == []
    baseline, pilot = version.window("baseline"), version.window("pilot")
    assert (baseline.until_at - baseline.from_at).days == 28
    assert (pilot.until_at - pilot.from_at).days % 7 == 0
    assert "4 weeks before against 7 of the pilot" in version.sentence_en


def test_a_measure_without_smallest_change_cannot_be_locked(world):
    measure = a_measure(world, minimum_effect=None)
    with pytest.raises(NotReady) as refused:
        lock_measure(actor=actor(world.pilot_lead), version=measure.current, basis="pair")
    assert [r.code for r in refused.value.reasons] == ["effect_missing"]


def test_a_smallest_change_outside_the_scale_is_refused(world):
    pilot = a_pilot(world)
    with pytest.raises(Invalid):
        draft_measure(actor=actor(world.pilot_lead), pilot=pilot, preset="time_per_task", minimum_effect=Decimal("1.5"))


def test_outside_a_charter_two_people_lock(world):
    measure = a_measure(world)
    lock_measure(actor=actor(world.pilot_lead), version=measure.current, basis="pair")
    with pytest.raises(NotPermitted) as refused:
        lock_measure(actor=actor(world.pilot_lead), version=measure.current, basis="pair")
    assert refused.value.code == "second_person"
    assert plan_locked(measure.pilot)[0].code == "plan_not_locked"
    lock_measure(actor=actor(world.ops_head), version=measure.current, basis="pair")
    assert plan_locked(measure.pilot) == []


def test_a_locked_version_is_immutable_in_the_database_and_a_change_makes_a_new_one(world):
    measure = a_locked_measure(world, a_measure(world), MONDAY - timedelta(days=3))
    locked = measure.current
    for statement in (
        "UPDATE metrics_measureversion SET content_hash = 'x'",
        "DELETE FROM metrics_measureversion",
        "DELETE FROM metrics_window",
        "DELETE FROM metrics_window WHERE role = 'ramp'",
        "UPDATE metrics_window SET until_at = '2027-01-01 00:00:00+00:00' WHERE role = 'pilot'",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert locked.windows.count() == 3
    newer = edit_measure(actor=actor(world.pilot_lead), measure=measure, minimum_effect=Decimal("0.2"))
    assert newer.number == 2
    assert MeasureVersion.objects.get(pk=locked.pk).is_locked


def test_no_window_is_slipped_under_a_locked_measure_but_the_one_of_a_draft_may_change(world):
    measure = a_locked_measure(world, a_measure(world), MONDAY - timedelta(days=3))
    locked = measure.current
    draft = edit_measure(actor=actor(world.pilot_lead), measure=measure, minimum_effect=Decimal("0.2"))
    ramp = draft.windows.get(role="ramp")
    with pytest.raises(IntegrityError), transaction.atomic():
        draft.windows.filter(role="ramp").update(version_of=locked)
    with pytest.raises(IntegrityError), transaction.atomic():
        Window.objects.create(version_of=locked, role="baseline2", from_at=ramp.from_at, until_at=ramp.until_at)
    assert draft.windows.filter(role="ramp").update(until_at=ramp.until_at + timedelta(days=7)) == 1
    assert draft.windows.filter(role="ramp").delete()[0] == 1


def test_a_measured_pilot_reads_a_clear_gain_with_its_sentence(world, run_jobs):
    pilot = a_measured_pilot(world)
    measure = pilot.measures.get()
    with clock.pinned(AFTER):
        run_estimate(actor=actor(world.pilot_lead), measure=measure)
        assert run_jobs() == ["done"]
    line = gain_line(pilot)
    assert line.verdict in ("clear_gain", "not_attributable")
    assert (line.n_before, line.n_pilot) == (45, 45)
    assert line.sentence_en and line.sentence_zh
    result = json.loads(GainEstimate.objects.get().result)
    assert len(result["guards"]) == 13


def test_a_recompute_with_equal_hashes_writes_nothing(world):
    measure = a_measured_pilot(world).measures.get()
    with clock.pinned(AFTER):
        first = estimate_now(actor=actor(world.pilot_lead), measure=measure)
        again = estimate_now(actor=actor(world.pilot_lead), measure=measure)
    assert first.pk == again.pk


def test_before_the_decision_date_there_is_no_verdict_and_no_median(world):
    measure = a_measured_pilot(world).measures.get()
    with clock.pinned(MONDAY + timedelta(weeks=4)):
        kept = estimate_now(actor=actor(world.pilot_lead), measure=measure)
    result = json.loads(kept.result)
    assert kept.verdict == "" and "interim" in kept.reasons
    assert result["median"] is None and result["estimates"] is None
    assert gain_line(measure.pilot).interim


def test_a_measure_locked_after_the_pilot_began_reads_early_at_most(world):
    measure = a_measure(world)
    task_times(world, measure, "baseline", 139, 45)
    task_times(world, measure, "pilot", 59, 45, seed=9)
    a_locked_measure(world, measure, MONDAY + timedelta(weeks=3))
    with clock.pinned(AFTER):
        kept = estimate_now(actor=actor(world.pilot_lead), measure=measure)
    assert kept.word == "early" and kept.grade in ("D", "E")


def test_only_what_happened_and_arrived_after_the_lock_is_proof(world):
    measure = a_measure(world)
    a_locked_measure(world, measure, MONDAY + timedelta(weeks=3))
    task_times(world, measure, "pilot", 59, 14)
    window = measure.current.window("pilot")
    locked = MONDAY + timedelta(weeks=3)
    after = sum(1 for row in measure.observations.all() if locked <= row.at < window.until_at)
    assert 0 < after < 14
    assert proof_count(measure.pilot) == after


def test_a_look_back_is_marked_early_and_gives_no_statement(world, run_jobs):
    measure = a_measured_pilot(world).measures.get()
    baseline = (MONDAY - timedelta(weeks=4), MONDAY - timedelta(weeks=2))
    later = (MONDAY - timedelta(weeks=2), MONDAY)
    with clock.pinned(AFTER):
        look_back(actor=actor(world.architect), measure=measure, baseline=baseline, pilot=later)
        assert run_jobs() == ["done"]
        kept = GainEstimate.objects.get()
        assert kept.look_back and kept.word == "early"
        assert gain_line(measure.pilot) is None
        with pytest.raises(NotReady):
            draft_statement(actor=actor(world.pilot_lead), estimate=kept, does_not_say_en="Nothing about people.")


def test_a_look_back_into_a_running_pilot_is_refused(world):
    measure = a_locked_measure(world, a_measure(world), MONDAY - timedelta(days=3))
    with clock.pinned(MONDAY + timedelta(weeks=5)), pytest.raises(Invalid) as refused:
        look_back(
            actor=actor(world.architect),
            measure=measure,
            baseline=(MONDAY - timedelta(weeks=2), MONDAY),
            pilot=(MONDAY + timedelta(weeks=1), MONDAY + timedelta(weeks=3)),
        )
    assert "interim" in [r.code for r in refused.value.reasons]


def test_a_statement_is_published_by_somebody_else(world):
    measure = a_measured_pilot(world).measures.get()
    with clock.pinned(AFTER):
        kept = estimate_now(actor=actor(world.pilot_lead), measure=measure)
        statement = draft_statement(
            actor=actor(world.pilot_lead), estimate=kept, does_not_say_en="Nothing about a person."
        )
        with pytest.raises(NotPermitted) as refused:
            publish_statement(actor=actor(world.pilot_lead), statement=statement)
        assert refused.value.code == "own_work"
        published = publish_statement(actor=actor(world.ops_head), statement=statement)
    assert published.state == "published"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"minutes": Decimal("0")}, "minutes"),
        ({"minutes": Decimal("1441")}, "minutes"),
        ({"case": "jane@example.org"}, "case"),
        ({"case": ""}, "case"),
        ({"review_minutes": Decimal("99")}, "review_minutes"),
    ],
)
def test_a_faulty_task_time_names_its_field_and_writes_nothing(world, given, field):
    measure = a_measure(world)
    entry = TaskTime(**{"minutes": Decimal("12"), "case": "C-1", **given})
    with pytest.raises(Invalid) as refused:
        record_task_time(actor=actor(world.ops_engineer), measure=measure, entry=entry)
    assert field in [r.field for r in refused.value.reasons]
    assert not measure.observations.exists()


def test_a_repeated_case_asks_replace_or_second_run(world):
    measure = a_measure(world)
    person = actor(world.ops_engineer)
    record_task_time(actor=person, measure=measure, entry=TaskTime(Decimal("12"), "C-1"))
    with pytest.raises(Invalid) as refused:
        record_task_time(actor=person, measure=measure, entry=TaskTime(Decimal("11"), "C-1"))
    assert refused.value.reasons[0].code == "case_repeated"
    record_task_time(actor=person, measure=measure, entry=TaskTime(Decimal("11"), "C-1", again="replace"))
    assert [o.minutes for o in measure.observations.filter(excluded_why="")] == [Decimal("11")]


def test_no_task_time_leads_back_to_a_person(world):
    from foundation.models import AuditEvent

    measure = a_measure(world)
    record_task_time(actor=actor(world.ops_engineer), measure=measure, entry=TaskTime(Decimal("12"), "C-1"))
    event = AuditEvent.objects.get(verb="task_time.recorded")
    told = event.body + event.actor_id + event.actor_label
    assert world.ops_engineer.name not in told and str(world.ops_engineer.pk) not in told


def test_a_lock_is_given_to_the_content_that_was_seen_by_its_author_and_one_other(world):
    measure = a_measure(world)
    seen = measure.current.content_hash
    edit_measure(actor=actor(world.pilot_lead), measure=measure, direction="higher")
    measure.refresh_from_db()
    assert "more is better" in measure.current.sentence_en and "越多越好" in measure.current.sentence_zh
    with pytest.raises(Stale):
        lock_measure(actor=actor(world.ops_head), version=measure.current, basis="pair", content_hash=seen)
    lock_measure(actor=actor(world.ops_head), version=measure.current, basis="pair")
    with pytest.raises(NotPermitted, match="drafted it"):
        lock_measure(actor=actor(world.architect), version=measure.current, basis="pair")
    lock = lock_measure(actor=actor(world.pilot_lead), version=measure.current, basis="pair")
    assert lock.binding_at is not None


def test_one_persons_lock_does_not_make_a_plan_locked(world):
    measure = a_measure(world)
    with clock.pinned(MONDAY - timedelta(days=3)):
        lock_measure(actor=actor(world.pilot_lead), version=measure.current, basis="pair")
    as_of = MONDAY + timedelta(weeks=9)
    plan = plan_of(measure.current, as_of=as_of, windows={}, look_back_at=None)
    assert plan["locked_at"].startswith(as_of.date().isoformat())
