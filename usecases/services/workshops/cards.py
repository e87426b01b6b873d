"""Cards while they are collected. Nothing is written beside them: no ledger entry, job or mail.

The UUID of the client makes a repeated POST the same card; the hash of its secret lets the writer change it.
"""

from __future__ import annotations

import unicodedata
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.actor import Actor
from foundation.errors import NotReady, NotVisible, Reason, refuse_if
from foundation.work import service
from usecases.models import Card, Workshop
from usecases.models.workshops import MOST_CARDS, MOST_CARDS_A_SEAT
from usecases.quick import QUICK
from usecases.rules.text_guard import warnings
from usecases.seats import SeatPass, follow_hash
from usecases.services.fields import check
from usecases.services.workshops.common import NOT_HERE, helped_by, in_phase, locked, seat_in, touch

MOST_LETTERS = 140
OFTEN = tuple(code for code, _label, _range in QUICK["runs_per_month"])
TAKES = tuple(code for code, _label, _range in QUICK["minutes_per_item"])
GUARD = {
    "email": _("This looks like an e-mail address."),
    "phone": _("This looks like a telephone number."),
    "employee_number": _("This looks like an employee number."),
    "name": _("This looks like a sentence about a person. Hours describe work, not people."),
}


@service
def add_card(
    *,
    actor: Actor,
    workshop: Workshop,
    seat: SeatPass,
    card_id: UUID,
    text: str,
    often: str = "",
    takes: str = "",
    follow: bool = True,
) -> Card:
    """The same id again is the same card, also when the phase has moved on: a phone retries until it hears yes."""
    said = _checked(card_id, text, often, takes)
    workshop = locked(workshop)
    seat_in(workshop, seat)
    known = Card.objects.filter(pk=card_id).first()
    if known is not None:
        return _same(known, workshop, seat, said)
    in_phase(workshop, "collect")
    _room_for_a_card(workshop, seat)
    follows = follow and workshop.follow_links
    marks = {
        "edit_hash": seat.edit_hash(card_id),
        "follow_hash": follow_hash(seat.follow_token(card_id)) if follows else "",
    }
    return _write(workshop, card_id, {"text": said, "often": often, "takes": takes, **marks})


def _same(known: Card, workshop: Workshop, seat: SeatPass, said: str) -> Card:
    """An id that is taken by somebody else's card tells nothing about that card."""
    own = known.edit_hash == seat.edit_hash(known.pk) or (not known.edit_hash and known.text == said)
    if known.workshop_id != workshop.pk or not own:
        raise NotVisible(NOT_HERE)
    return known


def _write(workshop: Workshop, card_id: UUID, fields: dict[str, Any]) -> Card:
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    card = Card.objects.create(pk=card_id, workshop=workshop, hour=hour, **fields)
    touch(workshop)
    return card


def _checked(card_id: UUID, text: str, often: str, takes: str) -> str:
    """The sentence as it will be kept. Ids are random ones: any other kind carries a time or a machine."""
    said = " ".join(unicodedata.normalize("NFC", text).split())
    reasons = []
    if card_id.version != 4:
        reasons.append(Reason("bad_id", _("The id of a card is a random UUID."), "card_id"))
    if not said:
        reasons.append(Reason("no_text", _("Write what costs you time, in one sentence."), "text"))
    if len(said) > MOST_LETTERS:
        told = _("At most %(most)s characters, these are %(n)s.") % {"most": MOST_LETTERS, "n": len(said)}
        reasons.append(Reason("too_long", told, "text"))
    if often not in ("", *OFTEN):
        reasons.append(Reason("bad_value", _("This answer is not on the list."), "often"))
    if takes not in ("", *TAKES):
        reasons.append(Reason("bad_value", _("This answer is not on the list."), "takes"))
    check(reasons)
    return said


def _room_for_a_card(workshop: Workshop, seat: SeatPass) -> None:
    refuse_if(_room_reasons(workshop, own_cards(workshop, seat)), NotReady)


def _room_reasons(workshop: Workshop, own: list[Card]) -> list[Reason]:
    if len(own) >= MOST_CARDS_A_SEAT:
        return [Reason("seat_full", _("A seat writes at most %(most)s cards.") % {"most": MOST_CARDS_A_SEAT})]
    if workshop.cards.count() >= MOST_CARDS:
        return [Reason("workshop_full", _("A workshop holds at most %(most)s cards.") % {"most": MOST_CARDS})]
    return []


def own_cards(workshop: Workshop, seat: SeatPass) -> list[Card]:
    """Those this seat may still change; empty once the cards are shown. The hash is the only way to find them."""
    open_cards = workshop.cards.exclude(edit_hash="").order_by("id")
    return [card for card in open_cards if card.edit_hash == seat.edit_hash(card.pk)]


def _own(workshop: Workshop, seat: SeatPass, card_id: UUID) -> Card:
    seat_in(workshop, seat)
    card = Card.objects.filter(pk=card_id, workshop=workshop, edit_hash=seat.edit_hash(card_id)).first()
    if card is None:
        in_phase(workshop, "collect")  # shown cards belong to nobody any more
        raise NotVisible(NOT_HERE)
    return card


@service
def edit_card(
    *, actor: Actor, workshop: Workshop, seat: SeatPass, card_id: UUID, text: str, often: str = "", takes: str = ""
) -> Card:
    """Own cards only, while they are collected."""
    said = _checked(card_id, text, often, takes)
    workshop = locked(workshop)
    card = _own(workshop, seat, card_id)
    in_phase(workshop, "collect")
    Card.objects.filter(pk=card.pk).update(text=said, often=often, takes=takes)
    card.refresh_from_db()
    return card


@service
def remove_card(*, actor: Actor, workshop: Workshop, seat: SeatPass, card_id: UUID) -> None:
    """Gone for good; removing it twice is removing it."""
    workshop = locked(workshop)
    seat_in(workshop, seat)
    if not Card.objects.filter(pk=card_id).exists():
        return
    card = _own(workshop, seat, card_id)
    in_phase(workshop, "collect")
    card.delete()
    touch(workshop)


@service
def type_card(*, actor: Actor, workshop: Workshop, card_id: UUID, text: str, often: str = "", takes: str = "") -> Card:
    """By facilitator or scribe for somebody without a phone, or going round the table; belongs to no seat."""
    helped_by(actor, workshop)
    said = _checked(card_id, text, often, takes)
    workshop = locked(workshop)
    known = Card.objects.filter(pk=card_id).first()
    if known is not None:
        if known.workshop_id != workshop.pk or known.text != said:
            raise NotVisible(NOT_HERE)
        return known
    in_phase(workshop, "collect")
    if workshop.cards.count() >= MOST_CARDS:
        refuse_if([Reason("workshop_full", _("A workshop holds at most %(most)s cards.") % {"most": MOST_CARDS})])
    return _write(workshop, card_id, {"text": said, "often": often, "takes": takes})


def card_warnings(text: str) -> list[Reason]:
    """What looks personal in a text. Shown beside it, never in the way."""
    return [Reason(code, GUARD[code], "text") for code in warnings(text)]
