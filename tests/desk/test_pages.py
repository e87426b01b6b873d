"""Today, search, questions, trace, audit, jobs and help, as people of each role meet them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import ROLES
from desk.selectors.questions import read_questions
from desk.selectors.search import search_records
from desk.selectors.today import SOURCES, all_cards, decisions_waiting, read_today
from desk.selectors.trace import read_trace
from foundation import clock
from foundation.audit.models import AuditEvent
from foundation.errors import NotVisible
from foundation.jobs import enqueue
from foundation.jobs.models import Job
from foundation.jobs.registry import job
from tests.charter.builders import SIGNED, a_sent_charter, a_signed_charter
from tests.governance.builders import a_submitted_request
from tests.usecases.builders import a_candidate, a_flagship, a_pain
from tests.world import actor, client_for

CANARY = "Canary-of-EMEA"
PAGES = ("/", "/search?q=vendor", "/questions", "/journey/CN", "/settings", "/settings/audit", "/jobs", "/help",
         "/help/errors", "/api/v1/desk/today", "/api/v1/desk/search?q=vendor", "/api/v1/desk/journey",
         "/api/v1/desk/questions")  # fmt: skip


@job("tests.desk", label="A test of jobs")
def nothing_much(run, **ids):
    return {}


def a_foreign_pain(world):
    from usecases import services

    return services.record_pain(actor=actor(world.outsider), unit=world.em, title_en=CANARY, title_zh="外部金丝雀")


def queries(call):
    with CaptureQueriesContext(connection) as seen:
        call()
    return len(seen)


# --- every page, every role ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", PAGES)
def test_every_page_answers_every_role(world, address):
    a_pain(world)
    for role in ROLES:
        assert client_for(getattr(world, role)).get(address).status_code == 200, role


def test_without_signing_in_there_is_only_the_door(world, client):
    assert client.get("/").status_code == 302
    assert client.get("/api/v1/desk/today").status_code in (401, 403)


def test_no_page_shows_another_unit(world):
    a_foreign_pain(world)
    asked = ("/search?q=Canary", "/search?q=金丝", "/api/v1/desk/search?q=Canary", "/search?q=p1")
    for address in (*PAGES, *asked):
        page = client_for(world.architect).get(address, follow=True).content.decode()
        assert CANARY not in page and "外部金丝雀" not in page, address
    assert CANARY in client_for(world.outsider).get("/search?q=Canary").content.decode()


# --- Today --------------------------------------------------------------------------------------------------------


def test_today_reads_the_cards_of_every_app():
    from importlib import import_module

    assert all(callable(import_module(module).today_cards) for module in SOURCES)


def test_today_shows_only_cards_whose_page_opens_for_the_person(world):
    a_submitted_request(world)
    a_pain(world)
    a_candidate(world)
    seen = 0
    for role in ROLES:
        client = client_for(getattr(world, role))
        for card in all_cards(actor(getattr(world, role))):
            seen += 1
            assert client.get(card.url).status_code == 200, (role, card)
    assert seen


def test_a_request_is_a_decision_for_each_approver_and_for_nobody_else(world):
    a_submitted_request(world)
    for role in ("architecture_approver", "security_approver", "data_approver"):
        assert decisions_waiting(actor(getattr(world, role))) == 1, role
    for role in ("ops_engineer", "cio", "auditor", "pilot_lead"):
        assert decisions_waiting(actor(getattr(world, role))) == 0, role


def test_overdue_comes_first_then_the_day_and_at_most_four_are_shown(world, monkeypatch):
    from foundation.cards import Card

    today = clock.today()
    cards = [
        Card("x", "Do", name, "/", "", due=days and today + timedelta(days=days), overdue=late, rank=r)
        for name, days, late, r in [
            ("undated", None, False, 1), ("soon", 2, False, 9), ("sooner rank", 2, False, 1), ("late", 5, True, 50),
            ("later", 9, False, 1), ("last", 30, False, 1),
        ]
    ]  # fmt: skip
    monkeypatch.setattr("desk.selectors.today.card_sources", lambda: [lambda actor: cards])
    found = read_today(actor(world.cio))
    assert [c.name for c in found.cards] == ["late", "sooner rank", "soon", "later"]
    assert found.more == 2


def test_cards_are_read_once_a_request(world):
    who = actor(world.architecture_approver)
    all_cards(who)
    assert queries(lambda: decisions_waiting(who)) == 0


def test_the_drafter_sees_whose_signature_is_waited_for(world):
    charter = a_sent_charter(world)
    texts = [w.text for w in read_today(actor(world.pilot_lead)).waits]
    assert any(charter.question in t and "CIO" in t for t in texts)
    with clock.pinned(SIGNED):
        own = [w.text for w in read_today(actor(world.cio)).waits]
    assert not any("CIO" in t.rsplit(":", 1)[1] for t in own)


def test_an_empty_today_is_one_calm_sentence(world):
    page = client_for(world.auditor).get("/").content.decode()
    assert "Nothing needs you today" in page and "Nothing waits for you" in page


def test_what_changed_leaves_out_what_one_did_oneself(world):
    pain = a_pain(world)
    assert any(pain.key in c.sentence for c in read_today(actor(world.cio)).changes)
    assert not any(pain.key in c.sentence for c in read_today(actor(world.architect)).changes)
    assert not read_today(actor(world.outsider)).changes


# --- search -------------------------------------------------------------------------------------------------------


def test_a_typed_id_jumps_to_its_record(world):
    pain = a_pain(world)
    number = str(int(pain.key.split("-")[1]))
    for typed in (f"p{number}", f"P {number}", pain.key.lower()):
        answer = client_for(world.cio).get("/search", {"q": typed})
        assert (answer.status_code, answer.headers.get("Location")) == (302, pain.get_absolute_url()), typed


def test_titles_are_found_in_both_languages(world):
    pain = a_pain(world)
    for q in ("copy vendor", "手工抄写"):
        found = search_records(actor(world.cio), q)
        assert [h.key for h in found.hits] == [pain.key]
    page = client_for(world.cio).get("/search?q=手工抄写&lang=zh").content.decode()
    assert pain.title_zh in page


def test_nothing_found_offers_neighbours_and_to_record_the_pain(world):
    pain = a_pain(world)
    page = client_for(world.ops_engineer).get("/search?q=p7777").content.decode()
    assert pain.title in page and "Nothing found" in page
    page = client_for(world.ops_engineer).get("/search?q=zzz qqq").content.decode()
    assert "/pains/new?title_en=zzz+qqq" in page
    form = client_for(world.ops_engineer).get("/pains/new?title_en=zzz+qqq").content.decode()
    assert 'value="zzz qqq"' in form
    assert "/pains/new?" not in client_for(world.auditor).get("/search?q=zzz qqq").content.decode()


@pytest.mark.parametrize(
    "q", ["%", "'; DROP TABLE usecases_pain; --", "\x00", "x" * 5000, "p99999999999999999999", "<b>"]
)
def test_odd_questions_are_answered_calmly(world, q):
    answer = client_for(world.cio).get("/search", {"q": q})
    assert answer.status_code == (422 if "\x00" in q else 200)
    assert "<b></b>" not in answer.content.decode()


def test_search_asks_as_often_for_one_record_as_for_many(world):
    a_pain(world)
    few = queries(lambda: search_records(actor(world.cio), "vendor"))
    for number in range(12):
        a_pain(world, f"vendor matter {number}")
    assert queries(lambda: search_records(actor(world.cio), "vendor")) == few


# --- questions and trace ------------------------------------------------------------------------------------------


def test_every_answer_cites_a_record_or_says_there_is_none(world):
    for unit in (world.cn, world.em):
        for asked in read_questions(unit).answers:
            assert asked.sources or any(w in asked.answer.en for w in ("None measured yet", "No ", "no ")), asked
    page = client_for(world.cio).get("/questions").content.decode()
    assert page.count("data-answer=") == 4 and page.count("No record to cite yet.") == 4


def test_a_signed_charter_answers_with_the_vow_its_signatures_and_the_pattern(world):
    charter = a_signed_charter(world)
    answers = {a.number: a for a in read_questions(world.cn).answers}
    assert "cut headcount" in answers[2].answer.en and "CIO" in answers[2].answer.en
    assert charter.question in [s.label for s in answers[2].sources]
    assert "it is approved" in answers[3].answer.en and answers[3].sources
    assert answers[1].answer.en.startswith("None measured yet.") and "The first reading is on" in answers[1].answer.en
    assert "components in use" in answers[4].answer.en


def test_a_pain_is_traced_to_its_charter_and_back(world):
    charter = a_signed_charter(world)
    candidate = charter.cases.get().candidate
    pain = candidate.pains.get()
    kinds = [[s.kind for s in chain] for chain in read_trace(actor(world.cio), pain.key).chains]
    assert kinds == [["pain", "candidate", "ranking", "selection", "charter", "decision"]]
    assert read_trace(actor(world.cio), pain.key).reached == "charter"
    assert read_trace(actor(world.cio), charter.key).chains[0][0].title == pain.title
    with pytest.raises(NotVisible):
        read_trace(actor(world.outsider), pain.key)
    page = client_for(world.cio).get(f"/trace/{pain.key}").content.decode()
    assert "Not decided yet." in page
    fragment = client_for(world.cio).get(f"/trace/{pain.key}", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and candidate.title in fragment


def test_a_pain_nobody_took_up_says_so(world):
    pain = a_pain(world)
    steps = read_trace(actor(world.cio), pain.key).chains[0]
    assert [s.title for s in steps] == [pain.title, "No candidate names it yet."]


def test_a_flagship_without_a_charter_ends_open(world):
    candidate = a_flagship(world)
    assert read_trace(actor(world.cio), candidate.key).chains[0][-1].title == "No charter names it yet."


# --- audit --------------------------------------------------------------------------------------------------------


def test_the_ledger_is_read_in_scope_filtered_and_exported_by_the_auditor_alone(world):
    pain, foreign = a_pain(world), a_foreign_pain(world)
    client = client_for(world.auditor)
    page = client.get("/settings/audit").content.decode()
    assert pain.title in page and foreign.title not in page
    filtered = client.get("/settings/audit", {"verb": "pain.recorded", "subject": pain.key.lower()}).content.decode()
    assert pain.title in filtered
    assert pain.title not in client.get("/settings/audit", {"until": "2020-01-01"}).content.decode()
    assert client.get("/settings/audit", {"since": "never"}).status_code == 422
    table = b"".join(client.get("/settings/audit?format=csv")).decode()
    assert pain.key in table and foreign.title not in table
    assert client_for(world.cio).get("/settings/audit?format=csv").status_code == 403


def test_verifying_names_the_first_bad_entry_calmly(world):
    from foundation.db import thaw

    a_pain(world)
    client = client_for(world.auditor)
    assert "The ledger is whole" in client.post("/settings/audit/verify", follow=True).content.decode()
    bad = AuditEvent.objects.order_by("seq").first()
    with thaw():
        AuditEvent.objects.filter(pk=bad.pk).update(actor_label="Somebody else")
    page = client.post("/settings/audit/verify", follow=True).content.decode()
    assert f"The ledger is broken at entry {bad.seq}" in page
    assert client_for(world.cio).post("/settings/audit/verify").status_code == 403
    assert client.get("/settings/audit/verify").status_code == 405


# --- jobs ---------------------------------------------------------------------------------------------------------


def test_people_see_and_stop_their_own_jobs_and_managers_those_of_the_unit(world, run_jobs):
    own = enqueue("tests.desk", actor=actor(world.architect), unit_path=world.cn.path)
    assert "A test of jobs" in client_for(world.architect).get("/jobs").content.decode()
    assert "A test of jobs" not in client_for(world.cio).get("/jobs").content.decode()
    assert "The Architect" in client_for(world.system_admin).get("/jobs").content.decode()
    assert client_for(world.cio).post(f"/jobs/{own.pk}/cancel").status_code == 404
    assert client_for(world.system_admin).post(f"/jobs/{own.pk}/cancel").status_code == 302
    assert Job.objects.get(pk=own.pk).state == "cancelled"
    assert client_for(world.architect).post(f"/jobs/{own.pk}/cancel").status_code == 409
    assert client_for(world.architect).post(f"/jobs/{own.pk}/retry").status_code == 302
    assert run_jobs() == ["done"]
    assert client_for(world.architect).post(f"/jobs/{own.pk}/retry").status_code == 409
    assert AuditEvent.objects.filter(verb="job.retried").count() == 1


# --- what Today and the ledger lead to ----------------------------------------------------------------------------


def test_what_can_wait_is_folded_away_and_not_left_out(world, monkeypatch):
    from foundation.cards import Card

    cards = [Card("x", "Do", f"thing {n}", f"/x/{n}", "", due=None, overdue=False, rank=n) for n in range(6)]
    monkeypatch.setattr("desk.selectors.today.card_sources", lambda: [lambda actor: cards])
    page = client_for(world.cio).get("/").content.decode()
    assert "2 more things can wait." in page and 'href="/x/4"' in page and 'href="/x/5"' in page


def test_what_changed_tells_a_record_once_a_day_leads_to_it_and_leaves_out_edits(world):
    from usecases import services

    pain = a_pain(world)
    for number in range(3):
        services.edit_pain(actor=actor(world.architect), pain=pain, version=None, title_en=f"Wording {number}")
        pain.refresh_from_db()
    a_pain(world, "Another one")
    charter = a_signed_charter(world)
    with clock.pinned(SIGNED + timedelta(hours=1)):
        changes = read_today(actor(world.auditor)).changes
    assert not any("changed" in c.sentence or "edited" in c.sentence for c in changes)
    told_days = [(c.url, c.at.date()) for c in changes if charter.key in c.sentence]
    assert {url for url, _day in told_days} == {charter.get_absolute_url()}
    assert len(told_days) == len(set(told_days))
    (told,) = [c for c in read_today(actor(world.auditor)).changes if "recorded P-" in c.sentence]
    assert told.more >= 1 and told.url.startswith("/pains/P-")


def test_the_ledger_leads_to_the_record_and_offers_acts_in_words(world):
    pain = a_pain(world)
    client = client_for(world.auditor)
    page = client.get("/settings/audit").content.decode()
    assert f'href="{pain.get_absolute_url()}"' in page and "/search?q=P-" not in page
    assert '<optgroup label="Pains">' in page and ">pain.recorded<" not in page and ">Recorded …<" in page
    client.cookies["django_language"] = "zh-hans"
    assert '<optgroup label="痛点">' in client.get("/settings/audit").content.decode()


@pytest.mark.parametrize("address", ["/", "/help"])
def test_only_who_may_record_a_pain_is_offered_it(world, address):
    from accounts.models import Installation

    Installation.objects.create(demo=True)
    assert "/pains/new" in client_for(world.ops_engineer).get(address).content.decode()
    assert "/pains/new" not in client_for(world.system_admin).get(address).content.decode()


def test_the_answers_cite_the_charter_that_was_measured_and_say_its_gain_once(world):
    from charter.models import Charter
    from foundation.db import thaw
    from metrics.models import GainEstimate, Pilot
    from metrics.services import draft_statement, publish_statement
    from tests.charter.builders import START, a_measured_charter

    measured = a_measured_charter(world)
    with clock.pinned(START + timedelta(weeks=13)):
        statement = draft_statement(
            actor=actor(world.pilot_lead), estimate=GainEstimate.objects.get(), does_not_say_en="Not money."
        )
        publish_statement(actor=actor(world.ops_head), statement=statement)
    newer = a_draft_without_cases(world)
    with thaw():
        Charter.objects.filter(pk=newer.pk).update(state="signed", created_at=clock.now())
    answers = {a.number: a for a in read_questions(world.cn).answers}
    for number in (1, 2):
        labels = [s.label for s in answers[number].answer.sources]
        assert measured.question in labels and newer.question not in labels, number
    page = client_for(world.cio).get("/questions").content.decode()
    assert page.count("While the pilot ran") == 1 and "checks passed" not in page and "Ref." not in page
    assert f">{Pilot.objects.get().name}</a>" in page


def a_draft_without_cases(world):
    from charter.services import draft_charter

    return draft_charter(
        actor=actor(world.pilot_lead), unit=world.cn, question_en="And another question?", question_zh="还有一个问题？",
        starts_on=clock.today() + timedelta(days=7), ends_on=clock.today() + timedelta(days=90),
        lead=world.pilot_lead, signers={"cio": world.cio, "ops_head": world.ops_head},
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_jobs_are_handed_out_as_a_table_of_what_one_sees(world, kind):
    enqueue("tests.desk", actor=actor(world.architect), unit_path=world.cn.path)
    answer = client_for(world.architect).get(f"/jobs?format={kind}")
    assert answer.status_code == 200
    if kind == "csv":
        assert "A test of jobs" in b"".join(answer).decode()
        assert "A test of jobs" not in b"".join(client_for(world.cio).get("/jobs?format=csv")).decode()
