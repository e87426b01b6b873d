"""Verbs of connections, readings and links."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from foundation.audit import verb
from metrics.models import AppLink, SyncRun


def _days(count: int) -> str:
    return ngettext("%(n)s day written", "%(n)s days written", count) % {"n": count}


verb("connection.added", _("%(actor)s added the connection %(subject)s"))
verb("connection.edited", _("%(actor)s edited the connection %(subject)s"))
verb("connection.secret_rotated", _("%(actor)s stored a new key for %(subject)s"))
verb("connection.paused", _("%(actor)s paused %(subject)s"))
verb("connection.resumed", _("%(actor)s resumed %(subject)s"))
verb("connection.zone_confirmed", _("%(actor)s confirmed the time zone %(zone)s for %(subject)s"))
verb("connection.probed", _("%(actor)s tested %(subject)s: %(outcome)s"), outcome=SyncRun.Outcome)
verb("probe.asked", _("%(actor)s asked for a test of %(subject)s"))
verb("sync.asked", _("%(actor)s asked to read %(subject)s now"))
verb(
    "sync.ran",
    _("%(actor)s read %(subject)s: %(outcome)s, %(days_written)s"),
    outcome=SyncRun.Outcome,
    days_written=_days,
)
verb("source.changed", _("%(subject)s now counts its days in another time zone"))
verb("app.linked", _("%(actor)s linked %(subject)s to %(candidate)s"))
verb("app.staged", _("%(actor)s set %(subject)s to the stage %(stage)s"), stage=AppLink.Stage)
verb("app.unlinked", _("%(actor)s ended the link of %(subject)s"))
