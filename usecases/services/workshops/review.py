"""Review: size, owner team and channel of what stands on top. Everything else can be filled in on the pain later."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Stale
from foundation.versions import save_version
from foundation.work import service
from usecases.models import Card, Cluster, Workshop
from usecases.models.load import LOAD_FIELDS, POINTS, Provenance
from usecases.quick import quick_range
from usecases.rules.load import pooled
from usecases.services.fields import assign, faults, known_only
from usecases.services.load import DERIVED, check_with_load
from usecases.services.workshops.common import helped_by, in_phase, locked, touch
from usecases.services.workshops.table import clusters_named

REVIEW_FIELDS = ("kind", "severity", "consequence", "owner_team", "teams_affected", "channel", *LOAD_FIELDS)
ANSWERS = {"often": "runs_per_month", "takes": "minutes_per_item"}  # of a card -> the factor it speaks about
ONE = {"items_per_run": "one", "people_per_item": "one"}


@service
def review_item(
    *, actor: Actor, workshop: Workshop, cluster: UUID, version: int | None = None, **details: Any
) -> Cluster:
    """`details`: any of REVIEW_FIELDS. Hours and grade follow from the factors; `version` is the cluster's."""
    helped_by(actor, workshop)
    known_only(details, REVIEW_FIELDS)
    workshop = locked(workshop)
    in_phase(workshop, "review")
    found = clusters_named(workshop, [cluster])[0]
    if version is not None and version != found.version:
        raise Stale(current=found)
    assign(found, details)
    check_with_load(found, list(faults(found, details)))
    names = (*details, *DERIVED, *(n for n in LOAD_FIELDS if n.endswith("provenance")))
    changes = {name: getattr(found, name) for name in names}
    found.refresh_from_db()
    before, after = save_version(found, version=version, **changes)
    if after:
        record(actor, "workshop.item_reviewed", workshop, before=before, after=after)
        touch(workshop)
    return found


def answers_of_cards(cluster: Cluster) -> dict[str, Any]:
    """What the cards of a group said about often and how long, as load fields: guesses, to be agreed in review.

    One piece and one person are put beside a size that was given, as the quick answers of a pain do.
    """
    cards = list(Card.objects.filter(cluster=cluster))
    found: dict[str, Any] = {}
    for answer, factor in ANSWERS.items():
        codes = [getattr(card, answer) for card in cards if getattr(card, answer)]
        if codes:
            found |= _factor(factor, [quick_range(factor, code) for code in codes])
    if found:
        for factor, code in ONE.items():
            found |= _factor(factor, [quick_range(factor, code)])
    return found


def _factor(name: str, ranges: list[tuple[str, str, str]]) -> dict[str, Any]:
    figures = pooled([(Fraction(a), Fraction(b), Fraction(c)) for a, b, c in ranges])
    values = {f"{name}_{p}": Decimal(f.numerator) / f.denominator for p, f in zip(POINTS, figures, strict=True)}
    return {**values, f"{name}_provenance": Provenance.GUESS.value}
