"""An audit log with many rows per incident, collapsed to one record each while it streams by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from metrics.connectors.records.base import IncidentRecord, RecordsRead, RowError, refuse
from metrics.connectors.records.mapping import (
    PROGRESS_EVERY,
    CellProblem,
    Mapping,
    RowReader,
    Tally,
    cell_error,
    finish,
    rows_to_incidents,
)
from metrics.connectors.records.table import Row, Table

SERVICENOW_EVENT_LOG = Mapping(
    name="servicenow_event_log",
    columns=(
        ("number", "key"),
        ("ident_state", "state"),
        ("incident_state", "state"),
        ("sys_updated_at", "event_at"),
        ("sys_created_at", "created_at"),
        ("opened_at", "opened_at"),
        ("resolved_at", "resolved_at"),
        ("closed_at", "closed_at"),
        ("priority", "priority"),
        ("assignment_group", "group"),
        ("category", "category"),
        ("category#2", "subcategory"),
        ("subcategory", "subcategory"),
        ("contact_type", "contact_type"),
        ("made_sla", "made_sla"),
        ("reassignment_count", "reassignment_count"),
        ("reopen_count", "reopen_count"),
    ),
    date_format="day_first",
    zone="UTC",
    missing=("?",),
    collapse="event_log",
)
BUILT_IN = {SERVICENOW_EVENT_LOG.name: SERVICENOW_EVENT_LOG}

NEW = "New"
KNOWN_STATES = frozenset(
    {
        NEW,
        "Active",
        "Awaiting User Info",
        "Awaiting Vendor",
        "Awaiting Problem",
        "Awaiting Evidence",
        "Resolved",
        "Closed",
    }
)
# The last time written counts, a later gap does not unwrite it; every other field is what the last row says.
LAST_WRITTEN = ("opened_at", "resolved_at", "closed_at", "created_at")


def read_records(
    table: Table, mapping: Mapping, *, as_of: datetime | None = None, progress: Callable[[int], None] | None = None
) -> RecordsRead:
    """By the mapping's collapse rule. `as_of` must be stated unless the file is an event log, which knows its end."""
    if as_of is not None and as_of.tzinfo is None:
        raise ValueError("as_of needs a zone")
    if mapping.collapse == "event_log":
        return read_event_log(table, mapping, as_of=as_of, progress=progress)
    if as_of is None:
        raise refuse(
            "as_of_needed",
            "State the moment at which the file was complete.",
            "请说明文件在哪一时刻是完整的。",
        )
    return rows_to_incidents(mapping, table, as_of=as_of, progress=progress)


def read_event_log(
    table: Table,
    mapping: Mapping = SERVICENOW_EVENT_LOG,
    *,
    as_of: datetime | None = None,
    progress: Callable[[int], None] | None = None,
) -> RecordsRead:
    tally = Tally()
    return finish(tally, list(iter_incidents(table, mapping, tally, progress)), as_of)


def iter_incidents(
    table: Table, mapping: Mapping, tally: Tally, progress: Callable[[int], None] | None = None
) -> Iterator[IncidentRecord]:
    """Records in file order; `tally` is complete only when the walk is. File order is the order of events."""
    reader = RowReader(mapping, table.header)
    position = reader.positions["key"][0]
    seen: set[str] = set()
    for key, group in groupby(_counted(table, tally, progress), key=lambda row: row.cells[position].strip()):
        rows = list(group)
        if key in seen:
            raise _scattered(rows[0].number)
        seen.add(key)
        record = _Collapse(reader, tally).run(key, rows)
        if record is not None:
            yield record
    if table.ragged:
        # One lost event can change a record without a trace.
        first = table.ragged[0]
        raise refuse(first.code, first.sentence["en"], first.sentence["zh"])


def _counted(table: Table, tally: Tally, progress: Callable[[int], None] | None) -> Iterator[Row]:
    for row in table.rows:
        tally.rows += 1
        if progress and tally.rows % PROGRESS_EVERY == 0:
            progress(tally.rows)
        yield row


def _scattered(row: int) -> Exception:
    return refuse(
        "rows_not_grouped",
        "Row %(row)s returns to an incident whose rows ended earlier. Sort the file by number, then by time.",
        "第 %(row)s 行又回到前面已结束的事件单。请先按编号、再按时间对文件排序。",
        row=row,
    )


class _Collapse:
    """The rows of one incident. Cells are kept as text and parsed once, at the end."""

    def __init__(self, reader: RowReader, tally: Tally) -> None:
        self._reader = reader
        self._tally = tally
        self._errors: list[RowError] = []

    def run(self, key: str, rows: Sequence[Row]) -> IncidentRecord | None:
        positions = self._reader.positions
        state_at, event_at = positions["state"][0], positions["event_at"][0]
        reopen_at = positions["reopen_count"][0] if "reopen_count" in positions else None
        written = [(field, positions[field][0]) for field in LAST_WRITTEN if field in positions]
        missing = self._reader.missing
        last_written: dict[str, tuple[int, str]] = {}
        first_ack: datetime | None = None
        last_reopen: datetime | None = None
        reopened: int | None = None
        for number, cells in rows:
            moment = self._event(number, cells[event_at])
            state = cells[state_at]
            if state not in KNOWN_STATES:
                self._tally.states[state[:40]] += 1
            if state != NEW and moment is not None and (first_ack is None or moment < first_ack):
                first_ack = moment
            if reopen_at is not None and cells[reopen_at].isdecimal():
                count = int(cells[reopen_at][:9])
                if reopened is not None and count > reopened:
                    last_reopen = moment
                reopened = count
            for field, at in written:
                if cells[at] not in missing:
                    last_written[field] = (number, cells[at])
        first_row = rows[0].number
        values = self._times(last_written, first_row) | self._last_row(*rows[-1])
        self._parsed("key", first_row, key)
        if not key or key in missing:
            self._errors.append(cell_error("missing_key", first_row, positions["key"][1]))
        if self._errors:
            self._tally.exclude(self._errors)
            return None
        return IncidentRecord(
            key=key, row=first_row, events=len(rows), first_ack_at=first_ack, last_reopen_at=last_reopen, **values
        )

    def _event(self, row: int, text: str) -> datetime | None:
        try:
            moment: datetime = self._reader.instant(text)
        except CellProblem as problem:
            self._errors.append(cell_error(problem.code, row, self._reader.positions["event_at"][1], text))
            return None
        if self._tally.latest_event is None or moment > self._tally.latest_event:
            self._tally.latest_event = moment
        return moment

    def _times(self, last_written: dict[str, tuple[int, str]], first_row: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field, (row, text) in last_written.items():
            values[field] = self._parsed(field, row, text)
        if "opened_at" not in last_written:
            self._errors.append(cell_error("missing_opened_at", first_row, self._reader.positions["opened_at"][1]))
        return values

    def _last_row(self, row: int, cells: Sequence[str]) -> dict[str, Any]:
        skipped = {*LAST_WRITTEN, "key", "event_at", "first_ack_at", "last_reopen_at"}
        return {
            field: self._parsed(field, row, cells[at].strip())
            for field, (at, _column) in self._reader.positions.items()
            if field not in skipped
        }

    def _parsed(self, field: str, row: int, text: str) -> Any:
        try:
            return self._reader.parse(field, text)
        except CellProblem as problem:
            self._errors.append(cell_error(problem.code, row, self._reader.positions[field][1], text))
            return None
