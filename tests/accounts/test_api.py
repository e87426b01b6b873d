"""REST of accounts and the tokens that open it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.actors import load_actor, token_actor
from accounts.models import ApiToken, User
from foundation.access import may, require
from foundation.audit.models import AuditEvent
from foundation.errors import Invalid, NotPermitted
from tests.world import a_member, a_user, actor, client_for


def bearer(world, user=None, scopes=("read",), **extra):
    made, secret = services.make_token(actor=actor(user or world.architect), label="Bot", scopes=list(scopes), **extra)
    return made, Client(headers={"Authorization": f"Bearer {secret}"})


@pytest.mark.parametrize("path", ["me", "units", "members"])
def test_rest_answers_strangers_with_401_and_a_problem(world, path):
    answer = Client().get(f"/api/v1/accounts/{path}")
    assert answer.status_code == 401 and answer.headers["Content-Type"].startswith("application/problem+json")
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_a_wrong_an_expired_and_a_revoked_token_answer_the_same(world):
    token, client = bearer(world)
    wrong = Client(headers={"Authorization": "Bearer plt_nothing"}).get("/api/v1/accounts/me")
    with time_machine.travel(timezone.now() + timedelta(days=91)):
        expired = client.get("/api/v1/accounts/me")
    services.revoke_token(actor=actor(world.architect), token=token)
    revoked = client.get("/api/v1/accounts/me")
    bodies = [{k: v for k, v in a.json().items() if k != "instance"} for a in (wrong, expired, revoked)]
    assert wrong.status_code == expired.status_code == revoked.status_code == 401
    assert bodies[0] == bodies[1] == bodies[2]


def test_a_token_of_a_deactivated_person_opens_nothing(world):
    _token, client = bearer(world)
    services.deactivate_user(actor=actor(world.system_admin), user=world.architect)
    assert client.get("/api/v1/accounts/me").status_code == 401


def test_a_token_reads_names_and_roles_in_scope_and_no_address(world):
    token, client = bearer(world)
    body = client.get("/api/v1/accounts/members?size=100").json()
    names = {m["name"] for m in body["items"]}
    assert "The Cio" in names and "The Outsider" not in names
    assert "example.org" not in str(body)
    token.refresh_from_db()
    assert token.last_used_on == timezone.now().date()


def test_units_list_own_and_above(world):
    _token, client = bearer(world)
    assert [u["code"] for u in client.get("/api/v1/accounts/units").json()["items"]] == ["GR", "CN", "CN-OPS"]


def test_a_token_limited_to_a_unit_sees_that_unit_only(world):
    a_member(a_user("Team Mate"), "reader", world.team)
    _token, client = bearer(world, unit=world.team)
    assert {m["unit"] for m in client.get("/api/v1/accounts/members").json()["items"]} == {"CN-OPS"}


def test_members_cost_the_same_for_many(world, django_assert_max_num_queries):
    _token, client = bearer(world)
    client.get("/api/v1/accounts/members")
    with django_assert_max_num_queries(4) as few:
        client.get("/api/v1/accounts/members?size=1000")
    for n in range(40):
        a_member(a_user(f"Person {n}"), "reader", world.cn)
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get("/api/v1/accounts/members?size=1000")


def test_me_tells_a_token_its_cut_down_rights(world):
    _token, client = bearer(world, scopes=["records:write"])
    me = client.get("/api/v1/accounts/me").json()
    assert me["kind"] == "token" and me["acting_for"] == "The Architect"
    assert me["grants"][0]["permissions"] == ["metrics.record.import", "metrics.record.write"]


def test_a_session_on_rest_is_the_rest_door(world):
    me = client_for(world.cio).get("/api/v1/accounts/me").json()
    assert me["kind"] == "user" and "usecases.flagship.select" in me["grants"][0]["permissions"]
    rest = actor(world.cio, "rest")
    assert not may(rest, "usecases.flagship.select", world.cn)


def test_a_token_is_never_wider_than_its_holder_its_scopes_and_its_unit(world):
    token, _secret = services.make_token(actor=actor(world.architect), label="Bot", scopes=["draft"], unit=world.team)
    cut = token_actor(ApiToken.objects.get(pk=token.pk))
    assert may(cut, "usecases.pain.edit", world.team)
    assert not may(cut, "usecases.pain.edit", world.cn)  # unit
    assert not may(cut, "usecases.read", world.team)  # scope
    assert not may(cut, "audit.export", world.team)  # holder
    with pytest.raises(NotPermitted) as refusal:
        require(cut, "governance.submission.submit", world.team)
    assert refusal.value.code == "binding_act"


def test_a_role_that_ends_narrows_the_token_at_once(world):
    _token, client = bearer(world)
    services.end_membership(actor=actor(world.system_admin), membership=world.architect.memberships.get())
    assert client.get("/api/v1/accounts/members").json()["items"] == []


def test_a_token_outside_the_holders_units_is_refused(world):
    with pytest.raises(NotPermitted):
        services.make_token(actor=actor(world.architect), label="Bot", scopes=["read"], unit=world.em)


def test_a_token_makes_no_token(world):
    token, _client = bearer(world, scopes=["read", "draft"])
    with pytest.raises(NotPermitted):
        services.make_token(actor=token_actor(token), label="Child", scopes=["read"])


def test_a_bad_token_request_hears_everything_at_once(world):
    with pytest.raises(Invalid) as refusal:
        services.make_token(actor=actor(world.architect), label=" ", scopes=["all"], days=366)
    assert {r.code for r in refusal.value.reasons} == {"label_missing", "unknown_scope", "bad_days"}


def test_the_ledger_keeps_no_secret_of_a_token(world):
    made, secret = services.make_token(actor=actor(world.architect), label="Bot", scopes=["read"])
    body = AuditEvent.objects.get(verb="token.made").body
    assert secret not in body and made.digest not in body


def test_a_job_runs_with_the_rights_its_owner_has_then(world):
    before = load_actor(str(world.architect.pk))
    assert before.door == "task" and may(before, "metrics.sync.run", world.cn)
    User.objects.filter(pk=world.architect.pk).update(is_active=False)
    assert load_actor(str(world.architect.pk)).grants == ()
    assert load_actor("00000000-0000-0000-0000-000000000000").grants == ()
