"""Load the demo organisation into an empty database, or wipe it."""

from __future__ import annotations

import json
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from accounts.models import Installation, User

PASSWORD = "sail by landmarks"


class Command(BaseCommand):
    help = "Load the demo organisation (a second run keeps the data). --wipe removes everything from a demo database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--wipe", action="store_true", help="empty a demo database; never a real one")
        parser.add_argument("--dry-run", action="store_true", help="with --wipe: only say what would be removed")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en"):
            facts = self._wipe(options["dry_run"]) if options["wipe"] else self._load()
        self.stdout.write(json.dumps(facts) if options["json"] else facts["told"])

    def _load(self) -> dict[str, Any]:
        if not settings.DEMO:
            raise CommandError("The demo is loaded only with DEMO=1; this is a real installation.")
        call_command("migrate", interactive=False, verbosity=0)
        if Installation.objects.filter(demo=True).exists():
            return _told("The demo organisation is here already; its data is kept.", loaded=False)
        if User.objects.exists():
            raise CommandError("This database holds real people. The demo is loaded into an empty database only.")
        from desk.demo.loader import load_demo

        settings.JOBS_SENDER = ""
        began = time.monotonic()
        load_demo(PASSWORD)
        took = time.monotonic() - began
        return _told(f"The demo organisation was loaded in {took:.1f} s.", loaded=True, seconds=round(took, 1))

    def _wipe(self, dry_run: bool) -> dict[str, Any]:
        if not Installation.objects.filter(demo=True).exists():
            raise CommandError("This is not a demo database; nothing was removed.")
        people = User.objects.count()
        if not dry_run:
            from foundation.db import thaw

            with thaw():
                call_command("flush", interactive=False, verbosity=0)
        word = "would be" if dry_run else "was"
        return {"told": f"The demo data of {people} people {word} removed.", "wiped": not dry_run}


def _told(first: str, **facts: Any) -> dict[str, Any]:
    """Whom to sign in as; the password is the same for all."""
    people = User.objects.exclude(persona="").order_by("created_at", "name").values_list("persona", "email")
    lines = [first, f"Sign in with the password “{PASSWORD}” as one of:"]
    lines += [f"  {persona:<22} {email}" for persona, email in people]
    return {"told": "\n".join(lines), "password": PASSWORD, "accounts": dict(people), **facts}
