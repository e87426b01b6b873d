"""CSV bytes to columns of text: only the columns a plan names are kept in memory."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .model import DataError

GZIP = b"\x1f\x8b"
COMMON_TEXTS = 20_000


@dataclass
class Table:
    columns: dict[str, list[str]]
    n: int
    # All cells of the rows whose key occurs more than once: they decide which of them comes first.
    cells: dict[int, tuple[str, ...]] = field(default_factory=dict)


def read_table(files: Sequence[bytes], needed: Sequence[str], key: str | None) -> Table:
    """Raises DataError where a file cannot be read or lacks a needed column."""
    columns: dict[str, list[str]] = {name: [] for name in needed}
    count = 0
    for data in files:
        for row in _picked(data, needed):
            count += 1
            for name, cell in zip(needed, row, strict=True):
                columns[name].append(cell)
    table = Table(columns, count)
    if key is not None:
        table.cells = _cells_of_repeats(files, columns[key])
    return table


def table_of_columns(columns: dict[str, list[str]], needed: Sequence[str], key: str | None) -> Table:
    _require(needed, columns)
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise DataError("the columns have different lengths")
    n = lengths.pop() if lengths else 0
    names = list(columns)
    often = _repeats(columns[key]) if key is not None else set()
    cells = {row: tuple(columns[name][row] for name in names) for row in range(n) if key and columns[key][row] in often}
    return Table({name: columns[name] for name in needed}, n, cells)


def columns_needed(plan: dict[str, Any]) -> list[str]:
    names = [plan[key] for key in ("start", "end", "value", "open", "at", "key", "parent", "stratum", "person")]
    names += [rule["column"] for rule in plan["filter"]] + plan["other_events"]
    names += [plan["usage"]["column"]] if plan["usage"] else []
    return list(dict.fromkeys(name for name in names if name))


def numbered(header: Sequence[str]) -> list[str]:
    """`name`, `name#2`, … for names that stand more than once."""
    seen: Counter[str] = Counter()
    names = []
    for name in header:
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return names


def to_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """The rows as the data file of a plan; the same rows always give the same bytes."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def _picked(data: bytes, needed: Sequence[str]) -> Iterator[list[str]]:
    rows = _rows(data)
    header = numbered(next(rows, []))
    _require(needed, header)
    places = [header.index(name) for name in needed]
    common: dict[str, str] = {}  # one object for each text that keeps coming back
    for row in rows:
        if len(common) > COMMON_TEXTS:
            common.clear()
        yield [common.setdefault(row[place], row[place]) for place in places]


def _rows(data: bytes) -> Iterator[list[str]]:
    width = None
    try:
        raw = gzip.decompress(data) if data[:2] == GZIP else data
        reader = csv.reader(io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8-sig", newline=""), strict=True)
        for row in reader:
            width = len(row) if width is None else width
            if not row:
                continue
            if len(row) != width:
                raise DataError(f"line {reader.line_num} has {len(row)} cells, the header has {width}")
            yield row
    except UnicodeDecodeError as error:
        raise DataError("the file is not UTF-8 text") from error
    except (OSError, EOFError, csv.Error) as error:
        raise DataError(f"the file cannot be read: {error}") from error
    if not width:
        raise DataError("the file has no header row")


def _require(needed: Sequence[str], present: Sequence[str] | dict[str, list[str]]) -> None:
    absent = [name for name in needed if name not in present]
    if absent:
        raise DataError("columns missing in the data: " + ", ".join(absent))


def _cells_of_repeats(files: Sequence[bytes], keys: list[str]) -> dict[int, tuple[str, ...]]:
    often = _repeats(keys)
    if not often:
        return {}
    cells: dict[int, tuple[str, ...]] = {}
    index = 0
    for data in files:
        rows = _rows(data)
        next(rows, None)
        for row in rows:
            if keys[index] in often:
                cells[index] = tuple(row)
            index += 1
    return cells


def _repeats(keys: list[str]) -> set[str]:
    seen: set[str] = set()
    return {key for key in keys if key in seen or seen.add(key)}  # type: ignore[func-returns-value]
