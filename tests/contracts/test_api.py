"""The REST door: one schema that is the routes, refusals in one form, and nothing that surprises a program."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
import yaml
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS, load_all_checks

from accounts.services import make_token
from config.wsgi import application
from tests.world import actor, client_for

pytestmark = pytest.mark.django_db
METHODS = ("get", "post", "put", "patch", "delete")
EXAMPLES = 5
PROBLEM = "application/problem+json"


def api_routes() -> set[tuple[str, str]]:
    """Paths as OpenAPI writes them, with the methods their views answer."""

    def walk(patterns: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
        for entry in patterns:
            if isinstance(entry, URLPattern):
                view = getattr(entry.callback, "cls", None)
                here = plain(prefix + str(entry.pattern))
                if view and here.startswith("/api/v1/") and entry.name not in ("schema", "api-docs"):
                    yield from ((here, m) for m in METHODS if hasattr(view, m))
            else:
                yield from walk(entry.url_patterns, prefix + str(entry.pattern))

    return set(walk(get_resolver().url_patterns))


def plain(pattern: str) -> str:
    named = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern))
    return "/" + re.sub(r"[\^$\\]", "", named).replace("{pk}", "{id}")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, m, op) for path, item in document["paths"].items() for m, op in item.items() if m in METHODS]


def test_the_schema_is_made_in_less_than_three_seconds() -> None:
    began = time.process_time()
    SchemaGenerator().get_schema(request=None, public=True)
    assert time.process_time() - began < 3


def test_the_schema_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])


def test_the_schema_is_exactly_the_routes(document: dict[str, Any]) -> None:
    assert {(path, method) for path, method, _op in operations(document)} == api_routes()


def test_every_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [op["operationId"] for _path, _method, op in operations(document)]
    assert sorted(names) == sorted(set(names))


def test_every_operation_declares_its_refusals_in_one_form(document: dict[str, Any]) -> None:
    for path, method, op in operations(document):
        refusals = {s: r for s, r in op["responses"].items() if s.startswith("4")}
        assert {"400", "401", "403", "404", "409", "412", "422", "428", "429"} <= set(refusals), (method, path)
        assert all(set(r["content"]) == {PROBLEM} for r in refusals.values()), (method, path)


def test_no_name_or_type_had_to_be_guessed() -> None:
    """What the generator has to guess, a program has to guess too; how it names choices is no guess."""
    from drf_spectacular.drainage import GENERATOR_STATS

    GENERATOR_STATS.reset()
    with GENERATOR_STATS.silence():
        SchemaGenerator().get_schema(request=None, public=True)
    told = [str(m) for cache in (GENERATOR_STATS._warn_cache, GENERATOR_STATS._error_cache) for m in cache]
    assert [m for m in told if "enum naming" not in m and "same choice set" not in m] == []


# --- refusals ------------------------------------------------------------------------------------------------------


def is_a_problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content[:300]
    assert response.headers["Content-Type"].startswith(PROBLEM)
    body = response.json()
    assert body["status"] == status and body["code"] and body["title"]
    assert all(r["code"] and r["text"] for r in body["reasons"])
    return body


def test_every_refusal_is_a_problem_with_its_reasons(world: Any) -> None:
    client, json_body = client_for(world.architect), {"content_type": "application/json"}
    pains = reverse("usecases-api:pains")
    is_a_problem(Client().get(pains), 401)
    is_a_problem(client.get(reverse("usecases-api:pain", args=["P-9999"])), 404)
    is_a_problem(client.get("/api/v1/nowhere"), 404)
    is_a_problem(client.delete(pains), 405)
    is_a_problem(client.get(pains, headers={"Accept": "text/html"}), 406)
    is_a_problem(client.post(pains, b"x", content_type="text/plain"), 415)
    is_a_problem(client.post(pains, b"{", content_type="application/json"), 400)
    is_a_problem(client_for(world.reader).post(pains, {"unit": "CN", "title_en": "x"}, **json_body), 403)
    both = is_a_problem(client.get(pains, {"size": "0"}), 400)
    assert both["reasons"][0]["field"] == "size"
    unknown = is_a_problem(client.post(pains, {"unit": "CN", "wrong": 1, "key": "P"}, **json_body), 400)
    assert {r["field"] for r in unknown["reasons"]} >= {"wrong", "key"}


def test_a_write_names_the_version_it_saw(world: Any) -> None:
    from tests.usecases.builders import a_pain

    client, address = client_for(world.architect), reverse("usecases-api:pain", args=[a_pain(world).key])
    given: dict[str, Any] = {"content_type": "application/json"}
    is_a_problem(client.patch(address, {"title_en": "Other"}, **given), 428)
    is_a_problem(client.patch(address, {"title_en": "Other"}, headers={"If-Match": '"99"'}, **given), 412)
    etag = client.get(address).headers["ETag"]
    assert client.patch(address, {"title_en": "Other"}, headers={"If-Match": etag}, **given).status_code == 200


# --- the documentation page ----------------------------------------------------------------------------------------


def test_the_documentation_page_names_no_other_origin(world: Any) -> None:
    page = client_for(world.reader).get(reverse("api-docs"))
    assert page.status_code == 200
    text = page.content.decode()
    found = re.findall(r"""(?:src|href)=["']([^"']+)""", text) + re.findall(r"https?://[^\s\"'<]+", text)
    assert [a for a in found if a.startswith(("http:", "https:", "//"))] == []
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S", text)


def test_the_schema_is_served_to_who_is_signed_in(world: Any) -> None:
    answer = client_for(world.reader).get(reverse("schema"))
    assert answer.status_code == 200 and yaml.safe_load(answer.content)["openapi"].startswith("3.1")


# --- invented requests ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installation(django_db_setup: None, django_db_blocker: Any) -> Iterator[SimpleNamespace]:
    """Records of every kind, and the token of an architect; rolled back at the end."""
    from tests.contracts.authz_objects import build

    with django_db_blocker.unblock(), transaction.atomic():
        made = build()
        scopes = ["read", "draft", "records:write", "telemetry:write"]
        _token, secret = make_token(actor=actor(made.world.architect), label="schemathesis", scopes=scopes)
        made.headers = {"Authorization": f"Bearer {secret}"}
        for signal in (request_started, request_finished):  # as Django's own test client does
            signal.disconnect(close_old_connections)
        yield made
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
        transaction.set_rollback(True)


def loaded() -> Any:
    """The document of the generator; nothing is asked of the database while tests are collected."""
    raw = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))
    found = schemathesis.openapi.from_dict(raw)
    found.app = application
    return found


schema = loaded()
load_all_checks()
LEFT_OUT = {
    "use_after_free": "nothing is deleted here",
    "ensure_resource_availability": "needs links between operations",
    "object_level_authorization": "the matrix of test_authz.py asks every role at every unit",
    "ignored_auth": "asked without the token by test_authz.py",
    "positive_data_acceptance": "a well-formed request may still name a unit that is not there",
}
ASKED = [check for check in CHECKS.get_all() if check.__name__ not in LEFT_OUT]


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_invented_requests_get_the_declared_answers(installation: SimpleNamespace, case: schemathesis.Case) -> None:
    with transaction.atomic():
        response = case.call(headers=installation.headers)
        transaction.set_rollback(True)
    case.validate_response(response, checks=ASKED)


def test_a_nul_in_an_address_is_refused_as_a_problem(installation: SimpleNamespace) -> None:
    answer = Client(headers=installation.headers).get("/api/v1/usecases/pains?state=%00")
    assert answer.status_code == 422 and answer["Content-Type"] == "application/problem+json"
    assert answer.json()["reasons"][0]["code"] == "nul"
