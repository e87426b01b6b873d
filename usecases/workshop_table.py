"""The table as it lies: clusters with their wordings, pairs that say nearly the same, ops that can be undone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from usecases.models import Card, Cluster, ClusterOp, Workshop
from usecases.rules.clustering import suggestions
from usecases.seats import follow_hash

HAND = ("merge", "split", "move")
OPS_SHOWN = 20


def clusters_of(workshop: Workshop) -> list[Cluster]:
    cards = Prefetch("cards", Card.objects.order_by("place", "id"))
    return list(workshop.clusters.on_the_table().select_related("owner_team", "pain").prefetch_related(cards))


# What a table shows of a cluster. Plain rows: this is read for every change of a workshop, and 60 items with all
# factors of their load as objects cost more than everything else a live update does.
SHOWN = (
    "id", "version", "title_en", "title_zh", "pain__key", "kind", "owner_team__code", "severity", "consequence",
    "channel", "hours_low", "hours_likely", "hours_high", "hours_mean", "grade", "load_n",
)  # fmt: skip


def table_facts(workshop: Workshop) -> list[dict[str, Any]]:
    """In the order of the table, which is random at the showing; nobody's name, no time."""
    cards: dict[UUID, list[dict[str, Any]]] = {}
    rows = workshop.cards.exclude(cluster=None).order_by("place", "id")
    for cluster, pk, text, redacted in rows.values_list("cluster_id", "id", "text", "redacted"):
        cards.setdefault(cluster, []).append({"id": str(pk), "text": text, "redacted": redacted})
    return [_facts(row, cards.get(row["id"], [])) for row in workshop.clusters.on_the_table().values(*SHOWN)]


def _facts(row: dict[str, Any], cards: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "version": row["version"],
        "title": {"en": row["title_en"], "zh": row["title_zh"]},
        "pain": row["pain__key"],
        "cards": cards,
        "kind": row["kind"],
        "owner_team": row["owner_team__code"],
        "severity": row["severity"],
        "consequence": row["consequence"],
        "channel": row["channel"],
        "hours": _hours(row),
    }


def _hours(row: dict[str, Any]) -> dict[str, Any] | None:
    """As `LoadFields.hours_facts`."""
    if row["hours_likely"] is None:
        return None
    figures = {name: row[f"hours_{name}"] for name in ("low", "likely", "high", "mean")}
    return {**figures, "grade": row["grade"], "n": row["load_n"]}


def suggested_pairs(workshop: Workshop) -> list[dict[str, Any]]:
    """Best first: `{"first", "second", "similarity"}`; accepted through `merge_clusters(suggested=True)`."""
    ops = list(workshop.ops.filter(undone=False))
    by_hand = {t.partition(":")[2] for o in ops if o.kind in HAND and not o.suggested for t in o.touched}
    apart = {frozenset(o.before["pair"]) for o in ops if o.kind == ClusterOp.Kind.KEEP}
    texts = {str(c.pk): _wordings(c) for c in clusters_of(workshop)}
    found = suggestions(texts, apart=frozenset(apart), by_hand=frozenset(by_hand))
    return [{"first": s.first, "second": s.second, "similarity": float(round(s.similarity, 3))} for s in found]


def _wordings(cluster: Cluster) -> list[str]:
    titles = [t for t in (cluster.title_en, cluster.title_zh) if t]
    return list(dict.fromkeys([*titles, *(c.text for c in cluster.cards.all())]))


def undoable_ops(workshop: Workshop) -> list[dict[str, Any]]:
    """The latest first, each with whether nothing later stands in its way."""
    later: set[str] = set()
    found = []
    for op in workshop.ops.filter(undone=False).order_by("-number")[:OPS_SHOWN]:  # what is older stands in nobody's way
        touched = set(op.touched)
        found.append(
            {"id": str(op.pk), "number": op.number, "kind": op.kind, "kind_word": op.get_kind_display(),
             "free": not touched & later}
        )  # fmt: skip
        later |= touched
    return found


def followed_card(token: str) -> Card | None:
    """What a follow link opens, once its list is published: the card, with its cluster and pain. None for any other."""
    found = Card.objects.filter(follow_hash=follow_hash(token), workshop__state=Workshop.State.PUBLISHED)
    return found.select_related("cluster__pain", "cluster__merged_into", "workshop").first()


def item_named(workshop: Workshop, cluster_id: UUID) -> Cluster | None:
    """For the form of an item in review."""
    return workshop.clusters.on_the_table().filter(pk=cluster_id).select_related("owner_team", "pain").first()
