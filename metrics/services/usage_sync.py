"""Reading a runtime. The network is never inside a transaction; each window commits rows and progress together."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.bilingual import pick
from foundation.errors import Reason, Refused, TooMany
from foundation.jobs import JobRun
from foundation.jobs.models import Job
from foundation.work import unit_of_work
from metrics.connectors.base import (
    MAX_TRIES,
    AppRecord,
    Capability,
    Connector,
    ConnectorRefused,
    DailyPage,
    Probe,
    Sentence,
    next_window_delay,
    say,
)
from metrics.models import RuntimeApp, RuntimeConnection, SyncRun, SyncWindow
from metrics.services.usage_rows import advance, count, rows_digest, write_days
from metrics.telemetry.days import BACKFILL_DAYS, OVERLAP, today_in, windows
from metrics.telemetry.runtime import both, open_runtime

SYNC, PROBE = "metrics.sync_usage", "metrics.probe_connection"
UNAUTHORIZED, ZONE_CHANGED = "unauthorized", "zone_changed"
LIVE = (Job.State.QUEUED, Job.State.RUNNING)
EDGE = timedelta(seconds=1)  # a job woken for the stated moment may see the clock a fraction before it

_rng = random.Random()  # noqa: S311 - spreading load, not security


# --- test of a connection ---------------------------------------------------------------------------------------


def probe_connection(
    *, actor: Actor, connection: RuntimeConnection, run: JobRun | None = None, connector: Connector | None = None
) -> dict[str, Any]:
    """Ask version, zone and workspaces; keep the answer or the reason there is none. Reads no usage."""
    require(actor, "metrics.sync.run", connection)
    if run:
        run.progress(0, 1, _("Asking the runtime"))
    try:
        found = (connector or _opened(connection, run)).probe()
    except ConnectorRefused as refusal:
        _keep_failed_probe(actor, connection, refusal, run)
        return {"outcome": "failed", "code": refusal.code}
    _keep_probe(actor, connection, found, run)
    return {"outcome": "done", "version": found.version or "", "zone": found.zone}


def _opened(connection: RuntimeConnection, run: JobRun | None, pull: Pull | None = None) -> Connector:
    """The secret or the address may be unusable before any call."""
    beat = pull.renew if pull else None
    try:
        return open_runtime(connection, beat)
    except Refused as refusal:
        raise ConnectorRefused(refusal.code, both(refusal.reasons[0].text)) from refusal


def _keep_probe(actor: Actor, connection: RuntimeConnection, found: Probe, run: JobRun | None) -> None:
    facts: dict[str, Any] = {
        "server_version": found.version or "",
        "capabilities": {c.name: _capability(c) for c in found.capabilities},
        "probe": {"at": clock.now().isoformat(), "zone": found.zone, "warnings": list(found.warnings)},
    }
    with unit_of_work():
        _fence(run)
        fresh = RuntimeConnection.objects.select_for_update().get(pk=connection.pk)
        if not fresh.day_timezone:
            facts["day_timezone"] = found.zone
        elif fresh.day_timezone != found.zone:
            facts |= {"attention": ZONE_CHANGED, "zone_seen": found.zone}
        if fresh.attention == UNAUTHORIZED or (fresh.attention == ZONE_CHANGED and fresh.day_timezone == found.zone):
            facts |= {"attention": "", "zone_seen": "", "last_error": {}}
        RuntimeConnection.objects.filter(pk=fresh.pk).update(**facts)
        record(actor, "connection.probed", fresh, outcome="done", version=found.version or "–", zone=found.zone)
    connection.refresh_from_db()


def _capability(found: Capability) -> dict[str, Any]:
    return {"available": found.available, "since": found.since or "", "reason": found.reason or {}}


def _keep_failed_probe(
    actor: Actor, connection: RuntimeConnection, refusal: ConnectorRefused, run: JobRun | None
) -> None:
    error = {"code": refusal.code, **refusal.sentence}
    facts: dict[str, Any] = {"probe": {"at": clock.now().isoformat(), "error": error}}
    if refusal.needs_person:
        facts |= {"attention": UNAUTHORIZED, "last_error": error, "last_error_at": clock.now()}
    with unit_of_work():
        _fence(run)
        RuntimeConnection.objects.filter(pk=connection.pk).update(**facts)
        record(actor, "connection.probed", connection, outcome="failed", code=refusal.code)
    connection.refresh_from_db()


def _fence(run: JobRun | None) -> None:
    if run:
        run.fence()


# --- the pull ---------------------------------------------------------------------------------------------------


def sync_usage(
    *,
    actor: Actor,
    connection: RuntimeConnection,
    run: JobRun | None = None,
    trigger: str = "schedule",
    connector: Connector | None = None,
) -> dict[str, Any]:
    """Zone, inventory, then every app's days, oldest first. Raises TooMany where the runtime must be left in peace.

    Safe to run twice and to be killed anywhere: what is committed stays, the next run asks for the rest."""
    require(actor, "metrics.sync.run", connection)
    idle = why_not_now(connection, trigger, run)
    if idle:
        return {"outcome": "skipped", "why": idle}
    pull = Pull(actor, connection, begin_run(connection, trigger, run), run)
    try:
        pull.read(connector or _opened(connection, run, pull))
    except ConnectorRefused as refusal:
        return pull.give_up(refusal)
    return pull.finish()


def why_not_now(connection: RuntimeConnection, trigger: str, run: JobRun | None) -> str:
    """A schedule asks nothing of a runtime a person must look at, nor before the moment it named."""
    if connection.paused:
        return "paused"
    if connection.attention and trigger == "schedule":
        return connection.attention
    if connection.next_try_at and connection.next_try_at > clock.now() + EDGE:
        return "waiting"
    if run and _older_live_job(connection, run):
        return "already_reading"
    return ""


def live_jobs(connection: RuntimeConnection, kind: str = SYNC) -> Any:
    return Job.objects.filter(kind=kind, args__connection_id=str(connection.pk), state__in=LIVE).order_by(
        "queued_at", "pk"
    )


def _older_live_job(connection: RuntimeConnection, run: JobRun) -> bool:
    first = live_jobs(connection).first()
    return first is not None and str(first.pk) != run.id


def begin_run(connection: RuntimeConnection, trigger: str, run: JobRun | None) -> SyncRun:
    """A job that starts again goes on with its run; runs nobody works on any more are closed."""
    ref = run.id if run else ""
    with unit_of_work():
        _fence(run)
        open_runs = SyncRun.objects.filter(connection=connection, outcome=SyncRun.Outcome.RUNNING)
        found = open_runs.filter(job_ref=ref).first() if ref else None
        stopped = say("The reading was interrupted; a later one went on.", "读取中断，由之后的读取继续完成。")
        open_runs.exclude(pk=found.pk if found else None).update(
            outcome=SyncRun.Outcome.FAILED, finished_at=clock.now(), error_code="interrupted", error=stopped
        )
        return found or SyncRun.objects.create(connection=connection, trigger=trigger, job_ref=ref)


@dataclass
class Pull:
    """One reading of one connection."""

    actor: Actor
    connection: RuntimeConnection
    sync_run: SyncRun
    run: JobRun | None
    done: int = 0
    total: int = 0
    message: str = ""
    problems: list[tuple[RuntimeApp, ConnectorRefused]] = field(default_factory=list)

    def read(self, connector: Connector) -> None:
        self.tell(_("Asking for the time zone"))
        self.check_zone(connector.read_zone())
        self.tell(_("Listing the apps"))
        apps = self.store_inventory([app for page in connector.list_apps() for app in page])
        self.total = len(apps)
        for app, told in apps:
            self.tell(app.name)
            self.read_app(connector, app, told)
            self.done += 1

    def tell(self, message: str) -> None:
        self.message = message
        self.renew()

    def renew(self) -> None:
        if self.run:
            self.run.progress(self.done, self.total, self.message)

    def check_zone(self, zone: str) -> None:
        """Daily facts of two zones are never added: another zone stops the reading before anything is fetched."""
        stored = self.connection.day_timezone
        if stored and stored != zone:
            raise ConnectorRefused(ZONE_CHANGED, _zone_sentence(stored, zone), params={"zone": zone})
        settled = {"day_timezone": zone, "zone_seen": ""}
        if self.connection.attention == ZONE_CHANGED:
            settled["attention"] = ""
        RuntimeConnection.objects.filter(pk=self.connection.pk).update(**settled)
        self.connection.refresh_from_db()

    def store_inventory(self, told: list[AppRecord]) -> list[tuple[RuntimeApp, AppRecord]]:
        """The whole list or nothing: only a complete list can say that an app is gone."""
        with unit_of_work():
            _fence(self.run)
            self._count_calls(1)
            known = {app.external_id: app for app in RuntimeApp.objects.filter(connection=self.connection)}
            _rename(known, told)
            new = [_new_app(self.connection, app) for app in told if app.external_id not in known]
            RuntimeApp.objects.bulk_create(new)
            seen = {app.external_id: app for app in told}
            mine = RuntimeApp.objects.filter(connection=self.connection)
            mine.filter(external_id__in=seen).update(last_seen=clock.now(), gone_at=None)
            mine.exclude(external_id__in=seen).filter(gone_at=None).update(gone_at=clock.now())
            SyncWindow.objects.bulk_create(SyncWindow(connection=self.connection, app=app) for app in new)
        apps = RuntimeApp.objects.filter(connection=self.connection, external_id__in=seen).order_by("external_id")
        return [(app, seen[app.external_id]) for app in apps]

    def read_app(self, connector: Connector, app: RuntimeApp, told: AppRecord) -> None:
        """A fault of one app does not keep the others from being read; one of the runtime does."""
        window = SyncWindow.objects.get_or_create(connection=self.connection, app=app)[0]
        try:
            for first, until, end in self.spans(app, window):
                self.commit(app, window, connector.fetch_daily(told, first, until), until, end)
        except ConnectorRefused as refusal:
            self._window_failed(window, refusal)
            if refusal.may_retry or refusal.needs_person:
                raise
            if refusal.code == "app_gone":
                RuntimeApp.objects.filter(pk=app.pk).update(gone_at=clock.now())
            else:
                self.problems.append((app, refusal))

    def spans(self, app: RuntimeApp, window: SyncWindow) -> Iterable[tuple[date, date, date]]:
        zone = self.connection.day_timezone
        end = today_in(clock.now(), zone) + timedelta(days=1)
        first = today_in(app.first_seen, zone) - timedelta(days=BACKFILL_DAYS)
        if window.closed_through:
            first = max(first, window.closed_through - timedelta(days=OVERLAP))
        return [(a, b, end) for a, b in windows(first, end)]

    def commit(self, app: RuntimeApp, window: SyncWindow, page: DailyPage, until: date, end: date) -> None:
        """Rows, restatements, progress and counts together, and only while the lease is ours."""
        with unit_of_work():
            _fence(self.run)
            RuntimeConnection.objects.select_for_update().get(pk=self.connection.pk)
            written = write_days(self.sync_run, app, page.days)
            advance(window, until, end, self.connection.day_timezone)
            count(self.sync_run, written)
            self._count_calls(page.calls)
        self.renew()

    def _count_calls(self, calls: int) -> None:
        SyncRun.objects.filter(pk=self.sync_run.pk).update(calls=F("calls") + calls)

    def _window_failed(self, window: SyncWindow, refusal: ConnectorRefused) -> None:
        person = SyncWindow.Progress.NEEDS_ATTENTION if refusal.needs_person else SyncWindow.Progress.FAILED
        SyncWindow.objects.filter(pk=window.pk).update(
            progress=person, attempts=F("attempts") + 1, error_code=refusal.code[:40]
        )

    # --- how it ends ---

    def finish(self) -> dict[str, Any]:
        if self.problems:
            return self.fail("apps_failed", _several(self.problems))
        with unit_of_work():
            self._end(SyncRun.Outcome.DONE, "", {})
            RuntimeConnection.objects.filter(pk=self.connection.pk).update(
                last_ok_at=clock.now(), last_error={}, last_error_at=None, next_try_at=None, failures=0, attention=""
            )
        return self._told()

    def give_up(self, refusal: ConnectorRefused) -> dict[str, Any]:
        if refusal.may_retry and self._tries_left(refusal):
            self._wait(refusal)
        attention: dict[str, str] = {}
        if refusal.needs_person:
            attention = {"attention": UNAUTHORIZED}
        elif refusal.code == ZONE_CHANGED:
            attention = {"attention": ZONE_CHANGED, "zone_seen": refusal.params["zone"]}
        return self.fail(refusal.code, refusal.sentence, **attention)

    def _tries_left(self, refusal: ConnectorRefused) -> bool:
        return refusal.code == "rate_limited" or self.connection.failures + 1 < MAX_TRIES

    def _wait(self, refusal: ConnectorRefused) -> None:
        """The job sleeps as long as the runtime asked, to the second, and nothing calls before."""
        failures, now = self.connection.failures + 1, clock.now()
        wait = math.ceil(next_window_delay(failures, refusal.retry_after, _rng, now))
        with unit_of_work():
            _fence(self.run)
            self._note(refusal.code, refusal.sentence, failures=failures, next_try_at=now + timedelta(seconds=wait))
            SyncRun.objects.filter(pk=self.sync_run.pk).update(error_code=refusal.code, error=refusal.sentence)
        raise TooMany(Reason(refusal.code, pick(dict(refusal.sentence))), retry_after=wait)

    def fail(self, code: str, sentence: Sentence, **facts: Any) -> dict[str, Any]:
        with unit_of_work():
            self._end(SyncRun.Outcome.FAILED, code, dict(sentence))
            self._note(code, sentence, failures=0, next_try_at=None, **facts)
            if code == ZONE_CHANGED:
                stored, seen = self.connection.day_timezone, facts["zone_seen"]
                record(self.actor, "source.changed", self.connection, before={"zone": stored}, after={"zone": seen})
        return self._told()

    def _note(self, code: str, sentence: Sentence, **facts: Any) -> None:
        error = {"code": code, **sentence}
        RuntimeConnection.objects.filter(pk=self.connection.pk).update(
            last_error=error, last_error_at=clock.now(), **facts
        )

    def _end(self, outcome: str, code: str, sentence: dict[str, Any]) -> None:
        _fence(self.run)
        SyncRun.objects.filter(pk=self.sync_run.pk).update(
            outcome=outcome,
            finished_at=clock.now(),
            error_code=code[:40],
            error=sentence,
            digest=rows_digest(self.connection),
        )
        self.sync_run.refresh_from_db()
        facts = {name: getattr(self.sync_run, name) for name in ("days_written", "days_unchanged", "calls", "digest")}
        record(self.actor, "sync.ran", self.connection, outcome=str(outcome), code=code, **facts)

    def _told(self) -> dict[str, Any]:
        self.connection.refresh_from_db()
        names = ("outcome", "days_written", "days_unchanged", "calls", "digest", "error_code")
        return {name: getattr(self.sync_run, name) for name in names}


def _zone_sentence(stored: str, seen: str) -> Sentence:
    return say(
        "The runtime now counts its days in %(seen)s; so far it was %(stored)s. Nothing is read until a "
        "person confirms the change.",
        "运行平台现在按 %(seen)s 计日，此前为 %(stored)s。在人工确认之前不读取任何数据。",
        seen=seen,
        stored=stored,
    )


def _several(problems: list[tuple[RuntimeApp, ConnectorRefused]]) -> Sentence:
    app, refusal = problems[0]
    name = app.name[:80]
    return {
        "en": f"{name}: {refusal.sentence['en']}" + (f" (+{len(problems) - 1})" if problems[1:] else ""),
        "zh": f"{name}：{refusal.sentence['zh']}" + (f"（另 {len(problems) - 1} 个）" if problems[1:] else ""),
    }


def _rename(known: dict[str, RuntimeApp], told: list[AppRecord]) -> None:
    changed = []
    for app in told:
        row = known.get(app.external_id)
        if row and (row.name, row.mode) != (app.name, app.mode[:30]):
            row.name, row.mode = app.name, app.mode[:30]
            changed.append(row)
    RuntimeApp.objects.bulk_update(changed, ["name", "mode"], batch_size=200)


def _new_app(connection: RuntimeConnection, app: AppRecord) -> RuntimeApp:
    return RuntimeApp(connection=connection, external_id=app.external_id, name=app.name, mode=app.mode[:30])
