"""How the columns of a file become fields of a record, and the reader for one record per row."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from metrics.connectors.base import Sentence, say
from metrics.connectors.records.base import (
    MAX_LISTED,
    MINUTES,
    NOT_RECORDED,
    IncidentRecord,
    RecordsRead,
    RecordsRefused,
    RowError,
)
from metrics.connectors.records.table import Table

MAX_TEXT = 120  # characters; a longer cell is prose, not a category, and may hold names
PROGRESS_EVERY = 5_000  # rows

TIME_FIELDS = ("opened_at", "first_ack_at", "resolved_at", "closed_at", "created_at", "last_reopen_at", "event_at")
COUNT_FIELDS = ("reassignment_count", "reopen_count")
FLAG_FIELDS = ("made_sla",)
TEXT_FIELDS = ("state", "priority", "group", "service", "category", "subcategory", "contact_type")
KEY_FIELDS = ("key", "parent_key")
FIELDS = (*KEY_FIELDS, *TIME_FIELDS, *COUNT_FIELDS, *FLAG_FIELDS, *TEXT_FIELDS)

DATE_FORMATS = ("iso", "day_first", "month_first", "epoch_s", "epoch_ms", "excel_serial_1900", "excel_serial_1904")
WITHOUT_ZONE = ("day_first", "month_first", "excel_serial_1900", "excel_serial_1904")
COLLAPSE = ("none", "event_log")

# Columns of people, by the names the usual exports give them. `caused_by` names a change, not a person.
_PEOPLE = re.compile(
    r"^(?!caused_by$)(.*_by|.*caller.*|assigned_to|.*assignee.*|.*reporter.*|.*requester.*|requested_for|opened_for"
    r"|.*e-?mail.*|user|user_?name|first_?name|last_?name|full_?name)(#\d+)?$"
)


@dataclass(frozen=True, slots=True)
class Mapping:
    """`columns` pairs a column with a field; two columns may name one field, then the first that is present counts.

    `fold` answers wall times that a clock change makes ambiguous or skips: `ask` leaves the row out and counts it,
    `first` and `second` pick a side, `UTC` or an offset such as `+01:00` reads the time there."""

    name: str
    columns: tuple[tuple[str, str], ...]
    date_format: str = "iso"
    zone: str | None = None
    fold: str = "ask"
    missing: tuple[str, ...] = ("", "?")
    collapse: str = "none"
    version: int = 1

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "columns": [list(pair) for pair in self.columns],
            "date_format": self.date_format,
            "zone": self.zone,
            "fold": self.fold,
            "missing": list(self.missing),
            "collapse": self.collapse,
            "version": self.version,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Mapping:
        lists = {"columns": tuple((str(a), str(b)) for a, b in stored["columns"]), "missing": tuple(stored["missing"])}
        return cls(**{**stored, **lists})

    @property
    def digest(self) -> str:
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


class MappingProblem(NamedTuple):
    code: str
    sentence: Sentence


# --- checks before a row is read -----------------------------------------------------------------------------------

_PROBLEMS: dict[str, tuple[str, str]] = {
    "unknown_field": ("“%(name)s” is not a field of a record.", "“%(name)s”不是记录的字段。"),
    "column_missing": ("The file has no column “%(name)s”.", "文件中没有“%(name)s”列。"),
    "field_missing": ("No column is mapped to %(name)s.", "没有列映射到 %(name)s。"),
    "people_column": (
        "“%(name)s” names people and is never read. Choose another column.",
        "“%(name)s”列包含人员信息，不予读取。请选择其他列。",
    ),
    "unknown_date_format": ("“%(name)s” is not a date format.", "“%(name)s”不是日期格式。"),
    "unknown_zone": ("“%(name)s” is not a time zone.", "“%(name)s”不是时区。"),
    "zone_needed": ("Times without a zone need one: state the zone.", "不带时区的时间需要指定时区。"),
    "unknown_fold": (
        "“%(name)s” does not say how to read the hour of a clock change.",
        "“%(name)s”未说明如何读取时钟调整的那一小时。",
    ),
    "unknown_collapse": ("“%(name)s” is not a rule for event rows.", "“%(name)s”不是事件行的合并规则。"),
}


def _problem(code: str, name: str = "") -> MappingProblem:
    en, zh = _PROBLEMS[code]
    return MappingProblem(code, say(en, zh, name=name))


def mapping_problems(mapping: Mapping, header: Sequence[str]) -> tuple[MappingProblem, ...]:
    """Everything that keeps this mapping from reading a file with this header, at once."""
    return (*_column_problems(mapping, header), *_format_problems(mapping))


def _column_problems(mapping: Mapping, header: Sequence[str]) -> list[MappingProblem]:
    found = [_problem("unknown_field", field) for _column, field in mapping.columns if field not in FIELDS]
    found += [_problem("people_column", column) for column, _field in mapping.columns if is_people_column(column)]
    fields = {field for _column, field in mapping.columns}
    needed = ("key", "opened_at", *(("event_at", "state") if mapping.collapse == "event_log" else ()))
    found += [_problem("field_missing", field) for field in needed if field not in fields]
    for field in sorted(fields):
        names = [column for column, target in mapping.columns if target == field]
        if not any(name in header for name in names):
            found.append(_problem("column_missing", " / ".join(names)))
    return found


def _format_problems(mapping: Mapping) -> list[MappingProblem]:
    found = []
    if mapping.date_format not in DATE_FORMATS:
        found.append(_problem("unknown_date_format", mapping.date_format))
    if mapping.zone is None and mapping.date_format in WITHOUT_ZONE:
        found.append(_problem("zone_needed"))
    if mapping.zone is not None and zone_of(mapping.zone) is None:
        found.append(_problem("unknown_zone", mapping.zone))
    if mapping.fold not in ("ask", "first", "second") and _fixed_zone(mapping.fold) is None:
        found.append(_problem("unknown_fold", mapping.fold))
    if mapping.collapse not in COLLAPSE:
        found.append(_problem("unknown_collapse", mapping.collapse))
    return found


def is_people_column(column: str) -> bool:
    return bool(_PEOPLE.match(column.strip().lower().replace(" ", "_")))


def checked_positions(mapping: Mapping, header: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Position and column name of every mapped field; RecordsRefused carries all problems."""
    problems = mapping_problems(mapping, header)
    if problems:
        sentence = say(*(" ".join(problem.sentence[lang] for problem in problems) for lang in ("en", "zh")))
        raise RecordsRefused("bad_mapping", sentence, {"problems": problems})
    positions: dict[str, tuple[int, str]] = {}
    for column, field in mapping.columns:
        if column in header:
            positions.setdefault(field, (list(header).index(column), column))
    return positions


