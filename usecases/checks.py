"""What a charter, a pilot or the gates of a ranking ask of a candidate."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from foundation.errors import Reason
from usecases.approvals import category_states
from usecases.models import Candidate
from usecases.reasons import FieldReason


def flagship_reasons(candidate: Candidate) -> Iterator[Reason]:
    if candidate.state != Candidate.State.FLAGSHIP:
        text = _("%(name)s is not a chosen flagship.") % {"name": candidate.title}
        yield Reason("not_a_flagship", text, fix=("usecases:candidate", [candidate.key]))
    if candidate.owner_id is None:
        text = _("%(name)s has no owner.") % {"name": candidate.title}
        yield Reason("owner_missing", text, fix=("usecases:candidate_edit", [candidate.key]))


def open_facts(candidate: Candidate) -> Iterator[Reason]:
    """Facts of the gates that somebody can still supply; a plain "no" is an answer and is not asked again."""
    unknown, edit = Candidate.Answer.UNKNOWN, ("usecases:candidate_edit", [candidate.key])
    missing = [s.category.name for s in category_states(candidate.unit, candidate.categories.all()) if not s.passes]
    words = {"name": candidate.title, "categories": ", ".join(missing)}
    if candidate.owner_id is None:
        yield FieldReason("owner_missing", _("%(name)s: no owner is named.") % words, "owner", edit)
    if candidate.baseline_obtainable == unknown:
        text = _("%(name)s: nobody has said whether a baseline can be had inside the time-box.")
        yield FieldReason("baseline_unknown", text % words, "baseline_obtainable", edit)
    if candidate.staff_data == unknown:
        text = _("%(name)s: nobody has said whether it holds data on staff performance.")
        yield FieldReason("staff_data_unknown", text % words, "staff_data", edit)
    if missing:
        text = _("%(name)s: nobody has asked for approval of: %(categories)s.")
        yield FieldReason("category_not_asked", text % words, "categories", edit)
