"""Merge, split, move, reword, redact and undo: table and order come back bit for bit."""

from __future__ import annotations

import random
import uuid
from typing import Any

import pytest

from accounts.actors import guest
from foundation.audit.models import AuditEvent
from foundation.errors import Invalid, NotPermitted, NotReady, NotVisible, Stale
from tests.usecases.staging import FIXTURES, Stage
from tests.usecases.workshops import Play
from tests.world import actor
from usecases.models import Card, Cluster, ClusterOp
from usecases.services import workshops as act
from usecases.workshop_table import suggested_pairs, table_facts, undoable_ops
from usecases.workshop_view import visible_results

pytestmark = [pytest.mark.django_db, pytest.mark.services]
played, stage, _django_db_helper = FIXTURES
NOT_VERSION = ("id", "title_en", "title_zh", "place", "merged_into_id")


def table(play: Play) -> Any:
    """Everything an op may change; `version` only counts how often."""
    clusters = Cluster.objects.filter(workshop=play.workshop).order_by("pk").values_list(*NOT_VERSION)
    cards = Card.objects.filter(workshop=play.workshop).order_by("pk")
    return list(clusters), list(cards.values_list("pk", "cluster_id", "place", "text", "redacted"))


def split(play: Play, text: str, *cards: str) -> ClusterOp:
    named = [Card.objects.get(workshop=play.workshop, text=c).pk for c in cards] or None
    return act.split_cluster(actor=play.run, workshop=play.now, cluster=play.id(text), cards=named)


def move(play: Play, card: str, into: str) -> ClusterOp:
    found = Card.objects.get(workshop=play.workshop, text=card)
    return act.move_card(actor=play.run, workshop=play.now, card=found.pk, into=play.id(into))


def undo(play: Play, op: ClusterOp) -> ClusterOp:
    return act.undo_cluster_op(actor=play.run, workshop=play.now, op=op.pk)


def groups(play: Play) -> dict[str, list[str]]:
    return {c["title"]["en"]: [card["text"] for card in c["cards"]] for c in table_facts(play.now)}


def test_cards_lie_alone_at_first_in_an_order_that_is_not_that_of_writing(stage: Stage) -> None:
    play = stage.collecting
    words = [f"card {n:02d}" for n in range(20)]
    for n, text in enumerate(words):
        play.write(text, n % 6)
    play.step("reveal")
    shown = list(groups(play))
    assert sorted(shown) == words and shown != words


def test_many_become_one_and_every_wording_stays(stage: Stage) -> None:
    play = stage.clustering
    play.merge("A", "B", "C")
    act.reword_cluster(actor=play.run, workshop=play.now, cluster=play.id("A"), title_en="All three", title_zh="三个")
    assert groups(play)["All three"] == ["A", "B", "C"] and set(groups(play)) == {"All three", "D", "E"}


def test_split_returns_each_card_to_the_place_it_came_from(stage: Stage) -> None:
    play = stage.clustering
    before = table(play)
    play.merge("A", "B", "C")
    split(play, "A")
    assert groups(play) == {text: [text] for text in groups(play)}
    assert {c[0] for c in table(play)[0]} == {c[0] for c in before[0]}  # no new cluster was needed


def test_a_card_whose_own_place_is_taken_gets_a_new_one(stage: Stage) -> None:
    play = stage.clustering
    play.merge("A", "B", "C")
    before = table(play)
    op = split(play, "A", "A")
    assert groups(play) == {"A": ["A"], "B": ["B", "C"], "D": ["D"], "E": ["E"]}
    undo(play, op)
    assert table(play) == before


def test_a_cluster_left_empty_is_merged_into_where_its_last_card_went(stage: Stage) -> None:
    play = stage.clustering
    move(play, "A", "B")
    assert groups(play)["B"] == ["B", "A"] and "A" not in groups(play)
    with pytest.raises(Invalid):
        move(play, "A", "B")


