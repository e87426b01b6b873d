"""P14: a change of a workshop is pushed to 200 people, once a second with bursts of five.

Two ratios to a bare writer. `delivery`: the push path over a fragment that is ready. `cpu`: the whole process, which
also reads 60 items from the database and renders them, and which the floor is handed; what that may cost is bounded by
`core`, and its ratio is held against the one accepted last.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

from bench import crowd
from bench.crowd import Follower, Poller, Written
from bench.figures import figure
from bench.house import House, Server
from bench.meter import Sample, measured
from bench.pair import FLOOR, NAIVE, OURS, WATCHED, Bound, Figure, Wrong
from bench.workshop import Room

CLIENTS, ITEMS = 200, 60
READY = "ready"  # ours, without reading and rendering
SETTLE = 0.7  # seconds after the last one connected
LATE = {OURS: 5.0, READY: 5.0, FLOOR: 5.0, NAIVE: 60.0}  # seconds for the last version to arrive; the usual way queues
BURST = (0.0, 0.2, 0.4, 0.6, 0.8)


def schedule(quick: bool) -> tuple[list[float], float]:
    """When to write, and how long to look: a write a second, with bursts of five in one second."""
    if quick:
        return [0.0, *(1.0 + s for s in BURST), 2.5], 3.2
    calm = [float(s) for s in range(20) if s % 5 != 3]
    return sorted([*calm, *(second + s for second in (3, 8, 13, 18) for s in BURST)]), 21.0


@figure
class Pushed(Figure):
    id, title = "P14", "live workshop pushed, 200 clients, 60 items"
    seed = 11
    is_paced = True
    sides = (OURS, READY, FLOOR, NAIVE)
    warmed, seldom = (OURS, READY), (NAIVE,)
    bounds = (
        Bound("delivery", 3.0, "ratio", READY),
        Bound("cpu", WATCHED, "ratio"),
        Bound("p95_ms", 100),  # from commit until everybody has it
        Bound("core", 0.15),  # of one core, the process that holds the streams
        Bound("lost", 0),
        Bound("errors", 0),
    )

    def open(self) -> None:
        self.n, self.loop = CLIENTS, asyncio.Runner()
        self.house = House(self.engine)
        self.house.open()
        self.room = Room(self.house, seats=CLIENTS, items=ITEMS, phase="cluster")
        self.servers: dict[str, Server] = {OURS: self.house.uvicorn()}
        self.html = self.loop.run(self._fragment())
        ready = self.house.folder / "fragment.html"
        ready.write_text(self.html, encoding="utf-8")
        self.version = 0
        self.servers |= {
            READY: self.house.uvicorn("bench.ready:application", READY_FRAGMENT=str(ready)),
            FLOOR: self.house.raw("sse_raw.py"),
            NAIVE: self.house.gunicorn("bench.naive.poll:application"),
        }

    def close(self) -> None:
        if hasattr(self, "house"):
            self.house.close()
            self.loop.close()

    def play(self, side: str, *, seed: int) -> Sample:
        return self.loop.run({OURS: self._ours, READY: self._ready, FLOOR: self._floor, NAIVE: self._naive}[side]())

    def spoilt(self, round_: dict[str, Sample]) -> str:
        ours, floor = round_[OURS].facts, round_[FLOOR].facts
        if ours["median_ms"] < floor["fastest_ms"]:
            raise Wrong(f"a latency of {ours['median_ms']:.2f} ms is below the floor's own: nobody read the answer")
        for side in (OURS, READY):
            theirs = round_[side].facts
            each, whole = theirs["kilobytes"] / theirs["events"], floor["kilobytes"] / floor["events"]
            if abs(each / whole - 1) > 0.02:
                raise Wrong(f"{side} wrote {each:.1f} kB for an event, the floor {whole:.1f}")
            if theirs["events"] != floor["events"]:  # two changes met in one frame: less work, no better path
                return f"{side} delivered {theirs['events']:g} events, the floor {floor['events']:g}"
        return "the floor itself was late" if floor["p95_ms"] > 50 else ""

    # --- the sides ---

    async def _ours(self) -> Sample:
        server = self.servers[OURS]
        path = f"/w/{self.room.key}/stream?view=phone&v={self.room.rev}"
        followers = await crowd.follow(server.port, path, self.room.cookies)
        sample = await self._watched(OURS, followers, self.room.write)
        status, _headers, body = await crowd.get(
            server.port, f"/w/{self.room.key}/live?view=phone", self.room.cookies[0]
        )
        if status != 200 or crowd.of_event(followers[0].last) != hashlib.sha256(body).hexdigest():
            raise Wrong(f"what was pushed is not what a poll answers ({status})")
        return sample

    async def _ready(self) -> Sample:
        followers = await crowd.follow(self.servers[READY].port, "/stream?v=0", self.room.cookies)
        return await self._watched(READY, followers, self._tell_ready)

    async def _tell_ready(self) -> Written:
        self.version += 1
        asked = crowd.now()
        self.house.redis().publish("pilotage:live", f"ready {self.version}")
        return Written(self.version, asked, asked)

    async def _floor(self) -> Sample:
        """The same fragment, as long and as often; only the version differs."""
        followers = await crowd.follow(self.servers[FLOOR].port, "/", self.room.cookies, greeted=False)
        return await self._watched(FLOOR, followers, self._tell_floor)

    async def _tell_floor(self) -> Written:
        self.version += 1
        asked = crowd.now()
        event = {"rev": self.version, "phase": "cluster", "ended": False, "html": self.html}
        line = f"{self.version} {json.dumps(event, ensure_ascii=False)}\n"
        self.servers[FLOOR].process.stdin.write(line)  # type: ignore[union-attr]
        return Written(self.version, asked, asked)

    async def _fragment(self) -> str:
        """As it stands under way: each change names itself, the last three are shown."""
        for _ in range(3):
            await self.room.write()
        port = self.servers[OURS].port
        _status, _headers, body = await crowd.get(port, f"/w/{self.room.key}/live?view=phone", self.room.cookies[0])
        return body.decode()

    async def _naive(self) -> Sample:
        server, stop = self.servers[NAIVE], asyncio.Event()
        pollers = [Poller(server.port, f"/naive/{self.room.key}", c, every=1.0, etag=True) for c in self.room.cookies]
        tasks = [asyncio.create_task(p.run(stop, n / CLIENTS)) for n, p in enumerate(pollers)]
        await crowd.all_seen(pollers, 0, 30)
        sample = await self._watched(NAIVE, pollers, self.room.write)
        stop.set()
        await asyncio.gather(*tasks)
        sample.facts["errors"] += sum(p.status >= 500 for poller in pollers for p in poller.polls)
        return sample

    # --- what they share ---

    async def _watched(self, side: str, clients: list[Any], write: Any) -> Sample:
        """The load on time, the same window for all; then everybody must hold the last version."""
        offsets, seconds = schedule(self.quick)
        await asyncio.sleep(SETTLE)
        octets, events = sum(c.octets for c in clients), sum(len(c.seen) for c in clients)
        process, database = self.servers[side].pid, self.house.database_pid if side in (OURS, NAIVE) else 0
        writer = [self.room.told["backend"]]  # its work is no delivery
        with (
            measured(own=False, pids=[process]) as alone,
            measured(own=False, pids=[process, database], without=writer) as used,
        ):
            end = crowd.now() + seconds
            written = await crowd.write_on_time(offsets, write)
            await asyncio.sleep(max(0.0, end - crowd.now()))
        last = max(w.rev for w in written)
        arrived = await crowd.all_seen(clients, last, LATE[side])
        everybody, each = crowd.delivered(clients, written) if arrived else ([], [])
        facts = self._facts(clients, alone.cpu_s / alone.wall_s, everybody, each, last)
        facts["kilobytes"] = (sum(c.octets for c in clients) - octets) / 1024
        facts["events"] = (sum(len(c.seen) for c in clients) - events) / len(clients)
        await _leave(clients)
        if not arrived:
            raise Wrong(f"{side}: {facts['lost']:.0f} of {len(clients)} clients never got version {last}")
        crowd.must_agree(clients, clients[0].seen[-1].digest, side)
        return Sample(used.cpu_s, used.wall_s, alone.rss_mb, steal=used.steal, facts=facts)

    def _facts(
        self, clients: list[Any], core: float, everybody: list[float], each: list[float], last: int
    ) -> dict[str, float]:
        broken = [c for c in clients if isinstance(c, Follower) and (c.status != 200 or c.lost or c.ended)]
        facts = {"core": core, "lost": float(sum(c.rev < last for c in clients)), "errors": float(len(broken))}
        if everybody:
            facts |= {
                "p95_ms": crowd.ms(everybody, 0.95), "worst_ms": 1000 * max(everybody),
                "median_ms": crowd.ms(each, 0.5), "fastest_ms": 1000 * min(each),
            }  # fmt: skip
        return facts


async def _leave(clients: list[Any]) -> None:
    for client in clients:
        if isinstance(client, Follower):
            client.transport.close()
    await asyncio.sleep(0.2)
