"""REST: the same services, strict bodies, nothing of a blind ranking."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.usecases.builders import a_candidate, a_pain, a_selection, a_system, an_asset, an_inventory
from tests.usecases.workshops import a_voting
from tests.world import World, client_for
from usecases.models import Candidate, Pain, Ranking

ROOT = "/api/v1/usecases"


def send(client: Any, method: str, path: str, body: dict[str, Any], **headers: str) -> Any:
    call = getattr(client, method)
    return call(f"{ROOT}/{path}", json.dumps(body), content_type="application/json", headers=headers)


def test_a_pain_is_recorded_read_and_changed_under_its_version(world: World) -> None:
    client, system = client_for(world.architect), a_system(world)
    body = {"unit": "CN", "title_en": "By REST", "kind": "report", "systems": [system.key], "severity": 3,
            "runs_per_month_low": "1", "runs_per_month_likely": "2", "runs_per_month_high": "3"}  # fmt: skip
    made = send(client, "post", "pains", body)
    assert made.status_code == 201, made.content
    key = made.json()["key"]
    assert Pain.objects.get(key=key).source == "api"
    assert client.get(f"{ROOT}/pains/{key}")["ETag"] == '"1"'
    assert send(client, "patch", f"pains/{key}", {"title_en": "x"}).status_code == 428
    changed = send(client, "patch", f"pains/{key}", {"title_en": "Changed"}, **{"If-Match": '"1"'})
    assert changed.json()["title_en"] == "Changed" and changed["ETag"] == '"2"'
    assert send(client, "patch", f"pains/{key}", {"title_en": "y"}, **{"If-Match": '"1"'}).status_code == 412


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"unit": "CN", "title_en": "x", "fte": 3}, 400),
        ({"unit": "CN", "title_en": "x", "state": "promoted"}, 400),
        ({"unit": "CN", "title_en": "x", "severity": "much"}, 400),
        ({"title_en": "x"}, 400),
        ({"unit": "CN"}, 422),
        ({"unit": "EM", "title_en": "x"}, 422),
        ({"unit": "CN", "title_en": "x", "systems": ["nowhere"]}, 422),
        ({"unit": "CN", "title_en": "x", "runs_per_month_low": "1"}, 422),
    ],
)
def test_bad_bodies_are_named_and_write_nothing(world: World, body: dict[str, Any], status: int) -> None:
    answer = send(client_for(world.architect), "post", "pains", body)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"].startswith("application/problem+json") and answer.json()["reasons"]
    assert not Pain.objects.exists()


def test_candidates_rankings_and_assets_are_drafted(world: World) -> None:
    client, pain = client_for(world.architect), a_pain(world)
    drafted = send(
        client, "post", "candidates", {"unit": "CN", "channel": "A9", "title_zh": "草案", "pains": [pain.key]}
    )
    assert drafted.status_code == 201, drafted.content
    key = drafted.json()["key"]
    changed = send(client, "patch", f"candidates/{key}", {"summary_en": "Short"}, **{"If-Match": '"1"'})
    assert changed.json()["summary_en"] == "Short"
    ranking = send(client, "post", "rankings", {"unit": "CN", "title_en": "R", "candidates": [key]})
    assert ranking.status_code == 201 and ranking.json()["sheets"] == {"done": 0, "of": 0}
    asset = {"unit": "CN", "kind": "prompt", "title_en": "P", "stored_at": "git", "candidate": key}
    assert send(client, "post", "assets", asset).status_code == 201


def test_everything_is_read_in_scope_and_is_404_outside(world: World) -> None:
    snapshot, inventory, asset = a_selection(world).snapshot, an_inventory(world), an_asset(world)
    paths = [f"snapshots/{snapshot.key}", f"inventories/{inventory.key}", f"assets/{asset.key}",
             f"candidates/{Candidate.objects.first().key}", f"rankings/{Ranking.objects.first().pk}",
             f"pains/{Pain.objects.first().key}"]  # fmt: skip
    inside, outside = client_for(world.reader), client_for(world.outsider)
    for path in paths:
        assert inside.get(f"{ROOT}/{path}").status_code == 200, path
        assert outside.get(f"{ROOT}/{path}").status_code == 404, path
    for name in ("pains", "inventories", "contracts", "candidates", "rankings", "snapshots", "assets"):
        assert inside.get(f"{ROOT}/{name}").json()["items"]
        assert outside.get(f"{ROOT}/{name}").json()["items"] == []
    content = inside.get(f"{ROOT}/snapshots/{snapshot.key}").json()["content"]
    assert content["schema"] == "ranking-snapshot/1"


def test_no_person_is_named_in_a_candidate_by_rest(world: World) -> None:
    candidate = a_candidate(world)
    body = client_for(world.reader).get(f"{ROOT}/candidates/{candidate.key}").content.decode()
    assert world.pilot_lead.name not in body and json.loads(body)["owner_named"] is True


def test_lists_filter_and_refuse_unknown_values(world: World) -> None:
    a_pain(world, kind="escalation")
    client = client_for(world.reader)
    assert client.get(f"{ROOT}/pains?kind=report").json()["items"] == []
    assert len(client.get(f"{ROOT}/pains?kind=escalation&unit=CN").json()["items"]) == 1
    assert client.get(f"{ROOT}/pains?kind=nonsense").status_code == 400


def test_a_contract_is_drafted_and_changed_under_its_version(world: World) -> None:
    client = client_for(world.architect)
    body = {"unit": "CN", "vendor": "Vendor One", "title_en": "Support", "renewal_on": "2027-01-31"}
    made = send(client, "post", "contracts", body)
    assert made.status_code == 201 and made["ETag"] == '"1"', made.content
    path = f"contracts/{made.json()['key']}"
    assert send(client, "patch", path, {"scope": "x"}).status_code == 428
    changed = send(client, "patch", path, {"scope": "Night shift"}, **{"If-Match": '"1"'})
    assert changed.json()["scope"] == "Night shift" and changed["ETag"] == '"2"'
    assert send(client, "patch", path, {"scope": "y"}, **{"If-Match": '"1"'}).status_code == 412
    assert send(client, "post", "contracts", {**body, "saving": 3}).status_code == 400
    assert send(client_for(world.reader), "post", "contracts", body).status_code == 403


def test_a_candidate_is_shaped_and_parked_with_every_reason_named(world: World) -> None:
    client = client_for(world.architect)
    made = send(client, "post", "candidates", {"unit": "CN", "channel": "A9", "title_en": "Idea"}).json()
    path, version = f"candidates/{made['key']}", {"If-Match": '"1"'}
    assert send(client, "post", f"{path}/shape", {}).status_code == 428
    refused = send(client, "post", f"{path}/shape", {}, **version)
    assert refused.status_code == 409 and len(refused.json()["reasons"]) == 7
    assert send(client, "post", f"{path}/park", {}, **version).status_code == 400
    parked = send(client, "post", f"{path}/park", {"reason": "Not now"}, **version)
    assert (parked.json()["state"], parked.json()["state_reason"]) == ("parked", "Not now")


def test_inventories_and_snapshots_are_filtered_by_unit(world: World) -> None:
    a_selection(world)
    an_inventory(world)
    client = client_for(world.architect)
    for name in ("inventories", "snapshots"):
        assert len(client.get(f"{ROOT}/{name}?unit=CN").json()["items"]) == 1
        assert client.get(f"{ROOT}/{name}?unit=EM").json()["items"] == []


def test_a_workshop_is_set_up_and_walked_by_steps(world: World) -> None:
    client = client_for(world.architect)
    made = send(client, "post", "workshops", {"unit": "CN", "title_en": "Night shift"})
    assert made.status_code == 201, made.content
    key = made.json()["key"]
    steps = f"workshops/{key}/steps"
    assert send(client, "post", f"{steps}/start", {}).status_code == 428
    assert send(client, "post", f"{steps}/start", {"reason": "x"}, **{"If-Match": made["ETag"]}).status_code == 422
    assert send(client, "post", f"{steps}/jump", {}, **{"If-Match": made["ETag"]}).status_code == 404
    begun = send(client, "post", f"{steps}/start", {}, **{"If-Match": made["ETag"]})
    assert begun.json()["state"] == "collect" and begun.json()["shown"]["cards"] == 0
    empty = send(client, "post", f"{steps}/reveal", {}, **{"If-Match": begun["ETag"]})
    assert empty.status_code == 409 and empty.json()["reasons"], empty.content
    assert send(client, "post", f"{steps}/start", {}, **{"If-Match": made["ETag"]}).status_code in (409, 412)
    ended = send(client, "post", f"{steps}/cancel", {"reason": "Nobody came."}, **{"If-Match": begun["ETag"]})
    assert ended.json()["state"] == "cancelled"
    assert [w["key"] for w in client.get(f"{ROOT}/workshops?state=cancelled").json()["items"]] == [key]


def test_a_reader_of_the_unit_reads_nothing_of_a_workshop_under_way(world: World) -> None:
    key = a_voting(world).workshop.key
    assert client_for(world.reader).get(f"{ROOT}/workshops/{key}").json()["shown"] == {}
