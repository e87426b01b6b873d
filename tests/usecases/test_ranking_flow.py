"""From a draft to chosen flagships: locks, blindness of the services, the frozen record, who may choose what."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from foundation.audit.models import AuditEvent
from foundation.canonical import digest
from foundation.errors import Invalid, NotPermitted, NotReady
from tests.usecases.builders import (
    a_candidate,
    a_ranking,
    a_selection,
    an_open_ranking,
    approve,
    scores,
)
from tests.usecases.test_services import codes
from tests.world import World, actor
from usecases import services
from usecases.checks import flagship_reasons
from usecases.models import Candidate, Criterion, FlagshipSelection, FlagshipSlot, RankingSnapshot, Score
from usecases.recompute import check_snapshot
from usecases.selectors import flagships, latest_selection

WEIGHTS = {"C1": 25, "C2": 15, "C3": 15, "C4": 20, "C5": 10, "C6": 15}


def test_the_preset_points_sum_to_100_and_other_weights_need_the_right_people_and_sum(world: World) -> None:
    ranking = a_ranking(world, [a_candidate(world)])
    assert {c.code: c.weight for c in ranking.criteria.all()} == WEIGHTS
    with pytest.raises(NotPermitted):
        services.weigh_criteria(actor=actor(world.facilitator), ranking=ranking, weights=WEIGHTS, reason="Mine")
    with pytest.raises(Invalid) as refused:
        services.weigh_criteria(actor=actor(world.cio), ranking=ranking, weights={**WEIGHTS, "C1": 26}, reason="More")
    assert codes(refused) == {"weights_not_100"}
    moved = {**WEIGHTS, "C1": 20, "C6": 20}
    services.weigh_criteria(actor=actor(world.cio), ranking=ranking, weights=moved, reason="Learning first")
    assert ranking.criteria.get(code="C6").weight == 20


def test_weights_that_do_not_sum_to_100_keep_scoring_closed(world: World) -> None:
    ranking = a_ranking(world, [a_candidate(world)])
    Criterion.objects.filter(ranking=ranking, code="C1").update(weight=24)
    with pytest.raises(NotReady) as refused:
        services.start_scoring(actor=actor(world.facilitator), ranking=ranking)
    assert codes(refused) == {"weights_not_100"}


def test_an_idea_and_a_panel_of_two_are_named_together(world: World) -> None:
    idea = services.draft_candidate(actor=actor(world.architect), unit=world.cn, channel="A9", title_en="Idea")
    ranking = a_ranking(world, [idea], "alone", panel=[world.architect, world.cio])
    with pytest.raises(NotReady) as refused:
        services.start_scoring(actor=actor(world.facilitator), ranking=ranking)
    assert codes(refused) == {"not_shaped", "panel_size"}


def test_nothing_changes_once_scoring_has_started(world: World) -> None:
    who, candidate = actor(world.facilitator), a_candidate(world)
    ranking = services.start_scoring(actor=who, ranking=a_ranking(world, [candidate]))
    for call in (
        lambda: services.edit_ranking(actor=who, ranking=ranking, title_en="x", mode="alone", candidates=[candidate]),
        lambda: services.weigh_criteria(actor=actor(world.cio), ranking=ranking, weights=WEIGHTS, reason="late"),
        lambda: services.start_scoring(actor=who, ranking=ranking),
    ):
        with pytest.raises(NotReady) as refused:
            call()
        assert codes(refused) == {"locked"}
    with pytest.raises(DatabaseError), transaction.atomic():
        Criterion.objects.filter(ranking=ranking).update(weight=1)


def test_scores_off_the_scale_are_all_named_and_none_is_saved(world: World) -> None:
    who, candidate = actor(world.facilitator), a_candidate(world)
    ranking = services.start_scoring(actor=who, ranking=a_ranking(world, [candidate]))
    bad: dict[str, Any] = {candidate.key: {"C1": 6, "C2": 0, "C3": True, "C4": 2.5, "C9": 1}, "UC-999": {"C1": 3}}
    with pytest.raises(Invalid) as refused:
        services.save_scores(actor=who, ranking=ranking, scores=bad)
    assert len(refused.value.reasons) == 6
    assert not Score.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        scorer = ranking.scorers.get()
        entry, criterion = ranking.entries.get(), ranking.criteria.first()
        Score.objects.create(ranking=ranking, scorer=scorer, entry=entry, criterion=criterion, value=6)


def test_each_scores_alone_and_only_the_panel(world: World) -> None:
    candidate = a_candidate(world)
    ranking = services.start_scoring(actor=actor(world.facilitator), ranking=a_ranking(world, [candidate], "alone"))
    sheet = scores([candidate], [3, 3, 3, None, 3, 3])
    for person in (world.cio, world.facilitator):
        with pytest.raises(NotPermitted):
            services.save_scores(actor=actor(person), ranking=ranking, scores=sheet)
    saved = services.save_scores(actor=actor(world.ops_engineer), ranking=ranking, scores=sheet)
    assert saved.done
    entry = AuditEvent.objects.get(verb="ranking.scored")
    assert entry.actor_id == "" and "Engineer" not in entry.actor_label
    assert entry.before == entry.after == {}
    with pytest.raises(NotReady) as refused:
        services.open_ranking(actor=actor(world.facilitator), ranking=ranking)
    assert codes(refused) == {"panel_incomplete"}
    with pytest.raises(NotReady) as refused:  # one sheet alone would show what its scorer wrote unseen
        services.open_ranking(actor=actor(world.facilitator), ranking=ranking, incomplete=True)
    assert codes(refused) == {"too_few_sheets"}


def test_a_token_cannot_score(world: World) -> None:
    candidate = a_candidate(world)
    ranking = services.start_scoring(actor=actor(world.facilitator), ranking=a_ranking(world, [candidate], "alone"))
    with pytest.raises(NotPermitted) as refused:
        services.save_scores(actor=actor(world.architect, "rest"), ranking=ranking, scores={})
    assert codes(refused) == {"binding_act"}


def test_opening_computes_totals_ranks_and_reasons(world: World) -> None:
    good, poor = a_candidate(world, "Good"), a_candidate(world, "Poor", "A8", owner=None, staff_data="unknown")
    approve(world)
    ranking = an_open_ranking(world, [good, poor], [5, 5, 5, 5, 5, 5], [1, 1, 1, 1, 1, 1])
    output = ranking.result["output"]
    assert output["totals"] == {good.key: "100.000000", poor.key: "0.000000"}
    assert output["ranks"] == {good.key: 1, poor.key: 2}
    assert output["eligible"]["order"] == [good.key]
    failed = set(output["eligible"]["not_eligible"][poor.key])
    assert failed == {"gate:C3", "blocked:owner", "blocked:staff_data"}
    assert "bootstrap" not in output and "close_call" not in output


def test_a_category_nobody_asked_approval_for_blocks(world: World) -> None:
    candidate = a_candidate(world)
    output = an_open_ranking(world, [candidate]).result["output"]
    assert output["eligible"]["not_eligible"] == {candidate.key: ["blocked:categories"]}


def test_voiding_returns_to_draft_and_the_scores_never_count_again(world: World) -> None:
    candidate = a_candidate(world)
    ranking = an_open_ranking(world, [candidate])
    voided = services.void_ranking(actor=actor(world.facilitator), ranking=ranking, reason="Wrong weights")
    assert (voided.state, voided.result_text) == ("draft", "")
    assert Score.objects.filter(voided_at=None).count() == 0 < Score.objects.count()
    again = services.start_scoring(actor=actor(world.facilitator), ranking=voided)
    services.save_scores(actor=actor(world.facilitator), ranking=again, scores=scores([candidate], [2] * 6))
    opened = services.open_ranking(actor=actor(world.facilitator), ranking=again)
    assert opened.result["output"]["totals"] == {candidate.key: "25.000000"}


def frozen(world: World) -> tuple[FlagshipSelection, list[Candidate]]:
    chosen = [a_candidate(world, "Health check", "A8"), a_candidate(world, "Triage", "A9")]
    return a_selection(world, chosen), chosen


def test_choosing_freezes_the_ranking_and_marks_the_flagships(world: World) -> None:
    selection, chosen = frozen(world)
    snapshot = selection.snapshot
    assert snapshot.key == "R-0001" and snapshot.digest == digest(snapshot.body)
    assert [c.key for c in flagships(world.cn)] == [c.key for c in chosen]
    assert latest_selection(world.cn) == selection
    for candidate in chosen:
        assert list(flagship_reasons(Candidate.objects.get(pk=candidate.pk))) == []
    facts = snapshot.facts
    assert facts["schema"] == "ranking-snapshot/1" and facts["chosen"] == [c.key for c in chosen]
    assert {"input", "output", "method"} <= set(facts) and "close_call" not in facts["output"]
    assert "dissent" not in facts and "override_reason" not in facts


def test_no_row_leads_from_a_score_to_a_person_after_freezing(world: World) -> None:
    candidate = a_candidate(world)
    approve(world)
    who = actor(world.facilitator)
    ranking = services.start_scoring(actor=who, ranking=a_ranking(world, [candidate], "alone"))
    for number, person in enumerate((world.architect, world.pilot_lead, world.ops_engineer), start=3):
        sheet = scores([candidate], [number] * 6)
        services.save_scores(actor=actor(person), ranking=ranking, scores=sheet)
    before = set(Score.objects.values_list("pk", flat=True))
    ranking = services.open_ranking(actor=who, ranking=ranking)
    snapshot = services.freeze_ranking(actor=actor(world.cio), ranking=ranking)
    assert set(Score.objects.values_list("scorer_id", flat=True)) == {None}
    assert not before & set(Score.objects.values_list("pk", flat=True))
    assert len(set(Score.objects.values_list("created_at", flat=True))) == 1
    body = snapshot.body
    people = (world.architect, world.pilot_lead, world.ops_engineer)
    assert not any(str(p.pk) in body or p.name in body or p.email in body for p in people)
    assert sorted(snapshot.facts["input"]["scorers"]) == ["S1", "S2", "S3"]


def test_another_choice_needs_a_reason_and_keeps_it(world: World) -> None:
    chosen = [a_candidate(world, "Health check", "A8"), a_candidate(world, "Triage", "A9")]
    approve(world)
    ranking = an_open_ranking(world, chosen)
    who = actor(world.ops_head)
    with pytest.raises(Invalid) as refused:
        services.select_flagships(actor=who, ranking=ranking, chosen=chosen[:1])
    assert codes(refused) == {"override_reason"}
    assert not RankingSnapshot.objects.exists()
    selection = services.select_flagships(actor=who, ranking=ranking, chosen=chosen[:1], reason="One team only")
    assert selection.override_reason == "One team only"
    assert set(selection.facts["not_chosen"]) == {chosen[1].key}


def test_a_third_flagship_is_refused_by_the_service_and_by_the_database(world: World) -> None:
    three = [a_candidate(world, f"Case {i}") for i in range(3)]
    approve(world)
    ranking = an_open_ranking(world, three)
    with pytest.raises(Invalid) as refused:
        services.select_flagships(actor=actor(world.cio), ranking=ranking, chosen=three, reason="All")
    assert codes(refused) == {"one_or_two"}
    selection = services.select_flagships(actor=actor(world.cio), ranking=ranking, chosen=three[:2], reason="Two A9")
    for slot in (1, 3):
        with pytest.raises(IntegrityError), transaction.atomic():
            FlagshipSlot.objects.create(selection=selection, slot=slot, candidate=three[2])


def test_a_candidate_that_is_not_eligible_cannot_be_chosen(world: World) -> None:
    blocked = a_candidate(world, "No owner", owner=None)
    approve(world)
    ranking = an_open_ranking(world, [blocked])
    with pytest.raises(Invalid) as refused:
        services.select_flagships(actor=actor(world.cio), ranking=ranking, chosen=[blocked], reason="Anyway")
    assert codes(refused) == {"not_eligible"}


def test_only_the_head_of_operations_and_the_cio_choose(world: World) -> None:
    candidate = a_candidate(world)
    approve(world)
    ranking = an_open_ranking(world, [candidate])
    for person in (world.architect, world.facilitator, world.pilot_lead, world.system_admin):
        with pytest.raises(NotPermitted):
            services.select_flagships(actor=actor(person), ranking=ranking, chosen=[candidate])


def test_a_new_selection_supersedes_and_the_old_flagship_steps_down(world: World) -> None:
    selection, (first, second) = frozen(world)
    third = a_candidate(world, "Third")
    ranking = an_open_ranking(world, [Candidate.objects.get(pk=second.pk), third], [1] * 6, [5] * 6)
    again = services.select_flagships(actor=actor(world.cio), ranking=ranking, chosen=[third])
    assert again.predecessor == selection
    assert [c.key for c in flagships(world.cn)] == [third.key]
    states = {c.key: c.state for c in Candidate.objects.all()}
    assert (states[first.key], states[second.key], states[third.key]) == ("ranked", "ranked", "flagship")


@pytest.mark.parametrize("table", ["rankingsnapshot", "flagshipselection", "flagshipslot"])
def test_raw_sql_cannot_change_what_was_decided(world: World, table: str) -> None:
    frozen(world)
    for sql in (f"UPDATE usecases_{table} SET id = '{uuid.uuid4().hex}'", f"DELETE FROM usecases_{table}"):  # noqa: S608
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_raw_sql_cannot_change_the_scores_of_a_frozen_ranking(world: World) -> None:
    frozen(world)
    for sql in ("UPDATE usecases_score SET value = 1", "DELETE FROM usecases_score"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_a_snapshot_recomputes_equal_and_one_changed_digit_is_named(world: World, tmp_path: Path) -> None:
    selection, chosen = frozen(world)
    assert check_snapshot(selection.snapshot.facts) is None
    good, bad, fewer = (tmp_path / name for name in ("good.json", "bad.json", "fewer.json"))
    good.write_text(selection.snapshot.body, encoding="utf-8")
    facts = json.loads(selection.snapshot.body)
    del facts["output"]["equal_weights"]
    fewer.write_text(json.dumps(facts), encoding="utf-8")
    facts["output"]["totals"][chosen[0].key] = "75.000001"
    bad.write_text(json.dumps(facts), encoding="utf-8")
    call_command("rank", check=str(good))
    call_command("rank", check=str(fewer))
    with pytest.raises(SystemExit) as differs:
        call_command("rank", check=str(bad))
    assert differs.value.code == 4


def test_the_rank_command_names_every_fault_of_its_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"criteria": [], "extra": 1, "scores": {}}', encoding="utf-8")
    with pytest.raises(SystemExit) as refused:
        call_command("rank", str(broken))
    assert refused.value.code == 2
    paths = {e["path"] for e in json.loads(capsys.readouterr().err)}
    assert {"criteria", "extra", "scale", "candidates"} <= paths
    for text in ("not json", '{"a": 1, "a": 2}', '{"seed": NaN}'):
        broken.write_text(text, encoding="utf-8")
        with pytest.raises(SystemExit) as unreadable:
            call_command("rank", str(broken))
        assert unreadable.value.code == 2


def test_the_rank_command_writes_the_canonical_form_with_its_digest(tmp_path: Path, capsys: Any) -> None:
    given = {
        "criteria": [{"key": "C1", "weight": 60}, {"key": "C2", "weight": 40}], "scale": [1, 5], "seed": 7,
        "scorers": ["S1", "S2", "S3"], "gates": [{"criterion": "C1", "min_mean": 2}],
        "candidates": [{"key": "A", "channel": "A8"}, {"key": "B", "channel": "A9"}, {"key": "D", "channel": "A9"}],
        "scores": {"S1": [[5, 2], [3, 4], [2, 1]], "S2": [[4, 3], [4, 4], [1, 2]], "S3": [[4, 2], [3, 5], [2, None]]},
    }  # fmt: skip
    source, out = tmp_path / "in.json", tmp_path / "out.json"
    source.write_text(json.dumps(given), encoding="utf-8")
    call_command("rank", str(source), out=str(out), canonical=True)
    text = out.read_text(encoding="utf-8")
    assert json.loads(text)["totals"] == {"A": "63.333333", "B": "68.333333", "D": "15.000000"}
    assert capsys.readouterr().out.strip() == digest(text)
