"""A condition: what has to be done, by whom, until when, and who judges it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundation import clock
from foundation.access import get_visible, may
from foundation.pages import form_status, version_of
from foundation.pages import submit as send
from foundation.templatetags.house import day
from governance import services
from governance.forms import EvidenceForm, ReasonForm, RedateForm
from governance.models import Condition
from governance.views.common import CONDITION_TONES, unknown_act

ACTS = {
    "evidence": (services.submit_condition_evidence, EvidenceForm, gettext_lazy("Your evidence is with the lane now.")),
    "close": (services.close_condition, None, gettext_lazy("The condition is closed.")),
    "reopen": (services.reopen_condition, ReasonForm, gettext_lazy("The condition is open again.")),
    "waive": (services.waive_condition, ReasonForm, gettext_lazy("The condition is waived.")),
    "redate": (services.redate_condition, RedateForm, gettext_lazy("The condition has another date.")),
}


def condition(request: HttpRequest, key: str) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    rows = Condition.objects.select_related("owner", "unit", "decision__submission__pattern_version__pattern")
    found = get_visible(rows, actor, key=key)
    name = request.POST.get("act", "")
    form: Any = None
    if request.method == "POST":
        if name not in ACTS:
            raise unknown_act(name)
        service, form_class, done = ACTS[name]
        common = {"actor": actor, "condition": found, "version": version_of(request)}
        form = form_class(request.POST) if form_class else None
        if form is None:
            service(**common)
            saved: Any = True
        else:
            saved = send(form, lambda data: service(**common, **data))
        if saved:
            messages.success(request, done)
            return redirect(found)
    context = _context(found, actor, name, form)
    return render(request, "governance/condition.html", context, status=form_status(form) if form else 200)


def _context(found: Condition, actor: Any, name: str, form: Any) -> dict[str, Any]:
    judge = actor.may(f"governance.lane.{found.set_by_lane}", found.unit.path) and str(found.owner_id) != actor.user_id
    today = clock.today(found.unit.zone)
    return {
        "condition": found,
        "tone": "bad" if found.is_overdue else CONDITION_TONES[found.state],
        "word": _("overdue") if found.is_overdue else found.get_state_display(),
        "is_owner": found.state == Condition.State.OPEN and may(actor, "governance.condition.evidence", found),
        "evidence": _evidence(found),
        "is_judge": judge,
        "evidence_form": form if name == "evidence" else EvidenceForm(initial={"effective_on": today}),
        "reason_form": form if name in ("reopen", "waive") else ReasonForm(),
        "redate_form": form if name == "redate" else RedateForm(initial={"due": found.due}),
        "form": form,
        "opened": name,
        "approvals": [
            a
            for a in found.decision.approvals.select_related(
                "pattern_version__pattern", "category_use__category_version__category"
            )
            if found.item_key in ("", a.item_key)
        ],
        "events": [_event(e) for e in found.events.select_related("evidence")],
    }


def _evidence(found: Condition) -> Any:
    """What the owner gave last, while the lane has not judged it."""
    if found.state != Condition.State.EVIDENCE_SUBMITTED:
        return None
    last = found.events.filter(kind="evidenced").select_related("evidence").order_by("-at", "-created_at").first()
    return last.evidence if last else None


def _event(event: Any) -> dict[str, Any]:
    text = _("%(act)s by %(who)s") % {"act": event.get_kind_display().capitalize(), "who": event.by_label}
    note = event.why
    if event.evidence:
        note = f"{event.evidence.label} ({event.evidence.effective_on.isoformat()})"
    if event.kind == "redated":
        note = f"{event.from_due} → {event.to_due}. {event.why}"
    return {"when": day(event.at), "text": text, "note": note, "url": event.evidence.url if event.evidence else ""}
