"""Pilots: drafting one from a candidate, its page with measures, gaps, notes and statements."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from foundation.access import get_visible, may, require
from foundation.actor import Actor
from foundation.audit import timeline
from foundation.pages import form_status, submit, version_of
from metrics import services
from metrics.forms.measures import NoteForm, PilotEditForm, PilotForm, StatementForm
from metrics.models import GainEstimate, Measure, MeasureVersion, Pilot, Statement
from metrics.selectors.boards import read_case_lines, statements_of
from metrics.selectors.measures import decision_open, latest_estimate, live_lock, measure_gaps, measures_of, plan_locked
from metrics.views.measures import actor_of, jobs_of, windows_in_days
from metrics.words import verdict_word


def pilot_of(request: HttpRequest, key: str) -> Pilot:
    return get_visible(Pilot.objects.select_related("unit", "candidate", "lead", "report"), actor_of(request), key=key)


@require_http_methods(["GET", "POST"])
def pilot_new(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    require(actor, "metrics.pilot.draft")
    form = PilotForm(request.POST or None, actor=actor, initial={"candidate": request.GET.get("candidate")})
    made = submit(form, lambda data: services.draft_pilot(actor=actor, **data)) if form.is_bound else None
    if made:
        messages.success(request, _("The pilot was drafted. Name its measure next."))
        return redirect(made)
    return render(request, "metrics/pilot_new.html", {"form": form}, status=form_status(form))


@require_GET
def pilot(request: HttpRequest, key: str) -> HttpResponse:
    return _pilot_page(request, pilot_of(request, key))


def _pilot_page(request: HttpRequest, found: Pilot, **sent: Any) -> HttpResponse:
    actor = actor_of(request)
    versions = measures_of(found)
    form = next(iter(sent.values()), None)
    context = {
        "pilot": found,
        "measures": [_measure_row(v) for v in versions],
        "has_task_times": any(v.kind == "duration_task" for v in versions),
        "not_locked": plan_locked(found) if found.status == Pilot.State.DRAFT else [],
        "decision_open": decision_open(found),
        "jobs": jobs_of([v.measure for v in versions]),
        "notes": list(found.notes.all()),
        "note_form": sent.get("note") or NoteForm(),
        "edit_form": sent.get("edit") or PilotEditForm(pilot=found),
        "form": form,
        "lines": read_case_lines(found),
        "state_url": _state_url(found, actor),
        "statements": [_statement_row(s, request) for s in statements_of(found)],
        "freezes": found.report.freezes.defer("body", "xlsx").order_by("-frozen_at")[:12]
        if hasattr(found, "report")
        else [],
        "links": _links(found, may(actor, "metrics.record.write", found)),
        "may_edit": found.status == Pilot.State.DRAFT and may(actor, "metrics.pilot.draft", found),
        "may_measure": may(actor, "metrics.measure.draft", found),
        "may_note": may(actor, "metrics.note.add", found),
        "may_estimate": may(actor, "metrics.estimate.run", found),
        "history": [{"when": line.at, "text": line.sentence} for line in timeline(found, actor)],
    }
    return render(request, "metrics/pilot.html", context, status=form_status(form) if form else 200)


def _measure_row(version: MeasureVersion) -> dict[str, Any]:
    measure, newest = version.measure, latest_estimate(version.measure)
    back = latest_estimate(measure, look_back=True)
    return {
        "measure": measure,
        "version": version,
        "windows": windows_in_days(version),
        "lock": live_lock(version),
        "gaps": measure_gaps(version),
        "estimate": newest,
        "verdict": verdict_word(newest.verdict) if newest else "",
        "back": back,
    }


def _state_url(found: Pilot, actor: Actor) -> str:
    """Where a statement of the primary measure is drafted, once there is something to say."""
    measure = found.measures.filter(role=Measure.Role.PRIMARY).first()
    newest = latest_estimate(measure) if measure else None
    if newest is None or not newest.verdict or not may(actor, "metrics.statement.draft", found):
        return ""
    return reverse("metrics:estimate", args=[newest.pk]) + "#state"


def _statement_row(found: Statement, request: HttpRequest) -> dict[str, Any]:
    actor = actor_of(request)
    own = str(found.author_id) == actor.user_id
    is_draft, gone = found.state == "draft", found.state == "withdrawn"
    return {
        "statement": found,
        "may_publish": is_draft and not own and may(actor, "metrics.statement.publish", found),
        "waits": is_draft and own,
        "may_withdraw": not gone and may(actor, "metrics.statement.withdraw", found),
    }


def _links(found: Pilot, may_write: bool) -> dict[str, str]:
    """Pages of other parts, where they exist."""
    wanted = {
        "usage": ("metrics:usage", []),
        "candidate": ("usecases:candidate", [found.candidate.key]),
        "trace": ("desk:trace", [found.candidate.key]),
    }
    if may_write:
        wanted["time"] = ("metrics:task_time", [found.key])
    links = {}
    for name, (view, args) in wanted.items():
        try:
            links[name] = reverse(view, args=args)
        except NoReverseMatch:
            continue
    return links


@require_POST
def pilot_edit(request: HttpRequest, key: str) -> HttpResponse:
    found = pilot_of(request, key)
    require(actor_of(request), "metrics.pilot.draft", found)
    form, version = PilotEditForm(request.POST, pilot=found), version_of(request)
    if submit(form, lambda data: services.edit_pilot(actor=actor_of(request), pilot=found, version=version, **data)):
        messages.success(request, _("Saved."))
        return redirect(found)
    return _pilot_page(request, found, edit=form)


@require_POST
def note_add(request: HttpRequest, key: str) -> HttpResponse:
    found, form = pilot_of(request, key), NoteForm(request.POST)
    require(actor_of(request), "metrics.note.add", found)
    made = submit(
        form, lambda data: services.add_change_note(actor=actor_of(request), pilot=found, **form.service_data())
    )
    if made is None:
        return _pilot_page(request, found, note=form)
    messages.success(request, _("The note stands on the plot; the week stays in the data."))
    if request.POST.get("back") == "report" and hasattr(found, "report"):
        return redirect(found.report.get_absolute_url() + "#plot")
    return redirect(found.get_absolute_url() + "#notes")


# --- statements --------------------------------------------------------------------------------------------------


@require_POST
def statement_draft(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = get_visible(GainEstimate.objects.select_related("measure__pilot", "unit"), actor, pk=pk)
    require(actor, "metrics.statement.draft", found)
    form = StatementForm(request.POST)
    made = submit(form, lambda data: services.draft_statement(actor=actor, estimate=found, **form.service_data()))
    if made:
        messages.success(request, _("The statement is drafted; somebody else publishes it."))
        return redirect(reverse("metrics:pilot", args=[found.measure.pilot.key]) + "#statements")
    from metrics.estimate_page import EstimatePage

    context = {
        "page": EstimatePage(found),
        "estimate": found,
        "measure": found.measure,
        "may_state": True,
        "form": form,
    }
    return render(request, "metrics/measure_estimate.html", context, status=422)


def _statement(request: HttpRequest, pk: UUID) -> Statement:
    return get_visible(
        Statement.objects.select_related("estimate__measure__pilot", "estimate__unit"), actor_of(request), pk=pk
    )


@require_POST
def statement_publish(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _statement(request, pk)
    services.publish_statement(actor=actor_of(request), statement=found)
    messages.success(request, _("Published."))
    return redirect(_home(found.estimate.measure))


@require_POST
def statement_withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _statement(request, pk)
    services.withdraw_statement(actor=actor_of(request), statement=found)
    messages.success(request, _("Withdrawn; the record stays."))
    return redirect(_home(found.estimate.measure))


def _home(measure: Measure) -> str:
    pilot = measure.pilot
    return (
        reverse("metrics:pilot", args=[pilot.key]) + "#statements"
        if pilot
        else reverse("metrics:measure", args=[measure.pk])
    )
