"""REST lists of metrics: the same number of queries for two rows and for twelve, and filters that filter."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from foundation import clock
from foundation.api.views import HouseList
from metrics.api_urls import urlpatterns
from metrics.models import (
    AppLink,
    GainEstimate,
    MeasureLock,
    Observation,
    OpsRecord,
    Report,
    ReportFreeze,
    RuntimeApp,
    RuntimeConnection,
    SourceImport,
    Statement,
    SyncRun,
    UsageDay,
    UsageRestatement,
)
from tests.metrics.builders import a_case, a_measure, a_pilot
from tests.world import client_for

BASE = "/api/v1/metrics/"
AT = datetime(2026, 3, 2, tzinfo=UTC)
MARCH = date(2026, 3, 2)


def a_row(world: Any, number: int) -> None:
    """One row, with all that hangs on it, in every list."""
    pilot = a_pilot(world, a_case(world, f"Case {number}"))
    measure = a_measure(world, pilot)
    version = measure.current
    MeasureLock.objects.create(version_of=version, content_hash=version.content_hash, basis="pair")
    estimate = GainEstimate.objects.create(
        unit=world.cn, measure=measure, version_of=version, plan="{}", result="{}", word="early",
        inputs_hash=f"i{number}", result_hash=f"r{number}",
    )  # fmt: skip
    Statement.objects.create(estimate=estimate, sentence_en="s", does_not_say_en="d", author=world.pilot_lead)
    Report.objects.get_or_create(pilot=pilot, defaults={"key": f"M-9{number:03d}", "unit": world.cn})
    some_usage(world, pilot, number)
    some_records(world, measure, number)


def some_usage(world: Any, pilot: Any, number: int) -> None:
    source = RuntimeConnection.objects.create(unit=world.cn, slug=f"s{number}", name=f"S{number}", base_url="http://x")
    app = RuntimeApp.objects.create(connection=source, external_id="a", name=f"App {number}", mode="workflow")
    AppLink.objects.create(
        app=app, candidate=pilot.candidate, pilot=pilot, stage="pilot", from_day=MARCH, set_by=world.architect
    )
    run = SyncRun.objects.create(connection=source, trigger="button")
    UsageDay.objects.create(
        connection=source, app=app, day=MARCH, day_timezone="UTC", runs=3, sync_run=run, row_hash="x"
    )
    UsageRestatement.objects.create(app=app, day=MARCH, field="runs", old=1, new=2, reason="late", sync_run=run)


def some_records(world: Any, measure: Any, number: int) -> None:
    kept = SourceImport.objects.create(
        unit=world.cn, kind="csv", source=f"src{number}", file_name="f.csv", sha256="0" * 64, mapping="m", zone="UTC",
        as_of=AT, rows_read=1, records=1, added=1, changed=0, unchanged=0,
    )  # fmt: skip
    OpsRecord.objects.create(
        unit=world.cn, source_import=kept, source=f"src{number}", source_key=f"INC{number}", opened_at=AT
    )
    Observation.objects.create(measure=measure, at=AT, minutes=5, case=f"C{number}", team=world.team)


def lists() -> list[str]:
    """Every list route without a key in its address."""
    shown = [str(p.pattern) for p in urlpatterns if issubclass(p.callback.cls, HouseList)]
    return [address for address in shown if "<" not in address and "?P" not in address]


def queries(client: Any, address: str) -> tuple[int, int]:
    with CaptureQueriesContext(connection) as seen:
        rows = client.get(BASE + address, {"size": 50}).json()["items"]
    return len(seen), len(rows)


def test_no_list_asks_more_of_the_database_for_twelve_rows_than_for_two(world):
    client = client_for(world.pilot_lead)
    addresses = lists()
    assert len(addresses) >= 12
    for number in range(2):
        a_row(world, number)
    for address in addresses:  # warms what is read once in a process
        queries(client, address)
    few = {address: queries(client, address) for address in addresses}
    for number in range(2, 12):
        a_row(world, number)
    many = {address: queries(client, address) for address in addresses}
    assert {address: rows for address, (_n, rows) in few.items()} == dict.fromkeys(addresses, 2)
    assert {address: rows for address, (_n, rows) in many.items()} == dict.fromkeys(addresses, 12)
    grown = {a: (few[a][0], many[a][0]) for a in addresses if many[a][0] != few[a][0]}
    assert grown == {}


def test_the_freezes_of_a_report_cost_the_same_for_two_and_for_twelve(world):
    a_row(world, 0)
    report = Report.objects.first()
    client = client_for(world.pilot_lead)
    address = f"{BASE}reports/{report.key}/freezes"
    counts = []
    for until in (2, 12):
        for number in range(report.freezes.count(), until):
            at = clock.now() + timedelta(minutes=number)
            ReportFreeze.objects.create(report=report, body="{}", digest=f"sha256:{number:064d}", frozen_at=at)
        client.get(address)
        with CaptureQueriesContext(connection) as seen:
            assert len(client.get(address).json()) == until
        counts.append(len(seen))
    assert counts[0] == counts[1]
