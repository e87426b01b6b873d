"""What differs from allauth's own ways: nobody signs up, and the profile's language follows into the browser."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from accounts.models import User

YEAR = 365 * 24 * 3600  # seconds


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People enter by invitation."""
        return False

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """A service account never opens a page."""
        if user.kind == User.Kind.SERVICE:
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)

    def add_message(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """In the language the next page will speak: that of the profile."""
        with translation.override(getattr(request.user, "language", "") or translation.get_language()):
            super().add_message(request, *args, **kwargs)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        keep_preferences(response, user)
        return response


def keep_preferences(response: HttpResponse, user: User) -> None:
    """Language and theme as cookies, so that pages before sign-in look the same."""
    if user.language:
        keep_cookie(response, settings.LANGUAGE_COOKIE_NAME, user.language)
    keep_cookie(response, "theme", user.theme)


def keep_cookie(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=YEAR, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
