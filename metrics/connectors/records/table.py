"""A CSV file as rows by header name, read as a stream."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from metrics.connectors.base import say
from metrics.connectors.records.base import MAX_LISTED, RowError, refuse

MAX_ROWS = 1_000_000
MAX_COLUMNS = 200
MAX_CELL = 131_072  # characters; a longer cell is nearly always a quote that was never closed
HEAD_BYTES = 65_536
ENCODINGS = ("utf-8-sig", "gb18030")
DELIMITERS = (",", ";", "\t", "|")


class Dialect(NamedTuple):
    """A guess, always shown and changeable before anything is imported."""

    encoding: str
    delimiter: str


class Row(NamedTuple):
    number: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """`header` names every column once; `rows` can be walked once. Rows with a wrong number of cells are not among
    them: they stand in `ragged`, complete only after the walk."""

    header: tuple[str, ...]
    rows: Iterator[Row]
    ragged: list[RowError]

    def position(self, *names: str) -> int | None:
        """Where the first of these names stands."""
        return next((self.header.index(name) for name in names if name in self.header), None)

    def by_name(self) -> Iterator[tuple[int, dict[str, str]]]:
        return ((number, dict(zip(self.header, cells, strict=True))) for number, cells in self.rows)


class DialectGuess:
    """Fed with all of a stream: an encoding that fails in the last line is not the one. Only the head is kept."""

    def __init__(self) -> None:
        self._decoders = {name: codecs.getincrementaldecoder(name)() for name in ENCODINGS}
        self._head = b""

    def feed(self, chunk: bytes, final: bool = False) -> None:
        self._head += chunk[: HEAD_BYTES - len(self._head)]
        for name, decoder in list(self._decoders.items()):
            try:
                decoder.decode(chunk, final)
            except UnicodeDecodeError:
                del self._decoders[name]

    def dialect(self, encoding: str = "") -> Dialect:
        """`encoding`: one that is known already, so that only the separator is guessed."""
        encoding = encoding or next(iter(self._decoders), ENCODINGS[0])
        first_line = self._head.decode(encoding, errors="replace").splitlines()[:1] or [""]
        return Dialect(encoding, max(DELIMITERS, key=first_line[0].count))


def guess_dialect(head: bytes) -> Dialect:
    """From a sample, which may end inside a character."""
    guess = DialectGuess()
    guess.feed(head)
    return guess.dialect()


def distinct_names(header: Sequence[str]) -> tuple[str, ...]:
    """`category, category` becomes `category, category#2`; an empty name becomes its position, `column 3`."""
    names: list[str] = []
    counts: dict[str, int] = {}
    for position, cell in enumerate(header, start=1):
        name = cell.strip() or f"column {position}"
        counts[name] = counts.get(name, 0) + 1
        candidate = name if counts[name] == 1 else f"{name}#{counts[name]}"
        while candidate in names:
            counts[name] += 1
            candidate = f"{name}#{counts[name]}"
        names.append(candidate)
    return tuple(names)


def open_csv(source: bytes | BinaryIO, dialect: Dialect | None = None) -> Table:
    """Reads the header now and the rows on demand. Ragged, oversized or undecodable input raises RecordsRefused."""
    stream = io.BufferedReader(_Borrowed(io.BytesIO(source) if isinstance(source, bytes) else source), HEAD_BYTES)
    chosen = dialect or guess_dialect(stream.peek(HEAD_BYTES)[:HEAD_BYTES])
    text = io.TextIOWrapper(stream, encoding=chosen.encoding, newline="")
    return table_of(_csv_rows(text, chosen))


class _Borrowed(io.RawIOBase):
    """Reads from a stream somebody else will close."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        chunk = self._source.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _csv_rows(text: io.TextIOWrapper, dialect: Dialect) -> Iterator[Sequence[str]]:
    reader = csv.reader(text, delimiter=dialect.delimiter, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise refuse(
            "bad_csv",
            "Line %(line)s cannot be read as CSV: a quote is not closed or a cell is too long. Save the file again.",
            "第 %(line)s 行无法按 CSV 读取：引号未闭合或单元格过长。请重新保存文件。",
            line=reader.line_num,
        ) from error
    except UnicodeDecodeError as error:
        raise refuse(
            "wrong_encoding",
            "After line %(line)s the text is not %(encoding)s. Choose another encoding, or save the file as UTF-8.",
            "第 %(line)s 行之后的文本不是 %(encoding)s 编码。请选择其他编码，或将文件另存为 UTF-8。",
            line=reader.line_num,
            encoding=dialect.encoding.removesuffix("-sig"),
        ) from error


def table_of(rows: Iterable[Sequence[str]]) -> Table:
    """A table from any reader of rows; the first row is the header."""
    walk = iter(rows)
    header = distinct_names(next(walk, ()))
    if not header:
        raise refuse("empty_file", "The file is empty: it has no header row.", "文件为空：没有表头行。")
    if len(header) > MAX_COLUMNS:
        raise refuse(
            "too_many_columns",
            "The file has %(columns)s columns; at most %(limit)s are read.",
            "文件有 %(columns)s 列，最多读取 %(limit)s 列。",
            columns=len(header),
            limit=MAX_COLUMNS,
        )
    ragged: list[RowError] = []
    return Table(header, _checked(walk, len(header), ragged), ragged)


def _checked(walk: Iterator[Sequence[str]], width: int, ragged: list[RowError]) -> Iterator[Row]:
    for number, cells in enumerate(walk, start=2):
        if number > MAX_ROWS + 1:
            raise refuse(
                "too_many_rows",
                "The file has more than %(limit)s rows. Split it.",
                "文件超过 %(limit)s 行。请拆分。",
                limit=MAX_ROWS,
            )
        if any("\0" in cell for cell in cells):
            raise refuse(
                "nul",
                "Row %(row)s, column %(column)s holds a NUL character. Remove it, or choose another encoding.",
                "第 %(row)s 行第 %(column)s 列含有 NUL 字符。请将其删除，或选择其他编码。",
                row=number,
                column=next(place for place, cell in enumerate(cells, start=1) if "\0" in cell),
            )
        if len(cells) == width:
            yield Row(number, cells)
        elif any(cell.strip() for cell in cells):
            ragged.append(_ragged(number, len(cells), width))
            if len(ragged) > MAX_LISTED:
                raise refuse(
                    "ragged_rows",
                    "More than %(limit)s rows have another number of cells than the header. Check the separator.",
                    "超过 %(limit)s 行的单元格数与表头不符。请检查分隔符。",
                    limit=MAX_LISTED,
                )


def _ragged(number: int, found: int, expected: int) -> RowError:
    sentence = say(
        "Row %(row)s has %(found)s cells, the header has %(expected)s. Check the separator and the quotes.",
        "第 %(row)s 行有 %(found)s 个单元格，表头有 %(expected)s 个。请检查分隔符和引号。",
        row=number,
        found=found,
        expected=expected,
    )
    return RowError(number, "", "ragged_row", sentence)
