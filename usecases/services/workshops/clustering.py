"""Merge, split, move, keep apart, and undo. One ledger entry a phase tells how many, never who."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import NotReady, NotVisible, Reason
from foundation.work import service
from usecases.models import Card, Cluster, ClusterOp, Workshop
from usecases.seats import SeatPass
from usecases.services.workshops.common import NOT_HERE, helped_by, invalid, touch
from usecases.services.workshops.setup import next_place
from usecases.services.workshops.table import (
    Versions,
    card_named,
    clusters_named,
    done,
    let_in,
    may_be_undone,
    note_op,
    seen,
    snapshot_of,
    title_of,
    write_back,
)

KIND = ClusterOp.Kind
MOST_AT_ONCE = 60


@service
def merge_clusters(
    *,
    actor: Actor,
    workshop: Workshop,
    into: UUID,
    others: Iterable[UUID],
    seat: SeatPass | None = None,
    versions: Versions = None,
    suggested: bool = False,
) -> ClusterOp:
    """All cards of `others` go into one cluster. A recorded pain takes the others in, whichever was named first.

    In review the facilitator may still merge: ballots stay, the result is computed anew with the points cut.
    """
    workshop = let_in(actor, workshop, seat, "cluster", "review")
    named = clusters_named(workshop, [into, *others])
    if not 2 <= len(named) <= MOST_AT_ONCE:
        raise invalid("too_few_items", _("Choose at least two to put together."), "others")
    seen(named, versions)
    target, rest = _target_first(named)
    cards = list(Card.objects.filter(cluster__in=[target, *rest]).order_by("place", "id"))
    before = snapshot_of([c.pk for c in named], [c.pk for c in cards])
    for cluster in rest:
        _pour(cluster, target)
    return done(workshop, KIND.MERGE, before, suggested=suggested)


def _target_first(named: list[Cluster]) -> tuple[Cluster, list[Cluster]]:
    recorded = [c for c in named if c.pain_id is not None]
    if len(recorded) > 1:
        text = _("Two recorded pains stay two: “%(first)s” and “%(second)s”.")
        words = {"first": recorded[0].title, "second": recorded[1].title}
        raise NotReady(Reason("two_recorded_pains", text % words))
    target = recorded[0] if recorded else named[0]
    return target, [c for c in named if c.pk != target.pk]


def _pour(source: Cluster, target: Cluster) -> None:
    """Behind the cards that lie there."""
    place = _next_card_place(target)
    for n, card in enumerate(source.cards.order_by("place", "id")):
        Card.objects.filter(pk=card.pk).update(cluster=target, place=place + n)
    Cluster.objects.filter(pk=source.pk).update(merged_into=target)


def _next_card_place(cluster: Cluster) -> int:
    last = cluster.cards.aggregate(last=Max("place"))["last"]
    return 0 if last is None else last + 1


@service
def split_cluster(
    *,
    actor: Actor,
    workshop: Workshop,
    cluster: UUID,
    cards: Iterable[UUID] | None = None,
    seat: SeatPass | None = None,
    versions: Versions = None,
) -> ClusterOp:
    """The named cards, or all but the first, lie alone again, each in the cluster it was born with if that is free."""
    workshop = let_in(actor, workshop, seat, "cluster")
    found = clusters_named(workshop, [cluster])[0]
    seen([found], versions)
    lying = list(found.cards.order_by("place", "id"))
    leaving = _leaving(found, lying, cards)
    homes = {card.pk: _home_of(card, found) for card in leaving}
    name = _new_name(found, leaving)
    before = snapshot_of([found.pk, *homes.values()], [c.pk for c in leaving], "named" if name else "lies")
    _rename(found, name)
    place = next_place(workshop)
    for n, card in enumerate(leaving):
        _settle(card, homes[card.pk], place + n)
    return done(workshop, KIND.SPLIT, before)


def _leaving(found: Cluster, lying: list[Card], cards: Iterable[UUID] | None) -> list[Card]:
    named = None if cards is None else set(cards)
    if named is not None and named - {c.pk for c in lying}:
        raise NotVisible(NOT_HERE)
    keeps_one = [] if found.pain_id else [next((c for c in lying if c.pk == found.pk), lying[0])] if lying else []
    leaving = [c for c in lying if (c not in keeps_one if named is None else c.pk in named)]
    if not leaving or (len(leaving) == len(lying) and not found.pain_id):
        raise invalid("nothing_to_split", _("There is nothing to take apart: at least one card stays."), "cards")
    return leaving


def _new_name(group: Cluster, leaving: list[Card]) -> dict[str, str]:
    """A group called like a card that leaves is called like the first that stays; a title of its own stays."""
    staying = list(group.cards.exclude(pk__in=[c.pk for c in leaving]).order_by("place", "id"))
    titles = {group.title_en, group.title_zh} - {""}
    taken = titles & {c.text for c in leaving} and not titles & {c.text for c in staying}
    if group.pain_id or not staying or not taken:
        return {}
    return {"title_en": "", "title_zh": "", **title_of(staying[0].text)}


def _rename(group: Cluster, name: dict[str, str]) -> None:
    if name:
        Cluster.objects.filter(pk=group.pk).update(**name)


def _home_of(card: Card, current: Cluster) -> UUID:
    """The cluster with the id of the card, while nothing lies in it; else a fresh one."""
    home = Cluster.objects.filter(pk=card.pk).first()
    taken = home is None or home.pk == current.pk or home.merged_into_id is None or home.cards.exists()
    return uuid.uuid4() if taken else card.pk


def _settle(card: Card, home: UUID, place: int) -> None:
    born = Cluster.objects.filter(pk=home)
    if not born.update(merged_into=None):
        Cluster.objects.create(pk=home, workshop_id=card.workshop_id, place=place, **title_of(card.text))
    Card.objects.filter(pk=card.pk).update(cluster_id=home, place=0)


@service
def move_card(
    *,
    actor: Actor,
    workshop: Workshop,
    card: UUID,
    into: UUID,
    seat: SeatPass | None = None,
    versions: Versions = None,
) -> ClusterOp:
    """One card to another cluster; a cluster it leaves empty is merged into that one."""
    workshop = let_in(actor, workshop, seat, "cluster")
    found, source = card_named(workshop, card)
    target = clusters_named(workshop, [into])[0]
    if source.pk == target.pk:
        raise invalid("same_place", _("The card lies there already."), "into")
    seen([source, target], versions)
    name = _new_name(source, [found])
    before = snapshot_of([source.pk, target.pk], [found.pk], "named" if name else "lies")
    _rename(source, name)
    Card.objects.filter(pk=found.pk).update(cluster=target, place=_next_card_place(target))
    if source.pain_id is None and not source.cards.exists():
        Cluster.objects.filter(pk=source.pk).update(merged_into=target)
    return done(workshop, KIND.MOVE, before)


@service
def move_cards(
    *, actor: Actor, workshop: Workshop, cards: Sequence[UUID], into: UUID, seat: SeatPass | None = None
) -> list[ClusterOp]:
    """All of them or none, one op each."""
    if not cards:
        raise invalid("no_card_chosen", _("Choose at least one card."), "cards")
    return [move_card(actor=actor, workshop=workshop, card=card, into=into, seat=seat) for card in cards]


@service
def keep_apart(
    *, actor: Actor, workshop: Workshop, first: UUID, second: UUID, seat: SeatPass | None = None
) -> ClusterOp:
    """The answer “these are two things” to a suggestion: the pair is not suggested again."""
    workshop = let_in(actor, workshop, seat, "cluster")
    pair = sorted(str(c.pk) for c in clusters_named(workshop, [first, second]))
    if len(pair) < 2:
        raise invalid("too_few_items", _("Choose two."), "second")
    op = note_op(workshop, KIND.KEEP, {"aspect": "lies", "clusters": {}, "cards": {}, "pair": pair})
    touch(workshop)
    return op


@service
def undo_cluster_op(*, actor: Actor, workshop: Workshop, op: UUID, seat: SeatPass | None = None) -> ClusterOp:
    """Table and order are as they were before it, bit for bit; a later op on the same cards is undone first."""
    workshop = let_in(actor, workshop, seat, "cluster", "review")
    found = ClusterOp.objects.select_related("workshop").filter(pk=op, workshop=workshop).first()
    if found is None:
        raise NotVisible(NOT_HERE)
    if found.kind == KIND.REDACT:
        helped_by(actor, workshop)
    may_be_undone(found, workshop)
    write_back(found.before)
    ClusterOp.objects.filter(pk=found.pk).update(undone=True)
    found.refresh_from_db()
    touch(workshop)
    return found


def tell_of_clustering(actor: Actor, workshop: Workshop) -> None:
    """The one entry of a phase, when it ends and anything was moved."""
    fresh = list(workshop.ops.filter(told=False))
    if not fresh:
        return
    counts = {kind: sum(o.kind == kind for o in fresh) for kind in KIND.values}
    record(
        actor, "workshop.clustered", workshop, merges=counts["merge"], splits=counts["split"], moves=counts["move"],
        rewordings=counts["reword"], kept_apart=counts["keep"], undone=sum(o.undone for o in fresh),
    )  # fmt: skip
    workshop.ops.filter(told=False).update(told=True)
