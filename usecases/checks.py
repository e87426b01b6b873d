"""What a charter or a pilot asks of a candidate."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from foundation.errors import Reason
from usecases.models import Candidate


def flagship_reasons(candidate: Candidate) -> Iterator[Reason]:
    if candidate.state != Candidate.State.FLAGSHIP:
        text = _("%(name)s is not a chosen flagship.") % {"name": candidate.title}
        yield Reason("not_a_flagship", text, fix=("usecases:candidate", [candidate.key]))
    if candidate.owner_id is None:
        text = _("%(name)s has no owner.") % {"name": candidate.title}
        yield Reason("owner_missing", text, fix=("usecases:candidate_edit", [candidate.key]))
