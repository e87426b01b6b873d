"""Every list, on a page and in REST, asks the database as often for a thousand rows as for ten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Invitation, Membership, Unit, User
from foundation.db import thaw
from foundation.jobs.models import Job
from metrics.models import SyncRun, UsageDay, UsageRestatement
from tests.contracts.authz_objects import build
from tests.contracts.authz_rows import Route, routes
from tests.world import a_member, a_unit, a_user, client_for

pytestmark = pytest.mark.django_db

LAYERS = ("governance", "usecases", "metrics", "charter", "desk")
FEW, MANY, THOUSAND = 10, 100, 1000  # a hundred show what asks once a row; a thousand is for `make test-all`
READERS = ("architect", "ops_head", "cio", "system_admin", "auditor", "pilot_lead", "data_approver")
NO_LIST = {
    "api-docs", "schema", "set_language", "livez", "readyz", "kit", "desk:help", "desk:help_errors",
    "charter-api:can-i-pilot",
    "usecases:inventory_publish",
}  # fmt: skip
"""Say the same whatever is recorded; the last weighs each unit, and shows a limited number of them."""


def parents(model: type[models.Model]) -> list[tuple[type[models.Model], bool]]:
    """(Model, must there be one)."""
    return [(f.related_model, not f.null) for f in model._meta.concrete_fields if f.is_relation]


def _own_word(model: type[models.Model], names: Iterable[str]) -> str:
    """What tells the rows of a constraint apart: its last free word or number."""
    fields = [model._meta.get_field(name) for name in names]
    free = [f.name for f in fields if not f.is_relation and not f.choices and not isinstance(f, models.DateField)]
    return free[-1] if free else ""


class Copies:
    """Copies of everything recorded in a house, each with its own parents: one row of every kind a copy."""

    def __init__(self, house: Unit, preferred: Iterable[Any]) -> None:
        self.house = house
        self.preferred = {r.pk for r in preferred if isinstance(r, models.Model)}
        self.rows: dict[type[models.Model], models.Model] = {}
        for model in self._models():
            if (row := self._one(model)) is not None:
                self.rows[model] = row
        self.made = 0

    @staticmethod
    def _models() -> list[type[models.Model]]:
        """Parents before what hangs on them."""
        ours = [m for layer in LAYERS for m in apps.get_app_config(layer).get_models()]
        waiting, ordered = [Job, User, Membership, Invitation, *ours], []
        while waiting:
            free = [m for m in waiting if not {p for p, needed in parents(m) if needed and p is not m} & set(waiting)]
            ordered += free
            waiting = [m for m in waiting if m not in free]
        return ordered

    def _one(self, model: type[models.Model]) -> models.Model | None:
        """The row that hangs most on rows already taken."""

        def fits(row: models.Model) -> tuple[int, bool]:
            named = [f for f in model._meta.concrete_fields if f.related_model in self.rows]
            hanging = [f for f in named if getattr(row, f.attname) == self.rows[f.related_model].pk]
            return len(hanging), row.pk in self.preferred

        return max(model._default_manager.order_by("pk")[:200], key=fits, default=None)

    def make(self, until: int) -> None:
        """Until there are `until` copies."""
        every = range(self.made + 1, until + 1)
        keys = {number: {m: self._key(m) for m in self.rows} for number in every}
        with thaw():
            for model, row in self.rows.items():
                model._default_manager.bulk_create([self._copy(row, n, keys[n]) for n in every], batch_size=500)
        for number in every:
            a_unit(f"U{number}", self.house)
        self.made = until

    @staticmethod
    def _key(model: type[models.Model]) -> UUID | None:
        return uuid4() if isinstance(model._meta.pk, models.UUIDField) else None

    def _copy(self, row: models.Model, number: int, keys: dict[Any, UUID | None]) -> models.Model:
        model = type(row)
        given = {f.attname: getattr(row, f.attname) for f in model._meta.concrete_fields}
        anew = {f.name for f in model._meta.concrete_fields if f.is_relation and keys.get(f.related_model)}
        together = [c.fields for c in model._meta.constraints if hasattr(c, "fields") and not anew & set(c.fields)]
        single = {_own_word(model, names) for names in together}
        for field in model._meta.concrete_fields:
            ours = field.is_relation and keys.get(field.related_model) and given[field.attname] is not None
            if ours and (field.related_model is not User or model is Membership):
                given[field.attname] = keys[field.related_model]
            elif field.unique or field.name in single:
                given[field.attname] = self._another(field, given[field.attname], number)
        given[model._meta.pk.attname] = keys[model]
        return model(**given)

    @staticmethod
    def _another(field: models.Field, value: Any, number: int) -> Any:
        if isinstance(field, models.IntegerField):
            return value + number if value is not None and not field.choices else value
        if isinstance(field, models.CharField | models.TextField) and not field.choices:
            return f"{value.rstrip('0123456789')[: (field.max_length or 40) - 6]}{10_000 + number}"
        return value


@pytest.fixture(scope="module", params=[MANY, pytest.param(THOUSAND, marks=pytest.mark.slow)])
def counted(request: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[SimpleNamespace]:
    """By name of the address: queries at FEW, queries at many, rows in REST; all is rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = build()
        a_read_day(made)
        everybody = a_user("Reads everything", "everything@elsewhere.example")
        for role in READERS:
            a_member(everybody, role, made.world.cn)
        browser, copies = client_for(everybody), Copies(made.world.cn, vars(made).values())
        yield SimpleNamespace(few=at(browser, copies, FEW), many=at(browser, copies, request.param), rows=rows(browser))
        transaction.set_rollback(True)


def a_read_day(house: SimpleNamespace) -> None:
    """What a pull leaves behind, and a later one corrects."""
    run = SyncRun.objects.create(connection=house.connection, trigger="button")
    day = date(2026, 3, 2)
    UsageDay.objects.create(
        connection=house.connection, app=house.app, day=day, day_timezone="UTC", runs=3, sync_run=run, row_hash="x"
    )
    UsageRestatement.objects.create(app=house.app, day=day, field="runs", old=1, new=2, reason="late", sync_run=run)


def at(browser: Client, copies: Copies, rows: int) -> dict[str, int]:
    copies.make(rows)
    return {route.name: queries(browser, route) for route in lists()}


def lists() -> list[Route]:
    """Whatever can be read without naming a record."""
    return [r for r in routes().values() if "GET" in r.methods and not r.kwargs and r.name not in NO_LIST]


def queries(browser: Client, route: Route) -> int:
    address = reverse(route.name)
    browser.get(address)  # what is read once in a process
    with CaptureQueriesContext(connection) as seen:
        answer = browser.get(address)
    assert answer.status_code in (200, 302), (address, answer.status_code)
    return len(seen)


def rows(browser: Client) -> dict[str, int]:
    """How many a REST list shows on its first page."""
    told = {r.name: browser.get(reverse(r.name)).json() for r in lists() if r.is_api}
    return {name: len(body["items"]) for name, body in told.items() if "items" in body}


@pytest.fixture
def _django_db_helper() -> None:
    """The copies hold the one transaction."""


def test_a_list_asks_as_often_for_many_rows_as_for_ten(counted: SimpleNamespace) -> None:
    assert len(counted.few) > 60
    assert {n: (asked, counted.many[n]) for n, asked in counted.few.items() if asked != counted.many[n]} == {}


def test_the_lists_are_full(counted: SimpleNamespace) -> None:
    """Few queries over nothing prove nothing."""
    assert len(counted.rows) > 20
    assert {name: n for name, n in counted.rows.items() if n <= FEW} == {}
