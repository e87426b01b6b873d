"""The live view of a workshop through its doors: what is asked of the database, who sees what, and what never shows."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from foundation.audit.models import AuditEvent
from tests.usecases.workshops import Play, a_clustering, a_collecting, a_published, a_reviewing, a_voting, a_workshop
from tests.world import World, a_user, client_for
from usecases import live
from usecases.seats import SeatPass, cookie_name, seal_pass
from usecases.services import workshops as act

CANARY = "Zebrafink copies figures"
SECRETS = {"points", "rank", "voters", "effective", "histogram", "split", "choices", "ballots", "belief", "secret_hash"}


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    live.FRAGMENTS.clear()
    yield
    live.FRAGMENTS.clear()


def phone(play: Play, seat: SeatPass | None = None, **headers: str) -> Client:
    """A guest's browser."""
    client = Client(headers=headers or None)
    client.cookies[cookie_name(play.workshop)] = seal_pass(play.workshop, seat or play.seats[0])
    return client


def look(client: Client, play: Play, view: str = "phone", v: object = "") -> HttpResponse:
    return client.get(reverse("usecases:workshop_live", args=[play.workshop.key]), {"view": view, "v": v})


def keys_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {k for v in value.values() for k in keys_in(v)}
    return {k for v in value for k in keys_in(v)} if isinstance(value, list | tuple) else set()


# --- what a poll costs ---------------------------------------------------------------------------------------------


def test_a_phone_that_has_seen_everything_costs_one_read(world: World, django_assert_num_queries: Any) -> None:
    play = a_voting(world)
    client = phone(play)
    seen = look(client, play)["X-Live-Rev"]
    with django_assert_num_queries(1):
        response = look(client, play, v=seen)
    assert (response.status_code, response.content, response["X-Live-Rev"]) == (204, b"", seen)


def test_a_facilitator_who_has_seen_everything_costs_the_sign_in_and_one_read(
    world: World, django_assert_max_num_queries: Any
) -> None:
    play = a_voting(world)
    client = client_for(world.facilitator)
    seen = look(client, play, "desk")["X-Live-Rev"]
    with django_assert_max_num_queries(4):  # session, user, roles, workshop
        assert look(client, play, "desk", v=seen).status_code == 204


def test_a_fragment_is_rendered_once_for_everybody_and_once_more_for_each_view_and_language(world: World) -> None:
    play = a_clustering(world)
    with patch("usecases.live.rendered", wraps=live.rendered) as rendered:
        bodies = {look(phone(play, seat), play).content for seat in play.seats}
        assert (len(bodies), rendered.call_count) == (1, 1)
        look(phone(play, **{"Accept-Language": "zh-CN"}), play)
        look(client_for(world.facilitator), play, "board")
        look(client_for(world.facilitator), play, "phone")  # "see as participant"
        assert rendered.call_count == 3
        play.merge("A", "B")
        look(phone(play), play)
        assert rendered.call_count == 4


def test_only_so_many_fragments_are_kept(world: World) -> None:
    play = a_collecting(world, seats=1)
    small = live.Fragments(most=2)
    with patch("usecases.live.FRAGMENTS", small):
        for n in range(4):
            play.write(f"card {n}")
            look(phone(play), play)
    assert len(small._kept) == 2 and len(small._intervals) == 1


def test_a_poll_leaves_no_session_no_cookie_and_no_entry(world: World) -> None:
    play = a_voting(world)
    entries = AuditEvent.objects.count()
    response = look(phone(play), play)
    assert not response.cookies and AuditEvent.objects.count() == entries
    assert response["Cache-Control"] == "no-store" and "default-src 'none'" in response["Content-Security-Policy"]


# --- when there is news --------------------------------------------------------------------------------------------


