"""What happens to units, people and keys, as the timeline says it."""

from django.utils.translation import gettext_lazy as _

from foundation.access_verbs import WHY
from foundation.audit import verb

verb("installation.bootstrapped", _("%(actor)s set up this installation with the unit %(subject)s"))
verb("unit.added", _("%(actor)s added the unit %(subject)s"))
verb("unit.renamed", _("%(actor)s renamed the unit %(subject)s"))
verb("unit.moved", _("%(actor)s moved the unit %(subject)s under %(parent)s"))
verb("unit.closed", _("%(actor)s closed the unit %(subject)s"))
verb("member.invited", _("%(actor)s invited %(subject)s"))
verb("member.revoked", _("%(actor)s took back the invitation %(subject)s"))
verb("member.joined", _("%(actor)s accepted the invitation: %(subject)s"))
verb("member.confirmed", _("%(actor)s confirmed %(subject)s"))
verb("member.given", _("%(actor)s gave a role: %(subject)s"))
verb("member.ended", _("%(actor)s ended a role: %(subject)s"))
verb("user.deactivated", _("%(actor)s deactivated %(subject)s"))
verb("user.reactivated", _("%(actor)s reactivated %(subject)s"))
verb("user.preferences_set", _("%(actor)s changed their own preferences"))
verb("token.made", _("%(actor)s made the token %(subject)s"))
verb("token.revoked", _("%(actor)s revoked the token %(subject)s"))

WHY.update(
    {
        "other_person": _("meant for another person"),
        "self_grant": _("nobody gives themselves a role"),
    }
)
