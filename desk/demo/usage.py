"""Twelve weeks of an invented runtime, read by the real pull: silent days, an outage, suppressed small groups."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from desk.demo.calendar import Beat, Calendar
from desk.demo.cases import Cases
from desk.demo.cast import Cast
from desk.demo.pilots import OUTAGE_DAYS, OUTAGE_WEEK
from foundation import clock
from foundation.jobs import unschedule
from foundation.jobs.models import Job, Schedule
from metrics.connectors.base import DAILY_CAPABILITIES, AppRecord, Capability, DailyPage, DayRecord, Probe
from metrics.models import Pilot, RuntimeApp, RuntimeConnection
from metrics.services.usage import add_connection, link_app
from metrics.services.usage_sync import probe_connection, sync_usage

ZONE = "UTC"
APPS = (
    # (external id, name, mode, case or none, runs on a working day, tokens a run, users)
    ("0d4c5a10-7f0e-4a3b-9a51-0a6f3b1c0001", "Health-check report writer", "workflow", "reports", 5, 8200, 7),
    ("0d4c5a10-7f0e-4a3b-9a51-0a6f3b1c0002", "Database triage", "advanced-chat", "triage", 9, 3100, 6),
    ("0d4c5a10-7f0e-4a3b-9a51-0a6f3b1c0003", "Known-fix finder (trial)", "chat", "", 2, 1500, 3),
)
TRIAL = (("0d4c5a10-7f0e-4a3b-9a51-0a6f3b1c0004", "Certificate check (trial)", "workflow", "", 3, 900, 5),)


class InventedRuntime:
    """Answers like a connector; what it tells is drawn once from a fixed seed."""

    def __init__(self, calendar: Calendar, apps: tuple[tuple[Any, ...], ...] = APPS) -> None:
        self.calendar, self.apps = calendar, apps

    def probe(self) -> Probe:
        return Probe("1.14.2", tuple(Capability(c, True) for c in DAILY_CAPABILITIES), ZONE, ("Shanghai hub",), ())

    def capabilities(self) -> frozenset[str]:
        return frozenset(DAILY_CAPABILITIES)

    def read_zone(self) -> str:
        return ZONE

    def list_apps(self) -> Iterator[tuple[AppRecord, ...]]:
        born = datetime.combine(self.calendar.box_starts - timedelta(days=9), datetime.min.time(), UTC)
        yield tuple(AppRecord(key, name, mode, created_at=born) for key, name, mode, *_rest in self.apps)

    def fetch_daily(self, app: AppRecord, d0: date, d1: date) -> DailyPage:
        last = min(d1, clock.today(ZONE) + timedelta(days=1))
        days = tuple(self._day(app, d0 + timedelta(days=i)) for i in range(max(0, (last - d0).days)))
        told = hashlib.sha256(repr(days).encode()).hexdigest()
        return DailyPage(days, (), frozenset(), 4, told)

    def _day(self, app: AppRecord, day: date) -> DayRecord:
        _key, _name, mode, _case, usual, tokens, users = next(a for a in self.apps if a[0] == app.external_id)
        draw = random.Random(f"{app.external_id} {day}")  # noqa: S311 - invented usage
        runs = self._runs(draw, day, usual)
        spent = sum(round(tokens * draw.uniform(0.6, 1.5)) for _run in range(runs))
        chat = mode != "workflow"
        return DayRecord(
            app_id=app.external_id,
            day=day,
            zone=ZONE,
            runs=None if chat else runs,
            messages=runs * 3 if chat else None,
            conversations=runs if chat else None,
            users_distinct=min(users, runs),
            tokens_total=spent,
            cost=round(spent * 14) if chat else None,  # 1e-7 units; workflow apps report tokens only
            currency="USD" if chat else None,
            latency_avg_ms=None,
            satisfaction_per_mille=None,
            tokens_per_second=None,
        )

    def _runs(self, draw: random.Random, day: date, usual: int) -> int:
        if day < self.calendar.box_starts or day.weekday() >= 5:
            return 0
        week = (day - self.calendar.box_starts).days // 7
        if week == OUTAGE_WEEK and day.weekday() < OUTAGE_DAYS:
            return 0
        learning = 0.4 if week == 0 else 0.7 if week == 1 else 1.0
        return max(0, round(draw.gauss(usual * learning, 1.2)))


class Reader:
    """One connection and the runtime behind it, read again and again."""

    def __init__(self, cast: Cast, runtime: InventedRuntime, name: str, address: str) -> None:
        self.cast, self.runtime, self.name, self.address = cast, runtime, name, address
        self.connection: RuntimeConnection | None = None

    def open(self) -> None:
        self.connection = add_connection(
            actor=self.cast.actor("architect"),
            unit=self.cast.units["CN"],
            name=self.name,
            base_url=self.address,
            workspace_ref="7b0d2f3e-4c6a-4f5e-8d17-000000000001",
            secret="demo-admin-key-that-opens-nothing",
            test=False,
        )
        probe_connection(actor=self.cast.actor("architect"), connection=self.connection, connector=self.runtime)
        self.read("button")

    def read(self, trigger: str = "schedule") -> None:
        connection = RuntimeConnection.objects.get(name=self.name)
        me = self.cast.actor("architect")
        sync_usage(actor=me, connection=connection, trigger=trigger, connector=self.runtime)


def read_usage(calendar: Calendar, cast: Cast, cases: Cases, pilots: dict[str, Pilot]) -> Iterator[Beat]:
    main = Reader(cast, InventedRuntime(calendar), "Dify Shanghai", "https://dify.meridian.example")
    yield calendar.monday(0) - timedelta(days=6), main.open
    yield calendar.monday(0) - timedelta(days=2), partial(_link, cast, cases, pilots)
    for day in range((calendar.monday(0) - calendar.at(0)).days + 14, -3, 21):
        yield calendar.at(day, 20), main.read
    yield calendar.latest - timedelta(minutes=5), main.read
    # The same days delivered twice: the second time nothing changes.
    yield calendar.latest, partial(main.read, "button")
    yield from _silent_source(calendar, cast)


def _silent_source(calendar: Calendar, cast: Cast) -> Iterator[Beat]:
    """A trial installation that has told nothing for three days."""
    trial = Reader(cast, InventedRuntime(calendar, TRIAL), "Dify trial", "https://dify-trial.meridian.example")
    yield calendar.at(-24, 9), trial.open
    for day in (-17, -10, -3):
        yield calendar.at(day, 9), trial.read


def _link(cast: Cast, cases: Cases, pilots: dict[str, Pilot]) -> None:
    for key, _name, _mode, case, *_rest in APPS:
        if case:
            link_app(
                actor=cast.actor("lead"),
                app=RuntimeApp.objects.get(external_id=key),
                candidate=cases.candidates[case],
                pilot=pilots[case],
                stage="pilot",
            )


def stop_reading() -> None:
    """The invented runtime answers nobody else."""
    for row in Schedule.objects.filter(kind="metrics.sync_usage"):
        unschedule(row.name)
    Job.objects.filter(kind__in=["metrics.sync_usage", "metrics.probe_connection"]).delete()
