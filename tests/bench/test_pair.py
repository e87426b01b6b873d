"""Rounds are interleaved, spoilt ones are played again, and who did other work has no time at all."""

from __future__ import annotations

import gc

import pytest

from bench import pair
from bench.meter import Sample
from bench.pair import FLOOR, NAIVE, OURS, Bound, Figure, Wrong


class Toy(Figure):
    id, title = "P0", "a toy"
    bounds = (Bound("cpu", 2.0, "ratio"), Bound("lost", 0))
    cost = {FLOOR: 1.0, OURS: 1.5, NAIVE: 9.0}  # noqa: RUF012
    digests: dict[str, str] = {}  # noqa: RUF012
    wall = 1.0
    steals: list[float] = []  # noqa: RUF012

    def __init__(self, **changes):
        super().__init__(quick=True, engine="sqlite")
        self.__dict__.update(changes)
        self.played: list[tuple[str, int]] = []
        self.collected: list[bool] = []

    def play(self, side, *, seed):
        self.played.append((side, seed))
        self.collected.append(gc.isenabled())
        steal = self.steals.pop(0) if self.steals else 0.0
        digest = self.digests.get(side, "same")
        return Sample(self.cost[side], self.wall, digest=digest, steal=steal, facts={"lost": 0.0})


def test_each_side_goes_first_in_turn_with_the_seed_of_its_round():
    toy = Toy()
    pair.play(toy, 3, warm_up=False)
    assert [side for side, _seed in toy.played] == [OURS, FLOOR, NAIVE, FLOOR, NAIVE, OURS, NAIVE, OURS, FLOOR]
    assert [seed for _side, seed in toy.played] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert toy.collected == [False] * 9 and gc.isenabled()


def test_the_warm_up_is_played_and_not_counted():
    toy = Toy()
    played = pair.play(toy, 2)
    assert (len(toy.played), len(played.rounds)) == (9, 2)


def test_a_quick_run_plays_what_no_bound_asks_for_once():
    toy = Toy(seldom=(NAIVE,), warmed=(OURS,))
    played = pair.play(toy, 3)
    assert [side for side, _seed in toy.played].count(NAIVE) == 1 and len(played.of(NAIVE)) == 1
    assert [side for side, _seed in toy.played].count(OURS) == 4 and len(played.of(OURS)) == 3
    whole = Toy(seldom=(NAIVE,), warmed=(), quick=False)
    assert len(pair.play(whole, 3).of(NAIVE)) == 3


def test_ratios_and_facts_are_judged_against_their_bounds():
    judged = pair.judge(pair.play(Toy(), 3, warm_up=False), quick=True)
    assert [(j.bound.name, j.spread.median, j.verdict) for j in judged] == [("cpu", 1.5, "PASS"), ("lost", 0.0, "PASS")]
    dear = pair.play(Toy(cost={FLOOR: 1.0, OURS: 2.5, NAIVE: 9.0}), 3, warm_up=False)
    assert pair.judge(dear, quick=True)[0].verdict == "FAIL"


def test_sides_that_did_different_work_are_wrong_not_fast():
    with pytest.raises(Wrong, match="not do the same work"):
        pair.play(Toy(digests={OURS: "other"}), 1, warm_up=False)


def test_a_round_is_played_again_when_the_machine_was_taken_away():
    toy = Toy(steals=[0.5])
    played = pair.play(toy, 1, warm_up=False)
    assert (len(played.rounds), len(toy.played), played.repeated) == (1, 6, ["round 1: 50% of the machine was stolen"])


def test_a_floor_that_waited_spoils_its_round_unless_the_load_is_paced():
    toy = Toy(wall=4.0)
    played = pair.play(toy, 1, warm_up=False)
    assert len(played.repeated) == 1 + pair.AGAIN and len(played.rounds) == 1  # kept in the end, and said
    assert pair.play(Toy(wall=4.0, is_paced=True), 1, warm_up=False).repeated == []
