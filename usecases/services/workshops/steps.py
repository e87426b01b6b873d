"""The steps of a workshop, one service each. Pressing twice takes one step; an old page gets 412, a moved phase 409."""

from __future__ import annotations

from typing import Any

from foundation import clock
from foundation.actor import Actor
from foundation.jobs import enqueue
from foundation.work import service
from usecases.models import RollEntry, Round, Seat, Workshop
from usecases.models.workshops import RUN
from usecases.services.fields import reason_given
from usecases.services.workshops.clustering import tell_of_clustering
from usecases.services.workshops.common import locked, run_by, touch
from usecases.services.workshops.door import fresh_door
from usecases.services.workshops.rounds import CLEAN_UP, live_round, next_vote, open_round, seal, suspend
from usecases.services.workshops.setup import timer_for
from usecases.services.workshops.table import lay_out
from usecases.services.workshops.wiping import keep_tidy


def step(actor: Actor, workshop: Workshop, name: str, version: int | None, **data: Any) -> Workshop:
    """One transition with its timer; `data` as in `Lifecycle.apply`."""
    target = Workshop.lifecycle.by_name[name].target
    return Workshop.lifecycle.apply(
        workshop, name, actor=actor, version=version, phase_until=timer_for(workshop, target), **data
    )


@service
def start_workshop(*, actor: Actor, workshop: Workshop, version: int | None = None) -> Workshop:
    """Acknowledges the purpose in the actor's name and opens the door."""
    run_by(actor, workshop)
    workshop = locked(workshop)
    role = actor.title_at(RUN, workshop.unit.path)
    started = step(
        actor, workshop, "start", version, acknowledged_by=actor.user_key, acknowledged_at=clock.now(),
        acknowledged_as=" · ".join(filter(None, (actor.label, role))), **fresh_door(workshop),
    )  # fmt: skip
    keep_tidy()
    return touch(started)


@service
def reveal_cards(*, actor: Actor, workshop: Workshop, version: int | None = None) -> Workshop:
    """The hashes by which a browser knew its cards are deleted: from here on they belong to nobody."""
    run_by(actor, workshop)
    workshop = locked(workshop)
    shown = step(actor, workshop, "reveal", version, cards=workshop.cards.filter(cluster=None).count())
    shown.cards.exclude(edit_hash="").update(edit_hash="")
    lay_out(shown)
    enqueue(CLEAN_UP, actor=actor)
    return touch(shown)


@service
def recollect_cards(*, actor: Actor, workshop: Workshop, version: int | None = None) -> Workshop:
    """Groups stay; new cards join them at the next showing."""
    run_by(actor, workshop)
    workshop = locked(workshop)
    opened = step(actor, workshop, "recollect", version)
    tell_of_clustering(actor, opened)
    Seat.objects.filter(workshop=opened).update(done=False)
    return touch(opened)


@service
def open_vote(*, actor: Actor, workshop: Workshop, version: int | None = None) -> Workshop:
    """Freezes the roll. A resting vote over the same items goes on with every ballot; else the next begins."""
    run_by(actor, workshop)
    workshop = locked(workshop)
    return _to_the_vote(actor, workshop, "open_vote", version)


def _to_the_vote(actor: Actor, workshop: Workshop, name: str, version: int | None, **data: Any) -> Workshop:
    plan = next_vote(workshop)
    opened = step(actor, workshop, name, version, round=plan.number, items=plan.items, seats=plan.seats, **data)
    tell_of_clustering(actor, opened)
    open_round(opened, data.get("reason", ""))
    return touch(opened)


@service
def recluster(*, actor: Actor, workshop: Workshop, version: int | None = None) -> Workshop:
    """Nothing is lost: the vote rests with its ballots."""
    run_by(actor, workshop)
    workshop = locked(workshop)
    current = live_round(workshop)
    back = step(actor, workshop, "recluster", version, round=current.number if current else None)
    if current:
        suspend(current)
    return touch(back)


@service
def close_vote(*, actor: Actor, workshop: Workshop, version: int | None = None) -> Workshop:
    """Seals the vote; who voted what cannot be found out any more, by nobody."""
    run_by(actor, workshop)
    workshop = locked(workshop)
    current = live_round(workshop)
    facts = _counted(current) if current else {}
    closed = step(actor, workshop, "close_vote", version, **facts)
    if current:
        seal(actor, current)
    return touch(closed)


def _counted(current: Round) -> dict[str, Any]:
    return {"round": current.number, "ballots": current.ballots.count(), "seats": current.roll_size}


@service
def vote_again(*, actor: Actor, workshop: Workshop, reason: str, version: int | None = None) -> Workshop:
    """Blank ballots over the table as it lies; the earlier result is hidden until this vote closes."""
    run_by(actor, workshop)
    why = reason_given(reason)
    workshop = locked(workshop)
    return _to_the_vote(actor, workshop, "vote_again", version, reason=why)


@service
def cancel_workshop(*, actor: Actor, workshop: Workshop, reason: str, version: int | None = None) -> Workshop:
    """Seats and ballots are deleted at once, cards after 30 days."""
    run_by(actor, workshop)
    why = reason_given(reason)
    workshop = locked(workshop)
    cancelled = step(
        actor, workshop, "cancel", version, state_reason=why, reason=why, short_code=None, paused_at=None,
        paused_reason="",
    )  # fmt: skip
    RollEntry.objects.filter(round__workshop=cancelled).delete()
    Round.objects.filter(workshop=cancelled).delete()
    Seat.objects.filter(workshop=cancelled).delete()
    cancelled.cards.update(edit_hash="", follow_hash="")
    keep_tidy()
    enqueue(CLEAN_UP, actor=actor)
    return touch(cancelled)
