"""The rules of the gate as plain functions: facts in, words out."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

RENEWAL_WINDOW = timedelta(days=60)  # an approval that ends sooner is asked for anew, by all lanes
STRICTNESS = ("allowed", "allowed_masked", "condition", "not_allowed")


@dataclass(frozen=True)
class EventFact:
    kind: str  # suspended, lifted, revoked, superseded
    at: datetime
    path: str  # unit the event was made for


@dataclass(frozen=True)
class ConditionFact:
    """A blocking condition with all that happened to it."""

    first_due_until: datetime
    events: tuple[tuple[str, datetime, datetime | None], ...] = ()  # (kind, at, new due end)


@dataclass(frozen=True)
class ApprovalFact:
    valid_from: datetime
    valid_until: datetime
    events: tuple[EventFact, ...] = ()
    conditions: tuple[ConditionFact, ...] = ()


def is_overdue(condition: ConditionFact, on: datetime) -> bool:
    """At or past the end of its due day, and neither closed nor waived at that moment."""
    until, last = condition.first_due_until, "open"
    for kind, at, to_until in condition.events:
        if at > on:
            continue
        if kind == "redated" and to_until:
            until = to_until
        if kind in ("closed", "reopened", "waived"):
            last = kind
    return on >= until and last not in ("closed", "waived")


def effective_state(approval: ApprovalFact, on: datetime, path: str) -> str:
    """What an approval is worth at a moment for the unit at `path`; the first match wins."""
    heard = [e for e in approval.events if e.at <= on and path.startswith(e.path)]
    ended = [e for e in heard if e.kind in ("revoked", "superseded")]
    if ended:
        return ended[0].kind
    if on < approval.valid_from:
        return "not_yet"
    if on >= approval.valid_until:
        return "expired"
    paused = [e for e in heard if e.kind in ("suspended", "lifted")]
    if paused and paused[-1].kind == "suspended":
        return "suspended"
    if any(is_overdue(c, on) for c in approval.conditions):
        return "suspended"
    return "active"


def end_of_day(day: date, zone: str) -> datetime:
    """The first moment after a civil day in a zone, in UTC: half-open ends compare with `on >= end`."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


def last_day(day: date, months: int) -> date:
    """The same day `months` later; the month's last day where it has none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def core_status(answers: Mapping[str, str], effects: Mapping[str, str]) -> str:
    """All answered no: non_core. A yes that makes it Core: core. Anything else stays unknown."""
    if any(answers.get(code) == "yes" and effect == "core" for code, effect in effects.items()):
        return "core"
    return "non_core" if effects and all(answers.get(code) == "no" for code in effects) else "unknown"


def lane_choice(lane: str, choices: Sequence[str]) -> str:
    """One vote from its items. Single data items may be rejected while the rest is approved."""
    if "return" in choices:
        return "return"
    rejected = [c for c in choices if c == "reject"]
    if rejected and (lane != "data" or len(rejected) == len(choices)):
        return "reject"
    return "approve_with_conditions" if "condition" in choices else "approve"


def lane_result(choices: Sequence[str], quorum: int, return_quorum: int) -> str | None:
    """How a lane closed from the counted votes, None while it is open."""
    if choices.count("return") >= return_quorum:
        return "return"
    if choices.count("reject") >= quorum:
        return "reject"
    agreed = [c for c in choices if c in ("approve", "approve_with_conditions")]
    if len(agreed) < quorum:
        return None
    return "approve_with_conditions" if "approve_with_conditions" in agreed else "approve"


def outcome(lane_results: Iterable[str]) -> str:
    results = list(lane_results)
    if "reject" in results:
        return "rejected"
    return "approved_with_conditions" if "approve_with_conditions" in results else "approved"


def strictest(words: Iterable[str]) -> str:
    """Of reject, condition, masked and allowed the strictest counted word."""
    return max(words, key=STRICTNESS.index)


def lanes_called(
    items: Mapping[str, Sequence[str]], digests: Mapping[str, str], in_force: Mapping[str, str]
) -> list[str]:
    """A lane is called only when something of its own is new against what is approved now."""
    return [lane for lane, keys in items.items() if any(in_force.get(key) != digests[key] for key in keys)]
