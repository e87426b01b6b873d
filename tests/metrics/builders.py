"""Pilots and measures through the services, at moments the caller chooses."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from foundation import clock
from metrics.models import Measure, Pilot
from metrics.services import TaskTime, draft_measure, draft_pilot, record_task_times
from tests.world import actor
from usecases.models import Candidate
from usecases.services.candidates import draft_candidate

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)  # a Monday


def a_case(world: Any, title: str = "Vendor health-check report") -> Candidate:
    return draft_candidate(
        actor=actor(world.architect), unit=world.cn, channel="A9", title_en=title, owner=world.pilot_lead
    )


def a_pilot(world: Any, candidate: Candidate | None = None, start: datetime = MONDAY, weeks: int = 8) -> Pilot:
    day = start.date()
    return draft_pilot(
        actor=actor(world.pilot_lead),
        candidate=candidate or a_case(world),
        starts_on=day,
        ends_on=day + timedelta(weeks=weeks, days=-1),
        lead=world.pilot_lead,
    )


def a_measure(world: Any, pilot: Pilot | None = None, **given: Any) -> Measure:
    with clock.pinned(MONDAY - timedelta(weeks=5)):
        pilot = pilot or a_pilot(world)
    return draft_measure(
        actor=actor(world.pilot_lead),
        pilot=pilot,
        preset="time_per_task",
        minimum_effect=given.pop("minimum_effect", Decimal("0.10")),
        **given,
    )


def task_times(world: Any, measure: Measure, role: str, median: float, count: int, seed: int = 5) -> None:
    """`count` times spread over the window of a role, typed on the day they happened."""
    draw = random.Random(seed)  # noqa: S311 - invented minutes
    window = measure.current.window(role)
    step = (window.until_at - window.from_at) / count
    for number in range(count):
        at = window.from_at + step * number + timedelta(minutes=5)
        minutes = Decimal(str(round(median * draw.lognormvariate(0, 0.25), 1)))
        with clock.pinned(at + timedelta(minutes=1)):
            entry = TaskTime(minutes=minutes, case=f"{role}-{number:03d}", at=at)
            record_task_times(actor=actor(world.ops_engineer), measure=measure, entries=[entry], team=world.team)


def a_locked_measure(world: Any, measure: Measure, at: datetime) -> Measure:
    """Locked by the author and one other holder, as outside a charter."""
    from metrics.services import lock_measure

    with clock.pinned(at):
        lock_measure(actor=actor(world.pilot_lead), version=measure.current, basis="pair")
        lock_measure(actor=actor(world.ops_head), version=measure.current, basis="pair")
    return measure


def a_measured_pilot(world: Any, before: float = 139, after: float = 59, count: int = 45) -> Pilot:
    """Locked before the pilot, times on both sides, past its decision date."""
    measure = a_measure(world)
    task_times(world, measure, "baseline", before, count)
    a_locked_measure(world, measure, MONDAY - timedelta(days=3))
    task_times(world, measure, "pilot", after, count, seed=9)
    return measure.pilot
