"""What is stored and what is not; every line of the anonymity contract against the real tables."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from accounts.models import User
from foundation import clock
from foundation.actor import system_actor
from foundation.audit.models import AuditEvent
from foundation.jobs import run_due
from foundation.jobs.models import Job, Schedule
from tests.usecases.workshops import BALLOTS, Play, a_collecting, a_reviewing, a_voting
from tests.world import World
from usecases import workshop_receipt as receipt
from usecases.models import Ballot, Card, Cluster, ClusterOp, RollEntry, Round, Seat
from usecases.services import workshops as act
from usecases.services.workshops.rounds import CLEAN_UP
from usecases.services.workshops.wiping import TIDY

pytestmark = pytest.mark.services
FROM_PARTICIPANTS = (Seat, Card, Cluster, ClusterOp, Round, RollEntry, Ballot)
VOTERS = 9
Row = tuple[Any, ...]


# --- the tables ----------------------------------------------------------------------------------------------------


def fields(model: type[models.Model]) -> list[Any]:
    return list(model._meta.get_fields(include_hidden=True))


def test_no_table_of_a_workshop_points_to_a_person() -> None:
    for model in FROM_PARTICIPANTS:
        assert not [f.name for f in fields(model) if f.is_relation and f.related_model is User], model
    assert not [f for f in fields(User) if f.is_relation and f.related_model in FROM_PARTICIPANTS]


def test_no_column_is_an_author_a_place_or_a_time() -> None:
    times = {(m, f.name) for m in FROM_PARTICIPANTS for f in m._meta.concrete_fields
             if isinstance(f, models.DateField | models.TimeField)}  # fmt: skip
    assert {(m, n) for m, n in times if m is not Round} == {(Card, "hour")}
    words = ("author", "user", "actor", "person", "name", "mail", "address", "agent", "session", "cookie", "by")
    for model in FROM_PARTICIPANTS:
        for field in model._meta.concrete_fields:
            assert not set(field.name.split("_")) & set(words), (model, field.name)


def test_cards_and_ballots_do_not_know_the_seat() -> None:
    assert [f.related_model for f in fields(Seat) if f.auto_created and f.is_relation] == [RollEntry]
    assert not [f for f in fields(Ballot) if f.is_relation and f.related_model is not Round]
    shared = {f.name for f in Ballot._meta.concrete_fields} & {f.name for f in RollEntry._meta.concrete_fields}
    assert shared == {"id", "round"}


def test_every_id_is_random() -> None:
    for model in FROM_PARTICIPANTS:
        assert isinstance(model._meta.pk, models.UUIDField), model


# --- the join ------------------------------------------------------------------------------------------------------


def rows(model: type[models.Model], hidden: str) -> list[Row]:
    """Every column the engine has, also those no model names, in the order of the file."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {hidden}, t.* FROM "{model._meta.db_table}" t ORDER BY {hidden.split(",")[-1]}')
        return list(cursor.fetchall())


