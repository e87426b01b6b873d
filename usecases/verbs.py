"""Sentences of the ledger for what happens here."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from foundation.access_verbs import WHY
from foundation.audit import verb
from usecases.models import AssetRerun, AssetReview

verb("system.added", _("%(actor)s added the system %(subject)s"))
verb("system.edited", _("%(actor)s changed the system %(subject)s"))
verb("data_source.edited", _("%(actor)s answered the data freedom questions of %(subject)s"))

verb("pain.recorded", _("%(actor)s recorded %(subject)s"))
verb("pain.edited", _("%(actor)s changed %(subject)s"))
verb("pain.imported", _("%(actor)s imported a list of pains: %(created)s new, %(updated)s changed"))
verb("pain.promoted", _("%(actor)s made a candidate of %(subject)s"))
verb("pain.parked", _("%(actor)s parked %(subject)s: %(reason)s"))
verb("pain.rejected", _("%(actor)s rejected %(subject)s: %(reason)s"))
verb("pain.reopened", _("%(actor)s reopened %(subject)s"))

verb("inventory.published", _("%(actor)s published %(subject)s with %(count)s pains"))
verb(
    "inventory.person_view_refused",
    _("%(actor)s asked for a view by person or a saving, which was refused: hours describe work, not people"),
)

verb("contract.added", _("%(actor)s added the contract %(subject)s"))
verb("contract.edited", _("%(actor)s changed the contract %(subject)s"))
verb("contract_item.added", _("%(actor)s added %(subject)s"))
verb("contract_item.edited", _("%(actor)s changed %(subject)s"))

verb("candidate.drafted", _("%(actor)s drafted %(subject)s"))
verb("candidate.edited", _("%(actor)s changed %(subject)s"))
verb("candidate.shaped", _("%(actor)s marked %(subject)s as shaped"))
verb("candidate.ranked", _("%(subject)s was ranked in %(snapshot)s"))
verb("candidate.selected", _("%(actor)s chose %(subject)s as a flagship"))
verb("candidate.stepped_down", _("%(subject)s is no longer a flagship"))
verb("candidate.parked", _("%(actor)s parked %(subject)s: %(reason)s"))
verb("candidate.declined", _("%(actor)s declined %(subject)s: %(reason)s"))
verb("candidate.reopened", _("%(actor)s took up %(subject)s again"))

verb("ranking.drafted", _("%(actor)s set up the ranking %(subject)s"))
verb("ranking.edited", _("%(actor)s changed the set-up of the ranking %(subject)s"))
verb("ranking.weighed", _("%(actor)s set the weights of %(subject)s: %(reason)s"))
verb("ranking.started", _("%(actor)s started the scoring of %(subject)s"))
verb("ranking.scored", _("%(turnout)s of %(panel)s sheets of %(subject)s are filled in"))
verb("ranking.opened", _("%(actor)s opened the scores of %(subject)s"))
verb("ranking.voided", _("%(actor)s voided the scores of %(subject)s: %(reason)s"))
verb("ranking.cancelled", _("%(actor)s cancelled the ranking %(subject)s: %(reason)s"))
verb("ranking.frozen", _("%(actor)s froze the ranking %(subject)s as %(snapshot)s"))
verb("flagship.selected", _("%(actor)s chose from %(snapshot)s: %(chosen)s"))

verb("asset.added", _("%(actor)s added %(subject)s"))
verb("asset.edited", _("%(actor)s changed %(subject)s"))
verb("asset.reviewed", _("%(actor)s reviewed %(subject)s: %(result)s"), result=AssetReview.Result)
verb("asset.accepted", _("%(subject)s counts as reviewed"))
verb("asset.revised", _("%(actor)s took %(subject)s back into work"))
verb("asset.retired", _("%(actor)s retired %(subject)s"))
verb("asset.rerun", _("%(actor)s recorded a re-run of %(subject)s: %(outcome)s"), outcome=AssetRerun.Outcome)

WHY.update(
    {
        "not_on_panel": _("not on the panel"),
        "own_work": _("own work is judged by somebody else"),
    }
)
