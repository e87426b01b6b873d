"""Task times: a form for the phone, the list, and leaving out a case with its reason."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from foundation.access import get_visible, may, require
from foundation.actor import Actor
from foundation.lists import ListPage
from foundation.pages import form_status, submit
from foundation.templatetags.house import num
from metrics.forms.records import CorrectForm, ExcludeForm, TaskTimeFilter, TaskTimeForm
from metrics.models import Observation, Pilot
from metrics.record_pages import TASK_TIME_SORTS, task_time_columns
from metrics.selectors.records import task_measure, task_times_of, team_of
from metrics.services.task_times import (
    CORRECTABLE,
    Recorded,
    TaskTime,
    by_receipt,
    by_receipts,
    correct_task_time,
    exclude_observation,
    record_task_time,
)

COOKIE = "task_times"
SALT = "metrics.task_times"
KEPT_RECEIPTS = 12
WRITE, EXCLUDE = "metrics.record.write", "metrics.pilot.draft"


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _pilot(request: HttpRequest, key: str) -> Pilot:
    return get_visible(Pilot.objects.select_related("unit"), _actor(request), key=key)


@never_cache
@require_http_methods(["GET", "POST"])
def task_time(request: HttpRequest, key: str) -> HttpResponse:
    actor, pilot = _actor(request), _pilot(request, key)
    measure = task_measure(pilot)
    require(actor, WRITE, measure)
    team = team_of(actor, measure)
    form = TaskTimeForm(request.POST or None)
    if request.method == "POST":
        kept = submit(form, lambda data: record_task_time(actor=actor, measure=measure, entry=_entry(data), team=team))
        if kept is not None:
            return _saved(request, pilot, kept)
    receipts = by_receipts(measure, _receipts(request))
    shown = {
        "pilot": pilot,
        "team": team,
        "form": form,
        "recent": [
            {"row": row, "form": CorrectForm(initial={"receipt": r, "minutes": row.minutes}, auto_id=f"c{n}_%s")}
            for n, (r, row) in enumerate(receipts)
        ],
        "asked_again": "again" in form.errors,
        "folded_open": any(name in form.errors for name in ("review_minutes", "usable", "at")),
    }
    return render(request, "metrics/task_time.html", shown, status=form_status(form))


def _entry(data: dict[str, Any]) -> TaskTime:
    return TaskTime(**{name: data[name] for name in ("minutes", "case", "review_minutes", "usable", "at", "again")})


def _saved(request: HttpRequest, pilot: Pilot, kept: Recorded) -> HttpResponse:
    """Save and next keeps the page; the receipt stays in this browser alone."""
    row = kept.observation
    messages.success(request, _("Saved: %(minutes)s min, %(case)s") % {"minutes": num(row.minutes), "case": row.case})
    response = redirect("metrics:task_time", pilot.key)
    _keep_receipts(request, response, [kept.receipt, *_receipts(request)][:KEPT_RECEIPTS])
    return response


def _receipts(request: HttpRequest) -> list[str]:
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=CORRECTABLE)
    except signing.BadSignature:
        return []
    return [str(r) for r in found][:KEPT_RECEIPTS]


def _keep_receipts(request: HttpRequest, response: HttpResponse, receipts: list[str]) -> None:
    response.set_cookie(
        COOKIE,
        signing.dumps(receipts, salt=SALT),
        max_age=CORRECTABLE,
        path="/measures/pilots/",
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


@require_POST
def correct(request: HttpRequest, key: str) -> HttpResponse:
    actor, pilot = _actor(request), _pilot(request, key)
    form = CorrectForm(request.POST, auto_id="fix_%s")
    receipt = request.POST.get("receipt", "")
    row = by_receipt(receipt)
    done = submit(
        form,
        lambda data: correct_task_time(actor=actor, receipt=receipt, minutes=data["minutes"], remove=data["remove"]),
    )
    if done is None:
        shown = {"pilot": pilot, "form": form, "row": row}
        return render(request, "metrics/task_time_correct.html", shown, status=422)
    taken_back = form.cleaned_data["remove"]
    messages.success(request, _("Taken back.") if taken_back else _("Corrected."))
    return redirect("metrics:task_time", pilot.key)


@require_GET
def qr(request: HttpRequest, key: str) -> HttpResponse:
    """For the wall: opens the form on a phone."""
    import segno

    pilot = _pilot(request, key)
    address = request.build_absolute_uri(reverse("metrics:task_time", args=[pilot.key]))
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", border=2, scale=6, dark="#000", light="#fff", xmldecl=False)
    return HttpResponse(out.getvalue(), content_type="image/svg+xml")


@require_GET
def task_times(request: HttpRequest, key: str) -> HttpResponseBase:
    actor, pilot = _actor(request), _pilot(request, key)
    measure = task_measure(pilot)
    rows = task_times_of(actor, measure)
    page = ListPage(
        request,
        rows,
        task_time_columns(may(actor, EXCLUDE, measure)),
        name=f"{pilot.key}_task-times",
        title=_("Task times"),
        filters=TaskTimeFilter,
        order=("-at", "id"),
        sorts=TASK_TIME_SORTS,
    )
    if page.wants_export:
        return page.export()
    shown = {
        "page": page,
        "pilot": pilot,
        "counted": rows.filter(excluded_why="").count(),
        "may_write": may(actor, WRITE, measure),
    }
    return render(request, "metrics/task_times.html", shown, status=page.status)


@require_http_methods(["GET", "POST"])
def task_time_row(request: HttpRequest, key: str, pk: UUID) -> HttpResponse:
    """One case, and the form that leaves it out."""
    actor, pilot = _actor(request), _pilot(request, key)
    row = get_visible(Observation.objects.select_related("measure__unit", "team"), actor, pk=pk, measure__pilot=pilot)
    require(actor, EXCLUDE, row)
    form = ExcludeForm(request.POST or None)
    if request.method == "POST":
        done = submit(form, lambda data: exclude_observation(actor=actor, observation=row, **data))
        if done is not None:
            messages.success(request, _("Left out; the reason prints with every estimate."))
            return redirect("metrics:task_times", pilot.key)
    shown = {"pilot": pilot, "row": row, "form": form}
    return render(request, "metrics/task_time_row.html", shown, status=form_status(form))
