"""P14b: the same workshop by polling alone, while 200 people vote over 60 items."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from bench import crowd
from bench.crowd import Poller, Written
from bench.figures import figure
from bench.house import House
from bench.meter import Reading, Sample, measured
from bench.pair import OURS, Bound, Figure, Wrong
from bench.workshop import Room

CLIENTS, ITEMS = 200, 60
CALM_CONNECTIONS, CALM_SECONDS, CALM_QUICK = 16, 4.0, 2.0  # the fixed load that prices one poll
BURST = (0.0, 0.2, 0.4, 0.6, 0.8)


def schedule(quick: bool) -> tuple[list[float], float]:
    """Two writes a second, and every fifth second a burst of five."""
    seconds = 8 if quick else 40
    calm = [s + half for s in range(seconds - 1) if s % 5 != 3 for half in (0.0, 0.5)]
    return sorted([*calm, *(s + b for s in range(3, seconds - 1, 5) for b in BURST)]), float(seconds)


@figure
class Polled(Figure):
    id, title = "P14b", "live workshop polled, 200 clients, 60 items, 2 writes a second and bursts of 5"
    sides = (OURS,)
    seed = 11
    is_paced, warmed = True, ()
    bounds = (
        Bound("p95_ms", 500),  # the write itself and the poll that shows it; the wait between two polls left out
        Bound("core", 0.5),  # of one core: web process and the database that served it
        Bound("poll_ms", 4),  # CPU of a poll that finds nothing new
        Bound("lost", 0),
        Bound("errors", 0),
    )

    def open(self) -> None:
        self.n, self.loop = CLIENTS, asyncio.Runner()
        self.house = House(self.engine)
        self.house.open()
        self.room = Room(self.house, seats=CLIENTS, items=ITEMS, phase="vote")
        self.server = self.house.uvicorn(DJANGO_SETTINGS_MODULE="bench.settings")

    def close(self) -> None:
        if hasattr(self, "house"):
            self.house.close()
            self.loop.close()

    def play(self, side: str, *, seed: int) -> Sample:
        return self.loop.run(self._play())

    @property
    def pids(self) -> list[int]:
        """The web process, which takes the writes too, and the database that serves it."""
        return [self.server.pid, self.house.database_pid]

    @property
    def path(self) -> str:
        return f"/w/{self.room.key}/live?view=phone"

    async def _play(self) -> Sample:
        price = await self._unchanged()
        stop = asyncio.Event()
        pollers = [Poller(self.server.port, self.path, cookie) for cookie in self.room.cookies]
        tasks = [asyncio.create_task(p.run(stop, n * 2 / CLIENTS)) for n, p in enumerate(pollers)]
        if not await crowd.all_seen(pollers, 0, 30):
            raise Wrong("not everybody got a first answer")
        for poller in pollers:
            poller.polls.clear()
        offsets, seconds = schedule(self.quick)
        with measured(own=False, pids=self.pids) as used:
            end = crowd.now() + seconds
            written = await crowd.write_on_time(offsets, lambda: self.room.vote(self.server.port))
            await asyncio.sleep(max(0.0, end - crowd.now()))
        last = max(w.rev for w in written)
        arrived = await crowd.all_seen(pollers, last, 15)
        stop.set()
        await asyncio.gather(*tasks)
        if not arrived:
            raise Wrong(f"{sum(p.rev < last for p in pollers)} of {CLIENTS} clients never got version {last}")
        await self._agree(pollers)
        return self._sample(used, end, pollers, written, price)

    async def _unchanged(self) -> float:
        """Milliseconds of CPU for one 204, everything that answers it counted."""
        done: list[int] = []
        _status, headers, _body = await crowd.get(self.server.port, self.path, self.room.cookies[0])
        end = crowd.now() + (CALM_QUICK if self.quick else CALM_SECONDS)

        async def ask(cookie: str) -> None:
            poller = Poller(self.server.port, self.path, cookie)
            poller.asked_rev = int(headers["x-live-rev"])
            reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
            while crowd.now() < end:
                await poller.ask(reader, writer)
            writer.close()
            done.extend(poll.status for poll in poller.polls)

        with measured(own=False, pids=self.pids) as used:
            await asyncio.gather(*(ask(cookie) for cookie in self.room.cookies[:CALM_CONNECTIONS]))
        if set(done) != {204}:
            raise Wrong(f"a poll that should find nothing was answered {set(done)}")
        return 1000 * used.cpu_s / len(done)

    async def _agree(self, pollers: list[Poller]) -> None:
        status, _headers, body = await crowd.get(self.server.port, self.path, self.room.cookies[0])
        if status != 200:
            raise Wrong(f"the fragment was answered {status}")
        crowd.must_agree(pollers, hashlib.sha256(body).hexdigest(), OURS)

    def _sample(self, used: Reading, end: float, pollers: list[Poller], written: list[Written], price: float) -> Sample:
        kept = self.room.check()
        waits = [_seen_by_everybody(write, pollers) for write in written]
        polls = [poll for poller in pollers for poll in poller.polls]
        facts: dict[str, Any] = {
            "p95_ms": crowd.ms(waits, 0.95), "worst_ms": 1000 * max(waits), "core": used.cpu_s / used.wall_s,
            "poll_ms": price, "lost": float(kept["lost"] + abs(kept["extra"])),
            "errors": float(sum(p.status >= 500 for p in polls)), "writes": float(len(written)),
            "polls_a_second": sum(p.end <= end for p in polls) / used.wall_s,
            "write_p95_ms": crowd.ms([w.done - w.asked for w in written], 0.95),
            "answer_p95_ms": crowd.ms([p.end - p.start for p in polls], 0.95),
        }  # fmt: skip
        return Sample(used.cpu_s, used.wall_s, used.rss_mb, steal=used.steal, facts=facts)


def _seen_by_everybody(write: Written, pollers: list[Poller]) -> float:
    """The write, and the slowest of the polls that brought it. A later poll that shows less is a lost update."""
    slowest = 0.0
    for poller in pollers:
        for poll in poller.polls:
            if poll.rev >= write.rev:
                slowest = max(slowest, poll.end - max(poll.start, write.asked))
                break
            if poll.start > write.done:
                raise Wrong(f"a poll after version {write.rev} still told {poll.rev}")
    return (write.done - write.asked) + slowest
