"""What every act of a workshop shares: the lock, the phase, the pause, the seat, and the rev others watch."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from foundation.access import require
from foundation.actor import Actor
from foundation.errors import Invalid, NotPermitted, NotReady, NotVisible, Reason
from foundation.refs import next_ref
from usecases.models import Seat, Workshop
from usecases.models.workshops import LIVE, RUN
from usecases.seats import SeatPass
from usecases.workshop_news import announce

NOT_HERE = Reason("not_found", NotVisible.title)


def locked(workshop: Workshop) -> Workshop:
    """The one lock of a workshop: everything that changes it takes this row first, so nothing waits in a circle."""
    return Workshop.objects.select_for_update().get(pk=workshop.pk)


def run_by(actor: Actor, workshop: Workshop) -> None:
    """Facilitators; the observer is none, whatever role they hold at the unit."""
    require(actor, RUN, workshop)
    if is_observer(actor, workshop):
        text = _("You are the observer of this workshop, so others run it.")
        raise NotPermitted(Reason("observer", text))


def is_observer(actor: Actor, workshop: Workshop) -> bool:
    return workshop.observer_id is not None and str(workshop.observer_id) == str(actor.user_id)


def is_scribe(actor: Actor, workshop: Workshop) -> bool:
    return workshop.scribe_id is not None and str(workshop.scribe_id) == str(actor.user_id)


def helped_by(actor: Actor, workshop: Workshop) -> None:
    """Facilitators and the scribe."""
    if not is_scribe(actor, workshop):
        run_by(actor, workshop)


def in_phase(workshop: Workshop, *phases: str) -> None:
    """Refused while paused or in another phase, with the phase it is in."""
    if workshop.state not in phases:
        text = _("This is no longer open: the workshop is %(state)s now.")
        if workshop.state in LIVE and LIVE.index(workshop.state) < LIVE.index(phases[0]):
            text = _("This is not open yet: the workshop is %(state)s.")
        raise NotReady(Reason("wrong_phase", text % {"state": workshop.get_state_display()}))
    if workshop.is_paused:
        raise NotReady(Reason("paused", _("The workshop is paused: %(reason)s") % {"reason": workshop.paused_reason}))


def seat_in(workshop: Workshop, seat: SeatPass) -> Seat:
    """A seat of another workshop is nobody here."""
    found = Seat.objects.filter(pk=seat.seat_id, workshop=workshop, paper=False).first()
    if found is None:
        raise NotVisible(NOT_HERE)
    return found


def touch(workshop: Workshop) -> Workshop:
    """Others see something new: `rev` rises, and whoever listens hears of it after the commit."""
    Workshop.objects.filter(pk=workshop.pk).update(rev=F("rev") + 1)
    workshop.refresh_from_db()
    transaction.on_commit(partial(announce, workshop.pk, workshop.rev), robust=True)
    return workshop


def invalid(code: str, text: object, field: str | None = None) -> Invalid:
    return Invalid(Reason(code, text, field))


def next_key() -> str:
    return next_ref("W")
