"""The phone of one seat: what everybody sees in this phase, and beside it what belongs to the seat."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from foundation.errors import Reason
from usecases import workshop_own, workshop_view
from usecases.models import Ballot, Workshop
from usecases.quick import QUICK
from usecases.seats import SeatPass
from usecases.services import workshops as act

STEPS = ("collect", "cluster", "vote", "review")
OFTEN = [(code, label) for code, label, _range in QUICK["runs_per_month"]]
TAKES = [(code, label) for code, label, _range in QUICK["minutes_per_item"]]


def phone(
    request: HttpRequest, workshop: Workshop, seat: SeatPass, reasons: list[Reason] | None = None, status: int = 200
) -> HttpResponse:
    """With `reasons`: the page again after a refusal, with what was typed."""
    typed = request.POST if request.method == "POST" else QueryDict()
    own, actor = workshop_own.own_state(workshop, seat), request.actor  # type: ignore[attr-defined]
    context = _context(request, workshop, own, typed) | {"reasons": reasons or []}
    context["seated_desk"] = workshop_view.kind_of(workshop, actor) == workshop_view.DESK
    busy = workshop.state == "collect" or context.get("may_merge") or (own["ballot"] or {}).get("on_the_roll")
    context["waiting"] = context["live"] and not busy
    return render(request, "usecases/room/phone.html", context, status=status)


def phone_preview(request: HttpRequest, workshop: Workshop) -> HttpResponse:
    """What a phone shows in this phase, for facilitators: an empty hand, nothing to press, no seat and no vote."""
    blank = _blank_ballot(workshop_view.visible_results(workshop, workshop_view.PHONE))
    own: dict[str, Any] = {"cards": [], "done": False, "followed": [], "ballot": blank}
    context = _context(request, workshop, own, QueryDict()) | {"preview": True, "item": None}
    return render(request, "usecases/room/phone.html", context)


def _context(request: HttpRequest, workshop: Workshop, own: dict[str, Any], typed: QueryDict) -> dict[str, Any]:
    shown = workshop_view.snapshot(workshop, workshop_view.PHONE)
    state = shown["state"]
    return {
        **shown,
        "phase": state, "role": workshop_view.PHONE, "own": own, "often": OFTEN, "takes": TAKES,
        "step": STEPS.index(state) + 1 if state in STEPS else None, "steps": len(STEPS),
        **_of_phase(request, state, shown, own, typed),
    }  # fmt: skip


def _blank_ballot(shown: dict[str, Any]) -> dict[str, Any] | None:
    """In the order of the table; a phone has an order of its own."""
    if "items" not in shown:
        return None
    vote = shown["round"]
    items = [{**item, "points": 0} for item in shown["items"]]
    return {
        "round_id": vote["id"], "number": vote["number"], "budget": vote["budget"], "cap": vote["cap"], "items": items,
        "on_the_roll": True, "voted": False, "done": False, "belief": "", "is_proposal": False,
    }  # fmt: skip


def _of_phase(
    request: HttpRequest, state: str, shown: dict[str, Any], own: dict[str, Any], typed: QueryDict
) -> dict[str, Any]:
    if state == "collect":
        return _collecting(request, own, typed)
    if state == "cluster":
        return _clustering(request, shown)
    if state == "vote" and own["ballot"]:
        return _voting(own["ballot"], typed)
    return {}


def _collecting(request: HttpRequest, own: dict[str, Any], typed: QueryDict) -> dict[str, Any]:
    """A new card, or the one that is being changed; what looks personal is said beside the card."""
    for card in own["cards"]:
        card["warnings"] = act.card_warnings(card["text"])
    wanted = typed.get("card") or request.GET.get("card", "")
    changing = next((card for card in own["cards"] if card["id"] == wanted), None)
    draft = {name: typed.get(name, changing[name] if changing else "") for name in ("text", "often", "takes")}
    draft["id"] = changing["id"] if changing else wanted or str(uuid.uuid4())
    return {"draft": draft, "changing": changing, "folded_open": bool(draft["often"] or draft["takes"])}


def _clustering(request: HttpRequest, shown: dict[str, Any]) -> dict[str, Any]:
    clusters = shown["shown"].get("clusters", [])
    item = next((c for c in clusters if c["id"] == request.GET.get("item")), None)
    may = shown["merge_by"] == Workshop.MergeBy.ANYONE
    return {"item": item if may else None, "elsewhere": [c for c in clusters if c is not item], "may_merge": may}


def _voting(ballot: dict[str, Any], typed: QueryDict) -> dict[str, Any]:
    """A refused ballot comes back as it was filled in; what is left may be below zero then."""
    for item in ballot["items"]:
        given = typed.get(f"p-{item['id']}", "")
        item["points"] = int(given) if given.isdecimal() and len(given) < 4 else item["points"]
    ballot["belief"] = typed.get("belief", ballot["belief"])
    ballot["left"] = ballot["budget"] - sum(item["points"] for item in ballot["items"])
    return {
        "ballot": ballot,
        "dots": [n < ballot["budget"] - ballot["left"] for n in range(ballot["budget"])],
        "choices": list(range(ballot["cap"] + 1)),
        "beliefs": [*Ballot.Belief.choices, ("", _("no answer"))],
    }
