"""The streams of this process: one reader on the broker, one look, one rendering, the same bytes to everybody."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.db import connections

from foundation.errors import NotVisible
from foundation.live.broker import CHANNEL
from foundation.live.source import Frame, Source

log = logging.getLogger("pilotage.live")
R = TypeVar("R")

BEAT_SECONDS = 15.0  # proxies cut a silent stream after 30 or 60
MOST_A_SECOND = 5  # frames to one reader; nobody reads faster
STUCK = 60.0  # seconds a reader may take to swallow one frame
LONGEST = 3600.0  # seconds until a stream is opened (and authorised) anew
MOST_STREAMS = 2000  # beyond, readers poll
IDLE = 5.0  # seconds after which the database connection is given back


class Event:
    """Encoded once for everybody: as ASGI servers take it, and as it stands on the wire."""

    def __init__(self, plain: bytes) -> None:
        self.plain = plain
        self.chunk = b"%x\r\n%s\r\n" % (len(plain), plain)


BEAT = Event(b"event: beat\ndata: 1\n\n")
Write = Callable[[Event], bool]  # False: something still waits to be sent


class Reader:
    """The one thread (and the one database connection, held while there is work) behind all polls and streams."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "live")
        self._idle: asyncio.TimerHandle | None = None

    async def run(self, act: Callable[..., R], *args: Any) -> R:
        loop = asyncio.get_running_loop()
        if self._idle is not None:
            self._idle.cancel()
        try:
            return await loop.run_in_executor(self._thread, _carefully, act, args)
        finally:
            if self._idle is not None:
                self._idle.cancel()
            self._idle = loop.call_later(IDLE, self._rest)

    def _rest(self) -> None:
        self._thread.submit(connections.close_all)

    def stop(self) -> None:
        self._rest()
        self._thread.shutdown()


def _carefully(act: Callable[..., R], args: tuple[Any, ...]) -> R:
    """A connection that failed is not used again."""
    try:
        return act(*args)
    except BaseException:
        connections.close_all()
        raise


class Member:
    """One open stream. Only the newest frame waits for a slow reader."""

    def __init__(self, source: Source, now: float) -> None:
        self.source, self.opened, self.waits_since = source, now, 0.0
        self.version, self.closed = -1, False
        self.task: asyncio.Task[Any] | None = None
        self.write: Write | None = None  # straight to the connection, where the server lets us and nothing waits
        self._payload: bytes | None = None
        self._wake = asyncio.Event()

    def give(self, frame: Frame, event: Event) -> None:
        if frame.version > self.version:
            self.version = frame.version
            self._put(event)
        if frame.ended:
            self.close()

    def beat(self) -> None:
        if self._payload is None:
            self._put(BEAT)

    def _put(self, event: Event) -> None:
        if self._payload is None and self.write is not None and self.write(event):
            return
        self._payload = event.plain
        self._wake.set()

    def close(self) -> None:
        """After what still waits to be sent."""
        self.closed = True
        self._wake.set()

    async def next(self) -> bytes | None:
        while self._payload is None:
            if self.closed:
                return None
            self._wake.clear()
            await self._wake.wait()
        payload, self._payload = self._payload, None
        return payload


