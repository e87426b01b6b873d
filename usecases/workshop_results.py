"""Figures of closed votes. Only `workshop_view`, steps and publishing read from here; every outlet reads from those.

A result is computed from sealed ballots and the table as it lies: a late merge moves it, undo brings it back.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

from usecases.models import Ballot, Cluster, Round, Workshop
from usecases.rules.ranking import six
from usecases.rules.voting import ItemFigures, VoteFigures, agreement_word, suppressed, vote_figures


def merged_away(workshop: Workshop) -> dict[str, str]:
    """Cluster -> the one on the table its cards went to, however many merges later."""
    into = dict(workshop.clusters.exclude(merged_into=None).values_list("pk", "merged_into_id"))

    def end(pk: Any) -> Any:
        while pk in into:
            pk = into[pk]
        return pk

    return {str(pk): str(end(pk)) for pk in into}


def figures_of(vote: Round) -> VoteFigures:
    """All of them; what is too small to be shown is cut in `result_facts`."""
    ballots = list(vote.ballots.order_by("id").values_list("choices", flat=True))
    return vote_figures(
        ballots, vote.items, budget=vote.budget, cap=vote.cap, roll=vote.roll_size, into=merged_away(vote.workshop)
    )


def result_facts(vote: Round) -> dict[str, Any]:
    """A closed vote as anybody may see it. Below five ballots points and ranks only; no breakdown by anything."""
    figures = figures_of(vote)
    small = figures.is_small
    return {
        "round": vote.number,
        "reason": vote.reason,
        "sealed_at": vote.sealed_at,
        "budget": vote.budget,
        "cap": vote.cap,
        "ballots": figures.ballots,
        "roll": figures.roll,
        "turnout": six(Fraction(figures.ballots, figures.roll)) if figures.roll else None,
        "small_group": small,
        "unspent": None if small else six(figures.unspent),
        "agreement": None if small else six(figures.agreement),
        "agreement_word": "" if small else agreement_word(figures.agreement),
        "belief": None if small else _belief(vote),
        "items": [_item_facts(item, small) for item in figures.items],
    }


def _item_facts(item: ItemFigures, small: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {"id": item.item, "rank": item.rank, "points": item.points, "cut": item.cut}
    if small:
        return facts | dict.fromkeys(("voters", "effective", "histogram", "split"))
    return facts | {
        "voters": item.voters, "effective": six(item.effective), "histogram": item.histogram, "split": item.is_split,
    }  # fmt: skip


def _belief(vote: Round) -> dict[str, int | None] | None:
    """Counts of yes, no and unsure; None in place of a count that would tell who is meant."""
    answers = Counter(vote.ballots.exclude(belief="").values_list("belief", flat=True))
    return suppressed({code: answers[code] for code in Ballot.Belief.values}) if answers else None


def all_results(workshop: Workshop) -> list[dict[str, Any]]:
    """Latest first: that one is the result, the others stay beside it and are never added up."""
    return [result_facts(vote) for vote in workshop.rounds.sealed().select_related("workshop")]


def unspent_so_far(vote: Round) -> tuple[int, Any]:
    """Ballots that are in, and the share of their points nobody gave (None below five). Nothing else before closing."""
    figures = figures_of(vote)
    return figures.ballots, None if figures.is_small else six(figures.unspent)


def in_order(workshop: Workshop) -> list[Cluster]:
    """What lies on the table, best of the latest vote first; what was not voted on behind, as it lies."""
    return _standing(workshop)[0]


def top_items(workshop: Workshop) -> list[Cluster]:
    """The first N need an owner team; nobody is asked for an item without a point."""
    lying, points = _standing(workshop)
    return [c for c in lying[: workshop.top_n] if points.get(str(c.pk))]


def _standing(workshop: Workshop) -> tuple[list[Cluster], dict[str, int]]:
    lying = list(workshop.clusters.on_the_table().select_related("owner_team", "pain"))
    vote = workshop.rounds.sealed().select_related("workshop").first()
    points = {item.item: item.points for item in figures_of(vote).items} if vote else {}
    place = {item: n for n, item in enumerate(points)}
    return sorted(lying, key=lambda c: (place.get(str(c.pk), len(place)), c.place, str(c.pk))), points
