"""problem+json with all reasons, one handler for every REST view."""

from __future__ import annotations

import logging
from typing import Any

from django.http import Http404, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from foundation.errors import Reason, Refused, TooMany
from foundation.middleware import note_refusal
from foundation.work import request_id

log = logging.getLogger("pilotage.api")
PROBLEM = "application/problem+json"


def body(status: int, code: str, title: str, reasons: list[Reason]) -> dict[str, Any]:
    return {
        "type": f"/help/errors#{code}",
        "title": title,
        "status": status,
        "detail": " ".join(str(r.text) for r in reasons) or title,
        "instance": request_id.get(),
        "code": code,
        "reasons": [r.as_dict() for r in reasons],
    }


def problem(
    status: int, code: str, title: str, reasons: list[Reason], headers: dict[str, str] | None = None
) -> Response:
    return Response(body(status, code, title, reasons), status=status, headers=headers, content_type=PROBLEM)


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, Refused):
        note_refusal(context["request"]._request, error)
        headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else None
        return problem(error.status, error.code, str(error.title), error.reasons, headers)
    if isinstance(error, Http404):
        return problem(404, "not_found", _("There is nothing here, or you may not see it."), [])
    if isinstance(error, exceptions.ValidationError):
        return problem(400, "unreadable", _("The request cannot be read as asked for."), list(_flat(error.detail)))
    if isinstance(error, exceptions.APIException):
        auth, wait = getattr(error, "auth_header", None), getattr(error, "wait", None)
        headers = {"WWW-Authenticate": auth} if auth else {}
        if wait:
            headers["Retry-After"] = str(int(wait))
        return problem(error.status_code, str(error.get_codes()), str(error.detail), [], headers)
    return None


def _flat(detail: Any, field: str = "") -> list[Reason]:
    if isinstance(detail, dict):
        return [r for k, v in detail.items() for r in _flat(v, f"{field}.{k}".strip("."))]
    if isinstance(detail, list) and any(isinstance(d, dict | list) for d in detail):
        return [r for i, v in enumerate(detail) for r in _flat(v, f"{field}[{i}]")]
    if isinstance(detail, list):
        return [Reason(str(getattr(d, "code", "invalid")), str(d), field=field or None) for d in detail]
    return [Reason(str(getattr(detail, "code", "invalid")), str(detail), field=field or None)]


def crashed_json() -> JsonResponse:
    """The request id is all a program needs to tell us; the log has the rest."""
    said = body(500, "crashed", _("Something went wrong on our side."), [])
    return JsonResponse(said, status=500, content_type=PROBLEM)


def refused_json(error: Refused) -> JsonResponse:
    """A refusal before any REST view was reached."""
    said = body(error.status, error.code, str(error.title), error.reasons)
    return JsonResponse(said, status=error.status, content_type=PROBLEM)


def not_found_json() -> JsonResponse:
    return JsonResponse(body(404, "not_found", _("There is nothing here."), []), status=404, content_type=PROBLEM)
