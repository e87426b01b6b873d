"""From a stored file and what a person chose for it to the records an import would keep."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation.bilingual import pick
from foundation.errors import Invalid, Reason
from metrics.connectors.records.archive import open_upload
from metrics.connectors.records.base import IncidentRecord, RecordsRead, RecordsRefused
from metrics.connectors.records.event_log import BUILT_IN, read_records
from metrics.connectors.records.mapping import (
    Mapping,
    checked_positions,
    is_people_column,
    possible_date_formats,
    zone_of,
)
from metrics.connectors.records.table import (
    HEAD_BYTES,
    Dialect,
    DialectGuess,
    Row,
    Table,
    guess_dialect,
    open_csv,
    table_of,
)

AS_GUESSED = Dialect("", "")
ENCODING_WORDS = {"utf-8-sig": "UTF-8", "gb18030": "GB18030"}
SEPARATOR_WORDS = {",": _("comma"), ";": _("semicolon"), "\t": _("tab"), "|": _("bar")}
CURED_BY_DIALECT = ("wrong_encoding", "ragged_rows", "bad_csv")
SHOWN_ROWS = 20
SAMPLED_ROWS = 5_000  # enough to tell day from month in nearly every file
ACCEPTED = ("csv", "tsv", "txt", "zip", "xlsx")
MAX_SHEET_ROWS = 100_000
MAX_SHEET_COLUMNS = 200

SYNONYMS: dict[str, tuple[str, ...]] = {
    "key": ("number", "key", "id", "incident", "incidentid", "ticket", "ticketid", "编号", "工单号", "事件编号"),
    "opened_at": ("openedat", "opened", "createdat", "created", "syscreatedon", "opentime", "开启时间", "创建时间"),
    "first_ack_at": ("firstackat", "acknowledgedat", "workstart", "firstresponse", "响应时间"),
    "resolved_at": ("resolvedat", "resolved", "resolutiontime", "解决时间"),
    "closed_at": ("closedat", "closed", "关闭时间"),
    "created_at": ("syscreatedat", "syscreatedon"),
    "priority": ("priority", "severity", "优先级"),
    "group": ("assignmentgroup", "group", "team", "处理组", "支持组"),
    "service": ("businessservice", "service", "服务"),
    "category": ("category", "类别", "分类"),
    "subcategory": ("subcategory", "category2", "子类别"),
    "contact_type": ("contacttype", "channel", "渠道"),
    "state": ("state", "incidentstate", "status", "状态"),
    "reassignment_count": ("reassignmentcount", "reassignments", "转派次数"),
    "reopen_count": ("reopencount", "reopens", "重开次数"),
    "made_sla": ("madesla", "slamet"),
    "parent_key": ("parentincident", "parent", "父单"),
}
CHOSEN_FIELDS = tuple(SYNONYMS)


@dataclass(frozen=True)
class Choices:
    """What a person chose for a file. Empty words mean: as guessed; an empty `as_of`: the latest event."""

    source: str
    mapping: dict[str, Any] = field(default_factory=dict)
    as_of: str = ""
    encoding: str = ""
    delimiter: str = ""

    @property
    def columns(self) -> Mapping:
        return Mapping.from_dict(self.mapping)

    @property
    def moment(self) -> datetime | None:
        return datetime.fromisoformat(self.as_of) if self.as_of else None

    @property
    def dialect(self) -> Dialect:
        return Dialect(self.encoding, self.delimiter)

    def as_args(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Opened:
    """`total` counts lines of text, for progress; 0 when it is not known."""

    table: Table
    member: str
    dialect: Dialect | None
    total: int


@dataclass(frozen=True)
class FileRead:
    read: RecordsRead
    member: str
    dialect: Dialect | None
    raw: dict[str, Row]  # the row each of the first records is shown beside
    positions: dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Look:
    """The head of a file, without columns that name people."""

    columns: list[str]
    people: list[str]
    rows: list[list[str]]
    formats: dict[str, list[str]]  # date formats that read every sampled cell of a column
    member: str
    dialect: Dialect | None


# --- opening -------------------------------------------------------------------------------------------------------


@contextmanager
def opened(source: BinaryIO, name: str, dialect: Dialect = AS_GUESSED) -> Iterator[Opened]:
    """CSV, a ZIP with one such member, or a workbook; anything else raises Invalid or RecordsRefused.

    What `dialect` leaves open is guessed; a file that cannot be read says what it was taken for."""
    if is_sheet(name):
        yield Opened(_sheet(source), "", None, 0)
        return
    total, guess = _surveyed(source, name)
    found = guess.dialect(dialect.encoding)
    chosen = Dialect(found.encoding, dialect.delimiter or found.delimiter)
    with open_upload(source, name) as member:
        shown = member.name if member.zipped else ""
        try:
            yield Opened(open_csv(member.stream, chosen), shown, chosen, total)
        except RecordsRefused as error:
            error.params["read_as"] = chosen
            raise


def _surveyed(source: BinaryIO, name: str) -> tuple[int, DialectGuess]:
    """One walk to the end: the lines, and what the text is written in."""
    guess, lines = DialectGuess(), 0
    with open_upload(source, name) as member:
        while chunk := member.stream.read(1 << 18):
            lines += chunk.count(b"\n")
            guess.feed(chunk)
    guess.feed(b"", final=True)
    return lines, guess


def head_dialect(source: BinaryIO, name: str) -> Dialect | None:
    """A quick guess for a form, from the head alone; None where there is no text to guess from."""
    if is_sheet(name):
        return None
    try:
        with open_upload(source, name) as member:
            return guess_dialect(member.stream.read(HEAD_BYTES))
    except RecordsRefused:
        return None


def is_sheet(name: str) -> bool:
    return name.lower().endswith(".xlsx")


def _sheet(source: BinaryIO) -> Table:
    from foundation.imports.workbook import check_workbook, sheet_rows

    check_workbook(source, MAX_SHEET_ROWS, MAX_SHEET_COLUMNS)
    rows = sheet_rows(source)
    first = next((at for at, row in enumerate(rows) if any(cell.strip() for cell in row)), 0)
    rows = rows[first:]
    width = max((at for at, cell in enumerate(rows[0], start=1) if cell.strip()), default=0) if rows else 0
    return table_of(_cut(row, width) for row in rows)


def _cut(row: Sequence[str], width: int) -> Sequence[str]:
    """Without the empty cells a spreadsheet leaves behind the last column."""
    return row[:width] if not any(cell.strip() for cell in row[width:]) else row


def refusal(error: RecordsRefused) -> Invalid:
    """The sentence of a reader in the language of whoever asked."""
    problems = error.params.get("problems")
    if problems:
        return Invalid(*_taken_for(error), *[Reason(p.code, pick(dict(p.sentence)), "mapping") for p in problems])
    return Invalid(Reason(error.code, pick(dict(error.sentence)), field="file"), *_taken_for(error))


def _taken_for(error: RecordsRefused) -> Iterator[Reason]:
    """What the file was read as, said where another choice could cure it."""
    found = error.params.get("read_as")
    if found is not None and (error.code in CURED_BY_DIALECT or error.params.get("problems")):
        text = _("It was read as %(encoding)s with the separator “%(separator)s”.")
        words = {"encoding": ENCODING_WORDS[found.encoding], "separator": SEPARATOR_WORDS[found.delimiter]}
        yield Reason("read_as", text % words, field="file")


# --- reading -------------------------------------------------------------------------------------------------------


def read_chosen(
    source: BinaryIO, name: str, choices: Choices, progress: Callable[[int, int], None] | None = None
) -> FileRead:
    """The dry run: everything an import needs to know, nothing written."""
    mapping, raw = choices.columns, dict[str, Row]()
    try:
        with opened(source, name, choices.dialect) as found:
            positions = checked_positions(mapping, found.table.header)
            watched = _watched(found.table, positions["key"][0], mapping.collapse == "event_log", raw)
            told = (lambda rows: progress(rows, found.total)) if progress else None
            read = read_records(watched, mapping, as_of=choices.moment, progress=told)
            return FileRead(read, found.member, found.dialect, raw, positions)
    except RecordsRefused as error:
        raise refusal(error) from error


def _watched(table: Table, key_at: int, last: bool, kept: dict[str, Row]) -> Table:
    """Keeps the row the first records were read from: of an event log the last one, as the collapse rule does."""

    def rows() -> Iterator[Row]:
        for row in table.rows:
            key = row.cells[key_at].strip()
            if key in kept:
                kept[key] = row if last else kept[key]
            elif len(kept) < SHOWN_ROWS:
                kept[key] = row
            yield row

    return Table(table.header, rows(), table.ragged)


def sample_of(found: FileRead) -> list[dict[str, Any]]:
    """The first records, each field as read beside the text it was read from."""
    by_key = {r.key: r for r in found.read.records[: 50 * SHOWN_ROWS]}
    bad = {e.row: dict(e.sentence) for e in found.read.errors}
    fields = [f for f in found.positions if f != "event_at"]
    return [_shown(key, row, by_key.get(key), bad, found, fields) for key, row in found.raw.items()]


def _shown(
    key: str, row: Row, item: IncidentRecord | None, bad: dict[int, Any], found: FileRead, fields: list[str]
) -> dict[str, Any]:
    cells = [
        [_text(getattr(item, name)) if item else "", row.cells[found.positions[name][0]].strip()[:120]]
        for name in fields
    ]
    return {
        "row": item.row if item else row.number,
        "events": item.events if item else 0,
        "fields": fields,
        "cells": cells,
        "why": None if item else bad.get(row.number),
    }


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    return str(value).lower() if isinstance(value, bool) else str(value)


def look(source: BinaryIO, name: str, dialect: Dialect = AS_GUESSED) -> Look:
    try:
        with opened(source, name, dialect) as found:
            people = [c for c in found.table.header if is_people_column(c)]
            at = [i for i, c in enumerate(found.table.header) if c not in people]
            rows = [[r.cells[i] for i in at] for _n, r in zip(range(SAMPLED_ROWS), found.table.rows, strict=False)]
            columns = [found.table.header[i] for i in at]
            formats = {c: _formats(row[i] for row in rows) for i, c in enumerate(columns)}
            shown = [[cell[:120] for cell in row] for row in rows[:SHOWN_ROWS]]
            return Look(columns, people, shown, formats, found.member, found.dialect)
    except RecordsRefused as error:
        raise refusal(error) from error


def _formats(values: Iterator[str]) -> list[str]:
    return list(possible_date_formats(set(values)))


def guess_columns(columns: Sequence[str]) -> dict[str, str]:
    """Field to column, each column once; what is not recognised stays open."""
    found: dict[str, str] = {}
    for name, words in SYNONYMS.items():
        free = (c for c in columns if c not in found.values() and _plain(c) in words)
        if column := next(free, None):
            found[name] = column
    return found


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


# --- mappings ------------------------------------------------------------------------------------------------------


def built_in(name: str, zone: str = "", fold: str = "") -> Mapping:
    mapping = BUILT_IN[name]
    return replace(mapping, zone=zone or mapping.zone, fold=fold or mapping.fold)


def mapping_file(path: Path, zone: str = "") -> Mapping:
    """A saved mapping: JSON with `columns` (column to field) and, where they differ, the other settings."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        text = _("“%(name)s” is neither a built-in mapping (%(known)s) nor a file that can be read.")
        raise Invalid(Reason("no_mapping", text % {"name": path, "known": ", ".join(BUILT_IN)}, "mapping")) from error
    except (UnicodeDecodeError, ValueError) as error:
        text = _("The mapping “%(name)s” is not valid JSON in UTF-8.")
        raise Invalid(Reason("bad_mapping", text % {"name": path}, "mapping")) from error
    mapping = _mapping(stored, path.stem[:60])
    return replace(mapping, zone=zone) if zone else mapping


