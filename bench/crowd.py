"""Clients over real connections on the loopback: they read every byte, and note what they saw and when."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bench.pair import Wrong
from bench.stats import percentile

now = time.monotonic  # the same clock in every process of the machine


@dataclass(frozen=True)
class Seen:
    rev: int
    at: float
    digest: str  # of the content, byte for byte


@dataclass
class Reader:
    """What one client saw, newest last."""

    seen: list[Seen] = field(default_factory=list)
    octets: int = 0

    def first_from(self, rev: int) -> float | None:
        """When something at least as new was seen first."""
        return next((s.at for s in self.seen if s.rev >= rev), None)

    @property
    def rev(self) -> int:
        return self.seen[-1].rev if self.seen else -1


# --- a stream ---


class Follower(asyncio.Protocol, Reader):
    """Reads a chunked event stream: head, chunks, events."""

    def __init__(self, request: bytes) -> None:
        Reader.__init__(self)
        self.request, self.status, self.greeted = request, 0, asyncio.Event()
        self.lost = self.ended = False  # the connection fell; the stream came to its end
        self._raw, self._text, self._left = b"", b"", -1  # bytes left of the present chunk; -1: its size comes next

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self.request)  # type: ignore[attr-defined]

    def connection_lost(self, _fault: Exception | None) -> None:
        self.lost = True
        self.greeted.set()

    def data_received(self, data: bytes) -> None:
        self.octets += len(data)
        self._raw += data
        if not self.status and not self._head():
            return
        while self._chunk():
            pass
        *events, self._text = self._text.split(b"\n\n")
        for event in events:
            self._event(event)

    def _head(self) -> bool:
        head, end, rest = self._raw.partition(b"\r\n\r\n")
        if not end:
            return False
        if b"transfer-encoding: chunked" not in head.lower():
            raise Wrong(f"not a stream: {head[:200]!r}")
        self.status, self._raw = int(head.split(b" ", 2)[1]), rest
        return True

    def _chunk(self) -> bool:
        if self._left < 0:
            size, end, rest = self._raw.partition(b"\r\n")
            if not end:
                return False
            self._left, self._raw = int(size, 16), rest
        if len(self._raw) < self._left + 2:
            return False
        self.ended = self._left == 0
        self._text += self._raw[: self._left]
        self._raw, self._left = self._raw[self._left + 2 :], -1
        return True

    def _event(self, event: bytes) -> None:
        lines = dict(line.partition(b": ")[::2] for line in event.split(b"\n"))
        if lines.get(b"event") == b"state":
            data = lines[b"data"]
            self.seen.append(Seen(int(lines[b"id"]), now(), hashlib.sha256(data).hexdigest()))
            self.last = data
        if b"event" in lines:
            self.greeted.set()


async def follow(port: int, path: str, cookies: Sequence[str], *, greeted: bool = True) -> list[Follower]:
    """Everybody connected, and (unless the server greets nobody) heard from once."""
    loop = asyncio.get_running_loop()
    crowd = []
    for cookie in cookies:
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n".encode()
        _transport, follower = await loop.create_connection(lambda r=request: Follower(r), "127.0.0.1", port)
        crowd.append(follower)
    if greeted:
        await asyncio.wait_for(asyncio.gather(*(f.greeted.wait() for f in crowd)), 60)
    refused = [f.status for f in crowd if f.lost]
    if refused:
        raise Wrong(f"{len(refused)} of {len(crowd)} streams did not open: {set(refused)}")
    return crowd


# --- polls ---


@dataclass(frozen=True)
class Poll:
    start: float
    end: float
    status: int
    rev: int


class Poller(Reader):
    """Asks at the interval the server sends, over one kept connection."""

    def __init__(self, port: int, path: str, cookie: str, *, every: float | None = None, etag: bool = False) -> None:
        super().__init__()
        self.port, self.path, self.cookie, self.every, self.etag = port, path, cookie, every, "" if etag else None
        self.polls: list[Poll] = []
        self.asked_rev = self.reopened = 0
        self.pause = every or 0.0

    async def run(self, stop: asyncio.Event, delay: float) -> None:
        """A kept connection that the server closed between two polls (it retires workers) is opened again."""
        self.pause = delay
        while not stop.is_set():
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                while not await _stopped(stop, self.pause):
                    await self.ask(reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError):
                self.reopened += 1
                self.pause = 0.1
            finally:
                writer.close()

    async def ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        start = now()
        joint = "&" if "?" in self.path else "?"
        seen = f"If-None-Match: {self.etag}\r\n" if self.etag else ""
        address = self.path if self.etag is not None else f"{self.path}{joint}v={self.asked_rev}"
        writer.write(
            f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: {self.cookie}\r\n{seen}\r\n".encode()
        )
        status, headers, body = await read_answer(reader)
        self.octets += len(body)
        rev = int(headers.get("x-live-rev", -1))
        self.polls.append(Poll(start, now(), status, rev))
        if status == 200:
            self.seen.append(Seen(rev, now(), hashlib.sha256(body).hexdigest()))
            self.asked_rev = rev
        if self.etag is not None:
            self.etag = headers.get("etag", "")
        self.pause = self.every or int(headers.get("x-live-next", 5000)) / 1000


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(stop.wait(), max(seconds, 0.001))
    except TimeoutError:
        return False
    return True


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(first.split(" ", 2)[1])
    if "chunked" in headers.get("transfer-encoding", ""):
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return status, headers, body
    return status, headers, await reader.readexactly(int(headers.get("content-length", 0)))


async def get(port: int, path: str, cookie: str = "") -> tuple[int, dict[str, str], bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n".encode()
        )
        return await read_answer(reader)
    finally:
        writer.close()


async def post(port: int, path: str, cookie: str, fields: dict[str, str]) -> tuple[int, bytes]:
    """A form as the script of a page sends it, with its token."""
    token, body = "t" * 32, urlencode(fields).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}; csrftoken={token}\r\n"
            f"X-CSRFToken: {token}\r\nX-Room: 1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        status, _headers, answer = await read_answer(reader)
        return status, answer
    finally:
        writer.close()


# --- what was seen ---


@dataclass(frozen=True)
class Written:
    """A write: when it was asked for, when it was committed (or acknowledged), and the version it made."""

    rev: int
    asked: float
    done: float


async def write_on_time(offsets: Iterable[float], write: Callable[[], Awaitable[Written]]) -> list[Written]:
    """Each at its time, whether or not those before it are done: people do not queue for each other."""
    start = now()
    waiting = []
    for offset in offsets:
        await asyncio.sleep(max(0.0, start + offset - now()))
        waiting.append(asyncio.create_task(write()))
    return list(await asyncio.gather(*waiting))


async def all_seen(crowd: Sequence[Reader], rev: int, seconds: float) -> bool:
    end = now() + seconds
    while now() < end:
        if all(client.rev >= rev for client in crowd):
            return True
        await asyncio.sleep(0.01)
    return False


def delivered(crowd: Sequence[Reader], written: Sequence[Written]) -> tuple[list[float], list[float]]:
    """Seconds from commit until everybody saw it, by write; and from commit to each single client."""
    everybody, each = [], []
    for one in written:
        times = [client.first_from(one.rev) for client in crowd]
        if None in times:
            raise Wrong(f"{times.count(None)} of {len(crowd)} clients never saw version {one.rev}")
        waits = [t - one.done for t in times if t is not None]
        everybody.append(max(waits))
        each += waits
    return everybody, each


def must_agree(crowd: Sequence[Reader], digest: str, side: str) -> None:
    """Everybody ended with the content the server holds, byte for byte."""
    other = [client for client in crowd if not client.seen or client.seen[-1].digest != digest]
    if other:
        raise Wrong(f"{side}: {len(other)} of {len(crowd)} clients ended with other content than the server's")


def of_event(data: bytes) -> str:
    """The fragment inside an event."""
    html: str = json.loads(data)["html"]
    return hashlib.sha256(html.encode()).hexdigest()


def ms(seconds: Sequence[float], share: float) -> float:
    return 1000 * percentile(seconds, share)
