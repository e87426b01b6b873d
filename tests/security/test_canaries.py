"""What stands in the records of another unit appears in nothing an outsider can ask for; secrets appear nowhere."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import models, transaction
from django.test import Client
from django.urls import reverse

from accounts.roles import ROLES
from accounts.services import make_token
from foundation.audit.models import AuditEvent
from foundation.jobs.models import Job
from tests.contracts.authz_objects import CANARY, build
from tests.contracts.authz_rows import Row, rows
from tests.contracts.test_authz import _names, address, send
from tests.world import a_member, a_user, actor, client_for

pytestmark = pytest.mark.django_db
READS = [r for r in rows() if r.method == "GET" and r.right not in ("public", "demo", "secret")]
LISTS = [r for r in READS if not r.kind and not r.route.is_api and not r.route.kwargs]
FORMATS = ("csv", "xlsx")
SECRETS = (f"app-{CANARY}-secret", "correct horse battery")


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[SimpleNamespace]:
    """The China unit full of canaries, and somebody elsewhere who holds every role there is."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = build()
        made.unit = made.world.cn
        nosy = a_user("Nosy Parker")
        for role in ROLES:
            a_member(nosy, role, made.world.em)
        made.nosy = client_for(nosy)
        scopes = ["read", "draft", "export:read", "audit:read"]
        _token, secret = make_token(actor=actor(nosy), label="nosy", scopes=scopes)
        made.nosy_program = Client(headers={"Authorization": f"Bearer {secret}"})
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def _django_db_helper() -> None:
    """The house holds the one transaction; a savepoint with a check of every foreign key around each test is dear."""


def told(response: Any) -> str:
    """Everything the answer carries: its text, its headers, and the cells of a workbook."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    heads = " ".join(f"{k}: {v}" for k, v in response.headers.items())
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b" ".join(book.read(name) for name in book.namelist())
    return heads + content.decode("utf-8", "replace")


@pytest.mark.parametrize("row", READS, ids=str)
def test_no_answer_to_an_outsider_names_a_foreign_record(row: Row, house: SimpleNamespace) -> None:
    browser = house.nosy_program if row.route.is_api else house.nosy
    assert CANARY not in told(send(browser, row, house))


@pytest.mark.parametrize("row", LISTS, ids=str)
@pytest.mark.parametrize("form", FORMATS)
def test_no_export_carries_a_foreign_record(row: Row, form: str, house: SimpleNamespace) -> None:
    assert CANARY not in told(house.nosy.get(address(row, house), {"format": form}))


PART = CANARY[:-1]  # the words asked for may be said back, so they are not the canary itself


@pytest.mark.parametrize("words", [PART, PART.lower(), "P-0002", "UC-002", "EC-CN-01", "M-0002", "CT-001"])
@pytest.mark.parametrize("place", ["desk:search", "desk-api:search", "usecases:pains", "usecases:candidates"])
def test_no_search_finds_a_foreign_record(words: str, place: str, house: SimpleNamespace) -> None:
    text = told(house.nosy.get(reverse(place), {"q": words}))
    assert CANARY not in text


def test_a_picker_offers_no_foreign_record(house: SimpleNamespace) -> None:
    """Forms list units, people, candidates and pains to choose from: the reader's own only."""
    for name in (
        "usecases:candidate_new",
        "usecases:ranking_new",
        "charter:new",
        "metrics:pilot_new",
        "accounts:invite-member",
    ):
        response = house.nosy.get(reverse(name))
        assert response.status_code == 200 and CANARY not in told(response), name


def test_the_ledger_shows_an_outsider_no_foreign_entry(house: SimpleNamespace) -> None:
    page = told(house.nosy.get(reverse("desk:audit"), {"format": "csv"}))
    assert CANARY not in page and "P-0002" not in page


def test_no_secret_stands_in_ledger_jobs_or_any_text_column(house: SimpleNamespace) -> None:
    for secret in (*SECRETS, house.secret):
        assert not any(secret in body for body in AuditEvent.objects.values_list("body", flat=True))
        assert not Job.objects.filter(args__icontains=secret).exists()
        for model in apps.get_models():
            for column in model._meta.concrete_fields:
                if isinstance(column, models.CharField | models.TextField):
                    found = model._base_manager.extra(
                        where=[f'"{model._meta.db_table}"."{column.column}" LIKE %s'], params=[f"%{secret}%"]
                    )
                    assert not found.exists(), (model, column)


def test_no_page_of_its_own_unit_shows_the_key_of_a_connection(house: SimpleNamespace) -> None:
    browser = client_for(house.world.architect)
    kind = _names("connection", house)
    for name in ("metrics:source", "metrics:source_edit", "metrics-api:connection"):
        assert SECRETS[0] not in told(browser.get(reverse(name, kwargs=kind)))
