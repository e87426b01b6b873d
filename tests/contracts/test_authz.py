"""Every address and method has a row that says who may, and behaves as its row says, for every role at every unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.template.backends.django import Template
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken
from accounts.roles import PERMISSIONS, ROLES
from accounts.services import make_token
from foundation.audit.models import AuditEvent
from tests.contracts.authz_objects import CANARY, build
from tests.contracts.authz_rows import Row, declared, declared_methods, routes, rows
from tests.world import a_member, a_user, actor, client_for

pytestmark = pytest.mark.django_db

READS = [r for r in rows() if r.method == "GET"]
ACTS = [r for r in rows() if r.method != "GET"]
PAGES = [r for r in READS if not r.route.is_api]
REST = [r for r in READS if r.route.is_api]
SAMPLE = ("reader", "architect", "cio", "system_admin")  # below a unit rights are cut before any role is looked at
EVERY = "every role"  # one person who holds them all: what even they may not, none of the roles may
LEDGER = ("foundation_audit", "django_session", "usersessions_")  # what a request may write beside its act


# --- the table -----------------------------------------------------------------------------------------------------


def test_every_address_and_method_has_a_row() -> None:
    missing = [
        f"{route.name} {method} ({route.template})"
        for route in routes().values()
        for method in sorted(route.methods - declared_methods(declared().get(route.name, {})))
    ]
    assert missing == []


def test_every_row_has_an_address() -> None:
    stale = [name for name in declared() if name not in routes()]
    stale += [
        f"{name} {method}"
        for name, row in declared().items()
        if name in routes()
        for method in sorted(declared_methods(row) - routes()[name].methods)
    ]
    assert stale == []


def test_binding_acts_are_not_offered_by_rest() -> None:
    assert [str(r) for r in ACTS if r.route.is_api and r.permission and PERMISSIONS[r.permission].binding] == []


# --- the world, built once ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[SimpleNamespace]:
    """Every role at the unit of the records and above it, a sample below, and all of them in one person beside it;
    everything is rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = build()
        places = (("own", made.world.cn, ROLES), ("above", made.world.root, ROLES), ("below", made.world.team, SAMPLE))
        made.unit = made.world.cn
        made.browsers = {
            (place, role): _somebody(f"{role} {place}", [role], unit) for place, unit, some in places for role in some
        }
        made.browsers["sibling", EVERY] = _somebody("everything beside", ROLES, made.world.em)
        for browser in made.browsers.values():  # one chain of middleware for all of them
            browser.handler = made.browsers["own", "reader"].handler
        made.author = client_for(made.world.architect)
        made.rest = {role: _bearer(made.world.people[role]) for role in ROLES if role != "recorder"}
        yield made
        transaction.set_rollback(True)


def _somebody(name: str, roles: Iterable[str], unit: Any) -> Client:
    user = a_user(name, f"{name.replace(' ', '.')}@elsewhere.example")
    for role in roles:
        a_member(user, role, unit)
    return client_for(user)


def _bearer(user: Any) -> Client:
    scopes = ["read", "draft", "records:write", "telemetry:write"]
    _token, secret = make_token(actor=actor(user), label="matrix", scopes=scopes)
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    program.get("/api/v1/accounts/me")  # the first use of a day is noted on the token
    return program


def askers(row: Row, house: SimpleNamespace) -> list[tuple[str, str, Client]]:
    """Everybody at every place; where no record is named, or a program asks, the place changes nothing."""
    flat = not row.kind or row.route.is_api
    return [(place, role, b) for (place, role), b in house.browsers.items() if place == "own" or not flat]


def rights_of(role: str) -> tuple[frozenset[str], frozenset[str]]:
    """Permissions held in full, and as owner only."""
    held = ROLES.values() if role == EVERY else [ROLES[role]]
    return frozenset().union(*(r.full for r in held)), frozenset().union(*(r.own for r in held))


@pytest.fixture
def _django_db_helper() -> None:
    """The house holds the one transaction; a savepoint with a check of every foreign key around each test is dear."""


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def writes() -> Iterator[list[str]]:
    found: list[str] = []

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE") and not any(t in sql[:80] for t in LEDGER):
            found.append(sql[:120])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield found


@pytest.fixture
def no_rendering() -> Iterator[None]:
    """Rights are asked in views and services; the pages themselves are read by other tests."""
    with patch.object(Template, "render", lambda self, context=None, request=None: ""):
        yield


# --- addresses -----------------------------------------------------------------------------------------------------

