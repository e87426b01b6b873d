"""When a day closes and what a later reply may change: pure rules over one day's figures."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from foundation.canonical import canonical
from metrics.connectors.base import DayRecord

CLOSES_AFTER = timedelta(hours=72)  # after the end of the day, in the zone of the source
OVERLAP = 3  # closed days asked again in every pull: late rows arrive there
BACKFILL_DAYS = 90  # before an app was first seen
WINDOW_DAYS = 31  # one request of the first pull; statistics come as ranges, so a month is one light query

COUNTS = ("runs", "messages", "conversations", "users_distinct", "tokens_total", "cost")
RATES = ("latency_avg_ms", "satisfaction_per_mille", "tokens_per_second")

PROVISIONAL, CLOSED, RESTATED, SUPERSEDED = "provisional", "closed", "restated", "superseded"
LATE, SHRANK = "late", "source_shrank"

Values = dict[str, Any]


class Change(NamedTuple):
    field: str
    old: int | None
    new: int | None
    reason: str


def last_closed_day(now: datetime, zone: str) -> date:
    """The newest day whose end lies 72 h back or more."""
    return (now - CLOSES_AFTER).astimezone(ZoneInfo(zone)).date() - timedelta(days=1)


def today_in(now: datetime, zone: str) -> date:
    return now.astimezone(ZoneInfo(zone)).date()


def windows(first: date, end: date) -> list[tuple[date, date]]:
    """Half-open spans of at most WINDOW_DAYS, oldest first."""
    found = []
    while first < end:
        until = min(first + timedelta(days=WINDOW_DAYS), end)
        found.append((first, until))
        first = until
    return found


def values_of(record: DayRecord) -> Values:
    """The figures of a day as the table holds them: whole milliseconds and per mille."""
    values: Values = {name: getattr(record, name) for name in (*COUNTS, *RATES)}
    for name in ("latency_avg_ms", "satisfaction_per_mille"):
        values[name] = None if values[name] is None else round(values[name])
    values["currency"] = (record.currency or "") if record.cost is not None else ""
    return values


def row_hash(day: date, zone: str, values: Mapping[str, Any]) -> str:
    facts = {"day": day, "zone": zone, "currency": values["currency"], **{n: values[n] for n in (*COUNTS, *RATES)}}
    return hashlib.sha256(canonical(facts).encode()).hexdigest()


def merged(old: Values, new: Values) -> Values:
    """An open day takes what is told now; what is no longer reported keeps its value."""
    kept = {name: old[name] if new[name] is None else new[name] for name in (*COUNTS, *RATES)}
    return {**kept, "currency": new["currency"] or old["currency"]}


def restated(old: Values, new: Values) -> tuple[Values, list[Change]]:
    """A closed day: a higher count is accepted, a lower one kept out. Rates belong to their counts.

    While any count shrank the rates describe a smaller day, so they are left alone too."""
    told = [name for name in COUNTS if new[name] is not None and new[name] != old[name]]
    shrunk = [name for name in told if old[name] is not None and new[name] < old[name]]
    accepted = [name for name in told if name not in shrunk]
    if not shrunk:
        accepted += [name for name in RATES if new[name] is not None and new[name] != old[name]]
    values = {**old, **{name: new[name] for name in accepted}}
    if "cost" in accepted:
        values["currency"] = new["currency"]
    changes = [Change(name, _whole(old[name]), _whole(new[name]), LATE) for name in accepted]
    return values, changes + [Change(name, old[name], new[name], SHRANK) for name in shrunk]


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
