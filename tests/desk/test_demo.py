"""The demo organisation tells a story in which nothing is known before it happened."""

from __future__ import annotations

import json
import re

import pytest

from accounts.models import Unit
from charter.models import Charter, Decision, OpenQuestion
from desk.demo.loader import load_demo
from desk.models import BoxNote
from desk.selectors.journey import read_journey
from foundation import clock
from governance.models import Evidence
from metrics.models import ChangeNote, Observation, RuntimeConnection, SyncRun
from metrics.selectors.usage import freshness
from usecases.cards import today_cards
from usecases.models import Candidate, DataSource, Pain, Workshop
from usecases.rules.text_guard import warnings
from usecases.workshop_view import visible_results

HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def demo(db):
    """Loaded once for the claims of a test; a load takes seconds."""
    return load_demo("sail by landmarks")


def test_the_story_is_honest_and_bilingual(demo):
    _the_midpoint_knows_nothing_of_later_weeks()
    _every_single_text_stands_in_both_languages()
    _the_data_of_the_flagships_is_known_to_be_free()
    _dirt_is_left_in()
    _the_journey_warns_of_nothing_false()
    _the_pains_come_from_a_workshop_of_fourteen(demo)
    _a_second_workshop_waits_for_its_review(demo)


def _the_midpoint_knows_nothing_of_later_weeks():
    decision = Decision.objects.get(outcome="CONTINUE")
    pack, body = decision.evidence, json.loads(decision.evidence.body)
    cases = next(c for c in body["criteria"] if c["rule"][0] == "record_count")
    pilots = [c.pilot_id for c in decision.charter.cases.all()]
    begun = Observation.objects.filter(measure__pilot__in=pilots, at__date__gte=decision.charter.starts_on)
    known = begun.filter(received_at__lte=pack.as_of).count()
    assert int(float(cases["value"])) == known < begun.count()
    answered = OpenQuestion.objects.filter(charter=decision.charter, answered_on__lte=pack.as_of.date())
    assert body["questions"]["answered"] == answered.count()


def _every_single_text_stands_in_both_languages():
    texts = [t for d in Decision.objects.all() for t in (d.rationale, d.scope, d.terms.get("summary", ""))]
    texts += list(OpenQuestion.objects.values_list("evidence", flat=True))
    texts += list(Charter.objects.values_list("exit_plan", flat=True))
    texts += [sentence for note in BoxNote.objects.all() for sentence in (*note.aspects.values(), *note.sources)]
    texts += list(Evidence.objects.values_list("label", flat=True))
    assert [t for t in texts if t and not (HAN.search(t) and re.search("[a-z]{3}", t))] == []


def _the_data_of_the_flagships_is_known_to_be_free():
    flagships = Candidate.objects.filter(state="flagship")
    sources = DataSource.objects.filter(system__candidates__in=flagships)
    assert sources.exists() and not sources.filter(by_program="unknown").exists()
    assert not sources.filter(how_often="unknown").exists()


def _dirt_is_left_in():
    silent = [c for c in RuntimeConnection.objects.all() if freshness(c).word == "silent"]
    assert [c.name for c in silent] == ["Dify trial"] and freshness(silent[0]).age.days >= 2
    newest = SyncRun.objects.filter(connection__name="Dify Shanghai").order_by("-created_at").first()
    assert newest.days_written == 0 and newest.days_unchanged > 0
    assert ChangeNote.objects.filter(text_en__contains="without telemetry").exists()


def _the_journey_warns_of_nothing_false():
    boxes = read_journey(Unit.objects.get(code="CN")).boxes
    assert [w for b in boxes for w in b.warnings if b.code in ("A4", "CH")] == []
    assert all(b.first_on is None or b.first_on <= clock.today("Asia/Shanghai") for b in boxes)


def _the_pains_come_from_a_workshop_of_fourteen(demo):
    first = Workshop.objects.get(state="published")
    assert (first.cards.count(), first.clusters.on_the_table().count()) == (31, 18)
    assert [text for text in first.cards.values_list("text", flat=True) if warnings(text)] == []
    result = visible_results(first, demo.actor("architect"))["result"]
    assert (result["ballots"], result["roll"]) == (12, 14)
    voted = [item for item in result["items"] if item["points"]]
    assert len(voted) == 7
    split = [Pain.objects.get(key=item["id"]).title_en for item in voted if item["split"]]
    assert len(split) == 1 and split[0].startswith("Night alerts")
    inventory = first.rounds.sealed().get().inventory
    assert (inventory.key, inventory.count) == ("INV-CN-v1", 18)
    assert set(Pain.objects.values_list("source", flat=True)) == {"card"}
    assert not Pain.objects.filter(state__in=["raw", "clustered"]).exists()


def _a_second_workshop_waits_for_its_review(demo):
    assert Workshop.objects.exclude(state="published").get().state == "review"
    cards = [card for card in today_cards(demo.actor("architect")) if card.code == "workshop.review"]
    assert [str(card.why) for card in cards] == ["18 pains, 3 over the line"]
    assert not any(card.code == "workshop.review" for card in today_cards(demo.actor("engineer")))
