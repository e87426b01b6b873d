"""A file or pasted text as a table of text, with the guess shown and every fault named by row and column."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple

from django.utils.translation import gettext_lazy as _

from foundation.errors import Invalid
from foundation.exports.tables import natural
from foundation.imports.workbook import check_workbook, refuse, sheet_rows, too_many_columns, too_many_rows
from foundation.uploads import MIB

MAX_ROWS = 100_000
MAX_COLUMNS = 200
MAX_CELL = 32_767  # characters, what a spreadsheet cell holds; a longer one is nearly always a quote never closed
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030")
SEPARATORS = (",", ";", "\t", "|")
SAMPLE_ROWS = 20
PROBLEMS_KEPT = 10_000  # named one by one; a file worse than that is not repaired row by row


class Dialect(NamedTuple):
    """A guess: always shown, always changeable."""

    encoding: str
    separator: str


class Problem(NamedTuple):
    """What keeps a row from being imported; `row` counts as a spreadsheet does, the header being row 1."""

    row: int
    column: str
    code: str
    text: Any
    remedy: Any = ""


class SourceRow(NamedTuple):
    number: int
    cells: tuple[str, ...]


@dataclass
class Table:
    columns: tuple[str, ...]
    rows: list[SourceRow]
    problems: list[Problem] = field(default_factory=list)
    dialect: Dialect | None = None  # None: a workbook, nothing to guess


def guess(source: BinaryIO) -> Dialect:
    encoding = _guess_encoding(source)
    source.seek(0)
    sample = codecs.getincrementaldecoder(encoding)(errors="replace").decode(source.read(MIB // 4))
    source.seek(0)
    return Dialect(encoding, _guess_separator(sample))


def _guess_encoding(source: BinaryIO) -> str:
    source.seek(0)
    head = source.read(4096)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _alternating_nuls(head):
        text = _("The file is UTF-16 (“Unicode text”). Save it as CSV UTF-8 and upload it again.")
        raise refuse("utf16", text)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return next((e for e in ("utf-8", "gb18030") if _decodes(source, e)), "utf-8")


def _alternating_nuls(head: bytes) -> bool:
    """UTF-16 without a mark: every other byte of western text is zero."""
    return len(head) >= 8 and max(head[0::2].count(0), head[1::2].count(0)) > len(head) // 4


def _decodes(source: BinaryIO, encoding: str) -> bool:
    source.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := source.read(MIB):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _guess_separator(sample: str) -> str:
    """The one that cuts the first rows into the most columns of equal number."""
    best, best_score = ",", (False, 1)
    for separator in SEPARATORS:
        widths = _widths(sample, separator)
        if not widths or widths[0] < 2:
            continue
        score = (len(set(widths)) == 1, widths[0])
        if score > best_score:
            best, best_score = separator, score
    return best


def _widths(sample: str, separator: str) -> list[int]:
    # A sample cut in the middle of a row would make the last row look ragged.
    lines = sample.splitlines(keepends=True)
    found = []
    try:
        for row in csv.reader(lines, delimiter=separator):
            if row:
                found.append(len(row))
            if len(found) == SAMPLE_ROWS:
                break
    except csv.Error:
        return []
    return found[:-1] if len(found) > 2 and len(found) < SAMPLE_ROWS and not sample.endswith("\n") else found


def is_workbook(source: BinaryIO) -> bool:
    source.seek(0)
    head = source.read(4)
    source.seek(0)
    return head in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def read_table(source: BinaryIO, dialect: Dialect | None = None, max_rows: int = MAX_ROWS) -> Table:
    """Every row as text. Faults of single rows are collected; what makes the whole file unreadable raises Invalid."""
    if is_workbook(source):
        check_workbook(source, max_rows, MAX_COLUMNS)
        return _table(sheet_rows(source), None, max_rows)
    chosen = dialect or guess(source)
    if chosen.encoding not in ENCODINGS or chosen.separator not in SEPARATORS:
        raise refuse("bad_dialect", _("Choose one of the offered encodings and separators."))
    _guess_encoding_refuses_utf16(source)
    return _table(_csv_rows(source, chosen), chosen, max_rows)


def _guess_encoding_refuses_utf16(source: BinaryIO) -> None:
    _guess_encoding(source)
    source.seek(0)


def _csv_rows(source: BinaryIO, dialect: Dialect) -> Iterator[Sequence[str]]:
    encoding = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
    text = io.TextIOWrapper(source, encoding=encoding, newline="")
    reader = csv.reader(text, delimiter=dialect.separator, strict=True)
    number = 0
    try:
        for number, row in enumerate(reader, start=1):  # noqa: B007 - names the row of a fault below
            yield [natural(cell) for cell in row]
    except csv.Error as error:
        sentence = _("After row %(row)s a quote is not closed or a cell is too long. Save the file again as CSV.")
        raise refuse("bad_csv", sentence, row=number) from error
    except UnicodeDecodeError as error:
        sentence = _(
            "In line %(line)s the text is not %(encoding)s. Choose another encoding, or save the file as CSV UTF-8."
        )
        line = _undecodable_line(source, encoding)
        raise refuse("wrong_encoding", sentence, line=line, encoding=dialect.encoding) from error


def _undecodable_line(source: BinaryIO, encoding: str) -> int:
    """The decoder works in blocks; in the offered encodings no character holds the byte of a line end."""
    source.seek(0)
    for number, line in enumerate(source, start=1):
        try:
            line.decode(encoding)
        except UnicodeDecodeError:
            return number
    return 1


def _table(rows: Iterable[Sequence[str]], dialect: Dialect | None, max_rows: int) -> Table:
    walk = ((n, row) for n, row in enumerate(rows, start=1) if any(cell.strip() for cell in row))
    number, header = next(walk, (0, ()))
    if not number:
        raise refuse("empty_file", _("The file holds no table: there is no header row."))
    columns = _trimmed([cell.strip() for cell in header])
    if len(columns) > MAX_COLUMNS:
        raise too_many_columns(MAX_COLUMNS)
    table = Table(columns, [], _header_problems(columns, number), dialect)
    for number, row in walk:
        if len(table.rows) >= max_rows:
            raise too_many_rows(max_rows)
        _take(table, number, row)
        if len(table.problems) > PROBLEMS_KEPT:
            raise _hopeless()
    return table


def _hopeless() -> Invalid:
    text = _("More than %(limit)s rows cannot be read. Check the separator and the encoding.")
    return refuse("too_many_problems", text, limit=PROBLEMS_KEPT)


def _trimmed(cells: list[str]) -> tuple[str, ...]:
    """Without empty cells at the end, which spreadsheets leave behind."""
    while cells and not cells[-1]:
        cells = cells[:-1]
    return tuple(cells)


def _header_problems(columns: Sequence[str], row: int) -> list[Problem]:
    found = []
    for at, name in enumerate(columns):
        if not name:
            text = _("Column %(position)s has no name.") % {"position": at + 1}
            found.append(Problem(row, "", "empty_header", text, _("Give the column a name, or delete it.")))
        elif name in columns[:at]:
            text = _("Two columns are named “%(name)s”.") % {"name": name[:60]}
            found.append(Problem(row, name, "duplicate_header", text, _("Rename or delete one of them.")))
    return found


def _take(table: Table, number: int, row: Sequence[str]) -> None:
    width = len(table.columns)
    cells = tuple(row[:width]) + ("",) * (width - len(row))
    surplus = [cell for cell in row[width:] if cell.strip()]
    if surplus or (table.dialect and len(row) < width):
        text = _("The row has %(found)s cells, the header has %(expected)s.")
        remedy = _("Check the separator, and put quotes around text that holds it.")
        named = text % {"found": len(row), "expected": width}
        table.problems.append(Problem(number, "", "ragged_row", named, remedy))
    for name, cell in zip(table.columns, cells, strict=True):
        if "\0" in cell:
            text = _("The cell holds a NUL character.")
            table.problems.append(Problem(number, name, "nul", text, _("Delete it; usually the file is damaged.")))
        if len(cell) > MAX_CELL:
            long = _("The cell is longer than %(limit)s characters.") % {"limit": MAX_CELL}
            table.problems.append(Problem(number, name, "long_cell", long, _("Shorten it, or close an open quote.")))
    table.rows.append(SourceRow(number, cells))
