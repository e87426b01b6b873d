"""The list, the six blanks, the terms, and the review page with the acts of its panel."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.selectors import units_with
from charter import services, template
from charter.forms import CharterFilter, NewCharterForm, ReasonForm, TermsForm
from charter.models import Charter
from charter.panel import STATE_TONES, state_word
from charter.selectors import charters_for, list_word, next_point_day, open_point, review_facts
from foundation import clock
from foundation.access import get_visible, may, require
from foundation.actor import Actor
from foundation.bilingual import pick, twin
from foundation.exports.ics import Event, write_calendar
from foundation.exports.tables import attach
from foundation.kit import Cell
from foundation.lists import ListColumn, ListPage
from foundation.pages import form_status, submit, version_of

VISIT_PAUSE = 30 * 60  # seconds; a shorter absence is the same visit
COOKIE_LIFE = 180 * 24 * 3600


def actor_of(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def charter_of(request: HttpRequest, key: str) -> Charter:
    return get_visible(Charter.objects.select_related("unit", "lead"), actor_of(request), key=key)


def _cases(charter: Charter) -> str:
    return ", ".join(str(case) for case in charter.cases.all())


def _seals(charter: Any) -> str:
    return ", ".join(str(d.get_outcome_display()) for d in charter.sealed)


COLUMNS = (
    ListColumn(
        "question",
        gettext_lazy("Question"),
        value=lambda c: c.question,
        cell=lambda c: Cell(c.question or c.key, href=c.get_absolute_url(), sub=_cases(c)),
        sort="question",
    ),
    ListColumn("key", gettext_lazy("Number"), value=lambda c: c.key, shown=False),
    ListColumn("unit", gettext_lazy("Unit"), value=lambda c: c.unit.name, sort="unit"),
    ListColumn(
        "state",
        gettext_lazy("State"),
        value=lambda c: state_word(list_word(c)),
        cell=lambda c: Cell(state_word(list_word(c)), tone=STATE_TONES[list_word(c)]),
    ),
    ListColumn(
        "decision_on", gettext_lazy("Next decision"), kind="date",
        value=lambda c: None if c.state in ("decided", "withdrawn") else next_point_day(c), sort="decision_on",
    ),
    ListColumn("starts_on", gettext_lazy("From"), kind="date", shown=False),
    ListColumn("ends_on", gettext_lazy("Until"), kind="date", sort="ends_on"),
    ListColumn("lead", gettext_lazy("Led by"), value=lambda c: c.lead.name),
    ListColumn(
        "decisions", gettext_lazy("Decisions"), value=_seals,
        cell=lambda c: Cell(_seals(c), tone="seal" if c.sealed else None) if c.sealed else None,
    ),
)  # fmt: skip
SORTS = {
    "decision_on": ("ends_on", "id"),
    "ends_on": ("ends_on", "id"),
    "question": ("question_en", "question_zh", "id"),
    "unit": ("unit__path", "id"),
}


@require_safe
def charters(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    order = ("-ends_on", "id")
    page = ListPage(
        request, charters_for(actor), COLUMNS, name="charters", filters=CharterFilter, order=order, sorts=SORTS
    )
    if page.wants_export:
        return page.export()
    sealed = [d for c in page.items for d in c.sealed]
    context = {"page": page, "may_draft": may(actor, "charter.text.draft"), "sealed": sealed}
    return render(request, "charter/charters.html", context, status=page.status)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    require(actor, "charter.text.draft")
    asked = request.POST.get("unit") or request.GET.get("unit")
    unit = units_with(actor, "charter.text.draft").filter(code=asked).first() if asked else None
    form = NewCharterForm(request.POST or None, actor=actor, unit=unit)
    made = submit(form, lambda _data: services.draft_charter(actor=actor, **form.call())) if form.is_bound else None
    if made:
        messages.success(request, _("The charter is drafted. What is still missing stands beside it."))
        return redirect(made)
    shown = {c.metric for c in template.CRITERIA}
    context = {"form": form, "more": _more_criteria(), "left_out": _left_out(), "shown": shown}
    return render(request, "charter/new.html", context, status=form_status(form))


def _more_criteria() -> list[str]:
    return [pick(c.told()) for c in template.CRITERIA if not c.has_number]


def _left_out() -> list[str]:
    return [pick({"en": en, "zh": zh}) for _code, en, zh in template.LEFT_OUT]


@require_safe
def charter(request: HttpRequest, key: str) -> HttpResponse:
    actor, found = actor_of(request), charter_of(request, key)
    previous, cookie = _visits(request, found)
    review = review_facts(found, actor, previous)
    context = {
        "r": review,
        "charter": found,
        "twin": twin(found, "question"),
        "since": previous,
        "reason": ReasonForm(),
    }
    response = render(request, "charter/charter.html", context)
    path = found.get_absolute_url()
    response.set_signed_cookie(
        _cookie(found),
        cookie,
        max_age=COOKIE_LIFE,
        path=path,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return response


def _cookie(found: Charter) -> str:
    return f"seen-{found.key}"


def _visits(request: HttpRequest, found: Charter) -> tuple[Any, str]:
    """When this reader was here before, and what to remember; kept in their own browser, nowhere else."""
    now = clock.now()
    try:
        given = str(request.get_signed_cookie(_cookie(found), default="", max_age=COOKIE_LIFE))
    except (signing.BadSignature, signing.SignatureExpired):
        given = ""
    before, _sep, last = given.partition(" ")
    last_at, before_at = parse_datetime(last or ""), parse_datetime(before or "")
    if last_at is None:
        return None, f"{now.isoformat()} {now.isoformat()}"
    if (now - last_at).total_seconds() > VISIT_PAUSE:
        return last_at, f"{last_at.isoformat()} {now.isoformat()}"
    since = before_at if before_at and before_at != last_at else None
    return since, f"{before or last} {last}"


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, key: str) -> HttpResponse:
    actor, found = actor_of(request), charter_of(request, key)
    require(actor, "charter.text.draft", found)
    form = TermsForm(request.POST or None, actor=actor, charter=found)
    version = version_of(request)
    if form.is_bound and submit(
        form, lambda _data: services.save_terms(actor=actor, charter=found, version=version, **form.call())
    ):
        messages.success(request, _("The terms are saved."))
        return redirect(found)
    context = {"form": form, "charter": found, "version": version or found.version, "left_out": _left_out()}
    return render(request, "charter/edit.html", context, status=form_status(form))


@require_POST
def send(request: HttpRequest, key: str) -> HttpResponse:
    found = charter_of(request, key)
    services.send_charter(actor=actor_of(request), charter=found, version=version_of(request))
    messages.success(request, _("Sent. The signatories have mail."))
    return redirect(found)


@require_POST
def withdraw(request: HttpRequest, key: str) -> HttpResponse:
    found = charter_of(request, key)
    services.withdraw_charter(actor=actor_of(request), charter=found)
    messages.success(request, _("The charter is withdrawn."))
    return redirect(found)


@require_POST
def start(request: HttpRequest, key: str, slot: int) -> HttpResponse:
    found = charter_of(request, key)
    case = found.cases.filter(slot=slot).select_related("candidate", "pilot").first()
    if case is None:
        return redirect(found)
    services.start_pilot(actor=actor_of(request), charter=found, case=case)
    messages.success(request, _("The pilot of %(case)s is started.") % {"case": case})
    return redirect(found)


@require_POST
def stop(request: HttpRequest, key: str) -> HttpResponse:
    found = charter_of(request, key)
    services.press_stop(actor=actor_of(request), charter=found, reason=request.POST.get("reason", ""))
    messages.warning(request, _("Stopped. Nobody may run a pilot under this charter until a signatory resumes it."))
    return redirect(found)


@require_POST
def resume(request: HttpRequest, key: str) -> HttpResponse:
    found = charter_of(request, key)
    services.resume_charter(actor=actor_of(request), charter=found, reason=request.POST.get("reason", ""))
    messages.success(request, _("The charter is resumed."))
    return redirect(found)


@require_safe
def calendar(request: HttpRequest, key: str) -> HttpResponseBase:
    found = charter_of(request, key)
    point = open_point(found)
    on = point.on if point else found.ends_on
    event = Event(
        uid=f"{found.pk}-review@pilotage",
        title=_("%(key)s: %(question)s") % {"key": found.key, "question": point.question if point else found.question},
        start=on,
        note=found.question,
        url=request.build_absolute_uri(reverse("charter:charter", args=[found.key])),
        sequence=found.version,
    )
    response = HttpResponse(write_calendar(found.key, [event]), content_type="text/calendar; charset=utf-8")
    return attach(response, f"{found.key}_review.ics")
