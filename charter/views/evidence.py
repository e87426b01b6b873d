"""Behind every figure: criteria with their rules, questions, assets, breaches, the log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from charter import services
from charter.answer import with_bold_figures
from charter.criteria import evaluate_criteria, reading_of
from charter.forms import AnswerForm, BreachForm, CloseBreachForm, ReasonForm
from charter.models import Breach, Charter, OpenQuestion
from charter.panel import status_tone
from charter.selectors import breaches_of, effective_state, open_point, subjects_of
from charter.views.charters import actor_of, charter_of
from foundation.access import get_visible, may
from foundation.audit.timeline import entries_for, line
from foundation.pages import form_status, submit, version_of
from foundation.templatetags.house import moment
from metrics.selectors import gain_line, usage_of_pilot
from usecases.selectors import assets_listed

LOG = 40


@require_safe
def evidence(request: HttpRequest, key: str) -> HttpResponse:
    return render(request, "charter/evidence.html", _context(request, charter_of(request, key)))


def _context(request: HttpRequest, found: Charter, **more: Any) -> dict[str, Any]:
    actor = actor_of(request)
    readings = evaluate_criteria(found)
    point = open_point(found)
    state = effective_state(found)
    return {
        "charter": found,
        "readings": [{"r": r, "tone": status_tone(r.status, r.kind)} for r in readings],
        "reading": reading_of(readings, at_end=point is None or point.is_end),
        "questions": list(found.questions.all()),
        "cases": [_case(found, c) for c in found.cases.select_related("candidate", "pilot__unit")],
        "assets": list(assets_listed(actor).filter(unit__path__startswith=found.unit.path)[:50]),
        "breaches": breaches_of(found),
        "packs": list(found.packs.order_by("-as_of")[:10]),
        "log": _log(found, actor),
        "state": state,
        "may_answer": may(actor, "charter.question.answer", found),
        "may_report": may(actor, "charter.breach.report", found) and found.state == Charter.State.SIGNED,
        "may_judge": may(actor, "charter.breach.decide", found) and str(found.lead_id) != actor.user_id,
        "may_stop": state in ("running", "blocked", "signed") and may(actor, "charter.stop.press", found),
        "may_resume": state == "suspended" and may(actor, "charter.stop.resume", found),
        "answer_form": AnswerForm(),
        "breach_form": BreachForm(),
        "close_form": CloseBreachForm(),
        "reason": ReasonForm(),
        **more,
    }


def _case(found: Charter, case: Any) -> dict[str, Any]:
    gain = gain_line(case.pilot) if case.pilot else None
    until = found.ends_on + timedelta(days=1)
    usage = usage_of_pilot(case.pilot, found.starts_on, until) if case.pilot else None
    return {"case": case, "gain": gain, "sentence": with_bold_figures(gain.sentence) if gain else "", "usage": usage}


def _log(found: Charter, actor: Any) -> list[dict[str, Any]]:
    rows = entries_for(actor).filter(subject_id__in=subjects_of(found))[:LOG]
    return [{"when": moment(event.at), "text": line(event).sentence} for event in rows]


def _question(request: HttpRequest, pk: UUID) -> OpenQuestion:
    return get_visible(OpenQuestion.objects.select_related("charter__unit"), actor_of(request), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, pk: UUID) -> HttpResponse:
    found, actor = _question(request, pk), actor_of(request)
    initial = {"answer": found.answer, "evidence": found.evidence}
    form = AnswerForm(request.POST or None, initial=initial)
    version = version_of(request)
    if form.is_bound and submit(
        form, lambda data: services.answer_question(actor=actor, question=found, version=version, **data)
    ):
        messages.success(request, _("The answer is kept with its evidence."))
        return redirect(_evidence_url(found.charter, "questions"))
    context = {"question": found, "charter": found.charter, "form": form, "version": version or found.version}
    return render(request, "charter/question.html", context, status=form_status(form))


def _evidence_url(found: Charter, anchor: str = "") -> str:
    return reverse("charter:evidence", args=[found.key]) + (f"#{anchor}" if anchor else "")


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, key: str) -> HttpResponse:
    found, actor = charter_of(request, key), actor_of(request)
    form = BreachForm(request.POST or None)
    if form.is_bound and submit(form, lambda data: services.report_breach(actor=actor, charter=found, **data)):
        messages.warning(request, _("The breach is reported. A signatory other than the lead settles it."))
        return redirect(_evidence_url(found, "breaches"))
    return render(request, "charter/breach.html", {"charter": found, "form": form}, status=form_status(form))


@require_POST
def close(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    breach = get_visible(Breach.objects.select_related("charter__unit"), actor, pk=pk)
    form = CloseBreachForm(request.POST)
    if submit(form, lambda data: services.close_breach(actor=actor, breach=breach, **data)):
        messages.success(request, _("The breach is closed."))
        return redirect(_evidence_url(breach.charter, "breaches"))
    context = _context(request, breach.charter, close_form=form, form=form)
    return render(request, "charter/evidence.html", context, status=422)
