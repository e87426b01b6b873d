"""Verbs of the doors themselves."""

from django.utils.translation import gettext_lazy as _

from foundation.audit import verb

# Why somebody was refused, by code; each app adds the words of its own.
WHY = {
    "not_permitted": _("the role does not allow it"),
    "binding_act": _("only a person on a page may do it"),
    "no_unit": _("no unit where this is allowed"),
}

verb("access.refused", _("%(actor)s was refused at %(subject)s: %(code)s"), code=WHY)
