"""`manage.py audit`: a changed ledger is named, entry and kind, on both engines."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from foundation.actor import system_actor
from foundation.audit import record, verb
from foundation.audit.models import AuditEvent, AuditHead
from foundation.db import thaw
from foundation.jobs.models import Schedule
from foundation.work import unit_of_work

pytestmark = [pytest.mark.services, pytest.mark.django_db]
verb("thing.done", "%(actor)s did %(subject)s")
TABLE = AuditEvent._meta.db_table


@pytest.fixture
def ledger() -> list[int]:
    """Six entries, whole."""
    with unit_of_work():
        for number in range(6):
            subject = Schedule(name=f"thing {number}")
            record(system_actor(), "thing.done", subject, after={"number": number, "share": 0.5}, note="naïve – 中文")
    return list(AuditEvent.objects.order_by("seq").values_list("seq", flat=True))


def audit(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("audit", *arguments, stdout=out)
    except SystemExit as stop:
        return int(stop.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def tampered(statement: str, *values: Any) -> dict[str, Any]:
    with thaw():
        sql(statement, *values)
    code, out = audit("verify", "--json")
    assert code == 1
    return json.loads(out)


def test_a_whole_ledger_is_good(ledger: list[int]) -> None:
    code, out = audit("verify", "--json")
    found = json.loads(out)
    assert (code, found["ok"], found["count"]) == (0, True, 6)
    assert found["head"] == AuditEvent.objects.get(seq=ledger[-1]).hash
    assert "whole: 6 entries" in audit("verify")[1]


def test_an_empty_ledger_is_good() -> None:
    assert audit("verify")[0] == 0


def test_a_changed_column_is_named(ledger: list[int]) -> None:
    found = tampered(f"UPDATE {TABLE} SET actor_label = 'somebody else' WHERE seq = %s", ledger[2])
    assert (found["bad_seq"], found["kind"]) == (ledger[2], "column_mismatch")
    text = audit("verify")[1]
    assert f"entry {ledger[2]}" in text and "column_mismatch" in text


def test_a_changed_text_is_named(ledger: list[int]) -> None:
    found = tampered(f"UPDATE {TABLE} SET body = REPLACE(body, 'thing 3', 'thing 9') WHERE seq = %s", ledger[3])
    assert (found["bad_seq"], found["kind"]) == (ledger[3], "altered")


def test_a_changed_text_with_its_own_hash_renewed_breaks_the_next_entry(ledger: list[int]) -> None:
    event = AuditEvent.objects.get(seq=ledger[3])
    body = event.body.replace("thing 3", "thing 9")
    digest = hashlib.sha256(b"pilotage/ledger/1\x00" + bytes.fromhex(event.prev_hash) + body.encode()).hexdigest()
    columns = "body = %s, hash = %s, subject_label = 'thing 9', subject_label_zh = 'thing 9'"
    found = tampered(f"UPDATE {TABLE} SET {columns} WHERE seq = %s", body, digest, event.seq)
    assert (found["bad_seq"], found["kind"]) == (ledger[4], "order")


def test_a_removed_entry_is_named(ledger: list[int]) -> None:
    found = tampered(f"DELETE FROM {TABLE} WHERE seq = %s", ledger[1])
    assert (found["bad_seq"], found["kind"]) == (ledger[1], "gap")


def test_a_cut_tail_is_named(ledger: list[int]) -> None:
    found = tampered(f"DELETE FROM {TABLE} WHERE seq >= %s", ledger[4])
    assert (found["bad_seq"], found["kind"]) == (ledger[4], "tail_missing")


def test_an_emptied_ledger_is_named(ledger: list[int]) -> None:
    assert tampered(f"DELETE FROM {TABLE}")["kind"] == "tail_missing"


HEAD = AuditHead._meta.db_table


@pytest.mark.parametrize("gone", [f"DELETE FROM {HEAD}", f"UPDATE {HEAD} SET seq = seq", f"UPDATE {HEAD} SET seq = 0"])
def test_the_database_keeps_the_end_of_the_ledger(ledger: list[int], gone: str) -> None:
    with pytest.raises(IntegrityError, match="ledger"), transaction.atomic():
        sql(gone)


def test_a_ledger_without_its_end_is_named(ledger: list[int]) -> None:
    assert tampered(f"DELETE FROM {HEAD}")["kind"] == "tail_missing"


def test_a_ledger_wiped_with_its_end_is_named_where_acts_have_left_traces(ledger: list[int]) -> None:
    from foundation.refs import next_ref

    next_ref("P")
    with thaw():
        sql(f"DELETE FROM {HEAD}")
    assert tampered(f"DELETE FROM {TABLE}")["kind"] == "tail_missing"


def test_an_earlier_export_finds_a_tail_cut_off_together_with_its_end(ledger: list[int], tmp_path: Path) -> None:
    kept = tmp_path / "ledger.jsonl"
    audit("export", "--out", str(kept))
    assert audit("verify", "--against", str(kept))[0] == 0
    last = AuditEvent.objects.get(seq=ledger[3])
    with thaw():
        sql(f"DELETE FROM {TABLE} WHERE seq > %s", last.seq)
        sql(f"UPDATE {HEAD} SET seq = %s, hash = %s", last.seq, last.hash)
    assert audit("verify")[0] == 0  # nothing inside the database tells
    code, out = audit("verify", "--against", str(kept), "--json")
    found = json.loads(out)
    assert (code, found["bad_seq"], found["kind"]) == (1, ledger[4], "tail_missing")
    (tmp_path / "other").write_text("no ledger", encoding="utf-8")
    assert audit("verify", "--against", str(tmp_path / "other"))[0] == 2


def test_what_cannot_be_read_is_neither_good_nor_broken(ledger: list[int]) -> None:
    with thaw():
        sql(f"ALTER TABLE {TABLE} RENAME TO {TABLE}_away")
        try:
            with transaction.atomic():
                code, text = audit("verify")
                transaction.set_rollback(True)
        finally:
            sql(f"ALTER TABLE {TABLE}_away RENAME TO {TABLE}")
    assert code == 2
    assert "cannot be read" in text


@pytest.mark.parametrize(
    "statement", [f"UPDATE {TABLE} SET verb = 'x.y'", f"UPDATE {TABLE} SET data = data", f"DELETE FROM {TABLE}"]
)
def test_the_database_itself_refuses_to_change_the_ledger(ledger: list[int], statement: str) -> None:
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        sql(statement)
    assert audit("verify")[0] == 0


def test_postgresql_refuses_to_truncate_the_ledger(ledger: list[int]) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        sql(f"TRUNCATE {TABLE}")


def test_an_exported_ledger_can_be_checked_without_us(ledger: list[int], tmp_path: Path) -> None:
    out = tmp_path / "ledger.jsonl"
    code, text = audit("export", "--out", str(out), "--json")
    assert code == 0
    previous = "0" * 64
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        message = b"pilotage/ledger/1\x00" + bytes.fromhex(previous) + line["body"].encode()
        assert line["prev_hash"] == previous
        previous = hashlib.sha256(message).hexdigest()
        assert line["hash"] == previous
    assert json.loads(text) == {"entries": 6, "head": previous, "file": str(out)}


def test_an_export_that_cannot_be_written_says_so(ledger: list[int], tmp_path: Path) -> None:
    code, text = audit("export", "--out", str(tmp_path / "no" / "folder.jsonl"))
    assert code == 2
    assert "cannot be used" in text