HIDDEN = {"sqlite": "rowid", "postgresql": "xmin::text, ctid"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.bothdb
def test_ballots_cannot_be_joined_to_the_roll_once_the_vote_is_closed(world: World) -> None:
    """The attempt knows all columns, the hidden ones and the order of voting; while the vote is open it succeeds."""
    play, order, mark = _a_vote_of_nine(world)
    hidden, current = HIDDEN[connection.vendor], play.round
    before = rows(Ballot, hidden)
    assert [mark(row) for row in before] == order  # the order of the file is the order of voting
    hashes = {play.seats[n].ballot_hash(current.pk) for n in order}
    assert hashes == set(_column(Ballot, "secret_hash"))
    play.step("close_vote")
    assert set(run_due()) == {"done"}
    ballots, roll = rows(Ballot, hidden), rows(RollEntry, hidden)
    assert sorted(map(mark, ballots)) == sorted(order) and [mark(row) for row in ballots] != order
    assert set(_column(Ballot, "secret_hash")) == {None}
    _no_value_is_shared(ballots, roll, current)
    if connection.vendor == "postgresql":
        assert len({row[0] for row in ballots}) == len({row[0] for row in roll}) == 1  # one transaction wrote them all
    else:
        _is_gone(hashes)


def _a_vote_of_nine(world: World) -> tuple[Play, list[int], Callable[[Row], int]]:
    """Each ballot tells whose it is by its points on two items; the last part reads that from a raw row."""
    play = a_collecting(world, VOTERS)
    for n, text in enumerate("ABC"):
        play.write(text, n)
    play.step("reveal")
    play.step("open_vote")
    order = list(range(VOTERS))
    random.Random(7).shuffle(order)
    for seat in order:
        high, low = divmod(seat, 3)
        play.vote(seat, {"A": high, "B": low, "C": 3})
    a, b = str(play.id("A")), str(play.id("B"))

    def mark(row: Row) -> int:
        found = next(v for v in row if isinstance(v, dict) or str(v).startswith("{"))
        choices = found if isinstance(found, dict) else json.loads(found)
        return 3 * choices.get(a, 0) + choices.get(b, 0)

    return play, order, mark


def _column(model: type[models.Model], name: str) -> list[Any]:
    return list(model._default_manager.values_list(name, flat=True))


def _no_value_is_shared(ballots: list[Row], roll: list[Row], current: Round) -> None:
    """Beyond the vote itself and words that say nothing alone; what comes first is a counter of the file."""
    counters = len(HIDDEN[connection.vendor].split(","))
    ours, theirs = ({str(v) for row in found for v in row[counters:]} for found in (ballots, roll))
    assert ours & theirs <= {str(current.pk), current.pk.hex, "", "None", "True", "False", "0", "1"}


def _is_gone(hashes: Iterable[str]) -> None:
    """Not even the bytes of the file, or of its log, hold what was deleted."""
    name = str(connection.settings_dict["NAME"])
    files = [Path(name + end) for end in ("", "-wal")]
    found = b"".join(path.read_bytes() for path in files if path.exists())
    assert found and not [h for h in hashes if h.encode() in found]


@pytest.mark.django_db
def test_a_closed_vote_is_not_changed_by_raw_sql(world: World) -> None:
    a_reviewing(world)
    for statement in (
        "UPDATE usecases_ballot SET belief = 'no'", "DELETE FROM usecases_ballot",
        "INSERT INTO usecases_ballot (id, round_id, choices, belief) SELECT round_id, round_id, '{}', '' "
        "FROM usecases_ballot LIMIT 1",
        "UPDATE usecases_round SET sealed_at = NULL", "DELETE FROM usecases_round",
        "UPDATE usecases_rollentry SET voted = (1 = 0)",
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Ballot.objects.count() == len(BALLOTS)


# --- the ledger, jobs, receipt -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_ledger_and_the_jobs_hold_aggregates_only(world: World) -> None:
    play = a_collecting(world)
    for n in range(6):
        play.write(f"Zebrafink {n}", n)
    play.step("reveal")
    play.merge("Zebrafink 0", "Zebrafink 1")
    play.step("open_vote")
    for n in range(6):
        play.vote(n, {"Zebrafink 2": 4})
    play.step("close_vote")
    secrets = [s.secret for s in play.seats]
    secrets += [str(pk) for m in (Seat, Card, Ballot, RollEntry) for pk in m.objects.values_list("pk", flat=True)]
    told = "\n".join(AuditEvent.objects.values_list("body", flat=True)) + str(list(Job.objects.values()))
    assert "Zebrafink" not in told and not [s for s in secrets if s in told or s.replace("-", "") in told]
    assert not AuditEvent.objects.filter(actor_kind="guest").exists()


def test_the_receipt_tells_of_every_column_there_is() -> None:
    told = {table.name: dict(table.fields) for table in receipt.stored()}
    assert {m for m, _name, _until in receipt.TABLES} == {Seat, Card, Round, RollEntry, Ballot}
    assert all(str(text).endswith(".") for found in told.values() for text in found.values()), told
    assert len(told) == 5 and len(receipt.NOT_STORED) and len(receipt.LIMITS) == 4


# --- deleting ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_cancelling_wipes_seats_and_ballots_at_once_and_cards_after_thirty_days(world: World) -> None:
    play = a_reviewing(world)
    play.merge("A", "B")
    other = a_voting(world)
    play.step("cancel", reason="not needed")
    mine = {"workshop": play.workshop}
    assert not Seat.objects.filter(**mine).exists() and not Round.objects.filter(**mine).exists()
    assert Ballot.objects.count() == RollEntry.objects.filter(voted=True).count() == 5  # of the other one
    assert Card.objects.filter(**mine).count() == 4 and not Card.objects.filter(**mine).exclude(follow_hash="").exists()
    for days, cards in ((29, 4), (31, 0)):
        with clock.pinned(clock.now() + timedelta(days=days)):
            act.tidy_workshops(actor=system_actor())
            act.tidy_workshops(actor=system_actor())
        assert Card.objects.filter(**mine).count() == Cluster.objects.filter(**mine).count() == cards
    assert not ClusterOp.objects.filter(**mine).exists() and other.now.cards.count() == 4
    (entry,) = AuditEvent.objects.filter(verb="workshop.wiped")
    assert (entry.data["cards"], entry.actor_kind) == (4, "system")


@pytest.mark.django_db
def test_the_hourly_job_writes_down_what_reading_already_says(world: World) -> None:
    play = a_voting(world)
    play.step("recluster")
    assert Schedule.objects.get(kind=TIDY).every_seconds == 3600
    with clock.pinned(clock.now() + timedelta(hours=37)):
        told = act.tidy_workshops(actor=system_actor())
        assert (told["doors"], told["votes"]) == (1, 1)
        assert play.now.long_code is None and play.now.short_code is None
        assert act.tidy_workshops(actor=system_actor())["doors"] == 0
    assert play.round.superseded_at is not None


@pytest.mark.django_db
def test_seats_of_a_published_workshop_go_after_thirty_days_and_its_vote_stays(world: World) -> None:
    play = a_reviewing(world)
    play.name_owners(world.team, "ABCD")
    play.step("publish")
    with clock.pinned(clock.now() + timedelta(days=31)):
        act.tidy_workshops(actor=system_actor())
    assert not Seat.objects.exists() and not RollEntry.objects.exists() and Ballot.objects.count() == 5


@pytest.mark.django_db
def test_showing_the_cards_and_closing_a_vote_ask_for_the_clean_up(world: World) -> None:
    a_reviewing(world)
    assert Job.objects.filter(kind=CLEAN_UP).count() == 2 and run_due() == ["done", "done"]
