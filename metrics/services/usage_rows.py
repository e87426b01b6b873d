"""Days into rows: unchanged rows are not written, closed days are restated by the rules of `metrics.telemetry.days`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import F

from foundation import clock
from foundation.canonical import digest
from metrics.connectors.base import DayRecord
from metrics.models import RuntimeApp, RuntimeConnection, SyncRun, SyncWindow, UsageDay, UsageRestatement
from metrics.telemetry.days import (
    CLOSED,
    COUNTS,
    PROVISIONAL,
    RATES,
    RESTATED,
    SHRANK,
    SUPERSEDED,
    Change,
    Values,
    last_closed_day,
    merged,
    restated,
    row_hash,
    values_of,
)

FIELDS = (*COUNTS, *RATES, "currency")
WRITTEN = (*FIELDS, "state", "fetched_at", "sync_run", "row_hash")
Settled = tuple[Values, str, list[Change]]


@dataclass
class Written:
    new: list[UsageDay] = field(default_factory=list)
    changed: list[UsageDay] = field(default_factory=list)
    restatements: list[UsageRestatement] = field(default_factory=list)
    unchanged: int = 0


def write_days(sync_run: SyncRun, app: RuntimeApp, records: Iterable[DayRecord]) -> Written:
    """Insert and update the days of one app; call inside the transaction that commits the window too."""
    given = list(records)
    written = Written()
    if not given:
        return written
    existing = _existing(app, given)
    known = _known_shrinks(app, given)
    closed_until = last_closed_day(clock.now(), given[0].zone)
    for record in given:
        _settle(written, sync_run, app, record, existing.get(record.day), record.day <= closed_until, known)
    UsageDay.objects.bulk_create(written.new)
    UsageDay.objects.bulk_update(written.changed, WRITTEN, batch_size=200)
    UsageRestatement.objects.bulk_create(written.restatements)
    return written


def _existing(app: RuntimeApp, records: list[DayRecord]) -> dict[date, UsageDay]:
    first, last, zone = records[0].day, records[-1].day, records[0].zone
    rows = UsageDay.objects.filter(app=app, source="statistics", day_timezone=zone, day__gte=first, day__lte=last)
    return {row.day: row for row in rows}


def _known_shrinks(app: RuntimeApp, records: list[DayRecord]) -> set[tuple[date, str, int | None]]:
    """What the source was already seen to have lost is not written down again at every pull."""
    rows = UsageRestatement.objects.filter(
        app=app, reason=SHRANK, day__gte=records[0].day, day__lte=records[-1].day
    ).values_list("day", "field", "new")
    return set(rows)


def _settle(
    written: Written,
    sync_run: SyncRun,
    app: RuntimeApp,
    record: DayRecord,
    row: UsageDay | None,
    closes: bool,
    known: set[tuple[date, str, int | None]],
) -> None:
    values, state, changes = _settled(row, values_of(record), closes)
    for change in changes:
        if change.reason != SHRANK or (record.day, change.field, change.new) not in known:
            written.restatements.append(
                UsageRestatement(app=app, day=record.day, sync_run=sync_run, **change._asdict())
            )
    hashed = row_hash(record.day, record.zone, values)
    if row is not None and row.row_hash == hashed and row.state == state:
        written.unchanged += 1
        return
    target = row or UsageDay(
        connection_id=app.connection_id, app=app, source=record.source, day=record.day, day_timezone=record.zone
    )
    facts = {**values, "state": state, "fetched_at": clock.now(), "sync_run": sync_run, "row_hash": hashed}
    for name, value in facts.items():
        setattr(target, name, value)
    (written.changed if row else written.new).append(target)


def _settled(row: UsageDay | None, told: Values, closes: bool) -> Settled:
    open_or_closed = CLOSED if closes else PROVISIONAL
    if row is None or row.state == SUPERSEDED:
        return told, open_or_closed, []
    old = {name: getattr(row, name) for name in FIELDS}
    if row.state == PROVISIONAL:
        return merged(old, told), open_or_closed, []
    values, changes = restated(old, told)
    return values, RESTATED if values != old else row.state, changes


def advance(window: SyncWindow, until: date, end: date, zone: str) -> None:
    """The window remembers how far closed days are read, in the transaction of the rows."""
    through = min(until.fromordinal(until.toordinal() - 1), last_closed_day(clock.now(), zone))
    done = SyncWindow.Progress.DONE if until >= end else SyncWindow.Progress.PENDING
    closed = max(window.closed_through, through) if window.closed_through else through
    facts = {"closed_through": closed, "progress": done, "attempts": 0, "error_code": "", "next_try_at": None}
    SyncWindow.objects.filter(pk=window.pk).update(**facts)
    window.closed_through = closed


def count(sync_run: SyncRun, written: Written) -> None:
    SyncRun.objects.filter(pk=sync_run.pk).update(
        days_written=F("days_written") + len(written.new) + len(written.changed),
        days_unchanged=F("days_unchanged") + written.unchanged,
    )


def rows_digest(connection: RuntimeConnection) -> str:
    """Digest over every live row in the order of app and day; equal on both engines and after any interruption."""
    rows = (
        UsageDay.objects.filter(connection=connection)
        .exclude(state=SUPERSEDED)
        .values_list("app__external_id", "day", "source", "day_timezone", "state", "row_hash")
    )
    return digest([list(row) for row in sorted(rows)])


def supersede(connection: RuntimeConnection, zone: str, sync_run: SyncRun) -> int:
    """Days of another zone stay as they were told, but count no more; nothing of two zones is ever added."""
    old: Any = UsageDay.objects.filter(connection=connection).exclude(day_timezone=zone).exclude(state=SUPERSEDED)
    firsts: dict[Any, date] = {}
    for app_id, day in old.order_by("app_id", "day").values_list("app_id", "day"):
        firsts.setdefault(app_id, day)
    UsageRestatement.objects.bulk_create(
        UsageRestatement(
            app_id=app_id, day=day, field="day_timezone", reason=UsageRestatement.Reason.ZONE, sync_run=sync_run
        )
        for app_id, day in firsts.items()
    )
    return old.update(state=SUPERSEDED)
