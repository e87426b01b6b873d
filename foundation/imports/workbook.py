"""Spreadsheets are checked on the outside before a parser sees the inside."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _

from foundation.errors import Invalid, Reason
from foundation.uploads import MIB, OLE, old_workbook

MAX_UNPACKED = 512 * MIB
MAX_RATIO = 100  # unpacked to packed, of the whole file and of every member above RATIO_FROM
RATIO_FROM = MIB  # small members of honest workbooks pack better than 100:1
MAX_MEMBERS = 2000  # a workbook with 200 sheets and pictures has some hundreds
MAX_DIRECTORY = 4 * MIB  # the list of contents, read before anything else
STEP = MIB // 2

# A cell or row far outside makes a reader allocate everything between: looked for before reading. Tags that close
# themselves hold nothing and are passed over.
_TAG = re.compile(rb"""<(?:\w+:)?(?:c|row)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))+)\s*>""")
_PLACE = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]{0,3})([0-9]{1,9})\s*["']""")
_LONGEST_TAG = MIB  # bytes kept from the last chunk, so that a tag cut in two is seen


def refuse(code: str, text: Any, **params: Any) -> Invalid:
    return Invalid(Reason(code, text % params if params else text, field="file"))


def _damaged() -> Invalid:
    return refuse("damaged", _("The workbook is damaged and cannot be read to its end. Save it again."))


def check_workbook(source: BinaryIO, max_rows: int, max_columns: int) -> None:
    """Raises Invalid with the sentence for what is wrong; leaves the file at its start."""
    source.seek(0)
    head = source.read(8)
    if head == OLE:
        raise Invalid(old_workbook(source))
    if not head.startswith(b"PK\x03\x04"):
        raise refuse("not_a_workbook", _("The file is not an .xlsx workbook. Save it as .xlsx or CSV."))
    _check_directory(source)
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
            _check_members(members)
            for info in members:
                _check_content(archive, info, max_rows, max_columns)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, struct.error, NotImplementedError) as error:
        raise _damaged() from error
    except (ValueError, RuntimeError) as error:
        raise _damaged() from error
    source.seek(0)


def _check_directory(source: BinaryIO) -> None:
    """The size of the directory stands in the last record; zipfile would load it whole."""
    size = source.seek(0, 2)
    source.seek(max(0, size - 65_557))
    tail = source.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise _damaged()
    members, directory = struct.unpack_from("<H", tail, at + 10)[0], struct.unpack_from("<I", tail, at + 12)[0]
    if members > MAX_MEMBERS or directory > MAX_DIRECTORY:
        raise _too_many_members()


def _too_many_members() -> Invalid:
    text = _("The workbook holds more than %(limit)s parts, which no table needs. Copy the table into a new workbook.")
    return refuse("too_many_members", text, limit=MAX_MEMBERS)


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise _too_many_members()
    names = [m.filename for m in members]
    if any(".." in re.split(r"[/\\]", n) or n.startswith(("/", "\\")) for n in names):
        raise refuse("unsafe_name", _("The workbook holds a part whose name points outside of it. Save it again."))
    if any(m.flag_bits & 1 for m in members):
        raise refuse("encrypted", _("The workbook is locked with a password. Save it without one."))
    if any(n.lower().endswith("vbaproject.bin") for n in names):
        text = _("Workbooks with macros are not read. Save the file as .xlsx without macros.")
        raise refuse("macros", text)
    if "xl/workbook.xml" not in names:
        raise refuse("not_a_workbook", _("The file is not an .xlsx workbook. Save it as .xlsx or CSV."))
    _check_sizes(members)


def _check_sizes(members: list[zipfile.ZipInfo]) -> None:
    unpacked, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if unpacked > MAX_UNPACKED:
        text = _("Unpacked, the workbook is larger than %(limit)s MiB. Split it.")
        raise refuse("unpacked_too_large", text, limit=MAX_UNPACKED // MIB)
    pairs = [(m.file_size, m.compress_size) for m in members] + [(unpacked, packed)]
    if any(big > RATIO_FROM and big > MAX_RATIO * max(small, 1) for big, small in pairs):
        text = _("The workbook unpacks to more than %(limit)s times its size, which no table does. Save it as CSV.")
        raise refuse("ratio_too_high", text, limit=MAX_RATIO)


def _check_content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, max_rows: int, max_columns: int) -> None:
    """Read every member once: the sizes in the directory are only what somebody wrote there."""
    # Which part is a sheet is only what another part says, so every part is looked at.
    is_xml = info.filename.lower().endswith((".xml", ".rels"))
    for chunk in _chunks(archive, info):
        if b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
            text = _(
                "The workbook holds XML definitions that no table needs. Save it again from a spreadsheet program."
            )
            raise refuse("xml_definitions", text)
        if is_xml and b"\0" in chunk:  # another encoding than the one the checks read
            raise _damaged()
        _check_extent(chunk, max_rows, max_columns)


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    kept = b""
    with archive.open(info) as stream:
        while chunk := stream.read(STEP):
            yield kept + chunk
            kept = (kept + chunk)[max(chunk.rfind(b"<") + len(kept), 0) :]
            if len(kept) > _LONGEST_TAG:
                raise _damaged()


def _check_extent(chunk: bytes, max_rows: int, max_columns: int) -> None:
    places = {place.groups() for tag in _TAG.finditer(chunk) for place in _PLACE.finditer(tag[1])}
    if any(int(row) > max_rows + 1 for _letters, row in places):
        raise too_many_rows(max_rows)
    if any(_column_number(letters) > max_columns for letters in {letters for letters, _row in places}):
        raise too_many_columns(max_columns)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def too_many_rows(limit: int) -> Invalid:
    return refuse("too_many_rows", _("The table has more than %(limit)s rows. Split it."), limit=limit)


def too_many_columns(limit: int) -> Invalid:
    text = _("The table has more than %(limit)s columns. Delete those that are not needed.")
    return refuse("too_many_columns", text, limit=limit)


def sheet_rows(source: BinaryIO) -> list[list[str]]:
    """The first visible sheet as text, empty rows kept so that row numbers are those of the spreadsheet."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

    try:
        with CalamineWorkbook.from_filelike(source) as book:
            visible = [s.name for s in book.sheets_metadata if s.visible == SheetVisibleEnum.Visible]
            if not visible:
                raise refuse("no_sheet", _("The workbook has no visible sheet."))
            rows = book.get_sheet_by_name(visible[0]).to_python(skip_empty_area=False)
    except PasswordError as error:
        raise refuse("encrypted", _("The workbook is locked with a password. Save it without one.")) from error
    except CalamineError as error:
        raise _damaged() from error
    return [[_text(cell) for cell in row] for row in rows]


def _text(cell: Any) -> str:
    if cell is None or cell == "":
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell.total_seconds() / 60)
    return str(cell)
