"""Verbs of the doors themselves."""

from django.utils.translation import gettext_lazy as _

from foundation.audit import verb

verb("access.refused", _("%(actor)s was refused: %(act)s (%(code)s)"))
