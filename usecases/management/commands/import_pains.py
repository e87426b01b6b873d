"""Import a list of pains from CSV or XLSX."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import Unit
from foundation.actor import system_actor
from foundation.errors import Refused
from foundation.imports.flow import Options, Preview, commit_import, preview_import, store_import
from usecases.imports import PAINS


class Command(BaseCommand):
    help = "Import pains from FILE into a unit; the same file again changes nothing. Exit 2: refused."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--unit", required=True, help="code of the unit")
        parser.add_argument("--dry-run", action="store_true")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        unit = Unit.objects.filter(code__iexact=options["unit"]).first()
        if unit is None:
            raise CommandError(f"no unit has the code {options['unit']}")
        path = Path(options["file"])
        if not path.is_file():
            raise CommandError(f"no such file: {path}")
        try:
            facts, refused = run(unit, path, options["dry_run"])
        except Refused as refusal:
            facts, refused = {"refused": [str(r.text) for r in refusal.reasons]}, True
        self.stdout.write(json.dumps(facts, ensure_ascii=False) if options["json"] else _words(facts))
        if refused:
            sys.exit(2)


def run(unit: Unit, path: Path, dry: bool) -> tuple[dict[str, Any], bool]:
    """What happened (or would), and whether the file was refused; a dry run leaves no row behind."""
    actor = system_actor("command", "import_pains")
    with transaction.atomic():
        file = ContentFile(path.read_bytes(), name=path.name)
        upload = store_import(actor=actor, kind=PAINS, unit=unit, file=file)
        preview = preview_import(actor=actor, kind=PAINS, upload=upload, unit=unit, options=Options())
        facts = _facts(preview) | {"unit": unit.code, "dry_run": dry}
        if dry or preview.problems:
            transaction.set_rollback(True)
        else:
            given = {"upload": upload, "unit": unit, "options": Options(), "sha256": upload.sha256}
            facts |= commit_import(actor=actor, kind=PAINS, **given)
    return facts, bool(preview.problems)


def _facts(preview: Preview) -> dict[str, Any]:
    problems = [
        {"row": p.row, "column": p.column, "code": p.code, "text": str(p.text), "remedy": str(p.remedy)}
        for p in preview.shown_problems
    ]
    return {"rows": preview.rows_read, **preview.counts, "unknown_columns": preview.unknown, "problems": problems}


def _words(facts: dict[str, Any]) -> str:
    lines = [f"{name}: {value}" for name, value in facts.items() if name not in ("problems", "refused")]
    lines += [f"row {p['row']} {p['column']}: {p['text']} {p['remedy']}" for p in facts.get("problems", [])]
    return "\n".join(lines + facts.get("refused", []))
