"""A workshop full of people. `Room` drives it from the bench; run as a module it is the writer in a process of its own.

The writer calls the services as the pages do and tells when the commit was done: one line in, one line out.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from bench.crowd import Written, post
from bench.gen import votes
from bench.pair import Wrong


class Room:
    """A workshop in `phase`, with a seat and its cookie for each client, and a writer."""

    def __init__(self, house: Any, *, seats: int, items: int, phase: str) -> None:
        order = json.dumps({"seats": seats, "items": items, "phase": phase})
        made = json.loads(house.call("-m", "bench.workshop", "prepare", order).splitlines()[-1])
        self.key: str = made["key"]
        self.cookies: list[str] = made["cookies"]
        self.rev: int = made["rev"]
        self.writer = house.start([sys.executable, "-m", "bench.workshop", "write", json.dumps(made)])
        self._one_at_a_time = asyncio.Lock()
        self._seats = [asyncio.Lock() for _cookie in self.cookies]
        self.acknowledged: dict[int, dict[str, int]] = {}
        self.ballot, self.cast = made["vote"], made["cast"]
        if self.ballot:
            vote = self.ballot
            self.turns = votes.ballots(len(self.cookies), vote["items"], vote["budget"], vote["cap"])
        self.told = self._ask({"do": "hello"})

    async def write(self, **order: Any) -> Written:
        asked = time.monotonic()
        async with self._one_at_a_time:
            told = await asyncio.to_thread(self._ask, {"do": "reword", **order})
        self.rev = max(self.rev, told["rev"])
        return Written(told["rev"], asked, told["done"])

    async def vote(self, port: int) -> Written:
        """Somebody sends their ballot; only what was acknowledged has to be found again."""
        seat, choices = next(self.turns)
        asked = time.monotonic()
        async with self._seats[seat]:  # a phone sends its next save after the answer to the last
            fields = {"round": self.ballot["id"], **{f"p-{item}": str(n) for item, n in choices.items()}}
            status, body = await post(port, self.cast, self.cookies[seat], fields)
            done = time.monotonic()
            if status != 204:
                raise Wrong(f"a ballot was answered {status}: {body[:200]!r}")
            self.acknowledged[seat] = choices
        async with self._one_at_a_time:  # whoever saw this version, or a later one, saw the ballot counted
            told = await asyncio.to_thread(self._ask, {"do": "look"})
        return Written(told["rev"], asked, done)

    def check(self) -> dict[str, Any]:
        """What the database holds against what was acknowledged."""
        return self._ask({"do": "check", "acknowledged": self.acknowledged})

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        self.writer.stdin.write(json.dumps(order) + "\n")
        self.writer.stdin.flush()
        told: dict[str, Any] = json.loads(self.writer.stdout.readline())
        if "fault" in told:
            raise RuntimeError(told["fault"])
        return told


# --- in a process of its own ---


def prepare(seats: int, items: int, phase: str) -> dict[str, Any]:
    from accounts.actors import actor_for
    from accounts.models import Membership, User
    from accounts.services.units import new_unit
    from foundation import clock
    from usecases.models import Workshop
    from usecases.seats import cookie_name, seal_pass
    from usecases.services import workshops as act

    unit = new_unit(None, code="GR", name_en="Group", name_zh="", kind="group", zone="Asia/Shanghai", language="en")
    user = User.objects.create(name="The Facilitator", email="facilitator@example.org")
    Membership.objects.create(
        user=user, role="architect", unit=unit, source=Membership.Source.HAND, confirmed_at=clock.now()
    )
    actor = actor_for(user)
    workshop = act.create_workshop(actor=actor, unit=unit, title_en="What costs us time")
    workshop = act.start_workshop(actor=actor, workshop=workshop)
    passes = [act.join_workshop(actor=actor, workshop=workshop) for _n in range(seats)]
    texts = zip(votes.uuids(items), votes.sentences(items), strict=True)
    for number, (card_id, text) in enumerate(texts):
        act.add_card(
            actor=actor, workshop=workshop, seat=passes[number % seats], card_id=card_id, text=text, takes="30min"
        )
    workshop = act.reveal_cards(actor=actor, workshop=Workshop.objects.get(pk=workshop.pk))
    if phase == "vote":
        workshop = act.open_vote(actor=actor, workshop=workshop)
    workshop = Workshop.objects.get(pk=workshop.pk)
    vote = workshop.rounds.live().first()
    return {
        "key": workshop.key,
        "rev": workshop.rev,
        "user": str(user.pk),
        "cookies": [f"{cookie_name(workshop)}={seal_pass(workshop, p)}" for p in passes],
        "secrets": [p.secret for p in passes],
        "clusters": [str(c.pk) for c in workshop.clusters.on_the_table()],
        "cast": _address_of_a_ballot(workshop.key),
        "vote": {"id": str(vote.pk), "items": vote.items, "budget": vote.budget, "cap": vote.cap} if vote else None,
    }


def _address_of_a_ballot(key: str) -> str:
    """Where a phone sends it; the bench has a door of its own as long as the product has none."""
    from django.urls import NoReverseMatch, reverse

    try:
        return reverse("usecases:seat_act", args=[key, "cast"])
    except NoReverseMatch:
        return f"/bench/{key}/cast"


class Writer:
    def __init__(self, made: dict[str, Any]) -> None:
        from accounts.actors import actor_for, guest
        from accounts.models import User
        from usecases.models import Workshop
        from usecases.seats import pass_of

        self.made = made
        self.workshop = Workshop.objects.get(key=made["key"])
        self.actor, self.guest = actor_for(User.objects.get(pk=made["user"])), guest()
        self.passes = [pass_of(self.workshop, secret) for secret in made["secrets"]]
        self.dice = random.Random(votes.SEED)
        self.done = 0

    def hello(self, **_order: Any) -> dict[str, Any]:
        from django.db import connection

        backend = 0
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                backend = cursor.fetchone()[0]
        return {"backend": backend}

    def look(self, **_order: Any) -> dict[str, Any]:
        return {"rev": self._rev()}

    def reword(self, **_order: Any) -> dict[str, Any]:
        """A title of the table changes for everybody."""
        from usecases.services import workshops as act

        self.done += 1
        title = f"{votes.sentences(1, self.done)[0][:100]} ({self.done})"
        return self._timed(
            lambda: act.reword_cluster(
                actor=self.actor,
                workshop=self.workshop,
                cluster=UUID(self.dice.choice(self.made["clusters"])),
                title_en=title,
            )
        )

    def check(self, acknowledged: dict[str, dict[str, int]]) -> dict[str, Any]:
        """Each seat's ballot as last acknowledged, and not one more; the tables are read, not the services."""
        from usecases.models import Ballot

        vote = self.made["vote"]["id"]
        kept = dict(Ballot.objects.filter(round_id=vote).values_list("secret_hash", "choices"))
        wrong = [
            seat for seat, choices in acknowledged.items()
            if kept.get(self.passes[int(seat)].ballot_hash(UUID(vote))) != choices
        ]  # fmt: skip
        return {"lost": len(wrong), "extra": len(kept) - len(acknowledged), "ballots": len(kept)}

    def _timed(self, act: Callable[[], Any]) -> dict[str, Any]:
        """`done` is taken at the commit, before anybody is told of it."""
        from django.db import transaction

        told: list[float] = []
        with transaction.atomic():
            transaction.on_commit(lambda: told.append(time.monotonic()))
            act()
            rev = self._rev()
        return {"rev": rev, "done": told[0]}

    def _rev(self) -> int:
        from usecases.models import Workshop

        return int(Workshop.objects.values_list("rev", flat=True).get(pk=self.workshop.pk))


def main() -> None:
    import django

    django.setup()
    if sys.argv[1] == "prepare":
        print(json.dumps(prepare(**json.loads(sys.argv[2]))))
        return
    writer = Writer(json.loads(sys.argv[2]))
    for line in sys.stdin:
        order = json.loads(line)
        try:
            told = getattr(writer, order.pop("do"))(**order)
        except Exception as fault:  # noqa: BLE001 - the bench decides what a failed write means
            told = {"fault": f"{type(fault).__name__}: {fault}"}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
