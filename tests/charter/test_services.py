"""From six blanks to a sealed decision, and everything refused on the way."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from charter.checks import can_pilot, charter_gaps
from charter.criteria import answers, evaluate_criteria
from charter.models import Breach, Charter, Decision, Signature
from charter.selectors import current_signatures, effective_state
from charter.services import (
    answer_question,
    close_breach,
    edit_charter,
    edit_decision,
    prepare_decision,
    press_stop,
    propose_decision,
    report_breach,
    resume_charter,
    send_charter,
    sign_charter,
    sign_decision,
    start_pilot,
)
from foundation import clock
from foundation.errors import Invalid, NotPermitted, NotReady, Stale
from metrics.models import MeasureLock
from tests.charter.builders import SIGNED, START, a_draft, a_sent_charter, a_signed_charter, an_active_charter
from tests.world import actor

END = START + timedelta(weeks=13)


def codes(refused):
    return [r.code for r in refused.value.reasons]


def test_six_blanks_make_a_charter_that_can_be_sent(world):
    charter = a_sent_charter(world)
    assert charter.key == "EC-CN-01"
    assert charter.state == "for_signature"
    assert charter.current_text.digest.startswith("sha256:")
    assert charter.points.count() == 2


def test_sending_names_every_gap_at_once(world):
    charter = a_draft(world, case=False)
    edit_charter(actor=actor(world.pilot_lead), charter=charter, question_en="", question_zh="")
    charter.signatories.all().delete()
    with pytest.raises(Invalid) as refused:
        send_charter(actor=actor(world.pilot_lead), charter=charter)
    assert {"question_missing", "signatory_missing", "stop_missing"} - set(codes(refused)) <= {"stop_missing"}
    assert codes(refused).count("signatory_missing") == 2


def test_the_first_signature_locks_the_measures_and_the_last_makes_them_binding(world):
    charter = a_sent_charter(world)
    with clock.pinned(SIGNED):
        sign_charter(actor=actor(world.cio), charter=charter, digest=charter.current_text.digest)
        lock = MeasureLock.objects.get()
        assert lock.binding_at is None and lock.ref == charter.current_text.digest
        charter = sign_charter(actor=actor(world.ops_head), charter=charter, digest=charter.current_text.digest)
    lock.refresh_from_db()
    assert lock.binding_at == SIGNED
    assert charter.state == "signed"


def test_an_edit_after_the_first_signature_voids_signature_and_lock(world):
    charter = a_sent_charter(world)
    with clock.pinned(SIGNED):
        sign_charter(actor=actor(world.cio), charter=charter, digest=charter.current_text.digest)
        edit_charter(actor=actor(world.pilot_lead), charter=charter, question_en="Another question?")
        charter.refresh_from_db()
        charter = send_charter(actor=actor(world.pilot_lead), charter=charter)
    assert MeasureLock.objects.get().void_at == SIGNED
    assert current_signatures(charter) == []
    assert Signature.objects.count() == 1


def test_signing_another_text_than_the_one_shown_is_stale(world):
    charter = a_sent_charter(world)
    with pytest.raises(Stale) as refused:
        sign_charter(actor=actor(world.cio), charter=charter, digest="sha256:other")
    assert codes(refused) == ["text_changed"]


def test_only_the_named_people_sign_and_the_lead_never(world):
    charter = a_sent_charter(world)
    for person, code in ((world.pilot_lead, "not_permitted"), (world.architect, "not_permitted")):
        with pytest.raises(NotPermitted) as refused:
            sign_charter(actor=actor(person), charter=charter, digest=charter.current_text.digest)
        assert refused.value.code == code
    with pytest.raises(NotPermitted):
        sign_charter(actor=actor(world.cio, "rest"), charter=charter, digest=charter.current_text.digest)


def test_nobody_signs_twice(world):
    charter = a_sent_charter(world)
    sign_charter(actor=actor(world.cio), charter=charter, digest=charter.current_text.digest)
    with pytest.raises(NotReady) as refused:
        sign_charter(actor=actor(world.cio), charter=charter, digest=charter.current_text.digest)
    assert codes(refused) == ["already_signed"]


def test_a_pilot_is_refused_with_every_reason(world):
    charter = a_sent_charter(world)
    case = charter.cases.get()
    with clock.pinned(START), pytest.raises(NotReady) as refused:
        start_pilot(actor=actor(world.pilot_lead), charter=charter, case=case)
    assert {"plan_not_locked", "charter_not_running"} <= set(codes(refused))


def test_a_pilot_starts_when_everything_holds_and_stops_counting_a_year_later(world):
    charter = a_signed_charter(world)
    case = charter.cases.get()
    with clock.pinned(SIGNED + timedelta(days=1)), pytest.raises(NotReady) as refused:
        start_pilot(actor=actor(world.pilot_lead), charter=charter, case=case)
    assert codes(refused) == ["charter_not_running"]
    with clock.pinned(START + timedelta(hours=2)):
        pilot = start_pilot(actor=actor(world.pilot_lead), charter=charter, case=case)
        assert pilot.status == "running" and pilot.permit_digest.startswith("sha256:")
    with clock.pinned(START + timedelta(days=400)):
        answer = can_pilot(actor=actor(world.architect), candidate=case.candidate, unit=world.cn)
    assert answer.answer == "no"
    assert {"pattern_expired", "charter_lapsed"} <= {r.code for r in answer.reasons}


def test_the_calendar_needs_no_worker(world):
    charter = an_active_charter(world)
    with clock.pinned(START + timedelta(weeks=6)):
        assert effective_state(charter) == "running"
    with clock.pinned(END):
        assert effective_state(charter) == "decision_due"
    with clock.pinned(END + timedelta(days=14)):
        assert effective_state(charter) == "lapsed"


def test_an_unapproved_change_stops_the_charter_at_once_and_somebody_else_closes_it(world):
    charter = an_active_charter(world)
    with clock.pinned(START + timedelta(weeks=2)):
        breach = report_breach(
            actor=actor(world.ops_engineer), charter=charter, guardrail="V3", what="A script changed a firewall rule."
        )
        charter.refresh_from_db()
        assert effective_state(charter) == "suspended"
        with pytest.raises(NotReady):
            resume_charter(actor=actor(world.cio), charter=charter, reason="Settled.")
        close_breach(actor=actor(world.cio), breach=breach, judgement="corrected", note="Rolled back, see the change.")
        resume_charter(actor=actor(world.cio), charter=charter, reason="Rolled back.")
        charter.refresh_from_db()
        assert effective_state(charter) == "running"


def test_any_stop_holder_presses_alone(world):
    charter = an_active_charter(world)
    with clock.pinned(START + timedelta(weeks=2)):
        press_stop(actor=actor(world.pilot_lead), charter=charter, reason="Strange answers since this morning.")
        charter.refresh_from_db()
        assert effective_state(charter) == "suspended"


def test_questions_need_evidence_and_no_closes_one_too(world):
    charter = an_active_charter(world)
    question = charter.questions.first()
    with pytest.raises(Invalid):
        answer_question(
            actor=actor(world.pilot_lead), question=question, answer="did_not_hold", evidence=" "
        ) if False else (
            answer_question(actor=actor(world.architect), question=question, answer="did_not_hold", evidence=" ")
        )
    with clock.pinned(START + timedelta(weeks=3)):
        answer_question(
            actor=actor(world.architect), question=question, answer="did_not_hold", evidence="Seen in the logs."
        )
    share = next(r for r in evaluate_criteria(charter) if r.criterion.metric == "answered_share")
    assert share.value.number == 0.5 and share.status == "not_met"


def said(charter):
    return answers(charter, evaluate_criteria(charter))


def test_no_objective_is_answered_before_data_may_exist(world):
    charter = a_draft(world)
    assert set(said(charter).values()) == {"open"}
    charter = send_charter(actor=actor(world.pilot_lead), charter=charter)
    with clock.pinned(SIGNED):
        for person in (world.ops_head, world.cio):
            charter = sign_charter(actor=actor(person), charter=charter, digest=charter.current_text.digest)
        assert set(said(charter).values()) == {"open"}


def test_while_the_box_runs_what_is_merely_not_met_yet_is_open_and_answered_when_it_is_over(world):
    charter = an_active_charter(world)
    with clock.pinned(START + timedelta(weeks=3)):
        assert said(charter) == {"O1": "open", "O2": "open", "O3": "open", "O4": "answered"}
        for question in charter.questions.all():
            answer_question(actor=actor(world.architect), question=question, answer="no", evidence="Seen.")
        assert said(charter)["O1"] == "answered"
    with clock.pinned(END):
        assert set(said(charter).values()) == {"answered"}


def a_midpoint(world):
    charter = an_active_charter(world)
    point = charter.points.order_by("on").first()
    with clock.pinned(START + timedelta(weeks=6)):
        return prepare_decision(actor=actor(world.pilot_lead), charter=charter, point=point, outcome="CONTINUE")


def test_evidence_and_decision_carry_one_reading(world):
    decision = a_midpoint(world)
    assert not decision.point.is_end
    assert json.loads(decision.evidence.body)["reading"] == decision.reading == "INCONCLUSIVE"
    with clock.pinned(START + timedelta(weeks=6, hours=1)):
        edit_decision(actor=actor(world.pilot_lead), decision=decision, refresh_evidence=True)
    decision.refresh_from_db()
    assert decision.evidence.reading == decision.reading


def a_prepared(world, outcome="STOP"):
    charter = an_active_charter(world)
    with clock.pinned(END + timedelta(hours=3)):
        point = charter.points.order_by("-on").first()
        return prepare_decision(
            actor=actor(world.pilot_lead), charter=charter, point=point, outcome=outcome, rationale="We learned enough."
        )


def test_stop_is_proposed_by_one_and_sealed_by_the_other(world):
    decision = a_prepared(world)
    assert decision.reading == "INCONCLUSIVE"
    with clock.pinned(END + timedelta(hours=4)):
        decision = propose_decision(
            actor=actor(world.ops_head), decision=decision, outcome="STOP", deviation_reason="The lead left."
        )
        assert decision.state == "proposed"
        decision = sign_decision(actor=actor(world.cio), decision=decision, outcome="STOP", digest=decision.digest)
    assert decision.state == "signed"
    charter = Charter.objects.get()
    assert charter.state == "decided"
    assert charter.cases.get().pilot.status == "decided"


def test_go_names_every_blocker(world):
    decision = a_prepared(world, "GO")
    with clock.pinned(END + timedelta(hours=4)), pytest.raises(NotReady) as refused:
        propose_decision(actor=actor(world.ops_head), decision=decision, outcome="GO")
    assert {"owner_missing", "run_cost_missing", "deviation_unexplained"} <= set(codes(refused))


def test_an_open_breach_blocks_go(world):
    decision = a_prepared(world, "GO")
    with clock.pinned(END + timedelta(hours=4)):
        report_breach(actor=actor(world.auditor), charter=decision.charter, guardrail="V2", what="A name in a report.")
        with pytest.raises(NotReady) as refused:
            propose_decision(
                actor=actor(world.ops_head),
                decision=decision,
                outcome="GO",
                deviation_reason="Asked for.",
                owner_id=str(world.ops_head.pk),
                run_cost="not reported",
            )
    assert codes(refused) == ["breach_open"]


def test_choosing_otherwise_signs_nothing_and_keeps_both_texts(world):
    decision = a_prepared(world)
    with clock.pinned(END + timedelta(hours=4)):
        decision = propose_decision(
            actor=actor(world.ops_head), decision=decision, outcome="STOP", deviation_reason="The lead left."
        )
        other = sign_decision(
            actor=actor(world.cio), decision=decision, outcome="GO", digest=decision.digest, dissent="It works."
        )
    assert other.state == "disagreed"
    assert other.dissent[0]["text"] == "It works."
    assert Signature.objects.filter(target="decision").count() == 1


def test_a_sealed_decision_is_replaced_by_a_newer_one_never_edited(world):
    def sealed(rationale):
        charter = Charter.objects.get()
        point = charter.points.order_by("-on").first()
        decision = prepare_decision(
            actor=actor(world.pilot_lead), charter=charter, point=point, outcome="STOP", rationale=rationale
        )
        decision = propose_decision(
            actor=actor(world.ops_head), decision=decision, outcome="STOP", deviation_reason="As agreed."
        )
        return sign_decision(actor=actor(world.cio), decision=decision, outcome="STOP", digest=decision.digest)

    an_active_charter(world)
    with clock.pinned(END + timedelta(hours=4)):
        first, second = sealed("First."), sealed("Second.")
    first.refresh_from_db()
    assert (first.state, second.state) == ("replaced", "signed")
    assert second.replaces_id == first.pk


SIGNED_FOR_EVER = (
    "UPDATE charter_decision SET terms = '{}'",
    "UPDATE charter_decision SET dissent = '[1]'",
    "UPDATE charter_decision SET prepared_by_id = proposed_by_id",
    "UPDATE charter_decision SET proposed_by_id = NULL",
    "UPDATE charter_decision SET replaces_id = id",
    "UPDATE charter_decision SET rationale = 'x'",
    "UPDATE charter_decision SET outcome = 'GO'",
    "DELETE FROM charter_decision",
    "UPDATE charter_signature SET person_name = 'x'",
    "DELETE FROM charter_signature",
    "UPDATE charter_chartertext SET body = 'x'",
    "DELETE FROM charter_chartertext",
    "UPDATE charter_evidencepack SET body = 'x'",
    "DELETE FROM charter_evidencepack",
)
WITH_A_LEGAL_STEP = (
    "UPDATE charter_decision SET state = 'disagreed', terms = '{}'",
    "UPDATE charter_decision SET state = 'signed', dissent = '[1]'",
    "UPDATE charter_decision SET state = 'signed', prepared_by_id = proposed_by_id",
)
RESTED_ON = (
    "DELETE FROM charter_chartercriterion",
    "DELETE FROM charter_charterpilot",
    "DELETE FROM charter_signatory",
    "DELETE FROM charter_decisionpoint",
    "UPDATE charter_objective SET statement_en = 'x'",
    "UPDATE charter_chartercriterion SET threshold = 0",
    "UPDATE charter_chartercriterion SET sentence_en = 'x'",
    "UPDATE charter_charterpilot SET pilot_id = NULL",
    "UPDATE charter_signatory SET required = (1 = 0)",
    "UPDATE charter_signatory SET user_id = NULL, waits_for = 'x@example.org'",
    "UPDATE charter_decisionpoint SET question_en = 'x'",
    "INSERT INTO charter_decisionpoint SELECT * FROM charter_decisionpoint",
)


def accepted_by_the_database(statements):
    """Those of the statements no trigger refused."""
    taken = []
    for statement in statements:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
                transaction.set_rollback(True)
            taken.append(statement)
        except IntegrityError as refused:
            if "UNIQUE" in str(refused) or "FOREIGN KEY" in str(refused):
                taken.append(statement)
    return taken


@pytest.mark.parametrize("state", ["proposed", "signed"])
def test_raw_sql_cannot_rewrite_what_was_signed(world, state):
    decision = a_prepared(world)
    with clock.pinned(END + timedelta(hours=4)):
        decision = propose_decision(
            actor=actor(world.ops_head), decision=decision, outcome="STOP", deviation_reason="The lead left."
        )
        if state == "signed":
            sign_decision(actor=actor(world.cio), decision=decision, outcome="STOP", digest=decision.digest)
    assert accepted_by_the_database((*SIGNED_FOR_EVER, *WITH_A_LEGAL_STEP)) == []
    assert Decision.objects.get().state == state


@pytest.mark.parametrize("made", [a_sent_charter, a_signed_charter])
def test_raw_sql_cannot_change_what_a_sent_charter_rests_on(world, made):
    made(world)
    assert accepted_by_the_database(RESTED_ON) == []


def test_a_seat_that_waited_is_taken_by_the_one_it_waited_for_only(world):
    charter = a_draft(world, case=False)
    charter.signatories.filter(role="cio").update(user=None, waits_for=world.cio.email)
    charter = send_charter(actor=actor(world.pilot_lead), charter=charter)
    with pytest.raises(IntegrityError), transaction.atomic():
        charter.signatories.filter(role="cio").update(user=world.architect)
    sign_charter(actor=actor(world.cio), charter=charter, digest=charter.current_text.digest)
    assert charter.signatories.get(role="cio").user == world.cio


def test_a_breach_is_never_closed_by_the_pilot_lead(world):
    charter = an_active_charter(world)
    with clock.pinned(START + timedelta(weeks=2)):
        breach = report_breach(
            actor=actor(world.ops_engineer), charter=charter, guardrail="V8", what="A script was held against somebody."
        )
        with pytest.raises(NotPermitted):
            close_breach(actor=actor(world.pilot_lead), breach=breach, judgement="corrected", note="x")
    assert Breach.objects.get().state == "open"


def test_a_stop_is_pressed_once_and_its_reason_stays(world):
    charter = an_active_charter(world)
    with clock.pinned(START + timedelta(weeks=1)):
        stopped = press_stop(actor=actor(world.cio), charter=charter, reason="An assistant wrote to a ticket.")
        with pytest.raises(NotReady, match="stopped already"):
            press_stop(actor=actor(world.ops_head), charter=stopped, reason="Another reason.")
        report_breach(actor=actor(world.ops_engineer), charter=stopped, guardrail="V3", what="Seen again.")
        stopped.refresh_from_db()
        assert stopped.suspended_why == "An assistant wrote to a ticket."


def test_only_a_stopped_charter_is_resumed(world):
    charter = an_active_charter(world)
    with clock.pinned(START + timedelta(weeks=1)), pytest.raises(NotReady, match="not stopped"):
        resume_charter(actor=actor(world.cio), charter=charter, reason="All is well.")


def test_one_address_in_both_seats_is_no_second_person(world):
    charter = a_draft(world)
    charter.signatories.filter(role="cio").update(user=None, waits_for=world.ops_head.email)
    assert "two_people" in {r.code for r in charter_gaps(charter)}
