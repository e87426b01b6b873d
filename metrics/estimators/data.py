"""Columns of text to records: filter, duplicates, parents, times, windows, and a reason for every row left out."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from .filters import is_missing, passing_rows
from .model import Sample
from .plan import UNITS, zone_of
from .table import Table
from .times import (
    AMBIGUOUS,
    MINUTE,
    MISSING,
    NONEXISTENT,
    OK,
    UNPARSABLE,
    Instant,
    number,
    plan_instant,
    reader,
)

if TYPE_CHECKING:
    import numpy as np

REASONS = (
    "filtered_out",
    "outside_windows",
    "in_ramp",
    "missing_start",
    "missing_value",
    "unparsable",
    "opened_after_as_of",
    "negative_duration",
    "ambiguous_local_time",
    "nonexistent_local_time",
    "child_of_parent",
    "duplicate_key",
    "small_stratum",
    "user_excluded",
)
KEPT, CHILD, REPEAT = range(3)
TRUE = frozenset({"true", "1"})


@dataclass(frozen=True)
class Stamps:
    us: np.ndarray
    state: np.ndarray
    naive: np.ndarray


@dataclass(frozen=True)
class Records:
    """Rows that pass the filter and have a time, ascending by it."""

    kind: str
    at: Stamps
    start: Stamps | None
    end: Stamps | None
    minutes: np.ndarray | None
    value_state: np.ndarray | None
    opened: np.ndarray | None  # still open, said by a column
    drop: np.ndarray
    events: dict[str, Stamps]
    used: np.ndarray | None
    people: list[str] | None
    read: int
    unplaced: dict[str, int]  # rows that no window can hold, by reason


@dataclass(frozen=True)
class Frame:
    """The civil side of a plan: zone, windows and the moment the data was complete, as instants."""

    zone: ZoneInfo | None
    baseline: tuple[int, int]
    pilot: tuple[int, int]
    ramp: tuple[int, int] | None
    as_of: int | None


def frame_of(plan: dict[str, Any]) -> Frame:
    zone = zone_of(plan)
    spans = {
        name: (plan_instant(window[0], zone), plan_instant(window[1], zone))
        for name, window in plan["windows"].items()
        if window
    }
    as_of = plan_instant(plan["as_of"], zone) if plan["as_of"] else None
    return Frame(zone, spans["baseline"], spans["pilot"], spans.get("ramp"), as_of)


def load_records(plan: dict[str, Any], table: Table) -> Records:
    import numpy as np

    read_time = reader(plan["date_format"], zone_of(plan), plan["fold"], frozenset(plan["missing"]))
    passing = passing_rows(plan, table, read_time)
    at_all = _stamps(read_time(table.columns[plan["at"]][row]) for row in passing)
    drop_all = _drops(plan, table, passing, at_all)
    unplaced = {
        "filtered_out": table.n - len(passing),
        "missing_start": int((at_all.state == MISSING).sum()),
        "unparsable": int((at_all.state == UNPARSABLE).sum()),
    }
    placed = np.flatnonzero(~np.isin(at_all.state, (MISSING, UNPARSABLE)))
    placed = placed[np.argsort(at_all.us[placed], kind="stable")]
    rows = [passing[place] for place in placed]
    minutes, value_state = _values(plan, table, rows)
    return Records(
        kind=plan["kind"],
        at=Stamps(at_all.us[placed], at_all.state[placed], at_all.naive[placed]),
        start=_column(table, plan["start"], rows, read_time),
        end=_column(table, plan["end"], rows, read_time),
        minutes=minutes,
        value_state=value_state,
        opened=_flags(table, plan["open"], rows, lambda cell: cell.strip().lower() in TRUE),
        drop=np.frombuffer(drop_all, dtype=np.uint8)[placed],
        events={name: _stamps(read_time(table.columns[name][r]) for r in rows) for name in plan["other_events"]},
        used=_used(plan, table, rows),
        people=_people(plan, table, rows),
        read=table.n,
        unplaced=unplaced,
    )


def take(records: Records, span: tuple[int, int], as_of: int | None) -> Sample:
    """The sample of one half-open window as it was known at `as_of`."""
    import numpy as np

    low, high = np.searchsorted(records.at.us, span, side="left")
    rows = np.arange(low, high)
    reason = np.zeros(len(rows), dtype=np.uint8)  # 0 = usable, else 1 + place in REASONS
    minutes, ended, waiting = _durations(records, rows, as_of, reason)
    _mark(reason, records.drop[rows] == CHILD, "child_of_parent", over=True)
    _mark(reason, records.drop[rows] == REPEAT, "duplicate_key", over=True)
    kept = records.drop[rows] == KEPT
    good = reason == 0
    order = np.lexsort((rows[good], ~ended[good], minutes[good]))
    counts = np.bincount(reason, minlength=len(REASONS) + 1)
    return Sample(
        minutes=minutes[good][order],
        ended=ended[good][order],
        rows=rows[good][order],
        eligible=int(kept.sum()),
        eligible_rows=rows[kept],
        open_tasks=int((waiting & kept).sum()),
        excluded={name: int(counts[place + 1]) for place, name in enumerate(REASONS) if counts[place + 1]},
    )


def excluded_list(records: Records, frame: Frame, samples: dict[str, Sample]) -> list[dict[str, Any]]:
    import numpy as np

    def inside(span: tuple[int, int]) -> int:
        return int(np.diff(np.searchsorted(records.at.us, span, side="left"))[0])

    in_ramp = inside(frame.ramp) if frame.ramp else 0
    counts: dict[tuple[str, str | None], int] = {(name, None): count for name, count in records.unplaced.items()}
    counts["in_ramp", "ramp"] = in_ramp
    counts["outside_windows", None] = len(records.at.us) - in_ramp - inside(frame.baseline) - inside(frame.pilot)
    for window, sample in samples.items():
        counts.update({(name, window): count for name, count in sample.excluded.items()})
    found = [
        {"reason": name, "window": window, "count": count} for (name, window), count in counts.items() if count > 0
    ]
    return sorted(found, key=lambda row: (REASONS.index(row["reason"]), str(row["window"] or "")))


def _durations(
    records: Records, rows: np.ndarray, as_of: int | None, reason: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Minutes, ended, and tasks started without an end; marks the reason of every row that has no valid value."""
    _mark_clock(records, rows, reason)
    return (_by_value if records.minutes is not None else _by_times)(records, rows, as_of, reason)


