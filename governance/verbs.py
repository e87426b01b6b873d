"""What happens to patterns, requests and approvals, as the timeline says it."""

from django.utils.translation import gettext_lazy as _

from foundation.access_verbs import WHY
from foundation.audit import verb
from governance.models import Lane
from governance.texts import SECTIONS, role_label

verb("governance.preloaded", _("%(actor)s loaded the data categories, the gate and the checklist for %(subject)s"))
verb("component.added", _("%(actor)s added %(subject)s to the catalogue"))
verb("pattern.added", _("%(actor)s added the pattern %(subject)s"))
verb("pattern.drafted", _("%(actor)s drafted %(subject)s"))
verb("pattern.edited", _("%(actor)s edited %(subject)s"))
verb("pattern.submitted", _("%(actor)s submitted %(subject)s"))
verb("pattern.returned", _("%(actor)s returned %(subject)s"))
verb("pattern.withdrawn", _("%(actor)s withdrew %(subject)s"))
verb("pattern.decided", _("%(actor)s decided %(subject)s"))
verb("slot.bound", _("%(actor)s bound %(subject)s"))
verb("reuse.recorded", _("%(actor)s answered the security controls of %(subject)s"))
verb("category.added", _("%(actor)s added the data category %(subject)s"))
verb("category.drafted", _("%(actor)s drafted %(subject)s"))
verb("category.edited", _("%(actor)s edited %(subject)s"))
verb("category.submitted", _("%(actor)s submitted %(subject)s"))
verb("category.returned", _("%(actor)s returned %(subject)s"))
verb("category.withdrawn", _("%(actor)s withdrew %(subject)s"))
verb("category.decided", _("%(actor)s decided %(subject)s"))
verb("category.superseded", _("%(actor)s superseded %(subject)s"))
verb("category_use.declared", _("%(actor)s declared the data of %(subject)s"))
verb("checklist.answered", _("%(actor)s answered the checklist of %(subject)s"))
verb("submission.opened", _("%(actor)s opened the request %(subject)s"))
verb("submission.edited", _("%(actor)s edited “%(section)s” of %(subject)s"), section=SECTIONS)
verb("submission.submitted", _("%(actor)s submitted %(subject)s"))
verb("submission.returned", _("%(actor)s returned %(subject)s"))
verb("submission.redrafted", _("%(actor)s took up %(subject)s again"))
verb("submission.withdrawn", _("%(actor)s withdrew %(subject)s"))
verb("submission.decided", _("%(actor)s decided %(subject)s as the last lane"))
verb("pack.frozen", _("%(actor)s froze what %(subject)s asks for"))
verb("review.claimed", _("%(actor)s took %(subject)s for review"))
verb("vote.cast", _("%(actor)s decided for the %(lane)s lane on %(subject)s"), lane=Lane)
verb("decision.recorded", _("The decision on %(subject)s was recorded"))
verb("approval.granted", _("%(subject)s was granted"))
verb("approval.superseded", _("%(subject)s was superseded"))
verb("approval.suspended", _("%(actor)s suspended %(subject)s: %(reason)s"))
verb("approval.lifted", _("%(actor)s lifted the suspension of %(subject)s"))
verb("approval.revoked", _("%(actor)s revoked %(subject)s: %(reason)s"))
verb("condition.set", _("%(set_by)s (%(role)s) set the condition %(subject)s"), role=role_label)
verb("condition.evidenced", _("%(actor)s gave evidence for %(subject)s"))
verb("condition.closed", _("%(actor)s closed %(subject)s"))
verb("condition.reopened", _("%(actor)s sent back %(subject)s: %(reason)s"))
verb("condition.waived", _("%(actor)s waived %(subject)s: %(reason)s"))
verb("condition.redated", _("%(actor)s gave %(subject)s another date: %(reason)s"))
verb("evidence.added", _("%(actor)s added the evidence %(subject)s"))
verb("gate.published", _("%(actor)s published the gate %(subject)s"))
verb("checklist.published", _("%(actor)s published the checklist %(subject)s"))

WHY.update(
    {
        "separation_of_duties": _("nobody decides what they asked for"),
        "not_your_lane": _("another lane decides this"),
        "one_person_one_lane": _("one person acts in one lane"),
        "own_evidence": _("evidence is judged by somebody else"),
        "own_suspension": _("a suspension is lifted by somebody else"),
    }
)