# --- times ---------------------------------------------------------------------------------------------------------


class CellProblem(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_OFFSET = re.compile(r"^([+-])(\d{2}):?(\d{2})$", re.ASCII)
_CLOCK = r"(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?([AaPp][Mm]))?)?"
_SLASHED = re.compile(r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})" + _CLOCK + "$", re.ASCII)
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$", re.ASCII)
_PLAIN_NUMBER = re.compile(r"^\d{1,14}(\.\d{1,12})?$", re.ASCII)
_YEARS = range(1970, 2200)  # outside of it a cell is no time of an incident


def _fixed_zone(text: str) -> tzinfo | None:
    if text.upper() in ("UTC", "Z"):
        return UTC
    match = _OFFSET.match(text)
    if not match or int(match[2]) > 14 or int(match[3]) > 59:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(offset if match[1] == "+" else -offset)


def zone_of(text: str) -> tzinfo | None:
    """`UTC`, an offset such as `+08:00`, or an IANA name; None when it is none of them."""
    fixed = _fixed_zone(text)
    if fixed is not None:
        return fixed
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _slashed(text: str, *, day_first: bool) -> datetime:
    match = _SLASHED.match(text)
    if not match:
        raise CellProblem("bad_time")
    first, second, year = int(match[1]), int(match[2]), int(match[3])
    day, month = (first, second) if day_first else (second, first)
    hour, minute, second_of_minute = int(match[4] or 0), int(match[5] or 0), int(match[6] or 0)
    if match[7]:
        if not 1 <= hour <= 12:
            raise CellProblem("bad_time")
        hour = hour % 12 + (12 if match[7].lower() == "pm" else 0)
    return datetime(year, month, day, hour, minute, second_of_minute)  # noqa: DTZ001 (the zone is applied next)


def _excel(text: str, epoch: datetime, first_good: int) -> datetime:
    if not _PLAIN_NUMBER.match(text) or float(text) < first_good:
        raise CellProblem("bad_time")
    return epoch + timedelta(seconds=round(float(text) * 86_400))


def _epoch(text: str, per_second: int) -> datetime:
    if not _PLAIN_NUMBER.match(text):
        raise CellProblem("bad_time")
    return datetime.fromtimestamp(float(text) / per_second, UTC)


def _iso(text: str) -> datetime:
    if not _ISO.match(text):
        raise CellProblem("bad_time")
    return datetime.fromisoformat(text)


_READERS: dict[str, Callable[[str], datetime]] = {
    "iso": _iso,
    "day_first": lambda text: _slashed(text, day_first=True),
    "month_first": lambda text: _slashed(text, day_first=False),
    "epoch_s": lambda text: _epoch(text, 1),
    "epoch_ms": lambda text: _epoch(text, 1000),
    # Serial 60 of the 1900 system is 29 February 1900, which never was; earlier serials are off by a day.
    "excel_serial_1900": lambda text: _excel(text, datetime(1899, 12, 30), 61),  # noqa: DTZ001
    "excel_serial_1904": lambda text: _excel(text, datetime(1904, 1, 1), 0),  # noqa: DTZ001
}