def test_every_change_others_can_see_is_news_and_a_changed_ballot_is_not(world: World) -> None:
    play = a_collecting(world, seats=5)
    client = phone(play)
    changes = [
        lambda: play.write("Every morning I have to copy"),
        lambda: play.write("Every morning I have to paste"),
        lambda: act.mark_done(actor=play.run, workshop=play.now, seat=play.seats[1]),
        lambda: play.step("reveal"),
        lambda: act.reword_cluster(
            actor=play.run, workshop=play.now, cluster=play.id("Every morning I have to copy"), title_en="Copying"
        ),
        lambda: play.step("open_vote"),
        lambda: play.vote(0, {"Every morning I have to copy": 1}),
        lambda: act.pause_workshop(actor=play.run, workshop=play.now, reason="Fire alarm"),
        lambda: act.resume_workshop(actor=play.run, workshop=play.now),
        lambda: play.step("close_vote"),
    ]
    seen = look(client, play)["X-Live-Rev"]
    for n, change in enumerate(changes):
        change()
        response = look(client, play, v=seen)
        assert response.status_code == 200 and int(response["X-Live-Rev"]) > int(seen), n
        seen = response["X-Live-Rev"]
        assert response["X-Live-Phase"] == play.now.state
    play.step("vote_again", reason="Too close")
    play.vote(0, {"Every morning I have to copy": 1})
    seen = look(client, play)["X-Live-Rev"]
    play.vote(0, {"Every morning I have to copy": 4})
    assert look(client, play, v=seen).status_code == 204


@pytest.mark.parametrize("v", ["", "0", "-1", "x", "9" * 30, "²", "999999"])
def test_whatever_else_a_client_claims_to_have_seen_it_gets_what_is_now(world: World, v: str) -> None:
    play = a_collecting(world, seats=1)
    assert look(phone(play), play, v=v).status_code == 200


@pytest.mark.parametrize(
    ("seats", "view", "seconds"), [(6, "phone", 2), (61, "phone", 3), (121, "phone", 5), (6, "board", 1)]
)
def test_the_server_says_when_to_ask_again_and_spreads_it(world: World, seats: int, view: str, seconds: int) -> None:
    play = a_collecting(world, seats=0)
    act.add_paper_seats(actor=play.run, workshop=play.now, count=seats - 1)
    play.join()
    client = phone(play) if view == "phone" else client_for(world.facilitator)
    seen = look(client, play, view)["X-Live-Rev"]
    waits = {int(look(client, play, view, v=seen)["X-Live-Next"]) for _n in range(20)}
    assert len(waits) > 5 and all(800 * seconds <= wait <= 1200 * seconds for wait in waits)


def test_a_published_workshop_says_that_it_ended(world: World) -> None:
    play, inventory = a_published(world)
    response = look(phone(play), play)
    assert (response.status_code, response["X-Live-Next"], response["X-Live-Phase"]) == (200, "0", "published")


# --- who sees what -------------------------------------------------------------------------------------------------


def test_while_cards_are_collected_only_their_number_shows(world: World) -> None:
    play = a_collecting(world)
    for n in range(3):
        play.write(f"{CANARY} {n}")
    for view, client in (
        ("phone", phone(play)),
        ("board", client_for(world.facilitator)),
        ("desk", client_for(world.facilitator)),
    ):
        text = look(client, play, view).content.decode()
        assert CANARY not in text and "3" in text
    play.step("reveal")
    assert CANARY in look(phone(play), play).content.decode()


def test_while_the_vote_is_open_no_fragment_holds_or_asks_for_points(world: World) -> None:
    play = a_voting(world)
    people = {
        "phone": [phone(play), client_for(world.facilitator)],
        "board": [client_for(world.facilitator)],
        "desk": [client_for(world.facilitator)],
    }
    contexts = []

    def noted(template: str, context: dict[str, Any]) -> str:
        contexts.append(context)
        return ""

    with patch("usecases.live.render_to_string", noted), CaptureQueriesContext(connection) as asked:
        for view, clients in people.items():
            for client in clients:
                assert look(client, play, view).status_code == 200
    assert [keys_in(c) & SECRETS for c in contexts] == [set()] * 3  # phone, board, desk
    assert not [q["sql"] for q in asked if "usecases_ballot" in q["sql"]]
    assert contexts[0]["shown"]["turnout"] == {"voted": 5, "roll": 6}
    play.step("close_vote")
    with patch("usecases.live.render_to_string", noted):
        look(client_for(world.facilitator), play, "board")
    assert "points" in keys_in(contexts[-1])


