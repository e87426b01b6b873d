"""REST: the same reading, the same refusals, and no door to a binding act."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from charter.cards import today_cards
from charter.models import Charter
from charter.services import edit_charter, prepare_decision, propose_decision
from charter.states import effective_state, effective_states
from foundation import clock
from tests.charter.builders import START, a_draft, a_sent_charter, a_signed_charter, an_active_charter
from tests.world import actor, client_for

API = "/api/v1/charter"
END = START + timedelta(weeks=13)


def test_a_charter_is_read_with_its_text_criteria_and_offers(world):
    a_sent_charter(world)
    found = client_for(world.cio).get(f"{API}/charters/EC-CN-01").json()
    assert found["effective_state"] == "for_signature"
    assert found["text"]["digest"].startswith("sha256:") and found["text"]["body"]["key"] == "EC-CN-01"
    assert {c["code"] for c in found["criteria"]} >= {"O1.a", "O2.a", "O4.b"}
    assert found["reading"] == "INCONCLUSIVE"


def test_what_is_outside_the_scope_is_not_there(world):
    a_sent_charter(world)
    outside = client_for(world.outsider)
    assert outside.get(f"{API}/charters").json()["items"] == []
    assert outside.get(f"{API}/charters/EC-CN-01").status_code == 404


@pytest.mark.parametrize("path", ["charters/EC-CN-01/sign", "charters/EC-CN-01/send", "decisions/D-0001/sign"])
def test_binding_acts_have_no_address(world, path):
    a_sent_charter(world)
    assert client_for(world.cio).post(f"{API}/{path}").status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete", "post"])
def test_a_signatory_changes_no_charter_here(world, method):
    a_sent_charter(world)
    browser = client_for(world.cio)
    assert getattr(browser, method)(f"{API}/charters/EC-CN-01").status_code in (403, 405)


def drafted(person, **given):
    sent = {"unit": "CN", "question_en": "Can drafts save us the Monday report?", "starts_on": "2026-06-01",
            "ends_on": "2026-08-30", "lead": "pilot_lead@example.org", "thresholds": {"O3.a": "5"},
            "signers": {"cio": "cio@example.org", "ops_head": "ops_head@example.org"}, **given}  # fmt: skip
    return client_for(person).post(f"{API}/charters", sent, content_type="application/json")


def test_a_charter_is_drafted_in_six_blanks(world):
    made = drafted(world.architect, exit_plan="Keep the prompts.")
    assert made.status_code == 201 and made["ETag"] == '"1"'
    body = made.json()
    assert body["state"] == "draft" and body["lead"] == world.pilot_lead.name
    said = {c["code"]: c for c in body["criteria"]}
    assert said["O3.a"]["threshold"] == "5.0000" and "At least 5 assets" in said["O3.a"]["sentence_en"]
    charter = Charter.objects.get()
    assert {s.user for s in charter.signatories.all()} == {world.cio, world.ops_head}


def test_a_draft_is_refused_in_words_and_unknown_keys_at_once(world):
    for given, status in (
        ({"ends_on": "2026-05-01"}, 422),
        ({"lead": "nobody@example.org"}, 422),
        ({"thresholds": {"O9.z": "1"}}, 422),
        ({"ends_on": "9999-12-31"}, 400),
        ({"thresholds": {"O1.a": "75"}}, 422),
        ({"cases": ["UC-999"]}, 404),
        ({"unit": "NOWHERE"}, 404),
        ({"state": "signed"}, 400),
        ({"signers": {"auditor": "cio@example.org"}}, 400),
    ):
        assert drafted(world.architect, **given).status_code == status, given
    assert drafted(world.cio).status_code == 403
    assert not Charter.objects.exists()


def test_a_draft_is_changed_on_the_version_that_was_seen(world):
    charter = a_draft(world)
    browser, path = client_for(world.pilot_lead), f"{API}/charters/EC-CN-01"

    def patch(sent, **headers):
        return browser.patch(path, sent, content_type="application/json", headers=headers)

    seen = browser.get(path)["ETag"]
    sent = {"exit_plan": "Keep the prompts.", "thresholds": {"O1.a": "0.75"}}
    assert patch(sent).status_code == 428
    assert patch(sent, **{"If-Match": '"99"'}).status_code == 412
    assert patch({"state": "signed"}, **{"If-Match": seen}).status_code == 400
    done = patch(sent, **{"If-Match": seen})
    assert done.status_code == 200 and done["ETag"] != seen
    charter.refresh_from_db()
    assert charter.exit_plan == "Keep the prompts."
    assert "75 %" in charter.objectives.get(code="O1").criteria.get().sentence_en
    assert patch(sent, **{"If-Match": seen}).status_code == 412


def test_a_signed_charter_is_not_changed_here(world):
    a_signed_charter(world)
    browser, path = client_for(world.pilot_lead), f"{API}/charters/EC-CN-01"
    answer = browser.patch(path, {"exit_plan": "x"}, content_type="application/json",
                           headers={"If-Match": browser.get(path)["ETag"]})  # fmt: skip
    assert answer.status_code == 409 and answer.json()["reasons"][0]["code"] == "signed_text"


def test_the_lead_prepares_a_decision_and_nobody_proposes_it_here(world):
    charter = an_active_charter(world)
    sent = {"charter": "EC-CN-01", "outcome": "STOP", "rationale": "Enough.", "owner": "ops_head@example.org"}
    with clock.pinned(END + timedelta(hours=2)):

        def prepare(person, **more):
            return client_for(person).post(f"{API}/decisions", {**sent, **more}, content_type="application/json")

        assert prepare(world.cio).status_code == 403
        assert prepare(world.pilot_lead, on="2026-06-02").status_code == 422
        assert prepare(world.pilot_lead, owner="nobody@example.org").status_code == 422
        made = prepare(world.pilot_lead)
        assert made.status_code == 201
        assert made.json()["state"] == "prepared" and made.json()["on"] == str(charter.ends_on)
        assert made.json()["terms"]["owner_id"] == str(world.ops_head.pk)
        assert prepare(world.pilot_lead).status_code == 409


def test_a_question_is_answered_on_the_version_that_was_seen(world):
    charter = an_active_charter(world)
    question = charter.questions.first()
    browser, path = client_for(world.architect), f"{API}/questions/{question.pk}"
    sent = {"answer": "held", "evidence": "Seen in 40 logs."}

    def patch(**headers):
        return browser.patch(path, sent, content_type="application/json", headers=headers)

    with clock.pinned(START + timedelta(weeks=2)):
        assert patch().status_code == 428
        assert patch(**{"If-Match": '"99"'}).status_code == 412
        assert patch(**{"If-Match": browser.get(path)["ETag"]}).json()["answer"] == "held"
    unknown = browser.patch(path, {**sent, "x": 1}, content_type="application/json", headers={"If-Match": '"2"'})
    assert unknown.status_code == 400


def test_a_breach_is_reported_and_stops_the_charter(world):
    an_active_charter(world)
    sent = {"charter": "EC-CN-01", "guardrail": "V3", "what": "An unapproved change."}
    with clock.pinned(START + timedelta(weeks=2)):
        made = client_for(world.ops_engineer).post(f"{API}/breaches", sent, content_type="application/json")
        assert made.status_code == 201 and made.json()["state"] == "open"
    assert Charter.objects.get().suspended_at is not None


def test_can_i_pilot_names_every_reason_and_changes_with_the_day(world):
    charter = a_signed_charter(world)
    case = charter.cases.get().candidate.key
    browser = client_for(world.architect)

    def ask(on):
        return browser.get(f"{API}/can-i-pilot", {"candidate": case, "unit": "CN", "on": on})

    with clock.pinned(START):
        early = ask(str((START - timedelta(days=2)).date())).json()
        inside = ask(str((START + timedelta(days=3)).date())).json()
    assert early["answer"] == "no" and [r["code"] for r in early["reasons"]] == ["charter_not_running"]
    assert inside["answer"] == "yes" and inside["pins"]
    assert ask("soon").status_code == 422
    assert client_for(world.outsider).get(f"{API}/can-i-pilot?candidate={case}&unit=CN").status_code == 404


# --- Today -------------------------------------------------------------------------------------------------------


def codes(person):
    return {card.code for card in today_cards(actor(person))}


def test_today_asks_only_for_what_this_person_can_do_now(world):
    charter = a_sent_charter(world)
    assert codes(world.cio) == codes(world.ops_head) == {"charter.sign"}
    assert not codes(world.architect) and not codes(world.outsider)
    from charter.services import sign_charter

    sign_charter(actor=actor(world.cio), charter=charter, digest=charter.current_text.digest)
    assert codes(world.cio) == set()


def test_the_second_signer_is_asked_once_the_first_has_proposed(world):
    charter = an_active_charter(world)
    with clock.pinned(END + timedelta(hours=2)):
        assert "decision.prepare" in codes(world.pilot_lead)
        point = charter.points.order_by("-on").first()
        decision = prepare_decision(actor=actor(world.pilot_lead), charter=charter, point=point, outcome="STOP")
        assert "decision.prepare" not in codes(world.pilot_lead)
        assert codes(world.cio) == codes(world.ops_head) == {"decision.propose"}
        propose_decision(actor=actor(world.ops_head), decision=decision, outcome="STOP", deviation_reason="Too few.")
        assert codes(world.ops_head) == set()
        assert codes(world.cio) == {"decision.sign"}


def test_the_lead_is_asked_to_start_what_may_start(world):
    a_signed_charter(world)
    with clock.pinned(START - timedelta(days=1)):
        assert "pilot.start" not in codes(world.pilot_lead)
    with clock.pinned(START + timedelta(hours=2)):
        assert {"pilot.start", "question.answer"} <= codes(world.pilot_lead)


def test_an_own_draft_is_told_with_its_gaps_until_it_can_be_sent(world):
    charter = a_draft(world)
    charter.signatories.filter(role="cio").delete()

    def told():
        return {(c.code, str(c.why)) for c in today_cards(actor(world.pilot_lead))}

    assert told() == {("charter.finish", "1 thing is still missing.")}
    edit_charter(actor=actor(world.pilot_lead), charter=charter, signers={"cio": world.cio})
    assert told() == {("charter.send", "Nothing is missing; sending asks for the signatures.")}
    assert not codes(world.cio) and not codes(world.architect)


def more_charters(world, first, last):
    """Signed charters like the one there is, seats and points with them."""
    found = Charter.objects.get(key="EC-CN-01")
    for number in range(first, last + 1):
        copy = Charter.objects.create(
            key=f"EC-CN-{number:02d}", unit=found.unit, question_en=f"Question {number}?", lead=found.lead,
            starts_on=found.starts_on, ends_on=found.ends_on, created_by=found.created_by,
            pattern_version=found.pattern_version,
        )  # fmt: skip
        copy.categories.set(found.categories.all())
        for seat in found.signatories.all():
            copy.signatories.create(role=seat.role, user=seat.user)
        for point in found.points.all():
            copy.points.create(on=point.on, question_en=point.question_en)
        copy.questions.create(number=1, text_en="Does it hold?")
        for state in ("for_signature", "signed"):
            Charter.objects.filter(pk=copy.pk).update(state=state)


def test_today_asks_the_same_number_of_queries_for_two_charters_or_twelve(world, django_assert_max_num_queries):
    an_active_charter(world)
    people = (world.cio, world.ops_head, world.pilot_lead)
    more_charters(world, 2, 2)

    def asked(person):
        with CaptureQueriesContext(connection) as queries:
            assert today_cards(actor(person)) is not None
        return len(queries)

    with clock.pinned(START + timedelta(weeks=6)):
        at_two = [asked(p) for p in people]
        more_charters(world, 3, 12)
        for person, limit in zip(people, at_two, strict=True):
            with django_assert_max_num_queries(limit):
                today_cards(actor(person))
    assert max(at_two) <= 14


def test_the_states_of_many_charters_are_those_of_each(world, django_assert_max_num_queries):
    an_active_charter(world)
    more_charters(world, 2, 6)
    rows = list(Charter.objects.select_related("unit", "pattern_version").prefetch_related("categories"))
    for moment in (START - timedelta(days=1), START + timedelta(weeks=2), END, START + timedelta(days=400)):
        with clock.pinned(moment):
            assert effective_states(rows) == {c.pk: effective_state(c) for c in rows}
    with clock.pinned(START + timedelta(weeks=2)):
        with CaptureQueriesContext(connection) as one:
            effective_state(rows[0])
        with django_assert_max_num_queries(len(one)):
            effective_states(rows)