NAMED: dict[str, Callable[[SimpleNamespace], dict[str, Any]]] = {
    "workshop": lambda h: {"key": h.workshop.key, "code": h.workshop.long_code, "item": h.workshop_item.pk},
    "followed": lambda h: {"token": "0" * 64},
    "unit": lambda h: {"code": h.unit.code, "box": "A1"},
    "upload": lambda h: {"upload": h.upload.pk},
    "job": lambda h: {"job": h.job.pk, "job_id": h.job.pk, "pk": h.job.pk},
    "question": lambda h: {"pk": h.question.pk},
    "record": lambda h: {"unit": h.unit.code, "source": "servicenow"},
    "observation": lambda h: {"key": h.pilot.key, "pk": h.observation.pk},
    "measure": lambda h: {"pk": h.measure.pk, "job_id": uuid4()},
    "connection": lambda h: {"slug": h.connection.slug},
    "report": lambda h: {"key": h.report.key, "prefix": h.frozen.digest.removeprefix("sha256:")[:12]},
    "category": lambda h: {"code": h.category.code},
    "decided": lambda h: {"key": h.decided_request.key},
}
WORDS = {"kind": "pains", "extension": "csv", "slot": 1, "position": 1, "section": "purpose", "act": "cancel"}


def address(row: Row, house: SimpleNamespace) -> str:
    given = {**WORDS, **_names(row.kind, house), **row.extra}
    if row.right == "secret":
        given["secret"] = house.secret
    return reverse(row.route.name, kwargs={k: given[k] for k in row.route.kwargs})


def _names(kind: str, house: SimpleNamespace) -> dict[str, Any]:
    if kind in NAMED:
        return NAMED[kind](house)
    record = getattr(house, kind, None) if kind else None
    return {"pk": getattr(record, "pk", None), "key": getattr(record, "key", None)}


def send(browser: Client, row: Row, house: SimpleNamespace) -> HttpResponse:
    body = {k: _meant(v, house) for k, v in row.body.items()}
    if row.route.is_api and row.method != "GET":
        given: dict[str, Any] = {"content_type": "application/json", "headers": {"If-Match": '"1"'}}
        return getattr(browser, row.method.lower())(address(row, house), body or {}, **given)
    return getattr(browser, row.method.lower())(address(row, house), body)


def _meant(value: Any, house: SimpleNamespace) -> Any:
    if isinstance(value, list):
        return [_meant(v, house) for v in value]
    if not str(value).startswith("$"):
        return value
    kind, _dot, field = value[1:].partition(".")
    return str(getattr(getattr(house, kind), field))


def record_of(row: Row, house: SimpleNamespace) -> Any:
    return house.decided_request if row.kind == "decided" else getattr(house, row.kind, None)


def handed_down(row: Row, house: SimpleNamespace) -> bool:
    """Patterns, categories and approvals of a unit are seen by the units below it; so are the names of units."""
    if row.kind == "unit":
        return row.right.startswith("accounts.")
    record = record_of(row, house)
    return bool(record and getattr(type(record)._default_manager.get_queryset(), "handed_down", False))


def stands_above(place: str, row: Row, house: SimpleNamespace) -> bool:
    """The record was handed down to the place that asks."""
    if place not in ("below", "sibling") or not handed_down(row, house):
        return False
    path = record_of(row, house).unit.path if row.kind != "unit" else house.unit.path
    return (house.world.team if place == "below" else house.world.em).path.startswith(path)


def expected(place: str, role: str, row: Row, house: SimpleNamespace) -> str:
    """`seen`, `forbidden` (the record is there, the act is not for this role), `nothing`, or `either`.

    Either: the role may on a record that is its own, and whether this one is decides.
    """
    if not row.permission:
        return {"owner": "nothing", "own": "forbidden"}.get(row.right, "seen")
    full, own = (row.permission in held for held in rights_of(role))
    here = not row.kind or place in ("own", "above")
    if not here and not stands_above(place, row, house):
        return "nothing"
    if full and (here or row.permission.endswith(".read")):
        return "seen"
    if own and here and not row.hidden:
        return "either"
    return "nothing" if row.hidden else "forbidden"


def answered(response: HttpResponse) -> str:
    return {403: "forbidden", 404: "nothing"}.get(response.status_code, "seen")


# --- reading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", PAGES, ids=str)
def test_a_page_opens_for_whom_its_row_says(row: Row, house: SimpleNamespace, no_rendering: None) -> None:
    wrong = []
    for place, role, browser in askers(row, house):
        with writes() as written:
            response = send(browser, row, house)
        want, got, status = expected(place, role, row, house), answered(response), response.status_code
        fits = got == want or (want == "either" and got != "nothing")
        if not fits or written or (status >= 500 and row.right != "public"):
            wrong.append(f"{role} {place}: {status}, wanted {want} {written}")
    assert wrong == []


