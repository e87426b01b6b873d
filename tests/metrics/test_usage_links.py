"""Which days count for a pilot, who may link, and what is held back of few people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from foundation.errors import Invalid, NotPermitted, NotReady
from metrics.cards_usage import today_cards as usage_cards
from metrics.models import AppLink, Pilot, RuntimeApp, UsageDay
from metrics.selectors import usage_of_pilot
from metrics.services import end_link, link_app, stage_app
from metrics.telemetry import runtime
from tests.connectors.dify_server import CHATFLOW_APP, WORKFLOW_APP, DifyServer
from tests.metrics.usage_builders import NEW_YORK, SAMPLES_END, a_case, a_connection, a_pilot, read_now
from tests.world import World, actor

pytestmark = [pytest.mark.django_db, pytest.mark.bothdb]
BOX = (date(2026, 10, 1), date(2026, 12, 31))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(runtime, "sleep", lambda seconds: None)
    with time_machine.travel(datetime(2026, 11, 1, 12, tzinfo=NEW_YORK), tick=True) as traveller:
        yield traveller


@pytest.fixture
def dify(clock: Any) -> Iterator[DifyServer]:
    with DifyServer(cut=True) as server:
        yield server


def the_app(app_id: str = WORKFLOW_APP) -> RuntimeApp:
    return RuntimeApp.objects.select_related("connection", "connection__unit").get(external_id=app_id)


def linked(world: World, app_id: str = WORKFLOW_APP) -> Pilot:
    case = a_case(world)
    pilot = a_pilot(world, case)
    link_app(actor=actor(world.pilot_lead), app=the_app(app_id), candidate=case, pilot=pilot, stage="pilot")
    return pilot


def runs_between(first: str, until: str, app_id: str = WORKFLOW_APP) -> int:
    rows = UsageDay.objects.filter(app__external_id=app_id, day__gte=first, day__lt=until)
    return sum(row.runs or 0 for row in rows)


def test_only_whole_closed_days_after_the_link_count_for_the_pilot(world: World, dify: DifyServer, clock: Any) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    pilot = linked(world)
    clock.move_to(SAMPLES_END)
    read_now(world, connection)
    facts = usage_of_pilot(pilot, *BOX)
    assert facts.runs == runs_between("2026-11-02", "2026-11-18")
    assert (facts.days, facts.closed_through, facts.apps) == (16, date(2026, 11, 17), 1)
    assert (facts.messages, facts.cost, facts.runs_ok) == (None, None, None)
    assert facts.tokens and not facts.suppressed
    assert len(facts.sync_runs) == len(facts.digests) >= 1
    assert usage_of_pilot(pilot, date(2026, 11, 9), date(2026, 11, 11)).runs == runs_between("2026-11-09", "2026-11-11")


def test_a_link_that_ended_counts_up_to_the_day_before(world: World, dify: DifyServer, clock: Any) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    pilot = linked(world)
    clock.move_to(datetime(2026, 11, 10, 9, tzinfo=NEW_YORK))
    end_link(actor=actor(world.pilot_lead), app=the_app())
    clock.move_to(SAMPLES_END)
    read_now(world, connection)
    assert usage_of_pilot(pilot, *BOX).runs == runs_between("2026-11-02", "2026-11-10")
    assert AppLink.objects.count() == 1


def test_another_stage_is_another_row_and_the_days_of_both_stay_apart(
    world: World, dify: DifyServer, clock: Any
) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    pilot = linked(world)
    clock.move_to(datetime(2026, 11, 10, 9, tzinfo=NEW_YORK))
    stage_app(actor=actor(world.architect), app=the_app(), stage="sandbox")
    assert list(AppLink.objects.order_by("created_at").values_list("stage", "until_day")) == [
        ("pilot", date(2026, 11, 10)),
        ("sandbox", None),
    ]
    clock.move_to(SAMPLES_END)
    read_now(world, connection)
    assert usage_of_pilot(pilot, *BOX).runs == runs_between("2026-11-02", "2026-11-10")


def test_the_stage_pilot_needs_a_pilot_of_the_same_case(world: World, dify: DifyServer) -> None:
    read_now(world, a_connection(world, dify))
    case, other = a_case(world), a_case(world, "Database triage")
    pilot = a_pilot(world, other)
    lead = actor(world.pilot_lead)
    for fields in ({"stage": "pilot"}, {"stage": "pilot", "pilot": pilot}, {"stage": "service", "pilot": pilot}):
        with pytest.raises(Invalid) as refused:
            link_app(actor=lead, app=the_app(), candidate=case, **fields)
        assert {reason.field for reason in refused.value.reasons} == {"pilot"}
    with pytest.raises(Invalid):
        link_app(actor=lead, app=the_app(), candidate=case, from_day=date(2026, 10, 1))
    with pytest.raises(NotReady):
        stage_app(actor=lead, app=the_app(), stage="sandbox")
    assert not AppLink.objects.exists()


def test_linking_is_for_architects_and_pilot_leads(world: World, dify: DifyServer) -> None:
    read_now(world, a_connection(world, dify))
    case = a_case(world)
    for person in (world.cio, world.ops_engineer, world.system_admin, world.outsider):
        with pytest.raises(NotPermitted):
            link_app(actor=actor(person), app=the_app(), candidate=case)
    assert link_app(actor=actor(world.architect), app=the_app(), candidate=case).stage == "sandbox"


def test_usage_of_fewer_than_five_people_is_held_back_from_the_pilot_too(
    world: World, dify: DifyServer, clock: Any
) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    pilot = linked(world, CHATFLOW_APP)
    clock.move_to(SAMPLES_END)
    read_now(world, connection)
    assert usage_of_pilot(pilot, *BOX).messages
    UsageDay.objects.filter(users_distinct__gt=4).update(users_distinct=4)
    few = usage_of_pilot(pilot, *BOX)
    assert (few.suppressed, few.messages, few.tokens, few.cost) == (True, None, None, None)
    assert few.days == 16


def test_today_asks_only_those_who_can_act(world: World, dify: DifyServer, clock: Any) -> None:
    connection = a_connection(world, dify)
    read_now(world, connection)
    assert [card.code for card in usage_cards(actor(world.pilot_lead))] == ["usage.unlinked"]
    assert "5" in usage_cards(actor(world.pilot_lead))[0].name
    clock.shift(timedelta(hours=3))
    assert {card.code for card in usage_cards(actor(world.pilot_lead))} == {"usage.source", "usage.unlinked"}
    dify.fault("*", "401", times=None)
    read_now(world, connection)
    assert [card.code for card in usage_cards(actor(world.system_admin))] == ["usage.source"]
    assert [card.code for card in usage_cards(actor(world.pilot_lead))] == ["usage.unlinked"]
    for person in (world.cio, world.ops_engineer, world.auditor, world.outsider):
        assert usage_cards(actor(person)) == []
