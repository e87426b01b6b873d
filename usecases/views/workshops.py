"""The facilitator's side of a workshop: list, settings, the desk of every phase, steps, door, timer, pause."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST

from foundation import clock
from foundation.access import get_visible, may, require
from foundation.bilingual import pick, twin
from foundation.kit import Cell
from foundation.lists import ListColumn, ListPage
from foundation.pages import form_status, submit, version_of, version_shown
from usecases import workshop_view as seen
from usecases.forms import ReasonForm, group, scoped
from usecases.models import Workshop
from usecases.models.workshops import RUN
from usecases.services import workshops as act
from usecases.services.workshops.common import is_observer, run_by
from usecases.views.common import form_page, known_act, signed_words
from usecases.views.workshop_results import published_files, results_context
from usecases.workshop_forms import PEOPLE, CardForm, CountForm, TimerForm, WorkshopFilter, WorkshopForm
from usecases.workshop_preview import CONFIRMED, preview, previews

TONES = {
    "prepare": "open", "collect": "info", "cluster": "info", "vote": "seal", "review": "info", "published": "ok",
    "cancelled": "blocked",
}  # fmt: skip
NEXT = {"prepare": "start", "collect": "reveal", "cluster": "open_vote", "vote": "close_vote", "review": "publish"}
PHASES = ("collect", "cluster", "vote", "review", "published")
COLUMNS = [
    ListColumn("title", gettext_lazy("Workshop"), sort="title",
               cell=lambda w: Cell(w.title, href=w.get_absolute_url(), sub=w.key)),
    ListColumn("key", gettext_lazy("Id"), shown=False),
    ListColumn("unit", gettext_lazy("Unit"), value=lambda w: w.unit.name),
    ListColumn("state", gettext_lazy("Phase"), value=lambda w: w.get_state_display(),
               cell=lambda w: Cell(w.get_state_display(), tone=TONES[w.state])),
    ListColumn("facilitator", gettext_lazy("Facilitator"), value=lambda w: w.facilitator.name if w.facilitator else ""),
    ListColumn("created_at", pgettext_lazy("column", "Set up"), "datetime", cell=lambda w: w.created_at.date()),
]  # fmt: skip
CRUMB = (gettext_lazy("Workshops"), "/workshops")


def listing(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    workshops = Workshop.objects.visible_to(actor).select_related("unit", "facilitator")
    found = ListPage(
        request, workshops, COLUMNS, name="workshops", title=_("Workshops"), filters=scoped(WorkshopFilter, actor),
        sorts={"title": ("title_en", "id")},
    )  # fmt: skip
    if found.wants_export:
        return found.export()
    context = {"page": found, "can_run": may(actor, RUN)}
    return render(request, "usecases/workshop/list.html", context, status=found.status)


def _groups(form: WorkshopForm) -> list[Any]:
    return [
        group(form, "", "title_en", "title_zh", "unit"),
        {**group(form, _("More"), "question", "language", "mode", *PEOPLE, "budget", "cap", "top_n", "merge_by",
                 "follow_links", folded=form.instance._state.adding),
         "note": _("people, own question, points, deadlines")},
    ]  # fmt: skip


def new(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, RUN)
    form = WorkshopForm(request.POST or None, actor=actor)
    if request.method == "POST":
        workshop = submit(form, lambda data: act.create_workshop(actor=actor, **data))
        if workshop:
            return redirect(workshop)
    return form_page(
        request, form, title=_("New workshop"), cancel="/workshops", groups=_groups(form),
        button=pgettext("button", "Set up"),
        lede=_("A title and a unit are enough. The rest is the 45-minute pain inventory: collect, cluster, vote, "
               "review."),
        crumb=CRUMB,
    )  # fmt: skip


def workshop_for(request: HttpRequest, key: str) -> Workshop:
    return get_visible(Workshop.objects.select_related("unit", "facilitator", "sponsor"), request.actor, key=key)  # type: ignore[attr-defined]


def edit(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    workshop = workshop_for(request, key)
    run_by(actor, workshop)
    form = WorkshopForm(request.POST or None, instance=workshop, actor=actor)
    given = {"actor": actor, "workshop": workshop, "version": version_of(request)}
    if request.method == "POST" and submit(form, lambda data: act.edit_workshop(**given, **data)):
        messages.success(request, _("Saved."))
        return redirect(workshop)
    return form_page(
        request, form, title=_("Settings of the workshop"), cancel=workshop.get_absolute_url(), groups=_groups(form),
        version=workshop.version, crumb=CRUMB,
    )  # fmt: skip


def desk(request: HttpRequest, workshop: Workshop) -> HttpResponseBase:
    """One address, one page a phase; a reader and a sponsor see what the phase lets them see."""
    actor = request.actor  # type: ignore[attr-defined]
    kind = seen.kind_of(workshop, actor)
    snapshot = seen.snapshot(workshop, kind)
    if workshop.state == Workshop.State.PUBLISHED and request.GET.get("format"):
        return published_files(request, workshop, snapshot["shown"])
    if workshop.state == Workshop.State.REVIEW and kind == seen.DESK:
        return redirect("usecases:workshop_review", workshop.key)
    context = desk_context(request, workshop, kind, snapshot)
    if workshop.state in (Workshop.State.REVIEW, Workshop.State.PUBLISHED) and snapshot["shown"].get("result"):
        context |= results_context(actor, snapshot["shown"])
    return render(request, "usecases/workshop/desk.html", context)


def desk_context(request: HttpRequest, workshop: Workshop, kind: str, snapshot: dict[str, Any]) -> dict[str, Any]:
    actor = request.actor  # type: ignore[attr-defined]
    runs = may(actor, RUN, workshop) and not is_observer(actor, workshop)
    primary = NEXT.get(workshop.state, "")
    steps = previews(workshop, actor) if runs and workshop.is_live else []
    return {
        **snapshot, "phase": workshop.state, "role": kind, "workshop": workshop, "twin": twin(workshop, "title"),
        "vow": pick(snapshot["purpose"]), "signed": signed_words(workshop.acknowledged_as), "runs": runs,
        "on_desk": kind == seen.DESK, "tone": TONES[workshop.state], "phases": _phases(workshop),
        "steps": sorted((s for s in steps if s.step != "cancel"), key=lambda s: s.step != primary),
        "can_cancel": any(s.step == "cancel" for s in steps),
        "primary": primary,
        "timer": TimerForm(), "paper": CountForm(), "card": CardForm(initial={"id": uuid4()}),
        "left": seen.time_left(workshop), "pair": _first_pair(snapshot["shown"]),
        "many_phases": workshop.mode == Workshop.Mode.DEADLINE,
    }  # fmt: skip


def _first_pair(shown: dict[str, Any]) -> list[dict[str, Any]]:
    """Suggestions are looked at one by one, the nearest first."""
    if not shown.get("suggestions"):
        return []
    groups, best = {c["id"]: c for c in shown["clusters"]}, shown["suggestions"][0]
    return [groups[best["first"]], groups[best["second"]]]


def _phases(workshop: Workshop) -> list[dict[str, Any]]:
    now = PHASES.index(workshop.state) if workshop.state in PHASES else -1
    words = (
        pgettext("workshop phase", "Collect"), pgettext("workshop phase", "Cluster"),
        pgettext("workshop phase", "Vote"), pgettext("workshop phase", "Review"),
        pgettext("workshop phase", "Published"),
    )  # fmt: skip
    return [
        {"word": word, "state": "done" if n < now else "current" if n == now else "open"}
        for n, word in enumerate(words)
    ]


def step(request: HttpRequest, key: str, act: str) -> HttpResponseBase:
    """POST takes the step; publishing, cancelling and voting again are read on a page of their own before."""
    actor = request.actor  # type: ignore[attr-defined]
    call, workshop = known_act(STEPS, act), workshop_for(request, key)
    run_by(actor, workshop)
    shown = preview(workshop, act)
    form = ReasonForm(request.POST if "reason" in request.POST else None) if shown.asks_why else None
    given: dict[str, Any] = {"actor": actor, "workshop": workshop, "version": version_of(request)}
    if request.method == "POST" and form and form.is_bound:
        if submit(form, lambda data: call(**given, **data)):
            return redirect(workshop)
    elif request.method == "POST" and not form and (act not in CONFIRMED or "confirm" in request.POST):
        made = call(**given)
        if act == "publish":
            messages.success(request, _("Published as %(key)s.") % {"key": made.key})
        return redirect(workshop)
    context = {
        "workshop": workshop, "step": shown, "form": form, "version": version_shown(request, workshop.version),
        "vow": pick(seen.purpose_of(workshop)), "signed": signed_words(workshop.acknowledged_as),
    }  # fmt: skip
    return render(request, "usecases/workshop/step.html", context, status=form_status(form) if form else 200)


STEPS = act.STEPS
DOOR = {"open": act.open_door, "close": act.close_door, "renew": act.renew_codes}


@require_POST
def door(request: HttpRequest, key: str, act: str) -> HttpResponseBase:
    workshop = workshop_for(request, key)
    known_act(DOOR, act)(actor=request.actor, workshop=workshop)  # type: ignore[attr-defined]
    return redirect(workshop)


@require_POST
def timer(request: HttpRequest, key: str) -> HttpResponseBase:
    """Minutes in a meeting, a date with deadlines; nothing takes the timer away."""
    actor = request.actor  # type: ignore[attr-defined]
    workshop = workshop_for(request, key)
    run_by(actor, workshop)
    form = TimerForm(request.POST)
    if submit(form, lambda data: act.set_timer(actor=actor, workshop=workshop, until=_until(data))):
        return redirect(workshop)
    return form_page(request, form, title=_("Timer"), cancel=workshop.get_absolute_url(), crumb=CRUMB)


def _until(data: dict[str, Any]) -> Any:
    return clock.now() + timedelta(minutes=data["minutes"]) if data["minutes"] else data["until"]


@require_POST
def pause(request: HttpRequest, key: str) -> HttpResponseBase:
    """The reason is read by everybody who is refused meanwhile."""
    actor = request.actor  # type: ignore[attr-defined]
    workshop = workshop_for(request, key)
    run_by(actor, workshop)
    form = ReasonForm(request.POST)
    given = {"actor": actor, "workshop": workshop, "version": version_of(request)}
    if submit(form, lambda data: act.pause_workshop(**given, **data)):
        return redirect(workshop)
    return form_page(
        request, form, title=_("Pause the workshop"), cancel=workshop.get_absolute_url(), button=_("Pause"),
        version=workshop.version, crumb=CRUMB,
    )  # fmt: skip


@require_POST
def resume(request: HttpRequest, key: str) -> HttpResponseBase:
    workshop = workshop_for(request, key)
    act.resume_workshop(actor=request.actor, workshop=workshop, version=version_of(request))  # type: ignore[attr-defined]
    return redirect(workshop)
