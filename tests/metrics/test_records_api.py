"""REST of incidents and task times: strict, bounded, the same services as the pages."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import ApiToken
from accounts.secrets import digest_of
from foundation import clock
from metrics.models import Observation, OpsRecord, SourceImport
from tests.metrics.builders import a_measure
from tests.world import a_member, a_user, client_for

INCIDENTS = "/api/v1/metrics/records/incident"
TASK_TIMES = "/api/v1/metrics/task-times"


def send(client, address: str, body: object, **headers: str):
    return client.post(address, json.dumps(body), content_type="application/json", headers=headers or None)


def incidents(count: int = 2, **more: object) -> dict[str, object]:
    items = [
        {"key": f"INC{n}", "opened_at": f"2026-03-02T10:{n % 60:02d}:00Z", "priority": "2", "group": "G1"}
        for n in range(count)
    ]
    return {"unit": "CN", "source": "pager", "as_of": "2026-03-03T00:00:00Z", "items": items, **more}


@pytest.fixture
def api(world):
    return client_for(world.pilot_lead)


def test_incidents_come_in_once_and_come_out_without_a_person(api):
    first = send(api, INCIDENTS, incidents())
    assert first.status_code == 201 and first.json()["added"] == 2
    again = send(api, INCIDENTS, incidents())
    assert again.status_code == 200 and again.json()["import_id"] is None
    assert again.json()["unchanged"] == 2 and SourceImport.objects.count() == 1
    listed = api.get(INCIDENTS, {"source": "pager", "size": 1}).json()
    assert listed["items"][0]["key"] == "INC1" and listed["next"]
    assert set(listed["items"][0]) & {"caller", "assignee", "opened_by", "text", "description"} == set()
    kept = api.get("/api/v1/metrics/records/imports").json()["items"]
    assert kept[0]["added"] == 2 and kept[0]["kind"] == "rest"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"caller": "x"}, "items.0.caller"),
        ({"opened_at": "yesterday"}, "items.0.opened_at"),
        ({"opened_at": "2026-03-02T10:00:00"}, "items.0.opened_at"),
        ({"opened_at": "9999-12-31T10:00:00Z"}, "items.0.opened_at"),
        ({"key": ""}, "items.0.key"),
        ({"description": "long text"}, "items.0.description"),
        ({"reopen_count": -1}, "items.0.reopen_count"),
    ],
)
def test_an_unknown_or_wrong_key_refuses_the_whole_call(api, change, field):
    body = incidents()
    body["items"][0] |= change
    said = send(api, INCIDENTS, body)
    assert said.status_code == 400 and field in [r.get("field") for r in said.json()["reasons"]]
    assert not OpsRecord.objects.exists()


def test_bounds_and_scope_hold(world, api):
    assert send(api, INCIDENTS, incidents(1001)).status_code == 400
    body = incidents()
    body["items"].append(body["items"][0])
    assert send(api, INCIDENTS, body).status_code == 400
    assert send(api, INCIDENTS, incidents(unit="EM")).status_code == 422
    assert send(client_for(world.reader), INCIDENTS, incidents()).status_code == 403
    assert not OpsRecord.objects.exists()
    assert client_for(world.outsider).get(INCIDENTS).json()["items"] == []


def test_task_times_come_in_whole_or_not_and_are_listed_without_a_person(world, api):
    measure = a_measure(world)
    rows = [{"minutes": "47", "case": "A", "review_minutes": "5"}, {"minutes": "12.5", "case": "B", "usable": True}]
    sent = send(api, TASK_TIMES, {"pilot": measure.pilot.key, "team": "CN-OPS", "items": rows})
    assert sent.status_code == 201 and sent.json()["recorded"] == 2
    repeated = send(api, TASK_TIMES, {"pilot": measure.pilot.key, "items": [{"minutes": "1", "case": "C"}, rows[0]]})
    assert repeated.status_code == 422 and "Row 2" in repeated.json()["reasons"][0]["text"]
    assert Observation.objects.count() == 2
    item = api.get(TASK_TIMES, {"measure__pilot__key": measure.pilot.key}).json()["items"][0]
    assert item["team"] == "CN-OPS" and "entered_by_role" not in item and "receipt_digest" not in item
    assert client_for(world.outsider).get(TASK_TIMES).json()["items"] == []


@pytest.mark.parametrize("change", [{"name": "Somebody"}, {"user": "x"}, {"minutes": "NaN"}, {"again": "maybe"}])
def test_a_task_time_with_a_name_or_an_unknown_key_is_refused(world, api, change):
    measure = a_measure(world)
    body = {"pilot": measure.pilot.key, "items": [{"minutes": "5", "case": "A", **change}]}
    assert send(api, TASK_TIMES, body).status_code == 400
    many = {"pilot": measure.pilot.key, "items": [{"minutes": "5", "case": f"A{n}"} for n in range(501)]}
    assert send(api, TASK_TIMES, many).status_code == 400
    assert not Observation.objects.exists()


def test_a_token_that_may_only_write_records_writes_and_reads_nothing(world):
    measure = a_measure(world)
    robot = a_user("Paging robot", kind="service")
    a_member(robot, "recorder", world.cn)
    secret = "plt_" + "x" * 40
    ApiToken.objects.create(
        user=robot,
        label="pager",
        prefix="plt_xxxx",
        digest=digest_of(secret),
        scopes=["records:write"],
        expires_at=clock.now() + timedelta(days=1),
    )
    bearer = {"Authorization": f"Bearer {secret}"}
    assert send(Client(), INCIDENTS, incidents(), **bearer).status_code == 201
    body = {"pilot": measure.pilot.key, "items": [{"minutes": "5", "case": "A"}]}
    assert send(Client(), TASK_TIMES, body, **bearer).status_code == 201
    assert Client().get(INCIDENTS, headers=bearer).json()["items"] == []
    assert send(Client(), INCIDENTS, incidents(unit="EM"), **bearer).status_code == 422


def test_a_source_cannot_be_complete_at_a_moment_still_to_come(api):
    later = (clock.now() + timedelta(days=400)).isoformat()
    refused = send(api, INCIDENTS, incidents(as_of=later))
    assert refused.status_code == 422 and refused.json()["reasons"][0]["code"] == "as_of_ahead"
    assert not OpsRecord.objects.exists() and not SourceImport.objects.exists()
