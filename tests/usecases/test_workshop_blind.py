"""No vote is recoverable before voting closes (ux.W6): nothing anybody can ask for changes with what was voted.

Every answer is taken twice, with ballots as different as they can be between. What depends on a ballot would differ.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.roles import ROLES
from accounts.services import make_token
from foundation.audit.models import AuditEvent
from foundation.jobs.models import Job
from tests.contracts.authz_rows import Row, rows
from tests.usecases.workshops import Play, a_clustering
from tests.world import World, a_member, a_user, a_world, actor, client_for
from usecases import live
from usecases.models import Ballot
from usecases.seats import cookie_name, seal_pass
from usecases.services import workshops as act

pytestmark = pytest.mark.django_db
NOW = "2026-03-02T09:00:00+00:00"
TITLES = ("Amberfisch", "Blaumeise", "Chamois", "Dachshund")
FIRST = ({"Amberfisch": 4, "Blaumeise": 4, "Chamois": 2}, {"Dachshund": 3}, {"Chamois": 1}, {"Amberfisch": 4}, {})
SECOND = ({"Dachshund": 1}, {"Amberfisch": 4, "Chamois": 4}, {}, {"Blaumeise": 2, "Dachshund": 4}, {"Chamois": 3})
VOLATILE = re.compile(
    r'(?:name="(?:csrfmiddlewaretoken|id|secret)" value="[^"]*")|(?:"?(?:csrfToken|request_id)"?: ?"[^"]*")'
    r"|(?:(?:csrftoken|sessionid|X-Request-Id|X-Live-Next|Content-Length|nonce)[=:-][^;\n]*)",
    re.IGNORECASE,
)
READS = [r for r in rows() if r.method == "GET" and r.right not in ("demo", "secret")]
LISTS = [r for r in READS if not r.kind and not r.route.kwargs]
OF_WORKSHOP = [r for r in READS if r.route.kwargs == {"key"} and r.route.name.startswith("usecases:workshop")]
FORMATS = ("csv", "xlsx", "md")


def address(row: Row, play: Play) -> str:
    return reverse(row.route.name, kwargs={"key": play.workshop.key} if row.route.kwargs else {})


def told(response: Any) -> str:
    """Everything an answer carries, also in the cells of a workbook, without what every answer has anew."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    heads = "\n".join(f"{k}: {v}" for k, v in response.headers.items())
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b" ".join(book.read(name) for name in sorted(book.namelist()))
    cookies = "\n".join(sorted(response.cookies))
    return VOLATILE.sub("", f"{response.status_code}\n{heads}\n{cookies}\n{content.decode('utf-8', 'replace')}")


# --- the vote --------------------------------------------------------------------------------------------------------


