"""REST reads and drafts; what binds a person is not offered."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.models import Condition, Pattern, Submission
from tests.governance.builders import a_loaded_catalogue, a_submitted_request, an_approved_pattern, an_open_request
from tests.world import client_for

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/governance"


def send(client, method, path, body, **headers):
    call = getattr(client, method)
    return call(f"{ROOT}/{path}", json.dumps(body), content_type="application/json", headers=headers)


def test_lists_show_what_the_reader_may_see(world):
    an_approved_pattern(world, condition=True)
    wanted = {
        "patterns": (1, 1),
        "categories": (6, 6),
        "approvals": (7, 0),
        "submissions": (1, 0),
        "conditions": (1, 0),
    }
    for path, (ours, theirs) in wanted.items():
        assert len(client_for(world.reader).get(f"{ROOT}/{path}").json()["items"]) == ours, path
        assert len(client_for(world.outsider).get(f"{ROOT}/{path}").json()["items"]) == theirs, path


def test_approvals_are_asked_at_a_moment(world):
    an_approved_pattern(world)
    client = client_for(world.reader)
    states = {a["state"] for a in client.get(f"{ROOT}/approvals?effective_on=2099-01-01").json()["items"]}
    assert states == {"expired"}
    states = {a["state"] for a in client.get(f"{ROOT}/approvals?effective_on=2000-01-01T00:00:00Z").json()["items"]}
    assert states == {"not_yet"}
    for wrong in ("yesterday", "2026-02-31", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z"):
        assert client.get(f"{ROOT}/approvals", {"effective_on": wrong}).status_code == 400


def test_a_draft_is_opened_and_filled_in(world):
    pattern = a_loaded_catalogue(world)
    client = client_for(world.architect)
    made = send(client, "post", "submissions", {"pattern": pattern.key, "unit": "CN"})
    assert made.status_code == 201
    key, etag = made.json()["key"], made["ETag"]
    assert "purpose_missing" in {g["code"] for g in made.json()["gaps"]}
    edit = {
        "purpose_en": "Answer questions",
        "flow": {"stored_in": "Shanghai", "retention_days": 30},
        "answers": [{"item": "CN01", "answer": "no", "except_for": ["automation"]}],
        "categories": [{"code": "automation"}, {"code": "external", "own_flow": {"retention_days": 10}}],
        "controls": [{"control": "network", "answer": "new", "reason": "A second link"}],
        "exit": {"portable_assets": ["prompts"], "exit_plan_en": "Stop"},
    }
    done = send(client, "patch", f"submissions/{key}", edit, if_match=etag)
    assert done.status_code == 200, done.content
    assert "purpose_missing" not in {g["code"] for g in done.json()["gaps"]}
    assert send(client, "patch", f"submissions/{key}", {"purpose_en": "x"}, if_match=etag).status_code == 412
    assert send(client, "patch", f"submissions/{key}", {"purpose_en": "x"}).status_code == 428


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"state": "decided"}, 400),
        ({"purpose_en": 7, "unknown": 1}, 400),
        ({"flow": {"colour": "red"}}, 400),
        ({"answers": [{"item": "CN99", "answer": "no"}]}, 422),
        ({"categories": [{"code": "nonsense"}]}, 422),
        ({"slots": [{"slot": "llm_brain", "component": "CM-9999"}]}, 422),
        ({"controls": [{"control": "nonsense", "answer": "new"}]}, 422),
    ],
)
def test_bad_bodies_are_refused_and_nothing_is_written(world, body, status):
    submission = an_open_request(world)
    client = client_for(world.architect)
    answer = send(client, "patch", f"submissions/{submission.key}", {"purpose_zh": "好", **body}, if_match='"1"')
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json" and answer.json()["reasons"]
    assert Submission.objects.get().purpose_zh == ""


def test_who_may_not_is_refused_and_who_may_not_see_finds_nothing(world):
    submission = an_open_request(world)
    edit = {"purpose_en": "x"}
    assert (
        send(client_for(world.cio), "patch", f"submissions/{submission.key}", edit, if_match='"1"').status_code == 403
    )
    assert (
        send(client_for(world.outsider), "patch", f"submissions/{submission.key}", edit, if_match='"1"').status_code
        == 404
    )
    body = {"pattern": Pattern.objects.get().key, "unit": "CN"}
    assert send(client_for(world.outsider), "post", "submissions", body).status_code == 422


def test_a_submitted_request_is_frozen_for_rest_too(world):
    submission = a_submitted_request(world)
    answer = send(
        client_for(world.architect), "patch", f"submissions/{submission.key}", {"purpose_en": "x"},
        if_match=f'"{submission.version}"',
    )  # fmt: skip
    assert answer.status_code == 409 and answer.json()["code"] == "request_frozen"


@pytest.mark.parametrize("act", ["submit", "vote", "withdraw", "claim"])
def test_binding_acts_have_no_address(world, act):
    submission = a_submitted_request(world)
    client = client_for(world.data_approver)
    assert send(client, "post", f"submissions/{submission.key}/{act}", {}).status_code == 404


@pytest.mark.parametrize("method", ["put", "delete"])
def test_approvals_and_requests_are_not_written_or_deleted(world, method):
    an_approved_pattern(world)
    client = client_for(world.architect)
    approval = client.get(f"{ROOT}/approvals").json()["items"][0]["key"]
    for path in (f"approvals/{approval}", f"submissions/{Submission.objects.get().key}"):
        assert send(client, method, path, {}).status_code == 405


def test_the_owner_gives_evidence(world):
    an_approved_pattern(world, condition=True)
    condition = Condition.objects.get()
    path, body = f"conditions/{condition.key}/evidence", {"label": "Script", "effective_on": "2026-01-01"}
    assert send(client_for(world.pilot_lead), "post", path, body, if_match='"1"').status_code == 403
    done = send(client_for(world.architect), "post", path, body, if_match='"1"')
    assert done.status_code == 200 and done.json()["state"] == "evidence_submitted"
    assert send(client_for(world.architect), "post", path, body, if_match='"1"').status_code == 412


@pytest.mark.parametrize("path", ["patterns", "categories", "approvals", "submissions", "conditions"])
def test_lists_cost_few_queries(world, path):
    an_approved_pattern(world, condition=True)
    client = client_for(world.reader)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(f"{ROOT}/{path}").status_code == 200
    assert len(asked) <= 8


@pytest.mark.parametrize(
    ("path", "hit", "miss"),
    [
        ("patterns", "unit=GR", "unit=EM"),
        ("categories", "unit=GR", "unit=EM"),
        ("approvals", "unit=CN", "unit=EM"),
        ("approvals", "state=active", "state=revoked"),
        ("approvals", "use=allowed", "use=not_allowed"),
        ("approvals", "item_key=category:external", "item_key=category:nothing"),
        ("approvals", "request={request}", "request=G-1999-01"),
        ("submissions", "unit=CN", "unit=EM"),
        ("submissions", "state=decided", "state=draft"),
        ("submissions", "pattern={pattern}", "pattern=PT-99"),
        ("conditions", "unit=CN", "unit=EM"),
        ("conditions", "state=open", "state=closed"),
        ("conditions", "set_by_lane=data", "set_by_lane=security"),
        ("conditions", "request={request}", "request=G-1999-01"),
    ],
)
def test_lists_are_filtered(world, path, hit, miss):
    version = an_approved_pattern(world, condition=True)
    names = {"request": Submission.objects.get().key, "pattern": version.pattern.key}
    client = client_for(world.reader)
    assert client.get(f"{ROOT}/{path}?{hit.format(**names)}").json()["items"]
    assert client.get(f"{ROOT}/{path}?{miss}").json()["items"] == []


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("approvals", "state=nonsense"), ("approvals", "use=perhaps"), ("submissions", "state=nonsense"),
        ("conditions", "state=nonsense"), ("conditions", "set_by_lane=nobody"),
    ],
)  # fmt: skip
def test_a_filter_that_names_nothing_known_is_refused(world, path, wrong):
    a_loaded_catalogue(world)
    answer = client_for(world.reader).get(f"{ROOT}/{path}?{wrong}")
    assert answer.status_code == 400 and answer.json()["reasons"][0]["field"] == wrong.partition("=")[0]


def test_the_state_of_an_approval_is_filtered_at_the_moment_asked(world):
    an_approved_pattern(world)
    client = client_for(world.reader)
    asked = f"{ROOT}/approvals?effective_on=2099-01-01&state="
    assert len(client.get(asked + "expired").json()["items"]) == 7
    assert client.get(asked + "active").json()["items"] == []
