"""First start: the topmost unit, the first system admin, one link."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.urls import reverse

from accounts.services import bootstrap
from foundation.actor import system_actor
from foundation.errors import Refused


class Command(BaseCommand):
    help = "Make the topmost unit and the first system admin, and print a link that works once. Exit 1 when refused."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="address of the first system admin")
        parser.add_argument("--name", required=True, help="name of the first system admin")
        parser.add_argument("--unit", required=True, help="name of the topmost unit")
        parser.add_argument("--code", default="ROOT", help="its code, capital letters (default ROOT)")
        parser.add_argument("--zone", default="UTC", help="its time zone, for example Europe/Berlin (default UTC)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user, secret = bootstrap(
                actor=system_actor("command"),
                email=options["email"],
                name=options["name"],
                unit_code=options["code"],
                unit_name=options["unit"],
                zone=options["zone"],
            )
        except Refused as refusal:
            self._refused(refusal, as_json=options["json"])
            sys.exit(1)
        link = settings.PUBLIC_URL.rstrip("/") + reverse("accounts:invite", args=[secret])
        if options["json"]:
            self.stdout.write(json.dumps({"email": user.email, "unit": options["code"], "link": link}))
        else:
            self.stdout.write(f"{options['unit']} is set up. {user.name} enters once through this link (14 days):")
            self.stdout.write(link)

    def _refused(self, refusal: Refused, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"code": refusal.code, "reasons": [r.as_dict() for r in refusal.reasons]}))
        else:
            self.stderr.write("\n".join(str(r.text) for r in refusal.reasons))
