"""Texts to instants: integer microseconds since 1970 UTC, with the state each text was found in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from zoneinfo import ZoneInfo

OK, MISSING, UNPARSABLE, AMBIGUOUS, NONEXISTENT = range(5)
FORMATS = ("iso", "day_first", "month_first", "excel_serial_1900", "excel_serial_1904", "epoch_s", "epoch_ms")
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  wall clock of UTC, subtracted from naive times
MICROSECOND = timedelta(microseconds=1)
MINUTE = 60_000_000  # microseconds
DAY = 1440 * MINUTE
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
ISO_DATE_TIME = re.compile(r"\d{4}-?\d{2}-?\d{2}[T ]\d{2}.*")
SLASHED = re.compile(
    r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?)?"
)


class Wall(NamedTuple):
    """A wall time as written; `bare` is a date without a time of day."""

    at: datetime
    bare: bool


class Instant(NamedTuple):
    us: int
    state: int
    naive: bool = False  # a date-time that says no zone


def parse_wall(text: str, date_format: str) -> Wall | None:
    try:
        wall = _READERS[date_format](text)
    except (ValueError, OverflowError, InvalidOperation):
        return None
    return wall if wall is not None and 2 <= wall.at.year <= 9998 else None


def instant(wall: Wall, zone: ZoneInfo | None, fold: str = "first") -> Instant:
    """An ambiguous or non-existent time keeps its first reading, so that it still falls into a window."""
    if wall.at.tzinfo is not None:
        return Instant((wall.at.astimezone(UTC).replace(tzinfo=None) - EPOCH) // MICROSECOND, OK)
    us = (wall.at - EPOCH) // MICROSECOND
    if zone is None:
        return Instant(us, OK, naive=not wall.bare)
    first, second = _offsets(wall.at, zone)
    if first == second or wall.bare:
        return Instant(us - first, OK)
    if first < second:
        return Instant(us - first, NONEXISTENT)
    if fold == "ask":
        return Instant(us - first, AMBIGUOUS)
    return Instant(us - (second if fold == "second" else first), OK)


def plan_instant(text: str, zone: ZoneInfo | None) -> int:
    """A time written in a plan (always ISO); raises ValueError where it cannot be read."""
    wall = parse_wall(text, "iso")
    if wall is None:
        raise ValueError(f"{text!r} is not an ISO date or date-time")
    return instant(wall, zone).us


def reader(date_format: str, zone: ZoneInfo | None, fold: str, missing: frozenset[str]) -> Callable[[str], Instant]:
    def read(text: str) -> Instant:
        if text in missing or text.strip() in missing:
            return Instant(0, MISSING)
        wall = parse_wall(text.strip(), date_format)
        return Instant(0, UNPARSABLE) if wall is None else instant(wall, zone, fold)

    return read


def number(text: str) -> float | None:
    stripped = text.strip()
    value = float(stripped) if NUMBER.fullmatch(stripped) else None
    return value if value is not None and abs(value) < 1e300 else None


def local(us: int, zone: ZoneInfo | None) -> datetime:
    """Wall time without zone."""
    moment = EPOCH + us * MICROSECOND
    return moment if zone is None else moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None, fold=0)


def shift_days(us: int, days: int, zone: ZoneInfo | None) -> int:
    """The same wall time some civil days later: 23 or 25 hours where the clock changes."""
    if zone is None:
        return us + days * DAY
    return instant(Wall(local(us, zone) + timedelta(days=days), bare=True), zone).us


def day_start(us: int, zone: ZoneInfo | None) -> int:
    midnight = datetime.combine(local(us, zone).date(), time.min)
    return instant(Wall(midnight, bare=True), zone).us


def _offsets(at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    first = at.replace(tzinfo=zone, fold=0).utcoffset() or timedelta()
    second = at.replace(tzinfo=zone, fold=1).utcoffset() or timedelta()
    return first // MICROSECOND, second // MICROSECOND


def _iso(text: str) -> Wall | None:
    if re.fullmatch(r"\d{4}", text):
        return _midnight(date(int(text), 1, 1))
    if re.fullmatch(r"\d{4}-\d{2}", text):
        return _midnight(date(int(text[:4]), int(text[5:]), 1))
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}|\d{8}", text):
        return _midnight(date.fromisoformat(text))
    return Wall(datetime.fromisoformat(text), bare=False) if ISO_DATE_TIME.fullmatch(text) else None


def _midnight(day: date) -> Wall:
    return Wall(datetime.combine(day, time.min), bare=True)


def _slashed(text: str, *, day_first: bool) -> Wall | None:
    found = SLASHED.fullmatch(text)
    if found is None:
        return None
    first, second, year = int(found[1]), int(found[2]), int(found[3])
    day, month = (first, second) if day_first else (second, first)
    clock = time(int(found[4] or 0), int(found[5] or 0), int(found[6] or 0), int((found[7] or "0").ljust(6, "0")))
    return Wall(datetime.combine(date(year, month, day), clock), bare=found[4] is None)


def _serial(text: str, *, from_1904: bool) -> Wall | None:
    if not NUMBER.fullmatch(text):
        return None
    serial = Decimal(text)
    if not from_1904 and int(serial) == 60:  # 29 February 1900 exists in spreadsheets only
        return None
    origin = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30 if serial > 60 else 31)  # noqa: DTZ001
    # Spreadsheet fractions of a day are floats: whole milliseconds is as far as they carry.
    at = origin + timedelta(milliseconds=int((serial * 86_400_000).to_integral_value()))
    return Wall(at, bare=serial == serial.to_integral_value())


def _epoch(text: str, *, unit: int) -> Wall | None:
    if not NUMBER.fullmatch(text):
        return None
    return Wall((EPOCH + timedelta(microseconds=int(Decimal(text) * unit))).replace(tzinfo=UTC), bare=False)


_READERS: dict[str, Callable[[str], Wall | None]] = {
    "iso": _iso,
    "day_first": lambda text: _slashed(text, day_first=True),
    "month_first": lambda text: _slashed(text, day_first=False),
    "excel_serial_1900": lambda text: _serial(text, from_1904=False),
    "excel_serial_1904": lambda text: _serial(text, from_1904=True),
    "epoch_s": lambda text: _epoch(text, unit=1_000_000),
    "epoch_ms": lambda text: _epoch(text, unit=1000),
}
