"""What every page view shares: refusals as pages, forms that keep their input, both texts of a stale edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from foundation.errors import Invalid, NotVisible, Reason, Refused, Stale, TooMany
from foundation.secrets import SealedField
from foundation.versions import small_number
from foundation.work import request_id

R = TypeVar("R")


def refusal_page(request: HttpRequest, error: Refused) -> HttpResponse:
    """The styled page (or fragment, for htmx) of a refusal, with its status and all reasons; a program gets JSON."""
    if request.path.startswith("/api/"):
        from foundation.api.problems import refused_json

        return refused_json(error)
    whole = not getattr(request, "htmx", False)
    template = f"errors/{error.status}.html" if whole else "errors/fragment.html"
    context = {"error": error, "reasons": error.reasons, "title": error.title, "status": error.status}
    if isinstance(error, Stale):
        context |= {"current": error.current, "both": both_texts(request, error.current)}
    response = render(request, template, context, status=error.status)
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.retry_after)
    return response


def both_texts(request: HttpRequest, current: Any) -> list[dict[str, Any]]:
    """Field by field what stands now and what this form wanted to save, where the two differ; never a secret."""
    rows = []
    for field in current._meta.concrete_fields if hasattr(current, "_meta") else ():
        if not field.editable or field.name not in request.POST or isinstance(field, SealedField):
            continue
        sent, now = ", ".join(request.POST.getlist(field.name)), str(field.value_from_object(current) or "")
        if sent != now:
            rows.append({"label": field.verbose_name, "now": now, "sent": sent})
    return rows


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if request.path.startswith("/api/"):
        from foundation.api.problems import not_found_json

        return not_found_json()
    return refusal_page(request, NotVisible(Reason("not_found", NotVisible.title)))


def crashed(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        from foundation.api.problems import crashed_json

        return crashed_json()
    return render(request, "errors/500.html", {"request_id": request_id.get(), "status": 500}, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    text = _("This form was open too long or came from another place. Go back, reload the page and send it again.")
    error = Refused(Reason("csrf", text))
    error.status = 403
    return refusal_page(request, error)


def submit(form: forms.Form, call: Callable[[dict[str, Any]], R]) -> R | None:
    """Validate `form`, pass its cleaned data to `call`; an Invalid of the service lands at the named fields.

    None means: show the form again with `form_status(form)`. Other refusals pass through to their pages.
    """
    if not form.is_valid():
        return None
    try:
        return call(form.cleaned_data)
    except Invalid as refusal:
        for reason in refusal.reasons:
            form.add_error(reason.field if reason.field in form.fields else None, str(reason.text))
        return None


def form_status(form: forms.Form) -> int:
    """422 for a form that was sent and refused, else 200."""
    return 422 if form.is_bound and form.errors else 200


def version_of(request: HttpRequest) -> int | None:
    """The version the form was rendered with (hidden field `version`)."""
    given = request.POST.get("version", "")
    if given and small_number(given) is None:
        raise Stale()  # no form of ours sends that; nothing is saved unguarded
    return small_number(given)


def version_shown(request: HttpRequest, current: int | None) -> int | None:
    """What a form carries: the version its reader first saw; after a 422 that is not the newest one."""
    seen = version_of(request)
    return current if seen is None else seen