def test_an_earlier_result_is_hidden_again_while_people_vote_once_more(world: World) -> None:
    play = a_reviewing(world)
    contexts = []
    play.step("vote_again", reason="Too close")
    with patch("usecases.live.render_to_string", lambda _t, c: contexts.append(c) or ""):
        look(phone(play), play)
        look(client_for(world.facilitator), play, "desk")
    assert [keys_in(c) & SECRETS for c in contexts] == [set(), set()]


def test_a_hidden_workshop_does_not_exist(world: World) -> None:
    play, other = a_collecting(world, observer=world.auditor, sponsor=world.cio), a_collecting(world)
    forged = Client()
    forged.cookies[cookie_name(play.workshop)] = seal_pass(other.workshop, other.seats[0])
    unknown = phone(play, SeatPass(uuid.uuid4(), "0" * 32))
    outsider, reader, observer = client_for(world.outsider), client_for(world.reader), client_for(world.auditor)
    tries = [
        (Client(), "phone"), (Client(), "board"), (forged, "phone"), (unknown, "phone"), (outsider, "phone"),
        (outsider, "desk"), (reader, "phone"), (reader, "board"), (observer, "phone"), (observer, "desk"),
        (client_for(world.cio), "phone"), (client_for(world.cio), "sponsor"),
        (phone(play), "board"), (phone(play), "desk"), (phone(play), "other"), (phone(play), ""),
    ]  # fmt: skip
    assert [look(client, play, view).status_code for client, view in tries] == [404] * len(tries)
    assert phone(play).get("/w/W-9999/live", {"view": "phone"}).status_code == 404
    # What is unchanged is no more visible than what is new.
    assert [look(c, play, view, v=play.now.rev).status_code for c, view in tries if c is not unknown] == [404] * (
        len(tries) - 1
    )
    assert "X-Live-Rev" not in look(outsider, play, v=play.now.rev)


def test_a_cancelled_workshop_takes_its_seats_along(world: World) -> None:
    play = a_collecting(world)
    client = phone(play)
    seen = look(client, play)["X-Live-Rev"]
    play.step("cancel", reason="Nobody came")
    assert look(client, play, v=seen).status_code == look(client, play, v=play.now.rev).status_code == 404


def test_whoever_lost_their_role_sees_nothing_more(world: World) -> None:
    play = a_collecting(world)
    client = client_for(world.facilitator)
    assert look(client, play, "desk").status_code == 200
    world.facilitator.memberships.all().delete()
    assert look(client, play, "desk", v=play.now.rev).status_code == 404


def test_the_addresses_take_no_form(world: World) -> None:
    play = a_collecting(world, seats=1)
    for name in ("usecases:workshop_live", "usecases:workshop_stream"):
        assert phone(play).post(reverse(name, args=[play.workshop.key])).status_code == 405


def test_where_nothing_can_be_streamed_the_stream_says_so(world: World) -> None:
    """A WSGI process; the page then polls."""
    play = a_collecting(world, seats=1)
    address = reverse("usecases:workshop_stream", args=[play.workshop.key])
    assert phone(play).get(address, {"view": "phone"}).status_code == 204
    assert Client().get(address, {"view": "phone"}).status_code == 404


def test_a_prepared_workshop_shows_its_desk_only_what_it_may(world: World) -> None:
    play = a_workshop(world)
    assert look(client_for(world.facilitator), play, "desk").status_code == 200
    assert look(client_for(a_user("Somebody")), play, "desk").status_code == 404
