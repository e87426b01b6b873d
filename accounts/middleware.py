"""Who is asking: `request.actor`, the reader's time zone and language, and the sign-in for everything not public."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone, translation
from django_htmx.http import HttpResponseClientRedirect

from accounts.actors import actor_for, guest
from accounts.context import forget_badge
from accounts.models import User

Handler = Callable[[HttpRequest], HttpResponse]
V = TypeVar("V", bound=Callable[..., Any])

# Doors that check for themselves (sign-in pages, REST) or have nothing to hide (health, files, kit specimens).
PUBLIC = ("/accounts/", "/api/", "/static/", "/livez", "/readyz", "/csp-report", "/invite/", "/kit/", "/favicon.ico")


def public(view: V) -> V:
    """Marks a page view that needs no sign-in."""
    view.login_exempt = True  # type: ignore[attr-defined]
    return view


class ActorMiddleware:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) or user.is_authenticated:
            prefer(request, user)  # type: ignore[arg-type]
            request.actor = actor_for(user, door_of(request))  # type: ignore[attr-defined, arg-type]
        else:
            request.actor = guest(door_of(request))  # type: ignore[attr-defined]
        with timezone.override(zone_of(request.actor.zone)):  # type: ignore[attr-defined]
            response = self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            forget_badge(request.actor)  # type: ignore[attr-defined]
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if request.user.is_authenticated or getattr(view, "login_exempt", False) or request.path.startswith(PUBLIC):
            return None
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(resolve_url(settings.LOGIN_URL))
        return redirect_to_login(request.get_full_path())


def door_of(request: HttpRequest) -> str:
    """A browser session used on the REST address is the REST door: binding acts stay on pages."""
    return "rest" if request.path.startswith("/api/") else "page"


def prefer(request: HttpRequest, user: User) -> None:
    """The profile's language, unless this visit or this browser asked for another."""
    asked = request.GET.get("lang") or request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
    if user.language and not asked:
        translation.activate(user.language)
        request.LANGUAGE_CODE = translation.get_language()  # type: ignore[attr-defined]


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")
