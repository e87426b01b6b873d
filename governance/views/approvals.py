"""Pattern, category and approval: who decided what, for whom and until when."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from foundation import clock
from foundation.access import get_visible, may
from foundation.audit import timeline
from foundation.bilingual import pick
from foundation.kit import Cell
from foundation.pages import form_status
from foundation.pages import submit as send
from foundation.templatetags.house import day
from governance import packs, selectors, services
from governance.forms import ReasonForm
from governance.lanes import lanes_of
from governance.models import Approval, DataCategory, Pattern, Submission
from governance.reviewing import category_facts, category_lines, item_lines, layers
from governance.texts import CONTROLS, ITEMS, both
from governance.views.common import CONDITION_TONES, EFFECT_TONES, effect_cell, unknown_act


@require_safe
def pattern(request: HttpRequest, key: str) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    found = get_visible(Pattern.objects.select_related("unit", "owner"), actor, key=key)
    versions = list(selectors.versions_of(found))
    version = next((v for v in versions if v.state == "decided"), versions[0])
    rows = selectors.approvals_of_pattern(found, actor)
    bindings = _bindings(version, actor)
    context = {
        "pattern": found,
        "version": version,
        "versions": versions,
        "slots": _slot_layers(version, bindings),
        "bindings": [_binding_row(b) for b in bindings],
        "controls": [
            [
                both(CONTROLS.get(c.control, (c.control,) * 2)),
                c.get_answer_display(),
                packs.control_said(c.answer, c.reason, c.evidence),
                c.evidence_on,
            ]
            for c in version.controls.all()
            if c.answer or c.mandatory
        ],
        "invariants": [pick(i) for i in version.invariants],
        "approvals": [approval_row(r) for r in rows],
        "active": sum(1 for r in rows if r.is_active and r.approval.pattern_version_id),
        "until": next((r.last_day for r in rows if r.is_active and r.approval.pattern_version_id), None),
        "may_ask": may(actor, "governance.submission.draft"),
        "timeline": [{"when": line.at, "text": line.sentence} for line in timeline(found, actor, 8)],
    }
    return render(request, "governance/pattern.html", context)


def _bindings(version: Any, actor: Any) -> list[Any]:
    from governance.models import Binding

    rows = Binding.objects.filter(slot__version_of=version).select_related(
        "slot__version_of", "component", "unit", "checked_by"
    )
    paths = actor.paths("governance.read")
    rows = rows.order_by("slot__ordinal", "-from_at")
    return [b for b in rows if any(b.unit.path.startswith(p) or p.startswith(b.unit.path) for p in paths)]


def _slot_layers(version: Any, bindings: list[Any]) -> list[dict[str, str]]:
    today: dict[Any, str] = {}
    for binding in bindings:
        today.setdefault(binding.slot_id, binding.component.name)
    return [
        {
            "title": slot.name,
            "state": _("replaceable") if slot.replaceable else _("stable"),
            "tone": "open" if slot.replaceable else "ok",
            "note": _("%(product)s today") % {"product": today[slot.pk]} if slot.pk in today else slot.note,
        }
        for slot in version.slots.all()
    ]


def _binding_row(binding: Any) -> list[Any]:
    by = binding.checked_by.name if binding.checked_by else _("the house")
    product = Cell(binding.component.name, sub=binding.why)
    return [binding.slot.name, product, binding.unit.name, binding.from_at.date(), by]


def approval_row(row: selectors.Effective) -> list[Any]:
    return [
        Cell(row.subject_label, href=row.approval.get_absolute_url(), sub=row.approval.key),
        row.approval.unit.name,
        effect_cell(row),
        row.approval.get_use_display(),
        row.last_day,
    ]


@require_safe
def category(request: HttpRequest, code: str) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    found = get_visible(DataCategory.objects.select_related("unit", "owner"), actor, code=code)
    rows = selectors.approvals_of_category(found, actor)
    passport = found.versions.order_by("-number").first()
    good = [r for r in rows if r.permits]
    context = {
        "category": found,
        "passport": passport,
        "versions": list(found.versions.order_by("-number")),
        "approvals": [approval_row(r) for r in rows],
        "decided": [_decided_line(r) for r in rows if r.state != "superseded"],
        "active": good,
        "conditions": [c for r in good for c in r.conditions if c.is_open],
        "open_requests": list(
            Submission.objects.visible_to(actor).open().listed().filter(uses__category_version__category=found)  # type: ignore[attr-defined]
        ),
        "timeline": [{"when": line.at, "text": line.sentence} for line in timeline(found, actor, 8)],
    }
    return render(request, "governance/category.html", context)


def _decided_line(row: selectors.Effective) -> dict[str, Any]:
    """Who decided, for whom and until when: the passport's stamp."""
    signers = [s for s in row.approval.decision.signers_shown if "data" in s["lanes"]]
    return {
        "unit": row.approval.unit.name,
        "who": ", ".join(f"{s['name']}, {s['role']}" for s in signers),
        "on": row.approval.valid_from,
        "until": row.last_day,
        "state": row.state_label,
        "tone": EFFECT_TONES[row.state],
        "use": row.approval.get_use_display(),
        "url": row.approval.get_absolute_url(),
    }


