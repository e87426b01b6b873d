"""The ASGI door before Django: keeps streams open, and answers again whoever Django has let in a moment ago.

Django under ASGI opens a thread and a database connection for every request. A poll that finds nothing new is worth
neither: the first one goes the whole way (sign-in, scope, language, policy headers), the following ones cost one read.
For the same reason only so many requests are inside Django at once: two hundred phones that come back in one moment
would otherwise ask for two hundred connections, of which a usual PostgreSQL has one hundred.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from foundation.live.hub import Event, Hub, Member, Reader, Write
from foundation.live.source import OFFER, Frame, Look, Source, headers, poll
from foundation.versions import small_number

log = logging.getLogger("pilotage.live")

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

MOST_AT_ONCE = 32  # requests in Django; the others wait their turn
TRUSTED = 60.0  # seconds until Django is asked again who this is
MOST_KNOWN = 5000  # readers remembered; the oldest is forgotten
WHO = (b"cookie", b"accept-language", b"host", b"authorization", b"x-forwarded-proto")  # what Django judged by
OWN = (b"content-length", b"content-type", b"set-cookie", b"x-request-id", b"cache-control")  # of one answer only


class LiveDoor:
    def __init__(self, app: App) -> None:
        self.django, self.reader, self.known = app, Reader(), Known()
        self.turns = asyncio.Semaphore(MOST_AT_ONCE)
        self.hub = Hub(self.reader)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http":
            await self.django(scope, receive, send)
        elif scope["method"] != "GET":
            await self.app(scope, receive, send)
        elif path.endswith("/live"):
            await self._poll(scope, receive, send)
        elif path.endswith("/stream"):
            await self._stream(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self.turns:
            await self.django(scope, receive, send)

    # --- polls ---

    async def _poll(self, scope: Scope, receive: Receive, send: Send) -> None:
        who, seen = _asked(scope)
        found = self.known.get(who)
        if found is not None and (look := await self._again(found.source, seen)) is not None:
            return await _reply(send, found, look)

        async def noting(message: Message) -> None:
            """Before the answer leaves: the next question may come with the first byte of it."""
            if message["type"] == "http.response.start" and message["status"] in (200, 204) and OFFER in scope:
                lasting = _lasting(message["headers"])
                self.known.put(who, Reading(scope[OFFER], lasting, time.monotonic() + TRUSTED))
            await send(message)

        return await self.app(scope, receive, noting)

    async def _again(self, source: Source, seen: int | None) -> Look | None:
        """None: Django shall judge, because the record moved on or cannot be read."""
        try:
            found = await self.reader.run(poll, source, seen)
        except Exception:  # whatever it is, Django meets it too and answers in its own way
            log.exception("a look failed")
            return None
        return found if found.phase == source.phase else None

    # --- streams ---

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        heads: list[Message] = []

        async def holding(message: Message) -> None:
            """Django's answer is only its permission, with its headers; the view has run before the first message."""
            if scope.get(OFFER) is None:
                await send(message)
            elif message["type"] == "http.response.start":
                heads.append(message)

        await self.app(scope, receive, holding)
        source = scope.get(OFFER)
        if source is None:
            return
        member = await self.hub.join(source, _asked(scope)[1])
        lasting = _lasting(heads[0]["headers"])
        if member is None:
            await _send(send, 204, [*lasting, (b"cache-control", b"no-store")], b"")
            return
        try:
            await _open(send, lasting)
            member.write = _straight(scope, send)
            await _carry(member, receive, send)
        finally:
            self.hub.leave(member)


@dataclass(frozen=True)
class Reading:
    """A reader whom Django let in: what they follow and the headers every answer to them carries."""

    source: Source
    headers: Headers
    until: float


class Known:
    def __init__(self) -> None:
        self._readers: OrderedDict[bytes, Reading] = OrderedDict()

    def get(self, who: bytes) -> Reading | None:
        found = self._readers.get(who)
        if found is not None and time.monotonic() > found.until:
            del self._readers[who]
            return None
        return found

    def put(self, who: bytes, reading: Reading) -> None:
        self._readers[who] = reading
        self._readers.move_to_end(who)
        while len(self._readers) > MOST_KNOWN:
            self._readers.popitem(last=False)


def _asked(scope: Scope) -> tuple[bytes, int | None]:
    """Who asks for what, as one digest, and the version they have seen."""
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    seen = small_number(query.pop("v", ""))
    digest = hashlib.sha256(f"{scope['scheme']} {scope['path']} {sorted(query.items())}".encode())
    for name, value in scope["headers"]:
        if name in WHO:
            digest.update(b"\n%d %s %d %s" % (len(name), name, len(value), value))
    return digest.digest(), seen


def _lasting(given: Iterable[tuple[bytes, bytes]]) -> Headers:
    return [(n, v) for n, v in given if n.lower() not in OWN and not n.lower().startswith(b"x-live-")]


async def _reply(send: Send, reading: Reading, look: Look) -> None:
    body, own = b"", []
    ended = False
    if isinstance(look, Frame):
        body, ended = look.html.encode(), look.ended
        own = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    for name, value in headers(look, 0 if ended else reading.source.pause()).items():
        own.append((name.lower().encode(), value.encode()))
    await _send(send, 200 if isinstance(look, Frame) else 204, [*reading.headers, *own], body)


async def _send(send: Send, status: int, given: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": given})
    await send({"type": "http.response.body", "body": body})


async def _open(send: Send, lasting: Headers) -> None:
    own = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),  # a proxy that collects would hold every frame back
    ]
    await send({"type": "http.response.start", "status": 200, "headers": [*lasting, *own]})
    retry = random.randint(1000, 4000)  # noqa: S311 - ms; after a restart not everybody comes back in one moment
    await send({"type": "http.response.body", "body": b"retry: %d\n\n" % retry, "more_body": True})


def _straight(scope: Scope, send: Send) -> Write | None:
    """uvicorn's own connection, past its protocol, which costs more per reader than the system call that sends.

    Right only where the answer is chunked (HTTP/1.1) and nobody else writes to it. Any other server: None.
    """
    cycle = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    is_uvicorn = type(cycle).__module__.startswith("uvicorn.") and isinstance(transport, asyncio.WriteTransport)
    if scope.get("http_version") != "1.1" or not is_uvicorn:
        return None
    assert isinstance(transport, asyncio.WriteTransport)

    def write(event: Event) -> bool:
        if transport.get_write_buffer_size() or transport.is_closing():
            return False
        transport.write(event.chunk)
        return True

    return write


async def _carry(member: Member, receive: Receive, send: Send) -> None:
    """Frame after frame, until the hub closes the stream or the reader leaves."""
    clock = asyncio.get_running_loop().time
    gone = asyncio.ensure_future(receive())
    gone.add_done_callback(lambda _done: member.close())
    member.task = asyncio.current_task()
    try:
        while (payload := await member.next()) is not None:
            member.waits_since = clock()
            await send({"type": "http.response.body", "body": payload, "more_body": True})
            member.waits_since = 0.0
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()
