"""Sentences of the ledger for what happens on the desk."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from foundation.audit import verb

verb("journey.noted", _("%(actor)s wrote a note into box %(box)s of the journey of %(unit)s"))
verb("journey.skipped", _("%(actor)s left out box %(box)s of the journey of %(unit)s: %(reason)s"))
verb("journey.taken_up", _("%(actor)s took up box %(box)s of the journey of %(unit)s again"))
verb("job.cancelled", _("%(actor)s cancelled the job %(subject)s"))
verb("job.retried", _("%(actor)s started the job %(subject)s again"))
