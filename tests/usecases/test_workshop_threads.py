"""Many hands at once: no ballot over budget or cap, one step for two presses, one card for two sends."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from accounts.actors import guest
from foundation.errors import Invalid, NotReady, Refused
from tests.usecases.workshops import Play, a_clustering, a_collecting
from tests.world import World
from usecases.models import Ballot, Card, Cluster
from usecases.services import workshops as act
from usecases.workshop_view import visible_results

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]
THREADS = 4


def at_once(jobs: list[Callable[[], Any]]) -> list[Any]:
    """Results, or the refusal, in the order of the jobs; each thread takes every fourth and closes its connection."""
    found: list[Any] = [None] * len(jobs)

    def work(first: int) -> None:
        try:
            for n in range(first, len(jobs), THREADS):
                try:
                    found[n] = jobs[n]()
                except Refused as refused:
                    found[n] = refused
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    return found


def storm(play: Play, attempts: int) -> None:
    """Half of the ballots are over the cap or the budget; each seat tries again and again."""
    rng, current, workshop = random.Random(3), play.round, play.now
    items = current.items
    tried = [
        (rng.randrange(len(play.seats)), {item: rng.randint(0, 5) for item in rng.sample(items, rng.randint(0, 4))})
        for _n in range(attempts)
    ]

    def cast(seat: int, choices: dict[str, int]) -> Callable[[], Any]:
        return lambda: act.cast_ballot(
            actor=guest(), workshop=workshop, seat=play.seats[seat], round_id=current.pk, choices=choices
        )

    results = at_once([cast(*one) for one in tried])
    kinds = Counter(type(r) for r in results)
    assert set(kinds) == {Ballot, Invalid} and kinds[Invalid] > attempts // 10
    ballots = list(current.ballots.values_list("choices", flat=True))
    assert all(0 < v <= current.cap for b in ballots for v in b.values())
    assert all(sum(b.values()) <= current.budget for b in ballots)
    voters = {seat for (seat, _choices), r in zip(tried, results, strict=True) if isinstance(r, Ballot)}
    assert len(ballots) == len(voters) == current.roll.filter(voted=True).count()
    valid = [choices for (_seat, choices), r in zip(tried, results, strict=True) if isinstance(r, Ballot)]
    assert all(b in [{k: v for k, v in c.items() if v} for c in valid] for b in ballots)


def test_many_ballots_at_once(world: World) -> None:
    play = a_clustering(world, "ABCD", seats=8)
    play.step("open_vote")
    storm(play, 120)
    play.step("close_vote")
    assert visible_results(play.now, play.run)["result"]["ballots"] == 8


@pytest.mark.slow
@pytest.mark.bothdb
def test_ten_thousand_ballots_at_once(world: World) -> None:
    play = a_clustering(world, "ABCD", seats=50)
    play.step("open_vote")
    storm(play, 10_000)


def test_closing_while_people_vote_keeps_every_ballot_it_took(world: World) -> None:
    play = a_clustering(world, "ABCD", seats=12)
    play.step("open_vote")
    play.vote(0, {"A": 1})
    a, current, workshop = str(play.id("A")), play.round, play.now

    def cast(seat: int) -> Callable[[], Any]:
        return lambda: act.cast_ballot(
            actor=guest(), workshop=workshop, seat=play.seats[seat], round_id=current.pk, choices={a: 4}
        )

    jobs: list[Callable[[], Any]] = [cast(n) for n in range(1, 12)]
    jobs.insert(5, lambda: play.step("close_vote"))
    results = at_once(jobs)
    taken = 1 + sum(isinstance(r, Ballot) for r in results)
    assert play.now.state == "review" and current.ballots.count() == taken
    assert all(r.code == "wrong_phase" for r in results if isinstance(r, NotReady))
    assert set(current.ballots.values_list("secret_hash", flat=True)) == {None}


def test_two_presses_are_one_step_and_two_sends_one_card(world: World) -> None:
    play, card_id = a_collecting(world), uuid.uuid4()
    seat, workshop = play.seats[0], play.now

    def send() -> Card:
        return act.add_card(actor=guest(), workshop=workshop, seat=seat, card_id=card_id, text="Once")

    assert {c.pk for c in at_once([send] * 6)} == {card_id} and play.now.cards.count() == 1
    presses = at_once([lambda: act.reveal_cards(actor=play.run, workshop=workshop)] * 4)
    assert sum(isinstance(p, NotReady) for p in presses) == 3 and Cluster.objects.count() == 1


def test_two_merges_of_one_card_leave_one_table(world: World) -> None:
    play = a_clustering(world, "ABCDEF")
    workshop, ids = play.now, {t: play.id(t) for t in "ABCDEF"}

    def merge(into: str, other: str) -> Callable[[], Any]:
        return lambda: act.merge_clusters(actor=play.run, workshop=workshop, into=ids[into], others=[ids[other]])

    at_once([merge("A", "B"), merge("B", "C"), merge("C", "D"), merge("D", "E"), merge("E", "F"), merge("F", "A")])
    on_table = list(workshop.clusters.on_the_table())
    assert sum(c.cards.count() for c in on_table) == 6 and all(c.cards.exists() for c in on_table)
    assert [o.number for o in workshop.ops.all()] == list(range(1, workshop.ops.count() + 1))