def test_nothing_is_taken_apart_where_one_card_lies(stage: Stage) -> None:
    play = stage.clustering
    for cards in ((), ("A",)):
        with pytest.raises(Invalid):
            split(play, "A", *cards)


def test_an_op_names_the_later_one_that_must_be_undone_first(stage: Stage) -> None:
    play = stage.clustering
    first = play.merge("A", "B")
    second = play.merge("A", "C")
    elsewhere = play.merge("D", "E")
    with pytest.raises(NotReady) as refused:
        undo(play, first)
    assert refused.value.code == "undo_later_first" and f" {second.number} " in str(refused.value)
    assert [o["free"] for o in undoable_ops(play.now)] == [True, True, False]
    undo(play, second)
    undo(play, first)
    with pytest.raises(NotReady):
        undo(play, first)
    assert groups(play)["A"] == ["A"] and undo(play, elsewhere).undone


@pytest.mark.parametrize("seed", range(3))
def test_all_ops_undone_give_exactly_the_first_table(stage: Stage, seed: int) -> None:
    play, rng = stage.clustering, random.Random(seed)
    states, ops = [table(play)], []
    while len(ops) < 10:
        op = _any_op(play, rng)
        if op is not None:
            ops.append(op)
            states.append(table(play))
    while ops:
        assert table(play) == states.pop()
        undo(play, ops.pop())
    assert table(play) == states[0]


def _any_op(play: Play, rng: random.Random) -> ClusterOp | None:
    on_table = list(play.now.clusters.on_the_table())
    cards = list(play.now.cards.order_by("pk"))
    card, one, two = rng.choice(cards), rng.choice(on_table), rng.choice(on_table)
    args: dict[str, Any] = {"actor": play.run, "workshop": play.now}
    acts = [
        lambda: act.merge_clusters(into=one.pk, others=[two.pk], **args),
        lambda: act.split_cluster(cluster=one.pk, **args),
        lambda: act.split_cluster(cluster=card.cluster_id, cards=[card.pk], **args),
        lambda: act.move_card(card=card.pk, into=two.pk, **args),
        lambda: act.reword_cluster(cluster=one.pk, title_en=f"title {rng.random()}", **args),
        lambda: act.redact_card(card=card.pk, text=f"… {rng.random()}", **args),
    ]
    try:
        return rng.choice(acts)()
    except Invalid:
        return None


def test_two_at_once_the_second_is_told_that_the_table_has_changed(stage: Stage) -> None:
    play = stage.clustering
    seen = {play.id(t): play.cluster(t).version for t in "ABC"}
    a, b, c = (play.id(t) for t in "ABC")
    act.merge_clusters(actor=play.run, workshop=play.now, into=a, others=[b], versions=seen)
    with pytest.raises(Stale):  # A is not what it was
        act.merge_clusters(actor=play.run, workshop=play.now, into=a, others=[c], versions=seen)
    with pytest.raises(Stale):  # B is not there any more
        act.merge_clusters(actor=play.run, workshop=play.now, into=b, others=[c])
    with pytest.raises(NotVisible):
        act.merge_clusters(actor=play.run, workshop=play.now, into=uuid.uuid4(), others=[c])


def test_anybody_with_a_seat_merges_unless_the_facilitator_keeps_that(stage: Stage) -> None:
    play = stage.clustering
    seat = play.seats[3]
    op = play.merge("A", "B", seat=seat)
    act.undo_cluster_op(actor=guest(), workshop=play.now, op=op.pk, seat=seat)
    act.edit_workshop(actor=play.run, workshop=play.now, merge_by="facilitator")
    with pytest.raises(NotReady):
        act.merge_clusters(
            actor=guest(), workshop=play.now, into=play.id("A"), others=[play.id("B")], seat=seat
        )  # fmt: skip
    with pytest.raises(NotVisible):
        play.merge("A", "B", seat=stage.voting.seats[0])
    for user in (stage.world.reader, stage.world.cio):
        with pytest.raises(NotPermitted):
            act.merge_clusters(actor=actor(user), workshop=play.now, into=play.id("A"), others=[play.id("B")])
    act.edit_workshop(actor=play.run, workshop=play.now, scribe=stage.world.reader)
    scribe = actor(stage.world.reader)
    act.merge_clusters(actor=scribe, workshop=play.now, into=play.id("A"), others=[play.id("B")])


