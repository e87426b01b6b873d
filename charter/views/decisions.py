"""Prepare, propose, sign; and the record as it stood."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from charter import services
from charter.checks import decision_blockers
from charter.criteria import evaluate_criteria, reading_of
from charter.forms import DecisionForm, DissentForm
from charter.models import Charter, Decision, Outcome, RunningService, Signature
from charter.panel import CONSEQUENCES, outcome_word
from charter.selectors import decisions_for, effective_state, live_decision, open_point, services_for, signatory_of
from charter.services.decisions import decision_content
from charter.services.pilots import REVIEW_EVERY
from charter.views.charters import actor_of, charter_of
from foundation import clock
from foundation.access import get_visible, may
from foundation.canonical import canonical, digest
from foundation.errors import NotReady, Reason
from foundation.exports.ics import Event, write_calendar
from foundation.exports.tables import attach
from foundation.pages import form_status, submit, version_of, version_shown


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, key: str) -> HttpResponse:
    """One address for the step that is due; what a person sees follows from the state and their part in it."""
    found = charter_of(request, key)
    decision = live_decision(found)
    if decision is None or decision.state == Decision.State.SIGNED:
        return _prepare(request, found)
    seat = signatory_of(found, actor_of(request))
    if decision.state == Decision.State.PREPARED:
        choosing = seat is not None and str(found.lead_id) != actor_of(request).user_id
        return _propose(request, found, decision) if choosing else _edit(request, found, decision)
    return _sign(request, found, decision)


def _prepare(request: HttpRequest, found: Charter) -> HttpResponse:
    actor = actor_of(request)
    point = open_point(found) or found.points.order_by("-on").first()
    if found.state not in (Charter.State.SIGNED, Charter.State.DECIDED) or point is None:
        raise NotReady(Reason("not_signed", _("Only a signed charter can be decided.")))
    readings = evaluate_criteria(found)
    reading = reading_of(readings, at_end=point.is_end)
    initial = {"outcome": reading if reading in Outcome.values else "", "exit_plan": found.exit_plan}
    form = DecisionForm(request.POST or None, charter=found, point=point, reading=reading, initial=initial)
    call = services.prepare_decision
    if form.is_bound and submit(form, lambda _d: call(actor=actor, charter=found, point=point, **form.call())):
        messages.success(request, _("Prepared on evidence frozen now. A signatory proposes next."))
        return redirect(found)
    context = {
        "charter": found,
        "point": point,
        "form": form,
        "readings": readings,
        "reading": reading,
        "step": "prepare",
        "may": may(actor, "charter.decision.prepare", found),
        "button": _("Freeze the evidence and prepare"),
    }
    return render(request, "charter/decide.html", context, status=form_status(form))


def _initial(decision: Decision) -> dict[str, Any]:
    terms = decision.terms
    plain = ("deviation_reason", "run_cost", "exit_plan", "summary", "owner_id")
    found = {name: terms.get(name, "") for name in plain}
    found["exit_plan"] = found["exit_plan"] or decision.charter.exit_plan
    return {
        **found,
        "outcome": decision.outcome,
        "rationale": decision.rationale,
        "scope": decision.scope,
        "conditions": "\n".join(terms.get("conditions", [])),
    }


def _form(request: HttpRequest, found: Charter, decision: Decision) -> DecisionForm:
    data = request.POST if request.method == "POST" else None
    point, reading = decision.point, decision.reading
    return DecisionForm(data, charter=found, point=point, reading=reading, initial=_initial(decision))


def _edit(request: HttpRequest, found: Charter, decision: Decision) -> HttpResponse:
    actor, form = actor_of(request), _form(request, found, decision)

    def save(_data: dict[str, Any]) -> Decision:
        given = form.call()
        plain = {k: given.pop(k) for k in ("outcome", "rationale", "scope")}
        fresh = request.POST.get("refresh") == "1"
        return services.edit_decision(
            actor=actor, decision=decision, version=version_of(request), terms=given, refresh_evidence=fresh, **plain
        )

    if form.is_bound and submit(form, save):
        messages.success(request, _("The prepared decision is saved."))
        return redirect(found)
    context = {
        "charter": found,
        "point": decision.point,
        "decision": decision,
        "form": form,
        "readings": _frozen(decision),
        "reading": decision.reading,
        "step": "edit",
        "version": version_shown(request, decision.version),
        "may": may(actor, "charter.decision.prepare", found),
        "button": _("Save"),
    }
    return render(request, "charter/decide.html", context, status=form_status(form))


def _frozen(decision: Decision) -> list[dict[str, Any]]:
    return list(json.loads(decision.evidence.body)["criteria"])


def _chosen(request: HttpRequest, decision: Decision) -> str:
    """What the signatory chose on the review page; nothing is assumed for them."""
    asked = request.POST.get("outcome") or request.GET.get("outcome") or ""
    return asked if asked in Outcome.values else ""


def _propose(request: HttpRequest, found: Charter, decision: Decision) -> HttpResponse:
    actor, form, outcome = actor_of(request), _form(request, found, decision), _chosen(request, decision)
    if not outcome:
        return redirect(f"{found.get_absolute_url()}#decision")

    def propose(_data: dict[str, Any]) -> Decision:
        given = form.call()
        scope = given.pop("scope")
        chosen = given.pop("outcome")
        given.pop("rationale")
        version = version_of(request)
        return services.propose_decision(
            actor=actor, decision=decision, outcome=chosen, scope=scope, version=version, **given
        )

    if form.is_bound and submit(form, propose):
        messages.success(request, _("Proposed and signed by you. The other signatory has mail."))
        return redirect(found)
    context = {
        **_restated(found, decision, outcome),
        "form": form,
        "step": "propose",
        "version": version_shown(request, decision.version),
    }
    context["may"] = may(actor, "charter.decision.propose", found)
    return render(request, "charter/confirm.html", context, status=form_status(form))


def _sign(request: HttpRequest, found: Charter, decision: Decision) -> HttpResponse:
    actor, outcome = actor_of(request), _chosen(request, decision)
    if not outcome:
        return redirect(f"{found.get_absolute_url()}#decision")
    otherwise = outcome != decision.outcome
    form = DissentForm(request.POST if request.method == "POST" and otherwise else None)
    given = {"actor": actor, "decision": decision, "outcome": outcome, "digest": request.POST.get("digest", "")}
    if request.method == "POST" and not otherwise:
        messages.success(request, _signed_words(services.sign_decision(**given)))
        return redirect(decision)
    if form.is_bound and submit(form, lambda data: services.sign_decision(**given, **data)):
        messages.warning(request, _("Nothing is signed. Both texts are kept; talk, and prepare the decision again."))
        return redirect(found)
    context = {**_restated(found, decision, outcome), "form": form, "step": "disagree" if otherwise else "sign"}
    context["may"] = may(actor, "charter.decision.sign", found)
    return render(request, "charter/confirm.html", context, status=form_status(form))


def _signed_words(decision: Decision) -> str:
    if decision.state == Decision.State.SIGNED:
        return _("Signed. With your signature the decision is sealed.")
    return _("Signed. The decision is sealed when all required signatures are given.")


def _restated(found: Charter, decision: Decision, outcome: str) -> dict[str, Any]:
    shown = Decision.objects.select_related("charter__unit", "point", "evidence").get(pk=decision.pk)
    shown.outcome = outcome
    return {
        "charter": found,
        "decision": decision,
        "outcome": outcome,
        "word": outcome_word(outcome),
        "consequence": CONSEQUENCES[Outcome(outcome)],
        "blockers": list(decision_blockers(shown)),
        "next_date": _next_date(found, decision, outcome),
        "differs": decision.reading != outcome and outcome != "CONTINUE",
        "reading": decision.reading,
        "state": effective_state(found),
    }


def _next_date(found: Charter, decision: Decision, outcome: str) -> date | None:
    if outcome in ("GO", "EXPAND"):
        return clock.today(found.unit.zone) + REVIEW_EVERY
    if outcome == "CONTINUE":
        later = found.points.filter(on__gt=decision.point.on).order_by("on").first()
        return later.on if later else found.ends_on
    return None


# --- the record --------------------------------------------------------------------------------------------------


@require_safe
def decision(request: HttpRequest, key: str) -> HttpResponse:
    found = get_visible(decisions_for(actor_of(request)), actor_of(request), key=key)
    return render(request, "charter/decision.html", _record(found))


def _record(found: Decision) -> dict[str, Any]:
    body = json.loads(found.evidence.body)
    content = canonical(decision_content(found))
    return {
        "decision": found,
        "charter": found.charter,
        "body": body,
        "outcome": found.outcome.lower(),
        "word": outcome_word(found.outcome),
        "consequence": CONSEQUENCES[Outcome(found.outcome)],
        "signatures": list(Signature.objects.filter(target="decision", target_id=found.pk).order_by("at")),
        "services": list(services_for_decision(found)),
        "evidence_equal": digest(canonical(body)) == found.evidence.digest,
        "content_equal": not found.digest or digest(content) == found.digest,
        "replaced_by": Decision.objects.filter(replaces=found).exclude(state="disagreed").first(),
        "seal_state": {"signed": "signed", "replaced": "signed", "proposed": "proposed"}.get(found.state, "outline"),
    }


def services_for_decision(found: Decision) -> Any:
    return found.services.select_related("candidate", "owner", "unit")


@require_safe
def record_json(request: HttpRequest, key: str) -> HttpResponseBase:
    found = get_visible(decisions_for(actor_of(request)), actor_of(request), key=key)
    signatures = Signature.objects.filter(target="decision", target_id=found.pk).order_by("at")
    record = {
        "decision": {**decision_content(found), "state": found.state, "digest": found.digest, "dissent": found.dissent},
        "evidence": {
            "digest": found.evidence.digest,
            "body": json.loads(found.evidence.body),
            "pins": found.evidence.pins,
        },
        "signatures": [
            {"name": s.person_name, "role": s.role, "title": s.title_at_time, "at": s.at, "digest": s.digest}
            for s in signatures
        ],
    }
    response = HttpResponse(canonical(record), content_type="application/json")
    return attach(response, f"{found.key}.json")


@require_safe
def decision_calendar(request: HttpRequest, key: str) -> HttpResponseBase:
    """The next review of what the decision leaves running."""
    found = get_visible(decisions_for(actor_of(request)), actor_of(request), key=key)
    running = found.services.order_by("review_due").first()
    on = running.review_due if running else _next_date(found.charter, found, found.outcome)
    events = [
        Event(
            uid=f"{found.pk}-review@pilotage",
            title=_("Review after %(key)s: %(question)s") % {"key": found.key, "question": found.charter.question},
            start=on,
            url=request.build_absolute_uri(found.get_absolute_url()),
            sequence=found.version,
        )
    ] if on else []  # fmt: skip
    response = HttpResponse(write_calendar(found.key, events), content_type="text/calendar; charset=utf-8")
    return attach(response, f"{found.key}_review.ics")


@require_safe
def running(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = get_visible(services_for(actor), actor, pk=pk)
    offered = found.state == RunningService.State.OFFERED
    context = {"service": found, "charter": found.decision.charter, "may_accept": offered and _is_owner(found, actor)}
    return render(request, "charter/service.html", context)


def _is_owner(found: RunningService, actor: Any) -> bool:
    return str(found.owner_id) == actor.user_id


@require_POST
def accept(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = get_visible(services_for(actor), actor, pk=pk)
    services.accept_service(actor=actor, running=found)
    messages.success(request, _("You have taken the service over."))
    return redirect("charter:service", pk)
