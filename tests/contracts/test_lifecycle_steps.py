"""Every lifecycle, state and step, for one who may and one who may not: nothing moves but by the declared table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from accounts.roles import ROLES
from foundation.access import is_binding
from foundation.actor import Actor, system_actor
from foundation.audit.models import AuditEvent
from foundation.db import thaw
from foundation.errors import NotPermitted, NotReady, Refused, Stale
from foundation.lifecycle import LIFECYCLES, Lifecycle, Transition
from tests.contracts.authz_objects import build
from tests.world import a_member, a_user, actor

pytestmark = pytest.mark.django_db
STEPS = [(lifecycle, step) for lifecycle in LIFECYCLES for step in lifecycle.transitions]
NAMES = [f"{lifecycle.model.__name__}-{step.name}" for lifecycle, step in STEPS]


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """One record of each kind; somebody without a role, one who holds them all, and the house itself, which may."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = build()
        nobody, everybody = a_user("Nobody"), a_user("Everybody")
        for role in ROLES:
            a_member(everybody, role, made.world.root)
        yield {"may not": actor(nobody), "all roles": actor(everybody), "may": system_actor("page")}
        transaction.set_rollback(True)


@pytest.fixture
def _django_db_helper() -> None:
    """The house holds the one transaction."""


def states_of(lifecycle: Lifecycle) -> list[str]:
    field = lifecycle.model._meta.get_field(lifecycle.field_name)
    return [str(value) for value, _label in field.choices]  # type: ignore[union-attr]


def placed(lifecycle: Lifecycle, state: str) -> Any:
    """A record of the house put into a state by force, None where the table refuses even that."""
    record = lifecycle.model._default_manager.first()
    assert record is not None, f"the house of authz_objects has no {lifecycle.model.__name__}"
    table, column = lifecycle.model._meta.db_table, lifecycle.model._meta.get_field(lifecycle.field_name).column
    key = lifecycle.model._meta.pk.get_db_prep_value(record.pk, connection)  # type: ignore[union-attr]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f'UPDATE "{table}" SET "{column}" = %s WHERE id = %s', [state, key])
    except IntegrityError:  # a CHECK asks for content that comes with that state
        return None
    record.refresh_from_db()
    return record


def refusal(lifecycle: Lifecycle, record: models.Model, step: Transition, who: Actor, version: int) -> Refused | None:
    try:
        with transaction.atomic():
            lifecycle.apply(record, step.name, actor=who, version=version)
            transaction.set_rollback(True)
    except Refused as refused:
        return refused
    except IntegrityError:  # open, but the service brings content with it that this bare step lacks
        return None
    return None


@pytest.mark.parametrize(("lifecycle", "step"), STEPS, ids=NAMES)
def test_a_step_is_taken_only_from_its_states_by_who_may_on_the_version_seen(
    lifecycle: Lifecycle, step: Transition, house: dict[str, Any]
) -> None:
    wrong: list[str] = []
    with transaction.atomic():
        with thaw():  # forced states meet no trigger; the steps below run against the service alone
            for state in states_of(lifecycle):
                record = placed(lifecycle, state)
                if record is None:
                    continue
                entries = AuditEvent.objects.count()
                for who, told in (("may not", NotPermitted), ("may", NotReady)):
                    found = refusal(lifecycle, record, step, house[who], record.version)
                    wrong += _faults(step, state, who, told, found)
                if state in step.sources:
                    stale = refusal(lifecycle, record, step, house["may"], record.version + 1)
                    wrong += [] if isinstance(stale, Stale) else [f"{state}: a stale version gave {stale!r}"]
                assert AuditEvent.objects.count() == entries, "a refused step left an entry"
        transaction.set_rollback(True)
    assert wrong == []


def _faults(step: Transition, state: str, who: str, told: type[Refused], found: Refused | None) -> list[str]:
    if who == "may not":
        return [] if isinstance(found, told) else [f"{state}: without the right: {found!r}"]
    illegal = isinstance(found, NotReady) and found.code == "illegal_transition"
    if state not in step.sources:
        return [] if illegal else [f"{state}: not a source, but {found!r}"]
    return [f"{state}: a source, but illegal"] if illegal else []


@pytest.mark.parametrize(("lifecycle", "step"), STEPS, ids=NAMES)
def test_a_binding_step_is_taken_on_a_page_only(lifecycle: Lifecycle, step: Transition, house: dict[str, Any]) -> None:
    record = lifecycle.model._default_manager.first()
    for door in ("rest", "task", "mcp"):
        program = replace(house["all roles"], door=door)
        offered = step.name in [o.name for o in lifecycle.offers(record, program)]  # type: ignore[arg-type]
        assert not (offered and is_binding(step.permission)), door
