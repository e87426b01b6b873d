"""What a seat sends. Plain forms with an id made by the client: the same form sent twice is the same act.

`X-Room: 1` asks for 204 or the reasons as JSON instead of a page; the script of the phone retries with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.middleware import public
from foundation.errors import Invalid, NotPermitted, NotVisible, Reason, Refused
from usecases.models import Workshop
from usecases.seats import SeatPass
from usecases.services import workshops as table
from usecases.views.room_pages import phone
from usecases.views.rooms import seat_of, workshop_at

Sent = dict[str, Any]
Deed = Callable[[Sent, HttpRequest], Any]
NUMBER = re.compile(r"[0-9]{1,4}")


@public
@never_cache
@require_POST
def seat_act(request: HttpRequest, key: str, act: str) -> HttpResponse:
    workshop = workshop_at(key)
    seat = seat_of(request, workshop)
    if seat is None or act not in DEEDS:
        raise NotVisible(Reason("not_found", NotVisible.title))
    who: Sent = {"actor": request.actor, "workshop": workshop, "seat": seat}  # type: ignore[attr-defined]
    try:
        DEEDS[act](who, request)
    except (NotVisible, NotPermitted):
        raise
    except Refused as error:
        return _refused(request, workshop, seat, error)
    return HttpResponse(status=204) if _by_script(request) else redirect("usecases:workshop", workshop.key)


def _by_script(request: HttpRequest) -> bool:
    return "X-Room" in request.headers


def _refused(request: HttpRequest, workshop: Workshop, seat: SeatPass, error: Refused) -> HttpResponse:
    """The present state, with the reasons above it and what was typed still in the form."""
    if _by_script(request):
        return JsonResponse({"reasons": [str(r.text) for r in error.reasons]}, status=error.status)
    return phone(request, workshop_at(workshop.key), seat, error.reasons, error.status)


def _uuid(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError:
        raise Invalid(Reason("bad_id", _("Choose something from the list."))) from None


def _versions(request: HttpRequest) -> dict[UUID, int]:
    """The version of every item as this page showed it."""
    return {
        _uuid(name[2:]): int(value)
        for name, value in request.POST.items()
        if name.startswith("v-") and NUMBER.fullmatch(value)
    }


def _card(request: HttpRequest) -> Sent:
    return {"card_id": _uuid(request.POST.get("card")), **_fields(request, "text", "often", "takes")}


def _fields(request: HttpRequest, *names: str) -> dict[str, str]:
    return {name: request.POST.get(name, "") for name in names}


def add(who: Sent, request: HttpRequest) -> None:
    table.add_card(**who, **_card(request), follow=request.POST.get("follow") != "no")


def edit(who: Sent, request: HttpRequest) -> None:
    table.edit_card(**who, **_card(request))


def remove(who: Sent, request: HttpRequest) -> None:
    table.remove_card(**who, card_id=_uuid(request.POST.get("card")))


def done(who: Sent, request: HttpRequest) -> None:
    table.mark_done(**who, done=request.POST.get("done") != "no")


def merge(who: Sent, request: HttpRequest) -> None:
    into, *others = _chosen(request)
    table.merge_clusters(**who, into=into, others=others, versions=_versions(request))


def keep(who: Sent, request: HttpRequest) -> None:
    first, second, *more = _chosen(request)
    if more:
        raise Invalid(Reason("just_two", _("Choose exactly two to keep apart.")))
    table.keep_apart(**who, first=first, second=second)


def _chosen(request: HttpRequest) -> list[UUID]:
    found = [_uuid(text) for text in request.POST.getlist("pick")]
    if len(found) < 2:
        raise Invalid(Reason("too_few_items", _("Choose at least two.")))
    return found


def split(who: Sent, request: HttpRequest) -> None:
    cards = [_uuid(text) for text in request.POST.getlist("pick")] or None
    table.split_cluster(**who, cluster=_uuid(request.POST.get("item")), cards=cards, versions=_versions(request))


def move(who: Sent, request: HttpRequest) -> None:
    cards = [_uuid(text) for text in request.POST.getlist("pick")]
    table.move_cards(**who, cards=cards, into=_uuid(request.POST.get("into")))


def reword(who: Sent, request: HttpRequest) -> None:
    item = _uuid(request.POST.get("item"))
    table.reword_cluster(**who, cluster=item, **_fields(request, "title_en", "title_zh"), versions=_versions(request))


def undo(who: Sent, request: HttpRequest) -> None:
    table.undo_cluster_op(**who, op=_uuid(request.POST.get("op")))


def cast(who: Sent, request: HttpRequest) -> None:
    """The whole ballot each time; a number that is none is refused by the vote itself."""
    points = {
        name[2:]: value for name, value in request.POST.items() if name.startswith("p-") and value not in ("", "0")
    }
    choices = {item: int(n) if NUMBER.fullmatch(n) else n for item, n in points.items()}
    round_id, done = _uuid(request.POST.get("round")), request.POST.get("done") == "yes"
    table.cast_ballot(**who, round_id=round_id, choices=choices, belief=request.POST.get("belief", ""), done=done)


DEEDS: dict[str, Deed] = {
    "add": add, "edit": edit, "remove": remove, "done": done, "merge": merge, "keep": keep, "split": split,
    "move": move, "reword": reword, "undo": undo, "cast": cast,
}  # fmt: skip
