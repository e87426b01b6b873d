"""REST: the same reading, the same refusals, and no door to a binding act."""

from __future__ import annotations

from datetime import timedelta

import pytest

from charter.cards import today_cards
from charter.models import Charter
from charter.services import prepare_decision, propose_decision
from foundation import clock
from tests.charter.builders import START, a_sent_charter, a_signed_charter, an_active_charter
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
def test_charters_and_decisions_are_read_only_here(world, method):
    a_sent_charter(world)
    browser = client_for(world.cio)
    assert getattr(browser, method)(f"{API}/charters/EC-CN-01").status_code in (403, 405)


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
