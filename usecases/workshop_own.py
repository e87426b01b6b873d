"""What belongs to one seat, found by the secret in its cookie and by nothing else. Never cached, never logged."""

from __future__ import annotations

from typing import Any

from usecases.models import Ballot, RollEntry, Round, Seat, Workshop
from usecases.rules.voting import proposed
from usecases.seats import SeatPass, follow_hash
from usecases.services.workshops.cards import own_cards
from usecases.services.workshops.common import seat_in
from usecases.services.workshops.rounds import live_round
from usecases.workshop_results import merged_away
from usecases.workshop_table import table_facts


def own_state(workshop: Workshop, seat: SeatPass) -> dict[str, Any]:
    """Own cards while they are collected, followed ones after that, own ballot while the vote is open.

    Raises NotVisible for a seat of another workshop.
    """
    place = seat_in(workshop, seat)
    cards = own_cards(workshop, seat)
    return {
        "seat": str(place.pk),
        "done": place.done,
        "cards": [
            {
                "id": str(c.pk), "text": c.text, "often": c.often, "takes": c.takes,
                "follow": seat.follow_token(c.pk) if c.follow_hash else None,
            }
            for c in cards
        ],
        "others": workshop.cards.count() - len(cards) if workshop.state == Workshop.State.COLLECT else None,
        "followed": [] if cards else _followed(workshop, seat),
        "ballot": _ballot(workshop, place, seat) if workshop.state == Workshop.State.VOTE else None,
    }  # fmt: skip


def _followed(workshop: Workshop, seat: SeatPass) -> list[dict[str, Any]]:
    """Only what the holder of the secret chose to follow."""
    kept = workshop.cards.exclude(follow_hash="").order_by("id")
    tokens = {c: seat.follow_token(c.pk) for c in kept}
    return [
        {"id": str(c.pk), "text": c.text, "follow": t} for c, t in tokens.items() if c.follow_hash == follow_hash(t)
    ]


def _ballot(workshop: Workshop, place: Seat, seat: SeatPass) -> dict[str, Any] | None:
    """The items in the order of this seat, with its points; points of a superseded vote are proposed, not counted."""
    vote = live_round(workshop)
    if vote is None:
        return None
    entry = RollEntry.objects.filter(round=vote, seat=place).first()
    kept = Ballot.objects.filter(round=vote, secret_hash=seat.ballot_hash(vote.pk)).first()
    points = kept.choices if kept else _proposal(workshop, vote, seat) if entry else {}
    titles = {c["id"]: c["title"] for c in table_facts(workshop)}
    items = [
        {"id": item, "title": titles.get(item, {"en": "", "zh": ""}), "points": points.get(item, 0)}
        for item in sorted(vote.items, key=seat.shuffle_key)
    ]
    return {
        "round_id": str(vote.pk),
        "number": vote.number,
        "budget": vote.budget,
        "cap": vote.cap,
        "on_the_roll": entry is not None,
        "voted": kept is not None,
        "done": bool(entry and entry.done),
        "belief": kept.belief if kept else "",
        "is_proposal": kept is None and bool(points),
        "items": items,
        "left": vote.budget - sum(points.values()),
    }


def _proposal(workshop: Workshop, vote: Round, seat: SeatPass) -> dict[str, int]:
    """From the vote this one took the place of; a vote after a closed one begins blank."""
    for earlier in workshop.rounds.filter(number__lt=vote.number).order_by("-number"):
        if earlier.sealed_at is not None:
            break
        old = Ballot.objects.filter(round=earlier, secret_hash=seat.ballot_hash(earlier.pk)).first()
        if old is not None:
            return proposed(old.choices, merged_away(workshop), vote.items, budget=vote.budget, cap=vote.cap)
    return {}
