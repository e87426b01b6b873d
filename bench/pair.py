"""Plays ours, the floor and the usual way in turn, in one run, and keeps only rounds the machine did not spoil."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from bench import stats
from bench.meter import Sample

OURS, FLOOR, NAIVE = "ours", "floor", "naive"
AGAIN = 3  # times a spoilt round is played again
WATCHED = float("inf")  # the limit of a ratio that has none
STOLEN = 0.20  # more of the machine than this went to somebody else
IDLE = 0.30  # CPU/wall of a floor that computes: below, it waited for its turn

Say = Callable[[str], None]


class Wrong(Exception):
    """A side did not do the work: its time says nothing."""


@dataclass(frozen=True)
class Bound:
    """`ratio`: CPU of a side against the floor's. `fact`: a figure our own side tells by that name.

    Without a limit of its own a ratio is only held against the one that was accepted last.
    """

    name: str
    limit: float
    kind: Literal["ratio", "fact"] = "fact"
    side: str = "ours"


class Figure:
    """One line of the table. Subclasses say what is prepared, what a side does in a round, and what must come out.

    `play` proves its own work first and raises `Wrong` when anything is missing; `digest`s of one round must agree.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    bounds: ClassVar[tuple[Bound, ...]]
    sides: ClassVar[tuple[str, ...]] = (OURS, FLOOR, NAIVE)
    seed: ClassVar[int] = 1
    is_paced: ClassVar[bool] = False  # the load comes at its own pace, so a side idles by design
    warmed: ClassVar[tuple[str, ...] | None] = None  # sides whose first round is not like the next; None: all
    seldom: ClassVar[tuple[str, ...]] = ()  # sides a quick run plays once: slow, and no bound asks for them

    def __init__(self, *, quick: bool, engine: str, say: Say = lambda _text: None) -> None:
        self.quick, self.engine, self.say = quick, engine, say
        self.n = 0  # size, for the reader

    def open(self) -> None: ...

    def close(self) -> None: ...

    def play(self, side: str, *, seed: int) -> Sample:
        raise NotImplementedError

    def spoilt(self, round_: dict[str, Sample]) -> str:
        """Why a round says nothing, or "". A latency better than the floor's own means that nobody read the answer."""
        return ""


@dataclass
class Played:
    figure: Figure
    rounds: list[dict[str, Sample]] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)

    def of(self, side: str) -> list[Sample]:
        return [r[side] for r in self.rounds if side in r]


def order(sides: tuple[str, ...], number: int) -> tuple[str, ...]:
    """Each side goes first in turn: what warms up or tires the machine meets all of them."""
    turn = number % len(sides)
    return sides[turn:] + sides[:turn]


def sides_of(figure: Figure, number: int) -> tuple[str, ...]:
    left_out = figure.seldom if figure.quick and number else ()
    return tuple(side for side in figure.sides if side not in left_out)


def play(figure: Figure, rounds: int, *, warm_up: bool = True) -> Played:
    played = Played(figure)
    if warm_up:
        for side in figure.sides if figure.warmed is None else figure.warmed:
            figure.play(side, seed=figure.seed)
    for number in range(rounds):
        played.rounds.append(_good_round(figure, number, played))
    return played


def _good_round(figure: Figure, number: int, played: Played) -> dict[str, Sample]:
    for attempt in range(AGAIN + 1):
        found = _round(figure, number)
        _compare(figure, found)
        reason = spoilt(figure, found)
        if not reason:
            return found
        played.repeated.append(f"round {number + 1}: {reason}")
        figure.say(f"{figure.id} round {number + 1}, try {attempt + 1}: {reason}")
    return found  # the last try counts: hiding it would hide that the machine is not fit for this


def _round(figure: Figure, number: int) -> dict[str, Sample]:
    found: dict[str, Sample] = {}
    for side in order(sides_of(figure, number), number):
        gc.collect()
        gc.disable()
        try:
            # The same seed for all sides of a round, another in the next: nobody profits from what is already there.
            found[side] = figure.play(side, seed=figure.seed + number)
        finally:
            gc.enable()
    return found


def _compare(figure: Figure, found: dict[str, Sample]) -> None:
    digests = {side: s.digest for side, s in found.items() if s.digest}
    if len(set(digests.values())) > 1:
        raise Wrong(f"{figure.id}: the sides did not do the same work: {digests}")


def spoilt(figure: Figure, found: dict[str, Sample]) -> str:
    steal = max(s.steal for s in found.values())
    if steal > STOLEN:
        return f"{steal:.0%} of the machine was stolen"
    floor = found.get(FLOOR)
    if floor and not figure.is_paced and floor.cpu_s / floor.wall_s < IDLE:
        return f"the floor had {floor.cpu_s / floor.wall_s:.0%} of a core"
    return figure.spoilt(found)


@dataclass(frozen=True)
class Judged:
    """One bound of a figure and what was found."""

    bound: Bound
    spread: stats.Spread
    verdict: str


def judge(played: Played, *, quick: bool) -> list[Judged]:
    return [_judge(bound, played, quick) for bound in played.figure.bounds]


def _judge(bound: Bound, played: Played, quick: bool) -> Judged:
    is_ratio = bound.kind == "ratio"
    ours = played.of(bound.side)
    if is_ratio:
        values = stats.ratios([s.cpu_s for s in ours], [s.cpu_s for s in played.of(FLOOR)])
    else:
        values = [s.facts[bound.name] for s in ours]
    found = stats.spread(values)
    return Judged(bound, found, stats.verdict(found, bound.limit, quick=quick, is_ratio=is_ratio))
