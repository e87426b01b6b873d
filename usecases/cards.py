"""What waits for this person here: only acts they can do now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from foundation import clock
from foundation.actor import Actor
from foundation.cards import Card
from usecases.models import Candidate, Pain, Ranking, Workshop
from usecases.selectors import contracts_renewing
from usecases.workshop_view import visible_results

EACH = 3  # of one kind


def today_cards(actor: Actor) -> list[Card]:
    kinds = (_to_review, _to_score, _to_open, _to_choose, _to_shape, _renewals, _unsized)
    return [card for kind in kinds for card in kind(actor)]


def _to_review(actor: Actor) -> Iterator[Card]:
    """The facilitators' own: the vote is closed, its list waits."""
    if not actor.user_id:
        return
    own = Q(facilitator_id=actor.user_id) | Q(second_facilitator_id=actor.user_id)
    waiting = Workshop.objects.visible_to(actor).filter(own, state="review")
    for workshop in waiting.order_by("-state_since", "id")[:EACH]:
        shown = visible_results(workshop, actor)
        items = shown["result"]["items"] if shown.get("result") else []
        over = sum(bool(item["points"]) for item in items[: shown["top_n"]]) if items else 0
        told = ngettext("%(n)s pain, %(over)s over the line", "%(n)s pains, %(over)s over the line", len(items))
        url = reverse("usecases:workshop_review", args=[workshop.key])
        why = told % {"n": len(items), "over": over}
        yield Card("workshop.review", _("Review a workshop"), workshop.title, url, why, rank=15)


def _to_score(actor: Actor) -> Iterator[Card]:
    if not (actor.user_id and actor.may("usecases.ranking.score", own=True)):
        return
    waiting = Ranking.objects.visible_to(actor).filter(
        state="scoring", scorers__user_id=actor.user_id, scorers__done=False, mode="alone"
    )
    for ranking in waiting.distinct()[:EACH]:
        url = reverse("usecases:score", args=[ranking.pk])
        yield Card(
            "ranking.score", _("Score"), ranking.title, url, _("nobody sees your scores before opening"), rank=10
        )


def _to_open(actor: Actor) -> Iterator[Card]:
    """Every sheet is in."""
    ready = Ranking.objects.visible_to(actor, "usecases.ranking.setup").filter(state="scoring", scorers__done=True)
    for ranking in ready.exclude(scorers__done=False).distinct()[:EACH]:
        yield Card(
            "ranking.open", _("Open the scores of"), ranking.title, ranking.get_absolute_url(),
            _("every sheet is filled in"), rank=20,
        )  # fmt: skip


def _to_choose(actor: Actor) -> Iterator[Card]:
    opened = Ranking.objects.visible_to(actor, "usecases.flagship.select").filter(state="open")
    for ranking in opened[:EACH]:
        url = reverse("usecases:ranking_choose", args=[ranking.pk])
        why = _("the scores are open; one or two flagships")
        yield Card("flagship.select", _("Choose from"), ranking.title, url, why, decision=True, rank=5)


def _to_shape(actor: Actor) -> Iterator[Card]:
    ideas = Candidate.objects.visible_to(actor, "usecases.candidate.edit").filter(state="idea")
    for candidate in ideas.order_by("-created_at")[:EACH]:
        why = _("say what help, which data and who owns it")
        yield Card("candidate.shape", _("Shape"), candidate.title, candidate.get_absolute_url(), why, rank=40)


def _renewals(actor: Actor) -> Iterator[Card]:
    today = clock.today()
    for contract in contracts_renewing(actor)[:EACH]:
        due: Any = contract.renewal_due
        days = (due - today).days
        why = ngettext("%(vendor)s: renews in %(n)s day", "%(vendor)s: renews in %(n)s days", days)
        told = why % {"vendor": contract.vendor, "n": days}
        verb = _("Look for candidates in")
        yield Card("contract.renews", verb, contract.title, contract.get_absolute_url(), told, due=due, rank=50)


def _unsized(actor: Actor) -> Iterator[Card]:
    """One card for all of them."""
    pains = Pain.objects.visible_to(actor, "usecases.pain.edit").filter(grade="", state="raw")
    n = pains.count()
    if n:
        words = ngettext("%(n)s pain", "%(n)s pains", n) % {"n": n}
        url = reverse("usecases:pains") + "?grade=none&state=raw"
        yield Card("pain.size", _("Say how big"), words, url, _("without a size they stand last"), rank=60)