class Topic:
    """Everybody who follows one record."""

    def __init__(self, reader: Reader, source: Source) -> None:
        self.reader, self.phase = reader, source.phase
        self.members: set[Member] = set()
        self._news = asyncio.Event()
        self._sent: deque[float] = deque(maxlen=MOST_A_SECOND)
        self._task = asyncio.create_task(self._run())

    def poke(self) -> None:
        self._news.set()

    def stop(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            await self._news.wait()
            await self._pace()
            self._news.clear()  # what is announced from here on is looked at in the next turn
            try:
                if await self._spread():
                    self._sent.append(asyncio.get_running_loop().time())
            except NotVisible:  # the record is gone
                for member in self.members:
                    member.close()
            except Exception:  # the edge of a background task: the next beat tries again
                log.exception("a change could not be spread")

    async def _pace(self) -> None:
        """At most five in any second, the first of them at once."""
        now = asyncio.get_running_loop().time()
        if len(self._sent) == MOST_A_SECOND and (wait := self._sent[0] + 1 - now) > 0:
            await asyncio.sleep(wait)

    async def _spread(self) -> int:
        """To how many. One read and at most one rendering for each variant; nobody gets a new phase unasked."""
        given, done = 0, set[Hashable]()
        while source := next((m.source for m in self.members if m.source.variant not in done), None):
            done.add(source.variant)
            frame = await self.reader.run(source.frame)
            if frame.phase != self.phase:
                await self._ask_again()
                self.phase = frame.phase
            event = None
            for member in self.members:
                if member.source.variant == source.variant and member.version < frame.version and not member.closed:
                    event = event or Event(frame.event())
                    member.give(frame, event)
                    given += 1
        return given

    async def _ask_again(self) -> None:
        asked = list(self.members)
        if not asked:
            return
        kept = await self.reader.run(asked[0].source.holding, [m.source for m in asked])
        for place, member in enumerate(asked):
            if place not in kept:
                member.close()


class Hub:
    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.topics: dict[str, Topic] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._ready: asyncio.Future[bool] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def join(self, source: Source, seen: int | None) -> Member | None:
        """None when nothing can be streamed here now: the reader polls."""
        if self.count() >= MOST_STREAMS or not await self._listening():
            return None
        member = Member(source, asyncio.get_running_loop().time())
        if source.topic not in self.topics:
            self.topics[source.topic] = Topic(self.reader, source)
        self.topics[source.topic].members.add(member)
        try:
            await self._greet(member, seen)
        except BaseException:
            self.leave(member)
            raise
        return member

    async def _greet(self, member: Member, seen: int | None) -> None:
        """Only now, because what changed before the member was listed is announced to nobody."""
        frame = await self.reader.run(member.source.frame)
        if frame.phase != member.source.phase and not await self.reader.run(member.source.holding, [member.source]):
            return member.close()
        if frame.version == seen:
            member.version = max(member.version, frame.version)
            member.beat()
        else:
            member.give(frame, Event(frame.event()))
        return None

    def leave(self, member: Member) -> None:
        topic = self.topics.get(member.source.topic)
        if topic is None:
            return
        topic.members.discard(member)
        if not topic.members:
            topic.stop()
            del self.topics[member.source.topic]

    def count(self) -> int:
        return sum(len(topic.members) for topic in self.topics.values())

    def stop(self) -> None:
        """From any thread: every stream ends, so that the server need not wait for its readers to leave."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._close_all)

    def _close_all(self) -> None:
        for topic in list(self.topics.values()):
            for member in topic.members:
                member.close()

    def _stop_with_the_server(self) -> None:
        """The server's own answer to SIGTERM comes second. It would wait for streams, and then tear them."""
        if self._loop is not None or threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            then = signal.getsignal(number)
            if callable(then):
                signal.signal(number, partial(self._asked_to_stop, then))

    def _asked_to_stop(self, then: Callable[..., Any], number: int, frame: Any) -> None:
        self.stop()
        then(number, frame)

    async def _listening(self) -> bool:
        if not settings.CACHE_URL:
            return False
        if self._ready is None:
            self._stop_with_the_server()
            self._loop = asyncio.get_running_loop()
            self._ready = self._loop.create_future()
            self._tasks = [asyncio.create_task(self._listen(self._ready)), asyncio.create_task(self._beat())]
        return await asyncio.shield(self._ready)

    async def _listen(self, ready: asyncio.Future[bool]) -> None:
        """Until the last reader left or the broker is away; then every stream ends and its reader polls."""
        from redis.asyncio import Redis
        from redis.exceptions import RedisError

        broker = Redis.from_url(settings.CACHE_URL, socket_connect_timeout=2, health_check_interval=int(BEAT_SECONDS))
        try:
            async with broker, broker.pubsub() as pubsub:
                await pubsub.subscribe(CHANNEL)
                while True:
                    message = await pubsub.get_message(timeout=BEAT_SECONDS)
                    if message and message["type"] == "subscribe":
                        ready.set_result(True)
                    elif message and message["type"] == "message":
                        self._hear(message["data"])
        except (RedisError, OSError) as error:
            log.warning("broker away, readers poll", extra={"error": str(error)})
        finally:
            self._stop(ready)

    def _hear(self, data: bytes) -> None:
        topic = self.topics.get(data.decode(errors="replace").rpartition(" ")[0])
        if topic is not None:
            topic.poke()

    async def _beat(self) -> None:
        """Also looks at every record: a message the broker lost is made good here."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            for topic in list(self.topics.values()):
                topic.poke()
                for member in list(topic.members):
                    self._beat_one(member, loop.time())
            if not self.topics and self._tasks:
                self._tasks[0].cancel()
                return

    def _beat_one(self, member: Member, now: float) -> None:
        if member.waits_since and now - member.waits_since > STUCK and member.task is not None:
            member.task.cancel()
        elif now - member.opened > LONGEST:
            member.close()
        else:
            member.beat()

    def _stop(self, ready: asyncio.Future[bool]) -> None:
        if not ready.done():
            ready.set_result(False)
        if self._ready is ready:
            self._ready = None
            self._tasks[1].cancel()
        self._close_all()
