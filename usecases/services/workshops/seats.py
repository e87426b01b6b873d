"""Seats: joining, being done with one's cards, and seats for those who vote on paper.

No ledger entry is written when somebody joins or is done: entries carry times, and times would tell who sat where.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import NotPermitted, NotReady, Reason
from foundation.work import service
from usecases.models import Seat, Workshop
from usecases.models.workshops import LIVE, MOST_SEATS
from usecases.seats import SeatPass, is_secret, new_secret, pass_of
from usecases.services.workshops.common import in_phase, invalid, is_observer, is_scribe, locked, run_by, seat_in, touch

JOINABLE = tuple(state for state in LIVE if state != "prepare")


@service
def join_workshop(*, actor: Actor, workshop: Workshop, secret: str = "") -> SeatPass:
    """A seat for whoever stands at the open door. `secret` from the form makes sending it twice one seat.

    The account of a signed-in person is looked at once, so that scribe and observer get no seat, and not kept.
    """
    if is_observer(actor, workshop) or is_scribe(actor, workshop):
        raise NotPermitted(Reason("no_seat", _("Scribe and observer have no seat: they do not vote.")))
    if secret and not is_secret(secret):
        raise invalid("bad_secret", _("This form is too old. Open the link again."))
    seat = pass_of(workshop, secret or new_secret())
    workshop = locked(workshop)
    if Seat.objects.filter(pk=seat.seat_id, workshop=workshop).exists():
        return seat
    if not workshop.is_door_open:
        raise NotReady(Reason("door_closed", _("The door of this workshop is closed. Ask the facilitator to open it.")))
    in_phase(workshop, *JOINABLE)
    _room_for(workshop, 1)
    Seat.objects.create(pk=seat.seat_id, workshop=workshop)
    touch(workshop)
    return seat


def _room_for(workshop: Workshop, count: int) -> None:
    if workshop.seats.count() + count > MOST_SEATS:
        raise NotReady(Reason("full", _("All %(most)s seats are taken.") % {"most": MOST_SEATS}))


@service
def mark_done(*, actor: Actor, workshop: Workshop, seat: SeatPass, done: bool = True) -> Seat:
    """No more cards from here; only the count is shown. It can be taken back while cards are collected."""
    workshop = locked(workshop)
    place = seat_in(workshop, seat)
    in_phase(workshop, "collect")
    if Seat.objects.filter(pk=place.pk).exclude(done=done).update(done=done):
        touch(workshop)
    place.refresh_from_db()
    return place


@service
def add_paper_seats(*, actor: Actor, workshop: Workshop, count: int) -> int:
    """For people without a phone; before the vote opens, since the roll is frozen then. Returns how many there are."""
    run_by(actor, workshop)
    workshop = locked(workshop)
    in_phase(workshop, "collect", "cluster", "review")
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_SEATS:
        raise invalid("bad_count", _("Say how many paper seats, 1 to %(most)s.") % {"most": MOST_SEATS}, "count")
    _room_for(workshop, count)
    Seat.objects.bulk_create(Seat(workshop=workshop, paper=True) for _n in range(count))
    record(actor, "workshop.paper_seats_added", workshop, count=count)
    touch(workshop)
    return workshop.seats.filter(paper=True).count()
