"""Who sees what of a workshop: one function, every phase, every kind of looker."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from foundation import clock
from tests.usecases.staging import FIXTURES, Stage
from tests.usecases.workshops import Play, a_collecting, a_workshop
from tests.world import actor
from usecases.models import Workshop
from usecases.seats import new_secret, pass_of
from usecases.services import workshops as act
from usecases.workshop_news import _listeners, listen
from usecases.workshop_own import own_state
from usecases.workshop_table import followed_card
from usecases.workshop_view import VIEWS, interval, kind_of, may_open, rev_of, snapshot, time_left, visible_results

pytestmark = [pytest.mark.django_db, pytest.mark.services]
played, stage, _django_db_helper = FIXTURES
CANARY = "Zebrafink"


def text_of(shown: Any) -> str:
    return json.dumps(shown, default=str, ensure_ascii=False)


def lookers(play: Play, stage: Stage) -> dict[str, Any]:
    """Everybody who might look; sponsor and observer are named in the workshop."""
    world = stage.world
    named = {"sponsor": world.ops_head, "observer": world.architect, "scribe": world.analyst}
    act.edit_workshop(actor=play.run, workshop=play.now, **named)
    people = {name: actor(user) for name, user in named.items()}
    people |= {role: actor(user) for role, user in world.people.items()} | {"facilitator": play.run}
    return people | {"seat": play.seats[0], "stranger": stage.voting.seats[0], **{v: v for v in VIEWS}}


def test_kinds_of_lookers(stage: Stage) -> None:
    play = stage.collecting
    found = {name: kind_of(play.now, who) for name, who in lookers(play, stage).items()}
    expected = {
        "facilitator": "desk", "scribe": "desk", "seat": "phone", "stranger": "", "sponsor": "sponsor",
        "observer": "reader", "architect": "reader", "reader": "reader", "outsider": "", "cio": "reader",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    play_of = lookers(play, stage)
    assert may_open(play.now, play_of["facilitator"], "board") and may_open(play.now, play_of["seat"], "phone")
    assert not may_open(play.now, play_of["seat"], "desk") and not may_open(play.now, play_of["reader"], "board")
    assert not may_open(play.now, play_of["outsider"], "")


def test_no_text_is_seen_by_anybody_while_cards_are_collected(stage: Stage) -> None:
    play = stage.collecting
    play.write(f"{CANARY} copies figures", 1)
    for name, who in lookers(play, stage).items():
        assert CANARY not in text_of(visible_results(play.now, who)), name
    for view in (*VIEWS, "sponsor", "reader"):
        assert CANARY not in text_of(snapshot(play.now, view)), view
    assert CANARY not in text_of(own_state(play.now, play.seats[0]))
    assert CANARY in text_of(own_state(play.now, play.seats[1]))
    assert visible_results(play.now, play.run)["cards"] == 1


def test_counts_only_while_collecting(stage: Stage) -> None:
    play = stage.collecting
    play.write("one")
    common = {"phase", "purpose"}
    assert set(visible_results(play.now, "phone")) - common == {"cards"}
    assert set(visible_results(play.now, "board")) - common == {"cards", "seats"}
    desk = visible_results(play.now, "desk")
    assert (desk["seats"], desk["done"], desk["suggest_round_table"]) == (6, 0, False)
    assert visible_results(a_collecting(stage.world, 3).now, "desk")["suggest_round_table"]


def test_no_points_are_seen_by_anybody_while_a_vote_is_open(stage: Stage) -> None:
    play = stage.voting
    for name, who in lookers(play, stage).items():
        shown = visible_results(play.now, who)
        assert not {"result", "earlier", "clusters"} & set(shown), name
        assert "points" not in text_of(shown) and '"rank"' not in text_of(shown), name
        if kind_of(play.now, who) in VIEWS:
            assert shown["turnout"] == {"voted": 5, "roll": 6}, name
        else:
            assert "turnout" not in shown, name
    assert "items" in visible_results(play.now, "phone") and "items" not in visible_results(play.now, "board")
    own = [i["points"] for i in own_state(play.now, play.seats[0])["ballot"]["items"]]
    assert sorted(own) == [0, 2, 4, 4]


@pytest.mark.parametrize("phase", ["collecting", "clustering", "voting", "reviewing"])
def test_an_observer_and_other_readers_see_nothing_before_it_is_published(stage: Stage, phase: str) -> None:
    play = getattr(stage, phase)
    people = lookers(play, stage)
    for name in ("observer", "reader", "cio", "outsider", "stranger"):
        if not (name == "stranger" and phase == "voting"):
            assert visible_results(play.now, people[name]) == {}, name
    sponsor = visible_results(play.now, people["sponsor"])
    assert ("result" in sponsor) == (phase == "reviewing") and sponsor["purpose"]["acknowledged_as"]


def test_all_see_the_same_cards_without_an_author_when_they_are_shown(stage: Stage) -> None:
    play = stage.clustering
    phone, desk, board = (visible_results(play.now, v) for v in VIEWS[:1] + ("desk", "board"))
    assert phone["clusters"] == desk["clusters"] == board["clusters"] and len(phone["clusters"]) == 5
    assert set(phone["clusters"][0]["cards"][0]) == {"id", "text", "redacted"}
    assert "suggestions" in desk and "suggestions" not in phone


def test_a_closed_vote_is_shown_with_all_figures(stage: Stage) -> None:
    result = visible_results(stage.reviewing.now, "board")["result"]
    best = result["items"][0]
    assert (best["title"]["en"], best["points"], best["voters"], best["effective"]) == ("C", 15, 4, Decimal("3.947368"))
    assert (result["unspent"], result["agreement"]) == (Decimal("0.040000"), Decimal("0.059091"))
    assert (result["agreement_word"], result["turnout"]) == ("weak", Decimal("0.833333"))
    assert [i["title"]["en"] for i in result["items"] if i["split"]] == ["B"]


def test_below_five_ballots_points_and_ranks_only(stage: Stage) -> None:
    play = stage.clustering
    play.step("open_vote")
    for seat in range(4):
        play.vote(seat, {"A": 4, "B": seat}, belief="yes")
    play.step("close_vote")
    result = visible_results(play.now, play.run)["result"]
    assert result["small_group"] and [i["points"] for i in result["items"][:2]] == [16, 6]
    hidden = {"voters", "effective", "histogram", "split"}
    assert all(item[name] is None for item in result["items"] for name in hidden)
    assert [result[n] for n in ("unspent", "agreement", "agreement_word", "belief")] == [None, None, "", None]
    play.name_owners(stage.world.team, "AB")
    frozen = play.step("publish").facts["vote"]["rounds"][0]
    assert all(item[name] is None for item in frozen["items"] for name in hidden) and frozen["unspent"] is None


def test_counts_of_the_belief_are_suppressed_so_that_nobody_is_meant(stage: Stage) -> None:
    play = a_collecting(stage.world, seats=22)
    play.write("A")
    play.write("B", 1)
    play.step("reveal")
    play.step("open_vote")
    for seat in range(22):
        play.vote(seat, {"A": 1}, belief="yes" if seat < 12 else "no" if seat < 19 else "unsure")
    play.step("close_vote")
    assert visible_results(play.now, "board")["result"]["belief"] == {"yes": 12, "no": None, "unsure": None}


def test_what_was_published_stays_as_frozen_and_every_reader_sees_it(stage: Stage) -> None:
    play = stage.reviewing
    play.name_owners(stage.world.team, "ABCD")
    open_result = visible_results(play.now, "phone")["result"]
    inventory = play.step("publish")
    people = lookers_of_the_end(stage)
    for who in (*people.values(), play.seats[0], "board"):
        shown = visible_results(play.now, who)
        assert shown["inventory"] == inventory.key
        same = [n for n in open_result if n != "items"]
        assert {n: shown["result"][n] for n in same} == {n: open_result[n] for n in same}
        assert [(i["points"], i["effective"]) for i in shown["result"]["items"]] == [
            (i["points"], i["effective"]) for i in open_result["items"]
        ]
        assert shown["result"]["items"][0]["cards"] == [{"text": "C"}]
    assert visible_results(play.now, actor(stage.world.outsider)) == {}


def lookers_of_the_end(stage: Stage) -> dict[str, Any]:
    return {role: actor(getattr(stage.world, role)) for role in ("reader", "cio", "facilitator", "architect")}


def test_a_snapshot_holds_nothing_personal_and_the_phone_no_code(stage: Stage) -> None:
    play = stage.collecting
    play.write("mine", 0)
    phone, board = snapshot(play.now, "phone"), snapshot(play.now, "board")
    assert phone["door"] is None and board["door"]["long_code"] == play.now.long_code
    for seat in play.seats:
        assert seat.secret not in text_of(phone) and str(seat.seat_id) not in text_of(phone)
    assert (phone["rev"], phone["version"]) == (play.now.rev, play.now.version) and rev_of(play.now.key) == phone["rev"]
    assert rev_of("W-9999") is None and str(phone["question"]).startswith("What repetitive work")
    act.edit_workshop(actor=play.run, workshop=play.now, question="What do you copy by hand?")
    assert snapshot(play.now, "phone")["question"] == "What do you copy by hand?"


def test_views_ask_less_often_the_more_phones_there_are(stage: Stage) -> None:
    workshop = stage.collecting.now
    assert [interval(workshop, "phone", n) for n in (60, 61, 120, 121, 200, 250)] == [2, 3, 3, 5, 5, 5]
    assert interval(workshop, "board", 250) == 1
    workshop.mode = Workshop.Mode.DEADLINE
    assert interval(workshop, "phone", 10) == 15


def test_the_timer_stands_still_in_a_pause(stage: Stage) -> None:
    play = stage.collecting
    act.pause_workshop(actor=play.run, workshop=play.now, reason="break")
    left = time_left(play.now)
    with clock.pinned(clock.now() + timedelta(minutes=30)):
        assert time_left(play.now) == left
    assert time_left(a_workshop(stage.world).now) is None


def test_rev_rises_with_what_others_can_see_and_listeners_hear_of_it(
    stage: Stage, django_capture_on_commit_callbacks: Any
) -> None:
    play, heard = stage.collecting, []
    listen(lambda workshop, rev: heard.append((workshop, rev)))
    try:
        with django_capture_on_commit_callbacks(execute=True):
            card = play.write("one")
            rev = play.now.rev
            act.edit_card(
                actor=play.run, workshop=play.now, seat=play.seats[0], card_id=card.pk, text="two"
            )  # own text only
        assert play.now.rev == rev and heard == [(play.workshop.pk, rev)]
    finally:
        _listeners.pop()


def test_a_follow_link_opens_after_publishing_and_shows_no_more_than_the_list(stage: Stage) -> None:
    play = stage.collecting
    kept, declined = play.write("followed", 0), play.write("not followed", 0, follow=False)
    own = {c["text"]: c["follow"] for c in own_state(play.now, play.seats[0])["cards"]}
    token = own["followed"]
    assert own["not followed"] is None and token and len(token) >= 40  # long enough for logs to mask it
    play.step("reveal")
    state = own_state(play.now, play.seats[0])
    assert state["cards"] == [] and [(c["text"], c["follow"]) for c in state["followed"]] == [("followed", token)]
    assert own_state(play.now, play.seats[1])["followed"] == [] and followed_card(token) is None
    play.merge("followed", "not followed")
    Workshop.objects.filter(pk=play.workshop.pk).update(top_n=1)
    play.step("recollect")
    play.write("another", 1)
    play.step("reveal")
    play.step("open_vote")
    play.vote(0, {"followed": 4})
    play.step("close_vote")
    play.name_owners(stage.world.team, ["followed"])
    play.step("publish")
    found = followed_card(token)
    assert found is not None and found.pk == kept.pk and found.cluster and found.cluster.pain
    stranger = pass_of(play.now, new_secret())
    assert followed_card(stranger.follow_token(kept.pk)) is None
    assert followed_card(play.seats[0].follow_token(declined.pk)) is None


def test_no_follow_links_where_the_workshop_has_none(stage: Stage) -> None:
    play = a_collecting(stage.world, follow_links=False)
    play.write("x")
    assert own_state(play.now, play.seats[0])["cards"][0]["follow"] is None
