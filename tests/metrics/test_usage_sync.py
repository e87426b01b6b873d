"""A real egress client against the stub server on loopback: captured bytes, and faults on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import time_machine

from foundation.audit.models import AuditEvent
from foundation.errors import Invalid, NotPermitted, NotReady
from foundation.jobs import run_due, tick
from foundation.jobs.models import Job, Schedule
from metrics.models import RuntimeApp, RuntimeConnection, SyncRun, SyncWindow, UsageDay, UsageRestatement
from metrics.selectors import freshness
from metrics.services import confirm_zone, edit_connection, pause_connection, start_probe, start_sync, sync_usage
from metrics.telemetry import runtime
from tests.connectors.dify_server import (
    ADMIN_KEY,
    CHAT_APP,
    CHATFLOW_APP,
    COMPLETION_APP,
    WORKFLOW_APP,
    DifyServer,
    Reply,
    leaves,
)
from tests.metrics.usage_builders import NEW_YORK, SAMPLES_END, a_connection, last_run, read_now
from tests.world import World, actor

RUNS = "console_workflow_stat_daily_conversations"
pytestmark = [pytest.mark.django_db, pytest.mark.bothdb]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses are noted, not slept."""
    slept: list[float] = []
    monkeypatch.setattr(runtime, "sleep", slept.append)
    return slept


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(SAMPLES_END, tick=True) as traveller:
        yield traveller


@pytest.fixture
def dify(clock: Any, waits: list[float]) -> Iterator[DifyServer]:
    with DifyServer() as server:
        yield server


def row(app_id: str, day: str) -> UsageDay:
    return UsageDay.objects.exclude(state="superseded").get(app__external_id=app_id, day=day)


def everything() -> list[tuple[Any, ...]]:
    return list(UsageDay.objects.order_by("pk").values_list())


def restate(dify: DifyServer, name: str, day: str, key: str, value: object) -> None:
    """The source tells one day differently from now on."""
    body = json.loads(dify.samples.reply(name).body)
    next(r for r in body["data"] if r["date"] == day)[key] = value
    dify.samples._replies[name] = Reply(200, "application/json", json.dumps(body).encode())


# --- what a good reading writes ---------------------------------------------------------------------------------------


def test_the_first_reading_writes_every_app_and_day_as_the_runtime_told_it(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify)
    assert read_now(world, connection) == ["done"]
    assert RuntimeApp.objects.filter(connection=connection).count() == 5
    assert connection.day_timezone == "America/New_York"
    day = row(WORKFLOW_APP, "2026-10-20")
    assert (day.runs, day.users_distinct, day.tokens_total, day.messages, day.cost) == (6, 4, 19671, None, None)
    day = row(CHATFLOW_APP, "2026-10-20")
    assert (day.messages, day.conversations, day.users_distinct, day.cost, day.currency) == (6, 2, 1, 1955200, "USD")
    assert row(COMPLETION_APP, "2026-10-20").latency_avg_ms == 4967
    assert UsageDay.objects.count() == 5 * 91
    first = UsageDay.objects.earliest("day")
    assert first.day == date(2026, 8, 23)
    run = last_run(connection)
    assert (run.outcome, run.days_written, run.trigger) == ("done", 5 * 91, "button")
    assert run.digest.startswith("sha256:")
    assert connection.last_ok_at is not None
    assert freshness(connection).word == "fresh"
    assert {r.method for r in dify.requests} == {"GET"}