def test_a_redaction_leaves_no_text_in_the_ledger_and_stands_in_nobodys_way(stage: Stage) -> None:
    play = stage.clustering
    merged = play.merge("A", "B")
    card = Card.objects.get(workshop=play.workshop, text="B")
    op = act.redact_card(actor=play.run, workshop=play.now, card=card.pk, text="…")
    entry = AuditEvent.objects.get(verb="workshop.redacted")
    assert (entry.before, entry.after, entry.data) == ({}, {}, {})
    undo(play, merged)  # moving things back brings no redacted text back
    assert groups(play)["…"] == ["…"] and Card.objects.get(pk=card.pk).redacted
    undo(play, op)
    assert Card.objects.get(pk=card.pk).text == "B"
    with pytest.raises(NotPermitted):
        act.redact_card(actor=guest(), workshop=play.now, card=card.pk, text="…")


def test_suggestions_are_never_applied_and_never_touch_what_was_made_by_hand(stage: Stage) -> None:
    play = stage.collecting
    words = ["copy vendor figures", "copy vendor figure", "copies vendor figures", "restart the server"]
    for n, text in enumerate(words):
        play.write(text, n)
    play.step("reveal")
    assert len(table_facts(play.now)) == 4
    best = suggested_pairs(play.now)[0]
    assert {best["first"], best["second"]} == {str(play.id(words[0])), str(play.id(words[1]))}
    act.keep_apart(actor=play.run, workshop=play.now, first=play.id(words[0]), second=play.id(words[1]))
    pairs = [{p["first"], p["second"]} for p in suggested_pairs(play.now)]
    assert len(pairs) == 2 and {str(play.id(words[0])), str(play.id(words[1]))} not in pairs
    play.merge(words[0], words[2], suggested=True)
    assert len(suggested_pairs(play.now)) == 0  # the two that were kept apart would come together
    play.merge(words[1], words[3])
    assert suggested_pairs(play.now) == []


# --- late merge ----------------------------------------------------------------------------------------------------


def points(play: Play) -> dict[str, tuple[int, int]]:
    result = visible_results(play.now, play.run)["result"]
    return {i["title"]["en"]: (i["points"], i["cut"]) for i in result["items"]}


def test_a_late_merge_moves_the_result_and_undo_gives_exactly_the_first_one(stage: Stage) -> None:
    play = stage.reviewing
    first, ballots = visible_results(play.now, play.run)["result"], list(play.round.ballots.order_by("id").values())
    op = play.merge("A", "B")
    assert points(play) == {"C": (15, 0), "A": (14, 6), "D": (13, 0)}
    assert list(play.round.ballots.order_by("id").values()) == ballots
    undo(play, op)
    again = visible_results(play.now, play.run)["result"]
    versions = [i.pop("version") for r in (first, again) for i in r["items"]]
    assert versions and again == first


def test_the_table_of_a_closed_vote_is_neither_split_nor_undone(stage: Stage) -> None:
    play = stage.clustering
    early = play.merge("A", "B")
    play.step("open_vote")
    play.vote(0, {"A": 4})
    play.step("close_vote")
    for attempt in (lambda: undo(play, early), lambda: split(play, "A"), lambda: move(play, "A", "C")):
        with pytest.raises(NotReady):
            attempt()
    play.step("vote_again", reason="once more")
    play.step("recluster")
    with pytest.raises(NotReady) as refused:
        undo(play, early)
    assert refused.value.code == "voted_on"
    split(play, "A")  # a new op of the new phase may
