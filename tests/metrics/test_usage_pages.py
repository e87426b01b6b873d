"""Sources and usage as people, programs and spreadsheets see them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from foundation import clock as house_clock
from foundation.jobs import run_due
from foundation.jobs.models import Job
from metrics.models import AppLink, RuntimeApp, RuntimeConnection, SyncRun, UsageDay, UsageRestatement
from metrics.telemetry import runtime
from tests.connectors.dify_server import (
    ADMIN_KEY,
    CHAT_APP,
    CHATFLOW_APP,
    COMPLETION_APP,
    WORKFLOW_APP,
    WORKSPACE_ID,
    DifyServer,
)
from tests.metrics.usage_builders import SAMPLES_END, a_case, a_connection, read_now
from tests.world import World, client_for

pytestmark = [pytest.mark.django_db, pytest.mark.bothdb]
API = "/api/v1/metrics"


@pytest.fixture
def dify(monkeypatch: pytest.MonkeyPatch) -> Iterator[DifyServer]:
    monkeypatch.setattr(runtime, "sleep", lambda seconds: None)
    with time_machine.travel(SAMPLES_END, tick=True), DifyServer() as server:
        yield server


@pytest.fixture
def source(world: World, dify: DifyServer) -> RuntimeConnection:
    made = a_connection(world, dify, test=True)
    run_due()
    read_now(world, made)
    return made


def app_of(app_id: str) -> RuntimeApp:
    return RuntimeApp.objects.get(external_id=app_id)


def page(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, url
    body = b"".join(response) if response.streaming else response.content
    return body.decode()


# --- sources ----------------------------------------------------------------------------------------------------------


def test_an_empty_list_of_sources_says_what_to_do(world: World) -> None:
    assert "Connect a runtime or upload a CSV." in page(client_for(world.architect), "/measures/sources")
    assert "/measures/sources/new" not in page(client_for(world.cio), "/measures/sources")


def test_a_source_is_connected_on_a_page_and_tested_by_a_job(world: World, dify: DifyServer) -> None:
    client = client_for(world.architect)
    form = {
        "name": "Dify Shanghai",
        "unit": world.cn.pk,
        "base_url": f"{dify.url}/console/api/",
        "workspace_ref": WORKSPACE_ID.upper(),
        "secret": ADMIN_KEY,
        "allow_private_hosts": "on",
        "every_minutes": "60",
    }
    answer = client.post("/measures/sources/new", form)
    assert answer.status_code == 302
    assert answer["Location"] == "/measures/sources/dify-shanghai"
    assert dify.requests == []
    run_due()
    made = RuntimeConnection.objects.get()
    assert (made.base_url, made.server_version) == (dify.url, "1.14.2")
    shown = page(client, "/measures/sources/dify-shanghai")
    assert "messages a day" in shown
    assert "America/New_York" in shown
    assert "limit_except GET" in shown


def test_a_form_with_faults_keeps_its_answers_and_says_what_is_wrong(world: World) -> None:
    bad = {
        "name": "x",
        "unit": world.cn.pk,
        "base_url": "ftp://dify.example",
        "workspace_ref": "the big one",
        "secret": "two words",
        "currency": "12",
        "every_minutes": "60",
    }
    answer = client_for(world.architect).post("/measures/sources/new", bad)
    shown = answer.content.decode()
    assert answer.status_code == 422
    for text in ("https://", "71346be4", "one line", "three letters"):
        assert text in shown
    assert "two words" not in shown
    assert not RuntimeConnection.objects.exists()


def test_a_new_key_is_written_and_never_shown(world: World, source: RuntimeConnection) -> None:
    client = client_for(world.architect)
    url = reverse("metrics:source_edit", args=[source.slug])
    assert ADMIN_KEY not in page(client, url)
    form = {
        "name": "Dify CN",
        "base_url": source.base_url,
        "workspace_ref": WORKSPACE_ID,
        "secret": "another-key",
        "allow_private_hosts": "on",
        "every_minutes": "30",
        "currency": "cny",
        "version": source.version,
    }
    assert client.post(url, form).status_code == 302
    source.refresh_from_db()
    assert source.secret.reveal() == "another-key"
    assert (source.name, source.currency, source.every_minutes) == ("Dify CN", "CNY", 30)
    assert client.post(url, form).status_code == 412
    assert client.post(url, {**form, "version": source.version, "secret": ""}).status_code == 302
    source.refresh_from_db()
    assert source.secret.reveal() == "another-key"


def test_buttons_work_without_scripts_and_a_get_does_nothing(world: World, source: RuntimeConnection) -> None:
    client = client_for(world.architect)
    for act in ("probe", "sync", "pause", "zone"):
        assert client.get(f"/measures/sources/{source.slug}/{act}").status_code == 405
    before = SyncRun.objects.count()
    assert client.post(f"/measures/sources/{source.slug}/sync").status_code == 302
    shown = page(client, source.get_absolute_url())
    assert "<progress" in shown
    run_due()
    assert SyncRun.objects.count() == before + 1
    assert client.post(f"/measures/sources/{source.slug}/pause", {"version": source.version}).status_code == 302
    assert client.post(f"/measures/sources/{source.slug}/sync").status_code == 409
    assert "is paused" in page(client, source.get_absolute_url())
    source.refresh_from_db()
    assert client.post(f"/measures/sources/{source.slug}/resume", {"version": source.version}).status_code == 302


def test_an_error_stands_on_the_page_in_plain_words_with_what_to_do(
    world: World, source: RuntimeConnection, dify: DifyServer
) -> None:
    dify.fault("*", "401", times=None)
    read_now(world, source)
    shown = page(client_for(world.architect), source.get_absolute_url())
    assert "does not accept the key or the workspace" in shown
    assert "Store a valid key" in shown
    chinese = page(client_for(world.architect), source.get_absolute_url() + "?lang=zh")
    assert "运行平台不接受该密钥" in chinese


def test_a_changed_zone_is_confirmed_with_one_button(world: World, source: RuntimeConnection, dify: DifyServer) -> None:
    dify.fault("*", "timezone", times=None, zone="UTC")
    read_now(world, source)
    client = client_for(world.architect)
    url = f"/measures/sources/{source.slug}/zone"
    assert url in page(client, source.get_absolute_url())
    assert url not in page(client_for(world.pilot_lead), source.get_absolute_url())
    assert client_for(world.pilot_lead).post(url, {"zone": "UTC"}).status_code == 403
    assert client.post(url, {"zone": "UTC"}).status_code == 302
    source.refresh_from_db()
    assert source.day_timezone == "UTC"


# --- usage ------------------------------------------------------------------------------------------------------------


def test_apps_without_a_case_come_first_and_are_linked_on_their_page(world: World, source: RuntimeConnection) -> None:
    case = a_case(world)
    client = client_for(world.pilot_lead)
    app = app_of(CHATFLOW_APP)
    url = reverse("metrics:app_link", args=[app.pk])
    assert client.post(url, {"candidate": case.pk, "stage": "pilot"}).status_code == 422
    assert client.post(url, {"candidate": case.pk, "stage": "sandbox"}).status_code == 302
    shown = page(client, "/measures/usage")
    assert "4 apps serve no case yet" in shown
    names = [shown.index(name) for name in ("K8s chat", "Vendor periodic", "DBA chatbot")]
    assert names == sorted(names)
    only = page(client, "/measures/usage?link=open")
    assert "DBA chatbot" not in only
    assert client.post(reverse("metrics:app_end_link", args=[app.pk])).status_code == 302
    assert AppLink.objects.get().until_day == house_clock.today("America/New_York")


def test_an_app_shows_its_days_with_provisional_ones_hatched_and_a_table_twin(
    world: World, source: RuntimeConnection
) -> None:
    shown = page(client_for(world.cio), app_of(WORKFLOW_APP).get_absolute_url())
    assert "data to 17 Nov 2026, as reported by the runtime" in shown
    assert shown.count('fill="url(#hatch)"') == 3  # of the four open days the 21st has no run yet
    assert 'class="c-before"' in shown
    assert ">2026-11-16</td>" in shown
    assert "Not reported by this connection: messages" in shown
    assert "<script>" not in shown
    assert "style=" not in shown


def test_an_app_of_fewer_than_five_people_shows_no_figure_at_any_door(world: World, source: RuntimeConnection) -> None:
    """October and November lie in one quarter: four known users are still four."""
    app = app_of(WORKFLOW_APP)
    UsageDay.objects.filter(app=app, users_distinct__gt=4).update(users_distinct=4)
    UsageRestatement.objects.create(
        app=app, day="2026-11-10", field="runs", old=98761, new=98762, reason="late", sync_run=SyncRun.objects.first()
    )
    client = client_for(world.pilot_lead)
    shown = page(client, app.get_absolute_url())
    assert "is used by fewer than five people" in shown
    assert "c-actual" not in shown
    assert "2026-11-16" not in shown
    assert "used by fewer than five people" in page(client, "/measures/usage")
    for url in (f"{app.get_absolute_url()}?format=csv", "/measures/usage?format=csv"):
        rows = list(csv.reader(io.StringIO(page(client, url))))
        held = [row for row in rows if "used by fewer than five people" in row]
        assert held
    export = list(csv.DictReader(io.StringIO(page(client, f"{app.get_absolute_url()}?format=csv").lstrip("\ufeff"))))
    quarter = [row for row in export if row["Day"] >= "2026-10-01"]
    assert {row["Runs"] + row["Tokens"] + row["Distinct users"] for row in quarter} == {""}
    answer = client.get(f"{API}/usage-days/?app={app.pk}&from=2026-11-16&until=2026-11-17").json()["items"]
    assert [(row["suppressed"], row["runs"], row["tokens_total"], row["users_distinct"]) for row in answer] == [
        (True, None, None, None)
    ]
    assert "98761" not in client.get(f"{API}/restatements/").content.decode()
    assert "98761" not in page(client, f"/measures/sources/{source.slug}/restatements")
    assert "98761" not in page(client, f"/measures/sources/{source.slug}/restatements?format=csv")


def test_a_figure_that_is_not_reported_is_a_dash_and_never_a_zero(world: World, source: RuntimeConnection) -> None:
    UsageDay.objects.filter(app=app_of(CHAT_APP)).update(users_distinct=None)
    shown = page(client_for(world.pilot_lead), app_of(CHAT_APP).get_absolute_url())
    assert "Users are not reported for this app." in shown
    assert "Mean response time" in page(client_for(world.pilot_lead), app_of(COMPLETION_APP).get_absolute_url())


def test_the_days_of_an_app_leave_as_csv_and_xlsx(world: World, source: RuntimeConnection) -> None:
    client = client_for(world.pilot_lead)
    url = app_of(CHATFLOW_APP).get_absolute_url()
    text = page(client, f"{url}?format=csv&start=2026-10-20&until=2026-10-22").lstrip("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["Day"] for row in rows] == ["2026-10-21", "2026-10-20"]
    assert (rows[1]["Messages"], rows[1]["Cost"], rows[1]["Currency"]) == ("6", "0.19552", "USD")
    assert rows[1]["Runs"] == ""
    workbook = client.get(f"{url}?format=xlsx")
    assert workbook.content[:2] == b"PK"
    assert client.get("/measures/sources?format=xlsx").content[:2] == b"PK"


# --- doors ------------------------------------------------------------------------------------------------------------


def test_rest_tells_the_same_and_has_no_field_for_a_secret(world: World, source: RuntimeConnection) -> None:
    client = client_for(world.pilot_lead)
    listed = client.get(f"{API}/connections/").json()["items"]
    assert [row["slug"] for row in listed] == [source.slug]
    answer = client.get(f"{API}/connections/{source.slug}/")
    assert answer.json()["state"] == "fresh"
    assert answer["ETag"] == f'"{source.version}"'
    assert "secret" not in answer.json()
    apps = client.get(f"{API}/apps/").json()["items"]
    assert len(apps) == 5
    app = app_of(CHATFLOW_APP)
    days = client.get(f"{API}/usage-days/?app={app.pk}&from=2026-10-20&until=2026-10-22").json()["items"]
    assert [(d["day"], d["messages"], d["cost"], d["runs"]) for d in days] == [
        ("2026-10-21", 4, days[0]["cost"], None),
        ("2026-10-20", 6, "0.1955200", None),
    ]
    assert client.get(f"{API}/usage-days/?from=yesterday").status_code == 400


def test_rest_starts_a_reading_as_a_job(world: World, source: RuntimeConnection) -> None:
    client = client_for(world.pilot_lead)
    answer = client.post(f"{API}/connections/{source.slug}/sync/", content_type="application/json")
    assert answer.status_code == 202
    assert Job.objects.get(pk=answer.json()["job"]).kind == "metrics.sync_usage"
    assert client_for(world.cio).post(f"{API}/connections/{source.slug}/sync/").status_code == 403
    edit = client_for(world.architect)
    body = {"secret": "fresh-key", "name": "Renamed"}
    url = f"{API}/connections/{source.slug}/"
    assert edit.patch(url, body, content_type="application/json").status_code == 428
    saved = edit.patch(url, body, content_type="application/json", headers={"If-Match": f'"{source.version}"'})
    assert saved.status_code == 200
    assert "fresh-key" not in saved.content.decode()
    unknown = edit.patch(url, {"slug": "x"}, content_type="application/json", headers={"If-Match": '"9"'})
    assert unknown.status_code == 400


def test_another_unit_sees_nothing_of_it(world: World, source: RuntimeConnection) -> None:
    client = client_for(world.outsider)
    app = app_of(CHATFLOW_APP)
    for url in (source.get_absolute_url(), app.get_absolute_url(), f"{API}/connections/{source.slug}/"):
        assert client.get(url).status_code == 404
    for url in ("/measures/sources", "/measures/usage", f"{API}/connections/", f"{API}/apps/", f"{API}/usage-days/"):
        shown = page(client, url)
        assert "Dify Shanghai" not in shown
        assert "DBA chatbot" not in shown
    for act in ("sync", "probe", "pause", "resume", "zone"):
        assert client.post(f"/measures/sources/{source.slug}/{act}").status_code == 404


def test_who_only_reads_sees_no_buttons_and_is_refused(world: World, source: RuntimeConnection) -> None:
    for person in (world.cio, world.auditor):
        client = client_for(person)
        shown = page(client, source.get_absolute_url())
        assert f"/measures/sources/{source.slug}/sync" not in shown
        assert client.post(f"/measures/sources/{source.slug}/sync").status_code == 403
        assert client.post(f"/measures/sources/{source.slug}/pause").status_code == 403
        assert client.get(f"/measures/sources/{source.slug}/edit").status_code == 403
        assert client.post(reverse("metrics:app_end_link", args=[app_of(CHAT_APP).pk])).status_code == 403


def test_the_key_stands_on_no_page_and_in_no_answer(world: World, source: RuntimeConnection) -> None:
    urls = [
        "/measures/sources",
        source.get_absolute_url(),
        f"{source.get_absolute_url()}/edit",
        "/measures/sources?format=csv",
        "/measures/usage",
        f"{API}/connections/",
        f"{API}/connections/{source.slug}/",
    ]
    for person in (world.architect, world.system_admin):
        client = client_for(person)
        for url in urls:
            response = client.get(url)
            body = b"".join(response) if response.streaming else response.content
            assert ADMIN_KEY.encode() not in body
            assert source.secret.token.encode() not in body


# --- cost of a page ---------------------------------------------------------------------------------------------------


def more_apps(source: RuntimeConnection, letter: str, count: int) -> None:
    run = SyncRun.objects.filter(connection=source).first()
    apps = RuntimeApp.objects.bulk_create(
        RuntimeApp(connection=source, external_id=f"{letter}{n:05d}", name=f"App {n:05d}", mode="workflow")
        for n in range(count)
    )
    facts: dict[str, Any] = {"day": "2026-11-20", "day_timezone": "America/New_York", "runs": 12, "users_distinct": 9}
    UsageDay.objects.bulk_create(
        UsageDay(connection=source, app=app, state="closed", sync_run=run, row_hash="0" * 64, **facts) for app in apps
    )


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        page(client, url)
    return len(caught)


@pytest.mark.parametrize(
    "url", ["/measures/usage", "/measures/sources", f"{API}/apps/", f"{API}/usage-days/", "/measures/usage?format=csv"]
)
def test_a_list_costs_as_many_queries_at_a_thousand_rows_as_at_ten(
    world: World, source: RuntimeConnection, url: str
) -> None:
    client = client_for(world.pilot_lead)
    more_apps(source, "x", 10)
    queries(client, url)
    few = queries(client, url)
    more_apps(source, "y", 1000)
    assert queries(client, url) <= few
