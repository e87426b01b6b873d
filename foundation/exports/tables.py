"""One writer of CSV and XLSX for every table: text is never taken for a formula, numbers and dates stay real."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any, Literal
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from foundation import clock
from foundation.errors import Invalid, Reason

Kind = Literal["text", "number", "date", "datetime", "bool"]
BOM = "\ufeff"
MAX_XLSX_ROWS = 1_048_575  # a sheet holds 2^20 rows, one is the header
MAX_XLSX_CELL = 32_767  # characters; a longer text is cut and the cut is counted on the second sheet
MAX_EXACT = 10**15  # beyond 15 digits a spreadsheet rounds; such numbers are written as text

# What spreadsheets take for the start of a formula, the full-width forms included. Apostrophes in front belong to
# the match so that taking one off again gives back exactly what was there.
_RISKY = re.compile("^'*[=+\\-@\t\r\n\0\uff1d\uff0b\uff0d\uff20]")


@dataclass(frozen=True)
class Column:
    name: str
    label: Any
    kind: Kind = "text"
    unit: str = ""

    @property
    def heading(self) -> str:
        unit = self.unit or ("UTC" if self.kind == "datetime" else "")
        return f"{self.label} [{unit}]" if unit else str(self.label)


def neutral(text: str) -> str:
    """Text that a spreadsheet would run gets one apostrophe in front."""
    return "'" + text if _RISKY.match(text) else text


def natural(text: str) -> str:
    """The reverse of `neutral`, for what comes back in."""
    return text[1:] if text.startswith("'") and _RISKY.match(text) else text


def csv_lines(columns: Sequence[Column], rows: Iterable[Sequence[Any]], bom: bool = True) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([neutral(c.heading) for c in columns])
    yield (BOM if bom else "") + _taken(buffer)
    for row in rows:
        writer.writerow([_csv_cell(c, value) for c, value in zip(columns, row, strict=True)])
        if buffer.tell() > 65_536:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def write_csv(columns: Sequence[Column], rows: Iterable[Sequence[Any]], bom: bool = True) -> bytes:
    return "".join(csv_lines(columns, rows, bom)).encode("utf-8", "replace")


def _csv_cell(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return _number_text(value)
    if isinstance(value, datetime):
        return _utc(value).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return neutral(str(value))


def _number_text(value: int | float | Decimal) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    return "" if isinstance(value, float) and not math.isfinite(value) else str(value)


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC) if value.tzinfo else value


def write_xlsx(
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    cover: Iterable[tuple[Any, Any]] = (),
) -> bytes:
    """The table on the first sheet, where it came from (`cover`) on the second."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, {**options, "strings_to_numbers": False}) as book:
        sheet = _Sheet(book, title)
        sheet.write(columns, rows)
        facts = [(str(name), str(value)) for name, value in cover]
        if sheet.cut:
            facts.append((_("Cells shortened to %(limit)s characters") % {"limit": MAX_XLSX_CELL}, str(sheet.cut)))
        if facts:
            _write_cover(book, facts)
    return buffer.getvalue()


