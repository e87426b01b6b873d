"""Files people send: checked, kept once by digest, given back as a download and nothing else."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files.base import File
from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from foundation.actor import Actor
from foundation.audit import record, verb
from foundation.errors import Invalid, NotReady, Reason
from foundation.exports.tables import attach
from foundation.models import Upload
from foundation.work import service

MIB = 1024 * 1024
MAX_UPLOAD = 50 * MIB
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old .xls, and .xlsx locked with a password

verb("upload.saved", _("%(actor)s uploaded %(subject)s"))


@dataclass(frozen=True)
class FileType:
    content_type: str
    starts: tuple[bytes, ...] = ()  # first bytes of every such file; none: text


TYPES = {
    "csv": FileType("text/csv"),
    "tsv": FileType("text/tab-separated-values"),
    "txt": FileType("text/plain"),
    "xlsx": FileType("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (b"PK\x03\x04",)),
    "zip": FileType("application/zip", (b"PK\x03\x04",)),
    "pdf": FileType("application/pdf", (b"%PDF-",)),
    "png": FileType("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": FileType("image/jpeg", (b"\xff\xd8\xff",)),
}
TABLES = ("csv", "tsv", "txt", "xlsx")


def save_upload(
    *,
    actor: Actor,
    file: File,
    purpose: str,
    unit_path: str,
    accept: Collection[str] = TABLES,
    max_bytes: int = MAX_UPLOAD,
) -> Upload:
    """Check, write under the digest, record. The caller has checked what the actor may do at `unit_path`."""
    name = clean_name(file.name or "")
    check_file(file, name, accept, max_bytes)
    digest, size = _store(file)
    found = TYPES[extension(name)].content_type
    return keep_upload(
        actor=actor, name=name, content_type=found, sha256=digest, size=size, purpose=purpose, unit_path=unit_path
    )


@service
def keep_upload(
    *, actor: Actor, name: str, content_type: str, sha256: str, size: int, purpose: str, unit_path: str
) -> Upload:
    """The row of a stored file; the same file sent again by the same person for the same purpose is one row."""
    found, made = Upload.objects.get_or_create(
        sha256=sha256,
        purpose=purpose,
        unit_path=unit_path,
        by_user=actor.user_id or "",
        name=name,
        defaults={"content_type": content_type, "size": size, "path": _relative(sha256)},
    )
    if made:
        record(actor, "upload.saved", found, name=name, sha256=sha256, size=size, purpose=purpose)
    return found


def clean_name(name: str) -> str:
    """Last part only, no control or direction characters, at most 120 characters with the extension kept."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs")).strip(" .")
    stem, dot, ending = shown.rpartition(".")
    return f"{stem[:110]}{dot}{ending[:10]}" if dot else shown[:120]


def extension(name: str) -> str:
    found = name.rpartition(".")[2].lower() if "." in name else ""
    return "jpg" if found == "jpeg" else found


def check_file(file: File, name: str, accept: Collection[str], max_bytes: int) -> None:
    """Size, extension and first bytes; raises Invalid with every reason."""
    reasons = []
    if not file.size:
        reasons.append(Reason("empty_upload", _("The file is empty."), field="file"))
    if file.size > max_bytes:
        text = _("The file is larger than %(limit)s MiB. Split it.") % {"limit": max_bytes // MIB}
        reasons.append(Reason("upload_too_large", text, field="file"))
    if reason := _wrong_type(file, name, accept):
        reasons.append(reason)
    if reasons:
        raise Invalid(*reasons)


def _wrong_type(file: File, name: str, accept: Collection[str]) -> Reason | None:
    ending = extension(name)
    if ending in ("xlsm", "xltm", "xlsb", "xlam"):
        text = _("Workbooks with macros are not read. Save the file as .xlsx without macros.")
        return Reason("macros", text, field="file")
    file.seek(0)
    head = file.read(8)
    file.seek(0)
    if head == OLE:
        return old_workbook(file)
    if ending not in accept:
        listed = ", ".join(f".{e}" for e in accept)
        unknown = _("Files of this type are not accepted here. Send one of: %(types)s.")
        return Reason("wrong_type", unknown % {"types": listed}, field="file")
    starts = TYPES[ending].starts
    known = [s for t in TYPES.values() for s in t.starts]
    fits = any(head.startswith(s) for s in starts) if starts else not any(head.startswith(s) for s in known)
    if fits or not head:
        return None
    mismatch = _("The content of the file is not what its name says (.%(ending)s). Save it again in that format.")
    return Reason("type_mismatch", mismatch % {"ending": ending}, field="file")


def old_workbook(file: BinaryIO | File) -> Reason:
    """A locked .xlsx is wrapped in the old container and names its content there."""
    file.seek(0)
    locked = "EncryptedPackage".encode("utf-16-le") in file.read(4 * MIB)
    file.seek(0)
    if locked:
        text = _("The workbook is locked with a password. Save it without one.")
        return Reason("encrypted", text, field="file")
    text = _("This is an old workbook (.xls). Open it and save it as .xlsx or CSV.")
    return Reason("old_workbook", text, field="file")


def _relative(digest: str) -> str:
    return f"uploads/{digest[:2]}/{digest}"


def _store(file: File) -> tuple[str, int]:
    """Write beside, then rename: a half-written file never carries a digest."""
    root = Path(settings.MEDIA_ROOT) / "uploads"
    root.mkdir(parents=True, exist_ok=True)
    sha, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=root, prefix=".part-", delete=False) as part:
        try:
            for chunk in file.chunks():
                sha.update(chunk)
                size += len(chunk)
                part.write(chunk)
            part.flush()
            os.fsync(part.fileno())
            target = Path(settings.MEDIA_ROOT) / _relative(sha.hexdigest())
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(part.name, target)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
    return sha.hexdigest(), size


def open_upload(upload: Upload) -> BinaryIO:
    """The stored bytes, checked against the digest before anybody reads them."""
    try:
        found = (Path(settings.MEDIA_ROOT) / _relative(upload.sha256)).open("rb")
    except FileNotFoundError as error:
        text = _("The stored file is missing. Upload it again.")
        raise NotReady(Reason("file_missing", text)) from error
    if hashlib.file_digest(found, "sha256").hexdigest() != upload.sha256:
        found.close()
        text = _("The stored file has changed since it was uploaded, so it is not read. Upload it again.")
        raise NotReady(Reason("file_changed", text))
    found.seek(0)
    return found


def serve_upload(upload: Upload) -> HttpResponseBase:
    """A download, never shown in place. The view has checked that the actor sees the subject of the upload."""
    response = FileResponse(open_upload(upload), content_type=upload.content_type or "application/octet-stream")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return attach(response, upload.name)
