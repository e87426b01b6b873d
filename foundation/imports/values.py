"""One cell of text to a typed value, or the sentence why not. Nothing ambiguous is guessed."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from foundation.calendar_days import is_usable, outside_words

MAX_NUMBER = Decimal(10) ** 15  # beyond 15 digits spreadsheets have rounded already
TRUE = frozenset({"true", "yes", "y", "1", "是", "x", "✓"})
FALSE = frozenset({"false", "no", "n", "0", "否", "-"})
_PLAIN = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?([eE][+-]?\d{1,3})?")
_DAY = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?")
_OTHER_DAY = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,6})?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?")


class BadValue(ValueError):
    def __init__(self, code: str, text: Any, remedy: Any) -> None:
        super().__init__(code)
        self.code, self.text, self.remedy = code, text, remedy


def parse(text: str, kind: str, choices: Any = (), zone: str = "UTC") -> Any:
    """None for an empty cell. `zone` reads moments written without an offset."""
    cleaned = unicodedata.normalize("NFC", text).strip()
    if not cleaned:
        return None
    if kind == "text":
        return cleaned
    narrow = unicodedata.normalize("NFKC", cleaned)
    if kind == "choice":
        return _choice(cleaned, choices)
    if kind == "datetime":
        return _moment(narrow, zone)
    return {"number": _number, "integer": _integer, "date": _day, "bool": _bool}[kind](narrow)


def _number(text: str) -> Decimal:
    remedy = _("Write digits with a point for decimals, for example 1234.5.")
    if not _PLAIN.fullmatch(text.replace("\u2212", "-")):
        raise BadValue("bad_number", _("“%(value)s” is not a number.") % {"value": text[:60]}, remedy)
    try:
        number = Decimal(text.replace("\u2212", "-").replace(",", ""))
    except InvalidOperation as error:
        raise BadValue("bad_number", _("“%(value)s” is not a number.") % {"value": text[:60]}, remedy) from error
    if abs(number) >= MAX_NUMBER:
        raise BadValue("too_large", _("“%(value)s” is too large.") % {"value": text[:60]}, _("Check the unit."))
    return number + 0


def _integer(text: str) -> int:
    number = _number(text)
    if number != number.to_integral_value():
        text_ = _("“%(value)s” is not a whole number.") % {"value": text[:60]}
        raise BadValue("not_whole", text_, _("Write it without decimals."))
    return int(number)


def _day(text: str) -> date:
    day, rest = _leading_day(text)
    if rest and not re.fullmatch(r"[T ]?00:00(:00)?", rest):
        text_ = _("“%(value)s” holds a time of day where a date is expected.") % {"value": text[:60]}
        raise BadValue("not_a_day", text_, _("Write only the day, for example 2026-03-02."))
    return day


def _leading_day(text: str) -> tuple[date, str]:
    remedy = _("Write the year first: 2026-03-02.")
    found = _DAY.match(text)
    if not found:
        ambiguous = _OTHER_DAY.match(text)
        code = "ambiguous_date" if ambiguous else "bad_date"
        sentence = _("“%(value)s” can be read as two different days.") if ambiguous else _("“%(value)s” is not a date.")
        raise BadValue(code, sentence % {"value": text[:60]}, remedy)
    try:
        day = date(*(int(part) for part in found.groups()))
    except ValueError as error:
        text_ = _("“%(value)s” is not a day of the calendar.") % {"value": text[:60]}
        raise BadValue("bad_date", text_, remedy) from error
    if not is_usable(day):
        raise BadValue("bad_date", outside_words(), remedy)
    return day, text[found.end() :]


def _moment(text: str, zone: str) -> datetime:
    day, rest = _leading_day(text)
    found = _CLOCK.fullmatch(rest.lstrip("T ").strip())
    remedy = _("Write day and time: 2026-03-02 14:05, with the offset where it matters (+08:00).")
    if not found:
        raise BadValue("bad_time", _("“%(value)s” is not a moment.") % {"value": text[:60]}, remedy)
    hour, minute, second, offset = found.groups()
    try:
        naive = datetime(day.year, day.month, day.day, int(hour), int(minute), int(second or 0))  # noqa: DTZ001
        if offset:
            return datetime.fromisoformat(naive.isoformat() + ("+00:00" if offset in ("Z", "UTC") else offset))
    except ValueError as error:
        raise BadValue("bad_time", _("“%(value)s” is not a moment.") % {"value": text[:60]}, remedy) from error
    return _in_zone(naive, zone, text)


def _in_zone(naive: datetime, zone: str, text: str) -> datetime:
    """When clocks change, an hour happens twice or not at all: then the offset must be written."""
    early, late = (naive.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    exists = early.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == naive
    if early.utcoffset() == late.utcoffset() and exists:
        return early
    code = "ambiguous_time" if exists else "missing_time"
    sentence = _("“%(value)s” happened twice in %(zone)s.") if exists else _("“%(value)s” never happened in %(zone)s.")
    remedy = _("The clocks changed in that hour: write the offset, for example +02:00.")
    raise BadValue(code, sentence % {"value": text[:60], "zone": zone}, remedy)


def _bool(text: str) -> bool:
    word = text.casefold()
    if word not in TRUE | FALSE:
        text_ = _("“%(value)s” is neither yes nor no.") % {"value": text[:60]}
        raise BadValue("bad_bool", text_, _("Write yes or no (是 or 否)."))
    return word in TRUE


def _choice(text: str, choices: Any) -> str:
    """Code or label in either language, whatever the case."""
    from foundation.imports.mapping import both_languages

    wanted = text.casefold()
    for code, label in choices:
        if wanted in {str(code).casefold(), *(w.casefold() for w in both_languages(label))}:
            return str(code)
    listed = ", ".join(str(label) for _code, label in choices)
    text_ = _("“%(value)s” is not one of the offered words.") % {"value": text[:60]}
    raise BadValue("bad_choice", text_, _("Write one of: %(words)s.") % {"words": listed[:400]})
