"""Measures: the list of cases, one measure with its versions, estimates of it, looking back on old records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Unit
from foundation.access import get_visible, may, require, within
from foundation.actor import Actor
from foundation.audit import timeline
from foundation.exports.tables import respond
from foundation.jobs.models import Job
from foundation.pages import form_status, submit
from metrics import charts, services
from metrics.case_columns import CASE_COLUMNS, exported
from metrics.estimate_page import EstimatePage, detectable_page
from metrics.forms.measures import DetailsForm, LookBackForm, MeasureForm, OldRecordsForm, StatementForm
from metrics.models import GainEstimate, Measure, MeasureVersion, Pilot
from metrics.models.measures import Preset
from metrics.presets import PRESETS
from metrics.selectors.boards import CaseRow, case_rows, extent_of, looked_back_rows, sources_of, with_sources
from metrics.selectors.measures import live_lock, measure_gaps
from metrics.services.estimates import DETECTABLE, KIND
from metrics.words import WindowDays, source_word, verdict_word, window_days

LIVE = (Job.State.QUEUED, Job.State.RUNNING)


def actor_of(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


# --- the list ----------------------------------------------------------------------------------------------------


@require_GET
def measures(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    if request.GET.get("format"):
        return respond(request, "measures", CASE_COLUMNS, exported(actor), title=gettext("Measures"))
    context = {
        "cases": [(row, _spark(row)) for row in case_rows(actor)],
        "looked_back": looked_back_rows(actor),
        "may_draft": may(actor, "metrics.pilot.draft"),
        "may_estimate": may(actor, "metrics.estimate.run"),
    }
    return render(request, "metrics/measures.html", context)


def _spark(row: CaseRow) -> Any:
    if not row.weeks:
        return ""
    label = _("Median minutes by week") if row.has_verdict else _("Cases by week")
    return charts.spark_svg(row.weeks, row.first_pilot, str(label))


# --- one measure -------------------------------------------------------------------------------------------------


def measure_of(request: HttpRequest, pk: UUID) -> Measure:
    return get_visible(
        Measure.objects.select_related("unit", "pilot__unit", "pilot__candidate"), actor_of(request), pk=pk
    )


@require_http_methods(["GET", "POST"])
def measure_new(request: HttpRequest, key: str) -> HttpResponse:
    """First which preset, then at most three answers."""
    actor = actor_of(request)
    pilot = get_visible(Pilot.objects.select_related("unit"), actor, key=key)
    require(actor, "metrics.measure.draft", pilot)
    preset = request.GET.get("preset", "")
    context: dict[str, Any] = {"pilot": pilot, "presets": Preset.choices}
    if preset not in PRESETS:
        context["no_sources"] = not sources_of(pilot.unit)
        return render(request, "metrics/measure_new.html", context)
    form = MeasureForm(request.POST or None, preset=preset, pilot=pilot, source=request.GET.get("source", ""))
    made = (
        submit(form, lambda data: services.draft_measure(actor=actor, **form.service_data())) if form.is_bound else None
    )
    if made:
        messages.success(request, _("The measure was drafted. Check it below; a signature or two people lock it."))
        return redirect("metrics:measure", made.pk)
    context |= {"form": form, "preset": preset, "preset_label": Preset(preset).label}
    return render(request, "metrics/measure_new.html", context, status=form_status(form))


@require_GET
def measure(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _measure_page(request, measure_of(request, pk))


def _measure_page(
    request: HttpRequest, found: Measure, details: DetailsForm | None = None, back: LookBackForm | None = None
) -> HttpResponse:
    actor, version = actor_of(request), found.current
    sent = details if details and details.is_bound else back
    context = {
        "measure": found,
        "version": version,
        "windows": windows_in_days(version) if version else [],
        "source": source_word(version.source) if version else "",
        "lock": live_lock(version) if version else None,
        "gaps": [replace(gap, fix=None) for gap in measure_gaps(version)] if version else [],  # mended on this page
        "versions": found.versions.order_by("-number"),
        "details": details or (DetailsForm(version=version) if version else None),
        "back": back or LookBackForm(zone=found.unit.zone, initial=_offered(found)),
        "form": sent,
        "estimates": _estimate_rows(found, look_back=False),
        "looked_back": _estimate_rows(found, look_back=True),
        "jobs": jobs_of([found]),
        "detectable": detectable_page(found),
        "may_draft": may(actor, "metrics.measure.draft", found),
        "may_lock": may(actor, "metrics.measure.lock", found),
        "may_estimate": may(actor, "metrics.estimate.run", found),
        "history": [{"when": line.at, "text": line.sentence} for line in timeline(found, actor)],
    }
    return render(request, "metrics/measure.html", context, status=form_status(sent) if sent else 200)


def windows_in_days(version: MeasureVersion) -> list[WindowDays]:
    rows = version.windows.order_by("from_at")
    return [window_days(w.role, w.from_at, w.until_at, version.zone) for w in rows]


def _offered(found: Measure) -> dict[str, Any]:
    version = found.current
    extent = extent_of(found.unit, version.source) if version else None
    if extent is None:
        return {}
    names = ("baseline_from", "baseline_weeks", "pilot_from", "pilot_weeks")
    return {name: getattr(extent, name) for name in names}


def _estimate_rows(found: Measure, *, look_back: bool) -> list[dict[str, Any]]:
    rows = found.estimates.filter(look_back=look_back).defer("plan", "result").order_by("-created_at")[:10]
    return [{"estimate": e, "verdict": verdict_word(e.verdict)} for e in rows]


def jobs_of(found: list[Measure]) -> list[Job]:
    """Computations of these measures that are under way, or that were refused or failed last."""
    if not found:
        return []
    ids = {str(m.pk) for m in found}
    kinds = Job.objects.filter(kind__in=[KIND, DETECTABLE], unit_path__in={m.unit.path for m in found})
    mine = [j for j in kinds.order_by("-queued_at")[:50] if j.args.get("measure_id") in ids]
    newest: dict[tuple[str, str], Job] = {}
    for job in mine:
        newest.setdefault((job.kind, job.args["measure_id"]), job)
    return [j for j in newest.values() if j.state not in (Job.State.DONE, Job.State.CANCELLED)]


@require_GET
def job_fragment(request: HttpRequest, pk: UUID, job_id: UUID) -> HttpResponse:
    """Asked every two seconds while a computation runs; the measure's readers may see it."""
    found = measure_of(request, pk)
    job = Job.objects.filter(pk=job_id, kind__in=[KIND, DETECTABLE], unit_path=found.unit.path).first()
    return render(request, "metrics/measure_job.html", {"measure": found, "job": job})


