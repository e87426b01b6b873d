from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST

from foundation.access import get_visible, may, require
from foundation.audit import timeline
from foundation.bilingual import pick
from foundation.errors import Invalid, Reason
from foundation.exports.tables import Column, attach, respond
from foundation.kit import Cell
from foundation.lists import ListColumn, ListPage
from foundation.pages import submit, version_of
from usecases import services
from usecases.checks import open_facts
from usecases.forms import RankingForm, ReasonForm, SelectForm, WeightsForm, group
from usecases.models import Candidate, Ranking, RankingSnapshot
from usecases.models.ranking import ANONYMITY_FROM
from usecases.recompute import check_snapshot
from usecases.selectors import own_scores, rankings_listed, sheet_order, visible_result
from usecases.services.ranking import sheet_of
from usecases.services.selection import proposal, who_leaves
from usecases.views.common import form_page, known_act, offers, role_words, state_cell
from usecases.views.standing import standing, why

COLUMNS = [
    ListColumn(
        "title", gettext_lazy("Ranking"), cell=lambda r: Cell(r.title or _("Ranking"), href=r.get_absolute_url())
    ),
    ListColumn("unit", gettext_lazy("Unit"), value=lambda r: r.unit.name),
    ListColumn("candidate_count", gettext_lazy("Candidates"), "number"),
    ListColumn("turnout", gettext_lazy("Sheets filled in"), value=lambda r: f"{r.done_count} / {r.sheet_count}"),
    ListColumn("mode", gettext_lazy("How"), value=lambda r: r.get_mode_display()),
    ListColumn("snapshot", gettext_lazy("Frozen as"), value=lambda r: _snapshot_key(r),
               cell=lambda r: _snapshot_cell(r)),
    ListColumn("state", gettext_lazy("State"), value=lambda r: r.get_state_display(), cell=state_cell),
    ListColumn("created_at", pgettext_lazy("column", "Set up"), "datetime", cell=lambda r: r.created_at.date()),
]  # fmt: skip
CRUMB = (gettext_lazy("Rankings"), "/rankings")


def _snapshot_key(ranking: Ranking) -> str | None:
    return ranking.snapshot.key if hasattr(ranking, "snapshot") else None


def _snapshot_cell(ranking: Ranking) -> Cell | None:
    key = _snapshot_key(ranking)
    return Cell(key, href=f"/rankings/{key}") if key else None


