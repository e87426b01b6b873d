"""manage.py translations: keep both languages complete."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from foundation import translations as catalogue


class Command(BaseCommand):
    help = "Extract, fill, compile and check the translations (needs Babel, not gettext)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        act = parser.add_mutually_exclusive_group(required=True)
        act.add_argument("--extract", action="store_true", help="bring the .po files up to the sources, and compile")
        act.add_argument("--compile", action="store_true", help="write the .mo files anew")
        act.add_argument("--check", action="store_true", help="exit 1 when something is missing, fuzzy or stale")
        act.add_argument("--missing", action="store_true", help="list what has no translation yet")
        act.add_argument("--fill", metavar="FILE.json", help="merge {text: translation} into --locale")
        parser.add_argument("--locale", default="zh_Hans")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            import babel  # noqa: F401
        except ImportError as error:
            raise CommandError("Babel is not installed here; `make setup` installs it.", returncode=2) from error
        if options["check"]:
            return self._check(options["json"])
        if options["missing"]:
            return self._missing(options["locale"], options["json"])
        if options["fill"]:
            return self._fill(options["locale"], Path(options["fill"]))
        for locale in catalogue.locales():
            catalog = catalogue.extract(locale) if options["extract"] else catalogue.read(locale)
            catalogue.write(locale, catalog)
            total, gaps = len(catalogue.messages(catalog)), len(catalogue.missing(catalog))
            note = "source language" if locale == catalogue.SOURCE_LOCALE else f"{gaps} missing"
            self.stdout.write(f"{locale}: {total} texts, {note}")

    def _check(self, as_json: bool) -> None:
        faults = [fault for locale in catalogue.locales() for fault in catalogue.faults_of(locale)]
        if as_json:
            self.stdout.write(json.dumps({"ok": not faults, "faults": faults}, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(faults) or "translations are complete")
        if faults:
            raise SystemExit(1)

    def _missing(self, locale: str, as_json: bool) -> None:
        """The JSON form is what --fill reads: {text: ""}."""
        found = catalogue.missing(catalogue.extract(locale))
        if as_json:
            self.stdout.write(json.dumps({catalogue.key_of(m): "" for m in found}, ensure_ascii=False, indent=1))
            return
        for message in found:
            files = ", ".join(sorted({name for name, _line in message.locations}))
            self.stdout.write(f"{catalogue.key_of(message)!r}  ({files})")
        self.stdout.write(f"{len(found)} missing")

    def _fill(self, locale: str, path: Path) -> None:
        try:
            given = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{path} cannot be read as JSON: {error}") from error
        if not isinstance(given, dict) or not all(isinstance(v, str) for v in given.values()):
            raise CommandError(f"{path} must hold one object of texts: {{text: translation}}")
        catalog = catalogue.extract(locale)
        taken, faults = catalogue.fill(catalog, given)
        catalogue.write(locale, catalog)
        self.stdout.write(f"{locale}: {taken} taken, {len(catalogue.missing(catalog))} still missing")
        if faults:
            raise CommandError("\n".join(["Not taken:", *faults]))
