"""What a cluster is called and what a card says."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Reason
from foundation.work import service
from usecases.models import Card, Cluster, ClusterOp, Workshop
from usecases.seats import SeatPass
from usecases.services.fields import assign, check, faults, titled
from usecases.services.workshops.cards import MOST_LETTERS
from usecases.services.workshops.table import Versions, card_named, clusters_named, done, let_in, seen, snapshot_of


@service
def reword_cluster(
    *,
    actor: Actor,
    workshop: Workshop,
    cluster: UUID,
    title_en: str = "",
    title_zh: str = "",
    seat: SeatPass | None = None,
    versions: Versions = None,
) -> ClusterOp:
    """A title for the group; every card keeps its wording under it."""
    workshop = let_in(actor, workshop, seat, "cluster", "review")
    found = clusters_named(workshop, [cluster])[0]
    seen([found], versions)
    before, titles = snapshot_of([found.pk], [], "says"), {"title_en": title_en, "title_zh": title_zh}
    assign(found, titles)
    check([*titled(found), *faults(found, titles)])
    Cluster.objects.filter(pk=found.pk).update(title_en=found.title_en, title_zh=found.title_zh)
    return done(workshop, ClusterOp.Kind.REWORD, before)


@service
def redact_card(*, actor: Actor, workshop: Workshop, card: UUID, text: str) -> ClusterOp:
    """Take a name or a number out of a card, and out of a title that repeats the card. The ledger says only that.

    The old text can be brought back by undo until the workshop ends; then it is deleted.
    """
    workshop = let_in(actor, workshop, None, "cluster", "vote", "review")
    found, _where = card_named(workshop, card)
    said = " ".join(text.split())
    check([*_redaction_reasons(said)])
    old = found.text
    repeats = [c for c in workshop.clusters.all() if old in (c.title_en, c.title_zh)]
    before = snapshot_of([c.pk for c in repeats], [found.pk], "says")
    Card.objects.filter(pk=found.pk).update(text=said, redacted=True)
    for cluster in repeats:
        names = [n for n in ("title_en", "title_zh") if getattr(cluster, n) == old]
        Cluster.objects.filter(pk=cluster.pk).update(**dict.fromkeys(names, said))
    record(actor, "workshop.redacted", workshop)
    return done(workshop, ClusterOp.Kind.REDACT, before)


def _redaction_reasons(said: str) -> Iterable[Reason]:
    if not said:
        yield Reason("no_text", _("Leave something of the card; “…” will do."), "text")
    if len(said) > MOST_LETTERS:
        yield Reason(
            "too_long",
            _("At most %(most)s characters, these are %(n)s.") % {"most": MOST_LETTERS, "n": len(said)},
            "text",
        )
