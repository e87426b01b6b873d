"""Request id, language, and the one place where a refusal becomes a page."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from foundation import audit
from foundation.errors import Invalid, NotPermitted, Reason, Refused
from foundation.logs import masked
from foundation.pages import refusal_page
from foundation.work import request_id

log = logging.getLogger("pilotage.request")
Handler = Callable[[HttpRequest], HttpResponse]
CLEAN_ID = re.compile(r"^[A-Za-z0-9-]{8,40}$")


class RequestIdMiddleware:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        token = request_id.set(given if CLEAN_ID.match(given) else uuid.uuid4().hex)
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = request_id.get()
            log.info("%s %s %s", request.method, request.path, response.status_code)
            return response
        finally:
            request_id.reset(token)


class LanguageMiddleware:
    """`?lang=` overrides one visit; else the cookie (set from the profile), else what the browser asks for."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET.get("lang", "")
        language = {"zh": "zh-hans", "zh-hans": "zh-hans", "en": "en"}.get(asked.lower())
        language = language or self._known(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME))
        language = language or translation.get_language_from_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language()  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)  # type: ignore[attr-defined]
        translation.deactivate()
        return response

    def _known(self, code: str | None) -> str | None:
        return code if code in dict(settings.LANGUAGES) else None


class RefusalMiddleware:
    """Expected refusals of a page become their status with every reason; a forbidden write leaves a ledger entry."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not request.path.startswith("/api/"):
            return _only_forms(request, response)
        return response

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """No text of ours holds a NUL, and PostgreSQL takes none. JSON bodies are read by their serializers."""
        form = request.POST if request.method == "POST" and not request.path.startswith("/api/") else QueryDict()
        if any("\0" in value for fields in (request.GET, form) for values in fields.lists() for value in values[1]):
            return refusal_page(request, Invalid(Reason("nul", _("The text holds a NUL character. Remove it."))))
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Refused):
            return None
        note_refusal(request, error)
        return refusal_page(request, error)


def _only_forms(request: HttpRequest, bare: HttpResponse) -> HttpResponse:
    """Django's own 405 has no body; somebody typed or reloaded an address that only takes a form."""
    error = Refused(
        Reason("method_not_allowed", _("This address only takes what a form sends; it is no page to open."))
    )
    error.status = 405
    page = refusal_page(request, error)
    page["Allow"] = bare["Allow"]
    return page


def note_refusal(request: HttpRequest, error: Refused) -> None:
    actor = getattr(request, "actor", None)
    if isinstance(error, NotPermitted) and request.method != "GET" and actor is not None and actor.user_id:
        match = request.resolver_match
        audit.record_refusal(actor, match.view_name if match else request.path, error.code, _Door(request.path))


class _Door:
    """A refused attempt names the address that was tried."""

    subject_code = "address"
    unit_path = ""
    key = ""

    class _meta:  # noqa: N801 - what subject_of reads from a model
        model_name = "address"

    def __init__(self, path: str) -> None:
        self.path_tried = masked(path)
        self.pk = self.path_tried[:60]

    def __str__(self) -> str:
        return self.path_tried[:200]
