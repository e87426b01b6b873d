"""What is deleted, and when: cards of a cancelled workshop after 30 days, deleted rows for good."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from foundation import clock
from foundation.actor import Actor
from foundation.audit import record
from foundation.jobs import schedule
from foundation.work import service
from usecases.models import Ballot, Card, Cluster, ClusterOp, RollEntry, Round, Seat, Workshop
from usecases.services.workshops.rounds import RESTS_AT_MOST

KEPT_AFTER_END = timedelta(days=30)  # cards of a cancelled workshop, seats of a published one
TIDY, EVERY = "usecases.tidy_workshops", timedelta(hours=1)


def keep_tidy() -> None:
    """Make sure the hourly job is there; once is enough for all workshops."""
    schedule(TIDY, TIDY, every=EVERY)


@service
def tidy_workshops(*, actor: Actor) -> dict[str, int]:
    """Write down what reading already says: shut doors, dead codes, votes that rested too long; delete what is due.

    Safe to run twice.
    """
    shut = [_shut(workshop) for workshop in Workshop.objects.exclude(long_code=None)]
    superseded = Round.objects.live().filter(suspended_at__lt=clock.now() - RESTS_AT_MOST)
    due = clock.now() - KEPT_AFTER_END
    ended = Workshop.objects.filter(state_since__lt=due)
    wiped = [_wipe(actor, w) for w in ended.filter(state=Workshop.State.CANCELLED, wiped_at=None)]
    seats = Seat.objects.filter(workshop__in=ended.filter(state=Workshop.State.PUBLISHED))
    RollEntry.objects.filter(seat__in=seats).delete()
    return {
        "doors": sum(shut),
        "votes": superseded.update(superseded_at=clock.now()),
        "wiped": len(wiped),
        "seats": seats.delete()[0],
    }


def _shut(workshop: Workshop) -> bool:
    """True when something was written."""
    if workshop.is_door_open:
        return False
    changes = {"door_closed_at": workshop.door_shuts_at, "short_code": None}
    if not workshop.codes_work:
        changes["long_code"] = None
    moved = {n: v for n, v in changes.items() if getattr(workshop, n) != v}
    return bool(moved and Workshop.objects.filter(pk=workshop.pk).update(**moved))


def _wipe(actor: Actor, workshop: Workshop) -> int:
    cards = workshop.cards.count()
    Card.objects.filter(workshop=workshop).delete()
    workshop.ops.all().delete()
    Cluster.objects.filter(workshop=workshop).delete()
    Workshop.objects.filter(pk=workshop.pk).update(wiped_at=clock.now())
    record(actor, "workshop.wiped", workshop, cards=cards)
    return cards


def clean_up() -> bool:
    """Nothing of a deleted ballot, roll row, hash or card can be read from the files any more.

    SQLite overwrites deleted rows (`secure_delete`), and here the log of the last writes is emptied; PostgreSQL gets a
    VACUUM. Neither runs inside a transaction: False there.
    """
    if connection.in_atomic_block:
        return False
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for model in (Ballot, RollEntry, Seat, Card, Cluster, ClusterOp):
                cursor.execute(f'VACUUM "{model._meta.db_table}"')
        else:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return True
