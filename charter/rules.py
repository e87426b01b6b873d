"""What the criteria say. Pure: statuses in, a proposal out; people decide."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal

Kind = Literal["must", "should", "expand", "stop"]
Status = Literal["met", "not_met", "no_data"]
LAPSE = timedelta(days=14)  # undecided this long after its box, a charter's authority ends
MIN_DAYS, MAX_DAYS = 7, 366  # hard limits of a time-box
NORMAL_DAYS = (30, 190)  # outside this a printed reason is asked for


def read_rules(criteria: Iterable[tuple[Kind, Status]]) -> str:
    """STOP, INCONCLUSIVE, EXPAND or GO from pairs (kind, status); `should` changes nothing."""
    pairs = list(criteria)

    def of(kind: str) -> list[str]:
        return [status for k, status in pairs if k == kind]

    must, expand, stop = of("must"), of("expand"), of("stop")
    if "met" in stop:
        return "STOP"
    if not must or "no_data" in must + stop:
        return "INCONCLUSIVE"
    if "not_met" in must:
        return "STOP"
    return "EXPAND" if expand and set(expand) == {"met"} else "GO"


def objective_answer(musts: Iterable[Status]) -> str:
    """answered when each must has a reading, partly when some have, else open."""
    statuses = list(musts)
    known = [s for s in statuses if s != "no_data"]
    if statuses and len(known) == len(statuses):
        return "answered"
    return "partly" if known else "open"


def compare(value: float, comparator: str, threshold: float) -> bool:
    return {">=": value >= threshold, "<=": value <= threshold, ">": value > threshold, "<": value < threshold}[
        comparator
    ]


def word_of(stored: str, starts: datetime, ends: datetime, now: datetime, *, cleared: bool, suspended: bool) -> str:
    """The state that holds at `now`. `cleared`: pattern and categories are active approvals.

    Returns draft, for_signature, withdrawn, signed (waits for its start), blocked (box open, not cleared), running,
    suspended, decision_due, lapsed, decided, closed.
    """
    if stored != "signed":
        return stored
    if now >= ends + LAPSE:
        return "lapsed"
    if now >= ends:
        return "decision_due"
    if suspended:
        return "suspended"
    if now < starts:
        return "signed"
    return "running" if cleared else "blocked"


def open_day(days: Iterable[date], answered: Iterable[date], today: date) -> date | None:
    """The earliest day without an answer; one answered or come later overtakes those before it."""
    last = max(answered, default=None)
    ahead = sorted(d for d in days if last is None or d > last)
    return max((d for d in ahead if d <= today), default=ahead[0] if ahead else None)


def midpoint(starts_on: date, ends_on: date) -> date:
    """Week 6 of 13, the same share of other boxes, on a Monday-to-Friday day."""
    day = starts_on + timedelta(days=round((ends_on - starts_on).days * 6 / 13))
    return day - timedelta(days=max(0, day.weekday() - 4))
