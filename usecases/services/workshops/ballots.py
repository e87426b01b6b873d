"""Ballots: blind, changeable until the vote closes, the last valid one counts. Nothing is written beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import NotReady, Reason, Stale
from foundation.work import service
from usecases.models import Ballot, RollEntry, Round, Workshop
from usecases.rules.voting import ballot_faults
from usecases.seats import SeatPass
from usecases.services.fields import check
from usecases.services.workshops.common import helped_by, in_phase, invalid, locked, seat_in, touch
from usecases.services.workshops.rounds import live_round

FAULTS = {
    "unknown_item": _("This ballot names something that is not up for the vote."),
    "not_whole": _("Points are whole numbers from 0 on."),
    "over_cap": _("At most %(cap)s points on one item."),
    "over_budget": _("These are %(n)s points; there are %(budget)s to give."),
}


def cast_ballot(
    *,
    actor: Actor,
    workshop: Workshop,
    seat: SeatPass,
    round_id: UUID,
    choices: Mapping[str, int],
    belief: str = "",
    done: bool = False,
) -> Ballot:
    """The whole ballot each time: item -> points. Sent twice it is one ballot; over budget or cap nothing is saved.

    Two transactions, so that no single one touched both this ballot and this seat. If the second is lost, the ballot
    counts and the turnout is behind until the phone sends it again.
    """
    ballot = keep_ballot(
        actor=actor, workshop=workshop, seat=seat, round_id=round_id, choices=choices, belief=belief
    )  # fmt: skip
    count_voter(actor=actor, workshop=workshop, seat=seat, round_id=round_id, done=done)
    return ballot


@service
def keep_ballot(
    *, actor: Actor, workshop: Workshop, seat: SeatPass, round_id: UUID, choices: Mapping[str, int], belief: str
) -> Ballot:
    """First half of `cast_ballot`; one statement writes or replaces."""
    workshop = locked(workshop)
    seat_in(workshop, seat)
    current = _open_round(workshop, round_id)
    _on_the_roll(current, seat)
    kept = _checked(current, choices, belief)
    ballot = Ballot(round=current, secret_hash=seat.ballot_hash(current.pk), choices=kept, belief=belief)
    Ballot.objects.bulk_create(
        [ballot], update_conflicts=True, unique_fields=["round", "secret_hash"], update_fields=["choices", "belief"]
    )
    return Ballot.objects.get(round=current, secret_hash=ballot.secret_hash)


@service
def count_voter(*, actor: Actor, workshop: Workshop, seat: SeatPass, round_id: UUID, done: bool) -> bool:
    """Second half of `cast_ballot`; True when turnout moved. A vote closed in between already has the ballot."""
    workshop = locked(workshop)
    current = live_round(workshop)
    if current is None or current.pk != round_id or not current.is_open:
        return False
    entry = RollEntry.objects.filter(round=current, seat_id=seat.seat_id)
    if entry.exclude(voted=True, done=done).update(voted=True, done=done):
        touch(workshop)
        return True
    return False


def _open_round(workshop: Workshop, round_id: UUID) -> Round:
    in_phase(workshop, "vote")
    current = live_round(workshop)
    if current is None or not current.is_open or current.pk != round_id:
        text = _("Another vote is open now. Look at the items and vote again.")
        raise NotReady(Reason("other_round", text))
    return current


def _on_the_roll(current: Round, seat: SeatPass) -> None:
    if not RollEntry.objects.filter(round=current, seat_id=seat.seat_id).exists():
        text = _("You joined after this vote was opened. You vote in the next one.")
        raise NotReady(Reason("not_on_the_roll", text))


def _checked(current: Round, choices: Mapping[str, Any], belief: str) -> dict[str, int]:
    """In the order of the table: the order of a phone would lead back to its seat."""
    faults = ballot_faults(choices, current.items, current.budget, current.cap)
    n = sum(v for v in choices.values() if isinstance(v, int))
    words = {"cap": current.cap, "budget": current.budget, "n": n}
    reasons = [Reason(code, FAULTS[code] % words, "choices") for code in faults]
    if belief not in ("", *Ballot.Belief.values):
        reasons.append(Reason("bad_value", _("Answer yes, no or unsure."), "belief"))
    check(reasons)
    return {item: choices[item] for item in current.items if choices.get(item)}


@service
def type_paper_ballots(
    *,
    actor: Actor,
    workshop: Workshop,
    round_id: UUID,
    ballots: Iterable[Mapping[str, int]],
    version: int | None = None,
) -> int:
    """All paper ballots of this vote at once, at most one a paper seat on the roll; typing again replaces them."""
    helped_by(actor, workshop)
    workshop = locked(workshop)
    if version is not None and version != workshop.version:
        raise Stale(current=workshop)
    current = _open_round(workshop, round_id)
    given = list(ballots)
    seats = list(current.roll.filter(seat__paper=True).order_by("id"))
    if len(given) > len(seats):
        text = _("There are %(seats)s paper seats on the roll and %(n)s ballots.")
        raise invalid("too_many_ballots", text % {"seats": len(seats), "n": len(given)}, "ballots")
    kept = [_checked(current, choices, "") for choices in given]
    current.ballots.filter(secret_hash=None).delete()
    Ballot.objects.bulk_create(Ballot(round=current, choices=choices) for choices in kept)
    current.roll.filter(pk__in=[s.pk for s in seats]).update(voted=False)
    current.roll.filter(pk__in=[s.pk for s in seats[: len(kept)]]).update(voted=True)
    record(actor, "workshop.paper_typed", workshop, count=len(kept))
    touch(workshop)
    return len(kept)
