"""Who sees what of a workshop, once for every outlet: page, fragment, stream, API, file, mail, search.

Nothing here is personal, so a rendered fragment may be kept by (workshop, rev, view, language). What belongs to one
seat is in `workshop_own`.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from foundation import clock
from foundation.access import may
from foundation.actor import Actor
from usecases.models import Seat, Workshop
from usecases.models.workshops import RUN
from usecases.quick import PURPOSE
from usecases.rules.voting import SMALL_GROUP
from usecases.seats import SeatPass
from usecases.services.workshops.common import is_observer, is_scribe
from usecases.services.workshops.rounds import live_round
from usecases.workshop_results import all_results
from usecases.workshop_table import suggested_pairs, table_facts, undoable_ops

PHONE, BOARD, DESK = "phone", "board", "desk"
VIEWS = (PHONE, BOARD, DESK)
SPONSOR, READER, NOBODY = "sponsor", "reader", ""
ROUND_TABLE_BELOW = 6  # seats; fewer talk faster than they type
CLUSTER_FURTHER_OVER = 15  # items
QUESTION = _("What repetitive work costs you time?")
POLL = ((60, 2), (120, 3), (200, 5))  # people up to -> seconds between two looks
POLL_MORE, POLL_DEADLINE, POLL_BOARD = 5, 15, 1
Who = Actor | SeatPass | str


def kind_of(workshop: Workshop, who: Who) -> str:
    """How somebody looks at it: a view, `sponsor`, `reader` or nobody. The observer is always a reader.

    A name of a view stands for itself: who may open it was asked before (`may_open`).
    """
    if isinstance(who, str):
        return who if who in (*VIEWS, SPONSOR, READER) else NOBODY
    if isinstance(who, SeatPass):
        return PHONE if Seat.objects.filter(pk=who.seat_id, workshop=workshop).exists() else NOBODY
    if not may(who, "usecases.read", workshop):
        return NOBODY
    if is_observer(who, workshop):
        return READER
    if may(who, RUN, workshop) or is_scribe(who, workshop):
        return DESK
    return SPONSOR if who.user_id and str(who.user_id) == str(workshop.sponsor_id) else READER


def may_open(workshop: Workshop, who: Who, view: str) -> bool:
    """Facilitator and scribe open every view, everybody else only the one they are."""
    kind = kind_of(workshop, who)
    return view in VIEWS if kind == DESK else kind != NOBODY and view == kind


def visible_results(workshop: Workshop, who: Who) -> dict[str, Any]:
    """The one function every outlet reads a workshop through; `{}` for whoever may see nothing now.

    While a vote is open: turnout only, for everybody. A sponsor reads the purpose until review, an observer and other
    readers of the unit nothing before it is published.
    """
    kind, state = kind_of(workshop, who), workshop.state
    if kind == NOBODY or (kind == READER and state != Workshop.State.PUBLISHED):
        return {}
    shown: dict[str, Any] = {"phase": state, "purpose": purpose_of(workshop)}
    if kind == SPONSOR and state not in (Workshop.State.REVIEW, Workshop.State.PUBLISHED):
        return shown
    return shown | _BY_PHASE[state](workshop, kind)


def purpose_of(workshop: Workshop) -> dict[str, Any]:
    return {**PURPOSE, "acknowledged_as": workshop.acknowledged_as, "acknowledged_at": workshop.acknowledged_at}


def _preparing(workshop: Workshop, kind: str) -> dict[str, Any]:
    return {"seeds": workshop.clusters.count()} if kind == DESK else {}


def _collecting(workshop: Workshop, kind: str) -> dict[str, Any]:
    """Counts only: no text before the cards are shown, not even to the facilitator."""
    cards, seats = workshop.cards.count(), workshop.seats.filter(paper=False).count()
    if kind == PHONE:
        return {"cards": cards}
    if kind == BOARD:
        return {"cards": cards, "seats": seats}
    return {
        "cards": cards,
        "seats": seats,
        "paper_seats": workshop.seats.filter(paper=True).count(),
        "done": workshop.seats.filter(done=True).count(),
        "suggest_round_table": seats < ROUND_TABLE_BELOW,
    }


def _clustering(workshop: Workshop, kind: str) -> dict[str, Any]:
    table = table_facts(workshop)
    shown = {
        "clusters": table,
        "cards": sum(len(c["cards"]) for c in table),
        "cluster_further": len(table) > CLUSTER_FURTHER_OVER,
        "ops": undoable_ops(workshop),
    }
    return shown | ({"suggestions": suggested_pairs(workshop)} if kind == DESK else {})


def _voting(workshop: Workshop, kind: str) -> dict[str, Any]:
    vote = live_round(workshop)
    if vote is None:
        return {}
    shown: dict[str, Any] = {
        "round": {"id": str(vote.pk), "number": vote.number, "budget": vote.budget, "cap": vote.cap},
        "turnout": {"voted": vote.roll.filter(voted=True).count(), "roll": vote.roll_size},
        "small_group": vote.roll_size < SMALL_GROUP,
    }
    if kind == PHONE:
        titles = {c["id"]: c["title"] for c in table_facts(workshop)}
        shown["items"] = [{"id": item, "title": titles[item]} for item in vote.items if item in titles]
    if kind == DESK:
        shown["paper_seats"] = vote.roll.filter(seat__paper=True).count()
    return shown


def _reviewing(workshop: Workshop, kind: str) -> dict[str, Any]:
    """The latest closed vote is the result; the others stay beside it."""
    table = {c["id"]: c for c in table_facts(workshop)}
    results = [_with_items(result, table) for result in all_results(workshop)]
    shown = {"result": results[0] if results else None, "earlier": results[1:], "top_n": workshop.top_n}
    voted = {item["id"] for item in results[0]["items"]} if results else set()
    shown["not_voted"] = [c for c in table.values() if c["id"] not in voted]
    return shown | ({"ops": undoable_ops(workshop)} if kind == DESK else {})


def _with_items(result: dict[str, Any], table: dict[str, dict[str, Any]]) -> dict[str, Any]:
    items = [{**table[item["id"]], **item} for item in result["items"] if item["id"] in table]
    return {**result, "items": items}


def _published(workshop: Workshop, kind: str) -> dict[str, Any]:
    """As frozen: later edits of the pains change nothing here."""
    vote = workshop.rounds.sealed().select_related("inventory").first()
    if vote is None:
        return {}
    inventory, facts = vote.inventory, vote.inventory.facts
    rows = {row["key"]: {"title": row["title"], "owner_team": row["owner_team"], "hours": row["hours"],
                         "cards": [{"text": text} for text in facts["cards"][row["key"]]]}
            for row in facts["pains"]}  # fmt: skip
    results = [_with_items(_thawed(result), rows) for result in facts["vote"]["rounds"]]
    return {"inventory": inventory.key, "result": results[0], "earlier": results[1:], "top_n": workshop.top_n}


def _thawed(result: dict[str, Any]) -> dict[str, Any]:
    """Figures stand as text in the frozen record; here they are numbers as they were in review."""
    numbers = {n: result[n] and Decimal(result[n]) for n in ("turnout", "unspent", "agreement")}
    items = [{**item, "effective": item["effective"] and Decimal(item["effective"])} for item in result["items"]]
    return {**result, **numbers, "sealed_at": parse_datetime(result["sealed_at"]), "items": items}


def _cancelled(workshop: Workshop, kind: str) -> dict[str, Any]:
    return {"reason": workshop.state_reason}


_BY_PHASE = {
    "prepare": _preparing, "collect": _collecting, "cluster": _clustering, "vote": _voting, "review": _reviewing,
    "published": _published, "cancelled": _cancelled,
}  # fmt: skip


def snapshot(workshop: Workshop, view: str) -> dict[str, Any]:
    """All a view prints of this rev: head, door (board and desk), timer, and what `visible_results` lets it see."""
    people = workshop.seats.count()
    return {
        "key": workshop.key,
        "rev": workshop.rev,
        "version": workshop.version,
        "view": view,
        "state": workshop.state,
        "state_word": workshop.get_state_display(),
        "title": {"en": workshop.title_en, "zh": workshop.title_zh},
        "unit": {"code": workshop.unit.code, "en": workshop.unit.name_en, "zh": workshop.unit.name_zh},
        "question": workshop.question or QUESTION,
        "language": workshop.language,
        "purpose": purpose_of(workshop),
        "paused": workshop.is_paused,
        "paused_reason": workshop.paused_reason,
        "until": workshop.phase_until,
        "door": door_of(workshop) if view in (BOARD, DESK) else None,
        "live": workshop.is_live,
        "interval": interval(workshop, view, people),
        "merge_by": workshop.merge_by,
        "follow_links": workshop.follow_links,
        "shown": visible_results(workshop, view),
    }


def door_of(workshop: Workshop) -> dict[str, Any]:
    is_open = workshop.is_door_open
    return {
        "open": is_open,
        "long_code": workshop.long_code if workshop.codes_work else None,
        "short_code": workshop.short_code if is_open else None,
        "shuts_at": workshop.door_shuts_at,
    }


def interval(workshop: Workshop, view: str, people: int) -> int:
    """Seconds until a view may look again; with many phones less often."""
    if view == BOARD:
        return POLL_BOARD
    if workshop.mode == Workshop.Mode.DEADLINE:
        return POLL_DEADLINE
    return next((seconds for most, seconds in POLL if people <= most), POLL_MORE)


def rev_of(key: str) -> int | None:
    """One indexed read: what a view compares before it asks for more. None when there is no such workshop."""
    return Workshop.objects.filter(key=key).values_list("rev", flat=True).first()


def time_left(workshop: Workshop) -> timedelta | None:
    """Below zero once the timer ran out; nothing else happens then."""
    if workshop.phase_until is None:
        return None
    return workshop.phase_until - (workshop.paused_at or clock.now())
