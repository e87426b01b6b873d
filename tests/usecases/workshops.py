"""A workshop played through the services: who sits there, what they write, how they vote."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.actors import guest
from foundation.actor import Actor
from tests.world import World, actor
from usecases.models import Card, Cluster, Workshop
from usecases.seats import SeatPass
from usecases.services import workshops as act

BALLOTS = (  # the example of the design
    {"A": 4, "B": 4, "D": 2}, {"A": 2, "C": 4, "D": 4}, {"A": 2, "B": 4, "C": 4}, {"C": 4, "D": 4},
    {"A": 4, "C": 3, "D": 3},
)  # fmt: skip


@dataclass
class Play:
    """`run` is the facilitator; `ids` names clusters by the text of their first card."""

    workshop: Workshop
    run: Actor
    seats: list[SeatPass] = field(default_factory=list)

    @property
    def now(self) -> Workshop:
        return Workshop.objects.select_related("unit").get(pk=self.workshop.pk)

    def join(self, n: int = 1) -> list[SeatPass]:
        new = [act.join_workshop(actor=guest(), workshop=self.now) for _i in range(n)]
        self.seats += new
        return new

    def write(self, text: str, seat: int = 0, **more: Any) -> Card:
        return act.add_card(
            actor=guest(), workshop=self.now, seat=self.seats[seat], card_id=uuid.uuid4(), text=text, **more
        )

    def step(self, name: str, **more: Any) -> Any:
        return act.STEPS[name](actor=self.run, workshop=self.now, **more)

    def id(self, text: str) -> uuid.UUID:
        return Card.objects.get(workshop=self.workshop, text=text).cluster_id  # type: ignore[return-value]

    def cluster(self, text: str) -> Cluster:
        return Cluster.objects.get(pk=self.id(text))

    def merge(self, into: str, *others: str, **more: Any) -> Any:
        return act.merge_clusters(
            actor=self.run, workshop=self.now, into=self.id(into), others=[self.id(o) for o in others], **more
        )

    def vote(self, seat: int, points: Mapping[str, int], **more: Any) -> Any:
        choices = {str(self.id(text)): n for text, n in points.items()}
        return self.cast(seat, choices, **more)

    def cast(self, seat: int, choices: Mapping[str, int], **more: Any) -> Any:
        given = {"round_id": more.pop("round_id", None) or self.round.pk, **more}
        return act.cast_ballot(actor=guest(), workshop=self.now, seat=self.seats[seat], choices=choices, **given)

    @property
    def round(self) -> Any:
        return self.workshop.rounds.order_by("-number").first()

    def name_owners(self, team: Any, texts: Iterable[str]) -> None:
        for text in texts:
            act.review_item(actor=self.run, workshop=self.now, cluster=self.id(text), owner_team=team)


def a_workshop(world: World, **settings: Any) -> Play:
    who = actor(world.facilitator)
    given = {"title_en": "Pains of the shift", "title_zh": "值班痛点", **settings}
    return Play(act.create_workshop(actor=who, unit=given.pop("unit", world.cn), **given), who)


def a_collecting(world: World, seats: int = 6, **settings: Any) -> Play:
    play = a_workshop(world, **settings)
    play.step("start")
    play.join(seats)
    return play


def a_clustering(world: World, texts: Iterable[str] = "ABCD", seats: int = 6, **settings: Any) -> Play:
    play = a_collecting(world, seats, **settings)
    for n, text in enumerate(texts):
        play.write(text, n % seats)
    play.step("reveal")
    return play


def a_voting(world: World, ballots: Iterable[Mapping[str, int]] = BALLOTS, seats: int = 6, **settings: Any) -> Play:
    """Six seats, five of which voted as in the design."""
    play = a_clustering(world, "ABCD", seats, **settings)
    play.step("open_vote")
    for n, points in enumerate(ballots):
        play.vote(n, points)
    return play


def a_reviewing(world: World, **settings: Any) -> Play:
    play = a_voting(world, **settings)
    play.step("close_vote")
    return play


def a_published(world: World, **settings: Any) -> tuple[Play, Any]:
    play = a_reviewing(world, **settings)
    play.name_owners(world.team, "ABCD")
    return play, play.step("publish")