def _mapping(stored: Any, name: str) -> Mapping:
    known = set(Mapping.__dataclass_fields__)
    columns = stored.get("columns") if isinstance(stored, dict) else None
    if not columns or not isinstance(columns, dict | list):
        text = _("A mapping is a JSON object with “columns”, for example {“Number”: “key”, “Opened”: “opened_at”}.")
        raise Invalid(Reason("bad_mapping", text, "mapping"))
    if strange := sorted(set(stored) - known):
        text = _("The mapping has keys that are not known: %(keys)s. Known are: %(known)s.")
        words = {"keys": ", ".join(strange), "known": ", ".join(sorted(known))}
        raise Invalid(Reason("bad_mapping", text % words, "mapping"))
    pairs = list(columns.items()) if isinstance(columns, dict) else columns
    try:
        return Mapping.from_dict({"name": name, "missing": ["", "?"], **stored, "columns": pairs})
    except (TypeError, ValueError) as error:
        text = _("The mapping cannot be read: “columns” pairs a column with a field, “missing” is a list of words.")
        raise Invalid(Reason("bad_mapping", text, "mapping")) from error


def moment_of(text: str, zone: str) -> datetime:
    """ISO 8601; without an offset it is read in `zone`."""
    found = zone_of(zone or "UTC")
    if found is None:
        raise Invalid(Reason("unknown_zone", _("“%(name)s” is not a time zone.") % {"name": zone}, "zone"))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        sentence = _("“%(text)s” is not a moment. Write it like 2026-03-02T14:05 or 2026-03-02T14:05+08:00.")
        raise Invalid(Reason("bad_moment", sentence % {"text": text}, "as_of")) from error
    return moment if timezone.is_aware(moment) else moment.replace(tzinfo=found)


__all__ = [
    "ACCEPTED", "BUILT_IN", "CHOSEN_FIELDS", "Choices", "FileRead", "Look", "built_in", "guess_columns",
    "head_dialect", "look",
    "mapping_file", "moment_of", "opened", "read_chosen", "refusal", "sample_of",
]  # fmt: skip
