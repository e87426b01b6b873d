"""The first screen: what needs me today."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET

from desk.selectors.journey import read_journey
from desk.selectors.today import finding, read_today
from desk.selectors.units import own_unit
from foundation import clock
from foundation.access import may

SEEN = "seen"  # cookie: when this person was here last, per browser
VISIT = timedelta(minutes=30)  # within it, "since you were last in" stays the same
KEPT = 90 * 24 * 3600


@require_GET
def today(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    since, now = _since(request), clock.now()
    found = read_today(actor, since[0])
    unit = own_unit(actor)
    context = {
        "today": found,
        "title": finding(found),
        "since": since[0],
        "may_record": may(actor, "usecases.pain.record"),
        "may_run": may(actor, "usecases.workshop.run"),
        "journey": read_journey(unit) if unit else None,
    }
    response = render(request, "desk/today.html", context)
    _remember(request, response, since, now)
    return response


def _since(request: HttpRequest) -> tuple[datetime | None, datetime | None]:
    """Begin of the visit before this one, and the last page view."""
    try:
        given = request.get_signed_cookie(SEEN, salt=_salt(request)).split("|")
    except (KeyError, BadSignature):
        return None, None
    before, last = (parse_datetime(part) if part else None for part in (*given, "")[:2])
    if last is not None and clock.now() - last > VISIT:
        return last, last
    return before, last


def _remember(request: HttpRequest, response: HttpResponse, since: tuple[Any, Any], now: datetime) -> None:
    value = f"{since[0].isoformat() if since[0] else ''}|{now.isoformat()}"
    response.set_signed_cookie(
        SEEN, value, salt=_salt(request), max_age=KEPT, httponly=True, samesite="Lax", secure=request.is_secure()
    )


def _salt(request: HttpRequest) -> str:
    return f"desk.today.{request.user.pk}"
