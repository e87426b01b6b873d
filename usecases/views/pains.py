from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.models import Unit
from foundation.access import get_visible, may, require
from foundation.audit import timeline
from foundation.bilingual import twin
from foundation.kit import Cell, Row
from foundation.lists import ListColumn, ListPage
from foundation.pages import submit, version_of
from usecases import services
from usecases.forms import PainFilter, PainForm, ReasonForm, group, scoped
from usecases.models import Pain
from usecases.quick import AMNESTY, FORBIDDEN_FILTERS
from usecases.selectors import differing_fields, hours_of, latest_inventory_row, pains_listed
from usecases.services.inventory import refuse_person_view
from usecases.views.common import (
    form_page,
    guess_words,
    hours_cell,
    hours_words,
    known_act,
    offers,
    state_cell,
    sum_words,
)

COLUMNS = [
    ListColumn("key", gettext_lazy("Row id"), shown=False),
    ListColumn("title_en", gettext_lazy("Title, English"), shown=False),
    ListColumn("title_zh", gettext_lazy("Title, Chinese"), shown=False),
    ListColumn(
        "title", gettext_lazy("Pain"), sort="title", cell=lambda p: Cell(p.title, href=p.get_absolute_url(), sub=p.key)
    ),
    ListColumn("hours_likely", gettext_lazy("Likely hours a month"), "number", "h", sort="hours", cell=hours_cell),
    ListColumn("hours_low", gettext_lazy("Low"), "number", "h", shown=False),
    ListColumn("hours_high", gettext_lazy("High"), "number", "h", shown=False),
    ListColumn("grade", gettext_lazy("Evidence"), value=lambda p: p.get_grade_display(),
               cell=lambda p: Cell("", grade=p.grade) if p.grade else None),
    ListColumn("kind", gettext_lazy("Kind"), value=lambda p: p.get_kind_display()),
    ListColumn("unit", gettext_lazy("Unit"), value=lambda p: p.unit.code, cell=lambda p: p.unit.name),
    ListColumn("owner_team", gettext_lazy("Owner team"), value=lambda p: p.owner_team.code if p.owner_team else None,
               cell=lambda p: p.owner_team.name if p.owner_team else None),
    ListColumn("load_n", gettext_lazy("Records behind it"), "number", shown=False),
    ListColumn("severity", gettext_lazy("Severity"), "number", shown=False),
    ListColumn("consequence", gettext_lazy("Consequence of an error"), "number", shown=False),
    ListColumn("teams_affected", gettext_lazy("Teams affected"), "number", shown=False),
    ListColumn("systems", gettext_lazy("Systems"), value=lambda p: "; ".join(s.name for s in p.systems.all()),
               shown=False),
    ListColumn("tags", gettext_lazy("Tags"), value=lambda p: "; ".join(p.tags), shown=False),
    ListColumn("state", gettext_lazy("State"), value=lambda p: p.get_state_display(), cell=state_cell),
    ListColumn("created_at", gettext_lazy("Recorded"), "datetime", shown=False),
]  # fmt: skip
SORTS = {"hours": ("hours_likely", "id"), "title": ("title_en", "id")}


