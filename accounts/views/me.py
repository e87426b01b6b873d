"""Oneself: language, colours, zone, tokens; the same switches for people who are not signed in."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.adapter import keep_cookie, keep_preferences
from accounts.forms import PreferencesForm, TokenForm
from accounts.middleware import public
from accounts.models import ApiToken, User
from accounts.return_to import is_readable
from accounts.selectors import persona_user, tokens_of
from foundation.errors import NotVisible, Reason
from foundation.pages import form_status, submit

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@require_http_methods(["GET", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    now = {"language": user.language, "theme": user.theme, "zone": user.zone}
    actor = request.actor  # type: ignore[attr-defined]
    form = PreferencesForm(request.POST or None, initial=now)
    saved = submit(form, lambda data: services.set_preferences(actor=actor, **data)) if form.is_bound else None
    if saved:
        with translation.override(saved.language or translation.get_language()):
            messages.success(request, gettext("Saved."))
        response = redirect("accounts:me")
        keep_preferences(response, saved)
        return response
    return _me_page(request, form=form)


def _me_page(request: HttpRequest, **context: Any) -> HttpResponse:
    actor, user = request.actor, request.user  # type: ignore[attr-defined]
    sent = next((f for f in context.values() if getattr(f, "is_bound", False)), None)
    shown = {
        "held": actor.extra["held"],
        "tokens": tokens_of(user),  # type: ignore[arg-type]
        "form": PreferencesForm(initial={"language": user.language, "theme": user.theme, "zone": user.zone}),  # type: ignore[union-attr]
        "token_form": TokenForm(actor=actor),
        **context,
    }
    response = render(request, "accounts/me.html", shown, status=form_status(sent) if sent else 200)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def make_token(request: HttpRequest) -> HttpResponse:
    """The answer itself shows the secret, once; there is no address where it could be read again."""
    actor = request.actor  # type: ignore[attr-defined]
    form = TokenForm(request.POST, actor=actor)
    made = submit(form, lambda data: services.make_token(actor=actor, **data))
    if made is None:
        return _me_page(request, token_form=form)
    return _me_page(request, secret=made[1], made=made[0])


@require_POST
def revoke_token(request: HttpRequest, pk: UUID) -> HttpResponse:
    token = ApiToken.objects.filter(pk=pk).select_related("unit", "user").first()
    if token is None:
        raise NotVisible(Reason("not_found", NotVisible.title))
    services.revoke_token(actor=request.actor, token=token)  # type: ignore[attr-defined]
    messages.success(request, _("The token opens nothing any more."))
    return redirect("accounts:me")


def back(request: HttpRequest) -> HttpResponseRedirect:
    """To where the form stood, on this site only and to a page, without a `?lang=` that would undo the choice."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return HttpResponseRedirect("/")
    if not is_readable(target):
        return HttpResponseRedirect("/")
    parts = urlsplit(target)
    query = urlencode([(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k != "lang"])
    return HttpResponseRedirect(parts._replace(query=query).geturl())


@public
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    response, language = back(request), request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            services.set_preferences(actor=request.actor, language=language)  # type: ignore[attr-defined]
        keep_cookie(response, settings.LANGUAGE_COOKIE_NAME, language)
    return response


@public
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    response, theme = back(request), request.POST.get("theme", "")
    if theme in User.Theme.values:
        if request.user.is_authenticated:
            services.set_preferences(actor=request.actor, theme=theme)  # type: ignore[attr-defined]
        keep_cookie(response, "theme", theme)
    return response


@public
@require_POST
def persona(request: HttpRequest) -> HttpResponse:
    """Look through somebody else's eyes: in a marked demo only, else there is nothing here."""
    user = persona_user(request.POST.get("persona", ""))
    if user is None:
        raise NotVisible(Reason("not_found", NotVisible.title))
    login(request, user, backend=BACKEND)
    return back(request)
