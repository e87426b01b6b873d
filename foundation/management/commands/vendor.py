"""manage.py vendor --check: third-party files kept in this repository are what their list says."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Hash the vendored files again and compare with static/vendor/VENDORED.toml."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", required=True)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        static = Path(settings.STATICFILES_DIRS[0])
        faults = vendor_faults(static)
        if options["json"]:
            self.stdout.write(json.dumps({"ok": not faults, "faults": faults}))
        else:
            self.stdout.write("\n".join(faults) or "vendored files are as listed")
        if faults:
            raise SystemExit(1)


def vendor_faults(static: Path) -> list[str]:
    """Changed, absent and unlisted files, one sentence each."""
    listing = static / "vendor" / "VENDORED.toml"
    if not listing.exists():
        raise CommandError(f"{listing} is not there.", returncode=2)
    entries = tomllib.loads(listing.read_text(encoding="utf-8")).get("file", [])
    faults = []
    for entry in entries:
        path = static / entry["path"]
        if not path.exists():
            faults.append(f"{entry['path']} is listed but not there.")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            faults.append(f"{entry['path']} differs from {entry['name']} {entry['version']}.")
        faults += [f"{entry['path']} has no {key} in the list." for key in ("licence", "origin") if not entry.get(key)]
    listed = {entry["path"] for entry in entries} | {"vendor/VENDORED.toml"}
    kept = {
        p.relative_to(static).as_posix() for d in ("vendor", "fonts") for p in (static / d).rglob("*") if p.is_file()
    }
    return faults + [f"{name} is kept but not listed." for name in sorted(kept - listed)]