class Vote:
    """Four items, six seats; five of them vote, one looks on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.play = a_clustering(
            world, TITLES, seats=6, scribe=world.analyst, observer=world.architect, sponsor=world.ops_head
        )
        self.play.step("open_vote")

    def cast(self, ballots: tuple[dict[str, int], ...], belief: str) -> None:
        for seat, choices in enumerate(ballots):
            self.play.vote(seat, choices, belief=belief)

    def phone(self, seat: int) -> Client:
        client = Client()
        client.cookies[cookie_name(self.play.workshop)] = seal_pass(self.play.workshop, self.play.seats[seat])
        return client

    def people(self) -> dict[str, Client]:
        everything = a_user("Holds Everything")
        for role in ROLES:
            a_member(everything, role, self.world.root)
        found = {role: client_for(user) for role, user in self.world.people.items()}
        _token, secret = make_token(
            actor=actor(everything), label="all", scopes=["read", "draft", "export:read", "audit:read"]
        )
        program = Client(headers={"Authorization": f"Bearer {secret}"})
        program.get(reverse(next(row for row in LISTS if row.route.is_api).route.name))  # a used token says so on /me
        return {
            **found, "everything": client_for(everything), "another seat": self.phone(5),
            "stranger": Client(),
            "program": program,
        }  # fmt: skip


@pytest.fixture(scope="module")
def opened(django_db_setup: None, django_db_blocker: Any) -> Iterator[Vote]:
    with django_db_blocker.unblock(), transaction.atomic():
        with time_machine.travel(NOW, tick=False):
            opened = Vote(a_world())
        yield opened
        transaction.set_rollback(True)


@pytest.fixture
def vote(opened: Vote) -> Iterator[Vote]:
    with transaction.atomic(), time_machine.travel(NOW, tick=False):
        yield opened
        transaction.set_rollback(True)


@pytest.fixture
def _django_db_helper() -> None:
    """The vote holds the one transaction of the module."""


def answers(vote: Vote, people: dict[str, Client]) -> dict[tuple[str, str], str]:
    """Who, what they asked for: what they were told. Fragments are rendered anew, so no cache hides a difference."""
    live.FRAGMENTS.clear()
    key, found = vote.play.workshop.key, {}
    for who, client in people.items():
        wide = who in ("everything", "program")
        for row in OF_WORKSHOP + (LISTS if wide else []):
            found |= _asked(who, client, address(row, vote.play))
        for view in ("phone", "board", "desk"):
            found |= _asked(who, client, f"/w/{key}/live?view={view}")
            found |= _asked(who, client, f"/w/{key}/stream?view={view}")
        paths = [f"/w/{key}?format={form}" for form in FORMATS]
        if wide or who in ("facilitator", "auditor", "another seat"):
            paths += ["/", f"/search?q={key}", "/search?q=Amberfisch", "/inventories", "/pains"]
            paths += [
                f"{path}?format={form}" for form in FORMATS for path in (f"/w/{key}/review", "/workshops", "/pains")
            ]
        for path in paths:
            found |= _asked(who, client, path)
    return found


def _asked(who: str, client: Client, path: str) -> dict[tuple[str, str], str]:
    return {(who, path): told(client.get(path))}


def secrets_of(vote: Vote) -> list[str]:
    """What names a ballot, its seat or its voter."""
    ballots = Ballot.objects.filter(round=vote.play.round)
    found = [value for b in ballots for value in (str(b.pk), b.secret_hash)]
    return found + [value for seat in vote.play.seats for value in (seat.secret, str(seat.seat_id))]


def test_no_answer_to_anybody_depends_on_what_was_voted(vote: Vote) -> None:
    people, page = vote.people(), f"/w/{vote.play.workshop.key}"
    vote.cast(FIRST, "yes")
    first, known, own = answers(vote, people), secrets_of(vote), told(vote.phone(0).get(page))
    vote.cast(SECOND, "no")
    second = answers(vote, people)
    assert [asked for asked in first if first[asked] != second[asked]] == []
    assert [asked for asked, text in first.items() if any(secret in text for secret in known)] == []
    assert own != told(vote.phone(0).get(page))  # a difference would have been seen
    _enough(first, page)


def _enough(found: dict[tuple[str, str], str], page: str) -> None:
    """Silence of those who were answered nothing would prove nothing."""
    opened = {who for (who, path), text in found.items() if text.startswith("200") and path == page}
    assert {"facilitator", "analyst", "architect", "cio", "auditor", "everything", "another seat"} <= opened
    assert len(OF_WORKSHOP) >= 11 and len(LISTS) >= 60
    assert sum(text.startswith("200") for text in found.values()) >= 200
    assert "5" in found["facilitator", f"{page}/live?view=desk"]  # turnout, and nothing else of the vote


def test_a_vote_leaves_no_mail_job_or_entry(vote: Vote, caplog: pytest.LogCaptureFixture) -> None:
    before = AuditEvent.objects.count(), Job.objects.count(), len(mail.outbox)
    round_id = str(vote.play.round.pk)
    items = {title: str(vote.play.id(title)) for title in TITLES}
    with caplog.at_level(logging.DEBUG):
        for seat, choices in enumerate(FIRST):
            body = {"round": round_id, "belief": "unsure", **{f"p-{items[t]}": n for t, n in choices.items()}}
            assert vote.phone(seat).post(f"/w/{vote.play.workshop.key}/seat/cast", body).status_code == 302
    assert (AuditEvent.objects.count(), Job.objects.count(), len(mail.outbox)) == before
    logged = "\n".join(f"{r.name} {r.getMessage()} {vars(r)}" for r in caplog.records if r.name != "django.db.backends")
    assert f"POST /w/{vote.play.workshop.key}/seat/cast 302" in logged
    for hidden in (*secrets_of(vote), *items.values(), round_id, "unsure", "127.0.0.1"):
        assert hidden not in logged, hidden


def test_the_ledger_and_what_hangs_on_it_name_no_ballot(vote: Vote) -> None:
    vote.cast(FIRST, "yes")
    known = secrets_of(vote)
    texts = [str(entry) for model in (AuditEvent, Job) for entry in model.objects.values_list()]
    texts += [str(message.message()) for message in mail.outbox]
    assert len(texts) > 3
    assert [text for text in texts if any(secret in text for secret in known)] == []


def test_a_vote_that_rests_is_as_closed_as_an_open_one(vote: Vote) -> None:
    people = {name: client for name, client in vote.people().items() if name in ("facilitator", "another seat", "cio")}
    points = re.compile(r"\b(?:points|voters|effective|histogram)\b[\"']?\s*[:=]\s*\d")
    told_of = []
    for ballots in (FIRST, SECOND):
        vote.cast(ballots, "yes")
        act.recluster(actor=vote.play.run, workshop=vote.play.now)
        told_of.append(answers(vote, people))
        act.open_vote(actor=vote.play.run, workshop=vote.play.now)
    first, second = told_of
    assert first.keys() == second.keys() and all("Amberfisch" in t[n] for t in told_of for n in SHOWN)
    assert [asked for t in told_of for asked, text in t.items() if points.search(text)] == []
    assert [a for a in first if _items(first[a]) != _items(second[a])] == []


SHOWN = [("facilitator", "/w/W-0001"), ("another seat", "/w/W-0001")]


def _items(text: str) -> list[str]:
    """The titles in the order in which they stand there."""
    return re.findall("|".join(TITLES), text)
