"""The table of clusters and cards: what an op may change, read before and written back bit for bit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import F, Max
from django.utils.translation import gettext_lazy as _

from foundation.actor import Actor
from foundation.errors import NotReady, NotVisible, Reason, Stale
from usecases.models import Card, Cluster, ClusterOp, Workshop
from usecases.seats import SeatPass
from usecases.services.workshops.common import NOT_HERE, helped_by, in_phase, locked, seat_in, touch
from usecases.services.workshops.setup import next_place

# What an op may change of clusters and of cards: where they lie, or what they say. An op on the one never stands in
# the way of undoing an op on the other. "named" is a move that took the name of a group away with its card.
LIES, SAYS = ("place", "merged_into_id"), ("title_en", "title_zh")
PARTS = {
    "lies": (LIES, ("cluster_id", "place")),
    "says": (SAYS, ("text", "redacted")),
    "named": (LIES + SAYS, ("cluster_id", "place")),
}
Ids = Iterable[UUID]
Versions = Mapping[UUID, int] | None  # cluster -> the version that was looked at


def let_in(actor: Actor, workshop: Workshop, seat: SeatPass | None, *phases: str) -> Workshop:
    """Whoever has a seat, unless the facilitator keeps merging to herself; else facilitator or scribe."""
    workshop = locked(workshop)
    if seat is None:
        helped_by(actor, workshop)
    else:
        seat_in(workshop, seat)
        if workshop.merge_by == Workshop.MergeBy.FACILITATOR:
            text = _("In this workshop the facilitator groups the cards.")
            raise NotReady(Reason("facilitator_merges", text))  # a forbidden act would leave an entry with a name
        phases = ("cluster",)
    in_phase(workshop, *phases)
    return workshop


def clusters_named(workshop: Workshop, ids: Ids) -> list[Cluster]:
    """On the table and in the order named. One merged away in the meantime is Stale, an unknown one is nothing."""
    wanted = list(dict.fromkeys(ids))
    found = {c.pk: c for c in workshop.clusters.filter(pk__in=wanted)}
    if len(found) < len(wanted):
        raise NotVisible(NOT_HERE)
    gone = [c for c in found.values() if c.merged_into_id is not None]
    if gone:
        raise Stale(current=gone[0])
    return [found[pk] for pk in wanted]


def card_named(workshop: Workshop, card_id: UUID) -> tuple[Card, Cluster]:
    """A shown card and where it lies."""
    found = workshop.cards.filter(pk=card_id).select_related("cluster").first()
    if found is None or found.cluster is None:
        raise NotVisible(NOT_HERE)
    return found, found.cluster


def seen(clusters: Iterable[Cluster], versions: Versions) -> None:
    """Refuse an op on a cluster that somebody changed since it was looked at."""
    for cluster in clusters:
        if versions and versions.get(cluster.pk, cluster.version) != cluster.version:
            raise Stale(current=cluster)


def lay_out(workshop: Workshop) -> int:
    """Cards that lie nowhere yet become clusters of one, in random order; returns how many."""
    loose = list(workshop.cards.filter(cluster=None).order_by("?"))
    place = next_place(workshop)
    Cluster.objects.bulk_create(
        Cluster(pk=card.pk, workshop=workshop, place=place + n, **title_of(card.text)) for n, card in enumerate(loose)
    )
    workshop.cards.filter(cluster=None).update(cluster_id=F("id"))
    return len(loose)


def title_of(text: str) -> dict[str, str]:
    """A sentence with Chinese characters is the Chinese title."""
    return {"title_zh" if any("\u4e00" <= c <= "\u9fff" for c in text) else "title_en": text}


def snapshot_of(clusters: Ids, cards: Ids, aspect: str = "lies") -> dict[str, Any]:
    """As JSON; None for a cluster that is not there yet."""
    wanted, (of_cluster, of_card) = list(clusters), PARTS[aspect]
    kept = {str(pk): None for pk in wanted} | {
        str(c.pk): _parts(c, of_cluster) for c in Cluster.objects.filter(pk__in=wanted)
    }
    return {
        "aspect": aspect,
        "clusters": kept,
        "cards": {str(c.pk): _parts(c, of_card) for c in Card.objects.filter(pk__in=cards)},
    }


def _parts(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {n: str(v) if isinstance(v := getattr(row, n), UUID) else v for n in names}


def touched_by(before: Mapping[str, Any]) -> list[str]:
    """`lies:id` or `says:id`; a cluster the op made or renamed is touched in both."""
    where = "says" if before["aspect"] == "says" else "lies"
    found = {f"{where}:{pk}" for pk in (*before["clusters"], *before["cards"])}
    renamed = [pk for pk, parts in before["clusters"].items() if parts is None or before["aspect"] == "named"]
    return sorted(found | {f"says:{pk}" for pk in renamed})


def write_back(before: Mapping[str, Any]) -> None:
    """Rows an op made disappear last, when no card points to them any more."""
    made = [pk for pk, parts in before["clusters"].items() if parts is None]
    for pk, parts in before["clusters"].items():
        if parts is not None:
            Cluster.objects.filter(pk=pk).update(**parts, version=F("version") + 1)
    for pk, parts in before["cards"].items():
        Card.objects.filter(pk=pk).update(**parts)
    Cluster.objects.filter(pk__in=made).delete()


def note_op(workshop: Workshop, kind: str, before: Mapping[str, Any], *, suggested: bool = False) -> ClusterOp:
    last = workshop.ops.aggregate(last=Max("number"))["last"] or 0
    return ClusterOp.objects.create(
        workshop=workshop, number=last + 1, kind=kind, phase=workshop.state, after_round=rounds_so_far(workshop),
        suggested=suggested, touched=touched_by(before), before=before,
    )  # fmt: skip


def done(workshop: Workshop, kind: str, before: dict[str, Any], *, suggested: bool = False) -> ClusterOp:
    """The end of every op: versions rise, the op is noted, others see it."""
    Cluster.objects.filter(pk__in=before["clusters"]).update(version=F("version") + 1)
    op = note_op(workshop, kind, before, suggested=suggested)
    touch(workshop)
    return op


def rounds_so_far(workshop: Workshop) -> int:
    return workshop.rounds.aggregate(last=Max("number"))["last"] or 0


def blocked_by(op: ClusterOp) -> ClusterOp | None:
    """The latest op that changed one of the same things since; it is undone first."""
    mine = set(op.touched)
    later = op.workshop.ops.filter(number__gt=op.number, undone=False).order_by("-number")
    return next((other for other in later if mine & set(other.touched)), None)


def may_be_undone(op: ClusterOp, workshop: Workshop) -> None:
    """Only what was done since the last vote was closed: its ballots were given for the table before that."""
    if op.undone:
        raise NotReady(Reason("undone", _("This was undone already.")))
    closed = workshop.rounds.sealed().first()
    in_review = op.phase == Workshop.State.REVIEW
    if closed and not (op.after_round > closed.number or (op.after_round == closed.number and in_review)):
        raise NotReady(Reason("voted_on", _("The table of a closed vote stays. Only later changes can be undone.")))
    blocking = blocked_by(op)
    if blocking is not None:
        text = _("Undo change %(n)s (%(kind)s) first: it moved the same cards later.")
        raise NotReady(Reason("undo_later_first", text % {"n": blocking.number, "kind": blocking.get_kind_display()}))
