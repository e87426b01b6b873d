"""What guests of a workshop open: the door, the phone, the board, the receipt. Opening a page changes nothing."""

from __future__ import annotations

import io
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.middleware import public
from foundation.errors import NotReady, NotVisible, Reason
from usecases import seats, workshop_receipt, workshop_table, workshop_view
from usecases.models import Workshop
from usecases.models.workshops import LIVE
from usecases.seats import SeatPass
from usecases.services import workshops as act
from usecases.views.room_pages import phone, phone_preview
from usecases.views.workshops import desk

KEPT = 60 * 24 * 3600  # seconds a browser keeps its seat: longer than any seat is kept here


def seat_of(request: HttpRequest, workshop: Workshop) -> SeatPass | None:
    """The seat this browser holds here; a cookie of another workshop, or of a seat that is gone, is none."""
    seat = seats.open_pass(workshop, request.COOKIES.get(seats.cookie_name(workshop)))
    return seat if seat and workshop_view.kind_of(workshop, seat) == workshop_view.PHONE else None


def workshop_at(key: str) -> Workshop:
    found = Workshop.objects.select_related("unit").filter(key=key).first()
    if found is None:
        raise NotVisible(Reason("not_found", NotVisible.title))
    return found


# --- the door -----------------------------------------------------------------------------------------------------


@public
@never_cache
@require_http_methods(["GET", "POST"])
def door(request: HttpRequest) -> HttpResponse:
    """A code said aloud is typed here."""
    code, wrong = request.POST.get("code", "").strip(), False
    if code:
        try:
            workshop = _behind(request, code)
        except NotVisible:
            wrong = True
        else:
            return redirect("usecases:join", workshop.short_code or workshop.long_code)
    shown = {"code": code, "wrong": wrong}
    return render(request, "usecases/room/door.html", shown, status=404 if wrong else 200)


def _behind(request: HttpRequest, code: str) -> Workshop:
    return act.behind_code(code=code, source=request.META.get("REMOTE_ADDR", ""))


@public
@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, code: str) -> HttpResponse:
    """Looking costs nothing; the button makes the seat. A browser that has one goes back to it."""
    try:
        workshop = _behind(request, code)
    except NotVisible:
        return render(request, "usecases/room/door.html", {"code": code[:12], "wrong": True}, status=404)
    seat, reasons = seat_of(request, workshop), []
    if request.method == "POST":
        try:
            return _seated(request, workshop, seat)
        except NotReady as refusal:
            reasons = refusal.reasons
    shown = {
        "workshop": workshop, "code": code, "seat": seat, "secret": seats.new_secret(),
        "closed": "" if reasons else _closed(workshop), "reasons": reasons,
        "purpose": workshop_view.purpose_of(workshop), "question": workshop.question or workshop_view.QUESTION,
    }  # fmt: skip
    return render(request, "usecases/room/join.html", shown, status=409 if reasons else 200)


def _closed(workshop: Workshop) -> str:
    """Why nobody can join now, or nothing."""
    if workshop.state not in LIVE:
        return _("This workshop is over.")
    if workshop.is_door_open:
        return workshop.is_paused and _("The workshop is paused: %(reason)s") % {"reason": workshop.paused_reason} or ""
    return _("The door is closed. Ask the facilitator to open it, then load this page again.")


def _seated(request: HttpRequest, workshop: Workshop, seat: SeatPass | None) -> HttpResponse:
    response = redirect("usecases:workshop", workshop.key)
    if seat is None:
        actor = request.actor  # type: ignore[attr-defined]
        seat = act.join_workshop(actor=actor, workshop=workshop, secret=request.POST.get("secret", ""))
        response.set_cookie(
            seats.cookie_name(workshop),
            seats.seal_pass(workshop, seat),
            max_age=KEPT,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    return response


# --- one address for everybody ---------------------------------------------------------------------------------------


@public
@never_cache
@require_GET
def workshop(request: HttpRequest, key: str) -> HttpResponseBase:
    """The phone for a seat; the desk for whoever runs it, and what is public of it for readers of the unit.

    `?view=desk` leads whoever runs it and has a seat, too, to the desk; `?view=phone` shows who has none what a phone
    shows.
    """
    actor = request.actor  # type: ignore[attr-defined]
    found = Workshop.objects.select_related("unit").filter(key=key).first()
    seat = seat_of(request, found) if found else None
    if found and seat and request.GET.get("view") != workshop_view.DESK:
        return phone(request, found, seat)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if found is None or workshop_view.kind_of(found, actor) == workshop_view.NOBODY:
        raise NotVisible(Reason("not_found", NotVisible.title))
    if request.GET.get("view") == workshop_view.PHONE and workshop_view.may_open(found, actor, workshop_view.PHONE):
        return phone_preview(request, found)
    return desk(request, found)


# --- the board --------------------------------------------------------------------------------------------------------


@never_cache
@require_GET
def board(request: HttpRequest, key: str) -> HttpResponse:
    """For the projector: nothing to press, nothing personal, in the language of the workshop whoever opened it.

    `?lang=` asks for the other one.
    """
    found = _for_the_wall(request, key)
    language = (get_language() or "en") if "lang" in request.GET else found.language
    with translation.override(language):
        response = render(request, "usecases/room/board.html", {**board_facts(found), "lang": language})
    response.headers["Content-Language"] = language
    return response


def _for_the_wall(request: HttpRequest, key: str) -> Workshop:
    found = workshop_at(key)
    if not workshop_view.may_open(found, request.actor, workshop_view.BOARD):  # type: ignore[attr-defined]
        raise NotVisible(Reason("not_found", NotVisible.title))
    return found


def board_facts(workshop: Workshop) -> dict[str, Any]:
    shown = workshop_view.snapshot(workshop, workshop_view.BOARD)
    return {**shown, "phase": shown["state"], "role": workshop_view.BOARD}


@require_GET
def qr(request: HttpRequest, key: str) -> HttpResponse:
    """The link of the door as a picture; the address in it is the one people use, whatever the projector opened."""
    import segno

    workshop = _for_the_wall(request, key)
    if not workshop.codes_work:
        raise NotReady(Reason("door_closed", _("The door is closed.")))
    address = settings.PUBLIC_URL.rstrip("/") + reverse("usecases:join", args=[workshop.long_code])
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", border=2, scale=6, dark="#16212b", light="#fff", xmldecl=False)
    return HttpResponse(out.getvalue(), content_type="image/svg+xml", headers={"Cache-Control": "private, no-store"})


# --- receipts ---------------------------------------------------------------------------------------------------------


@public
@require_GET
def stored(request: HttpRequest, key: str) -> HttpResponse:
    """Alike for every workshop, so it does not tell which ones there are."""
    shown = {
        "key": key, "tables": workshop_receipt.stored(), "limits": workshop_receipt.LIMITS,
        "not_stored": workshop_receipt.NOT_STORED,
    }  # fmt: skip
    return render(request, "usecases/room/stored.html", shown)


@public
@never_cache
@require_GET
def followed(request: HttpRequest, token: str) -> HttpResponse:
    """What became of a card; shows nothing the published list does not. Before that, any token is answered alike."""
    card = workshop_table.followed_card(token)
    if card is None:
        return render(request, "usecases/room/followed.html", {"card": None})
    item = card.cluster
    while item is not None and item.merged_into is not None:
        item = item.merged_into
    vote = card.workshop.rounds.sealed().select_related("inventory").first()
    shown = {"card": card, "pain": item and item.pain, "inventory": vote and vote.inventory}
    return render(request, "usecases/room/followed.html", shown)