def test_a_second_reading_of_the_same_source_writes_nothing(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    before, digest = everything(), last_run(connection).digest
    asked = len(dify.requests)
    assert read_now(world, connection) == ["done"]
    again = last_run(connection)
    assert everything() == before
    assert (again.days_written, again.digest) == (0, digest)
    assert again.days_unchanged == 5 * 8
    assert len(dify.requests) - asked < asked


def test_a_day_left_out_of_a_complete_answer_is_a_zero_and_a_figure_not_reported_is_none(
    world: World, dify: DifyServer
) -> None:
    read_now(world, a_connection(world, dify))
    quiet = row(WORKFLOW_APP, "2026-10-24")
    assert (quiet.runs, quiet.tokens_total, quiet.users_distinct) == (0, 0, 0)
    assert (quiet.messages, quiet.cost, quiet.latency_avg_ms) == (None, None, None)
    assert row(COMPLETION_APP, "2026-10-24").latency_avg_ms is None


def test_today_is_provisional_and_a_day_closes_72_hours_after_its_end(
    world: World, dify: DifyServer, clock: Any
) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    assert row(WORKFLOW_APP, "2026-11-21").state == "provisional"
    assert row(WORKFLOW_APP, "2026-11-18").state == "provisional"
    assert row(WORKFLOW_APP, "2026-11-17").state == "closed"
    window = SyncWindow.objects.get(app__external_id=WORKFLOW_APP)
    assert (window.closed_through, window.progress) == (date(2026, 11, 17), "done")
    clock.move_to(datetime(2026, 11, 22, 0, 0, 1, tzinfo=NEW_YORK))
    read_now(world, connection)
    assert row(WORKFLOW_APP, "2026-11-18").state == "closed"
    assert row(WORKFLOW_APP, "2026-11-19").state == "provisional"


def test_a_provisional_day_simply_takes_the_newer_figure(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    was = row(WORKFLOW_APP, "2026-11-20").runs or 0
    restate(dify, RUNS, "2026-11-20", "runs", was - 1)
    read_now(world, connection)
    assert row(WORKFLOW_APP, "2026-11-20").runs == was - 1
    assert not UsageRestatement.objects.exists()
    assert last_run(connection).days_written == 1


# --- restatement ------------------------------------------------------------------------------------------------------


def test_a_closed_day_told_higher_is_restated_as_late(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    was = row(WORKFLOW_APP, "2026-11-16").runs or 0
    restate(dify, RUNS, "2026-11-16", "runs", was + 3)
    read_now(world, connection)
    day = row(WORKFLOW_APP, "2026-11-16")
    assert (day.runs, day.state) == (was + 3, "restated")
    told = UsageRestatement.objects.get()
    assert (told.field, told.old, told.new, told.reason) == ("runs", was, was + 3, "late")
    read_now(world, connection)
    assert UsageRestatement.objects.count() == 1


def test_a_closed_day_told_lower_keeps_its_value_and_the_source_is_seen_to_have_shrunk_once(
    world: World, dify: DifyServer
) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    was = row(WORKFLOW_APP, "2026-11-16").runs or 0
    restate(dify, RUNS, "2026-11-16", "runs", was - 1)
    for _again in range(3):
        read_now(world, connection)
    day = row(WORKFLOW_APP, "2026-11-16")
    assert (day.runs, day.state) == (was, "closed")
    told = UsageRestatement.objects.get()
    assert (told.old, told.new, told.reason) == (was, was - 1, "source_shrank")


# --- the zone ---------------------------------------------------------------------------------------------------------


def test_another_zone_stops_everything_until_a_person_confirms_it(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    before = everything()
    dify.fault("*", "timezone", times=None, zone="Asia/Shanghai")
    asked = len(dify.requests)
    read_now(world, connection)
    assert [r.path for r in dify.requests[asked:]] == ["/console/api/account/profile"]
    assert everything() == before
    assert (connection.attention, connection.zone_seen) == ("zone_changed", "Asia/Shanghai")
    assert freshness(connection).word == "needs_attention"
    assert AuditEvent.objects.filter(verb="source.changed").count() == 1
    with pytest.raises(NotReady):
        start_sync(actor=actor(world.pilot_lead), connection=connection)

    confirm_zone(actor=actor(world.architect), connection=connection, zone="Asia/Shanghai")
    assert set(UsageDay.objects.values_list("state", flat=True)) == {"superseded"}
    assert set(UsageRestatement.objects.values_list("reason", flat=True)) == {"timezone_change"}
    assert read_now(world, connection) == ["done"]
    live = UsageDay.objects.exclude(state="superseded")
    assert set(live.values_list("day_timezone", flat=True)) == {"Asia/Shanghai"}
    assert UsageDay.objects.filter(state="superseded").count() == len(before)
    captured = dify.samples.load("console_stat_timezone_effect")["response_by_account_timezone"]["Asia/Shanghai"]
    for told in captured["data"]:
        assert row(CHATFLOW_APP, told["date"]).messages == told["message_count"]


def test_a_zone_that_went_back_by_itself_needs_no_confirmation(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    dify.fault("*/profile", "timezone", zone="UTC")
    read_now(world, connection)
    assert connection.attention == "zone_changed"
    start_probe(actor=actor(world.architect), connection=connection)
    run_due()
    connection.refresh_from_db()
    assert connection.attention == ""
    assert read_now(world, connection) == ["done"]


def test_only_the_zone_that_was_seen_can_be_confirmed(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    with pytest.raises(NotReady):
        confirm_zone(actor=actor(world.architect), connection=connection, zone="UTC")
    dify.fault("*", "timezone", times=None, zone="UTC")
    read_now(world, connection)
    with pytest.raises(NotReady):
        confirm_zone(actor=actor(world.architect), connection=connection, zone="Asia/Shanghai")


# --- faults -----------------------------------------------------------------------------------------------------------


def test_a_refused_key_asks_for_a_person_and_is_not_tried_again_by_the_schedule(
    world: World, dify: DifyServer, clock: Any
) -> None:
    connection = a_connection(world, dify)
    dify.fault("*", "401", times=None)
    assert read_now(world, connection) == ["done"]
    assert connection.attention == "unauthorized"
    assert "key or the workspace" in connection.last_error["en"]
    assert last_run(connection).outcome == "failed"
    asked = len(dify.requests)
    clock.shift(timedelta(hours=2))
    tick()
    run_due()
    assert len(dify.requests) == asked
    dify.faults.clear()
    edit_connection(actor=actor(world.architect), connection=connection, secret=ADMIN_KEY)
    assert read_now(world, connection) == ["done"]
    assert (connection.attention, connection.last_error) == ("", {})


def test_a_key_that_dies_in_the_middle_keeps_what_was_read(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify)
    dify.fault("*/statistics/*", "401", times=None, after=12)
    read_now(world, connection)
    assert connection.attention == "unauthorized"
    assert 0 < UsageDay.objects.count() < 5 * 91
    assert_whole_windows()


def assert_whole_windows() -> None:
    """What is there was committed window by window: no app has a day that is filled in part."""
    for app in RuntimeApp.objects.all():
        days = sorted(UsageDay.objects.filter(app=app).values_list("day", flat=True))
        assert days == [days[0] + timedelta(days=n) for n in range(len(days))] if days else True
        assert len(days) in (0, 31, 62, 91)


def test_a_deleted_app_is_marked_gone_and_its_facts_stay(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    facts = UsageDay.objects.filter(app__external_id=CHAT_APP).count()
    dify.fault(f"*/{CHAT_APP}/*", "404_gone", times=None)
    assert read_now(world, connection) == ["done"]
    app = RuntimeApp.objects.get(external_id=CHAT_APP)
    assert app.gone_at is not None
    assert UsageDay.objects.filter(app=app).count() == facts
    assert last_run(connection).outcome == "done"


def test_an_app_missing_from_the_list_is_gone_and_comes_back_when_it_is_listed_again(
    world: World, dify: DifyServer
) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    dify.page_size, kept = 100, dify.apps.pop(CHAT_APP)
    read_now(world, connection)
    assert RuntimeApp.objects.get(external_id=CHAT_APP).gone_at is not None
    dify.apps[CHAT_APP] = kept
    read_now(world, connection)
    assert RuntimeApp.objects.get(external_id=CHAT_APP).gone_at is None


def test_a_figure_this_server_does_not_offer_is_left_out_and_the_rest_is_read(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify)
    dify.fault("*/tokens-per-second", "404_html", times=None)
    assert read_now(world, connection) == ["done"]
    day = row(CHATFLOW_APP, "2026-10-20")
    assert (day.messages, day.tokens_per_second) == (6, None)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_stated_wait_is_obeyed_to_the_second_and_nothing_calls_before(
    world: World, dify: DifyServer, clock: Any, form: str
) -> None:
    connection = a_connection(world, dify)
    at = (SAMPLES_END + timedelta(seconds=1700)).replace(microsecond=0)
    stated = "1700" if form == "seconds" else format_datetime(at.astimezone(), usegmt=False)
    dify.fault("*/statistics/*", "429", after=12, retry_after=stated)
    assert read_now(world, connection) == ["queued"]
    job = Job.objects.get(kind="metrics.sync_usage")
    wait = (job.next_try_at - SAMPLES_END).total_seconds()
    assert 1699 <= wait <= 1705
    assert connection.next_try_at is not None
    assert "fewer calls" in connection.last_error["en"]
    asked, rows = len(dify.requests), UsageDay.objects.count()
    clock.shift(timedelta(seconds=1600))
    tick()
    assert run_due() == []
    sync_usage(actor=actor(world.pilot_lead), connection=connection)
    assert len(dify.requests) == asked
    clock.shift(timedelta(seconds=120))
    assert run_due() == ["done"]
    assert UsageDay.objects.count() == 5 * 91 > rows
    assert SyncRun.objects.count() == 1
    assert last_run(connection).error_code == ""


def test_a_server_that_fails_once_is_asked_again_at_once(world: World, dify: DifyServer, waits: list[float]) -> None:
    connection = a_connection(world, dify)
    dify.fault("*/apps", "500")
    assert read_now(world, connection) == ["done"]
    assert len(dify.calls_to("*/apps")) == 2


def test_a_server_that_keeps_failing_is_left_alone_for_longer_and_then_given_up(
    world: World, dify: DifyServer, clock: Any
) -> None:
    connection = a_connection(world, dify)
    dify.fault("*/apps", "500", times=None)
    assert read_now(world, connection) == ["queued"]
    assert "cannot be reached or is failing" in connection.last_error["en"]
    assert not RuntimeApp.objects.exists()
    for _try in range(4):
        clock.shift(timedelta(minutes=16))
        run_due()
    assert Job.objects.get(kind="metrics.sync_usage").state == "done"
    assert last_run(connection).outcome == "failed"
    dify.faults.clear()
    clock.shift(timedelta(minutes=60))
    tick()
    assert run_due() == ["done"]
    connection.refresh_from_db()
    assert connection.last_ok_at is not None


@pytest.mark.parametrize("kind", ["truncated", "duplicate_day", "negative", "nan", "html_200"])
def test_a_reply_that_cannot_be_read_writes_nothing_of_its_window_and_keeps_no_other_app_from_being_read(
    world: World, dify: DifyServer, kind: str
) -> None:
    connection = a_connection(world, dify)
    dify.fault(f"*/{CHATFLOW_APP}/statistics/token-costs", kind, times=None)
    assert read_now(world, connection) == ["done"]
    run = last_run(connection)
    assert (run.outcome, run.error_code) == ("failed", "apps_failed")
    assert run.error["en"].startswith("DBA chatbot: The reply of the runtime cannot be read")
    assert not UsageDay.objects.filter(app__external_id=CHATFLOW_APP).exists()
    assert UsageDay.objects.count() == 4 * 91
    assert connection.last_ok_at is None
    dify.faults.clear()
    read_now(world, connection)
    assert UsageDay.objects.count() == 5 * 91
    assert connection.last_error == {}


def test_the_same_page_for_ever_ends_and_no_app_is_called_gone(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    dify.fault("*/apps", "same_page", times=None)
    asked = len(dify.requests)
    assert read_now(world, connection) == ["done"]
    assert len(dify.requests) - asked < 20
    assert "keeps sending the same page" in connection.last_error["en"]
    assert not RuntimeApp.objects.exclude(gone_at=None).exists()


def test_a_server_that_does_not_answer_in_time_is_asked_later(
    world: World, dify: DifyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "READ_TIMEOUT", 0.2)
    connection = a_connection(world, dify)
    dify.fault("*/apps", "slow", times=None, seconds=5)
    assert read_now(world, connection) == ["queued"]
    assert "too long" in connection.last_error["en"]
    assert not UsageDay.objects.exists()


def test_a_redirect_to_another_host_is_not_followed(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify)
    dify.fault("*/profile", "redirect", times=None)
    read_now(world, connection)
    assert "redirects to another address" in connection.last_error["en"]
    assert last_run(connection).outcome == "failed"


def test_a_private_address_is_called_only_where_the_connection_says_so(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify, allow_private_hosts=False)
    read_now(world, connection)
    assert dify.requests == []
    assert "private network" in connection.last_error["en"]


# --- schedule, buttons, pauses -------------------------------------------------------------------------------------


def test_the_schedule_reads_every_hour_and_two_presses_read_once(world: World, dify: DifyServer, clock: Any) -> None:
    connection = a_connection(world, dify)
    lead = actor(world.pilot_lead)
    assert start_sync(actor=lead, connection=connection).pk == start_sync(actor=lead, connection=connection).pk
    assert run_due() == ["done"]
    assert Schedule.objects.get().every_seconds == 3600
    clock.shift(timedelta(minutes=61))
    tick()
    assert run_due() == ["done"]
    assert list(SyncRun.objects.order_by("created_at").values_list("trigger", flat=True)) == ["button", "schedule"]


def test_a_source_is_late_after_one_missed_reading_and_silent_after_two(
    world: World, dify: DifyServer, clock: Any
) -> None:
    connection = a_connection(world, dify)
    assert freshness(connection).word == "new"
    read_now(world, connection)
    words = []
    for minutes in (30, 30, 15, 60):
        clock.shift(timedelta(minutes=minutes))
        words.append(freshness(connection).word)
    assert words == ["fresh", "fresh", "late", "silent"]
    pause_connection(actor=actor(world.architect), connection=connection)
    assert freshness(connection).word == "paused"


def test_a_paused_connection_is_not_read(world: World, dify: DifyServer, clock: Any) -> None:
    connection = a_connection(world, dify)
    pause_connection(actor=actor(world.architect), connection=connection)
    assert not Schedule.objects.exists()
    with pytest.raises(NotReady):
        start_sync(actor=actor(world.pilot_lead), connection=connection)
    assert dify.requests == []


def test_a_job_that_was_queued_twice_reads_once(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify)
    start_sync(actor=actor(world.pilot_lead), connection=connection)
    Job.objects.create(
        kind="metrics.sync_usage",
        args={"connection_id": str(connection.pk)},
        next_try_at=SAMPLES_END,
    )
    run_due()
    assert SyncRun.objects.count() <= 2
    assert UsageDay.objects.count() == 5 * 91


def test_a_probe_tells_version_zone_and_what_is_not_reported_with_its_reason(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify, test=True)
    assert run_due() == ["done"]
    connection.refresh_from_db()
    assert (connection.server_version, connection.day_timezone) == ("1.14.2", "America/New_York")
    assert connection.capabilities["daily.messages"]["available"] is True
    assert connection.capabilities["runs.list"]["reason"]["zh"]
    assert not UsageDay.objects.exists()


def test_a_probe_with_a_wrong_key_says_so(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify, test=True, secret="not-the-key")
    run_due()
    connection.refresh_from_db()
    assert connection.attention == "unauthorized"
    assert "key or the workspace" in connection.probe["error"]["en"]


def test_who_may_not_read_a_source_is_told_so(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify)
    for person in (world.ops_engineer, world.cio, world.auditor, world.outsider):
        with pytest.raises(NotPermitted):
            start_sync(actor=actor(person), connection=connection)
    with pytest.raises(NotPermitted):
        pause_connection(actor=actor(world.pilot_lead), connection=connection)


# --- what is never kept ---------------------------------------------------------------------------------------------


def test_no_text_and_no_secret_of_the_runtime_reaches_a_table(
    world: World, dify: DifyServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Every text of the app list but id, name and mode is a canary; the key must stand nowhere in the clear."""
    canary = "canary-5f0c9d"
    for app in dify.apps.values():
        for key in ("description", "author_name", "create_user_name", "icon"):
            app[key] = f"{canary} {key}"
    dify.page_size = 100
    with caplog.at_level("DEBUG"):
        connection = a_connection(world, dify)
        read_now(world, connection)
    told = "\n".join(_every_value())
    assert "Vendor periodic check report" in told
    assert canary not in told + caplog.text
    assert ADMIN_KEY not in told + caplog.text
    assert not any(ADMIN_KEY in str(v) for e in AuditEvent.objects.values() for v in leaves(e))


def _every_value() -> Iterator[str]:
    for model in (RuntimeConnection, RuntimeApp, SyncRun, SyncWindow, UsageDay, Job, Schedule, AuditEvent):
        for found in model.objects.values_list():
            yield from (str(value) for value in leaves(list(found)))


def test_a_stored_key_never_follows_a_changed_address(world: World, dify: DifyServer) -> None:
    connection = a_connection(world, dify)
    with pytest.raises(Invalid, match="Enter the admin key"):
        edit_connection(actor=actor(world.architect), connection=connection, base_url="https://attacker.example")
    connection.refresh_from_db()
    assert connection.base_url == dify.url
    moved = {"base_url": "https://dify.example", "secret": "a-new-key"}
    assert edit_connection(actor=actor(world.architect), connection=connection, **moved).base_url == moved["base_url"]
