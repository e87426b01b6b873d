"""Task times: minutes and a case, of a team, never of a person."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation import clock
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.canonical import digest
from foundation.errors import Invalid, NotReady, NotVisible, Reason, refuse_if
from foundation.work import service
from metrics.models import Measure, Observation

CORRECTABLE = timedelta(hours=24)
MIN, MAX = Decimal("0.1"), Decimal(1440)
CENT = Decimal("0.01")
MAX_BATCH = 5_000


@dataclass(frozen=True)
class TaskTime:
    """One row as typed, pasted or sent. `again` answers a repeated case: "replace" or "second"."""

    minutes: Decimal
    case: str
    review_minutes: Decimal | None = None
    usable: bool | None = None
    at: datetime | None = None
    method: str = Observation.Method.STOPWATCH
    again: str = ""


@dataclass(frozen=True)
class Recorded:
    """`receipt` opens correction for 24 hours in the browser that holds it; only its digest is stored."""

    observation: Observation
    receipt: str


@service
def record_task_time(*, actor: Actor, measure: Measure, entry: TaskTime, team: Unit | None = None) -> Recorded:
    return record_task_times(actor=actor, measure=measure, entries=[entry], team=team)[0]


@service
def record_task_times(
    *, actor: Actor, measure: Measure, entries: list[TaskTime], team: Unit | None = None
) -> list[Recorded]:
    """All rows or none. The ledger names batch digest, team and role: no time leads back to a person."""
    require(actor, "metrics.record.write", measure)
    where = team or measure.unit
    if not where.path.startswith(measure.unit.path):
        raise Invalid(Reason("team_outside", _("The team must belong to the unit of the measure."), field="team"))
    cleaned = [replace(entry, case=entry.case.strip()) for entry in entries]
    refuse_if(task_time_faults(measure, cleaned), Invalid)
    if not cleaned:
        return []
    role = _role(actor, measure)
    kept = _keep(measure, [_rounded(entry) for entry in cleaned], where, role)
    facts = [[str(k.observation.minutes), k.observation.case, k.observation.at] for k in kept]
    record(actor, "task_time.recorded", measure, as_role=role, team=where.code, count=len(kept), digest=digest(facts))
    return kept


def _role(actor: Actor, measure: Measure) -> str:
    return str(actor.title_at("metrics.record.write", measure.unit.path)) or "recorder"


def _rounded(entry: TaskTime) -> TaskTime:
    """Hundredths of a minute are what is stored, on both engines."""
    review = entry.review_minutes
    minutes = entry.minutes.quantize(CENT, ROUND_HALF_UP)
    return replace(entry, minutes=minutes, review_minutes=review and review.quantize(CENT, ROUND_HALF_UP))


# --- what keeps a batch out ----------------------------------------------------------------------------------------


def task_time_faults(measure: Measure, entries: list[TaskTime]) -> list[Reason]:
    """Every reason of every row, at once; two queries whatever the number of rows."""
    if len(entries) > MAX_BATCH:
        text = _("At most %(limit)s task times are recorded at once.") % {"limit": MAX_BATCH}
        return [Reason("too_many", text)]
    found = []
    if measure.preset != "time_per_task":
        found.append(Reason("wrong_measure", _("This measure does not read task times."), field="measure"))
    for row, reasons in enumerate(row_faults(measure, entries), start=1):
        head = "" if len(entries) == 1 else str(_("Row %(row)s: ") % {"row": row})
        found += [replace(reason, text=head + str(reason.text)) for reason in reasons]
    return found


def row_faults(measure: Measure, entries: list[TaskTime]) -> list[list[Reason]]:
    """The reasons of each row, without the ones that concern the batch."""
    known = known_cases(measure, {entry.case for entry in entries})
    counts = Counter(entry.case for entry in entries)
    return [_faults(entry, known, counts) for entry in entries]


def known_cases(measure: Measure, cases: set[str]) -> set[str]:
    rows = measure.observations.filter(case__in=cases, excluded_why="")
    return set(rows.values_list("case", flat=True))


def _faults(entry: TaskTime, known: set[str], counts: Counter[str]) -> list[Reason]:
    return [*_minute_faults(entry), *_case_faults(entry, known, counts)]


def _minute_faults(entry: TaskTime) -> list[Reason]:
    found = []
    if not entry.minutes.is_finite() or not MIN <= entry.minutes <= MAX:
        found.append(Reason("minutes_range", _("Minutes lie between 0.1 and 1,440."), field="minutes"))
    review = entry.review_minutes
    if review is not None and not (review.is_finite() and 0 <= review <= entry.minutes):
        found.append(
            Reason("review_range", _("Minutes of human review are a part of the minutes."), field="review_minutes")
        )
    if entry.at is not None and entry.at > clock.now() + timedelta(minutes=5):
        found.append(Reason("future", _("The time lies in the future."), field="at"))
    if entry.method not in Observation.Method.values:
        found.append(Reason("unknown_method", _("This way of taking the time is not known."), field="method"))
    return found


def _case_faults(entry: TaskTime, known: set[str], counts: Counter[str]) -> list[Reason]:
    case = entry.case
    if not case or len(case) > 40:
        return [Reason("case_length", _("Name the case in 1 to 40 characters."), field="case")]
    if "@" in case:
        return [Reason("case_person", _("A case is never a person: leave addresses out."), field="case")]
    if "\0" in case:
        return [Reason("case_text", _("The case holds a character that cannot be stored."), field="case")]
    if entry.again not in ("", "replace", "second"):
        return [Reason("unknown_again", _("Answer “replace” or “second” to a repeated case."), field="again")]
    if case in known and not entry.again:
        text = _("“%(case)s” is there already: replace it, or is this a second run?") % {"case": case}
        return [Reason("case_repeated", text, field="again")]
    if counts[case] > 1 and entry.again != "second":
        text = _("“%(case)s” stands here more than once. Mark further runs as a second run.") % {"case": case}
        return [Reason("case_twice", text, field="case")]
    return []


# --- writing -------------------------------------------------------------------------------------------------------


def _keep(measure: Measure, entries: list[TaskTime], team: Unit, role: str) -> list[Recorded]:
    replaced = [entry.case for entry in entries if entry.again == "replace"]
    if replaced:
        measure.observations.filter(case__in=replaced, excluded_why="").update(excluded_why="replaced")
    now = clock.now()
    kept = [_row(measure, entry, team, role, now) for entry in entries]
    Observation.objects.bulk_create([k.observation for k in kept], batch_size=500)
    return kept


def _row(measure: Measure, entry: TaskTime, team: Unit, role: str, now: datetime) -> Recorded:
    receipt = secrets.token_urlsafe(16)
    row = Observation(
        measure=measure,
        at=entry.at or now,
        minutes=entry.minutes,
        review_minutes=entry.review_minutes,
        case=entry.case,
        second_run=entry.again == "second",
        usable=entry.usable,
        team=team,
        method=entry.method,
        entered_by_role=role[:40],
        received_at=now,
        receipt_digest=receipt_digest(receipt),
    )
    return Recorded(row, receipt)


def receipt_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def by_receipt(receipt: str) -> Observation:
    """The row a browser may still correct; NotVisible for a wrong, old or spent receipt."""
    found = Observation.objects.filter(
        receipt_digest=receipt_digest(receipt), received_at__gt=clock.now() - CORRECTABLE, excluded_why=""
    ).first()
    if found is None:
        raise NotVisible(Reason("receipt_gone", _("This entry cannot be corrected here any more.")))
    return found


def by_receipts(measure: Measure, receipts: list[str]) -> list[tuple[str, Observation]]:
    """What this browser may still correct, newest first, each with its receipt."""
    digests = {receipt_digest(r): r for r in receipts}
    live = {"receipt_digest__in": digests, "excluded_why": "", "received_at__gt": clock.now() - CORRECTABLE}
    rows = measure.observations.filter(**live).order_by("-received_at", "-id")
    return [(digests[row.receipt_digest], row) for row in rows]


@service
def correct_task_time(*, actor: Actor, receipt: str, minutes: Decimal | None = None, remove: bool = False) -> Measure:
    """Within 24 hours, from the browser that typed it."""
    row = by_receipt(receipt)
    require(actor, "metrics.record.write", row.measure)
    if remove:
        Observation.objects.filter(pk=row.pk).update(excluded_why="taken back")
        record(actor, "task_time.removed", row.measure, as_role=_role(actor, row.measure), team=row.team.code)
        return row.measure
    good = minutes is not None and minutes.is_finite() and MIN <= minutes <= MAX
    if minutes is None or not good or (row.review_minutes or 0) > minutes:
        text = _("Minutes lie between 0.1 and 1,440 and hold the review.")
        raise Invalid(Reason("minutes_range", text, field="minutes"))
    Observation.objects.filter(pk=row.pk).update(minutes=minutes.quantize(CENT, ROUND_HALF_UP))
    record(actor, "task_time.corrected", row.measure, as_role=_role(actor, row.measure), team=row.team.code)
    return row.measure


@service
def exclude_observation(*, actor: Actor, observation: Observation, reason: str) -> Observation:
    """A bad case stays in unless a pilot lead leaves it out with a reason, which prints."""
    require(actor, "metrics.pilot.draft", observation)
    if not reason.strip():
        raise Invalid(Reason("reason_missing", _("Say why this case is left out."), field="reason"))
    if observation.excluded_why:
        raise NotReady(Reason("excluded", _("This case is left out already.")))
    facts: dict[str, Any] = {"excluded_why": reason.strip()[:200]}
    Observation.objects.filter(pk=observation.pk).update(**facts)
    observation.refresh_from_db()
    record(actor, "rows.excluded", observation.measure, reason=facts["excluded_why"], case=observation.case)
    return observation
