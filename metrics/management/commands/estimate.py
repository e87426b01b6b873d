"""Recompute a published figure: a plan and a data file in, one result out. Needs no database and no network."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _


class Command(BaseCommand):
    help = "Estimate from PLAN.json and DATA.csv. Exit 0 written, 2 plan invalid, 3 data unreadable, 4 check differs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("plan", nargs="?", help="plan as JSON")
        parser.add_argument("data", nargs="?", help="data as CSV or .csv.gz")
        parser.add_argument("--out", help="write the result here instead of standard output")
        parser.add_argument("--check", help="compare with this stored result")
        parser.add_argument("--from-estimate", metavar="ID", help="write plan, data and result of a stored estimate")
        parser.add_argument("--into", default=".", help="folder for --from-estimate")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["from_estimate"]:
            self._export(options["from_estimate"], Path(options["into"]))
            return
        if not (options["plan"] and options["data"]):
            raise CommandError(_("Name the plan and the data file."), returncode=2)
        from metrics.estimators.cli import run

        code = run(
            options["plan"],
            options["data"],
            out=options["out"],
            check=options["check"],
            stdout=self.stdout,
            stderr=self.stderr,
        )
        if code:
            raise SystemExit(code)

    def _export(self, estimate_id: str, folder: Path) -> None:
        """The stored plan and result beside the rows as they are today; `--check` tells whether they still agree."""
        from django.core.exceptions import ValidationError

        from metrics.models import GainEstimate
        from metrics.plans import data_file

        try:
            found = GainEstimate.objects.filter(pk=estimate_id).select_related("version_of__measure__unit").first()
        except ValidationError:
            found = None
        if found is None:
            raise CommandError(_("There is no estimate with this id."), returncode=3)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "plan.json").write_text(found.plan, encoding="utf-8")
        (folder / "data.csv").write_bytes(data_file(found.version_of))
        stored = json.dumps(json.loads(found.result), ensure_ascii=False, indent=1) + "\n"
        (folder / "result.json").write_text(stored, encoding="utf-8")
        self.stdout.write(_("Written to %(folder)s: plan.json, data.csv, result.json.") % {"folder": folder})
