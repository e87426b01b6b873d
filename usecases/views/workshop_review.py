"""Review: the ranked table, size, owner team and channel of what stands on top, and the way to the published list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from foundation.bilingual import pick
from foundation.pages import submit, version_of
from usecases import workshop_view as seen
from usecases.forms import group
from usecases.models import Cluster, Workshop
from usecases.models.load import FACTORS
from usecases.services import workshops as act
from usecases.services.workshops.common import helped_by
from usecases.views.common import form_page
from usecases.views.workshop_results import results_context, results_file
from usecases.views.workshop_table import item_of
from usecases.views.workshops import desk_context, workshop_for
from usecases.workshop_forms import ItemForm, MarkForm, teams_for


def review(request: HttpRequest, key: str) -> HttpResponseBase:
    """For facilitator and scribe; everybody else finds what they may see at the workshop itself."""
    actor = request.actor  # type: ignore[attr-defined]
    workshop = workshop_for(request, key)
    helped_by(actor, workshop)
    if workshop.state != Workshop.State.REVIEW:
        return redirect(workshop)
    snapshot = seen.snapshot(workshop, seen.DESK)
    shown = snapshot["shown"]
    if request.GET.get("format"):
        return results_file(request, workshop, shown, workshop.key)
    context = desk_context(request, workshop, seen.DESK, snapshot) | results_context(actor, shown)
    context |= {
        "teams": list(teams_for(actor)), "channels": Cluster.Channel.choices, "ops": shown["ops"],
        "not_voted": [{**c, "title": pick(c["title"])} for c in shown["not_voted"]],
        "reading": "read" in request.GET,
    }  # fmt: skip
    return render(request, "usecases/workshop/review.html", context)


def item(request: HttpRequest, key: str, item: UUID) -> HttpResponseBase:
    """All that review asks of an item; the row of the table sends owner team and channel alone."""
    actor = request.actor  # type: ignore[attr-defined]
    workshop = workshop_for(request, key)
    helped_by(actor, workshop)
    if workshop.state != Workshop.State.REVIEW and request.method == "GET":
        return redirect(workshop)
    cluster = item_of(workshop, item)
    given: dict[str, Any] = {
        "actor": actor, "workshop": workshop, "cluster": cluster.pk, "version": version_of(request),
    }  # fmt: skip
    version, title = cluster.version, cluster.title
    form = _item_form(request, cluster)
    if request.method == "POST" and submit(form, lambda data: act.review_item(**given, **data)):
        messages.success(request, _("Saved."))
        return redirect("usecases:workshop_review", key)
    return form_page(
        request, form, title=title, cancel=f"/w/{key}/review", groups=_groups(form), version=version,
        lede=_("Only what the group agrees on now; the rest can be filled in on the pain later."),
        crumb=(workshop.title, f"/w/{key}/review"),
    )  # fmt: skip


def _item_form(request: HttpRequest, cluster: Cluster) -> Any:
    actor = request.actor  # type: ignore[attr-defined]
    if request.POST.get("mark"):
        return MarkForm(request.POST, actor=actor)
    if all(getattr(cluster, f"{factor}_likely") is None for factor in FACTORS):
        for name, value in act.answers_of_cards(cluster).items():
            setattr(cluster, name, value)
    return ItemForm(request.POST or None, instance=cluster, actor=actor)


def _groups(form: Any) -> list[Any]:
    if isinstance(form, MarkForm):
        return []
    return [
        group(form, "", "owner_team", "channel"),
        {"title": _("How big is it?"), "note": _("A quick answer is kept as a guess."), "fields": form.quick,
         "pairs": True},
        {"title": _("Exact ranges"), "ranges": form.ranges, "folded": not form.errors,
         "note": _("low, likely, high and where it comes from"),
         "fields": [form["load_n"], form["load_coverage"], form["load_query"]]},
        group(form, _("More about it"), "kind", "severity", "consequence", "teams_affected", folded=True),
    ]  # fmt: skip


def inventory(request: HttpRequest, key: str) -> HttpResponseBase:
    """The short way to the frozen list."""
    workshop = workshop_for(request, key)
    found = workshop.rounds.sealed().select_related("inventory").first() if not workshop.is_live else None
    made = getattr(found, "inventory", None)
    if made is None:
        return redirect(workshop)
    return redirect(made)