ACTS = {
    "suspend": (services.suspend_approval, gettext_lazy("The approval is suspended.")),
    "lift": (services.lift_suspension, gettext_lazy("The suspension is lifted.")),
    "revoke": (services.revoke_approval, gettext_lazy("The approval is revoked.")),
}


def approval(request: HttpRequest, key: str) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    found = get_visible(Approval.objects.select_related(*selectors.WITH_SUBJECT), actor, key=key)
    form = ReasonForm(request.POST or None)
    if request.method == "POST":
        name = request.POST.get("act", "")
        if name not in ACTS:
            raise unknown_act(name)
        service, done = ACTS[name]
        if send(form, lambda data: service(actor=actor, approval=found, **data)):
            messages.success(request, done)
            return redirect(found)
    return render(request, "governance/approval.html", _approval_context(found, actor, form), status=form_status(form))


def _approval_context(found: Approval, actor: Any, form: ReasonForm) -> dict[str, Any]:
    row = selectors.effective(Approval.objects.filter(pk=found.pk), clock.now())[0]
    body = packs.read(found.decision.pack.body)
    today = packs.build(found.decision.submission)
    suspension = selectors.suspension_of(found)
    return {
        "approval": found,
        "row": row,
        "tone": EFFECT_TONES[row.state],
        "decision": found.decision,
        "submission": found.decision.submission,
        "can_read_request": actor.may("governance.read", found.unit.path),
        "conditions": [(c, CONDITION_TONES[c.state]) for c in row.conditions],
        "lines": _as_it_was(found, body),
        "layers": layers(body, set()) if found.pattern_version_id else [],
        "since": [c.as_dict for c in packs.changes(body, today) if _concerns(found, c)],
        "events": [_event(e) for e in found.events.select_related("by", "unit")],
        "acts": _acts(found, actor, row, suspension),
        "suspension": suspension,
        "form": form,
    }


def _concerns(found: Approval, change: packs.Change) -> bool:
    return change.concerns(found.item_key) if found.category_use_id else change.item in packs.PATTERN_ITEMS


def _as_it_was(found: Approval, body: packs.Body) -> list[dict[str, Any]]:
    """The decision as it was: read from the pack, never from today's records."""
    if found.category_use_id:
        code = found.item_key.partition(":")[2]
        entry = next(c for c in body["categories"] if c["code"] == code)
        content = str(category_facts(entry)[0])
        return [{"title": pick(entry["name"]), "lines": [(_("Content"), content), *category_lines(entry)]}]
    return [{"title": label, "lines": item_lines(key, body)} for key, label in ITEMS.items()]


def _event(event: Any) -> dict[str, Any]:
    text = event.get_kind_display().capitalize()
    if event.by_label:
        text = _("%(act)s by %(who)s") % {"act": text, "who": event.by_label}
    return {"when": day(event.effective_at), "text": text, "note": event.reason or event.cause_ref}


def _acts(found: Approval, actor: Any, row: selectors.Effective, suspension: Any) -> list[dict[str, Any]]:
    """What this reader may do now; the service asks again."""
    lanes = {"data"} if found.category_use_id else {"architecture", "security"}
    if not lanes & set(lanes_of(actor, found.unit.path)) or row.state not in ("active", "suspended"):
        return []
    pause = (
        {"name": "lift", "label": _("Lift the suspension")}
        if suspension
        else {"name": "suspend", "label": _("Suspend")}
    )
    return [pause, {"name": "revoke", "label": _("Revoke for good")}]
