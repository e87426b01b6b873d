"""The table on the desk: merge, keep, split, move, reword, redact, undo; seeds, paper seats and paper ballots."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from foundation.errors import Invalid, NotReady, NotVisible, Reason
from foundation.pages import submit, version_of, version_shown
from foundation.versions import small_number
from usecases import workshop_view as seen
from usecases.models import Workshop
from usecases.services import workshops as act
from usecases.services.workshops.common import NOT_HERE, helped_by, run_by
from usecases.views.common import form_page, known_act
from usecases.views.workshops import CRUMB, workshop_for
from usecases.workshop_forms import CardForm, CountForm, SeedForm
from usecases.workshop_table import clusters_of, item_named


def uuid_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(Reason("unknown_item", _("This names nothing that lies on the table."))) from None


def uuids(texts: Iterable[str]) -> list[UUID]:
    return [uuid_of(text) for text in texts]


def _versions(data: QueryDict, ids: Iterable[UUID]) -> dict[UUID, int]:
    """The version every named group was shown with: `v-<id>` of the form."""
    found = {pk: small_number(data.get(f"v-{pk}", "")) for pk in ids}
    return {pk: version for pk, version in found.items() if version is not None}


def _merge(given: dict[str, Any], data: QueryDict) -> Any:
    """The first ticked group takes in the others, unless another one is named."""
    ticked = uuids(data.getlist("cluster"))
    into = uuid_of(data["into"]) if data.get("into") else (ticked or [None])[0]
    others = [pk for pk in ticked if pk != into]
    if into is None or not others:
        raise Invalid(Reason("too_few_items", _("Tick at least two groups that say the same."), "cluster"))
    return act.merge_clusters(
        **given, into=into, others=others, versions=_versions(data, [into, *others]), suggested="suggested" in data
    )


def _keep(given: dict[str, Any], data: QueryDict) -> Any:
    first, second = (uuids(data.getlist("cluster")) + [None, None])[:2]
    if first is None or second is None:
        raise Invalid(Reason("too_few_items", _("Two groups are kept apart."), "cluster"))
    return act.keep_apart(**given, first=first, second=second)


def _split(given: dict[str, Any], data: QueryDict) -> Any:
    cluster = uuid_of(data.get("cluster", ""))
    cards = uuids(data.getlist("card")) or None
    return act.split_cluster(**given, cluster=cluster, cards=cards, versions=_versions(data, [cluster]))


def _move(given: dict[str, Any], data: QueryDict) -> Any:
    into = uuid_of(data.get("into", ""))
    return act.move_card(**given, card=uuid_of(data.get("card", "")), into=into, versions=_versions(data, [into]))


def _reword(given: dict[str, Any], data: QueryDict) -> Any:
    cluster, words = uuid_of(data.get("cluster", "")), {n: data.get(n, "") for n in ("title_en", "title_zh")}
    return act.reword_cluster(**given, cluster=cluster, versions=_versions(data, [cluster]), **words)


def _redact(given: dict[str, Any], data: QueryDict) -> Any:
    return act.redact_card(**given, card=uuid_of(data.get("card", "")), text=data.get("text", ""))


def _undo(given: dict[str, Any], data: QueryDict) -> Any:
    return act.undo_cluster_op(**given, op=uuid_of(data.get("op", "")))


ACTS: dict[str, Callable[[dict[str, Any], QueryDict], Any]] = {
    "merge": _merge, "keep": _keep, "split": _split, "move": _move, "reword": _reword, "redact": _redact,
    "undo": _undo,
}  # fmt: skip


@require_POST
def table(request: HttpRequest, key: str, act: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    call, workshop = known_act(ACTS, act), workshop_for(request, key)
    helped_by(actor, workshop)
    call({"actor": actor, "workshop": workshop}, request.POST)
    return redirect(workshop)


def item_of(workshop: Workshop, item: UUID) -> Any:
    found = item_named(workshop, item)
    if found is None:
        raise NotVisible(NOT_HERE)
    return found


def card_group(request: HttpRequest, key: str, item: UUID) -> HttpResponseBase:
    """One group: its title, its cards, where each could go."""
    actor = request.actor  # type: ignore[attr-defined]
    workshop = workshop_for(request, key)
    helped_by(actor, workshop)
    if workshop.state not in ("cluster", "review"):
        return redirect(workshop)
    cluster = item_of(workshop, item)
    others = [c for c in clusters_of(workshop) if c.pk != cluster.pk] if workshop.state == "cluster" else []
    context = {
        "workshop": workshop, "cluster": cluster, "cards": list(cluster.cards.order_by("place", "id")),
        "others": others, "clustering": workshop.state == "cluster",
    }  # fmt: skip
    return render(request, "usecases/workshop/group.html", context)


@require_POST
def card(request: HttpRequest, key: str) -> HttpResponseBase:
    """Typed for the group, for whoever has no phone."""
    actor = request.actor  # type: ignore[attr-defined]
    workshop = workshop_for(request, key)
    helped_by(actor, workshop)
    form = CardForm(request.POST)
    if submit(
        form,
        lambda data: act.type_card(actor=actor, workshop=workshop, card_id=data.pop("id"), **data),
    ):
        for warning in act.card_warnings(form.cleaned_data["text"]):
            messages.warning(request, warning.text)
        return redirect(workshop)
    return form_page(request, form, title=_("Type a card"), cancel=workshop.get_absolute_url(), crumb=CRUMB)


def seed(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    workshop = workshop_for(request, key)
    run_by(actor, workshop)
    form = SeedForm(request.POST or None, actor=actor, workshop=workshop)
    if request.method == "POST":
        added = submit(form, lambda data: act.seed_pains(actor=actor, workshop=workshop, **data))
        if added is not None:
            told = ngettext("%(n)s pain lies on the table.", "%(n)s pains lie on the table.", added)
            messages.success(request, told % {"n": added})
            return redirect(workshop)
    return form_page(
        request, form, title=_("Put recorded pains on the table"), cancel=workshop.get_absolute_url(),
        button=_("Put on the table"), crumb=CRUMB,
        lede=_("They get points like any other item. Nobody sees them before the cards are shown. A spreadsheet (CSV, "
               "XLSX) is imported first; its rows then stand here."),
        aside=(_("Import a list"), reverse("foundation:import", args=["pains"])),
    )  # fmt: skip


@require_POST
def paper(request: HttpRequest, key: str) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    workshop = workshop_for(request, key)
    run_by(actor, workshop)
    form = CountForm(request.POST)
    if submit(form, lambda data: act.add_paper_seats(actor=actor, workshop=workshop, **data)) is not None:
        return redirect(workshop)
    return form_page(request, form, title=_("Paper seats"), cancel=workshop.get_absolute_url(), crumb=CRUMB)


def ballots(request: HttpRequest, key: str) -> HttpResponseBase:
    """All paper ballots of the open vote, one column each; what was typed before is never shown again."""
    actor = request.actor  # type: ignore[attr-defined]
    workshop = workshop_for(request, key)
    helped_by(actor, workshop)
    shown = seen.visible_results(workshop, seen.DESK)
    vote, seats = shown.get("round"), range(1, shown.get("paper_seats", 0) + 1)
    if vote is None:
        raise NotReady(Reason("wrong_phase", _("No vote is open.")))
    items, reasons = seen.visible_results(workshop, seen.PHONE)["items"], []
    if request.method == "POST":
        try:
            typed = _typed(request.POST, [item["id"] for item in items], seats)
            n = act.type_paper_ballots(
                actor=actor, workshop=workshop, round_id=uuid_of(request.POST.get("round", "")), ballots=typed,
                version=version_of(request),
            )  # fmt: skip
        except Invalid as refusal:
            reasons = refusal.reasons
        else:
            told = ngettext("%(n)s paper ballot is in.", "%(n)s paper ballots are in.", n)
            messages.success(request, told % {"n": n})
            return redirect(workshop)
    rows = [{**i, "fields": [{"seat": n, "name": f"b{n}-{i['id']}", "value": request.POST.get(f"b{n}-{i['id']}", "")}
                             for n in seats]} for i in items]  # fmt: skip
    context = {
        "workshop": workshop, "rows": rows, "seats": seats, "round": vote, "reasons": reasons,
        "version": version_shown(request, workshop.version),
    }  # fmt: skip
    return render(request, "usecases/workshop/ballots.html", context, status=422 if reasons else 200)


def _typed(data: QueryDict, items: list[str], seats: Iterable[int]) -> list[dict[str, int]]:
    """Columns left empty are no ballots."""
    found = []
    for n in seats:
        given = {item: data.get(f"b{n}-{item}", "").strip() for item in items}
        if any(given.values()):
            found.append({item: _points(text) for item, text in given.items() if text})
    return found


def _points(text: str) -> int:
    number = small_number(text)
    if number is None:
        raise Invalid(Reason("not_whole", _("“%(text)s” is no whole number of points.") % {"text": text[:20]}))
    return number
