from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from foundation.access import get_visible, may, require
from foundation.audit import timeline
from foundation.bilingual import twin
from foundation.kit import Cell
from foundation.lists import ListColumn, ListPage
from foundation.pages import submit, version_of
from usecases import services
from usecases.approvals import category_states
from usecases.forms import CandidateFilter, CandidateForm, ReasonForm, group, scoped
from usecases.models import Candidate
from usecases.models.load import Grade
from usecases.selectors import candidate_page, candidates_listed, frozen_text_of, load_of
from usecases.views.common import (
    ends_words,
    form_page,
    guess_words,
    hours_words,
    known_act,
    offers,
    state_cell,
    sum_words,
    with_hours,
)


def size_cell(candidate: Candidate) -> Cell:
    total = load_of(candidate)
    if not total["sized"]:
        return Cell(_("no size yet"), tone="open", icon="none")
    return Cell(with_hours(total["likely"]), sub=ends_words(total["low"], total["high"]), num=True)


def evidence_cell(candidate: Candidate) -> Cell | None:
    """The word of the weakest piece of work, and how many pieces there are."""
    total = load_of(candidate)
    return Cell("", grade=total["grade"], sub=_("n = %(n)s") % {"n": total["sized"]}) if total["sized"] else None


COLUMNS = [
    ListColumn("key", gettext_lazy("Row id"), shown=False),
    ListColumn("title_en", gettext_lazy("Title, English"), shown=False),
    ListColumn("title_zh", gettext_lazy("Title, Chinese"), shown=False),
    ListColumn(
        "title", gettext_lazy("Candidate"), cell=lambda c: Cell(c.title, href=c.get_absolute_url(), sub=c.summary)
    ),
    ListColumn("channel", gettext_lazy("Channel"), value=lambda c: c.channel, cell=lambda c: c.get_channel_display()),
    ListColumn("kind_of_help", gettext_lazy("Kind of help"), value=lambda c: c.get_kind_of_help_display()),
    ListColumn("hours", gettext_lazy("Likely hours a month"), "number", "h",
               value=lambda c: load_of(c)["likely"] if load_of(c)["sized"] else None, cell=size_cell),
    ListColumn("hours_low", gettext_lazy("Low"), "number", "h", shown=False,
               value=lambda c: load_of(c)["low"] if load_of(c)["sized"] else None),
    ListColumn("hours_high", gettext_lazy("High"), "number", "h", shown=False,
               value=lambda c: load_of(c)["high"] if load_of(c)["sized"] else None),
    ListColumn("sized", gettext_lazy("Pieces of work with a size"), "number", shown=False,
               value=lambda c: load_of(c)["sized"]),
    ListColumn("grade", gettext_lazy("Evidence"), value=lambda c: Grade(load_of(c)["grade"]).label
               if load_of(c)["sized"] else None, cell=evidence_cell),
    ListColumn("unit", gettext_lazy("Unit"), value=lambda c: c.unit.name),
    ListColumn("owner_team", gettext_lazy("Owner team or vendor"),
               value=lambda c: c.owner_team.name if c.owner_team else c.vendor or None),
    ListColumn("state", gettext_lazy("State"), value=lambda c: c.get_state_display(), cell=state_cell),
    ListColumn("created_at", gettext_lazy("Drafted"), "datetime", shown=False),
]  # fmt: skip


