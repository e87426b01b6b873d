"""What a step would do and what must hold first: printed beside its button, computed without touching anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.actors import people_who_may
from foundation.actor import Actor
from foundation.errors import Reason
from usecases.models import Workshop
from usecases.services.inventory import next_version_key
from usecases.services.workshops.common import is_observer
from usecases.services.workshops.rounds import live_round, next_vote
from usecases.workshop_results import in_order, unspent_so_far
from usecases.workshop_view import CLUSTER_FURTHER_OVER

CONFIRMED = ("publish", "cancel")  # these have a page of their own
ASKS_WHY = ("vote_again", "cancel")


@dataclass(frozen=True)
class Preview:
    """`says` are whole sentences for the page, `facts` the numbers in them, `reasons` what still stands in the way."""

    step: str
    label: Any
    reasons: list[Reason]
    says: list[Any] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return not self.reasons

    @property
    def needs_confirmation(self) -> bool:
        return self.step in CONFIRMED

    @property
    def asks_why(self) -> bool:
        return self.step in ASKS_WHY


def previews(workshop: Workshop, actor: Actor) -> list[Preview]:
    """Of every step open from here that this actor may take; none for the observer."""
    if is_observer(actor, workshop):
        return []
    offers = workshop.lifecycle.offers(workshop, actor)
    return [_preview(workshop, o.name, o.label, o.reasons) for o in offers]


def preview(workshop: Workshop, step: str) -> Preview:
    """Of one step, whoever asks; a step that is not open from this state has the reason `illegal_transition`."""
    transition = workshop.lifecycle.by_name[step]
    if workshop.state not in transition.sources:
        text = _("This step is not open: the workshop is %(state)s.") % {"state": workshop.get_state_display()}
        return Preview(step, transition.label, [Reason("illegal_transition", text)])
    return _preview(workshop, step, transition.label, workshop.lifecycle.missing(workshop, transition))


def _preview(workshop: Workshop, step: str, label: Any, reasons: list[Reason]) -> Preview:
    facts = _FACTS[step](workshop)
    return Preview(step, label, reasons, list(_SAYS[step](facts)), facts)


def _start(workshop: Workshop) -> dict[str, Any]:
    return {"seeds": workshop.clusters.count()}


def _start_says(facts: dict[str, Any]) -> Iterator[Any]:
    yield _("Start acknowledges the purpose in your name; it is printed with it. The door opens.")
    if facts["seeds"]:
        yield ngettext("%(n)s recorded pain lies on the table.", "%(n)s recorded pains lie on the table.",
                       facts["seeds"]) % {"n": facts["seeds"]}  # fmt: skip


def _reveal(workshop: Workshop) -> dict[str, Any]:
    writing = workshop.seats.filter(paper=False)
    return {
        "cards": workshop.cards.count(), "seats": writing.count(), "not_done": writing.filter(done=False).count(),
    }  # fmt: skip


def _reveal_says(facts: dict[str, Any]) -> Iterator[Any]:
    n = facts["cards"]
    yield ngettext("%(n)s card is shown, shuffled.", "%(n)s cards are shown, shuffled.", n) % {"n": n}
    if facts["not_done"]:
        yield ngettext(
            "%(n)s seat is not done yet. Own cards become final.",
            "%(n)s seats are not done yet. Own cards become final.", facts["not_done"],
        ) % {"n": facts["not_done"]}  # fmt: skip


def _recollect(workshop: Workshop) -> dict[str, Any]:
    return {"clusters": workshop.clusters.on_the_table().count()}


def _recollect_says(facts: dict[str, Any]) -> Iterator[Any]:
    yield _("Groups stay as they are. New cards can be written; the older ones are read-only.")


def _vote(workshop: Workshop) -> dict[str, Any]:
    plan = next_vote(workshop)
    resting = live_round(workshop)
    return {
        "round": plan.number, "items": plan.items, "seats": plan.seats, "resumes": plan.resumes,
        "ballots": plan.ballots, "supersedes": resting.number if resting and not plan.resumes else None,
        "cluster_further": plan.items > CLUSTER_FURTHER_OVER,
    }  # fmt: skip


def _vote_says(facts: dict[str, Any]) -> Iterator[Any]:
    if facts["resumes"]:
        yield _("Vote %(round)s goes on with its %(ballots)s ballots: the items are the same.") % facts
    elif facts["supersedes"]:
        yield _("The items changed, so vote %(supersedes)s ends. Each phone proposes its old points.") % facts
        yield _("They count when they are saved again.")
    yield _("%(items)s items, %(seats)s seats. Whoever joins later does not take part in this vote.") % facts
    if facts["cluster_further"]:
        yield _("These are many items. Cluster further?")
    if facts["seats"] < 5:
        yield _("With fewer than five ballots anonymity cannot be promised.")


def _again_says(facts: dict[str, Any]) -> Iterator[Any]:
    yield _("The result is hidden until the new vote closes; it stays beside the new one. Ballots are blank.")
    yield from _vote_says(facts)


def _recluster(workshop: Workshop) -> dict[str, Any]:
    vote = live_round(workshop)
    return {"round": vote.number if vote else None, "ballots": vote.ballots.count() if vote else 0}


def _recluster_says(facts: dict[str, Any]) -> Iterator[Any]:
    yield _("Nothing is lost: vote %(round)s rests with its %(ballots)s ballots.") % facts
    yield _("If the items stay the same it goes on; else each phone proposes its old points.")


def _close(workshop: Workshop) -> dict[str, Any]:
    vote = live_round(workshop)
    if vote is None:
        return {"round": None, "ballots": 0, "roll": 0, "unspent": None}
    ballots, unspent = unspent_so_far(vote)
    return {"round": vote.number, "ballots": ballots, "roll": vote.roll_size, "unspent": unspent}


def _close_says(facts: dict[str, Any]) -> Iterator[Any]:
    yield _("%(ballots)s of %(roll)s have voted.") % facts
    if facts["unspent"] is not None:
        yield _("%(share)s %% of their points are not given.") % {"share": round(facts["unspent"] * 100)}
    yield _("Closing is for good: nobody can find out any more who voted what.")


def _publish(workshop: Workshop) -> dict[str, Any]:
    items = in_order(workshop)
    return {
        "inventory": next_version_key(workshop.unit),
        "items": len(items),
        "candidates": sum(bool(c.channel) for c in items),
        "unit": workshop.unit.name,
        "readers": len(people_who_may("usecases.read", workshop.unit)),
    }


def _publish_says(facts: dict[str, Any]) -> Iterator[Any]:
    yield _("%(items)s items become the inventory %(inventory)s, frozen in the order of the vote.") % facts
    yield (
        _("Everybody who reads the pains of %(unit)s sees it, %(readers)s people today, and whoever has a seat.")
        % facts
    )
    if facts["candidates"]:
        n = facts["candidates"]
        yield ngettext("%(n)s item becomes a candidate.", "%(n)s items become candidates.", n) % {"n": n}


def _cancel(workshop: Workshop) -> dict[str, Any]:
    return {"seats": workshop.seats.count(), "cards": workshop.cards.count(), "rounds": workshop.rounds.count()}


def _cancel_says(facts: dict[str, Any]) -> Iterator[Any]:
    yield _("All seats (%(seats)s) and all ballots are deleted at once, the %(cards)s cards after 30 days.") % facts
    yield _("This cannot be undone.")


_FACTS: dict[str, Callable[[Workshop], dict[str, Any]]] = {
    "start": _start, "reveal": _reveal, "recollect": _recollect, "open_vote": _vote, "recluster": _recluster,
    "close_vote": _close, "vote_again": _vote, "publish": _publish, "cancel": _cancel,
}  # fmt: skip
_SAYS: dict[str, Callable[[dict[str, Any]], Iterator[Any]]] = {
    "start": _start_says, "reveal": _reveal_says, "recollect": _recollect_says, "open_vote": _vote_says,
    "recluster": _recluster_says, "close_vote": _close_says, "vote_again": _again_says, "publish": _publish_says,
    "cancel": _cancel_says,
}  # fmt: skip
