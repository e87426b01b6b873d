"""The pages as people use them: who sees what, the whole path by clicks, links in mails that change nothing."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from charter.models import Breach, Charter, Decision, EvidencePack, RunningService, Signatory, Signature
from charter.services import edit_charter, prepare_decision, propose_decision, report_breach, send_charter
from foundation import clock
from foundation.canonical import canonical
from tests.charter.builders import (
    SIGNED,
    START,
    a_draft,
    a_measured_charter,
    a_sent_charter,
    a_signed_charter,
    an_active_charter,
)
from tests.usecases.builders import a_flagship
from tests.world import actor, client_for

END = START + timedelta(weeks=13)


def digest_of_rows() -> str:
    """Every row of every table of the charter and the ledger."""
    found = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table.startswith(("charter_", "foundation_", "metrics_", "governance_", "usecases_", "accounts_")):
                cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names of our own tables
                found.update(repr(sorted(map(repr, cursor.fetchall()))).encode())
    return found.hexdigest()


def words(html: str) -> str:
    main = html[html.index("<main") : html.index("</main>")]
    main = re.sub(r"<svg.*?</svg>|<script.*?</script>|<form class=\"find.*?</form>", " ", main, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", main))


# --- who may -----------------------------------------------------------------------------------------------------


def test_every_role_of_the_unit_reads_the_charter_and_nobody_of_another_unit_learns_that_it_exists(world):
    an_active_charter(world)
    with clock.pinned(START + timedelta(weeks=3)):
        for role in ("cio", "ops_head", "pilot_lead", "architect", "ops_engineer", "data_approver", "auditor"):
            browser = client_for(world.people[role])
            for path in ("/charters", "/charters/EC-CN-01", "/charters/EC-CN-01/evidence", "/charters/EC-CN-01/sign"):
                assert browser.get(path).status_code == 200, (role, path)
        outside = client_for(world.outsider)
        assert b"EC-CN-01" not in outside.get("/charters").content
        for path in ("", "/evidence", "/sign", "/edit", "/decide", "/review.ics"):
            assert outside.get(f"/charters/EC-CN-01{path}").status_code == 404


@pytest.mark.parametrize("act", ["send", "withdraw", "stop", "resume", "sign", "return"])
def test_an_engineer_may_read_but_not_act(world, act):
    a_sent_charter(world)
    browser = client_for(world.ops_engineer)
    assert browser.post(f"/charters/EC-CN-01/{act}", {"reason": "x", "digest": "x"}).status_code == 403
    assert browser.get("/charters/EC-CN-01/edit").status_code == 403
    assert Charter.objects.get().state == "for_signature"


def test_an_empty_list_says_where_a_charter_starts(world):
    page = client_for(world.architect).get("/charters").content.decode()
    assert "A charter starts with a question, not a target." in page


# --- the six blanks ----------------------------------------------------------------------------------------------


def blanks(**given):
    return {
        "unit": "CN", "question": "Can drafts save us the Monday report?", "starts_on": "2026-06-01",
        "ends_on": "2026-08-30", "n_O1_a": "80", "n_O2_a": "30", "n_O3_a": "3", **given,
    }  # fmt: skip


def test_six_blanks_make_a_draft_and_the_number_stands_in_its_sentence(world):
    browser = client_for(world.pilot_lead)
    page = browser.get("/charters/new").content.decode()
    assert "has no source" in page
    sent = blanks(lead=world.pilot_lead.pk, signer_cio=world.cio.pk, signer_ops_head=world.ops_head.pk, n_O3_a="5")
    made = browser.post("/charters/new", sent)
    assert made.status_code == 302
    charter = Charter.objects.get()
    said = charter.objectives.get(code="O3").criteria.get(code="O3.a")
    assert said.threshold == 5 and "At least 5 assets" in said.sentence_en and "5 项" in said.sentence_zh
    assert charter.question_en and not charter.question_zh


def test_the_short_form_asks_for_six_answers_at_most(world):
    from charter.forms import NewCharterForm

    form = NewCharterForm(actor=actor(world.pilot_lead))
    empty = [n for n, f in form.fields.items() if f.required and f.initial in (None, "")]
    assert len(empty) <= 6


def test_a_chinese_question_is_kept_as_chinese(world):
    sent = blanks(
        question="助手能否接走周一报告？",
        lead=world.pilot_lead.pk,
        signer_cio=world.cio.pk,
        signer_ops_head=world.ops_head.pk,
    )
    client_for(world.pilot_lead).post("/charters/new", sent)
    assert Charter.objects.get().question_zh == "助手能否接走周一报告？"


def test_missing_blanks_are_named_at_once_and_nothing_is_drafted(world):
    page = client_for(world.pilot_lead).post("/charters/new", blanks(question="", signer_cio=""))
    assert page.status_code == 422
    assert page.content.decode().count("Name the person who signs as") >= 2
    assert not Charter.objects.exists()


def test_an_address_invites_with_exactly_that_role_and_takes_the_seat_when_accepted(world):
    from accounts.models import Invitation
    from charter.states import signatory_of
    from tests.world import a_member, a_user

    sent = blanks(lead=world.pilot_lead.pk, signer_cio_email="new.cio@example.org", signer_ops_head=world.ops_head.pk)
    client_for(world.pilot_lead).post("/charters/new", sent)
    asked = Invitation.objects.get()
    assert (asked.role, asked.unit, asked.email) == ("cio", world.cn, "new.cio@example.org")
    assert Signatory.objects.get(role="cio").waits_for == "new.cio@example.org"
    person = a_user("New Cio", "new.cio@example.org")
    a_member(person, "cio", world.cn)
    assert signatory_of(Charter.objects.get(), actor(person)).role == "cio"


def test_terms_are_saved_in_one_act_and_two_editors_never_overwrite_each_other(world):
    charter = a_draft(world)
    browser = client_for(world.pilot_lead)
    page = browser.get("/charters/EC-CN-01/edit").content.decode()
    seen = re.search(r'name="version" value="(\d+)"', page)[1]
    case = charter.cases.get()
    sent = {
        "question_en": "A better question?", "starts_on": charter.starts_on, "ends_on": charter.ends_on,
        "lead": charter.lead_id, "cases": [case.candidate_id], "pattern_version": charter.pattern_version_id,
        "categories": list(charter.categories.values_list("pk", flat=True)), "human_approves_changes": "on",
        "exit_plan": "Keep the prompts.", "questions": "Does it work at night?\n夜班可用吗？", "version": seen,
        "signer_cio": world.cio.pk, "signer_ops_head": world.ops_head.pk, "n_O1_a": "75", "n_O2_a": "30", "n_O3_a": "3",
        f"pilot_{case.candidate.key}": case.pilot_id,
    }  # fmt: skip
    assert browser.post("/charters/EC-CN-01/edit", sent).status_code == 302
    charter.refresh_from_db()
    assert charter.question_en == "A better question?" and not charter.only_approved_data
    assert charter.questions.count() == 4 and charter.questions.last().text_zh == "夜班可用吗？"
    assert browser.post("/charters/EC-CN-01/edit", sent).status_code == 412


def test_a_box_that_ends_before_it_starts_is_named_at_its_field(world):
    charter = a_draft(world)
    sent = {"question_en": "Q?", "starts_on": charter.ends_on, "ends_on": charter.starts_on, "lead": charter.lead_id}
    sent |= {"n_O1_a": "80", "n_O2_a": "30", "n_O3_a": "3"}
    page = client_for(world.pilot_lead).post("/charters/EC-CN-01/edit", {**sent, "version": charter.version})
    assert page.status_code == 422 and b"must end after it starts" in page.content


# --- the whole path ----------------------------------------------------------------------------------------------


def test_from_draft_to_seal_by_clicks(world, run_jobs):
    a_draft(world)
    lead, head, cio = (client_for(world.people[r]) for r in ("pilot_lead", "ops_head", "cio"))
    with clock.pinned(SIGNED - timedelta(days=1)):
        assert lead.post("/charters/EC-CN-01/send").status_code == 302
    run_jobs()
    asked = [m for m in mail.outbox if "Please read and sign" in m.subject]
    assert {m.to[0] for m in asked} == {"cio@example.org", "ops_head@example.org"}
    digest = Charter.objects.get().current_text.digest
    with clock.pinned(SIGNED):
        for browser in (head, cio):
            assert digest in browser.get("/charters/EC-CN-01/sign").content.decode()
            assert browser.post("/charters/EC-CN-01/sign", {"digest": digest}).status_code == 302
    with clock.pinned(START + timedelta(hours=2)):
        assert "Start the pilot" in lead.get("/charters/EC-CN-01").content.decode()
        assert lead.post("/charters/EC-CN-01/cases/1/start").status_code == 302
    assert Charter.objects.get().cases.get().pilot.status == "running"
    with clock.pinned(END + timedelta(hours=3)):
        sent = {
            "outcome": "STOP",
            "rationale": "We learned enough.",
            "scope": "the report",
            "exit_plan": "Keep the prompts.",
        }
        assert "Prepare the decision" in lead.get("/charters/EC-CN-01").content.decode()
        assert lead.post("/charters/EC-CN-01/decide", sent).status_code == 302
        restated = head.get("/charters/EC-CN-01/decide?outcome=STOP").content.decode()
        assert "Propose and sign Stop" in restated
        proposal = {
            "outcome": "STOP",
            "scope": "the report",
            "deviation_reason": "Not enough runs.",
            "exit_plan": "Keep.",
        }
        assert head.post("/charters/EC-CN-01/decide", proposal).status_code == 302
        decision = Decision.objects.get()
        page = cio.get("/charters/EC-CN-01").content.decode()
        assert "Proposed" in page and " checked" not in page[page.index('id="decision"') :]
        assert "You sign Stop" in cio.get("/charters/EC-CN-01/decide?outcome=STOP").content.decode()
        done = cio.post("/charters/EC-CN-01/decide", {"outcome": "STOP", "digest": decision.digest})
        assert done.status_code == 302 and done["Location"] == f"/decisions/{decision.key}"
        record = cio.get(done["Location"]).content.decode()
    assert "The evidence equals its digest." in record and "The decision equals what was signed." in record
    assert Charter.objects.get().state == "decided"
    assert {s.role for s in Signature.objects.filter(target="decision")} == {"ops_head", "cio"}


def test_choosing_otherwise_keeps_the_reason_and_signs_nothing(world):
    decision = a_proposed(world)
    cio = client_for(world.cio)
    with clock.pinned(END + timedelta(hours=5)):
        assert b"This signs nothing." in cio.get("/charters/EC-CN-01/decide?outcome=GO").content
        sent = {"outcome": "GO", "digest": decision.digest}
        assert cio.post("/charters/EC-CN-01/decide", {**sent, "dissent": ""}).status_code == 422
        assert cio.post("/charters/EC-CN-01/decide", {**sent, "dissent": "It works."}).status_code == 302
    decision.refresh_from_db()
    assert decision.state == "disagreed"
    assert b"It works." in cio.get(f"/decisions/{decision.key}").content


def a_proposed(world):
    charter = an_active_charter(world)
    with clock.pinned(END + timedelta(hours=3)):
        point = charter.points.order_by("-on").first()
        decision = prepare_decision(
            actor=actor(world.pilot_lead), charter=charter, point=point, outcome="STOP", rationale="Enough."
        )
        return propose_decision(
            actor=actor(world.ops_head), decision=decision, outcome="STOP", deviation_reason="Not enough runs."
        )


def test_an_approval_that_ended_blocks_go_and_expand_but_never_a_stop(world):
    from governance.models import Approval
    from governance.services import revoke_approval

    decision, cio = a_proposed_go(world), client_for(world.cio)
    pattern = Approval.objects.exclude(pattern_version=None).first()
    with clock.pinned(END + timedelta(hours=4)):
        assert not re.findall(r'value="(\w+)" disabled', cio.get("/charters/EC-CN-01").content.decode())
        revoke_approval(actor=actor(world.architecture_approver), approval=pattern, reason="A newer version.")
        page = cio.get("/charters/EC-CN-01").content.decode()
        assert re.findall(r'value="(\w+)" disabled', page) == ["GO", "EXPAND"]
        assert "Review and sign" in page and 'wide" disabled' not in page
        assert "Go and Expand cannot be signed now" in words(page)
        assert b" disabled" in cio.get("/charters/EC-CN-01/decide?outcome=GO").content
        sent = {"outcome": "STOP", "digest": decision.digest, "dissent": "The approval ended."}
        assert cio.post("/charters/EC-CN-01/decide", sent).status_code == 302
    decision.refresh_from_db()
    assert decision.state == "disagreed"


def test_a_changed_text_is_never_signed_by_an_old_page(world):
    charter = a_sent_charter(world)
    old = charter.current_text.digest
    edit_charter(actor=actor(world.pilot_lead), charter=charter, question_en="Another question?")
    charter.refresh_from_db()
    send_charter(actor=actor(world.pilot_lead), charter=charter)
    page = client_for(world.cio).post("/charters/EC-CN-01/sign", {"digest": old})
    assert page.status_code == 412
    assert not Signature.objects.exists()


def test_the_text_to_sign_and_the_evidence_read_as_sentences(world):
    charter = a_sent_charter(world)
    sentence = charter.cases.get().pilot.measures.get().current.sentence_en
    browser = client_for(world.ops_head)
    with clock.pinned(SIGNED):
        page = words(browser.get("/charters/EC-CN-01/sign").content.decode())
        evidence = words(browser.get("/charters/EC-CN-01/evidence").content.decode())
        chinese = words(browser.get("/charters/EC-CN-01/sign?lang=zh").content.decode())
    for text in (page, evidence):
        assert "Share of listed questions that are answered: at least 80\u202f%" in text
        assert "Cases measured after the lock: at least 30" in text
        assert "a clear gain, or a gain of uncertain size" in text
        assert not re.search(r"answered_share|>=|verdict in|0\.80", text)
    assert "You sign version 1 as Head of operations." in page
    assert sentence in page and str(charter.pattern_version) in page
    assert "1 Jun 2026" in page and "2026-06-01" not in page
    for category in charter.categories.all():
        assert category.name_en in page and category.name_zh in chinese


def test_a_frozen_record_is_read_in_the_language_of_its_reader_not_of_its_preparer(world):
    from django.utils import translation

    charter = an_active_charter(world)
    with clock.pinned(END + timedelta(hours=3)), translation.override("zh-hans"):
        point = charter.points.order_by("-on").first()
        decision = prepare_decision(actor=actor(world.pilot_lead), charter=charter, point=point, outcome="STOP")
    browser = client_for(world.cio)
    english = words(browser.get(f"/decisions/{decision.key}?lang=en").content.decode())
    chinese = words(browser.get(f"/decisions/{decision.key}?lang=zh").content.decode())
    assert "0 of 2 answered: 0 held, 0 did not." in english
    assert "answered" not in chinese and "No breach" not in chinese
    for category in charter.categories.all():
        assert category.name_en in english and category.name_zh in chinese


def test_evidence_of_the_first_form_stays_readable(world):
    charter = an_active_charter(world)
    with clock.pinned(END + timedelta(hours=3)):
        point = charter.points.order_by("-on").first()
        decision = prepare_decision(actor=actor(world.pilot_lead), charter=charter, point=point, outcome="STOP")
    body = json.loads(decision.evidence.body)
    for row in body["criteria"]:
        row["told"], row["rule"] = row["told"]["en"], row["rule"][:3]
    for line in body["approvals"]:
        line["label"] = line["label"]["en"]
    old = EvidencePack.objects.create(charter=charter, body=canonical(body), digest="x", as_of=decision.evidence.as_of)
    Decision.objects.filter(pk=decision.pk).update(evidence=old)
    page = words(client_for(world.cio).get(f"/decisions/{decision.key}").content.decode())
    assert "0 of 2 answered" in page and charter.categories.first().name_en in page


def test_the_terms_are_offered_only_to_those_who_may_change_them(world):
    a_draft(world)
    offered = 'href="/charters/EC-CN-01/edit"'
    assert offered in client_for(world.pilot_lead).get("/charters/EC-CN-01").content.decode()
    for role in ("cio", "ops_engineer", "auditor"):
        assert offered not in client_for(world.people[role]).get("/charters/EC-CN-01").content.decode(), role


def test_before_the_box_opens_the_day_is_a_plain_note(world):
    a_signed_charter(world)
    with clock.pinned(SIGNED + timedelta(days=1)):
        page = client_for(world.cio).get("/charters/EC-CN-01").content.decode()
    assert re.search(r'note-box t-info"[^>]*>.*?starts on 1 Jun 2026', page, re.DOTALL)
    assert "note-box t-warn" not in page


def test_a_stop_criterion_that_is_not_met_did_not_happen(world):
    an_active_charter(world)
    with clock.pinned(START + timedelta(weeks=2)):
        page = client_for(world.cio).get("/charters/EC-CN-01/evidence").content.decode()
    row = page[page.index('<tr id="O4.b"') :].partition("</tr>")[0]
    assert "did not happen" in row and "not met" not in row


def test_the_last_signature_is_told_as_the_seal(world):
    decision, cio = a_proposed(world), client_for(world.cio)
    with clock.pinned(END + timedelta(hours=5)):
        done = cio.post("/charters/EC-CN-01/decide", {"outcome": "STOP", "digest": decision.digest}, follow=True)
    assert b"With your signature the decision is sealed." in done.content


def test_the_running_cost_leads_to_the_usage(world):
    decision = a_go(world)
    service = RunningService.objects.get(decision=decision)
    for person in (world.cio, world.auditor, world.ops_engineer):
        browser = client_for(person)
        for path in (f"/decisions/{decision.key}", f"/services/{service.pk}"):
            assert 'href="/measures/usage"' in browser.get(path).content.decode()
        assert browser.get("/measures/usage").status_code == 200


def test_a_pilot_that_is_drafted_is_named_in_the_terms_not_drafted_twice(world):
    charter = a_draft(world)
    charter.cases.update(pilot=None)
    lead = client_for(world.pilot_lead)
    page = lead.get("/charters/EC-CN-01").content.decode()
    assert "name it in the terms of the charter" in page and "No pilot is drafted for this case yet." not in page
    assert 'href="/measures/pilots/new"' not in page[page.index("<main") :]
    charter.cases.update(candidate=a_flagship(world, "Another case"))
    other = lead.get("/charters/EC-CN-01").content.decode()
    assert "No pilot is drafted for this case yet." in other and 'href="/measures/pilots/new"' in other


def test_every_metric_has_words(world):
    from charter.criteria import METRICS
    from charter.words import rule_sentence

    for metric in METRICS:
        assert "_" not in rule_sentence(metric, ">=", "1.000000", 10), metric
    assert rule_sentence("record_count", ">=", "1.000000", 10).endswith("read from 10 records on")


def test_opening_any_mailed_link_changes_no_row(world):
    decision = a_proposed(world)
    paths = [
        "/charters/EC-CN-01", "/charters/EC-CN-01/sign", "/charters/EC-CN-01/evidence", "/charters/EC-CN-01/review.ics",
        "/charters/EC-CN-01/decide?outcome=STOP", "/charters/EC-CN-01/decide?outcome=GO", f"/decisions/{decision.key}",
        f"/decisions/{decision.key}/record.json", f"/decisions/{decision.key}/review.ics",
    ]  # fmt: skip
    browser = client_for(world.cio)
    with clock.pinned(END + timedelta(hours=5)):
        before = digest_of_rows()
        for path in paths:
            assert browser.get(path).status_code == 200, path
            assert browser.head(path).status_code == 200, path
    assert digest_of_rows() == before


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_sealed_decision_has_no_door_to_change_it(world, method):
    decision = a_proposed(world)
    for role in ("cio", "pilot_lead", "system_admin"):
        answer = getattr(client_for(world.people[role]), method)(f"/decisions/{decision.key}")
        assert answer.status_code in (403, 405)


# --- under way ---------------------------------------------------------------------------------------------------


def test_a_blocked_start_lists_every_reason_on_the_page(world):
    a_signed_charter(world)
    with clock.pinned(SIGNED + timedelta(days=1)):
        browser = client_for(world.pilot_lead)
        assert b"The time-box of the charter has not begun." in browser.get("/charters/EC-CN-01").content
        assert browser.post("/charters/EC-CN-01/cases/1/start").status_code == 409


def test_a_breach_is_reported_and_settled_on_the_evidence_page(world):
    an_active_charter(world)
    with clock.pinned(START + timedelta(weeks=2)):
        engineer, cio = client_for(world.ops_engineer), client_for(world.cio)
        sent = {"guardrail": "V3", "what": "A script changed a rule."}
        assert engineer.post("/charters/EC-CN-01/breaches/new", sent).status_code == 302
        assert b"stopped since" in cio.get("/charters/EC-CN-01").content
        breach = Breach.objects.get()
        close = f"/charters/breaches/{breach.pk}/close"
        assert client_for(world.pilot_lead).post(close, {"judgement": "corrected", "note": "x"}).status_code == 403
        assert cio.post(close, {"judgement": "corrected", "note": ""}).status_code == 422
        assert cio.post(close, {"judgement": "corrected", "note": "Rolled back."}).status_code == 302
        assert cio.post("/charters/EC-CN-01/resume", {"reason": "Rolled back."}).status_code == 302
    assert Charter.objects.get().suspended_at is None


def test_a_question_is_answered_with_evidence_or_not_at_all(world):
    charter = an_active_charter(world)
    question = charter.questions.first()
    browser = client_for(world.architect)
    with clock.pinned(START + timedelta(weeks=2)):
        path = f"/charters/questions/{question.pk}"
        assert browser.post(path, {"answer": "held", "evidence": "", "version": question.version}).status_code == 422
        sent = {"answer": "did_not_hold", "evidence": "Half the logs carry none.", "version": question.version}
        assert browser.post(path, sent).status_code == 302
        assert browser.post(path, sent).status_code == 412
        assert b"Half the logs carry none." in browser.get("/charters/EC-CN-01/evidence").content


def test_nothing_measured_is_said_not_left_out(world):
    an_active_charter(world)
    with clock.pinned(START + timedelta(weeks=3)):
        page = words(client_for(world.cio).get("/charters/EC-CN-01").content.decode())
    assert "None measured yet." in page


def test_the_answer_stands_on_the_measured_figures(world):
    a_measured_charter(world)
    with clock.pinned(END + timedelta(hours=3)):
        page = client_for(world.cio).get("/charters/EC-CN-01").content.decode()
    said = words(page)
    assert re.search(r"\d+\s?min instead of \d+\s?min", said)
    assert "cases measured after the lock" in said and 'class="chart"' in page


@pytest.mark.parametrize(
    ("language", "limit", "pattern"), [("en", 400, r"[A-Za-z][A-Za-z’'-]*"), ("zh", 700, r"[一-鿿]")]
)
def test_the_review_page_stays_within_its_words(world, language, limit, pattern):
    a_measured_charter(world)
    with clock.pinned(END + timedelta(hours=3)):
        page = client_for(world.cio).get(f"/charters/EC-CN-01?lang={language}").content.decode()
    assert len(re.findall(pattern, words(page))) <= limit


def test_what_changed_since_the_last_visit_is_told_from_the_readers_own_browser(world):
    charter = an_active_charter(world)
    browser = client_for(world.cio)
    with clock.pinned(START + timedelta(weeks=1)):
        browser.get("/charters/EC-CN-01")
    with clock.pinned(START + timedelta(weeks=2)):
        report_breach(actor=actor(world.ops_engineer), charter=charter, guardrail="V2", what="A name in a report.")
    with clock.pinned(START + timedelta(weeks=3)):
        page = words(browser.get("/charters/EC-CN-01").content.decode())
    assert "Since you last looked" in page and "Breach reported" in page
    assert "All signatures given" not in page


# --- the list ----------------------------------------------------------------------------------------------------


def test_the_list_filters_by_the_word_the_calendar_says(world):
    an_active_charter(world)
    browser = client_for(world.cio)
    for moment, word in (
        (START + timedelta(weeks=2), "running"),
        (END, "decision_due"),
        (END + timedelta(days=20), "decision_due"),
    ):
        with clock.pinned(moment):
            shown = [w for w in ("draft", "running", "decision_due", "decided")
                     if b"EC-CN-01" in browser.get(f"/charters?word={w}&format=csv").getvalue()]  # fmt: skip
        assert shown == [word]


def test_the_list_asks_the_same_number_of_queries_for_one_or_many(world):
    charter = a_draft(world, case=False)

    def queries():
        browser = client_for(world.cio)
        browser.get("/charters")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert browser.get("/charters").status_code == 200
        return len(asked)

    one = queries()
    for number in range(2, 12):
        Charter.objects.create(
            key=f"EC-CN-{number:02d}", unit=charter.unit, question_en=f"Question {number}?",
            starts_on=charter.starts_on, ends_on=charter.ends_on, lead=charter.lead, created_by=charter.created_by,
        )  # fmt: skip
    assert queries() == one


def test_the_list_leaves_as_a_spreadsheet(world):
    a_draft(world, case=False)
    answer = client_for(world.cio).get("/charters?format=xlsx")
    assert answer.status_code == 200 and "spreadsheetml" in answer["Content-Type"]


# --- afterwards --------------------------------------------------------------------------------------------------


def test_a_service_is_accepted_by_its_owner_only(world):
    decision = a_go(world)
    service = RunningService.objects.get(decision=decision)
    path = f"/services/{service.pk}"
    assert client_for(world.cio).post(f"{path}/accept").status_code == 403
    owner = client_for(world.ops_head)
    assert b"Accept the service" in owner.get(path).content
    assert owner.post(f"{path}/accept").status_code == 302
    service.refresh_from_db()
    assert service.state == "running"


def a_proposed_go(world):
    charter = a_measured_charter(world)
    with clock.pinned(END + timedelta(hours=3)):
        point = charter.points.order_by("-on").first()
        decision = prepare_decision(actor=actor(world.pilot_lead), charter=charter, point=point, outcome="GO")
        return propose_decision(
            actor=actor(world.ops_head), decision=decision, outcome="GO", deviation_reason="Assets follow.",
            owner_id=str(world.ops_head.pk), run_cost="not reported",
        )  # fmt: skip


def a_go(world):
    from charter.services import sign_decision

    decision = a_proposed_go(world)
    with clock.pinned(END + timedelta(hours=3)):
        return sign_decision(actor=actor(world.cio), decision=decision, outcome="GO", digest=decision.digest)
