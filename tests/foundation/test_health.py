"""What probes and browsers are told."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from foundation.cache import PATIENCE
from foundation.db import declared, drop_triggers, install_triggers, trigger_gaps
from foundation.jobs import tasks
from tests.world import client_for

pytestmark = [pytest.mark.services, pytest.mark.django_db]


@pytest.fixture
def beating() -> None:
    """A worker ticked a moment ago."""
    tasks.tick()


@pytest.fixture(autouse=True)
def empty_cache() -> Any:
    cache.clear()
    yield
    cache.clear()


def reasons(client: Client) -> tuple[int, set[str]]:
    answer = client.get("/readyz")
    return answer.status_code, {r["code"] for r in answer.json()["reasons"]}


def test_a_living_process_says_so_without_asking_anything(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/livez")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_ready_once_the_worker_has_ticked(client: Client, beating: None) -> None:
    assert reasons(client) == (200, set())


def test_not_ready_before_the_first_tick(client: Client) -> None:
    assert reasons(client) == (503, {"worker"})


def test_not_ready_when_the_worker_fell_silent(client: Client) -> None:
    cache.set(tasks.HEARTBEAT, timezone.now() - timedelta(minutes=10), timeout=None)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "600 seconds ago" in answer.json()["reasons"][0]["text"]


def test_not_ready_while_a_trigger_is_missing_and_ready_again_after_it_is_installed(
    client: Client, beating: None
) -> None:
    drop_triggers()
    status, codes = reasons(client)
    install_triggers()
    assert (status, codes) == (503, {"triggers"})
    assert reasons(client) == (200, set())


def test_not_ready_while_a_migration_waits(client: Client, beating: None) -> None:
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    MigrationRecorder(connection).record_unapplied("foundation", "0001_ledger_and_jobs")
    assert reasons(client) == (503, {"migrations"})


def test_not_ready_without_a_broker_and_all_reasons_come_at_once(client: Client, settings: Any) -> None:
    settings.BROKER_URL = "redis+socket:///nowhere/valkey.sock?virtual_host=0"
    assert reasons(client) == (503, {"broker", "worker"})


AWAY = {
    "default": {
        "BACKEND": "foundation.cache.SteadyRedisCache",
        "LOCATION": "unix:///nowhere/valkey.sock?db=1",
        "KEY_PREFIX": "pilotage",
    }
}


def test_pages_and_acts_outlive_the_cache_and_readiness_tells_of_it(world: Any, settings: Any) -> None:
    settings.CACHES = AWAY
    signed_in = client_for(world.architect)
    assert signed_in.get("/").status_code == 200
    assert signed_in.get("/pains").status_code == 200
    named = {"title_en": "Every week I copy figures", "kind": "report", "unit": world.cn.pk}
    assert signed_in.post("/pains/new", named).status_code == 302
    assert {"cache", "worker"} <= reasons(signed_in)[1]
    assert send(signed_in, report()) == 204


def test_a_cache_that_hangs_is_not_waited_for(settings: Any) -> None:
    settings.CACHES = AWAY
    waits = cache._cache.get_client("key").connection_pool.connection_kwargs
    assert waits["socket_timeout"] == waits["socket_connect_timeout"] == PATIENCE


def test_every_declared_trigger_is_installed() -> None:
    from django.db import connection

    assert declared(connection.vendor)
    assert trigger_gaps() == []


def report(**changes: str) -> bytes:
    inner = {"document-uri": "http://testserver/charters/?q=name", "effective-directive": "img-src", **changes}
    return json.dumps({"csp-report": inner}).encode()


def send(client: Client, body: bytes) -> int:
    return client.post(
        "/csp-report", body, content_type="application/csp-report", REMOTE_ADDR="203.0.113.9"
    ).status_code


def test_a_policy_report_is_logged_without_address_or_query(client: Client, caplog: Any) -> None:
    with caplog.at_level(logging.WARNING, "pilotage.health"):
        assert send(client, report(**{"blocked-uri": "https://cdn.example/x.png?user=7"})) == 204
    (line,) = [r for r in caplog.records if r.name == "pilotage.health"]
    assert (line.page, line.directive, line.blocked) == ("/charters/", "img-src", "https://cdn.example/x.png")
    assert "203.0.113.9" not in str(vars(line)) and "name" not in line.page


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'{"csp-report": 3}', b"x" * 40_000])
def test_a_broken_policy_report_is_taken_and_dropped(client: Client, caplog: Any, body: bytes) -> None:
    assert send(client, body) == 204
    assert not [r for r in caplog.records if r.name == "pilotage.health"]


def test_policy_reports_cannot_flood_the_log(client: Client, caplog: Any) -> None:
    with caplog.at_level(logging.WARNING, "pilotage.health"), time_machine.travel("2026-11-22T10:00:01Z"):
        for _count in range(70):
            send(client, report())
    assert len([r for r in caplog.records if r.name == "pilotage.health"]) == 60


def test_a_policy_report_is_a_post(client: Client) -> None:
    assert client.get("/csp-report").status_code == 405
