"""Sentences of the charter's part of the ledger."""

from django.utils.translation import gettext_lazy as _

from charter.models import OpenQuestion, Outcome, SignRole
from foundation.access_verbs import WHY
from foundation.audit import verb

verb("charter.drafted", _("%(actor)s drafted %(subject)s"))
verb("charter.edited", _("%(actor)s edited %(subject)s"))
verb("charter.sent", _("%(actor)s sent %(subject)s for signature"))
verb("charter.returned", _("%(actor)s returned %(subject)s: %(reason)s"))
verb("charter.reopened", _("%(actor)s took %(subject)s back to edit it; signatures on the earlier text are void"))
verb("charter.withdrawn", _("%(actor)s withdrew %(subject)s"))
verb("charter.signature_given", _("%(actor)s signed %(subject)s as %(role)s"), role=SignRole)
verb("charter.signed", _("With %(actor)s, all required signatures on %(subject)s are given"))
verb("charter.stopped", _("%(actor)s pressed stop on %(subject)s: %(reason)s"))
verb("charter.resumed", _("%(actor)s resumed %(subject)s: %(reason)s"))
verb("charter.decided", _("%(subject)s is decided: %(outcome)s"), outcome=Outcome)
verb("selection.attached", _("%(actor)s named the cases of %(subject)s"))
verb("pilot.authorised", _("%(actor)s started the pilot of %(case)s under %(subject)s"))
verb("question.added", _("%(actor)s added a question to %(charter)s: %(subject)s"))
verb("question.answered", _("%(actor)s answered a question of %(charter)s: %(answer)s"), answer=OpenQuestion.Answer)
verb("breach.reported", _("%(actor)s reported a breach: %(subject)s"))
verb("breach.closed", _("%(actor)s closed a breach: %(subject)s"))
verb("evidence.frozen", _("%(actor)s froze the evidence of %(subject)s"))
verb("decision.prepared", _("%(actor)s prepared %(subject)s"))
verb("decision.edited", _("%(actor)s edited the draft of %(subject)s"))
verb("decision.proposed", _("%(actor)s proposed %(choice)s in %(subject)s"), choice=Outcome)
verb("decision.signature_given", _("%(actor)s signed %(subject)s as %(role)s"), role=SignRole)
verb("decision.signed", _("With %(actor)s, %(subject)s is sealed"))
verb("decision.disagreed", _("%(actor)s chose otherwise than proposed in %(subject)s; both texts are kept"))
verb("decision.replaced", _("%(subject)s was replaced by a newer decision"))
verb("service.offered", _("%(subject)s was offered as a running service"))
verb("service.accepted", _("%(actor)s accepted the running service %(subject)s"))
verb("service.ended", _("%(actor)s ended the running service %(subject)s"))

WHY.update(
    {
        "pilot_lead_signs": _("the pilot lead does not sign"),
        "not_signatory": _("not named as a signatory"),
        "own_breach": _("a breach is closed by somebody else"),
        "not_owner": _("not the owner"),
    }
)