@require_POST
def measure_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = measure_of(request, pk)
    require(actor_of(request), "metrics.measure.draft", found)
    form = DetailsForm(request.POST, version=found.current)
    if submit(form, lambda data: services.edit_measure(actor=actor_of(request), measure=found, **form.service_data())):
        messages.success(request, _("Saved as a new version."))
        return redirect("metrics:measure", pk)
    return _measure_page(request, found, details=form)


@require_POST
def measure_lock(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = measure_of(request, pk)
    lock = services.lock_measure(
        actor=actor_of(request), version=found.current, basis="pair", content_hash=request.POST.get("content_hash", "")
    )
    told = (
        _("Locked by two people.") if lock.binding_at else _("Locked by you; it binds when a second person locks it.")
    )
    messages.success(request, told)
    return redirect("metrics:measure", pk)


# --- estimates ---------------------------------------------------------------------------------------------------


@require_POST
def measure_estimate(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = measure_of(request, pk)
    services.run_estimate(actor=actor_of(request), measure=found)
    messages.success(request, _("The estimate is being computed."))
    return redirect(_back(request, found))


@require_POST
def measure_detectable(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = measure_of(request, pk)
    services.ask_detectable(actor=actor_of(request), measure=found)
    return redirect(reverse("metrics:measure", args=[pk]) + "#detectable")


@require_POST
def measure_look_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = measure_of(request, pk)
    require(actor_of(request), "metrics.estimate.run", found)
    form = LookBackForm(request.POST, zone=found.unit.zone)
    if submit(form, lambda data: _ask_back(actor_of(request), found, form)):
        messages.success(request, _("The look-back is being computed."))
        return redirect(reverse("metrics:measure", args=[pk]) + "#looked-back")
    return _measure_page(request, found, back=form)


def _ask_back(actor: Actor, found: Measure, form: LookBackForm) -> Job:
    return services.look_back(actor=actor, measure=found, **form.service_data())


def _back(request: HttpRequest, found: Measure) -> str:
    """Where the button stood: the measure, its pilot or its report."""
    if request.POST.get("back") == "report" and found.pilot and hasattr(found.pilot, "report"):
        return str(found.pilot.report.get_absolute_url())
    if request.POST.get("back") == "pilot" and found.pilot:
        return found.pilot.get_absolute_url()
    return reverse("metrics:measure", args=[found.pk])


@require_http_methods(["GET", "POST"])
def look_back_new(request: HttpRequest) -> HttpResponse:
    """Old records without a pilot: choose which, and two stretches of weeks."""
    actor = actor_of(request)
    require(actor, "metrics.estimate.run")
    mine = Unit.objects.open().filter(within(actor.paths("metrics.estimate.run"), "path")).order_by("path")
    units = with_sources(mine)
    unit = next((u for u in units if u.code == request.GET.get("unit")), units[0] if units else None)
    if unit is None:
        return render(request, "metrics/look_back_new.html", {"form": None})
    source = request.GET.get("source") or sources_of(unit)[0]
    extent = extent_of(unit, source)
    initial = (
        {n: getattr(extent, n) for n in ("baseline_from", "baseline_weeks", "pilot_from", "pilot_weeks")}
        if extent
        else {}
    )
    form = OldRecordsForm(request.POST or None, unit=unit, source=source, initial=initial)
    found = submit(form, lambda data: _old_records(actor, form)) if form.is_bound else None
    if found:
        return redirect(reverse("metrics:measure", args=[found.pk]) + "#looked-back")
    context = {"form": form, "unit": unit, "units": units, "source": source, "extent": extent}
    return render(request, "metrics/look_back_new.html", context, status=form_status(form))


def _old_records(actor: Actor, form: OldRecordsForm) -> Measure:
    """One unit of work: a look-back that is refused leaves no measure behind."""
    return services.look_back_on_records(actor=actor, measure=form.measure_data(), **form.service_data())


@require_GET
def estimate(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = get_visible(GainEstimate.objects.select_related("measure__pilot__unit", "version_of", "unit"), actor, pk=pk)
    context = {
        "page": EstimatePage(found),
        "estimate": found,
        "measure": found.measure,
        "statements": found.statements.select_related("author").order_by("-created_at"),
        "may_state": may(actor, "metrics.statement.draft", found) and not found.look_back and bool(found.verdict),
        "form": StatementForm(initial=_box(found)),
    }
    return render(request, "metrics/measure_estimate.html", context)


def _box(found: GainEstimate) -> dict[str, str]:
    """The box is offered with what the checks remarked, one limit a line; nothing is said by itself."""
    limits = [str(_("Nothing about a person: data is per case.")), *EstimatePage(found).remarks]
    return {"does_not_say": "\n".join(limits[:4]), "sentence_en": found.sentence_en, "sentence_zh": found.sentence_zh}
