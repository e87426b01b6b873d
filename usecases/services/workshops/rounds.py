"""Votes: opened over a frozen roll, rested, resumed or superseded, and sealed so that nothing joins the two tables."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F, Max

from foundation import clock
from foundation.actor import Actor
from foundation.canonical import digest
from foundation.jobs import enqueue
from usecases.models import Ballot, RollEntry, Round, Workshop
from usecases.rules.voting import points_to_spend

RESTS_AT_MOST = timedelta(hours=24)  # a vote that rests longer is superseded
CLEAN_UP = "usecases.clean_up"  # the job that makes deleted rows unreadable


def items_of(workshop: Workshop) -> list[str]:
    return [str(pk) for pk in workshop.clusters.on_the_table().values_list("pk", flat=True)]


def items_digest(workshop: Workshop) -> str:
    """Of which cards lie together; a better title or another order is still the same set of items."""
    cards: dict[str, list[str]] = {item: [] for item in items_of(workshop)}
    for card, cluster in workshop.cards.exclude(cluster=None).values_list("pk", "cluster_id"):
        cards[str(cluster)].append(str(card))
    return digest([[item, sorted(found)] for item, found in sorted(cards.items())])


def live_round(workshop: Workshop) -> Round | None:
    return workshop.rounds.live().first()


def goes_on(workshop: Workshop, resting: Round | None) -> bool:
    """Whether opening the vote resumes it with every ballot."""
    if resting is None or resting.suspended_at is None:
        return False
    rested = clock.now() - resting.suspended_at
    return rested <= RESTS_AT_MOST and resting.items_digest == items_digest(workshop)


@dataclass(frozen=True)
class NextVote:
    """What opening the vote now would open."""

    number: int
    items: int
    seats: int
    ballots: int  # that are in already and go on
    resumes: bool


def next_vote(workshop: Workshop) -> NextVote:
    resting = live_round(workshop)
    if resting is not None and goes_on(workshop, resting):
        return NextVote(resting.number, len(resting.items), resting.roll_size, resting.ballots.count(), True)
    return NextVote(_last_number(workshop) + 1, len(items_of(workshop)), workshop.seats.count(), 0, False)


def _last_number(workshop: Workshop) -> int:
    return workshop.rounds.aggregate(last=Max("number"))["last"] or 0


def open_round(workshop: Workshop, reason: str = "") -> Round:
    """The resting one with all its ballots when the items are the same, else the next one with today's seats."""
    resting = live_round(workshop)
    if resting is not None and goes_on(workshop, resting):
        Round.objects.filter(pk=resting.pk).update(suspended_at=None)
        resting.refresh_from_db()
        return resting
    if resting is not None:
        Round.objects.filter(pk=resting.pk).update(superseded_at=clock.now())
    return _new_round(workshop, reason)


def _new_round(workshop: Workshop, reason: str) -> Round:
    items = items_of(workshop)
    seats = list(workshop.seats.order_by("id"))
    made = Round.objects.create(
        workshop=workshop, number=_last_number(workshop) + 1, items=items, items_digest=items_digest(workshop),
        budget=points_to_spend(workshop.budget, workshop.cap, len(items)), cap=workshop.cap, roll_size=len(seats),
        reason=reason,
    )  # fmt: skip
    RollEntry.objects.bulk_create(RollEntry(round=made, seat=seat) for seat in seats)
    return made


def suspend(current: Round) -> None:
    Round.objects.filter(pk=current.pk).update(suspended_at=clock.now())


def seal(actor: Actor, current: Round) -> Round:
    """Close for good. The order of rows and the transactions that wrote them would join roll and ballots:

    every ballot is written anew in random order without its hash, every roll row is touched by one statement, the old
    rows are deleted, and a job makes what is deleted unreadable. Ballots of superseded votes go with them.
    """
    past = Round.objects.filter(workshop=current.workshop).exclude(superseded_at=None)
    Ballot.objects.filter(round__in=past).delete()
    RollEntry.objects.filter(round__in=past).delete()
    kept = [Ballot(round=current, choices=b.choices, belief=b.belief) for b in current.ballots.order_by("id")]
    random.SystemRandom().shuffle(kept)
    current.ballots.all().delete()
    Ballot.objects.bulk_create(kept)
    current.roll.update(done=F("voted"))
    Round.objects.filter(pk=current.pk).update(sealed_at=clock.now())
    enqueue(CLEAN_UP, actor=actor)
    current.refresh_from_db()
    return current
