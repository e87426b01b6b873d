"""Opens an uploaded file: plain, or a ZIP with one member. Sizes are checked before and while it is read."""

from __future__ import annotations

import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

from metrics.connectors.base import Sentence, say
from metrics.connectors.records.base import RecordsRefused

MIB = 1024 * 1024


class Limits(NamedTuple):
    upload: int = 50 * MIB
    unpacked: int = 512 * MIB
    ratio: int = 100
    directory: int = MIB  # a larger directory means thousands of members; it would be held in memory whole


class Member(NamedTuple):
    name: str
    stream: BinaryIO
    zipped: bool


class ArchiveRefused(RecordsRefused):
    """The upload cannot be opened safely."""


LIMITS = Limits()
_SENTENCES: dict[str, tuple[str, str]] = {
    "upload_too_large": (
        "The file is larger than %(limit)s MiB. Split it, or pack it as a ZIP.",
        "文件超过 %(limit)s MiB。请拆分，或压缩为 ZIP。",
    ),
    "unpacked_too_large": (
        "Unpacked, the file is larger than %(limit)s MiB. Split it.",
        "解压后文件超过 %(limit)s MiB。请拆分。",
    ),
    "ratio_too_high": (
        "The ZIP unpacks to more than %(limit)s times its size, which no table does. Upload the table itself.",
        "该 ZIP 解压后超过自身大小的 %(limit)s 倍，正常表格不会如此。请直接上传表格文件。",
    ),
    "not_one_member": (
        "The ZIP must hold exactly one file; it holds %(members)s.",
        "ZIP 中必须只有一个文件；现有 %(members)s 个。",
    ),
    "workbook": (
        "This is a spreadsheet, not a table in text form. Save it as CSV (UTF-8) and upload that.",
        "这是电子表格，而非文本表格。请另存为 CSV（UTF-8）后上传。",
    ),
    "too_many_members": (
        "The ZIP must hold exactly one file; its list of contents is far longer.",
        "ZIP 中必须只有一个文件；其目录远不止一个。",
    ),
    "unsafe_name": (
        "The file inside the ZIP has a name that points outside of it. Pack it again.",
        "ZIP 内文件的名称指向压缩包之外。请重新压缩。",
    ),
    "encrypted": ("The ZIP is locked with a password. Pack it without one.", "ZIP 设有密码。请去掉密码后重新压缩。"),
    "damaged": (
        "The ZIP is damaged and cannot be read to its end. Pack it again.",
        "ZIP 已损坏，无法完整读取。请重新压缩。",
    ),
    "not_supported": (
        "The ZIP is packed in a way that is not read here. Pack it again with the usual method.",
        "此处不支持该 ZIP 的压缩方式。请用常规方式重新压缩。",
    ),
    "empty_upload": ("The file is empty.", "文件为空。"),
}


def _refused(code: str, **params: object) -> ArchiveRefused:
    en, zh = _SENTENCES[code]
    sentence: Sentence = say(en, zh, **params)
    return ArchiveRefused(code, sentence, params)


@contextmanager
def open_upload(source: BinaryIO, name: str = "", limits: Limits = LIMITS) -> Iterator[Member]:
    """The table inside `source`, which must be seekable. Nothing is written to disk or held in memory whole."""
    size = _size(source)
    if size == 0:
        raise _refused("empty_upload")
    if size > limits.upload:
        raise _refused("upload_too_large", limit=limits.upload // MIB)
    if source.read(4) not in (b"PK\x03\x04", b"PK\x05\x06"):
        source.seek(0)
        yield Member(name, source, False)
        return
    _check_directory_size(source, size, limits)
    with _opened(source) as archive:
        info = _only_member(archive)
        _check_member(info, limits)
        with _member_stream(archive, info) as raw:
            allowed = min(limits.unpacked, limits.ratio * max(info.compress_size, 1))
            yield Member(info.filename, io.BufferedReader(_Guarded(raw, allowed, limits), MIB // 4), True)


def _size(source: BinaryIO) -> int:
    source.seek(0, os.SEEK_END)
    size = source.tell()
    source.seek(0)
    return size


def _check_directory_size(source: BinaryIO, size: int, limits: Limits) -> None:
    """Before zipfile loads the directory: its size stands in the last record of the file."""
    source.seek(max(0, size - 65_557))
    tail = source.read()
    source.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise _refused("damaged")
    (directory,) = struct.unpack_from("<I", tail, at + 12)
    # A 64-bit directory is for archives far beyond every limit here.
    if directory > limits.directory or b"PK\x06\x07" in tail[max(0, at - 20) : at]:
        raise _refused("too_many_members")


@contextmanager
def _opened(source: BinaryIO) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, ValueError, struct.error) as error:
        raise _refused("damaged") from error
    except NotImplementedError as error:
        raise _refused("not_supported") from error
    with archive:
        yield archive


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [info for info in archive.infolist() if not info.is_dir()]
    if any(info.filename == "[Content_Types].xml" for info in members):
        raise _refused("workbook")
    if len(members) != 1:
        raise _refused("not_one_member", members=len(members))
    return members[0]


def _check_member(info: zipfile.ZipInfo, limits: Limits) -> None:
    parts = re.split(r"[/\\]", info.orig_filename)
    if not parts[0] or ".." in parts or ":" in parts[0] or "\\" in info.orig_filename or "\0" in info.orig_filename:
        raise _refused("unsafe_name")
    if info.flag_bits & 0x1:
        raise _refused("encrypted")
    if info.file_size > limits.unpacked:
        raise _refused("unpacked_too_large", limit=limits.unpacked // MIB)
    if info.file_size > limits.ratio * max(info.compress_size, 1):
        raise _refused("ratio_too_high", limit=limits.ratio)


@contextmanager
def _member_stream(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[BinaryIO]:
    try:
        stream = archive.open(info)
    except NotImplementedError as error:
        raise _refused("not_supported") from error
    except (zipfile.BadZipFile, EOFError, RuntimeError, struct.error) as error:
        raise _refused("damaged") from error
    with stream:
        yield stream  # type: ignore[misc]


class _Guarded(io.RawIOBase):
    """Counts what really comes out; the sizes in the directory are only what somebody wrote there."""

    def __init__(self, stream: BinaryIO, allowed: int, limits: Limits) -> None:
        self._stream = stream
        self._allowed = allowed
        self._limits = limits
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        try:
            chunk = self._stream.read(len(buffer))
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise _refused("damaged") from error
        self._read += len(chunk)
        if self._read > self._limits.unpacked:
            raise _refused("unpacked_too_large", limit=self._limits.unpacked // MIB)
        if self._read > self._allowed:
            raise _refused("ratio_too_high", limit=self._limits.ratio)
        buffer[: len(chunk)] = chunk
        return len(chunk)