def _by_times(
    records: Records, rows: np.ndarray, as_of: int | None, reason: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    assert records.start is not None and records.end is not None
    start, end = records.start.us[rows], records.end.us[rows]
    _mark(reason, records.start.state[rows] == MISSING, "missing_start")
    _mark(reason, records.start.state[rows] == UNPARSABLE, "unparsable")
    _mark(reason, records.end.state[rows] == UNPARSABLE, "unparsable")
    open_now = records.end.state[rows] == MISSING
    if as_of is not None:
        _mark(reason, start > as_of, "opened_after_as_of")
        open_now = open_now | (end > as_of)
    waiting = open_now & (reason == 0)
    if records.kind == "duration_incident" and as_of is not None:
        minutes = (_where(open_now, as_of, end) - start) / MINUTE
        waiting = waiting & False
    else:
        minutes = (end - start) / MINUTE
        _mark(reason, open_now, "missing_value")
    _mark(reason, minutes < 0, "negative_duration")
    return minutes, ~open_now, waiting


def _by_value(
    records: Records, rows: np.ndarray, as_of: int | None, reason: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    import numpy as np

    assert records.minutes is not None and records.value_state is not None
    minutes, state = records.minutes[rows], records.value_state[rows]
    open_now = records.opened[rows] if records.opened is not None else np.zeros(len(rows), dtype=bool)
    if as_of is not None:
        _mark(reason, records.at.us[rows] > as_of, "opened_after_as_of")
    waiting = open_now & (reason == 0)
    if records.kind == "duration_task":
        _mark(reason, open_now, "missing_value")
    else:
        waiting = waiting & False
        elapsed = (as_of - records.at.us[rows]) / MINUTE if as_of is not None else minutes
        # A value that reaches past as_of was not known then: the record was still open.
        late = (state == OK) & (minutes > elapsed)
        minutes, open_now = np.where(late, elapsed, minutes), open_now | late
    _mark(reason, state == MISSING, "missing_value")
    _mark(reason, state == UNPARSABLE, "unparsable")
    _mark(reason, minutes < 0, "negative_duration")
    return minutes, ~open_now, waiting


def _mark_clock(records: Records, rows: np.ndarray, reason: np.ndarray) -> None:
    stamps = [stamps for stamps in (records.at, records.start, records.end) if stamps is not None]
    for state, name in ((AMBIGUOUS, "ambiguous_local_time"), (NONEXISTENT, "nonexistent_local_time")):
        for stamp in stamps:
            _mark(reason, stamp.state[rows] == state, name)


def _mark(reason: np.ndarray, found: np.ndarray, name: str, *, over: bool = False) -> None:
    reason[found if over else found & (reason == 0)] = REASONS.index(name) + 1


def _where(found: np.ndarray, yes: int, no: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.where(found, yes, no)


def _stamps(instants: Iterable[Instant]) -> Stamps:
    """Consumes one instant at a time: a million of them as objects would not fit the memory bound."""
    import numpy as np

    us, state, naive = array("q"), bytearray(), bytearray()
    for found in instants:
        us.append(found.us)
        state.append(found.state)
        naive.append(found.naive)
    return Stamps(
        np.array(us, dtype=np.int64),
        np.array(state, dtype=np.uint8),
        np.array(naive, dtype=np.uint8).astype(bool),
    )


def _column(table: Table, name: str | None, rows: list[int], read: Callable[[str], Instant]) -> Stamps | None:
    return _stamps(read(table.columns[name][row]) for row in rows) if name else None


def _flags(table: Table, name: str | None, rows: list[int], holds: Callable[[str], bool]) -> np.ndarray | None:
    import numpy as np

    return np.array([holds(table.columns[name][row]) for row in rows], dtype=bool) if name else None


def _values(plan: dict[str, Any], table: Table, rows: list[int]) -> tuple[Any, Any]:
    import numpy as np

    if plan["value"] is None:
        return None, None
    cells = [table.columns[plan["value"]][row] for row in rows]
    numbers = [number(cell) for cell in cells]
    state = [
        MISSING if is_missing(cell, plan) else UNPARSABLE if found is None else OK
        for cell, found in zip(cells, numbers, strict=True)
    ]
    minutes = np.array([found or 0.0 for found in numbers], dtype=np.float64) * UNITS[plan["unit"]]
    return minutes, np.array(state, dtype=np.uint8)


def _used(plan: dict[str, Any], table: Table, rows: list[int]) -> np.ndarray | None:
    usage = plan["usage"]
    return _flags(table, usage["column"], rows, lambda cell: cell in usage["used"]) if usage else None


def _people(plan: dict[str, Any], table: Table, rows: list[int]) -> list[str] | None:
    if plan["person"] is None:
        return None
    cells = table.columns[plan["person"]]
    return ["" if is_missing(cells[row], plan) else cells[row] for row in rows]


def _drops(plan: dict[str, Any], table: Table, passing: list[int], at: Stamps) -> bytearray:
    """Children of a parent, and all but the first row of each key."""
    drop = bytearray(len(passing))
    if plan["parent"]:
        cells = table.columns[plan["parent"]]
        drop = bytearray(KEPT if is_missing(cells[row], plan) else CHILD for row in passing)
    if not plan["key"]:
        return drop
    first: dict[str, int] = {}
    keys = table.columns[plan["key"]]

    def rank(place: int) -> tuple[bool, int, tuple[str, ...]]:
        lost = at.state[place] in (MISSING, UNPARSABLE)
        return lost, int(at.us[place]), table.cells.get(passing[place], ())

    for place, row in enumerate(passing):
        if row not in table.cells or drop[place] == CHILD or is_missing(keys[row], plan):
            continue
        other = first.setdefault(keys[row], place)
        if other != place:
            later = place if rank(place) >= rank(other) else other
            drop[later] = REPEAT
            first[keys[row]] = other if later == place else place
    return drop