def to_utc(wall: datetime, zone: tzinfo, fold: str) -> datetime:
    early, late = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    if early.utcoffset() == late.utcoffset() or fold == "first":
        return early.astimezone(UTC)
    if fold == "second":
        return late.astimezone(UTC)
    fixed = _fixed_zone(fold)
    if fixed is not None:
        return wall.replace(tzinfo=fixed).astimezone(UTC)
    exists = early.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall
    raise CellProblem("ambiguous_time" if exists else "nonexistent_time")


def time_reader(mapping: Mapping) -> Callable[[str], datetime]:
    """Text to a UTC instant; CellProblem names what is wrong. Remembers what it read: logs repeat their times."""
    read = _READERS[mapping.date_format]
    zone = zone_of(mapping.zone) if mapping.zone else None

    @lru_cache(maxsize=100_000)
    def instant(text: str) -> datetime:
        try:
            wall = read(text)
            if wall.year not in _YEARS:
                raise CellProblem("bad_time")
            if wall.tzinfo is not None:
                return wall.astimezone(UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise CellProblem("bad_time") from error
        if zone is None:
            raise CellProblem("zone_needed")
        return wall.replace(tzinfo=UTC) if zone is UTC else to_utc(wall, zone, mapping.fold)

    return instant


def possible_date_formats(values: Iterable[str]) -> tuple[str, ...]:
    """Formats that read every sample. More than one means a person is asked; the choice is never guessed."""
    samples = [value.strip() for value in values if value.strip() not in ("", "?")]
    return tuple(name for name in DATE_FORMATS if samples and all(_reads(name, text) for text in samples))


def _reads(date_format: str, text: str) -> bool:
    try:
        return _READERS[date_format](text).year in _YEARS
    except (CellProblem, ValueError, OverflowError, OSError):
        return False


# --- cells and rows ------------------------------------------------------------------------------------------------

_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_COUNT = re.compile(r"^\d{1,9}(\.0+)?$", re.ASCII)
_SHOWABLE = re.compile(r"^[0-9:/. TZ+-]{1,40}$")

_CELL_SENTENCES: dict[str, tuple[str, str]] = {
    "bad_time": (
        "Row %(row)s, column %(column)s: %(value)s is not a time in the stated format. Check the date format.",
        "第 %(row)s 行 %(column)s 列：%(value)s 不符合所选时间格式。请检查日期格式。",
    ),
    "zone_needed": (
        "Row %(row)s, column %(column)s: %(value)s has no zone. State the zone of the file.",
        "第 %(row)s 行 %(column)s 列：%(value)s 没有时区。请指定文件的时区。",
    ),
    "ambiguous_time": (
        "Row %(row)s, column %(column)s: %(value)s happened twice when the clock went back. State which one is meant.",
        "第 %(row)s 行 %(column)s 列：因时钟回拨，%(value)s 出现了两次。请说明是哪一次。",
    ),
    "nonexistent_time": (
        "Row %(row)s, column %(column)s: %(value)s was skipped when the clock went forward. State how to read it.",
        "第 %(row)s 行 %(column)s 列：因时钟拨快，%(value)s 并不存在。请说明如何读取。",
    ),
    "bad_number": (
        "Row %(row)s, column %(column)s: %(value)s is not a whole number.",
        "第 %(row)s 行 %(column)s 列：%(value)s 不是整数。",
    ),
    "bad_flag": (
        "Row %(row)s, column %(column)s: %(value)s is neither true nor false.",
        "第 %(row)s 行 %(column)s 列：%(value)s 既非 true 也非 false。",
    ),
    "too_long": (
        "Row %(row)s, column %(column)s holds a long text. Map a column of codes or categories.",
        "第 %(row)s 行 %(column)s 列是长文本。请映射代码列或分类列。",
    ),
    "missing_key": (
        "Row %(row)s, column %(column)s: the record has no number.",
        "第 %(row)s 行 %(column)s 列：记录没有编号。",
    ),
    "missing_opened_at": (
        "Row %(row)s, column %(column)s: the record has no opening time.",
        "第 %(row)s 行 %(column)s 列：记录没有开启时间。",
    ),
    "duplicate_key": (
        "Row %(row)s, column %(column)s: this number stands in the file twice; the first row was read.",
        "第 %(row)s 行 %(column)s 列：该编号在文件中重复，已读取第一行。",
    ),
}


def cell_error(code: str, row: int, column: str, value: str = "") -> RowError:
    """Repeats a value only when it looks like a time or number: other cells may hold what nobody should store."""
    en, zh = _CELL_SENTENCES[code]
    shown_en, shown_zh = (f"“{value}”",) * 2 if _SHOWABLE.match(value) else ("the text", "该文本")
    sentence = Sentence(
        en=en % {"row": row, "column": column, "value": shown_en},
        zh=zh % {"row": row, "column": column, "value": shown_zh},
    )
    return RowError(row, column, code, sentence)


def parse_whole(text: str) -> int:
    if not _COUNT.match(text):
        raise CellProblem("bad_number")
    return int(text.partition(".")[0])


def parse_flag(text: str) -> bool:
    flag = _FLAGS.get(text.lower())
    if flag is None:
        raise CellProblem("bad_flag")
    return flag


def parse_code(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise CellProblem("too_long")
    return text


class RowReader:
    """Reads single cells of a mapped file and remembers what was wrong."""

    def __init__(self, mapping: Mapping, header: Sequence[str]) -> None:
        self.positions = checked_positions(mapping, header)
        self.instant = time_reader(mapping)
        self.missing = frozenset(mapping.missing)
        self._parsers: dict[str, Callable[[str], Any]] = {
            **dict.fromkeys(TIME_FIELDS, self.instant),
            **dict.fromkeys(COUNT_FIELDS, parse_whole),
            **dict.fromkeys(FLAG_FIELDS, parse_flag),
            **dict.fromkeys((*TEXT_FIELDS, *KEY_FIELDS), parse_code),
        }

    def parse(self, field: str, text: str) -> Any:
        """The value of a cell; a missing one is None, or a category of its own where categories are read."""
        if text in self.missing:
            return NOT_RECORDED if field in TEXT_FIELDS else None
        return self._parsers[field](text)

    def values(self, row: int, cells: Sequence[str]) -> tuple[dict[str, Any], list[RowError]]:
        values: dict[str, Any] = {}
        errors: list[RowError] = []
        for field, (position, column) in self.positions.items():
            text = cells[position].strip()
            try:
                values[field] = self.parse(field, text)
            except CellProblem as problem:
                errors.append(cell_error(problem.code, row, column, text))
        errors += [
            cell_error(f"missing_{field}", row, self.positions[field][1])
            for field in ("key", "opened_at")
            if field in values and values[field] is None
        ]
        return values, errors


class Tally:
    """Counts while a file is read; holds at most MAX_LISTED errors by name."""

    def __init__(self) -> None:
        self.rows = 0
        self.excluded: Counter[str] = Counter()
        self.errors: list[RowError] = []
        self.states: Counter[str] = Counter()
        self.latest_event: datetime | None = None

    def exclude(self, errors: Sequence[RowError]) -> None:
        self.excluded[errors[0].code] += 1
        self.errors += errors[: max(0, MAX_LISTED - len(self.errors))]


def finish(tally: Tally, records: Iterable[IncidentRecord], as_of: datetime | None) -> RecordsRead:
    """Applies `as_of` (by default the latest event) and counts what the import page must state."""
    everything = list(records)
    # Only now: a lazy reader has found the latest event no earlier than its last row.
    moment = as_of or tally.latest_event
    kept = tuple(record for record in everything if moment is None or record.opened_at <= moment)
    if len(kept) < len(everything):
        tally.excluded["opened_after_as_of"] += len(everything) - len(kept)
    negative = [record for record in kept if record.negative]
    counts = Counter(name for record in negative for name in record.negative)
    return RecordsRead(
        records=kept,
        rows_read=tally.rows,
        excluded=dict(tally.excluded),
        errors=tuple(tally.errors),
        as_of=moment,
        missing_resolved=sum(record.resolved_at is None for record in kept),
        negative={name: counts[name] for name in MINUTES},
        negative_keys=tuple(record.key for record in negative),
        unusual_states=dict(tally.states),
        reopened=sum((record.reopen_count or 0) > 0 for record in kept),
        group_not_recorded=sum(record.group == NOT_RECORDED for record in kept),
    )


def rows_to_incidents(
    mapping: Mapping, table: Table, *, as_of: datetime, progress: Callable[[int], None] | None = None
) -> RecordsRead:
    """One record per row. A row with any error is left out, counted by its first reason and listed with all."""
    reader = RowReader(mapping, table.header)
    tally = Tally()
    records: dict[str, IncidentRecord] = {}
    for row, cells in table.rows:
        tally.rows += 1
        if progress and tally.rows % PROGRESS_EVERY == 0:
            progress(tally.rows)
        values, errors = reader.values(row, cells)
        if not errors and values["key"] in records:
            errors = [cell_error("duplicate_key", row, reader.positions["key"][1])]
        if errors:
            tally.exclude(errors)
        else:
            values.pop("event_at", None)
            records[values["key"]] = IncidentRecord(row=row, **values)
    for error in table.ragged:
        tally.rows += 1
        tally.exclude([error])
    return finish(tally, records.values(), as_of)