@pytest.mark.parametrize("row", REST, ids=str)
def test_rest_reads_for_whom_its_row_says(row: Row, house: SimpleNamespace) -> None:
    assert send(Client(), row, house).status_code == 401
    outsider = send(house.browsers["sibling", EVERY], row, house)
    assert outsider.status_code == (404 if row.kind and not stands_above("sibling", row, house) else 200)
    assert CANARY not in outsider.content.decode()
    for role in SAMPLE if row.permission else ("reader",):
        response = send(house.rest[role], row, house)
        assert response.status_code == 200, (role, response.content[:300])


@pytest.mark.parametrize("row", [r for r in PAGES if r.by_seat], ids=str)
def test_a_stranger_without_a_seat_finds_nothing(row: Row, house: SimpleNamespace) -> None:
    assert send(Client(), row, house).status_code == 404


PLAIN = [r for r in PAGES if r.right not in ("public", "demo", "secret") and not r.by_seat]


@pytest.mark.parametrize("row", PLAIN, ids=str)
def test_a_stranger_is_sent_to_the_sign_in(row: Row, house: SimpleNamespace) -> None:
    response = Client().get(address(row, house))
    assert response.status_code == 302 and response["Location"].startswith("/accounts/login/")


# --- acting --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [r for r in ACTS if r.permission], ids=str)
def test_an_act_is_refused_to_whom_its_row_does_not_name(row: Row, house: SimpleNamespace, no_rendering: None) -> None:
    """Nothing is written but the entry that says who tried what; those who may hear anything but "you may not"."""
    wrong = []
    for place, role, browser in askers(row, house):
        with undone(), writes() as written:
            before = AuditEvent.objects.count()
            response = send(house.rest.get(role, browser) if row.route.is_api else browser, row, house)
            entries = list(AuditEvent.objects.filter(seq__gt=before).values_list("verb", flat=True))
            code = _why(entries, response)
        want, status = expected(place, role, row, house), response.status_code
        if not _as_expected(row, want, status, written, entries, code):
            wrong.append(f"{role} {place}: {status} {code} {entries} {written}, wanted {want}")
    assert wrong == []


def _why(entries: list[str], response: HttpResponse) -> str:
    if "access.refused" not in entries:
        return ""
    return str(AuditEvent.objects.filter(verb="access.refused").order_by("-seq")[0].body)


def _as_expected(row: Row, want: str, status: int, written: list[str], entries: list[str], why: str) -> bool:
    if want == "nothing":
        return status == 404 and not written and not entries
    if want == "forbidden" and row.by_form and status == 422:
        return not written
    if want == "forbidden":
        return status == 403 and not written and entries == ["access.refused"]
    return status < 500 and status != 404 and (want == "either" or '"not_permitted"' not in why)


@pytest.mark.parametrize("row", [r for r in ACTS if r.right in ("owner", "own")], ids=str)
def test_only_the_owner_reaches_what_is_personal(row: Row, house: SimpleNamespace, no_rendering: None) -> None:
    for place, role, browser in askers(row, house):
        with undone(), writes() as written:
            status = send(browser, row, house).status_code
        outside = place in ("sibling", "below")
        allowed = (404,) if row.right == "owner" or outside else (403,)
        assert status in allowed and not written, (place, role, status)


@pytest.mark.parametrize("row", [r for r in ACTS if r.right not in ("public", "demo", "secret")], ids=str)
def test_a_stranger_acts_nowhere(row: Row, house: SimpleNamespace) -> None:
    with undone(), writes() as written:
        response = send(Client(), row, house)
    assert response.status_code == (401 if row.route.is_api else 302)
    assert not written


@pytest.mark.parametrize("row", [r for r in READS if r.right == "owner"], ids=str)
def test_the_owner_sees_what_is_personal(row: Row, house: SimpleNamespace) -> None:
    assert send(house.author, row, house).status_code == 200


def test_a_token_and_a_rest_session_do_no_binding_act(house: SimpleNamespace) -> None:
    """No role has a binding act through another door than its page, whatever scopes a token asked for."""
    from accounts.actors import token_actor
    from foundation.access import may

    binding = [p.code for p in PERMISSIONS.values() if p.binding]
    for role in ROLES:
        person = house.world.people[role]
        doors = [actor(person, door) for door in ("rest", "task", "mcp")]
        doors += [token_actor(t) for t in ApiToken.objects.filter(user=person)]
        assert [(d.door, p) for d in doors for p in binding if may(d, p, house.world.cn)] == [], role
