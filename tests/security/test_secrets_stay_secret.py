"""Secrets of links, keys and tokens: in no log, no ledger, no page, and in nobody else's hands."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.test import RequestFactory

from accounts.actors import load_actor, token_actor
from accounts.models import ApiToken, User
from accounts.services import invite_member, make_token, revoke_token
from foundation.audit.models import AuditEvent
from foundation.logs import _formatter, masked
from foundation.pages import both_texts, crashed
from metrics.models import RuntimeConnection
from tests.world import actor, client_for

pytestmark = pytest.mark.django_db


def test_an_address_cannot_be_swapped_for_somebody_elses(world: Any) -> None:
    """Signing seats wait for an address; only an accepted invitation binds one to a person."""
    browser = client_for(world.programme_office)
    sent = browser.post("/accounts/email/", {"action_add": "", "email": "newcio@partner.example"})
    assert sent.status_code == 302 and sent["Location"] == "/me"
    assert User.objects.get(pk=world.programme_office.pk).email == world.programme_office.email


def test_the_page_of_sessions_opens(world: Any) -> None:
    assert client_for(world.reader).get("/accounts/sessions/").status_code == 200


def test_the_secret_of_an_invitation_reaches_neither_log_nor_ledger(world: Any, caplog: Any) -> None:
    _invitation, secret = invite_member(
        actor=actor(world.system_admin), role="reader", unit=world.cn, email="new@example.org"
    )
    with caplog.at_level(logging.INFO):
        refused = client_for(world.cio).post(f"/invite/{secret}", {})
    as_written = _formatter("json")
    told = "".join(as_written.format(record) for record in caplog.records)
    assert refused.status_code in (403, 422) and "/invite/…" in told.encode().decode("unicode_escape")
    assert secret not in told
    assert not any(secret in body for body in AuditEvent.objects.values_list("body", flat=True))


def test_an_id_in_an_address_is_no_secret() -> None:
    for path in ("/charters/EC-CN-01/sign", "/rankings/0b5f0f8e-6d1c-4f7c-9a3e-1d2f3a4b5c6d", "/import/pains/"):
        assert masked(path) == path


def test_a_job_asked_for_by_a_token_stays_as_narrow_as_the_token(world: Any) -> None:
    token, _secret = make_token(actor=actor(world.architect), label="narrow", scopes=["read"], unit=world.team)
    asked = token_actor(token)
    running = load_actor(str(asked.user_id), asked.token_id)
    assert (running.grants, running.kind, running.label) == (asked.grants, "token", asked.label)
    revoke_token(actor=actor(world.architect), token=ApiToken.objects.get(pk=token.pk))
    assert load_actor(str(asked.user_id), asked.token_id).grants == ()


def test_the_page_of_a_stale_edit_shows_both_texts_and_no_key(world: Any) -> None:
    connection = RuntimeConnection(name="As it stands", base_url="https://dify.example", slug="dify")
    sent = RequestFactory().post("/", {"name": "As I want it", "secret": "sk-TOPSECRET", "version": "99"})
    rows = both_texts(sent, connection)
    assert [(r["now"], r["sent"]) for r in rows] == [("As it stands", "As I want it")]


def test_a_crash_answers_a_program_in_its_own_form() -> None:
    answer = crashed(RequestFactory().get("/api/v1/usecases/pains"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/problem+json")
    assert json.loads(answer.content)["code"] == "crashed"
