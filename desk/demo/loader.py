"""The story in order. Every figure shown later is computed from these records, none is typed in."""

from __future__ import annotations

from datetime import date
from functools import partial

from django.db import transaction

from desk.demo.calendar import SHANGHAI, Calendar, play
from desk.demo.cases import (
    Cases,
    add_contracts,
    answer_data_freedom,
    draft_candidates,
    keep_assets,
    rank_and_choose,
    record_pains,
    write_conviction,
)
from desk.demo.cast import Cast, make_cast
from desk.demo.charters import (
    answer_questions,
    continue_at_midpoint,
    draft_penang,
    propose_expand,
    sign_shanghai,
    stop_lyon,
)
from desk.demo.gate import approve_pattern, ask_from_penang, prove_condition
from desk.demo.pilots import draft_pilots, note_weeks, record_before, record_pilot
from desk.demo.usage import read_usage, stop_reading
from desk.demo.workshops import hold_second
from foundation import clock
from foundation.jobs.models import Job
from metrics.models import Pilot
from metrics.services import draft_statement, estimate_now, freeze_report, open_report, publish_statement


def load_demo(password: str, today: date | None = None) -> Cast:
    """Fill an empty database; all or nothing."""
    calendar = Calendar(today or clock.now().astimezone(SHANGHAI).date())
    with transaction.atomic():
        cast, cases = make_cast(calendar, password), Cases()
        stop_lyon(calendar, cast)
        write_conviction(calendar, cast)
        record_pains(calendar, cast, cases)
        add_contracts(calendar, cast, cases)
        answer_data_freedom(calendar, cast, cases)
        version = approve_pattern(calendar, cast)
        draft_candidates(calendar, cast, cases, version)
        rank_and_choose(calendar, cast, cases)
        pilots = draft_pilots(calendar, cast, cases)
        record_before(calendar, cast, pilots)
        charter = sign_shanghai(calendar, cast, cases, pilots)
        play(
            [
                *record_pilot(calendar, cast, pilots),
                *note_weeks(calendar, cast, pilots),
                *keep_assets(calendar, cast),
                *answer_questions(calendar, cast, charter),
                *continue_at_midpoint(calendar, cast, charter),
                *read_usage(calendar, cast, cases, pilots),
                *prove_condition(calendar, cast),
                (calendar.at(-6, 10), partial(ask_from_penang, calendar, cast)),
                (calendar.at(-4, 11), partial(draft_penang, calendar, cast)),
                (calendar.at(-2, 8), partial(_report, calendar, cast, pilots)),
                (calendar.at(-2, 9), partial(propose_expand, calendar, cast, charter)),
                (calendar.at(-2, 15), partial(hold_second, calendar, cast, cases.pains)),
            ]
        )
        stop_reading()
        Job.objects.filter(kind="foundation.send_mail").delete()  # nobody gets mail from a story
    return cast


def _report(calendar: Calendar, cast: Cast, pilots: dict[str, Pilot]) -> None:
    """Estimated, stated and frozen on the pilots' decision date."""
    lead = cast.actor("lead")
    with clock.pinned(calendar.at(-2, 8)):
        for key, pilot in pilots.items():
            measure = pilot.measures.get()
            estimate = estimate_now(actor=lead, measure=measure)
            report = open_report(actor=lead, pilot=pilot)
            if key == "reports" and estimate.verdict:
                statement = draft_statement(
                    actor=lead,
                    estimate=estimate,
                    does_not_say_en="Not other vendors, and not money.",
                    does_not_say_zh="不涉及其他供应商，也不涉及金额。",
                )
                publish_statement(actor=cast.actor("ops_head"), statement=statement)
                freeze_report(actor=lead, report=report)
