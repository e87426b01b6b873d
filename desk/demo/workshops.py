"""Two workshops of the Shanghai hub, played by guests and a facilitator: one published, one in its review."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.actors import guest
from desk.demo import voices
from desk.demo.calendar import Calendar
from desk.demo.cast import Cast
from foundation import clock
from foundation.actor import Actor
from usecases.models import Pain, Workshop
from usecases.seats import SeatPass
from usecases.services import workshops as act

Typed = tuple[str, str, str]  # text, how often, how long


@dataclass
class Room:
    """`items` names what is on the table by the word the story uses for it."""

    workshop: Workshop
    run: Actor
    seats: list[SeatPass] = field(default_factory=list)
    items: dict[str, uuid.UUID] = field(default_factory=dict)

    def step(self, name: str) -> Any:
        take: Any = act.STEPS[name]
        return take(actor=self.run, workshop=self.workshop)

    def fill(self, seats: int) -> None:
        self.seats = [act.join_workshop(actor=guest(), workshop=self.workshop) for _n in range(seats)]

    def write(self, groups: Mapping[str, Iterable[Typed]]) -> dict[str, list[uuid.UUID]]:
        """Seat after seat; whose card is whose nobody can tell afterwards."""
        written: dict[str, list[uuid.UUID]] = {}
        turn = 0
        for word, cards in groups.items():
            for text, often, takes in cards:
                seat, card = self.seats[turn % len(self.seats)], uuid.uuid4()
                act.add_card(
                    actor=guest(), workshop=self.workshop, seat=seat, card_id=card, text=text, often=often, takes=takes
                )
                written.setdefault(word, []).append(card)
                turn += 1
        for seat in self.seats:
            act.mark_done(actor=guest(), workshop=self.workshop, seat=seat)
        return written

    def group(self, written: Mapping[str, list[uuid.UUID]], titles: Mapping[str, tuple[str, str]]) -> None:
        """Guests put the first half together, the facilitator the rest; every group gets its name in both languages."""
        for turn, (word, (first, *others)) in enumerate(written.items()):
            seat = self.seats[turn] if turn < len(written) // 2 else None
            who = guest() if seat else self.run
            if others:
                act.merge_clusters(actor=who, workshop=self.workshop, into=first, others=others, seat=seat)
            title_en, title_zh = titles[word]
            act.reword_cluster(
                actor=self.run, workshop=self.workshop, cluster=first, title_en=title_en, title_zh=title_zh
            )
            self.items[word] = first

    def vote(self, ballots: Iterable[tuple[str, Mapping[str, int]]]) -> None:
        current = self.workshop.rounds.live().get()
        for seat, (belief, points) in zip(self.seats, ballots, strict=False):
            choices = {str(self.items[word]): n for word, n in points.items()}
            act.cast_ballot(
                actor=guest(), workshop=self.workshop, seat=seat, round_id=current.pk, choices=choices, belief=belief,
                done=True,
            )  # fmt: skip

    def review(self, word: str, **details: Any) -> None:
        act.review_item(actor=self.run, workshop=self.workshop, cluster=self.items[word], **details)


def hold_first(calendar: Calendar, cast: Cast, details: Mapping[str, Mapping[str, Any]]) -> dict[str, Pain]:
    """31 cards of 14 people, 18 pains, 12 ballots; published as the first inventory of the hub."""
    run = cast.actor("architect")
    with clock.pinned(calendar.at(-142, 11)):
        workshop = act.create_workshop(
            actor=run, unit=cast.units["CN"], title_en="Pain inventory of the Shanghai hub",
            title_zh="上海中心痛点清单", language="zh-hans", sponsor=cast["ops_head"], top_n=3,
        )  # fmt: skip
    room = Room(workshop, run)
    with clock.pinned(calendar.at(-140, 14)):
        room.step("start")
        room.fill(14)
    with clock.pinned(calendar.at(-140, 14, 9)):
        written = room.write(voices.CARDS)
        room.step("reveal")
    with clock.pinned(calendar.at(-140, 14, 20)):
        room.group(written, {word: (row["title_en"], row["title_zh"]) for word, row in details.items()})
        room.step("open_vote")
    with clock.pinned(calendar.at(-140, 14, 26)):
        room.vote(voices.BALLOTS)
        room.step("close_vote")
    with clock.pinned(calendar.at(-140, 14, 42)):
        for word, row in details.items():
            room.review(word, **{name: value for name, value in row.items() if not name.startswith("title")})
        act.close_door(actor=run, workshop=workshop)
    with clock.pinned(calendar.at(-140, 16)):
        room.step("publish")
    pains = {c.pk: c.pain for c in workshop.clusters.on_the_table().select_related("pain", "pain__unit")}
    return {word: pains[item] for word, item in room.items.items()}  # type: ignore[misc]


def hold_second(calendar: Calendar, cast: Cast, pains: Mapping[str, Pain]) -> None:
    """A look back twelve weeks into the box: what is still open and what is new, voted on and not yet published."""
    run = cast.actor("architect")
    with clock.pinned(calendar.at(-2, 15)):
        workshop = act.create_workshop(
            actor=run, unit=cast.units["CN"], title_en="Second look at the pains of the hub",
            title_zh="上海中心痛点再回顾", language="zh-hans", sponsor=cast["ops_head"], top_n=3,
        )  # fmt: skip
        open_pains = {word: Pain.objects.get(pk=pains[word].pk) for word in voices.STILL_OPEN}
        act.seed_pains(actor=run, workshop=workshop, pains=open_pains.values())
    room = Room(workshop, run)
    by_pain = dict(workshop.clusters.values_list("pain_id", "pk"))
    room.items = {word: by_pain[pain.pk] for word, pain in open_pains.items()}
    with clock.pinned(calendar.at(-1, 14)):
        room.step("start")
        room.fill(11)
    with clock.pinned(calendar.at(-1, 14, 10)):
        written = room.write({word: [(text, "", "") for text in row[2]] for word, row in voices.NEW.items()})
        room.step("reveal")
    with clock.pinned(calendar.at(-1, 14, 21)):
        room.group(written, {word: row[:2] for word, row in voices.NEW.items()})
        room.step("open_vote")
    with clock.pinned(calendar.at(-1, 14, 27)):
        room.vote(("", points) for points in voices.SECOND_BALLOTS)
        room.step("close_vote")
    with clock.pinned(calendar.at(-1, 14, 33)):
        room.review("prompts", owner_team=cast.units["CN-OPS"], kind="low_value", channel="A9")
        act.close_door(actor=run, workshop=workshop)
