"""Every generated trigger does what its model declares, on both engines.

Each table is copied without rows and constraints, so that raw SQL meets the trigger and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from foundation.db import declared
from foundation.lifecycle import LIFECYCLES, Lifecycle

pytestmark = [pytest.mark.services, pytest.mark.django_db]
FROZEN = [m for m in apps.get_models() if getattr(m, "frozen", False)]
BY_LIFECYCLE = pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=lambda li: li.model._meta.label)
BY_FROZEN = pytest.mark.parametrize("model", FROZEN, ids=lambda m: m._meta.label)


def sql(statement: str, *values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def refused(statement: str, *values: Any) -> bool:
    try:
        with transaction.atomic():
            sql(statement, *values)
    except IntegrityError:
        return True
    return False


@contextmanager
def copy_of(model: type[models.Model], *kinds: str) -> Iterator[str]:
    """An empty copy of the table with the triggers whose names end in one of `kinds`."""
    table = model._meta.db_table
    sql(f'CREATE TABLE scratch AS SELECT * FROM "{table}" WHERE 1 = 0')
    for trigger in declared(connection.vendor):
        kind = trigger.name.removeprefix(f"{table}_")
        if trigger.table == table and kind in kinds:
            for statement in replace(trigger, table="scratch", name=f"scratch_{kind}").create(connection.vendor):
                sql(statement)
    yield "scratch"
    sql("DROP TABLE scratch")


def states_of(lifecycle: Lifecycle) -> list[str]:
    field = lifecycle.model._meta.get_field(lifecycle.field_name)
    return [str(value) for value, _label in field.choices]  # type: ignore[union-attr]


def test_there_is_something_to_check() -> None:
    assert LIFECYCLES and FROZEN


@BY_LIFECYCLE
def test_a_record_is_born_in_its_first_state_only(lifecycle: Lifecycle) -> None:
    with copy_of(lifecycle.model, "birth") as table:
        insert = f'INSERT INTO {table} ("{lifecycle.field_name}") VALUES (%s)'
        outcome = {state: refused(insert, state) for state in states_of(lifecycle)}
    assert outcome == {state: state != lifecycle.initial for state in states_of(lifecycle)}


@BY_LIFECYCLE
def test_only_declared_changes_of_state_pass(lifecycle: Lifecycle) -> None:
    column, outcome = lifecycle.field_name, {}
    with copy_of(lifecycle.model, "pairs") as table:
        for old, new in product(states_of(lifecycle), repeat=2):
            sql(f"DELETE FROM {table}")
            sql(f'INSERT INTO {table} ("{column}") VALUES (%s)', old)
            outcome[old, new] = not refused(f'UPDATE {table} SET "{column}" = %s', new)
    legal = {pair for pair, passed in outcome.items() if passed and pair[0] != pair[1]}
    assert legal == {pair for pair in lifecycle.pairs() if pair[0] != pair[1]}
    assert all(outcome[state, state] for state in states_of(lifecycle))


def row_values(model: type[models.Model], changed: bool) -> dict[str, Any]:
    """One value per text or number column; enough to tell a changed row from an unchanged one."""
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if isinstance(field, models.CharField | models.TextField):
            values[field.name] = "b" if changed else "a"
        elif isinstance(field, models.IntegerField):
            values[field.name] = 2 if changed else 1
    return values


@BY_FROZEN
def test_a_frozen_row_is_neither_changed_nor_deleted_by_raw_sql(model: type[models.Model]) -> None:
    columns = {f.name: f.column for f in model._meta.concrete_fields}
    once = set(getattr(model, "frozen_except", ()))
    plain, changed = row_values(model, False), row_values(model, True)
    fixed = [name for name in plain if name not in once]
    assert fixed, "no column to try"
    with copy_of(model, "no_update", "no_delete") as table:
        names = ", ".join(f'"{columns[name]}"' for name in fixed)
        marks = ", ".join(["%s"] * len(fixed))
        sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", *(plain[name] for name in fixed))
        passed = [n for n in fixed if not refused(f'UPDATE {table} SET "{columns[n]}" = %s', changed[n])]
        deleted = not refused(f"DELETE FROM {table}")
    assert (passed, deleted) == ([], False)


@BY_FROZEN
def test_a_column_left_open_is_set_once(model: type[models.Model]) -> None:
    columns = {f.name: f.column for f in model._meta.concrete_fields}
    once = getattr(model, "frozen_except", ())
    unknown = set(once) - set(columns)
    assert not unknown, f"frozen_except names no field: {unknown}"
    plain, changed = row_values(model, False), row_values(model, True)
    tried = [name for name in once if name in plain]
    with copy_of(model, "no_update") as table:
        column = columns[next(iter(row_values(model, False)))]
        sql(f'INSERT INTO {table} ("{column}") VALUES (%s)', next(iter(plain.values())))
        for name in tried:
            assert not refused(f'UPDATE {table} SET "{columns[name]}" = %s', plain[name])
            assert refused(f'UPDATE {table} SET "{columns[name]}" = %s', changed[name])
            assert refused(f'UPDATE {table} SET "{columns[name]}" = NULL')