class _Sheet:
    def __init__(self, book: Any, title: str) -> None:
        self.sheet = book.add_worksheet(_sheet_name(title))
        self.heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.cut = 0

    def write(self, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> None:
        self.sheet.freeze_panes(1, 0)
        for at, column in enumerate(columns):
            self.sheet.set_column(at, at, 14 if column.kind != "text" else 28)
            self.sheet.write_string(0, at, column.heading, self.heading)
        for number, row in enumerate(rows, start=1):
            if number > MAX_XLSX_ROWS:
                text = _("A spreadsheet holds at most %(limit)s rows. Narrow the filter or download CSV.")
                raise Invalid(Reason("too_many_rows", text % {"limit": MAX_XLSX_ROWS}))
            for at, value in enumerate(row):
                self._cell(number, at, value)

    def _cell(self, row: int, at: int, value: Any) -> None:
        if value is None:
            return
        if isinstance(value, bool):
            self.sheet.write_boolean(row, at, value)
        elif isinstance(value, int | float | Decimal) and _is_exact(value):
            self.sheet.write_number(row, at, float(value) if isinstance(value, Decimal) else value)
        elif isinstance(value, date) and value.year >= 1900:
            moment = isinstance(value, datetime)
            shown = _utc(value).replace(tzinfo=None) if isinstance(value, datetime) else value
            self.sheet.write_datetime(row, at, shown, self.moment if moment else self.day)
        else:
            self._text(row, at, _xlsx_text(value))

    def _text(self, row: int, at: int, text: str) -> None:
        if len(text) > MAX_XLSX_CELL:
            self.cut += 1
            text = text[: MAX_XLSX_CELL - 1] + "…"
        self.sheet.write_string(row, at, text)


def _is_exact(value: int | float | Decimal) -> bool:
    return math.isfinite(value) and -MAX_EXACT < value < MAX_EXACT


def _xlsx_text(value: Any) -> str:
    if isinstance(value, int | float | Decimal):
        return _number_text(value)
    text = value.isoformat() if isinstance(value, date) else str(value)
    return text.encode("utf-8", "replace").decode()


def _sheet_name(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", str(title)).strip().strip("'")[:31] or "Table"


def _write_cover(book: Any, facts: Iterable[tuple[str, str]]) -> None:
    sheet = book.add_worksheet(_("About")[:31])
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 80)
    for at, (name, value) in enumerate(facts):
        sheet.write_string(at, 0, name)
        sheet.write_string(at, 1, value[:MAX_XLSX_CELL])


FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def language_word() -> str:
    return "zh" if (translation.get_language() or "en").startswith("zh") else "en"


def file_name(name: str, extension: str) -> str:
    """`units_2026-11-27_en.csv`: what, when, in which language."""
    return f"{name}_{clock.today().isoformat()}_{language_word()}.{extension}"


def attach(response: HttpResponseBase, name: str) -> HttpResponseBase:
    """A download and nothing else: never shown inside the page, never sniffed."""
    plain = re.sub(r'[^\w. -]|["\\]', "_", name, flags=re.ASCII)
    response["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def respond(
    request: HttpRequest,
    name: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    *,
    title: str = "",
    cover: Iterable[tuple[Any, Any]] = (),
) -> HttpResponseBase:
    """The download asked for by `?format=csv|xlsx` (csv when nothing is asked)."""
    facts = [*cover, (_("Made on"), clock.now().strftime("%Y-%m-%d %H:%M UTC")), (_("Address"), request.path)]
    return download(request.GET.get("format") or "csv", name, columns, rows, title=title, cover=facts)


def download(
    wanted: str,
    name: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    *,
    title: str = "",
    cover: Iterable[tuple[Any, Any]] = (),
) -> HttpResponseBase:
    if wanted not in FORMATS:
        text = _("“%(format)s” is not offered. Choose CSV or XLSX.") % {"format": wanted[:20]}
        raise Invalid(Reason("unknown_format", text, field="format"))
    response: HttpResponseBase
    if wanted == "csv":
        lines = csv_lines(columns, rows)
        began = next(lines)  # what is refused is refused before the answer has begun
        response = StreamingHttpResponse(_encoded(chain([began], _as_now(lines))), content_type=FORMATS["csv"])
    else:
        response = HttpResponse(write_xlsx(title or name, columns, rows, cover), content_type=FORMATS["xlsx"])
    return attach(response, file_name(name, wanted))


def _as_now(lines: Iterator[str]) -> Iterator[str]:
    """Each line in the reader's language and zone, which are gone once the answer is on its way."""
    language, zone = translation.get_language(), timezone.get_current_timezone()
    while True:
        with translation.override(language), timezone.override(zone):
            line = next(lines, None)
        if line is None:
            return
        yield line


def _encoded(lines: Iterable[str]) -> Iterator[bytes]:
    return (line.encode("utf-8", "replace") for line in lines)
