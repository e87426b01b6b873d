"""The request: opened, filled in, checked, submitted."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from foundation.access import may, require
from foundation.audit import timeline
from foundation.errors import Invalid, NotReady
from foundation.pages import form_status, version_of
from foundation.pages import submit as send
from governance import packs, services
from governance.checks import gaps, lanes_without_people
from governance.forms import DataForm, ExitForm, LandingForm, NewRequestForm, PurposeForm, SlotsForm
from governance.lanes import holders
from governance.models import Approval, Condition, Lane, Pack, Submission
from governance.reliance import replacements
from governance.reviewing import LaneLine, category_facts, headline, item_lines, lane_lines, layers
from governance.selectors import base_pack, current_pack
from governance.services.requests import preview_lanes
from governance.texts import SECTION_LEDES, SECTIONS
from governance.views.common import CONDITION_TONES, outcome_tone, request_of, unknown_act


def new(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "governance.submission.draft")
    form = NewRequestForm(request.POST or None, actor=actor, initial={"pattern": request.GET.get("pattern")})
    if request.method == "POST":
        made = send(form, lambda data: services.open_submission(actor=actor, **data))
        if made:
            return redirect(made)
    return render(request, "governance/new.html", {"form": form}, status=form_status(form))


def request_page(request: HttpRequest, key: str) -> HttpResponse:
    submission = request_of(request, key)
    if request.method == "POST":
        return _act(request, submission)
    return render(request, "governance/request.html", _request_context(request, submission))


ACTS = {
    "withdraw": (services.withdraw_submission, gettext_lazy("The request was withdrawn.")),
    "redraft": (services.redraft_submission, gettext_lazy("You can work on it again.")),
    "claim": (services.claim_review, gettext_lazy("You took this for review.")),
}


def _act(request: HttpRequest, submission: Submission) -> HttpResponseRedirect:
    name = request.POST.get("act", "")
    if name not in ACTS:
        raise unknown_act(name)
    service, done = ACTS[name]
    service(actor=request.actor, submission=submission, version=version_of(request))  # type: ignore[attr-defined]
    messages.success(request, done)
    return redirect(submission)


def _request_context(request: HttpRequest, submission: Submission) -> dict[str, Any]:
    actor = request.actor  # type: ignore[attr-defined]
    is_draft = submission.state == Submission.State.DRAFT
    missing = gaps(submission) if is_draft else []
    pack = current_pack(submission)
    body = packs.read(pack.body) if pack and not is_draft else packs.build(submission)
    lanes = preview_lanes(submission) if is_draft else submission.lanes_called
    return {
        "submission": submission,
        "is_draft": is_draft,
        "tone": outcome_tone(submission),
        "gaps": missing,
        "tasks": task_list(submission, missing) if is_draft else [],
        "lanes": _lanes(submission, pack, lanes),
        "empty_lanes": lanes_without_people(submission, lanes) if submission.state != "decided" else [],
        "pack": pack,
        "layers": layers(body, set()),
        "categories": _category_rows(body),
        "offers": _offers(submission, actor),
        "may_edit": is_draft and may(actor, "governance.submission.draft", submission),
        "may_submit": is_draft and may(actor, "governance.submission.submit", submission),
        "timeline": [{"when": line.at, "text": line.sentence} for line in timeline(submission, actor, 12)],
        **_outcome(submission),
        "returned": _return_reasons(submission),
    }


def _offers(submission: Submission, actor: Any) -> list[Any]:
    shown = {"withdraw", "redraft"}
    return [o for o in Submission.lifecycle.offers(submission, actor) if o.name in shown]


def _outcome(submission: Submission) -> dict[str, Any]:
    """What was approved and under which conditions, once it is decided."""
    decision = getattr(submission, "decision", None)
    if decision is None:
        return {"approvals": [], "conditions": []}
    names = ("pattern_version__pattern", "category_use__category_version__category")
    conditions = list(decision.conditions.select_related("owner").order_by("ordinal"))
    approvals = [_approved(a, conditions) for a in decision.approvals.select_related(*names)]
    return {"approvals": approvals, "conditions": [(c, CONDITION_TONES[c.state]) for c in conditions]}


def _approved(approval: Approval, conditions: list[Condition]) -> dict[str, Any]:
    own = sum(1 for c in conditions if c.is_open and c.item_key in ("", approval.item_key))
    word = str(approval.get_use_display())
    if own:
        text = ngettext("%(use)s, with one condition", "%(use)s, with %(n)s conditions", own)
        word = text % {"use": word, "n": own}
    tone = "bad" if approval.use == "not_allowed" else "warn" if own else "ok"
    return {"approval": approval, "word": word, "tone": tone}


def _lanes(submission: Submission, pack: Pack | None, lanes: list[str]) -> list[LaneLine]:
    """A draft shows whom it would ask; what was submitted, how each lane decided or who is waited for."""
    if pack is None or submission.state == Submission.State.DRAFT:
        return [LaneLine(x, str(Lane(x).label), "", "open", _people(submission, x)) for x in lanes]
    found = lane_lines(pack)
    for line in found:
        line.who = line.who or (_people(submission, line.lane) if submission.is_open else "")
    return found


def _people(submission: Submission, lane: str) -> str:
    return ", ".join(p.name for p in holders(lane, submission.unit)[:3]) or _("nobody yet")


def _lane_line(submission: Submission, lane: str) -> dict[str, Any]:
    return {"label": Lane(lane).label, "people": _people(submission, lane)}


def _category_rows(body: packs.Body) -> list[list[Any]]:
    from foundation.bilingual import pick

    return [[pick(c["name"]), *category_facts(c)] for c in body["categories"]]


def _return_reasons(submission: Submission) -> list[dict[str, str]]:
    """What a lane wrote when it sent the request back: shown in this round and the one after."""
    from governance.texts import RETURN_REASONS, item_label

    last = submission.packs.filter(votes__choice="return").order_by("-round").first()
    if last is None or submission.state not in ("returned", "draft"):
        return []
    names = {c["code"]: c["name"]["en"] for c in packs.read(last.body)["categories"]}
    items = [i for v in last.votes.filter(choice="return").prefetch_related("items") for i in v.items.all()]
    return [
        {
            "title": str(item_label(i.item_key, names)),
            "text": ": ".join(str(w) for w in (RETURN_REASONS.get(i.reason_code, ""), i.comment) if w),
        }
        for i in items
        if i.choice == "return"
    ]


def task_list(submission: Submission, missing: list[Any]) -> list[dict[str, Any]]:
    """Not started, in progress, cannot complete yet, ready: with what is missing in words."""
    from django.urls import reverse

    found = []
    for code, title in SECTIONS.items():
        own = [g for g in missing if g.section == code]
        waits = submission.waits.get(code, "")
        state = "ready" if not own else "stuck" if waits else "doing" if _begun(submission, code) else "todo"
        note = waits or " ".join(str(g.text) for g in own[:3])
        if len(own) > 3:
            note += " " + _("And %(n)s more.") % {"n": len(own) - 3}
        url = reverse("governance:section", args=[submission.key, code])
        found.append({"title": title, "url": url, "state": state, "note": note})
    return found


def _begun(submission: Submission, code: str) -> bool:
    version = submission.pattern_version
    if code == "landing":
        return bool(version.base_flow) or version.controls.exclude(answer="").exists()
    if code == "data":
        return submission.answers.exists()
    if code == "exit":
        return bool(version.exit_plan_en or version.exit_plan_zh)
    return code == "slots"


# --- sections ----------------------------------------------------------------------------------------------------


def section(request: HttpRequest, key: str, section: str) -> HttpResponse:
    if section not in SECTIONS:
        raise Http404
    submission = request_of(request, key)
    actor = request.actor  # type: ignore[attr-defined]
    if request.method == "POST" and "waits_for" in request.POST:
        services.note_wait(
            actor=actor, submission=submission, version=version_of(request), section=section,
            text=request.POST["waits_for"][:300],
        )  # fmt: skip
        return redirect(submission)
    form = _form(section, request, submission)
    if request.method == "POST":
        saved = send(form, lambda _data: _save(section, request, submission, form))
        if saved:
            messages.success(request, _("Saved."))
            return redirect(submission)
    context = {
        "submission": submission,
        "section": section,
        "title": SECTIONS[section],
        "lede": SECTION_LEDES[section],
        "form": form,
        "can_edit": submission.state == "draft" and may(actor, "governance.submission.draft", submission),
        "is_fixed": section in ("landing", "exit") and submission.pattern_version.state != "draft",
        "sections": [{"label": SECTIONS[code], "code": code} for code in SECTIONS],
        "waits_for": submission.waits.get(section, ""),
        "lines": item_lines("flow", packs.build(submission)) if section == "landing" else [],
    }
    return render(request, f"governance/section_{section}.html", context, status=form_status(form))


def _form(section: str, request: HttpRequest, submission: Submission) -> Any:
    data = request.POST or None
    version = submission.pattern_version
    if section == "purpose":
        return PurposeForm(data, initial={"purpose_en": submission.purpose_en, "purpose_zh": submission.purpose_zh})
    if section == "exit":
        names = ("portable_assets", "exit_plan_en", "exit_plan_zh")
        return ExitForm(data, initial={name: getattr(version, name) for name in names})
    return {"slots": SlotsForm, "landing": LandingForm, "data": DataForm}[section](data, submission=submission)


def _save(section: str, request: HttpRequest, submission: Submission, form: Any) -> Submission:
    common = {"actor": request.actor, "submission": submission, "version": version_of(request)}  # type: ignore[attr-defined]
    then = {**common, "version": None}  # the second write of one page follows the first
    if section == "purpose":
        return services.edit_purpose(**common, **form.cleaned_data)
    if section == "exit":
        return services.edit_exit(**common, **form.cleaned_data)
    if section == "slots":
        return services.bind_slots(**common, components=form.components)
    if section == "landing":
        services.edit_flow(**common, flow=form.flow)
        return services.record_security_reuse(**then, answers=form.answers)
    services.declare_categories(**common, categories=form.categories)
    return services.answer_checklist(**then, answers=form.answers)


# --- submit ------------------------------------------------------------------------------------------------------


def submit(request: HttpRequest, key: str) -> HttpResponse:
    """Its own page: restates what is asked, of whom and by when; the POST freezes it."""
    submission = request_of(request, key)
    actor = request.actor  # type: ignore[attr-defined]
    reasons: list[Any] = [g.reason for g in gaps(submission)] if submission.state == "draft" else []
    if request.method == "POST":
        try:
            services.submit_submission(actor=actor, submission=submission, version=version_of(request))
        except (Invalid, NotReady) as refused:
            if refused.code == "illegal_transition":
                raise
            reasons = refused.reasons
        else:
            messages.success(request, _("Submitted. The lanes were told."))
            return redirect(submission)
    base = base_pack(submission, actor)
    changes = packs.changes(packs.read(base.body) if base else None, packs.build(submission))
    lanes = preview_lanes(submission)
    context = {
        "submission": submission,
        "headline": headline(submission, base, changes),
        "changes": [c.as_dict for c in changes],
        "lanes": [_lane_line(submission, lane) for lane in lanes],
        "empty_lanes": lanes_without_people(submission, lanes),
        "replacements": replacements(submission, actor) if lanes else [],
        "reasons": reasons,
        "may_submit": may(actor, "governance.submission.submit", submission),
    }
    return render(request, "governance/submit.html", context, status=422 if request.method == "POST" else 200)


@require_safe
def pack(request: HttpRequest, key: str) -> HttpResponse:
    """What was submitted, as canonical text anybody can hash again."""
    submission = request_of(request, key)
    wanted = request.GET.get("round", "")
    rows = submission.packs.order_by("-round")
    found = rows.filter(round=int(wanted)).first() if wanted.isdigit() and len(wanted) < 5 else rows.first()
    if found is None:
        raise Http404
    response = HttpResponse(found.body, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{submission.key}_round-{found.round}.json"'
    response["ETag"] = f'"{found.digest}"'
    return response
