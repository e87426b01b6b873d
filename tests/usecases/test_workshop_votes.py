"""Votes: blind, changeable, steps back lose nothing, other items make another vote."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.db import connection

from foundation import clock
from foundation.audit.models import AuditEvent
from foundation.errors import Invalid, NotReady, NotVisible, Stale
from foundation.jobs.models import Job
from tests.usecases.staging import FIXTURES, Stage
from tests.usecases.workshops import a_collecting
from usecases.services import workshops as act
from usecases.workshop_own import own_state
from usecases.workshop_preview import preview
from usecases.workshop_view import visible_results

pytestmark = [pytest.mark.django_db, pytest.mark.services]
played, stage, _django_db_helper = FIXTURES


def ballot(play, seat: int = 0):
    return own_state(play.now, play.seats[seat])["ballot"]


def points(play, seat: int = 0) -> dict[str, int]:
    return {i["title"]["en"]: i["points"] for i in ballot(play, seat)["items"] if i["points"]}


def turnout(play) -> dict[str, int]:
    return visible_results(play.now, play.run)["turnout"]


# --- a ballot ------------------------------------------------------------------------------------------------------


def test_the_last_valid_save_wins_and_a_bad_one_saves_nothing(stage: Stage) -> None:
    play = stage.voting
    play.vote(5, {"A": 4, "B": 1})
    play.vote(5, {"C": 2})
    for bad, code in (
        ({"C": 5}, "over_cap"), ({"A": 4, "B": 4, "C": 3}, "over_budget"), ({"C": -1}, "not_whole"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            play.vote(5, bad)
        assert refused.value.code == code
    with pytest.raises(Invalid) as refused:
        play.cast(5, {str(uuid.uuid4()): 1})
    assert refused.value.code == "unknown_item"
    assert points(play, 5) == {"C": 2} and ballot(play, 5)["left"] == 8
    assert turnout(play) == {"voted": 6, "roll": 6} and play.round.ballots.count() == 6


def test_a_repeated_ballot_is_the_same_ballot_and_rev_follows_turnout_only(stage: Stage) -> None:
    play, rev = stage.voting, stage.voting.now.rev
    first = play.vote(5, {"A": 1})
    assert play.now.rev == rev + 1
    assert play.vote(5, {"A": 1}).pk == first.pk and play.vote(5, {"B": 1}).pk == first.pk
    assert play.now.rev == rev + 1


def test_the_belief_question_is_optional(stage: Stage) -> None:
    play = stage.voting
    play.vote(5, {"A": 1}, belief="unsure")
    assert ballot(play, 5)["belief"] == "unsure"
    with pytest.raises(Invalid):
        play.vote(5, {"A": 1}, belief="maybe")


def test_items_are_ordered_for_each_seat_and_not_by_votes(stage: Stage) -> None:
    play = a_collecting(stage.world)
    for n in range(8):
        play.write(f"item {n}", n % 6)
    play.step("reveal")
    play.step("open_vote")
    orders = [[i["id"] for i in ballot(play, seat)["items"]] for seat in range(6)]
    assert len({tuple(o) for o in orders}) > 1 and [i["id"] for i in ballot(play, 0)["items"]] == orders[0]
    assert all(sorted(o) == sorted(orders[0]) for o in orders)


def test_the_order_of_a_phone_is_not_kept_in_its_ballot(stage: Stage) -> None:
    play = stage.voting
    items = play.round.items
    ballots = [play.cast(5, dict.fromkeys(order, 1)) for order in (items[::-1], items)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT choices FROM usecases_ballot WHERE secret_hash = %s", [ballots[0].secret_hash])
        (text,) = cursor.fetchone()
    kept = list(json.loads(text) if isinstance(text, str) else text)
    assert kept == sorted(items) if connection.vendor == "postgresql" else kept == items


def test_a_latecomer_votes_in_the_next_vote_and_a_stranger_never(stage: Stage) -> None:
    play = stage.voting
    play.join()
    with pytest.raises(NotReady) as refused:
        play.vote(6, {"A": 1})
    assert refused.value.code == "not_on_the_roll" and not ballot(play, 6)["on_the_roll"]
    play.seats.append(stage.collecting.seats[0])
    with pytest.raises(NotVisible):
        play.vote(7, {"A": 1})
    play.step("close_vote")
    play.step("vote_again", reason="with everybody")
    play.vote(6, {"A": 1})


def test_the_wrong_phase_is_told(stage: Stage) -> None:
    for play in (stage.clustering, stage.reviewing):
        with pytest.raises(NotReady) as refused:
            play.cast(0, {}, round_id=uuid.uuid4())
        assert refused.value.code == "wrong_phase"


def test_few_items_lower_the_budget(stage: Stage) -> None:
    play = a_collecting(stage.world)
    play.write("A")
    play.write("B", 1)
    play.step("reveal")
    play.step("open_vote")
    assert play.round.budget == 8
    play.vote(0, {"A": 4, "B": 4})


# --- back and forth ------------------------------------------------------------------------------------------------


def test_a_step_back_and_forth_over_the_same_items_loses_no_vote(stage: Stage) -> None:
    play, before = stage.voting, {n: points(stage.voting, n) for n in range(5)}
    first, version = play.round.pk, play.now.version
    play.step("recluster", version=version)
    op = play.merge("A", "B")
    act.reword_cluster(actor=play.run, workshop=play.now, cluster=play.id("C"), title_en="C")
    act.undo_cluster_op(actor=play.run, workshop=play.now, op=op.pk)
    assert preview(play.now, "open_vote").facts["resumes"]
    play.step("open_vote")
    assert play.round.pk == first and {n: points(play, n) for n in range(5)} == before
    assert turnout(play) == {"voted": 5, "roll": 6}


def test_other_items_make_another_vote_and_old_points_are_only_proposed(stage: Stage) -> None:
    play, first = stage.voting, stage.voting.round
    play.step("recluster")
    play.merge("A", "B")
    assert preview(play.now, "open_vote").facts["supersedes"] == 1
    play.step("open_vote")
    first.refresh_from_db()
    assert first.superseded_at and play.round.number == 2 and turnout(play) == {"voted": 0, "roll": 6}
    assert points(play, 0) == {"A": 4, "D": 2} and ballot(play, 0)["is_proposal"]  # 4 + 4, capped
    assert not play.round.ballots.exists()
    play.vote(0, points(play, 0))
    assert not ballot(play, 0)["is_proposal"]
    with pytest.raises(NotReady) as refused:
        play.cast(1, {}, round_id=first.pk)  # a phone that still shows the old vote
    assert refused.value.code == "other_round"
    play.step("close_vote")
    assert not first.ballots.exists() and not first.roll.exists()
    assert [r["round"] for r in (visible_results(play.now, play.run)["result"],)] == [2]
    assert visible_results(play.now, play.run)["earlier"] == []


def test_a_vote_that_rests_longer_than_a_day_is_over(stage: Stage) -> None:
    play = stage.voting
    play.step("recluster")
    with clock.pinned(clock.now() + timedelta(hours=25)):
        assert not preview(play.now, "open_vote").facts["resumes"]
        play.step("open_vote")
        assert play.round.number == 2 and points(play, 0) == {"A": 4, "B": 4, "D": 2}


def test_voting_again_begins_blank_and_hides_the_earlier_result(stage: Stage) -> None:
    play = stage.reviewing
    with pytest.raises(Invalid):
        play.step("vote_again", reason=" ")
    play.step("vote_again", reason="B was misread")
    shown = visible_results(play.now, play.run)
    assert "result" not in shown and "earlier" not in shown and points(play, 0) == {}
    play.vote(0, {"B": 4})
    play.step("recluster")
    assert "result" not in visible_results(play.now, play.run)
    play.step("open_vote")
    play.step("close_vote")
    shown = visible_results(play.now, play.run)
    assert (shown["result"]["round"], shown["result"]["reason"]) == (2, "B was misread")
    assert [r["round"] for r in shown["earlier"]] == [1] and shown["result"]["items"][0]["title"]["en"] == "B"


def test_a_vote_nobody_took_part_in_is_not_closed(stage: Stage) -> None:
    play = stage.clustering
    play.step("open_vote")
    with pytest.raises(NotReady) as refused:
        play.step("close_vote")
    assert refused.value.code == "no_ballots"


# --- paper ---------------------------------------------------------------------------------------------------------


def test_paper_ballots_are_typed_for_paper_seats_on_the_roll(stage: Stage) -> None:
    play = stage.clustering
    act.add_paper_seats(actor=play.run, workshop=play.now, count=2)
    play.step("open_vote")
    with pytest.raises(NotReady):
        act.add_paper_seats(actor=play.run, workshop=play.now, count=1)
    args = {"actor": play.run, "round_id": play.round.pk}
    a, b = str(play.id("A")), str(play.id("B"))
    act.type_paper_ballots(workshop=play.now, ballots=[{a: 4}, {b: 3}], **args)
    act.type_paper_ballots(workshop=play.now, ballots=[{a: 4}, {b: 2}], **args)  # typed again: replaced
    play.vote(0, {"A": 1})
    assert turnout(play) == {"voted": 3, "roll": 8} and play.round.ballots.count() == 3
    for bad in ([{a: 1}] * 3, [{a: 9}]):
        with pytest.raises(Invalid):
            act.type_paper_ballots(workshop=play.now, ballots=bad, **args)
    with pytest.raises(Stale):
        act.type_paper_ballots(workshop=play.now, ballots=[], version=play.now.version - 1, **args)
    play.step("close_vote")
    result = {i["title"]["en"]: i["points"] for i in visible_results(play.now, play.run)["result"]["items"]}
    assert (result["A"], result["B"]) == (5, 2)


def test_ballots_leave_nothing_beside_them(stage: Stage) -> None:
    play, entries, jobs = stage.voting, AuditEvent.objects.count(), Job.objects.count()
    play.vote(5, {"A": 1}, done=True)
    assert (AuditEvent.objects.count(), Job.objects.count()) == (entries, jobs)
