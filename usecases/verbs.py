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

verb("pain.voted", _("%(subject)s was voted on in %(workshop)s"))

verb("workshop.created", _("%(actor)s set up the workshop %(subject)s"))
verb("workshop.edited", _("%(actor)s changed the settings of the workshop %(subject)s"))
verb("workshop.timer_set", _("%(actor)s set the timer of %(subject)s"))
verb("workshop.seeded", _("%(actor)s put %(count)s recorded pains on the table of %(subject)s"))
verb("workshop.started", _("%(actor)s started %(subject)s and acknowledged the purpose"))
verb("workshop.revealed", _("%(actor)s showed the %(cards)s cards of %(subject)s"))
verb("workshop.recollected", _("%(actor)s let %(subject)s collect more cards"))
verb(
    "workshop.clustered",
    _("The table of %(subject)s was changed: %(merges)s merges, %(splits)s splits, %(moves)s moves"),
)
verb("workshop.redacted", _("%(actor)s took something out of a card of %(subject)s"))
verb("workshop.vote_opened", _("%(actor)s opened vote %(round)s of %(subject)s: %(items)s items, %(seats)s seats"))
verb("workshop.reclustered", _("%(actor)s took %(subject)s back to clustering; vote %(round)s rests"))
verb("workshop.vote_closed", _("%(actor)s closed vote %(round)s of %(subject)s: %(ballots)s ballots of %(seats)s"))
verb("workshop.vote_repeated", _("%(actor)s opened vote %(round)s of %(subject)s once more: %(reason)s"))
verb("workshop.item_reviewed", _("%(actor)s changed the figures of an item of %(subject)s"))
verb("workshop.published", _("%(actor)s published %(subject)s as %(inventory)s"))
verb("workshop.cancelled", _("%(actor)s cancelled %(subject)s: %(reason)s"))
verb("workshop.wiped", _("The %(cards)s cards of the cancelled %(subject)s were deleted"))
verb("workshop.paused", _("%(actor)s paused %(subject)s: %(reason)s"))
verb("workshop.resumed", _("%(actor)s let %(subject)s go on"))
verb("workshop.door_opened", _("%(actor)s opened the door of %(subject)s"))
verb("workshop.door_closed", _("%(actor)s closed the door of %(subject)s"))
verb("workshop.codes_renewed", _("%(actor)s gave %(subject)s new codes"))
verb("workshop.paper_seats_added", _("%(actor)s added %(count)s paper seats to %(subject)s"))
verb("workshop.paper_typed", _("%(actor)s typed %(count)s paper ballots of %(subject)s"))

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
