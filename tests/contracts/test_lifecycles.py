"""Every registered lifecycle: born in its first state, each step by permission, no pair outside the table."""

from __future__ import annotations

import pytest
from django.db.models import UUIDField

from accounts.roles import PERMISSIONS
from foundation.audit import verbs
from foundation.db import declared
from foundation.lifecycle import LIFECYCLES

NAMES = [lifecycle.model.__name__ for lifecycle in LIFECYCLES]


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=NAMES)
def test_its_states_are_declared(lifecycle):
    field = lifecycle.model._meta.get_field(lifecycle.field_name)
    states = {value for value, _label in field.choices}
    assert field.default == lifecycle.initial
    used = {lifecycle.initial} | {s for t in lifecycle.transitions for s in (*t.sources, t.target)}
    assert used <= states


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=NAMES)
def test_its_steps_name_known_permissions_and_verbs(lifecycle):
    for step in lifecycle.transitions:
        assert step.permission in PERMISSIONS, step
        assert step.verb in verbs(), step


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=NAMES)
def test_the_record_can_be_guarded(lifecycle):
    names = {f.name for f in lifecycle.model._meta.concrete_fields}
    assert {"version", "state_since"} <= names
    assert isinstance(lifecycle.model._meta.pk, UUIDField)
    table = lifecycle.model._meta.db_table
    guarded = {t.name for t in declared("sqlite") if t.table == table}
    assert {f"{table}_birth"[:60], f"{table}_pairs"[:60]} <= guarded
