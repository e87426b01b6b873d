"""Triggers on both engines: frozen rows, births in the first state, legal state pairs, and rules of single tables.

SQLite drops triggers when a schema change rebuilds their table, so they are installed anew after every migrate
and `/readyz` compares the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection, models

from foundation.lifecycle import LIFECYCLES, Lifecycle
from foundation.triggers import BoundTrigger, Trigger


def declared(vendor: str) -> list[BoundTrigger]:
    """All triggers the models ask for."""
    found: list[BoundTrigger] = []
    for model in apps.get_models():
        table = model._meta.db_table
        if getattr(model, "frozen", False):
            found += _frozen(model, vendor)
        found += [t.on(table) for t in getattr(model, "triggers", ())]
    for lifecycle in LIFECYCLES:
        found += _states(lifecycle)
    return found


def _frozen(model: type[models.Model], vendor: str) -> list[BoundTrigger]:
    table = model._meta.db_table
    message = f"{table} is frozen: records are superseded, never changed"
    allowed = getattr(model, "frozen_except", ())
    update = "1 = 1"
    if allowed:
        columns = {f.name: f.column for f in model._meta.concrete_fields}
        fixed = [f'OLD."{c}" IS NOT NEW."{c}"' for n, c in columns.items() if n not in allowed]
        once = [f'(OLD."{columns[n]}" IS NOT NULL AND OLD."{columns[n]}" IS NOT NEW."{columns[n]}")' for n in allowed]
        update = " OR ".join(fixed + once)
    triggers = [Trigger("no_update", "UPDATE", update, message), Trigger("no_delete", "DELETE", "1 = 1", message)]
    if vendor == "postgresql":
        triggers.append(Trigger("no_truncate", "TRUNCATE", "1 = 1", message))
    return [t.on(table) for t in triggers]


def _states(lifecycle: Lifecycle) -> list[BoundTrigger]:
    table = lifecycle.model._meta.db_table
    field: Any = lifecycle.model._meta.get_field(lifecycle.field_name)
    column = f'"{field.column}"'
    legal = " OR ".join(f"(OLD.{column} = '{a}' AND NEW.{column} = '{b}')" for a, b in sorted(lifecycle.pairs()))
    return [
        Trigger("birth", "INSERT", f"NEW.{column} <> '{lifecycle.initial}'", f"{table} is born in its first state").on(
            table
        ),
        Trigger(
            "pairs",
            "UPDATE",
            f"OLD.{column} <> NEW.{column} AND NOT ({legal or '1 = 0'})",
            f"{table}: this change of state is not legal",
        ).on(table),
    ]


def install_triggers(**_: Any) -> None:
    """Idempotent; a table that is not there yet is passed over."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for trigger in declared(connection.vendor):
            if trigger.table not in tables:
                continue
            cursor.execute(trigger.drop(connection.vendor))
            for statement in trigger.create(connection.vendor):
                cursor.execute(statement)


def drop_triggers() -> None:
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for trigger in declared(connection.vendor):
            if trigger.table in tables:
                cursor.execute(trigger.drop(connection.vendor))


def installed() -> set[str]:
    if connection.vendor == "sqlite":
        sql = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        sql = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {row[0] for row in cursor.fetchall()}


def trigger_gaps() -> list[str]:
    """Names of triggers that should be there and are not."""
    return sorted({t.name for t in declared(connection.vendor)} - installed())


@contextmanager
def thaw() -> Iterator[None]:
    """Without triggers: for wiping demo data, test flushes and migrations of frozen tables."""
    _settle_constraints()
    drop_triggers()
    try:
        yield
    finally:
        _settle_constraints()
        install_triggers()


def _settle_constraints() -> None:
    """PostgreSQL alters no table with deferred foreign-key checks still to come in this transaction."""
    if connection.vendor == "postgresql" and connection.in_atomic_block and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