def listing(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    _refuse_by_person(request)
    pains = pains_listed(actor)
    found = ListPage(
        request, pains, COLUMNS, name="pains", title=_("Pains"), filters=scoped(PainFilter, actor), sorts=SORTS,
        order=("-hours_likely", "id"),
    )  # fmt: skip
    if found.wants_export:
        return found.export()
    total = hours_of(found.queryset)
    context = {
        "page": found, "total": total, "sum": sum_words(total), "guesses": guess_words(total),
        "can_record": may(actor, "usecases.pain.record"), "can_publish": may(actor, "usecases.inventory.publish"),
    }  # fmt: skip
    return render(request, "usecases/pains.html", context, status=found.status)


def _refuse_by_person(request: HttpRequest) -> None:
    if any(name in request.GET for name in FORBIDDEN_FILTERS):
        actor = request.actor  # type: ignore[attr-defined]
        unit = Unit.objects.visible_to(actor).order_by("path").last()
        refuse_person_view(actor, unit)


def _groups(form: PainForm) -> list[Any]:
    return [
        group(form, "", "unit", "title_en", "title_zh", "kind"),
        {"title": _("How big is it?"), "note": _("A quick answer is kept as a guess."),
         "fields": form.quick, "pairs": True},
        {"title": _("Exact ranges"), "ranges": form.ranges, "folded": not form.errors, "note": _("low, likely, high"),
         "fields": [form["load_n"], form["load_coverage"], form["load_query"]]},
        group(form, _("More about it"), "description_en", "description_zh", "workaround", "severity", "consequence",
              "owner_team", "teams_affected", "systems", "tags", "evidence_links", folded=True),
        {**group(form, _("Shadow automation"), "shadow_automation", "shadow_where", "shadow_may_be_shown", folded=True),
         "text": AMNESTY},
    ]  # fmt: skip


def new(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, "usecases.pain.record")
    asked = {name: request.GET.get(name, "")[:140] for name in ("title_en", "title_zh")}  # what search did not find
    form = PainForm(request.POST or None, actor=actor, initial=asked)
    pain = submit(form, lambda data: services.record_pain(actor=actor, **data)) if request.method == "POST" else None
    if pain:
        messages.success(request, _("Recorded as %(key)s.") % {"key": pain.key})
        return redirect(pain)
    return form_page(
        request, form, title=_("What repetitive work costs time?"), cancel="/pains", groups=_groups(form),
        lede=_("One sentence is enough. Hours describe work, not people."), button=_("Record"),
        crumb=(_("Pains"), "/pains"),
    )  # fmt: skip


def page(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    pain = get_visible(pains_listed(actor), actor, key=key)
    published = latest_inventory_row(pain)
    context = {
        "pain": pain,
        "twin": twin(pain, "title"),
        "hours": hours_words(pain),
        "factors": _factor_rows(pain),
        "candidates": pain.candidates.visible_to(actor),
        "published": published[0] if published else None,
        "differs": differing_fields(pain, published[1]) if published else [],
        "offers": offers(pain, actor, "usecases:pain_act", [pain.key], skip=("promote", "vote")),
        "can_edit": may(actor, "usecases.pain.edit", pain),
        "can_promote": may(actor, "usecases.pain.promote", pain) and pain.state in ("raw", "clustered", "voted"),
        "history": timeline(pain, actor),
    }
    return render(request, "usecases/pain.html", context)


def _factor_rows(pain: Pain) -> list[Row]:
    names = {
        "runs_per_month": _("Times a month"), "items_per_run": _("Pieces each time"),
        "minutes_per_item": _("Minutes a piece"), "people_per_item": _("People needed"),
    }  # fmt: skip
    rows = []
    for factor, facts in pain.factor_facts().items():
        cells = [facts[p].normalize() if facts else None for p in ("low", "likely", "high")]
        source = pain._meta.get_field(f"{factor}_provenance").choices if facts else ()
        word = dict(source).get(facts["provenance"]) if facts else _("not said")
        rows.append(Row([names[factor], *[Cell(f"{c:f}" if c is not None else "–", num=True) for c in cells], word]))
    return rows


def edit(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    pain = get_visible(Pain, actor, key=key)
    require(actor, "usecases.pain.edit", pain)
    title, form = pain.title, PainForm(request.POST or None, instance=pain, actor=actor)
    if request.method == "POST" and submit(
        form, lambda data: services.edit_pain(actor=actor, pain=pain, version=version_of(request), **data)
    ):
        messages.success(request, _("Saved."))
        return redirect("usecases:pain", key)
    return form_page(
        request, form, title=title, cancel=f"/pains/{key}", groups=_groups(form), version=pain.version,
        crumb=(_("Pains"), "/pains"),
    )  # fmt: skip


@require_POST
def promote(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    pain = get_visible(Pain, actor, key=key)
    candidate = services.promote_pain(actor=actor, pain=pain, version=version_of(request))
    messages.success(request, _("Now say what help it needs, and mark it as shaped."))
    return redirect(candidate)


ACTS = {"park": services.park_pain, "reject": services.reject_pain, "reopen": services.reopen_pain}


@require_POST
def act(request: HttpRequest, key: str, act: str) -> HttpResponseBase:
    """Parking and rejecting ask for the reason on a page of their own."""
    actor = request.actor  # type: ignore[attr-defined]
    call, pain = known_act(ACTS, act), get_visible(Pain, actor, key=key)
    if act == "reopen":
        call(actor=actor, pain=pain, version=version_of(request))
        return redirect(pain)
    require(actor, "usecases.pain.park", pain)
    form = ReasonForm(request.POST if "reason" in request.POST else None)
    if form.is_bound and submit(form, lambda data: call(actor=actor, pain=pain, version=version_of(request), **data)):
        return redirect(pain)
    titles = {"park": _("Park this pain"), "reject": _("Reject this pain")}
    return form_page(
        request, form, title=titles[act], lede=pain.title, cancel=f"/pains/{key}", button=titles[act],
        version=version_of(request), crumb=(_("Pains"), "/pains"),
    )  # fmt: skip
