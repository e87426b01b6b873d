from __future__ import annotations

import io
import struct
import zipfile

import pytest

from metrics.connectors.records.archive import ArchiveRefused, Limits, open_upload

TEXT = b"number,state\n" + b"".join(b"%07d,%d\n" % (n, n * n % 97) for n in range(3000))


def packed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def unpacked(data: bytes, limits: Limits | None = None) -> bytes:
    with open_upload(io.BytesIO(data), "upload", limits or Limits()) as member:
        return member.stream.read()


def code_of(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(ArchiveRefused) as caught:
        unpacked(data, limits)
    sentence = caught.value.sentence
    assert len(sentence["en"]) > 10 and sentence["zh"] and "%(" not in sentence["en"] + sentence["zh"]
    return caught.value.code


def test_a_zip_with_one_member_is_read_as_that_member() -> None:
    with open_upload(io.BytesIO(packed(("log/log.csv", TEXT)))) as member:
        assert (member.name, member.zipped) == ("log/log.csv", True)
        assert member.stream.read() == TEXT


def test_a_plain_file_is_read_as_it_is() -> None:
    with open_upload(io.BytesIO(TEXT), "log.csv") as member:
        assert (member.name, member.zipped, member.stream.read()) == ("log.csv", False, TEXT)


@pytest.mark.parametrize("members", [(), (("a.csv", b"1"), ("b.csv", b"2"))])
def test_any_other_number_of_members_is_refused(members: tuple[tuple[str, bytes], ...]) -> None:
    assert code_of(packed(*members)) == "not_one_member"


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/passwd", "a/../../b.csv", "C:/x.csv", "..\\evil.csv"])
def test_a_name_that_points_outside_is_refused(name: str) -> None:
    assert code_of(packed((name, TEXT))) == "unsafe_name"


def test_sizes_are_refused_before_anything_is_unpacked() -> None:
    assert code_of(TEXT, Limits(upload=1000)) == "upload_too_large"
    assert code_of(packed(("a.csv", TEXT)), Limits(unpacked=10_000)) == "unpacked_too_large"
    assert code_of(packed(("a.csv", b"0" * 5_000_000))) == "ratio_too_high"


def lied(data: bytes, size: int) -> bytes:
    """The directory and the member's own header claim another unpacked size than the data has."""
    at = data.index(b"PK\x01\x02")
    data = data[: at + 24] + struct.pack("<I", size) + data[at + 28 :]
    return data[:22] + struct.pack("<I", size) + data[26:]


def test_a_directory_that_lies_about_the_size_never_yields_more_than_it_says() -> None:
    data = lied(packed(("a.csv", b"0" * 5_000_000)), 100)
    assert code_of(data) == "damaged"


def test_sizes_are_checked_again_while_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    data = packed(("a.csv", TEXT))
    monkeypatch.setattr("metrics.connectors.records.archive._check_member", lambda info, limits: None)
    assert code_of(data, Limits(unpacked=10_000)) == "unpacked_too_large"
    assert code_of(packed(("a.csv", b"0" * 5_000_000))) == "ratio_too_high"


@pytest.mark.parametrize("cut", [10, 200, -30, -1])
def test_a_zip_cut_short_is_damaged(cut: int) -> None:
    assert code_of(packed(("a.csv", TEXT))[:cut]) == "damaged"


def test_a_flipped_byte_is_noticed() -> None:
    data = bytearray(packed(("a.csv", TEXT)))
    data[len(data) // 2] ^= 0xFF
    assert code_of(bytes(data)) == "damaged"


def test_a_locked_zip_is_refused() -> None:
    data = bytearray(packed(("a.csv", TEXT)))
    for at in (6, data.index(b"PK\x01\x02") + 8):
        data[at] |= 1
    assert code_of(bytes(data)) == "encrypted"


def test_thousands_of_members_are_refused_from_the_last_record_alone() -> None:
    members = tuple((f"{n:06d}-{'x' * 60}.csv", b"") for n in range(3000))
    assert code_of(packed(*members), Limits(directory=100_000)) == "too_many_members"


def test_an_unknown_packing_method_is_refused() -> None:
    data = bytearray(packed(("a.csv", TEXT)))
    for at in (8, data.index(b"PK\x01\x02") + 10):
        data[at : at + 2] = struct.pack("<H", 99)
    assert code_of(bytes(data)) == "not_supported"


def test_a_spreadsheet_is_called_by_its_name() -> None:
    assert code_of(packed(("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>"))) == "workbook"


def test_an_empty_upload_is_refused() -> None:
    assert code_of(b"") == "empty_upload"
