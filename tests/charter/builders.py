"""Charters through the services, at moments the caller chooses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from charter.models import Charter
from charter.services import (
    add_question,
    draft_charter,
    link_pilot,
    send_charter,
    sign_charter,
    start_pilot,
)
from foundation import clock
from tests.governance.builders import an_approved_pattern
from tests.metrics.builders import a_pilot
from tests.usecases.builders import a_flagship
from tests.world import actor

START = datetime(2026, 6, 1, 1, tzinfo=UTC)  # a Monday morning in Shanghai
SIGNED = START - timedelta(days=6)


def a_draft(world: Any, *, case: bool = True, weeks: int = 13) -> Charter:
    """Six blanks, one flagship with its drafted pilot and measure, approvals in place."""
    from decimal import Decimal

    from metrics.services import draft_measure

    with clock.pinned(SIGNED - timedelta(days=5)):
        version = an_approved_pattern(world)
        candidates = [a_flagship(world, pattern_version=version)] if case else []
        charter = draft_charter(
            actor=actor(world.pilot_lead),
            unit=world.cn,
            question_en="Can assistants take the repetitive checks off operations, safely?",
            question_zh="助手能否安全地接走重复性检查？",
            starts_on=START.date(),
            ends_on=START.date() + timedelta(weeks=weeks, days=-1),
            lead=world.pilot_lead,
            cases=candidates,
            signers={"cio": world.cio, "ops_head": world.ops_head},
            exit_plan="Keep assets; end access; delete exports by the end of the month.",
        )
        for text in ("Logs carry owner tags.", "Reports follow one template."):
            add_question(actor=actor(world.pilot_lead), charter=charter, text_en=text)
        for row in charter.cases.all():
            pilot = a_pilot(world, row.candidate, START, weeks=12)
            draft_measure(
                actor=actor(world.pilot_lead), pilot=pilot, preset="time_per_task", minimum_effect=Decimal("0.10")
            )
            link_pilot(actor=actor(world.pilot_lead), charter=charter, case=row, pilot=pilot)
    charter.refresh_from_db()
    return charter


def a_sent_charter(world: Any, **given: Any) -> Charter:
    charter = a_draft(world, **given)
    with clock.pinned(SIGNED - timedelta(days=2)):
        return send_charter(actor=actor(world.pilot_lead), charter=charter)


def a_signed_charter(world: Any, **given: Any) -> Charter:
    charter = a_sent_charter(world, **given)
    with clock.pinned(SIGNED):
        for person in (world.ops_head, world.cio):
            charter = sign_charter(actor=actor(person), charter=charter, digest=charter.current_text.digest)
    return charter


def an_active_charter(world: Any, **given: Any) -> Charter:
    """Signed, inside its box, pilot running."""
    charter = a_signed_charter(world, **given)
    with clock.pinned(START + timedelta(hours=2)):
        for case in charter.cases.all():
            start_pilot(actor=actor(world.pilot_lead), charter=charter, case=case)
    charter.refresh_from_db()
    return charter


def a_measured_charter(world: Any) -> Charter:
    """Active, with times on both sides of the pilot's start and the estimate computed after its decision date."""
    from foundation.jobs import run_due
    from metrics.models import Measure
    from metrics.services import run_estimate
    from tests.metrics.builders import task_times

    charter = an_active_charter(world)
    measure = Measure.objects.get(pilot=charter.cases.get().pilot)
    task_times(world, measure, "baseline", 139, 30)
    task_times(world, measure, "pilot", 59, 35, seed=9)
    with clock.pinned(START + timedelta(weeks=13)):
        run_estimate(actor=actor(world.pilot_lead), measure=measure)
        run_due()
    return charter
