"""Rank a file, or check a frozen snapshot; needs no database."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from foundation.canonical import canonical, digest
from usecases.recompute import check_snapshot
from usecases.rules.ranking import RankInputError, rank

INVALID, DIFFERS = 2, 4


class Command(BaseCommand):
    help = "Weighted totals and ranks of FILE (- for standard input), or --check SNAPSHOT.json."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", default="-")
        parser.add_argument("--out", help="write the result to this file")
        parser.add_argument("--canonical", action="store_true", help="the canonical form, with its digest")
        parser.add_argument("--check", metavar="SNAPSHOT", help="recompute a snapshot and compare")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._check(options["check"]) if options["check"] else self._rank(options)
        except RankInputError as error:
            self._fail(error.errors)
        except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            self._fail([{"path": "", "message": str(error)}])

    def _fail(self, errors: list[dict[str, str]]) -> None:
        self.stderr.write(json.dumps(errors, ensure_ascii=False))
        sys.exit(INVALID)

    def _rank(self, options: dict[str, Any]) -> None:
        result = rank(read(options["file"]))
        text = (
            canonical(result)
            if options["canonical"]
            else json.dumps(result, indent=1, ensure_ascii=False, default=float)
        )
        if options["out"]:
            Path(options["out"]).write_text(text, encoding="utf-8")
        else:
            self.stdout.write(text)
        if options["canonical"]:
            (self.stdout if options["out"] else self.stderr).write(digest(text))

    def _check(self, path: str) -> None:
        facts = read(path)
        if not isinstance(facts, dict) or not {"input", "output"} <= set(facts):
            raise RankInputError([{"path": "", "message": "a snapshot with input and output is expected"}])
        difference = check_snapshot(facts)
        if difference is None:
            self.stdout.write("equal")
            return
        self.stdout.write(f"differs: {difference}")
        sys.exit(DIFFERS)


def read(path: str) -> Any:
    """Decimals stay decimals; a key that occurs twice or a number that is none is refused."""
    text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8-sig")
    return json.loads(text, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_unique)


def _no_number(name: str) -> Any:
    raise RankInputError([{"path": "", "message": f"{name} is not a number"}])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise RankInputError([{"path": key, "message": "the key occurs twice"}])
        found[key] = value
    return found