def listing(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    found = ListPage(
        request, candidates_listed(actor), COLUMNS, name="candidates", title=_("Candidates"),
        filters=scoped(CandidateFilter, actor),
    )  # fmt: skip
    if found.wants_export:
        return found.export()
    context = {
        "page": found, "can_draft": may(actor, "usecases.candidate.edit"),
        "can_rank": may(actor, "usecases.ranking.setup"),
    }  # fmt: skip
    return render(request, "usecases/candidates.html", context, status=found.status)


def _groups(form: CandidateForm) -> list[Any]:
    fresh = form.instance._state.adding
    return [
        group(form, "", "unit", "title_en", "title_zh", "channel", "summary_en", "summary_zh", "kind_of_help"),
        group(form, _("The work behind it"), "pains", "items", "owner", "owner_team", "vendor", folded=fresh),
        group(form, _("Data and tools"), "categories", "systems", "pattern_version", "tools", "staff_data",
              folded=fresh),
        group(form, _("What it should show"), "direction", "seen_by", "baseline_obtainable", "baseline_where",
              "open_questions", "partner", "partner_agreed_on", folded=fresh),
    ]  # fmt: skip


def new(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "usecases.candidate.edit")
    form = CandidateForm(request.POST or None, actor=actor)
    if request.method == "POST":
        candidate = submit(form, lambda data: services.draft_candidate(actor=actor, **data))
        if candidate:
            return redirect(candidate)
    return form_page(
        request, form, title=_("What might we try?"), cancel="/candidates", groups=_groups(form), button=_("Draft"),
        lede=_("A candidate has a direction, never a promised number."), crumb=(_("Candidates"), "/candidates"),
    )  # fmt: skip


def page(request: HttpRequest, key: str) -> HttpResponseBase:
    """The fact sheet: one page, prints."""
    actor = request.actor  # type: ignore[attr-defined]
    candidate = get_visible(candidate_page(actor), actor, key=key)
    total, frozen = load_of(candidate), frozen_text_of(candidate)
    work = [*candidate.pains.all(), *candidate.items.all()]
    context = {
        "candidate": candidate, "twin": twin(candidate, "title"), "total": total, "sum": sum_words(total),
        "guesses": guess_words(total), "work": [{"record": w, "hours": hours_words(w)} for w in work],
        "categories": category_states(candidate.unit, candidate.categories.all()),
        "snapshot": frozen[0] if frozen else None, "differs": bool(frozen and frozen[1]),
        "offers": offers(candidate, actor, "usecases:candidate_act", [key], skip=("rank", "select", "step_down")),
        "can_edit": may(actor, "usecases.candidate.edit", candidate), "history": timeline(candidate, actor),
    }  # fmt: skip
    return render(request, "usecases/candidate.html", context)


def edit(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    candidate = get_visible(Candidate.objects.select_related("unit"), actor, key=key)
    require(actor, "usecases.candidate.edit", candidate)
    title, form = candidate.title, CandidateForm(request.POST or None, instance=candidate, actor=actor)
    given = {"actor": actor, "candidate": candidate, "version": version_of(request)}
    if request.method == "POST" and submit(form, lambda data: services.edit_candidate(**given, **data)):
        messages.success(request, _("Saved."))
        return redirect("usecases:candidate", key)
    return form_page(
        request, form, title=title, cancel=f"/candidates/{key}", groups=_groups(form), version=candidate.version,
        crumb=(_("Candidates"), "/candidates"),
    )  # fmt: skip


ACTS = {
    "shape": services.shape_candidate,
    "reopen": services.reopen_candidate,
    "park": services.park_candidate,
    "decline": services.decline_candidate,
}
PERMISSIONS = {"park": "usecases.candidate.edit", "decline": "usecases.candidate.decline"}


def _shaped_words(actor: Any, candidate: Candidate) -> Any:
    """The next step; a link for those who may take it."""
    if may(actor, "usecases.ranking.setup", candidate.unit):
        link, words = reverse("usecases:ranking_new"), _("Rank it")
        return format_html('{} <a href="{}">{}</a>', _("Marked as shaped."), link, words)
    return _("Marked as shaped. It can be ranked now.")


@require_POST
def act(request: HttpRequest, key: str, act: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    call, candidate = known_act(ACTS, act), get_visible(Candidate, actor, key=key)
    given = {"actor": actor, "candidate": candidate, "version": version_of(request)}
    if act in ("shape", "reopen"):
        messages.success(request, _shaped_words(actor, call(**given)))
        return redirect(candidate)
    require(actor, PERMISSIONS[act], candidate)
    form = ReasonForm(request.POST if "reason" in request.POST else None)
    if form.is_bound and submit(form, lambda data: call(**given, **data)):
        return redirect(candidate)
    titles = {"park": _("Park this candidate"), "decline": _("Decline this candidate")}
    return form_page(
        request, form, title=titles[act], lede=candidate.title, cancel=f"/candidates/{key}", button=titles[act],
        version=version_of(request), crumb=(_("Candidates"), "/candidates"),
    )  # fmt: skip