def listing(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    found = ListPage(request, rankings_listed(actor), COLUMNS, name="rankings", title=_("Rankings"))
    if found.wants_export:
        return found.export()
    context = {"page": found, "can_rank": may(actor, "usecases.ranking.setup")}
    return render(request, "usecases/rankings.html", context)


def _groups(form: RankingForm) -> list[Any]:
    return [group(form, "", "unit", "title_en", "title_zh", "candidates", "mode"), group(form, _("Panel"), "panel")]


def new(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "usecases.ranking.setup")
    form = RankingForm(request.POST or None, actor=actor)
    if request.method == "POST":
        ranking = submit(form, lambda data: services.draft_ranking(actor=actor, **data))
        if ranking:
            return redirect(ranking)
    return form_page(
        request, form, title=_("Rank candidates"), cancel="/rankings", groups=_groups(form),
        button=pgettext("button", "Set up"),
        lede=_("Six criteria with fixed anchors and points are filled in. Up to four candidates are scored together."),
        crumb=CRUMB,
    )  # fmt: skip


def _ranking(request: HttpRequest, pk: Any) -> Ranking:
    return get_visible(Ranking.objects.select_related("unit"), request.actor, pk=pk)  # type: ignore[attr-defined]


def page(request: HttpRequest, pk: Any) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    ranking = _ranking(request, pk)
    result = visible_result(ranking)
    entries = list(ranking.entries.select_related("candidate__owner_team", "candidate__unit"))
    skip = ("freeze",) if ranking.state == Ranking.State.OPEN else ()
    context = {
        "ranking": ranking, "entries": entries, "criteria": list(ranking.criteria.all()),
        "scorers": [s for s in ranking.scorers.select_related("user") if s.user], "turnout": _turnout(ranking),
        "small": 0 < ranking.scorers.count() < ANONYMITY_FROM and ranking.mode == Ranking.Mode.ALONE,
        "offers": _offers(ranking, actor, skip),
        "on_panel": _may_score(actor, ranking),
        "standing": standing(result, entries, ranking) if result else None,
        "open_facts": _open_facts(ranking, entries),
        "can_edit": ranking.state == "draft" and may(actor, "usecases.ranking.setup", ranking),
        "can_weigh": ranking.state == "draft" and may(actor, "usecases.ranking.weigh", ranking),
        "can_choose": ranking.state in ("open", "frozen") and may(actor, "usecases.flagship.select", ranking),
        "frozen": RankingSnapshot.objects.filter(ranking=ranking).first(), "history": timeline(ranking, actor),
    }  # fmt: skip
    return render(request, "usecases/ranking.html", context)


def _offers(ranking: Ranking, actor: Any, skip: tuple[str, ...]) -> list[Any]:
    """Missing sheets hold the plain opening back; opening without them is a button of its own."""
    found, turnout = offers(ranking, actor, "usecases:ranking_act", [ranking.pk], skip=skip), _turnout(ranking)
    if ranking.state != Ranking.State.SCORING or turnout["done"] == turnout["of"]:
        return found
    missing = turnout["of"] - turnout["done"]
    text = ngettext("%(n)s sheet is not filled in.", "%(n)s sheets are not filled in.", missing) % {"n": missing}
    why = [Reason("panel_incomplete", text)]
    return [o | {"reasons": why} if o["name"] == "open" and not o["reasons"] else o for o in found]


def _open_facts(ranking: Ranking, entries: list[Any]) -> list[Reason]:
    """What would keep a candidate from being chosen and can still be said, before anybody scores and until frozen."""
    if ranking.state not in (Ranking.State.DRAFT, Ranking.State.SCORING, Ranking.State.OPEN):
        return []
    return [reason for e in entries for reason in open_facts(e.candidate)]


def _turnout(ranking: Ranking) -> dict[str, int]:
    done = [s.done for s in ranking.scorers.all()]
    return {"done": sum(done), "of": len(done)}


def _may_score(actor: Any, ranking: Ranking) -> bool:
    if ranking.state != Ranking.State.SCORING or not may(actor, "usecases.ranking.score", ranking):
        return False
    return ranking.mode == Ranking.Mode.TOGETHER or ranking.has_on_panel(actor)


def edit(request: HttpRequest, pk: Any) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    ranking = _ranking(request, pk)
    require(actor, "usecases.ranking.setup", ranking)
    form = RankingForm(request.POST or None, instance=ranking, actor=actor)
    given = {"actor": actor, "ranking": ranking, "version": version_of(request)}
    if request.method == "POST" and submit(form, lambda data: services.edit_ranking(**given, **data)):
        return redirect(ranking)
    return form_page(
        request, form, title=_("Set-up of the ranking"), cancel=f"/rankings/{pk}", groups=_groups(form),
        version=ranking.version, crumb=CRUMB,
    )  # fmt: skip


def weights(request: HttpRequest, pk: Any) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    ranking = _ranking(request, pk)
    require(actor, "usecases.ranking.weigh", ranking)
    form = WeightsForm(request.POST or None, criteria=list(ranking.criteria.all()))
    given = {"actor": actor, "ranking": ranking, "version": version_of(request)}
    if request.method == "POST" and submit(
        form, lambda data: services.weigh_criteria(**given, weights=form.weights, reason=data["reason"])
    ):
        return redirect(ranking)
    return form_page(
        request, form, title=_("Points of the criteria"), cancel=f"/rankings/{pk}", version=ranking.version,
        lede=_("Whole points that add up to 100, set before anybody scores."), crumb=CRUMB,
    )  # fmt: skip


ACTS = {
    "start": services.start_scoring,
    "open": services.open_ranking,
    "void": services.void_ranking,
    "cancel": services.cancel_ranking,
    "freeze": services.freeze_ranking,
}


@require_POST
def act(request: HttpRequest, pk: Any, act: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    call, ranking = known_act(ACTS, act), _ranking(request, pk)
    given: dict[str, Any] = {"actor": actor, "ranking": ranking, "version": version_of(request)}
    if act in ("void", "cancel"):
        return _with_reason(request, ranking, call, given, act)
    if act == "open" and request.POST.get("incomplete"):
        given["incomplete"] = True
    call(**given)
    return redirect(ranking)


def _with_reason(
    request: HttpRequest, ranking: Ranking, call: Any, given: dict[str, Any], act: str
) -> HttpResponseBase:
    require(given["actor"], "usecases.ranking.setup", ranking)
    form = ReasonForm(request.POST if "reason" in request.POST else None)
    if form.is_bound and submit(form, lambda data: call(**given, **data)):
        return redirect(ranking)
    titles = {"void": _("Void all scores"), "cancel": _("Cancel this ranking")}
    return form_page(
        request, form, title=titles[act], lede=ranking.title, cancel=f"/rankings/{ranking.pk}", button=titles[act],
        version=given["version"], crumb=CRUMB,
    )  # fmt: skip


def score(request: HttpRequest, pk: Any) -> HttpResponseBase:
    """The actor's own sheet; nobody else's answers are anywhere on it."""
    actor = request.actor  # type: ignore[attr-defined]
    ranking = _ranking(request, pk)
    require(actor, "usecases.ranking.score", ranking)
    if ranking.state != Ranking.State.SCORING:
        return redirect(ranking)
    scorer, reasons = sheet_of(actor, ranking), []
    if request.method == "POST":
        try:
            saved = services.save_scores(actor=actor, ranking=ranking, scores=_posted(request.POST, ranking))
        except Invalid as refusal:
            reasons = refusal.reasons
        else:
            done = _("Your sheet is complete.") if saved.done else _("Saved. Some answers are still missing.")
            messages.success(request, done)
            return redirect(ranking)
    context = {
        "ranking": ranking, "sheet": _sheet(ranking, scorer), "reasons": reasons,
        "together": ranking.mode == Ranking.Mode.TOGETHER, "turnout": _turnout(ranking),
    }  # fmt: skip
    return render(request, "usecases/score.html", context, status=422 if reasons else 200)


def _posted(data: Any, ranking: Ranking) -> dict[str, dict[str, int | None]]:
    """Fields are named score-KEY-CODE; empty means not answered yet, "dk" don't know."""
    found: dict[str, dict[str, int | None]] = {}
    for name, value in data.items():
        if name.startswith("score-") and value:
            key, _dash, code = name.removeprefix("score-").rpartition("-")
            found.setdefault(key, {})[code] = _answer(value)
    return found


def _answer(value: str) -> Any:
    if value == "dk":
        return None
    return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else value


def _sheet(ranking: Ranking, scorer: Any) -> list[dict[str, Any]]:
    answers, criteria = own_scores(scorer), list(ranking.criteria.all())
    shown = []
    for entry in sheet_order(ranking, scorer.pk):
        key = entry.candidate.key
        cells = [{"criterion": c, "name": f"score-{key}-{c.code}", **_given(answers, key, c.code)} for c in criteria]
        shown.append({"candidate": entry.candidate, "cells": cells})
    return shown


def _given(answers: dict[tuple[str, str], int | None], key: str, code: str) -> dict[str, Any]:
    if (key, code) not in answers:
        return {"value": ""}
    value = answers[(key, code)]
    return {"value": "dk" if value is None else str(value)}


def choose(request: HttpRequest, pk: Any) -> HttpResponseBase:
    """Its own page: restated, then one act that freezes and chooses."""
    actor = request.actor  # type: ignore[attr-defined]
    ranking = _ranking(request, pk)
    require(actor, "usecases.flagship.select", ranking)
    result = visible_result(ranking)
    if not result:
        return redirect(ranking)
    eligible = result["output"]["eligible"]["order"]
    candidates = Candidate.objects.filter(key__in=eligible).select_related("unit")
    channels = {c["key"]: c["channel"] for c in result["input"]["candidates"]}
    proposed = proposal(result["output"], channels)
    first = {"chosen": [c.pk for c in candidates if c.key in proposed]}
    form = SelectForm(request.POST or None, candidates=candidates, initial=first)
    if request.method == "POST":
        selection = submit(form, lambda data: services.select_flagships(actor=actor, ranking=ranking, **data))
        if selection:
            told = _("Chosen and frozen as %(key)s. Next: draft a charter for what was chosen.")
            messages.success(request, told % {"key": selection.snapshot.key})
            return redirect(selection.snapshot)
    names = {c.key: c.title for c in candidates}
    lede = _("Proposal: %(names)s. The ranking is frozen with your choice and cannot be changed afterwards.")
    told = lede % {"names": ", ".join(names[key] for key in proposed) or "–"}
    return form_page(
        request, form, title=_("Choose the flagships"), lede=told, cancel=f"/rankings/{pk}",
        button=_("Freeze and choose"), tone="seal", crumb=CRUMB, told=_who_leaves(ranking),
    )  # fmt: skip


def _who_leaves(ranking: Ranking) -> list[Any]:
    """One sentence a flagship of today: who would step down unless chosen again, who stays whatever is chosen."""
    leaving = who_leaves(ranking.unit, [])
    steps = _("Unless you choose it again, %(name)s steps down and is ranked, no longer a flagship.")
    stays = _("%(name)s stays a flagship whatever you choose: %(why)s")
    return [
        *(Reason("steps_down", steps % {"name": c.title}) for c in leaving.steps_down),
        *(
            Reason("stays", stays % {"name": c.title, "why": r.text}, fix=r.fix)
            for c, why in leaving.stays
            for r in why
        ),
    ]


def snapshot(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    found = get_visible(RankingSnapshot.objects.select_related("unit", "ranking", "predecessor"), actor, key=key)
    if request.GET.get("format"):
        return _export(request, found)
    entries = list(found.ranking.entries.select_related("candidate"))
    checked = "check" in request.GET
    difference = check_snapshot(found.facts) if checked else None
    facts = {"input": found.facts["input"], "output": found.facts["output"], "gates": found.facts["fact_gates"]}
    selections = list(
        found.selections.select_related("unit").prefetch_related("slots__candidate").order_by("-decided_at")
    )
    context = {
        "snapshot": found, "frozen_role": role_words(found.facts["frozen"]["role"]),
        "standing": standing(facts, entries, found.ranking),
        "checked": checked, "difference": difference,
        "selections": [{"record": s, "role": role_words(s.facts["decided"]["role"])} for s in selections],
        "can_charter": bool(selections) and may(actor, "charter.text.draft", found),
    }  # fmt: skip
    return render(request, "usecases/snapshot.html", context)


SNAPSHOT_COLUMNS = [
    Column("rank", pgettext_lazy("column", "Rank"), "number"),
    Column("key", gettext_lazy("Row id")),
    Column("title_en", gettext_lazy("Title, English")),
    Column("title_zh", gettext_lazy("Title, Chinese")),
    Column("channel", gettext_lazy("Channel")),
    Column("total", gettext_lazy("Points of 100"), "number"),
    Column("equal_weights", gettext_lazy("With equal weights"), "number"),
    Column("eligible", gettext_lazy("May be chosen"), "bool"),
    Column("why_not", gettext_lazy("Why not")),
]


def _export(request: HttpRequest, found: RankingSnapshot) -> HttpResponseBase:
    """One row a candidate as frozen, then the mean of every criterion; never a single score."""
    facts = found.facts
    criteria = {c["key"]: pick(c["name"]) for c in facts["locked"]["criteria"]}
    means = [Column(f"mean_{key}", f"{key} · {name}", "number") for key, name in criteria.items()]
    cover = [(_("Frozen"), found.frozen_at), (_("Method"), facts["method"]), (_("Digest"), found.digest)]
    rows = [_export_row(c, facts["output"], criteria) for c in facts["locked"]["candidates"]]
    rows.sort(key=lambda row: (row[0] is None, row[0]))
    return respond(request, found.key, [*SNAPSHOT_COLUMNS, *means], rows, title=found.key, cover=cover)


def _export_row(candidate: dict[str, Any], output: dict[str, Any], criteria: dict[str, str]) -> list[Any]:
    key, title = candidate["key"], candidate["title"]
    failed = output["eligible"]["not_eligible"].get(key, [])
    totals = [output["totals"][key], output["equal_weights"]["totals"][key]]
    means = output.get("panel", {}).get("mean_scores", {}).get(key, [None] * len(criteria))
    why_not = "; ".join(why(code, criteria) for code in failed)
    figures = [None if v is None else Decimal(v) for v in (*totals, *means)]
    head = [output["ranks"][key], key, title["en"], title["zh"], candidate["channel"]]
    return [*head, *figures[:2], not failed, why_not, *figures[2:]]


def snapshot_file(request: HttpRequest, key: str) -> HttpResponseBase:
    """The canonical bytes as they were frozen."""
    actor = request.actor  # type: ignore[attr-defined]
    found = get_visible(RankingSnapshot, actor, key=key)
    return attach(HttpResponse(found.body, content_type="application/json; charset=utf-8"), f"{found.key}.json")
