from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from foundation.audit.models import AuditEvent
from foundation.errors import Invalid, NotReady
from foundation.models import Upload
from foundation.uploads import OLE, open_upload, save_upload, serve_upload
from tests.world import actor

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def keep(world, content: bytes, name: str, **given):
    file = ContentFile(content, name=name)
    return save_upload(actor=actor(world.architect), file=file, purpose="test", unit_path=world.cn.path, **given)


def test_a_file_is_kept_by_digest_and_leaves_a_trace(world):
    upload = keep(world, b"a,b\n1,2\n", "log.csv")
    with open_upload(upload) as stored:
        assert stored.read() == b"a,b\n1,2\n"
    entry = AuditEvent.objects.get(verb="upload.saved")
    assert entry.data["sha256"] == upload.sha256


def test_the_same_file_again_is_the_same_upload(world):
    assert keep(world, b"a\n", "log.csv").pk == keep(world, b"a\n", "log.csv").pk
    assert AuditEvent.objects.filter(verb="upload.saved").count() == 1


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.csv", "empty_upload"),
        (b"MZ\x90", "a.exe", "wrong_type"),
        (b"x", "noextension", "wrong_type"),
        (b"PK\x03\x04zip", "a.csv", "type_mismatch"),
        (b"a,b", "a.xlsx", "type_mismatch"),
        (b"%PDF-1.7", "a.txt", "type_mismatch"),
        (b"PK\x03\x04", "a.xlsm", "macros"),
        (OLE + b"old", "a.xls", "old_workbook"),
        (OLE + b"x" * 600 + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", "encrypted"),
        (b"x" * 2000, "a.csv", "upload_too_large"),
    ],
)
def test_what_is_not_accepted_is_said_and_not_kept(world, content, name, code, settings):
    with pytest.raises(Invalid) as refusal:
        keep(world, content, name, max_bytes=1000)
    assert code in [r.code for r in refusal.value.reasons]
    assert Upload.objects.count() == 0
    assert list(Path(settings.MEDIA_ROOT).rglob("*.*")) == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\Users\\me\\时间.csv", "时间.csv"),
        ("a\u202evsc.exe.csv", "avsc.exe.csv"),
        ("n" * 300 + ".csv", "n" * 110 + ".csv"),
        ("a\0b\r\n.csv", "ab.csv"),
    ],
)
def test_names_lose_paths_and_tricks(world, sent, kept):
    file = ContentFile(b"a\n")
    file.name = sent
    upload = save_upload(actor=actor(world.architect), file=file, purpose="test", unit_path=world.cn.path)
    assert upload.name == kept


def test_a_file_comes_back_as_a_download_and_is_never_sniffed(world):
    response = serve_upload(keep(world, PNG, "图.png", accept=("png",)))
    assert response["Content-Disposition"].startswith("attachment;")
    assert "filename*=UTF-8''%E5%9B%BE.png" in response["Content-Disposition"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert b"".join(response.streaming_content) == PNG


def test_a_file_changed_on_disk_is_not_read(world, settings):
    upload = keep(world, b"a\n", "log.csv")
    (Path(settings.MEDIA_ROOT) / upload.path).write_bytes(b"b\n")
    with pytest.raises(NotReady, match="has changed"):
        open_upload(upload)
    (Path(settings.MEDIA_ROOT) / upload.path).unlink()
    with pytest.raises(NotReady, match="missing"):
        open_upload(upload)
