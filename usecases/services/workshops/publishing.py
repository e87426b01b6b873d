"""Publish: the next inventory of the unit with its vote, a pain for every item, candidates for what was marked."""

from __future__ import annotations

from typing import Any

from foundation.access import require
from foundation.actor import Actor
from foundation.work import service
from usecases.models import Cluster, InventoryVersion, Pain, Workshop
from usecases.models.load import FACTORS, LOAD_FIELDS
from usecases.services.inventory import insert_version, next_version_key, totals
from usecases.services.pains import change_pain, insert_pain, promote_pain
from usecases.services.workshops.clustering import tell_of_clustering
from usecases.services.workshops.common import locked, run_by, touch
from usecases.services.workshops.review import answers_of_cards
from usecases.services.workshops.steps import step
from usecases.workshop_results import all_results, in_order

COPIED = ("title_en", "title_zh", "kind", "severity", "consequence", "owner_team", "teams_affected", *LOAD_FIELDS)
VOTABLE = ("raw", "clustered")
PUBLISH = "usecases.inventory.publish"


@service
def publish_workshop(*, actor: Actor, workshop: Workshop, version: int | None = None) -> InventoryVersion:
    """In the order of the latest vote; the frozen text holds all figures. What was kept for undo is deleted."""
    run_by(actor, workshop)
    require(actor, PUBLISH, workshop)
    workshop = locked(workshop)
    published = step(actor, workshop, "publish", version, inventory=next_version_key(workshop.unit))
    tell_of_clustering(actor, published)
    clusters = in_order(published)
    pains = {c.pk: _pain_of(actor, published, c, n) for n, c in enumerate(clusters, start=1)}
    content = _content(published, clusters, pains)
    made = insert_version(
        actor, published.unit, content, round=published.rounds.sealed().first(),
        signed={"by": published.acknowledged_as, "role": ""},
        acknowledged_by_id=published.acknowledged_by_id, acknowledged_as=published.acknowledged_as,
    )  # fmt: skip
    for cluster in clusters:
        _follow_up(actor, published, cluster, pains[cluster.pk])
    published.ops.all().delete()
    touch(published)
    return made


def _pain_of(actor: Actor, workshop: Workshop, cluster: Cluster, place: int) -> Pain:
    """A new record from its cards, or the recorded one that lay on the table, with what review said."""
    details = {n: v for n in COPIED if (v := getattr(cluster, n)) not in (None, "")}
    if all(getattr(cluster, f"{factor}_likely") is None for factor in FACTORS):
        details |= answers_of_cards(cluster)
    if cluster.pain is None:
        source_id = f"{workshop.key}/{place}"
        pain = insert_pain(actor, workshop.unit, (), Pain.Source.CARD, source_id, details, alone=False)
        Cluster.objects.filter(pk=cluster.pk).update(pain=pain)
        return pain
    change_pain(actor, cluster.pain, None, None, details)
    return cluster.pain


def _content(workshop: Workshop, clusters: list[Cluster], pains: dict[Any, Pain]) -> dict[str, Any]:
    keys = {str(pk): pain.key for pk, pain in pains.items()}
    rows = [pains[c.pk] for c in clusters]
    sponsor = workshop.sponsor.name if workshop.sponsor else None
    return {
        "order": "points",
        "totals": totals(rows),
        "left_out": 0,
        "pains": [{"position": n, **pain.facts()} for n, pain in enumerate(rows, start=1)],
        "workshop": {"key": workshop.key, **workshop.facts(), "sponsor": sponsor},
        "vote": {"rounds": [_by_pain(result, keys) for result in all_results(workshop)]},
        "cards": {pains[c.pk].key: list(c.cards.order_by("text").values_list("text", flat=True)) for c in clusters},
    }


def _by_pain(result: dict[str, Any], keys: dict[str, str]) -> dict[str, Any]:
    """Named by the ids of the pains: the ids of the table end with the workshop."""
    items = [{**item, "id": keys.get(item["id"])} for item in result["items"]]
    return {**result, "items": items}


def _follow_up(actor: Actor, workshop: Workshop, cluster: Cluster, pain: Pain) -> None:
    """Voted, and where it was marked a candidate with its words and team."""
    pain.refresh_from_db()
    if pain.state in VOTABLE:
        pain = Pain.lifecycle.apply(pain, "vote", actor=actor, workshop=workshop.key)
    if cluster.channel and pain.state == Pain.State.VOTED:
        promote_pain(actor=actor, pain=pain, channel=cluster.channel)
