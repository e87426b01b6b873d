"""Verbs of the doors themselves."""

from django.utils.translation import gettext_lazy as _

from foundation.audit import verb

WHY = {
    "not_permitted": _("the role does not allow it"),
    "binding_act": _("only a person on a page may do it"),
    "separation_of_duties": _("nobody decides what they asked for"),
    "pilot_lead_signs": _("the pilot lead does not sign"),
    "not_your_lane": _("another lane decides this"),
    "one_person_one_lane": _("one person acts in one lane"),
    "not_signatory": _("not named as a signatory"),
    "not_on_panel": _("not on the panel"),
    "not_owner": _("not the owner"),
    "other_person": _("meant for another person"),
    "own_breach": _("a breach is closed by somebody else"),
    "own_evidence": _("evidence is judged by somebody else"),
    "own_suspension": _("a suspension is lifted by somebody else"),
    "own_work": _("own work is judged by somebody else"),
    "second_person": _("a second person is needed"),
    "self_grant": _("nobody gives themselves a role"),
    "no_unit": _("no unit where this is allowed"),
    "vow": _("the vow forbids it"),
}

verb("access.refused", _("%(actor)s was refused at %(subject)s: %(code)s"), code=WHY)
