"""manage.py audit verify | export: the ledger, checked and carried away."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from foundation.audit.models import AuditEvent
from foundation.audit.verify import Verdict, verify_ledger

KINDS = {
    "altered": "its text was changed after it was written",
    "column_mismatch": "its columns do not say what its hashed text says",
    "gap": "it is missing",
    "order": "it does not follow the entry before it",
    "rewritten": "it is not the entry the earlier export holds",
    "tail_missing": "the end of the ledger was cut off or replaced",
}
GOOD, BROKEN, CANNOT_CHECK = 0, 1, 2


class Command(BaseCommand):
    help = "verify: exit 0 whole, 1 broken (names the first bad entry), 2 cannot be checked. export: JSON Lines."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["verify", "export"])
        parser.add_argument("--against", type=Path, help="verify: an earlier export that the ledger must still contain")
        parser.add_argument("--out", type=Path, help="export: file to write (default: standard output)")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["act"] == "verify":
                self._verify(options["against"], options["json"])
            else:
                self._export(options["out"], options["json"])
        except DatabaseError as error:
            raise CommandError(f"The ledger cannot be read: {error}", returncode=CANNOT_CHECK) from error
        except OSError as error:
            raise CommandError(f"The file cannot be used: {error}", returncode=CANNOT_CHECK) from error

    def _verify(self, against: Path | None, as_json: bool) -> None:
        verdict = verify_ledger(_hashes(against) if against else None)
        if as_json:
            self.stdout.write(json.dumps({**asdict(verdict), "reason": KINDS.get(verdict.kind, "")}))
        else:
            self.stdout.write(sentence(verdict))
        if not verdict.ok:
            raise SystemExit(BROKEN)

    def _export(self, out: Path | None, as_json: bool) -> None:
        """Each line holds the hashed text as a string: whoever checks it needs the same bytes."""
        if out is None:
            _write_lines(sys.stdout)
            return
        with out.open("w", encoding="utf-8") as file:
            count, head = _write_lines(file)
        if as_json:
            self.stdout.write(json.dumps({"entries": count, "head": head, "file": str(out)}))
        else:
            self.stdout.write(f"{count} entries written to {out}; head {head}")


def _hashes(export: Path) -> dict[int, str]:
    """Number to hash of each entry of an export."""
    try:
        lines = [json.loads(line) for line in export.read_text(encoding="utf-8").splitlines() if line.strip()]
        return {int(line["seq"]): str(line["hash"]) for line in lines}
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{export} is no export of the ledger.", returncode=CANNOT_CHECK) from error


def sentence(verdict: Verdict) -> str:
    if verdict.ok:
        return f"The ledger is whole: {verdict.count} entries, head {verdict.head}"
    return (
        f"The ledger is broken at entry {verdict.bad_seq}: {KINDS[verdict.kind]} ({verdict.kind}). "
        f"The {verdict.count} entries before it are whole."
    )


def _write_lines(file: IO[str]) -> tuple[int, str]:
    count, head = 0, "0" * 64
    for event in AuditEvent.objects.order_by("seq").iterator(chunk_size=2000):
        line = {"seq": event.seq, "prev_hash": event.prev_hash, "hash": event.hash, "body": event.body}
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
        count, head = count + 1, event.hash
    return count, head
